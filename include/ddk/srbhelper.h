/* SPDX-License-Identifier: MIT */
/*
 * One way to the fields of a request whichever layout it has. An argument `srb` is a SCSI_REQUEST_BLOCK or a
 * STORAGE_REQUEST_BLOCK. What a layout has no field for reads as 0 or NULL and is not written.
 */
#pragma once

#include <scsi.h>

#include <nt/srb_types.h>

#define SRB_HELPER FORCEINLINE

SRB_HELPER BOOLEAN SrbIsExtended_(_In_ PVOID srb)
{
    return ((PSTORAGE_REQUEST_BLOCK_HEADER)srb)->Function == SRB_FUNCTION_STORAGE_REQUEST_BLOCK;
}

#define SRB_EXTENDED_(srb) ((PSTORAGE_REQUEST_BLOCK)(srb))
#define SRB_CLASSIC_(srb) ((PSCSI_REQUEST_BLOCK)(srb))

/* ---- extension data ---------------------------------------------------------------------------------------------- */
/* Index-th extension data block, or NULL when there is none or it does not lie in the request. */
SRB_HELPER PSRBEX_DATA SrbGetSrbExDataByIndex(_In_ PSTORAGE_REQUEST_BLOCK Srb, _In_ ULONG Index)
{
    ULONG offset;

    if (Srb->Function != SRB_FUNCTION_STORAGE_REQUEST_BLOCK || Index >= Srb->NumSrbExData) return NULL;
    offset = Srb->SrbExDataOffset[Index];
    if (offset < sizeof(STORAGE_REQUEST_BLOCK) || offset + 2 * sizeof(ULONG) > Srb->SrbLength) return NULL;
    return (PSRBEX_DATA)((PUCHAR)Srb + offset);
}

SRB_HELPER PSRBEX_DATA SrbGetSrbExDataByType(_In_ PSTORAGE_REQUEST_BLOCK Srb, _In_ SRBEXDATATYPE Type)
{
    if (Srb->Function != SRB_FUNCTION_STORAGE_REQUEST_BLOCK) return NULL;
    for (ULONG i = 0; i < Srb->NumSrbExData; i++) {
        PSRBEX_DATA data = SrbGetSrbExDataByIndex(Srb, i);

        if (data && data->Type == Type) return data;
    }
    return NULL;
}

/* The extension data with the command, as the part that all three kinds share; NULL when there is none. */
SRB_HELPER PSRBEX_DATA SrbGetPrimarySrbExData(_In_ PSTORAGE_REQUEST_BLOCK Srb)
{
    if (Srb->SrbFunction == SRB_FUNCTION_EXECUTE_SCSI)
        for (ULONG i = 0; i < Srb->NumSrbExData; i++) {
            PSRBEX_DATA data = SrbGetSrbExDataByIndex(Srb, i);

            if (data && data->Type >= SrbExDataTypeScsiCdb16 && data->Type <= SrbExDataTypeScsiCdbVar) return data;
        }
    return NULL;
}

/* ---- lengths and copies ------------------------------------------------------------------------------------------ */
SRB_HELPER ULONG SrbGetSrbLength(_In_ PVOID srb)
{
    return SrbIsExtended_(srb) ? SRB_EXTENDED_(srb)->SrbLength : (ULONG)sizeof(SCSI_REQUEST_BLOCK);
}

SRB_HELPER BOOLEAN SrbCopySrb(_In_ PVOID DestinationSrb, _In_ ULONG DestinationSrbLength, _In_ PVOID SourceSrb)
{
    ULONG length = SrbGetSrbLength(SourceSrb);

    if (DestinationSrbLength < length) return FALSE;
    RtlCopyMemory(DestinationSrb, SourceSrb, length);
    return TRUE;
}

/* Clears all but what says which layout it is and how long. */
SRB_HELPER VOID SrbZeroSrb(_In_ PVOID srb)
{
    if (SrbIsExtended_(srb)) {
        ULONG length = SRB_EXTENDED_(srb)->SrbLength;
        USHORT header = SRB_EXTENDED_(srb)->Length;

        RtlZeroMemory(srb, length);
        SRB_EXTENDED_(srb)->Length = header;
        SRB_EXTENDED_(srb)->Function = SRB_FUNCTION_STORAGE_REQUEST_BLOCK;
        SRB_EXTENDED_(srb)->SrbLength = length;
    } else {
        USHORT length = SRB_CLASSIC_(srb)->Length;

        RtlZeroMemory(srb, sizeof(SCSI_REQUEST_BLOCK));
        SRB_CLASSIC_(srb)->Length = length;
    }
}

/* ---- address ----------------------------------------------------------------------------------------------------- */
SRB_HELPER PSTOR_ADDRESS SrbGetAddress(_In_ PSTORAGE_REQUEST_BLOCK Srb)
{
    return Srb->AddressOffset ? (PSTOR_ADDRESS)((PUCHAR)Srb + Srb->AddressOffset) : NULL;
}

SRB_HELPER VOID SrbGetPathTargetLun(_In_ PVOID srb, _Out_opt_ PUCHAR PathId, _Out_opt_ PUCHAR TargetId,
                                    _Out_opt_ PUCHAR Lun)
{
    UCHAR path = 0, target = 0, lun = 0;

    if (SrbIsExtended_(srb)) {
        PSTOR_ADDR_BTL8 address = (PSTOR_ADDR_BTL8)SrbGetAddress(SRB_EXTENDED_(srb));

        if (address && address->Type == STOR_ADDRESS_TYPE_BTL8)
            path = address->Path, target = address->Target, lun = address->Lun;
    } else {
        path = SRB_CLASSIC_(srb)->PathId, target = SRB_CLASSIC_(srb)->TargetId, lun = SRB_CLASSIC_(srb)->Lun;
    }
    if (PathId) *PathId = path;
    if (TargetId) *TargetId = target;
    if (Lun) *Lun = lun;
}

SRB_HELPER UCHAR SrbGetPathId(_In_ PVOID srb)
{
    UCHAR path;

    SrbGetPathTargetLun(srb, &path, NULL, NULL);
    return path;
}

SRB_HELPER UCHAR SrbGetTargetId(_In_ PVOID srb)
{
    UCHAR target;

    SrbGetPathTargetLun(srb, NULL, &target, NULL);
    return target;
}

SRB_HELPER UCHAR SrbGetLun(_In_ PVOID srb)
{
    UCHAR lun;

    SrbGetPathTargetLun(srb, NULL, NULL, &lun);
    return lun;
}

/* ---- fields with one name in each layout ------------------------------------------------------------------------- */
#define SRB_GET_SET_(type, name, extended, classic)                \
    SRB_HELPER type SrbGet##name(_In_ PVOID srb)                   \
    {                                                              \
        if (SrbIsExtended_(srb)) return (type)SRB_EXTENDED_(srb)->extended; \
        return (type)SRB_CLASSIC_(srb)->classic;                   \
    }                                                              \
    SRB_HELPER VOID SrbSet##name(_In_ PVOID srb, _In_ type Value)  \
    {                                                              \
        if (SrbIsExtended_(srb))                                   \
            SRB_EXTENDED_(srb)->extended = Value;                  \
        else                                                       \
            SRB_CLASSIC_(srb)->classic = Value;                    \
    }

SRB_GET_SET_(PVOID, DataBuffer, DataBuffer, DataBuffer)
SRB_GET_SET_(ULONG, DataTransferLength, DataTransferLength, DataTransferLength)
SRB_GET_SET_(ULONG, TimeOutValue, TimeOutValue, TimeOutValue)
SRB_GET_SET_(PVOID, OriginalRequest, OriginalRequest, OriginalRequest)
SRB_GET_SET_(ULONG, SystemStatus, SystemStatus, InternalStatus)
#undef SRB_GET_SET_

SRB_HELPER UCHAR SrbGetSrbStatus(_In_ PVOID srb)
{
    return ((PSTORAGE_REQUEST_BLOCK_HEADER)srb)->SrbStatus;
}

SRB_HELPER VOID SrbSetSrbStatus(_In_ PVOID srb, _In_ UCHAR Value)
{
    ((PSTORAGE_REQUEST_BLOCK_HEADER)srb)->SrbStatus = Value;
}

SRB_HELPER ULONG SrbGetSrbFunction(_In_ PVOID srb)
{
    return SrbIsExtended_(srb) ? SRB_EXTENDED_(srb)->SrbFunction : (ULONG)SRB_CLASSIC_(srb)->Function;
}

SRB_HELPER PVOID SrbGetMiniportContext(_In_ PVOID srb)
{
    return SrbIsExtended_(srb) ? SRB_EXTENDED_(srb)->MiniportContext : SRB_CLASSIC_(srb)->SrbExtension;
}

SRB_HELPER PVOID SrbGetPortContext(_In_ PVOID srb)
{
    return SrbIsExtended_(srb) ? SRB_EXTENDED_(srb)->PortContext : NULL;
}

SRB_HELPER VOID SrbSetPortContext(_In_ PVOID srb, _In_ PVOID PortContext)
{
    if (SrbIsExtended_(srb)) SRB_EXTENDED_(srb)->PortContext = PortContext;
}

SRB_HELPER PVOID SrbGetNextSrb(_In_ PVOID srb)
{
    return SrbIsExtended_(srb) ? (PVOID)SRB_EXTENDED_(srb)->NextSrb : (PVOID)SRB_CLASSIC_(srb)->NextSrb;
}

SRB_HELPER VOID SrbSetNextSrb(_In_ PVOID srb, _In_opt_ PVOID NextSrb)
{
    if (SrbIsExtended_(srb))
        SRB_EXTENDED_(srb)->NextSrb = (PSTORAGE_REQUEST_BLOCK)NextSrb;
    else
        SRB_CLASSIC_(srb)->NextSrb = (PSCSI_REQUEST_BLOCK)NextSrb;
}

/* ---- flags ------------------------------------------------------------------------------------------------------- */
SRB_HELPER ULONG SrbGetSrbFlags(_In_ PVOID srb)
{
    return SrbIsExtended_(srb) ? SRB_EXTENDED_(srb)->SrbFlags : SRB_CLASSIC_(srb)->SrbFlags;
}

SRB_HELPER VOID SrbAssignSrbFlags(_In_ PVOID srb, _In_ ULONG Flags)
{
    if (SrbIsExtended_(srb))
        SRB_EXTENDED_(srb)->SrbFlags = Flags;
    else
        SRB_CLASSIC_(srb)->SrbFlags = Flags;
}

SRB_HELPER VOID SrbSetSrbFlags(_In_ PVOID srb, _In_ ULONG Flags)
{
    SrbAssignSrbFlags(srb, SrbGetSrbFlags(srb) | Flags);
}

SRB_HELPER VOID SrbClearSrbFlags(_In_ PVOID srb, _In_ ULONG Flags)
{
    SrbAssignSrbFlags(srb, SrbGetSrbFlags(srb) & ~Flags);
}

/* ---- tags and attributes ----------------------------------------------------------------------------------------- */
SRB_HELPER ULONG SrbGetQueueTag(_In_ PVOID srb)
{
    return SrbIsExtended_(srb) ? SRB_EXTENDED_(srb)->RequestTag : (ULONG)SRB_CLASSIC_(srb)->QueueTag;
}

SRB_HELPER VOID SrbSetQueueTag(_In_ PVOID srb, _In_ ULONG QueueTag)
{
    if (SrbIsExtended_(srb))
        SRB_EXTENDED_(srb)->RequestTag = QueueTag;
    else
        SRB_CLASSIC_(srb)->QueueTag = (UCHAR)QueueTag;
}

SRB_HELPER ULONG SrbGetRequestTag(_In_ PVOID srb)
{
    return SrbGetQueueTag(srb);
}

SRB_HELPER UCHAR SrbGetQueueAction(_In_ PVOID srb)
{
    return SrbIsExtended_(srb) ? (UCHAR)SRB_EXTENDED_(srb)->RequestAttribute : SRB_CLASSIC_(srb)->QueueAction;
}

SRB_HELPER VOID SrbSetQueueAction(_In_ PVOID srb, _In_ UCHAR QueueAction)
{
    if (SrbIsExtended_(srb))
        SRB_EXTENDED_(srb)->RequestAttribute = QueueAction;
    else
        SRB_CLASSIC_(srb)->QueueAction = QueueAction;
}

SRB_HELPER UCHAR SrbGetRequestAttribute(_In_ PVOID srb)
{
    return SrbGetQueueAction(srb);
}

SRB_HELPER VOID SrbSetRequestAttribute(_In_ PVOID srb, _In_ UCHAR RequestAttribute)
{
    SrbSetQueueAction(srb, RequestAttribute);
}

SRB_HELPER ULONG SrbGetQueueSortKey(_In_ PVOID srb)
{
    return SrbIsExtended_(srb) ? 0 : SRB_CLASSIC_(srb)->QueueSortKey;
}

SRB_HELPER VOID SrbSetQueueSortKey(_In_ PVOID srb, _In_ ULONG QueueSortKey)
{
    if (!SrbIsExtended_(srb)) SRB_CLASSIC_(srb)->QueueSortKey = QueueSortKey;
}

#define SrbAssignQueueSortKey SrbSetQueueSortKey

/* ---- the command ------------------------------------------------------------------------------------------------- */
/* A command of an extended request: NULL when it is not SRB_FUNCTION_EXECUTE_SCSI. */
SRB_HELPER PCDB SrbGetCdb(_In_ PVOID srb)
{
    PSRBEX_DATA data;

    if (!SrbIsExtended_(srb)) return (PCDB)SRB_CLASSIC_(srb)->Cdb;
    data = SrbGetPrimarySrbExData(SRB_EXTENDED_(srb));
    if (!data) return NULL;
    if (data->Type == SrbExDataTypeScsiCdbVar) return (PCDB)((PSRBEX_DATA_SCSI_CDB_VAR)data)->Cdb;
    return (PCDB)((PSRBEX_DATA_SCSI_CDB16)data)->Cdb; /* the one of 32 bytes has it at the same place */
}

SRB_HELPER ULONG SrbCdbLength32_(_In_ PVOID srb)
{
    PSRBEX_DATA data;

    if (!SrbIsExtended_(srb)) return SRB_CLASSIC_(srb)->CdbLength;
    data = SrbGetPrimarySrbExData(SRB_EXTENDED_(srb));
    if (!data) return 0;
    if (data->Type == SrbExDataTypeScsiCdbVar) return ((PSRBEX_DATA_SCSI_CDB_VAR)data)->CdbLength;
    return ((PSRBEX_DATA_SCSI_CDB16)data)->CdbLength;
}

SRB_HELPER UCHAR SrbGetCdbLength(_In_ PVOID srb)
{
    ULONG length = SrbCdbLength32_(srb);

    return length <= 0xFF ? (UCHAR)length : 0;
}

SRB_HELPER VOID SrbAssignCdbLength32_(_In_ PVOID srb, _In_ ULONG CdbLength)
{
    PSRBEX_DATA data;

    if (!SrbIsExtended_(srb)) {
        SRB_CLASSIC_(srb)->CdbLength = (UCHAR)CdbLength;
        return;
    }
    data = SrbGetPrimarySrbExData(SRB_EXTENDED_(srb));
    if (data && data->Type == SrbExDataTypeScsiCdbVar)
        ((PSRBEX_DATA_SCSI_CDB_VAR)data)->CdbLength = CdbLength;
    else if (data)
        ((PSRBEX_DATA_SCSI_CDB16)data)->CdbLength = (UCHAR)CdbLength;
}

SRB_HELPER VOID SrbSetCdbLength(_In_ PVOID srb, _In_ UCHAR CdbLength)
{
    SrbAssignCdbLength32_(srb, CdbLength);
}

/* ---- status and sense data --------------------------------------------------------------------------------------- */
SRB_HELPER PVOID *SrbSenseInfoBuffer_(_In_ PVOID srb)
{
    PSRBEX_DATA data;

    if (!SrbIsExtended_(srb)) return &SRB_CLASSIC_(srb)->SenseInfoBuffer;
    data = SrbGetPrimarySrbExData(SRB_EXTENDED_(srb));
    if (!data) return NULL;
    if (data->Type == SrbExDataTypeScsiCdbVar) return &((PSRBEX_DATA_SCSI_CDB_VAR)data)->SenseInfoBuffer;
    return &((PSRBEX_DATA_SCSI_CDB16)data)->SenseInfoBuffer;
}

/* SCSI status and sense length stand at the same place in all three kinds of extension data. */
SRB_HELPER PUCHAR SrbSenseInfoBufferLength_(_In_ PVOID srb)
{
    PSRBEX_DATA data;

    if (!SrbIsExtended_(srb)) return &SRB_CLASSIC_(srb)->SenseInfoBufferLength;
    data = SrbGetPrimarySrbExData(SRB_EXTENDED_(srb));
    return data ? &((PSRBEX_DATA_SCSI_CDB16)data)->SenseInfoBufferLength : NULL;
}

SRB_HELPER PUCHAR SrbScsiStatus_(_In_ PVOID srb)
{
    PSRBEX_DATA data;

    if (!SrbIsExtended_(srb)) return &SRB_CLASSIC_(srb)->ScsiStatus;
    data = SrbGetPrimarySrbExData(SRB_EXTENDED_(srb));
    return data ? &((PSRBEX_DATA_SCSI_CDB16)data)->ScsiStatus : NULL;
}

SRB_HELPER PVOID SrbGetSenseInfoBuffer(_In_ PVOID srb)
{
    PVOID *place = SrbSenseInfoBuffer_(srb);

    return place ? *place : NULL;
}

SRB_HELPER VOID SrbSetSenseInfoBuffer(_In_ PVOID srb, _In_opt_ PVOID SenseInfoBuffer)
{
    PVOID *place = SrbSenseInfoBuffer_(srb);

    if (place) *place = SenseInfoBuffer;
}

SRB_HELPER UCHAR SrbGetSenseInfoBufferLength(_In_ PVOID srb)
{
    PUCHAR place = SrbSenseInfoBufferLength_(srb);

    return place ? *place : 0;
}

SRB_HELPER VOID SrbSetSenseInfoBufferLength(_In_ PVOID srb, _In_ UCHAR SenseInfoBufferLength)
{
    PUCHAR place = SrbSenseInfoBufferLength_(srb);

    if (place) *place = SenseInfoBufferLength;
}

SRB_HELPER UCHAR SrbGetScsiStatus(_In_ PVOID srb)
{
    PUCHAR place = SrbScsiStatus_(srb);

    return place ? *place : 0;
}

SRB_HELPER VOID SrbSetScsiStatus(_In_ PVOID srb, _In_ UCHAR ScsiStatus)
{
    PUCHAR place = SrbScsiStatus_(srb);

    if (place) *place = ScsiStatus;
}

/* Everything about the command at once; the CDB. What is not asked for is NULL. NULL: the request carries no command. */
SRB_HELPER PCDB SrbGetScsiData(_In_ PSTORAGE_REQUEST_BLOCK Srb, _Out_opt_ PUCHAR CdbLength8,
                                  _Out_opt_ PULONG CdbLength32, _Out_opt_ PUCHAR ScsiStatus,
                                  _Outptr_opt_ PVOID *SenseInfoBuffer, _Out_opt_ PUCHAR SenseInfoBufferLength)
{
    if (CdbLength8) *CdbLength8 = SrbGetCdbLength(Srb);
    if (CdbLength32) *CdbLength32 = SrbCdbLength32_(Srb);
    if (ScsiStatus) *ScsiStatus = SrbGetScsiStatus(Srb);
    if (SenseInfoBuffer) *SenseInfoBuffer = SrbGetSenseInfoBuffer(Srb);
    if (SenseInfoBufferLength) *SenseInfoBufferLength = SrbGetSenseInfoBufferLength(Srb);
    return SrbGetCdb(Srb);
}

SRB_HELPER VOID SrbSetScsiData(_In_ PSTORAGE_REQUEST_BLOCK Srb, _In_opt_ PUCHAR CdbLength8, _In_opt_ PULONG CdbLength32,
                               _In_opt_ PUCHAR ScsiStatus, _In_opt_ PVOID *SenseInfoBuffer,
                               _In_opt_ PUCHAR SenseInfoBufferLength)
{
    if (CdbLength8) SrbSetCdbLength(Srb, *CdbLength8);
    if (CdbLength32) SrbAssignCdbLength32_(Srb, *CdbLength32);
    if (ScsiStatus) SrbSetScsiStatus(Srb, *ScsiStatus);
    if (SenseInfoBuffer) SrbSetSenseInfoBuffer(Srb, *SenseInfoBuffer);
    if (SenseInfoBufferLength) SrbSetSenseInfoBufferLength(Srb, *SenseInfoBufferLength);
}

#undef SRB_HELPER
