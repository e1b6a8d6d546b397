/* SPDX-License-Identifier: MIT */
/* Passive initialisation and STOR_DPCs. */
#include "sp/timer.h"

static bool seen;

static void look(struct mini_ext *e)
{
    LARGE_INTEGER now;

    StorPortNotification(QueryTickCount, e, &now);
}

/* ---- passive initialisation ---- */

static bool passive(struct mini_ext *e)
{
    dt_expect_eq(KeGetCurrentIrql(), PASSIVE_LEVEL);
    e->word[0]++;
    return e->word[1] == 0;
}

static BOOLEAN never(PVOID ext)
{
    (void)ext;
    dt_expect(!"a routine that was enabled too late is run");
    return TRUE;
}

/* STD-001, STD-002. */
static void passive_body(void *ctx)
{
    dt_stor *s = go(&(struct mini){.physical = true, .passive = passive});

    (void)ctx;
    dt_expect_eq(ext_of(s)->word[0], 1);
    over(s);
}

static void enabled_late_body(void *ctx)
{
    dt_stor *s = go(&(struct mini){.physical = true});

    (void)ctx;
    dt_expect(!StorPortEnablePassiveInitialization(ext_of(s), never));
    over(s);
}

static bool fails(struct mini_ext *e)
{
    (void)e;
    return false;
}

/* STD-003. */
static void failing_body(void *ctx)
{
    struct mini m = {.physical = true, .passive = fails, .cfg = {.no_scan = true}};
    dt_status   status;

    (void)ctx;
    mini = m;
    mini_stor = NULL;
    mini_drv = dt_driver_load((dt_driver_entry *)mini_entry);
    dt_expect(dt_stor_start(mini_drv, &mini.cfg, &status) == NULL);
    dt_expect(!NT_SUCCESS(status));
    dt_expect_eq(dt_driver_unload(mini_drv), STATUS_SUCCESS);
}

static void passive_initialize(void **state)
{
    (void)state;
    passes(passive_body);
    caught(enabled_late_body, "DT-S13", ANY_CODE);
    passes(failing_body);
}

/* ---- DPCs ---- */

static void counting(PSTOR_DPC dpc, PVOID ext, PVOID a, PVOID b)
{
    struct mini_ext *e = ext;

    dt_expect(ext == (PVOID)e && (dpc == &e->dpc[0] || dpc == &e->dpc[1]));
    dt_expect_eq(KeGetCurrentIrql(), DISPATCH_LEVEL);
    dt_expect(!mini_stor || dt_stor_locks_held(mini_stor) == 0);
    e->word[2] = (LONG)(uintptr_t)a;
    e->word[3] = (LONG)(uintptr_t)b;
    e->dpcs++;
}

static bool makes(struct mini_ext *e)
{
    StorPortInitializeDpc(e, &e->dpc[0], counting);
    StorPortInitializeDpc(e, &e->dpc[1], counting);
    return true;
}

static BOOLEAN issue(struct mini_ext *e, unsigned n, uintptr_t a, uintptr_t b)
{
    return StorPortIssueDpc(e, &e->dpc[n], (PVOID)a, (PVOID)b);
}

/* STD-007, STD-008, STD-009. */
static void issue_body(void *ctx)
{
    dt_stor         *s = go(&(struct mini){.physical = true, .passive = makes});
    struct mini_ext *e = ext_of(s);
    KIRQL            old;

    (void)ctx;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    dt_expect(issue(e, 0, 1, 2));
    dt_expect(!issue(e, 0, 3, 4));
    dt_expect_eq(e->dpcs, 0);
    KeLowerIrql(old);
    eventually(&e->dpcs, 1);
    dt_expect_eq(e->word[2], 1);
    dt_expect_eq(e->word[3], 2);
    dt_expect(issue(e, 0, 5, 6));
    eventually(&e->dpcs, 2);
    dt_expect_eq(e->word[3], 6);
    over(s);
}

static bool issues_in_start(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    dt_expect(issue(e, 0, 1, 2));
    dt_expect_eq(e->dpcs, 0); /* not inside the call */
    return mini_execute(e, srb);
}

static bool issues_in_isr(struct mini_ext *e)
{
    dt_expect(issue(e, 1, 1, 2));
    return true;
}

/* STD-012: also of a virtual miniport, whose StartIo is at PASSIVE_LEVEL: there a DPC interrupts, as on Windows. */
static void anywhere_body(void *ctx)
{
    dt_stor *s = go(&(struct mini){.physical = true, .passive = makes, .start = issues_in_start, .isr = issues_in_isr});

    (void)ctx;
    client(s);
    eventually(&ext_of(s)->dpcs, 1);
    dt_expect(dt_stor_interrupt(s, -1));
    eventually(&ext_of(s)->dpcs, 2);
    over(s);
}

static void issued(void **state)
{
    (void)state;
    passes(issue_body);
    passes(anywhere_body);
}

/* ---- one at a time, two at once ---- */

static void alone(PSTOR_DPC dpc, PVOID ext, PVOID a, PVOID b)
{
    struct mini_ext *e = ext;

    (void)dpc;
    (void)a;
    (void)b;
    enter_alone(&e->word[0]);
    look(e);
    leave_alone(&e->word[0]);
    InterlockedIncrement((volatile LONG *)&e->dpcs);
}

static void together(PSTOR_DPC dpc, PVOID ext, PVOID a, PVOID b)
{
    struct mini_ext *e = ext;

    (void)dpc;
    (void)a;
    (void)b;
    seen |= InterlockedIncrement(&e->word[1]) > 1;
    look(e);
    InterlockedDecrement(&e->word[1]);
    InterlockedIncrement((volatile LONG *)&e->dpcs);
}

static bool makes_alone(struct mini_ext *e)
{
    StorPortInitializeDpc(e, &e->dpc[0], alone);
    return true;
}

static bool makes_together(struct mini_ext *e)
{
    StorPortInitializeDpc(e, &e->dpc[0], together);
    StorPortInitializeDpc(e, &e->dpc[1], together);
    return true;
}

static void issues_0(void *ctx)
{
    struct mini_ext *e = ext_of(ctx);

    if (issue(e, 0, 0, 0))
        InterlockedIncrement(&e->word[5]);
}

static void issues_1(void *ctx)
{
    struct mini_ext *e = ext_of(ctx);

    if (issue(e, 1, 0, 0))
        InterlockedIncrement(&e->word[5]);
}

static void both(const struct mini *m, dt_body *other)
{
    dt_stor         *s = go(m);
    struct mini_ext *e = ext_of(s);

    dt_spawn(1, other, s);
    issues_0(s);
    dt_join_all();
    eventually(&e->dpcs, (ULONG)e->word[5]);
    over(s);
}

/* STD-010: as often as it was accepted, never twice at once. */
static void alone_body(void *ctx)
{
    (void)ctx;
    both(&(struct mini){.physical = true, .passive = makes_alone}, issues_0);
}

/* STD-011. */
static void together_body(void *ctx)
{
    (void)ctx;
    both(&(struct mini){.physical = true, .passive = makes_together}, issues_1);
}

static void concurrency(void **state)
{
    (void)state;
    always(alone_body, 2);
    seen = false;
    reached(together_body, 2, &seen);
}

/* STD-013: two pieces of work, one DPC: an issue that was refused is work that is lost, unless somebody looks. */
static bool checked;

static void works(PSTOR_DPC dpc, PVOID ext, PVOID a, PVOID b)
{
    struct mini_ext *e = ext;

    (void)dpc;
    (void)b;
    look(e);
    if (checked)
        InterlockedExchangeAdd(&e->word[0], InterlockedExchange(&e->word[1], 0));
    else
        InterlockedExchangeAdd(&e->word[0], (LONG)(uintptr_t)a);
}

static bool makes_works(struct mini_ext *e)
{
    StorPortInitializeDpc(e, &e->dpc[0], works);
    return true;
}

static void adds_work(void *ctx)
{
    struct mini_ext *e = ext_of(ctx);

    InterlockedIncrement(&e->word[1]);
    issue(e, 0, 1, 0);
}

static void work_body(void *ctx)
{
    dt_stor         *s = go(&(struct mini){.physical = true, .passive = makes_works});
    struct mini_ext *e = ext_of(s);
    KIRQL            old;

    (void)ctx;
    dt_spawn(1, adds_work, s);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    adds_work(s);
    KeLowerIrql(old);
    dt_join_all();
    dt_run_for(DT_MS(50));
    eventually(&e->word[0], 2);
    over(s);
}

static void lost_work(void **state)
{
    (void)state;
    checked = false;
    found(work_body, 2, "DT-X05", ANY_CODE);
    checked = true;
    always(work_body, 1);
}

/* ---- locks ---- */

static void locking(PSTOR_DPC dpc, PVOID ext, PVOID a, PVOID b)
{
    struct mini_ext *e = ext;
    STOR_LOCK_HANDLE h[3] = {0};

    (void)a;
    (void)b;
    StorPortAcquireSpinLock(e, DpcLock, dpc, &h[0]);
    enter_alone(&e->word[0]);
    look(e);
    leave_alone(&e->word[0]);
    StorPortReleaseSpinLock(e, &h[0]);
    StorPortAcquireSpinLock(e, StartIoLock, NULL, &h[1]);
    StorPortAcquireSpinLock(e, InterruptLock, NULL, &h[2]);
    StorPortReleaseSpinLock(e, &h[2]);
    StorPortReleaseSpinLock(e, &h[1]);
    InterlockedIncrement((volatile LONG *)&e->dpcs);
}

static bool makes_locking(struct mini_ext *e)
{
    StorPortInitializeDpc(e, &e->dpc[0], locking);
    return true;
}

static bool locks_queue(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    STOR_LOCK_HANDLE h = {0};

    StorPortAcquireSpinLock(e, DpcLock, &e->dpc[0], &h);
    enter_alone(&e->word[0]);
    look(e);
    leave_alone(&e->word[0]);
    StorPortReleaseSpinLock(e, &h);
    return mini_execute(e, srb);
}

/* STD-014, STD-015: viostor's queue lock, shared by StartIo and the completion DPC. */
static void locking_body(void *ctx)
{
    dt_stor *s = go(&(struct mini){.physical = true, .channels = 2, .passive = makes_locking, .start = locks_queue});

    (void)ctx;
    client_on(s, 1);
    issue(ext_of(s), 0, 0, 0);
    dt_join_all();
    eventually(&ext_of(s)->dpcs, 1);
    over(s);
}

static void locks(void **state)
{
    (void)state;
    always(locking_body, 1);
}

/* ---- cancel ---- */

/* STD-016. */
static void cancel_body(void *ctx)
{
    struct mini      m = {.physical = true, .passive = makes};
    dt_stor         *s = go(&m);
    struct mini_ext *e = ext_of(s);
    BOOLEAN          was = 9;
    KIRQL            old;

    (void)ctx;
    dt_expect_eq(StorPortCancelDpc(e, NULL, &was), STOR_STATUS_INVALID_PARAMETER);
    dt_expect_eq(StorPortCancelDpc(e, &e->dpc[0], NULL), STOR_STATUS_INVALID_PARAMETER);
    dt_expect_eq(StorPortCancelDpc(e, &e->dpc[0], &was), STOR_STATUS_SUCCESS);
    dt_expect_eq(was, FALSE);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    issue(e, 0, 1, 2);
    dt_expect_eq(StorPortCancelDpc(e, &e->dpc[0], &was), STOR_STATUS_SUCCESS);
    dt_expect_eq(was, TRUE);
    KeLowerIrql(old);
    dt_run_for(DT_MS(5));
    dt_expect_eq(e->dpcs, 0);
    over(s);
    m.cfg.os = DT_STOR_WINDOWS_7;
    s = go(&m);
    dt_expect_eq(StorPortCancelDpc(ext_of(s), &ext_of(s)->dpc[0], &was), STOR_STATUS_NOT_IMPLEMENTED);
    over(s);
}

static void cancels(void *ctx)
{
    struct mini_ext *e = ext_of(ctx);
    BOOLEAN          was;

    StorPortCancelDpc(e, &e->dpc[0], &was);
    e->word[6] = was;
    e->word[7] = 1;
}

/* STD-017: TRUE and no run, or FALSE and a run. */
static void cancel_race_body(void *ctx)
{
    dt_stor         *s = go(&(struct mini){.physical = true, .passive = makes});
    struct mini_ext *e = ext_of(s);

    (void)ctx;
    KIRQL old;

    KeRaiseIrql(DISPATCH_LEVEL, &old);
    issue(e, 0, 1, 2);
    dt_spawn(1, cancels, s);
    look(e);
    KeLowerIrql(old);
    dt_join_all();
    dt_run_for(DT_MS(5));
    dt_expect_eq(e->word[6] + (LONG)e->dpcs, 1);
    over(s);
}

static void cancel(void **state)
{
    (void)state;
    passes(cancel_body);
    if (simulated())
        always(cancel_race_body, 2);
}

/* ---- misuse, stop ---- */

static bool makes_early(struct mini_ext *e)
{
    StorPortInitializeDpc(e, &e->dpc[0], counting);
    return true;
}

/* STD-005: works, but is told. */
static void early_body(void *ctx)
{
    dt_stor *s = go(&(struct mini){.initialize = makes_early});

    (void)ctx;
    dt_expect(issue(ext_of(s), 0, 1, 2));
    eventually(&ext_of(s)->dpcs, 1);
    over(s);
}

/* STD-019. */
static void dump_body(void *ctx)
{
    (void)ctx;
    over(go(&(struct mini){.passive = makes_early, .cfg = {.dump = true}}));
}

static void slow(PSTOR_DPC dpc, PVOID ext, PVOID a, PVOID b)
{
    (void)dpc;
    (void)b;
    KeStallExecutionProcessor((ULONG)(uintptr_t)a);
    ((struct mini_ext *)ext)->dpcs++;
}

static bool makes_slow(struct mini_ext *e)
{
    StorPortInitializeDpc(e, &e->dpc[0], slow);
    return true;
}

/* STD-020: more than 100 us. STD-023: more than the watchdog's limit. */
static uintptr_t slow_us;

static void slow_body(void *ctx)
{
    dt_stor *s = go(&(struct mini){.physical = true, .passive = makes_slow});

    (void)ctx;
    issue(ext_of(s), 0, slow_us, 0);
    eventually(&ext_of(s)->dpcs, 1);
    over(s);
}

static void misuse(void **state)
{
    struct dt_config cfg = config(2);

    (void)state;
    caught(early_body, "DT-S13", ANY_CODE);
    caught(dump_body, "DT-S13", ANY_CODE);
    if (!simulated())
        return;
    slow_us = 90;
    passes(slow_body);
    slow_us = 150;
    caught(slow_body, "DT-B01", ANY_CODE);
    cfg.dpc_watchdog_ms = 20;
    slow_us = 30000;
    caught_with(&cfg, slow_body, NULL, 0x133);
}

static bool stopped;

static void not_after_stop(PSTOR_DPC dpc, PVOID ext, PVOID a, PVOID b)
{
    (void)dpc;
    (void)ext;
    (void)a;
    (void)b;
    dt_expect(!stopped);
}

static bool makes_stopped(struct mini_ext *e)
{
    StorPortInitializeDpc(e, &e->dpc[0], not_after_stop);
    return true;
}

static void stops(struct mini_ext *e, SCSI_ADAPTER_CONTROL_TYPE type)
{
    if (type != ScsiStopAdapter)
        return;
    stopped = true;
    issue(e, 0, 0, 0); /* too late: suppressed */
}

/* STD-018: what was queued has run before the stop. */
static void stop_body(void *ctx)
{
    dt_stor *s = go(&(struct mini){.physical = true, .passive = makes_stopped, .control = stops});

    (void)ctx;
    stopped = false;
    issue(ext_of(s), 0, 0, 0);
    over(s);
}

static volatile LONG accepted, ran;

static void counts_run(PSTOR_DPC dpc, PVOID ext, PVOID a, PVOID b)
{
    (void)dpc;
    (void)ext;
    (void)a;
    (void)b;
    InterlockedIncrement(&ran);
}

static bool makes_counted(struct mini_ext *e)
{
    StorPortInitializeDpc(e, &e->dpc[0], counts_run);
    return true;
}

static void issues_high(void *ctx)
{
    struct mini_ext *e = ext_of(ctx);
    KIRQL            old;

    KeRaiseIrql(DISPATCH_LEVEL, &old);
    dt_expect(issue(e, 0, 0, 0));
    InterlockedIncrement(&accepted);
    KeLowerIrql(old);
}

/* STD-018: on another processor too it is waited for. */
static void drained_body(void *ctx)
{
    dt_stor *s = go(&(struct mini){.physical = true, .passive = makes_counted});

    (void)ctx;
    accepted = ran = 0;
    dt_spawn(1, issues_high, s);
    while (!accepted)
        dt_run_for(DT_MS(1));
    over(s);
    dt_expect_eq(ran, 1);
    dt_join_all();
}

static void stop(void **state)
{
    (void)state;
    always(stop_body, 1);
    if (simulated()) /* in real time the thread may still be in the call when the extension goes */
        always(drained_body, 2);
}

/* ---- the watchdog's numbers ---- */

static void asks(PSTOR_DPC dpc, PVOID ext, PVOID a, PVOID b)
{
    STOR_DPC_WATCHDOG_INFORMATION w = {.DpcTimeLimit = 77};

    (void)dpc;
    (void)a;
    (void)b;
    dt_expect_eq(StorPortQueryDpcWatchdogInformation(ext, &w), STOR_STATUS_SUCCESS);
    dt_expect_eq(w.DpcTimeLimit != 0, mini.restart);
    dt_expect_eq(w.DpcWatchdogLimit != 0, mini.restart);
    dt_expect_eq(StorPortQueryDpcWatchdogInformation(ext, NULL), STOR_STATUS_INVALID_PARAMETER);
    ((struct mini_ext *)ext)->dpcs++;
}

static bool makes_asks(struct mini_ext *e)
{
    StorPortInitializeDpc(e, &e->dpc[0], asks);
    return true;
}

/* STD-021, STD-022: 0 means that the watchdog is off. */
static void watchdog_body(void *ctx)
{
    struct mini m = {.physical = true, .passive = makes_asks, .restart = ctx != NULL};
    dt_stor    *s = go(&m);

    issue(ext_of(s), 0, 0, 0);
    eventually(&ext_of(s)->dpcs, 1);
    over(s);
}

static void too_low_body(void *ctx)
{
    STOR_DPC_WATCHDOG_INFORMATION w;
    dt_stor                      *s = go(&(struct mini){.physical = true});

    (void)ctx;
    dt_expect_eq(StorPortQueryDpcWatchdogInformation(ext_of(s), &w), STOR_STATUS_UNSUCCESSFUL);
    over(s);
}

static void watchdog(void **state)
{
    struct dt_config cfg = config(2);
    struct dt_result r = {0};

    (void)state;
    passes(watchdog_body);
    passes(too_low_body);
    if (!simulated())
        return;
    cfg.dpc_watchdog_ms = 20;
    assert_int_equal(dt_run(&cfg, watchdog_body, &cfg, &r), 0);
    assert_int_equal(r.verdict, DT_PASS);
}

/* ---- viostor's flag, redirection ---- */

static bool fell_back;

static bool ready(struct mini_ext *e)
{
    StorPortInitializeDpc(e, &e->dpc[0], counting);
    e->word[0] = 1;
    return true;
}

static bool if_ready(struct mini_ext *e)
{
    if (e->word[0])
        issue(e, 0, 0, 0);
    else
        fell_back = true;
    e->interrupts++;
    return true;
}

/* STD-025: on some schedule the interrupt comes before passive initialisation. */
static void fallback_body(void *ctx)
{
    struct mini m = {.physical = true, .passive = ready, .isr = if_ready, .cfg = {.spurious_interrupt = true}};
    dt_stor    *s = go(&m);

    (void)ctx;
    eventually(&ext_of(s)->interrupts, 1);
    over(s);
}

static void fallback(void **state)
{
    (void)state;
    fell_back = false;
    reached(fallback_body, 1, &fell_back);
}

static void where(PSTOR_DPC dpc, PVOID ext, PVOID a, PVOID b)
{
    struct mini_ext *e = ext;

    (void)dpc;
    (void)a;
    (void)b;
    e->word[1] = (LONG)KeGetCurrentProcessorNumber();
    e->dpcs++;
}

static bool makes_where(struct mini_ext *e)
{
    StorPortInitializeDpc(e, &e->dpc[0], where);
    return true;
}

static bool issues_here(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    e->word[0] = (LONG)KeGetCurrentProcessorNumber();
    issue(e, 0, 0, 0);
    return mini_execute(e, srb);
}

/* STD-026: with redirection a DPC that StartIo issues goes to the processor of its request. */
static void redirect_body(void *ctx)
{
    struct mini m = {
        .physical = true, .perf_flags = STOR_PERF_DPC_REDIRECTION, .passive = makes_where, .start = issues_here};
    dt_stor *s = go(&m);

    (void)ctx;
    client_on(s, 1);
    dt_join_all();
    eventually(&ext_of(s)->dpcs, 1);
    dt_expect_eq(ext_of(s)->word[1], 1);
    over(s);
}

static void redirected(void **state)
{
    (void)state;
    passes(redirect_body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(passive_initialize),
        cmocka_unit_test(issued),
        cmocka_unit_test(concurrency),
        cmocka_unit_test(lost_work),
        cmocka_unit_test(locks),
        cmocka_unit_test(cancel),
        cmocka_unit_test(misuse),
        cmocka_unit_test(stop),
        cmocka_unit_test(watchdog),
        cmocka_unit_test(fallback),
        cmocka_unit_test(redirected),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
