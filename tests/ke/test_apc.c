/* SPDX-License-Identifier: MIT */
/*
 * APC objects: what is copied through to the routines, what a kernel routine may change, and how they must return. WAI-063 ..
 * WAI-065; what the types of APC are is types-of-apcs.
 */
#include "apc.h"

static struct {
    PKNORMAL_ROUTINE normal;
    PVOID            context, a, b; /* as the kernel routine was given them */
    PVOID            late[3];       /* as the normal routine was */
    BOOLEAN          inserted;
} seen;

static LONG marks[6];

static KKERNEL_ROUTINE looks, changes, drops_normal, frees, stays_raised;
static KNORMAL_ROUTINE looks_late, returns_raised;

static VOID looks(PKAPC apc, PKNORMAL_ROUTINE *normal, PVOID *context, PVOID *a, PVOID *b)
{
    seen.normal = *normal;
    seen.context = *context;
    seen.a = *a;
    seen.b = *b;
    seen.inserted = apc->Inserted;
}

static VOID looks_late(PVOID context, PVOID a, PVOID b)
{
    seen.late[0] = context;
    seen.late[1] = a;
    seen.late[2] = b;
    s.calls++;
}

static VOID changes(PKAPC apc, PKNORMAL_ROUTINE *normal, PVOID *context, PVOID *a, PVOID *b)
{
    looks(apc, normal, context, a, b);
    *normal = looks_late;
    *context = &marks[3];
    *a = &marks[4];
    *b = &marks[5];
}

static VOID drops_normal(PKAPC apc, PKNORMAL_ROUTINE *normal, PVOID *context, PVOID *a, PVOID *b)
{
    looks(apc, normal, context, a, b);
    *normal = NULL;
}

static VOID frees(PKAPC apc, PKNORMAL_ROUTINE *normal, PVOID *context, PVOID *a, PVOID *b)
{
    (void)normal, (void)context, (void)a, (void)b;
    ExFreePoolWithTag(apc, 'cpAT');
}

static void begin_apc(void)
{
    begin();
    memset(&seen, 0, sizeof seen);
}

static void init(PKAPC apc, PKKERNEL_ROUTINE kernel, PKNORMAL_ROUTINE normal, KPROCESSOR_MODE mode)
{
    KeInitializeApc(
        apc, KeGetCurrentThread(), OriginalApcEnvironment, kernel, rundown_routine, normal, mode, &marks[0]);
}

static BOOLEAN insert(PKAPC apc)
{
    return KeInsertQueueApc(apc, &marks[1], &marks[2], 0);
}

/* ---- what they are given ---- */

static void arguments(void *ctx)
{
    (void)ctx;
    begin_apc();
    init(&s.apc[0], looks, looks_late, KernelMode);
    dt_expect(insert(&s.apc[0]));
    dt_expect(seen.normal == looks_late && seen.context == &marks[0] && seen.a == &marks[1] && seen.b == &marks[2]);
    dt_expect(!seen.inserted); /* it may be queued again, or freed, by its kernel routine */
    dt_expect(seen.late[0] == &marks[0] && seen.late[1] == &marks[1] && seen.late[2] == &marks[2]);
    dt_expect_eq(s.calls, 1);
}

/* A special one has no context, and is a kernel APC whatever mode is named. */
static void special(void *ctx)
{
    (void)ctx;
    begin_apc();
    init(&s.apc[0], looks, NULL, UserMode);
    dt_expect(insert(&s.apc[0]));
    dt_expect(!seen.normal && !seen.context && seen.a == &marks[1] && seen.b == &marks[2]);
}

static void changed(void *ctx)
{
    (void)ctx;
    begin_apc();
    init(&s.apc[0], changes, normal_routine, KernelMode);
    dt_expect(insert(&s.apc[0]));
    dt_expect(seen.late[0] == &marks[3] && seen.late[1] == &marks[4] && seen.late[2] == &marks[5]);
    init(&s.apc[0], drops_normal, looks_late, KernelMode);
    dt_expect(insert(&s.apc[0]));
    dt_expect_eq(s.calls, 1);
    queue_to_self(normal_routine); /* the thread is out of its normal APC */
    dt_expect_eq(s.calls, 2);
}

static void freed(void *ctx)
{
    PKAPC apc = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof *apc, 'cpAT');

    (void)ctx;
    begin_apc();
    init(apc, frees, looks_late, KernelMode);
    dt_expect(insert(apc));
    dt_expect(s.calls == 1 && seen.late[0] == &marks[0]);
}

/* TRUE once; the state shows where it is, and who comes too late changes nothing. */
static void queued_once(void *ctx)
{
    (void)ctx;
    begin_apc();
    init(&s.apc[0], looks, looks_late, KernelMode);
    dt_expect(!s.apc[0].Inserted && !KeRemoveQueueApc(&s.apc[0]));
    KeEnterCriticalRegion();
    dt_expect(insert(&s.apc[0]) && s.apc[0].Inserted);
    dt_expect(!KeInsertQueueApc(&s.apc[0], &marks[4], &marks[5], 0));
    KeLeaveCriticalRegion();
    dt_expect(seen.a == &marks[1] && seen.b == &marks[2]);
    KeEnterCriticalRegion();
    dt_expect(insert(&s.apc[0]));
    dt_expect(KeRemoveQueueApc(&s.apc[0]) && !s.apc[0].Inserted && !KeRemoveQueueApc(&s.apc[0]));
    KeLeaveCriticalRegion();
    dt_expect_eq(s.calls, 1);
}

static void test_given(void **state)
{
    (void)state;
    passes(arguments);
    passes(special);
    passes(changed);
    passes(freed);
    passes(queued_once);
}

/* ---- the end of its thread ---- */

static void ends(void *ctx)
{
    (void)ctx;
    s.thread = KeGetCurrentThread();
    ObReferenceObject(s.thread);
    KeEnterCriticalRegion();
    KeSetEvent(&s.ready, IO_NO_INCREMENT, FALSE);
    wait_for(&s.go);
    KeLeaveCriticalRegion();
}

/* User APCs that nobody was there for are run down, one without such a routine just goes; afterwards none is taken. */
static void run_down(void *ctx)
{
    (void)ctx;
    begin_apc();
    dt_spawn(1, ends, NULL);
    wait_for(&s.ready);
    init_apc(0, s.thread, normal_routine, UserMode);
    init_apc(1, s.thread, normal_routine, UserMode);
    KeInitializeApc(&s.apc[2], s.thread, OriginalApcEnvironment, kernel_routine, NULL, normal_routine, UserMode, NULL);
    for (int i = 0; i < 3; i++)
        dt_expect(KeInsertQueueApc(&s.apc[i], NULL, NULL, 0));
    KeSetEvent(&s.go, IO_NO_INCREMENT, FALSE);
    dt_join_all();
    dt_expect(s.rundowns == 2 && s.calls == 0 && s.kernel_calls == 0);
    for (int i = 0; i < 3; i++)
        dt_expect(!s.apc[i].Inserted);
    dt_expect(!queue(0, s.thread, NULL, KernelMode));
    dt_expect_eq(s.kernel_calls, 0);
    ObDereferenceObject(s.thread);
}

static void test_run_down(void **state)
{
    (void)state;
    passes(run_down);
}

/* ---- queued while a wait begins ---- */

static void waits_shortly(void *ctx)
{
    (void)ctx;
    s.thread = KeGetCurrentThread();
    KeSetEvent(&s.ready, IO_NO_INCREMENT, FALSE);
    s.status = wait_ms(&s.go, 5);
    KeSetEvent(&s.done, IO_NO_INCREMENT, FALSE);
}

/* WAI-053: at whatever moment it comes, the wait ends with its own result, after the APC was called. */
static void beside_wait(void *ctx)
{
    (void)ctx;
    begin_apc();
    dt_spawn(1, waits_shortly, NULL);
    wait_for(&s.ready);
    BOOLEAN queued = queue(0, s.thread, normal_routine, KernelMode);

    dt_join_all();
    dt_expect_eq(s.status, STATUS_TIMEOUT);
    dt_expect_eq(s.calls + s.rundowns, queued);
}

static void test_beside_wait(void **state)
{
    (void)state;
    always(beside_wait, 2);
}

/* ---- misuse ---- */

static VOID stays_raised(PKAPC apc, PKNORMAL_ROUTINE *normal, PVOID *context, PVOID *a, PVOID *b)
{
    KIRQL irql;

    (void)apc, (void)normal, (void)context, (void)a, (void)b;
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
}

static VOID returns_raised(PVOID context, PVOID a, PVOID b)
{
    KIRQL irql;

    (void)context, (void)a, (void)b;
    KeRaiseIrql(APC_LEVEL, &irql);
}

static void kernel_stays_raised(void *ctx)
{
    (void)ctx;
    begin_apc();
    init(&s.apc[0], stays_raised, NULL, KernelMode);
    insert(&s.apc[0]);
}

static void normal_stays_raised(void *ctx)
{
    (void)ctx;
    begin_apc();
    init(&s.apc[0], looks, returns_raised, KernelMode);
    insert(&s.apc[0]);
}

static void inserts_nothing(void *ctx)
{
    (void)ctx;
    begin_apc();
    insert(&s.apc[0]);
}

static void removes_nothing(void *ctx)
{
    (void)ctx;
    begin_apc();
    KeRemoveQueueApc(&s.apc[0]);
}

static void test_misuse(void **state)
{
    (void)state;
    caught_params(kernel_stays_raised, "DT-I09", 0xC8, DISPATCH_LEVEL << 16 | APC_LEVEL << 8, (uintptr_t)stays_raised);
    caught_params(normal_stays_raised, "DT-I09", 0xC8, APC_LEVEL << 16, (uintptr_t)returns_raised);
    caught_params(inserts_nothing, "DT-W03", 0x0A, (uintptr_t)&s.apc[0], PASSIVE_LEVEL);
    caught_params(removes_nothing, "DT-W03", 0x0A, (uintptr_t)&s.apc[0], PASSIVE_LEVEL);
}

/* What a DPC finds on a processor that had nothing to do: a thread, but none that goes anywhere or is asked to do anything. */
static KDPC          on_idle;
static volatile LONG idle_seen;

static KDEFERRED_ROUTINE in_idle_thread;

static VOID in_idle_thread(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    PKTHREAD      self = KeGetCurrentThread();
    LARGE_INTEGER now = {0};

    (void)dpc, (void)a, (void)b;
    dt_expect(self != context);
    dt_expect_eq(KeWaitForSingleObject(self, Executive, KernelMode, TRUE, &now), STATUS_TIMEOUT); /* it has not ended */
    dt_expect_eq(KeSetSystemAffinityThreadEx(1), 0);
    KeRevertToUserAffinityThreadEx(0);
    dt_expect_eq(KeGetCurrentProcessorNumberEx(NULL), 1);
    dt_expect(!queue(0, self, normal_routine, KernelMode));
    dt_expect(!queue(1, self, normal_routine, UserMode));
    InterlockedIncrement(&idle_seen);
}

static void dpc_on_idle_processor(void *ctx)
{
    (void)ctx;
    begin_apc();
    idle_seen = 0;
    KeInitializeDpc(&on_idle, in_idle_thread, KeGetCurrentThread());
    KeSetTargetProcessorDpc(&on_idle, 1);
    KeInsertQueueDpc(&on_idle, NULL, NULL);
    KeFlushQueuedDpcs();
    dt_expect_eq(idle_seen, 1);
    dt_expect_eq(s.kernel_calls + s.calls, 0);
}

static void test_idle_thread(void **state)
{
    (void)state;
    passes(dpc_on_idle_processor);
    passes(dpc_on_idle_processor);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_given),
        cmocka_unit_test(test_run_down),
        cmocka_unit_test(test_beside_wait),
        cmocka_unit_test(test_misuse),
        cmocka_unit_test(test_idle_thread),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
