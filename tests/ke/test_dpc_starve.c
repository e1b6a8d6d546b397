/* SPDX-License-Identifier: MIT */
/* machines: sim */
/* Searches of a periodic timer's DPC: its processor's threads get on, whatever the schedule. Not one may be cut at the limit. */
#include "../machine.h"

enum { SCHEDULES = 300, LONG_RUN = 10000 };

static struct {
    KTIMER     timer;
    KDPC       dpc;
    KSPIN_LOCK lock;
    KEVENT     done;
    LONG       calls;
} s;

static KDEFERRED_ROUTINE count;

static VOID count(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    (void)dpc, (void)context, (void)a, (void)b;
    KIRQL old = KeAcquireSpinLockForDpc(&s.lock);

    s.calls++;
    KeReleaseSpinLockForDpc(&s.lock, old);
    KeSetEvent(&s.done, IO_NO_INCREMENT, FALSE);
}

static void run_timer(void *ctx)
{
    memset(&s, 0, sizeof s);
    KeInitializeEvent(&s.done, NotificationEvent, FALSE);
    KeInitializeSpinLock(&s.lock);
    if (*(const bool *)ctx)
        KeInitializeThreadedDpc(&s.dpc, count, NULL);
    else
        KeInitializeDpc(&s.dpc, count, NULL);
    KeInitializeTimerEx(&s.timer, SynchronizationTimer);
    KeSetTimerEx(&s.timer, (LARGE_INTEGER){.QuadPart = -10000}, 10, &s.dpc);
    dt_run_for(DT_MS(100));
    KeCancelTimer(&s.timer);
    KeFlushQueuedDpcs();
    dt_expect(s.calls > 0);
}

static void never_cut(bool threaded, unsigned processors, const char *strategy)
{
    struct dt_explore_result  r;
    struct dt_explore_options o = {.config = config(processors), .strategy = strategy, .schedules = SCHEDULES};

    assert_int_equal(dt_explore(run_timer, &threaded, &o, &r), 0);
    assert_int_equal(r.run.verdict, DT_PASS);
    assert_int_equal(r.cut, 0);
    assert_true(r.choices_max < LONG_RUN);
}

static void test_periodic(void **state)
{
    (void)state;
    for (unsigned processors = 1; processors <= 2; processors++) {
        never_cut(true, processors, "uniform");
        never_cut(false, processors, "uniform");
        never_cut(true, processors, "sticky:2");
        never_cut(true, processors, "random");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_periodic)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
