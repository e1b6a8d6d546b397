/* SPDX-License-Identifier: MIT */
/* How a miniport reports errors: lengths, SCSI statuses, sense data. */
#include "sp/clients.h"

/* ---- underrun, overrun: STQ-120 ---- */

static bool run_short(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    *mini_length(srb) -= (ULONG)e->word[0];
    complete(e, srb, SRB_STATUS_DATA_OVERRUN);
    return true;
}

static void length_body(void *ctx)
{
    UCHAR                  buf[BLOCK_BYTES];
    dt_stor               *s = begin(&(struct mini){.start = run_short});
    struct dt_stor_request r = {.flags = SRB_FLAGS_NO_QUEUE_FREEZE};

    (void)ctx;
    dt_stor_cdb(&r, false, 0, 0, buf, 1, BLOCK_BYTES);
    ext_of(s)->word[0] = 100;
    dt_expect_eq(dt_stor_run(s, &r), SRB_STATUS_DATA_OVERRUN);
    dt_expect_eq(SRB_STATUS_DATA_OVERRUN, 0x12);
    dt_expect_eq(r.transferred, BLOCK_BYTES - 100);
    ext_of(s)->word[0] = 0; /* more than there was room for */
    dt_expect_eq(dt_stor_run(s, &r), SRB_STATUS_DATA_OVERRUN);
    dt_expect_eq(r.transferred, BLOCK_BYTES);
    over(s);
}

static void lengths(void **state)
{
    (void)state;
    passes(length_body);
}

/* ---- SCSI status: STQ-121 ---- */

static LONG status_with_check;

static bool check_condition(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    srb->ScsiStatus = SCSISTAT_CHECK_CONDITION;
    complete(e, srb, (UCHAR)status_with_check);
    return true;
}

static void status_body(void *ctx)
{
    dt_stor               *s = begin(&(struct mini){.start = check_condition});
    struct dt_stor_request r = simple(0);

    (void)ctx;
    dt_expect_eq(dt_stor_run(s, &r), status_with_check);
    dt_expect_eq(r.scsi_status, SCSISTAT_CHECK_CONDITION);
    over(s);
}

static void scsi_statuses(void **state)
{
    (void)state;
    status_with_check = SRB_STATUS_SUCCESS;
    caught(status_body, "DT-S11", 0);
    status_with_check = SRB_STATUS_ERROR;
    passes(status_body);
}

/* ---- sense: STQ-122, STQ-125 ---- */

static volatile LONG offered;

static bool with_sense(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    PSTORAGE_REQUEST_BLOCK x = mini_extended(srb);
    PSRBEX_DATA_SCSI_CDB16 d = x ? (PSRBEX_DATA_SCSI_CDB16)((char *)x + x->SrbExDataOffset[0]) : NULL;

    offered = d ? d->SenseInfoBufferLength : srb->SenseInfoBufferLength;
    dt_expect_eq((d ? d->SenseInfoBuffer : srb->SenseInfoBuffer) != NULL, offered != 0);
    complete(e, srb, offered ? mini_sense(srb, 5, 0x24) : SRB_STATUS_ERROR);
    return true;
}

static void expect_sense(const struct mini *more, uint32_t flags, LONG offer, unsigned bytes)
{
    struct mini            m = *more;
    struct dt_stor_request r = simple(0);

    m.start = with_sense;
    r.flags |= flags;
    dt_stor *s = begin(&m);

    dt_expect_eq(dt_stor_run(s, &r), SRB_STATUS_ERROR);
    dt_expect_eq(offered, offer);
    dt_expect_eq(r.sense_bytes, bytes);
    dt_expect_eq((r.srb_status & SRB_STATUS_AUTOSENSE_VALID) != 0, bytes != 0);
    if (bytes) {
        dt_expect_eq(r.sense[2], 5);
        dt_expect_eq(r.sense[12], 0x24);
    }
    over(s);
}

static void expect_offer(ULONG value, LONG offer)
{
    const struct dt_stor_value values[] = {
        {.name = "TotalSenseDataBytes", .type = 4, .bytes = sizeof value, .data = &value}, {0}};

    expect_sense(&(struct mini){.cfg.registry = values}, 0, offer, 18);
}

static void sense_body(void *ctx)
{
    (void)ctx;
    expect_sense(&(struct mini){0}, 0, 255, 18);
    expect_sense(&(struct mini){.extended = true}, 0, 255, 18);
    expect_sense(&(struct mini){0}, SRB_FLAGS_DISABLE_AUTOSENSE, 0, 0);
    expect_offer(20, 20);
    expect_offer(3, 18);
    expect_offer(1000, 255);
}

static void sense(void **state)
{
    (void)state;
    passes(sense_body);
}

/* ---- STQ-124 ---- */

static bool log_it;

static bool log_error(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    if (log_it)
        StorPortLogError(e, srb, 0, 0, 0, SP_PROTOCOL_ERROR, 1);
    return mini_execute(e, srb);
}

static void log_body(void *ctx)
{
    dt_stor *s = begin(&(struct mini){.start = log_error});

    (void)ctx;
    dt_expect_eq(run_one(s), SRB_STATUS_SUCCESS);
    over(s);
}

static void deprecated(void **state)
{
    (void)state;
    log_it = true;
    caught(log_body, "DT-S16", 0);
    log_it = false;
    passes(log_body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lengths),
        cmocka_unit_test(scsi_statuses),
        cmocka_unit_test(sense),
        cmocka_unit_test(deprecated),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
