/* SPDX-License-Identifier: MIT */
/* ddi/ddi_timer.c - KTIMER and EX_TIMER routines as drivers see them. */
#include "ddi/ddi.h"
#include "ex/extimer.h"

#define LONG_WAY __attribute__((noinline, flatten))

/* An EX_TIMER given to a KTIMER routine: the two are different objects (EXT-129). */
static DDI_COLD void is_ex_timer(const KTIMER *t, const char *routine)
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
static DDI_COLD void no_dpc(const KDPC *dpc)
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
static DDI_COLD void no_period(const KTIMER *t, int64_t period)
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
    ddi_check_storage(Timer, "KeInitializeTimer", __builtin_return_address(0));
    ke_timer_init(Timer, NotificationTimer);
    DDI_LEAVE(KeInitializeTimer, Timer, 0);
}

NTKERNELAPI VOID NTAPI KeInitializeTimerEx(PKTIMER Timer, TIMER_TYPE Type)
{
    DDI_ENTER(KeInitializeTimerEx, Timer);
    ddi_check_storage(Timer, "KeInitializeTimerEx", __builtin_return_address(0));
    ke_timer_init(Timer, Type);
    DDI_LEAVE(KeInitializeTimerEx, Timer, 0);
}

/*
 * KeSetTimer, KeSetTimerEx and KeCancelTimer have a short way, for a timer of the common kind while nobody observes, and a long
 * one, which is tail-called: so the short way saves no registers.
 */
static LONG_WAY BOOLEAN set_timer(PKTIMER t, LARGE_INTEGER due, PKDPC dpc, const void *caller)
{
    DDI_ENTER_FROM(KeSetTimer, t, caller);
    check_is_ktimer(t, "KeSetTimer");
    check_dpc(dpc);
    struct ke_timer_set set = {.due = due.QuadPart, .dpc = dpc};
    BOOLEAN             was_set = ke_timer_set(t, &set);

    DDI_LEAVE(KeSetTimer, t, was_set);
    return was_set;
}

/*
 * Nobody observes, the DPC is of the common kind and so is the timer: its processor and its key there, else NULL. The DPC that the
 * timer has already was looked at when it got it, which is one cache line less to touch.
 */
static inline struct ke_cpu *short_way(const KTIMER *t, LARGE_INTEGER due, const KDPC *dpc, nt_100ns *key)
{
    if (ddi_unobserved() && (dpc == t->Dpc || !dpc || dpc->Type == DpcObject))
        return ke_timer_short_way(t, due.QuadPart, key);
    return NULL;
}

/* The middle way, for what saves registers: where the timer goes takes some looking for. */
static LONG_WAY BOOLEAN place_timer(PKTIMER t, LARGE_INTEGER due, PKDPC dpc, const void *caller)
{
    nt_100ns       key;
    struct ke_cpu *cpu = short_way(t, due, dpc, &key);
    bool           was_set;

    if (cpu && ke_timer_set_short(cpu, t, key, 0, dpc, &was_set))
        return was_set;
    return set_timer(t, due, dpc, caller);
}

DDI_HOT NTKERNELAPI BOOLEAN NTAPI KeSetTimer(PKTIMER Timer, LARGE_INTEGER DueTime, PKDPC Dpc)
{
    nt_100ns       key;
    struct ke_cpu *cpu = short_way(Timer, DueTime, Dpc, &key);

    if (cpu && ke_timer_start_short(cpu, Timer, key, 0, Dpc))
        return FALSE;
    if (cpu && ke_timer_postpone_short(cpu, Timer, key, 0, Dpc))
        return TRUE;
    return place_timer(Timer, DueTime, Dpc, __builtin_return_address(0));
}

static LONG_WAY BOOLEAN set_timer_ex(PKTIMER t, LARGE_INTEGER due, LONG period, PKDPC dpc, const void *caller)
{
    DDI_ENTER_FROM(KeSetTimerEx, t, caller);
    check_is_ktimer(t, "KeSetTimerEx");
    check_dpc(dpc);
    check_period(t, period);
    struct ke_timer_set set = {.due = due.QuadPart, .period = (uint64_t)period, .dpc = dpc};
    BOOLEAN             was_set = ke_timer_set(t, &set);

    DDI_LEAVE(KeSetTimerEx, t, was_set);
    return was_set;
}

static LONG_WAY BOOLEAN place_timer_ex(PKTIMER t, LARGE_INTEGER due, LONG period, PKDPC dpc, const void *caller)
{
    nt_100ns       key;
    struct ke_cpu *cpu = period >= 0 ? short_way(t, due, dpc, &key) : NULL;
    bool           was_set;

    if (cpu && ke_timer_set_short(cpu, t, key, (ULONG)period, dpc, &was_set))
        return was_set;
    return set_timer_ex(t, due, period, dpc, caller);
}

DDI_HOT NTKERNELAPI BOOLEAN NTAPI KeSetTimerEx(PKTIMER Timer, LARGE_INTEGER DueTime, LONG Period, PKDPC Dpc)
{
    nt_100ns       key;
    struct ke_cpu *cpu = Period >= 0 ? short_way(Timer, DueTime, Dpc, &key) : NULL;

    if (cpu && ke_timer_start_short(cpu, Timer, key, (ULONG)Period, Dpc))
        return FALSE;
    if (cpu && ke_timer_postpone_short(cpu, Timer, key, (ULONG)Period, Dpc))
        return TRUE;
    return place_timer_ex(Timer, DueTime, Period, Dpc, __builtin_return_address(0));
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

static LONG_WAY BOOLEAN cancel_timer(PKTIMER t, const void *caller)
{
    DDI_ENTER_FROM(KeCancelTimer, t, caller);
    check_is_ktimer(t, "KeCancelTimer");
    BOOLEAN was_set = ke_timer_cancel(t);

    DDI_LEAVE(KeCancelTimer, t, was_set);
    return was_set;
}

DDI_HOT NTKERNELAPI BOOLEAN NTAPI KeCancelTimer(PKTIMER Timer)
{
    if (ddi_unobserved() && ke_timer_cancel_short(Timer))
        return TRUE;
    return cancel_timer(Timer, __builtin_return_address(0));
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
