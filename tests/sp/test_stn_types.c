/* SPDX-License-Identifier: MIT */
/* StorPortNotification's other types: values, arguments, resets, bus changes, link, ticks, WMI. */
#include "sp/timer.h"

/* STN-001. */
static void values(void **state)
{
    (void)state;
    assert_int_equal(RequestComplete, 0);
    assert_int_equal(NextRequest, 1);
    assert_int_equal(NextLuRequest, 2);
    assert_int_equal(ResetDetected, 3);
    assert_int_equal(RequestTimerCall, 6);
    assert_int_equal(BusChangeDetected, 7);
    assert_int_equal(WMIEvent, 8);
    assert_int_equal(WMIReregister, 9);
    assert_int_equal(LinkUp, 10);
    assert_int_equal(LinkDown, 11);
    assert_int_equal(QueryTickCount, 12);
    assert_int_equal(BufferOverrunDetected, 13);
    assert_int_equal(TraceNotification, 14);
    assert_int_equal(GetExtendedFunctionTable, 15);
    assert_int_equal(EnablePassiveInitialization, 0x1000);
    assert_int_equal(InitializeDpc, 0x1001);
    assert_int_equal(IssueDpc, 0x1002);
    assert_int_equal(AcquireSpinLock, 0x1003);
    assert_int_equal(ReleaseSpinLock, 0x1004);
}

/* ---- misuse ---- */

static SCSI_NOTIFICATION_TYPE type;

static void typed_body(void *ctx)
{
    dt_stor *s = go(&(struct mini){0});

    (void)ctx;
    StorPortNotification(type, ext_of(s), NULL, NULL);
    over(s);
}

static void is_caught(unsigned t, const char *rule, uint32_t code)
{
    type = (SCSI_NOTIFICATION_TYPE)t;
    caught(typed_body, rule, code);
}

/* STN-003, STN-052, STN-061, STN-070. */
static void misuse(void **state)
{
    (void)state;
    is_caught(GetExtendedFunctionTable, "DT-S16", ANY_CODE);
    is_caught(CallDisableInterrupts, "DT-S16", ANY_CODE);
    is_caught(99, "DT-S16", ANY_CODE);
    is_caught(LinkUp, "DT-S16", ANY_CODE);
    is_caught(QueryTickCount, "DT-S16", ANY_CODE);
    is_caught(BufferOverrunDetected, NULL, 0xF7);
}

/* STN-002: a foreign pointer in place of the extension. */
static void foreign_body(void *ctx)
{
    dt_stor *s = go(&(struct mini){0});
    char     no_extension[64];

    (void)ctx;
    StorPortNotification(NextRequest, no_extension);
    over(s);
}

static void foreign(void **state)
{
    (void)state;
    caught(foreign_body, "DT-S12", ANY_CODE);
}

/* ---- what Microsoft's inline routines make (STN-004) ---- */

static void counted_dpc(PSTOR_DPC dpc, PVOID ext, PVOID a, PVOID b)
{
    (void)dpc;
    dt_expect_eq((uintptr_t)a, 3);
    dt_expect_eq((uintptr_t)b, 4);
    ((struct mini_ext *)ext)->dpcs++;
}

static BOOLEAN inline_passive(PVOID ext)
{
    struct mini_ext *e = ext;

    StorPortNotification(InitializeDpc, e, &e->dpc[0], counted_dpc);
    e->word[0]++;
    return TRUE;
}

static bool enables(struct mini_ext *e)
{
    BOOLEAN done = FALSE;

    StorPortNotification(EnablePassiveInitialization, e, inline_passive, &done);
    dt_expect(done);
    return true;
}

static void inline_body(void *ctx)
{
    dt_stor         *s = go(&(struct mini){.physical = true, .initialize = enables});
    struct mini_ext *e = ext_of(s);
    BOOLEAN          done = FALSE;
    STOR_LOCK_HANDLE h = {0};

    (void)ctx;
    dt_expect_eq(e->word[0], 1);
    StorPortNotification(IssueDpc, e, &e->dpc[0], (PVOID)3, (PVOID)4, &done);
    dt_expect(done);
    eventually(&e->dpcs, 1);
    StorPortNotification(AcquireSpinLock, e, StartIoLock, NULL, &h);
    dt_expect_eq(dt_stor_locks_held(s), DT_STOR_LOCK_STARTIO);
    StorPortNotification(ReleaseSpinLock, e, &h);
    dt_expect_eq(dt_stor_locks_held(s), 0);
    over(s);
}

static void inlines(void **state)
{
    (void)state;
    passes(inline_body);
}

/* ---- NextRequest ---- */

static bool chatty(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    if (e->word[0]) {
        StorPortNotification(NextRequest, e, NULL);
        StorPortNotification(NextLuRequest, e, 0, 0, 0);
    }
    e->requests++;
    return mini_execute(e, srb);
}

/* STN-020, STN-021: sent or not, nothing changes. */
static void next_body(void *ctx)
{
    dt_stor         *s = go(&(struct mini){.physical = true, .start = chatty});
    struct mini_ext *e = ext_of(s);

    (void)ctx;
    client(s);
    client(s);
    e->word[0] = 1;
    client(s);
    client(s);
    dt_expect_eq(e->requests, 4);
    over(s);
}

static void next(void **state)
{
    (void)state;
    passes(next_body);
}

/* ---- ResetDetected ---- */

static bool detects(struct mini_ext *e)
{
    StorPortNotification(ResetDetected, e, 0); /* STN-033: at device level, with a surplus argument */
    e->interrupts++;
    return true;
}

static bool noted_start(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    e->word[1] = (LONG)(dt_now() / 1000);
    e->requests++;
    return e->word[2] ? mini_hold(e, srb) : mini_execute(e, srb);
}

/* STN-030, STN-031, STN-032: its requests stay the miniport's; new ones wait BusResetHoldTime. */
static void hold_body(void *ctx)
{
    struct mini            m = {.physical = true, .isr = detects, .start = noted_start, .hold_us = ctx ? 0 : 30000};
    dt_stor               *s = go(&m);
    struct mini_ext       *e = ext_of(s);
    struct dt_stor_request r = simple(0);

    e->word[2] = 1;
    dt_stor_io *io = dt_stor_submit(s, &r);

    eventually(&e->n_held, 1);
    e->word[2] = 0;
    dt_expect(dt_stor_interrupt(s, -1));
    eventually(&e->interrupts, 1);
    LONG start = (LONG)(dt_now() / 1000);

    dt_expect(!dt_stor_done(io));
    client(s);
    dt_expect_eq(e->requests, 2);
    if (m.hold_us && simulated())
        dt_expect(e->word[1] - start >= 20000);
    mini_release(e, SRB_STATUS_BUS_RESET);
    dt_expect_eq(dt_stor_finish(io), SRB_STATUS_BUS_RESET);
    over(s);
}

static void reset_detected(void **state)
{
    struct dt_config cfg = config(2);
    struct dt_result r = {0};

    (void)state;
    passes(hold_body);
    if (!simulated())
        return;
    assert_int_equal(dt_run(&cfg, hold_body, &cfg, &r), 0);
    assert_int_equal(r.verdict, DT_PASS);
}

/* ---- BusChangeDetected ---- */

static void change(dt_stor *s, unsigned luns, int path)
{
    unsigned before = dt_stor_unit_count(s);

    mini_units_set(luns);
    if (path < 0)
        StorPortNotification(BusChangeDetected, ext_of(s), 0xff);
    else
        StorPortNotification(BusChangeDetected, ext_of(s), (UCHAR)path);
    StorPortNotification(BusChangeDetected, ext_of(s), 0);
    dt_expect(!simulated() || dt_stor_unit_count(s) == before || luns == before); /* STN-042: later */
    for (unsigned i = 0; i < 100 && dt_stor_unit_count(s) != luns; i++)
        dt_run_for(DT_MS(10));
    dt_expect_eq(dt_stor_unit_count(s), luns);
}

/* STN-040, STN-041, STN-042, STN-043: units come and go after the call has returned. */
static void change_body(void *ctx)
{
    dt_stor *s = go(&(struct mini){.scan = true, .luns = 1});

    (void)ctx;
    dt_expect_eq(dt_stor_unit_count(s), 1);
    change(s, 3, 0);
    change(s, 2, 0);
    change(s, 4, -1);
    dt_run_for(DT_MS(50));
    over(s);
}

static bool changes_meanwhile(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    UCHAR code = mini_cdb(srb)[0];

    mini_execute(e, srb);
    if (code == SCSIOP_REPORT_LUNS && InterlockedIncrement((volatile LONG *)&e->requests) == 2) {
        mini_units_set(3); /* after the list has gone out */
        StorPortNotification(BusChangeDetected, e, 0);
    }
    return true;
}

/* STN-042: told while a scan is under way: one more comes after it. */
static void meanwhile_body(void *ctx)
{
    dt_stor *s = go(&(struct mini){.scan = true, .luns = 1, .start = changes_meanwhile});

    (void)ctx;
    StorPortNotification(BusChangeDetected, ext_of(s), 0);
    for (unsigned i = 0; i < 100 && dt_stor_unit_count(s) != 3; i++)
        dt_run_for(DT_MS(10));
    dt_expect_eq(dt_stor_unit_count(s), 3);
    dt_run_for(DT_MS(50));
    over(s);
}

static void bus_change(void **state)
{
    (void)state;
    passes(change_body);
    passes(meanwhile_body);
}

/* ---- LinkDown, LinkUp ---- */

static void down_up_body(void *ctx)
{
    dt_stor               *s = go(&(struct mini){.physical = true});
    struct mini_ext       *e = ext_of(s);
    struct dt_stor_request r = simple(0);

    (void)ctx;
    StorPortNotification(LinkDown, e);
    StorPortNotification(LinkDown, e); /* STN-055 */
    dt_stor_io *io = dt_stor_submit(s, &r);

    dt_run_for(DT_MS(100));
    dt_expect(!dt_stor_done(io));    /* STN-050 */
    StorPortNotification(LinkUp, e); /* STN-051 */
    dt_expect_eq(dt_stor_finish(io), SRB_STATUS_SUCCESS);
    over(s);
}

/* STN-053: 30 s, or what is configured, at most 600. */
static void link_timeout_body(void *ctx)
{
    struct mini            m = {.physical = true, .cfg = {.link_down_timeout_s = ctx ? 2 : 0}};
    dt_stor               *s = go(&m);
    struct dt_stor_request r = simple(0);
    dt_ns                  start = dt_now();

    StorPortNotification(LinkDown, ext_of(s));
    dt_expect_eq(dt_stor_run(s, &r), SRB_STATUS_SUCCESS);
    dt_expect(dt_now() - start >= DT_S(ctx ? 2 : 30));
    dt_expect(dt_now() - start < DT_S(ctx ? 3 : 31));
    over(s);
}

static bool holds(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    return mini_hold(e, srb);
}

/* STN-054: the time of an outage does not count: 10 s, of which the link is up for less. */
static void outage_body(void *ctx)
{
    struct mini            m = {.physical = true, .start = holds, .cfg = {.link_down_counts = ctx != NULL}};
    dt_stor               *s = go(&m);
    struct mini_ext       *e = ext_of(s);
    struct dt_stor_request r = simple(0);

    r.timeout_s = 10;
    dt_stor_io *io = dt_stor_submit(s, &r);

    StorPortNotification(LinkDown, e);
    dt_run_for(DT_S(20));
    StorPortNotification(LinkUp, e);
    dt_expect_eq(e->resets > 0, ctx != NULL);
    dt_run_for(DT_S(8));
    mini_release(e, SRB_STATUS_SUCCESS);
    dt_stor_finish(io);
    over(s);
}

static void run_with(dt_body *body, void *ctx)
{
    struct dt_config cfg = config(2);
    struct dt_result r = {0};

    assert_int_equal(dt_run(&cfg, body, ctx, &r), 0);
    if (r.verdict != DT_PASS)
        fail_msg("%s %s %s", r.finding.rule, r.finding.what, r.finding.where);
}

static void link_state(void **state)
{
    (void)state;
    passes(down_up_body);
    if (!simulated())
        return;
    run_with(link_timeout_body, NULL);
    run_with(link_timeout_body, &type);
    run_with(outage_body, NULL);
}

/* ---- ticks, WMI, service time ---- */

/* STN-060. */
static void ticks_body(void *ctx)
{
    dt_stor      *s = go(&(struct mini){0});
    LARGE_INTEGER a, b, k;

    (void)ctx;
    StorPortNotification(QueryTickCount, ext_of(s), &a);
    dt_run_for(DT_MS(500));
    StorPortNotification(QueryTickCount, ext_of(s), &b);
    KeQueryTickCount(&k);
    dt_expect(k.QuadPart >= b.QuadPart && (!simulated() || k.QuadPart - b.QuadPart <= 1));
    dt_expect(b.QuadPart - a.QuadPart >= 31); /* of 15.625 ms */
    over(s);
}

/* STN-080, STN-081, STN-082. */
static void wmi_body(void *ctx)
{
    dt_stor           *s = go(&(struct mini){0});
    struct mini_ext   *e = ext_of(s);
    struct dt_stor_wmi w;
    UCHAR              data[200] = {1, 2, 3};

    (void)ctx;
    StorPortNotification(WMIEvent, e, data, 128ul, (UCHAR)0, (UCHAR)1, (UCHAR)2);
    dt_stor_wmi(s, &w);
    dt_expect(w.count == 1 && w.bytes == 128 && w.target == 1 && w.lun == 2 && w.data[2] == 3);
    StorPortNotification(WMIEvent, e, data, 129ul, (UCHAR)0, (UCHAR)1, (UCHAR)2);
    dt_stor_wmi(s, &w);
    dt_expect_eq(w.count, 1);
    StorPortNotification(WMIEvent, e, data, 3ul, (UCHAR)0xff);
    dt_stor_wmi(s, &w);
    dt_expect(w.count == 2 && w.bytes == 3 && w.path == 0xff && w.target == 0 && w.lun == 0);
    StorPortNotification(WMIReregister, e);
    dt_stor_wmi(s, &w);
    dt_expect_eq(w.reregistered, 1);
    over(s);
}

static bool timed(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    StorPortNotification(IoTargetRequestServiceTime, e, 12345ull, srb);
    return mini_execute(e, srb);
}

static bool timed_late(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    mini_execute(e, srb);
    StorPortNotification(IoTargetRequestServiceTime, e, 12345ull, srb);
    return true;
}

/* STN-090, STN-091: the eleventh type is accepted: before the completion. */
static void service_body(void *ctx)
{
    dt_stor               *s = go(&(struct mini){.physical = true, .start = timed});
    struct dt_stor_request r = simple(0);

    (void)ctx;
    dt_expect_eq(dt_stor_run(s, &r), SRB_STATUS_SUCCESS);
    dt_expect_eq(r.service_time, 12345);
    over(s);
}

static void service_late_body(void *ctx)
{
    dt_stor *s = go(&(struct mini){.physical = true, .start = timed_late});

    (void)ctx;
    client(s);
    over(s);
}

static void others(void **state)
{
    (void)state;
    passes(ticks_body);
    passes(wmi_body);
    passes(service_body);
    caught(service_late_body, "DT-S16", ANY_CODE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values),
        cmocka_unit_test(misuse),
        cmocka_unit_test(foreign),
        cmocka_unit_test(inlines),
        cmocka_unit_test(next),
        cmocka_unit_test(reset_detected),
        cmocka_unit_test(bus_change),
        cmocka_unit_test(link_state),
        cmocka_unit_test(others),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
