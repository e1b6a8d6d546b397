/* SPDX-License-Identifier: MIT */
/* machines: none */
/* The race detector: what orders two accesses, and what does not. DT-X01, EXT-019. */
#include "observe/feed.h"

#include "observe/race.c"
#include "observe/race_shadow.c"
#include "observe/tab.c"

enum {
    BLOCK = 0x10000,
    X = BLOCK + 0x10,
    LOCK = 0x20000,
    DPC = 0x20100,
    TIMER = 0x20200,
    EVENT = 0x20300,
    EXT = 0x20400,
    THREAD = 0x20500,
    ITEM = 0x20600,
    PC1 = 0x400100,
    PC2 = 0x400200,
    ROUTINE = 0x400300
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

static void expect_race(void)
{
    assert_int_equal(feed_count, 1);
    assert_string_equal(feed_found[0].rule, "DT-X01");
    assert_int_equal(feed_found[0].severity, FINDING_STOP);
    feed_count = 0;
    race_reset();
}

static void two_threads_race(void **s)
{
    (void)s;
    E(POOL_ALLOC, BLOCK, 0x40, 0x41414141, 0);
    on(0, 0, 1);
    at(100);
    read4(X);
    on(1, 0, 2);
    at(200);
    write4(X + 2);
    expect_found(FINDING_STOP, "DT-X01", 0, X + 2, PC2, PC1, BLOCK);

    const struct race_report *r = race_last();

    assert_ptr_equal(r->now.pc, (void *)PC2);
    assert_true(r->now.is_write && !r->before.is_write && !r->now.routine);
    assert_ptr_equal(r->now.address, (void *)(X + 2));
    assert_ptr_equal(r->before.address, (void *)X);
    assert_int_equal(r->now.thread, 2);
    assert_int_equal(r->before.thread, 1);
    assert_int_equal(r->before.cpu, 0);
    assert_int_equal(r->before.time_ns, 100);
    assert_int_equal(r->before.bytes, 4);
    assert_int_equal(r->offset, 0x12);
    assert_int_equal(r->tag, 0x41414141);
    race_reset();
    assert_null(race_last());
}

static void reads_and_neighbours_do_not_race(void **s)
{
    (void)s;
    on(0, 0, 1);
    read4(X);
    write4(X + 4);
    on(1, 0, 2);
    read4(X);
    write4(X + 8);
    write4(X - 4);
    expect_silence();
}

static void access_across_granules_races(void **s)
{
    (void)s;
    on(0, 0, 1);
    E(MEM_WRITE, X + 6, 4, PC1, 0);
    on(1, 0, 2);
    read4(X + 8);
    expect_race();
}

static void a_lock_orders(void **s)
{
    (void)s;
    for (unsigned t = 1; t < 4; t++) {
        on(t, 2, t);
        E(LOCK_ACQUIRE, LOCK, EV_LOCK_SPIN, 0, 0);
        write4(X);
        E(LOCK_RELEASE, LOCK, EV_LOCK_SPIN, 0, 0);
    }
    expect_silence();
}

static void two_locks_do_not_order(void **s)
{
    (void)s;
    for (unsigned t = 1; t < 3; t++) {
        on(t, 2, t);
        E(LOCK_ACQUIRE, LOCK + 8 * t, EV_LOCK_SPIN, 0, 0);
        write4(X);
        E(LOCK_RELEASE, LOCK + 8 * t, EV_LOCK_SPIN, 0, 0);
    }
    expect_race();
}

static void write_after_release_races(void **s)
{
    (void)s;
    on(0, 2, 1);
    E(LOCK_ACQUIRE, LOCK, EV_LOCK_SPIN, 0, 0);
    E(LOCK_RELEASE, LOCK, EV_LOCK_SPIN, 0, 0);
    write4(X);
    on(1, 2, 2);
    E(LOCK_ACQUIRE, LOCK, EV_LOCK_SPIN, 0, 0);
    read4(X);
    expect_race();
}

static void dpc(unsigned cpu, unsigned thread)
{
    on(cpu, 2, thread);
    E(DPC_START, DPC, ROUTINE, 0, 0);
}

static void dpc_end(void)
{
    E(DPC_END, DPC, ROUTINE, 2, 0);
}

static void queueing_a_dpc_orders(void **s)
{
    (void)s;
    on(0, 0, 1);
    write4(X);
    E(DPC_QUEUE, DPC, 1, 0, ROUTINE);
    dpc(1, 0);
    write4(X);
    dpc_end();
    expect_silence();
}

static void write_after_queueing_races_with_the_dpc(void **s) /* DPC-083 */
{
    (void)s;
    on(0, 0, 1);
    E(DPC_QUEUE, DPC, 1, 0, ROUTINE);
    write4(X);
    dpc(1, 0);
    read4(X);
    assert_ptr_equal(race_last()->now.routine, (void *)ROUTINE);
    expect_race();
}

static void dpc_does_not_race_with_what_it_interrupts(void **s)
{
    (void)s;
    on(0, 0, 1);
    write4(X);
    dpc(0, 1);
    write4(X);
    dpc_end();
    on(0, 0, 1);
    write4(X);
    expect_silence();
}

/* TDP-006: two threaded DPCs of one processor are ordered by their thread; nothing orders them with others. */
static void threaded_dpcs_belong_to_their_thread(void **s)
{
    (void)s;
    for (unsigned i = 0; i < 2; i++) {
        on(0, 2, 9);
        E(DPC_START, DPC, ROUTINE, 0, 1);
        on(0, 0, 9);
        write4(X);
        on(0, 2, 9);
        E(DPC_END, DPC, ROUTINE, 0, 0);
    }
    expect_silence();
    on(0, 0, 1);
    write4(X);
    expect_race();
    on(0, 2, 9);
    E(DPC_START, DPC, ROUTINE, 0, 1);
    on(0, 0, 9);
    write4(X);
    on(0, 2, 1); /* a thread of higher priority in between */
    write4(X);
    expect_race();
}

/* On the real-time machine threads below DISPATCH_LEVEL run beside the DPC of "their" processor. */
static void thread_beside_a_dpc_races_with_it(void **s)
{
    (void)s;
    dpc(1, 7);
    write4(X);
    on(1, 0, 8);
    write4(X);
    expect_race();
}

static void dpcs_on_one_processor_are_in_order(void **s) /* DPC-055, EXT-018 */
{
    (void)s;
    dpc(0, 1);
    write4(X);
    dpc_end();
    dpc(0, 2);
    write4(X);
    dpc_end();
    expect_silence();
}

static void periodic_dpcs_on_two_processors_race(void **s) /* KTM-060 */
{
    (void)s;
    on(0, 0, 1);
    write4(X);
    E(TIMER_SET, TIMER, 1, 10, DPC);
    for (unsigned cpu = 0; cpu < 2; cpu++) {
        on(cpu, 13, 0);
        E(TIMER_EXPIRE, TIMER, 1, 1, 1);
        E(DPC_QUEUE, DPC, cpu, TIMER, ROUTINE);
        dpc(cpu, 0);
        read4(X);
        expect_silence();
        write4(X + 8);
        dpc_end();
    }
    expect_race();
}

static void overlapping_callbacks_race(void **s) /* EXT-019, EXT-017 */
{
    (void)s;
    on(0, 0, 1);
    E(EXT_ALLOC, EXT, ROUTINE, BLOCK, 0);
    write4(X);
    E(EXT_USE, EXT, 0, 0, 0);
    for (unsigned cpu = 0; cpu < 2; cpu++) {
        on(cpu, 2, 0);
        E(EXT_CALLBACK_START, EXT, ROUTINE, BLOCK, 0);
        if (cpu == 0)
            read4(X); /* what was written before the set */
        expect_silence();
        write4(X);
    }
    expect_race();
}

static void locked_callbacks_do_not_race(void **s) /* EXT-019 */
{
    (void)s;
    for (unsigned cpu = 0; cpu < 2; cpu++) {
        on(cpu, 2, 0);
        E(EXT_CALLBACK_START, EXT, ROUTINE, BLOCK, 0);
        E(LOCK_ACQUIRE, LOCK, EV_LOCK_SPIN_AT_DPC, 2, 0);
        write4(X);
        E(LOCK_RELEASE, LOCK, EV_LOCK_SPIN_AT_DPC, 2, 0);
    }
    expect_silence();
}

static void delete_with_wait_orders(void **s) /* EXT-083 */
{
    (void)s;
    on(1, 2, 0);
    E(EXT_CALLBACK_START, EXT, ROUTINE, BLOCK, 0);
    write4(X);
    on(0, 0, 1);
    E(EXT_DELETE, EXT, 1, 1, 1);
    on(1, 2, 0);
    E(EXT_CALLBACK_END, EXT, ROUTINE, 2, 0);
    E(EXT_FREE, EXT, 0, 0, 0);
    on(0, 0, 1);
    E(POOL_FREE, BLOCK, 0x40, 0, PC1);
    expect_silence();
}

static void delete_without_wait_does_not_order(void **s) /* EXT-134 */
{
    (void)s;
    on(1, 2, 0);
    E(EXT_CALLBACK_START, EXT, ROUTINE, BLOCK, 0);
    write4(X);
    E(EXT_CALLBACK_END, EXT, ROUTINE, 2, 0);
    on(0, 0, 1);
    E(EXT_DELETE, EXT, 1, 0, 1);
    on(1, 2, 0);
    E(EXT_FREE, EXT, 0, 0, 0);
    on(0, 0, 1);
    E(POOL_FREE, BLOCK, 0x40, 0, PC1);
    assert_true(race_last()->now.is_free);
    expect_race();
}

static void flush_orders(void **s) /* DPC-027 */
{
    (void)s;
    dpc(1, 0);
    write4(X);
    dpc_end();
    on(0, 0, 1);
    E(DPC_FLUSH, 0, 0, 0, 0);
    E(DPC_FLUSH, 0, 1, 0, 0);
    read4(X);
    E(POOL_FREE, BLOCK, 0x40, 0, PC1);
    expect_silence();
}

static void cancel_does_not_order(void **s) /* KTM-073 */
{
    (void)s;
    on(0, 0, 1);
    E(TIMER_SET, TIMER, 1, 10, DPC);
    E(DPC_QUEUE, DPC, 1, TIMER, ROUTINE);
    dpc(1, 0);
    write4(X);
    dpc_end();
    on(0, 0, 1);
    E(TIMER_CANCEL, TIMER, 1, 0, 0);
    read4(X);
    expect_race();
}

static void a_signal_orders(void **s)
{
    const void *objects[3] = {(void *)LOCK, (void *)EVENT, (void *)TIMER};

    (void)s;
    dpc(1, 0);
    write4(X);
    E(OBJECT_SIGNAL, EVENT, 0, 1, 0);
    dpc_end();
    on(0, 0, 1);
    E(WAIT_BEGIN, LOCK, 3, U(objects), 0);
    E(WAIT_END, LOCK, 1, 0, 0);
    read4(X);
    expect_silence();
}

static void a_wait_that_timed_out_does_not_order(void **s)
{
    (void)s;
    dpc(1, 0);
    write4(X);
    E(OBJECT_SIGNAL, EVENT, 0, 1, 0);
    dpc_end();
    on(0, 0, 1);
    E(WAIT_BEGIN, EVENT, 1, 0, 2);
    E(WAIT_END, EVENT, 0x102, 0, 0);
    read4(X);
    expect_race();
}

static void interlocked_operations_order(void **s)
{
    (void)s;
    on(0, 0, 1);
    write4(X);
    E(MEM_ATOMIC, X + 8, 4, PC1, 0);
    on(1, 0, 2);
    E(MEM_ATOMIC, X + 8, 4, PC2, 0);
    write4(X);
    expect_silence();
}

static void interlocked_against_plain(void **s)
{
    (void)s;
    on(0, 0, 1);
    E(MEM_ATOMIC, X, 4, PC1, 0);
    on(1, 0, 2);
    read4(X);
    expect_silence();
    write4(X);
    expect_race();
}

static void thread_life_orders(void **s)
{
    (void)s;
    on(0, 0, 1);
    write4(X);
    E(THREAD_CREATE, THREAD, ROUTINE, 0, 8);
    on(1, 0, 2);
    E(THREAD_START, THREAD, ROUTINE, 0, 0);
    write4(X);
    E(THREAD_EXIT, THREAD, 0, 0, 0);
    on(0, 0, 1);
    E(WAIT_BEGIN, THREAD, 1, 0, 0);
    E(WAIT_END, THREAD, 0, 0, 0);
    write4(X);
    expect_silence();
}

static void a_stack_used_again_starts_clean(void **s)
{
    (void)s;
    on(0, 0, 2);
    write4(X);
    E(THREAD_EXIT, THREAD, BLOCK, 0x1000, 0);
    on(1, 0, 3);
    write4(X);
    expect_silence();
}

static void work_items_order(void **s)
{
    (void)s;
    dpc(0, 0);
    write4(X);
    E(WORK_QUEUE, ITEM, ROUTINE, 0, 0);
    dpc_end();
    on(1, 0, 5);
    E(WORK_START, ITEM, ROUTINE, 0, 0);
    write4(X);
    expect_silence();
}

static void code_at_dispatch_on_one_processor_is_in_order(void **s) /* IRQ-020 */
{
    (void)s;
    on(0, 2, 1);
    E(IRQL_SET, 0, 0, 2, 0);
    write4(X);
    E(IRQL_SET, 0, 2, 0, 0);
    on(0, 2, 2);
    E(DPC_START, DPC, ROUTINE, 0, 0);
    write4(X);
    dpc_end();
    on(0, 2, 3);
    E(IRQL_SET, 0, 0, 2, 0);
    write4(X);
    expect_silence();
    on(1, 2, 4);
    E(IRQL_SET, 0, 0, 2, 0);
    write4(X);
    expect_race();
}

static void new_memory_starts_clean(void **s)
{
    (void)s;
    E(POOL_ALLOC, BLOCK, 0x40, 0, 0);
    on(0, 0, 1);
    write4(X);
    E(POOL_FREE, BLOCK, 0x40, 0, 0);
    on(1, 0, 2);
    E(POOL_ALLOC, BLOCK, 0x40, 0, 0);
    write4(X);
    expect_silence();
}

static void a_big_block_is_cleared_by_what_was_touched(void **s)
{
    (void)s;
    on(0, 0, 1);
    for (uint64_t a = 0; a < 64; a++)
        write4(BLOCK + a * 64);
    E(POOL_ALLOC, BLOCK, 1 << 20, 0, 0);
    on(1, 0, 2);
    for (uint64_t a = 0; a < 64; a++)
        write4(BLOCK + a * 64);
    expect_silence();
}

static void many_granules_and_threads(void **s)
{
    (void)s;
    on(0, 0, 1);
    for (uint64_t a = 0; a < 20000; a++)
        write4(BLOCK + a * 8);
    expect_silence();
    on(0, 0, 2);
    read4(BLOCK + 19999 * 8);
    expect_race();
    for (unsigned t = 1; t <= SLOTS + 1; t++) {
        on(0, 0, t);
        write4(BLOCK + t * 8);
    }
    expect_warning("DT-V00");
    expect_silence();
}

/* The thread that it interrupts is in no order with it, nor is the DPC, but by the interrupt's lock. */
static void interrupt(bool locked)
{
    on(0, 5, 1);
    E(INTERRUPT, ITEM, 0, ROUTINE, 0);
    if (locked)
        E(LOCK_ACQUIRE, LOCK, EV_LOCK_INTERRUPT, 5, 0);
    write4(X);
    if (locked)
        E(LOCK_RELEASE, LOCK, EV_LOCK_INTERRUPT, 5, 0);
    E(INTERRUPT, ITEM, 1, ROUTINE, 0);
    on(0, 0, 1);
}

static void interrupt_races_with_its_thread(void **s)
{
    (void)s;
    on(0, 0, 1);
    write4(X);
    interrupt(true);
    assert_non_null(strstr(feed_found[0].what, "by an interrupt routine on processor 0"));
    expect_race();
    interrupt(true);
    write4(X);
    expect_race();
}

static void an_interrupt_lock_orders(void **s)
{
    (void)s;
    for (int i = 0; i < 3; i++) {
        on(0, 0, 1);
        E(LOCK_ACQUIRE, LOCK, EV_LOCK_INTERRUPT, 0, 0);
        write4(X);
        E(LOCK_RELEASE, LOCK, EV_LOCK_INTERRUPT, 0, 0);
        interrupt(true);
    }
    assert_int_equal(feed_count, 0);
}

static void interrupts_on_one_processor_are_in_order(void **s)
{
    (void)s;
    interrupt(false);
    interrupt(false);
    assert_int_equal(feed_count, 0);
}

/* What is on the stack of the interrupted thread while the routine runs is the routine's own. */
static void frames_of_an_interrupt_are_its_own(void **s)
{
    uint64_t top;

    (void)s;
    on(0, 5, 1);
    E(INTERRUPT, ITEM, 0, ROUTINE, (uintptr_t)&top + sizeof top);
    write4((uintptr_t)&top);
    E(INTERRUPT, ITEM, 1, ROUTINE, 0);
    on(0, 0, 1);
    write4((uintptr_t)&top);
    assert_int_equal(feed_count, 0);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(two_threads_race),
        CASE(reads_and_neighbours_do_not_race),
        CASE(access_across_granules_races),
        CASE(a_lock_orders),
        CASE(two_locks_do_not_order),
        CASE(write_after_release_races),
        CASE(queueing_a_dpc_orders),
        CASE(write_after_queueing_races_with_the_dpc),
        CASE(dpc_does_not_race_with_what_it_interrupts),
        CASE(threaded_dpcs_belong_to_their_thread),
        CASE(thread_beside_a_dpc_races_with_it),
        CASE(dpcs_on_one_processor_are_in_order),
        CASE(periodic_dpcs_on_two_processors_race),
        CASE(overlapping_callbacks_race),
        CASE(locked_callbacks_do_not_race),
        CASE(delete_with_wait_orders),
        CASE(delete_without_wait_does_not_order),
        CASE(flush_orders),
        CASE(cancel_does_not_order),
        CASE(a_signal_orders),
        CASE(a_wait_that_timed_out_does_not_order),
        CASE(interlocked_operations_order),
        CASE(interlocked_against_plain),
        CASE(thread_life_orders),
        CASE(a_stack_used_again_starts_clean),
        CASE(work_items_order),
        CASE(interrupt_races_with_its_thread),
        CASE(an_interrupt_lock_orders),
        CASE(interrupts_on_one_processor_are_in_order),
        CASE(frames_of_an_interrupt_are_its_own),
        CASE(code_at_dispatch_on_one_processor_is_in_order),
        CASE(new_memory_starts_clean),
        CASE(a_big_block_is_cleared_by_what_was_touched),
        CASE(many_granules_and_threads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
