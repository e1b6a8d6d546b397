/* SPDX-License-Identifier: MIT */
/* machines: sim */
/* Gates that close and open while requests come and go: none is lost, none is held for ever. */
#include "sp/clients.h"

static volatile LONG done;

static void one_client(void *ctx)
{
    struct dt_stor_request r = simple(0);

    dt_stor_run(ctx, &r);
    InterlockedIncrement(&done);
}

/* Nothing here takes time: without time-outs a request that is forgotten is a deadlock, which the machine tells. */
static dt_stor *begin_race(struct mini m)
{
    m.cfg.no_timeouts = true;
    done = 0;
    return begin(&m);
}

/* ---- STQ-020, STQ-024, STQ-025: busy and ready beside a client ---- */

static void busy_and_ready(void *ctx)
{
    StorPortDeviceBusy(ext_of(ctx), 0, 0, 0, 1);
    StorPortDeviceReady(ext_of(ctx), 0, 0, 0);
    StorPortBusy(ext_of(ctx), 1);
    StorPortReady(ext_of(ctx));
}

static void busy_race(void *ctx)
{
    dt_stor *s = begin_race((struct mini){0});

    (void)ctx;
    dt_spawn(1, busy_and_ready, s);
    one_client(s);
    dt_join_all();
    one_client(s);
    dt_expect_eq(done, 2);
    over(s);
}

/* Two completions, on two processors, end a busy state between them. */
static void give_one_back(void *ctx)
{
    give_back(ctx, SRB_STATUS_SUCCESS);
}

static void counting_race(void *ctx)
{
    dt_stor *s = begin_race((struct mini){.start = keep});

    (void)ctx;
    send_many(s, 0, 2);
    StorPortDeviceBusy(ext_of(s), 0, 0, 0, 2);
    send(s, 0);
    dt_spawn(1, give_one_back, s);
    give_one_back(s);
    dt_join_all();
    dt_stor_finish(io[0]);
    dt_stor_finish(io[1]);
    while (n_kept < 3)
        StorPortNotification(NextRequest, ext_of(s)); /* the other processor's DPC */
    give_back(s, SRB_STATUS_SUCCESS);
    dt_expect_eq(dt_stor_finish(io[2]), SRB_STATUS_SUCCESS);
    over(s);
}

/* ---- STQ-026, STQ-029: pause and resume beside a client, BuildIo between ---- */

static void pause_and_resume(void *ctx)
{
    StorPortPause(ext_of(ctx), 100000);
    StorPortResume(ext_of(ctx));
}

static void pause_race(void *ctx)
{
    dt_stor *s = begin_race((struct mini){.physical = true});

    (void)ctx;
    dt_spawn(1, pause_and_resume, s);
    one_client(s);
    dt_join_all();
    dt_expect_eq(done, 1);
    over(s);
}

/* ---- STQ-010, STQ-011: the depth falls and rises ---- */

static void lower_and_raise(void *ctx)
{
    StorPortSetDeviceQueueDepth(ext_of(ctx), 0, 0, 0, 1);
    StorPortSetDeviceQueueDepth(ext_of(ctx), 0, 0, 0, 4);
}

static void depth_race(void *ctx)
{
    dt_stor *s = begin_race((struct mini){0});

    (void)ctx;
    dt_spawn(1, lower_and_raise, s);
    dt_spawn(0, one_client, s);
    one_client(s);
    dt_join_all();
    dt_expect_eq(done, 2);
    over(s);
}

/* ---- STQ-100, STQ-104, STQ-105: frozen while others come, released, flushed ---- */

static bool fail_first(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    if (InterlockedIncrement(&e->word[0]) > 1)
        return mini_execute(e, srb);
    complete(e, srb, SRB_STATUS_ABORTED);
    return true;
}

static void freezing_client(void *ctx)
{
    struct dt_stor_request r = simple(0);

    r.flags = 0;
    dt_stor_run(ctx, &r);
    InterlockedIncrement(&done);
    struct dt_stor_request release = {.function = SRB_FUNCTION_RELEASE_QUEUE};

    dt_expect_eq(dt_stor_run(ctx, &release), SRB_STATUS_SUCCESS);
}

static void freeze_race(void *ctx)
{
    dt_stor *s = begin_race((struct mini){.start = fail_first});

    (void)ctx;
    dt_spawn(1, freezing_client, s);
    freezing_client(s);
    dt_join_all();
    dt_expect_eq(done, 2);
    over(s);
}

static void flusher(void *ctx)
{
    struct dt_stor_request r = {.function = SRB_FUNCTION_FLUSH_QUEUE};

    dt_expect_eq(dt_stor_run(ctx, &r), SRB_STATUS_SUCCESS);
}

static void flush_race(void *ctx)
{
    dt_stor *s = begin_race((struct mini){0});

    (void)ctx;
    StorPortSetDeviceQueueDepth(ext_of(s), 0, 0, 0, 1);
    dt_spawn(1, flusher, s);
    dt_spawn(0, one_client, s);
    one_client(s);
    dt_join_all();
    dt_expect_eq(done, 2); /* flushed or done, but answered */
    over(s);
}

/* ---- STQ-086, STQ-088: HwStorResetBus beside a client ---- */

static bool complete_kept(struct mini_ext *e, ULONG path)
{
    (void)path;
    while (n_given_back < n_kept)
        complete(e, kept[InterlockedIncrement(&n_given_back) - 1], SRB_STATUS_BUS_RESET);
    return true;
}

static void resetter(void *ctx)
{
    dt_expect(dt_stor_reset_bus(ctx, 0));
}

static void reset_race(void *ctx)
{
    dt_stor *s = begin_race((struct mini){.physical = true, .channels = 2, .start = keep, .reset = complete_kept});

    (void)ctx;
    send(s, 0);
    dt_spawn(1, resetter, s);
    send(s, 0);
    dt_join_all();
    resetter(s);
    dt_expect_eq(dt_stor_finish(io[0]), SRB_STATUS_BUS_RESET);
    dt_expect_eq(dt_stor_finish(io[1]), SRB_STATUS_BUS_RESET);
    over(s);
}

/* ---- STI-077, STI-081: sleeping and waking beside a client ---- */

static void nap(void *ctx)
{
    dt_expect_eq(dt_stor_power(ctx, false, StorPowerActionSleep), STATUS_SUCCESS);
    dt_expect_eq(dt_stor_power(ctx, true, StorPowerActionNone), STATUS_SUCCESS);
}

static void nap_race(void *ctx)
{
    dt_stor *s = begin_race((struct mini){.physical = true});

    (void)ctx;
    dt_spawn(1, nap, s);
    dt_expect_eq(run_one(s), SRB_STATUS_SUCCESS);
    dt_join_all();
    over(s);
}

/* ---- STI-111: pulled out beside a client ---- */

static void pull(void *ctx)
{
    dt_expect_eq(dt_stor_surprise_removal(ctx), STATUS_SUCCESS);
}

static void pull_race(void *ctx)
{
    dt_stor *s = begin_race((struct mini){0});

    (void)ctx;
    dt_spawn(1, pull, s);
    uint8_t status = run_one(s);

    dt_expect(status == SRB_STATUS_SUCCESS || status == SRB_STATUS_NO_DEVICE);
    dt_join_all();
    over(s);
}

#define RACE(name, bound)                 \
    static void test_##name(void **state) \
    {                                     \
        (void)state;                      \
        always(name, bound);              \
    }

RACE(busy_race, 4)
RACE(counting_race, 4)
RACE(pause_race, 4)
RACE(depth_race, 4)
RACE(freeze_race, 4)
RACE(flush_race, 4)
RACE(reset_race, 4)
RACE(nap_race, 4)
RACE(pull_race, 4)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_busy_race),
        cmocka_unit_test(test_counting_race),
        cmocka_unit_test(test_pause_race),
        cmocka_unit_test(test_depth_race),
        cmocka_unit_test(test_freeze_race),
        cmocka_unit_test(test_flush_race),
        cmocka_unit_test(test_reset_race),
        cmocka_unit_test(test_nap_race),
        cmocka_unit_test(test_pull_race),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
