/* SPDX-License-Identifier: MIT */
/* StorPortAcquireSpinLock and its kin: wrong uses, what the locks exclude, the Ex form, cycles. */
#include "sp/timer.h"

static void look(struct mini_ext *e)
{
    LARGE_INTEGER now;

    StorPortNotification(QueryTickCount, e, &now);
}

/* ---- wrong uses, in a DPC, which may take everything ---- */

typedef void wrong_use(struct mini_ext *e);

static wrong_use *use;

static void dpc(PSTOR_DPC d, PVOID ext, PVOID a, PVOID b)
{
    struct mini_ext *e = ext;

    (void)d;
    (void)a;
    (void)b;
    if (use)
        use(e);
    e->dpcs++;
}

static void other_dpc(PSTOR_DPC d, PVOID ext, PVOID a, PVOID b)
{
    (void)d;
    (void)a;
    (void)b;
    ((struct mini_ext *)ext)->dpcs++;
}

static bool makes(struct mini_ext *e)
{
    StorPortInitializeDpc(e, &e->dpc[0], dpc);
    StorPortInitializeDpc(e, &e->dpc[1], other_dpc);
    return true;
}

static void use_body(void *ctx)
{
    dt_stor         *s = go(&(struct mini){.physical = true, .passive = makes});
    struct mini_ext *e = ext_of(s);

    (void)ctx;
    StorPortIssueDpc(e, &e->dpc[0], NULL, NULL);
    eventually(&e->dpcs, 1);
    over(s);
}

static void is_caught(wrong_use *u, const char *rule)
{
    use = u;
    caught(use_body, rule, ANY_CODE);
}

static void lock(struct mini_ext *e, STOR_SPINLOCK l, PVOID context, PSTOR_LOCK_HANDLE h)
{
    StorPortAcquireSpinLock(e, l, context, h);
}

static void twice(struct mini_ext *e)
{
    STOR_LOCK_HANDLE h[2] = {0};

    lock(e, StartIoLock, NULL, &h[0]);
    lock(e, StartIoLock, NULL, &h[1]);
}

static void dpc_twice(struct mini_ext *e)
{
    STOR_LOCK_HANDLE h[2] = {0};

    lock(e, DpcLock, &e->dpc[0], &h[0]);
    lock(e, DpcLock, &e->dpc[0], &h[1]);
}

static void interrupt_twice(struct mini_ext *e)
{
    STOR_LOCK_HANDLE h[2] = {0};

    lock(e, InterruptLock, NULL, &h[0]);
    lock(e, InterruptLock, NULL, &h[1]);
}

static void interrupt_first(struct mini_ext *e)
{
    STOR_LOCK_HANDLE h[2] = {0};

    lock(e, InterruptLock, NULL, &h[0]);
    lock(e, StartIoLock, NULL, &h[1]);
}

static void interrupt_before_dpc(struct mini_ext *e)
{
    STOR_LOCK_HANDLE h[2] = {0};

    lock(e, InterruptLock, NULL, &h[0]);
    lock(e, DpcLock, &e->dpc[0], &h[1]);
}

static void never_taken(struct mini_ext *e)
{
    STOR_LOCK_HANDLE h = {StartIoLock, {{0}, 0}};

    StorPortReleaseSpinLock(e, &h);
}

static void released_twice(struct mini_ext *e)
{
    STOR_LOCK_HANDLE h = {0};

    lock(e, StartIoLock, NULL, &h);
    StorPortReleaseSpinLock(e, &h);
    StorPortReleaseSpinLock(e, &h);
}

static void other_handle(struct mini_ext *e)
{
    STOR_LOCK_HANDLE h = {0}, g;

    lock(e, StartIoLock, NULL, &h);
    g = h;
    StorPortReleaseSpinLock(e, &g);
}

static void kept(struct mini_ext *e)
{
    STOR_LOCK_HANDLE h = {0};

    lock(e, StartIoLock, NULL, &h);
}

static void no_dpc(struct mini_ext *e)
{
    STOR_LOCK_HANDLE h = {0};

    lock(e, DpcLock, NULL, &h);
}

static void context_too_many(struct mini_ext *e)
{
    STOR_LOCK_HANDLE h = {0};

    lock(e, StartIoLock, &e->dpc[0], &h);
}

static void new_kind(struct mini_ext *e)
{
    STOR_LOCK_HANDLE h = {0};

    lock(e, DpcLevelLock, &e->dpc[0], &h);
}

/* STL-024, STL-025, STL-027, STL-028, STL-029, STL-030, STL-034. */
static void wrong_uses(void **state)
{
    (void)state;
    is_caught(twice, "DT-S06");
    is_caught(dpc_twice, "DT-S06");
    is_caught(interrupt_twice, "DT-S06");
    is_caught(interrupt_first, "DT-S06");
    is_caught(interrupt_before_dpc, "DT-S06");
    is_caught(never_taken, "DT-S07");
    is_caught(released_twice, "DT-S07");
    is_caught(other_handle, "DT-S07");
    is_caught(kept, "DT-S07");
    is_caught(no_dpc, "DT-S06");
    is_caught(context_too_many, "DT-S06");
    is_caught(new_kind, "DT-S06");
}

static void in_order(struct mini_ext *e)
{
    STOR_LOCK_HANDLE h[3] = {{StartIoLock, {{0}, 0}}, {DpcLock, {{0}, 0}}, {InterruptLock, {{0}, 0}}};

    lock(e, StartIoLock, NULL, &h[0]);
    lock(e, DpcLock, &e->dpc[0], &h[1]);
    lock(e, InterruptLock, NULL, &h[2]);
    dt_expect_eq(h[2].Context.OldIrql, DISPATCH_LEVEL);
    dt_expect_eq(KeGetCurrentIrql(), 5);
    StorPortReleaseSpinLock(e, &h[2]);
    StorPortReleaseSpinLock(e, &h[1]);
    StorPortReleaseSpinLock(e, &h[0]);
    dt_expect_eq(KeGetCurrentIrql(), DISPATCH_LEVEL);
}

/* STL-025, STL-031, STL-032, STL-039: the same in the right order is silent, one's own DPC lock too. */
static void right_use(void **state)
{
    (void)state;
    use = in_order;
    always(use_body, 1);
    use = NULL;
}

/* ---- the Ex form ---- */

static void ex(struct mini_ext *e)
{
    STOR_LOCK_HANDLE h = {0};

    dt_expect_eq(StorPortAcquireSpinLockEx(NULL, StartIoLock, NULL, &h), STOR_STATUS_INVALID_PARAMETER);
    dt_expect_eq(StorPortAcquireSpinLockEx(e, StartIoLock, NULL, NULL), STOR_STATUS_INVALID_PARAMETER);
    dt_expect_eq(StorPortAcquireSpinLockEx(e, DpcLock, NULL, &h), STOR_STATUS_INVALID_PARAMETER);
    dt_expect_eq(StorPortAcquireSpinLockEx(e, (STOR_SPINLOCK)9, NULL, &h), STOR_STATUS_INVALID_PARAMETER);
    dt_expect_eq(StorPortAcquireSpinLockEx(e, DpcLevelLock, &e->dpc[0], &h), STOR_STATUS_SUCCESS);
    dt_expect_eq(KeGetCurrentIrql(), DISPATCH_LEVEL);
    StorPortReleaseSpinLock(e, &h);
    dt_expect_eq(StorPortAcquireSpinLockEx(e, InterruptLock, NULL, &h), STOR_STATUS_SUCCESS);
    StorPortReleaseSpinLock(e, &h);
}

/* STL-033, STL-034, STL-035. */
static void ex_body(void *ctx)
{
    dt_stor         *s;
    struct mini_ext *e;
    STOR_LOCK_HANDLE h = {0};

    (void)ctx;
    use = ex;
    s = go(&(struct mini){.physical = true, .passive = makes});
    e = ext_of(s);
    dt_expect_eq(StorPortAcquireSpinLockEx(e, DpcLevelLock, &e->dpc[0], &h), STOR_STATUS_INVALID_IRQL);
    dt_expect_eq(StorPortAcquireSpinLockEx(e, ThreadedDpcLock, &e->dpc[0], &h), STOR_STATUS_SUCCESS);
    dt_expect_eq(KeGetCurrentIrql(), DISPATCH_LEVEL);
    StorPortReleaseSpinLock(e, &h);
    StorPortIssueDpc(e, &e->dpc[0], NULL, NULL);
    eventually(&e->dpcs, 1);
    over(s);
}

static void ex_form(void **state)
{
    (void)state;
    passes(ex_body);
}

/* ---- exclusion ---- */

static void in_startio_lock(struct mini_ext *e)
{
    STOR_LOCK_HANDLE h = {0};

    lock(e, StartIoLock, NULL, &h);
    enter_alone(&e->word[0]);
    look(e);
    leave_alone(&e->word[0]);
    StorPortReleaseSpinLock(e, &h);
}

static void in_interrupt_lock(struct mini_ext *e)
{
    STOR_LOCK_HANDLE h = {0};

    lock(e, InterruptLock, NULL, &h);
    enter_alone(&e->word[0]);
    look(e);
    leave_alone(&e->word[0]);
    StorPortReleaseSpinLock(e, &h);
}

static bool alone_start(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    enter_alone(&e->word[0]);
    look(e);
    leave_alone(&e->word[0]);
    return mini_execute(e, srb);
}

static bool alone_isr(struct mini_ext *e)
{
    enter_alone(&e->word[0]);
    leave_alone(&e->word[0]);
    e->interrupts++;
    return true;
}

static void issues(void *ctx)
{
    struct mini_ext *e = ext_of(ctx);

    StorPortIssueDpc(e, &e->dpc[0], NULL, NULL);
}

static void two_sides(const struct mini *m, wrong_use *u, bool interrupt)
{
    dt_stor         *s;
    struct mini_ext *e;

    use = u;
    s = go(m);
    e = ext_of(s);
    dt_spawn(1, issues, s);
    if (interrupt)
        dt_expect(dt_stor_interrupt(s, -1));
    else
        client(s);
    dt_join_all();
    eventually(&e->dpcs, 1);
    over(s);
    use = NULL;
}

/* STL-036: StartIoLock in a DPC keeps HwStorStartIo out. */
static void startio_body(void *ctx)
{
    (void)ctx;
    two_sides(&(struct mini){.physical = true, .passive = makes, .start = alone_start}, in_startio_lock, false);
}

/* STL-037: InterruptLock keeps the interrupt routine out, here and on other processors. */
static void interrupt_body(void *ctx)
{
    (void)ctx;
    two_sides(&(struct mini){.physical = true, .passive = makes, .isr = alone_isr}, in_interrupt_lock, true);
}

static void excluded(void **state)
{
    (void)state;
    always(startio_body, 1);
    always(interrupt_body, 1);
}

/* STL-038: the lock of one DPC does not keep another DPC out. */
static bool met;

static void holds_own(struct mini_ext *e)
{
    STOR_LOCK_HANDLE h = {0};

    lock(e, DpcLock, &e->dpc[0], &h);
    e->inside = 1;
    look(e);
    e->inside = 0;
    StorPortReleaseSpinLock(e, &h);
}

static void holds_other(PSTOR_DPC d, PVOID ext, PVOID a, PVOID b)
{
    struct mini_ext *e = ext;
    STOR_LOCK_HANDLE h = {0};

    (void)a;
    (void)b;
    lock(e, DpcLock, d, &h);
    look(e);
    met |= e->inside;
    StorPortReleaseSpinLock(e, &h);
    e->dpcs++;
}

static bool makes_two(struct mini_ext *e)
{
    StorPortInitializeDpc(e, &e->dpc[0], dpc);
    StorPortInitializeDpc(e, &e->dpc[1], holds_other);
    return true;
}

static void issues_other(void *ctx)
{
    struct mini_ext *e = ext_of(ctx);

    StorPortIssueDpc(e, &e->dpc[1], NULL, NULL);
}

static void separate_body(void *ctx)
{
    dt_stor         *s;
    struct mini_ext *e;

    (void)ctx;
    use = holds_own;
    s = go(&(struct mini){.physical = true, .passive = makes_two});
    e = ext_of(s);
    dt_spawn(1, issues_other, s);
    StorPortIssueDpc(e, &e->dpc[0], NULL, NULL);
    dt_join_all();
    eventually(&e->dpcs, 2);
    over(s);
    use = NULL;
}

static void separate(void **state)
{
    (void)state;
    met = false;
    reached(separate_body, 2, &met);
}

/* ---- cycles ---- */

static bool build_locks(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    STOR_LOCK_HANDLE h[2] = {0};

    (void)srb;
    lock(e, StartIoLock, NULL, &h[0]);
    look(e);
    lock(e, InterruptLock, NULL, &h[1]);
    StorPortReleaseSpinLock(e, &h[1]);
    StorPortReleaseSpinLock(e, &h[0]);
    return true;
}

/* STL-040: BuildIo takes StartIo, Interrupt; the DPC Interrupt, StartIo: told where it happens, before it can hang. */
static void cycle_body(void *ctx)
{
    (void)ctx;
    two_sides(&(struct mini){.physical = true, .passive = makes, .build = build_locks}, interrupt_first, false);
}

static void startio_then_dpc(struct mini_ext *e)
{
    STOR_LOCK_HANDLE h[2] = {0};

    lock(e, StartIoLock, NULL, &h[0]);
    lock(e, DpcLock, &e->dpc[0], &h[1]);
    StorPortReleaseSpinLock(e, &h[1]);
    StorPortReleaseSpinLock(e, &h[0]);
}

static bool dpc_then_startio(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    STOR_LOCK_HANDLE h[2] = {0};

    (void)srb;
    lock(e, DpcLock, &e->dpc[0], &h[0]);
    lock(e, StartIoLock, NULL, &h[1]);
    StorPortReleaseSpinLock(e, &h[1]);
    StorPortReleaseSpinLock(e, &h[0]);
    return true;
}

/* STL-026: no order between DPC and StartIo lock is documented: one order is silent, both in one run are told. */
static void both_orders_body(void *ctx)
{
    (void)ctx;
    two_sides(&(struct mini){.physical = true, .passive = makes, .build = dpc_then_startio}, startio_then_dpc, false);
}

static void one_order_body(void *ctx)
{
    (void)ctx;
    two_sides(&(struct mini){.physical = true, .passive = makes}, startio_then_dpc, false);
}

static void cycles(void **state)
{
    (void)state;
    found(cycle_body, 2, "DT-S06", ANY_CODE);
    always(one_order_body, 1);
    found(both_orders_body, 2, "DT-L06", ANY_CODE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_uses),
        cmocka_unit_test(right_use),
        cmocka_unit_test(ex_form),
        cmocka_unit_test(excluded),
        cmocka_unit_test(separate),
        cmocka_unit_test(cycles),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
