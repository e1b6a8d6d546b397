/* SPDX-License-Identifier: MIT */
/* Mutexes and mutants: ownership, recursion, hand-over, APC-disable counts, abandonment. */
#define RANDOM_SEEDS 0 /* the order of arrival is set up for the schedules searched */

#include "../machine.h"
#include "ddk/nt/ke_apc.h"

static struct {
    KMUTEX  m, n;
    KMUTANT mutant;
    KEVENT  go, owned;
    LONG    inside, order[4], owners, priority, after;
    BOOLEAN apcs_before, apcs_owned, apcs_after;
} s;

static void begin(void)
{
    memset(&s, 0, sizeof s);
    KeInitializeMutex(&s.m, 0);
    KeInitializeMutex(&s.n, 7);
    KeInitializeEvent(&s.go, NotificationEvent, FALSE);
    KeInitializeEvent(&s.owned, NotificationEvent, FALSE);
}

/* MTX-001, MTX-003, MTX-008: free, no owner, whatever the level. */
static void initialize(void *ctx)
{
    (void)ctx;
    begin();
    memset(&s.n, 0xA5, sizeof s.n); /* whatever the memory held */
    KeInitializeMutex(&s.n, 7);
    dt_expect_eq(s.n.Header.Type, 2);
    dt_expect_eq(s.n.Header.SignalState, 1);
    dt_expect(s.n.OwnerThread == NULL);
    dt_expect_eq(s.n.ApcDisable, 1);
    dt_expect_eq(s.n.Abandoned, 0);
    dt_expect_eq(KeReadStateMutex(&s.n), 1);
}

/* MTX-004, MTX-005, MTX-006, MTX-007: acquired n times, released n times. */
static void recursion(void *ctx)
{
    (void)ctx;
    begin();
    for (LONG i = 0; i < 4; i++) {
        dt_expect_eq(KeWaitForSingleObject(&s.m, Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
        dt_expect_eq(s.m.Header.SignalState, -i);
        dt_expect(s.m.OwnerThread == KeGetCurrentThread());
        dt_expect(KeReadStateMutex(&s.m) <= 0);
    }
    for (LONG i = 3; i >= 0; i--)
        dt_expect_eq(KeReleaseMutex(&s.m, FALSE), -i);
    dt_expect_eq(KeReadStateMutex(&s.m), 1);
    dt_expect(s.m.OwnerThread == NULL);
}

/* MTX-029: KeWaitForMutexObject is KeWaitForSingleObject. */
static void by_its_own_name(void *ctx)
{
    LARGE_INTEGER zero = {.QuadPart = 0};

    (void)ctx;
    begin();
    dt_expect_eq(KeWaitForMutexObject(&s.m, Executive, KernelMode, FALSE, &zero), STATUS_SUCCESS);
    dt_expect_eq(s.m.Header.SignalState, 0);
    KeReleaseMutex(&s.m, FALSE);
}

static void test_values(void **state)
{
    (void)state;
    passes(initialize);
    passes(recursion);
    passes(by_its_own_name);
}

/* MTX-006: another thread gets it only after the last release. */
static void wants_it(void *ctx)
{
    (void)ctx;
    s.owners = poll(&s.m) == STATUS_SUCCESS;
    if (s.owners)
        KeReleaseMutex(&s.m, FALSE);
}

static LONG others_get_it(void)
{
    dt_join(dt_spawn(1, wants_it, NULL));
    return s.owners;
}

static void all_releases(void *ctx)
{
    (void)ctx;
    begin();
    wait_for(&s.m);
    wait_for(&s.m);
    dt_expect_eq(others_get_it(), 0);
    KeReleaseMutex(&s.m, FALSE);
    dt_expect_eq(others_get_it(), 0);
    KeReleaseMutex(&s.m, FALSE);
    dt_expect_eq(others_get_it(), 1);
}

static void test_all_releases(void **state)
{
    (void)state;
    passes(all_releases);
}

/* ---- APCs ---- */

/* MTX-013: owning disables normal kernel APCs, once; IRQL stays; special ones are not disabled. */
static void apc_count(void *ctx)
{
    (void)ctx;
    begin();
    dt_expect(!KeAreApcsDisabled());
    wait_for(&s.m);
    dt_expect(KeAreApcsDisabled());
    dt_expect(!KeAreAllApcsDisabled());
    dt_expect_eq(KeGetCurrentIrql(), PASSIVE_LEVEL);
    wait_for(&s.m);
    KeReleaseMutex(&s.m, FALSE);
    dt_expect(KeAreApcsDisabled());
    wait_for(&s.n);
    KeReleaseMutex(&s.n, FALSE);
    dt_expect(KeAreApcsDisabled());
    KeReleaseMutex(&s.m, FALSE);
    dt_expect(!KeAreApcsDisabled());
}

/* MTX-013: also when it is handed over by who releases it. */
static void gets_it_handed(void *ctx)
{
    (void)ctx;
    s.apcs_before = KeAreApcsDisabled();
    wait_for(&s.m);
    s.apcs_owned = KeAreApcsDisabled();
    KeReleaseMutex(&s.m, FALSE);
    s.apcs_after = KeAreApcsDisabled();
}

static void handed_over(void *ctx)
{
    (void)ctx;
    begin();
    wait_for(&s.m);
    dt_spawn(1, gets_it_handed, NULL);
    settle();
    KeReleaseMutex(&s.m, FALSE);
    dt_join_all();
    dt_expect(!s.apcs_before && s.apcs_owned && !s.apcs_after);
}

static void test_apc_count(void **state)
{
    (void)state;
    passes(apc_count);
    always(handed_over, 1);
}

/* MTX-014: who merely waits for a mutex still takes APCs. */
static KKERNEL_ROUTINE kernel_part;
static KNORMAL_ROUTINE normal_part;

static VOID kernel_part(PKAPC apc, PKNORMAL_ROUTINE *normal, PVOID *context, PVOID *a, PVOID *b)
{
    (void)apc, (void)normal, (void)context, (void)a, (void)b;
}

static VOID normal_part(PVOID context, PVOID a, PVOID b)
{
    (void)context, (void)a, (void)b;
    s.inside = 1;
    KeSetEvent(&s.go, IO_NO_INCREMENT, FALSE);
}

static PKTHREAD target;

static void waits_for_mutex(void *ctx)
{
    (void)ctx;
    target = KeGetCurrentThread();
    KeSetEvent(&s.owned, IO_NO_INCREMENT, FALSE);
    wait_for(&s.m);
    KeReleaseMutex(&s.m, FALSE);
}

static void apc_while_waiting(void *ctx)
{
    KAPC apc;

    (void)ctx;
    begin();
    wait_for(&s.m);
    dt_spawn(1, waits_for_mutex, NULL);
    wait_for(&s.owned);
    KeInitializeApc(&apc, target, OriginalApcEnvironment, kernel_part, NULL, normal_part, KernelMode, NULL);
    dt_expect(KeInsertQueueApc(&apc, NULL, NULL, 0));
    wait_for(&s.go); /* although it has not got the mutex */
    dt_expect_eq(s.m.Header.SignalState, 0);
    KeReleaseMutex(&s.m, FALSE);
    dt_join_all();
}

static void test_apc_while_waiting(void **state)
{
    (void)state;
    passes(apc_while_waiting);
    if (simulated())
        always(apc_while_waiting, 1);
}

/* MTX-030: a thread of PsCreateSystemThread begins in a critical region: a mutex goes one down from there and back. */
static void system_thread(void *ctx)
{
    (void)ctx;
    s.apcs_before = KeAreApcsDisabled();
    wait_for(&s.m);
    s.apcs_owned = KeAreApcsDisabled();
    KeReleaseMutex(&s.m, FALSE);
    s.apcs_after = KeAreApcsDisabled();
    KeLeaveCriticalRegion();
    s.after = KeAreApcsDisabled();
    KeEnterCriticalRegion();
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static void in_system_thread(void *ctx)
{
    HANDLE handle;
    PVOID  thread;

    (void)ctx;
    begin();
    dt_expect_eq(PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, system_thread, NULL), 0);
    dt_expect_eq(ObReferenceObjectByHandle(handle, THREAD_ALL_ACCESS, *PsThreadType, KernelMode, &thread, NULL), 0);
    ZwClose(handle);
    wait_for(thread);
    ObDereferenceObject(thread);
    dt_expect(s.apcs_before && s.apcs_owned && s.apcs_after);
    dt_expect_eq(s.after, FALSE);
}

static void test_in_system_thread(void **state)
{
    (void)state;
    passes(in_system_thread);
}

/* ---- hand-over ---- */

static void queues_up(void *ctx)
{
    wait_for(&s.m);
    s.order[s.owners++] = (LONG)(LONG_PTR)ctx;
    s.priority = KeQueryPriorityThread(KeGetCurrentThread());
    KeReleaseMutex(&s.m, FALSE);
    if (KeQueryPriorityThread(KeGetCurrentThread()) == 8)
        InterlockedIncrement(&s.after);
}

/* MTX-015, MTX-016: first come first served, a third thread cannot get in between; the boost ends with ownership. */
static void first_come(void *ctx)
{
    (void)ctx;
    begin();
    wait_for(&s.m);
    for (LONG_PTR i = 1; i <= 3; i++) {
        dt_spawn(1, queues_up, (void *)i);
        settle();
    }
    KeReleaseMutex(&s.m, FALSE);
    if (poll(&s.m) == STATUS_SUCCESS) { /* only when all three have had it */
        dt_expect_eq(s.owners, 3);
        KeReleaseMutex(&s.m, FALSE);
    }
    dt_join_all();
    for (LONG i = 0; i < 3; i++)
        dt_expect_eq(s.order[i], i + 1);
    dt_expect(s.priority >= 8);
    dt_expect_eq(s.after, 3);
}

static void test_first_come(void **state)
{
    (void)state;
    passes(first_come);
    if (simulated())
        always(first_come, 1);
}

/* MTX-025: mutual exclusion and recursion in every schedule. */
static void enters(void *ctx)
{
    LONG depth = (LONG)(LONG_PTR)ctx;

    for (LONG i = 0; i < depth; i++)
        wait_for(&s.m);
    dt_expect_eq(InterlockedIncrement(&s.inside), 1);
    KeReadStateMutex(&s.m);
    InterlockedDecrement(&s.inside);
    for (LONG i = 0; i < depth; i++)
        KeReleaseMutex(&s.m, FALSE);
}

static void exclusion(void *ctx)
{
    (void)ctx;
    begin();
    dt_spawn(0, enters, (void *)(LONG_PTR)(1 + dt_choose(2)));
    dt_spawn(1, enters, (void *)(LONG_PTR)(1 + dt_choose(2)));
    enters((void *)1);
    dt_join_all();
    dt_expect_eq(KeReadStateMutex(&s.m), 1);
}

static void test_exclusion(void **state)
{
    (void)state;
    always(exclusion, 2);
}

/* MTX-023: Wait = TRUE keeps IRQL up until the wait; at DISPATCH_LEVEL with a time-out of zero. */
static void pair(void *ctx)
{
    KIRQL irql;

    (void)ctx;
    begin();
    wait_for(&s.m);
    dt_expect_eq(KeReleaseMutex(&s.m, TRUE), 0);
    dt_expect_eq(KeGetCurrentIrql(), DISPATCH_LEVEL);
    dt_expect_eq(wait_ms(&s.go, 2), STATUS_TIMEOUT);
    dt_expect_eq(KeGetCurrentIrql(), PASSIVE_LEVEL);

    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    dt_expect_eq(poll(&s.m), STATUS_SUCCESS);
    KeReleaseMutex(&s.m, TRUE);
    dt_expect_eq(poll(&s.go), STATUS_TIMEOUT);
    dt_expect_eq(KeGetCurrentIrql(), DISPATCH_LEVEL);
    KeLowerIrql(irql);
}

static void test_pair(void **state)
{
    (void)state;
    passes(pair);
}

/* ---- abandoned mutants ---- */

static void ends_as_owner(void *ctx)
{
    (void)ctx;
    dt_expect_eq(poll(&s.mutant), STATUS_SUCCESS);
    dt_expect(!KeAreApcsDisabled()); /* MTX-003: a mutant disables nothing */
}

static void abandon(void)
{
    begin();
    KeInitializeMutant(&s.mutant, FALSE);
    dt_expect_eq(s.mutant.ApcDisable, 0);
    dt_join(dt_spawn(1, ends_as_owner, NULL));
    dt_expect_eq(KeReadStateMutant(&s.mutant), 1);
}

/* MTX-022, WAI-024, WAI-025: the next owner is told, once. */
static void abandoned(void *ctx)
{
    PVOID objects[2] = {&s.go, &s.mutant};

    (void)ctx;
    abandon();
    dt_expect_eq(poll(&s.mutant), STATUS_ABANDONED);
    dt_expect_eq(s.mutant.Abandoned, 0); /* the next owner is not told again */
    dt_expect(s.mutant.OwnerThread == KeGetCurrentThread());
    dt_expect_eq(poll(&s.mutant), STATUS_SUCCESS); /* not told again */
    KeReleaseMutant(&s.mutant, 0, FALSE, FALSE);
    KeReleaseMutant(&s.mutant, 0, FALSE, FALSE);
    dt_expect_eq(poll(&s.mutant), STATUS_SUCCESS);
    KeReleaseMutant(&s.mutant, 0, FALSE, FALSE);

    abandon();
    dt_expect_eq(KeWaitForMultipleObjects(2, objects, WaitAny, Executive, KernelMode, FALSE, NULL, NULL),
        STATUS_ABANDONED_WAIT_0 + 1);
    KeReleaseMutant(&s.mutant, 0, FALSE, FALSE);

    abandon();
    KeSetEvent(&s.go, IO_NO_INCREMENT, FALSE);
    NTSTATUS all = KeWaitForMultipleObjects(2, objects, WaitAll, Executive, KernelMode, FALSE, NULL, NULL);

    dt_expect(all >= STATUS_ABANDONED_WAIT_0 && all <= STATUS_ABANDONED_WAIT_63);
    dt_expect(s.mutant.OwnerThread == KeGetCurrentThread());
    KeReleaseMutant(&s.mutant, 0, FALSE, FALSE);
}

/* MTX-022: also who waits already when the owner ends. */
static void ends_later(void *ctx)
{
    (void)ctx;
    dt_expect_eq(poll(&s.mutant), STATUS_SUCCESS);
    KeSetEvent(&s.owned, IO_NO_INCREMENT, FALSE);
    wait_for(&s.go);
}

static void abandoned_to_waiter(void *ctx)
{
    (void)ctx;
    begin();
    KeInitializeMutant(&s.mutant, FALSE);
    dt_spawn(1, ends_later, NULL);
    wait_for(&s.owned);
    KeSetEvent(&s.go, IO_NO_INCREMENT, FALSE);
    dt_expect_eq(KeWaitForSingleObject(&s.mutant, Executive, KernelMode, FALSE, NULL), STATUS_ABANDONED);
    KeReleaseMutant(&s.mutant, 0, FALSE, FALSE);
    dt_join_all();
}

/* Mutants are the system's (MTX-028): each use is a warning. */
static void holds(dt_body *body)
{
    struct dt_config cfg = config(2);
    struct dt_result r = {0};

    assert_int_equal(dt_run(&cfg, body, NULL, &r), 0);
    if (r.verdict != DT_PASS)
        fail_msg("%s 0x%x: %s", r.finding.rule, r.finding.bugcheck, r.finding.what);
    assert_true(r.warnings > 0);
    assert_string_equal(r.finding.rule, "DT-W17");
}

static void test_abandoned(void **state)
{
    (void)state;
    holds(abandoned);
    holds(abandoned_to_waiter);
    always(abandoned_to_waiter, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_all_releases),
        cmocka_unit_test(test_apc_count),
        cmocka_unit_test(test_apc_while_waiting),
        cmocka_unit_test(test_in_system_thread),
        cmocka_unit_test(test_first_come),
        cmocka_unit_test(test_exclusion),
        cmocka_unit_test(test_pair),
        cmocka_unit_test(test_abandoned),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
