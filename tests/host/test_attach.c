/* SPDX-License-Identifier: MIT */
/* machines: rt */
/* Threads of the host's program inside the machine: dt_attach, dt_detach. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "../address_space.h"

#include "ddk/ntifs.h"

enum { THREADS = 4, ROUNDS = 500 };

static struct {
    KEVENT begin, done;
    KTIMER timer;
    KDPC   dpc;
    LONG   inside, rounds, ended;

    PETHREAD thread; /* attached */
    LONGLONG before;
    KMUTEX   mutex;
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

/* ---- what it is while it is inside: a system thread, which others can find, wait for and inherit from ---- */

static LONGLONG system_time(void)
{
    LARGE_INTEGER t;

    KeQuerySystemTime(&t);
    return t.QuadPart;
}

static void *is_known(void *arg)
{
    PETHREAD found;

    (void)arg;
    assert_int_equal(dt_attach(1), 0);
    s.thread = PsGetCurrentThread();
    ObReferenceObject(s.thread);
    dt_expect(PsIsSystemThread(s.thread) && !PsIsThreadTerminating(s.thread));
    dt_expect(PsGetCurrentThreadId() != NULL && PsGetThreadId(s.thread) == PsGetCurrentThreadId());
    dt_expect_eq(PsLookupThreadByThreadId(PsGetCurrentThreadId(), &found), STATUS_SUCCESS);
    dt_expect(found == s.thread);
    ObDereferenceObject(found);
    dt_expect_eq(KeQueryPriorityThread((PKTHREAD)s.thread), 8);
    dt_expect_eq(KeGetCurrentProcessorNumberEx(NULL), 1);
    dt_expect(!KeAreApcsDisabled());
    dt_expect(PsGetThreadCreateTime(s.thread) >= s.before && PsGetThreadCreateTime(s.thread) <= system_time());
    KeWaitForSingleObject(&s.mutex, Executive, KernelMode, FALSE, NULL);
    KeReleaseMutex(&s.mutex, FALSE);
    KeSetEvent(&s.begin, IO_NO_INCREMENT, FALSE);
    KeWaitForSingleObject(&s.done, Executive, KernelMode, FALSE, NULL);
    dt_detach();
    return NULL;
}

/* Without that of the handle which asks. */
static ULONG references(PVOID object)
{
    PUBLIC_OBJECT_BASIC_INFORMATION info = {.PointerCount = 0};
    HANDLE                          handle;

    dt_expect_eq(ObOpenObjectByPointer(object, OBJ_KERNEL_HANDLE, NULL, 0, NULL, KernelMode, &handle), STATUS_SUCCESS);
    dt_expect_eq(ZwQueryObject(handle, ObjectBasicInformation, &info, sizeof info, NULL), STATUS_SUCCESS);
    ZwClose(handle);
    return info.PointerCount - 1;
}

/* THR-013, THR-016: the object stays signaled for as long as somebody holds it. */
static void knows(void *ctx)
{
    LARGE_INTEGER none = {.QuadPart = 0};
    PETHREAD      found;

    (void)ctx;
    memset(&s, 0, sizeof s);
    KeInitializeEvent(&s.begin, NotificationEvent, FALSE);
    KeInitializeEvent(&s.done, NotificationEvent, FALSE);
    KeInitializeMutex(&s.mutex, 0);
    s.before = system_time();
    assert_int_equal(pthread_create(&threads[0], NULL, is_known, NULL), 0);
    KeWaitForSingleObject(&s.begin, Executive, KernelMode, FALSE, NULL);
    HANDLE id = PsGetThreadId(s.thread);

    dt_expect_eq(PsGetThreadExitStatus(s.thread), STATUS_PENDING);
    dt_expect_eq(KeWaitForSingleObject(s.thread, Executive, KernelMode, FALSE, &none), STATUS_TIMEOUT);
    KeSetEvent(&s.done, IO_NO_INCREMENT, FALSE);
    for (int i = 0; i < 2; i++)
        dt_expect_eq(KeWaitForSingleObject(s.thread, Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
    dt_expect_eq(PsGetThreadExitStatus(s.thread), STATUS_SUCCESS);
    dt_expect(PsIsThreadTerminating(s.thread));
    dt_expect(!NT_SUCCESS(PsLookupThreadByThreadId(id, &found)));
    pthread_join(threads[0], NULL);
    dt_expect_eq(references(s.thread), 1); /* nobody else holds it */
    ObDereferenceObject(s.thread);
}

static void test_known(void **state)
{
    (void)state;
    passes(knows);
}

/* ---- EXT-117: who attaches wakes the processor for a timer that does not ---- */

static EXT_CALLBACK counts;

static VOID counts(PEX_TIMER timer, PVOID context)
{
    (void)timer, (void)context;
    InterlockedIncrement(&s.rounds);
}

static void arms(void *ctx)
{
    LARGE_INTEGER      due = {.QuadPart = -20000};
    EXT_SET_PARAMETERS p;

    ExInitializeSetTimerParameters(&p);
    p.NoWakeTolerance = EX_TIMER_UNLIMITED_TOLERANCE;
    ExSetTimer(ctx, due.QuadPart, 0, &p);
}

static void *wakes(void *arg)
{
    ULONGLONG until;

    assert_int_equal(dt_attach(1), 0);
    until = KeQueryInterruptTime() + 600000000; /* a minute: the host may be busy */
    while (ReadNoFence(&s.rounds) == 0 && KeQueryInterruptTime() < until)
        YieldProcessor();
    KeSetEvent(&s.done, IO_NO_INCREMENT, FALSE);
    dt_detach();
    return arg;
}

static void wakes_processor(void *ctx)
{
    (void)ctx;
    memset(&s, 0, sizeof s);
    KeInitializeEvent(&s.done, NotificationEvent, FALSE);
    PEX_TIMER timer = ExAllocateTimer(counts, NULL, EX_TIMER_NO_WAKE);

    KeSetSystemAffinityThread(1);
    dt_join(dt_spawn(1, arms, timer));
    dt_run_for(DT_MS(20));
    assert_int_equal(pthread_create(&threads[0], NULL, wakes, NULL), 0);
    KeWaitForSingleObject(&s.done, Executive, KernelMode, FALSE, NULL);
    dt_expect_eq(s.rounds, 1);
    ExDeleteTimer(timer, TRUE, TRUE, NULL);
    KeRevertToUserAffinityThread();
}

static void test_wakes(void **state)
{
    (void)state;
    passes(wakes_processor);
    pthread_join(threads[0], NULL);
}

/* ---- no memory: the first object of the process finds no room ---- */

static pthread_barrier_t barrier;

static void *finds_no_memory(void *arg)
{
    free(malloc(1000)); /* the host's share of this thread is there */
    pthread_barrier_wait(&barrier);
    pthread_barrier_wait(&barrier);
    int refused = dt_attach(-1);

    pthread_barrier_wait(&barrier);
    pthread_barrier_wait(&barrier);
    assert_int_equal(refused, -ENOMEM);
    assert_int_equal(dt_attach(-1), 0);
    dt_detach();
    pthread_barrier_wait(&barrier);
    return arg;
}

static void without_memory(void *ctx)
{
    struct rlimit before;

    (void)ctx;
    assert_int_equal(pthread_create(&threads[0], NULL, finds_no_memory, NULL), 0);
    pthread_barrier_wait(&barrier);
    before = no_more_memory();
    pthread_barrier_wait(&barrier);
    pthread_barrier_wait(&barrier);
    assert_int_equal(setrlimit(RLIMIT_AS, &before), 0);
    pthread_barrier_wait(&barrier);
    pthread_barrier_wait(&barrier);
}

static void nothing(void *ctx)
{
    (void)ctx;
}

static void test_memory(void **state)
{
    (void)state;
    if (SANITIZED || RACES_CHECKED) /* they need memory of their own */
        skip();
    assert_int_equal(pthread_barrier_init(&barrier, NULL, 2), 0);
    passes(nothing); /* what each run needs is there from now on */
    passes(without_memory);
    pthread_join(threads[0], NULL);
}

/* ---- errors ---- */

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
        cmocka_unit_test(test_memory), /* before there is any object */
        cmocka_unit_test(test_work),
        cmocka_unit_test(test_known),
        cmocka_unit_test(test_wakes),
        cmocka_unit_test(test_end),
        cmocka_unit_test(test_errors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
