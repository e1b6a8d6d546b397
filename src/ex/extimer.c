/* SPDX-License-Identifier: MIT */
/*
 * ex/extimer.c - EX_TIMER: allocate, set, cancel, delete.
 *
 * An EX_TIMER is a KTIMER whose header type says so (so that a wait works and KeSetTimer does not), a DPC that calls the
 * callback, and a lifetime. `lock` protects `disabled`, `deleter` and the decision who frees; it comes before timer locks.
 *
 * Lifetime. States: live -> disabled (a delete was accepted) -> freed. Disabled, the object refuses set, cancel and a second
 * delete with FALSE (EXT-074 .. EXT-076). It is freed at the first moment when it is disabled, not set, and no expiration is
 * in flight, that is, no DPC queued or callback running on any processor. The kernel counts expirations in flight under the
 * lock of the DPC queue, before the DPC can start, so the count never misses one. Whoever brings about that moment frees: the
 * delete call itself, or the end of the last callback. Freeing marks the object dead, then calls the delete callback at
 * DISPATCH_LEVEL (EXT-096), to which the pointer is stale already (EXT-101), then lets a deleter that waits go on
 * (EXT-098).
 *
 *   ExDeleteTimer(Cancel, Wait) on A                callback on B
 *     lock, disabled = true, unlock                   running (in flight 1)
 *     cancel: not set any more, in flight 1           ExSetTimer -> FALSE (EXT-087)
 *     wait for `gone`                                 returns; in flight 0, disabled, not set: free
 *                                          <-         dead, delete callback, set `gone`
 *
 * With Cancel FALSE a set timer keeps its last expiration: it is made one-shot, and its DPC is queued even if there is no
 * callback, since the end of that DPC is what frees (EXT-077, EXT-078).
 */
#include "ex/extimer.h"

#include "base/ddi.h"
#include "ex/pool.h"

enum { DEAD_TYPE = 0x7F, DEAD = 0x58454444 }; /* of a header that no wait accepts any more */

struct _EX_TIMER {
    struct ke_ex_timer   ke;    /* KTIMER first: the object is waited for by its address */
    uint32_t             magic; /* DEAD once it is freed */
    ULONG                attributes;
    PEXT_CALLBACK        callback;
    void                *context;
    KDPC                 dpc;
    struct mach_lock     lock;
    bool                 disabled;
    KEVENT              *gone; /* of a deleter that waits */
    PEXT_DELETE_CALLBACK delete_callback;
    void                *delete_context;
};

static _Noreturn void invalid(const char *rule, PEX_TIMER t, unsigned which, const char *what)
{
    uint64_t p[4] = {9, which, (uintptr_t)t, 0};

    ke_bugcheckf(rule, 0xC7, p, "%s", what);
}

/* A KTIMER is shorter than an EX_TIMER: what lies behind it is looked at only when the header is an EX_TIMER's. */
static void check_alive(PEX_TIMER t, enum ddi_id id, const void *caller)
{
    unsigned type = t ? t->ke.timer.Header.Type : 0;
    bool     dead = type == DEAD_TYPE && t->magic == DEAD;

    if (t && !dead && type != Timer2NotificationObject && type != Timer2SynchronizationObject)
        invalid("DT-T17", t, 5, "an Ex timer routine is given something that is no EX_TIMER");
    ev(EV_EXT_USE, t, id, dead, (uintptr_t)caller);
    if (!t)
        invalid("DT-T17", t, 5, "an Ex timer routine is given NULL");
    if (dead) {
        uint64_t p[4] = {(uintptr_t)t, 0, 0, 0};

        ke_bugcheckf("DT-T17", 0xC6, p, "an EX_TIMER is used after it was deleted");
    }
}

/* ---- freeing ---- */

static unsigned lock(PEX_TIMER t)
{
    unsigned old = ke_raise_to(DISPATCH_LEVEL);

    mach_lock(&t->lock);
    return old;
}

static void unlock(PEX_TIMER t, unsigned old)
{
    mach_unlock(&t->lock);
    mach_irql_lower(old);
}

/* lock held. True for exactly one caller, which frees: the accepted delete, or the expiration that ends last after it. */
static bool must_free_locked(PEX_TIMER t)
{
    return t->disabled && !ke_timer_is_set(&t->ke.timer) && __atomic_load_n(&t->ke.in_flight, __ATOMIC_ACQUIRE) == 0;
}

static void call_delete_callback(PEXT_DELETE_CALLBACK callback, void *context, PEX_TIMER was)
{
    if (!callback)
        return;
    ev(EV_DRIVER_ENTER, (void *)callback, EV_ROLE_DELETE_CALLBACK, (uintptr_t)context, (uintptr_t)was);
    callback(context);
    ev(EV_DRIVER_LEAVE, (void *)callback, EV_ROLE_DELETE_CALLBACK, mach_irql(), (uintptr_t)was);
    if (mach_irql() != DISPATCH_LEVEL) {
        uint64_t p[4] = {mach_irql() << 16 | DISPATCH_LEVEL << 8, (uintptr_t)callback, 0, mach_irql()};

        ke_bugcheckf("DT-D08", 0xC8, p, "a delete callback returns at IRQL %u", mach_irql());
    }
}

/* IRQL <= DISPATCH_LEVEL; the caller has claimed it. */
static void free_now(PEX_TIMER t)
{
    unsigned             old = ke_raise_to(DISPATCH_LEVEL);
    KEVENT              *gone = t->gone;
    PEXT_DELETE_CALLBACK callback = t->delete_callback;
    void                *context = t->delete_context;

    ev(EV_EXT_FREE, t, ke_timer_has_waiters(&t->ke.timer), 0, 0);
    t->ke.timer.Header.Type = DEAD_TYPE;
    t->magic = DEAD;
    ke_object_free(t, sizeof *t);
    call_delete_callback(callback, context, t);
    if (gone)
        ke_event_set(gone, 0);
    mach_irql_lower(old);
}

/* One call for each expiration; another instance of the DPC may have taken them already. */
static void call_back(PEX_TIMER t, uint32_t calls)
{
    for (; calls && t->callback && mach_irql() == DISPATCH_LEVEL; calls--) {
        ev(EV_EXT_CALLBACK_START, t, (uintptr_t)t->callback, (uintptr_t)t->context, 0);
        t->callback(t, t->context);
        ev(EV_EXT_CALLBACK_END, t, (uintptr_t)t->callback, mach_irql(), 0);
    }
}

static KDEFERRED_ROUTINE expired;

static void expired(PKDPC dpc, PVOID context, PVOID arg1, PVOID arg2)
{
    PEX_TIMER t = context;

    (void)dpc, (void)arg1, (void)arg2;
    call_back(t, __atomic_exchange_n(&t->ke.owed, 0, __ATOMIC_ACQUIRE));
    if (mach_irql() != DISPATCH_LEVEL)
        return; /* the caller says what is wrong with that */
    unsigned old = lock(t);

    __atomic_sub_fetch(&t->ke.in_flight, 1, __ATOMIC_RELEASE);
    bool mine = must_free_locked(t);

    unlock(t, old);
    if (mine)
        free_now(t);
}

/* ---- the calls ---- */

PEX_TIMER ex_timer_allocate(PEXT_CALLBACK callback, void *context, ULONG attributes)
{
    const ULONG known = EX_TIMER_HIGH_RESOLUTION | EX_TIMER_NO_WAKE | EX_TIMER_NOTIFICATION;
    const ULONG both = EX_TIMER_HIGH_RESOLUTION | EX_TIMER_NO_WAKE;

    if ((attributes & ~known) || (attributes & both) == both)
        invalid("DT-T14", NULL, 0, "ExAllocateTimer is given attributes that do not exist or exclude each other");
    PEX_TIMER t = ex_pool_fault() ? NULL : ke_object_alloc(sizeof *t);

    if (!t)
        return NULL;
    ke_timer_init(&t->ke.timer, SynchronizationTimer);
    t->ke.timer.Header.Type =
        attributes & EX_TIMER_NOTIFICATION ? Timer2NotificationObject : Timer2SynchronizationObject;
    ke_dpc_init(&t->dpc, expired, t, false);
    t->attributes = attributes;
    t->callback = callback;
    t->context = context;
    ev(EV_EXT_ALLOC, t, (uintptr_t)callback, (uintptr_t)context, attributes);
    return t;
}

static int64_t no_wake_tolerance(PEX_TIMER t, const EXT_SET_PARAMETERS *p)
{
    if (!p)
        return 0;
    if (p->Version != EXT_SET_PARAMETERS_VERSION || p->Reserved != 0)
        invalid(
            "DT-T19", t, 1, "ExSetTimer is given parameters that ExInitializeSetTimerParameters has not initialized");
    if (p->NoWakeTolerance < 0 && p->NoWakeTolerance != EX_TIMER_UNLIMITED_TOLERANCE)
        invalid("DT-T13", t, 1, "ExSetTimer is given a negative NoWakeTolerance");
    return p->NoWakeTolerance;
}

bool ex_timer_set(PEX_TIMER t, int64_t due, int64_t period, const EXT_SET_PARAMETERS *parameters, const void *caller)
{
    check_alive(t, DDI_ExSetTimer, caller);
    int64_t tolerance = no_wake_tolerance(t, parameters); /* -1 is also the kernel's "unlimited" */

    if (period < 0 || period > INT32_MAX)
        invalid("DT-T13", t, 4, "ExSetTimer is given a negative period or one above MAXLONG (in 100-ns units)");
    if ((t->attributes & EX_TIMER_HIGH_RESOLUTION) && due >= 0)
        invalid("DT-T14", t, 2, "a high-resolution timer is given an absolute due time");
    struct ke_timer_set set = {
        .due = due, .period = (uint64_t)period, .dpc = t->callback ? &t->dpc : NULL, .flags = KE_TIMER_PERIOD_100NS};

    if (t->attributes & EX_TIMER_HIGH_RESOLUTION)
        set.flags |= KE_TIMER_HIGH_RESOLUTION;
    if (t->attributes & EX_TIMER_NO_WAKE) {
        set.flags |= KE_TIMER_NO_WAKE;
        set.tolerance = (uint64_t)tolerance;
    }
    unsigned old = lock(t);
    bool     was_set = false;

    if (!t->disabled)
        was_set = ke_timer_set(&t->ke.timer, &set);
    unlock(t, old);
    return was_set;
}

bool ex_timer_cancel(PEX_TIMER t, const void *parameters, const void *caller)
{
    check_alive(t, DDI_ExCancelTimer, caller);
    if (parameters)
        invalid("DT-T19", t, 1, "ExCancelTimer's parameters must be NULL");
    unsigned old = lock(t);
    bool     was_set = !t->disabled && ke_timer_cancel(&t->ke.timer);

    unlock(t, old);
    return was_set;
}

/* A thread may not wait for the callback where the callback cannot run: at DISPATCH_LEVEL, in the callback above all. */
static void check_may_wait(PEX_TIMER t)
{
    uint64_t p[4] = {(uintptr_t)ke_thread_current(), (uintptr_t)t, mach_irql(), 0};

    if (mach_irql() < DISPATCH_LEVEL)
        return;
    ke_bugcheckf("DT-T16", ke_dpc_executing() ? 0xB8 : 0x0A, p, "ExDeleteTimer is called with Wait = TRUE at IRQL %u%s",
        mach_irql(), ke_dpc_executing() ? ", from a DPC or timer callback" : "");
}

static void take_parameters(PEX_TIMER t, const EXT_DELETE_PARAMETERS *p)
{
    if (!p)
        return;
    if (p->Version != EXT_DELETE_PARAMETERS_VERSION || p->Reserved != 0)
        invalid("DT-T19", t, 1,
            "ExDeleteTimer is given parameters that ExInitializeDeleteTimerParameters has not initialized");
    t->delete_callback = p->DeleteCallback;
    t->delete_context = p->DeleteContext;
}

bool ex_timer_delete(PEX_TIMER t, bool cancel, bool wait, const EXT_DELETE_PARAMETERS *parameters, const void *caller)
{
    KEVENT gone;
    bool   was_set = false, mine = false;

    check_alive(t, DDI_ExDeleteTimer, caller);
    if (wait && !cancel)
        invalid("DT-T15", t, 3, "ExDeleteTimer is called with Wait = TRUE and Cancel = FALSE");
    ev(EV_EXT_DELETE, t, cancel, wait, !t->disabled);
    if (wait)
        check_may_wait(t);
    unsigned old = lock(t);
    bool     accepted = !t->disabled;

    if (accepted) {
        t->disabled = true;
        take_parameters(t, parameters);
        if (cancel)
            was_set = ke_timer_cancel(&t->ke.timer);
        else
            ke_timer_last_shot(&t->ke.timer, &t->dpc);
        mine = must_free_locked(t);
        if (wait && !mine) {
            ke_event_init(&gone, NotificationEvent, false);
            t->gone = &gone;
        }
    }
    unlock(t, old);
    if (mine)
        free_now(t);
    else if (accepted && wait)
        ke_wait_one(&gone, NULL);
    return was_set;
}
