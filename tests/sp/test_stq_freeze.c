/* SPDX-License-Identifier: MIT */
/* Queues that freeze, are locked, flushed, and units that are claimed. */
#include "sp/clients.h"

static UCHAR failing_status, failing_scsi;

/* A CDB marked 0xf0 fails so; everything else is counted and done. */
static bool fail_marked(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    InterlockedIncrement(&e->word[0]);
    if (mini_cdb(srb)[5] != 0xf0)
        return mini_execute(e, srb);
    srb->ScsiStatus = failing_scsi;
    complete(e, srb, failing_status);
    return true;
}

static struct dt_stor_request marked(uint32_t flags)
{
    struct dt_stor_request r = simple(0);

    r.cdb[5] = 0xf0;
    r.flags = flags;
    return r;
}

static uint8_t function(dt_stor *s, uint8_t code, uint32_t flags)
{
    struct dt_stor_request r = {.function = code, .flags = flags};

    return dt_stor_run(s, &r);
}

static bool goes(dt_stor *s, uint32_t flags)
{
    unsigned i = n_sent;

    rq[i] = simple(0);
    rq[i].flags = flags;
    io[n_sent++] = dt_stor_submit(s, &rq[i]);
    calm();
    return dt_stor_done(io[i]);
}

/* ---- freezing ---- */

static bool frozen_by(UCHAR status, UCHAR scsi, uint32_t flags)
{
    dt_stor               *s = begin(&(struct mini){.start = fail_marked});
    struct dt_stor_request r = marked(flags);

    failing_status = status;
    failing_scsi = scsi;
    dt_expect_eq(dt_stor_run(s, &r), SRB_STATUS(status));
    bool held = !goes(s, 0);

    dt_expect_eq((r.srb_status & SRB_STATUS_QUEUE_FROZEN) != 0, held);
    dt_expect_eq(function(s, SRB_FUNCTION_RELEASE_QUEUE, 0), SRB_STATUS_SUCCESS);
    end(s);
    return held;
}

/* STQ-100, STQ-102 */
static void causes(void *ctx)
{
    (void)ctx;
    dt_expect(frozen_by(SRB_STATUS_ERROR, SCSISTAT_CHECK_CONDITION, 0));
    dt_expect(frozen_by(SRB_STATUS_ERROR, SCSISTAT_COMMAND_TERMINATED, 0));
    dt_expect(frozen_by(SRB_STATUS_TIMEOUT, 0, 0));
    dt_expect(frozen_by(SRB_STATUS_COMMAND_TIMEOUT, 0, 0));
    dt_expect(frozen_by(SRB_STATUS_BUS_RESET, 0, 0));
    dt_expect(frozen_by(SRB_STATUS_ABORTED, 0, 0));
    dt_expect(!frozen_by(SRB_STATUS_ERROR, SCSISTAT_CHECK_CONDITION, SRB_FLAGS_NO_QUEUE_FREEZE));
    dt_expect(!frozen_by(SRB_STATUS_SUCCESS, 0, 0));
    dt_expect(!frozen_by(SRB_STATUS_INVALID_REQUEST, 0, 0));
}

/* STQ-103, STQ-104 */
static void frozen_queue(void *ctx)
{
    dt_stor               *s = begin(&(struct mini){.start = fail_marked});
    struct dt_stor_request r = marked(0);

    (void)ctx;
    failing_status = SRB_STATUS_ERROR;
    failing_scsi = SCSISTAT_CHECK_CONDITION;
    dt_expect_eq(function(s, SRB_FUNCTION_RELEASE_QUEUE, 0), SRB_STATUS_SUCCESS); /* it is not frozen */
    dt_stor_run(s, &r);
    dt_expect(!goes(s, 0));
    dt_expect(goes(s, SRB_FLAGS_BYPASS_FROZEN_QUEUE));
    dt_expect(!dt_stor_done(io[0]));
    dt_expect_eq(function(s, SRB_FUNCTION_RELEASE_QUEUE, 0), SRB_STATUS_SUCCESS);
    calm();
    dt_expect(dt_stor_done(io[0]));
    dt_expect_eq(ext_of(s)->word[0], 3); /* no RELEASE_QUEUE among them */
    end(s);
}

static bool frozen_by_miniport(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    complete(e, srb, (UCHAR)(SRB_STATUS_ERROR | e->word[0]));
    return true;
}

static LONG frozen_bit;

static void own_bit(void *ctx)
{
    dt_stor *s = begin(&(struct mini){.start = frozen_by_miniport});

    (void)ctx;
    ext_of(s)->word[0] = frozen_bit;
    dt_expect_eq(run_one(s), SRB_STATUS_ERROR);
    over(s);
}

static void freezing(void **state)
{
    (void)state;
    passes(causes);
    passes(frozen_queue);
    frozen_bit = SRB_STATUS_QUEUE_FROZEN; /* STQ-101 */
    caught(own_bit, "DT-S11", 0);
    frozen_bit = 0;
    passes(own_bit);
}

/* ---- flushing: STQ-105 ---- */

static ULONG depth_one(struct mini_ext *e)
{
    return StorPortSetDeviceQueueDepth(e, 0, 0, 0, 1);
}

static void flush_body(void *ctx)
{
    dt_stor               *s = begin(&(struct mini){.start = fail_marked});
    struct dt_stor_request r = marked(0);

    (void)ctx;
    failing_status = SRB_STATUS_ERROR;
    failing_scsi = SCSISTAT_CHECK_CONDITION;
    dt_stor_run(s, &r);
    send_many(s, 0, 3);
    calm();
    dt_expect_eq(function(s, SRB_FUNCTION_FLUSH_QUEUE, 0), SRB_STATUS_SUCCESS);
    for (unsigned i = 0; i < 3; i++)
        dt_expect_eq(dt_stor_finish(io[i]), SRB_STATUS_REQUEST_FLUSHED);
    n_sent = 0;
    dt_expect_eq(ext_of(s)->word[0], 1);
    dt_expect_eq(run_one(s), SRB_STATUS_SUCCESS); /* thawed */
    over(s);
}

static void flush_leaves_issued(void *ctx)
{
    dt_stor *s = begin(&(struct mini){.start = keep});

    (void)ctx;
    depth_one(ext_of(s));
    send_many(s, 0, 2);
    calm();
    function(s, SRB_FUNCTION_FLUSH_QUEUE, 0);
    dt_expect_eq(dt_stor_finish(io[1]), SRB_STATUS_REQUEST_FLUSHED);
    dt_expect(!dt_stor_done(io[0]));
    give_back(s, SRB_STATUS_SUCCESS);
    dt_expect_eq(dt_stor_finish(io[0]), SRB_STATUS_SUCCESS);
    over(s);
}

static void flushing(void **state)
{
    (void)state;
    passes(flush_body);
    passes(flush_leaves_issued);
}

/* ---- locking: STQ-106 ---- */

static void lock_body(void *ctx)
{
    dt_stor *s = begin(&(struct mini){.start = fail_marked});

    (void)ctx;
    dt_expect_eq(function(s, SRB_FUNCTION_LOCK_QUEUE, 0), SRB_STATUS_SUCCESS);
    dt_expect(!goes(s, 0));
    dt_expect(!goes(s, SRB_FLAGS_BYPASS_FROZEN_QUEUE));
    dt_expect(goes(s, SRB_FLAGS_BYPASS_LOCKED_QUEUE));
    dt_expect_eq(function(s, SRB_FUNCTION_UNLOCK_QUEUE, 0), SRB_STATUS_INVALID_REQUEST);
    dt_expect(!dt_stor_done(io[0]));
    dt_expect_eq(function(s, SRB_FUNCTION_UNLOCK_QUEUE, SRB_FLAGS_BYPASS_LOCKED_QUEUE), SRB_STATUS_SUCCESS);
    calm();
    dt_expect(dt_stor_done(io[0]) && dt_stor_done(io[1]));
    dt_expect_eq(ext_of(s)->word[0], 3); /* neither of the two came here */
    end(s);
}

static void locking(void **state)
{
    (void)state;
    passes(lock_body);
}

/* ---- claims: STQ-107, STQ-108 ---- */

static void never_seen(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    (void)e;
    switch (mini_function(srb)) {
    case SRB_FUNCTION_CLAIM_DEVICE:
    case SRB_FUNCTION_ATTACH_DEVICE:
    case SRB_FUNCTION_RELEASE_DEVICE:
    case SRB_FUNCTION_REMOVE_DEVICE:
    case SRB_FUNCTION_FLUSH_QUEUE:
    case SRB_FUNCTION_RELEASE_QUEUE:
    case SRB_FUNCTION_LOCK_QUEUE:
    case SRB_FUNCTION_UNLOCK_QUEUE:
        dt_expect(!"a request for the port alone");
    }
}

static BOOLEAN start_watching(PVOID ext, PSCSI_REQUEST_BLOCK srb)
{
    never_seen(ext, srb);
    return mini_execute(ext, srb);
}

static void watch_all(PHW_INITIALIZATION_DATA hw)
{
    hw->HwStartIo = start_watching;
}

static void claim_body(void *ctx)
{
    dt_stor               *s = begin(&(struct mini){.data = watch_all});
    struct dt_stor_request r = {.function = SRB_FUNCTION_CLAIM_DEVICE};

    (void)ctx;
    dt_expect_eq(dt_stor_run(s, &r), SRB_STATUS_SUCCESS);
    dt_expect(r.data && ((PDEVICE_OBJECT)r.data)->Type == IO_TYPE_DEVICE);
    r.data = NULL;
    dt_expect_eq(dt_stor_run(s, &r), SRB_STATUS_BUSY);
    dt_expect_eq(r.internal_status, (uint32_t)STATUS_DEVICE_BUSY);
    dt_expect_eq(function(s, SRB_FUNCTION_RELEASE_DEVICE, 0), SRB_STATUS_SUCCESS);
    dt_expect_eq(dt_stor_run(s, &r), SRB_STATUS_SUCCESS);
    dt_expect_eq(function(s, SRB_FUNCTION_REMOVE_DEVICE, 0), SRB_STATUS_SUCCESS);
    dt_expect_eq(dt_stor_run(s, &r), SRB_STATUS_SUCCESS);
    r.lun = 5;
    dt_expect_eq(dt_stor_run(s, &r), SRB_STATUS_NO_DEVICE);
    dt_expect_eq(r.internal_status, (uint32_t)STATUS_DEVICE_DOES_NOT_EXIST);
    function(s, SRB_FUNCTION_FLUSH_QUEUE, 0);
    over(s);
}

static void claims(void **state)
{
    (void)state;
    passes(claim_body);
}

/* ---- STQ-109 ---- */

static void not_powered(void *ctx)
{
    dt_stor *s = begin(&(struct mini){.start = fail_marked});

    (void)ctx;
    dt_expect_eq(dt_stor_unit_power(s, 0, 0, 0, false, 0), STATUS_SUCCESS);
    dt_expect_eq(function(s, 0, SRB_FLAGS_NO_KEEP_AWAKE), SRB_STATUS_NOT_POWERED);
    dt_expect_eq(ext_of(s)->word[0], 0);
    dt_expect(!goes(s, 0));
    dt_expect_eq(dt_stor_unit_power(s, 0, 0, 0, true, 0), STATUS_SUCCESS);
    calm();
    dt_expect(dt_stor_done(io[0]));
    end(s);
}

/* STQ-110: the miniport says so; the port tries as often as for busy, then it goes up. */
static bool link_is_down(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    InterlockedIncrement(&e->word[0]);
    complete(e, srb, SRB_STATUS_LINK_DOWN);
    return true;
}

static void link_down(void *ctx)
{
    ULONG                      retries = 2, pause_ms = 1;
    const struct dt_stor_value values[] = {
        {.name = "BusyRetryCount", .type = 4, .bytes = sizeof retries, .data = &retries},
        {.name = "BusyPauseTime", .type = 4, .bytes = sizeof pause_ms, .data = &pause_ms}, {0}};
    dt_stor *s = begin(&(struct mini){.start = link_is_down, .cfg.registry = values});

    (void)ctx;
    dt_expect_eq(run_one(s), SRB_STATUS_LINK_DOWN);
    dt_expect_eq(ext_of(s)->word[0], 3);
    over(s);
}

/* STQ-111: the status goes with an NTSTATUS. A function that there is not never reaches the miniport. */
static void internal_error(void *ctx)
{
    dt_stor               *s = begin(&(struct mini){.data = watch_all});
    struct dt_stor_request r = {.cdb_bytes = 6, .data = &r, .bytes = UINT32_MAX};

    (void)ctx;
    dt_expect_eq(dt_stor_run(s, &r), SRB_STATUS_INTERNAL_ERROR);
    dt_expect_eq(r.internal_status, (uint32_t)STATUS_INVALID_PARAMETER);
    over(s);
}

static void statuses_of_the_port(void **state)
{
    (void)state;
    passes(not_powered);
    passes(link_down);
    passes(internal_error);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(freezing),
        cmocka_unit_test(flushing),
        cmocka_unit_test(locking),
        cmocka_unit_test(claims),
        cmocka_unit_test(statuses_of_the_port),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
