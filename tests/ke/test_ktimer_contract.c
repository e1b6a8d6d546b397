/* SPDX-License-Identifier: MIT */
/* KTIMER with a CustomTimerDpc: set, re-set, cancel, expiry. KTM-037 .. KTM-050, KTM-063 .. KTM-084, KTM-102, KTM-103, DPC-013. */
#include "../machine.h"

static struct {
    KTIMER   timer, second;
    KDPC     dpc;
    KEVENT   done, other;
    LONG     calls;
    PVOID    arguments[8][2];
    uint64_t at;
} s;

static KDEFERRED_ROUTINE tick;

static VOID tick(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    LONG n = InterlockedIncrement(&s.calls);

    dt_expect(dpc == &s.dpc && context == &s);
    dt_expect_eq(KeGetCurrentIrql(), DISPATCH_LEVEL);
    if (n <= 8) {
        s.arguments[n - 1][0] = a;
        s.arguments[n - 1][1] = b;
    }
    __atomic_store_n(&s.at, KeQueryInterruptTime(), __ATOMIC_RELAXED); /* two instances may overlap */
    KeSetEvent(&s.done, IO_NO_INCREMENT, FALSE);
}

static void begin(void)
{
    memset(&s, 0, sizeof s);
    KeInitializeTimer(&s.timer);
    KeInitializeTimer(&s.second);
    KeInitializeDpc(&s.dpc, tick, &s);
    KeInitializeEvent(&s.done, NotificationEvent, FALSE);
    KeInitializeEvent(&s.other, NotificationEvent, FALSE);
}

/* KTM-037, KTM-038, KTM-039: the second set wins, whether it is later or earlier; one call. */
static void reset_to(int64_t first_ms, int64_t second_ms)
{
    begin();
    uint64_t from = KeQueryInterruptTime();

    dt_expect(!KeSetTimer(&s.timer, in_ms(first_ms), &s.dpc));
    BOOLEAN was_set = KeSetTimer(&s.timer, in_ms(second_ms), &s.dpc), signaled = KeReadStateTimer(&s.timer);

    if (!simulated() && !was_set) { /* the host was away for longer than the first due time */
        KeCancelTimer(&s.timer);
        KeFlushQueuedDpcs();
        return;
    }
    dt_expect(was_set);
    dt_expect(!signaled || !simulated());
    wait_for(&s.done);
    sleep_ms(simulated() ? 500 : 30);
    dt_expect_eq(s.calls, 1);
    dt_expect(s.at - from >= (uint64_t)second_ms * 10000 - TICK_1MS);
    if (simulated())
        dt_expect(s.at - from <= (uint64_t)second_ms * 10000 + TICK_1MS);
    dt_expect(KeReadStateTimer(&s.timer));
}

static void reset_both_ways(void *ctx)
{
    (void)ctx;
    reset_to(20, 60);
    reset_to(300, 30);
}

static void test_reset_both_ways(void **state)
{
    (void)state;
    passes(reset_both_ways);
}

/* KTM-043: TRUE means that the first set gave neither signal nor call, FALSE that it gave both. */
static void reset_against_expiry(void *ctx)
{
    (void)ctx;
    begin();
    KeSetTimer(&s.timer, in_ms(2), &s.dpc);
    sleep_ms(1);
    BOOLEAN was_set = KeSetTimer(&s.timer, in_ms(5), &s.dpc);

    sleep_ms(20);
    KeFlushQueuedDpcs();
    if (was_set)
        dt_expect_eq(s.calls, 1);
    else /* both expired: two calls, or one when the first was still queued (KTM-050) */
        dt_expect(s.calls == 1 || s.calls == 2);
}

static void test_reset_against_expiry(void **state)
{
    (void)state;
    always(reset_against_expiry, 2);
}

/* KTM-050, KTM-059: the DPC is queued already when the timer expires: one call. */
static void merged(void *ctx)
{
    KIRQL irql;

    (void)ctx;
    begin();
    KeSetTargetProcessorDpc(&s.dpc, 0);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    KeSetTimer(&s.timer, in_ms(2), &s.dpc);
    dt_expect(KeInsertQueueDpc(&s.dpc, NULL, NULL));
    KeStallExecutionProcessor(5000); /* the timer expires meanwhile; its DPC is queued */
    BOOLEAN expired = KeReadStateTimer(&s.timer);

    dt_expect(expired || !simulated()); /* in real time the clock interrupt may be late */
    dt_expect_eq(s.calls, 0);
    KeLowerIrql(irql);
    KeCancelTimer(&s.timer);
    KeFlushQueuedDpcs();
    dt_expect(s.calls == 1 || (!expired && s.calls == 2));
}

static void test_merged(void **state)
{
    struct dt_config cfg = config(1);

    (void)state;
    cfg.faithful = true;
    passes_with(&cfg, merged);
}

/* KTM-063: cancelled: TRUE, neither signal nor call. */
static void cancel(void *ctx)
{
    (void)ctx;
    begin();
    KeSetTimer(&s.timer, in_ms(10000), &s.dpc);
    dt_expect(KeCancelTimer(&s.timer));
    dt_expect(!KeCancelTimer(&s.timer));
    sleep_ms(simulated() ? 20000 : 20);
    dt_expect(!KeReadStateTimer(&s.timer));
    dt_expect_eq(s.calls, 0);
}

static void test_cancel(void **state)
{
    (void)state;
    passes(cancel);
}

/* KTM-064, KTM-065: expiry may win: then FALSE, and signal and call both happen. */
static bool expiry_won, cancel_won;

static void cancel_against_expiry(void *ctx)
{
    (void)ctx;
    begin();
    KeSetTimer(&s.timer, in_ms(2), &s.dpc);
    if (KeCancelTimer(&s.timer)) {
        cancel_won = true;
        sleep_ms(5);
        dt_expect_eq(s.calls, 0);
        dt_expect(!KeReadStateTimer(&s.timer));
    } else {
        expiry_won = true;
        dt_expect(KeReadStateTimer(&s.timer));
        wait_for(&s.done);
        dt_expect_eq(s.calls, 1);
    }
}

static void test_cancel_against_expiry(void **state)
{
    (void)state;
    expiry_won = cancel_won = false;
    reached(cancel_against_expiry, 2, &expiry_won);
    if (simulated())
        assert_true(cancel_won);
}

/* KTM-079: the DPC of a one-shot frees timer, DPC and context; no diagnostic, no later access. */
#define TAG 0x53656c66 /* 'Self' */

struct self {
    KTIMER  timer;
    KDPC    dpc;
    PKEVENT gone;
};

static KDEFERRED_ROUTINE free_self;

static VOID free_self(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    struct self *self = context;
    PKEVENT      gone = self->gone;

    (void)dpc, (void)a, (void)b;
    ExFreePoolWithTag(self, TAG);
    KeSetEvent(gone, IO_NO_INCREMENT, FALSE);
}

static struct self *make_self(PKDEFERRED_ROUTINE routine)
{
    struct self *self = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof *self, TAG);

    dt_expect(self != NULL);
    KeInitializeTimer(&self->timer);
    KeInitializeDpc(&self->dpc, routine, self);
    self->gone = &s.done;
    return self;
}

static void one_shot_frees_itself(void *ctx)
{
    (void)ctx;
    begin();
    struct self *self = make_self(free_self);

    KeSetTimer(&self->timer, in_ms(1), &self->dpc);
    wait_for(&s.done);
}

static void test_one_shot_frees_itself(void **state)
{
    (void)state;
    always(one_shot_frees_itself, 2);
}

/* KTM-078: a periodic timer is back in the queue when its DPC runs: freeing it there is a bug check. */
static void periodic_frees_itself(void *ctx)
{
    (void)ctx;
    begin();
    struct self *self = make_self(free_self);

    KeSetTimerEx(&self->timer, in_ms(1), 1, &self->dpc);
    wait_for(&s.done);
    until_caught();
}

static void test_periodic_frees_itself(void **state)
{
    (void)state;
    caught(periodic_frees_itself, "DT-T09", 0xC4);
}

/* KTM-080: one KDPC for a timer and for a direct insertion is warned of; two KDPCs are not. */
static void shared_dpc(void *ctx)
{
    (void)ctx;
    begin();
    KeSetTimer(&s.timer, in_ms(2), &s.dpc);
    KeInsertQueueDpc(&s.dpc, NULL, NULL);
    sleep_ms(5);
    KeFlushQueuedDpcs();
}

static void own_dpcs(void *ctx)
{
    (void)ctx;
    begin();
    KeSetTimer(&s.timer, in_ms(2), &s.dpc);
    sleep_ms(5);
    KeFlushQueuedDpcs();
}

static void test_shared_dpc(void **state)
{
    (void)state;
    caught(shared_dpc, "DT-T10", 0);
    passes(own_dpcs);
}

/* KTM-076, KTM-077: one timer for a DPC and for a thread's waits is warned of; a timer each is not. */
static void shared_timer(void *ctx)
{
    (void)ctx;
    begin();
    KeSetTimer(&s.timer, in_ms(2), &s.dpc);
    wait_for(&s.timer);
    KeFlushQueuedDpcs();
}

static void timer_each(void *ctx)
{
    (void)ctx;
    begin();
    KeSetTimer(&s.timer, in_ms(2), &s.dpc);
    KeSetTimer(&s.second, in_ms(2), NULL);
    wait_for(&s.second);
    wait_for(&s.done);
    KeFlushQueuedDpcs();
}

static void test_shared_timer(void **state)
{
    (void)state;
    caught(shared_timer, "DT-T11", 0);
    passes(timer_each);
}

/* KTM-077: a timer that a thread waits for is used elsewhere, by another routine, for a DPC. */
static void sets_it_elsewhere(void *ctx)
{
    (void)ctx;
    KeSetTimer(&s.second, in_ms(2), &s.dpc);
    KeFlushQueuedDpcs();
}

static void foreign_use(void *ctx)
{
    (void)ctx;
    begin();
    KeSetTimer(&s.second, in_ms(2), NULL);
    wait_for(&s.second);
    dt_spawn(DT_ANY_PROCESSOR, sets_it_elsewhere, NULL);
    dt_join_all();
    KeCancelTimer(&s.second);
    KeFlushQueuedDpcs();
}

static void test_foreign_use(void **state)
{
    (void)state;
    caught(foreign_use, "DT-T11", 0);
}

/*
 * KTM-081, KTM-082, KTM-103, DPC-013: one KDPC inserted on one processor while a timer has it on another: the insertion's
 * arguments arrive with it, the expiry makes a call of its own, or the two merge into one call.
 */
static bool one_call_seen, two_calls_seen;

static void isr(void *ctx)
{
    (void)ctx;
    KeInsertQueueDpc(&s.dpc, (PVOID)0x11, (PVOID)0x22);
}

static void timer_and_insert(void *ctx)
{
    (void)ctx;
    begin();
    KeSetTimer(&s.timer, in_ms(1), &s.dpc);
    dt_spawn(1, isr, NULL);
    dt_join_all();
    sleep_ms(5);
    KeFlushQueuedDpcs();
    dt_expect(s.calls == 1 || s.calls == 2);
    if (s.calls == 1)
        one_call_seen = true;
    else
        two_calls_seen = true;
    if (s.calls == 2)
        dt_expect((s.arguments[0][0] == (PVOID)0x11 && s.arguments[0][1] == (PVOID)0x22) ||
                  (s.arguments[1][0] == (PVOID)0x11 && s.arguments[1][1] == (PVOID)0x22));
}

static void test_timer_and_insert(void **state)
{
    struct dt_config cfg = config(2);

    (void)state;
    cfg.faithful = true; /* the sharing itself is what DT-T10 warns of */
    one_call_seen = two_calls_seen = false;
    always_with(&cfg, timer_and_insert, 3);
    if (simulated()) {
        assert_true(one_call_seen);
        assert_true(two_calls_seen);
    }
}

/* DPC-013: m insertions before the routine starts, one call, with the arguments of the first. */
static void inserted_often(void *ctx)
{
    KIRQL irql;

    (void)ctx;
    begin();
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    dt_expect(KeInsertQueueDpc(&s.dpc, (PVOID)1, (PVOID)2));
    for (int i = 0; i < 5; i++)
        dt_expect(!KeInsertQueueDpc(&s.dpc, (PVOID)3, (PVOID)4));
    dt_expect_eq(s.calls, 0);
    KeLowerIrql(irql);
    dt_expect_eq(s.calls, 1);
    dt_expect(s.arguments[0][0] == (PVOID)1 && s.arguments[0][1] == (PVOID)2);
}

static void test_inserted_often(void **state)
{
    (void)state;
    passes(inserted_often);
}

/* KTM-083: two routines that arm one timer give the DPC nothing to tell them apart by. */
static void arms_elsewhere(void *ctx)
{
    (void)ctx;
    KeSetTimer(&s.timer, in_ms(2), &s.dpc);
}

static void no_discriminator(void *ctx)
{
    (void)ctx;
    begin();
    KeSetTimer(&s.timer, in_ms(1), &s.dpc);
    wait_for(&s.done);
    KeClearEvent(&s.done);
    dt_spawn(1, arms_elsewhere, NULL);
    wait_for(&s.done);
    dt_join_all();
    KeFlushQueuedDpcs();
    dt_expect_eq(s.calls, 2); /* tick() has seen the same Dpc and context both times; the arguments say nothing */
    dt_expect(s.arguments[0][0] != s.arguments[1][0]);
}

static void test_no_discriminator(void **state)
{
    (void)state;
    passes(no_discriminator);
}

/* KTM-084: two timers with one KDPC that expire in the same tick give one call. */
static void same_tick(void *ctx)
{
    LARGE_INTEGER due;

    (void)ctx;
    begin();
    due.QuadPart = -50000;
    KeSetTimer(&s.timer, due, &s.dpc);
    KeSetTimer(&s.second, due, &s.dpc);
    sleep_ms(20);
    KeFlushQueuedDpcs();
    dt_expect(KeReadStateTimer(&s.timer) && KeReadStateTimer(&s.second));
    dt_expect_eq(s.calls, 1);
}

static void test_same_tick(void **state)
{
    struct dt_config cfg = config(1);

    (void)state;
    cfg.faithful = true;
    if (simulated())
        passes_with(&cfg, same_tick);
}

/* KTM-102: any routine's cancel cancels every other routine's use: who armed it gets nothing. */
static void cancels(void *ctx)
{
    BOOLEAN *result = ctx;

    *result = KeCancelTimer(&s.timer);
}

static void cancelled_elsewhere(void *ctx)
{
    BOOLEAN was_set = FALSE;

    (void)ctx;
    begin();
    KeSetTimer(&s.timer, in_ms(3), &s.dpc);
    dt_spawn(1, cancels, &was_set);
    dt_join_all();
    sleep_ms(10);
    KeFlushQueuedDpcs();
    dt_expect_eq(s.calls, was_set ? 0 : 1);
}

static void test_cancelled_elsewhere(void **state)
{
    (void)state;
    always(cancelled_elsewhere, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reset_both_ways),
        cmocka_unit_test(test_reset_against_expiry),
        cmocka_unit_test(test_merged),
        cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_cancel_against_expiry),
        cmocka_unit_test(test_one_shot_frees_itself),
        cmocka_unit_test(test_periodic_frees_itself),
        cmocka_unit_test(test_shared_dpc),
        cmocka_unit_test(test_shared_timer),
        cmocka_unit_test(test_foreign_use),
        cmocka_unit_test(test_timer_and_insert),
        cmocka_unit_test(test_inserted_often),
        cmocka_unit_test(test_no_discriminator),
        cmocka_unit_test(test_same_tick),
        cmocka_unit_test(test_cancelled_elsewhere),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
