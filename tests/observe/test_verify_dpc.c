/* SPDX-License-Identifier: MIT */
/* machines: none */
/* DPC rules of the verifier: each bad sequence beside the one that is right. */
#include "observe/verifier.h"

/* A DPC in the block, queued by KeInsertQueueDpc. */
static void queue(uint64_t dpc, uint64_t context)
{
    E(DPC_INIT, dpc, 0, ROUTINE, context);
    E(DPC_QUEUE, dpc, 1, 0, ROUTINE);
}

static void start(uint64_t dpc, uint64_t context)
{
    E(DPC_START, dpc, ROUTINE, context, 0);
}

static void end(uint64_t dpc)
{
    E(DPC_END, dpc, ROUTINE, 2, 0);
}

static void init_while_queued_is_D02(void **s) /* DPC-009 */
{
    (void)s;
    queue(DPC, 0);
    E(DPC_INIT, DPC, 1, OTHER_ROUTINE, 0);
    expect_stop("DT-D02", 0, DPC, ROUTINE, 0, 0);
    E(DPC_QUEUE, DPC, 0, 0, ROUTINE);
    E(DPC_REMOVE, DPC, 1, 0, 0);
    E(DPC_INIT, DPC, 0, ROUTINE, 0);
    expect_silence();
}

static void change_while_queued_or_armed_is_D02(void **s) /* KTM-087 */
{
    (void)s;
    E(DPC_INIT, DPC, 0, ROUTINE, 0);
    E(DPC_CHANGE, DPC, 0, 1, 3);
    expect_silence();
    E(DPC_QUEUE, DPC, 0, 0, ROUTINE);
    E(DPC_CHANGE, DPC, 1, 1, 0);
    expect_warning("DT-D02");
    set_timer(TIMER, GLOBAL_DPC, 0);
    E(DPC_CHANGE, GLOBAL_DPC, 0, 0, 2);
    expect_warning("DT-D02");
    E(TIMER_CANCEL, TIMER, 1, 0, 0);
    E(DPC_CHANGE, GLOBAL_DPC, 0, 0, 2);
    expect_silence();
}

static void free_while_queued_is_D03(void **s) /* DPC-006 */
{
    (void)s;
    queue(DPC, BLOCK);
    free_block();
    expect_stop("DT-D03", 0xc7, 1, DPC, BLOCK, BLOCK + BYTES);
    expect_silence();
}

static void free_after_remove_is_fine(void **s) /* DPC-022 */
{
    (void)s;
    queue(DPC, BLOCK);
    E(DPC_REMOVE, DPC, 1, 0, 0);
    free_block();
    expect_silence();
}

static void failed_remove_does_not_count(void **s) /* DPC-023 */
{
    (void)s;
    queue(DPC, BLOCK);
    E(DPC_REMOVE, DPC, 0, 0, 0);
    free_block();
    expect_stop("DT-D03", 0xc7, 1, DPC, BLOCK, BLOCK + BYTES);
}

static void free_while_running_elsewhere_is_D03(void **s)
{
    (void)s;
    queue(DPC, BLOCK);
    on(1, 2, 0);
    start(DPC, BLOCK);
    on(0, 0, 1);
    free_block();
    expect_stop("DT-D03", 0xc7, 1, DPC, BLOCK, BLOCK + BYTES);
    expect_silence();
}

static void free_after_the_end_is_fine(void **s)
{
    (void)s;
    queue(DPC, BLOCK);
    on(1, 2, 0);
    start(DPC, BLOCK);
    end(DPC);
    on(0, 0, 1);
    free_block();
    expect_silence();
}

/* The DPC's last act is to set an event, for which the other side waits: right, although it has not returned. */
static void free_after_the_dpc_said_it_is_done_is_fine(void **s) /* KTM-075 */
{
    (void)s;
    queue(DPC, BLOCK);
    on(1, 2, 0);
    start(DPC, BLOCK);
    E(OBJECT_SIGNAL, EVENT, 0, 1, 0);
    on(0, 0, 1);
    free_block();
    on(1, 2, 0);
    E(OBJECT_SIGNAL, GLOBAL_EVENT, 0, 1, 0);
    end(DPC);
    expect_silence();
}

static void use_after_the_dpc_said_it_is_done_is_T05(void **s)
{
    (void)s;
    queue(DPC, BLOCK);
    on(1, 2, 0);
    start(DPC, BLOCK);
    E(OBJECT_SIGNAL, EVENT, 0, 1, 0);
    on(0, 0, 1);
    free_block();
    on(1, 2, 0);
    E(LOCK_INIT, LOCK, EV_LOCK_SPIN, 0, 0);
    E(LOCK_ACQUIRE, LOCK, EV_LOCK_SPIN_AT_DPC, 2, 0);
    expect_stop("DT-T05", 0, LOCK, BLOCK, BYTES, ROUTINE);
}

static void memory_used_anew_is_not_freed_memory(void **s)
{
    (void)s;
    queue(DPC, BLOCK);
    on(1, 2, 0);
    start(DPC, BLOCK);
    free_block();
    E(POOL_ALLOC, BLOCK, 0x100, 0, CALLER);
    E(LOCK_INIT, LOCK, EV_LOCK_SPIN, 0, 0);
    E(LOCK_ACQUIRE, LOCK, EV_LOCK_SPIN_AT_DPC, 2, 0);
    E(LOCK_RELEASE, LOCK, EV_LOCK_SPIN_AT_DPC, 2, 0);
    end(DPC);
    expect_silence();
}

static void two_instances_one_frees_is_T05(void **s) /* KTM-060 */
{
    (void)s;
    queue(GLOBAL_DPC, BLOCK);
    on(1, 2, 0);
    start(GLOBAL_DPC, BLOCK);
    on(0, 0, 1);
    E(DPC_QUEUE, GLOBAL_DPC, 0, 0, ROUTINE);
    on(0, 2, 1);
    start(GLOBAL_DPC, BLOCK);
    free_block();
    expect_stop("DT-T05", 0, BLOCK, BLOCK, BYTES, ROUTINE);
    expect_silence();
}

static void call_on_a_freed_context_is_T05(void **s) /* KTM-073 */
{
    (void)s;
    set_timer(GLOBAL_TIMER, GLOBAL_DPC, 0);
    E(TIMER_EXPIRE, GLOBAL_TIMER, 5 * MS, 5 * MS, 0);
    E(DPC_QUEUE, GLOBAL_DPC, 1, GLOBAL_TIMER, ROUTINE);
    E(TIMER_CANCEL, GLOBAL_TIMER, 0, 0, 0);
    free_block();
    E(POOL_ALLOC, BLOCK, BYTES, 0, CALLER); /* somebody else's now */
    expect_silence();
    on(1, 2, 0);
    start(GLOBAL_DPC, BLOCK);
    expect_stop("DT-T05", 0, BLOCK, BLOCK, BYTES, ROUTINE);
}

static void timer_cancelled_after_the_free_is_fine(void **s)
{
    (void)s;
    set_timer(GLOBAL_TIMER, GLOBAL_DPC, 0);
    free_block();
    E(TIMER_CANCEL, GLOBAL_TIMER, 1, 0, 0);
    E(POOL_ALLOC, BLOCK, BYTES, 0, CALLER);
    E(TIMER_SET, GLOBAL_TIMER, 9 * MS, 0, GLOBAL_DPC);
    E(TIMER_EXPIRE, GLOBAL_TIMER, 9 * MS, 9 * MS, 0);
    E(DPC_QUEUE, GLOBAL_DPC, 0, GLOBAL_TIMER, ROUTINE);
    on(0, 2, 1);
    start(GLOBAL_DPC, BLOCK);
    end(GLOBAL_DPC);
    expect_silence();
}

static void freed_dpc_of_a_set_timer_is_T05_when_it_expires(void **s)
{
    (void)s;
    set_timer(GLOBAL_TIMER, DPC, 0);
    free_block();
    expect_silence();
    E(TIMER_EXPIRE, GLOBAL_TIMER, 5 * MS, 5 * MS, 0);
    E(DPC_QUEUE, DPC, 0, GLOBAL_TIMER, ROUTINE);
    expect_stop("DT-T05", 0xc7, 1, DPC, BLOCK, BLOCK + BYTES);
}

static void unload_with_queued_dpc_is_D04(void **s) /* DPC-007 */
{
    (void)s;
    queue(DPC, 0);
    E(DRIVER_UNLOAD, DRIVER, 1, IMAGE, IMAGE_END);
    expect_stop("DT-D04", 0xc7, 2, ROUTINE, IMAGE, IMAGE_END);
    expect_silence();
}

static void unload_with_running_dpc_is_D04(void **s)
{
    (void)s;
    queue(DPC, 0);
    on(1, 2, 0);
    start(DPC, 0);
    E(OBJECT_SIGNAL, EVENT, 0, 1, 0);
    on(0, 0, 1);
    E(DRIVER_UNLOAD, DRIVER, 1, IMAGE, IMAGE_END);
    expect_stop("DT-D04", 0xce, ROUTINE, 0, ROUTINE, 0);
    expect_silence();
}

static void unload_after_flush_is_fine(void **s) /* KTM-086 */
{
    (void)s;
    queue(GLOBAL_DPC, 0);
    E(DRIVER_UNLOAD, DRIVER, 0, IMAGE, IMAGE_END);
    on(1, 2, 0);
    start(GLOBAL_DPC, 0);
    end(GLOBAL_DPC);
    on(0, 0, 1);
    E(DRIVER_UNLOAD, DRIVER, 1, IMAGE, IMAGE_END);
    expect_silence();
}

static void return_at_another_irql_is_D08(void **s) /* DPC-062 */
{
    (void)s;
    queue(DPC, 0x1234);
    on(1, 2, 0);
    start(DPC, 0x1234);
    E(DPC_END, DPC, ROUTINE, 5, 0);
    expect_stop("DT-D08", 0xc8, 5 << 16 | 2 << 8 | 2, ROUTINE, 0x1234, 0);
    expect_silence();
}

static void return_with_a_region_open_is_D08(void **s) /* DPC-064 */
{
    (void)s;
    queue(DPC, 0);
    on(0, 2, 1);
    start(DPC, 0);
    E(APC_DISABLE, 1, 0, -1, 0);
    E(APC_DISABLE, 1, -1, 0, 0);
    end(DPC);
    expect_silence();
    E(DPC_QUEUE, DPC, 0, 0, ROUTINE);
    start(DPC, 0);
    E(APC_DISABLE, 1, -1, -2, 0);
    end(DPC);
    expect_stop("DT-D08", 0xc7, 4, ROUTINE, -1, -2);
}

static void timer_dpc_with_a_region_open_is_D08(void **s) /* DPC-064 */
{
    (void)s;
    set_timer(TIMER, DPC, 0);
    E(TIMER_EXPIRE, TIMER, 5 * MS, 5 * MS, 0);
    E(DPC_QUEUE, DPC, 0, TIMER, ROUTINE);
    on(0, 2, 1);
    start(DPC, BLOCK);
    E(APC_DISABLE, 1, 0, -1, 0);
    end(DPC);
    expect_stop("DT-D08", 0xc7, 5, ROUTINE, 0, -1);
}

static void wait_in_a_dpc_is_D06(void **s) /* DPC-060, DPC-061 */
{
    (void)s;
    queue(DPC, 0);
    on(0, 2, 7);
    start(DPC, 0);
    E(WAIT_BEGIN, GLOBAL_EVENT, 1, 0, 1);
    expect_silence();
    E(WAIT_BEGIN, GLOBAL_EVENT, 1, 0, 2);
    expect_stop("DT-D06", 0xb8, 7, 0, 0, 0);
    end(DPC);
    on(0, 0, 7);
    E(WAIT_BEGIN, GLOBAL_EVENT, 1, 0, 0);
    expect_silence();
}

/* On the real-time machine threads below DISPATCH_LEVEL run beside the DPC of "their" processor. */
static void thread_beside_a_dpc_is_not_the_dpc(void **s)
{
    (void)s;
    queue(DPC, BLOCK);
    on(1, 2, 7);
    start(DPC, BLOCK);
    on(1, 0, 8);
    E(WAIT_BEGIN, GLOBAL_EVENT, 1, 0, 0);
    expect_silence();
    free_block();
    expect_stop("DT-D03", 0xc7, 1, DPC, BLOCK, BLOCK + BYTES);
    on(1, 0, 7); /* the interrupted thread cannot run: this is the DPC, which has lowered its IRQL */
    E(WAIT_BEGIN, GLOBAL_EVENT, 1, 0, 0);
    expect_stop("DT-D06", 0xb8, 7, 0, 0, 0);
}

static void wait_in_a_threaded_dpc_is_D06(void **s) /* TDP-010 */
{
    (void)s;
    on(0, 0, 3);
    E(DPC_INIT, DPC, 0, ROUTINE, 0);
    E(DPC_QUEUE, DPC, 0, 0, ROUTINE);
    on(0, 2, 3);
    E(DPC_START, DPC, ROUTINE, 0, 1);
    on(0, 0, 4);
    E(WAIT_BEGIN, GLOBAL_EVENT, 1, 0, 0);
    expect_silence();
    on(0, 2, 4);
    E(WAIT_BEGIN, GLOBAL_EVENT, 1, 0, 0); /* wrong, but not the DPC's doing */
    expect_stop("DT-W01", 0xc4, 0x121, 2, GLOBAL_EVENT, 0);
    on(0, 0, 3);
    E(WAIT_BEGIN, GLOBAL_EVENT, 1, 0, 0);
    expect_stop("DT-D06", 0xb8, 3, 0, 0, 0);
    on(0, 2, 5);
    E(DPC_START, GLOBAL_DPC, OTHER_ROUTINE, 0, 0); /* an ordinary one on the same processor: TDP-006 */
    E(DPC_END, GLOBAL_DPC, OTHER_ROUTINE, 2, 0);
    on(0, 2, 3);
    E(DPC_END, DPC, ROUTINE, 0, 0);
    expect_silence();
    on(0, 0, 3);
    E(WAIT_BEGIN, GLOBAL_EVENT, 1, 0, 0); /* the thread waits for the next one */
    expect_silence();
}

static void long_dpc_is_B01(void **s) /* DPC-070, DPC-071 */
{
    (void)s;
    queue(DPC, 0);
    on(0, 2, 1);
    at(1000);
    start(DPC, 0);
    E(STALL, 0, 60000, 0, 0);
    at(5000000); /* the clock was stepped while the DPC was held up: not its doing */
    E(STALL, 0, 40000, 0, 0);
    end(DPC);
    expect_silence();
    E(DPC_QUEUE, DPC, 0, 0, ROUTINE);
    start(DPC, 0);
    E(STALL, 0, 100001, 0, 0);
    end(DPC);
    expect_warning("DT-B01");
    expect_silence();
}

static void long_dpc_by_the_clock_is_B01(void **s)
{
    struct verify_options o = {.dpc_budget_ns = 500, .budget_by_clock = true};

    (void)s;
    verify_install(&o);
    queue(DPC, 0);
    on(0, 2, 1);
    start(DPC, 0);
    at(501);
    end(DPC);
    expect_found(FINDING_WARNING, "DT-B01", 0, 0, 501, 500, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(init_while_queued_is_D02),
        CASE(change_while_queued_or_armed_is_D02),
        CASE(free_while_queued_is_D03),
        CASE(free_after_remove_is_fine),
        CASE(failed_remove_does_not_count),
        CASE(free_while_running_elsewhere_is_D03),
        CASE(free_after_the_end_is_fine),
        CASE(free_after_the_dpc_said_it_is_done_is_fine),
        CASE(use_after_the_dpc_said_it_is_done_is_T05),
        CASE(memory_used_anew_is_not_freed_memory),
        CASE(two_instances_one_frees_is_T05),
        CASE(call_on_a_freed_context_is_T05),
        CASE(timer_cancelled_after_the_free_is_fine),
        CASE(freed_dpc_of_a_set_timer_is_T05_when_it_expires),
        CASE(unload_with_queued_dpc_is_D04),
        CASE(unload_with_running_dpc_is_D04),
        CASE(unload_after_flush_is_fine),
        CASE(return_at_another_irql_is_D08),
        CASE(return_with_a_region_open_is_D08),
        CASE(timer_dpc_with_a_region_open_is_D08),
        CASE(wait_in_a_dpc_is_D06),
        CASE(thread_beside_a_dpc_is_not_the_dpc),
        CASE(wait_in_a_threaded_dpc_is_D06),
        CASE(long_dpc_is_B01),
        CASE(long_dpc_by_the_clock_is_B01),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
