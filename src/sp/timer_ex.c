/* SPDX-License-Identifier: MIT */
/*
 * sp/timer_ex.c - StorPortInitializeTimer, StorPortRequestTimer, StorPortFreeTimer: any number of timers, each with a routine
 * and a context of its own.
 *
 *     idle --request--> active --the call begins--> idle, routine runs
 *       ^                 |  |
 *       +----cancel-------+  +--free: no call begins any more
 *
 * "Active" ends before the routine runs, so that it may request its own timer again (STM-073). A request above DISPATCH_LEVEL
 * is active at once and armed by a DPC of its own (STM-069). The memory of a freed timer lasts as long as the run, for a DPC
 * may be on its way to it.
 */
#include "sp/priv.h"

enum { TIMERS_OLD = 4, TOLERANCE_MIN_US = 32 };

static const uint64_t magic = 0x7265a1d3aa55c0deull;

static bool is_timer(const struct sp_adapter *a, const struct sp_timer *t)
{
    return t && ke_object_contains(t) && t->magic == magic && t->a == a && !t->freed;
}

/* ---- the call ---- */

/* lock held */
static bool take_locked(struct sp_timer *t, PHW_TIMER_EX *routine, PVOID *context)
{
    if (t->freed || !t->armed || t->postponed || t->due > ke_interrupt_time_precise() || !sp_callable(t->a))
        return false;
    t->armed = false;
    *routine = t->routine_ex;
    *context = t->context;
    return true;
}

static void expired(PKDPC dpc, PVOID timer, PVOID arg1, PVOID arg2)
{
    struct sp_timer *t = timer;
    struct sp_frame  f = {.message = -1};
    PHW_TIMER_EX     routine;
    PVOID            context;

    (void)dpc;
    (void)arg1;
    (void)arg2;
    sp_call_lock(&f, t->a, SP_CALL_TIMER_EX);
    unsigned old = sp_lock(t->a);
    bool     due = take_locked(t, &routine, &context);

    sp_unlock(t->a, old);
    if (due) {
        sp_call_enter(&f, (const void *)routine);
        routine(t->a->extension, context);
        sp_call_leave(&f);
    }
    sp_call_unlock(&f);
}

/* ---- requests ---- */

static void set(struct sp_timer *t)
{
    sp_ktimer_set(&t->timer, &t->dpc, t->due, t->tolerance);
}

/* The processor is at DISPATCH_LEVEL again. */
static void arm_late(PKDPC dpc, PVOID context, PVOID arg1, PVOID arg2)
{
    struct sp_timer *t = context;
    unsigned         old = sp_lock(t->a);
    bool             wanted = t->postponed && t->armed && !t->freed;

    (void)dpc;
    (void)arg1;
    (void)arg2;
    t->postponed = false;
    t->due = ke_interrupt_time_precise() + t->duration;
    sp_unlock(t->a, old);
    if (wanted)
        set(t);
}

static void cancel(struct sp_timer *t)
{
    unsigned old = sp_lock(t->a);

    t->armed = t->postponed = false;
    sp_unlock(t->a, old);
    ke_timer_cancel(&t->timer);
}

static ULONG request(struct sp_timer *t, const struct sp_timer_request *r)
{
    bool     high = mach_irql() > DISPATCH_LEVEL;
    unsigned old = sp_lock(t->a);
    bool     busy = t->armed;

    if (!busy) {
        t->armed = true;
        t->postponed = high;
        t->routine_ex = r->routine;
        t->context = r->context;
        t->duration = r->microseconds > UINT64_MAX / 20 ? UINT64_MAX / 2 : r->microseconds * 10;
        t->tolerance = r->tolerance_us < TOLERANCE_MIN_US ? 0 : r->tolerance_us * 10;
        t->due = ke_interrupt_time_precise() + t->duration;
    }
    sp_unlock(t->a, old);
    if (busy) /* STM-072 */
        return STOR_STATUS_BUSY;
    if (high)
        ke_dpc_queue(&t->late, NULL, NULL);
    else
        set(t);
    return STOR_STATUS_SUCCESS;
}

/* Any IRQL. */
ULONG sp_timer_ex_request(struct sp_adapter *a, PVOID handle, const struct sp_timer_request *r)
{
    struct sp_timer *t = handle;

    if (!is_timer(a, t) || !r->routine)
        return STOR_STATUS_INVALID_PARAMETER;
    if (r->microseconds == 0) {
        cancel(t);
        return STOR_STATUS_SUCCESS;
    }
    if (mach_irql() > DISPATCH_LEVEL && ex_pool_fault()) /* STM-070 */
        return STOR_STATUS_INSUFFICIENT_RESOURCES;
    return request(t, r);
}

/* ---- life ---- */

ULONG sp_timer_ex_create(struct sp_adapter *a, PVOID *handle)
{
    if (a->cfg.os != SP_OS_CURRENT && a->cfg.os < SP_OS_8 && a->n_timers_ex >= TIMERS_OLD) /* STM-064 */
        return STOR_STATUS_UNSUCCESSFUL;
    struct sp_timer *t = ex_pool_fault() ? NULL : ke_object_alloc(sizeof *t);

    if (!t)
        return STOR_STATUS_INSUFFICIENT_RESOURCES;
    *t = (struct sp_timer){.a = a, .magic = magic};
    ke_timer_init(&t->timer, NotificationTimer);
    ke_dpc_init(&t->dpc, expired, t, false);
    ke_dpc_init(&t->late, arm_late, t, false);
    unsigned old = sp_lock(a);

    list_add_tail(&a->timers_ex, &t->link);
    a->n_timers_ex++;
    sp_unlock(a, old);
    *handle = t;
    return STOR_STATUS_SUCCESS;
}

/* STM-081 to STM-083: whoever is about to call it sees that it is freed; its own routine may free it. */
ULONG sp_timer_ex_free(struct sp_adapter *a, PVOID handle)
{
    struct sp_timer *t = handle;

    if (!is_timer(a, t))
        return STOR_STATUS_UNSUCCESSFUL;
    cancel(t);
    ke_dpc_remove(&t->dpc);
    ke_dpc_remove(&t->late);
    unsigned old = sp_lock(a);

    t->freed = true;
    list_del(&t->link);
    a->n_timers_ex--;
    sp_unlock(a, old);
    return STOR_STATUS_SUCCESS;
}

/* STM-084. */
void sp_timers_ex_fini(struct sp_adapter *a)
{
    unsigned n = a->n_timers_ex;

    if (n)
        sp_warn("DT-S03", a->extension, NULL, "%u timers of StorPortInitializeTimer are left after removal", n);
    while (!list_empty(&a->timers_ex))
        sp_timer_ex_free(a, container_of(a->timers_ex.next, struct sp_timer, link));
}

/* No call begins when this has returned. */
void sp_timers_ex_stop(struct sp_adapter *a)
{
    list_for_each_safe(l, next, &a->timers_ex) {
        struct sp_timer *t = container_of(l, struct sp_timer, link);

        cancel(t);
        ke_dpc_remove(&t->dpc);
        ke_dpc_wait_until_idle(&t->dpc);
    }
}
