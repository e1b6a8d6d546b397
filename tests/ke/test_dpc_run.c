/* SPDX-License-Identifier: MIT */
/* DPC routines beside threads, interrupts and each other. DPC-015, DPC-054 .. DPC-057. */
#include "../machine.h"

static struct {
    KDPC   dpc[2];
    KEVENT done;
    LONG   inside[4], calls;
} s;

static bool overlapped, thread_beside, interrupted;

/* A few points, so that others can get in between. */
static void linger(void)
{
    for (int i = 0; i < 3; i++)
        KeReadStateEvent(&s.done);
}

static KDEFERRED_ROUTINE work;

/* DPC-055: one at a time on each processor. DPC-015, DPC-057: at once on two. */
static VOID work(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    ULONG cpu = KeGetCurrentProcessorNumberEx(NULL);

    (void)dpc, (void)context, (void)a, (void)b;
    dt_expect_eq(InterlockedIncrement(&s.inside[cpu]), 1);
    linger();
    if (__atomic_load_n(&s.inside[cpu ^ 1], __ATOMIC_RELAXED))
        __atomic_store_n(&overlapped, true, __ATOMIC_RELAXED);
    dt_expect_eq(InterlockedDecrement(&s.inside[cpu]), 0);
    InterlockedIncrement(&s.calls);
}

static void begin(void)
{
    memset(&s, 0, sizeof s);
    KeInitializeDpc(&s.dpc[0], work, NULL);
    KeInitializeDpc(&s.dpc[1], work, NULL);
    KeInitializeEvent(&s.done, NotificationEvent, FALSE);
}

static void inserts(void *ctx)
{
    KeInsertQueueDpc(ctx, NULL, NULL);
}

/* DPC-057: two DPCs with one routine. */
static void two_dpcs(void *ctx)
{
    (void)ctx;
    begin();
    dt_spawn(1, inserts, &s.dpc[1]);
    inserts(&s.dpc[0]);
    dt_join_all();
    dt_expect_eq(s.calls, 2);
}

/* DPC-015: one DPC, inserted elsewhere while its routine runs. */
static void one_dpc(void *ctx)
{
    (void)ctx;
    begin();
    dt_spawn(1, inserts, &s.dpc[0]);
    inserts(&s.dpc[0]);
    dt_join_all();
    KeFlushQueuedDpcs();
    dt_expect(s.calls == 1 || s.calls == 2);
}

static void test_parallel(void **state)
{
    (void)state;
    overlapped = false;
    reached(two_dpcs, 2, &overlapped);
    overlapped = false;
    reached(one_dpc, 2, &overlapped);
    passes(two_dpcs);
    passes(one_dpc);
}

/* DPC-055: many on one processor, from everywhere. */
static void one_after_the_other(void *ctx)
{
    (void)ctx;
    begin();
    KeSetTargetProcessorDpc(&s.dpc[0], 1);
    KeSetTargetProcessorDpc(&s.dpc[1], 1);
    KeSetImportanceDpc(&s.dpc[0], HighImportance);
    KeSetImportanceDpc(&s.dpc[1], HighImportance);
    dt_spawn(1, inserts, &s.dpc[0]);
    inserts(&s.dpc[1]);
    dt_join_all();
    KeFlushQueuedDpcs();
    dt_expect_eq(s.calls, 2);
}

static void test_one_at_a_time(void **state)
{
    (void)state;
    always(one_after_the_other, 2);
}

/* DPC-054: threads of the DPC's processor stand still, those of another go on. */
static void runs_on(void *ctx)
{
    ULONG cpu = (ULONG)(uintptr_t)ctx;

    for (int i = 0; i < 4; i++) {
        dt_expect_eq(__atomic_load_n(&s.inside[cpu], __ATOMIC_RELAXED), 0);
        if (__atomic_load_n(&s.inside[cpu ^ 1], __ATOMIC_RELAXED))
            thread_beside = true;
        KeReadStateEvent(&s.done);
    }
}

static void threads_beside(void *ctx)
{
    (void)ctx;
    begin();
    KeSetTargetProcessorDpc(&s.dpc[0], 1);
    KeSetImportanceDpc(&s.dpc[0], HighImportance);
    dt_spawn(1, runs_on, (void *)1);
    dt_spawn(0, runs_on, (void *)0);
    inserts(&s.dpc[0]);
    dt_join_all();
    KeFlushQueuedDpcs();
}

static void test_threads(void **state)
{
    (void)state;
    thread_beside = false;
    reached(threads_beside, 2, &thread_beside); /* simulated: in real time threads below DISPATCH_LEVEL run free */
}

/* DPC-056: an interrupt gets in, on the DPC's own processor. */
static KIPI_BROADCAST_WORKER interrupt;

static ULONG_PTR interrupt(ULONG_PTR context)
{
    ULONG cpu = KeGetCurrentProcessorNumberEx(NULL);

    (void)context;
    dt_expect_eq(KeGetCurrentIrql(), IPI_LEVEL);
    if (__atomic_load_n(&s.inside[cpu], __ATOMIC_RELAXED))
        interrupted = true;
    return 0;
}

static void interrupts(void *ctx)
{
    (void)ctx;
    begin();
    KeSetTargetProcessorDpc(&s.dpc[0], 1);
    KeSetImportanceDpc(&s.dpc[0], HighImportance);
    inserts(&s.dpc[0]);
    KeIpiGenericCall(interrupt, 0);
    KeFlushQueuedDpcs();
    dt_expect_eq(s.calls, 1);
}

static void test_interrupt(void **state)
{
    (void)state;
    interrupted = false;
    reached(interrupts, 2, &interrupted);
    passes(interrupts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parallel),
        cmocka_unit_test(test_one_at_a_time),
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_interrupt),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
