/* SPDX-License-Identifier: MIT */
/* sp/priv.h - what the port driver's files and ddi/ddi_stor*.c share. */
#pragma once

#include "base/list.h"
#include "ex/pool.h"
#include "ex/work.h"
#include "io/priv.h"
#include "sp/sp.h"

/* Parts of this header, in this order. */
#include "sp/control.h"
#include "sp/more.h"
#include "sp/queue.h"

#define SP_TAG 0x20706453u /* 'Sdp ' */

/* ---- calls into the miniport (call.c) and what each may do (matrix.c) ---- */

enum sp_call {
#define STOR_CALLBACK(name, text) SP_CALL_##name,
#include "base/stor.def"
    SP_CALL_COUNT
};

enum sp_level { SP_AT_PASSIVE, SP_AT_DISPATCH, SP_AT_DIRQL, SP_AT_CALLER };

/* A cell of the matrix. Locks are SP_LOCK_ bits. */
struct sp_rule {
    uint8_t level; /* enum sp_level: IRQL on entry */
    uint8_t holds; /* the port takes them before the call and releases them after it */
    uint8_t may;   /* the miniport may take with StorPortAcquireSpinLock */
};

/* As it is for this adapter now: its columns are virtual, half duplex, full duplex with one channel, with several. */
struct sp_rule sp_rule(const struct sp_adapter *a, enum sp_call call);
const char    *sp_call_name(enum sp_call call);
const char    *sp_lock_name(unsigned kind);

enum { SP_TAKEN_MAX = 8 };

/* A lock that the miniport took inside a call. */
struct sp_taken {
    uint8_t     kind;    /* SP_LOCK_ bit; 0 = free */
    int         message; /* with StorPortAcquireMSISpinLock; else -1 */
    const void *handle, *site;
};

/* One call into the miniport, on the stack of whoever makes it; innermost first from ke_call_slot(). */
struct sp_frame {
    struct sp_frame   *outer;
    struct sp_adapter *a;
    enum sp_call       call;
    struct sp_rule     rule;
    struct io_call     io;
    unsigned           old;       /* IRQL before the port raised it */
    unsigned           old_below; /* ... for the Interrupt lock */
    int                message;   /* SP_CALL_MESSAGE */
    bool               entered;   /* locks and level are the caller's business */
    struct sp_request *request;   /* of BuildIo and StartIo */
    unsigned           channel;
    uint64_t           kick;      /* processors whose DPC waits for the end of this call, made below DISPATCH_LEVEL */
    bool               oversized; /* more locks taken than fit */
    struct sp_taken    taken[SP_TAKEN_MAX];
};

/* Takes locks and level of the matrix, publishes the call, makes a point. With f->entered the caller has done the first.
 * In between the miniport is called. End checks IRQL and locks and undoes the rest. */
void sp_call_begin(struct sp_frame *f, struct sp_adapter *a, enum sp_call call, const void *routine);
void sp_call_end(struct sp_frame *f);

/* The two halves of each: level and locks; the call itself. */
void sp_call_lock(struct sp_frame *f, struct sp_adapter *a, enum sp_call call);
void sp_call_enter(struct sp_frame *f, const void *routine);
void sp_call_leave(struct sp_frame *f);
void sp_call_unlock(struct sp_frame *f);

/* The innermost call into the miniport of this adapter on the calling stack, or NULL (a thread, DPC of the miniport's own). */
struct sp_frame *sp_frame_of(const struct sp_adapter *a);
bool             sp_inside(const struct sp_adapter *a, enum sp_call call);

/* A miniport's mistake. rule: "DT-S06". */
__attribute__((format(printf, 4, 5))) void sp_stop(
    const char *rule, const void *object, const void *caller, const char *format, ...);
__attribute__((format(printf, 4, 5))) void sp_warn(
    const char *rule, const void *object, const void *caller, const char *format, ...);
/* ... for which Windows has a bug check. */
__attribute__((format(printf, 4, 5))) void sp_stop_code(
    uint32_t code, uint64_t parameter, const char *rule, const char *format, ...);

/* ---- the driver ---- */

struct sp_driver {
    HW_INITIALIZATION_DATA  hw; /* the virtual and the old layout are translated */
    PDRIVER_OBJECT          driver;
    PVOID                   arguments[2]; /* of DriverEntry */
    bool                    virtual_miniport, old_layout, tracing;
    const struct sp_config *start; /* of the adapter that AddDevice is about to make */
};

struct sp_driver *sp_driver_of(PDRIVER_OBJECT driver);

/* Queues, busy, time-outs, resets; configuration, control, power, registry: each has its own header and files. */
#include "sp/control.h"
#include "sp/queue.h"

/* ---- units ---- */

enum { SP_CONTROLS_MAX = 64 };

#define SP_UNMAPPED ((void *)0xdbdbdbdbdbdb0000ull) /* what a miniport that may not see a buffer gets */

/* sp_request.state */
enum {
    SP_REQUEST_IDLE,
    SP_REQUEST_QUEUED,
    SP_REQUEST_BUILDING,
    SP_REQUEST_BUILT,
    SP_REQUEST_STARTING,
    SP_REQUEST_DRIVER,
    SP_REQUEST_DONE
};

/* A gate that opens by itself. */
struct sp_gate_timer {
    KTIMER             timer;
    KDPC               dpc;
    struct sp_adapter *a;
    struct sp_lun     *unit; /* NULL: the adapter's */
    unsigned           gate;
    nt_100ns           until; /* sp_lock(); NT_NEVER: not armed */
};

struct sp_lun {
    struct list        link; /* a->units, by address */
    struct sp_adapter *a;
    UCHAR              path, target, lun;
    void              *extension; /* NULL: LuExtensionSize is 0 */
    bool               hidden;    /* a->self: for requests to the adapter itself */
    PDEVICE_OBJECT     device;    /* for CLAIM_DEVICE (queue.c) */
    /* sp_lock(): */
    struct list          queue;  /* not begun */
    struct list          built;  /* BuildIo has returned TRUE, waits for StartIo */
    struct list          active; /* counted in outstanding, by sp_request.active */
    unsigned             queued, outstanding, depth;
    unsigned             gates;      /* SP_GATE_ bits that are closed */
    unsigned             busy_count; /* completions until SP_GATE_BUSY opens */
    unsigned             full_count; /* ... until SP_GATE_RETRY opens (QUEUE FULL) */
    bool                 seen;       /* an INQUIRY has been sent */
    bool                 gone, claimed, powered_down;
    bool                 found; /* the scan's */
    struct sp_gate_timer pause, retry;
    struct sp_pofx       pofx;
    struct sp_unit_info  info;
    ULONG                attributes; /* StorPortSetUnitAttributes; sp_lock() */
    bool                 failed;     /* StorPortMarkDeviceFailed: the next scan does not find it */
};

/* ---- memory of requests (slot.c) ---- */

/* An SRB with extension and sense buffer, for one issue. What lies behind it is the miniport's only in state SP_SLOT_DRIVER. */
enum sp_slot_state { SP_SLOT_FREE, SP_SLOT_PORT, SP_SLOT_DRIVER };

struct sp_slot {
    struct list         link; /* a->slots_free */
    struct sp_adapter  *a;
    struct sp_request  *r;
    enum sp_slot_state  state;
    unsigned            index;
    uint64_t            issue; /* which issue of the slot */
    PSCSI_REQUEST_BLOCK srb;   /* either layout */
    void               *extension, *sense;
    size_t              bytes;
    struct sp_list      lists[2]; /* sgl.c: of the buffer, of the other one of a bidirectional request */
    PMDL                mdls[2];
    const void         *completed_by; /* code address */
};

/* ---- gates (gate.c) ---- */

enum {
    SP_GATE_NOT_READY = 1 << 0, /* not started, or stopping: adapter */
    SP_GATE_PAUSED = 1 << 1,
    SP_GATE_BUSY = 1 << 2,
    SP_GATE_LINK_DOWN = 1 << 3,
    SP_GATE_RESET = 1 << 4, /* HwStorResetBus runs */
    SP_GATE_HOLD = 1 << 5,  /* after a reset: BusResetHoldTime */
    SP_GATE_POWER = 1 << 6,
    SP_GATE_FROZEN = 1 << 7,    /* unit */
    SP_GATE_LOCKED = 1 << 8,    /* unit */
    SP_GATE_RETRY = 1 << 9,     /* unit: BusyPauseTime, QUEUE FULL */
    SP_GATE_RECOVERY = 1 << 10, /* unit: time-out handling */
};

/* ---- timers (timer.c, timer_ex.c) ---- */

struct sp_timer {
    KTIMER             timer;
    KDPC               dpc, late; /* late: arms it, when it was requested above DISPATCH_LEVEL */
    struct list        link;      /* a->timers_ex */
    uint64_t           magic;     /* of an extended timer */
    struct sp_adapter *a;
    bool               armed, postponed, freed; /* sp_lock() */
    bool               wanted; /* requested, not cancelled, not called: as the miniport sees it; sp_lock() */
    nt_100ns           due, duration;
    uint64_t           tolerance; /* 100 ns */
    PHW_TIMER          routine;
    PHW_TIMER_EX       routine_ex;
    PVOID              context;
};

struct sp_timer_request {
    PHW_TIMER_EX routine;
    PVOID        context;
    uint64_t     microseconds, tolerance_us;
};

/* ---- per processor ---- */

struct sp_cpu {
    KDPC               dpc; /* completions, then dispatch */
    struct sp_adapter *a;
    struct list        done; /* requests; sp_lock() */
};

/* ---- interrupts (interrupt.c) ---- */

struct sp_interrupt {
    struct sp_adapter *a;
    int                message; /* or DEVICE_LINE */
    ULONG              vector;
    KIRQL              irql;
    PKINTERRUPT        object;
    bool               masked, kept; /* kept: raised while masked; sp_lock() */
    bool               asserted;     /* the line; sp_lock() */
};

/* ---- the adapter ---- */

enum sp_state {
    SP_CREATED,
    SP_FINDING,
    SP_FOUND,
    SP_INITIALIZING,
    SP_PASSIVE,
    SP_READY,
    SP_STOPPED,
    SP_REMOVING,
    SP_REMOVED
};

struct sp_adapter {
    struct list                     link;   /* all, by start */
    unsigned                        number; /* port number */
    struct sp_driver               *driver;
    struct sp_config                cfg;
    PDEVICE_OBJECT                  pdo, fdo;
    enum sp_state                   state;
    bool                            is_virtual, half_duplex, extended_srb, per_message, reinitializing;
    bool                            callable, interruptible; /* atomic; adapter.c */
    PVOID                           extension;
    PPORT_CONFIGURATION_INFORMATION config; /* as HwStorFindAdapter left it */
    ACCESS_RANGE                    ranges[DEVICE_RANGES];
    ULONG                           max_transfer, max_io, max_per_unit, initial_depth;
    ULONG                           srb_extension_bytes, unit_extension_bytes;
    uint64_t                        bus_lowest, bus_highest; /* where what the device reaches must lie */
    unsigned                        dirql;                   /* of the Interrupt lock */
    PORT_CONFIGURATION_INFORMATION  config_before;           /* as it found it */
    struct sp_knobs                 knobs;
    struct sp_control               control;

    /* locks that a miniport knows */
    KSPIN_LOCK startio_lock;
    unsigned   n_interrupt_locks;
    KSPIN_LOCK interrupt_lock[DEVICE_MESSAGES];

    /* `lock`, taken at HIGH_LEVEL by sp_lock(), protects queues, gates, slots, timers and what says so. Nothing calls out
     * with it, nothing is waited for; it is the last in the order of locks but for those of ke/. */
    struct mach_lock     lock;
    struct list          units;
    struct sp_lun       *self; /* among them, hidden */
    unsigned             n_units;
    struct sp_lun       *next_unit; /* was served last */
    unsigned             gates, busy_count;
    unsigned             outstanding;
    unsigned             resets; /* HwStorResetBus calls under way */
    struct sp_gate_timer pause, hold, link_down;
    struct list          slots_free;
    struct sp_slot     **slots; /* all, by index */
    unsigned             n_slots, slots_room;
    struct sp_watch      watch;

    /* channels (perf.c); sp_lock() */
    unsigned                channels;      /* 0: not opted in */
    uint64_t                channels_used; /* changed under the lock; a reset looks without */
    PERF_CONFIGURATION_DATA perf;          /* as applied */

    /* interrupts */
    struct device_port  port;
    unsigned            n_interrupts;
    struct sp_interrupt interrupt[DEVICE_MESSAGES];
    unsigned            messages; /* granted; 0: the line */

    /* timers, DPCs */
    struct sp_timer timer; /* RequestTimerCall */
    struct list     timers_ex, dpcs;
    unsigned        n_timers_ex;

    /* life */
    PHW_PASSIVE_INITIALIZE_ROUTINE passive_routine;
    bool                           control_supported[SP_CONTROLS_MAX]; /* by SCSI_ADAPTER_CONTROL_TYPE */
    bool                           unit_control_supported[SP_CONTROLS_MAX];
    bool                           draining;
    KEVENT                         drained;
    uint32_t                       callbacks; /* under way; atomic */

    /* scans (scan.c); sp_lock() */
    struct ex_work scan_work;
    KDPC           scan_dpc;
    bool           scanning, scan_wanted;
    uint32_t       scans;
    int            scan_path;
    KEVENT         scan_done;

    /* the latest WMIEvent; sp_lock() */
    struct {
        unsigned count, reregistered;
        ULONG    bytes;
        UCHAR    path, target, lun, data[128];
    } wmi;

    struct sp_more more;

    unsigned      n_cpus;
    struct sp_cpu cpu[];
};

/* STL-129: DPCs go to where their request came from. */
static inline bool sp_redirects(const struct sp_adapter *a)
{
    return (a->perf.Flags & (STOR_PERF_DPC_REDIRECTION | STOR_PERF_DPC_REDIRECTION_CURRENT_CPU)) ==
           STOR_PERF_DPC_REDIRECTION;
}

static inline unsigned sp_lock(struct sp_adapter *a)
{
    unsigned old = ke_raise_to(HIGH_LEVEL);

    mach_lock(&a->lock);
    return old;
}

static inline void sp_unlock(struct sp_adapter *a, unsigned old)
{
    mach_unlock(&a->lock);
    mach_irql_lower(old);
}

/* ---- adapter.c ---- */

struct sp_adapter *sp_adapter_create(struct sp_driver *d, PDEVICE_OBJECT pdo, PDEVICE_OBJECT fdo);
NTSTATUS           sp_adapter_run(struct sp_adapter *a);     /* IRP_MN_START_DEVICE */
void               sp_adapter_destroy(struct sp_adapter *a); /* IRP_MN_REMOVE_DEVICE */

/* Nothing calls the miniport by itself any more: DPCs have run, timers are off, it has been stopped. IRQL 0. */
void sp_adapter_quiesce(struct sp_adapter *a);

/* May timers and DPCs, may interrupts call the miniport? Any IRQL. */
bool sp_callable(const struct sp_adapter *a);
bool sp_interruptible(const struct sp_adapter *a);

/* Every request is answered: what is queued by the port, what the miniport has by the miniport, which is waited for. IRQL 0. */
void sp_remove_drain(struct sp_adapter *a);

/* ---- lock.c: locks of the adapter that a miniport knows ---- */

void     sp_lock_init(PKSPIN_LOCK word);
unsigned sp_interrupt_acquire(struct sp_adapter *a); /* raises IRQL to the adapter's; the old one */
void     sp_interrupt_release(struct sp_adapter *a, unsigned old);
bool     sp_interrupt_held(struct sp_adapter *a);
void  sp_spin_acquire(struct sp_adapter *a, STOR_SPINLOCK lock, PVOID context, PSTOR_LOCK_HANDLE h, const void *caller);
void  sp_spin_release(struct sp_adapter *a, PSTOR_LOCK_HANDLE h, const void *caller);
ULONG sp_msi_acquire(struct sp_adapter *a, ULONG message, PULONG old, const void *caller);
ULONG sp_msi_release(struct sp_adapter *a, ULONG message, ULONG old, const void *caller);

/* ---- slot.c, srb.c. _locked: lock held ---- */

bool            sp_slots_init(struct sp_adapter *a);
void            sp_slots_fini(struct sp_adapter *a);
bool            sp_slot_reserve(struct sp_adapter *a); /* IRQL <= 2, lock not held */
struct sp_slot *sp_slot_take_locked(struct sp_adapter *a, struct sp_request *r);
void            sp_slot_fill(struct sp_slot *s);
void            sp_slot_poison_locked(struct sp_slot *s);
void            sp_slot_free_locked(struct sp_slot *s);
struct sp_slot *sp_slot_find_locked(struct sp_adapter *a, const void *srb);

void  sp_srb_fill(struct sp_slot *s);
void  sp_srb_read(const struct sp_slot *s); /* into its request */
UCHAR sp_srb_status(const struct sp_slot *s);

/* ---- lun.c ---- */

struct sp_lun *sp_lun_find_locked(struct sp_adapter *a, unsigned path, unsigned target, unsigned lun);
struct sp_lun *sp_lun_make(struct sp_adapter *a, unsigned path, unsigned target, unsigned lun);
void           sp_lun_free(struct sp_lun *u);
void           sp_luns_fini(struct sp_adapter *a);

/* ---- dispatch.c, complete.c ---- */

/* All that can go on does. IRQL <= 2, not inside a call of the miniport's. */
void sp_dispatch(struct sp_adapter *a);

/* ... soon, on this processor. Any IRQL. */
void sp_kick(struct sp_adapter *a);

/* RequestComplete. Any IRQL. */
void sp_complete(struct sp_adapter *a, void *srb, const void *caller);

/* The request is its client's. IRQL <= 2, lock not held. */
void              sp_finish(struct sp_adapter *a, struct sp_request *r);
KDEFERRED_ROUTINE sp_cpu_dpc;

/* ---- timer.c, timer_ex.c ---- */

/* dpc runs not before `due` (interrupt time) and at most a tick after due + tolerance. Any IRQL. */
void  sp_ktimer_set(PKTIMER timer, PKDPC dpc, nt_100ns due, uint64_t tolerance);
void  sp_timer_init(struct sp_adapter *a);
void  sp_timer_request(struct sp_adapter *a, PHW_TIMER routine, ULONG microseconds, const void *caller);
void  sp_timer_resume(struct sp_adapter *a);
void  sp_timer_stop(struct sp_adapter *a);
void  sp_timer_fini(struct sp_adapter *a);
ULONG sp_timer_ex_create(struct sp_adapter *a, PVOID *handle);
ULONG sp_timer_ex_request(struct sp_adapter *a, PVOID handle, const struct sp_timer_request *r);
ULONG sp_timer_ex_free(struct sp_adapter *a, PVOID handle);
void  sp_timers_ex_stop(struct sp_adapter *a);
void  sp_timers_ex_fini(struct sp_adapter *a);

/* ---- dpc.c ---- */

void sp_dpc_initialize(struct sp_adapter *a, PSTOR_DPC dpc, PHW_DPC_ROUTINE routine, const void *caller);
bool sp_dpc_issue(struct sp_adapter *a, PSTOR_DPC dpc, PVOID arg1, PVOID arg2, const void *caller);
bool sp_dpc_cancel(struct sp_adapter *a, PSTOR_DPC dpc);
void sp_dpcs_drain(struct sp_adapter *a);

/* ---- interrupt.c ---- */

void     sp_interrupt_prepare(struct sp_adapter *a);
void     sp_device_plug(struct sp_adapter *a);
void     sp_device_unplug(struct sp_adapter *a);
NTSTATUS sp_interrupt_connect(struct sp_adapter *a);
void     sp_interrupt_disconnect(struct sp_adapter *a);
ULONG    sp_msi_info(struct sp_adapter *a, ULONG message, PMESSAGE_INTERRUPT_INFORMATION info);
ULONG    sp_msi_mask(struct sp_adapter *a, ULONG message, bool mask);
bool     sp_synchronize(struct sp_adapter *a, PSTOR_SYNCHRONIZED_ACCESS routine, PVOID context, const void *caller);

/* ---- perf.c ---- */

ULONG sp_perf_initialize(struct sp_adapter *a, bool query, PPERF_CONFIGURATION_DATA d);
ULONG sp_perf_startio(struct sp_adapter *a, void *srb, PSTARTIO_PERFORMANCE_PARAMETERS p);

/* ---- notify.c: the notifications that are no more than a line in their callers ---- */

void sp_link_down(struct sp_adapter *a, const void *caller);
void sp_link_up(struct sp_adapter *a, const void *caller);
void sp_reset_detected(struct sp_adapter *a);
void sp_wmi_event(struct sp_adapter *a, const void *data, ULONG bytes, UCHAR path, UCHAR target, UCHAR lun);
void sp_wmi_reregister(struct sp_adapter *a);
void sp_service_time(struct sp_adapter *a, uint64_t duration, void *srb, const void *caller);

/* ---- remove.c; IRQL 0 ---- */

void sp_queue_flush(struct sp_lun *u, UCHAR status); /* what its queue holds is answered with that status */
void sp_unit_wait(struct sp_lun *u);                 /* until the miniport has no request of it */

/* ---- scan.c, class.c ---- */

/* A command with data to the host, with retries. Bytes that came (1 without data), 0: failed. IRQL 0. */
size_t sp_scan_command(struct sp_lun *u, const UCHAR *cdb, UCHAR cdb_bytes, void *buf, size_t bytes);

void sp_scan_init(struct sp_adapter *a);
void sp_scan_fini(struct sp_adapter *a);              /* waits until none is under way. IRQL 0 */
void sp_scan_first(struct sp_adapter *a);             /* IRQL 0 */
void sp_scan_request(struct sp_adapter *a, int path); /* any IRQL; path -1: all */

/* What a disk's class driver asks when a unit appears: size, write cache, UNMAP. IRQL 0. */
void sp_class_start(struct sp_lun *u);

/* Zeroed memory that the adapter's device can reach. IRQL <= 2. */
void *sp_buffer_alloc(struct sp_adapter *a, size_t bytes);
void  sp_buffer_free(struct sp_adapter *a, void *p, size_t bytes);

/* ---- config.c ---- */

void sp_config_fill(struct sp_adapter *a); /* before HwStorFindAdapter */
void sp_config_take(struct sp_adapter *a); /* it has said FOUND */

/* ---- control.c ---- */

/* Asked once, between initialisation and the first request. IRQL 0. */
void sp_control_query(struct sp_adapter *a);

/* False: not supported (and not called), or refused. Levels and locks: see the matrix; most types at the caller's IRQL. */
bool sp_control(struct sp_adapter *a, SCSI_ADAPTER_CONTROL_TYPE type, void *parameters);
bool sp_unit_control(struct sp_adapter *a, SCSI_UNIT_CONTROL_TYPE type, void *parameters);
void sp_control_stop(struct sp_adapter *a);

/* ---- ioctl.c ---- */

NTSTATUS sp_ioctl(struct sp_adapter *a, PIRP irp);

/* ---- tracing (control.c) ---- */

void sp_tracing_begin(struct sp_driver *d);
void sp_tracing_end(struct sp_driver *d);
