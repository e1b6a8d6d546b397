/* SPDX-License-Identifier: MIT */
/* io/priv.h - what the I/O manager's files and ddi/ share. */
#pragma once

#include "base/list.h"
#include "ex/pool.h"
#include "ex/work.h"
#include "io/io.h"
#include "io/ob.h"

#define IO_TAG_IRP  0x20707249u /* 'Irp ' */
#define IO_TAG_MDL  0x206c644du /* 'Mdl ' */
#define IO_TAG_MISC 0x20206f49u /* 'Io  ' */

/* Protects driver and device lists, device stacks, names, the list of IRPs, requests' pins. Nothing calls out with it. */
unsigned io_lock(void);
void     io_unlock(unsigned irql);

/* In front of a driver object. */
struct DECLSPEC_ALIGN(16) io_driver {
    DRIVER_EXTENSION      extension;
    struct list           link; /* all drivers */
    const void           *image_start, *image_end;
    unsigned              devices; /* that still exist; io_lock */
    LONG                  work;    /* work items queued or running that hold it or a device of its; atomic */
    struct io_client_ext *client_extensions;
    WCHAR                 name[64], registry_path[128];
    UNICODE_STRING        registry;
};

/* An IoTimer; it lives in its device. */
struct _IO_TIMER {
    struct list       link; /* all, io_lock */
    PDEVICE_OBJECT    device;
    PIO_TIMER_ROUTINE routine;
    void             *context;
    bool              started, due; /* io_lock */
    unsigned          running_on;   /* processor + 1; atomic */
};

/* In front of a device object. */
struct DECLSPEC_ALIGN(16) io_device {
    DEVOBJ_EXTENSION nt;
    size_t           extension_bytes;
    bool             delete_pending, gone_from_driver;
    /* StartIo; io_lock */
    bool             deferred_start, non_cancelable;
    bool             cancelable_set; /* NonCancelable = FALSE was asked for before any cancel routine */
    bool             start_wanted;   /* IoStartNextPacket came while StartIo was running, with these arguments: */
    bool             wanted_cancelable, wanted_by_key;
    ULONG            wanted_key;
    unsigned         starting, start_depth; /* processors inside; nested calls */
    struct _IO_TIMER timer;
};

static inline struct io_driver *io_driver_of(PDRIVER_OBJECT driver)
{
    return ob_prefix(driver);
}

static inline struct io_device *io_device_of(PDEVICE_OBJECT device)
{
    return ob_prefix(device);
}

/* ---- calls into a driver ---- */

/* Publishes the call and remembers what must be the same afterwards. */
struct io_call {
    enum ev_role role;
    const void  *routine, *context, *object;
    unsigned     irql;
    LONG         apcs; /* APC-disable count */
};

void io_call_enter(
    struct io_call *call, enum ev_role role, const void *routine, const void *context, const void *object);
void io_call_leave(struct io_call *call);

/* ---- events with handles (event.c) ---- */

/* ---- drivers and devices (driver.c, device.c, name.c) ---- */

struct io_device_config {
    PDRIVER_OBJECT        driver;
    size_t                extension_bytes;
    const UNICODE_STRING *name; /* NULL: none */
    DEVICE_TYPE           type;
    ULONG                 characteristics;
    bool                  exclusive;
};

NTSTATUS io_device_create(const struct io_device_config *cfg, PDEVICE_OBJECT *out);
void     io_device_delete(PDEVICE_OBJECT device);
void     io_device_open_count(
        PDEVICE_OBJECT device, LONG delta); /* DEVICE_OBJECT.ReferenceCount; may end a pending delete */

PDEVICE_OBJECT io_device_top(PDEVICE_OBJECT device); /* IRQL <= 2 */
PDEVICE_OBJECT io_device_attach(PDEVICE_OBJECT source, PDEVICE_OBJECT target);
void           io_device_detach(PDEVICE_OBJECT target);

void    *io_driver_extension_add(PDRIVER_OBJECT driver, void *id, size_t bytes, NTSTATUS *status);
void    *io_driver_extension_find(PDRIVER_OBJECT driver, void *id);
void     io_driver_work(PDRIVER_OBJECT driver, LONG delta); /* a work item begins or ends to hold it back */
void     io_driver_boot(void);
NTSTATUS io_invalid_request(PDEVICE_OBJECT device, PIRP irp);

void     io_name_boot(void);
NTSTATUS io_name_add_device(const UNICODE_STRING *name, PDEVICE_OBJECT device);
void     io_name_remove_device(PDEVICE_OBJECT device);
NTSTATUS io_link_add(const UNICODE_STRING *name, const UNICODE_STRING *target);
NTSTATUS io_link_remove(const UNICODE_STRING *name);
/* The device, referenced, and what of the name follows it. */
NTSTATUS io_name_find(const UNICODE_STRING *name, PDEVICE_OBJECT *device, UNICODE_STRING *rest);

/* ---- files (file.c) ---- */

NTSTATUS io_file_open(PDEVICE_OBJECT device, const UNICODE_STRING *rest, ULONG access, PFILE_OBJECT *out);

/* ---- IRPs (irp.c, complete.c, cancel.c) ---- */

enum io_irp_kind {
    IO_IRP_DRIVER,       /* IoAllocateIrp: its maker takes it back in a completion routine */
    IO_IRP_SYNCHRONOUS,  /* IoBuildSynchronousFsdRequest, IoBuildDeviceIoControlRequest: the I/O manager frees it */
    IO_IRP_ASYNCHRONOUS, /* IoBuildAsynchronousFsdRequest: like IO_IRP_DRIVER */
    IO_IRP_REQUEST,      /* of a struct io_request */
};

/* In front of an IRP from io_irp_alloc(); IRPs in a driver's own memory have none (no IO_IRP_OURS in Reserved). */
struct DECLSPEC_ALIGN(16) io_irp {
    struct list        link; /* IRPs alive */
    enum io_irp_kind   kind;
    bool               sent;
    ULONG              out_bytes; /* how much of SystemBuffer the caller's buffer can take */
    struct io_request *request;
};
#define IO_IRP_OURS 0x7D70 /* IRP.Reserved, which is nobody's on NT */

static inline struct io_irp *io_irp_of(PIRP irp)
{
    return irp->Reserved == IO_IRP_OURS ? (struct io_irp *)irp - 1 : NULL;
}

void     io_irp_boot(void);
PIRP     io_irp_alloc(unsigned stack_size, enum io_irp_kind kind);
void     io_irp_init(PIRP irp, USHORT bytes, unsigned stack_size);
void     io_irp_reuse(PIRP irp, NTSTATUS status);
void     io_irp_free(PIRP irp);
void     io_irp_check_alive(PIRP irp, const char *what); /* bug check 0x44 for one that was freed */
NTSTATUS io_irp_set_ioctl(PIRP irp, ULONG code, void *in, ULONG in_bytes, void *out, ULONG out_bytes);
NTSTATUS io_irp_set_transfer(PIRP irp, PDEVICE_OBJECT device, UCHAR major, void *buffer, ULONG bytes, int64_t offset);
NTSTATUS io_irp_build(const struct io_request *r, PDEVICE_OBJECT device, enum io_irp_kind kind, PIRP *out);
void     io_irp_release_buffers(PIRP irp);

/* ---- interrupt objects (interrupt.c) ---- */

struct io_interrupt_connection {
    PKSERVICE_ROUTINE routine;
    void             *context;
    PKSPIN_LOCK       lock; /* NULL: one of its own */
    ULONG             vector;
    KIRQL             irql, sync_irql; /* PASSIVE_LEVEL: a passive-level interrupt */
    KINTERRUPT_MODE   mode;
    bool              share;
    bool              port; /* the routine is a port driver's, which publishes its calls of the driver itself */
    KAFFINITY         affinity;
};

void     io_interrupt_boot(void);
NTSTATUS io_interrupt_connect(const struct io_interrupt_connection *c, PKINTERRUPT *out); /* IRQL 0 */
void     io_interrupt_disconnect(PKINTERRUPT k); /* IRQL 0; waits until its routine runs nowhere */

/* As io_interrupt_raise(vector, -1), for devices: from a step of theirs too. DIRQL interrupts only. Any IRQL. Point: no. */
bool      io_interrupt_assert(ULONG vector);
BOOLEAN   io_interrupt_synchronize(PKINTERRUPT k, PKSYNCHRONIZE_ROUTINE routine, void *context);
void      io_interrupt_active(PKINTERRUPT k, bool active); /* IRQL <= 2 */
KAFFINITY io_interrupt_affinity(const KINTERRUPT *k);      /* systemwide */
/* Finding DT-Q03 when a connected object's pointer, context, lock or routine lies there. `what` happened to that memory. */
void     io_interrupt_memory_goes(const void *start, const void *end, const char *what);
unsigned io_interrupt_lock(PKINTERRUPT k); /* old IRQL */
void     io_interrupt_unlock(PKINTERRUPT k, unsigned old);

NTSTATUS io_call_driver(PDEVICE_OBJECT device, PIRP irp);
void     io_complete(PIRP irp, CCHAR boost);
void     io_request_completed(struct io_request *r, PIRP irp); /* last stop of IO_IRP_REQUEST */

void io_cancel_boot(void);
void io_cancel_lock_acquire(KIRQL *old);
void io_cancel_lock_release(KIRQL old);
void io_cancel_lock_release_at_dpc(void); /* IRQL stays */
bool io_cancel(PIRP irp);
/* Calls the routine as IoCancelIrp does; the cancel lock is held, the routine releases it to old. */
void io_cancel_call(PDRIVER_CANCEL routine, PDEVICE_OBJECT device, PIRP irp, KIRQL old);

static inline PDRIVER_CANCEL io_cancel_routine_set(PIRP irp, PDRIVER_CANCEL routine)
{
    return (PDRIVER_CANCEL)__atomic_exchange_n((PDRIVER_CANCEL *)&irp->CancelRoutine, routine, __ATOMIC_SEQ_CST);
}

static inline PIO_STACK_LOCATION io_stack(PIRP irp)
{
    return irp->Tail.Overlay.CurrentStackLocation;
}

/* ---- the rest ---- */

void io_timer_boot(void);
void io_timer_device_gone(PDEVICE_OBJECT device);
void io_remove_lock_boot(void);

size_t io_mdl_bytes(const void *va, size_t bytes);
PMDL   io_mdl_alloc(void *va, ULONG bytes);
void   io_mdl_free(PMDL mdl);
void   io_mdl_lock(PMDL mdl);
void   io_mdl_unlock(PMDL mdl);
void   io_mdl_nonpaged(PMDL mdl);
void  *io_mdl_map(PMDL mdl);
void   io_mdl_unmap(PMDL mdl);
void   io_mdl_partial(PMDL source, PMDL part, void *va, ULONG bytes);
