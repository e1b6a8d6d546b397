/* SPDX-License-Identifier: MIT */
/* sp/config.c - PORT_CONFIGURATION_INFORMATION: filled for HwStorFindAdapter, and what of its answer is believed. */
#include <string.h>

#include "sp/priv.h"

enum {
    DEPTH_PHYSICAL = 20,
    DEPTH_VIRTUAL = 250,
    IO_MAX = 1000,
    PER_UNIT_MAX = 255,
    TRANSFER_MAX = 16 << 20, /* STI-024: what "unlimited" means here */
};

static void fill_ranges(struct sp_adapter *a, PPORT_CONFIGURATION_INFORMATION c)
{
    const struct device *d = a->cfg.device;
    unsigned             n = 0;

    for (unsigned i = 0; d && i < DEVICE_RANGES; i++)
        if (d->range[i].bytes)
            a->ranges[n++] = (ACCESS_RANGE){.RangeStart.QuadPart = (LONGLONG)d->range[i].base,
                .RangeLength = (ULONG)d->range[i].bytes,
                .RangeInMemory = !d->range[i].io_space};
    c->NumberOfAccessRanges = n < a->driver->hw.NumberOfAccessRanges ? n : a->driver->hw.NumberOfAccessRanges;
    c->AccessRanges = (ACCESS_RANGE(*)[])a->ranges;
}

static void fill_limits(struct sp_adapter *a, PPORT_CONFIGURATION_INFORMATION c)
{
    c->MaximumTransferLength = SP_UNINITIALIZED_VALUE;
    c->NumberOfPhysicalBreaks = a->cfg.breaks_default_0x11 ? 0x11 : SP_UNINITIALIZED_VALUE; /* STI-023 */
    c->NumberOfBuses = 1;
    c->MaximumNumberOfTargets = SCSI_MAXIMUM_TARGETS_PER_BUS;
    c->MaximumNumberOfLogicalUnits = SCSI_MAXIMUM_LOGICAL_UNITS; /* MaximumLogicalUnit may lower it: scan.c */
    c->MaxNumberOfIO = IO_MAX;
    c->MaxIOsPerLun = PER_UNIT_MAX;
    c->InitialLunQueueDepth = a->is_virtual ? DEPTH_VIRTUAL : DEPTH_PHYSICAL;
    memset(c->InitiatorBusId, (CCHAR)-1, sizeof c->InitiatorBusId);
}

static void fill_interrupt(struct sp_adapter *a, PPORT_CONFIGURATION_INFORMATION c)
{
    c->BusInterruptLevel = a->cfg.dirql ? a->cfg.dirql : 5;
    c->BusInterruptVector = a->cfg.line_vector;
    c->InterruptMode = LevelSensitive;
    c->SynchronizationModel = StorSynchronizeHalfDuplex; /* STL-050 */
}

/* STI-020 to STI-030: as the miniport is to find it. */
void sp_config_fill(struct sp_adapter *a)
{
    PPORT_CONFIGURATION_INFORMATION c = a->config;
    const HW_INITIALIZATION_DATA   *hw = &a->driver->hw;

    *c = (PORT_CONFIGURATION_INFORMATION){.Length = sizeof *c,
        .SystemIoBusNumber = a->cfg.device ? a->cfg.device->bus_number : 0,
        .SlotNumber = a->cfg.device ? a->cfg.device->slot : 0,
        .AdapterInterfaceType = hw->AdapterInterfaceType,
        .DmaChannel = SP_UNINITIALIZED_VALUE,
        .DmaPort = SP_UNINITIALIZED_VALUE,
        .ScatterGather = TRUE,
        .Master = TRUE,
        .MapBuffers = hw->MapBuffers,
        .NeedPhysicalAddresses = hw->NeedPhysicalAddresses,
        .TaggedQueuing = TRUE,
        .AutoRequestSense = TRUE,
        .MultipleRequestPerLu = TRUE,
        .ReceiveEvent = hw->ReceiveEvent,
        .Dma64BitAddresses = SCSI_DMA64_SYSTEM_SUPPORTED,
        .DeviceExtensionSize = hw->DeviceExtensionSize,
        .SpecificLuExtensionSize = hw->SpecificLuExtensionSize,
        .SrbExtensionSize = hw->SrbExtensionSize,
        .DumpMode = a->cfg.dump ? DUMP_MODE_CRASH : 0,
        .SrbType = hw->SrbTypeFlags & SRB_TYPE_FLAG_STORAGE_REQUEST_BLOCK ? SRB_TYPE_STORAGE_REQUEST_BLOCK
                                                                          : SRB_TYPE_SCSI_REQUEST_BLOCK,
        .AddressType = STOR_ADDRESS_TYPE_BTL8};
    fill_ranges(a, c);
    fill_limits(a, c);
    fill_interrupt(a, c);
    a->config_before = *c;
}

/* STI-034. */
static void check_virtual(struct sp_adapter *a)
{
    if (a->config->VirtualDevice != a->is_virtual)
        sp_stop("DT-S17", a->config, (const void *)a->driver->hw.HwFindAdapter,
            "VirtualDevice is %s after HwStorFindAdapter of a %s miniport", a->config->VirtualDevice ? "TRUE" : "FALSE",
            a->is_virtual ? "virtual" : "physical");
}

/* STI-022. */
static void check_set(struct sp_adapter *a)
{
    const PORT_CONFIGURATION_INFORMATION *c = a->config;

    if (!a->is_virtual && c->MaximumTransferLength == SP_UNINITIALIZED_VALUE)
        sp_stop("DT-S17", c, (const void *)a->driver->hw.HwFindAdapter,
            "HwStorFindAdapter has not set MaximumTransferLength");
    if (!a->is_virtual && c->NumberOfPhysicalBreaks == SP_UNINITIALIZED_VALUE)
        sp_stop("DT-S17", c, (const void *)a->driver->hw.HwFindAdapter,
            "HwStorFindAdapter has not set NumberOfPhysicalBreaks");
}

static void take_limits(struct sp_adapter *a)
{
    const PORT_CONFIGURATION_INFORMATION *c = a->config;

    a->max_transfer = c->MaximumTransferLength < TRANSFER_MAX ? c->MaximumTransferLength : TRANSFER_MAX;
    a->max_io = c->MaxNumberOfIO;
    a->max_per_unit = c->MaxIOsPerLun < PER_UNIT_MAX || a->extended_srb ? c->MaxIOsPerLun : PER_UNIT_MAX; /* STQ-003 */
    a->initial_depth = c->InitialLunQueueDepth < a->max_per_unit ? c->InitialLunQueueDepth : a->max_per_unit;
    a->srb_extension_bytes = c->SrbExtensionSize;
    a->unit_extension_bytes = c->SpecificLuExtensionSize;
    if (a->knobs.requests) /* STQ-007 */
        a->max_io = a->knobs.requests;
}

/* STI-031: who does not say that it can do more gets addresses below 4 GB; one region of 4 GB is that one, too. */
static void take_addresses(struct sp_adapter *a)
{
    UCHAR answer = a->config->Dma64BitAddresses & (UCHAR)~SCSI_DMA64_SYSTEM_SUPPORTED;

    a->bus_lowest = 0;
    a->bus_highest = answer && answer != SCSI_DMA64_MINIPORT_64BIT_ONE_4GB_SUPPORTED ? UINT64_MAX : UINT32_MAX;
}

/* HwStorFindAdapter has said FOUND. */
void sp_config_take(struct sp_adapter *a)
{
    const HW_INITIALIZATION_DATA *hw = &a->driver->hw;

    check_virtual(a);
    check_set(a);
    sp_find_check(a, &a->config_before);
    a->half_duplex = !a->is_virtual && a->config->SynchronizationModel != StorSynchronizeFullDuplex;
    a->extended_srb =
        a->config->SrbType == SRB_TYPE_STORAGE_REQUEST_BLOCK && hw->SrbTypeFlags & SRB_TYPE_FLAG_STORAGE_REQUEST_BLOCK;
    take_limits(a);
    take_addresses(a);
}
