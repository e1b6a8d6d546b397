/* SPDX-License-Identifier: MIT */
/* Tests of seh.c; built and run by tests/tool/test_seh.sh with both compilers on both machines. */
#include <duetime/test.h>

#include <ntddk.h>

NTSTATUS SehCatches(NTSTATUS Raised);
LONG     SehLowerCase(void);
LONG     SehTwoPhases(void);
LONG     SehLeaves(LONG How, LONG *Log);
LONG     SehReturnsFromFinally(void);
NTSTATUS SehRaisesInFinally(void);
NTSTATUS SehRaisesInFilter(LONG *Log);
LONG     SehAgain(void);
NTSTATUS SehFaults(LONG How, ULONG_PTR *Access, ULONG_PTR *Address);
LONG     SehContinues(void);
NTSTATUS SehContinuesSoftware(void);
NTSTATUS SehSemaphore(PKSEMAPHORE Semaphore, LONG Adjustment);
NTSTATUS SehMutex(PKMUTEX Mutex);
NTSTATUS SehProbe(PVOID Address, SIZE_T Length, ULONG Alignment, BOOLEAN Write);
NTSTATUS SehInitialize(LONG What);
NTSTATUS SehPool(SIZE_T Bytes);
NTSTATUS SehLock(PVOID Address);
LONG     SehMeets(PKEVENT Mine, PKEVENT Other, NTSTATUS Raised);
VOID     SehDpc(PKDPC Object);
VOID     SehNobody(VOID);
VOID     SehSpinLock(PKSPIN_LOCK Lock);

/* IRQ-039 */
DT_TEST(handler_runs)
{
    dt_expect_eq(SehCatches(STATUS_NO_MEMORY), STATUS_NO_MEMORY);
    dt_expect_eq(SehCatches(STATUS_TIMEOUT), STATUS_TIMEOUT);
}

/* DPC-001, KTM-001, EVT-001, LCK-021, LCK-016, SPL-001: a bad address is an exception like any other. */
DT_TEST(initialize_raises)
{
    for (LONG what = 0; what < 6; what++)
        dt_expect_eq(SehInitialize(what), STATUS_ACCESS_VIOLATION);
}

DT_TEST(words_of_excpt_h)
{
    dt_expect_eq(SehLowerCase(), 135);
}

DT_TEST(filters_come_before_finally_blocks)
{
    dt_expect_eq(SehTwoPhases(), 1234);
}

DT_TEST(finally_runs_however_the_body_is_left)
{
    LONG log;

    dt_expect_eq(SehLeaves(0, &log), 200);
    dt_expect_eq(log, 282828);
    dt_expect_eq(SehLeaves(1, &log), 100);
    dt_expect_eq(log, 17);
    dt_expect_eq(SehLeaves(2, &log), 300);
    dt_expect_eq(log, 7);
    dt_expect_eq(SehLeaves(3, &log), 200);
    dt_expect_eq(log, 72828);
    dt_expect_eq(SehLeaves(4, &log), 200);
    dt_expect_eq(log, 7);
    dt_expect_eq(SehLeaves(5, &log), 200);
    dt_expect_eq(log, 888);
}

DT_TEST(exceptions_in_finally_blocks_and_filters)
{
    LONG log;

    dt_expect_eq(SehReturnsFromFinally(), 42);
    dt_expect_eq(SehRaisesInFinally(), STATUS_NO_MEMORY);
    dt_expect_eq(SehRaisesInFilter(&log), STATUS_NO_MEMORY);
    dt_expect_eq(log, 12);
    dt_expect_eq(SehAgain(), 12345);
}

DT_TEST(faults_are_exceptions)
{
    ULONG_PTR access, address;

    dt_expect_eq(SehFaults(0, &access, &address), STATUS_SUCCESS);
    dt_expect_eq(SehFaults(1, &access, &address), STATUS_ACCESS_VIOLATION);
    dt_expect_eq(access, 1);
    dt_expect_eq(address, 0x10);
    dt_expect_eq(SehFaults(2, &access, &address), STATUS_ACCESS_VIOLATION);
    dt_expect_eq(access, 0);
    dt_expect_eq(address, 0x10);
    dt_expect_eq(SehFaults(3, &access, &address), STATUS_INTEGER_DIVIDE_BY_ZERO);
    dt_expect_eq(SehFaults(4, &access, &address), STATUS_ACCESS_VIOLATION);
    dt_expect_eq(SehFaults(5, &access, &address), STATUS_ACCESS_VIOLATION);
    dt_expect_eq(access, 1);
    for (int i = 0; i < 20; i++) /* nothing is left behind */
        dt_expect_eq(SehFaults(1, &access, &address), STATUS_ACCESS_VIOLATION);
}

DT_TEST(execution_goes_on)
{
    dt_expect_eq(SehContinues(), 52);
    dt_expect_eq(SehContinuesSoftware(), STATUS_NONCONTINUABLE_EXCEPTION);
}

/* SEM-008, SEM-009: the count stays, and the semaphore works on. MTX-010, MTX-011. */
DT_TEST(dispatcher_objects_raise)
{
    static KSEMAPHORE semaphore;
    static KMUTEX     mutex;

    KeInitializeSemaphore(&semaphore, 1, 2);
    dt_expect_eq(SehSemaphore(&semaphore, 2), STATUS_SEMAPHORE_LIMIT_EXCEEDED);
    dt_expect_eq(KeReadStateSemaphore(&semaphore), 1);
    dt_expect_eq(SehSemaphore(&semaphore, -1), STATUS_SEMAPHORE_LIMIT_EXCEEDED);
    dt_expect_eq(SehSemaphore(&semaphore, 1), STATUS_SUCCESS);
    dt_expect_eq(KeReadStateSemaphore(&semaphore), 2);
    KeInitializeMutex(&mutex, 0);
    dt_expect_eq(SehMutex(&mutex), STATUS_MUTANT_NOT_OWNED);
    dt_expect_eq(KeReadStateMutex(&mutex), 1);
    dt_expect_eq(KeWaitForSingleObject(&mutex, Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
    dt_expect_eq(SehMutex(&mutex), STATUS_SUCCESS);
    dt_expect_eq(SehMutex(&mutex), STATUS_MUTANT_NOT_OWNED);
    dt_expect_eq(KeReadStateMutex(&mutex), 1);
    dt_expect_eq(KeGetCurrentIrql(), PASSIVE_LEVEL);
}

DT_TEST(probes_raise)
{
    static ULONG      users[4];
    static const char constant[16] = "read only";
    PVOID             kernels = ExAllocatePool2(POOL_FLAG_NON_PAGED, 64, 'hes ');

    dt_expect_eq(SehProbe(users, sizeof users, 4, FALSE), STATUS_SUCCESS);
    dt_expect_eq(SehProbe(users, sizeof users, 4, TRUE), STATUS_SUCCESS);
    dt_expect_eq(SehProbe((char *)users + 1, 4, 4, FALSE), STATUS_DATATYPE_MISALIGNMENT);
    dt_expect_eq(SehProbe((char *)users + 1, 0, 4, FALSE), STATUS_SUCCESS);
    dt_expect_eq(SehProbe(kernels, 64, 1, FALSE), STATUS_ACCESS_VIOLATION);
    dt_expect_eq(SehProbe(users, ~(SIZE_T)0, 1, FALSE), STATUS_ACCESS_VIOLATION);
    dt_expect_eq(SehProbe((PVOID)0xffff800000000000, 1, 1, FALSE), STATUS_ACCESS_VIOLATION);
    dt_expect_eq(SehProbe((PVOID)constant, sizeof constant, 1, FALSE), STATUS_SUCCESS);
    dt_expect_eq(SehProbe((PVOID)constant, sizeof constant, 1, TRUE), STATUS_ACCESS_VIOLATION);
    dt_expect_eq(SehLock(users), STATUS_SUCCESS);
    dt_expect_eq(SehLock(kernels), STATUS_ACCESS_VIOLATION);
    dt_expect_eq(SehLock((PVOID)16), STATUS_ACCESS_VIOLATION);
    ExFreePoolWithTag(kernels, 'hes ');
}

DT_TEST(pool_raises)
{
    dt_expect_eq(SehPool(64), STATUS_SUCCESS);
    dt_expect_eq(SehPool((SIZE_T)1 << 46), STATUS_INSUFFICIENT_RESOURCES);
}

static struct {
    KEVENT first, second;
    LONG   caught;
} s;

static void meet(void *unused)
{
    (void)unused;
    s.caught = SehMeets(&s.second, &s.first, STATUS_NO_MEMORY);
}

/* Each thread has a chain of its own. */
DT_TEST(threads_do_not_meet, .processors = 2, .strategy = "dfs:2")
{
    KeInitializeEvent(&s.first, NotificationEvent, FALSE);
    KeInitializeEvent(&s.second, NotificationEvent, FALSE);
    dt_thread *task = dt_spawn(1, meet, NULL);

    dt_expect_eq(SehMeets(&s.first, &s.second, STATUS_UNSUCCESSFUL), STATUS_UNSUCCESSFUL);
    dt_join(task);
    dt_expect_eq(s.caught, STATUS_NO_MEMORY);
}

/* ---- what no handler gets: findings, which test_seh.sh looks at ---- */

DT_TEST(finding_dpc)
{
    static KDPC dpc;

    SehDpc(&dpc);
}

/* SEM-011, THR-018 */
DT_TEST(finding_nobody)
{
    SehNobody();
}

/* SPL-027 */
DT_TEST(finding_spin_lock)
{
    static KSPIN_LOCK lock;

    KeInitializeSpinLock(&lock);
    SehSpinLock(&lock);
}
