/* SPDX-License-Identifier: MIT */
/* sp/priv.h - what the port driver's files and ddi/ddi_stor*.c share. */
#pragma once

#include "base/list.h"
#include "ex/pool.h"
#include "io/priv.h"
#include "sp/sp.h"

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
    int                message;   /* SP_CALL_MESSAGE */
    bool               entered;   /* locks and level are the caller's business */
    struct sp_request *request;   /* of BuildIo and StartIo */
    bool               oversized; /* more locks taken than fit */
    struct sp_taken    taken[SP_TAKEN_MAX];
};

/* Takes locks and level of the matrix, publishes the call, makes a point. With f->entered the caller has done the first.
 * In between the miniport is called. End checks IRQL and locks and undoes the rest. */
void sp_call_begin(struct sp_frame *f, struct sp_adapter *a, enum sp_call call, const void *routine);
void sp_call_end(struct sp_frame *f);

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
    HW_INITIALIZATION_DATA hw; /* the virtual and the old layout are translated */
    PDRIVER_OBJECT         driver;
    PVOID                  arguments[2]; /* of DriverEntry */
    bool                   virtual_miniport, old_layout;
    PVOID (*process_service_request)(PVOID, PVOID);
    unsigned started; /* adapters */
};

struct sp_driver *sp_driver_of(PDRIVER_OBJECT driver);

/* Queues, busy, time-outs, resets; configuration, control, power, registry: each has its own header and files. */
#include "sp/control.h"
#include "sp/queue.h"

/* ---- units ---- */

enum { SP_LUN_KEYS = 256 };

struct sp_lun {
    struct list        link; /* a->units, by address */
    struct sp_adapter *a;
    UCHAR              path, target, lun;
    void              *extension; /* NULL: LuExtensionSize is 0 */
    /* sp_lock(): */
    struct list           queue;  /* not begun */
    struct list           built;  /* BuildIo has returned TRUE, waits for StartIo */
    struct list           active; /* counted in outstanding, by sp_request.active */
    unsigned              queued, outstanding, depth;
    unsigned              gates;      /* SP_GATE_ bits that are closed */
    unsigned              busy_count; /* completions until SP_GATE_BUSY opens */
    struct sp_gate_timer *pause;
    bool                  seen; /* an INQUIRY has been sent */
    bool                  gone, claimed;
    unsigned              missing; /* the scan's */
    struct sp_unit_queue  more; /* gate.c */
    bool                  started, powered_down; /* control.c, power.c */
    struct sp_unit_info   info;
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
    void               *sgl;    /* scatter/gather list while issued (sgl.c) */
    void               *bounce; /* bus memory in place of the client's buffer */
    PMDL                mdl;
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

/* A gate that opens by itself. */
struct sp_gate_timer {
    KTIMER             timer;
    KDPC               dpc;
    struct sp_adapter *a;
    struct sp_lun     *unit; /* NULL: the adapter's */
    unsigned           gate;
    nt_100ns           until; /* sp_lock(); NT_NEVER: not armed */
};

/* ---- timers (timer.c, timer_ex.c) ---- */

struct sp_timer {
    KTIMER             timer;
    KDPC               dpc;
    struct list        link; /* a->timers_ex */
    struct sp_adapter *a;
    bool               ready, armed, freed, running; /* sp_lock() */
    nt_100ns           due;
    PHW_TIMER          routine;
    PHW_TIMER_EX       routine_ex; /* of an extended timer */
    PVOID              context;
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
    bool                            is_virtual, half_duplex, extended_srb, per_message;
    PVOID                           extension;
    PPORT_CONFIGURATION_INFORMATION config; /* as HwStorFindAdapter left it */
    ULONG                           max_transfer, max_breaks, max_io, max_per_unit, initial_depth;
    unsigned                        dirql; /* of the Interrupt lock */

    /* locks that a miniport knows */
    KSPIN_LOCK startio_lock;
    unsigned   n_interrupt_locks;
    KSPIN_LOCK interrupt_lock[DEVICE_MESSAGES];
    unsigned   reset_owner; /* processor + 1 that holds every channel */

    /* `lock`, taken at HIGH_LEVEL by sp_lock(), protects queues, gates, slots, timers and what says so. Nothing calls out
     * with it, nothing is waited for; it is the last in the order of locks but for those of ke/. */
    struct mach_lock     lock;
    struct list          units;
    unsigned             n_units;
    unsigned             next_unit; /* round robin */
    unsigned             gates, busy_count;
    unsigned             outstanding;
    struct sp_gate_timer pause, hold, link_wait;
    struct list          slots_free;
    struct sp_slot     **slots; /* all, by index */
    unsigned             n_slots, slots_room;

    /* channels (perf.c) */
    unsigned                channels;      /* 0: not opted in */
    uint64_t                channels_used; /* bits; sp_lock() */
    PERF_CONFIGURATION_DATA perf;          /* as applied */
    bool                    perf_applied;

    /* interrupts */
    struct device_port  port;
    unsigned            n_interrupts;
    struct sp_interrupt interrupt[DEVICE_MESSAGES];
    unsigned            messages; /* granted; 0: the line */

    /* timers */
    struct sp_timer timer; /* RequestTimerCall */
    struct list     timers_ex;
    unsigned        n_timers_ex;

    /* initialisation */
    PHW_PASSIVE_INITIALIZE_ROUTINE passive_routine;
    struct list                    dpcs;                  /* unused head kept for reports of STOR_DPCs */
    bool                           control_supported[64]; /* by SCSI_ADAPTER_CONTROL_TYPE */
    bool                           unit_control_supported[64];
    KEVENT                         drained;              /* no request outstanding or queued: removal waits */
    bool                           scanning, scan_again; /* sp_lock(); BusChangeDetected */
    uint32_t                       scans;
    uint32_t                       callbacks; /* under way; atomic */

    struct sp_knobs   knobs;
    struct sp_watch   watch;   /* timeout.c */
    struct sp_control control; /* find.c, control.c, power.c, registry.c */

    unsigned      n_cpus;
    struct sp_cpu cpu[];
};

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
