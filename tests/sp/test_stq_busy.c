/* SPDX-License-Identifier: MIT */
/* Busy, ready, pause, resume: what a miniport says holds requests back, and nothing else. */
#include "sp/clients.h"

/* Starts n requests, so that the miniport has them. */
static dt_stor *with_requests(const struct mini *m, unsigned n)
{
    dt_stor *s = begin(m);

    send_many(s, 0, n);
    calm();
    dt_expect_eq(n_kept, (LONG)n);
    return s;
}

/* ---- one unit: STQ-020 to STQ-022 ---- */

/* STQ-020 */
static void unit_busy(void *ctx)
{
    (void)ctx;
    dt_stor *s = with_requests(&(struct mini){.start = keep}, 3);

    dt_expect_eq(StorPortDeviceBusy(ext_of(s), 0, 0, 0, 2), TRUE);
    send_many(s, 0, 2);
    calm();
    dt_expect_eq(n_kept, 3);
    give_back(s, SRB_STATUS_SUCCESS);
    calm();
    dt_expect_eq(n_kept, 3);
    give_back(s, SRB_STATUS_SUCCESS);
    calm();
    dt_expect_eq(n_kept, 5);
    end(s);
}

/* STQ-021 */
static void busy_for_more_than_there_are(void *ctx)
{
    (void)ctx;
    dt_stor *s = with_requests(&(struct mini){.start = keep}, 2);

    dt_expect_eq(StorPortDeviceBusy(ext_of(s), 0, 0, 0, 1000), TRUE);
    send(s, 0);
    give_back(s, SRB_STATUS_SUCCESS);
    calm();
    dt_expect_eq(n_kept, 2);
    give_back(s, SRB_STATUS_SUCCESS);
    calm();
    dt_expect_eq(n_kept, 3);
    end(s);
}

/* STQ-022 */
static void busy_with_nothing_outstanding(void *ctx)
{
    (void)ctx;
    dt_stor *s = begin(&(struct mini){0});

    dt_expect_eq(StorPortDeviceBusy(ext_of(s), 0, 0, 0, 5), TRUE);
    dt_expect_eq(StorPortBusy(ext_of(s), 5), TRUE);
    dt_expect_eq(run_one(s), SRB_STATUS_SUCCESS);
    over(s);
}

/* A request that BuildIo has prepared waits for the gate; it does not count among those that must complete. */
static bool busy_in_build(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    (void)srb;
    if (e->builds++ == 0)
        StorPortDeviceBusy(e, 0, 0, 0, 1);
    return true;
}

static void busy_between_build_and_start(void *ctx)
{
    (void)ctx;
    dt_stor *s = begin(&(struct mini){.physical = true, .build = busy_in_build});

    dt_expect_eq(run_one(s), SRB_STATUS_SUCCESS);
    over(s);
}

static void busy_units(void **state)
{
    (void)state;
    passes(unit_busy);
    passes(busy_for_more_than_there_are);
    passes(busy_with_nothing_outstanding);
    passes(busy_between_build_and_start);
    always(busy_between_build_and_start, 1);
}

/* ---- the adapter: STQ-024 ---- */

static bool keep_when_told(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    return e->word[0] ? keep(e, srb) : mini_execute(e, srb);
}

static void adapter_busy(void *ctx)
{
    (void)ctx;
    dt_stor *s = begin(&(struct mini){.scan = true, .luns = 2, .start = keep_when_told, .cfg.no_class = true});

    ext_of(s)->word[0] = 1;
    send_many(s, 0, 2);
    calm();
    dt_expect_eq(StorPortBusy(ext_of(s), 1), TRUE);
    send(s, 0);
    send(s, 1);
    calm();
    dt_expect_eq(n_kept, 2);
    give_back(s, SRB_STATUS_SUCCESS);
    calm();
    dt_expect_eq(n_kept, 4);
    end(s);
}

static void other_adapter(void *ctx)
{
    (void)ctx;
    dt_stor *s = with_requests(&(struct mini){.start = keep_when_told}, 0);
    dt_stor *t = dt_stor_start(mini_drv, &mini.cfg, NULL);

    ext_of(s)->word[0] = 1;
    send(s, 0);
    calm();
    StorPortBusy(ext_of(s), 1);
    dt_expect_eq(run_one(t), SRB_STATUS_SUCCESS);
    dt_expect_eq(dt_stor_remove(t), STATUS_SUCCESS);
    end(s);
}

static void busy_adapters(void **state)
{
    (void)state;
    passes(adapter_busy);
    passes(other_adapter);
}

/* ---- ready: STQ-025 ---- */

static void ready_body(void *ctx)
{
    (void)ctx;
    dt_stor *s = with_requests(&(struct mini){.start = keep}, 1);
    void    *e = ext_of(s);

    StorPortDeviceBusy(e, 0, 0, 0, 1);
    send(s, 0);
    calm();
    dt_expect_eq(n_kept, 1);
    dt_expect_eq(StorPortDeviceReady(e, 0, 0, 0), TRUE);
    calm();
    dt_expect_eq(n_kept, 2);
    StorPortBusy(e, 2);
    send(s, 0);
    calm();
    dt_expect_eq(n_kept, 2);
    dt_expect_eq(StorPortReady(e), TRUE);
    calm();
    dt_expect_eq(n_kept, 3);
    end(s);
}

static void ready(void **state)
{
    (void)state;
    passes(ready_body);
}

/* ---- pause ---- */

/* STQ-026, STQ-027, STQ-028 */
static void pause_ends(void *ctx)
{
    (void)ctx;
    dt_stor *s = with_requests(&(struct mini){.start = keep}, 1);
    dt_ns    from = dt_now();

    dt_expect_eq(StorPortPause(ext_of(s), 1), TRUE);
    send(s, 0);
    give_back(s, SRB_STATUS_SUCCESS);
    calm();
    dt_expect(dt_stor_done(io[0]));
    dt_expect_eq(n_kept, 1);
    while (ReadNoFence(&n_kept) == 1)
        sleep_ms(10);
    dt_expect(dt_now() - from >= 1000000000ull);
    dt_expect(!simulated() || dt_now() - from < 1050000000ull);
    end(s);
}

static void resume_at_once(void *ctx)
{
    (void)ctx;
    dt_stor *s = begin(&(struct mini){.start = keep});
    dt_ns    from = dt_now();

    StorPortPause(ext_of(s), 600);
    send(s, 0);
    calm();
    dt_expect_eq(n_kept, 0);
    dt_expect_eq(StorPortResume(ext_of(s)), TRUE);
    calm();
    dt_expect_eq(n_kept, 1);
    dt_expect(dt_now() - from < 10000000000ull);
    end(s);
}

static void pause_one_unit(void *ctx)
{
    (void)ctx;
    dt_stor *s = begin(&(struct mini){.scan = true, .luns = 2, .start = keep_when_told, .cfg.no_class = true});

    ext_of(s)->word[0] = 1;
    dt_expect_eq(StorPortPauseDevice(ext_of(s), 0, 0, 0, 1), TRUE);
    send(s, 0);
    send(s, 1);
    calm();
    dt_expect_eq(n_kept, 1);
    dt_expect_eq(mini_lun(kept[0]), 1);
    dt_expect_eq(StorPortResumeDevice(ext_of(s), 0, 0, 0), TRUE);
    calm();
    dt_expect_eq(n_kept, 2);
    StorPortPauseDevice(ext_of(s), 0, 0, 1, 1);
    dt_ns from = dt_now();

    send(s, 1);
    while (ReadNoFence(&n_kept) == 2)
        sleep_ms(10);
    dt_expect(dt_now() - from >= 990000000ull);
    end(s);
}

/* STQ-032 */
static void two_pauses(void *ctx)
{
    (void)ctx;
    dt_stor *s = begin(&(struct mini){.start = keep});
    void    *e = ext_of(s);

    StorPortPause(e, 600);
    StorPortPauseDevice(e, 0, 0, 0, 600);
    send(s, 0);
    StorPortResume(e);
    calm();
    dt_expect_eq(n_kept, 0);
    StorPortPause(e, 600);
    StorPortResumeDevice(e, 0, 0, 0);
    calm();
    dt_expect_eq(n_kept, 0);
    StorPortResume(e);
    calm();
    dt_expect_eq(n_kept, 1);
    end(s);
}

static void pauses(void **state)
{
    (void)state;
    passes(pause_ends);
    passes(resume_at_once);
    passes(pause_one_unit);
    passes(two_pauses);
}

/* ---- results: STQ-030, STQ-031 ---- */

static void results_body(void *ctx)
{
    (void)ctx;
    dt_stor *s = begin(&(struct mini){0});
    void    *e = ext_of(s);

    dt_expect_eq(StorPortDeviceBusy(e, 0, 0, 7, 1), FALSE);
    dt_expect_eq(StorPortDeviceReady(e, 0, 0, 7), FALSE);
    dt_expect_eq(StorPortPauseDevice(e, 0, 3, 0, 1), FALSE);
    dt_expect_eq(StorPortResumeDevice(e, 0, 3, 0), FALSE);
    dt_expect_eq(StorPortResume(e), FALSE);
    dt_expect_eq(StorPortResumeDevice(e, 0, 0, 0), FALSE);
    dt_expect_eq(StorPortPause(e, 600), TRUE);
    dt_expect_eq(StorPortResume(e), TRUE);
    dt_expect_eq(StorPortResume(e), FALSE);
    dt_expect_eq(StorPortReady(e), TRUE);
    dt_expect_eq(StorPortDeviceReady(e, 0, 0, 0), TRUE);
    over(s);
}

/* The later one counts. */
static void later_pause_wins(void *ctx)
{
    (void)ctx;
    dt_stor *s = begin(&(struct mini){.start = keep});
    dt_ns    from = dt_now();

    StorPortPause(ext_of(s), 600);
    dt_expect_eq(StorPortPause(ext_of(s), 1), TRUE);
    send(s, 0);
    while (ReadNoFence(&n_kept) == 0)
        sleep_ms(10);
    dt_expect(dt_now() - from >= 1000000000ull && dt_now() - from < 60000000000ull);
    end(s);
}

static void first_pause_wins(void *ctx)
{
    (void)ctx;
    dt_stor *s = begin(&(struct mini){.start = keep, .cfg.pause_first_wins = true});

    dt_expect_eq(StorPortPause(ext_of(s), 1), TRUE);
    dt_expect_eq(StorPortPause(ext_of(s), 600), FALSE);
    dt_ns from = dt_now();

    send(s, 0);
    while (ReadNoFence(&n_kept) == 0)
        sleep_ms(10);
    dt_expect(dt_now() - from < 60000000000ull);
    end(s);
}

static void results(void **state)
{
    (void)state;
    passes(results_body);
    passes(later_pause_wins);
    passes(first_pause_wins);
}

/* ---- neither BuildIo nor StartIo: STQ-029 ---- */

static bool count_build(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    (void)srb;
    InterlockedIncrement((volatile LONG *)&e->builds);
    return true;
}

static bool pause_in_build(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    (void)srb;
    if (e->builds++ == 0)
        StorPortPause(e, 600);
    return true;
}

static void no_build_while_paused(void *ctx)
{
    (void)ctx;
    dt_stor *s = begin(&(struct mini){.physical = true, .build = count_build, .start = keep});

    StorPortPause(ext_of(s), 600);
    send_many(s, 0, 3);
    calm();
    dt_expect_eq(ext_of(s)->builds, 0);
    StorPortResume(ext_of(s));
    calm();
    dt_expect_eq(n_kept, 3);
    end(s);
}

static void built_before_the_pause(void *ctx)
{
    (void)ctx;
    dt_stor *s = begin(&(struct mini){.physical = true, .build = pause_in_build, .start = keep});

    send(s, 0);
    calm();
    dt_expect_eq(ext_of(s)->builds, 1);
    dt_expect_eq(n_kept, 0);
    StorPortResume(ext_of(s));
    calm();
    dt_expect_eq(ext_of(s)->builds, 1);
    dt_expect_eq(n_kept, 1);
    end(s);
}

static void not_built(void **state)
{
    (void)state;
    passes(no_build_while_paused);
    passes(built_before_the_pause);
}

/* ---- at device level: STQ-033, STM-035's calls ---- */

static bool busy_in_isr(struct mini_ext *e)
{
    dt_expect_eq(StorPortBusy(e, 20), TRUE);
    dt_expect_eq(StorPortPause(e, 60), TRUE);
    return true;
}

static void isr_body(void *ctx)
{
    (void)ctx;
    dt_stor *s = begin(&(struct mini){.physical = true, .isr = busy_in_isr, .start = keep});

    send(s, 0);
    calm();
    dt_expect(dt_stor_interrupt(s, -1));
    send(s, 0);
    calm();
    dt_expect_eq(n_kept, 1);
    StorPortResume(ext_of(s));
    give_back(s, SRB_STATUS_SUCCESS);
    calm();
    dt_expect_eq(n_kept, 2);
    end(s);
}

static bool device_busy_in_isr(struct mini_ext *e)
{
    StorPortDeviceBusy(e, 0, 0, 0, 1);
    return true;
}

static void isr_device_busy_body(void *ctx)
{
    (void)ctx;
    dt_stor *s = begin(&(struct mini){.physical = true, .isr = device_busy_in_isr});

    dt_stor_interrupt(s, -1);
    over(s);
}

static void at_device_level(void **state)
{
    (void)state;
    passes(isr_body);
    caught(isr_device_busy_body, "DT-S12", 0);
}

/* ---- STQ-034: paused in HwStorResetBus, resumed with the Interrupt lock ---- */

static BOOLEAN resume_synchronized(PVOID ext, PVOID context)
{
    (void)context;
    return StorPortResume(ext);
}

static bool pause_in_reset(struct mini_ext *e, ULONG path)
{
    (void)path;
    return StorPortPause(e, 60);
}

static bool expect_resumed(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    dt_expect_eq(e->word[0], 0);
    return mini_execute(e, srb);
}

static void reset_and_resume(void *ctx)
{
    (void)ctx;
    dt_stor *s = begin(&(struct mini){.physical = true, .reset = pause_in_reset, .start = expect_resumed});

    ext_of(s)->word[0] = 1;
    dt_expect(dt_stor_reset_bus(s, 0));
    client_on(s, 1);
    calm();
    InterlockedExchange(&ext_of(s)->word[0], 0);
    dt_expect(StorPortSynchronizeAccess(ext_of(s), resume_synchronized, NULL));
    dt_join_all();
    over(s);
}

static void paused_by_reset(void **state)
{
    (void)state;
    passes(reset_and_resume);
}

/* ---- STQ-035: what has begun goes on ---- */

static bool overlap_seen;

static bool slow_start(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    InterlockedExchange(&e->word[0], 1);
    StorPortNotification(NextRequest, e); /* where the other processor may go on */
    overlap_seen |= InterlockedOr(&e->word[1], 0) != 0;
    return mini_execute(e, srb);
}

static void pause_meets_start(void *ctx)
{
    (void)ctx;
    dt_stor *s = begin(&(struct mini){.start = slow_start});

    client_on(s, 1);
    StorPortPause(ext_of(s), 60);
    if (InterlockedOr(&ext_of(s)->word[0], 0))
        InterlockedExchange(&ext_of(s)->word[1], 1);
    StorPortResume(ext_of(s));
    dt_join_all();
    over(s);
}

static void running_start(void **state)
{
    (void)state;
    reached(pause_meets_start, 3, &overlap_seen);
    passes(pause_meets_start);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(busy_units),
        cmocka_unit_test(busy_adapters),
        cmocka_unit_test(ready),
        cmocka_unit_test(pauses),
        cmocka_unit_test(results),
        cmocka_unit_test(not_built),
        cmocka_unit_test(at_device_level),
        cmocka_unit_test(paused_by_reset),
        cmocka_unit_test(running_start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
