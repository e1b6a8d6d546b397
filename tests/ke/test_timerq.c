/* SPDX-License-Identifier: MIT */
/* machines: none */
/*
 * The timer queue alone: edge cases, and random operations against the dumbest possible model, with the queue's
 * invariants checked from inside. KTM-005, KTM-014, KTM-015, KTM-024, KTM-025, KTM-028, KTM-037 to KTM-040, KTM-063
 * are shown as far as they are the queue's business.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* The smaller, the more slots are met half taken apart. */
static unsigned pace;
#define KE_TIMERQ_PACE_MIN pace
#include "ke/timerq.c"

enum { TIMERS = 300, SEEDS = 400, STEPS = 2500 };

#define MS      UINT64_C(10000)
#define SECOND  (1000 * MS)
#define SLOT(l) (UINT64_C(1) << (KE_TIMERQ_BASE_BITS + STEP_BITS * (l)))
#define NEVER   UINT64_MAX

static struct ke_timerq queue, fresh;
static KTIMER           timers[TIMERS];

/* Sets the fields as KeInitializeTimer leaves them: Hand is the object's size. */
static void timers_init(void)
{
    memset(timers, 0xA5, sizeof timers);
    for (unsigned i = 0; i < TIMERS; i++) {
        memset(&timers[i].Header, 0, sizeof timers[i].Header);
        timers[i].Header.Type = 8;
        timers[i].Header.Hand = sizeof(KTIMER) / 4;
        timers[i].DueTime.QuadPart = 0;
    }
}

static int setup(void **state)
{
    (void)state;
    pace = 1;
    timers_init();
    ke_timerq_reset(&queue);
    return 0;
}

static int setup_all(void **state)
{
    (void)state;
    ke_timerq_init(&queue);
    fresh = queue;
    return 0;
}

/* ---- invariants ---- */

static uint64_t check_slot(unsigned level, unsigned i)
{
    unsigned shift = shift_of(level);
    uint64_t here = queue.cursor >> shift, start = (here + (i - here) % KE_TIMERQ_RING) << shift, n = 0;

    for (unsigned k = 0; k < slot_strands(level); k++) {
        LIST_ENTRY *head = slot_list(&queue, level, i) + k;

        for (LIST_ENTRY *e = head->Flink; e != head; e = e->Flink, n++) {
            assert_ptr_equal(e->Flink->Blink, e);
            assert_true(ke_timer_inserted(timer_of(e)));
            assert_true(due_of(e) > queue.front_last);
            assert_true(due_of(e) >= start);
            assert_true(start > (queue.cursor | BASE_MASK));
        }
    }
    if (n > 0)
        assert_true(slot_is_marked(&queue, level, i));
    return n;
}

static void check_queue(void)
{
    uint64_t n = 0;

    assert_true(queue.front_last >= (queue.cursor | BASE_MASK));
    for (LIST_ENTRY *e = queue.front.Flink; e != &queue.front; e = e->Flink, n++) {
        assert_ptr_equal(e->Flink->Blink, e);
        assert_true(due_of(e) <= queue.front_last);
        if (queue.front_sorted && e->Flink != &queue.front)
            assert_true(before(e, e->Flink));
    }
    assert_int_equal(n, queue.front_count);
    for (unsigned i = 0; i < KE_TIMERQ_LEVELS * KE_TIMERQ_RING; i++)
        n += check_slot(i / KE_TIMERQ_RING, i % KE_TIMERQ_RING);
    assert_int_equal(n, ke_timerq_count(&queue));
}

static unsigned iterated(void)
{
    struct ke_timerq_iter it;
    unsigned              n = 0;

    ke_timerq_iter_init(&it, &queue);
    for (PKTIMER t; (t = ke_timerq_iter_next(&it)) != NULL; n++)
        assert_true(ke_timer_inserted(t) && t >= timers && t < timers + TIMERS);
    return n;
}

/* ---- edge cases ---- */

static void test_empty_queue(void **state)
{
    (void)state;
    assert_false(ke_timer_inserted(&timers[0]));
    assert_false(ke_timerq_cancel(&queue, &timers[0]));
    assert_int_equal(timers[0].Header.Hand, 16);
    assert_null(ke_timerq_take(&queue, NEVER));
    assert_true(ke_timerq_next(&queue) == NEVER);
    assert_int_equal(iterated(), 0);
}

static void test_set_reports_what_was(void **state)
{
    (void)state;
    assert_false(ke_timerq_set(&queue, &timers[0], SECOND));
    assert_true(ke_timerq_set(&queue, &timers[0], 2 * SECOND));
    assert_true(ke_timerq_set(&queue, &timers[0], 1 * MS));
    assert_int_equal(ke_timerq_count(&queue), 1);
    assert_true(ke_timerq_cancel(&queue, &timers[0]));
    assert_false(ke_timerq_cancel(&queue, &timers[0]));
    assert_false(ke_timerq_set(&queue, &timers[0], SECOND));
    assert_ptr_equal(ke_timerq_take(&queue, SECOND), &timers[0]);
    assert_false(ke_timer_inserted(&timers[0]));
    assert_false(ke_timerq_set(&queue, &timers[0], SECOND));
}

static void test_other_fields_are_left_alone(void **state)
{
    KTIMER was;

    (void)state;
    was = timers[3];
    for (unsigned i = 0; i < 1000; i++)
        ke_timerq_set(&queue, &timers[3], i % 7 * SECOND);
    ke_timerq_cancel(&queue, &timers[3]);
    assert_int_equal(timers[3].Header.Type, was.Header.Type);
    assert_int_equal(timers[3].Header.TimerControlFlags, was.Header.TimerControlFlags);
    assert_int_equal(timers[3].Header.SignalState, was.Header.SignalState);
    assert_memory_equal(&timers[3].Header.WaitListHead, &was.Header.WaitListHead, sizeof(LIST_ENTRY));
    assert_ptr_equal(timers[3].Dpc, was.Dpc);
    assert_int_equal(timers[3].Processor, was.Processor);
    assert_int_equal(timers[3].Period, was.Period);
}

static void comes_when_due(uint64_t due)
{
    setup(NULL);
    ke_timerq_set(&queue, &timers[0], due);
    check_queue();
    assert_null(ke_timerq_take(&queue, due - 1));
    check_queue();
    assert_true(ke_timerq_next(&queue) == due);
    assert_null(ke_timerq_take(&queue, due - 1));
    check_queue();
    assert_ptr_equal(ke_timerq_take(&queue, due), &timers[0]);
    assert_null(ke_timerq_take(&queue, NEVER));
}

static void test_never_early(void **state)
{
    static const uint64_t due[] = {1, 1023, 1024, 1025, SLOT(1) - 1, SLOT(1), SLOT(2) - 1, SLOT(2), 3 * SLOT(3) + 5,
        SLOT(5), SLOT(6) - 1, SLOT(6), UINT64_MAX / 2, UINT64_MAX - 1024, UINT64_MAX - 1};

    (void)state;
    for (unsigned i = 0; i < sizeof due / sizeof *due; i++)
        comes_when_due(due[i]);
    for (unsigned level = 1; level < KE_TIMERQ_LEVELS; level++) /* the first that are not for the level below */
        for (uint64_t off = 0; off < 3; off++)
            comes_when_due(2 * SLOT(level) - 1 + off);
}

static void test_due_time_saturates(void **state)
{
    (void)state;
    ke_timerq_set(&queue, &timers[0], NEVER);
    ke_timerq_set(&queue, &timers[1], NEVER - 1);
    assert_true(ke_timerq_next(&queue) == NEVER - 1);
    assert_null(ke_timerq_take(&queue, NEVER - 2));
    assert_ptr_equal(ke_timerq_take(&queue, NEVER - 1), &timers[0]);
    assert_ptr_equal(ke_timerq_take(&queue, NEVER - 1), &timers[1]);
    ke_timerq_set(&queue, &timers[0], 0);
    assert_ptr_equal(ke_timerq_take(&queue, NEVER), &timers[0]);
}

static void test_past_due_times_come_first_and_in_order(void **state)
{
    (void)state;
    assert_null(ke_timerq_take(&queue, 1000 * SECOND));
    ke_timerq_set(&queue, &timers[0], 1000 * SECOND);
    for (unsigned i = 1; i < 200; i++)
        ke_timerq_set(&queue, &timers[i], i * 7919 % 200 * SECOND);
    ke_timerq_set(&queue, &timers[200], 0);
    assert_ptr_equal(ke_timerq_take(&queue, 1000 * SECOND), &timers[200]);
    for (uint64_t due = 1; due < 200; due++)
        assert_true(ke_timerq_take(&queue, 1000 * SECOND)->DueTime.QuadPart == due * SECOND);
    assert_ptr_equal(ke_timerq_take(&queue, 1000 * SECOND), &timers[0]);
    assert_null(ke_timerq_take(&queue, 1000 * SECOND));
}

/* Equal due times, reached on different ways: set at different distances, moved lazily, moved earlier. */
static void test_equal_due_times_are_first_in_first_out(void **state)
{
    uint64_t due = 5 * SLOT(2) + 12345;

    (void)state;
    ke_timerq_set(&queue, &timers[4], due - 3 * SLOT(1)); /* will be moved lazily, last */
    ke_timerq_set(&queue, &timers[0], due);
    assert_null(ke_timerq_take(&queue, due - SLOT(2) - 2 * SLOT(1)));
    ke_timerq_set(&queue, &timers[1], due);
    assert_null(ke_timerq_take(&queue, due - 5 * SLOT(1)));
    ke_timerq_set(&queue, &timers[2], due + SECOND);
    ke_timerq_set(&queue, &timers[2], due);
    assert_true(ke_timerq_next(&queue) == due - 3 * SLOT(1));
    ke_timerq_set(&queue, &timers[4], due);
    ke_timerq_set(&queue, &timers[3], due);
    ke_timerq_set(&queue, &timers[4], due);
    for (unsigned i = 0; i < 5; i++)
        assert_ptr_equal(ke_timerq_take(&queue, due), &timers[i]);
}

static void test_order_holds_across_the_wrap_of_the_sequence(void **state)
{
    (void)state;
    queue.sequence = (UINT32_C(1) << 30) - 100;
    for (unsigned i = 0; i < 200; i++)
        ke_timerq_set(&queue, &timers[i], SECOND);
    for (unsigned i = 0; i < 200; i++)
        ke_timerq_set(&queue, &timers[i * 77 % 200], 2 * SECOND);
    for (unsigned i = 0; i < 200; i++)
        assert_ptr_equal(ke_timerq_take(&queue, 2 * SECOND), &timers[i * 77 % 200]);
}

/* Looking ahead must not make sets for earlier times slow or wrong, however many there are. */
static void test_sets_before_what_next_has_seen(void **state)
{
    (void)state;
    ke_timerq_set(&queue, &timers[0], 3600 * SECOND);
    assert_true(ke_timerq_next(&queue) == 3600 * SECOND);
    for (unsigned i = 1; i < TIMERS; i++) {
        ke_timerq_set(&queue, &timers[i], (3600 - i * 7 % TIMERS) * SECOND);
        assert_true(queue.front_count <= queue.front_cap);
    }
    check_queue();
    assert_true(queue.front_count < TIMERS);
    for (uint64_t last = 0, i = 0; i < TIMERS; i++) {
        PKTIMER t = ke_timerq_take(&queue, 3600 * SECOND);

        assert_true(t->DueTime.QuadPart > last);
        last = t->DueTime.QuadPart;
    }
}

/* The memory of the timers is gone at a reset: the queue must neither read nor write it, and is as new. */
static void test_reset_touches_no_timer(void **state)
{
    static KTIMER gone[TIMERS];

    (void)state;
    for (unsigned i = 0; i < TIMERS; i++)
        ke_timerq_set(&queue, &timers[i], (uint64_t)i * i * i * SECOND);
    assert_true(ke_timerq_next(&queue) == 0);
    assert_non_null(ke_timerq_take(&queue, 5 * SECOND));
    assert_non_null(ke_timerq_take(&queue, 5 * SECOND));
    assert_null(ke_timerq_take(&queue, 5 * SECOND));
    assert_true(ke_timerq_next(&queue) == 8 * SECOND);
    memset(timers, 0xEE, sizeof timers);
    memcpy(gone, timers, sizeof timers);
    ke_timerq_reset(&queue);
    assert_memory_equal(gone, timers, sizeof timers);
    assert_memory_equal(&queue, &fresh, sizeof queue);
    timers_init();
    check_queue();
    assert_null(ke_timerq_take(&queue, NEVER));
}

/* A slot that is too large and too far to be taken apart gives up its first timers only; the clock may stop anywhere. */
static void test_large_far_slot(void **state)
{
    (void)state;
    for (unsigned i = 0; i < TIMERS; i++)
        ke_timerq_set(&queue, &timers[i], 7 * SLOT(2) + i * 7 % TIMERS * (SLOT(2) / TIMERS));
    assert_true(ke_timerq_next(&queue) == 7 * SLOT(2));
    assert_true(queue.front_count > 0 && queue.front_count < TIMERS);
    check_queue();
    for (unsigned due = 0; due < TIMERS; due++) {
        uint64_t at = 7 * SLOT(2) + due * (SLOT(2) / TIMERS);

        assert_true(ke_timerq_next(&queue) == at);
        assert_null(ke_timerq_take(&queue, at - 1));
        check_queue();
        assert_true(ke_timerq_take(&queue, at)->DueTime.QuadPart == at);
    }
}

static void test_large_slot_is_taken_apart_before_its_time(void **state)
{
    uint64_t    start = 2 * SLOT(2);
    LIST_ENTRY *list = slot_list(&queue, 2, 2);

    (void)state;
    for (unsigned i = 0; i < TIMERS; i++)
        ke_timerq_set(&queue, &timers[i], start + i * (SLOT(2) / TIMERS));
    assert_false(list_is_empty(list));
    for (uint64_t now = start - SLOT(2); now < start; now += MS)
        assert_null(ke_timerq_take(&queue, now));
    for (unsigned k = 0; k < KE_TIMERQ_STRANDS; k++)
        assert_true(list_is_empty(&list[k]));
    check_queue();
}

static void test_rebase_to_an_earlier_time(void **state)
{
    (void)state;
    assert_null(ke_timerq_take(&queue, 500 * SECOND));
    for (unsigned i = 0; i < TIMERS; i++)
        ke_timerq_set(&queue, &timers[i], (500 + i / 3) * SECOND);
    ke_timerq_rebase(&queue, 3 * SECOND);
    check_queue();
    assert_int_equal(iterated(), TIMERS);
    assert_null(ke_timerq_take(&queue, 500 * SECOND - 1));
    ke_timerq_rebase(&queue, 2 * SECOND);
    assert_true(ke_timerq_next(&queue) == 500 * SECOND);
    for (unsigned i = 0; i < TIMERS; i++)
        assert_ptr_equal(ke_timerq_take(&queue, NEVER), &timers[i]);
}

/* ---- random operations against a model ---- */

static struct {
    uint64_t due[TIMERS], order[TIMERS], orders, now, random;
    bool     inserted[TIMERS];
} model;

static uint64_t random_below(uint64_t n)
{
    model.random ^= model.random << 13;
    model.random ^= model.random >> 7;
    model.random ^= model.random << 17;
    return (model.random * UINT64_C(0x2545F4914F6CDD1D) >> 11) % n;
}

static uint64_t saturating_add(uint64_t a, uint64_t b)
{
    return a > NEVER - b ? NEVER : a + b;
}

/* Distances of all sizes, many ties, many slot boundaries. */
static uint64_t random_distance(void)
{
    uint64_t d = random_below(UINT64_C(1) << (random_below(4) ? random_below(32) : random_below(53)));

    switch (random_below(4)) {
    case 0:
        return d;
    case 1:
        return random_below(5) * MS;
    case 2:
        return random_below(40) * SLOT(random_below(4)) + random_below(3);
    default:
        return random_below(3000);
    }
}

static uint64_t random_due(void)
{
    uint64_t d = random_distance();

    switch (random_below(12)) {
    case 0:
        return model.now < d ? 0 : model.now - d;
    case 1:
        return saturating_add(model.now, d) / SLOT(2) * SLOT(2) + SLOT(2) - random_below(2);
    case 2:
        return saturating_add(model.now, d) / SLOT(1) * SLOT(1) + random_below(3);
    case 3:
        return random_below(20) ? saturating_add(model.now, d / 1000 * 1000) : NEVER - 1 - random_below(3);
    default:
        return saturating_add(model.now, d);
    }
}

static int model_first(void)
{
    int first = -1;

    for (int i = 0; i < TIMERS; i++) {
        if (!model.inserted[i])
            continue;
        if (first < 0 || model.due[i] < model.due[first] ||
            (model.due[i] == model.due[first] && model.order[i] < model.order[first]))
            first = i;
    }
    return first;
}

static unsigned model_count(void)
{
    unsigned n = 0;

    for (unsigned i = 0; i < TIMERS; i++)
        n += model.inserted[i];
    return n;
}

/* In two steps. */
static bool set_shortest(PKTIMER t, uint64_t due)
{
    if (ke_timer_inserted(t)) {
        bool can = ke_timerq_can_postpone(&queue, t, due);

        if (can)
            ke_timerq_postpone(&queue, t, due);
        return can;
    }
    LIST_ENTRY *list = ke_timerq_list(&queue, due);

    if (list)
        ke_timerq_append(&queue, list, t, due);
    return list != NULL;
}

static bool set_short(PKTIMER t, uint64_t due)
{
    if (due == NEVER)
        return false;
    if (random_below(2) && set_shortest(t, due))
        return true;
    return ke_timerq_set_short(&queue, t, due, ke_timer_inserted(t));
}

/* Half of them the short way, if that is open. */
static void do_set(unsigned i, uint64_t due)
{
    if (random_below(2) || !set_short(&timers[i], due))
        assert_int_equal(ke_timerq_set(&queue, &timers[i], due), model.inserted[i]);
    model.inserted[i] = true;
    model.due[i] = due == NEVER ? NEVER - 1 : due;
    model.order[i] = model.orders++;
}

static void do_cancel(unsigned i)
{
    if (model.inserted[i] && random_below(2))
        ke_timerq_cancel_short(&queue, &timers[i]);
    else
        assert_int_equal(ke_timerq_cancel(&queue, &timers[i]), model.inserted[i]);
    model.inserted[i] = false;
}

/* Takes up to max timers, or all that are due. */
static void do_take(unsigned max)
{
    for (unsigned n = 0; n < max; n++) {
        int     first = model_first();
        PKTIMER t = ke_timerq_take(&queue, model.now);

        if (first < 0 || model.due[first] > model.now) {
            assert_null(t);
            return;
        }
        assert_ptr_equal(t, &timers[first]);
        model.inserted[first] = false;
    }
}

static void do_next(void)
{
    int      first = model_first();
    uint64_t next = ke_timerq_next(&queue);

    assert_true(next == (first < 0 ? NEVER : model.due[first]));
    if (first >= 0 && next > model.now && random_below(2))
        model.now = next - random_below(2);
}

static void do_rebase(void)
{
    uint64_t d = random_distance();

    model.now = random_below(2) && d < model.now ? model.now - d : random_due();
    if (model.now >= NEVER - 2 * SLOT(6))
        model.now = 0;
    ke_timerq_rebase(&queue, model.now);
}

static void do_reset(void)
{
    ke_timerq_reset(&queue);
    timers_init();
    memset(model.inserted, 0, sizeof model.inserted);
    model.now = 0;
}

static void step(unsigned range)
{
    unsigned i = (unsigned)random_below(range), op = (unsigned)random_below(1000);

    if (op < 350)
        do_set(i, random_due());
    else if (op < 500)
        do_set(i, saturating_add(model.due[i], random_distance()));
    else if (op < 560)
        do_set(i, random_below(TIMERS) < 3 ? 0 : model.due[random_below(range)]);
    else if (op < 660)
        do_cancel(i);
    else if (op < 760)
        do_next();
    else if (op < 985)
        do_take(random_below(3) ? TIMERS + 1 : 2);
    else if (op < 995)
        do_rebase();
    else if (op == 999)
        do_reset();
    if (op % 3 == 0 && model.now < NEVER / 2)
        model.now += random_distance();
}

static void test_random_operations_match_the_model(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= SEEDS; seed++) {
        unsigned range = seed % 3 == 0 ? TIMERS : seed % 3 == 1 ? 40 : 3;

        setup(NULL);
        memset(&model, 0, sizeof model);
        model.random = seed * UINT64_C(0x9E3779B97F4A7C15);
        pace = seed % 4 == 0 ? 1024 : seed % 4 == 1 ? 10 : 1;
        queue.sequence = seed % 5 ? 0 : (UINT32_C(1) << 30) - STEPS / 4;
        for (unsigned n = 0; n < STEPS; n++) {
            step(range);
            assert_int_equal(ke_timerq_count(&queue), model_count());
            if (n % 64 == 0) {
                check_queue();
                assert_int_equal(iterated(), model_count());
            }
        }
        model.now = NEVER - 1;
        do_take(TIMERS + 1);
        check_queue();
    }
}

/* A crowd at and around one time, so that front_spill, sorting of the front and long ties all take part. */
static void test_random_crowds_match_the_model(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= SEEDS / 4; seed++) {
        uint64_t width = UINT64_C(1) << seed % 24;

        setup(NULL);
        memset(&model, 0, sizeof model);
        model.random = seed * UINT64_C(0x9E3779B97F4A7C15);
        for (unsigned n = 0; n < STEPS; n++) {
            unsigned i = (unsigned)random_below(TIMERS);

            do_set(i, 9 * SLOT(2) + random_below(width));
            if (random_below(4) == 0)
                do_cancel((unsigned)random_below(TIMERS));
            if (random_below(8) == 0)
                assert_true(ke_timerq_next(&queue) == model.due[model_first()]);
            if (n % 64 == 0)
                check_queue();
        }
        model.now = 9 * SLOT(2) + width / 2;
        do_take(TIMERS + 1);
        model.now = 10 * SLOT(3);
        do_take(TIMERS + 1);
        check_queue();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_empty_queue, setup),
        cmocka_unit_test_setup(test_set_reports_what_was, setup),
        cmocka_unit_test_setup(test_other_fields_are_left_alone, setup),
        cmocka_unit_test_setup(test_never_early, setup),
        cmocka_unit_test_setup(test_due_time_saturates, setup),
        cmocka_unit_test_setup(test_past_due_times_come_first_and_in_order, setup),
        cmocka_unit_test_setup(test_equal_due_times_are_first_in_first_out, setup),
        cmocka_unit_test_setup(test_order_holds_across_the_wrap_of_the_sequence, setup),
        cmocka_unit_test_setup(test_sets_before_what_next_has_seen, setup),
        cmocka_unit_test_setup(test_reset_touches_no_timer, setup),
        cmocka_unit_test_setup(test_large_far_slot, setup),
        cmocka_unit_test_setup(test_large_slot_is_taken_apart_before_its_time, setup),
        cmocka_unit_test_setup(test_rebase_to_an_earlier_time, setup),
        cmocka_unit_test_setup(test_random_operations_match_the_model, setup),
        cmocka_unit_test_setup(test_random_crowds_match_the_model, setup),
    };

    return cmocka_run_group_tests(tests, setup_all, NULL);
}
