/* SPDX-License-Identifier: MIT */
/* machines: none */
/* Executive locks as the observers see them: what they order (DT-X01), how a hold ends. */
#include "observe/feed.h"

#include "base/ev_exlock.h"
#include "observe/race.c"
#include "observe/race_shadow.c"
#include "observe/tab.c"

enum { X = 0x10010, LOCK = 0x20000, PC = 0x400100 };

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

static void acquire_(enum ev_exlock_kind kind, unsigned count)
{
    E(LOCK_ACQUIRE, LOCK, EV_LOCK_OTHER, 0, ev_exlock(kind, count));
}

static void release_(enum ev_exlock_kind kind, unsigned count)
{
    E(LOCK_RELEASE, LOCK, EV_LOCK_OTHER, 0, ev_exlock(kind, count));
}

static void write4(void)
{
    E(MEM_WRITE, X, 4, PC, 0);
}

static void expect_race(void)
{
    assert_int_equal(feed_count, 1);
    assert_string_equal(feed_found[0].rule, "DT-X01");
    feed_count = 0;
    race_reset();
}

static void guarded_write(unsigned thread, enum ev_exlock_kind kind)
{
    on(thread, 0, thread);
    acquire_(kind, 1);
    write4();
    release_(kind, 0);
}

/* Exclusive owners are ordered; shared ones are not, but for the next exclusive one. */
static void owners(void **s)
{
    (void)s;
    guarded_write(1, EV_EXLOCK_RESOURCE_EXCLUSIVE);
    guarded_write(2, EV_EXLOCK_RESOURCE_SHARED);
    guarded_write(3, EV_EXLOCK_RESOURCE_EXCLUSIVE);
    expect_silence();
    race_reset();
    guarded_write(1, EV_EXLOCK_PUSH_EXCLUSIVE);
    guarded_write(2, EV_EXLOCK_PUSH_SHARED);
    guarded_write(3, EV_EXLOCK_PUSH_EXCLUSIVE);
    expect_silence();
    race_reset();
    guarded_write(1, EV_EXLOCK_RESOURCE_SHARED);
    guarded_write(2, EV_EXLOCK_RESOURCE_SHARED);
    expect_race();
    guarded_write(1, EV_EXLOCK_PUSH_SHARED);
    guarded_write(2, EV_EXLOCK_PUSH_SHARED);
    expect_race();
}

static void reference(unsigned thread, enum ev_exlock_kind kind)
{
    on(thread, 0, thread);
    acquire_(kind, 0);
    write4();
    release_(kind, 0);
}

/* LCK-065, LCK-066: holders are not ordered, but all of them before the end of the wait. */
static void references(void **s)
{
    (void)s;
    reference(1, EV_EXLOCK_RUNDOWN);
    reference(2, EV_EXLOCK_RUNDOWN);
    expect_race();
    reference(1, EV_EXLOCK_RUNDOWN);
    on(2, 0, 2);
    acquire_(EV_EXLOCK_RUNDOWN, 1);
    write4();
    release_(EV_EXLOCK_RUNDOWN, 1);
    reference(3, EV_EXLOCK_RUNDOWN);
    expect_silence();
    race_reset();
    reference(1, EV_EXLOCK_REMOVE);
    on(2, 0, 2);
    acquire_(EV_EXLOCK_REMOVE, 1);
    write4();
    expect_silence();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(owners, setup, teardown),
        cmocka_unit_test_setup_teardown(references, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
