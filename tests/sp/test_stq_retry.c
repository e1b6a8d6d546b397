/* SPDX-License-Identifier: MIT */
/* Requests that come back busy and go out again. */
#include "sp/clients.h"

/* ---- a new extension, BuildIo again: STQ-040 ---- */

enum { EXTENSION_BYTES = 64 };

static PVOID extension_of(PSCSI_REQUEST_BLOCK srb)
{
    PSTORAGE_REQUEST_BLOCK x = mini_extended(srb);

    return x ? x->MiniportContext : srb->SrbExtension;
}

static bool mark_in_build(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    const UCHAR *p = extension_of(srb);

    InterlockedIncrement(&e->word[1]);
    for (int i = 0; i < EXTENSION_BYTES; i++)
        dt_expect(p[i] != 0x77); /* not what we left there */
    memset(extension_of(srb), 0x77, EXTENSION_BYTES);
    return true;
}

/* Busy word[0] times. */
static bool busy_at_first(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    InterlockedIncrement(&e->word[2]);
    if (InterlockedDecrement(&e->word[0]) < 0)
        return mini_execute(e, srb);
    complete(e, srb, SRB_STATUS_BUSY);
    return true;
}

static void again_body(void *ctx)
{
    const struct mini *m = ctx;
    dt_stor           *s = begin(m);

    ext_of(s)->word[0] = 1;
    dt_expect_eq(run_one(s), SRB_STATUS_SUCCESS);
    dt_expect_eq(ext_of(s)->word[2], 2);
    dt_expect_eq(ext_of(s)->word[1], m->physical ? 2 : 0);
    end(s);
}

static void again_virtual(void *ctx)
{
    (void)ctx;
    again_body(&(struct mini){.start = busy_at_first, .ext_bytes = EXTENSION_BYTES});
}

static void again_physical(void *ctx)
{
    (void)ctx;
    again_body(
        &(struct mini){.start = busy_at_first, .ext_bytes = EXTENSION_BYTES, .physical = true, .build = mark_in_build});
    again_body(&(struct mini){.start = busy_at_first,
        .ext_bytes = EXTENSION_BYTES,
        .physical = true,
        .extended = true,
        .build = mark_in_build});
}

static void busy_comes_again(void **state)
{
    (void)state;
    passes(again_virtual);
    passes(again_physical);
}

/* ---- misuse: STQ-041 ---- */

static bool busy_with_less(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    if (e->requests++ > 0)
        return mini_execute(e, srb);
    *mini_length(srb) -= (ULONG)e->word[0];
    complete(e, srb, SRB_STATUS_BUSY);
    return true;
}

static LONG taken_off;

static void length_body(void *ctx)
{
    UCHAR                  buf[BLOCK_BYTES];
    dt_stor               *s = begin(&(struct mini){.start = busy_with_less});
    struct dt_stor_request r = {0};

    (void)ctx;
    ext_of(s)->word[0] = taken_off;
    dt_stor_cdb(&r, false, 0, 0, buf, 1, BLOCK_BYTES);
    dt_expect_eq(dt_stor_run(s, &r), SRB_STATUS_SUCCESS);
    end(s);
}

static void changed_length(void **state)
{
    (void)state;
    taken_off = 8;
    caught(length_body, "DT-S11", 0);
    taken_off = 0;
    passes(length_body);
}

/* ---- how long it waits: STQ-043, STQ-044 ---- */

static UCHAR scsi_status;

static bool busy_with_scsi(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    if (InterlockedIncrement(&e->word[2]) > 1)
        return mini_execute(e, srb);
    srb->ScsiStatus = scsi_status;
    complete(e, srb, SRB_STATUS_BUSY);
    return true;
}

static void expect_pause(ULONG value_ms, unsigned expected_ms)
{
    const struct dt_stor_value values[] = {
        {.name = "BusyPauseTime", .type = 4, .bytes = sizeof value_ms, .data = &value_ms}, {0}};
    dt_stor *s = begin(&(struct mini){.start = busy_with_scsi, .cfg.registry = value_ms ? values : NULL});
    dt_ns    from = dt_now();

    dt_expect_eq(run_one(s), SRB_STATUS_SUCCESS);
    dt_expect(dt_now() - from >= expected_ms * 1000000ull);
    dt_expect(!simulated() || dt_now() - from < (expected_ms + 5) * 1000000ull);
    end(s);
}

static void pause_body(void *ctx)
{
    (void)ctx;
    scsi_status = SCSISTAT_BUSY;
    expect_pause(0, 250);
    expect_pause(40, 40);
    scsi_status = SCSISTAT_GOOD;
    expect_pause(30, 30);
}

/* The unit's others wait too. */
static void pause_holds_unit(void *ctx)
{
    dt_stor *s = begin(&(struct mini){.start = busy_with_scsi});
    dt_ns    from = dt_now();

    (void)ctx;
    scsi_status = SCSISTAT_BUSY;
    send(s, 0);
    calm();
    dt_expect_eq(run_one(s), SRB_STATUS_SUCCESS);
    dt_expect(dt_now() - from >= 250000000ull);
    end(s);
}

/* Requests with a marked CDB are refused once: QUEUE FULL. */
static bool full_once(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    if (mini_cdb(srb)[5] != 0xf0 || InterlockedIncrement(&e->word[0]) > 1)
        return keep(e, srb);
    srb->ScsiStatus = SCSISTAT_QUEUE_FULL;
    complete(e, srb, SRB_STATUS_BUSY);
    return true;
}

static void send_marked(dt_stor *s)
{
    unsigned i = n_sent++;

    rq[i] = simple(0);
    rq[i].cdb[5] = 0xf0;
    io[i] = dt_stor_submit(s, &rq[i]);
}

static void expect_full(ULONG percent, unsigned outstanding, unsigned until)
{
    const struct dt_stor_value values[] = {
        {.name = "QueueFullWaitIoPercentage", .type = 4, .bytes = sizeof percent, .data = &percent}, {0}};
    dt_stor *s = begin(&(struct mini){.start = full_once, .cfg.registry = percent ? values : NULL});

    send_many(s, 0, outstanding);
    send_marked(s);
    calm();
    for (unsigned i = 0; i < until; i++) {
        dt_expect_eq(n_kept, (LONG)outstanding);
        give_back(s, SRB_STATUS_SUCCESS);
        calm();
    }
    dt_expect_eq(n_kept, (LONG)outstanding + 1);
    end(s);
}

static void full_body(void *ctx)
{
    (void)ctx;
    expect_full(0, 8, 2); /* 25 per cent */
    expect_full(50, 8, 4);
    expect_full(400, 4, 4); /* at most all */
}

static void waits(void **state)
{
    (void)state;
    passes(pause_body);
    passes(pause_holds_unit);
    passes(full_body);
}

/* ---- how often: STQ-045 ---- */

static bool always_busy(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    LONG n = InterlockedIncrement(&e->word[2]);

    if (e->word[3] && n > e->word[3])
        return mini_execute(e, srb);
    complete(e, srb, SRB_STATUS_BUSY);
    return true;
}

static void expect_tries(ULONG retries, LONG tries)
{
    ULONG                      pause_ms = 1;
    const struct dt_stor_value values[] = {
        {.name = "BusyPauseTime", .type = 4, .bytes = sizeof pause_ms, .data = &pause_ms},
        {.name = retries ? "BusyRetryCount" : "Unused", .type = 4, .bytes = sizeof retries, .data = &retries}, {0}};
    dt_stor *s = begin(&(struct mini){.start = always_busy, .cfg.registry = values});

    dt_expect_eq(run_one(s), SRB_STATUS_BUSY);
    dt_expect_eq(ext_of(s)->word[2], tries);
    end(s);
}

static void tries_body(void *ctx)
{
    (void)ctx;
    expect_tries(0, 21);
    expect_tries(3, 4);
}

static void without_limit(void *ctx)
{
    ULONG                      pause_ms = 1;
    const struct dt_stor_value values[] = {
        {.name = "BusyPauseTime", .type = 4, .bytes = sizeof pause_ms, .data = &pause_ms}, {0}};
    dt_stor *s = begin(&(struct mini){.start = always_busy, .cfg.registry = values, .cfg.busy_forever = true});

    (void)ctx;
    ext_of(s)->word[3] = 50;
    dt_expect_eq(run_one(s), SRB_STATUS_SUCCESS);
    dt_expect_eq(ext_of(s)->word[2], 51);
    end(s);
}

static void tries(void **state)
{
    (void)state;
    passes(tries_body);
    passes(without_limit);
}

/* ---- with StorPortBusy and StorPortDeviceBusy: STQ-046, STQ-047 ---- */

/* lsi_u3 and storahci, on the third request: say how many must complete first, then give it back busy. */
static bool busy_for_adapter, exhausted_once;

static bool exhausted(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    if (n_kept < 2 || exhausted_once)
        return keep(e, srb);
    exhausted_once = true;
    if (busy_for_adapter)
        dt_expect(StorPortBusy(e, 20));
    else
        dt_expect(StorPortDeviceBusy(e, 0, 0, 0, 1));
    complete(e, srb, SRB_STATUS_BUSY);
    return true;
}

static void exhausted_body(bool adapter)
{
    dt_stor *s = begin(&(struct mini){.start = exhausted, .physical = true});

    busy_for_adapter = adapter;
    exhausted_once = false;
    send_many(s, 0, 3);
    sleep_ms(300); /* BusyPauseTime is over */
    dt_expect_eq(n_kept, 2);
    give_back(s, SRB_STATUS_SUCCESS);
    calm();
    dt_expect_eq(n_kept, adapter ? 2 : 3);
    give_back(s, SRB_STATUS_SUCCESS);
    calm();
    dt_expect_eq(n_kept, 3);
    end(s);
}

static void exhausted_adapter(void *ctx)
{
    (void)ctx;
    exhausted_body(true);
}

static void exhausted_unit(void *ctx)
{
    (void)ctx;
    exhausted_body(false);
}

static void combined(void **state)
{
    (void)state;
    passes(exhausted_adapter);
    passes(exhausted_unit);
}

/* ---- one client completion: STQ-048, STQ-049 ---- */

static volatile LONG told;

static void count_done(void *context, struct dt_stor_request *r)
{
    (void)context;
    (void)r;
    InterlockedIncrement(&told);
}

static void once_body(void *ctx)
{
    ULONG                      pause_ms = 1;
    const struct dt_stor_value values[] = {
        {.name = "BusyPauseTime", .type = 4, .bytes = sizeof pause_ms, .data = &pause_ms}, {0}};
    dt_stor               *s = begin(&(struct mini){.start = busy_at_first, .cfg.registry = values});
    struct dt_stor_request r = simple(0);

    (void)ctx;
    r.done = count_done;
    told = 0;
    ext_of(s)->word[0] = 2;
    dt_expect_eq(dt_stor_run(s, &r), SRB_STATUS_SUCCESS);
    dt_expect_eq(told, 1);
    over(s);
}

/* 20 tries of 250 ms each: longer than the client's second, but each issue is in time. */
static void patient_body(void *ctx)
{
    dt_stor               *s = begin(&(struct mini){.start = busy_at_first});
    struct dt_stor_request r = simple(0);

    (void)ctx;
    r.timeout_s = 1;
    ext_of(s)->word[0] = 8;
    dt_expect_eq(dt_stor_run(s, &r), SRB_STATUS_SUCCESS);
    dt_expect_eq(ext_of(s)->word[2], 9);
    dt_expect_eq(ext_of(s)->resets, 0);
    over(s);
}

static BOOLEAN cured_by_reset(PVOID ext, PSCSI_REQUEST_BLOCK srb)
{
    struct mini_ext *e = ext;

    if (mini_function(srb) == SRB_FUNCTION_RESET_LOGICAL_UNIT)
        e->word[3]++;
    return mini_start(ext, srb);
}

static void take_cure(PHW_INITIALIZATION_DATA hw)
{
    hw->HwStartIo = cured_by_reset;
}

static PVOID waiting;

/* Busy three times, each after the miniport has had it for most of a second. */
static bool slowly_busy(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    (void)e;
    InterlockedExchangePointer(&waiting, srb);
    return true;
}

static void impatient_body(void *ctx)
{
    const bool *counts = ctx;
    dt_stor    *s = begin(&(struct mini){.start = slowly_busy, .data = take_cure, .cfg.retries_count = *counts});

    rq[0] = simple(0);
    rq[0].timeout_s = 2;
    io[n_sent++] = dt_stor_submit(s, &rq[0]);
    for (int i = 0; i < 4; i++) {
        sleep_ms(1300);
        complete(ext_of(s), InterlockedExchangePointer(&waiting, NULL), i < 3 ? SRB_STATUS_BUSY : SRB_STATUS_SUCCESS);
    }
    sleep_ms(1000);
    dt_expect_eq(ext_of(s)->word[3] > 0, *counts);
    end(s);
}

static void counts_again(void *ctx)
{
    (void)ctx;
    impatient_body(&(bool){false});
}

static void counts_on(void *ctx)
{
    (void)ctx;
    impatient_body(&(bool){true});
}

static void identity(void **state)
{
    (void)state;
    passes(once_body);
    always(once_body, 1);
    passes(patient_body);
    if (simulated()) {
        passes(counts_again);
        passes(counts_on);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(busy_comes_again),
        cmocka_unit_test(changed_length),
        cmocka_unit_test(waits),
        cmocka_unit_test(tries),
        cmocka_unit_test(combined),
        cmocka_unit_test(identity),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
