/* SPDX-License-Identifier: MIT */
/* Resets and aborts as requests, HwStorResetBus, completion of many requests at once. */
#include "sp/clients.h"

#include "base/device.h"

static UCHAR         seen[8];
static volatile LONG n_seen;
static ULONG         features;

static void give_back_matching(struct mini_ext *e, void *victim, UCHAR status)
{
    for (LONG i = 0; i < n_kept; i++)
        if (kept[i] && (!victim || kept[i] == victim)) {
            complete(e, kept[i], status);
            kept[i] = NULL;
        }
}

/* STQ-080, STQ-081: nothing but function and address is there. */
static void expect_bare(PSCSI_REQUEST_BLOCK srb)
{
    dt_expect(mini_data(srb) == NULL);
    dt_expect_eq(*mini_length(srb), 0);
    dt_expect_eq(mini_target(srb), 0);
}

static void abort_one(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    PVOID victim = srb->NextSrb;
    bool  known = false;

    for (LONG i = 0; i < n_kept; i++)
        known |= kept[i] && kept[i] == victim;
    if (known)
        give_back_matching(e, victim, SRB_STATUS_ABORTED);
    complete(e, srb, known ? SRB_STATUS_SUCCESS : SRB_STATUS_ABORT_FAILED);
}

static BOOLEAN start_all(PVOID ext, PSCSI_REQUEST_BLOCK srb)
{
    struct mini_ext *e = ext;
    UCHAR            function = mini_function(srb);

    if (function == SRB_FUNCTION_EXECUTE_SCSI)
        return keep(e, srb);
    if (function == SRB_FUNCTION_PNP || function == SRB_FUNCTION_POWER)
        return mini_execute(e, srb);
    seen[InterlockedIncrement(&n_seen) - 1] = function;
    if (function == SRB_FUNCTION_ABORT_COMMAND) {
        abort_one(e, srb);
        return TRUE;
    }
    expect_bare(srb);
    give_back_matching(e, NULL, SRB_STATUS_BUS_RESET);
    complete(e, srb, SRB_STATUS_SUCCESS);
    return TRUE;
}

static void take_all(PHW_INITIALIZATION_DATA hw)
{
    hw->HwStartIo = start_all;
}

static void set_features(struct mini_ext *e, PPORT_CONFIGURATION_INFORMATION c)
{
    (void)e;
    c->FeatureSupport |= features;
}

static dt_stor *begin_resets(struct mini m)
{
    m.data = take_all;
    m.find = set_features;
    n_seen = 0;
    return begin(&m);
}

/* ---- resets as requests: STQ-080 to STQ-083 ---- */

static void expect_reset(uint8_t function, bool extended)
{
    dt_stor               *s = begin_resets((struct mini){.extended = extended});
    struct dt_stor_request r = {.function = function};

    send_many(s, 0, 2);
    calm();
    dt_expect_eq(dt_stor_run(s, &r), SRB_STATUS_SUCCESS);
    dt_expect_eq(n_seen, 1);
    dt_expect_eq(seen[0], function);
    dt_expect_eq(dt_stor_finish(io[0]), SRB_STATUS_BUS_RESET);
    dt_expect_eq(dt_stor_finish(io[1]), SRB_STATUS_BUS_RESET);
    n_sent = 0;
    over(s);
}

static void reset_requests(void *ctx)
{
    (void)ctx;
    dt_expect_eq(SRB_FUNCTION_RESET_LOGICAL_UNIT, 0x20);
    dt_expect_eq(SRB_FUNCTION_RESET_DEVICE, 0x13); /* STQ-082 */
    dt_expect_eq(SRB_FUNCTION_RESET_BUS, 0x12);
    for (int extended = 0; extended < 2; extended++) {
        expect_reset(SRB_FUNCTION_RESET_LOGICAL_UNIT, extended);
        expect_reset(SRB_FUNCTION_RESET_DEVICE, extended);
        expect_reset(SRB_FUNCTION_RESET_BUS, extended); /* STQ-083 */
    }
}

static void as_requests(void **state)
{
    (void)state;
    passes(reset_requests);
}

/* ---- abort: STQ-084, STQ-085 ---- */

static void abort_body(void *ctx)
{
    features = STOR_ADAPTER_FEATURE_ABORT_COMMAND;
    dt_stor               *s = begin_resets((struct mini){0});
    struct dt_stor_request r = {.function = SRB_FUNCTION_ABORT_COMMAND};

    (void)ctx;
    send_many(s, 0, 2);
    calm();
    r.victim = io[1];
    dt_expect_eq(dt_stor_run(s, &r), SRB_STATUS_SUCCESS);
    dt_expect_eq(dt_stor_finish(io[1]), SRB_STATUS_ABORTED);
    dt_expect(!dt_stor_done(io[0]));
    r.victim = NULL;
    dt_expect_eq(dt_stor_run(s, &r), SRB_STATUS_ABORT_FAILED);
    give_back_matching(ext_of(s), NULL, SRB_STATUS_SUCCESS);
    dt_expect_eq(dt_stor_finish(io[0]), SRB_STATUS_SUCCESS);
    n_sent = 0;
    over(s);
}

static void no_aborts(void *ctx)
{
    features = 0;
    dt_stor               *s = begin_resets((struct mini){0});
    struct dt_stor_request r = {.function = SRB_FUNCTION_ABORT_COMMAND};

    (void)ctx;
    dt_expect_eq(dt_stor_run(s, &r), SRB_STATUS_INVALID_REQUEST);
    dt_expect_eq(n_seen, 0);
    over(s);
}

static void aborts(void **state)
{
    (void)state;
    passes(abort_body);
    passes(no_aborts);
    features = 0;
}

/* ---- HwStorResetBus: STQ-086 to STQ-088 ---- */

static bool reset_path(struct mini_ext *e, ULONG path)
{
    for (LONG i = 0; i < n_kept; i++)
        if (kept[i] && ((PSCSI_REQUEST_BLOCK)kept[i])->PathId == path) {
            complete(e, kept[i], SRB_STATUS_BUS_RESET);
            kept[i] = NULL;
        }
    return true;
}

static void two_paths(struct mini_ext *e, PPORT_CONFIGURATION_INFORMATION c)
{
    (void)e;
    c->NumberOfBuses = 2;
}

static bool keep_when_told(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    return e->word[0] ? keep(e, srb) : mini_execute(e, srb);
}

static void one_path(void *ctx)
{
    dt_stor *s = begin(&(struct mini){
        .scan = true, .cfg.no_class = true, .find = two_paths, .start = keep_when_told, .reset = reset_path});

    (void)ctx;
    dt_expect_eq(dt_stor_unit_count(s), 2);
    ext_of(s)->word[0] = 1;
    for (uint8_t path = 0; path < 2; path++) {
        rq[path] = simple(0);
        rq[path].path = path;
        io[n_sent++] = dt_stor_submit(s, &rq[path]);
    }
    calm();
    dt_expect(dt_stor_reset_bus(s, 1));
    dt_expect_eq(dt_stor_finish(io[1]), SRB_STATUS_BUS_RESET);
    calm();
    dt_expect(!dt_stor_done(io[0]));
    reset_path(ext_of(s), 0);
    dt_expect_eq(dt_stor_finish(io[0]), SRB_STATUS_BUS_RESET);
    n_sent = 0;
    over(s);
}

/* STQ-086: what is never given back is lost (the ladder ends in HwStorResetBus). */
static bool reset_nothing(struct mini_ext *e, ULONG path)
{
    (void)e;
    (void)path;
    return true;
}

static void not_given_back(void *ctx)
{
    dt_stor *s = begin(&(struct mini){.start = keep, .reset = reset_nothing});

    (void)ctx;
    rq[0] = simple(0);
    rq[0].timeout_s = 1;
    io[n_sent++] = dt_stor_submit(s, &rq[0]);
    sleep_ms(20000);
    over(s);
}

/* STQ-087 */
static void hold_time(void *ctx)
{
    dt_stor *s = begin(&(struct mini){.hold_us = 50000});
    dt_ns    from = dt_now();

    (void)ctx;
    dt_expect(dt_stor_reset_bus(s, 0));
    dt_expect_eq(run_one(s), SRB_STATUS_SUCCESS);
    dt_expect(dt_now() - from >= 50000000ull);
    over(s);
}

static void bus_resets(void **state)
{
    (void)state;
    passes(one_path);
    passes(hold_time);
    if (simulated())
        caught(not_given_back, "DT-S10", 0);
}

/* ---- ResetBusSynchronous: STQ-089 ---- */

static volatile LONG sync_path, sync_irql;
static bool          announce;

static SCSI_ADAPTER_CONTROL_STATUS sync_control(PVOID ext, SCSI_ADAPTER_CONTROL_TYPE type, PVOID parameters)
{
    if (type == ScsiQuerySupportedControlTypes)
        ((PSCSI_SUPPORTED_CONTROL_TYPE_LIST)parameters)->SupportedTypeList[ScsiAdapterResetBusSynchronous] = TRUE;
    if (type == ScsiAdapterResetBusSynchronous) {
        sync_path = ((PSTOR_RESET_BUS_SYNCHRONOUS_PARAMETER)parameters)->PathId;
        sync_irql = KeGetCurrentIrql();
    }
    return mini_control(ext, type, parameters);
}

static void take_control(PHW_INITIALIZATION_DATA hw)
{
    hw->HwAdapterControl = sync_control;
}

static void announce_feature(struct mini_ext *e, PPORT_CONFIGURATION_INFORMATION c)
{
    STORPORT_FEATURE_TYPE list[] = {StorportFeatureResetBusSynchronous};

    (void)c;
    if (announce)
        dt_expect_eq(StorPortSetFeatureList(e, 1, list), STOR_STATUS_SUCCESS);
}

static void synchronous_body(void *ctx)
{
    STOR_RESET_BUS_SYNCHRONOUS_PARAMETER p = {.Version = 1, .Size = sizeof p, .PathId = 3};
    dt_stor                             *s = begin(&(struct mini){.data = take_control, .find = announce_feature});

    (void)ctx;
    sync_path = -1;
    dt_expect_eq(dt_stor_control(s, ScsiAdapterResetBusSynchronous, &p), announce);
    dt_expect_eq(sync_path, announce ? 3 : -1);
    dt_expect_eq(sync_irql, PASSIVE_LEVEL);
    over(s);
}

static void synchronous(void **state)
{
    (void)state;
    announce = true;
    passes(synchronous_body);
    announce = false;
    passes(synchronous_body);
}

/* ---- dump mode: STQ-090 ---- */

static void see_dump_mode(struct mini_ext *e, PPORT_CONFIGURATION_INFORMATION c)
{
    e->word[0] = c->DumpMode;
}

static bool ignore_in_dump_mode(struct mini_ext *e, ULONG path)
{
    (void)path;
    dt_expect(e->word[0] != 0); /* it can know */
    return true;
}

static void dump_body(void *ctx)
{
    dt_stor *s =
        begin(&(struct mini){.cfg.dump = true, .find = see_dump_mode, .reset = ignore_in_dump_mode, .start = keep});

    (void)ctx;
    send(s, 0);
    calm();
    dt_expect(dt_stor_reset_bus(s, 0));
    calm();
    dt_expect(!dt_stor_done(io[0]));
    end(s);
}

static void dump_mode(void **state)
{
    (void)state;
    passes(dump_body);
}

/* ---- StorPortCompleteRequest: STQ-091 to STQ-093 ---- */

static bool complete_all_in_reset(struct mini_ext *e, ULONG path)
{
    StorPortCompleteRequest(e, (UCHAR)path, SP_UNTAGGED, SP_UNTAGGED, SRB_STATUS_BUS_RESET);
    return true;
}

/* STQ-092: as wnbd does it. */
static void many_by_virtual(void *ctx)
{
    dt_stor *s = begin(&(struct mini){.start = keep, .reset = complete_all_in_reset});

    (void)ctx;
    send_many(s, 0, 3);
    calm();
    dt_expect(dt_stor_reset_bus(s, 0));
    for (unsigned i = 0; i < 3; i++)
        dt_expect_eq(dt_stor_finish(io[i]), SRB_STATUS_BUS_RESET);
    n_sent = 0;
    over(s);
}

static UCHAR pattern[3];

static void matching(void *ctx)
{
    dt_stor *s = begin(&(struct mini){.scan = true, .luns = 2, .cfg.no_class = true, .start = keep_when_told});

    (void)ctx;
    ext_of(s)->word[0] = 1;
    send(s, 0);
    send(s, 1);
    calm();
    StorPortCompleteRequest(ext_of(s), 0, 0, 1, SRB_STATUS_ABORTED);
    dt_expect_eq(dt_stor_finish(io[1]), SRB_STATUS_ABORTED);
    calm();
    dt_expect(!dt_stor_done(io[0]));
    StorPortCompleteRequest(ext_of(s), SP_UNTAGGED, 0, 0, SRB_STATUS_ABORTED);
    dt_expect_eq(dt_stor_finish(io[0]), SRB_STATUS_ABORTED);
    n_sent = 0;
    over(s);
}

static bool many_half_duplex;

static void many_by_physical(void *ctx)
{
    dt_stor *s = begin(&(struct mini){.physical = true, .half_duplex = many_half_duplex});

    (void)ctx;
    StorPortCompleteRequest(ext_of(s), pattern[0], pattern[1], pattern[2], SRB_STATUS_ABORTED);
    over(s);
}

static bool complete_all_in_isr(struct mini_ext *e)
{
    StorPortCompleteAllRequests(e, 0, 0, SP_UNTAGGED, SRB_STATUS_BUS_RESET);
    return true;
}

static void all_in_isr(void *ctx)
{
    dt_stor *s = begin(&(struct mini){.physical = true, .isr = complete_all_in_isr});

    (void)ctx;
    dt_stor_interrupt(s, -1);
    over(s);
}

static void all_outside(void *ctx)
{
    dt_stor *s = begin(&(struct mini){.physical = true, .start = keep});

    (void)ctx;
    send_many(s, 0, 2);
    calm();
    StorPortCompleteAllRequests(ext_of(s), 0, 0, SP_UNTAGGED, SRB_STATUS_BUS_RESET);
    dt_expect_eq(dt_stor_finish(io[0]), SRB_STATUS_BUS_RESET);
    dt_expect_eq(dt_stor_finish(io[1]), SRB_STATUS_BUS_RESET);
    n_sent = 0;
    over(s);
}

static void many(void **state)
{
    (void)state;
    passes(many_by_virtual);
    passes(matching);
    memcpy(pattern, (UCHAR[3]){0, 0, 0}, 3);
    caught(many_by_physical, "DT-S16", 0); /* discouraged */
    memcpy(pattern, (UCHAR[3]){0, 0, SP_UNTAGGED}, 3);
    caught(many_by_physical, "DT-S16", 0); /* not allowed */
    many_half_duplex = true;
    caught(many_by_physical, "DT-S16", 0);
    caught(all_in_isr, "DT-S12", 0); /* STQ-093 */
    passes(all_outside);
}

/* ---- StorPortHardwareReset: STQ-094 ---- */

static volatile LONG device_resets;

static void device_reset(struct device *d)
{
    (void)d;
    InterlockedIncrement(&device_resets);
}

static unsigned no_config(struct device *d, unsigned offset, void *to, unsigned bytes)
{
    (void)d;
    (void)offset;
    memset(to, 0xff, bytes);
    return 0;
}

static void hardware_reset_body(void *ctx)
{
    static const struct device_ops ops = {.config_read = no_config, .reset = device_reset};
    static struct device           d;
    int                            nothing;

    (void)ctx;
    d = (struct device){.ops = &ops, .line = true};
    dt_stor *s = begin(&(struct mini){.physical = true, .cfg.device = &d});

    device_resets = 0;
    dt_expect_eq(StorPortHardwareReset(ext_of(s), StorFunctionLevelReset), STOR_STATUS_SUCCESS);
    dt_expect_eq(device_resets, 1);
    dt_expect_eq(StorPortHardwareReset(ext_of(s), StorPlatformLevelReset), STOR_STATUS_NOT_IMPLEMENTED);
    dt_expect_eq(StorPortHardwareReset(ext_of(s), StorBusSpecificReset), STOR_STATUS_NOT_IMPLEMENTED);
    dt_expect_eq(StorPortHardwareReset(&nothing, StorFunctionLevelReset), STOR_STATUS_INVALID_PARAMETER);
    dt_expect_eq(StorPortHardwareReset(NULL, StorFunctionLevelReset), STOR_STATUS_INVALID_PARAMETER);
    over(s);
    s = begin(&(struct mini){0});
    dt_expect_eq(StorPortHardwareReset(ext_of(s), StorFunctionLevelReset), STOR_STATUS_UNSUCCESSFUL);
    over(s);
}

static void hardware_reset(void **state)
{
    (void)state;
    passes(hardware_reset_body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_requests),
        cmocka_unit_test(aborts),
        cmocka_unit_test(bus_resets),
        cmocka_unit_test(synchronous),
        cmocka_unit_test(dump_mode),
        cmocka_unit_test(many),
        cmocka_unit_test(hardware_reset),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
