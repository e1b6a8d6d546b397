/* SPDX-License-Identifier: MIT */
/*
 * sp/units.c - what a miniport is told of its units: HwStorUnitControl where it supports the type, the PnP SRBs of a unit
 * always. IRQL 0, a system thread.
 */
#include "sp/priv.h"

static STOR_ADDR_BTL8 address_of(const struct sp_lun *u)
{
    return (STOR_ADDR_BTL8){.Type = STOR_ADDRESS_TYPE_BTL8,
        .Port = (USHORT)u->a->number,
        .AddressLength = STOR_ADDR_BTL8_ADDRESS_LENGTH,
        .Path = u->path,
        .Target = u->target,
        .Lun = u->lun};
}

/* STI-103. u NULL: the adapter. */
UCHAR sp_pnp_request(struct sp_adapter *a, struct sp_lun *u, ULONG action, void *data, ULONG bytes)
{
    struct sp_lun    *to = u ? u : a->self;
    struct sp_request r = {.function = SRB_FUNCTION_PNP,
        .path = to->path,
        .target = to->target,
        .lun = to->lun,
        .flags = SRB_FLAGS_NO_QUEUE_FREEZE | SRB_FLAGS_BYPASS_FROZEN_QUEUE | SRB_FLAGS_BYPASS_LOCKED_QUEUE |
                 (data ? SRB_FLAGS_DATA_IN : 0),
        .action = action,
        .subflags = u ? 0 : SRB_PNP_FLAGS_ADAPTER_REQUEST,
        .data = data,
        .bytes = bytes,
        .bypasses = true,
        .to_adapter = !u};

    return sp_submit_wait(a, &r);
}

/* STI-104. */
static void ask_capabilities(struct sp_lun *u)
{
    struct sp_adapter *a = u->a;
    bool               ex = a->driver->hw.FeatureSupport & STOR_FEATURE_FULL_PNP_DEVICE_CAPABILITIES;
    ULONG              bytes = ex ? sizeof(STOR_DEVICE_CAPABILITIES_EX) : sizeof(STOR_DEVICE_CAPABILITIES);
    void              *buffer = sp_buffer_alloc(a, bytes);

    if (!buffer)
        return;
    *(USHORT *)buffer = 1; /* Version, in both */
    if (ex)
        ((PSTOR_DEVICE_CAPABILITIES_EX)buffer)->Size = (USHORT)bytes;
    sp_pnp_request(a, u, StorQueryCapabilities, buffer, bytes);
    sp_buffer_free(a, buffer, bytes);
}

/* STI-094: from Windows 10 21H1 on only with the feature. */
static void ask_bus_type(struct sp_lun *u, STOR_ADDR_BTL8 *address)
{
    STOR_UNIT_CONTROL_QUERY_BUS_TYPE q = {.Address = (PSTOR_ADDRESS)address, .BusType = BusTypeUnknown};
    bool                             old = u->a->cfg.os != SP_OS_CURRENT && u->a->cfg.os < SP_OS_11;

    if (old || u->a->control.features[StorportFeatureBusTypeUnitControl])
        sp_unit_control(u->a, ScsiUnitQueryBusType, &q);
}

void sp_unit_started(struct sp_lun *u)
{
    STOR_ADDR_BTL8 address = address_of(u);

    sp_unit_control(u->a, ScsiUnitStart, &address);
    ask_bus_type(u, &address);
    if (u->a->cfg.no_class)
        return;
    sp_pnp_request(u->a, u, StorStartDevice, NULL, 0);
    ask_capabilities(u);
}

void sp_unit_removing(struct sp_lun *u, bool surprise)
{
    STOR_ADDR_BTL8 address = address_of(u);

    if (surprise)
        sp_unit_control(u->a, ScsiUnitSurpriseRemoval, &address);
    sp_unit_control(u->a, ScsiUnitRemove, &address);
}

/* STV-017: a virtual miniport's disk is to take the dump, or is to no more. */
static void dump_pointers(struct sp_lun *u, bool in_use)
{
    MINIPORT_DUMP_POINTERS p = {.Version = DUMP_MINIPORT_VERSION_1, .Size = sizeof p};
    struct sp_request      r = {.function = in_use ? SRB_FUNCTION_DUMP_POINTERS : SRB_FUNCTION_FREE_DUMP_POINTERS,
             .path = u->path,
             .target = u->target,
             .lun = u->lun,
             .flags = SRB_FLAGS_NO_QUEUE_FREEZE | SRB_FLAGS_DATA_IN,
             .data = &p,
             .bytes = sizeof p};

    if (u->a->is_virtual && u->a->driver->hw.FeatureSupport & STOR_FEATURE_DUMP_POINTERS)
        sp_submit_wait(u->a, &r);
}

/* STI-092. */
void sp_unit_usage(struct sp_lun *u, ULONG usage, bool in_use)
{
    STOR_ADDR_BTL8       address = address_of(u);
    STOR_UC_DEVICE_USAGE p = {
        .Address = (PSTOR_ADDRESS)&address, .UsageType = (SCSI_UC_DEVICE_USAGE_TYPE)usage, .InUse = in_use};

    sp_unit_control(u->a, ScsiUnitUsage, &p);
    if (usage == ScsiDeviceUsageTypeDumpFile)
        dump_pointers(u, in_use);
}

/* ---- power ---- */

static UCHAR power_request(struct sp_lun *u, bool on, ULONG action)
{
    struct sp_request r = {.function = SRB_FUNCTION_POWER,
        .path = u->path,
        .target = u->target,
        .lun = u->lun,
        .flags = SRB_FLAGS_NO_QUEUE_FREEZE | SRB_FLAGS_BYPASS_FROZEN_QUEUE | SRB_FLAGS_BYPASS_LOCKED_QUEUE,
        .action = on ? StorPowerDeviceD0 : StorPowerDeviceD3,
        .power_action = action,
        .subflags = u->hidden ? SRB_POWER_FLAGS_ADAPTER_REQUEST : 0,
        .bypasses = true,
        .to_adapter = u->hidden};

    return sp_submit_wait(u->a, &r);
}

UCHAR sp_power_request(struct sp_adapter *a, bool on, ULONG action)
{
    return power_request(a->self, on, action);
}

static void wait_until_idle(struct sp_lun *u)
{
    sp_gate_close(u->a, u, SP_GATE_POWER);
    sp_unit_wait(u);
}

/* STI-093: a miniport that supports the control type gets no SRB. */
NTSTATUS sp_unit_power(struct sp_lun *u, bool on, ULONG action)
{
    STOR_ADDR_BTL8          address = address_of(u);
    STOR_UNIT_CONTROL_POWER p = {.Address = (PSTOR_ADDRESS)&address,
        .PowerAction = (STOR_POWER_ACTION)action,
        .PowerState = on ? StorPowerDeviceD0 : StorPowerDeviceD3};

    if (u->powered_down == !on)
        return STATUS_SUCCESS;
    if (!on)
        wait_until_idle(u);
    if (u->a->unit_control_supported[ScsiUnitPower])
        sp_unit_control(u->a, ScsiUnitPower, &p);
    else
        power_request(u, on, action);
    unsigned old = sp_lock(u->a);

    u->powered_down = !on;
    sp_unlock(u->a, old);
    if (on)
        sp_gate_open(u->a, u, SP_GATE_POWER);
    return STATUS_SUCCESS;
}
