/* SPDX-License-Identifier: MIT */
/* ddi/ddi_object.c - events, semaphores, mutexes as drivers see them. */
#include "ddi/ddi.h"
#include "ddk/nt/ke_apc.h"
#include "ke/ke.h"

/* ---- what all of them check ---- */

/* EVT-034, EVT-037, SEM-020: the storage is resident, and nobody waits in what is about to be wiped. */
static void check_storage(const void *object, const char *routine, const void *caller)
{
    uint64_t p[4] = {(uintptr_t)object, 0, 0, 0};

    ddi_check_storage(object, routine, caller);
    if (mach_irql() <= DISPATCH_LEVEL && ke_waited_for_in(object, 1))
        ke_bugcheckf("DT-W04", 0, p, "an object is initialized again while a thread waits for it");
}

/*
 * Wait = TRUE: IRQL goes up before anything changes and stays up until the wait that follows (EVT-017). irql_max: where it
 * may be done from.
 */
static void begin_pair(enum ddi_id id, unsigned irql_max, const void *caller)
{
    unsigned level = mach_irql();

    if (level > irql_max)
        ddi_irql_above(id, irql_max, caller);
    ke_wait_follows(ke_raise_to(DISPATCH_LEVEL));
}

static LONG state_of(const DISPATCHER_HEADER *h)
{
    return __atomic_load_n(&h->SignalState, __ATOMIC_RELAXED);
}

/* ---- events ---- */

NTKERNELAPI VOID NTAPI KeInitializeEvent(PRKEVENT Event, EVENT_TYPE Type, BOOLEAN State)
{
    DDI_ENTER_QUIET(KeInitializeEvent, Event);
    check_storage(Event, "KeInitializeEvent", __builtin_return_address(0));
    ke_event_init(Event, Type, State);
}

NTKERNELAPI LONG NTAPI KeSetEvent(PRKEVENT Event, KPRIORITY Increment, BOOLEAN Wait)
{
    DDI_ENTER(KeSetEvent, Event);
    if (Wait)
        begin_pair(DDI_KeSetEvent, APC_LEVEL, __builtin_return_address(0));
    LONG before = ke_event_set(Event, Increment);

    DDI_LEAVE(KeSetEvent, Event, before);
    return before;
}

NTKERNELAPI LONG NTAPI KePulseEvent(PRKEVENT Event, KPRIORITY Increment, BOOLEAN Wait)
{
    DDI_ENTER(KePulseEvent, Event);
    if (Wait)
        begin_pair(DDI_KePulseEvent, APC_LEVEL, __builtin_return_address(0));
    LONG before = ke_event_pulse(Event, Increment);

    DDI_LEAVE(KePulseEvent, Event, before);
    return before;
}

NTKERNELAPI LONG NTAPI KeResetEvent(PRKEVENT Event)
{
    DDI_ENTER(KeResetEvent, Event);
    LONG before = ke_event_reset(Event);

    DDI_LEAVE(KeResetEvent, Event, before);
    return before;
}

NTKERNELAPI VOID NTAPI KeClearEvent(PRKEVENT Event)
{
    DDI_ENTER(KeClearEvent, Event);
    ke_event_reset(Event);
    DDI_LEAVE(KeClearEvent, Event, 0);
}

/* Of an event that belongs to an interrupt service routine also at its level (EVT-009). */
NTKERNELAPI LONG NTAPI KeReadStateEvent(PRKEVENT Event)
{
    DDI_ENTER_WAIT(KeReadStateEvent, Event);
    if (mach_irql() >= CLOCK_LEVEL)
        ddi_irql_above(DDI_KeReadStateEvent, CLOCK_LEVEL - 1, __builtin_return_address(0));
    LONG state = state_of(&Event->Header);

    DDI_LEAVE(KeReadStateEvent, Event, state);
    return state;
}

/* ---- semaphores ---- */

/* SEM-003: the page says PASSIVE_LEVEL; nothing in it needs that. */
NTKERNELAPI VOID NTAPI KeInitializeSemaphore(PRKSEMAPHORE Semaphore, LONG Count, LONG Limit)
{
    DDI_ENTER_QUIET(KeInitializeSemaphore, Semaphore);
    struct finding f = {.severity = FINDING_WARNING, .rule = "DT-I01", .caller = __builtin_return_address(0)};

    if (mach_irql() > PASSIVE_LEVEL)
        finding_raisef(&f, "KeInitializeSemaphore is called at IRQL %u; its page says PASSIVE_LEVEL", mach_irql());
    check_storage(Semaphore, "KeInitializeSemaphore", __builtin_return_address(0));
    ke_semaphore_init(Semaphore, Count, Limit);
}

NTKERNELAPI LONG NTAPI KeReleaseSemaphore(PRKSEMAPHORE Semaphore, KPRIORITY Increment, LONG Adjustment, BOOLEAN Wait)
{
    DDI_ENTER(KeReleaseSemaphore, Semaphore);
    if (Wait)
        begin_pair(DDI_KeReleaseSemaphore, PASSIVE_LEVEL, __builtin_return_address(0));
    LONG before = ke_semaphore_release(Semaphore, Increment, Adjustment);

    DDI_LEAVE(KeReleaseSemaphore, Semaphore, before);
    return before;
}

NTKERNELAPI LONG NTAPI KeReadStateSemaphore(PRKSEMAPHORE Semaphore)
{
    DDI_ENTER(KeReadStateSemaphore, Semaphore);
    LONG state = state_of(&Semaphore->Header);

    DDI_LEAVE(KeReadStateSemaphore, Semaphore, state);
    return state;
}

/* ---- mutexes ---- */

enum { MUTEX_INCREMENT = 1 };

/* MTX-002. */
static void check_alignment(const void *mutex, const void *caller)
{
    struct finding f = {.severity = FINDING_STOP, .rule = "DT-W03", .object = mutex, .caller = caller};

    if ((uintptr_t)mutex % 8 != 0 && !finding_faithful)
        finding_raisef(&f, "a mutex lies at an address that is not a multiple of 8");
}

NTKERNELAPI VOID NTAPI KeInitializeMutex(PRKMUTEX Mutex, ULONG Level)
{
    DDI_ENTER_QUIET(KeInitializeMutex, Mutex);
    (void)Level;
    check_alignment(Mutex, __builtin_return_address(0));
    check_storage(Mutex, "KeInitializeMutex", __builtin_return_address(0));
    ke_mutex_init(Mutex, true, false);
}

NTKERNELAPI LONG NTAPI KeReleaseMutex(PRKMUTEX Mutex, BOOLEAN Wait)
{
    DDI_ENTER(KeReleaseMutex, Mutex);
    if (Wait)
        begin_pair(DDI_KeReleaseMutex, DISPATCH_LEVEL, __builtin_return_address(0));
    LONG before = ke_mutex_release(Mutex, MUTEX_INCREMENT, false);

    DDI_LEAVE(KeReleaseMutex, Mutex, before);
    return before;
}

NTKERNELAPI LONG NTAPI KeReadStateMutex(PRKMUTEX Mutex)
{
    DDI_ENTER(KeReadStateMutex, Mutex);
    LONG state = state_of(&Mutex->Header);

    DDI_LEAVE(KeReadStateMutex, Mutex, state);
    return state;
}

/* ---- mutants: reserved for system use, so who uses one is told (MTX-028) ---- */

static void reserved(const char *routine, const void *caller)
{
    struct finding f = {.severity = FINDING_WARNING, .rule = "DT-W17", .caller = caller};

    finding_raisef(&f, "%s is reserved for system use", routine);
}

NTKERNELAPI VOID NTAPI KeInitializeMutant(PRKMUTANT Mutant, BOOLEAN InitialOwner)
{
    DDI_ENTER_QUIET(KeInitializeMutant, Mutant);
    reserved("KeInitializeMutant", __builtin_return_address(0));
    check_storage(Mutant, "KeInitializeMutant", __builtin_return_address(0));
    ke_mutex_init(Mutant, false, InitialOwner);
}

NTKERNELAPI LONG NTAPI KeReadStateMutant(PRKMUTANT Mutant)
{
    DDI_ENTER(KeReadStateMutant, Mutant);
    reserved("KeReadStateMutant", __builtin_return_address(0));
    LONG state = state_of(&Mutant->Header);

    DDI_LEAVE(KeReadStateMutant, Mutant, state);
    return state;
}

NTKERNELAPI LONG NTAPI KeReleaseMutant(PRKMUTANT Mutant, KPRIORITY Increment, BOOLEAN Abandoned, BOOLEAN Wait)
{
    DDI_ENTER(KeReleaseMutant, Mutant);
    reserved("KeReleaseMutant", __builtin_return_address(0));
    if (Wait)
        begin_pair(DDI_KeReleaseMutant, DISPATCH_LEVEL, __builtin_return_address(0));
    LONG before = ke_mutex_release(Mutant, Increment, Abandoned);

    DDI_LEAVE(KeReleaseMutant, Mutant, before);
    return before;
}
