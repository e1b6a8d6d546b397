/* SPDX-License-Identifier: MIT */
/* machines: sim */
/*
 * The time-out of a wait ends with the wait, whatever ended it (WAI-053): a thread that is gone has no timer that still runs.
 * Threads that come later get the memory of those that are gone, if these were many.
 */
#include "apc.h"

enum { THREADS = 8, MANY = 4200, HOUR = 3600000 };

static KKERNEL_ROUTINE sets_event;

static VOID sets_event(PKAPC apc, PKNORMAL_ROUTINE *normal, PVOID *context, PVOID *a, PVOID *b)
{
    (void)apc, (void)normal, (void)context, (void)a, (void)b;
    s.kernel_calls++;
    KeSetEvent(&s.go, IO_NO_INCREMENT, FALSE);
}

/* Satisfied long before its time is over. */
static void waits(void *ctx)
{
    (void)ctx;
    dt_expect_eq(wait_ms(&s.never, HOUR), STATUS_SUCCESS);
}

/* By an APC that it has run in the middle of the wait. */
static void waits_for_apc(void *ctx)
{
    (void)ctx;
    s.thread = KeGetCurrentThread();
    KeSetEvent(&s.ready, IO_NO_INCREMENT, FALSE);
    dt_expect_eq(wait_ms(&s.go, HOUR), STATUS_SUCCESS);
}

static void waits_without_end(void *ctx)
{
    (void)ctx;
    wait_for(&s.done);
}

/* The time-outs would come now; the new threads wait for something else. */
static void time_goes_on(void)
{
    for (int i = 0; i < THREADS; i++)
        dt_spawn(i % 2, waits_without_end, NULL);
    for (int i = 0; i < 6; i++)
        sleep_ms(HOUR / 4);
    KeSetEvent(&s.done, IO_NO_INCREMENT, FALSE);
    dt_join_all();
}

static void satisfied(void *ctx)
{
    (void)ctx;
    begin();
    for (int n = 0; n < MANY; n += THREADS) {
        for (int i = 0; i < THREADS; i++)
            dt_spawn(i % 2, waits, NULL);
        settle();
        KeSetEvent(&s.never, IO_NO_INCREMENT, FALSE);
        dt_join_all();
        KeClearEvent(&s.never);
    }
    time_goes_on();
}

static void satisfied_by_apc(void *ctx)
{
    (void)ctx;
    begin();
    for (int n = 1; n <= MANY; n++) {
        dt_thread *t = dt_spawn(1, waits_for_apc, NULL);

        wait_for(&s.ready);
        KeClearEvent(&s.ready);
        settle();
        KeInitializeApc(&s.apc[0], s.thread, OriginalApcEnvironment, sets_event, NULL, NULL, KernelMode, NULL);
        dt_expect(KeInsertQueueApc(&s.apc[0], NULL, NULL, 0));
        dt_join(t);
        dt_expect_eq(s.kernel_calls, n);
    }
    time_goes_on();
}

static void test_timer_ends(void **state)
{
    (void)state;
    passes(satisfied);
    passes(satisfied_by_apc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_timer_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
