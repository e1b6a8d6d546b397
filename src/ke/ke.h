/* SPDX-License-Identifier: MIT */
/*
 * ke/ke.h - the kernel: IRQL, spin locks, DPCs, timers, dispatcher objects, waits, threads, clock, bug check.
 *
 * Works directly on the NT structures of include/ddk. The exported names are in ddi/, which checks the IRQL, publishes the
 * call and places points; the functions here place points only where they block or spin.
 *
 * Lock order: timer queue (by processor number) -> dispatcher -> DPC queue. Nothing calls out with a lock held.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ev.h"
#include "base/finding.h"
#include "base/list.h"
#include "base/units.h"
#include "ddk/ntifs.h"
#include "mach/mach.h"

/* ---- life (ke/boot.c) ---- */

struct ke_config {
    unsigned cpus;
    unsigned groups;           /* 1 .. cpus */
    uint32_t tick_100ns;       /* clock tick; 0 = exact time; NT's default is 156250 */
    uint32_t tick_min_100ns;   /* finest tick; NT's default is 10000 here */
    uint32_t dpc_watchdog_ms;  /* longest DPC; a series may take KE_DPC_SERIES times that. 0 = off */
    bool     threaded_dpc_off; /* ThreadDpcEnable = 0 */
    uint64_t seed;             /* for kernel-made garbage (SystemArgument of timer DPCs) */
    nt_100ns system_time;      /* at boot; 0 = the machine's */
};

#define KE_TICK_DEFAULT 156250u
#define KE_TICK_MIN     10000u
#define KE_DPC_SERIES   6u

/* Boots kernel and machine, runs body(arg) as the first system thread at PASSIVE_LEVEL, ends with it. */
int ke_run(const struct ke_config *cfg, const struct mach_config *mach, void (*body)(void *), void *arg);

/* Never returns. params: p[4]. ke_bugcheckf also names the rule, the object and says what is wrong in one sentence. */
_Noreturn void ke_bugcheck(uint32_t code, uint64_t p1, uint64_t p2, uint64_t p3, uint64_t p4);
_Noreturn __attribute__((format(printf, 4, 5))) void ke_bugcheckf(
    const char *rule, uint32_t code, const uint64_t p[4], const char *fmt, ...);

/* For what Windows without Driver Verifier tolerates: returns in faithful mode, and only then. */
__attribute__((format(printf, 4, 5))) void ke_violationf(
    const char *rule, uint32_t code, const uint64_t p[4], const char *fmt, ...);

/* ---- objects of the kernel's own (ke/object.c): zeroed, at stable addresses, all gone at the next boot ---- */

void *ke_object_alloc(size_t bytes); /* NULL when out of memory; any IRQL <= 2 */
void  ke_object_free(void *p, size_t bytes);
bool  ke_object_contains(const void *p); /* such memory, if not perhaps an object. Any IRQL */

/* ---- IRQL ---- */

/* Raises to at least irql; returns the old level for mach_irql_lower(). */
static inline unsigned ke_raise_to(unsigned irql)
{
    unsigned now = mach_irql();

    return now < irql ? mach_irql_raise(irql) : now;
}

/* What takes the lines 3 to 12: set by the I/O manager's boot. At IRQL = line. */
extern void (*ke_device_interrupt)(unsigned line);

/* ---- spin locks (ke/spinlock.c); IRQL is the caller's business ---- */

void        ke_spin_acquire(PKSPIN_LOCK lock, enum ev_lock kind, unsigned old_irql);
bool        ke_spin_try(PKSPIN_LOCK lock, enum ev_lock kind, unsigned old_irql);
void        ke_spin_release(PKSPIN_LOCK lock, enum ev_lock kind, unsigned new_irql);
bool        ke_spin_held_by_me(PKSPIN_LOCK lock);
void        ke_queued_acquire(PKSPIN_LOCK lock, PKLOCK_QUEUE_HANDLE h, enum ev_lock kind, unsigned old_irql);
void        ke_queued_release(PKLOCK_QUEUE_HANDLE h, enum ev_lock kind, unsigned new_irql);
PKSPIN_LOCK ke_queued_lock(PKLOCK_QUEUE_HANDLE h); /* the lock that it holds */

/* Reader-writer (ke/rwlock.c); kind says which way. */
void ke_rw_acquire(PEX_SPIN_LOCK lock, enum ev_lock kind, unsigned old_irql);
bool ke_rw_try(PEX_SPIN_LOCK lock, enum ev_lock kind, unsigned old_irql);
bool ke_rw_convert(PEX_SPIN_LOCK lock); /* false: still shared */
void ke_rw_release(PEX_SPIN_LOCK lock, enum ev_lock kind, unsigned new_irql);

/* ---- SLISTs (ke/slist.c); any IRQL. Points: between reading the head and exchanging it ---- */

void         ke_slist_init(PSLIST_HEADER h);
PSLIST_ENTRY ke_slist_push(PSLIST_HEADER h, PSLIST_ENTRY e); /* the first entry before */
PSLIST_ENTRY ke_slist_pop(PSLIST_HEADER h);
PSLIST_ENTRY ke_slist_flush(PSLIST_HEADER h);
USHORT       ke_slist_depth(PSLIST_HEADER h);

/* ---- DPCs (ke/dpc.c) ---- */

void ke_dpc_init(PKDPC dpc, PKDEFERRED_ROUTINE routine, void *context, bool threaded);
bool ke_dpc_queue(
    PKDPC dpc, void *arg1, void *arg2); /* any IRQL; runs at once if IRQL < 2 and it is for this processor */
bool ke_dpc_remove(PKDPC dpc);
void ke_dpc_wait_until_idle(PKDPC dpc); /* spins until its routine runs nowhere; any IRQL but inside it */
void ke_dpc_flush(void);                /* PASSIVE_LEVEL; blocks */
void ke_dpc_importance(PKDPC dpc, KDPC_IMPORTANCE importance);
bool ke_dpc_target(PKDPC dpc, unsigned cpu); /* false: no such processor */
bool ke_dpc_in_thread(void); /* the thread is inside the routine of a threaded DPC, at whatever IRQL now */
bool ke_dpc_executing(void); /* this processor is inside a DPC routine */

/* ---- time at DISPATCH_LEVEL or above (ke/dpcwatch.c) ---- */

void ke_stall(mach_ns ns);                             /* KeStallExecutionProcessor; any IRQL */
bool ke_should_yield(void);                            /* IRQL >= 2 for long */
bool ke_dpc_watchdog(PKDPC_WATCHDOG_INFORMATION info); /* false: below DISPATCH_LEVEL */

extern bool ke_time_counts; /* somebody has spent time at DISPATCH_LEVEL in this run */
void        ke_yielded(unsigned irql);

static inline bool ke_time_is_counted(void)
{
    return __atomic_load_n(&ke_time_counts, __ATOMIC_RELAXED);
}

/* Before IRQL is lowered to irql on a driver's behalf: the counts of the levels above begin anew. */
static inline void ke_lowering(unsigned irql)
{
    if (__builtin_expect(ke_time_is_counted(), 0))
        ke_yielded(irql);
}

/* ---- calls on all processors (ke/broadcast.c) ---- */

void      ke_dpc_call_all(PKDEFERRED_ROUTINE routine, void *context); /* KeGenericCallDpc; IRQL < 2, blocks */
void      ke_dpc_call_done(void *argument1);
bool      ke_dpc_call_synchronize(void *argument2);                          /* true on one processor */
ULONG_PTR ke_ipi_call_all(PKIPI_BROADCAST_WORKER worker, ULONG_PTR context); /* IRQL < 14 */

/* ---- timers (ke/timer.c) ---- */

enum { KE_TIMER_HIGH_RESOLUTION = 1, KE_TIMER_NO_WAKE = 2, KE_TIMER_PERIOD_100NS = 4 };

struct ke_timer_set {
    int64_t  due;       /* 100 ns; negative relative, else absolute system time */
    uint64_t period;    /* ms, or 100 ns with KE_TIMER_PERIOD_100NS; 0 = one-shot */
    uint64_t tolerance; /* 100 ns; coalescing, or no-wake (UINT64_MAX = unlimited) */
    PKDPC    dpc;
    unsigned flags;
};

/* What a timer whose header type is Timer2*Object is part of. A DPC that is queued already takes another expiration along:
 * `owed` says how many calls it has to make, so that each expiration has its call (EXT-007, EXT-011). */
struct ke_ex_timer {
    KTIMER   timer;
    uint32_t in_flight; /* DPCs that an expiration has queued; atomic; whoever runs the DPC counts it off */
    uint32_t owed;      /* expirations whose call has not begun; atomic; whoever runs the DPC takes them all */
    /* no-wake timers; timer lock: */
    uint64_t    tolerance; /* 100 ns, UINT64_MAX = unlimited */
    nt_100ns    due, end;  /* interrupt time it was due at, and until when it waits for the processor to wake */
    struct list late;      /* of its processor; linked while it is late */
};

void ke_timer_init(PKTIMER timer, TIMER_TYPE type);
bool ke_timer_set(PKTIMER timer, const struct ke_timer_set *set); /* was it set? */
bool ke_timer_cancel(PKTIMER timer);                              /* was it set? */

/*
 * For a moment that mach_undisturbed() has found. ke_timer_short_way(): if the timer is an ordinary one of a processor with many,
 * so that it takes but a few stores, that processor and *key, what the due time is in its queue; else NULL. The others return
 * false, and nothing is done, if it takes more after all: start is for most timers that are not set, postpone for most that
 * are and come later now, set for any.
 */
struct ke_cpu;
struct ke_cpu *ke_timer_short_way(const KTIMER *timer, int64_t due, nt_100ns *key);
bool           ke_timer_start_short(struct ke_cpu *cpu, PKTIMER timer, nt_100ns key, ULONG period_ms, PKDPC dpc);
bool           ke_timer_postpone_short(struct ke_cpu *cpu, PKTIMER timer, nt_100ns key, ULONG period_ms, PKDPC dpc);
bool ke_timer_set_short(struct ke_cpu *cpu, PKTIMER timer, nt_100ns key, ULONG period_ms, PKDPC dpc, bool *was_set);
bool ke_timer_cancel_short(PKTIMER timer); /* it was set */

bool ke_timer_is_set(PKTIMER timer);
bool ke_timer_has_waiters(PKTIMER timer);

/* If it is set: it expires once more at most, and then queues dpc. */
void ke_timer_last_shot(PKTIMER timer, PKDPC dpc);

/* ---- clock (ke/clock.c) ---- */

nt_100ns ke_interrupt_time(void); /* at the last tick */
nt_100ns ke_interrupt_time_precise(void);
nt_100ns ke_system_time(void);
nt_100ns ke_system_time_precise(void);
void     ke_system_time_set(nt_100ns t);                              /* absolute timers follow */
uint32_t ke_clock_tick(void);                                         /* current tick in 100 ns; 0 = exact */
uint32_t ke_clock_tick_max(void);                                     /* default tick, what KeQueryTimeIncrement says */
uint64_t ke_clock_ticks(void);                                        /* since boot */
void     ke_clock_range(ULONG *longest_100ns, ULONG *shortest_100ns); /* ticks there may be */

/* ExSetTimerResolution. False: nothing to withdraw. caller: code address, to know later whose it was. IRQL < 2. */
bool ke_clock_request(bool set, uint32_t wanted_100ns, const void *caller);
int  ke_clock_requests_of(const void *start, const void *end); /* made and not withdrawn by code in there */

/* Power requests that some driver works on: ExSetTimerResolution waits until there is none (CLK-030). IRQL <= 2. */
void ke_power_requests(int delta);

nt_100ns ke_system_offset(void);       /* system time - interrupt time */
nt_100ns ke_interrupt_time_seen(void); /* at the last tick that the calling processor can know of; any IRQL */
nt_100ns ke_zone_bias(void);           /* system time = local time + bias; modulo 2^64 */
void     ke_zone_bias_set(nt_100ns bias);

/* ---- dispatcher objects (ke/event.c, ke/semaphore.c, ke/mutex.c) ---- */

void ke_header_init(DISPATCHER_HEADER *h, unsigned type, size_t bytes, LONG state);
void ke_event_init(PKEVENT e, EVENT_TYPE type, bool state);
LONG ke_event_set(PKEVENT e, KPRIORITY increment); /* previous state; e is not touched once a waiter may run */
LONG ke_event_pulse(PKEVENT e, KPRIORITY increment);
LONG ke_event_reset(PKEVENT e);
void ke_semaphore_init(PKSEMAPHORE s, LONG count, LONG limit);
LONG ke_semaphore_release(PKSEMAPHORE s, KPRIORITY increment, LONG adjustment); /* raises on over-limit */
void ke_mutex_init(PKMUTEX m, bool apc_disable, bool owned);           /* apc_disable: a KMUTEX; else a mutant */
LONG ke_mutex_release(PKMUTEX m, KPRIORITY increment, bool abandoned); /* raises when the thread does not own it */

/* The same without exceptions: nothing has changed when the count does not fit (false), or when the thread does not own the
 * mutex (the status that ke_mutex_release raises, which may be STATUS_ABANDONED: compare with STATUS_SUCCESS). */
bool     ke_semaphore_try_release(PKSEMAPHORE s, KPRIORITY increment, LONG adjustment, LONG *count_before);
NTSTATUS ke_mutex_try_release(PKMUTEX m, KPRIORITY increment, bool abandoned, LONG *state_before);

struct ke_mutex_state {
    LONG state;
    bool owned_by_caller, abandoned;
};
struct ke_mutex_state ke_mutex_query(PKMUTEX m);

void           ke_mutex_rundown(PKMUTEX m); /* a mutant's memory goes; its owner, if any, has it no more */
const KMUTANT *ke_mutex_owned(void);        /* a KMUTEX that the thread owns, or NULL */

/* ---- waits (ke/wait.c); IRQL < 2 unless the timeout is zero ---- */

struct ke_wait {
    unsigned        count;
    PVOID const    *objects;
    WAIT_TYPE       type;
    KWAIT_REASON    reason;
    KPROCESSOR_MODE mode;
    bool            alertable;
    const int64_t  *timeout;     /* NULL = for ever; 100 ns, negative relative */
    PKWAIT_BLOCK    blocks;      /* NULL: the thread's own, up to THREAD_WAIT_OBJECTS */
    bool            takes_entry; /* queue.c: the object is a KQUEUE */
    bool            no_raise;    /* STATUS_MUTANT_LIMIT_EXCEEDED is returned, not raised */
};

NTSTATUS ke_wait(const struct ke_wait *w);
NTSTATUS ke_wait_one(void *object, const int64_t *timeout);
NTSTATUS ke_delay(bool alertable, KPROCESSOR_MODE mode, int64_t interval);

/* Wait = TRUE: IRQL has been raised to DISPATCH_LEVEL and stays there; the thread's next wait goes back to level. */
void ke_wait_follows(unsigned level);

/* At DISPATCH_LEVEL, between the two. */
bool ke_is_wait_expected(void);

/* An object in [start, start + bytes) that a thread waits for, or NULL. Dispatcher lock not held. */
const void *ke_waited_for_in(const void *start, size_t bytes);

/* ---- queues (ke/queue.c) ---- */

void        ke_queue_init(PKQUEUE q, unsigned count_max);              /* 0: as many as there are processors */
LONG        ke_queue_insert(PKQUEUE q, PLIST_ENTRY entry, bool first); /* entries before; IRQL <= 2 */
PLIST_ENTRY ke_queue_remove(PKQUEUE q, KPROCESSOR_MODE mode, const int64_t *timeout); /* an entry, or a status */
PLIST_ENTRY ke_queue_rundown(PKQUEUE q); /* the first entry or NULL; IRQL <= 2 */

/* The thread enters (+1) and leaves (-1) a dispatch routine with IRP_MN_SET_POWER. */
void ke_set_power(int delta);
bool ke_is_setting_power(void);

/* ---- exceptions (ke/exception.c) ---- */

/* Raises an exception, which cannot be continued. Below DISPATCH_LEVEL handlers are looked for; one that nobody handles
 * is a bug check. what: one sentence without a full stop. No kernel lock held, nothing left to undo: it may not come back. */
_Noreturn __attribute__((format(printf, 4, 5))) void ke_raise_status(
    NTSTATUS status, const char *rule, const void *address, const char *what, ...);

/* Is there a __try block around what this thread (or interrupt) does? Any IRQL. */
bool ke_exception_expected(void);

/* Asks the handlers; does not return when one handles it. true: execution goes on where it was; false: nobody wants it. */
bool ke_exception_dispatch(EXCEPTION_RECORD *r);

/* One byte is read, or read and written back. A fault between the labels may become an exception (host/fault.c). No kernel
 * lock held. */
void              ke_probe_read(const volatile void *p);
void              ke_probe_write(volatile void *p);
extern const char ke_probes[], ke_probes_end[];

/* A word of the calling stack for the port driver: the calls into a miniport that are under way on it. An interrupt begins
 * with NULL and puts back what it found. Any IRQL. */
void **ke_call_slot(void);

/* ---- APCs and alerts (ke/apc.c) ---- */

/* What KAPC calls Reserved. */
typedef void ke_normal_routine(PVOID context, PVOID arg1, PVOID arg2);
typedef void ke_kernel_routine(PKAPC apc, ke_normal_routine **normal, PVOID *context, PVOID *arg1, PVOID *arg2);
typedef void ke_rundown_routine(PKAPC apc);

struct ke_apc_routines {
    ke_kernel_routine  *kernel;
    ke_rundown_routine *rundown;
    ke_normal_routine  *normal;
};

struct _KTHREAD;
void ke_apc_init(PKAPC apc, struct _KTHREAD *t, const struct ke_apc_routines *r, KPROCESSOR_MODE mode, void *context);
bool ke_apc_queue(
    PKAPC apc, void *arg1, void *arg2, KPRIORITY increment); /* IRQL <= 2; false: queued, or the thread ends */
bool ke_apc_remove(PKAPC apc);
bool ke_alert(struct _KTHREAD *t, KPROCESSOR_MODE mode); /* was it alerted already? */
bool ke_test_alert(KPROCESSOR_MODE mode);

/* The thread returns to user mode: APC count and mutexes must be as before the call; user APCs are delivered. IRQL 0. */
LONG     ke_apc_count(void);
uint32_t ke_apc_combined(void); /* the same as CombinedApcDisable: two 16-bit counts, the special one above */
void     ke_return_to_user(const void *from, LONG count_before);

/* ---- threads (ke/thread.c) ---- */

typedef struct _KTHREAD ke_thread;

/* The calling thread of the host's becomes a system thread until it detaches; 0 or what mach_ctx_attach() says. IRQL 0. */
int  ke_thread_attach(uint64_t affinity);
void ke_thread_detach(void);

/* The thread holds one reference for the caller. NULL: out of memory. daemon: may outlive the body. */
ke_thread *ke_thread_create(void (*routine)(void *), void *context, KPRIORITY priority, uint64_t affinity, bool daemon);

/* As PsCreateSystemThread does it: the thread begins in a critical region (THR-003). */
ke_thread *ke_thread_create_system(void (*routine)(void *), void *context, KPRIORITY priority);

/* ... and in the end, when its object is signaled, it calls ended(arg), at PASSIVE_LEVEL. */
ke_thread *ke_thread_create_system_for(
    void (*routine)(void *), void *context, KPRIORITY priority, void (*ended)(void *), void *arg);
_Noreturn void ke_thread_exit(NTSTATUS status);
ke_thread     *ke_thread_current(void); /* the interrupted one in a DPC; never NULL */
uint32_t       ke_thread_id(const ke_thread *t);
ke_thread     *ke_thread_find(uint32_t id); /* referenced; NULL: no such thread lives. IRQL <= 2 */
void           ke_thread_reference(ke_thread *t);
void           ke_thread_dereference(ke_thread *t);
unsigned       ke_thread_references(const ke_thread *t);
NTSTATUS       ke_thread_exit_status(const ke_thread *t); /* STATUS_PENDING until it begins to end */
bool           ke_thread_terminating(const ke_thread *t); /* it has begun to end */
nt_100ns       ke_thread_create_time(const ke_thread *t); /* system time */
bool     ke_thread_is_of(const ke_thread *t, const void *start, const void *end); /* a driver's, routine in there */
uint32_t ke_thread_of(const void *start, const void *end); /* id of one that lives and is of that image; 0: none */
void     ke_thread_is_worker(void);                        /* the caller: must not be terminated by what it calls */
mach_ns  ke_thread_run_ns(const ke_thread *t);             /* that it has stalled outside DPCs */

/* ---- priority and affinity (ke/sched.c) ---- */

KPRIORITY ke_thread_priority(ke_thread *t);
KPRIORITY ke_thread_priority_set(ke_thread *t, KPRIORITY priority); /* previous */
LONG      ke_thread_base_set(ke_thread *t, LONG increment); /* to the system process's plus increment; previous */

/* Of the calling thread. A thread has the affinity it was made with (NT's user affinity), or a system affinity instead. */
bool ke_affinity_set(uint64_t mask, uint64_t *previous); /* false: invalid, no change; *previous: 0 = there was none */
void ke_affinity_revert(uint64_t mask);                  /* 0 = user affinity; nothing happens without a set */
uint64_t ke_affinity_all(void);                          /* all processors */

/* ---- processor groups (ke/group.c); any IRQL ---- */

struct ke_group {
    unsigned first, count; /* systemwide index of its processor 0; how many it has, 0 = no such group */
};
unsigned        ke_group_count(void);
struct ke_group ke_group(unsigned g);
unsigned        ke_group_of(unsigned cpu);
uint64_t        ke_group_mask(unsigned g);                   /* of its processors, relative to it; 0 = no such group */
uint64_t        ke_affinity_in(unsigned g, uint64_t mask);   /* relative mask -> affinity; 0 = invalid */
uint64_t ke_affinity_of(uint64_t affinity, unsigned *group); /* -> the first group it touches, mask relative to that */

/* Of one processor, or of all (NULL): records by LOGICAL_PROCESSOR_RELATIONSHIP (ke/relation.c). *length: room, then needed. */
NTSTATUS ke_processor_relations(const PROCESSOR_NUMBER *number, unsigned type, void *to, ULONG *length);

/* ---- regions (ke/apc.c) ---- */

void ke_critical_region(int delta); /* +1 enter, -1 leave */
void ke_guarded_region(int delta);
bool ke_apcs_disabled(void);
bool ke_all_apcs_disabled(void);

/* Threads that still live, for deadlock and leak reports; callback returns false to stop. Machine stopped or IRQL >= 2. */
struct ke_thread_info {
    uint32_t    id;
    const void *routine;
    bool        daemon, waiting, by_driver; /* by_driver: made by ke_thread_create_system() */
    unsigned    objects;
    const void *object; /* first object waited for */
    uint32_t    owner;  /* thread that owns it, when it is a mutex; else 0 */
    unsigned    priority;
};
void ke_thread_each(bool (*fn)(void *ctx, const struct ke_thread_info *info), void *ctx);

/* DPCs still queued or running anywhere. */
unsigned ke_dpc_pending(void);
