/* SPDX-License-Identifier: MIT */
/* How many requests a miniport has at once: depths of units, limits of the adapter, the latency cap. */
#include "sp/clients.h"

/* ---- one queue for each unit ---- */

static bool keep_lun_0(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    return mini_lun(srb) == 0 && mini_cdb(srb)[0] == SCSIOP_TEST_UNIT_READY && e->word[0] ? keep(e, srb)
                                                                                          : mini_execute(e, srb);
}

/* STQ-001: what unit 0 does not complete does not stand in the way of unit 1; nobody asks for the next request. */
static void queue_each(void *ctx)
{
    (void)ctx;
    dt_stor *s = begin(&(struct mini){.scan = true, .luns = 2, .start = keep_lun_0, .cfg.no_class = true});

    ext_of(s)->word[0] = 1;
    send_many(s, 0, 3);
    send_many(s, 1, 2);
    calm();
    dt_expect_eq(n_kept, 3);
    dt_expect(dt_stor_done(io[3]) && dt_stor_done(io[4]) && !dt_stor_done(io[0]));
    end(s);
}

static void queues(void **state)
{
    (void)state;
    passes(queue_each);
}

/* ---- initial depth ---- */

static ULONG depth_wanted;

static void set_depth(struct mini_ext *e, PPORT_CONFIGURATION_INFORMATION c)
{
    (void)e;
    if (depth_wanted)
        c->InitialLunQueueDepth = depth_wanted;
}

static void expect_outstanding(const struct mini *m, unsigned sent, LONG expected)
{
    dt_stor *s = begin(m);

    send_many(s, 0, sent);
    calm();
    dt_expect_eq(n_kept, expected);
    end(s);
}

/* STQ-002, STV-009 */
static void depth_default(void *ctx)
{
    (void)ctx;
    depth_wanted = 0;
    expect_outstanding(&(struct mini){.start = keep}, 252, 250);
    expect_outstanding(&(struct mini){.start = keep, .physical = true}, 22, 20);
}

static void depth_chosen(void *ctx)
{
    (void)ctx;
    depth_wanted = 3;
    expect_outstanding(&(struct mini){.start = keep, .find = set_depth}, 5, 3);
    expect_outstanding(&(struct mini){.start = keep, .find = set_depth, .physical = true}, 5, 3);
}

/* STQ-003: the 256th waits until one completes. */
static void depth_classic(void *ctx)
{
    (void)ctx;
    depth_wanted = 300;
    dt_stor *s = begin(&(struct mini){.start = keep, .find = set_depth});

    send_many(s, 0, 257);
    calm();
    dt_expect_eq(n_kept, 255);
    give_back(s, SRB_STATUS_SUCCESS);
    calm();
    dt_expect_eq(n_kept, 256);
    end(s);
}

static void depths(void **state)
{
    (void)state;
    passes(depth_default);
    passes(depth_chosen);
    passes(depth_classic);
}

/* ---- limits in the configuration ---- */

static ULONG per_unit, per_adapter;
static UCHAR dma64;

static void set_limits(struct mini_ext *e, PPORT_CONFIGURATION_INFORMATION c)
{
    (void)e;
    c->MaxIOsPerLun = per_unit;
    c->MaxNumberOfIO = per_adapter;
    c->InitialLunQueueDepth = per_unit;
    c->Dma64BitAddresses = dma64;
}

static bool limits_extended, limits_physical;

static void with_limits(void *ctx)
{
    (void)ctx;
    dt_stor *s = begin(&(struct mini){.find = set_limits, .extended = limits_extended, .physical = limits_physical});

    if (s)
        over(s);
}

static void limit(bool physical, bool extended, ULONG unit, ULONG adapter, UCHAR dma)
{
    limits_physical = physical;
    limits_extended = extended;
    per_unit = unit;
    per_adapter = adapter;
    dma64 = dma;
}

/* STQ-004: above 255 only with extended SRBs; never above the adapter's. */
static void unit_limit(void **state)
{
    (void)state;
    limit(false, false, 256, 1000, 0);
    caught(with_limits, "DT-S17", 0);
    limit(false, true, 256, 1000, 0);
    passes(with_limits);
    limit(false, false, 200, 100, 0);
    caught(with_limits, "DT-S17", 0);
    limit(false, false, 100, 100, 0);
    passes(with_limits);
}

/* STQ-005: above 1000 only with 64-bit addresses. */
static void adapter_limit(void **state)
{
    (void)state;
    limit(true, false, 200, 1001, SCSI_DMA64_MINIPORT_SUPPORTED);
    caught(with_limits, "DT-S17", 0);
    limit(true, false, 200, 1000, SCSI_DMA64_MINIPORT_SUPPORTED);
    passes(with_limits);
    limit(true, false, 200, 2000, SCSI_DMA64_MINIPORT_FULL64BIT_SUPPORTED);
    passes(with_limits);
    limit(true, false, 200, 2000, SCSI_DMA64_MINIPORT_FULL64BIT_NO_BOUNDARY_REQ_SUPPORTED);
    passes(with_limits);
    limit(true, false, 200, 2000, SCSI_DMA64_MINIPORT_64BIT_ONE_4GB_SUPPORTED);
    passes(with_limits);
}

/* STQ-006: the configured number is the limit, whatever the units' depth. */
static void five_at_once(void *ctx)
{
    (void)ctx;
    limit(false, false, 5, 5, 0);
    expect_outstanding(&(struct mini){.start = keep, .find = set_limits}, 8, 5);
}

static void five_of_adapter(void *ctx)
{
    (void)ctx;
    limit(false, false, 3, 5, 0);
    dt_stor *s =
        begin(&(struct mini){.scan = true, .luns = 2, .find = set_limits, .start = keep_lun_0, .cfg.no_class = true});

    dt_expect_eq(dt_stor_unit_count(s), 2);
    over(s);
}

static void configured_limit(void **state)
{
    (void)state;
    passes(five_at_once);
    passes(five_of_adapter);
}

/* ---- NumberOfRequests ---- */

static void expect_requests(ULONG value, unsigned expected)
{
    const struct dt_stor_value values[] = {
        {.name = "NumberOfRequests", .adapter = true, .type = 4, .bytes = sizeof value, .data = &value}, {0}};
    struct mini          m = {.cfg.registry = value ? values : NULL};
    dt_stor             *s = begin(&m);
    struct dt_stor_state st;

    dt_stor_state(s, &st);
    dt_expect_eq(st.requests_max, expected);
    over(s);
}

/* STQ-007 */
static void requests_body(void *ctx)
{
    (void)ctx;
    expect_requests(0, 1000);
    expect_requests(20, 20);
    expect_requests(2, 16);
    expect_requests(999, 255);
}

static void number_of_requests(void **state)
{
    (void)state;
    passes(requests_body);
}

/* ---- StorPortSetDeviceQueueDepth ---- */

/* STQ-008 */
static void set_depth_results(void *ctx)
{
    (void)ctx;
    dt_stor *s = begin(&(struct mini){0});
    void    *e = ext_of(s);

    dt_expect_eq(StorPortSetDeviceQueueDepth(e, 0, 0, 0, 7), TRUE);
    dt_expect_eq(StorPortSetDeviceQueueDepth(e, 0, 0, 0, 0), FALSE);
    dt_expect_eq(StorPortSetDeviceQueueDepth(e, 0, 0, 1, 7), FALSE);
    dt_expect_eq(StorPortSetDeviceQueueDepth(e, 1, 0, 0, 7), FALSE);
    over(s);
}

/* STQ-010, STQ-011 */
static void lower_and_raise(void *ctx)
{
    (void)ctx;
    dt_stor *s = begin(&(struct mini){.start = keep});
    void    *e = ext_of(s);

    send_many(s, 0, 4);
    calm();
    dt_expect_eq(n_kept, 4);
    StorPortSetDeviceQueueDepth(e, 0, 0, 0, 2);
    send_many(s, 0, 4);
    give_back(s, SRB_STATUS_SUCCESS);
    give_back(s, SRB_STATUS_SUCCESS);
    calm();
    dt_expect_eq(n_kept, 4); /* two are left: as many as there may be */
    give_back(s, SRB_STATUS_SUCCESS);
    calm();
    dt_expect_eq(n_kept, 5);
    StorPortSetDeviceQueueDepth(e, 0, 0, 0, 4);
    calm();
    dt_expect_eq(n_kept, 7);
    end(s);
}

static bool depth_in_start;

/* The first INQUIRY has been sent: that is what is being answered. */
static bool depth_while_starting(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    if (mini_cdb(srb)[0] == SCSIOP_INQUIRY)
        depth_in_start |= StorPortSetDeviceQueueDepth(e, 0, 0, mini_lun(srb), 31);
    return mini_execute(e, srb);
}

/* STQ-012; STQ-009: from the first INQUIRY on. */
static void depth_from_inquiry(void *ctx)
{
    const bool         *physical = ctx;
    struct dt_stor_unit u;

    depth_in_start = false;
    dt_stor *s = begin(&(struct mini){.scan = true, .start = depth_while_starting, .physical = *physical});

    dt_expect(depth_in_start);
    dt_expect(dt_stor_unit(s, 0, &u));
    dt_expect_eq(u.depth, 31);
    over(s);
}

static void depth_virtual(void *ctx)
{
    (void)ctx;
    depth_from_inquiry(&(bool){false});
}

static void depth_physical(void *ctx)
{
    (void)ctx;
    depth_from_inquiry(&(bool){true});
}

/* STQ-009: REPORT LUNS comes before the first INQUIRY. */
static bool depth_too_early(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    if (mini_cdb(srb)[0] == SCSIOP_REPORT_LUNS)
        dt_expect_eq(StorPortSetDeviceQueueDepth(e, 0, 0, mini_lun(srb), 31), FALSE);
    return mini_execute(e, srb);
}

static void early_body(void *ctx)
{
    (void)ctx;
    over(begin(&(struct mini){.scan = true, .start = depth_too_early, .cfg.no_class = true}));
}

/* STQ-011: not inside the call that raises the depth. */
static LONG kept_inside;

static bool raise_inside(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    keep(e, srb);
    if (n_kept == 1) {
        StorPortSetDeviceQueueDepth(e, 0, 0, 0, 1);
        StorPortSetDeviceQueueDepth(e, 0, 0, 0, 8);
        kept_inside = n_kept;
    }
    return true;
}

static void raise_body(void *ctx)
{
    (void)ctx;
    dt_stor *s = begin(&(struct mini){.start = raise_inside, .physical = true});

    send_many(s, 0, 3);
    calm();
    dt_expect_eq(kept_inside, 1);
    dt_expect_eq(n_kept, 3);
    end(s);
}

static void queue_depth(void **state)
{
    (void)state;
    passes(set_depth_results);
    passes(lower_and_raise);
    passes(depth_virtual);
    passes(depth_physical);
    caught(early_body, "DT-S13", 0);
    passes(raise_body);
}

/* ---- StorPortUpdateAdapterMaxIO (STQ-013) ---- */

static ULONG update_status;

static bool update_in_initialize(struct mini_ext *e)
{
    update_status = StorPortUpdateAdapterMaxIO(e, 2);
    return true;
}

static bool update_in_passive(struct mini_ext *e)
{
    dt_expect_eq(StorPortUpdateAdapterMaxIO(e, 3), STOR_STATUS_SUCCESS);
    return true;
}

static bool update_in_start(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    update_status = StorPortUpdateAdapterMaxIO(e, 100);
    return keep(e, srb);
}

static void update_body(void *ctx)
{
    (void)ctx;
    dt_stor *s = begin(&(struct mini){.initialize = update_in_initialize, .start = update_in_start});

    dt_expect_eq(update_status, STOR_STATUS_SUCCESS);
    send_many(s, 0, 4);
    calm();
    dt_expect_eq(update_status, STOR_STATUS_INVALID_DEVICE_REQUEST);
    dt_expect_eq(n_kept, 2);
    dt_expect_eq(StorPortUpdateAdapterMaxIO(ext_of(s), 9), STOR_STATUS_INVALID_DEVICE_REQUEST);
    end(s);
    expect_outstanding(&(struct mini){.passive = update_in_passive, .start = keep}, 5, 3);
}

static void max_io(void **state)
{
    (void)state;
    passes(update_body);
}

/* ---- order, latency ---- */

/* STQ-015 */
static void order_body(void *ctx)
{
    (void)ctx;
    depth_wanted = 1;
    dt_stor *s = begin(&(struct mini){.start = keep, .find = set_depth});

    for (unsigned i = 0; i < 4; i++) {
        rq[i] = simple(0);
        rq[i].cdb[5] = (uint8_t)i;
        rq[i].tag_action = SRB_SIMPLE_TAG_REQUEST;
        io[n_sent++] = dt_stor_submit(s, &rq[i]);
    }
    for (LONG i = 0; i < 4; i++) {
        calm();
        dt_expect_eq(n_kept, i + 1);
        dt_expect_eq(mini_cdb(kept[i])[5], i);
        give_back(s, SRB_STATUS_SUCCESS);
    }
    end(s);
}

static void expect_latency(ULONG cap_ms, LONG expected)
{
    const struct dt_stor_value values[] = {
        {.name = "IoLatencyCap", .type = 4, .bytes = sizeof cap_ms, .data = &cap_ms}, {0}};
    dt_stor *s = begin(&(struct mini){.start = keep, .cfg.registry = values});

    send(s, 0);
    sleep_ms(60);
    send(s, 0);
    calm();
    dt_expect_eq(n_kept, expected);
    give_back(s, SRB_STATUS_SUCCESS);
    calm();
    dt_expect_eq(n_kept, 2);
    end(s);
}

/* STQ-014: off by default. */
static void latency_body(void *ctx)
{
    (void)ctx;
    expect_latency(20, 1);
    expect_latency(0, 2);
    expect_latency(30000, 2);
}

static void order_and_latency(void **state)
{
    (void)state;
    passes(order_body);
    passes(latency_body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(queues),
        cmocka_unit_test(depths),
        cmocka_unit_test(unit_limit),
        cmocka_unit_test(adapter_limit),
        cmocka_unit_test(configured_limit),
        cmocka_unit_test(number_of_requests),
        cmocka_unit_test(queue_depth),
        cmocka_unit_test(max_io),
        cmocka_unit_test(order_and_latency),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
