/* SPDX-License-Identifier: MIT */
/* machines: none */
/* EX_TIMER rules of the verifier: each bad sequence beside the one that is right. */
#include "observe/verifier.h"

enum { CANCEL = 1, WAIT = 1, ACCEPTED = 1, SET = 11, DELETE = 12 };

/* ExAllocateTimer and ExSetTimer: the KTIMER is the beginning of the EX_TIMER. */
static void set_ext(uint64_t callback, uint64_t context, uint64_t period)
{
    E(EXT_ALLOC, EXT, callback, context, 0);
    E(TIMER_INIT, EXT, 0, 0, 0);
    E(EXT_USE, EXT, SET, 0, CALLER);
    E(TIMER_SET, EXT, 5 * MS, period, EXT + 0x40);
}

static void expire(bool still_set)
{
    E(TIMER_EXPIRE, EXT, 5 * MS, 5 * MS, still_set);
    E(DPC_QUEUE, EXT + 0x40, 0, EXT, 0);
}

static void call(uint64_t context)
{
    E(EXT_CALLBACK_START, EXT, ROUTINE, context, 0);
}

static void end(void)
{
    E(EXT_CALLBACK_END, EXT, ROUTINE, 2, 0);
}

static void del(unsigned cancel, unsigned wait)
{
    E(EXT_USE, EXT, DELETE, 0, CALLER);
    if (cancel)
        E(TIMER_CANCEL, EXT, 1, 0, 0);
    E(EXT_DELETE, EXT, cancel, wait, ACCEPTED);
}

static void delete_with_wait_in_the_callback_is_T16(void **s) /* EXT-016 */
{
    (void)s;
    set_ext(ROUTINE, 0, 0);
    expire(false);
    on(0, 2, 9);
    call(0);
    del(0, 0);
    expect_silence();
    end();
    E(EXT_FREE, EXT, 0, 0, 0);
    on(0, 0, 9);
    set_ext(ROUTINE, 0, 0);
    expire(false);
    on(0, 2, 9);
    call(0);
    del(CANCEL, WAIT);
    expect_stop("DT-T16", 0xb8, 9, 0, 0, 0);
}

static void delete_with_wait_at_dispatch_is_T16(void **s) /* EXT-071 */
{
    (void)s;
    set_ext(ROUTINE, 0, 0);
    on(0, 2, 1);
    del(CANCEL, WAIT);
    expect_stop("DT-T16", 0xa, EXT, 2, 0, 0);
    set_ext(ROUTINE, 0, 0);
    on(0, 1, 1);
    del(CANCEL, WAIT);
    expect_silence();
}

static void delete_with_wait_under_a_spin_lock_is_T16(void **s) /* EXT-128 */
{
    (void)s;
    set_ext(ROUTINE, 0, 0);
    on(0, 2, 1);
    E(LOCK_ACQUIRE, LOCK, EV_LOCK_SPIN, 0, 0);
    del(CANCEL, WAIT);
    expect_stop("DT-T16", 0xa, EXT, 2, 0, 0);
    E(LOCK_RELEASE, LOCK, EV_LOCK_SPIN, 0, 0);
    on(0, 1, 1);
    set_ext(ROUTINE, 0, 0);
    E(LOCK_ACQUIRE, LOCK, EV_LOCK_FAST_MUTEX, 0, 0);
    del(CANCEL, WAIT);
    expect_silence();
}

static void use_after_free_is_T17(void **s) /* EXT-062, EXT-127 */
{
    (void)s;
    set_ext(ROUTINE, 0, 0);
    del(CANCEL, WAIT);
    E(EXT_FREE, EXT, 0, 0, 0);
    expect_silence();
    E(EXT_USE, EXT, SET, 1, CALLER);
    expect_stop("DT-T17", 0xc6, EXT, 1, CALLER, 0);
    set_ext(ROUTINE, 0, 0); /* the address is allocated again */
    expect_silence();
}

static void use_between_delete_and_free_is_a_warning(void **s)
{
    (void)s;
    set_ext(ROUTINE, 0, MS);
    expire(true);
    on(1, 2, 0);
    call(0);
    on(0, 0, 1);
    del(CANCEL, WAIT);
    on(1, 2, 0);
    E(EXT_USE, EXT, SET, 1, CALLER); /* the callback re-arms itself and is told FALSE: EXT-087, EXT-088 */
    expect_silence();
    on(0, 0, 2);
    E(EXT_USE, EXT, SET, 1, CALLER);
    expect_warning("DT-T17");
    E(EXT_USE, EXT, SET, 1, CALLER);
    expect_silence();
}

static void null_timer_is_T18(void **s) /* EXT-090 */
{
    (void)s;
    on(0, 2, 1);
    E(EXT_USE, 0, SET, 0, CALLER);
    expect_stop("DT-T18", 0xa, 0, 2, 0, CALLER);
}

static void leak_at_unload_is_T18(void **s) /* EXT-037 */
{
    (void)s;
    set_ext(ROUTINE, 0, 0);
    E(TIMER_CANCEL, EXT, 1, 0, 0);
    E(DRIVER_UNLOAD, DRIVER, 1, IMAGE, IMAGE_END);
    expect_stop("DT-T18", 0xc4, 0x62, DRIVER, 0, 1);
    expect_silence();
}

static void leak_without_callback_is_T18_of_its_user(void **s)
{
    (void)s;
    set_ext(0, 0, 0);
    E(DRIVER_UNLOAD, DRIVER + 8, 1, IMAGE_END, IMAGE_END + 0x1000);
    expect_silence();
    E(DRIVER_UNLOAD, DRIVER, 1, IMAGE, IMAGE_END);
    expect_stop("DT-T18", 0xc4, 0x62, DRIVER, 0, 1);
}

static void unload_with_pending_callback_is_T18(void **s)
{
    (void)s;
    set_ext(ROUTINE, 0, 0);
    del(0, 0);
    E(DRIVER_UNLOAD, DRIVER, 1, IMAGE, IMAGE_END);
    expect_stop("DT-T18", 0xc7, 2, ROUTINE, IMAGE, IMAGE_END);
    expect_silence();
}

static void deleted_timer_is_no_leak(void **s)
{
    (void)s;
    set_ext(ROUTINE, 0, 0);
    del(CANCEL, WAIT);
    E(EXT_FREE, EXT, 0, 0, 0);
    E(DRIVER_UNLOAD, DRIVER, 1, IMAGE, IMAGE_END);
    verify_run_end();
    expect_silence();
}

static void leak_without_unload_is_told_at_the_end(void **s)
{
    (void)s;
    E(DRIVER_LOAD, DRIVER, IMAGE, IMAGE_END, 0);
    set_ext(ROUTINE, 0, 0);
    verify_run_end();
    expect_silence(); /* the driver is loaded and may still delete it */
    verify_reset();
    set_ext(ROUTINE, 0, 0);
    verify_run_end();
    expect_warning("DT-T18");
    expect_silence();
}

static void callback_on_a_freed_context_is_T05(void **s) /* EXT-134 */
{
    (void)s;
    set_ext(ROUTINE, BLOCK + 8, 0);
    expire(false);
    E(EXT_USE, EXT, SET, 0, CALLER);
    E(TIMER_CANCEL, EXT, 0, 0, 0);
    free_block();
    expect_silence();
    on(1, 2, 0);
    call(BLOCK + 8);
    expect_stop("DT-T05", 0, BLOCK + 8, BLOCK, BYTES, ROUTINE);
}

static void context_freed_under_the_callback_is_T05(void **s) /* EXT-134 */
{
    (void)s;
    set_ext(ROUTINE, BLOCK, 0);
    expire(false);
    on(1, 2, 0);
    call(BLOCK);
    on(0, 0, 1);
    E(TIMER_CANCEL, EXT, 0, 0, 0);
    free_block();
    expect_stop("DT-T05", 0, BLOCK, BLOCK, BYTES, ROUTINE);
}

static void context_freed_after_delete_with_wait_is_fine(void **s) /* EXT-134, EXT-103 */
{
    (void)s;
    set_ext(ROUTINE, BLOCK, MS);
    expire(true);
    on(1, 2, 0);
    call(BLOCK);
    on(0, 0, 1);
    del(CANCEL, WAIT);
    on(1, 2, 0);
    end();
    E(EXT_FREE, EXT, 0, 0, 0);
    on(0, 0, 1);
    free_block();
    expect_silence();
}

static void callback_is_held_to_the_rules_of_a_dpc(void **s) /* EXT-131, EXT-132 */
{
    (void)s;
    set_ext(ROUTINE, 0x55, MS);
    expire(true);
    on(0, 2, 5);
    call(0x55);
    E(WAIT_BEGIN, GLOBAL_EVENT, 1, 0, 0);
    expect_stop("DT-D06", 0xb8, 5, 0, 0, 0);
    E(STALL, 0, 200000, 0, 0);
    E(EXT_CALLBACK_END, EXT, ROUTINE, 0, 0);
    expect_warning("DT-B01");
    expect_stop("DT-D08", 0xc8, 0 << 16 | 2 << 8 | 2, ROUTINE, 0x55, 0);
    expect_silence();
}

static void long_callback_inside_its_dpc_is_told_once(void **s) /* EXT-132 */
{
    (void)s;
    set_ext(ROUTINE, 0, MS);
    expire(true);
    on(0, 2, 5);
    E(DPC_START, EXT + 0x40, 0x66660, EXT, 0);
    call(0);
    E(STALL, 0, 200000, 0, 0);
    end();
    E(DPC_END, EXT + 0x40, 0x66660, 2, 0);
    expect_warning("DT-B01");
    expect_silence();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(delete_with_wait_in_the_callback_is_T16),
        CASE(delete_with_wait_at_dispatch_is_T16),
        CASE(delete_with_wait_under_a_spin_lock_is_T16),
        CASE(use_after_free_is_T17),
        CASE(use_between_delete_and_free_is_a_warning),
        CASE(null_timer_is_T18),
        CASE(leak_at_unload_is_T18),
        CASE(leak_without_callback_is_T18_of_its_user),
        CASE(unload_with_pending_callback_is_T18),
        CASE(deleted_timer_is_no_leak),
        CASE(leak_without_unload_is_told_at_the_end),
        CASE(callback_on_a_freed_context_is_T05),
        CASE(context_freed_under_the_callback_is_T05),
        CASE(context_freed_after_delete_with_wait_is_fine),
        CASE(callback_is_held_to_the_rules_of_a_dpc),
        CASE(long_callback_inside_its_dpc_is_told_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
