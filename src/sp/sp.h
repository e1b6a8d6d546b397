/* SPDX-License-Identifier: MIT */
/*
 * sp/sp.h - the StorPort port driver, for host/ and the exported names of ddi/.
 *
 * A miniport knows its adapter by the device extension; sp_adapter_of() finds the adapter. Requests of clients are struct
 * sp_request: filled, submitted, and the client's again when done() is called.
 */
#pragma once

#include <stdbool.h>

#include "base/device.h"
#include "ddk/storport.h"
#include "io/io.h"

struct sp_adapter;
struct sp_lun;
struct sp_slot;

/* Before each run, after io_boot(). */
void sp_boot(void);

/* ---- drivers ---- */

/* StorPortInitialize. IRQL 0. */
NTSTATUS sp_initialize(PDRIVER_OBJECT driver, PUNICODE_STRING registry_path, PHW_INITIALIZATION_DATA hw,
    PVOID hw_context, const void *caller);

/* Windows the port poses as: what is newer answers STOR_STATUS_NOT_IMPLEMENTED. */
enum sp_os { SP_OS_CURRENT, SP_OS_SERVER_2003, SP_OS_7, SP_OS_8, SP_OS_8_1, SP_OS_10, SP_OS_10_1809, SP_OS_11 };

/* A value of Parameters\\Device, or of this adapter's Parameters\\Device<n>. type: MINIPORT_REG_XXX. */
struct sp_registry_value {
    const char *name;
    bool        adapter;
    ULONG       type, bytes;
    const void *data;
};

/* Zeroed is the default everywhere. */
struct sp_config {
    struct device        *device;   /* NULL: no hardware behind the adapter */
    struct device_memory *memory;   /* for what the device must reach; NULL: pool */
    const char           *argument; /* DriverParameter of the registry; NULL: absent */
    enum sp_os            os;
    unsigned              dirql;            /* 3 .. 12; 0 = 5 */
    unsigned              messages;         /* MSI messages granted at most; without a device, granted */
    unsigned              perf_flags_off;   /* STOR_PERF_ flags that are not offered */
    unsigned              channels_max;     /* concurrent channels granted at most; 0 = any number */
    bool                  no_scan;          /* the one unit 0:0:0 is there; nobody asks */
    bool                  no_class;         /* scan, but no TEST UNIT READY, READ CAPACITY ... */
    bool                  dump;             /* dump mode */
    bool                  timers_early;     /* STM-033: a timer may be delivered before HwStorInitialize has returned */
    bool                  timer_ex_no_lock; /* STM-080: extended timer routines hold no lock */
    bool                  stop_no_lock;     /* STL-009: stop and restart without the Interrupt lock */
    bool                  link_down_counts; /* STN-054: time-outs go on while the link is down */
    unsigned              link_down_timeout_s; /* 0 = 30; at most 600 */
    unsigned              msi_level_step;      /* message i is at dirql + i * step, at most 12 */
    bool                  spurious;            /* an interrupt as soon as HwStorInitialize lowers (STL-093) */
    bool                  no_line;             /* no line interrupt */
    uint32_t              line_vector;         /* of the line interrupt, to share it; 0 = one of its own */
    unsigned              control_types;       /* MaxControlType offered; 0 = all */
    bool                  busy_forever;        /* STQ-045: busy requests are tried again without limit */
    bool                  retries_count;       /* STQ-049: a request's time goes on while it is tried again */
    bool                  prohibited_ddis; /* STI-050: kernel routines that a physical miniport calls are findings */
    bool                  no_timeouts;     /* requests take as long as they take */
    bool                  breaks_default_0x11; /* STI-023: NumberOfPhysicalBreaks is 0x11, not SP_UNINITIALIZED_VALUE */
    bool                  pause_first_wins;    /* STQ-031: a second StorPortPause while paused fails */
    bool                  start_false_pending; /* STV-012: FALSE from HwStorStartIo without completion is no finding */
    bool                  virtual_no_sgl;      /* STV-026: a virtual miniport gets no scatter/gather list */
    bool                  timer_may_stay;      /* STV-015: no finding for a timer that is left at removal */
    const struct sp_registry_value *registry;  /* values present before the start, up to one without a name */
};

/* ---- adapters; IRQL 0, a system thread ---- */

/* AddDevice, then IRP_MN_START_DEVICE. On failure nothing is left. */
NTSTATUS sp_adapter_start(PDRIVER_OBJECT driver, const struct sp_config *cfg, struct sp_adapter **out);

/* IRP_MN_REMOVE_DEVICE: drains, stops, frees. */
NTSTATUS sp_adapter_remove(struct sp_adapter *a);

/* Looks for units anew; returns when that is done. path: -1 = all. */
NTSTATUS sp_adapter_scan(struct sp_adapter *a, int path);

PVOID              sp_adapter_extension(const struct sp_adapter *a);
struct sp_adapter *sp_adapter_of_fdo(PDEVICE_OBJECT fdo);

/* NULL and a finding when ext is no adapter's device extension. Any IRQL. */
struct sp_adapter *sp_adapter_of(const void *ext, const char *routine, const void *caller);
struct sp_adapter *sp_adapter_find(const void *ext); /* NULL, without a finding */

/* The adapter's interrupt: a message, or DEVICE_LINE. False: nothing is connected. Any IRQL; point. */
bool sp_interrupt_raise(struct sp_adapter *a, int message);

/* Locks of the adapter that the calling processor holds: SP_LOCK_ bits (STL-012). Any IRQL. */
enum { SP_LOCK_DPC = 1, SP_LOCK_STARTIO = 2, SP_LOCK_INTERRUPT = 4 };
unsigned sp_locks_held(struct sp_adapter *a);

/* ---- units ---- */

struct sp_unit_info {
    uint8_t  path, target, lun;
    uint8_t  type; /* peripheral device type */
    bool     removable, write_protected, write_cache, fua, unmap, ready;
    uint64_t blocks;
    uint32_t block_bytes, physical_block_bytes;
    uint32_t max_transfer; /* bytes that one request may move */
    char     vendor[9], product[17], revision[5], serial[33];
    unsigned depth, outstanding, queued;
};

unsigned       sp_unit_count(struct sp_adapter *a);
struct sp_lun *sp_unit_at(struct sp_adapter *a, unsigned n); /* in order of address */
struct sp_lun *sp_unit_find(struct sp_adapter *a, unsigned path, unsigned target, unsigned lun);
void           sp_unit_info(struct sp_lun *u, struct sp_unit_info *info);

/* ---- requests ---- */

enum { SP_SENSE_MAX = 255, SP_CDB_MAX = 64 };

struct sp_request {
    /* the client's; zeroed before */
    UCHAR function; /* SRB_FUNCTION_XXX */
    UCHAR path, target, lun;
    UCHAR cdb_bytes;
    UCHAR cdb[SP_CDB_MAX];
    ULONG flags; /* SRB_FLAGS_XXX */
    UCHAR tag_action;
    void *data;
    ULONG bytes;
    ULONG timeout_s;        /* 0 = the adapter's default */
    ULONG action, subflags; /* PNP: action and flags; power: state, flags; action of power in `power_action` */
    ULONG power_action;
    PVOID next_srb; /* of an abort: the victim's SRB */
    void *data_in;  /* of a bidirectional request: what the device sends; extended SRBs only */
    ULONG data_in_bytes;
    bool  io_info;                      /* extended SRBs carry SRBEX_DATA_IO_INFO, with these two */
    ULONG io_flags, io_key;             /* REQUEST_INFO_XXX */
    PVOID data_path;                    /* of WMI: action is the minor function, subflags are SRB_WMI_FLAGS_XXX */
    void *original;                     /* OriginalRequest */
    void (*done)(struct sp_request *r); /* at IRQL <= 2; may submit; r is the client's again */
    void *context;

    /* the answer */
    UCHAR srb_status, scsi_status, sense_bytes;
    ULONG transferred, internal_status;
    UCHAR sense[SP_SENSE_MAX];

    /* the port's */
    struct list        link;   /* in a queue of the unit's or a processor's */
    struct list        active; /* of the unit, while outstanding */
    struct sp_adapter *a;
    struct sp_lun     *unit;
    struct sp_slot    *slot;
    unsigned           state, retries, cpu, channel;
    bool               built, timed_out;
    bool               bypasses;           /* the port's own: gets past gates that hold clients */
    bool               to_adapter;         /* for the adapter itself: address ignored */
    unsigned           ticks, activations; /* of timeout.c, since it was issued */
    nt_100ns           queued_at, issued_at;
    uint64_t           service_time; /* 100 ns, as the miniport told (IoTargetRequestServiceTime); 0 = not */
};

/* Takes the request; done() follows, perhaps before this returns. IRQL <= 2. */
void sp_submit(struct sp_adapter *a, struct sp_request *r);

/* Submits and waits. IRQL 0. The SrbStatus without its flags. */
UCHAR sp_submit_wait(struct sp_adapter *a, struct sp_request *r);
