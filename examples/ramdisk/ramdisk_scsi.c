/* SPDX-License-Identifier: MIT */
/* ramdisk_scsi.c - the commands of the disk: what INQUIRY and its kin say, and the transfers. See ramdisk.h. */
#include "ramdisk.h"

/* Page B2, flags of byte 5: UNMAP, and unmapped blocks read as zeroes. */
#define RD_LBPU  0x80
#define RD_LBPRZ 0x04

#define RD_DPOFUA 0x10 /* device-specific parameter of MODE SENSE */

static const RD_RESULT RdGood = {SRB_STATUS_SUCCESS, SCSISTAT_GOOD, 0, 0};

static RD_RESULT RdIllegal(UCHAR Asc)
{
    RD_RESULT result = {SRB_STATUS_ERROR, SCSISTAT_CHECK_CONDITION, SCSI_SENSE_ILLEGAL_REQUEST, Asc};

    return result;
}

static ULONGLONG RdMin(ULONGLONG A, ULONGLONG B)
{
    return A < B ? A : B;
}

/* ---- big-endian numbers ---- */

static ULONGLONG RdGet(const UCHAR *At, ULONG Bytes)
{
    ULONGLONG value = 0;

    while (Bytes--)
        value = value << 8 | *At++;
    return value;
}

static VOID RdPut(PUCHAR At, ULONG Bytes, ULONGLONG Value)
{
    while (Bytes--) {
        At[Bytes] = (UCHAR)Value;
        Value >>= 8;
    }
}

/* ---- answers ---- */

/* Copies what fits; a shorter answer than was asked for is an underrun, which only lowers the length. */
static RD_RESULT RdAnswer(PSCSI_REQUEST_BLOCK Srb, const VOID *Data, ULONG Bytes, ULONG Allocation)
{
    ULONG length = SrbGetDataTransferLength(Srb);
    PVOID buffer = SrbGetDataBuffer(Srb);

    Bytes = (ULONG)RdMin(Bytes, RdMin(length, Allocation));
    if (Bytes && buffer)
        memcpy(buffer, Data, Bytes);
    SrbSetDataTransferLength(Srb, Bytes);
    return RdGood;
}

static RD_RESULT RdReportLuns(PSCSI_REQUEST_BLOCK Srb, PCDB Cdb)
{
    UCHAR list[16] = {0};

    RdPut(list, 4, 8); /* one unit, number 0 */
    return RdAnswer(Srb, list, sizeof list, (ULONG)RdGet(&Cdb->AsByte[6], 4));
}

static RD_RESULT RdInquiryPage(PRD_ADAPTER Adapter, PSCSI_REQUEST_BLOCK Srb, UCHAR Page, ULONG Allocation)
{
    static const UCHAR pages[] = {0x00, 0x80, 0x83, 0xB0, 0xB2};
    static const CHAR  serial[] = "RAMDISK0";
    UCHAR              data[64] = {0};
    ULONG              bytes = 0;

    UNREFERENCED_PARAMETER(Adapter);
    data[1] = Page;
    switch (Page) {
    case 0x00:
        bytes = sizeof pages;
        memcpy(&data[4], pages, bytes);
        break;
    case 0x80:
        bytes = 8;
        memcpy(&data[4], serial, bytes);
        break;
    case 0x83: /* one designator: ASCII, T10 vendor id */
        data[4] = 2;
        data[5] = 1;
        data[7] = 16;
        memcpy(&data[8], "DUETIME ", 8);
        memcpy(&data[16], serial, 8);
        bytes = 20;
        break;
    case 0xB0:
        RdPut(&data[8], 4, (1 << 20) / RD_BLOCK_SIZE);  /* maximum transfer */
        RdPut(&data[12], 4, (1 << 16) / RD_BLOCK_SIZE); /* optimal transfer */
        RdPut(&data[20], 4, 0xFFFFFFFF);                /* blocks of an UNMAP */
        RdPut(&data[24], 4, 32);                        /* its descriptors */
        bytes = 60;
        break;
    case 0xB2:
        data[5] = RD_LBPU | RD_LBPRZ;
        bytes = 4;
        break;
    default:
        return RdIllegal(SCSI_ADSENSE_INVALID_CDB);
    }
    RdPut(&data[2], 2, bytes);
    return RdAnswer(Srb, data, bytes + 4, Allocation);
}

static RD_RESULT RdInquiry(PRD_ADAPTER Adapter, PSCSI_REQUEST_BLOCK Srb, PCDB Cdb)
{
    ULONG allocation = (ULONG)RdGet(&Cdb->AsByte[3], 2);
    UCHAR data[36] = {0};

    if (Cdb->AsByte[1] & 1)
        return RdInquiryPage(Adapter, Srb, Cdb->AsByte[2], allocation);
    if (Cdb->AsByte[2])
        return RdIllegal(SCSI_ADSENSE_INVALID_CDB);
    data[0] = DIRECT_ACCESS_DEVICE;
    data[2] = 6;    /* SPC-4 */
    data[3] = 2;    /* response format */
    data[4] = 31;   /* bytes that follow */
    data[7] = 0x02; /* command queueing */
    memcpy(&data[8], "DUETIME ", 8);
    memcpy(&data[16], "RAM disk        ", 16);
    memcpy(&data[32], "1.0 ", 4);
    return RdAnswer(Srb, data, sizeof data, allocation);
}

static RD_RESULT RdReadCapacity10(PRD_ADAPTER Adapter, PSCSI_REQUEST_BLOCK Srb)
{
    UCHAR data[8];

    RdPut(&data[0], 4, RdMin(Adapter->Blocks - 1, 0xFFFFFFFF));
    RdPut(&data[4], 4, RD_BLOCK_SIZE);
    return RdAnswer(Srb, data, sizeof data, sizeof data);
}

static RD_RESULT RdReadCapacity16(PRD_ADAPTER Adapter, PSCSI_REQUEST_BLOCK Srb, PCDB Cdb)
{
    UCHAR data[32] = {0};

    RdPut(&data[0], 8, Adapter->Blocks - 1);
    RdPut(&data[8], 4, RD_BLOCK_SIZE);
    data[14] = 0xC0; /* thin, and unmapped blocks read as zeroes */
    return RdAnswer(Srb, data, sizeof data, (ULONG)RdGet(&Cdb->AsByte[10], 4));
}

/* Only the caching page: no write cache, so that nothing has to be flushed. */
static RD_RESULT RdModeSense(PSCSI_REQUEST_BLOCK Srb, PCDB Cdb, ULONG HeaderBytes)
{
    UCHAR page = Cdb->AsByte[2] & 0x3F;
    ULONG allocation = HeaderBytes == 8 ? (ULONG)RdGet(&Cdb->AsByte[7], 2) : Cdb->AsByte[4];
    UCHAR data[8 + 20] = {0};
    ULONG bytes = HeaderBytes;

    if (page != MODE_PAGE_CACHING && page != MODE_SENSE_RETURN_ALL)
        return RdIllegal(SCSI_ADSENSE_INVALID_CDB);
    data[bytes] = MODE_PAGE_CACHING;
    data[bytes + 1] = 18;
    bytes += 20;
    if (HeaderBytes == 8) {
        RdPut(data, 2, bytes - 2);
        data[3] = RD_DPOFUA;
    } else {
        data[0] = (UCHAR)(bytes - 1);
        data[2] = RD_DPOFUA;
    }
    return RdAnswer(Srb, data, bytes, allocation);
}

/* ---- the medium ---- */

static BOOLEAN RdInside(PRD_ADAPTER Adapter, ULONGLONG Block, ULONGLONG Count)
{
    return Block <= Adapter->Blocks && Count <= Adapter->Blocks - Block;
}

static RD_RESULT RdUnmap(PRD_ADAPTER Adapter, PSCSI_REQUEST_BLOCK Srb)
{
    PUCHAR list = SrbGetDataBuffer(Srb);
    ULONG  length = SrbGetDataTransferLength(Srb);
    ULONG  bytes = length >= 8 ? (ULONG)RdMin(RdGet(&list[2], 2), length - 8) : 0;

    for (ULONG at = 8; at + 16 <= 8 + bytes; at += 16) {
        ULONGLONG block = RdGet(&list[at], 8), count = RdGet(&list[at + 8], 4);

        if (!RdInside(Adapter, block, count))
            return RdIllegal(SCSI_ADSENSE_ILLEGAL_BLOCK);
        memset(Adapter->Media + block * RD_BLOCK_SIZE, 0, count * RD_BLOCK_SIZE);
    }
    return RdGood;
}

_Use_decl_annotations_ BOOLEAN RdIsWrite(PCDB Cdb)
{
    switch (Cdb->AsByte[0]) {
    case SCSIOP_WRITE6:
    case SCSIOP_WRITE:
    case SCSIOP_WRITE12:
    case SCSIOP_WRITE16:
        return TRUE;
    default:
        return FALSE;
    }
}

_Use_decl_annotations_ BOOLEAN RdIsTransfer(PCDB Cdb, PULONGLONG Block, PULONG Count)
{
    switch (Cdb->AsByte[0]) {
    case SCSIOP_READ6:
    case SCSIOP_WRITE6:
        *Block = RdGet(&Cdb->AsByte[1], 3) & 0x1FFFFF;
        *Count = Cdb->AsByte[4] ? Cdb->AsByte[4] : 256;
        return TRUE;
    case SCSIOP_READ:
    case SCSIOP_WRITE:
        *Block = RdGet(&Cdb->AsByte[2], 4);
        *Count = (ULONG)RdGet(&Cdb->AsByte[7], 2);
        return TRUE;
    case SCSIOP_READ12:
    case SCSIOP_WRITE12:
        *Block = RdGet(&Cdb->AsByte[2], 4);
        *Count = (ULONG)RdGet(&Cdb->AsByte[6], 4);
        return TRUE;
    case SCSIOP_READ16:
    case SCSIOP_WRITE16:
        *Block = RdGet(&Cdb->AsByte[2], 8);
        *Count = (ULONG)RdGet(&Cdb->AsByte[10], 4);
        return TRUE;
    default:
        *Block = *Count = 0;
        return FALSE;
    }
}

static RD_RESULT RdTransfer(PRD_ADAPTER Adapter, PSCSI_REQUEST_BLOCK Srb, ULONGLONG Block, ULONG Count)
{
    ULONGLONG bytes = (ULONGLONG)Count * RD_BLOCK_SIZE;
    PVOID     buffer;

    if (!RdInside(Adapter, Block, Count))
        return RdIllegal(SCSI_ADSENSE_ILLEGAL_BLOCK);
    if (bytes == 0)
        return RdGood;
    if (bytes > SrbGetDataTransferLength(Srb))
        return RdIllegal(SCSI_ADSENSE_INVALID_CDB);
    if (StorPortGetSystemAddress(Adapter, Srb, &buffer) != STOR_STATUS_SUCCESS) {
        RD_RESULT failed = {SRB_STATUS_INTERNAL_ERROR, SCSISTAT_GOOD, 0, 0};

        return failed;
    }
    if (RdIsWrite(SrbGetCdb(Srb)))
        memcpy(Adapter->Media + Block * RD_BLOCK_SIZE, buffer, bytes);
    else
        memcpy(buffer, Adapter->Media + Block * RD_BLOCK_SIZE, bytes);
    SrbSetDataTransferLength(Srb, (ULONG)bytes);
    return RdGood;
}

/* ---- a command ---- */

_Use_decl_annotations_ RD_RESULT RdExecute(PRD_ADAPTER Adapter, PSCSI_REQUEST_BLOCK Srb)
{
    PCDB      cdb = SrbGetCdb(Srb);
    ULONGLONG block;
    ULONG     count;

    if (RdIsTransfer(cdb, &block, &count))
        return RdTransfer(Adapter, Srb, block, count);
    switch (cdb->AsByte[0]) {
    case SCSIOP_TEST_UNIT_READY:
    case SCSIOP_START_STOP_UNIT:
    case SCSIOP_SYNCHRONIZE_CACHE: /* nothing is cached */
    case SCSIOP_SYNCHRONIZE_CACHE16:
    case SCSIOP_VERIFY:
    case SCSIOP_VERIFY16:
        return RdGood;
    case SCSIOP_REPORT_LUNS:
        return RdReportLuns(Srb, cdb);
    case SCSIOP_INQUIRY:
        return RdInquiry(Adapter, Srb, cdb);
    case SCSIOP_READ_CAPACITY:
        return RdReadCapacity10(Adapter, Srb);
    case SCSIOP_SERVICE_ACTION_IN16:
        if ((cdb->AsByte[1] & 0x1F) != SERVICE_ACTION_READ_CAPACITY16)
            return RdIllegal(SCSI_ADSENSE_INVALID_CDB);
        return RdReadCapacity16(Adapter, Srb, cdb);
    case SCSIOP_MODE_SENSE:
        return RdModeSense(Srb, cdb, 4);
    case SCSIOP_MODE_SENSE10:
        return RdModeSense(Srb, cdb, 8);
    case SCSIOP_UNMAP:
        return RdUnmap(Adapter, Srb);
    default:
        return RdIllegal(SCSI_ADSENSE_ILLEGAL_COMMAND);
    }
}

_Use_decl_annotations_ VOID RdSetResult(PSCSI_REQUEST_BLOCK Srb, RD_RESULT Result)
{
    PUCHAR sense = SrbGetSenseInfoBuffer(Srb);
    UCHAR  length = SrbGetSenseInfoBufferLength(Srb);
    UCHAR  status = Result.SrbStatus;

    SrbSetScsiStatus(Srb, Result.ScsiStatus);
    if (Result.ScsiStatus == SCSISTAT_CHECK_CONDITION && sense && length >= 18) {
        memset(sense, 0, 18);
        sense[0] = SCSI_SENSE_ERRORCODE_FIXED_CURRENT;
        sense[2] = Result.SenseKey;
        sense[7] = 10;
        sense[12] = Result.Asc;
        SrbSetSenseInfoBufferLength(Srb, 18);
        status |= SRB_STATUS_AUTOSENSE_VALID;
    }
    SrbSetSrbStatus(Srb, status);
}
