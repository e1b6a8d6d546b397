/* SPDX-License-Identifier: MIT */
/* machines: none */
/* The trace: every event is kept in order, found again and put into words. */
#include "base/ddi.c"
#include "observe/feed.h"

#include "observe/trace.c"
#include "observe/trace_text.c"

static int setup(void **s)
{
    (void)s;
    feed_init();
    return trace_start(TRACE_DEFAULT);
}

static int teardown(void **s)
{
    (void)s;
    trace_free();
    return 0;
}

static void events_are_kept_in_order(void **s)
{
    (void)s;
    for (uint64_t i = 0; i < 100000; i++)
        E(STALL, 0, i, 0, 0);
    E(MEM_READ, 8, 8, 0, 0);
    assert_int_equal(trace_count(), 100000);
    for (uint32_t i = 0; i < 100000; i++)
        assert_int_equal(trace_at(i)->a, i);
    assert_null(trace_at(100000));
    assert_int_equal(trace_lost(), 0);
    trace_reset();
    assert_int_equal(trace_count(), 0);
}

static void a_stopped_trace_stays(void **s)
{
    (void)s;
    E(STALL, 0, 1, 0, 0);
    trace_stop();
    E(STALL, 0, 2, 0, 0);
    assert_int_equal(trace_count(), 1);
    trace_start(EV_BIT(EV_STALL));
    E(IRQL_SET, 0, 0, 2, 0);
    assert_int_equal(trace_count(), 0);
}

static void queries(void **s)
{
    (void)s;
    E(TIMER_SET, 0x1000, 1, 0, 0);
    on(1, 2, 7);
    E(TIMER_SET, 0x2000, 2, 0, 0);
    on(0, 0, 1);
    E(TIMER_SET, 0x1000, 3, 0, 0);
    E(TIMER_CANCEL, 0x1000, 1, 0, 0);
    assert_int_equal(trace_last(EV_BIT(EV_TIMER_SET), (void *)0x1000, TRACE_NONE), 2);
    assert_int_equal(trace_last(EV_BIT(EV_TIMER_SET), (void *)0x1000, 2), 0);
    assert_int_equal(trace_last(EV_BIT(EV_TIMER_SET), NULL, 2), 1);
    assert_int_equal(trace_last(EV_BIT(EV_TIMER_SET), (void *)0x3000, TRACE_NONE), TRACE_NONE);
    assert_int_equal(trace_next(EV_BIT(EV_TIMER_CANCEL) | EV_BIT(EV_TIMER_RESET), NULL, 0), 3);
    assert_int_equal(trace_next_on(0, 1), 2);
    assert_int_equal(trace_next_on(1, 2), TRACE_NONE);
}

/* A DPC interrupts KeSetTimer between enter and set; what it calls is not what set the timer. */
static void the_call_behind_an_event(void **s)
{
    (void)s;
    E(DDI_ENTER, 0x9000, DDI_KeSetEvent, 0x401, 0);
    E(DDI_LEAVE, 0x9000, DDI_KeSetEvent, 0, 0);
    E(DDI_ENTER, 0x1000, DDI_KeSetTimer, 0x402, 0); /* 2 */
    on(1, 0, 2);
    E(DDI_ENTER, 0x2000, DDI_KeCancelTimer, 0x403, 0);
    on(0, 2, 1);
    E(DPC_START, 0x5000, 0x404, 0, 0);
    E(DDI_ENTER, 0x5000, DDI_KeInsertQueueDpc, 0x405, 0); /* 5 */
    E(DPC_QUEUE, 0x5000, 0, 0, 0x404);                    /* 6 */
    E(DDI_LEAVE, 0x5000, DDI_KeInsertQueueDpc, 1, 0);
    E(DPC_REMOVE, 0x5000, 0, 0, 0); /* 8: from no call */
    E(DPC_END, 0x5000, 0x404, 2, 0);
    on(0, 0, 1);
    E(TIMER_SET, 0x1000, 1, 0, 0); /* 10 */
    assert_int_equal(trace_ddi_of(10), 2);
    assert_int_equal(trace_ddi_of(6), 5);
    assert_int_equal(trace_ddi_of(8), TRACE_NONE);
    assert_int_equal(trace_ddi_of(0), TRACE_NONE);
}

static void a_call_made_by_a_ddi_is_not_the_one_behind_it(void **s)
{
    (void)s;
    E(DDI_ENTER, 0x1000, DDI_KeSetTimer, 0x401, 0);
    E(DDI_ENTER, 0x1000, DDI_KeSetTimerEx, 0x402, 0);
    E(DDI_LEAVE, 0x1000, DDI_KeSetTimerEx, 0, 0);
    E(TIMER_SET, 0x1000, 1, 0, 0);
    assert_int_equal(trace_ddi_of(3), 0);
}

static void notes_are_copied(void **s)
{
    char text[] = "beat 1";
    char buf[64];

    (void)s;
    E(NOTE, text, 0, 0, 0);
    text[5] = '2';
    assert_string_equal(trace_describe(trace_at(0), buf, sizeof buf), "\"beat 1\"");
}

static void address(const void *p, char *buf, size_t n)
{
    snprintf(buf, n, "<%x>", (unsigned)(uintptr_t)p);
}

static void every_event_has_words(void **s)
{
    char buf[200];

    (void)s;
    for (unsigned id = 0; id < EV_COUNT; id++) {
        struct ev e = {.id = (uint16_t)id, .obj = id == EV_NOTE ? "text" : (void *)0x1000, .a = 1, .b = 1, .c = 1};

        assert_true(strlen(trace_describe(&e, buf, sizeof buf)) > 3);
        assert_true(strlen(trace_describe(&e, buf, 5)) <= 4);
    }
    trace_print_address = address;
    trace_describe(
        &(struct ev){.id = EV_TIMER_SET, .obj = (void *)0x1000, .a = 50001, .b = 10000, .c = 0x2000}, buf, sizeof buf);
    assert_string_equal(buf, "timer <1000> set: due at 5.0001 ms, period 1.0000 ms, DPC <2000>");
    trace_describe(
        &(struct ev){.id = EV_DDI_ENTER, .obj = (void *)0x1000, .a = DDI_KeCancelTimer, .b = 0x77}, buf, sizeof buf);
    assert_string_equal(buf, "KeCancelTimer(<1000>, ...) called from <77>");
    trace_print_address = print_hex;
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(events_are_kept_in_order),
        CASE(a_stopped_trace_stays),
        CASE(queries),
        CASE(the_call_behind_an_event),
        CASE(a_call_made_by_a_ddi_is_not_the_one_behind_it),
        CASE(notes_are_copied),
        CASE(every_event_has_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
