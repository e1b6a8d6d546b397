/* SPDX-License-Identifier: MIT */
/*
 * sp/find.c - what HwStorFindAdapter may leave in the configuration, and what only it may say: bus type, features, power
 * settings it wants to hear of.
 */
#include "sp/priv.h"

#include <string.h>

/* storahci lowers MaxNumberOfIO alone: the default of the other one is nobody's fault. */
enum { IOS_PER_UNIT_DEFAULT = 255 };

/* ---- members that are not the miniport's (STI-029) ---- */

#define MEMBER(m)                                                                                        \
    {                                                                                                    \
#        m, offsetof(PORT_CONFIGURATION_INFORMATION, m), sizeof(((PPORT_CONFIGURATION_INFORMATION)0)->m) \
    }

static const struct {
    const char *name;
    size_t      at, bytes;
} read_only[] = {
    MEMBER(Length),
    MEMBER(SystemIoBusNumber),
    MEMBER(AdapterInterfaceType),
    MEMBER(BusInterruptLevel),
    MEMBER(BusInterruptVector),
    MEMBER(InterruptMode),
    MEMBER(DmaChannel),
    MEMBER(DmaPort),
    MEMBER(DmaWidth),
    MEMBER(DmaSpeed),
    MEMBER(NumberOfAccessRanges),
    MEMBER(AccessRanges),
    MEMBER(AtdiskPrimaryClaimed),
    MEMBER(AtdiskSecondaryClaimed),
    MEMBER(Dma32BitAddresses),
    MEMBER(DemandMode),
    MEMBER(NeedPhysicalAddresses),
    MEMBER(TaggedQueuing),
    MEMBER(AutoRequestSense),
    MEMBER(MultipleRequestPerLu),
    MEMBER(RealModeInitialized),
    MEMBER(BufferAccessScsiPortControlled),
    MEMBER(SlotNumber),
    MEMBER(BusInterruptLevel2),
    MEMBER(BusInterruptVector2),
    MEMBER(InterruptMode2),
    MEMBER(DmaChannel2),
    MEMBER(DmaPort2),
    MEMBER(DmaWidth2),
    MEMBER(DmaSpeed2),
    MEMBER(DeviceExtensionSize),
};

/* Old drivers write TRUE where TRUE was. */
static bool tolerated(const PORT_CONFIGURATION_INFORMATION *c)
{
    return c->Master && c->ScatterGather;
}

static const char *changed_member(
    const PORT_CONFIGURATION_INFORMATION *now, const PORT_CONFIGURATION_INFORMATION *before)
{
    for (unsigned i = 0; i < ARRAYSIZE(read_only); i++)
        if (memcmp((const char *)now + read_only[i].at, (const char *)before + read_only[i].at, read_only[i].bytes) !=
            0)
            return read_only[i].name;
    return tolerated(now) ? NULL : "Master or ScatterGather";
}

/* ---- values ---- */

/* STI-032. */
static bool alignment_known(ULONG mask)
{
    return mask <= 0x1ff && (mask & (mask + 1)) == 0;
}

/* STI-037. */
static bool width_fits(const PORT_CONFIGURATION_INFORMATION *c)
{
    return !(c->FeatureSupport & STOR_ADAPTER_DMA_ADDRESS_WIDTH_SPECIFIED) ||
           (c->DmaAddressWidth >= 1 && c->DmaAddressWidth <= 64);
}

/* STQ-005. */
static bool many_requests_fit(const PORT_CONFIGURATION_INFORMATION *c)
{
    return c->Dma64BitAddresses &
           (SCSI_DMA64_MINIPORT_FULL64BIT_SUPPORTED | SCSI_DMA64_MINIPORT_FULL64BIT_NO_BOUNDARY_REQ_SUPPORTED |
               SCSI_DMA64_MINIPORT_64BIT_ONE_4GB_SUPPORTED);
}

static const char *wrong_value(const struct sp_adapter *a)
{
    const PORT_CONFIGURATION_INFORMATION *c = a->config;

    if (!alignment_known(c->AlignmentMask))
        return "AlignmentMask is none of 0, 1, 3, 7, 0xf ... 0x1ff";
    if (!width_fits(c))
        return "DmaAddressWidth is not in 1 .. 64";
    if (c->MapBuffers > STOR_MAP_ALL_BUFFERS_INCLUDING_READ_WRITE)
        return "MapBuffers is no STOR_MAP_ value";
    if (c->MaxIOsPerLun > 255 && c->SrbType != SRB_TYPE_STORAGE_REQUEST_BLOCK)
        return "MaxIOsPerLun is above 255, which needs extended SRBs";
    if (c->MaxIOsPerLun > c->MaxNumberOfIO && c->MaxIOsPerLun != IOS_PER_UNIT_DEFAULT)
        return "MaxIOsPerLun is above MaxNumberOfIO";
    if (!a->is_virtual && c->MaxNumberOfIO > 1000 && !many_requests_fit(c))
        return "MaxNumberOfIO is above 1000, which needs 64-bit addresses";
    return NULL;
}

static void check_dma(struct sp_adapter *a, const void *routine)
{
    if (!a->is_virtual && a->cfg.device && a->config->Dma64BitAddresses == SCSI_DMA64_SYSTEM_SUPPORTED)
        sp_warn("DT-S17", a->config, routine,
            "HwStorFindAdapter left Dma64BitAddresses as SCSI_DMA64_SYSTEM_SUPPORTED: all data goes through memory "
            "below 4 GB");
}

void sp_find_check(struct sp_adapter *a, const PORT_CONFIGURATION_INFORMATION *before)
{
    const void *routine = (const void *)a->driver->hw.HwFindAdapter;
    const char *changed = changed_member(a->config, before), *wrong = wrong_value(a);

    if (changed)
        sp_stop("DT-S17", a->config, routine, "HwStorFindAdapter changed %s, which is the port's to set", changed);
    if (wrong)
        sp_stop("DT-S17", a->config, routine, "HwStorFindAdapter: %s", wrong);
    check_dma(a, routine);
}

/* ---- calls for HwStorFindAdapter ---- */

bool sp_find_only(struct sp_adapter *a, const char *routine, const void *caller)
{
    bool here = sp_inside(a, SP_CALL_FIND_ADAPTER);

    if (!here)
        sp_stop("DT-S13", a->extension, caller, "%s is called outside HwStorFindAdapter", routine);
    return here;
}

/* STI-048. */
ULONG sp_bus_type_set(struct sp_adapter *a, ULONG type)
{
    if (!sp_inside(a, SP_CALL_FIND_ADAPTER))
        return STOR_STATUS_UNSUCCESSFUL;
    if (type == BusTypeUnknown || type >= BusTypeMax)
        return STOR_STATUS_INVALID_PARAMETER;
    a->control.bus_type_set = true;
    a->control.bus_type = type;
    return STOR_STATUS_SUCCESS;
}

ULONG sp_features_set(struct sp_adapter *a, ULONG count, const STORPORT_FEATURE_TYPE *list, const void *caller)
{
    if (!list || count == 0 || count > StorportFeatureMax)
        return STOR_STATUS_INVALID_PARAMETER;
    if (!sp_find_only(a, "StorPortSetFeatureList", caller))
        return STOR_STATUS_UNSUCCESSFUL;
    for (ULONG i = 0; i < count; i++)
        if ((unsigned)list[i] >= StorportFeatureMax)
            return STOR_STATUS_INVALID_PARAMETER;
    for (ULONG i = 0; i < count; i++)
        a->control.features[list[i]] = true;
    return STOR_STATUS_SUCCESS;
}

ULONG sp_power_guids_set(struct sp_adapter *a, const GUID *guids, ULONG count, const void *caller)
{
    sp_find_only(a, "StorPortSetPowerSettingNotificationGuids", caller);
    if (!guids && count)
        return STOR_STATUS_INVALID_PARAMETER;
    if (count > SP_GUIDS)
        return STOR_STATUS_INSUFFICIENT_RESOURCES;
    memcpy(a->control.guids, guids, count * sizeof *guids);
    a->control.n_guids = count;
    return STOR_STATUS_SUCCESS;
}

/* ---- before there is a device extension ---- */

/* STI-083. The address that it gets instead is none: whoever follows it faults. */
void sp_filter_resources(struct sp_adapter *a)
{
    PHW_ADAPTER_CONTROL               routine = a->driver->hw.HwAdapterControl;
    STOR_FILTER_RESOURCE_REQUIREMENTS p = {.Version = STOR_FILTER_RESOURCE_REQUIREMENTS_V1, .Size = sizeof p};
    struct sp_frame                   f = {0};

    if (!(a->driver->hw.FeatureSupport & STOR_FEATURE_ADAPTER_CONTROL_PRE_FINDADAPTER))
        return;
    sp_call_begin(&f, a, SP_CALL_ADAPTER_CONTROL, (const void *)routine);
    routine(SP_UNMAPPED, ScsiAdapterFilterResourceRequirements, &p);
    sp_call_end(&f);
}
