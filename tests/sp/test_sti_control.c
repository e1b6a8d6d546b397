/* SPDX-License-Identifier: MIT */
/* HwStorAdapterControl and HwStorUnitControl: what is asked first, what comes, at which IRQL. */
#include "sp/heard.h"

/* ---- the list: STI-070 to STI-073 ---- */

static ULONG writes_beyond, max_seen;

static void write_list(struct mini_ext *e, SCSI_ADAPTER_CONTROL_TYPE type, PVOID parameters)
{
    PSCSI_SUPPORTED_CONTROL_TYPE_LIST list = parameters;

    (void)e;
    if (type != ScsiQuerySupportedControlTypes)
        return;
    max_seen = list->MaxControlType;
    if (writes_beyond)
        list->SupportedTypeList[list->MaxControlType + writes_beyond - 1] = TRUE;
}

static bool list_is_clean;

static SCSI_ADAPTER_CONTROL_STATUS look_at_list(PVOID ext, SCSI_ADAPTER_CONTROL_TYPE type, PVOID parameters)
{
    PSCSI_SUPPORTED_CONTROL_TYPE_LIST list = parameters;

    if (type == ScsiQuerySupportedControlTypes) {
        list_is_clean = true;
        for (ULONG i = 0; i < list->MaxControlType; i++)
            list_is_clean &= !list->SupportedTypeList[i];
    }
    return mini_control(ext, type, parameters);
}

static void take_look(PHW_INITIALIZATION_DATA hw)
{
    hw->HwAdapterControl = look_at_list;
}

static unsigned offered_types;

static void list_body(void *ctx)
{
    (void)ctx;
    control_begin();
    on_control = write_list;
    over(begin_log((struct mini){.cfg.control_types = offered_types}));
    dt_expect_eq(max_seen, offered_types ? offered_types : ScsiAdapterControlMax);
}

static void clean_body(void *ctx)
{
    (void)ctx;
    over(begin(&(struct mini){.data = take_look}));
    dt_expect(list_is_clean);
}

static void the_list(void **state)
{
    (void)state;
    passes(clean_body);
    for (writes_beyond = 0; writes_beyond < 3; writes_beyond++)
        for (unsigned i = 0; i < 3; i++) {
            offered_types = i ? i * 4 : 0;
            if (writes_beyond)
                caught(list_body, "DT-S17", 0);
            else
                passes(list_body);
        }
}

/* STI-071 */
static void only_supported(void *ctx)
{
    STOR_SYSTEM_POWER_HINTS hints = {.Version = 1, .Size = sizeof hints};

    (void)ctx;
    control_begin();
    supports[ScsiStopAdapter] = true;
    dt_stor *s = begin_log((struct mini){0});

    for (unsigned type = 0; type < ScsiAdapterControlMax; type++)
        if (!supports[type] && type != ScsiQuerySupportedControlTypes)
            dt_expect_eq(dt_stor_control(s, type, &hints), false);
    dt_expect_eq(n_heard, 2); /* the queries */
    over(s);
    for (LONG i = 0; i < n_heard; i++)
        dt_expect(heard[i].what >= UNIT || heard[i].what <= ScsiStopAdapter);
}

/* STI-072, STI-073 */
static void without_stop(void *ctx)
{
    (void)ctx;
    control_begin();
    supports[ScsiStopAdapter] = false;
    over(begin_log((struct mini){0}));
}

static void unsuccessful(void *ctx)
{
    (void)ctx;
    control_begin();
    supports[ScsiAdapterSystemPowerHints] = true;
    dt_stor *s = begin_log((struct mini){0});

    control_answer = ctx ? ScsiAdapterControlSuccess : ScsiAdapterControlUnsuccessful;
    dt_stor_control(s, ScsiAdapterSystemPowerHints, &(STOR_SYSTEM_POWER_HINTS){.Version = 1});
    control_answer = ScsiAdapterControlSuccess;
    over(s);
}

static void supported_only(void **state)
{
    (void)state;
    passes(only_supported);
    caught(without_stop, "DT-S17", 0);
    caught(unsuccessful, "DT-S17", 0);
}

/* ---- IRQL and locks: STI-074 ---- */

static void levels_body(void *ctx)
{
    static const unsigned passive[] = {ScsiSetBootConfig, ScsiSetRunningConfig, ScsiAdapterSystemPowerHints,
        ScsiAdapterPoFxMaxOperationalPower, ScsiAdapterCryptoOperation, ScsiAdapterSerialNumber};
    UCHAR                 room[1024] = {0};

    (void)ctx;
    control_begin();
    memset(supports, true, sizeof supports);
    supports[ScsiAdapterPower] = false;
    dt_stor *s = begin_log((struct mini){.physical = true, .cfg.dirql = 6});

    for (unsigned i = 0; i < ARRAYSIZE(passive); i++) {
        LONG from = n_heard;

        dt_expect(dt_stor_control(s, passive[i], room));
        const struct heard *h = find_heard(passive[i], from);

        dt_expect(h && h->irql == PASSIVE_LEVEL && h->locks == 0);
    }
    dt_expect(heard[0].what == ScsiQuerySupportedControlTypes && heard[0].irql == PASSIVE_LEVEL);
    n_heard = 0;
    dt_expect_eq(dt_stor_power(s, false, StorPowerActionSleep), STATUS_SUCCESS);
    dt_expect_eq(dt_stor_power(s, true, StorPowerActionNone), STATUS_SUCCESS);
    const struct heard *stop = find_heard(ScsiStopAdapter, 0), *restart = find_heard(ScsiRestartAdapter, 0);

    dt_expect(stop && stop->irql == 6 && stop->locks == DT_STOR_LOCK_INTERRUPT && !stop->parameters);
    dt_expect(restart && restart->irql == 6 && restart->locks == DT_STOR_LOCK_INTERRUPT);
    over(s);
}

static void levels(void **state)
{
    (void)state;
    passes(levels_body);
}

/* ---- features, texts: STI-084, STI-085 ---- */

static bool announce, overlong;

static void announce_all(struct mini_ext *e, PPORT_CONFIGURATION_INFORMATION c)
{
    STORPORT_FEATURE_TYPE list[] = {StorportFeatureFruIdAdapterControl, StorportFeatureSetEventLoggingAdapterControl,
        StorportFeatureReportInternalDataAdapterControl, StorportFeatureResetBusSynchronous,
        StorportFeaturePostHwInitialize, StorportFeaturePrepareEarlyDumpData, StorportFeatureRestoreEarlyDumpData};

    (void)c;
    if (announce)
        dt_expect_eq(StorPortSetFeatureList(e, ARRAYSIZE(list), list), STOR_STATUS_SUCCESS);
}

static void features_body(void *ctx)
{
    static const unsigned types[] = {ScsiAdapterQueryFruId, ScsiAdapterSetEventLogging, ScsiAdapterReportInternalData,
        ScsiAdapterResetBusSynchronous, ScsiAdapterPostHwInitialize, ScsiAdapterPrepareEarlyDumpData,
        ScsiAdapterRestoreEarlyDumpData};
    UCHAR                 room[512] = {0};

    (void)ctx;
    control_begin();
    for (unsigned i = 0; i < ARRAYSIZE(types); i++)
        supports[types[i]] = true;
    dt_stor *s = begin_log((struct mini){.find = announce_all});

    for (unsigned i = 0; i < ARRAYSIZE(types); i++)
        dt_expect_eq(dt_stor_control(s, types[i], room), announce);
    over(s);
}

static void write_texts(struct mini_ext *e, SCSI_ADAPTER_CONTROL_TYPE type, PVOID parameters)
{
    PSTOR_SERIAL_NUMBER      serial = parameters;
    PSTOR_FRU_ID_DESCRIPTION fru = parameters;
    unsigned                 n = overlong ? STOR_SERIAL_NUMBER_MAX_LENGTH : STOR_SERIAL_NUMBER_MAX_LENGTH - 1;

    (void)e;
    if (type == ScsiAdapterSerialNumber)
        for (unsigned i = 0; i < n; i++) {
            serial->Unicode = TRUE;
            serial->SerialNumber[i] = 'x';
        }
    if (type == ScsiAdapterQueryFruId)
        memset(fru->FruId, 'x', n);
}

static unsigned text_type;

static void text_body(void *ctx)
{
    union {
        STOR_SERIAL_NUMBER      serial;
        STOR_FRU_ID_DESCRIPTION fru;
    } p;

    (void)ctx;
    control_begin();
    announce = true;
    supports[text_type] = true;
    on_control = write_texts;
    dt_stor *s = begin_log((struct mini){.find = announce_all});

    memset(&p, 0, sizeof p);
    dt_expect(dt_stor_control(s, text_type, &p));
    over(s);
}

static void features_and_texts(void **state)
{
    (void)state;
    announce = true;
    passes(features_body);
    announce = false;
    passes(features_body);
    for (unsigned i = 0; i < 2; i++) {
        text_type = i ? ScsiAdapterQueryFruId : ScsiAdapterSerialNumber;
        overlong = true;
        caught(text_body, "DT-S17", 0);
        overlong = false;
        passes(text_body);
    }
}

/* ---- single types: STI-083, STI-086 to STI-088 ---- */

static PVOID filter_extension;

static SCSI_ADAPTER_CONTROL_STATUS filter(PVOID ext, SCSI_ADAPTER_CONTROL_TYPE type, PVOID parameters)
{
    if (type != ScsiAdapterFilterResourceRequirements)
        return mini_control(ext, type, parameters);
    hear(type, parameters != NULL);
    filter_extension = ext;
    return ScsiAdapterControlSuccess;
}

static void take_filter(PHW_INITIALIZATION_DATA hw)
{
    hw->HwAdapterControl = filter;
    hw->FeatureSupport |= feature_support;
}

static void filter_body(void *ctx)
{
    (void)ctx;
    n_heard = 0;
    dt_stor *s = begin(&(struct mini){.data = take_filter});

    dt_expect_eq(n_heard, feature_support ? 1 : 0);
    if (feature_support) {
        dt_expect((uintptr_t)filter_extension >> 48 != 0); /* no address: to follow it faults */
        dt_expect(heard[0].irql < DISPATCH_LEVEL && heard[0].parameters);
    }
    over(s);
}

static void rescan_body(void *ctx)
{
    (void)ctx;
    control_begin();
    supports[ScsiAdapterPrepareForBusReScan] = true;
    dt_stor *s = begin_log((struct mini){.scan = true, .cfg.no_class = true});
    LONG     from = n_heard;

    dt_expect(came(ScsiAdapterPrepareForBusReScan));
    dt_stor_rescan(s);
    dt_expect(find_heard(ScsiAdapterPrepareForBusReScan, from) != NULL);
    over(s);
}

static const GUID wanted = {1, 2, 3, {4}}, unwanted = {1, 2, 3, {5}};
static ULONG      setting_seen, setting_length;

static void register_guid(struct mini_ext *e, PPORT_CONFIGURATION_INFORMATION c)
{
    (void)c;
    dt_expect_eq(StorPortSetPowerSettingNotificationGuids(e, 1, &wanted), STOR_STATUS_SUCCESS);
}

static void see_setting(struct mini_ext *e, SCSI_ADAPTER_CONTROL_TYPE type, PVOID parameters)
{
    PSTOR_POWER_SETTING_INFO p = parameters;

    (void)e;
    if (type != ScsiPowerSettingNotification)
        return;
    dt_expect(memcmp(&p->PowerSettingGuid, &wanted, sizeof wanted) == 0);
    setting_seen = *(ULONG *)p->Value;
    setting_length = p->ValueLength;
}

static void setting_body(void *ctx)
{
    ULONG value = 17;

    (void)ctx;
    control_begin();
    supports[ScsiPowerSettingNotification] = true;
    on_control = see_setting;
    dt_stor *s = begin_log((struct mini){.find = register_guid});

    dt_expect_eq(dt_stor_power_setting(s, &unwanted, &value, sizeof value), false);
    dt_expect(!came(ScsiPowerSettingNotification));
    dt_expect_eq(dt_stor_power_setting(s, &wanted, &value, sizeof value), true);
    dt_expect_eq(setting_seen, 17);
    dt_expect_eq(setting_length, sizeof value);
    dt_expect_eq(find_heard(ScsiPowerSettingNotification, 0)->irql, PASSIVE_LEVEL);
    over(s);
}

static PVOID   perf_context;
static BOOLEAN perf_succeeded;

static void see_perf(struct mini_ext *e, SCSI_ADAPTER_CONTROL_TYPE type, PVOID parameters)
{
    PSTOR_POFX_PERF_STATE_CONTEXT p = parameters;

    (void)e;
    if (type != ScsiAdapterPoFxSetPerfState)
        return;
    perf_succeeded = p->Succeeded;
    __atomic_store_n(&perf_context, p->Context, __ATOMIC_RELEASE);
}

static STOR_POFX_DEVICE pofx_device(void)
{
    return (STOR_POFX_DEVICE){
        .Version = STOR_POFX_DEVICE_VERSION_V1, .Size = STOR_POFX_DEVICE_SIZE, .ComponentCount = 1};
}

static void perf_body(void *ctx)
{
    STOR_POFX_DEVICE d = pofx_device();
    BOOLEAN          cold;

    (void)ctx;
    control_begin();
    supports[ScsiAdapterPoFxSetPerfState] = true;
    on_control = see_perf;
    perf_context = NULL;
    dt_stor *s = begin_log((struct mini){0});
    void    *e = ext_of(s);

    dt_expect_eq(StorPortPoFxSetPerfState(e, NULL, 0, 0, 0, 1, s), STOR_STATUS_UNSUCCESSFUL);
    dt_expect_eq(StorPortInitializePoFxPower(e, NULL, &d, &cold), STOR_STATUS_SUCCESS);
    dt_expect_eq(StorPortPoFxSetPerfState(e, NULL, 0, 1, 0, 1, s), STOR_STATUS_INVALID_PARAMETER);
    dt_expect_eq(StorPortPoFxSetPerfState(e, NULL, 0, 0, 0, 1, s), STOR_STATUS_SUCCESS);
    while (!__atomic_load_n(&perf_context, __ATOMIC_ACQUIRE))
        sleep_ms(1);
    dt_expect(perf_context == (PVOID)s && perf_succeeded);
    over(s);
}

static void single_types(void **state)
{
    (void)state;
    feature_support = STOR_FEATURE_ADAPTER_CONTROL_PRE_FINDADAPTER; /* STI-083 */
    passes(filter_body);
    feature_support = 0;
    passes(filter_body);
    passes(rescan_body);  /* STI-086 */
    passes(setting_body); /* STI-087 */
    passes(perf_body);    /* STI-088 */
}

/* ---- units: STI-090 to STI-094 ---- */

static STOR_ADDR_BTL8    unit_address;
static UCHAR             usages_seen[8];
static volatile LONG     n_usages;
static STOR_POWER_ACTION unit_action;

static void see_unit(struct mini_ext *e, SCSI_UNIT_CONTROL_TYPE type, PVOID parameters)
{
    PSTOR_UC_DEVICE_USAGE    usage = parameters;
    PSTOR_UNIT_CONTROL_POWER power = parameters;

    (void)e;
    if (type == ScsiUnitStart)
        unit_address = *(PSTOR_ADDR_BTL8)parameters;
    if (type == ScsiUnitUsage)
        usages_seen[InterlockedIncrement(&n_usages) - 1] = (UCHAR)(usage->UsageType << 1 | usage->InUse);
    if (type == ScsiUnitPower)
        unit_action = power->PowerAction;
}

static void unit_body(void *ctx)
{
    (void)ctx;
    control_begin();
    unit_supports[ScsiUnitStart] = unit_supports[ScsiUnitRemove] = unit_supports[ScsiUnitUsage] = true;
    on_unit = see_unit;
    n_usages = 0;
    dt_stor *s = begin_log((struct mini){.scan = true, .luns = 2, .cfg.no_class = true});

    dt_expect_eq(heard[0].what, ScsiQuerySupportedControlTypes);
    dt_expect_eq(heard[1].what, UNIT + ScsiQuerySupportedUnitControlTypes); /* STI-090 */
    dt_expect_eq(heard[1].irql, PASSIVE_LEVEL);
    dt_expect_eq(heard[2].what, UNIT + ScsiUnitStart);
    dt_expect_eq(heard[2].irql, PASSIVE_LEVEL); /* STI-091 */
    dt_expect_eq(heard[2].locks, 0);
    dt_expect_eq(unit_address.Lun, 1);
    dt_expect_eq(unit_address.Type, STOR_ADDRESS_TYPE_BTL8);
    for (unsigned usage = ScsiDeviceUsageTypePaging; usage <= ScsiDeviceUsageTypeBoot; usage++) /* STI-092 */
        dt_stor_unit_usage(s, 0, 0, 0, usage, usage & 1);
    dt_expect_eq(n_usages, 4);
    dt_expect_eq(usages_seen[0], ScsiDeviceUsageTypePaging << 1 | 1);
    dt_expect_eq(usages_seen[3], ScsiDeviceUsageTypeBoot << 1 | 0);
    over(s);
    dt_expect(came(UNIT + ScsiUnitRemove));
    dt_expect(!came(UNIT + ScsiUnitQueryBusType) && !came(UNIT + ScsiUnitSurpriseRemoval));
}

/* STI-093 */
static void expect_unit_power(bool supported)
{
    control_begin();
    unit_supports[ScsiUnitPower] = supported;
    on_unit = see_unit;
    dt_stor *s = begin_log((struct mini){0});

    n_heard = 0;
    dt_expect_eq(dt_stor_unit_power(s, 0, 0, 0, false, StorPowerActionSleep), STATUS_SUCCESS);
    dt_expect_eq(dt_stor_unit_power(s, 0, 0, 0, true, StorPowerActionNone), STATUS_SUCCESS);
    dt_expect_eq(came(UNIT + ScsiUnitPower), supported);
    dt_expect_eq(came(POWER + StorPowerDeviceD3), !supported);
    dt_expect_eq(came(POWER + StorPowerDeviceD0), !supported);
    if (supported)
        dt_expect_eq(heard[0].irql, DISPATCH_LEVEL);
    over(s);
}

static void unit_power_body(void *ctx)
{
    (void)ctx;
    expect_unit_power(true);
    expect_unit_power(false);
}

/* STI-094 */
static void announce_bus_type(struct mini_ext *e, PPORT_CONFIGURATION_INFORMATION c)
{
    STORPORT_FEATURE_TYPE list[] = {StorportFeatureBusTypeUnitControl};

    (void)c;
    if (announce)
        dt_expect_eq(StorPortSetFeatureList(e, 1, list), STOR_STATUS_SUCCESS);
}

static void expect_bus_type(bool announced, enum dt_stor_os os, bool expected)
{
    control_begin();
    announce = announced;
    unit_supports[ScsiUnitQueryBusType] = true;
    over(begin_log((struct mini){.scan = true, .cfg.no_class = true, .find = announce_bus_type, .cfg.os = os}));
    dt_expect_eq(came(UNIT + ScsiUnitQueryBusType), expected);
}

static void bus_type_body(void *ctx)
{
    (void)ctx;
    expect_bus_type(true, DT_STOR_CURRENT, true);
    expect_bus_type(false, DT_STOR_CURRENT, false);
    expect_bus_type(false, DT_STOR_WINDOWS_10_1809, true);
}

static void units(void **state)
{
    (void)state;
    passes(unit_body);
    passes(unit_power_body);
    passes(bus_type_body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_list),
        cmocka_unit_test(supported_only),
        cmocka_unit_test(levels),
        cmocka_unit_test(features_and_texts),
        cmocka_unit_test(single_types),
        cmocka_unit_test(units),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
