/* SPDX-License-Identifier: MIT */
/* machines: none */
/* The race detector on interlocked operations, lists and reader-writer locks. */
#include "observe/feed.h"

#include "observe/race.c"
#include "observe/race_shadow.c"
#include "observe/tab.c"

enum {
    X = 0x10010,
    FLAG = 0x10020,
    HEAD = 0x10040,
    LOCK = 0x20000,
    OTHER_LOCK = 0x20008,
    PC1 = 0x400100,
    PC2 = 0x400200
};

static int setup(void **s)
{
    (void)s;
    feed_init();
    return race_install();
}

static int teardown(void **s)
{
    (void)s;
    race_remove();
    return 0;
}

static void read4(uint64_t address)
{
    E(MEM_READ, address, 4, PC1, 0);
}

static void write4(uint64_t address)
{
    E(MEM_WRITE, address, 4, PC2, 0);
}

static void interlocked(uint64_t address)
{
    E(MEM_ATOMIC, address, 4, PC2, 0);
}

static void locked(uint64_t lock, enum ev_lock kind, void (*what)(uint64_t), uint64_t address)
{
    E(LOCK_ACQUIRE, lock, kind, 0, 0);
    what(address);
    E(LOCK_RELEASE, lock, kind, 0, 0);
}

static void expect_race(void)
{
    assert_int_equal(feed_count, 1);
    assert_string_equal(feed_found[0].rule, "DT-X01");
    feed_count = 0;
    race_reset();
}

/* INT-006: count = count + 1 on one processor, InterlockedIncrement(&count) on another. */
static void plain_against_interlocked(void **s)
{
    (void)s;
    on(0, 0, 1);
    interlocked(X);
    on(1, 0, 2);
    read4(X);
    write4(X);
    expect_race();
    on(0, 0, 1);
    interlocked(X);
    on(1, 0, 2);
    interlocked(X);
    expect_silence();
}

/* INT-009: write the data, set the flag; read the flag, read the data. */
static void publication(void **s)
{
    (void)s;
    on(0, 0, 1);
    write4(X);
    interlocked(FLAG);
    on(1, 0, 2);
    interlocked(FLAG);
    read4(X);
    expect_silence();
    race_reset();
    on(0, 0, 1);
    write4(X);
    write4(FLAG);
    on(1, 0, 2);
    read4(FLAG);
    expect_race();
}

/* INT-020: two locks for one list exclude nobody. */
static void two_locks_for_one_list(void **s)
{
    (void)s;
    on(0, 2, 1);
    locked(LOCK, EV_LOCK_INTERLOCKED, write4, HEAD);
    on(1, 2, 2);
    locked(LOCK, EV_LOCK_INTERLOCKED, write4, HEAD);
    expect_silence();
    on(0, 2, 1);
    locked(LOCK, EV_LOCK_INTERLOCKED, write4, HEAD);
    on(1, 2, 2);
    locked(OTHER_LOCK, EV_LOCK_INTERLOCKED, write4, HEAD);
    expect_race();
}

/* A plain call without the lock beside an atomic one. */
static void plain_call_on_an_interlocked_list(void **s)
{
    (void)s;
    on(0, 2, 1);
    locked(LOCK, EV_LOCK_INTERLOCKED, write4, HEAD);
    on(1, 0, 2);
    write4(HEAD);
    expect_race();
}

/* INT-033. */
static void plain_calls_of_two(void **s)
{
    (void)s;
    on(0, 0, 1);
    write4(HEAD);
    on(1, 0, 2);
    write4(HEAD);
    expect_race();
}

/* SPL-037: acquire and release order what lies between. SPL-054: readers do not order each other, only writers. */
static void readers_and_writers(void **s)
{
    (void)s;
    on(0, 2, 1);
    locked(LOCK, EV_LOCK_RW_SHARED, read4, X);
    on(1, 2, 2);
    locked(LOCK, EV_LOCK_RW_SHARED, read4, X);
    on(2, 2, 3);
    locked(LOCK, EV_LOCK_RW_EXCLUSIVE, write4, X);
    on(0, 2, 1);
    locked(LOCK, EV_LOCK_RW_SHARED, read4, X);
    expect_silence();
    on(1, 2, 2);
    locked(LOCK, EV_LOCK_RW_SHARED, write4, X); /* a reader that writes */
    expect_race();
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(plain_against_interlocked),
        CASE(publication),
        CASE(two_locks_for_one_list),
        CASE(plain_call_on_an_interlocked_list),
        CASE(plain_calls_of_two),
        CASE(readers_and_writers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
