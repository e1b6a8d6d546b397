/* SPDX-License-Identifier: MIT */
/* machines: rt */
/* One timer that several processors set and cancel at once: each call is one step. KTM-040, KTM-063, KTM-101. */
#include "../machine.h"

enum { CPUS = 4, ROUNDS = 20000, TIMERS = 2 };

static struct {
    KTIMER timer[TIMERS];
    LONG   begun, ended; /* times that one became set, and stopped to be */
} s;

static LARGE_INTEGER due_of(unsigned i)
{
    LARGE_INTEGER due;

    due.QuadPart = i % 3 ? -36000000000ll - i : 0x7000000000000000ll; /* in an hour, or at an absolute time */
    return due;
}

static void sets_and_cancels(void *ctx)
{
    (void)ctx;
    for (unsigned i = 0; i < ROUNDS; i++) {
        PKTIMER t = &s.timer[i % TIMERS];

        if (i % 4 == 3) {
            if (KeCancelTimer(t))
                InterlockedIncrement(&s.ended);
        } else if (!KeSetTimer(t, due_of(i), NULL)) {
            InterlockedIncrement(&s.begun);
        }
        if (i % 16 == 0)
            dt_expect(!KeReadStateTimer(t));
    }
}

static void body(void *ctx)
{
    memset(&s, 0, sizeof s);
    for (int i = 0; i < TIMERS; i++)
        KeInitializeTimer(&s.timer[i]);
    for (int cpu = 0; cpu < CPUS; cpu++)
        dt_spawn(cpu, sets_and_cancels, ctx);
    dt_join_all();
    for (int i = 0; i < TIMERS; i++)
        s.ended += KeCancelTimer(&s.timer[i]);
    dt_expect_eq(s.begun, s.ended);
    dt_expect(s.begun > 0);
    for (int i = 0; i < TIMERS; i++)
        dt_expect(!KeCancelTimer(&s.timer[i]));
    sleep_ms(1); /* the queues are sound */
}

static void test_owner(void **state)
{
    struct dt_config cfg = config(CPUS);

    (void)state;
    for (int i = 0; i < 3; i++)
        passes_with(&cfg, body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_owner)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
