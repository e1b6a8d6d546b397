/* SPDX-License-Identifier: MIT */
/* tests/sp/heard.h - a miniport that supports the control types it is told to, and writes down which come, and how. */
#pragma once

#include "sp/card.h"

enum { LOG_MAX = 64, UNIT = 0x100, PNP = 0x200, POWER = 0x300, OTHER = 0x400 };

struct heard {
    unsigned what; /* control type; UNIT + unit control type; PNP + action; POWER + state; OTHER + function */
    KIRQL    irql;
    unsigned locks;
    bool     parameters;
};

static struct heard  heard[LOG_MAX];
static volatile LONG n_heard;
static bool          supports[ScsiAdapterControlMax], unit_supports[ScsiUnitControlMax];
static void (*on_control)(struct mini_ext *e, SCSI_ADAPTER_CONTROL_TYPE type, PVOID parameters);
static void (*on_unit)(struct mini_ext *e, SCSI_UNIT_CONTROL_TYPE type, PVOID parameters);
static SCSI_ADAPTER_CONTROL_STATUS control_answer;
static ULONG                       feature_support;

static inline void hear(unsigned what, bool parameters)
{
    LONG i = InterlockedIncrement(&n_heard) - 1;

    if (i < LOG_MAX)
        heard[i] = (struct heard){what, KeGetCurrentIrql(), mini_stor ? dt_stor_locks_held(mini_stor) : 0, parameters};
}

/* The n-th of them from `from` on; NULL: there is none. */
static inline const struct heard *find_heard(unsigned what, LONG from)
{
    for (LONG i = from; i < n_heard; i++)
        if (heard[i].what == what)
            return &heard[i];
    return NULL;
}

static inline LONG place(unsigned what)
{
    const struct heard *h = find_heard(what, 0);

    return h ? (LONG)(h - heard) : -1;
}

static inline bool came(unsigned what)
{
    return find_heard(what, 0) != NULL;
}

static inline SCSI_ADAPTER_CONTROL_STATUS log_control(PVOID ext, SCSI_ADAPTER_CONTROL_TYPE type, PVOID parameters)
{
    PSCSI_SUPPORTED_CONTROL_TYPE_LIST list = parameters;

    hear(type, parameters != NULL);
    if (type == ScsiQuerySupportedControlTypes)
        for (ULONG i = 0; i < list->MaxControlType && i < ScsiAdapterControlMax; i++)
            list->SupportedTypeList[i] = supports[i];
    if (on_control)
        on_control(ext, type, parameters);
    return type == ScsiQuerySupportedControlTypes ? ScsiAdapterControlSuccess : control_answer;
}

static inline SCSI_UNIT_CONTROL_STATUS log_unit(PVOID ext, SCSI_UNIT_CONTROL_TYPE type, PVOID parameters)
{
    PSCSI_SUPPORTED_CONTROL_TYPE_LIST list = parameters;

    hear(UNIT + type, parameters != NULL);
    if (type == ScsiQuerySupportedUnitControlTypes)
        for (ULONG i = 0; i < list->MaxControlType && i < ScsiUnitControlMax; i++)
            list->SupportedTypeList[i] = unit_supports[i];
    if (on_unit)
        on_unit(ext, type, parameters);
    return ScsiUnitControlSuccess;
}

static inline BOOLEAN log_start(PVOID ext, PSCSI_REQUEST_BLOCK srb)
{
    switch (mini_function(srb)) {
    case SRB_FUNCTION_EXECUTE_SCSI:
        return mini_start(ext, srb);
    case SRB_FUNCTION_PNP:
        hear(PNP + (unsigned)((PSCSI_PNP_REQUEST_BLOCK)srb)->PnPAction, mini_data(srb) != NULL);
        break;
    case SRB_FUNCTION_POWER:
        hear(POWER + (unsigned)((PSCSI_POWER_REQUEST_BLOCK)srb)->DevicePowerState, false);
        break;
    default:
        hear(OTHER + mini_function(srb), mini_data(srb) != NULL);
    }
    complete(ext, srb, SRB_STATUS_SUCCESS);
    return TRUE;
}

static inline void take_log(PHW_INITIALIZATION_DATA hw)
{
    hw->HwAdapterControl = log_control;
    hw->HwUnitControl = log_unit;
    hw->HwStartIo = log_start;
    hw->FeatureSupport |= feature_support;
}

/* Stop and restart are supported; more is for the test. */
static inline void control_begin(void)
{
    memset(supports, 0, sizeof supports);
    memset(unit_supports, 0, sizeof unit_supports);
    supports[ScsiStopAdapter] = supports[ScsiRestartAdapter] = true;
    on_control = NULL;
    on_unit = NULL;
    control_answer = ScsiAdapterControlSuccess;
    feature_support = 0;
    n_heard = 0;
}

static inline dt_stor *begin_log(struct mini m)
{
    m.data = take_log;
    return begin(&m);
}
