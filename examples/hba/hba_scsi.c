/* SPDX-License-Identifier: MIT */
/* hba_scsi.c - SCSI for a card that knows blocks: which commands it is given, and the answers to the others. See hba.h. */
#include "hba.h"

static const HBA_RESULT HbaGood = {SRB_STATUS_SUCCESS, 0, 0};

static HBA_RESULT HbaIllegal(UCHAR Asc)
{
    HBA_RESULT result = {SRB_STATUS_ERROR, SCSI_SENSE_ILLEGAL_REQUEST, Asc};

    return result;
}

/* ---- big-endian numbers ---- */

static ULONGLONG HbaGetBe(const UCHAR *At, ULONG Bytes)
{
    ULONGLONG value = 0;

    while (Bytes--)
        value = value << 8 | *At++;
    return value;
}

static VOID HbaPutBe(PUCHAR At, ULONG Bytes, ULONGLONG Value)
{
    while (Bytes--) {
        At[Bytes] = (UCHAR)Value;
        Value >>= 8;
    }
}

/* ---- what the card is given ---- */

static UCHAR HbaDecodeUnmap(PSCSI_REQUEST_BLOCK Srb, PHBA_REQUEST Request)
{
    PUCHAR list = SrbGetDataBuffer(Srb);

    if (!list || SrbGetDataTransferLength(Srb) < 24 || HbaGetBe(&list[2], 2) != 16)
        return 0;
    Request->Lba = HbaGetBe(&list[8], 8);
    Request->Blocks = (ULONG)HbaGetBe(&list[16], 4);
    return HBA_TRIM;
}

/* The operation, with block and count; 0: the card has none for this. */
UCHAR HbaDecode(PHBA_ADAPTER Adapter, PSCSI_REQUEST_BLOCK Srb, PHBA_REQUEST Request)
{
    ULONG function = SrbGetSrbFunction(Srb);
    PCDB  cdb = SrbGetCdb(Srb);

    UNREFERENCED_PARAMETER(Adapter);
    if (function == SRB_FUNCTION_FLUSH || function == SRB_FUNCTION_SHUTDOWN)
        return HBA_FLUSH;
    if (function != SRB_FUNCTION_EXECUTE_SCSI || !cdb)
        return 0;
    switch (cdb->AsByte[0]) {
    case SCSIOP_READ6:
    case SCSIOP_WRITE6:
        Request->Lba = HbaGetBe(&cdb->AsByte[1], 3) & 0x1FFFFF;
        Request->Blocks = cdb->AsByte[4] ? cdb->AsByte[4] : 256;
        return cdb->AsByte[0] == SCSIOP_READ6 ? HBA_READ : HBA_WRITE;
    case SCSIOP_READ:
    case SCSIOP_WRITE:
        Request->Lba = HbaGetBe(&cdb->AsByte[2], 4);
        Request->Blocks = (ULONG)HbaGetBe(&cdb->AsByte[7], 2);
        return cdb->AsByte[0] == SCSIOP_READ ? HBA_READ : HBA_WRITE;
    case SCSIOP_READ16:
    case SCSIOP_WRITE16:
        Request->Lba = HbaGetBe(&cdb->AsByte[2], 8);
        Request->Blocks = (ULONG)HbaGetBe(&cdb->AsByte[10], 4);
        return cdb->AsByte[0] == SCSIOP_READ16 ? HBA_READ : HBA_WRITE;
    case SCSIOP_SYNCHRONIZE_CACHE:
    case SCSIOP_SYNCHRONIZE_CACHE16:
        return HBA_FLUSH;
    case SCSIOP_UNMAP:
        return HbaDecodeUnmap(Srb, Request);
    default:
        return 0;
    }
}

HBA_RESULT HbaResultOf(UCHAR Status)
{
    static const HBA_RESULT results[] = {
        [HBA_OK] = {SRB_STATUS_SUCCESS, 0, 0},
        [HBA_INVALID] = {SRB_STATUS_ERROR, SCSI_SENSE_ILLEGAL_REQUEST, SCSI_ADSENSE_INVALID_CDB},
        [HBA_RANGE] = {SRB_STATUS_ERROR, SCSI_SENSE_ILLEGAL_REQUEST, SCSI_ADSENSE_ILLEGAL_BLOCK},
        [HBA_MEDIUM] = {SRB_STATUS_ERROR, SCSI_SENSE_MEDIUM_ERROR, 0x11},
        [HBA_PROTECTED] = {SRB_STATUS_ERROR, SCSI_SENSE_DATA_PROTECT, SCSI_ADSENSE_WRITE_PROTECT},
        [HBA_MEMORY] = {SRB_STATUS_ERROR, SCSI_SENSE_HARDWARE_ERROR, 0x44},
    };

    return Status < ARRAYSIZE(results) ? results[Status] : results[HBA_MEMORY];
}

/* ---- results ---- */

static VOID HbaSetSense(PSCSI_REQUEST_BLOCK Srb, HBA_RESULT Result)
{
    PUCHAR sense = SrbGetSenseInfoBuffer(Srb);

    SrbSetScsiStatus(Srb, SCSISTAT_CHECK_CONDITION);
    if (!sense || SrbGetSenseInfoBufferLength(Srb) < 18)
        return;
    RtlZeroMemory(sense, 18);
    sense[0] = 0x70; /* fixed format, of this command */
    sense[2] = Result.SenseKey;
    sense[7] = 10;
    sense[12] = Result.Asc;
    SrbSetSenseInfoBufferLength(Srb, 18);
    SrbSetSrbStatus(Srb, Result.SrbStatus | SRB_STATUS_AUTOSENSE_VALID);
}

/* A request that the card did not do has moved nothing; one that will be sent again keeps its length. */
VOID HbaSetResult(PSCSI_REQUEST_BLOCK Srb, HBA_RESULT Result)
{
    SrbSetSrbStatus(Srb, Result.SrbStatus);
    SrbSetScsiStatus(Srb, SCSISTAT_GOOD);
    if (Result.SrbStatus == SRB_STATUS_SUCCESS || Result.SrbStatus == SRB_STATUS_BUSY)
        return;
    SrbSetDataTransferLength(Srb, 0);
    if (Result.SenseKey)
        HbaSetSense(Srb, Result);
}

/* ---- answers ---- */

static HBA_RESULT HbaAnswer(PSCSI_REQUEST_BLOCK Srb, const VOID *Data, ULONG Bytes, ULONG Allocation)
{
    ULONG length = SrbGetDataTransferLength(Srb);
    PVOID buffer = SrbGetDataBuffer(Srb);

    if (Bytes > length)
        Bytes = length;
    if (Bytes > Allocation)
        Bytes = Allocation;
    if (Bytes && buffer)
        RtlCopyMemory(buffer, Data, Bytes);
    SrbSetDataTransferLength(Srb, Bytes);
    return HbaGood;
}

static HBA_RESULT HbaInquiryPage(PSCSI_REQUEST_BLOCK Srb, UCHAR Page, ULONG Allocation)
{
    static const UCHAR pages[] = {0x00, 0x80, 0x83, 0xB0, 0xB2};
    UCHAR              data[64] = {0};
    ULONG              bytes;

    data[1] = Page;
    switch (Page) {
    case 0x00:
        bytes = sizeof pages;
        RtlCopyMemory(&data[4], pages, bytes);
        break;
    case 0x80:
        bytes = 8;
        RtlCopyMemory(&data[4], "HBA00001", bytes);
        break;
    case 0x83: /* one designator: ASCII, T10 vendor id */
        data[4] = 2;
        data[5] = 1;
        data[7] = 16;
        RtlCopyMemory(&data[8], "DUETIME HBA00001", 16);
        bytes = 20;
        break;
    case 0xB0:
        HbaPutBe(&data[8], 4, HBA_TRANSFER / 512);
        HbaPutBe(&data[20], 4, 0xFFFFFFFF); /* blocks of an UNMAP */
        HbaPutBe(&data[24], 4, 1);          /* its descriptors */
        bytes = 60;
        break;
    case 0xB2:
        data[5] = 0x84; /* UNMAP; what is unmapped reads as zeroes */
        bytes = 4;
        break;
    default:
        return HbaIllegal(SCSI_ADSENSE_INVALID_CDB);
    }
    HbaPutBe(&data[2], 2, bytes);
    return HbaAnswer(Srb, data, bytes + 4, Allocation);
}

static HBA_RESULT HbaInquiry(PSCSI_REQUEST_BLOCK Srb, PCDB Cdb)
{
    ULONG allocation = (ULONG)HbaGetBe(&Cdb->AsByte[3], 2);
    UCHAR data[36] = {DIRECT_ACCESS_DEVICE, 0, 6, 2, 31, 0, 0, 2};

    if (Cdb->AsByte[1] & 1)
        return HbaInquiryPage(Srb, Cdb->AsByte[2], allocation);
    RtlCopyMemory(&data[8], "DUETIME HBA disk        1.0 ", 28);
    return HbaAnswer(Srb, data, sizeof data, allocation);
}

static HBA_RESULT HbaCapacity(PHBA_ADAPTER Adapter, PSCSI_REQUEST_BLOCK Srb)
{
    UCHAR data[8];

    HbaPutBe(&data[0], 4, Adapter->Blocks > 0xFFFFFFFF ? 0xFFFFFFFF : Adapter->Blocks - 1);
    HbaPutBe(&data[4], 4, Adapter->BlockBytes);
    return HbaAnswer(Srb, data, sizeof data, sizeof data);
}

static HBA_RESULT HbaCapacity16(PHBA_ADAPTER Adapter, PSCSI_REQUEST_BLOCK Srb, PCDB Cdb)
{
    UCHAR data[32] = {0};

    if ((Cdb->AsByte[1] & 0x1F) != 0x10)
        return HbaIllegal(SCSI_ADSENSE_INVALID_CDB);
    HbaPutBe(&data[0], 8, Adapter->Blocks - 1);
    HbaPutBe(&data[8], 4, Adapter->BlockBytes);
    data[14] = 0xC0; /* thinly provisioned, unmapped blocks are zeroes */
    return HbaAnswer(Srb, data, sizeof data, (ULONG)HbaGetBe(&Cdb->AsByte[10], 4));
}

/* Page 8, or all that there are: the write cache is on. */
static HBA_RESULT HbaModeSense(PSCSI_REQUEST_BLOCK Srb, PCDB Cdb, BOOLEAN Long)
{
    UCHAR page = Cdb->AsByte[2] & 0x3F, data[28] = {0};
    ULONG header = Long ? 8 : 4, bytes = header + 20;

    if (page != 0x08 && page != 0x3F)
        return HbaIllegal(SCSI_ADSENSE_INVALID_CDB);
    data[Long ? 1 : 0] = (UCHAR)(bytes - (Long ? 2 : 1));
    data[header] = 0x08;
    data[header + 1] = 18;
    data[header + 2] = 0x04;
    return HbaAnswer(Srb, data, bytes, Long ? (ULONG)HbaGetBe(&Cdb->AsByte[7], 2) : Cdb->AsByte[4]);
}

static HBA_RESULT HbaReportLuns(PSCSI_REQUEST_BLOCK Srb, PCDB Cdb)
{
    UCHAR list[16] = {0, 0, 0, 8};

    return HbaAnswer(Srb, list, sizeof list, (ULONG)HbaGetBe(&Cdb->AsByte[6], 4));
}

HBA_RESULT HbaAnswerCommand(PHBA_ADAPTER Adapter, PSCSI_REQUEST_BLOCK Srb)
{
    PCDB cdb = SrbGetCdb(Srb);

    switch (cdb->AsByte[0]) {
    case SCSIOP_TEST_UNIT_READY:
        return HbaGood;
    case SCSIOP_INQUIRY:
        return HbaInquiry(Srb, cdb);
    case SCSIOP_REPORT_LUNS:
        return HbaReportLuns(Srb, cdb);
    case SCSIOP_READ_CAPACITY:
        return HbaCapacity(Adapter, Srb);
    case SCSIOP_READ_CAPACITY16:
        return HbaCapacity16(Adapter, Srb, cdb);
    case SCSIOP_MODE_SENSE:
        return HbaModeSense(Srb, cdb, FALSE);
    case SCSIOP_MODE_SENSE10:
        return HbaModeSense(Srb, cdb, TRUE);
    case SCSIOP_UNMAP: /* more descriptors than page B0 allows */
        return HbaIllegal(SCSI_ADSENSE_INVALID_FIELD_PARAMETER_LIST);
    default:
        return HbaIllegal(SCSI_ADSENSE_ILLEGAL_COMMAND);
    }
}
