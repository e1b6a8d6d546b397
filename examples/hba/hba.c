/* SPDX-License-Identifier: MIT */
/* hba.c - the adapter: start, stop and reset, the rings, interrupt and DPC. See hba.h. */
#include "hba.h"

static HW_DPC_ROUTINE HbaDpc;

static ULONG HbaGet(PHBA_ADAPTER Adapter, ULONG Register)
{
    return StorPortReadRegisterUlong(Adapter, (PULONG)(Adapter->Registers + Register));
}

static VOID HbaPut(PHBA_ADAPTER Adapter, ULONG Register, ULONG Value)
{
    StorPortWriteRegisterUlong(Adapter, (PULONG)(Adapter->Registers + Register), Value);
}

static VOID HbaPutAddress(PHBA_ADAPTER Adapter, ULONG Register, PVOID Memory)
{
    ULONG                 length = 0;
    STOR_PHYSICAL_ADDRESS address = StorPortGetPhysicalAddress(Adapter, NULL, Memory, &length);

    HbaPut(Adapter, Register, address.LowPart);
    HbaPut(Adapter, Register + 4, (ULONG)address.HighPart);
}

static VOID HbaComplete(PHBA_ADAPTER Adapter, PSCSI_REQUEST_BLOCK Srb, HBA_RESULT Result)
{
    HbaSetResult(Srb, Result);
    StorPortNotification(RequestComplete, Adapter, Srb);
}

/* ---- up, down, reset ---- */

/* Rings from the beginning. TRUE: the card is ready. */
static BOOLEAN HbaProgram(PHBA_ADAPTER Adapter)
{
    RtlZeroMemory(Adapter->Answers, HBA_ENTRIES * sizeof(HBA_ANSWER));
    Adapter->Tail = Adapter->Head = 0;
    Adapter->Phase = 1;
    HbaPutAddress(Adapter, HBA_REQUESTS, Adapter->Requests);
    HbaPut(Adapter, HBA_REQUESTS_ORDER, HBA_ORDER);
    HbaPutAddress(Adapter, HBA_ANSWERS, Adapter->Answers);
    HbaPut(Adapter, HBA_ANSWERS_ORDER, HBA_ORDER);
    HbaPut(Adapter, HBA_MESSAGE, 0);
    HbaPut(Adapter, HBA_CONTROL, HBA_ENABLE | HBA_INTERRUPTS);
    return HbaGet(Adapter, HBA_STATUS) == HBA_READY;
}

/* The card forgets what it was asked. It is done when the bit reads as 0, within 100 microseconds. */
static BOOLEAN HbaResetCard(PHBA_ADAPTER Adapter)
{
    HbaPut(Adapter, HBA_CONTROL, HBA_RESET);
    for (ULONG i = 0; i < 100 && HbaGet(Adapter, HBA_CONTROL) != 0; i++)
        StorPortStallExecution(1);
    return HbaGet(Adapter, HBA_CONTROL) == 0;
}

/* The StartIo lock is held. */
static BOOLEAN HbaResetAll(PHBA_ADAPTER Adapter)
{
    static const HBA_RESULT reset = {SRB_STATUS_BUS_RESET, 0, 0};
    BOOLEAN                 good = HbaResetCard(Adapter) && HbaProgram(Adapter);

    InterlockedIncrement(&Adapter->Resets);
    for (ULONG i = 0; i < HBA_ENTRIES; i++) {
        PSCSI_REQUEST_BLOCK srb = Adapter->Outstanding[i];

        Adapter->Outstanding[i] = NULL;
        if (srb)
            HbaComplete(Adapter, srb, reset);
    }
    Adapter->Count = 0;
    return good;
}

_Use_decl_annotations_ static BOOLEAN HbaResetBus(PVOID HwDeviceExtension, ULONG PathId)
{
    UNREFERENCED_PARAMETER(PathId);
    return HbaResetAll(HwDeviceExtension);
}

/* ---- answers ---- */

/* The next one, or NULL. */
static PHBA_ANSWER HbaNextAnswer(PHBA_ADAPTER Adapter)
{
    PHBA_ANSWER answer = &Adapter->Answers[Adapter->Head % HBA_ENTRIES];

    if (*(volatile UCHAR *)&answer->Phase != Adapter->Phase)
        return NULL;
    KeMemoryBarrier(); /* the rest of it was written before its phase */
    return answer;
}

static VOID HbaAdvance(PHBA_ADAPTER Adapter)
{
    if (++Adapter->Head % HBA_ENTRIES == 0)
        Adapter->Phase ^= 1;
}

/* One request that has its answer, with its result; NULL: none. */
static PSCSI_REQUEST_BLOCK HbaTakeAnswer(PHBA_ADAPTER Adapter, PHBA_RESULT Result)
{
    STOR_LOCK_HANDLE    handle = {.Lock = StartIoLock};
    PSCSI_REQUEST_BLOCK srb = NULL;
    PHBA_ANSWER         answer;

    StorPortAcquireSpinLock(Adapter, StartIoLock, NULL, &handle);
    answer = HbaNextAnswer(Adapter);
    if (answer) {
        srb = Adapter->Outstanding[answer->Tag];
        Adapter->Outstanding[answer->Tag] = NULL;
        Adapter->Count--;
        *Result = HbaResultOf(answer->Status);
        HbaAdvance(Adapter);
        HbaPut(Adapter, HBA_ANSWER_HEAD, Adapter->Head);
    }
    StorPortReleaseSpinLock(Adapter, &handle);
    return srb;
}

_Use_decl_annotations_ static VOID HbaDpc(PSTOR_DPC Dpc, PVOID HwDeviceExtension, PVOID Argument1, PVOID Argument2)
{
    PHBA_ADAPTER        adapter = HwDeviceExtension;
    PSCSI_REQUEST_BLOCK srb;
    HBA_RESULT          result;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    while ((srb = HbaTakeAnswer(adapter, &result)) != NULL)
        HbaComplete(adapter, srb, result);
}

/* The register says whether it was this card: the line is shared. Clearing it comes before the DPC looks at the ring. */
_Use_decl_annotations_ static BOOLEAN HbaInterrupt(PVOID HwDeviceExtension)
{
    PHBA_ADAPTER adapter = HwDeviceExtension;
    ULONG        causes = HbaGet(adapter, HBA_INTERRUPT);

    if (causes == 0 || causes == 0xFFFFFFFF)
        return FALSE;
    HbaPut(adapter, HBA_INTERRUPT, causes);
    InterlockedIncrement(&adapter->Interrupts);
    if (ReadAcquire(&adapter->DpcReady))
        StorPortIssueDpc(adapter, &adapter->Dpc, NULL, NULL);
    return TRUE;
}

_Use_decl_annotations_ static BOOLEAN HbaMessage(PVOID HwDeviceExtension, ULONG MessageId)
{
    UNREFERENCED_PARAMETER(MessageId);
    return HbaInterrupt(HwDeviceExtension);
}

/* ---- requests ---- */

static BOOLEAN HbaBuildElements(PHBA_ADAPTER Adapter, PSCSI_REQUEST_BLOCK Srb, PHBA_SRB Own)
{
    PSTOR_SCATTER_GATHER_LIST list = StorPortGetScatterGatherList(Adapter, Srb);
    ULONG                     length = 0;

    if (!list || list->NumberOfElements > HBA_ELEMENTS)
        return FALSE;
    for (ULONG i = 0; i < list->NumberOfElements; i++) {
        Own->Elements[i].Address = (ULONGLONG)list->List[i].PhysicalAddress.QuadPart;
        Own->Elements[i].Bytes = list->List[i].Length;
        Own->Elements[i].Reserved = 0;
    }
    Own->Request.Count = list->NumberOfElements;
    Own->Request.Elements = (ULONGLONG)StorPortGetPhysicalAddress(Adapter, Srb, Own->Elements, &length).QuadPart;
    return length >= list->NumberOfElements * sizeof(HBA_ELEMENT);
}

/* No lock: all that it writes belongs to the request. */
_Use_decl_annotations_ static BOOLEAN HbaBuildIo(PVOID HwDeviceExtension, PSCSI_REQUEST_BLOCK Srb)
{
    static const HBA_RESULT failed = {SRB_STATUS_INTERNAL_ERROR, 0, 0};
    PHBA_ADAPTER            adapter = HwDeviceExtension;
    PHBA_SRB                own = SrbGetMiniportContext(Srb);

    RtlZeroMemory(&own->Request, sizeof own->Request);
    own->Request.Op = HbaDecode(adapter, Srb, &own->Request);
    if ((own->Request.Op != HBA_READ && own->Request.Op != HBA_WRITE) || HbaBuildElements(adapter, Srb, own))
        return TRUE;
    HbaComplete(adapter, Srb, failed);
    return FALSE;
}

static ULONG HbaFreeTag(PHBA_ADAPTER Adapter)
{
    for (ULONG i = 0; i < HBA_ENTRIES; i++)
        if (!Adapter->Outstanding[i])
            return i;
    return HBA_ENTRIES;
}

/* The StartIo lock is held. */
static VOID HbaGive(PHBA_ADAPTER Adapter, PSCSI_REQUEST_BLOCK Srb, PHBA_SRB Own)
{
    static const HBA_RESULT busy = {SRB_STATUS_BUSY, 0, 0};
    ULONG                   tag = HbaFreeTag(Adapter);

    if (tag == HBA_ENTRIES) {
        StorPortBusy(Adapter, 1);
        HbaComplete(Adapter, Srb, busy);
        return;
    }
    Own->Request.Tag = (USHORT)tag;
    Adapter->Outstanding[tag] = Srb;
    Adapter->Count++;
    Adapter->Requests[Adapter->Tail++ % HBA_ENTRIES] = Own->Request;
    KeMemoryBarrier(); /* the card reads it as soon as it hears of it */
    HbaPut(Adapter, HBA_REQUEST_TAIL, Adapter->Tail);
}

/* Everything that is neither a command for the card nor answered by hba_scsi.c. */
static UCHAR HbaOther(PHBA_ADAPTER Adapter, PSCSI_REQUEST_BLOCK Srb)
{
    switch (SrbGetSrbFunction(Srb)) {
    case SRB_FUNCTION_RESET_BUS:
    case SRB_FUNCTION_RESET_DEVICE:
    case SRB_FUNCTION_RESET_LOGICAL_UNIT:
        return HbaResetAll(Adapter) ? SRB_STATUS_SUCCESS : SRB_STATUS_ERROR;
    case SRB_FUNCTION_PNP:
    case SRB_FUNCTION_POWER:
        return SRB_STATUS_SUCCESS;
    default:
        return SRB_STATUS_INVALID_REQUEST;
    }
}

_Use_decl_annotations_ static BOOLEAN HbaStartIo(PVOID HwDeviceExtension, PSCSI_REQUEST_BLOCK Srb)
{
    PHBA_ADAPTER adapter = HwDeviceExtension;
    PHBA_SRB     own = SrbGetMiniportContext(Srb);
    HBA_RESULT   result = {SRB_STATUS_SUCCESS, 0, 0};

    if (own->Request.Op) {
        HbaGive(adapter, Srb, own);
        return TRUE;
    }
    if (SrbGetSrbFunction(Srb) == SRB_FUNCTION_EXECUTE_SCSI)
        result = HbaAnswerCommand(adapter, Srb);
    else
        result.SrbStatus = HbaOther(adapter, Srb);
    HbaComplete(adapter, Srb, result);
    return TRUE;
}

/* ---- the adapter ---- */

static BOOLEAN HbaMap(PHBA_ADAPTER Adapter, PPORT_CONFIGURATION_INFORMATION Config)
{
    PACCESS_RANGE range = &(*Config->AccessRanges)[0];

    if (Config->NumberOfAccessRanges < 1 || range->RangeLength < HBA_REGISTER_BYTES || !range->RangeInMemory)
        return FALSE;
    Adapter->Registers = StorPortGetDeviceBase(
        Adapter, Config->AdapterInterfaceType, Config->SystemIoBusNumber, range->RangeStart, HBA_REGISTER_BYTES, FALSE);
    return Adapter->Registers && HbaGet(Adapter, HBA_ID) == HBA_ID_VALUE;
}

static VOID HbaConfigure(PPORT_CONFIGURATION_INFORMATION Config)
{
    Config->SynchronizationModel = StorSynchronizeFullDuplex;
    Config->HwMSInterruptRoutine = HbaMessage;
    Config->InterruptSynchronizationMode = InterruptSynchronizeAll;
    Config->Dma64BitAddresses = SCSI_DMA64_MINIPORT_FULL64BIT_SUPPORTED;
    Config->MaximumTransferLength = HBA_TRANSFER;
    Config->NumberOfPhysicalBreaks = HBA_ELEMENTS;
    Config->AlignmentMask = 3;
    Config->NumberOfBuses = 1;
    Config->MaximumNumberOfTargets = 1;
    Config->MaximumNumberOfLogicalUnits = 1;
    Config->MaxNumberOfIO = HBA_ENTRIES;
    Config->MaxIOsPerLun = HBA_ENTRIES;
    Config->CachesData = TRUE;
    Config->WmiDataProvider = FALSE;
    Config->VirtualDevice = FALSE;
}

_Use_decl_annotations_ static ULONG HbaFindAdapter(PVOID HwDeviceExtension, PVOID HwContext, PVOID BusInformation,
    PCHAR ArgumentString, PPORT_CONFIGURATION_INFORMATION Config, PBOOLEAN Again)
{
    PHBA_ADAPTER adapter = HwDeviceExtension;
    PUCHAR       memory;

    UNREFERENCED_PARAMETER(HwContext);
    UNREFERENCED_PARAMETER(BusInformation);
    UNREFERENCED_PARAMETER(ArgumentString);
    *Again = FALSE;
    if (!HbaMap(adapter, Config))
        return SP_RETURN_NOT_FOUND;
    HbaConfigure(Config);
    memory = StorPortGetUncachedExtension(adapter, Config, HBA_ENTRIES * (sizeof(HBA_REQUEST) + sizeof(HBA_ANSWER)));
    if (!memory)
        return SP_RETURN_ERROR;
    adapter->Requests = (PHBA_REQUEST)memory;
    adapter->Answers = (PHBA_ANSWER)(memory + HBA_ENTRIES * sizeof(HBA_REQUEST));
    adapter->Blocks = HbaGet(adapter, HBA_BLOCKS) | (ULONGLONG)HbaGet(adapter, HBA_BLOCKS + 4) << 32;
    adapter->BlockBytes = HbaGet(adapter, HBA_BLOCK_BYTES);
    return SP_RETURN_FOUND;
}

_Use_decl_annotations_ static BOOLEAN HbaPassiveInitialize(PVOID HwDeviceExtension)
{
    PHBA_ADAPTER adapter = HwDeviceExtension;

    StorPortInitializeDpc(adapter, &adapter->Dpc, HbaDpc);
    WriteRelease(&adapter->DpcReady, 1);
    return TRUE;
}

/* Comes again after a stop without restart, and when the power was away. */
_Use_decl_annotations_ static BOOLEAN HbaInitialize(PVOID HwDeviceExtension)
{
    PHBA_ADAPTER adapter = HwDeviceExtension;

    if (!HbaResetCard(adapter) || !HbaProgram(adapter))
        return FALSE;
    return adapter->DpcReady || StorPortEnablePassiveInitialization(adapter, HbaPassiveInitialize);
}

static VOID HbaSupported(PSCSI_SUPPORTED_CONTROL_TYPE_LIST List)
{
    static const SCSI_ADAPTER_CONTROL_TYPE types[] = {
        ScsiQuerySupportedControlTypes, ScsiStopAdapter, ScsiRestartAdapter};

    for (ULONG i = 0; i < ARRAYSIZE(types); i++)
        if ((ULONG)types[i] < List->MaxControlType)
            List->SupportedTypeList[types[i]] = TRUE;
}

/* The card may be gone when it is stopped: nothing here waits for it. */
_Use_decl_annotations_ static SCSI_ADAPTER_CONTROL_STATUS HbaAdapterControl(
    PVOID HwDeviceExtension, SCSI_ADAPTER_CONTROL_TYPE Type, PVOID Parameters)
{
    PHBA_ADAPTER adapter = HwDeviceExtension;

    if (Type == ScsiQuerySupportedControlTypes)
        HbaSupported(Parameters);
    else if (Type == ScsiStopAdapter)
        HbaPut(adapter, HBA_CONTROL, 0);
    else if (Type == ScsiRestartAdapter)
        HbaProgram(adapter);
    return ScsiAdapterControlSuccess;
}

DRIVER_INITIALIZE DriverEntry;

_Use_decl_annotations_ NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    HW_INITIALIZATION_DATA data = {0};

    data.HwInitializationDataSize = sizeof data;
    data.AdapterInterfaceType = PCIBus;
    data.HwFindAdapter = HbaFindAdapter;
    data.HwInitialize = HbaInitialize;
    data.HwBuildIo = HbaBuildIo;
    data.HwStartIo = HbaStartIo;
    data.HwInterrupt = HbaInterrupt;
    data.HwResetBus = HbaResetBus;
    data.HwAdapterControl = HbaAdapterControl;
    data.NumberOfAccessRanges = 1;
    data.MapBuffers = STOR_MAP_NON_READ_WRITE_BUFFERS;
    data.NeedPhysicalAddresses = TRUE;
    data.TaggedQueuing = TRUE;
    data.AutoRequestSense = TRUE;
    data.MultipleRequestPerLu = TRUE;
    data.DeviceExtensionSize = sizeof(HBA_ADAPTER);
    data.SrbExtensionSize = sizeof(HBA_SRB);
    data.SrbTypeFlags = SRB_TYPE_FLAG_STORAGE_REQUEST_BLOCK;
    data.AddressTypeFlags = ADDRESS_TYPE_FLAG_BTL8;
    return StorPortInitialize(DriverObject, RegistryPath, &data, NULL);
}
