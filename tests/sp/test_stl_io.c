/* SPDX-License-Identifier: MIT */
/* HwStorBuildIo and HwStorStartIo: who runs beside whom, in half and full duplex, with channels, in virtual miniports. */
#include "sp/timer.h"

static bool seen;

static void look(struct mini_ext *e)
{
    LARGE_INTEGER now;

    StorPortNotification(QueryTickCount, e, &now);
}

static void two_clients(const struct mini *m)
{
    dt_stor *s = go(m);

    client_on(s, 0);
    client_on(s, 1);
    dt_join_all();
    over(s);
}

/* ---- StartIo beside StartIo ---- */

static bool counted_start(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    LONG n = InterlockedIncrement(&e->inside);

    if (n > e->inside_max)
        e->inside_max = n;
    seen |= n > 1;
    look(e);
    InterlockedDecrement(&e->inside);
    InterlockedIncrement(&e->word[0]);
    return mini_execute(e, srb);
}

static void check_two(const struct mini *m, LONG most)
{
    dt_stor         *s = go(m);
    struct mini_ext *e = ext_of(s);

    client_on(s, 0);
    client_on(s, 1);
    client_on(s, 1);
    dt_join_all();
    dt_expect_eq(e->word[0], 3); /* STL-060: once for each */
    dt_expect(e->inside_max <= most);
    over(s);
}

/* STL-061: one channel: one after another, for all units of the adapter. */
static void one_channel_body(void *ctx)
{
    (void)ctx;
    check_two(&(struct mini){.physical = true, .start = counted_start}, 1);
}

/* STL-051. */
static void half_body(void *ctx)
{
    (void)ctx;
    check_two(&(struct mini){.physical = true, .half_duplex = true, .start = counted_start}, 1);
}

/* STL-062. */
static void two_channels_body(void *ctx)
{
    (void)ctx;
    check_two(&(struct mini){.physical = true, .channels = 2, .start = counted_start}, 2);
}

/* STL-064, of overlap: as many as there are processors. */
static void virtual_body(void *ctx)
{
    (void)ctx;
    check_two(&(struct mini){.start = counted_start}, 64);
}

static void startio(void **state)
{
    struct dt_explore_result  r;
    struct dt_explore_options o = {.config = config(4), .strategy = "random", .schedules = 500, .no_shrink = true};

    (void)state;
    always(one_channel_body, 1);
    always(half_body, 1);
    seen = false;
    reached(two_channels_body, 1, &seen);
    seen = false;
    reached(virtual_body, 1, &seen);
    if (simulated()) { /* never a third, with more processors than channels */
        assert_int_equal(dt_explore(two_channels_body, NULL, &o, &r), 0);
        assert_int_equal(r.run.verdict, DT_PASS);
    }
}

/* ---- levels of a virtual miniport ---- */

static KIRQL wanted_irql;

static bool level_start(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    dt_expect_eq(KeGetCurrentIrql(), wanted_irql);
    dt_expect_eq(dt_stor_locks_held(mini_stor), 0);
    return mini_execute(e, srb);
}

/* STL-064: PASSIVE, APC and DISPATCH entries, as the client comes. */
static void levels_body(void *ctx)
{
    dt_stor               *s = go(&(struct mini){.start = level_start});
    struct dt_stor_request r[3] = {simple(0), simple(0), simple(0)};
    dt_stor_io            *io[3];
    KIRQL                  old;

    (void)ctx;
    wanted_irql = PASSIVE_LEVEL;
    io[0] = dt_stor_submit(s, &r[0]);
    KeRaiseIrql(APC_LEVEL, &old);
    wanted_irql = APC_LEVEL;
    io[1] = dt_stor_submit(s, &r[1]);
    KeLowerIrql(old);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    wanted_irql = DISPATCH_LEVEL;
    io[2] = dt_stor_submit(s, &r[2]);
    KeLowerIrql(old);
    for (unsigned i = 0; i < 3; i++)
        dt_expect_eq(dt_stor_finish(io[i]), SRB_STATUS_SUCCESS);
    over(s);
}

static void levels(void **state)
{
    (void)state;
    passes(levels_body);
}

/* ---- StartIo beside the interrupt routine ---- */

static bool shares_start(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    e->inside = 1;
    look(e);
    e->inside = 0;
    return mini_execute(e, srb);
}

static bool shares_isr(struct mini_ext *e)
{
    seen |= e->inside;
    if (mini.half_duplex)
        dt_expect_eq(e->inside, 0);
    e->interrupts++;
    return true;
}

static void interrupted(void *ctx)
{
    dt_expect(dt_stor_interrupt(ctx, -1));
}

static void isr_beside(const struct mini *m)
{
    dt_stor         *s = go(m);
    struct mini_ext *e = ext_of(s);

    dt_spawn(1, interrupted, s);
    client(s);
    dt_join_all();
    eventually(&e->interrupts, 1);
    over(s);
}

/* STL-053: full duplex: beside it, or on top of it. STL-051: half duplex: never. */
static void full_isr_body(void *ctx)
{
    (void)ctx;
    isr_beside(&(struct mini){.physical = true, .start = shares_start, .isr = shares_isr});
}

static void half_isr_body(void *ctx)
{
    (void)ctx;
    isr_beside(&(struct mini){.physical = true, .half_duplex = true, .start = shares_start, .isr = shares_isr});
}

static bool add_unlocked(struct mini_ext *e)
{
    LONG n = e->word[1];

    look(e);
    e->word[1] = n + 1;
    return true;
}

static BOOLEAN add_synchronized(PVOID ext, PVOID context)
{
    (void)context;
    return add_unlocked(ext);
}

static bool careless_start(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    add_unlocked(e);
    return mini_execute(e, srb);
}

static bool careful_start(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    dt_expect(StorPortSynchronizeAccess(e, add_synchronized, NULL));
    return mini_execute(e, srb);
}

static bool adding_isr(struct mini_ext *e)
{
    add_unlocked(e);
    e->interrupts++;
    return true;
}

static void added(const struct mini *m)
{
    dt_stor         *s = go(m);
    struct mini_ext *e = ext_of(s);

    dt_spawn(1, interrupted, s);
    client(s);
    dt_join_all();
    eventually(&e->interrupts, 1);
    eventually(&e->word[1], 2);
    over(s);
}

/* STL-054: what StartIo and the interrupt routine share goes wrong without StorPortSynchronizeAccess. */
static void careless_body(void *ctx)
{
    (void)ctx;
    added(&(struct mini){.physical = true, .start = careless_start, .isr = adding_isr});
}

static void careful_body(void *ctx)
{
    (void)ctx;
    added(&(struct mini){.physical = true, .start = careful_start, .isr = adding_isr});
}

static void duplex(void **state)
{
    (void)state;
    seen = false;
    reached(full_isr_body, 2, &seen);
    always(half_isr_body, 1);
    found(careless_body, 2, "DT-X05", ANY_CODE);
    always(careful_body, 1);
}

/* STL-050, STL-056: the model is half duplex unless HwStorFindAdapter says otherwise, and then it stays. */
static PPORT_CONFIGURATION_INFORMATION kept_config;

static void keeps_config(struct mini_ext *e, PPORT_CONFIGURATION_INFORMATION c)
{
    (void)e;
    kept_config = c;
}

static bool half_start(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    dt_expect_eq(KeGetCurrentIrql(), 5);
    dt_expect_eq(dt_stor_locks_held(mini_stor), DT_STOR_LOCK_STARTIO | DT_STOR_LOCK_INTERRUPT);
    return mini_execute(e, srb);
}

/* STL-057: BuildIo at DISPATCH_LEVEL without locks all the same. */
static bool half_build(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    (void)srb;
    dt_expect_eq(KeGetCurrentIrql(), DISPATCH_LEVEL);
    dt_expect_eq(dt_stor_locks_held(mini_stor), 0);
    e->builds++;
    return true;
}

static void model_body(void *ctx)
{
    struct mini m = {
        .physical = true, .half_duplex = true, .find = keeps_config, .start = half_start, .build = half_build};
    dt_stor *s = go(&m);

    (void)ctx;
    client(s);
    kept_config->SynchronizationModel = StorSynchronizeFullDuplex;
    client(s);
    dt_expect_eq(ext_of(s)->builds, 2);
    over(s);
}

static void model(void **state)
{
    (void)state;
    passes(model_body);
}

/* ---- BuildIo ---- */

static bool order_build(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    LONG n = InterlockedIncrement(&e->inside);

    dt_expect_eq(KeGetCurrentIrql(), DISPATCH_LEVEL);
    seen |= n > 1;
    look(e);
    *(LONG *)srb->SrbExtension = 4711;
    InterlockedDecrement(&e->inside);
    return true;
}

static bool order_start(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    dt_expect_eq(*(LONG *)srb->SrbExtension, 4711); /* STL-066: BuildIo has returned */
    return mini_execute(e, srb);
}

/* STL-065, STL-066, STL-067. */
static void build_body(void *ctx)
{
    (void)ctx;
    two_clients(&(struct mini){.physical = true, .ext_bytes = 8, .build = order_build, .start = order_start});
}

static bool refusing_build(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    complete(e, srb, SRB_STATUS_INVALID_REQUEST);
    return false;
}

static bool keeping_build(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    mini_hold(e, srb);
    return false;
}

static bool never_start(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    (void)e;
    (void)srb;
    dt_expect(!"HwStorStartIo after HwStorBuildIo has returned FALSE");
    return true;
}

/* STL-068: FALSE: completed in BuildIo, or later, and StartIo never called. */
static void false_body(void *ctx)
{
    struct mini            m = {.physical = true, .build = refusing_build, .start = never_start};
    dt_stor               *s = go(&m);
    struct dt_stor_request r = simple(0);

    (void)ctx;
    dt_expect_eq(dt_stor_run(s, &r), SRB_STATUS_INVALID_REQUEST);
    mini.build = keeping_build;
    dt_stor_io *io = dt_stor_submit(s, &r);

    dt_run_for(DT_MS(5));
    eventually(&ext_of(s)->n_held, 1);
    mini_release(ext_of(s), SRB_STATUS_SUCCESS);
    dt_expect_eq(dt_stor_finish(io), SRB_STATUS_SUCCESS);
    over(s);
}

/* STL-069: a counter that BuildIo updates without interlocking loses counts. */
static bool counting_build(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    (void)srb;
    return add_unlocked(e);
}

static bool interlocked_build(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    (void)srb;
    InterlockedIncrement(&e->word[1]);
    return true;
}

static void count_in_build(const struct mini *m)
{
    dt_stor *s = go(m);

    client_on(s, 0);
    client_on(s, 1);
    dt_join_all();
    dt_expect_eq(ext_of(s)->word[1], 2);
    over(s);
}

static void counting_body(void *ctx)
{
    (void)ctx;
    count_in_build(&(struct mini){.physical = true, .build = counting_build});
}

static void interlocked_body(void *ctx)
{
    (void)ctx;
    count_in_build(&(struct mini){.physical = true, .build = interlocked_build});
}

static void build(void **state)
{
    (void)state;
    seen = false;
    reached(build_body, 2, &seen);
    passes(false_body);
    found(counting_body, 2, "DT-X05", ANY_CODE);
    always(interlocked_body, 1);
}

/* STL-070, STL-053: pool and locks in BuildIo, and in StartIo of full duplex. */
static bool allocating(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    STOR_LOCK_HANDLE h = {0};
    PVOID            p = ExAllocatePool2(POOL_FLAG_NON_PAGED, 64, 'tseT');

    (void)srb;
    StorPortAcquireSpinLock(e, InterruptLock, NULL, &h);
    StorPortReleaseSpinLock(e, &h);
    ExFreePoolWithTag(p, 'tseT');
    return true;
}

static bool allocating_start(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    allocating(e, srb);
    return mini_execute(e, srb);
}

static void allocating_body(void *ctx)
{
    (void)ctx;
    two_clients(&(struct mini){.physical = true, .build = allocating, .start = allocating_start});
}

/* STL-071: no HwBuildIo: StartIo directly. */
static void no_build_body(void *ctx)
{
    (void)ctx;
    two_clients(&(struct mini){.physical = true, .no_build = true});
}

static void freedom(void **state)
{
    (void)state;
    passes(allocating_body);
    passes(no_build_body);
}

/* ---- what StartIo may not do ---- */

static bool stalling_start(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    StorPortStallExecution(10);
    return mini_execute(e, srb);
}

static bool raising_start(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    KIRQL old;

    KeRaiseIrql(8, &old);
    return mini_execute(e, srb);
}

static bool raising_build(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    KIRQL old;

    (void)e;
    (void)srb;
    KeRaiseIrql(8, &old);
    return true;
}

static void stalling_body(void *ctx)
{
    (void)ctx;
    two_clients(&(struct mini){.physical = true, .start = stalling_start});
}

static void raising_body(void *ctx)
{
    (void)ctx;
    two_clients(&(struct mini){.physical = true, .start = raising_start});
}

static void raising_build_body(void *ctx)
{
    (void)ctx;
    two_clients(&(struct mini){.physical = true, .build = raising_build});
}

/* STL-072, STL-073. */
static void misuse(void **state)
{
    (void)state;
    caught(stalling_body, "DT-S14", ANY_CODE);
    caught(raising_body, "DT-I09", ANY_CODE);
    caught(raising_build_body, "DT-I09", ANY_CODE);
}

/* ---- completions ---- */

static bool completes_other(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    dt_expect_eq(InterlockedIncrement(&e->inside), 1); /* STL-078: not on top of itself */
    if (e->n_held) {
        mini_release(e, SRB_STATUS_SUCCESS);
        complete(e, srb, SRB_STATUS_SUCCESS);
    } else {
        mini_hold(e, srb);
    }
    dt_expect_eq(InterlockedDecrement(&e->inside), 0);
    return true;
}

/* STL-077: any outstanding request may be completed inside StartIo, also of a virtual miniport at PASSIVE_LEVEL. */
static void other_body(void *ctx)
{
    struct mini            m = {.physical = ctx == NULL, .start = completes_other};
    dt_stor               *s = go(&m);
    struct dt_stor_request r[4] = {simple(0), simple(0), simple(0), simple(0)};
    dt_stor_io            *io[4];

    for (unsigned i = 0; i < 4; i++)
        io[i] = dt_stor_submit(s, &r[i]);
    for (unsigned i = 0; i < 4; i++)
        dt_expect_eq(dt_stor_finish(io[i]), SRB_STATUS_SUCCESS);
    over(s);
}

static struct dt_stor_request further;
static dt_stor_io            *further_io;

static void submits_further(void *context, struct dt_stor_request *r)
{
    (void)r;
    further = simple(0);
    further_io = dt_stor_submit(context, &further);
}

static bool not_nested(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    dt_expect_eq(InterlockedIncrement(&e->inside), 1);
    complete(e, srb, SRB_STATUS_SUCCESS);
    dt_expect_eq(InterlockedDecrement(&e->inside), 0);
    return true;
}

/* STL-078: the client is told, and asks for more, only after HwStorStartIo has returned: at PASSIVE_LEVEL too. */
static void further_body(void *ctx)
{
    dt_stor               *s = go(&(struct mini){.physical = ctx != NULL, .start = not_nested});
    struct dt_stor_request r = simple(0);

    r.done = submits_further;
    r.context = s;
    dt_expect_eq(dt_stor_run(s, &r), SRB_STATUS_SUCCESS);
    dt_expect_eq(dt_stor_finish(further_io), SRB_STATUS_SUCCESS);
    over(s);
}

static void completions(void **state)
{
    struct dt_config cfg = config(2);
    struct dt_result r = {0};

    (void)state;
    passes(other_body);
    passes(further_body);
    assert_int_equal(dt_run(&cfg, other_body, &cfg, &r), 0);
    assert_int_equal(r.verdict, DT_PASS);
    assert_int_equal(dt_run(&cfg, further_body, &cfg, &r), 0);
    assert_int_equal(r.verdict, DT_PASS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(startio),
        cmocka_unit_test(levels),
        cmocka_unit_test(duplex),
        cmocka_unit_test(model),
        cmocka_unit_test(build),
        cmocka_unit_test(freedom),
        cmocka_unit_test(misuse),
        cmocka_unit_test(completions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
