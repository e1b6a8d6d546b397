/* SPDX-License-Identifier: MIT */
/*
 * Tests of libs/runtime/ebpf_work_queue.c of microsoft/ebpf-for-windows, unmodified, over the stand-in ebpf/ebpf_platform.h: a queue
 * of items that a timer's DPC on one processor works off. Built and run by tests/tool/test_samples.sh.
 */
#include <duetime/test.h>

#include "ebpf/ebpf_platform.h"
#include <ebpf_work_queue.h>

#define ITEMS 4

struct state {
    ebpf_timed_work_queue_t *queue;
    ebpf_list_entry_t        item[ITEMS];
    LONG                     done, wrong;
};

static void work(void *context, uint32_t cpu, ebpf_list_entry_t *item)
{
    struct state *s = context;

    if (item < s->item || item >= s->item + ITEMS || cpu != 1)
        InterlockedIncrement(&s->wrong);
    InterlockedIncrement(&s->done);
}

static struct state s;

static void set_up(LONGLONG ms)
{
    LARGE_INTEGER interval = {.QuadPart = 10000 * ms};

    s = (struct state){.queue = NULL};
    dt_expect_eq(ebpf_timed_work_queue_create(&s.queue, 1, &interval, work, &s), EBPF_SUCCESS);
}

static void insert(unsigned i, ebpf_work_queue_wakeup_behavior_t wake)
{
    ebpf_timed_work_queue_insert(s.queue, &s.item[i], wake);
}

DT_TEST(timer_works_the_queue_off, .processors = 2, .strategy = "dfs:0")
{
    set_up(10);
    insert(0, EBPF_WORK_QUEUE_WAKEUP_ON_TIMER);
    insert(1, EBPF_WORK_QUEUE_WAKEUP_ON_TIMER);
    dt_expect(!ebpf_timed_work_queue_is_empty(s.queue));
    dt_expect_eq(s.done, 0);
    dt_run_for(DT_MS(40));
    dt_expect_eq(s.done, 2);
    dt_expect_eq(s.wrong, 0);
    dt_expect(ebpf_timed_work_queue_is_empty(s.queue));
    ebpf_timed_work_queue_destroy(s.queue);
}

/* The queue is destroyed only after the DPC has run. */
DT_TEST(wakeup_works_at_once, .processors = 2, .strategy = "dfs:2")
{
    set_up(60000);
    insert(0, EBPF_WORK_QUEUE_WAKEUP_ON_TIMER);
    insert(1, EBPF_WORK_QUEUE_WAKEUP_ON_INSERT);
    ebpf_timed_work_queue_destroy(s.queue);
    dt_expect_eq(s.done, 2);
    dt_expect_eq(s.wrong, 0);
}

DT_TEST(no_such_processor, .processors = 1, .strategy = "dfs:0")
{
    LARGE_INTEGER            interval = {.QuadPart = 10000};
    ebpf_timed_work_queue_t *queue = NULL;

    dt_expect_eq(ebpf_timed_work_queue_create(&queue, 99, &interval, work, &s), EBPF_INVALID_ARGUMENT);
}

static void insert_two(void *unused)
{
    (void)unused;
    insert(0, EBPF_WORK_QUEUE_WAKEUP_ON_INSERT);
    insert(1, EBPF_WORK_QUEUE_WAKEUP_ON_TIMER);
}

static void flush_once(void)
{
    KIRQL old;

    KeRaiseIrql(DISPATCH_LEVEL, &old);
    ebpf_timed_work_queued_flush(s.queue);
    KeLowerIrql(old);
}

/* Every item is worked off exactly once, whoever inserts and flushes meanwhile. */
DT_TEST(inserts_race_flush, .processors = 2, .strategy = "dfs:2")
{
    set_up(1);
    dt_thread *other = dt_spawn(0, insert_two, NULL);

    insert(2, EBPF_WORK_QUEUE_WAKEUP_ON_TIMER);
    flush_once();
    dt_join(other);
    flush_once();
    ebpf_timed_work_queue_destroy(s.queue); /* a DPC that has taken an item ends first */
    dt_expect_eq(s.done, 3);
}

/* KeCancelTimer, KeFlushQueuedDpcs, free: no DPC comes after that. */
DT_TEST(destroy_races_timer, .processors = 2, .strategy = "dfs:2")
{
    set_up(1);
    insert(0, EBPF_WORK_QUEUE_WAKEUP_ON_TIMER);
    dt_run_for(DT_MS(1));
    ebpf_timed_work_queue_destroy(s.queue);
    dt_expect(s.done <= 1);
}

DT_TEST(timer_is_armed_again, .processors = 2, .strategy = "dfs:0")
{
    set_up(1);
    insert(0, EBPF_WORK_QUEUE_WAKEUP_ON_TIMER);
    dt_run_for(DT_MS(40));
    dt_expect_eq(s.done, 1);
    insert(1, EBPF_WORK_QUEUE_WAKEUP_ON_TIMER);
    dt_run_for(DT_MS(40));
    dt_expect_eq(s.done, 2);
    ebpf_timed_work_queue_destroy(s.queue);
}
