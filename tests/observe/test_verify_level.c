/* SPDX-License-Identifier: MIT */
/* machines: none */
/* Rules on locks, waits, IRQL and the end of routines: each bad sequence beside the one that is right. */
#include "observe/verifier.h"

static void enter(enum ev_role role)
{
    E(DRIVER_ENTER, ROUTINE, role, 0, DEVICE);
}

static void leave(enum ev_role role, unsigned irql)
{
    E(DRIVER_LEAVE, ROUTINE, role, irql, DEVICE);
}

static void second_acquire_is_L01(void **s) /* SPL-019, LCK-007 */
{
    (void)s;
    on(1, 2, 3);
    E(LOCK_ACQUIRE, LOCK, EV_LOCK_SPIN, 0, 0);
    E(LOCK_ACQUIRE, LOCK, EV_LOCK_SPIN, 0, 0);
    expect_stop("DT-L01", 0xf, LOCK, 0, 0, 0);
    E(LOCK_RELEASE, LOCK, EV_LOCK_SPIN, 0, 0);
    E(LOCK_ACQUIRE, LOCK, EV_LOCK_SPIN, 0, 0);
    E(LOCK_ACQUIRE, LOCK + 8, EV_LOCK_QUEUED, 2, 0);
    expect_silence();
    E(LOCK_ACQUIRE, EVENT, EV_LOCK_FAST_MUTEX, 0, 0);
    E(LOCK_ACQUIRE, EVENT, EV_LOCK_FAST_MUTEX, 0, 0);
    expect_stop("DT-L01", 0xc4, 0x1000, EVENT, 0, 0);
}

static void spinning_for_ones_own_lock_is_L01(void **s) /* SPL-020 */
{
    (void)s;
    on(1, 2, 3);
    E(LOCK_ACQUIRE, LOCK, EV_LOCK_SPIN, 0, 0);
    on(0, 2, 4);
    E(LOCK_SPUN, LOCK, 1, 0, 0);
    expect_silence();
    on(1, 2, 3);
    E(LOCK_SPUN, LOCK, 1, 0, 0);
    expect_stop("DT-L01", 0xf, LOCK, 0, 0, 0);
}

static void shared_locks_may_have_two_owners(void **s)
{
    (void)s;
    E(LOCK_ACQUIRE, LOCK, EV_LOCK_OTHER, 0, 0);
    E(LOCK_ACQUIRE, LOCK, EV_LOCK_OTHER, 0, 0);
    E(LOCK_RELEASE, LOCK, EV_LOCK_OTHER, 0, 0);
    E(LOCK_RELEASE, LOCK, EV_LOCK_OTHER, 0, 0);
    expect_silence();
}

static void release_of_a_free_lock_is_L02(void **s) /* SPL-021 */
{
    (void)s;
    E(LOCK_ACQUIRE, LOCK, EV_LOCK_SPIN, 0, 0);
    E(LOCK_RELEASE, LOCK, EV_LOCK_SPIN, 0, 0);
    expect_silence();
    E(LOCK_RELEASE, LOCK, EV_LOCK_SPIN, 0, 0);
    expect_stop("DT-L02", 0x10, LOCK, 0, 0, 0);
    E(LOCK_RELEASE, EVENT, EV_LOCK_FAST_MUTEX, 0, 0);
    expect_stop("DT-L02", 0xc4, 0x1007, EVENT, 0, 0);
}

static void routine_that_ends_with_a_lock_is_L04(void **s) /* SPL-029 */
{
    (void)s;
    enter(EV_ROLE_DISPATCH);
    on(0, 2, 1);
    E(LOCK_ACQUIRE, LOCK, EV_LOCK_SPIN, 0, 0);
    leave(EV_ROLE_DISPATCH, 2);
    expect_stop("DT-L04", 0xc4, 0x40009, U(verify_rules[VERIFY_L04].title), LOCK, 0);
    expect_silence();
}

static void callers_lock_is_no_concern_of_the_routine(void **s)
{
    (void)s;
    on(0, 2, 1);
    E(LOCK_ACQUIRE, LOCK, EV_LOCK_SPIN, 0, 0);
    enter(EV_ROLE_OTHER);
    E(LOCK_ACQUIRE, EVENT, EV_LOCK_SPIN, 2, 0);
    E(LOCK_RELEASE, EVENT, EV_LOCK_SPIN, 2, 0);
    leave(EV_ROLE_OTHER, 2);
    expect_silence();
}

static void dpc_that_ends_with_a_lock_is_L04(void **s) /* DPC-065 */
{
    (void)s;
    on(1, 0, 4);
    E(LOCK_ACQUIRE, EVENT, EV_LOCK_FAST_MUTEX, 0, 0); /* the interrupted thread's, no concern of the DPC */
    on(1, 2, 4);
    E(DPC_INIT, DPC, 0, ROUTINE, 0);
    E(DPC_QUEUE, DPC, 0, 0, ROUTINE);
    E(DPC_START, DPC, ROUTINE, 0, 0);
    E(LOCK_ACQUIRE, LOCK, EV_LOCK_SPIN_AT_DPC, 2, 0);
    E(LOCK_RELEASE, LOCK, EV_LOCK_SPIN_AT_DPC, 2, 0);
    E(DPC_END, DPC, ROUTINE, 2, 0);
    expect_silence();
    E(DPC_START, DPC, ROUTINE, 0, 0);
    E(LOCK_ACQUIRE, LOCK, EV_LOCK_SPIN_AT_DPC, 2, 0);
    E(DPC_END, DPC, ROUTINE, 2, 1);
    expect_stop("DT-L04", 0xc4, 0x40009, U(verify_rules[VERIFY_L04].title), LOCK, 0);
    expect_silence();
}

/* On the real-time machine threads below DISPATCH_LEVEL run beside the DPC of "their" processor. */
static void mutex_of_a_thread_is_no_concern_of_a_dpc(void **s)
{
    (void)s;
    on(1, 2, 4);
    E(DPC_START, DPC, ROUTINE, 0, 0);
    on(1, 0, 5);
    E(LOCK_ACQUIRE, EVENT, EV_LOCK_FAST_MUTEX, 0, 0);
    on(1, 2, 4);
    E(DPC_END, DPC, ROUTINE, 2, 0);
    expect_silence();
}

static void terminated_thread_leaves_no_routine_behind(void **s)
{
    (void)s;
    for (unsigned i = 0; i < 2 * VERIFY_FRAMES; i++) {
        on(0, 0, i + 1);
        enter(EV_ROLE_THREAD);
        E(THREAD_EXIT, 0x6000, 0, 0, 0);
    }
    expect_silence();
}

static void thread_that_ends_with_a_lock_is_L04(void **s) /* SPL-031 */
{
    (void)s;
    on(0, 0, 6);
    E(LOCK_ACQUIRE, LOCK, EV_LOCK_FAST_MUTEX, 0, 0);
    E(THREAD_EXIT, 0x6000, 0, 0, 0);
    expect_stop("DT-L04", 0xc4, 0x100a, LOCK, 0x6000, 0);
    E(LOCK_RELEASE, LOCK, EV_LOCK_FAST_MUTEX, 0, 0);
    E(THREAD_EXIT, 0x6000, 0, 0, 0);
    expect_silence();
}

static void freed_while_held_is_L11(void **s) /* SPL-023 */
{
    (void)s;
    on(0, 2, 6);
    E(LOCK_ACQUIRE, LOCK, EV_LOCK_SPIN, 0, 0);
    free_block();
    expect_stop("DT-L11", 0xc4, 0x100b, LOCK, 6, 0);
    E(LOCK_INIT, LOCK, EV_LOCK_SPIN, 0, 0);
    E(LOCK_ACQUIRE, LOCK, EV_LOCK_SPIN, 0, 0);
    E(LOCK_RELEASE, LOCK, EV_LOCK_SPIN, 0, 0);
    free_block();
    expect_silence();
}

static void wait_at_dispatch_is_W01(void **s) /* WAI-037, WAI-038, WAI-039 */
{
    (void)s;
    on(0, 2, 1);
    E(WAIT_BEGIN, GLOBAL_EVENT, 1, 0, 1);
    on(0, 1, 1);
    E(WAIT_BEGIN, GLOBAL_EVENT, 1, 0, 0);
    expect_silence();
    on(0, 2, 1);
    E(WAIT_BEGIN, GLOBAL_EVENT, 1, 0, 0);
    expect_stop("DT-W01", 0xc4, 0x121, 2, GLOBAL_EVENT, 0);
    E(WAIT_BEGIN, GLOBAL_EVENT, 1, 0, 2);
    expect_stop("DT-W01", 0xc4, 0x122, 2, GLOBAL_EVENT, 0);
    on(0, 3, 1);
    E(WAIT_BEGIN, GLOBAL_EVENT, 1, 0, 2);
    expect_stop("DT-W01", 0xc4, 0x120, 3, GLOBAL_EVENT, 0);
}

static void lower_without_raise_is_I03(void **s) /* IRQ-015, IRQ-016 */
{
    (void)s;
    E(IRQL_SET, 0, 0, 1, 0);
    E(IRQL_SET, 0, 1, 2, 0);
    E(IRQL_SET, 0, 2, 2, 0);
    E(IRQL_SET, 0, 2, 1, 0);
    E(IRQL_SET, 0, 1, 0, 0);
    expect_silence();
    on(0, 2, 1);
    E(IRQL_SET, 0, 2, 0, 0);
    expect_stop("DT-I03", 0xc4, 0x31, 2, 0, 0);
}

static void raises_are_counted_per_thread(void **s)
{
    (void)s;
    on(0, 0, 1);
    E(IRQL_SET, 0, 0, 1, 0);
    on(0, 0, 2);
    E(IRQL_SET, 0, 1, 0, 0);
    expect_stop("DT-I03", 0xc4, 0x31, 1, 0, 0);
    on(1, 1, 1);
    E(IRQL_SET, 0, 1, 0, 0);
    expect_silence();
}

static void lower_in_a_dpc_is_I03(void **s) /* DPC-063 */
{
    (void)s;
    on(0, 2, 1);
    E(DPC_START, DPC, ROUTINE, 0, 0);
    E(IRQL_SET, 0, 2, 5, 0);
    E(IRQL_SET, 0, 5, 2, 0);
    expect_silence();
    E(IRQL_SET, 0, 2, 0, 0);
    expect_stop("DT-I03", 0xc4, 0x31, 2, 0, 1);
}

static void lower_to_another_level_is_I04(void **s) /* IRQ-017 */
{
    (void)s;
    E(IRQL_SET, 0, 0, 1, 0);
    E(IRQL_SET, 0, 1, 2, 0);
    E(IRQL_SET, 0, 2, 0, 0);
    expect_warning("DT-I04");
    expect_silence();
}

static void routine_that_returns_at_another_irql_is_I09(void **s) /* IRQ-029 */
{
    (void)s;
    enter(EV_ROLE_DISPATCH);
    leave(EV_ROLE_DISPATCH, 0);
    expect_silence();
    enter(EV_ROLE_DISPATCH);
    E(IRQL_SET, 0, 0, 2, 0);
    on(0, 2, 1);
    leave(EV_ROLE_DISPATCH, 2);
    expect_stop("DT-I09", 0xc4, 0x2001d, U(verify_rules[VERIFY_I09].title), 0, 0);
    enter(EV_ROLE_COMPLETION);
    leave(EV_ROLE_COMPLETION, 0);
    expect_stop("DT-I09", 0xc4, 0xfa, ROUTINE, 2, 0);
    enter(EV_ROLE_CANCEL);
    leave(EV_ROLE_CANCEL, 0);
    expect_silence();
}

static void too_many_routines_are_told(void **s)
{
    (void)s;
    for (unsigned i = 0; i < VERIFY_FRAMES + 2; i++) {
        on(0, 0, i + 1);
        enter(EV_ROLE_DISPATCH);
    }
    expect_warning("DT-V00");
    expect_silence();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(second_acquire_is_L01),
        CASE(spinning_for_ones_own_lock_is_L01),
        CASE(shared_locks_may_have_two_owners),
        CASE(release_of_a_free_lock_is_L02),
        CASE(routine_that_ends_with_a_lock_is_L04),
        CASE(callers_lock_is_no_concern_of_the_routine),
        CASE(dpc_that_ends_with_a_lock_is_L04),
        CASE(mutex_of_a_thread_is_no_concern_of_a_dpc),
        CASE(terminated_thread_leaves_no_routine_behind),
        CASE(thread_that_ends_with_a_lock_is_L04),
        CASE(freed_while_held_is_L11),
        CASE(wait_at_dispatch_is_W01),
        CASE(lower_without_raise_is_I03),
        CASE(raises_are_counted_per_thread),
        CASE(lower_in_a_dpc_is_I03),
        CASE(lower_to_another_level_is_I04),
        CASE(routine_that_returns_at_another_irql_is_I09),
        CASE(too_many_routines_are_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
