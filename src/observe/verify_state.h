/* SPDX-License-Identifier: MIT */
/*
 * observe/verify_state.h - what the verifier's rule families share. Private to observe/verify*.c.
 *
 * Everything below runs inside the verifier's event handler with its lock held. A rule that finds something calls
 * verify_raise(); the finding goes out when the handler has let go of the lock, because a STOP does not return.
 */
#pragma once

#include "base/ev.h"
#include "base/finding.h"
#include "observe/tab.h"
#include "observe/verify.h"

#define VERIFY_FRAMES      512u /* routines of the driver that are running at once */
#define VERIFY_RAISES      512u
#define VERIFY_DISPATCH    2u
#define VERIFY_BUDGET_NS   100000u
#define VERIFY_ISR_NS      25000u
#define VERIFY_STOR_ISR_NS 50000u
#define VERIFY_TICK        156250u /* NT's default clock tick, 100 ns */
#define VERIFY_LONG_NS \
    1000000000u /* how long a timer may keep the clock at its finest before it is called long-running */
#define VERIFY_TOLERANCE    320000u /* least tolerable delay that is of use, 100 ns */
#define VERIFY_FINDINGS     3u      /* from one event */
#define VERIFY_DEVICE_BYTES 0x150u  /* sizeof(DEVICE_OBJECT) on x64 */

enum { VERIFY_EXT_HIGH_RESOLUTION = 4 }; /* EX_TIMER_HIGH_RESOLUTION */

struct range {
    uintptr_t lo, hi; /* [lo, hi); empty when equal */
};

static inline bool range_has(struct range r, const void *p)
{
    return (uintptr_t)p - r.lo < r.hi - r.lo;
}

struct verify_timer {
    const void *key; /* KTIMER, or the EX_TIMER that begins with it */
    const void *dpc; /* given to the last set */
    bool        set, periodic;
    bool        had_dpc, had_wait, told_mix, told_power;
    uint64_t    set_ns; /* when it was last set */
};

struct verify_dpc {
    const void  *key;
    const void  *routine, *context;
    const void  *timer;  /* the last one that was set with it */
    uint16_t     queued; /* queued and not yet started; 2 for a moment when an instance is just being started */
    bool         direct; /* was queued by a routine, not by a timer */
    bool         told_timers, told_direct;
    struct range gone; /* memory with its object or context that was freed */
    bool         gone_self;
};

enum ext_state { EXT_LIVE, EXT_DISABLED, EXT_FREED };

struct verify_ext {
    const void    *key;
    const void    *callback, *context;
    const void    *user; /* code that used it last: whose timer it is */
    enum ext_state state;
    uint32_t       deleter; /* thread that waits in ExDeleteTimer, 0 = none */
    bool           fine;    /* EX_TIMER_HIGH_RESOLUTION */
    bool           owed;    /* expired, callback not begun */
    bool           told_use;
    struct range   gone;
};

/* A lock that is held. */
struct verify_lock {
    const void *key; /* the lock; of one that is held shared, mixed with the processor */
    const void *lock;
    uint64_t    handle; /* KLOCK_QUEUE_HANDLE of a queued one */
    uint64_t    since_ns, spent_ns;
    uint32_t    thread, seq;
    uint8_t     cpu, kind, old_irql;
    bool        crossed; /* was held together with another spin lock */
};

#define VERIFY_AFTER   8u
#define VERIFY_LOCK_NS 25000u /* DT-B02 */

/* What is remembered of a lock: verify_order.c. */
struct verify_known {
    const void *key;
    const void *after[VERIFY_AFTER]; /* locks that were waited for with this one held */
    uint32_t    mark;
    uint8_t     n_after, use;
    bool        initialized;
};

struct verify_image {
    const void  *key; /* driver object */
    struct range range;
};

enum frame_kind { FRAME_DPC, FRAME_CALLBACK, FRAME_ROUTINE };

/*
 * A routine of the driver that is running: DPC, timer callback, dispatch routine ... A frame entered at
 * DISPATCH_LEVEL or above belongs to its processor (no thread can get in before it ends), any other to its thread.
 */
struct verify_frame {
    enum frame_kind kind;
    uint8_t         role; /* enum ev_role of FRAME_ROUTINE */
    uint8_t         cpu, irql;
    bool            on_cpu;
    bool            threaded;   /* a threaded DPC, at whichever level it runs */
    bool            handed_off; /* has told others something: from then on they may know that it is done */
    bool            told_budget;
    uint32_t        thread, seq;
    const void     *obj, *routine, *context;
    const void     *timer; /* that queued it */
    uint64_t        start_ns, spent_ns;
    int64_t         apc_before, apc_after; /* APC-disable count, once it has changed */
    bool            apc_changed;
    struct range    gone; /* memory with its object or context that was freed under its feet */
};

#define VERIFY_GONE 32u

enum gone { GONE_POOL, GONE_DEVICE };

/* Memory that was freed and not given out again. */
struct verify_gone {
    struct range r;
    enum gone    why;
};

struct verify_raise_entry {
    uint64_t owner;
    uint8_t  old;
};

struct verify {
    struct verify_options     opt;
    struct tab                timers, dpcs, exts, locks, known, images;
    uint64_t                  spinners; /* processors that spin, and for which lock */
    const void               *spins_for[64];
    uint32_t                  order_mark;
    uint32_t                  seq; /* counts frames and lock acquisitions, so that they can be ordered */
    uint32_t                  n_frames, n_raises;
    bool                      told_limit, told_pulse, told_poll;
    uint32_t                  poll_thread, poll_stalls; /* who stalled last, how often since it waited */
    uint64_t                  poll_ns;
    uint32_t                  gone_frames; /* frames with a gone range, an upper bound */
    uint32_t                  untold;      /* callbacks that have told nobody anything yet */
    struct verify_frame       frames[VERIFY_FRAMES];
    struct verify_raise_entry raises[VERIFY_RAISES];
    uint32_t                  n_gone; /* ever */
    struct verify_gone        gone[VERIFY_GONE];
    uint32_t                  n_findings;
    struct finding           *findings; /* VERIFY_FINDINGS of them, on the handler's stack */
};

struct verify_code {
    uint32_t bugcheck;
    uint64_t param[4];
};
#define CODE(...) ((struct verify_code){__VA_ARGS__})
#define PARAM(p)  ((uint64_t)(uintptr_t)(p))
#define STOP      FINDING_STOP
#define WARN      FINDING_WARNING

__attribute__((format(printf, 7, 8))) void verify_raise(struct verify *v, enum verify_rule rule,
    enum finding_severity severity, struct verify_code code, const void *object, const void *caller, const char *fmt,
    ...);

/* A table or array is full: says so, once per run. */
void verify_limit(struct verify *v, const char *what);

static inline bool verify_is_on(const struct verify *v, enum verify_rule rule)
{
    return !(v->opt.off & VERIFY_BIT(rule));
}

/* ---- verify_frame.c: who is running ---- */

/* role: enum ev_role, of FRAME_ROUTINE. */
struct verify_frame *verify_frame_push(struct verify *v, const struct ev *e, enum frame_kind kind, unsigned role);

/* The newest frame of that kind and routine here; NULL when its beginning was not seen. */
struct verify_frame *verify_frame_find(struct verify *v, const struct ev *e, enum frame_kind kind, const void *routine);
void                 verify_frame_pop(struct verify *v, struct verify_frame *f);

/* What runs where the event came from: the innermost frame, or NULL (a thread outside any driver routine). */
struct verify_frame *verify_frame_top(struct verify *v, const struct ev *e);

/* Whether f is one of the nested frames that the event came from. */
bool verify_frame_is_mine(const struct verify *v, const struct verify_frame *f, const struct ev *e);

/* The innermost DPC or callback that the event came from, or NULL. */
struct verify_frame *verify_frame_top_dpc(struct verify *v, const struct ev *e);

/* Text for a frame's kind, "DPC", "timer callback", or the name of the role. */
const char *verify_frame_noun(const struct verify_frame *f);

void verify_frame_handed_off(struct verify *v, const struct ev *e);
bool verify_frame_all_told(const struct verify *v); /* then that has nothing to do; without the lock */
void verify_frame_touches(struct verify *v, const struct ev *e);
void verify_frame_memory_new(struct verify *v, struct range r);
void verify_frame_memory_gone(struct verify *v, const struct ev *e, struct range r, const void *caller);
void verify_frame_stall(struct verify *v, const struct ev *e);
void verify_frame_apc(struct verify *v, const struct ev *e);

/* Rules that hold when any frame ends: IRQL, locks, APC-disable count, budget. */
void verify_frame_ends(struct verify *v, const struct ev *e, struct verify_frame *f, unsigned irql);
void verify_frame_enter(struct verify *v, const struct ev *e);
void verify_frame_leave(struct verify *v, const struct ev *e);
void verify_frame_thread_exit(struct verify *v, const struct ev *e);

/* ---- the families ---- */

void verify_timer_init(struct verify *v, const struct ev *e);
void verify_timer_set(struct verify *v, const struct ev *e);
void verify_timer_tolerance(struct verify *v, const struct ev *e);
void verify_timer_cancel(struct verify *v, const struct ev *e);
void verify_timer_expire(struct verify *v, const struct ev *e);
void verify_timer_waited(struct verify *v, const struct ev *e, const void *object);
bool verify_timer_is_set(struct verify *v, const void *timer);
bool verify_timer_set_with(struct verify *v, const void *dpc, const void **timer);
void verify_timer_memory_gone(struct verify *v, const struct ev *e, struct range r, enum gone why, const void *caller);
void verify_timer_image_gone(struct verify *v, struct range image);

void verify_dpc_init(struct verify *v, const struct ev *e);
void verify_dpc_change(struct verify *v, const struct ev *e);
void verify_dpc_queue(struct verify *v, const struct ev *e);
void verify_dpc_remove(struct verify *v, const struct ev *e);
void verify_dpc_start(struct verify *v, const struct ev *e);
void verify_dpc_end(struct verify *v, const struct ev *e);
void verify_dpc_memory_gone(struct verify *v, const struct ev *e, struct range r, enum gone why, const void *caller);
void verify_dpc_memory_new(struct verify *v, struct range r);
void verify_dpc_image_gone(struct verify *v, const struct ev *e, struct range image);

void verify_ext_alloc(struct verify *v, const struct ev *e);
void verify_ext_use(struct verify *v, const struct ev *e);
void verify_ext_delete(struct verify *v, const struct ev *e);
void verify_ext_free(struct verify *v, const struct ev *e);
void verify_ext_callback_start(struct verify *v, const struct ev *e);
void verify_ext_callback_end(struct verify *v, const struct ev *e);
void verify_ext_expired(struct verify *v, const void *timer);
bool verify_ext_is(struct verify *v, const void *timer);
bool verify_ext_is_fine(struct verify *v, const void *timer);
void verify_ext_memory_gone(struct verify *v, struct range r);
void verify_ext_memory_new(struct verify *v, struct range r);
void verify_ext_image_gone(struct verify *v, const void *driver, struct range image);
void verify_ext_run_end(struct verify *v);
bool verify_ext_waits(struct verify *v, struct verify_delete_wait *out);

void verify_lock_init(struct verify *v, const struct ev *e);
void verify_lock_acquire(struct verify *v, const struct ev *e);
void verify_lock_release(struct verify *v, const struct ev *e);
void verify_lock_spun(struct verify *v, const struct ev *e);
void verify_lock_thread_exit(struct verify *v, const struct ev *e);
void verify_lock_stall(struct verify *v, const struct ev *e);
void verify_lock_lowered(struct verify *v, const struct ev *e);
void verify_lock_callout(struct verify *v, const struct ev *e, const char *what);
bool verify_lock_is_mine(const struct verify_lock *l, const struct ev *e);
void verify_order_acquire(struct verify *v, const struct ev *e);
void verify_order_memory_gone(struct verify *v, struct range r);
void verify_lock_memory_gone(struct verify *v, struct range r, const void *caller);

/* ---- verify_gone.c: memory that was freed ---- */

void verify_gone_add(struct verify *v, struct range r, enum gone why, const void *caller);
void verify_gone_again(struct verify *v, struct range r);
/* Raises DT-T05 and says true when the lock of the event lies in freed memory. */
bool verify_gone_lock(struct verify *v, const struct ev *e, const char *what);
void verify_gone_context(struct verify *v, const struct verify_frame *f);

/* The newest lock that f's executor took after f began and still holds, or NULL. */
const struct verify_lock *verify_lock_held_since(struct verify *v, const struct verify_frame *f);
const struct verify_lock *verify_lock_spin_held_here(struct verify *v, const struct ev *e);

void verify_irql_set(struct verify *v, const struct ev *e);
void verify_irql_frame_ends(struct verify *v, const struct verify_frame *f);

void verify_wait_begin(struct verify *v, const struct ev *e);
void verify_object_reset(struct verify *v, const struct ev *e);
void verify_wait_stall(struct verify *v, const struct ev *e);
