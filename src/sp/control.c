/* SPDX-License-Identifier: MIT */
/*
 * sp/control.c - HwStorAdapterControl and HwStorUnitControl: what is supported is asked once, and only that is ever sent.
 */
#include <string.h>

#include "sp/priv.h"

/* The list with room behind it: a miniport that writes beyond MaxControlType is noticed (STI-070). */
struct control_list {
    ULONG   max;
    BOOLEAN supported[SP_CONTROLS_MAX];
    UCHAR   guard[16];
};

enum { GUARD = 0xfb };

static void prepare(struct control_list *l, unsigned max)
{
    l->max = max;
    memset(l->supported, 0, sizeof l->supported);
    memset(l->supported + max, GUARD, sizeof l->supported - max + sizeof l->guard);
}

static void check_guard(struct sp_adapter *a, const struct control_list *l, const char *what)
{
    const UCHAR *p = l->supported;

    for (size_t i = l->max; i < sizeof l->supported + sizeof l->guard; i++)
        if (p[i] != GUARD)
            sp_stop("DT-S17", a->extension, NULL, "%s wrote beyond MaxControlType (%u)", what, (unsigned)l->max);
}

/* ---- adapter ---- */

/* STI-073. */
static bool call_adapter(struct sp_adapter *a, enum sp_call call, SCSI_ADAPTER_CONTROL_TYPE type, void *parameters)
{
    PHW_ADAPTER_CONTROL routine = a->driver->hw.HwAdapterControl;
    struct sp_frame     f = {.message = -1};

    sp_call_begin(&f, a, call, (const void *)routine);
    SCSI_ADAPTER_CONTROL_STATUS status = routine(a->extension, type, parameters);

    sp_call_end(&f);
    if (status != ScsiAdapterControlSuccess)
        sp_warn("DT-S17", a->extension, (const void *)routine,
            "HwStorAdapterControl returned ScsiAdapterControlUnsuccessful for control type %u", (unsigned)type);
    return status == ScsiAdapterControlSuccess;
}

/* ---- what some types need besides (STI-084, STI-085, STI-087) ---- */

/* The feature that the miniport must have announced; -1: none. */
static int feature_of(SCSI_ADAPTER_CONTROL_TYPE type)
{
    switch ((unsigned)type) {
    case ScsiAdapterQueryFruId:
        return StorportFeatureFruIdAdapterControl;
    case ScsiAdapterSetEventLogging:
        return StorportFeatureSetEventLoggingAdapterControl;
    case ScsiAdapterReportInternalData:
        return StorportFeatureReportInternalDataAdapterControl;
    case ScsiAdapterResetBusSynchronous:
        return StorportFeatureResetBusSynchronous;
    case ScsiAdapterPostHwInitialize:
        return StorportFeaturePostHwInitialize;
    case ScsiAdapterPrepareEarlyDumpData:
        return StorportFeaturePrepareEarlyDumpData;
    case ScsiAdapterRestoreEarlyDumpData:
        return StorportFeatureRestoreEarlyDumpData;
    }
    return -1;
}

static bool announced(const struct sp_adapter *a, SCSI_ADAPTER_CONTROL_TYPE type)
{
    int feature = feature_of(type);

    return feature < 0 || a->control.features[feature];
}

static bool ends(const void *text, size_t units, bool wide)
{
    for (size_t i = 0; i < units; i++)
        if (wide ? ((const WCHAR *)text)[i] == 0 : ((const UCHAR *)text)[i] == 0)
            return true;
    return false;
}

static void check_serial(struct sp_adapter *a, const STOR_SERIAL_NUMBER *p)
{
    if (!ends(p->SerialNumber, STOR_SERIAL_NUMBER_MAX_LENGTH, p->Unicode))
        sp_stop("DT-S17", p, (const void *)a->driver->hw.HwAdapterControl,
            "the serial number is longer than %u characters with its terminator", STOR_SERIAL_NUMBER_MAX_LENGTH);
}

static void check_fru(struct sp_adapter *a, const STOR_FRU_ID_DESCRIPTION *p)
{
    if (!ends(p->FruId, STOR_FRU_ID_MAX_LENGTH, false))
        sp_stop("DT-S17", p, (const void *)a->driver->hw.HwAdapterControl,
            "the FRU identifier is longer than %u characters with its terminator", STOR_FRU_ID_MAX_LENGTH);
}

static void check_parameters(struct sp_adapter *a, SCSI_ADAPTER_CONTROL_TYPE type, const void *parameters)
{
    if (type == ScsiAdapterSerialNumber && parameters)
        check_serial(a, parameters);
    if (type == ScsiAdapterQueryFruId && parameters)
        check_fru(a, parameters);
}

/* False: not supported, or refused. Stop and restart: see the matrix; the other types at the caller's IRQL. */
bool sp_control(struct sp_adapter *a, SCSI_ADAPTER_CONTROL_TYPE type, void *parameters)
{
    bool stop = type == ScsiStopAdapter || type == ScsiRestartAdapter;

    if ((unsigned)type >= SP_CONTROLS_MAX || !a->control_supported[type] || !announced(a, type))
        return false;
    bool good = call_adapter(a, stop ? SP_CALL_ADAPTER_STOP : SP_CALL_ADAPTER_CONTROL, type, parameters);

    check_parameters(a, type, parameters);
    return good;
}

bool sp_power_setting(struct sp_adapter *a, const GUID *guid, PVOID value, ULONG bytes)
{
    STOR_POWER_SETTING_INFO p = {.PowerSettingGuid = *guid, .Value = value, .ValueLength = bytes};

    for (unsigned i = 0; i < a->control.n_guids; i++)
        if (memcmp(&a->control.guids[i], guid, sizeof *guid) == 0)
            return sp_control(a, ScsiPowerSettingNotification, &p);
    return false;
}

static void query_adapter(struct sp_adapter *a)
{
    struct control_list l;

    prepare(&l, a->cfg.control_types ? a->cfg.control_types : ScsiAdapterControlMax);
    if (call_adapter(a, SP_CALL_ADAPTER_CONTROL, ScsiQuerySupportedControlTypes, &l))
        memcpy(a->control_supported, l.supported, l.max);
    check_guard(a, &l, "HwStorAdapterControl");
    a->control_supported[ScsiQuerySupportedControlTypes] = true;
    if (!a->control_supported[ScsiStopAdapter]) /* STI-072; without restart there is another way up */
        sp_warn("DT-S17", a->extension, (const void *)a->driver->hw.HwAdapterControl,
            "HwStorAdapterControl does not support ScsiStopAdapter");
}

void sp_control_stop(struct sp_adapter *a)
{
    sp_control(a, ScsiStopAdapter, NULL);
}

/* ---- units ---- */

bool sp_unit_control(struct sp_adapter *a, SCSI_UNIT_CONTROL_TYPE type, void *parameters)
{
    PHW_UNIT_CONTROL routine = a->driver->hw.HwUnitControl;
    bool             power = type >= ScsiUnitPower && type <= ScsiUnitPoFxPowerControl && type != ScsiUnitPoFxPowerInfo;
    struct sp_frame  f = {.message = -1};

    if (!routine || (unsigned)type >= SP_CONTROLS_MAX || !a->unit_control_supported[type])
        return false;
    sp_call_begin(&f, a, power ? SP_CALL_UNIT_CONTROL_DPC : SP_CALL_UNIT_CONTROL, (const void *)routine);
    bool good = routine(a->extension, type, parameters) == ScsiUnitControlSuccess;

    sp_call_end(&f);
    return good;
}

static void query_units(struct sp_adapter *a)
{
    struct control_list l;

    if (!a->driver->hw.HwUnitControl)
        return;
    prepare(&l, ScsiUnitControlMax);
    a->unit_control_supported[ScsiQuerySupportedUnitControlTypes] = true;
    if (sp_unit_control(a, ScsiQuerySupportedUnitControlTypes, &l))
        memcpy(a->unit_control_supported, l.supported, l.max);
    check_guard(a, &l, "HwStorUnitControl");
    a->unit_control_supported[ScsiQuerySupportedUnitControlTypes] = true;
}

/* STI-062: after initialisation, before the first SRB. IRQL 0. */
void sp_control_query(struct sp_adapter *a)
{
    query_adapter(a);
    query_units(a);
}

/* ---- tracing ---- */

void sp_tracing_begin(struct sp_driver *d)
{
    if (d->hw.HwInitializeTracing && !d->tracing)
        d->hw.HwInitializeTracing(d->arguments[0], d->arguments[1]);
    d->tracing = true;
}

void sp_tracing_end(struct sp_driver *d)
{
    if (d->tracing && d->hw.HwCleanupTracing)
        d->hw.HwCleanupTracing(d->arguments[0]);
    d->tracing = false;
}

void sp_tracing_enabled(struct sp_adapter *a, bool enabled)
{
    PHW_TRACING_ENABLED routine = a->driver->hw.HwTracingEnabled;
    struct sp_frame     f = {.message = -1};

    if (!routine)
        return;
    sp_call_begin(&f, a, SP_CALL_TRACING_ENABLED, (const void *)routine);
    routine(a->extension, enabled);
    sp_call_end(&f);
}
