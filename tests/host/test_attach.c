/* SPDX-License-Identifier: MIT */
/* machines: rt */
/* Threads of the host's program inside the machine: dt_attach, dt_detach. */
#include <errno.h>
#include <pthread.h>

#include "../machine.h"

enum { THREADS = 4, ROUNDS = 500 };

static struct {
    KEVENT begin, done;
    KTIMER timer;
    KDPC   dpc;
    LONG   inside, rounds, ended;
} s;

static KDEFERRED_ROUTINE fires;

static VOID fires(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    (void)dpc, (void)a, (void)b;
    KeSetEvent(context, IO_NO_INCREMENT, FALSE);
}

/* Queues a DPC, waits for what it signals, and is at PASSIVE_LEVEL all the while. */
static void *works(void *arg)
{
    int    cpu = (int)(intptr_t)arg;
    KEVENT fired;
    KDPC   dpc;

    assert_int_equal(dt_attach(cpu), 0);
    assert_int_equal(dt_attach(cpu), -EBUSY);
    KeInitializeEvent(&fired, SynchronizationEvent, FALSE);
    KeInitializeDpc(&dpc, fires, &fired);
    InterlockedIncrement(&s.inside);
    for (int i = 0; i < ROUNDS; i++) {
        KeInsertQueueDpc(&dpc, NULL, NULL);
        dt_expect_eq(KeWaitForSingleObject(&fired, Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
        dt_expect_eq(KeGetCurrentIrql(), PASSIVE_LEVEL);
        InterlockedIncrement(&s.rounds);
    }
    KeFlushQueuedDpcs();
    if (InterlockedIncrement(&s.ended) == THREADS)
        KeSetEvent(&s.done, IO_NO_INCREMENT, FALSE);
    dt_detach();
    return NULL;
}

static pthread_t threads[THREADS];

static void body(void *ctx)
{
    (void)ctx;
    memset(&s, 0, sizeof s);
    KeInitializeEvent(&s.done, NotificationEvent, FALSE);
    for (intptr_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, works, (void *)(i % 2 ? i / 2 : -1)), 0);
    KeWaitForSingleObject(&s.done, Executive, KernelMode, FALSE, NULL);
    dt_expect_eq(s.rounds, THREADS * ROUNDS);
}

static void test_work(void **state)
{
    (void)state;
    assert_int_equal(dt_attach(-1), -ESRCH);
    for (int round = 0; round < 3; round++) {
        passes(body);
        for (int i = 0; i < THREADS; i++)
            pthread_join(threads[i], NULL);
    }
    assert_int_equal(dt_attach(-1), -ESRCH);
}

/* The run waits for a thread that is still inside when the body has returned. */
static void *stays(void *arg)
{
    (void)arg;
    assert_int_equal(dt_attach(-1), 0);
    KeSetEvent(&s.begin, IO_NO_INCREMENT, FALSE);
    dt_run_for(DT_MS(20));
    InterlockedIncrement(&s.ended);
    dt_detach();
    return NULL;
}

static void leaves_early(void *ctx)
{
    (void)ctx;
    memset(&s, 0, sizeof s);
    KeInitializeEvent(&s.begin, NotificationEvent, FALSE);
    assert_int_equal(pthread_create(&threads[0], NULL, stays, NULL), 0);
    KeWaitForSingleObject(&s.begin, Executive, KernelMode, FALSE, NULL);
}

static void test_end(void **state)
{
    (void)state;
    passes(leaves_early);
    assert_int_equal(s.ended, 1);
    pthread_join(threads[0], NULL);
}

static void attaches_a_context(void *ctx)
{
    (void)ctx;
    dt_expect_eq(dt_attach(-1), -EBUSY);
    dt_expect_eq(dt_attach(99), -EINVAL);
}

static void test_errors(void **state)
{
    (void)state;
    passes(attaches_a_context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_work),
        cmocka_unit_test(test_end),
        cmocka_unit_test(test_errors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
