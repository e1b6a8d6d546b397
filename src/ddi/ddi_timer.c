/* SPDX-License-Identifier: MIT */
/* ddi/ddi_timer.c - KTIMER and EX_TIMER routines as drivers see them. */
#include "ddi/ddi.h"
#include "ex/extimer.h"

#define SELDOM __attribute__((noinline, cold)) /* stops the run: kept out of the common path */

/* An EX_TIMER given to a KTIMER routine: the two are different objects (EXT-129). */
static SELDOM void is_ex_timer(const KTIMER *t, const char *routine)
{
    uint64_t p[4] = {0, (uintptr_t)t, t->Header.Type, 0};

    ke_bugcheckf("DT-T01", 0xC7, p, "%s is given an EX_TIMER", routine);
}

static inline void check_is_ktimer(const KTIMER *t, const char *routine)
{
    unsigned type = t->Header.Type;

    if (__builtin_expect(type == Timer2NotificationObject || type == Timer2SynchronizationObject, 0))
        is_ex_timer(t, routine);
}

/* KTM-045: Windows finds out when the timer expires; here the call to blame is still at hand. */
static SELDOM void no_dpc(const KDPC *dpc)
{
    uint64_t p[4] = {1, (uintptr_t)dpc, dpc->Type, 0};

    ke_bugcheckf("DT-D01", 0xC7, p, "a timer is given a DPC that no KeInitializeDpc has seen");
}

static inline void check_dpc(const KDPC *dpc)
{
    if (dpc && dpc->Type != DpcObject && dpc->Type != ThreadedDpcObject)
        no_dpc(dpc);
}

/* KTM-034, KTM-096 */
static SELDOM void no_period(const KTIMER *t, int64_t period)
{
    uint64_t p[4] = {0, (uintptr_t)t, (uint64_t)period, 0};

    ke_bugcheckf("DT-T13", 0xC7, p, "a timer is given a negative period or one above MAXLONG milliseconds");
}

static inline void check_period(const KTIMER *t, int64_t period)
{
    if (period < 0 || period > MAXLONG)
        no_period(t, period);
}

NTKERNELAPI VOID NTAPI KeInitializeTimer(PKTIMER Timer)
{
    DDI_ENTER(KeInitializeTimer, Timer);
    ddi_check_resident(Timer, "KeInitializeTimer", __builtin_return_address(0));
    ke_timer_init(Timer, NotificationTimer);
    DDI_LEAVE(KeInitializeTimer, Timer, 0);
}

NTKERNELAPI VOID NTAPI KeInitializeTimerEx(PKTIMER Timer, TIMER_TYPE Type)
{
    DDI_ENTER(KeInitializeTimerEx, Timer);
    ddi_check_resident(Timer, "KeInitializeTimerEx", __builtin_return_address(0));
    ke_timer_init(Timer, Type);
    DDI_LEAVE(KeInitializeTimerEx, Timer, 0);
}

DDI_HOT NTKERNELAPI BOOLEAN NTAPI KeSetTimer(PKTIMER Timer, LARGE_INTEGER DueTime, PKDPC Dpc)
{
    DDI_ENTER(KeSetTimer, Timer);
    check_is_ktimer(Timer, "KeSetTimer");
    check_dpc(Dpc);
    struct ke_timer_set set = {.due = DueTime.QuadPart, .dpc = Dpc};
    BOOLEAN             was_set = ke_timer_set(Timer, &set);

    DDI_LEAVE(KeSetTimer, Timer, was_set);
    return was_set;
}

DDI_HOT NTKERNELAPI BOOLEAN NTAPI KeSetTimerEx(PKTIMER Timer, LARGE_INTEGER DueTime, LONG Period, PKDPC Dpc)
{
    DDI_ENTER(KeSetTimerEx, Timer);
    check_is_ktimer(Timer, "KeSetTimerEx");
    check_dpc(Dpc);
    check_period(Timer, Period);
    struct ke_timer_set set = {.due = DueTime.QuadPart, .period = (uint64_t)Period, .dpc = Dpc};
    BOOLEAN             was_set = ke_timer_set(Timer, &set);

    DDI_LEAVE(KeSetTimerEx, Timer, was_set);
    return was_set;
}

NTKERNELAPI BOOLEAN NTAPI KeSetCoalescableTimer(
    PKTIMER Timer, LARGE_INTEGER DueTime, ULONG Period, ULONG TolerableDelay, PKDPC Dpc)
{
    DDI_ENTER(KeSetCoalescableTimer, Timer);
    check_is_ktimer(Timer, "KeSetCoalescableTimer");
    check_dpc(Dpc);
    check_period(Timer, Period);
    check_period(Timer, TolerableDelay);
    struct ke_timer_set set = {
        .due = DueTime.QuadPart, .period = Period, .dpc = Dpc, .tolerance = TolerableDelay * NT_100NS_PER_MS};

    if (set.tolerance)
        ev(EV_TIMER_TOLERANCE, Timer, set.tolerance, 0, 0);
    BOOLEAN was_set = ke_timer_set(Timer, &set);

    DDI_LEAVE(KeSetCoalescableTimer, Timer, was_set);
    return was_set;
}

DDI_HOT NTKERNELAPI BOOLEAN NTAPI KeCancelTimer(PKTIMER Timer)
{
    DDI_ENTER(KeCancelTimer, Timer);
    check_is_ktimer(Timer, "KeCancelTimer");
    BOOLEAN was_set = ke_timer_cancel(Timer);

    DDI_LEAVE(KeCancelTimer, Timer, was_set);
    return was_set;
}

NTKERNELAPI BOOLEAN NTAPI KeReadStateTimer(PKTIMER Timer)
{
    DDI_ENTER(KeReadStateTimer, Timer);
    check_is_ktimer(Timer, "KeReadStateTimer");
    BOOLEAN signaled = __atomic_load_n(&Timer->Header.SignalState, __ATOMIC_RELAXED) != 0;

    DDI_LEAVE(KeReadStateTimer, Timer, signaled);
    return signaled;
}

/* ---- EX_TIMER ---- */

NTKERNELAPI PEX_TIMER NTAPI ExAllocateTimer(PEXT_CALLBACK Callback, PVOID CallbackContext, ULONG Attributes)
{
    DDI_ENTER(ExAllocateTimer, NULL);
    PEX_TIMER t = ex_timer_allocate(Callback, CallbackContext, Attributes);

    DDI_LEAVE(ExAllocateTimer, t, (uintptr_t)t);
    return t;
}

NTKERNELAPI BOOLEAN NTAPI ExSetTimer(PEX_TIMER Timer, LONGLONG DueTime, LONGLONG Period, PEXT_SET_PARAMETERS Parameters)
{
    DDI_ENTER(ExSetTimer, Timer);
    BOOLEAN was_set = ex_timer_set(Timer, DueTime, Period, Parameters, __builtin_return_address(0));

    DDI_LEAVE(ExSetTimer, Timer, was_set);
    return was_set;
}

NTKERNELAPI BOOLEAN NTAPI ExCancelTimer(PEX_TIMER Timer, PEXT_CANCEL_PARAMETERS Parameters)
{
    DDI_ENTER(ExCancelTimer, Timer);
    BOOLEAN was_set = ex_timer_cancel(Timer, Parameters, __builtin_return_address(0));

    DDI_LEAVE(ExCancelTimer, Timer, was_set);
    return was_set;
}

NTKERNELAPI BOOLEAN NTAPI ExDeleteTimer(
    PEX_TIMER Timer, BOOLEAN Cancel, BOOLEAN Wait, PEXT_DELETE_PARAMETERS Parameters)
{
    DDI_ENTER(ExDeleteTimer, Timer);
    BOOLEAN was_set = ex_timer_delete(Timer, Cancel, Wait, Parameters, __builtin_return_address(0));

    DDI_LEAVE(ExDeleteTimer, Timer, was_set);
    return was_set;
}
