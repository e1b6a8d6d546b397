/* SPDX-License-Identifier: MIT */
/* ke/priv.h - the kernel's own state, for ke/ only. */
#pragma once

#include "base/sanitize.h"
#include "ke/ke.h"
#include "ke/timerq.h"

/* A DPC queue. lock protects all of it and the fields DpcListEntry, ProcessorHistory of the DPCs in it. */
struct ke_dpc_queue {
    struct mach_lock    lock;
    PSINGLE_LIST_ENTRY  first, *last; /* *last is the final link, first when empty */
    unsigned            depth, cpu;
    uint64_t            sequence; /* of the latest insertion; see ke_dpc_number() */
    PKDPC               running;  /* may be dangling: only its address counts */
    uint64_t            running_number;
    struct dpc_flusher *flushers;
    bool                threaded;
};

struct _KTHREAD {
    DISPATCHER_HEADER header; /* signaled when the thread has ended */
    struct mach_ctx  *ctx;
    void (*routine)(void *);
    void     *context;
    uint32_t  id;
    uint32_t  references;
    KPRIORITY priority, base;            /* a boost is what priority has above base */
    uint64_t  affinity, system_affinity; /* never 0; 0 = none */
    bool      daemon, ended, is_idle, in_dpc, is_worker, by_driver;
    bool      affinity_asked; /* for a system affinity, since the user affinity came back: own thread */
    bool      terminating;    /* atomic; set after exit_status */
    NTSTATUS  exit_status;
    void (*at_end)(void *); /* or NULL */
    void    *at_end_arg;
    nt_100ns create_time;
    mach_ns  run_ns;           /* see dpcwatch.c; atomic */
    void    *exception_frames; /* innermost first (exception.c): own thread */
    void    *calls;            /* ke_call_slot(): own thread */
    LONG critical, guarded; /* negative: disabled, as NT counts them; own thread, or dispatcher lock while it waits */
    LONG critical_base;     /* what critical was when the thread began */
    LIST_ENTRY mutexes;     /* owned; dispatcher lock */
    LIST_ENTRY all;         /* ke.threads; dispatcher lock */
    /* APCs, alerts (apc.c): dispatcher lock */
    LIST_ENTRY apcs[2];     /* KAPC.ApcListEntry, by mode */
    int        kernel_apcs; /* on apcs[KernelMode]; its owner reads it without the lock */
    bool       alerted[2];
    bool       apc_running; /* a normal kernel APC */
    bool       user_apc_pending;
    /* the queue it belongs to (queue.c): dispatcher lock */
    PKQUEUE     queue;
    LIST_ENTRY  queue_link; /* KQUEUE.ThreadListHead */
    PLIST_ENTRY queue_entry;
    bool        queue_running; /* counted in KQUEUE.CurrentCount */
    /* Wait = TRUE (wait.c): own thread */
    bool     wait_follows;
    unsigned set_power;  /* handlers of IRP_MN_SET_POWER that it is inside: own thread */
    unsigned wait_level; /* IRQL that the wait goes back to */
    /* the wait: dispatcher lock */
    bool         waiting, wait_alertable;
    uint8_t      wait_mode;
    NTSTATUS     wait_status;
    ke_thread   *next_woken;
    unsigned     wait_count;
    PKWAIT_BLOCK wait_blocks;
    KWAIT_BLOCK  own_blocks[THREAD_WAIT_OBJECTS];
    KWAIT_BLOCK  timer_block;
    KTIMER       timer;
};

struct ke_cpu {
    /* timer_lock protects both queues, `armed`, and the timers whose Processor names this processor */
    struct mach_lock    timer_lock;
    bool                timerq_ready;
    nt_100ns            armed;           /* due time that the clock compare serves, NT_NEVER = disarmed */
    nt_100ns            dpc_tick;        /* timer_lock: tick at which DPCs that were put off begin, NT_NEVER = none */
    struct list         late;            /* no-wake timers that are due, by the end of their tolerance; timer_lock */
    bool                any_late, woken; /* atomic; woken: the next clock interrupt takes all that are late */
    struct ke_dpc_queue dpc, threaded;
    struct mach_lock    dpc_thread_lock; /* protects dpc_thread while it is made */
    ke_thread          *dpc_thread;
    KEVENT              dpc_thread_wake;
    uint32_t            dpc_thread_wanted;   /* by an insertion at device level; atomic */
    unsigned            dpc_depth;           /* DPC routines on this processor's stack: 0 or 1 */
    mach_ns             dpc_ns, dispatch_ns; /* see dpcwatch.c */
    mach_ns             high_ns;             /* ... at CLOCK_LEVEL or above */
    bool                clock_held;          /* processor 0: see ke_interrupt_time_seen() */
    nt_100ns            clock_held_at;
    struct _KTHREAD     idle;
    struct ke_timerq    relative, absolute;
};

struct ke {
    struct ke_config cfg;
    unsigned         cpus;
    struct mach_lock dispatcher;
    ke_thread       *woken, **woken_last; /* to be unparked when the dispatcher lock is let go, first to last */
    LIST_ENTRY       threads;
    struct _KTHREAD  body; /* the first thread; static, since nothing may be allocated before the machine runs */
    uint32_t         high_resolution; /* set timers that want the finest tick; atomic */
    uint64_t         garbage;         /* counter behind kernel-made garbage; atomic */
    struct ke_cpu    cpu[MACH_CPUS_MAX];
};

extern struct ke ke;

/* Those of this run, in order of number. */
#define for_each_cpu(c) for (struct ke_cpu *c = ke.cpu; c != ke.cpu + ke.cpus; c++)

static inline struct ke_cpu *ke_this_cpu(void)
{
    return &ke.cpu[mach_cpu()];
}

/* SignalState is read without the lock by KeReadState*: every access is a relaxed atomic. */
static inline LONG ke_state(const DISPATCHER_HEADER *h)
{
    return __atomic_load_n(&h->SignalState, __ATOMIC_RELAXED);
}

static inline void ke_state_set(DISPATCHER_HEADER *h, LONG state)
{
    __atomic_store_n(&h->SignalState, state, __ATOMIC_RELAXED);
}

/* The KTIMER inside an EX_TIMER (struct ke_ex_timer). */
static inline bool ke_is_timer2(unsigned type)
{
    return type == Timer2NotificationObject || type == Timer2SynchronizationObject;
}

static inline bool ke_is_timer(unsigned type)
{
    return type == TimerNotificationObject || type == TimerSynchronizationObject || ke_is_timer2(type);
}

static inline unsigned ke_dispatcher_lock(void)
{
    unsigned old = ke_raise_to(DISPATCH_LEVEL);

    mach_lock(&ke.dispatcher);
    return old;
}

/*
 * Threads whose wait has ended run only from here on: the object may be gone as soon as its waiter is on its way
 * (EVT-036), so nobody touches it after this. IRQL stays.
 */
static inline void ke_dispatcher_release(void)
{
    ke_thread *t = ke.woken;

    ke.woken = NULL;
    ke.woken_last = &ke.woken;
    mach_unlock(&ke.dispatcher);
    while (t) {
        ke_thread *next = t->next_woken; /* the thread may end when it runs */

        mach_unpark(t->ctx);
        t = next;
    }
}

static inline void ke_dispatcher_unlock(unsigned old)
{
    ke_dispatcher_release();
    mach_irql_lower(old);
}

/* An object has become signaled: lets waiters have it, first come, until it is used up. Dispatcher lock held. */
void ke_wake_waiters_locked(DISPATCHER_HEADER *h, KPRIORITY increment);

/* wait.c: ends a wait, with a boost. t->waiting, dispatcher lock held. */
void ke_wake_thread_locked(ke_thread *t, NTSTATUS status, KPRIORITY increment, const void *by);

/* A call with Wait = TRUE raises an exception: nobody will wait. IRQL goes back. */
void ke_wait_called_off(void);

/* mutex.c */
bool ke_mutex_available(const KMUTANT *m, const ke_thread *t);
bool ke_mutex_exhausted(const KMUTANT *m, const ke_thread *t);           /* acquired as often as can be */
bool ke_mutex_consume_locked(PKMUTEX m, ke_thread *t, bool at_dispatch); /* true: it was abandoned */
void ke_mutex_abandon_all(ke_thread *t);

/* queue.c; dispatcher lock held */
bool ke_queue_available(const KQUEUE *q);
void ke_queue_consume_locked(PKQUEUE q, ke_thread *t);
void ke_queue_thread_waits_locked(ke_thread *t); /* t->queue: it begins to wait for something */
void ke_queue_thread_woken_locked(ke_thread *t); /* t->queue */
void ke_queue_leave_locked(ke_thread *t);        /* t->queue */

/* apc.c */
void ke_apc_thread_init(ke_thread *t);
void ke_apc_thread_exit(ke_thread *t);
void ke_apc_enabled(void); /* a region was left or a mutex given up: what it kept out of this thread; no kernel lock */
void ke_apc_deliver(void); /* upcall of line 1; IRQL 1, no kernel lock */
bool ke_apc_deliverable_locked(const ke_thread *t);
bool ke_apc_interrupts_wait_locked(ke_thread *t, bool alertable, KPROCESSOR_MODE mode, NTSTATUS *status);

/* dpc.c, dpcflush.c */
struct dpc_flusher;

static inline PKDPC ke_dpc_of(PSINGLE_LIST_ENTRY e)
{
    return CONTAINING_RECORD(e, KDPC, DpcListEntry);
}

/* While it is queued: number of the insertion in its queue, and whether a timer did it. Queue lock. */
static inline uint64_t ke_dpc_number(const KDPC *dpc)
{
    return dpc->ProcessorHistory >> 1;
}

static inline bool ke_dpc_by_timer(const KDPC *dpc)
{
    return dpc->ProcessorHistory & 1;
}

/* Starts processing the queue; IRQL >= 2, no lock of the queue held. */
void ke_dpc_begin(struct ke_dpc_queue *q);

/* Takes off the flushers that have got what they wait for; to be released when the queue's lock is not held any more. */
struct dpc_flusher *ke_dpc_finished_flushers_locked(struct ke_dpc_queue *q);
void                ke_dpc_release_flushers(struct dpc_flusher *f);

void ke_dpc_boot(void);
void ke_dpc_drain(void);
void ke_dpc_queue_reset(struct ke_dpc_queue *q, unsigned cpu, bool threaded);
bool ke_dpc_queue_from_timer(PKDPC dpc, PKTIMER timer);
void ke_dpc_kick_deferred(void); /* at a tick: begin with what was put off */

/* broadcast.c, dpcwatch.c */
void ke_broadcast_boot(void);
void ke_ipi_interrupt(void);
void ke_dpcwatch_boot(void);

/* timer.c, clock.c */
void     ke_timer_boot(void);
void     ke_timer_interrupt(void);
void     ke_timer_late_ones(struct ke_cpu *c); /* its late timers expire in a clock interrupt, soon */
void     ke_timer_rearm_all(void);             /* tick or system time changed */
void     ke_clock_boot(void);
void     ke_clock_start(void); /* the machine runs */
nt_100ns ke_clock_tick_at_or_after(nt_100ns interrupt_time);
void     ke_clock_resolution_changed(void);
nt_100ns ke_clock_tick_now(void);             /* interrupt time of the tick that is current */
bool     ke_clock_tick_known(nt_100ns *tick); /* the same, if it is quickly said; in a moment of mach_undisturbed() */
void     ke_arm_tick(unsigned cpu);           /* make sure that the next tick interrupts; timer lock not held */

/* thread.c, object.c */
void ke_thread_boot(void);

/* Fills a zeroed thread and lists it. Dispatcher lock held, or nothing runs yet. */
void ke_thread_init(
    ke_thread *t, void (*routine)(void *), void *context, KPRIORITY priority, uint64_t affinity, bool daemon);
void ke_object_boot(void);

/* Any IRQL: this processor is about to do something else than sleep, so timers that do not wake it may expire (EXT-118). */
static inline void ke_processor_awake(void)
{
    struct ke_cpu *c = ke_this_cpu();

    if (__builtin_expect(__atomic_load_n(&c->any_late, __ATOMIC_RELAXED), 0))
        ke_timer_late_ones(c);
}
