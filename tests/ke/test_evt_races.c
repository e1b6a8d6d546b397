/* SPDX-License-Identifier: MIT */
/* Events and schedules: reads beside a set, sets in DPCs, waits for several, storage that goes away. */
#include "../machine.h"

#define TAG 0x74764574 /* 'tEvt' */

static struct {
    KEVENT a, b;
    KDPC   dpc;
    LONG   released, order[4];
    bool   in_dpc;
    LONG   all_done;
} s;

static KDEFERRED_ROUTINE set_in_dpc;

static VOID set_in_dpc(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    (void)dpc, (void)context, (void)a, (void)b;
    s.in_dpc = true;
    KeSetEvent(&s.a, IO_NO_INCREMENT, FALSE);
    KeReadStateEvent(&s.b);
    s.in_dpc = false;
}

static void begin(EVENT_TYPE type)
{
    memset(&s, 0, sizeof s);
    KeInitializeEvent(&s.a, type, FALSE);
    KeInitializeEvent(&s.b, SynchronizationEvent, FALSE);
    KeInitializeDpc(&s.dpc, set_in_dpc, NULL);
}

/* EVT-008: an unsynchronised read sees the state before or after a set on another processor. */
static bool saw_before, saw_after;

static void sets(void *ctx)
{
    (void)ctx;
    KeSetEvent(&s.a, IO_NO_INCREMENT, FALSE);
}

static void read_beside_set(void *ctx)
{
    (void)ctx;
    begin(NotificationEvent);
    dt_spawn(1, sets, NULL);
    if (KeReadStateEvent(&s.a))
        saw_after = true;
    else
        saw_before = true;
    dt_join_all();
    dt_expect(KeReadStateEvent(&s.a) != 0);
}

static void test_read_beside_set(void **state)
{
    (void)state;
    always(read_beside_set, 2);
    if (simulated())
        assert_true(saw_before && saw_after);
}

/* EVT-021: a waiter released by a DPC runs after the DPC here, at once elsewhere. */
static bool ran_beside_dpc;

static void runs_after_dpc(void *ctx)
{
    (void)ctx;
    wait_for(&s.a);
    s.released = s.in_dpc ? 2 : 1;
}

static void set_by_dpc(int waiter)
{
    begin(SynchronizationEvent);
    KeSetTargetProcessorDpc(&s.dpc, 0);
    dt_spawn(waiter, runs_after_dpc, NULL);
    KeInsertQueueDpc(&s.dpc, NULL, NULL);
    dt_join_all();
    KeFlushQueuedDpcs();
}

static void set_by_dpc_here(void *ctx)
{
    (void)ctx;
    set_by_dpc(0);
    dt_expect_eq(s.released, 1);
}

static void set_by_dpc_elsewhere(void *ctx)
{
    (void)ctx;
    set_by_dpc(1);
    if (s.released == 2)
        ran_beside_dpc = true;
}

static void test_set_by_dpc(void **state)
{
    (void)state;
    if (simulated())
        always(set_by_dpc_here, 2);
    reached(set_by_dpc_elsewhere, 2, &ran_beside_dpc);
}

/* EVT-032: the first waiter waits for b too and cannot be satisfied: the next one gets the event. */
static void waits_for_both(void *ctx)
{
    PVOID objects[2] = {&s.a, &s.b};

    (void)ctx;
    dt_expect_eq(
        KeWaitForMultipleObjects(2, objects, WaitAll, Executive, KernelMode, FALSE, NULL, NULL), STATUS_SUCCESS);
    s.all_done = 1;
}

static void waits_for_one(void *ctx)
{
    (void)ctx;
    wait_for(&s.a);
    s.released = 1;
}

static void skips_unsatisfiable(void *ctx)
{
    (void)ctx;
    begin(SynchronizationEvent);
    dt_spawn(1, waits_for_both, NULL);
    settle();
    dt_thread *second = dt_spawn(1, waits_for_one, NULL);

    settle();
    KeSetEvent(&s.a, IO_NO_INCREMENT, FALSE);
    dt_join(second);
    dt_expect_eq(s.released, 1);
    dt_expect_eq(s.all_done, 0);
    KeSetEvent(&s.a, IO_NO_INCREMENT, FALSE); /* nobody takes it: it is not lost */
    dt_expect_eq(KeReadStateEvent(&s.a), 1);
    KeSetEvent(&s.b, IO_NO_INCREMENT, FALSE);
    dt_join_all();
    dt_expect_eq(s.all_done, 1);
    dt_expect_eq(KeReadStateEvent(&s.a), 0);
}

static void test_skips_unsatisfiable(void **state)
{
    (void)state;
    passes(skips_unsatisfiable);
}

/* EVT-036: who waits for an event may free it as soon as the wait is satisfied; the setter is through with it. */
static void sets_pool_event(void *ctx)
{
    KeSetEvent(ctx, IO_NO_INCREMENT, FALSE);
}

static void freed_by_waiter(void *ctx)
{
    PKEVENT e = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof *e, TAG);

    (void)ctx;
    KeInitializeEvent(e, NotificationEvent, FALSE);
    dt_spawn(1, sets_pool_event, e);
    wait_for(e);
    memset(e, 0xDD, sizeof *e);
    ExFreePoolWithTag(e, TAG);
    dt_join_all();
}

static void test_freed_by_waiter(void **state)
{
    (void)state;
    always(freed_by_waiter, 3);
}

/* EVT-035: the frame with the event is left while a DPC may still set it: some schedule shows it. Waiting for the DPC
 * itself makes it safe. */
static KDEFERRED_ROUTINE sets_callers_event;

static VOID sets_callers_event(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    (void)dpc, (void)a, (void)b;
    KeSetEvent(context, IO_NO_INCREMENT, FALSE);
}

static __attribute__((noinline)) void frame_with_event(bool patient)
{
    KEVENT done;

    KeInitializeEvent(&done, NotificationEvent, FALSE);
    KeInitializeDpc(&s.dpc, sets_callers_event, &done);
    KeSetTargetProcessorDpc(&s.dpc, 1);
    KeInsertQueueDpc(&s.dpc, NULL, NULL);
    wait_ms(&done, 2);
    if (patient)
        KeFlushQueuedDpcs();
    memset(&done, 0xCC, sizeof done); /* as the next call does */
    __asm__ volatile("" ::"r"(&done) : "memory");
}

static void leaves_frame(void *ctx)
{
    (void)ctx;
    begin(NotificationEvent);
    frame_with_event(false);
    KeFlushQueuedDpcs();
}

static void stays_in_frame(void *ctx)
{
    (void)ctx;
    begin(NotificationEvent);
    frame_with_event(true);
}

static void test_frame(void **state)
{
    (void)state;
    if (!SANITIZED)
        found(leaves_frame, 2, "DT-W03", 0x0A);
    always(stays_in_frame, 2);
}

/* EVT-037: initialized again while a thread waits; after the thread has come back it may be. */
static void waits_for_a(void *ctx)
{
    (void)ctx;
    wait_ms(&s.a, 10000); /* the host may be slow, and nobody waits that long */
}

static void wiped_under_waiter(void *ctx)
{
    (void)ctx;
    begin(NotificationEvent);
    dt_spawn(1, waits_for_a, NULL);
    settle();
    KeInitializeEvent(&s.a, NotificationEvent, FALSE);
    dt_join_all();
}

static void wiped_after_waiter(void *ctx)
{
    (void)ctx;
    begin(NotificationEvent);
    dt_spawn(1, waits_for_a, NULL);
    KeSetEvent(&s.a, IO_NO_INCREMENT, FALSE);
    dt_join_all();
    KeInitializeEvent(&s.a, NotificationEvent, FALSE);
}

static void test_wiped(void **state)
{
    (void)state;
    caught(wiped_under_waiter, "DT-W04", 0);
    always(wiped_after_waiter, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read_beside_set),
        cmocka_unit_test(test_set_by_dpc),
        cmocka_unit_test(test_skips_unsatisfiable),
        cmocka_unit_test(test_freed_by_waiter),
        cmocka_unit_test(test_frame),
        cmocka_unit_test(test_wiped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
