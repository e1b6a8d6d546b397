/* SPDX-License-Identifier: MIT */
/*
 * sp/timer.c - HwStorTimer: the one timer of an adapter, StorPortNotification(RequestTimerCall).
 *
 * It may be requested at any IRQL, from DriverEntry's HwStorFindAdapter to the interrupt routine. The request is a row of
 * words under sp_lock() (armed, due, routine) and a KTIMER; the KTIMER's DPC takes the locks of the matrix first and asks the
 * row afterwards, so that a request or a cancel that comes while the DPC waits for the StartIo lock is obeyed:
 *
 *     processor 0 (StartIo, StartIo lock)        processor 1 (the DPC)
 *     RequestTimerCall(later)                    waits for the StartIo lock
 *     returns, lock released                     has it: armed, but not due any more: nothing to do
 *
 * While the miniport is stopped, or HwStorInitialize has not returned (STM-033), an expiration is kept: sp_timer_resume()
 * arms it again.
 */
#include "sp/priv.h"

/* KTIMERs count from the last tick, so that a relative time may end before it is over: here it may not (STM-030). */
void sp_ktimer_set(PKTIMER timer, PKDPC dpc, nt_100ns due, uint64_t tolerance)
{
    nt_100ns            tick = ke_interrupt_time();
    struct ke_timer_set set = {.due = due > tick ? -(int64_t)(due - tick) : -1, .tolerance = tolerance, .dpc = dpc};

    ke_timer_set(timer, &set);
}

/* Two requests at once may come here in another order than they came to the lock: whoever finds that it has set what is
 * not wanted any more sets again. */
static void arm(struct sp_timer *t)
{
    nt_100ns due;

    do {
        due = __atomic_load_n(&t->due, __ATOMIC_ACQUIRE);
        sp_ktimer_set(&t->timer, &t->dpc, due, 0);
    } while (due != __atomic_load_n(&t->due, __ATOMIC_ACQUIRE));
}

/* STM-001 to STM-034. Any IRQL. microseconds 0: cancel. */
void sp_timer_request(struct sp_adapter *a, PHW_TIMER routine, ULONG microseconds, const void *caller)
{
    struct sp_timer *t = &a->timer;
    nt_100ns         duration = (nt_100ns)microseconds * 10;

    if (microseconds && !routine) { /* STM-049 */
        sp_stop("DT-S01", a->extension, caller, "a timer is requested without a routine");
        return;
    }
    ev(EV_STOR_ADAPTER, a->extension, EV_STOR_TIMER_SET, (uintptr_t)routine, microseconds);
    if (a->cfg.dump) { /* STM-048 */
        sp_warn("DT-S12", a->extension, caller, "a timer is requested in dump mode, in which there are none");
        return;
    }
    unsigned old = sp_lock(a);

    t->armed = t->wanted = microseconds != 0;
    __atomic_store_n(&t->due, ke_interrupt_time_precise() + duration, __ATOMIC_RELEASE);
    t->routine = routine;
    bool alive = a->state < SP_STOPPED;

    sp_unlock(a, old);
    if (microseconds && alive)
        arm(t);
    else
        ke_timer_cancel(&t->timer);
}

/* The routine to call now, or NULL. */
static PHW_TIMER take(struct sp_adapter *a)
{
    struct sp_timer *t = &a->timer;
    PHW_TIMER        routine = NULL;
    unsigned         old = sp_lock(a);

    if (t->armed && t->due <= ke_interrupt_time_precise() && sp_callable(a)) {
        t->armed = t->wanted = false;
        routine = t->routine;
    }
    sp_unlock(a, old);
    return routine;
}

/* The frame names the routine, which only the locks make certain: it is filled in afterwards. */
static void expired(PKDPC dpc, PVOID context, PVOID arg1, PVOID arg2)
{
    struct sp_adapter *a = context;
    struct sp_frame    f = {.message = -1};

    (void)dpc;
    (void)arg1;
    (void)arg2;
    sp_call_lock(&f, a, SP_CALL_TIMER);
    PHW_TIMER routine = take(a);

    if (routine) {
        sp_call_enter(&f, (const void *)routine);
        routine(a->extension);
        sp_call_leave(&f);
    }
    sp_call_unlock(&f);
}

void sp_timer_init(struct sp_adapter *a)
{
    a->timer = (struct sp_timer){.a = a};
    ke_timer_init(&a->timer.timer, NotificationTimer);
    ke_dpc_init(&a->timer.dpc, expired, a, false);
}

/* After HwStorInitialize: what expired before is due now. */
void sp_timer_resume(struct sp_adapter *a)
{
    unsigned old = sp_lock(a);
    bool     armed = a->timer.armed;

    sp_unlock(a, old);
    if (armed)
        arm(&a->timer);
}

/* STM-045, STM-046: nothing is called when this has returned. IRQL <= 2, not with the StartIo lock. */
void sp_timer_stop(struct sp_adapter *a)
{
    unsigned old = sp_lock(a);

    a->timer.armed = false;
    sp_unlock(a, old);
    ke_timer_cancel(&a->timer.timer);
    ke_dpc_remove(&a->timer.dpc);
    ke_dpc_wait_until_idle(&a->timer.dpc);
}

/* STV-015, STM-046: it is not called any more, but the miniport does not know that. */
void sp_timer_fini(struct sp_adapter *a)
{
    const struct sp_timer *t = &a->timer;

    if (t->wanted && !a->cfg.timer_may_stay)
        sp_stop("DT-S03", a->extension, (const void *)t->routine,
            "the adapter is removed, and its timer was not cancelled at ScsiStopAdapter or later");
}
