/* SPDX-License-Identifier: MIT */
/* Interrupts: the line and its sharers, messages with one lock or one each, masks; StorPortSynchronizeAccess. */
#include "sp/timer.h"

static bool seen;

static void look(struct mini_ext *e)
{
    LARGE_INTEGER now;

    StorPortNotification(QueryTickCount, e, &now);
}

/* ---- the line ---- */

static struct mini_ext *mine;

static bool isr_of_one(struct mini_ext *e)
{
    e->interrupts++;
    return e == mine;
}

/* STL-090: FALSE: not mine; the next one on the line is asked. */
static void shared_body(void *ctx)
{
    struct mini      m = {.physical = true, .isr = isr_of_one, .cfg = {.line_vector = 0x77}};
    dt_stor         *one = go(&m), *two = dt_stor_start(mini_drv, &mini.cfg, NULL);
    struct mini_ext *a = ext_of(one), *b = ext_of(two);

    (void)ctx;
    mine = b;
    dt_expect(dt_stor_interrupt(one, -1));
    eventually(&b->interrupts, 1);
    eventually(&a->interrupts, 1);
    mine = a;
    dt_expect(dt_stor_interrupt(one, -1));
    eventually(&a->interrupts, 2);
    eventually(&b->interrupts, 1);
    dt_stor_remove(two);
    over(one);
}

static bool slow_isr(struct mini_ext *e)
{
    KeStallExecutionProcessor(e->word[0] ? 60 : 40);
    e->interrupts++;
    return true;
}

/* STL-091: more than 50 us in the interrupt routine is a warning. */
static void budget_body(void *ctx)
{
    struct mini      m = {.physical = true, .isr = slow_isr};
    dt_stor         *s = go(&m);
    struct mini_ext *e = ext_of(s);

    e->word[0] = ctx != NULL || mini.cfg.dirql == 6;
    dt_expect(dt_stor_interrupt(s, -1));
    eventually(&e->interrupts, 1);
    over(s);
}

static void slow_body(void *ctx)
{
    budget_body(ctx ? ctx : &seen);
}

static void line(void **state)
{
    (void)state;
    passes(shared_body);
    if (simulated()) {
        struct dt_config cfg = config(2);
        struct dt_result r = {0};

        assert_int_equal(dt_run(&cfg, slow_body, NULL, &r), 0);
        assert_int_equal(r.verdict, DT_PASS);
        assert_true(r.warnings > 0);
        assert_int_equal(dt_run(&cfg, budget_body, NULL, &r), 0);
        assert_string_not_equal(r.finding.rule, "DT-B01");
    }
}

/* STL-092: a DPC that the interrupt routine issues runs as soon as the level allows, on that processor. */
static void dpc(PSTOR_DPC d, PVOID ext, PVOID a, PVOID b)
{
    struct mini_ext *e = ext;

    (void)d;
    (void)a;
    (void)b;
    dt_expect_eq(KeGetCurrentProcessorNumber(), (ULONG)e->word[0]);
    e->dpcs++;
}

static bool makes(struct mini_ext *e)
{
    StorPortInitializeDpc(e, &e->dpc[0], dpc);
    return true;
}

static bool issuing_isr(struct mini_ext *e)
{
    e->word[0] = (LONG)KeGetCurrentProcessorNumber();
    dt_expect(StorPortIssueDpc(e, &e->dpc[0], NULL, NULL));
    dt_expect_eq(e->dpcs, 0);
    return true;
}

static void issue_body(void *ctx)
{
    dt_stor *s = go(&(struct mini){.physical = true, .isr = issuing_isr, .passive = makes});

    (void)ctx;
    dt_expect(dt_stor_interrupt(s, -1));
    eventually(&ext_of(s)->dpcs, 1);
    over(s);
}

static void issued(void **state)
{
    (void)state;
    always(issue_body, 1);
}

/* STL-093: as soon as HwStorInitialize lets it in. */
static bool ready_initialize(struct mini_ext *e)
{
    e->word[0] = 1;
    return true;
}

static bool early_isr(struct mini_ext *e)
{
    dt_expect_eq(e->word[0], 1);
    e->interrupts++;
    return true;
}

static void early_body(void *ctx)
{
    struct mini m = {
        .physical = true, .initialize = ready_initialize, .isr = early_isr, .cfg = {.spurious_interrupt = true}};
    dt_stor *s = go(&m);

    (void)ctx;
    eventually(&ext_of(s)->interrupts, 1);
    over(s);
}

static void early(void **state)
{
    (void)state;
    always(early_body, 1);
}

/* ---- messages ---- */

static const struct mini all = {.physical = true, .msi = true, .cfg = {.messages = 2}};
static const struct mini each = {
    .physical = true, .msi = true, .per_message = true, .cfg = {.messages = 2, .message_level_step = 1}};

static bool one_lock(struct mini_ext *e, ULONG id)
{
    dt_expect_eq(KeGetCurrentIrql(), 5);
    dt_expect_eq(dt_stor_locks_held(mini_stor), DT_STOR_LOCK_INTERRUPT);
    enter_alone(&e->word[0]);
    look(e);
    leave_alone(&e->word[0]);
    InterlockedIncrement(&e->word[1 + id]);
    return true;
}

static void raises(dt_stor *s, int message)
{
    dt_expect(dt_stor_interrupt(s, message));
}

static void raises_one(void *ctx)
{
    raises(ctx, 1);
}

static void both(const struct mini *base, bool (*message)(struct mini_ext *e, ULONG id))
{
    struct mini m = *base;

    m.message = message;
    dt_stor         *s = go(&m);
    struct mini_ext *e = ext_of(s);

    dt_spawn(1, raises_one, s);
    raises(s, 0);
    dt_join_all();
    eventually(&e->word[1], 1);
    eventually(&e->word[2], 1);
    over(s);
}

/* STL-005, STL-094: one lock for all messages. */
static void all_body(void *ctx)
{
    (void)ctx;
    both(&all, one_lock);
}

static bool own_lock(struct mini_ext *e, ULONG id)
{
    dt_expect_eq(KeGetCurrentIrql(), 5 + id);
    enter_alone(&e->word[3 + id]); /* STL-096 */
    if (id == 0)
        e->inside = 1;
    look(e);
    if (id == 1)
        seen |= e->inside;
    e->inside = id == 0 ? 0 : e->inside;
    leave_alone(&e->word[3 + id]);
    InterlockedIncrement(&e->word[1 + id]);
    return true;
}

/* STL-095: message 1 beside message 0, on another processor or on top of it. */
static void each_body(void *ctx)
{
    (void)ctx;
    both(&each, own_lock);
}

static void nests_body(void *ctx)
{
    struct mini m = each;

    (void)ctx;
    m.message = own_lock;
    dt_stor         *s = go(&m);
    struct mini_ext *e = ext_of(s);

    raises(s, 0);
    raises(s, 1);
    eventually(&e->word[1], 1);
    eventually(&e->word[2], 1);
    over(s);
}

static void messages(void **state)
{
    struct dt_config one = config(1);

    (void)state;
    always(all_body, 1);
    seen = false;
    reached(each_body, 2, &seen);
    if (simulated())
        always_with(&one, nests_body, 2);
}

static bool stops_all(struct mini_ext *e, ULONG id)
{
    enter_alone(&e->word[3]);
    look(e);
    leave_alone(&e->word[3]);
    InterlockedIncrement(&e->word[1 + id]);
    return true;
}

static void takes_all(void *ctx)
{
    struct mini_ext *e = ext_of(ctx);
    STOR_LOCK_HANDLE h = {0};

    StorPortAcquireSpinLock(e, InterruptLock, NULL, &h);
    dt_expect_eq(KeGetCurrentIrql(), 6); /* the highest message's */
    enter_alone(&e->word[3]);
    look(e);
    leave_alone(&e->word[3]);
    StorPortReleaseSpinLock(e, &h);
}

/* STL-099: the Interrupt lock is then the lock of every message. */
static void every_lock_body(void *ctx)
{
    struct mini m = each;

    (void)ctx;
    m.message = stops_all;
    dt_stor         *s = go(&m);
    struct mini_ext *e = ext_of(s);

    dt_spawn(1, takes_all, s);
    raises(s, 1);
    dt_join_all();
    eventually(&e->word[2], 1);
    over(s);
}

static void every_lock(void **state)
{
    (void)state;
    always(every_lock_body, 1);
}

/* ---- StorPortAcquireMSISpinLock ---- */

/* STL-097, STL-098. */
static void msi_lock_body(void *ctx)
{
    dt_stor         *s = go(&each);
    struct mini_ext *e = ext_of(s);
    ULONG            old = 99;

    (void)ctx;
    dt_expect_eq(StorPortAcquireMSISpinLock(NULL, 0, &old), STOR_STATUS_INVALID_PARAMETER);
    dt_expect_eq(StorPortAcquireMSISpinLock(e, 1, &old), STOR_STATUS_SUCCESS);
    dt_expect_eq(old, PASSIVE_LEVEL);
    dt_expect_eq(KeGetCurrentIrql(), 6);
    dt_expect_eq(StorPortReleaseMSISpinLock(e, 1, old), STOR_STATUS_SUCCESS);
    dt_expect_eq(KeGetCurrentIrql(), PASSIVE_LEVEL);
    over(s);
}

static void msi_old_body(void *ctx)
{
    struct mini m = each;
    ULONG       old;

    (void)ctx;
    m.cfg.os = DT_STOR_SERVER_2003;
    dt_stor *s = go(&m);

    dt_expect_eq(StorPortAcquireMSISpinLock(ext_of(s), 0, &old), STOR_STATUS_NOT_IMPLEMENTED);
    over(s);
}

static void wrong_mode_body(void *ctx)
{
    dt_stor *s = go(&all);
    ULONG    old;

    (void)ctx;
    StorPortAcquireMSISpinLock(ext_of(s), 0, &old);
    over(s);
}

static bool wrong_release(struct mini_ext *e, ULONG id)
{
    ULONG old;

    dt_expect_eq(StorPortAcquireMSISpinLock(e, 1 - id, &old), STOR_STATUS_SUCCESS);
    StorPortReleaseMSISpinLock(e, 1 - id, PASSIVE_LEVEL);
    return true;
}

static void wrong_release_body(void *ctx)
{
    struct mini m = each;

    (void)ctx;
    m.message = wrong_release;
    dt_stor *s = go(&m);

    raises(s, 0);
    dt_run_for(DT_MS(10));
    over(s);
}

static bool crossing(struct mini_ext *e, ULONG id)
{
    ULONG old;

    look(e);
    dt_expect_eq(StorPortAcquireMSISpinLock(e, 1 - id, &old), STOR_STATUS_SUCCESS);
    dt_expect_eq(StorPortReleaseMSISpinLock(e, 1 - id, old), STOR_STATUS_SUCCESS);
    InterlockedIncrement(&e->word[1 + id]);
    return true;
}

/* STL-100: 0 takes 1's lock while 1 takes 0's. */
static void crossing_body(void *ctx)
{
    struct mini m = each;

    (void)ctx;
    m.cfg.message_level_step = 0;
    m.message = crossing;
    dt_stor         *s = go(&m);
    struct mini_ext *e = ext_of(s);

    dt_spawn(1, raises_one, s);
    raises(s, 0);
    dt_join_all();
    eventually(&e->word[1], 1);
    eventually(&e->word[2], 1);
    over(s);
}

static void msi_lock(void **state)
{
    (void)state;
    passes(msi_lock_body);
    passes(msi_old_body);
    caught(wrong_mode_body, "DT-S07", ANY_CODE);
    caught(wrong_release_body, "DT-S07", ANY_CODE);
    found(crossing_body, 2, NULL, ANY_CODE);
}

/* ---- what is granted ---- */

static ULONG counted;

static void info_in_find(struct mini_ext *e, PPORT_CONFIGURATION_INFORMATION c)
{
    MESSAGE_INTERRUPT_INFORMATION info;

    (void)c;
    dt_expect_eq(StorPortGetMSIInfo(e, 0, &info), STOR_STATUS_INVALID_DEVICE_REQUEST);
}

static bool count_messages(struct mini_ext *e)
{
    MESSAGE_INTERRUPT_INFORMATION info;

    counted = 0;
    while (StorPortGetMSIInfo(e, counted, &info) == STOR_STATUS_SUCCESS) {
        dt_expect_eq(info.MessageId, counted);
        dt_expect_eq(info.InterruptMode, Latched);
        counted++;
    }
    return true;
}

/* STL-102, STL-103. */
static void info_body(void *ctx)
{
    struct mini m = {
        .physical = true, .msi = true, .initialize = count_messages, .find = info_in_find, .cfg = {.messages = 3}};
    MESSAGE_INTERRUPT_INFORMATION info;
    dt_stor                      *s = go(&m);

    (void)ctx;
    dt_expect_eq(counted, 3);
    dt_expect_eq(StorPortGetMSIInfo(ext_of(s), 3, &info), STOR_STATUS_INVALID_PARAMETER);
    dt_expect_eq(StorPortGetMSIInfo(ext_of(s), 0, NULL), STOR_STATUS_INVALID_PARAMETER);
    dt_expect_eq(StorPortGetMSIInfo(NULL, 0, &info), STOR_STATUS_INVALID_PARAMETER);
    over(s);
    m.cfg.messages = 0; /* none granted: the line */
    m.isr = isr_of_one;
    s = go(&m);
    dt_expect_eq(counted, 0);
    dt_expect_eq(StorPortGetMSIInfo(ext_of(s), 0, &info), STOR_STATUS_INVALID_DEVICE_REQUEST);
    mine = ext_of(s);
    dt_expect(dt_stor_interrupt(s, -1));
    eventually(&ext_of(s)->interrupts, 1);
    over(s);
}

static bool asks_inside(struct mini_ext *e, ULONG id)
{
    MESSAGE_INTERRUPT_INFORMATION info;

    StorPortGetMSIInfo(e, id, &info);
    return true;
}

/* STL-101. */
static void inside_body(void *ctx)
{
    struct mini m = all;

    (void)ctx;
    m.message = asks_inside;
    dt_stor *s = go(&m);

    raises(s, 0);
    dt_run_for(DT_MS(10));
    over(s);
}

/* STL-104: masked: kept, and once afterwards. */
static bool counts(struct mini_ext *e, ULONG id)
{
    InterlockedIncrement(&e->word[1 + id]);
    return true;
}

static void mask_body(void *ctx)
{
    struct mini m = all;

    (void)ctx;
    m.message = counts;
    dt_stor         *s = go(&m);
    struct mini_ext *e = ext_of(s);

    dt_expect_eq(StorPortMaskMsixInterrupt(e, 9, TRUE), STOR_STATUS_INVALID_PARAMETER);
    dt_expect_eq(StorPortMaskMsixInterrupt(e, 1, TRUE), STOR_STATUS_SUCCESS);
    raises(s, 1);
    raises(s, 1);
    dt_run_for(DT_MS(5));
    dt_expect_eq(e->word[2], 0);
    dt_expect_eq(StorPortMaskMsixInterrupt(e, 1, FALSE), STOR_STATUS_SUCCESS);
    eventually(&e->word[2], 1);
    dt_run_for(DT_MS(5));
    dt_expect_eq(peek(&e->word[2]), 1);
    over(s);
}

static void granted(void **state)
{
    (void)state;
    passes(info_body);
    caught(inside_body, "DT-S12", ANY_CODE);
    passes(mask_body);
}

/* ---- StorPortSynchronizeAccess ---- */

static BOOLEAN synchronized(PVOID ext, PVOID context)
{
    dt_expect_eq(KeGetCurrentIrql(), 5);
    dt_expect_eq(dt_stor_locks_held(mini_stor), DT_STOR_LOCK_INTERRUPT);
    ((struct mini_ext *)ext)->word[0]++;
    return context != NULL;
}

/* STL-110, STL-111, STL-113. */
static void sync_body(void *ctx)
{
    dt_stor         *s = go(&(struct mini){.physical = true});
    struct mini_ext *e = ext_of(s);
    KIRQL            old;

    (void)ctx;
    dt_expect(!StorPortSynchronizeAccess(e, synchronized, NULL));
    dt_expect_eq(KeGetCurrentIrql(), PASSIVE_LEVEL);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    dt_expect(StorPortSynchronizeAccess(e, synchronized, e));
    dt_expect_eq(KeGetCurrentIrql(), DISPATCH_LEVEL);
    KeLowerIrql(old);
    dt_expect_eq(e->word[0], 2);
    over(s);
}

static bool syncs(struct mini_ext *e)
{
    StorPortSynchronizeAccess(e, synchronized, e);
    return true;
}

/* STL-112. */
static void sync_isr_body(void *ctx)
{
    dt_stor *s = go(&(struct mini){.physical = true, .isr = syncs});

    (void)ctx;
    dt_expect(dt_stor_interrupt(s, -1));
    dt_run_for(DT_MS(10));
    over(s);
}

static BOOLEAN takes_startio(PVOID ext, PVOID context)
{
    STOR_LOCK_HANDLE h = {0};

    (void)context;
    StorPortAcquireSpinLock(ext, StartIoLock, NULL, &h);
    return TRUE;
}

/* STL-115. */
static void sync_order_body(void *ctx)
{
    dt_stor *s = go(&(struct mini){.physical = true});

    (void)ctx;
    StorPortSynchronizeAccess(ext_of(s), takes_startio, NULL);
    over(s);
}

static void synchronize(void **state)
{
    (void)state;
    passes(sync_body);
    caught(sync_isr_body, "DT-S06", ANY_CODE);
    caught(sync_order_body, "DT-S06", ANY_CODE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(line),
        cmocka_unit_test(issued),
        cmocka_unit_test(early),
        cmocka_unit_test(messages),
        cmocka_unit_test(every_lock),
        cmocka_unit_test(msi_lock),
        cmocka_unit_test(granted),
        cmocka_unit_test(synchronize),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
