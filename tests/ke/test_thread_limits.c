/* SPDX-License-Identifier: MIT */
/* machines: sim */
/* Threads that cannot be made, for want of memory or of contexts: an error and nothing else. THR-001, EXT-024. */
#include "../address_space.h"

#include "ddk/ntifs.h"

enum { MOST = 5000, FAILURES = 2000000, TIMERS = 4500000 };

static struct {
    KEVENT go, all_gone;
    LONG   alive;
} s;

static VOID waits(PVOID context)
{
    (void)context;
    wait_for(&s.go);
    if (InterlockedDecrement(&s.alive) == 0)
        KeSetEvent(&s.all_gone, IO_NO_INCREMENT, FALSE);
}

static NTSTATUS create(void)
{
    HANDLE   handle = NULL;
    NTSTATUS status = PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, waits, NULL);

    if (NT_SUCCESS(status)) {
        InterlockedIncrement(&s.alive);
        ZwClose(handle);
    }
    return status;
}

/* ---- no memory: the first object of the process finds no room ---- */

static void without_memory(void *ctx)
{
    struct rlimit before = no_more_memory();
    NTSTATUS      status = create();
    PEX_TIMER     timer = ExAllocateTimer(NULL, NULL, 0);
    dt_thread    *thread = dt_spawn(0, NULL, ctx);

    setrlimit(RLIMIT_AS, &before);
    dt_expect_eq(status, STATUS_INSUFFICIENT_RESOURCES);
    dt_expect(!timer && !thread);
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
    passes(nothing); /* what each run needs is there from now on */
    passes(without_memory);
}

/* ---- no context ---- */

static void too_many(void *ctx)
{
    PETHREAD  none;
    NTSTATUS  status = STATUS_SUCCESS;
    PEX_TIMER timer;

    (void)ctx;
    s.alive = 0;
    KeInitializeEvent(&s.go, NotificationEvent, FALSE);
    KeInitializeEvent(&s.all_gone, NotificationEvent, FALSE);
    while (s.alive < MOST && NT_SUCCESS(status))
        status = create();
    dt_expect_eq(status, STATUS_INSUFFICIENT_RESOURCES);
    dt_expect(!NT_SUCCESS(PsLookupThreadByThreadId(NULL, &none))); /* what was not made has no id */
    for (int i = 0; i < FAILURES; i++)
        create();
    timer = ExAllocateTimer(NULL, NULL, 0);
    dt_expect(timer != NULL); /* and keeps no memory */
    ExDeleteTimer(timer, TRUE, FALSE, NULL);
    KeSetEvent(&s.go, IO_NO_INCREMENT, FALSE);
    wait_for(&s.all_gone);
    dt_expect_eq(s.alive, 0);
}

/* EXT-085: a deleted timer's memory serves again, if not soon. */
static void many_timers(void *ctx)
{
    (void)ctx;
    for (int i = 0; i < TIMERS; i++) {
        PEX_TIMER timer = ExAllocateTimer(NULL, NULL, 0);

        if (!timer)
            dt_expect(timer != NULL);
        ExDeleteTimer(timer, FALSE, FALSE, NULL);
    }
}

static void passes_for_long(dt_body *body)
{
    struct dt_config cfg = config(1);

    cfg.brief = cfg.faithful = true; /* nothing is recorded or looked for */
    cfg.steps_max = UINT64_C(1) << 40;
    passes_with(&cfg, body);
}

static void test_timers(void **state)
{
    (void)state;
    passes_for_long(many_timers);
}

static void test_contexts(void **state)
{
    (void)state;
    passes_for_long(too_many);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory), /* before there is any object */
        cmocka_unit_test(test_contexts),
        cmocka_unit_test(test_timers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
