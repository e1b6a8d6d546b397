/* SPDX-License-Identifier: MIT */
/* StorPortNotification(RequestComplete): when it may come, who the request belongs to, what is told. */
#include "sp/timer.h"

/* ---- from everywhere (STN-013, STN-014, STN-015) ---- */

static void at_low_level(void *context, struct dt_stor_request *r)
{
    (void)r;
    dt_expect(KeGetCurrentIrql() <= DISPATCH_LEVEL);
    dt_expect_eq(((struct mini_ext *)context)->word[7], 0); /* not inside a routine of the miniport */
}

static void release_all(struct mini_ext *e)
{
    e->word[7] = 1;
    mini_release(e, SRB_STATUS_SUCCESS);
    e->word[7] = 0;
}

static bool holds(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    return mini_hold(e, srb);
}

static bool completes_in_build(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    e->word[7] = 1;
    complete(e, srb, SRB_STATUS_SUCCESS);
    e->word[7] = 0;
    return false;
}

static bool completes_in_start(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    e->word[7] = 1;
    complete(e, srb, SRB_STATUS_SUCCESS);
    e->word[7] = 0;
    return true;
}

static bool completes_in_isr(struct mini_ext *e)
{
    dt_expect(KeGetCurrentIrql() > DISPATCH_LEVEL);
    release_all(e);
    return true;
}

static void completes_in_timer(PVOID ext)
{
    release_all(ext);
}

static bool completes_in_reset(struct mini_ext *e, ULONG path)
{
    (void)path;
    release_all(e);
    return true;
}

static void completes_in_dpc(PSTOR_DPC dpc, PVOID ext, PVOID a, PVOID b)
{
    (void)dpc;
    (void)a;
    (void)b;
    release_all(ext);
}

static bool makes(struct mini_ext *e)
{
    StorPortInitializeDpc(e, &e->dpc[0], completes_in_dpc);
    return true;
}

static dt_stor_io *send(dt_stor *s, struct dt_stor_request *r)
{
    *r = simple(0);
    r->done = at_low_level;
    r->context = ext_of(s);
    return dt_stor_submit(s, r);
}

/* The miniport has it when this returns. */
static dt_stor_io *send_to_hold(dt_stor *s, struct dt_stor_request *r)
{
    dt_stor_io *io = send(s, r);

    eventually(&ext_of(s)->n_held, 1);
    return io;
}

static void ends(dt_stor_io *io)
{
    dt_expect_eq(dt_stor_finish(io), SRB_STATUS_SUCCESS);
}

static void everywhere_body(void *ctx)
{
    struct mini m = {
        .physical = true, .start = holds, .isr = completes_in_isr, .reset = completes_in_reset, .passive = makes};
    dt_stor               *s = go(&m);
    struct mini_ext       *e = ext_of(s);
    struct dt_stor_request r;
    dt_stor_io            *io = send_to_hold(s, &r);

    (void)ctx;
    dt_expect(dt_stor_interrupt(s, -1));
    ends(io);
    io = send_to_hold(s, &r);
    arm(e, completes_in_timer, 1000);
    ends(io);
    io = send_to_hold(s, &r);
    StorPortIssueDpc(e, &e->dpc[0], NULL, NULL);
    ends(io);
    io = send_to_hold(s, &r);
    dt_expect(dt_stor_reset_bus(s, 0));
    ends(io);
    mini.start = completes_in_start;
    ends(send(s, &r));
    mini.build = completes_in_build;
    ends(send(s, &r));
    over(s);
}

static void own_thread(void *ctx)
{
    struct mini_ext *e = ctx;

    while (!ReadNoFence(&e->n_held))
        dt_run_for(DT_MS(1));
    mini_release(e, SRB_STATUS_SUCCESS);
}

/* STN-013: a virtual miniport's own thread, at PASSIVE_LEVEL. */
static void thread_body(void *ctx)
{
    dt_stor               *s = go(&(struct mini){.start = holds});
    struct dt_stor_request r;
    dt_stor_io            *io = send(s, &r);

    (void)ctx;
    dt_spawn(1, own_thread, ext_of(s));
    ends(io);
    dt_join_all();
    over(s);
}

static void everywhere(void **state)
{
    (void)state;
    passes(everywhere_body);
    passes(thread_body);
}

/* ---- misuse ---- */

static int wrong;

static bool wrong_start(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    SCSI_REQUEST_BLOCK foreign = *srb;

    switch (wrong) {
    case 0: /* STN-011 */
        complete(e, srb, SRB_STATUS_SUCCESS);
        StorPortNotification(RequestComplete, e, srb);
        break;
    case 1: /* STN-012 */
        StorPortNotification(RequestComplete, e, srb);
        break;
    case 2: /* STN-016 */
        complete(e, &foreign, SRB_STATUS_SUCCESS);
        break;
    case 3: /* STN-010: written after completion */
        complete(e, srb, SRB_STATUS_SUCCESS);
        srb->TimeOutValue = 0;
        break;
    case 4: /* STN-010: what is read from there is no pointer */
        complete(e, srb, SRB_STATUS_SUCCESS);
        dt_expect(srb->DataBuffer != NULL && srb->SrbExtension == srb->DataBuffer);
        *(volatile char *)srb->SrbExtension = 1;
        break;
    case 5: /* STN-018 */
        break;
    }
    return true;
}

static void wrong_body(void *ctx)
{
    dt_stor               *s = go(&(struct mini){.physical = true, .start = wrong_start, .ext_bytes = 16});
    struct dt_stor_request r = simple(0);

    (void)ctx;
    dt_stor_submit(s, &r);
    dt_run_for(DT_MS(5));
    over(s);
}

static void is_caught(int n, const char *rule, uint32_t code)
{
    wrong = n;
    caught(wrong_body, rule, code);
}

/* STN-010, STN-011, STN-012, STN-016, STN-018. */
static void misuse(void **state)
{
    (void)state;
    is_caught(0, "DT-S08", 0xF1);
    is_caught(1, "DT-S11", ANY_CODE);
    is_caught(2, "DT-S16", ANY_CODE);
    is_caught(3, "DT-S09", ANY_CODE);
    if (!SANITIZED && !RACES_CHECKED) /* a fault is a sanitizer's own business */
        is_caught(4, NULL, ANY_CODE);
    if (simulated())
        is_caught(5, "DT-S10", ANY_CODE);
}

/* ---- statuses, order ---- */

static UCHAR wanted_status;

static bool answers(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    dt_expect_eq(srb->SrbStatus, SRB_STATUS_PENDING);
    if (wanted_status == SRB_STATUS_BUSY && e->requests++ > 0)
        complete(e, srb, SRB_STATUS_SUCCESS);
    else
        complete(e, srb, wanted_status);
    return true;
}

/* STN-017: SUCCESS and BUSY are what StartIo ends with, others come from errors: the client sees each, but for BUSY, which is
 * tried again. */
static void statuses_body(void *ctx)
{
    static const UCHAR status[] = {
        SRB_STATUS_SUCCESS, SRB_STATUS_ERROR, SRB_STATUS_SELECTION_TIMEOUT, SRB_STATUS_NO_DEVICE};
    dt_stor               *s = go(&(struct mini){.physical = true, .start = answers});
    struct dt_stor_request r = simple(0);

    (void)ctx;
    for (unsigned i = 0; i < sizeof status; i++) {
        wanted_status = status[i];
        dt_expect_eq(dt_stor_run(s, &r), status[i]);
    }
    wanted_status = SRB_STATUS_BUSY;
    dt_expect_eq(dt_stor_run(s, &r), SRB_STATUS_SUCCESS);
    dt_expect_eq(ext_of(s)->requests, 2);
    over(s);
}

static unsigned order[3], n_order;

static void ordered(void *context, struct dt_stor_request *r)
{
    (void)r;
    order[n_order++] = (unsigned)(uintptr_t)context;
}

/* STN-019: on one processor clients are told in the order of the notifications. */
static void order_body(void *ctx)
{
    dt_stor               *s = go(&(struct mini){.physical = true, .start = holds});
    struct mini_ext       *e = ext_of(s);
    struct dt_stor_request r[3] = {simple(0), simple(0), simple(0)};
    dt_stor_io            *io[3];

    (void)ctx;
    n_order = 0;
    for (unsigned i = 0; i < 3; i++) {
        r[i].done = ordered;
        r[i].context = (void *)(uintptr_t)i;
        io[i] = dt_stor_submit(s, &r[i]);
    }
    eventually(&e->n_held, 3);
    PVOID last = e->held[2];

    e->held[2] = e->held[0];
    e->held[0] = last;
    mini_release(e, SRB_STATUS_SUCCESS);
    for (unsigned i = 0; i < 3; i++)
        ends(io[i]);
    dt_expect(order[0] == 2 && order[1] == 1 && order[2] == 0);
    over(s);
}

static void answers_reach(void **state)
{
    (void)state;
    passes(statuses_body);
    passes(order_body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(misuse), /* first: later cmocka has taken the signals of a wild access for itself */
        cmocka_unit_test(everywhere),
        cmocka_unit_test(answers_reach),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
