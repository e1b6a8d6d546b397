/* SPDX-License-Identifier: MIT */
/* machines: rt; serial: yes */
/* The clock compare of the real-time machine, stalls, and that an idle machine sleeps. */
#include "mach/rt_stub.h"

#include <dirent.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MS 1000000ull

/* ---- never early, in the order of arming ---- */

static _Atomic mach_ns  due_now[2];
static _Atomic mach_ns  last_tick[2];
static _Atomic uint64_t early, ticks[2];

static void note_tick(void)
{
    unsigned cpu = mach_cpu();
    last_tick[cpu] = mach_now();
    early += last_tick[cpu] < due_now[cpu];
    ticks[cpu]++;
}

static void arm(unsigned cpu, mach_ns due)
{
    due_now[cpu] = due;
    mach_clock_arm(cpu, due);
}

static void arm_many(void *arg)
{
    (void)arg;
    for (uint64_t i = 1; i <= 200; i++) {
        unsigned cpu = i % 2;
        uint64_t before = ticks[cpu];
        mach_ns  start = mach_now(), due = start + i % 7 * 100000;
        arm(cpu, due);
        for (; mach_now() < due; mach_stall(3000))
            mach_line_raise(cpu, MACH_LINE_IPI);
        stub_await(&ticks[cpu], before + 1);
        check(mach_now() >= due);
    }
}

static void clock_is_never_early(void **state)
{
    (void)state;
    stub_reset();
    early = ticks[0] = ticks[1] = 0;
    stub_on[MACH_LINE_CLOCK] = note_tick;
    assert_int_equal(stub_run(2, arm_many, NULL), MACH_DONE);
    assert_int_equal(early, 0);
    assert_int_equal(ticks[0] + ticks[1], 200);
}

/* The last call counts, be it earlier or later; MACH_NEVER is later than all. */
static void rearm(void *arg)
{
    (void)arg;
    mach_ns start = mach_now();

    arm(1, start + 10000 * MS);
    mach_stall(2 * MS);
    arm(1, start + 20 * MS);
    stub_await(&ticks[1], 1);
    check(mach_now() >= start + 20 * MS && mach_now() < start + 5000 * MS);

    start = mach_now();
    arm(1, start + 500 * MS);
    mach_stall(2 * MS);
    arm(1, start + 550 * MS);
    stub_await(&ticks[1], 2);
    check(mach_now() >= start + 550 * MS);

    arm(1, mach_now() + 200 * MS);
    arm(1, MACH_NEVER);
    mach_stall(250 * MS);
    check(ticks[1] == 2);
    arm(1, 0);
    stub_await(&ticks[1], 3);
    mach_stall(5 * MS);
    check(ticks[1] == 3 && ticks[0] == 0);
}

static void last_arming_counts(void **state)
{
    (void)state;
    stub_reset();
    early = ticks[0] = ticks[1] = 0;
    stub_on[MACH_LINE_CLOCK] = note_tick;
    assert_int_equal(stub_run(2, rearm, NULL), MACH_DONE);
    assert_int_equal(early, 0);
}

/* A processor whose token is held takes its clock at the holder's next point, not before. */
static void arm_while_held(void *arg)
{
    (void)arg;
    mach_irql_raise(13);
    arm(0, mach_now() + MS);
    mach_stall(5 * MS);
    check(ticks[0] == 0);
    mach_irql_lower(2);
    stub_await(&ticks[0], 1);
    arm(0, mach_now() + MS);
    stub_await(&ticks[0], 2);
    arm(0, 0);
    check(ticks[0] == 2);
    mach_point(MACH_POINT_DDI, NULL);
    stub_await(&ticks[0], 3);
    mach_irql_lower(0);
    check(ticks[0] == 3);
}

static void holder_takes_its_clock(void **state)
{
    (void)state;
    stub_reset();
    early = ticks[0] = 0;
    stub_on[MACH_LINE_CLOCK] = note_tick;
    assert_int_equal(stub_run(1, arm_while_held, NULL), MACH_DONE);
    assert_int_equal(early, 0);
}

/* Re-armed from the interrupt, as a periodic timer is. */
static void next_period(void)
{
    unsigned cpu = mach_cpu();

    note_tick();
    if (ticks[cpu] < 300)
        arm(cpu, due_now[cpu] + MS / 4);
}

static void run_periods(void *arg)
{
    (void)arg;
    mach_ns start = mach_now();

    arm(0, start + MS);
    arm(1, start + MS);
    stub_await(&ticks[0], 300);
    stub_await(&ticks[1], 300);
    check(mach_now() >= start + MS + 299 * MS / 4);
}

static void clock_rearmed_from_interrupt(void **state)
{
    (void)state;
    stub_reset();
    early = ticks[0] = ticks[1] = 0;
    stub_on[MACH_LINE_CLOCK] = next_period;
    assert_int_equal(stub_run(2, run_periods, NULL), MACH_DONE);
    assert_int_equal(early, 0);
}

/* A compare is replaced just when the one before it expires: the new one is not taken for the old one. */
static void replace_expiring(void *arg)
{
    (void)arg;
    for (unsigned i = 0; i < 4000; i++) {
        mach_ns due = mach_now() + 20000;
        mach_clock_arm(1, due);
        while (mach_now() < due + i * 37 % 40000)
            __builtin_ia32_pause();
        due = mach_now() + 30000;
        mach_clock_arm(1, due);
        stub_await(&last_tick[1], due);
    }
}

static void expiration_does_not_swallow_the_next(void **state)
{
    (void)state;
    stub_reset();
    last_tick[1] = due_now[1] = 0;
    stub_on[MACH_LINE_CLOCK] = note_tick;
    assert_int_equal(stub_run(2, replace_expiring, NULL), MACH_DONE);
}

/* Two processors arm each other's clock, earlier and later in turn, while it may be expiring: the last due time is kept. */
static _Atomic uint64_t storms_done;

static void arm_storm(void *arg)
{
    unsigned cpu = (unsigned)(uintptr_t)arg;

    for (unsigned i = 0; i < 3000; i++)
        mach_clock_arm(cpu, mach_now() + (i % 5) * 20000 + (i % 3 ? 0 : 30 * MS));
    uint64_t before = ticks[cpu];
    mach_ns  due = mach_now() + MS;
    mach_clock_arm(cpu, due);
    stub_await(&ticks[cpu], before + 1);
    storms_done++;
}

static void run_storm(void *arg)
{
    (void)arg;
    stub_thread(arm_storm, (void *)1, 1);
    stub_thread(arm_storm, (void *)0, 2);
    stub_await(&storms_done, 2);
}

static void arming_is_never_lost(void **state)
{
    (void)state;
    stub_reset();
    early = ticks[0] = ticks[1] = due_now[0] = due_now[1] = 0;
    stub_on[MACH_LINE_CLOCK] = note_tick;
    assert_int_equal(stub_run(2, run_storm, NULL), MACH_DONE);
}

/* ---- an idle machine sleeps ---- */

/* Only of the machine's threads: a sanitizer may have one of its own that wakes up now and then. */
static unsigned long switches_of(const char *tid)
{
    char          path[320], row[128];
    unsigned long n = 0, sum = 0;
    bool          ours = false;
    FILE         *f;

    snprintf(path, sizeof path, "/proc/self/task/%s/status", tid);
    f = fopen(path, "r");
    while (f && fgets(row, sizeof row, f)) {
        ours |= strncmp(row, "Name:\tdt-", 9) == 0;
        if (ours && sscanf(row, "voluntary_ctxt_switches: %lu", &n) == 1)
            sum += n;
    }
    if (f)
        fclose(f);
    return sum;
}

static unsigned long switches_of_others(void)
{
    DIR           *tasks = opendir("/proc/self/task");
    unsigned long  sum = 0;
    struct dirent *e;

    check(tasks != NULL);
    while ((e = readdir(tasks)))
        if (e->d_name[0] != '.' && atoi(e->d_name) != gettid())
            sum += switches_of(e->d_name);
    closedir(tasks);
    return sum;
}

static void nap(mach_ns ns)
{
    struct timespec t = {.tv_sec = 0, .tv_nsec = (long)ns};

    nanosleep(&t, NULL);
}

static void be_idle(void *arg)
{
    unsigned long *woken = arg;

    mach_clock_arm(0, mach_now() + 100000 * MS);
    mach_clock_arm(3, mach_now() + 100000 * MS);
    nap(100 * MS);
    unsigned long before = switches_of_others();
    nap(400 * MS);
    *woken = switches_of_others() - before;
}

static void idle_machine_does_not_wake(void **state)
{
    unsigned long woken = 0;

    (void)state;
    stub_reset();
    assert_int_equal(stub_run(4, be_idle, &woken), MACH_DONE);
    assert_int_equal(woken, 0);
}

/* Arming for later, or for never, does not wake the interrupt thread; it costs no context switch. */
static void arm_later(void *arg)
{
    unsigned long *woken = arg;
    mach_ns        base = mach_now() + 100000 * MS;

    mach_clock_arm(1, base);
    nap(100 * MS);
    unsigned long before = switches_of_others();
    for (unsigned i = 0; i < 10000; i++) {
        mach_clock_arm(1, i % 2 ? base + i : MACH_NEVER);
        if (i % 100 == 0)
            nap(MS / 10);
    }
    *woken = switches_of_others() - before;
}

static void arming_later_does_not_wake(void **state)
{
    unsigned long woken = 0;

    (void)state;
    stub_reset();
    assert_int_equal(stub_run(2, arm_later, &woken), MACH_DONE);
    assert_int_equal(woken, 0);
}

/* ---- stalls, and the clocks ---- */

static void stall_some(void *arg)
{
    (void)arg;
    for (unsigned irql = 0; irql <= 15; irql += 5) {
        mach_ns lengths[] = {0, 1000, 50000, 250000, 3 * MS};
        mach_irql_raise(irql);
        for (unsigned i = 0; i < 5; i++) {
            mach_ns start = mach_now();
            mach_stall(lengths[i]);
            check(mach_now() - start >= lengths[i]);
        }
        check(mach_irql() == irql);
        mach_irql_lower(0);
    }
    mach_time_polled();
}

static void stalls_are_long_enough(void **state)
{
    (void)state;
    stub_reset();
    assert_int_equal(stub_run(1, stall_some, NULL), MACH_DONE);
}

static void check_boot_time(void *arg)
{
    nt_100ns host = (uint64_t)time(NULL) * NT_100NS_PER_S + 11644473600ull * NT_100NS_PER_S;
    nt_100ns now = mach_boot_time() + nt_from_ns_floor(mach_now());

    (void)arg;
    check(mach_now() < 60000 * MS);
    check(now + 2 * NT_100NS_PER_S > host && now < host + 2 * NT_100NS_PER_S);
}

static void system_time_is_the_hosts(void **state)
{
    (void)state;
    stub_reset();
    assert_int_equal(stub_run(1, check_boot_time, NULL), MACH_DONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clock_is_never_early),
        cmocka_unit_test(last_arming_counts),
        cmocka_unit_test(holder_takes_its_clock),
        cmocka_unit_test(clock_rearmed_from_interrupt),
        cmocka_unit_test(expiration_does_not_swallow_the_next),
        cmocka_unit_test(arming_is_never_lost),
        cmocka_unit_test(idle_machine_does_not_wake),
        cmocka_unit_test(arming_later_does_not_wake),
        cmocka_unit_test(stalls_are_long_enough),
        cmocka_unit_test(system_time_is_the_hosts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
