/* SPDX-License-Identifier: MIT */
/* StorPortInitializePerfOpts, StorPortGetStartIoPerfParams, redirected DPCs; HwStorResetBus against channels. */
#include "sp/timer.h"

static PERF_CONFIGURATION_DATA options(ULONG version, ULONG flags)
{
    return (PERF_CONFIGURATION_DATA){.Version = version, .Size = sizeof(PERF_CONFIGURATION_DATA), .Flags = flags};
}

/* ---- asked and applied ---- */

static ULONG offered(struct mini_ext *e, ULONG version)
{
    PERF_CONFIGURATION_DATA d = options(version, 0);

    d.ConcurrentChannels = 77;
    dt_expect_eq(StorPortInitializePerfOpts(e, TRUE, &d), STOR_STATUS_SUCCESS);
    dt_expect_eq(d.ConcurrentChannels, 77); /* other members stay */
    return d.Flags;
}

static ULONG apply(struct mini_ext *e, ULONG flags, ULONG channels)
{
    PERF_CONFIGURATION_DATA d = options(STOR_PERF_VERSION, flags);

    d.ConcurrentChannels = channels;
    d.FirstRedirectionMessageNumber = 0;
    d.LastRedirectionMessageNumber = 1;
    return StorPortInitializePerfOpts(e, FALSE, &d);
}

enum {
    DPC = STOR_PERF_DPC_REDIRECTION,
    CHANNELS = STOR_PERF_CONCURRENT_CHANNELS,
    RANGES = STOR_PERF_INTERRUPT_MESSAGE_RANGES,
    LOCALITY = STOR_PERF_ADV_CONFIG_LOCALITY,
    OPTIMIZE = STOR_PERF_OPTIMIZE_FOR_COMPLETION_DURING_STARTIO,
    CURRENT = STOR_PERF_DPC_REDIRECTION_CURRENT_CPU,
    NO_SGL = STOR_PERF_NO_SGL
};

/* STL-121, STL-122, STL-125, STL-126. */
static bool tries(struct mini_ext *e)
{
    dt_expect_eq(offered(e, 2), DPC | CHANNELS | RANGES);
    dt_expect_eq(offered(e, 3), DPC | CHANNELS | RANGES | LOCALITY | OPTIMIZE);
    dt_expect_eq(offered(e, 4), DPC | CHANNELS | RANGES | LOCALITY | OPTIMIZE | CURRENT);
    dt_expect_eq(offered(e, 5), DPC | CHANNELS | RANGES | LOCALITY | OPTIMIZE | CURRENT | NO_SGL);
    dt_expect_eq(apply(e, 0x80000000, 0), STOR_STATUS_UNSUCCESSFUL);
    dt_expect_eq(apply(e, CHANNELS, 0), STOR_STATUS_UNSUCCESSFUL);
    dt_expect_eq(apply(e, RANGES, 0), STOR_STATUS_UNSUCCESSFUL);
    dt_expect_eq(apply(e, OPTIMIZE, 0), STOR_STATUS_UNSUCCESSFUL);
    dt_expect_eq(apply(e, CURRENT, 0), STOR_STATUS_UNSUCCESSFUL);
    dt_expect_eq(apply(e, LOCALITY | DPC, 0), STOR_STATUS_UNSUCCESSFUL);
    dt_expect_eq(apply(e, LOCALITY | DPC | RANGES, 0), STOR_STATUS_SUCCESS);
    PERF_CONFIGURATION_DATA old = options(2, OPTIMIZE | DPC);

    dt_expect_eq(StorPortInitializePerfOpts(e, FALSE, &old), STOR_STATUS_UNSUCCESSFUL); /* of version 3 */
    dt_expect_eq(StorPortInitializePerfOpts(e, FALSE, NULL), STOR_STATUS_INVALID_PARAMETER);
    dt_expect_eq(StorPortInitializePerfOpts(NULL, TRUE, &old), STOR_STATUS_INVALID_PARAMETER);
    return true;
}

/* STL-120, STL-123. */
static void options_body(void *ctx)
{
    dt_stor *s = go(&(struct mini){.physical = true, .initialize = tries});

    (void)ctx;
    dt_expect_eq(apply(ext_of(s), 0, 0), STOR_STATUS_UNSUCCESSFUL);
    over(s);
}

/* STL-063: nor channels before Windows 8; and what the host does not offer is refused. */
static bool tries_old(struct mini_ext *e)
{
    dt_expect(!(offered(e, 2) & CHANNELS));
    dt_expect_eq(apply(e, CHANNELS, 2), STOR_STATUS_UNSUCCESSFUL);
    dt_expect_eq(apply(e, 0, 99), STOR_STATUS_SUCCESS); /* read only with the flag */
    return true;
}

static void old_body(void *ctx)
{
    (void)ctx;
    over(go(&(struct mini){.physical = true, .initialize = tries_old, .cfg = {.os = DT_STOR_WINDOWS_7}}));
    over(go(&(struct mini){.physical = true, .initialize = tries_old, .cfg = {.perf_flags_off = CHANNELS}}));
}

/* STL-127, STL-128: element 0 of MessageTargets is the first message of the range. */
static bool tries_locality(struct mini_ext *e)
{
    PERF_CONFIGURATION_DATA d = options(3, DPC | RANGES | LOCALITY);
    GROUP_AFFINITY          targets[3] = {{0}};

    d.FirstRedirectionMessageNumber = 2;
    d.LastRedirectionMessageNumber = 1;
    dt_expect_eq(StorPortInitializePerfOpts(e, FALSE, &d), STOR_STATUS_UNSUCCESSFUL);
    d.LastRedirectionMessageNumber = 3;
    d.MessageTargets = targets;
    d.DeviceNode = 99;
    dt_expect_eq(StorPortInitializePerfOpts(e, FALSE, &d), STOR_STATUS_SUCCESS);
    dt_expect_eq(d.DeviceNode, 0);
    dt_expect_eq(targets[0].Mask, 1);
    dt_expect(targets[1].Mask != 0);
    dt_expect_eq(targets[2].Mask, 0); /* not of the range */
    d.Flags = DPC;
    d.FirstRedirectionMessageNumber = 9;
    d.LastRedirectionMessageNumber = 1;
    dt_expect_eq(StorPortInitializePerfOpts(e, FALSE, &d), STOR_STATUS_SUCCESS);
    return true;
}

static void locality_body(void *ctx)
{
    (void)ctx;
    over(go(&(struct mini){.physical = true, .initialize = tries_locality}));
}

/* STL-132: storahci: channels for its ports; viostor: channels, optimised, messages from 1. */
static bool tries_real(struct mini_ext *e)
{
    PERF_CONFIGURATION_DATA d = options(STOR_PERF_VERSION, DPC | CHANNELS | RANGES | OPTIMIZE);

    dt_expect_eq(apply(e, CHANNELS, 6), STOR_STATUS_SUCCESS);
    d.ConcurrentChannels = 4;
    d.FirstRedirectionMessageNumber = 1;
    d.LastRedirectionMessageNumber = 4;
    dt_expect_eq(StorPortInitializePerfOpts(e, FALSE, &d), STOR_STATUS_SUCCESS);
    return true;
}

static void real_body(void *ctx)
{
    (void)ctx;
    over(go(&(struct mini){.physical = true, .initialize = tries_real}));
}

static void asked(void **state)
{
    (void)state;
    passes(options_body);
    passes(old_body);
    passes(locality_body);
    passes(real_body);
}

/* ---- numbers in StartIo ---- */

static void numbers(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb, STARTIO_PERFORMANCE_PARAMETERS *p)
{
    *p = (STARTIO_PERFORMANCE_PARAMETERS){.Version = 1, .Size = sizeof *p, .ChannelNumber = 77, .MessageNumber = 77};
    dt_expect_eq(StorPortGetStartIoPerfParams(e, srb, p), STOR_STATUS_SUCCESS);
}

static bool numbered_start(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    STARTIO_PERFORMANCE_PARAMETERS p;

    numbers(e, srb, &p);
    dt_expect(p.ChannelNumber < 2);
    enter_alone(&e->word[p.ChannelNumber]); /* no two at once have it */
    StorPortNotification(NextRequest, e);
    leave_alone(&e->word[p.ChannelNumber]);
    InterlockedIncrement(&e->word[2]);
    return mini_execute(e, srb);
}

/* STL-074. */
static void numbered_body(void *ctx)
{
    dt_stor *s = go(&(struct mini){.physical = true, .channels = 2, .start = numbered_start});

    (void)ctx;
    client_on(s, 0);
    client_on(s, 1);
    client_on(s, 1);
    dt_join_all();
    dt_expect_eq(ext_of(s)->word[2], 3);
    over(s);
}

static bool plain_start(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    STARTIO_PERFORMANCE_PARAMETERS p;

    numbers(e, srb, &p);
    dt_expect_eq(p.ChannelNumber, 0);
    dt_expect(mini.msi ? p.MessageNumber < 2 : p.MessageNumber == 0);
    return mini_execute(e, srb);
}

/* STL-075. */
static void message_body(void *ctx)
{
    struct mini m = {.physical = true, .start = plain_start};
    dt_stor    *s = go(&m);

    (void)ctx;
    client(s);
    over(s);
    m.msi = true;
    m.cfg.messages = 2;
    s = go(&m);
    client(s);
    over(s);
}

static bool wrong_start(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    STARTIO_PERFORMANCE_PARAMETERS p = {.Version = 1, .Size = sizeof p}, small = {.Version = 1, .Size = 4};
    SCSI_REQUEST_BLOCK             own = *srb;

    dt_expect_eq(StorPortGetStartIoPerfParams(e, NULL, &p), STOR_STATUS_INVALID_PARAMETER);
    dt_expect_eq(StorPortGetStartIoPerfParams(e, srb, NULL), STOR_STATUS_INVALID_PARAMETER);
    dt_expect_eq(StorPortGetStartIoPerfParams(NULL, srb, &p), STOR_STATUS_INVALID_PARAMETER);
    dt_expect_eq(StorPortGetStartIoPerfParams(e, &own, &p), STOR_STATUS_INVALID_PARAMETER);
    dt_expect_eq(StorPortGetStartIoPerfParams(e, srb, &small), STOR_STATUS_INVALID_PARAMETER);
    return mini_execute(e, srb);
}

/* STL-076. */
static void wrong_body(void *ctx)
{
    dt_stor *s = go(&(struct mini){.physical = true, .start = wrong_start});

    (void)ctx;
    client(s);
    over(s);
}

static void in_startio(void **state)
{
    (void)state;
    always(numbered_body, 1);
    passes(message_body);
    passes(wrong_body);
}

/* ---- memory, twice, redirection ---- */

static bool lacked;

static bool faulty(struct mini_ext *e)
{
    ULONG status = apply(e, CHANNELS, 2);

    if (status != STOR_STATUS_SUCCESS) {
        dt_expect_eq(status, STOR_STATUS_INSUFFICIENT_RESOURCES);
        lacked = true;
    }
    e->word[3] = status != STOR_STATUS_SUCCESS;
    return true;
}

static bool locked_or_not(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    dt_expect_eq(dt_stor_locks_held(mini_stor), e->word[3] ? DT_STOR_LOCK_STARTIO : 0);
    return mini_execute(e, srb);
}

/* STL-124: the adapter is then as without. */
static void faults_body(void *ctx)
{
    dt_stor *s = go(&(struct mini){.physical = true, .initialize = faulty, .start = locked_or_not});

    (void)ctx;
    client(s);
    over(s);
}

static bool one_then(struct mini_ext *e)
{
    dt_expect_eq(apply(e, CHANNELS, 2), STOR_STATUS_SUCCESS);
    return true;
}

static bool then_none(struct mini_ext *e)
{
    dt_expect_eq(apply(e, 0, 0), STOR_STATUS_SUCCESS);
    e->word[3] = 1;
    return true;
}

/* STL-131: the last successful call wins; STL-120: HwStorPassiveInitialize may too. */
static void twice_body(void *ctx)
{
    dt_stor *s =
        go(&(struct mini){.physical = true, .initialize = one_then, .passive = then_none, .start = locked_or_not});

    (void)ctx;
    client(s);
    over(s);
}

static void not_everywhere(void *context, struct dt_stor_request *r)
{
    (void)r;
    *(ULONG *)context = KeGetCurrentProcessorNumber();
}

static bool holds(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    return mini_hold(e, srb);
}

static void completes_on_0(dt_stor *s, ULONG expected)
{
    struct mini_ext *e = ext_of(s);

    while (!e->n_held)
        dt_run_for(DT_MS(1));
    mini_release(e, SRB_STATUS_SUCCESS);
    dt_join_all();
    dt_expect_eq(e->word[4], (LONG)expected);
}

static void client_of_1(void *ctx)
{
    struct mini_ext       *e = ext_of(ctx);
    ULONG                  where = 99;
    struct dt_stor_request r = simple(0);

    r.done = not_everywhere;
    r.context = &where;
    dt_expect_eq(dt_stor_run(ctx, &r), SRB_STATUS_SUCCESS);
    e->word[4] = (LONG)where;
}

/* STL-129: redirected, a completion is told on the processor that the request came from; else, and with CURRENT_CPU, on the
 * one that completed it. */
static void redirect(unsigned flags, ULONG expected)
{
    dt_stor *s = go(&(struct mini){.physical = true, .perf_flags = flags, .start = holds});
    KIRQL    old;

    dt_spawn(1, client_of_1, s);
    dt_run_for(DT_MS(2));
    KeRaiseIrql(DISPATCH_LEVEL, &old); /* here and nowhere else */
    bool here = KeGetCurrentProcessorNumber() == 0;

    KeLowerIrql(old);
    completes_on_0(s, here || flags == DPC ? expected : 99);
    over(s);
}

static void redirect_body(void *ctx)
{
    (void)ctx;
    redirect(DPC, 1);
}

static void current_body(void *ctx)
{
    (void)ctx;
    redirect(DPC | CURRENT, 0);
}

static void more(void **state)
{
    struct dt_config cfg = config(1);

    (void)state;
    if (simulated()) {
        cfg.faults = true;
        lacked = false;
        struct dt_explore_result  r;
        struct dt_explore_options o = {.config = cfg, .strategy = "dfs:1", .no_shrink = true};

        dt_explore(faults_body, NULL, &o, &r);
        assert_true(lacked);
        passes(redirect_body);
        passes(current_body);
    }
    passes(twice_body);
}

/* ---- HwStorResetBus ---- */

static bool watched_start(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    dt_expect_eq(e->word[0], 0);
    InterlockedIncrement(&e->inside);
    StorPortNotification(NextRequest, e);
    dt_expect_eq(e->word[0], 0);
    InterlockedDecrement(&e->inside);
    return mini_execute(e, srb);
}

static bool seen;

static bool watched_build(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    (void)srb;
    StorPortNotification(NextRequest, e);
    seen |= __atomic_load_n(&e->word[0], __ATOMIC_RELAXED); /* nothing keeps BuildIo and a reset apart */
    return true;
}

static bool watched_reset(struct mini_ext *e, ULONG path)
{
    (void)path;
    dt_expect_eq(KeGetCurrentIrql(), DISPATCH_LEVEL);
    dt_expect_eq(dt_stor_locks_held(mini_stor), DT_STOR_LOCK_STARTIO);
    dt_expect_eq(e->inside, 0);
    __atomic_store_n(&e->word[0], 1, __ATOMIC_RELAXED);
    StorPortNotification(NextRequest, e);
    dt_expect_eq(e->inside, 0);
    __atomic_store_n(&e->word[0], 0, __ATOMIC_RELAXED);
    return true;
}

static void resets(void *ctx)
{
    dt_expect(dt_stor_reset_bus(ctx, 0));
}

/* STL-080, STL-081, STL-082, STL-083: no StartIo in progress or beginning, however many channels there are; BuildIo may run; all is given
 * back afterwards. */
static void reset_body(void *ctx)
{
    struct mini m = {.physical = true,
        .channels = ctx ? 0 : 2,
        .start = watched_start,
        .build = watched_build,
        .reset = watched_reset};
    dt_stor    *s = go(&m);

    dt_spawn(1, resets, s);
    client(s);
    dt_join_all();
    client(s);
    over(s);
}

static bool free_start(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    StorPortNotification(NextRequest, e);
    seen |= e->word[0];
    StorPortNotification(NextRequest, e);
    seen |= e->word[0];
    return mini_execute(e, srb);
}

static bool marks_reset(struct mini_ext *e, ULONG path)
{
    (void)path;
    e->word[0] = 1;
    StorPortNotification(NextRequest, e);
    e->word[0] = 0;
    return true;
}

/* STL-084: a virtual miniport's StartIo holds nothing: one that has begun may overlap the reset. */
static void virtual_reset_body(void *ctx)
{
    dt_stor *s = go(&(struct mini){.start = free_start, .reset = marks_reset});

    (void)ctx;
    dt_spawn(1, resets, s);
    client(s);
    dt_join_all();
    over(s);
}

static void reset(void **state)
{
    (void)state;
    seen = false;
    reached(reset_body, 2, &seen);
    if (!simulated())
        passes(reset_body);
    seen = false;
    reached(virtual_reset_body, 2, &seen);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(asked),
        cmocka_unit_test(in_startio),
        cmocka_unit_test(more),
        cmocka_unit_test(reset),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
