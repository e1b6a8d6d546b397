/* SPDX-License-Identifier: MIT */
/* Requests that do not come back: how long the port waits, and what it does then. */
#include "sp/clients.h"

/* What the miniport does about resets: bits of those that bring back what it keeps. */
enum { CURED_BY_UNIT = 1, CURED_BY_TARGET = 2, CURED_BY_BUS = 4, HOLDS_UNIT_RESET = 8 };

static volatile LONG cures, n_tiers;
static UCHAR         tiers[8];
static UCHAR         cured_status; /* of what is brought back */
static void         *held_reset;

static void reset_came(struct mini_ext *e, UCHAR function, LONG bit)
{
    tiers[InterlockedIncrement(&n_tiers) - 1] = function;
    if (cures & bit)
        while (ReadNoFence(&n_given_back) < ReadNoFence(&n_kept))
            complete(e, kept[InterlockedIncrement(&n_given_back) - 1], cured_status);
}

static BOOLEAN start_all(PVOID ext, PSCSI_REQUEST_BLOCK srb)
{
    struct mini_ext *e = ext;

    switch (mini_function(srb)) {
    case SRB_FUNCTION_EXECUTE_SCSI:
        return keep(e, srb);
    case SRB_FUNCTION_RESET_LOGICAL_UNIT:
        reset_came(e, SRB_FUNCTION_RESET_LOGICAL_UNIT, CURED_BY_UNIT);
        if (cures & HOLDS_UNIT_RESET) {
            held_reset = srb;
            return TRUE;
        }
        break;
    case SRB_FUNCTION_RESET_DEVICE:
        reset_came(e, SRB_FUNCTION_RESET_DEVICE, CURED_BY_TARGET);
        break;
    }
    complete(e, srb, SRB_STATUS_SUCCESS);
    return TRUE;
}

static void take_all(PHW_INITIALIZATION_DATA hw)
{
    hw->HwStartIo = start_all;
}

static bool reset_bus(struct mini_ext *e, ULONG path)
{
    dt_expect_eq(path, 0);
    reset_came(e, SRB_FUNCTION_RESET_BUS, CURED_BY_BUS);
    return true;
}

static dt_stor *begin_with(LONG bits, const struct mini *more)
{
    struct mini m = *more;

    m.data = take_all;
    m.reset = reset_bus;
    cures = bits;
    n_tiers = 0;
    cured_status = SRB_STATUS_BUS_RESET;
    return begin(&m);
}

static unsigned send_for(dt_stor *s, uint32_t timeout_s)
{
    unsigned i = n_sent++;

    rq[i] = simple(0);
    rq[i].timeout_s = timeout_s;
    io[i] = dt_stor_submit(s, &rq[i]);
    return i;
}

/* ---- when: STQ-060 to STQ-063 ---- */

static void expect_reset_after(uint32_t timeout_s, const struct mini *m, uint64_t seconds)
{
    dt_stor *s = begin_with(CURED_BY_UNIT, m);
    dt_ns    from = dt_now();

    send_for(s, timeout_s);
    dt_expect_eq(dt_stor_finish(io[0]), SRB_STATUS_BUS_RESET);
    n_sent = 0;
    dt_expect(dt_now() - from >= seconds * 1000000000ull);
    dt_expect_eq(n_tiers, 1);
    over(s);
}

static void one_second(void *ctx)
{
    (void)ctx;
    expect_reset_after(1, &(struct mini){0}, 1);
}

static void chosen(void *ctx)
{
    (void)ctx;
    expect_reset_after(7, &(struct mini){.physical = true}, 7);
    expect_reset_after(7, &(struct mini){.physical = true, .extended = true}, 7);
}

/* STQ-062 */
static void by_default(void *ctx)
{
    ULONG                      value = 5;
    const struct dt_stor_value values[] = {
        {.name = "IoTimeoutValue", .type = 4, .bytes = sizeof value, .data = &value}, {0}};

    (void)ctx;
    expect_reset_after(0, &(struct mini){0}, 60);
    expect_reset_after(0, &(struct mini){.cfg.registry = values}, 5);
}

/* STQ-061: three seconds in the queue do not count. */
static void in_the_queue(void *ctx)
{
    dt_stor *s = begin_with(CURED_BY_UNIT, &(struct mini){0});

    (void)ctx;
    StorPortPause(ext_of(s), 3);
    send_for(s, 1);
    sleep_ms(3100);
    dt_expect_eq(n_tiers, 0);
    dt_expect_eq(n_kept, 1);
    end(s);
}

static void never(void *ctx)
{
    dt_stor *s = begin_with(0, &(struct mini){.cfg.no_timeouts = true});

    (void)ctx;
    send_for(s, 1);
    sleep_ms(100000);
    dt_expect_eq(n_tiers, 0);
    end(s);
}

/* What a search does to a routine: it is paused while time goes on. Nothing of it is the request's. */
static BOOLEAN start_slowly(PVOID ext, PSCSI_REQUEST_BLOCK srb)
{
    dt_ns from = dt_now();

    while (dt_now() - from < DT_S(60))
        YieldProcessor();
    complete(ext, srb, SRB_STATUS_SUCCESS);
    return TRUE;
}

static void take_slowly(PHW_INITIALIZATION_DATA hw)
{
    hw->HwStartIo = start_slowly;
}

static void paused(void *ctx)
{
    dt_stor *s = begin(&(struct mini){.data = take_slowly, .cfg.no_scan = true, .reset = reset_bus});

    (void)ctx;
    cures = n_tiers = 0;
    send_for(s, 1);
    dt_expect_eq(dt_stor_finish(io[0]), SRB_STATUS_SUCCESS);
    n_sent = 0;
    dt_expect_eq(n_tiers, 0);
    end(s);
}

static void when(void **state)
{
    (void)state;
    passes(one_second);
    if (!simulated())
        return; /* too long for the host's clock */
    passes(chosen);
    passes(by_default);
    passes(in_the_queue);
    passes(never);
    struct dt_result r;
    struct dt_config cfg = config(2);

    assert_int_equal(dt_run(&cfg, paused, NULL, &r), 0); /* with warnings: it is slow */
    assert_int_equal(r.verdict, DT_PASS);
}

/* ---- the ladder: STQ-064, STQ-067 ---- */

static void expect_ladder(LONG bits, LONG n)
{
    static const UCHAR order[] = {SRB_FUNCTION_RESET_LOGICAL_UNIT, SRB_FUNCTION_RESET_DEVICE, SRB_FUNCTION_RESET_BUS};
    dt_stor           *s = begin_with(bits, &(struct mini){.physical = true});

    send_for(s, 1);
    send_for(s, 1);
    dt_expect_eq(dt_stor_finish(io[0]), SRB_STATUS_BUS_RESET);
    dt_expect_eq(dt_stor_finish(io[1]), SRB_STATUS_BUS_RESET);
    n_sent = 0;
    sleep_ms(3000);
    dt_expect_eq(n_tiers, n);
    dt_expect(memcmp(tiers, order, (size_t)n) == 0);
    send(s, 0); /* all is well again */
    calm();
    dt_expect_eq(n_kept, 3);
    end(s);
}

static void by_unit(void *ctx)
{
    (void)ctx;
    expect_ladder(CURED_BY_UNIT, 1);
}

static void by_target(void *ctx)
{
    (void)ctx;
    expect_ladder(CURED_BY_TARGET, 2);
}

static void by_bus(void *ctx)
{
    (void)ctx;
    expect_ladder(CURED_BY_BUS, 3);
}

/* STQ-068 */
static void lost(void *ctx)
{
    dt_stor *s = begin_with(0, &(struct mini){0});

    (void)ctx;
    send_for(s, 1);
    sleep_ms(20000);
    over(s);
}

/* The adapter's own request: there is nothing to reset. */
static BOOLEAN keeps_pnp(PVOID ext, PSCSI_REQUEST_BLOCK srb)
{
    return mini_function(srb) == SRB_FUNCTION_PNP || mini_start(ext, srb);
}

static void take_pnp(PHW_INITIALIZATION_DATA hw)
{
    hw->HwStartIo = keeps_pnp;
}

static void own_request_lost(void *ctx)
{
    (void)ctx;
    over(begin(&(struct mini){.data = take_pnp}));
}

static void ladder(void **state)
{
    (void)state;
    if (!simulated())
        return;
    passes(by_unit);
    passes(by_target);
    passes(by_bus);
    caught(lost, "DT-S10", 0);
    caught(own_request_lost, "DT-S10", 0);
}

/* ---- meanwhile ---- */

/* STQ-065 */
static void nothing_but_the_reset(void *ctx)
{
    dt_stor *s = begin_with(HOLDS_UNIT_RESET, &(struct mini){0});

    (void)ctx;
    send_for(s, 1);
    while (ReadNoFence(&n_tiers) == 0)
        sleep_ms(100);
    send(s, 0);
    calm();
    dt_expect_eq(n_kept, 1);
    give_back(s, SRB_STATUS_ABORTED);
    calm();
    dt_expect_eq(n_kept, 1);
    complete(ext_of(s), held_reset, SRB_STATUS_SUCCESS);
    calm();
    dt_expect_eq(n_kept, 2);
    dt_expect_eq(n_tiers, 1);
    end(s);
}

/* A reset that is late itself is overtaken by the next step. */
static void reset_is_late(void *ctx)
{
    dt_stor *s = begin_with(HOLDS_UNIT_RESET | CURED_BY_TARGET, &(struct mini){0});

    (void)ctx;
    send_for(s, 1);
    while (ReadNoFence(&n_tiers) < 2)
        sleep_ms(1000);
    dt_expect_eq(dt_stor_finish(io[0]), SRB_STATUS_BUS_RESET);
    n_sent = 0;
    complete(ext_of(s), held_reset, SRB_STATUS_TIMEOUT);
    sleep_ms(5000);
    send(s, 0);
    calm();
    dt_expect_eq(n_kept, 2);
    end(s);
}

static volatile LONG told;

static void count_done(void *context, struct dt_stor_request *r)
{
    (void)context;
    (void)r;
    InterlockedIncrement(&told);
}

/* STQ-066: it comes back by itself, after all, once. */
static void late_after_all(void *ctx)
{
    dt_stor *s = begin_with(CURED_BY_UNIT, &(struct mini){0});

    (void)ctx;
    cured_status = SRB_STATUS_SUCCESS;
    told = 0;
    rq[0] = simple(0);
    rq[0].timeout_s = 1;
    rq[0].done = count_done;
    dt_expect_eq(dt_stor_run(s, &rq[0]), SRB_STATUS_SUCCESS);
    dt_expect_eq(told, 1);
    over(s);
}

/* The reset and the completion in every order: no step of the ladder gets hold of a request that is back. */
static void late_meets_completion(void *ctx)
{
    dt_stor *s = begin_with(0, &(struct mini){0});

    (void)ctx;
    send_for(s, 1);
    give_back(s, SRB_STATUS_SUCCESS);
    dt_expect_eq(dt_stor_finish(io[0]), SRB_STATUS_SUCCESS);
    n_sent = 0;
    over(s);
}

static void meanwhile(void **state)
{
    (void)state;
    passes(late_after_all);
    if (!simulated())
        return;
    passes(nothing_but_the_reset);
    passes(reset_is_late);
    always(late_meets_completion, 2);
}

/* STN-054's twin: no time passes while the link is down. */
static void link_stops_time(void *ctx)
{
    dt_stor *s = begin_with(CURED_BY_UNIT, &(struct mini){0});
    dt_ns    from = dt_now();

    (void)ctx;
    send_for(s, 10);
    StorPortNotification(LinkDown, ext_of(s));
    sleep_ms(20000);
    StorPortNotification(LinkUp, ext_of(s));
    dt_expect_eq(n_tiers, 0);
    dt_expect_eq(dt_stor_finish(io[0]), SRB_STATUS_BUS_RESET);
    n_sent = 0;
    dt_expect(dt_now() - from >= 30000000000ull);
    over(s);
}

static void link_down(void **state)
{
    (void)state;
    if (simulated())
        passes(link_stops_time);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(when),
        cmocka_unit_test(ladder),
        cmocka_unit_test(meanwhile),
        cmocka_unit_test(link_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
