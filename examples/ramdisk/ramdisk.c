/* SPDX-License-Identifier: MIT */
/* ramdisk.c - the adapter: start and stop, slots, the DPC, the watchdog. See ramdisk.h. */
#include "ramdisk.h"

static HW_TIMER       RdWatchdog;
static HW_DPC_ROUTINE RdDpc;

static VOID RdComplete(PRD_ADAPTER Adapter, PSCSI_REQUEST_BLOCK Srb, RD_RESULT Result)
{
    RdSetResult(Srb, Result);
    StorPortNotification(RequestComplete, Adapter, Srb);
#if RAMDISK_BUG == 2
    if (Srb->TimeOutValue > 60)
        InterlockedIncrement(&Adapter->Beats);
#endif
}

static VOID RdArmWatchdog(PRD_ADAPTER Adapter)
{
    StorPortNotification(RequestTimerCall, Adapter, RdWatchdog, Adapter->PeriodUs);
}

/* ---- slots ---- */

static BOOLEAN RdMove(PRD_SLOT Slot, LONG From, LONG To)
{
    return InterlockedCompareExchange(&Slot->State, To, From) == From;
}

static PRD_SLOT RdTakeSlot(PRD_ADAPTER Adapter)
{
    for (ULONG i = 0; i < Adapter->SlotCount; i++)
        if (RdMove(&Adapter->Slots[i], SLOT_FREE, SLOT_RESERVED))
            return &Adapter->Slots[i];
    return NULL;
}

/* The caller owns the slot, as RUNNING or CLAIMED. The slot is free before the request goes: the next may come at once. */
static VOID RdFinish(PRD_ADAPTER Adapter, PRD_SLOT Slot, RD_RESULT Result)
{
    PSCSI_REQUEST_BLOCK srb = Slot->Srb;

    InterlockedDecrement(&Adapter->Busy);
    InterlockedExchange(&Slot->State, SLOT_FREE);
    RdComplete(Adapter, srb, Result);
}

/* ---- the DPC: what StartIo queued ---- */

_Use_decl_annotations_ static VOID RdDpc(PSTOR_DPC Dpc, PVOID HwDeviceExtension, PVOID Argument1, PVOID Argument2)
{
    PRD_ADAPTER adapter = HwDeviceExtension;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    for (ULONG i = 0; i < adapter->SlotCount; i++) {
        PRD_SLOT slot = &adapter->Slots[i];

        if (RdMove(slot, SLOT_QUEUED, SLOT_RUNNING))
            RdFinish(adapter, slot, RdExecute(adapter, slot->Srb));
    }
}

/* ---- the watchdog: what has been queued for too long ---- */

static BOOLEAN RdClaimLate(PRD_SLOT Slot, ULONGLONG Now)
{
    if (ReadAcquire(&Slot->State) != SLOT_QUEUED || Slot->Deadline > Now)
        return FALSE;
#if RAMDISK_BUG == 1
    InterlockedExchange(&Slot->State, SLOT_CLAIMED); /* the DPC may have taken it since */
    return TRUE;
#else
    return RdMove(Slot, SLOT_QUEUED, SLOT_CLAIMED);
#endif
}

_Use_decl_annotations_ static VOID RdWatchdog(PVOID HwDeviceExtension)
{
    static const RD_RESULT timed_out = {SRB_STATUS_TIMEOUT, SCSISTAT_GOOD, 0, 0};
    PRD_ADAPTER            adapter = HwDeviceExtension;
    ULONGLONG              now = KeQueryInterruptTime();
    BOOLEAN                idle;

#if RAMDISK_BUG == 3
    if (ReadNoFence(&adapter->Busy) == 0)
        return;
#endif
#if RAMDISK_BUG == 4
    STOR_LOCK_HANDLE handle = {.Lock = StartIoLock};

    StorPortAcquireSpinLock(adapter, StartIoLock, NULL, &handle);
#endif
    InterlockedIncrement(&adapter->Beats);
#if RAMDISK_BUG == 10
    idle = adapter->Busy == 0;
#else
    idle = ReadNoFence(&adapter->Busy) == 0;
#endif
    if (idle)
        InterlockedIncrement(&adapter->IdleBeats);
    for (ULONG i = 0; i < adapter->SlotCount; i++)
        if (RdClaimLate(&adapter->Slots[i], now)) {
            InterlockedIncrement(&adapter->TimedOut);
            RdFinish(adapter, &adapter->Slots[i], timed_out);
        }
#if RAMDISK_BUG == 4
    StorPortReleaseSpinLock(adapter, &handle);
#endif
    if (!ReadAcquire(&adapter->Stopping))
        RdArmWatchdog(adapter);
}

/* ---- requests ---- */

/* Not even begun: StorPort sends the request again when one of this unit's has completed. */
static VOID RdRefuse(PRD_ADAPTER Adapter, PSCSI_REQUEST_BLOCK Srb)
{
    UCHAR path, target, lun;

    SrbGetPathTargetLun(Srb, &path, &target, &lun);
    StorPortDeviceBusy(Adapter, path, target, lun, 1);
#if RAMDISK_BUG == 6
    SrbSetDataTransferLength(Srb, 0);
#endif
    SrbSetSrbStatus(Srb, SRB_STATUS_BUSY);
    StorPortNotification(RequestComplete, Adapter, Srb);
}

static VOID RdQueue(PRD_ADAPTER Adapter, PSCSI_REQUEST_BLOCK Srb)
{
    PRD_SLOT slot = RdTakeSlot(Adapter);
    LONG     n = InterlockedIncrement(&Adapter->Arrivals);

    if (!slot) {
        RdRefuse(Adapter, Srb);
        return;
    }
    slot->Srb = Srb;
    slot->Deadline = KeQueryInterruptTime() + Adapter->Patience;
    InterlockedIncrement(&Adapter->Busy);
    InterlockedExchange(&slot->State, SLOT_QUEUED);
    if (Adapter->LoseEvery && n % Adapter->LoseEvery == 0)
        return; /* a device that forgets: the watchdog's */
    StorPortIssueDpc(Adapter, &Adapter->Dpc, NULL, NULL);
}

static VOID RdExecuteScsi(PRD_ADAPTER Adapter, PSCSI_REQUEST_BLOCK Srb)
{
    ULONGLONG block;
    ULONG     count;

#if RAMDISK_BUG == 5
    StorPortStallExecution(5);
#endif
#if RAMDISK_BUG == 9
    if (SrbGetCdb(Srb)->CDB10.OperationCode == SCSIOP_SYNCHRONIZE_CACHE) {
        StorPortNotification(RequestComplete, Adapter, Srb);
        return;
    }
#endif
    if (ReadAcquire(&Adapter->DpcReady) && RdIsTransfer(SrbGetCdb(Srb), &block, &count))
        RdQueue(Adapter, Srb);
    else
        RdComplete(Adapter, Srb, RdExecute(Adapter, Srb));
}

static BOOLEAN RdResetBus(PVOID HwDeviceExtension, ULONG PathId)
{
    static const RD_RESULT reset = {SRB_STATUS_BUS_RESET, SCSISTAT_GOOD, 0, 0};
    PRD_ADAPTER            adapter = HwDeviceExtension;

    UNREFERENCED_PARAMETER(PathId);
    for (ULONG i = 0; i < adapter->SlotCount; i++)
        if (RdMove(&adapter->Slots[i], SLOT_QUEUED, SLOT_CLAIMED))
            RdFinish(adapter, &adapter->Slots[i], reset);
    return TRUE;
}

static BOOLEAN RdStartIo(PVOID HwDeviceExtension, PSCSI_REQUEST_BLOCK Srb)
{
    PRD_ADAPTER adapter = HwDeviceExtension;
    RD_RESULT   result = {SRB_STATUS_SUCCESS, SCSISTAT_GOOD, 0, 0};

    switch (SrbGetSrbFunction(Srb)) {
    case SRB_FUNCTION_EXECUTE_SCSI:
        RdExecuteScsi(adapter, Srb);
        return TRUE;
    case SRB_FUNCTION_RESET_LOGICAL_UNIT:
    case SRB_FUNCTION_RESET_DEVICE:
    case SRB_FUNCTION_RESET_BUS:
        RdResetBus(adapter, 0);
        break;
    case SRB_FUNCTION_FLUSH:
    case SRB_FUNCTION_SHUTDOWN:
    case SRB_FUNCTION_PNP:
    case SRB_FUNCTION_POWER:
        break;
    default: /* IO_CONTROL, ABORT_COMMAND, DUMP_POINTERS, WMI, ... */
        result.SrbStatus = SRB_STATUS_INVALID_REQUEST;
    }
    RdComplete(adapter, Srb, result);
    return TRUE;
}

/* ---- start and stop ---- */

/* The number behind "name=" in the argument string; k, m, g multiply it. */
static ULONGLONG RdArgument(PCSTR Arguments, PCSTR Name, ULONGLONG Otherwise)
{
    PCSTR     at = Arguments ? strstr(Arguments, Name) : NULL;
    ULONGLONG value = 0;

    if (!at)
        return Otherwise;
    for (at += strlen(Name); *at >= '0' && *at <= '9'; at++)
        value = value * 10 + (ULONGLONG)(*at - '0');
    switch (*at) {
    case 'g':
    case 'G':
        return value << 30;
    case 'm':
    case 'M':
        return value << 20;
    case 'k':
    case 'K':
        return value << 10;
    default:
        return value;
    }
}

static BOOLEAN RdAllocate(PRD_ADAPTER Adapter)
{
    Adapter->Media = ExAllocatePool2(POOL_FLAG_NON_PAGED, Adapter->Blocks * RD_BLOCK_SIZE, RD_TAG);
    Adapter->Slots = ExAllocatePool2(POOL_FLAG_NON_PAGED, Adapter->SlotCount * sizeof(RD_SLOT), RD_TAG);
    return Adapter->Media && Adapter->Slots;
}

static VOID RdFree(PRD_ADAPTER Adapter)
{
    if (Adapter->Media)
        ExFreePoolWithTag(Adapter->Media, RD_TAG);
#if RAMDISK_BUG != 7
    if (Adapter->Slots)
        ExFreePoolWithTag(Adapter->Slots, RD_TAG);
#endif
    Adapter->Media = NULL;
    Adapter->Slots = NULL;
}

static VOID RdReadArguments(PRD_ADAPTER Adapter, PCSTR Arguments)
{
    Adapter->Blocks = RdArgument(Arguments, "size=", 64ull << 20) / RD_BLOCK_SIZE;
    Adapter->SlotCount = (ULONG)RdArgument(Arguments, "slots=", RD_SLOTS);
    Adapter->PeriodUs = (ULONG)RdArgument(Arguments, "period_us=", 100000);
    Adapter->Patience = RdArgument(Arguments, "patience_us=", 5000000) * 10;
    Adapter->LoseEvery = (ULONG)RdArgument(Arguments, "lose=", 0);
}

static VOID RdDescribe(PPORT_CONFIGURATION_INFORMATION Config)
{
    Config->VirtualDevice = TRUE;
    Config->SynchronizationModel = StorSynchronizeFullDuplex;
    Config->NumberOfBuses = 1;
    Config->MaximumNumberOfTargets = 1;
    Config->MaximumNumberOfLogicalUnits = 1;
    Config->MaximumTransferLength = 1 << 20;
    Config->NumberOfPhysicalBreaks = 257;
    Config->AlignmentMask = 0;
    Config->CachesData = FALSE;
    Config->MapBuffers = STOR_MAP_ALL_BUFFERS_INCLUDING_READ_WRITE;
    Config->ScatterGather = TRUE;
    Config->Master = TRUE;
    Config->WmiDataProvider = FALSE;
}

static ULONG RdFindAdapter(PVOID HwDeviceExtension, PVOID HwContext, PVOID BusInformation, PVOID LowerDevice,
    PCHAR ArgumentString, PPORT_CONFIGURATION_INFORMATION Config, PBOOLEAN Again)
{
    PRD_ADAPTER adapter = HwDeviceExtension;

    UNREFERENCED_PARAMETER(HwContext);
    UNREFERENCED_PARAMETER(BusInformation);
    UNREFERENCED_PARAMETER(LowerDevice);
    *Again = FALSE;
    if (adapter->Media == NULL) {
        RdReadArguments(adapter, ArgumentString);
        if (adapter->Blocks == 0 || adapter->SlotCount == 0)
            return SP_RETURN_BAD_CONFIG;
        if (!RdAllocate(adapter)) {
            RdFree(adapter);
            return SP_RETURN_ERROR;
        }
    }
    RdDescribe(Config);
    RdArmWatchdog(adapter);
    return SP_RETURN_FOUND;
}

static BOOLEAN RdPassiveInitialize(PVOID HwDeviceExtension)
{
    PRD_ADAPTER adapter = HwDeviceExtension;

    StorPortInitializeDpc(adapter, &adapter->Dpc, RdDpc);
    InterlockedExchange(&adapter->DpcReady, TRUE);
    return TRUE;
}

static BOOLEAN RdInitialize(PVOID HwDeviceExtension)
{
    PERF_CONFIGURATION_DATA perf = {.Version = STOR_PERF_VERSION, .Size = sizeof perf};

    if (StorPortInitializePerfOpts(HwDeviceExtension, TRUE, &perf) == STOR_STATUS_SUCCESS &&
        (perf.Flags & STOR_PERF_CONCURRENT_CHANNELS)) {
        perf.Flags = STOR_PERF_CONCURRENT_CHANNELS;
        perf.ConcurrentChannels = RD_CHANNELS;
        StorPortInitializePerfOpts(HwDeviceExtension, FALSE, &perf);
    }
    return StorPortEnablePassiveInitialization(HwDeviceExtension, RdPassiveInitialize);
}

static VOID RdSupported(PSCSI_SUPPORTED_CONTROL_TYPE_LIST List)
{
    static const SCSI_ADAPTER_CONTROL_TYPE types[] = {
        ScsiQuerySupportedControlTypes, ScsiStopAdapter, ScsiRestartAdapter};

    for (ULONG i = 0; i < ARRAYSIZE(types); i++)
        if ((ULONG)types[i] < List->MaxControlType)
            List->SupportedTypeList[types[i]] = TRUE;
}

/* Under the StartIo lock no watchdog runs, so none can arm the timer again after the cancel. */
static VOID RdStop(PRD_ADAPTER Adapter)
{
    STOR_LOCK_HANDLE handle = {.Lock = StartIoLock};

    StorPortAcquireSpinLock(Adapter, StartIoLock, NULL, &handle);
    InterlockedExchange(&Adapter->Stopping, TRUE);
#if RAMDISK_BUG != 8
    StorPortNotification(RequestTimerCall, Adapter, RdWatchdog, 0);
#endif
    StorPortReleaseSpinLock(Adapter, &handle);
}

static SCSI_ADAPTER_CONTROL_STATUS RdAdapterControl(
    PVOID HwDeviceExtension, SCSI_ADAPTER_CONTROL_TYPE ControlType, PVOID Parameters)
{
    PRD_ADAPTER adapter = HwDeviceExtension;

    switch (ControlType) {
    case ScsiQuerySupportedControlTypes:
        RdSupported(Parameters);
        break;
    case ScsiStopAdapter:
        RdStop(adapter);
        break;
    case ScsiRestartAdapter:
        InterlockedExchange(&adapter->Stopping, FALSE);
        RdArmWatchdog(adapter);
        break;
    default:
        break;
    }
    return ScsiAdapterControlSuccess;
}

static VOID RdFreeAdapterResources(PVOID HwDeviceExtension)
{
    PRD_ADAPTER adapter = HwDeviceExtension;

    NT_ASSERT(ReadNoFence(&adapter->Busy) == 0);
    RdFree(adapter);
}

ULONG DriverEntry(PVOID DriverObject, PVOID RegistryPath)
{
    HW_INITIALIZATION_DATA init = {.HwInitializationDataSize = sizeof init};

    init.AdapterInterfaceType = Internal;
    init.HwInitialize = RdInitialize;
    init.HwStartIo = RdStartIo;
    init.HwFindAdapter = (PVOID)RdFindAdapter;
    init.HwResetBus = RdResetBus;
    init.HwAdapterControl = RdAdapterControl;
    init.HwFreeAdapterResources = RdFreeAdapterResources;
    init.DeviceExtensionSize = sizeof(RD_ADAPTER);
    init.TaggedQueuing = TRUE;
    init.AutoRequestSense = TRUE;
    init.MultipleRequestPerLu = TRUE;
    init.MapBuffers = STOR_MAP_ALL_BUFFERS_INCLUDING_READ_WRITE;
    init.FeatureSupport = STOR_FEATURE_VIRTUAL_MINIPORT;
    init.SrbTypeFlags = SRB_TYPE_FLAG_STORAGE_REQUEST_BLOCK;
    init.AddressTypeFlags = ADDRESS_TYPE_FLAG_BTL8;
    return StorPortInitialize(DriverObject, RegistryPath, &init, NULL);
}
