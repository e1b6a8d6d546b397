/* SPDX-License-Identifier: MIT */
/* machines: none */
/* Timer rules of the verifier: each bad sequence beside the one that is right. */
#include "observe/verifier.h"

static void reinit_while_set_is_T02(void **s) /* KTM-008 */
{
    (void)s;
    set_timer(TIMER, DPC, 0);
    E(TIMER_INIT, TIMER, 1, 0, 0);
    expect_stop("DT-T02", 0, TIMER, DPC, 0, 0);
    set_timer(GLOBAL_TIMER, GLOBAL_DPC, 0);
    E(TIMER_CANCEL, GLOBAL_TIMER, 1, 0, 0);
    E(TIMER_INIT, GLOBAL_TIMER, 0, 0, 0);
    expect_silence();
}

static void free_with_set_timer_is_T03(void **s) /* KTM-010 */
{
    (void)s;
    set_timer(TIMER, DPC, 0);
    free_block();
    expect_stop("DT-T03", 0xc4, 0x15, TIMER, 0, BLOCK);
    expect_silence();
}

static void free_after_cancel_is_fine(void **s)
{
    (void)s;
    set_timer(TIMER, DPC, 0);
    E(TIMER_CANCEL, TIMER, 1, 0, 0);
    free_block();
    expect_silence();
}

static void free_beside_a_set_timer_is_fine(void **s)
{
    (void)s;
    E(TIMER_INIT, TIMER, 0, 0, 0);
    E(TIMER_SET, TIMER, 5 * MS, 0, 0);
    E(POOL_FREE, TIMER - 0x40, 0x40, 0, CALLER);
    E(POOL_FREE, TIMER + 1, 0x40, 0, CALLER);
    expect_silence();
    E(POOL_FREE, TIMER, 1, 0, CALLER);
    expect_stop("DT-T03", 0xc4, 0x15, TIMER, 0, TIMER);
}

static void one_shot_is_free_after_expiry_and_dpc(void **s)
{
    (void)s;
    set_timer(TIMER, DPC, 0);
    on(0, 13, 1);
    E(TIMER_EXPIRE, TIMER, 5 * MS, 5 * MS, 0);
    E(DPC_QUEUE, DPC, 0, TIMER, ROUTINE);
    on(0, 2, 1);
    E(DPC_START, DPC, ROUTINE, BLOCK, 0);
    E(DPC_END, DPC, ROUTINE, 2, 0);
    on(0, 0, 1);
    free_block();
    expect_silence();
}

static void dpc_may_free_its_own_one_shot(void **s) /* KTM-079 */
{
    (void)s;
    set_timer(TIMER, DPC, 0);
    on(0, 13, 1);
    E(TIMER_EXPIRE, TIMER, 5 * MS, 5 * MS, 0);
    E(DPC_QUEUE, DPC, 0, TIMER, ROUTINE);
    on(0, 2, 1);
    E(DPC_START, DPC, ROUTINE, BLOCK, 0);
    free_block();
    E(DPC_END, DPC, ROUTINE, 2, 0);
    expect_silence();
}

static void dpc_must_not_free_its_own_periodic_timer(void **s) /* KTM-078 */
{
    (void)s;
    set_timer(TIMER, DPC, MS);
    on(0, 13, 1);
    E(TIMER_EXPIRE, TIMER, 5 * MS, 5 * MS, 1);
    E(DPC_QUEUE, DPC, 0, TIMER, ROUTINE);
    on(0, 2, 1);
    E(DPC_START, DPC, ROUTINE, BLOCK, 0);
    free_block();
    expect_stop("DT-T09", 0xc4, 0x15, TIMER, 0, BLOCK);
    E(DPC_END, DPC, ROUTINE, 2, 0);
    expect_silence();
}

static void dpc_may_free_its_periodic_timer_after_cancel(void **s) /* KTM-108 */
{
    (void)s;
    set_timer(TIMER, DPC, MS);
    E(TIMER_EXPIRE, TIMER, 5 * MS, 5 * MS, 1);
    E(DPC_QUEUE, DPC, 0, TIMER, ROUTINE);
    on(0, 2, 1);
    E(DPC_START, DPC, ROUTINE, BLOCK, 0);
    E(TIMER_CANCEL, TIMER, 1, 0, 0);
    free_block();
    E(DPC_END, DPC, ROUTINE, 2, 0);
    expect_silence();
}

static void device_deleted_with_timer_in_extension_is_T04(void **s) /* KTM-106 */
{
    (void)s;
    E(TIMER_INIT, EXTENSION + 8, 0, 0, 0);
    E(TIMER_SET, EXTENSION + 8, 5 * MS, 0, 0);
    E(DEVICE_DELETE, DEVICE, DRIVER, EXTENSION, EXTENSION_BYTES);
    expect_stop("DT-T04", 0xc4, 0x15, EXTENSION + 8, 0, DEVICE);
    expect_silence();
}

static void device_deleted_with_timer_whose_dpc_uses_it_is_T04(void **s) /* KTM-106 */
{
    (void)s;
    E(TIMER_INIT, GLOBAL_TIMER, 0, 0, 0);
    E(DPC_INIT, GLOBAL_DPC, 0, ROUTINE, DEVICE);
    E(TIMER_SET, GLOBAL_TIMER, 5 * MS, MS, GLOBAL_DPC);
    E(DEVICE_DELETE, DEVICE, DRIVER, EXTENSION, EXTENSION_BYTES);
    expect_stop("DT-T04", 0xc4, 0x15, GLOBAL_TIMER, 0, DEVICE);
    expect_silence();
}

static void device_deleted_after_cancel_is_fine(void **s)
{
    (void)s;
    E(TIMER_INIT, EXTENSION + 8, 0, 0, 0);
    E(DPC_INIT, EXTENSION + 0x48, 0, ROUTINE, DEVICE);
    E(TIMER_SET, EXTENSION + 8, 5 * MS, MS, EXTENSION + 0x48);
    E(TIMER_CANCEL, EXTENSION + 8, 1, 0, 0);
    E(DEVICE_DELETE, DEVICE, DRIVER, EXTENSION, EXTENSION_BYTES);
    expect_silence();
}

static void unload_with_set_timer_is_T04(void **s) /* KTM-085, KTM-011 */
{
    (void)s;
    set_timer(GLOBAL_TIMER, DPC, 0);
    E(DRIVER_UNLOAD, DRIVER, 0, IMAGE, IMAGE_END);
    expect_silence();
    E(DRIVER_UNLOAD, DRIVER, 1, IMAGE, IMAGE_END);
    expect_stop("DT-T04", 0xc7, 0, GLOBAL_TIMER, IMAGE, IMAGE_END);
    expect_silence();
}

static void unload_with_timer_in_pool_is_T04_by_routine(void **s) /* DPC-007 */
{
    (void)s;
    set_timer(TIMER, DPC, MS);
    E(DRIVER_UNLOAD, DRIVER, 1, IMAGE, IMAGE_END);
    expect_stop("DT-T04", 0xc7, 2, ROUTINE, IMAGE, IMAGE_END);
    expect_silence();
}

static void unload_with_somebody_elses_timer_is_fine(void **s)
{
    (void)s;
    E(TIMER_INIT, TIMER, 0, 0, 0);
    E(DPC_INIT, DPC, 0, 0x77777, 0);
    E(TIMER_SET, TIMER, 5 * MS, 0, DPC);
    E(DRIVER_UNLOAD, DRIVER, 1, IMAGE, IMAGE_END);
    expect_silence();
}

static void two_timers_with_one_dpc_are_T10(void **s) /* KTM-084 */
{
    (void)s;
    set_timer(TIMER, DPC, 0);
    E(TIMER_INIT, OTHER_TIMER, 0, 0, 0);
    E(TIMER_SET, OTHER_TIMER, 5 * MS, 0, DPC);
    expect_warning("DT-T10");
    E(TIMER_SET, TIMER, 5 * MS, 0, DPC);
    expect_silence();
}

static void timer_and_insert_with_one_dpc_are_T10(void **s) /* KTM-080 */
{
    (void)s;
    set_timer(TIMER, DPC, 0);
    E(TIMER_SET, TIMER, 6 * MS, 0, DPC);
    expect_silence();
    E(DPC_QUEUE, DPC, 0, 0, ROUTINE);
    expect_warning("DT-T10");
    E(DPC_INIT, GLOBAL_DPC, 0, ROUTINE, 0);
    E(DPC_QUEUE, GLOBAL_DPC, 0, 0, ROUTINE);
    E(TIMER_SET, OTHER_TIMER, 5 * MS, 0, GLOBAL_DPC);
    expect_warning("DT-T10");
    expect_silence();
}

static void dpc_and_wait_on_one_timer_are_T11(void **s) /* KTM-076, KTM-077 */
{
    const void *objects[2] = {(void *)EVENT, (void *)TIMER};

    (void)s;
    set_timer(TIMER, DPC, 0);
    E(WAIT_BEGIN, EVENT, 2, U(objects), 1);
    E(WAIT_BEGIN, EVENT, 1, U(objects), 0);
    expect_silence();
    E(WAIT_BEGIN, EVENT, 2, U(objects), 0);
    expect_warning("DT-T11");
    E(WAIT_BEGIN, TIMER, 1, 0, 0);
    expect_silence();
}

static void ext_timer_with_callback_and_wait_is_fine(void **s) /* EXT-008, EXT-133 */
{
    (void)s;
    E(EXT_ALLOC, EXT, ROUTINE, 0, 0);
    E(TIMER_INIT, EXT, 0, 0, 0);
    E(TIMER_SET, EXT, 5 * MS, 0, EXT + 0x40);
    E(WAIT_BEGIN, EXT, 1, 0, 0);
    E(DPC_QUEUE, EXT + 0x40, 0, 0, 0x66660); /* how ex/ runs its callbacks is its own affair */
    expect_silence();
}

static void a_rule_can_be_off(void **s)
{
    struct verify_options o = {.off = VERIFY_BIT(VERIFY_T03)};

    (void)s;
    verify_install(&o);
    set_timer(TIMER, DPC, 0);
    free_block();
    E(TIMER_EXPIRE, TIMER, 5 * MS, 5 * MS, 0);
    expect_silence();
}

static void a_run_forgets_the_last_one(void **s)
{
    (void)s;
    set_timer(TIMER, DPC, 0);
    verify_reset();
    free_block();
    expect_silence();
    set_timer(TIMER, DPC, 0);
    free_block();
    expect_stop("DT-T03", 0xc4, 0x15, TIMER, 0, BLOCK);
}

static void ten_thousand_timers_are_tracked(void **s)
{
    (void)s;
    for (uint64_t i = 0; i < 10000; i++)
        set_timer(0x1000000 + i * 0x80, 0x1000040 + i * 0x80, 0);
    for (uint64_t i = 0; i < 10000; i += 2)
        E(TIMER_CANCEL, 0x1000000 + i * 0x80, 1, 0, 0);
    for (uint64_t i = 0; i < 10000; i++) {
        E(POOL_FREE, 0x1000000 + i * 0x80, 0x80, 0, CALLER);
        if (i % 2)
            expect_stop("DT-T03", 0xc4, 0x15, 0x1000000 + i * 0x80, 0, 0x1000000 + i * 0x80);
    }
    expect_silence();
}

static void rules_are_found_by_name(void **s)
{
    (void)s;
    assert_ptr_equal(verify_rule_find("DT-T03"), &verify_rules[VERIFY_T03]);
    assert_ptr_equal(verify_rule_find("t03"), &verify_rules[VERIFY_T03]);
    assert_ptr_equal(verify_rule_find("c28121"), &verify_rules[VERIFY_I01]);
    assert_ptr_equal(verify_rule_find("StorPortSpinLock"), &verify_rules[VERIFY_L04]);
    assert_null(verify_rule_find("DT-T0"));
    assert_null(verify_rule_find("DT-T030"));
    for (unsigned i = 0; i < VERIFY_RULES; i++)
        assert_true(verify_rules[i].id && verify_rules[i].why && verify_rules[i].repair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(reinit_while_set_is_T02),
        CASE(free_with_set_timer_is_T03),
        CASE(free_after_cancel_is_fine),
        CASE(free_beside_a_set_timer_is_fine),
        CASE(one_shot_is_free_after_expiry_and_dpc),
        CASE(dpc_may_free_its_own_one_shot),
        CASE(dpc_must_not_free_its_own_periodic_timer),
        CASE(dpc_may_free_its_periodic_timer_after_cancel),
        CASE(device_deleted_with_timer_in_extension_is_T04),
        CASE(device_deleted_with_timer_whose_dpc_uses_it_is_T04),
        CASE(device_deleted_after_cancel_is_fine),
        CASE(unload_with_set_timer_is_T04),
        CASE(unload_with_timer_in_pool_is_T04_by_routine),
        CASE(unload_with_somebody_elses_timer_is_fine),
        CASE(two_timers_with_one_dpc_are_T10),
        CASE(timer_and_insert_with_one_dpc_are_T10),
        CASE(dpc_and_wait_on_one_timer_are_T11),
        CASE(ext_timer_with_callback_and_wait_is_fine),
        CASE(a_rule_can_be_off),
        CASE(a_run_forgets_the_last_one),
        CASE(ten_thousand_timers_are_tracked),
        CASE(rules_are_found_by_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
