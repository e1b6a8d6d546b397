/* SPDX-License-Identifier: MIT */
/* sp/srb.c - the two layouts of an SRB: written before an issue, read when the miniport is done. */
#include <string.h>

#include "ddk/scsi.h"
#include "sp/priv.h"

enum { ADDRESS_AT = (sizeof(STORAGE_REQUEST_BLOCK) + 4 * sizeof(ULONG) + 7) & ~7u };

/* ---- the client's buffer ---- */

static bool is_read_write(const struct sp_request *r)
{
    switch (r->cdb[0]) {
    case SCSIOP_READ6:
    case SCSIOP_WRITE6:
    case SCSIOP_READ:
    case SCSIOP_WRITE:
    case SCSIOP_READ12:
    case SCSIOP_WRITE12:
    case SCSIOP_READ16:
    case SCSIOP_WRITE16:
        return true;
    }
    return false;
}

/* STI-033, STS-010 to STS-012. */
static void *visible_buffer(const struct sp_adapter *a, const struct sp_request *r)
{
    UCHAR map = a->config->MapBuffers;

    if (!r->data || r->function != SRB_FUNCTION_EXECUTE_SCSI || map == STOR_MAP_ALL_BUFFERS_INCLUDING_READ_WRITE)
        return r->data;
    if (map == STOR_MAP_NO_BUFFERS)
        return SP_UNMAPPED;
    return is_read_write(r) ? NULL : r->data;
}

static UCHAR sense_bytes(const struct sp_request *r)
{
    return r->function == SRB_FUNCTION_EXECUTE_SCSI && !(r->flags & SRB_FLAGS_DISABLE_AUTOSENSE)
               ? (UCHAR)r->a->knobs.sense_bytes
               : 0;
}

static ULONG timeout_of(const struct sp_request *r)
{
    return r->timeout_s ? r->timeout_s : r->a->knobs.io_timeout_s;
}

/* ---- classic ---- */

static void fill_special(PSCSI_REQUEST_BLOCK srb, const struct sp_request *r)
{
    if (r->function == SRB_FUNCTION_PNP) {
        PSCSI_PNP_REQUEST_BLOCK pnp = (PSCSI_PNP_REQUEST_BLOCK)srb;

        pnp->PnPAction = (STOR_PNP_ACTION)r->action;
        pnp->SrbPnPFlags = r->subflags;
    } else if (r->function == SRB_FUNCTION_POWER) {
        PSCSI_POWER_REQUEST_BLOCK power = (PSCSI_POWER_REQUEST_BLOCK)srb;

        power->SrbPowerFlags = (UCHAR)r->subflags;
        power->DevicePowerState = (STOR_DEVICE_POWER_STATE)r->action;
        power->PowerAction = (STOR_POWER_ACTION)r->power_action;
    } else if (r->function == SRB_FUNCTION_WMI) {
        PSCSI_WMI_REQUEST_BLOCK wmi = (PSCSI_WMI_REQUEST_BLOCK)srb;

        wmi->WMISubFunction = (UCHAR)r->action;
        wmi->WMIFlags = (UCHAR)r->subflags;
        wmi->DataPath = r->data_path;
    }
}

static void fill_classic(struct sp_slot *s, const struct sp_request *r)
{
    PSCSI_REQUEST_BLOCK srb = s->srb;

    *srb = (SCSI_REQUEST_BLOCK){.Length = sizeof *srb,
        .Function = r->function,
        .PathId = r->path,
        .TargetId = r->target,
        .Lun = r->lun,
        .QueueTag = (UCHAR)s->index,
        .QueueAction = r->tag_action,
        .CdbLength = r->cdb_bytes,
        .SenseInfoBufferLength = sense_bytes(r),
        .SrbFlags = r->flags,
        .DataTransferLength = r->bytes,
        .TimeOutValue = timeout_of(r),
        .DataBuffer = visible_buffer(s->a, r),
        .SenseInfoBuffer = sense_bytes(r) ? s->sense : NULL,
        .NextSrb = r->next_srb,
        .OriginalRequest = r->original,
        .SrbExtension = s->extension};
    memcpy(srb->Cdb, r->cdb, sizeof srb->Cdb);
    fill_special(srb, r);
}

/* ---- extended ---- */

static PSRBEX_DATA data_at(PSTORAGE_REQUEST_BLOCK srb, unsigned i)
{
    return (PSRBEX_DATA)((char *)srb + srb->SrbExDataOffset[i]);
}

static void fill_address(PSTORAGE_REQUEST_BLOCK srb, const struct sp_request *r)
{
    PSTOR_ADDR_BTL8 address = (PSTOR_ADDR_BTL8)((char *)srb + ADDRESS_AT);

    *address = (STOR_ADDR_BTL8){.Type = STOR_ADDRESS_TYPE_BTL8,
        .Port = (USHORT)r->a->number,
        .AddressLength = STOR_ADDR_BTL8_ADDRESS_LENGTH,
        .Path = r->path,
        .Target = r->target,
        .Lun = r->lun};
    srb->AddressOffset = ADDRESS_AT;
}

static size_t fill_cdb(PSRBEX_DATA data, const struct sp_slot *s, const struct sp_request *r)
{
    if (r->cdb_bytes <= 16) {
        PSRBEX_DATA_SCSI_CDB16 c = (PSRBEX_DATA_SCSI_CDB16)data;

        *c = (SRBEX_DATA_SCSI_CDB16){.Type = SrbExDataTypeScsiCdb16,
            .Length = SRBEX_DATA_SCSI_CDB16_LENGTH,
            .SenseInfoBufferLength = sense_bytes(r),
            .CdbLength = r->cdb_bytes,
            .SenseInfoBuffer = sense_bytes(r) ? s->sense : NULL};
        memcpy(c->Cdb, r->cdb, sizeof c->Cdb);
        return sizeof *c;
    }
    if (r->cdb_bytes <= 32) {
        PSRBEX_DATA_SCSI_CDB32 c = (PSRBEX_DATA_SCSI_CDB32)data;

        *c = (SRBEX_DATA_SCSI_CDB32){.Type = SrbExDataTypeScsiCdb32,
            .Length = SRBEX_DATA_SCSI_CDB32_LENGTH,
            .SenseInfoBufferLength = sense_bytes(r),
            .CdbLength = r->cdb_bytes,
            .SenseInfoBuffer = sense_bytes(r) ? s->sense : NULL};
        memcpy(c->Cdb, r->cdb, sizeof c->Cdb);
        return sizeof *c;
    }
    PSRBEX_DATA_SCSI_CDB_VAR c = (PSRBEX_DATA_SCSI_CDB_VAR)data;

    *c = (SRBEX_DATA_SCSI_CDB_VAR){.Type = SrbExDataTypeScsiCdbVar,
        .Length = SRBEX_DATA_SCSI_CDB_VAR_LENGTH_MIN + r->cdb_bytes - 1,
        .SenseInfoBufferLength = sense_bytes(r),
        .CdbLength = r->cdb_bytes,
        .SenseInfoBuffer = sense_bytes(r) ? s->sense : NULL};
    memcpy(c->Cdb, r->cdb, r->cdb_bytes);
    return offsetof(SRBEX_DATA_SCSI_CDB_VAR, Cdb) + ((r->cdb_bytes + 7u) & ~7u);
}

static size_t fill_data(PSRBEX_DATA data, const struct sp_slot *s, const struct sp_request *r)
{
    if (r->function == SRB_FUNCTION_EXECUTE_SCSI)
        return fill_cdb(data, s, r);
    if (r->function == SRB_FUNCTION_PNP) {
        *(PSRBEX_DATA_PNP)data = (SRBEX_DATA_PNP){.Type = SrbExDataTypePnP,
            .Length = SRBEX_DATA_PNP_LENGTH,
            .PnPAction = (STOR_PNP_ACTION)r->action,
            .SrbPnPFlags = r->subflags};
        return sizeof(SRBEX_DATA_PNP);
    }
    if (r->function == SRB_FUNCTION_POWER) {
        *(PSRBEX_DATA_POWER)data = (SRBEX_DATA_POWER){.Type = SrbExDataTypePower,
            .Length = SRBEX_DATA_POWER_LENGTH,
            .SrbPowerFlags = (UCHAR)r->subflags,
            .DevicePowerState = (STOR_DEVICE_POWER_STATE)r->action,
            .PowerAction = (STOR_POWER_ACTION)r->power_action};
        return sizeof(SRBEX_DATA_POWER);
    }
    if (r->function == SRB_FUNCTION_WMI) {
        *(PSRBEX_DATA_WMI)data = (SRBEX_DATA_WMI){.Type = SrbExDataTypeWmi,
            .Length = SRBEX_DATA_WMI_LENGTH,
            .WMISubFunction = (UCHAR)r->action,
            .WMIFlags = (UCHAR)r->subflags,
            .DataPath = r->data_path};
        return sizeof(SRBEX_DATA_WMI);
    }
    return 0;
}

static bool is_write(const struct sp_request *r)
{
    return r->flags & SRB_FLAGS_DATA_OUT;
}

static size_t fill_io_info(PSRBEX_DATA data, const struct sp_request *r)
{
    *(PSRBEX_DATA_IO_INFO)data = (SRBEX_DATA_IO_INFO){.Type = SrbExDataTypeIoInfo,
        .Length = SRBEX_DATA_IO_INFO_LENGTH,
        .Flags = r->io_flags,
        .Key = r->io_key,
        .RWLength = r->bytes,
        .IsWriteRequest = is_write(r)};
    return sizeof(SRBEX_DATA_IO_INFO);
}

static size_t fill_bidirectional(PSRBEX_DATA data, const struct sp_request *r)
{
    *(PSRBEX_DATA_BIDIRECTIONAL)data = (SRBEX_DATA_BIDIRECTIONAL){.Type = SrbExDataTypeBidirectional,
        .Length = SRBEX_DATA_BIDIRECTIONAL_LENGTH,
        .DataInTransferLength = r->data_in_bytes,
        .DataInBuffer = r->data_in};
    return sizeof(SRBEX_DATA_BIDIRECTIONAL);
}

/* The next one's place. */
static ULONG add_data(PSTORAGE_REQUEST_BLOCK srb, ULONG at, size_t bytes)
{
    if (bytes)
        srb->SrbExDataOffset[srb->NumSrbExData++] = at;
    return at + (ULONG)bytes;
}

static void fill_extended(struct sp_slot *s, const struct sp_request *r)
{
    PSTORAGE_REQUEST_BLOCK srb = (PSTORAGE_REQUEST_BLOCK)s->srb;
    ULONG                  at = ADDRESS_AT + sizeof(STOR_ADDR_BTL8);

    memset(srb, 0, ADDRESS_AT);
    srb->Length = FIELD_OFFSET(STORAGE_REQUEST_BLOCK, Signature);
    srb->Function = SRB_FUNCTION_STORAGE_REQUEST_BLOCK;
    srb->Signature = SRB_SIGNATURE;
    srb->Version = STORAGE_REQUEST_BLOCK_VERSION_1;
    srb->SrbFunction = r->function;
    srb->SrbFlags = r->flags;
    srb->RequestTag = s->index;
    srb->RequestPriority = 2; /* normal */
    srb->RequestAttribute = r->tag_action;
    srb->TimeOutValue = timeout_of(r);
    srb->DataTransferLength = r->bytes;
    srb->DataBuffer = visible_buffer(s->a, r);
    srb->OriginalRequest = r->original;
    srb->MiniportContext = s->extension;
    srb->NextSrb = r->next_srb;
    fill_address(srb, r);
    at = add_data(srb, at, fill_data((PSRBEX_DATA)((char *)srb + at), s, r));
    if (r->data_in)
        at = add_data(srb, at, fill_bidirectional((PSRBEX_DATA)((char *)srb + at), r));
    if (r->io_info)
        at = add_data(srb, at, fill_io_info((PSRBEX_DATA)((char *)srb + at), r));
    srb->SrbLength = at;
}

void sp_srb_fill(struct sp_slot *s)
{
    if (s->a->extended_srb)
        fill_extended(s, s->r);
    else
        fill_classic(s, s->r);
}

/* ---- what the miniport has made of it ---- */

UCHAR sp_srb_status(const struct sp_slot *s)
{
    return s->srb->SrbStatus; /* the same place in both layouts */
}

static void read_classic(const struct sp_slot *s, struct sp_request *r)
{
    r->scsi_status = s->srb->ScsiStatus;
    r->sense_bytes = s->srb->SenseInfoBufferLength;
    r->transferred = s->srb->DataTransferLength;
    r->internal_status = s->srb->InternalStatus;
}

static void read_extended(const struct sp_slot *s, struct sp_request *r)
{
    PSTORAGE_REQUEST_BLOCK srb = (PSTORAGE_REQUEST_BLOCK)s->srb;

    r->transferred = srb->DataTransferLength;
    r->internal_status = srb->SystemStatus;
    r->scsi_status = r->sense_bytes = 0;
    if (srb->NumSrbExData == 0 || r->function != SRB_FUNCTION_EXECUTE_SCSI)
        return;
    PSRBEX_DATA_SCSI_CDB16 c = (PSRBEX_DATA_SCSI_CDB16)data_at(srb, 0); /* the same places in all three */

    r->scsi_status = c->ScsiStatus;
    r->sense_bytes = c->SenseInfoBufferLength;
}

void sp_srb_read(const struct sp_slot *s)
{
    struct sp_request *r = s->r;

    r->srb_status = sp_srb_status(s);
    if (s->a->extended_srb)
        read_extended(s, r);
    else
        read_classic(s, r);
    if (r->srb_status & SRB_STATUS_AUTOSENSE_VALID)
        memcpy(r->sense, s->sense, r->sense_bytes);
    else
        r->sense_bytes = 0;
}
