/* SPDX-License-Identifier: MIT */
/* machines: rt; timeout: 300 */
/*
 * No line is lost. Every raiser counts up before it raises; every interrupt notes the count it sees. When the raisers are
 * done, each note must get to its count without any further help: a line that was lost would leave it behind.
 */
#include "mach/rt_stub.h"

#define CPUS      3
#define RAISERS   5
#define ROUNDS    60
#define PER_ROUND 100

static const enum mach_line all_lines[] = {2, 3, 5, 8, 11, 12, 13, 14, 15};
#define LINES (sizeof all_lines / sizeof all_lines[0])

static _Atomic uint64_t asked[CPUS][STUB_LINES], seen[CPUS][STUB_LINES];
static _Atomic uint64_t round_now, raisers_done;

static void note_seen(void)
{
    unsigned cpu = mach_cpu(), line = mach_irql();

    atomic_store(&seen[cpu][line], atomic_load(&asked[cpu][line]));
}

static uint32_t next_random(uint32_t *seed)
{
    return *seed = *seed * 1664525u + 1013904223u, *seed >> 8;
}

static void ask_and_raise(unsigned cpu, enum mach_line line)
{
    atomic_fetch_add(&asked[cpu][line], 1);
    mach_line_raise(cpu, line);
}

/* From any level, to any processor, any line; sometimes nothing but a raise and a lower, which races with the others. */
static void raise_some(uint32_t *seed)
{
    uint32_t r = next_random(seed);
    unsigned old = mach_irql(), level = r % 3 ? 2 + r / 8 % 14 : old;

    mach_irql_raise(level);
    if (r & 0x10000)
        ask_and_raise(r / 64 % CPUS, all_lines[r / 1024 % LINES]);
    if (level > 5)
        mach_irql_lower(5);
    mach_irql_lower(old);
}

static void raiser(void *arg)
{
    uint32_t seed = (uint32_t)(uintptr_t)arg;

    for (uint64_t round = 1; round <= ROUNDS; round++) {
        stub_await(&round_now, round);
        for (unsigned i = 0; i < PER_ROUND; i++)
            raise_some(&seed);
        raisers_done++;
    }
}

static void await_all_seen(void)
{
    for (unsigned cpu = 0; cpu < CPUS; cpu++)
        for (unsigned i = 0; i < LINES; i++)
            stub_await(&seen[cpu][all_lines[i]], atomic_load(&asked[cpu][all_lines[i]]));
}

static void run_rounds(void *arg)
{
    (void)arg;
    for (unsigned i = 0; i < RAISERS; i++)
        stub_thread(raiser, (void *)(uintptr_t)(i + 1), 0);
    for (uint64_t round = 1; round <= ROUNDS; round++) {
        round_now = round;
        stub_await(&raisers_done, round * RAISERS);
        await_all_seen();
    }
}

static void no_line_is_lost(void **state)
{
    (void)state;
    stub_reset();
    for (unsigned i = 0; i < LINES; i++)
        stub_on[all_lines[i]] = note_seen;
    assert_int_equal(stub_run(CPUS, run_rounds, NULL), MACH_DONE);
}

/*
 * The narrow window: one thread raises a line once while another, on that processor, raises and lowers IRQL all the time
 * and then stops; nobody but the interrupt thread is left to take the line.
 */
static _Atomic uint64_t toggling, toggled;

/* About a nanosecond a turn. */
static void spin(uint64_t turns)
{
    while (turns--)
        __asm__ volatile("");
}

/* With a line of its own to take the release goes the long way. */
static void hold_and_release(bool own_line)
{
    unsigned old = mach_irql_raise(2);

    if (own_line)
        mach_line_raise(1, MACH_LINE_CLOCK);
    mach_irql_lower(old);
}

static void toggle(void *arg)
{
    (void)arg;
    for (uint64_t i = 1;; i++) {
        for (unsigned n = 0; n < 2000 && toggling < i; n++)
            __builtin_ia32_pause();
        stub_await(&toggling, i);
        if (toggling == UINT64_MAX)
            return;
        for (unsigned n = i % 4 ? 1 : 40; n; n--)
            hold_and_release(i % 2);
        toggled = i;
    }
}

static void raise_while_toggling(void *arg)
{
    (void)arg;
    stub_thread(toggle, NULL, 1u << 1);
    for (uint64_t i = 1; i <= 40000; i++) {
        toggling = i;
        spin(i * 7 % 512);
        mach_line_raise(1, MACH_LINE_DPC);
        stub_await(&toggled, i);
        stub_await(&stub_taken[1][MACH_LINE_DPC], i);
    }
    toggling = UINT64_MAX;
}

/*
 * The other narrow window: the interrupt thread is about to sleep when the next line is raised. It has just told that it
 * took the last one, and takes a little longer each time until it sleeps.
 */
static void delay_a_little(void)
{
    spin(stub_count(1, MACH_LINE_IPI) * 7 % 512);
}

static void raise_while_dozing_off(void *arg)
{
    (void)arg;
    for (uint64_t i = 1; i <= 30000; i++) {
        mach_line_raise(1, MACH_LINE_IPI);
        for (unsigned n = 0; n < 2000 && stub_count(1, MACH_LINE_IPI) < i; n++)
            __builtin_ia32_pause();
        stub_await(&stub_taken[1][MACH_LINE_IPI], i);
    }
}

static void no_line_is_lost_at_sleep(void **state)
{
    (void)state;
    stub_reset();
    stub_on[MACH_LINE_IPI] = delay_a_little;
    assert_int_equal(stub_run(2, raise_while_dozing_off, NULL), MACH_DONE);
}

static void no_line_is_lost_at_release(void **state)
{
    (void)state;
    stub_reset();
    assert_int_equal(stub_run(2, raise_while_toggling, NULL), MACH_DONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_line_is_lost),
        cmocka_unit_test(no_line_is_lost_at_release),
        cmocka_unit_test(no_line_is_lost_at_sleep),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
