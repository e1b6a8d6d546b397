/* SPDX-License-Identifier: MIT */
/* SCSI commands and their data. Numbers in both are big-endian: the REVERSE_ macros turn them. */
#pragma once

#include <nt/scsi_cdb.h>
#include <nt/scsi_codes.h>
#include <nt/scsi_data.h>
#include <nt/srb_types.h>

/* ---- values of fields -------------------------------------------------------------------------------------------- */
typedef enum _VPD_CODE_SET {
    VpdCodeSetReserved = 0,
    VpdCodeSetBinary = 1,
    VpdCodeSetAscii = 2,
    VpdCodeSetUTF8 = 3
} VPD_CODE_SET, *PVPD_CODE_SET;

typedef enum _VPD_ASSOCIATION {
    VpdAssocDevice = 0,
    VpdAssocPort = 1,
    VpdAssocTarget = 2,
    VpdAssocReserved1 = 3,
    VpdAssocReserved2 = 4
} VPD_ASSOCIATION, *PVPD_ASSOCIATION;

typedef enum _VPD_IDENTIFIER_TYPE {
    VpdIdentifierTypeVendorSpecific = 0,
    VpdIdentifierTypeVendorId = 1,
    VpdIdentifierTypeEUI64 = 2,
    VpdIdentifierTypeFCPHName = 3,
    VpdIdentifierTypePortRelative = 4,
    VpdIdentifierTypeTargetPortGroup = 5,
    VpdIdentifierTypeLogicalUnitGroup = 6,
    VpdIdentifierTypeMD5LogicalUnitId = 7,
    VpdIdentifierTypeSCSINameString = 8
} VPD_IDENTIFIER_TYPE, *PVPD_IDENTIFIER_TYPE;

#define PROVISIONING_TYPE_UNKNOWN 0x0
#define PROVISIONING_TYPE_RESOURCE 0x1
#define PROVISIONING_TYPE_THIN 0x2

/* Pages beside those of scsi_codes.h. */
#ifndef VPD_BLOCK_LIMITS
#define VPD_ATA_INFORMATION 0x89
#define VPD_THIRD_PARTY_COPY 0x8F
#define VPD_BLOCK_LIMITS 0xB0
#define VPD_BLOCK_DEVICE_CHARACTERISTICS 0xB1
#define VPD_LOGICAL_BLOCK_PROVISIONING 0xB2
#define VPD_ZONED_BLOCK_DEVICE_CHARACTERISTICS 0xB6
#endif
#define SCSI_SENSEQ_SPACE_ALLOC_FAILED_WRITE_PROTECT 0x07
#define SCSI_SENSEQ_CAPACITY_DATA_CHANGED 0x09

#define SENSE_BUFFER_SIZE 18
#define MAX_SENSE_BUFFER_SIZE 255
#define MAX_ADDITIONAL_SENSE_BYTES (MAX_SENSE_BUFFER_SIZE - SENSE_BUFFER_SIZE)
#define SCSI_ILLEGAL_LENGTH 0x20
#define SCSI_EOM 0x40
#define SCSI_FILE_MARK 0x80

#define SCSI_SENSE_ERRORCODE_FIXED_CURRENT 0x70
#define SCSI_SENSE_ERRORCODE_FIXED_DEFERRED 0x71
#define SCSI_SENSE_ERRORCODE_DESCRIPTOR_CURRENT 0x72
#define SCSI_SENSE_ERRORCODE_DESCRIPTOR_DEFERRED 0x73
#define SCSI_SENSE_DESCRIPTOR_TYPE_INFORMATION 0x00
#define SCSI_SENSE_DESCRIPTOR_TYPE_ATA_STATUS_RETURN 0x09

#define FILE_DEVICE_SCSI 0x0000001b
#define IOCTL_SCSI_EXECUTE_IN ((FILE_DEVICE_SCSI << 16) + 0x0011)
#define IOCTL_SCSI_EXECUTE_OUT ((FILE_DEVICE_SCSI << 16) + 0x0012)
#define IOCTL_SCSI_EXECUTE_NONE ((FILE_DEVICE_SCSI << 16) + 0x0013)
#define IOCTL_SCSI_MINIPORT_SMART_VERSION ((FILE_DEVICE_SCSI << 16) + 0x0500)
#define IOCTL_SCSI_MINIPORT_IDENTIFY ((FILE_DEVICE_SCSI << 16) + 0x0501)
#define IOCTL_SCSI_MINIPORT_READ_SMART_ATTRIBS ((FILE_DEVICE_SCSI << 16) + 0x0502)
#define IOCTL_SCSI_MINIPORT_READ_SMART_THRESHOLDS ((FILE_DEVICE_SCSI << 16) + 0x0503)
#define IOCTL_SCSI_MINIPORT_ENABLE_SMART ((FILE_DEVICE_SCSI << 16) + 0x0504)
#define IOCTL_SCSI_MINIPORT_DISABLE_SMART ((FILE_DEVICE_SCSI << 16) + 0x0505)
#define IOCTL_SCSI_MINIPORT_RETURN_STATUS ((FILE_DEVICE_SCSI << 16) + 0x0506)
#define IOCTL_SCSI_MINIPORT_ENABLE_DISABLE_AUTOSAVE ((FILE_DEVICE_SCSI << 16) + 0x0507)
#define IOCTL_SCSI_MINIPORT_SAVE_ATTRIBUTE_VALUES ((FILE_DEVICE_SCSI << 16) + 0x0508)
#define IOCTL_SCSI_MINIPORT_EXECUTE_OFFLINE_DIAGS ((FILE_DEVICE_SCSI << 16) + 0x0509)
#define IOCTL_SCSI_MINIPORT_ENABLE_DISABLE_AUTO_OFFLINE ((FILE_DEVICE_SCSI << 16) + 0x050a)
#define IOCTL_SCSI_MINIPORT_READ_SMART_LOG ((FILE_DEVICE_SCSI << 16) + 0x050b)
#define IOCTL_SCSI_MINIPORT_WRITE_SMART_LOG ((FILE_DEVICE_SCSI << 16) + 0x050c)
#define IOCTL_SCSI_MINIPORT_NOT_QUORUM_CAPABLE ((FILE_DEVICE_SCSI << 16) + 0x0520)
#define IOCTL_SCSI_MINIPORT_NOT_CLUSTER_CAPABLE ((FILE_DEVICE_SCSI << 16) + 0x0521)

/* ---- byte order -------------------------------------------------------------------------------------------------- */
typedef union _EIGHT_BYTE {
    struct {
        UCHAR Byte0, Byte1, Byte2, Byte3, Byte4, Byte5, Byte6, Byte7;
    };
    ULONGLONG AsULongLong;
} EIGHT_BYTE, *PEIGHT_BYTE;

typedef union _FOUR_BYTE {
    struct {
        UCHAR Byte0, Byte1, Byte2, Byte3;
    };
    ULONG AsULong;
} FOUR_BYTE, *PFOUR_BYTE;

typedef union _TWO_BYTE {
    struct {
        UCHAR Byte0, Byte1;
    };
    USHORT AsUShort;
} TWO_BYTE, *PTWO_BYTE;

/* Copies with the order of the bytes turned; the two places are any memory of that size and do not overlap. */
#define REVERSE_BYTES_QUAD(Destination, Source)                                                    \
    {                                                                                              \
        PEIGHT_BYTE d = (PEIGHT_BYTE)(PVOID)(Destination);                                         \
        PEIGHT_BYTE s = (PEIGHT_BYTE)(PVOID)(Source);                                              \
        d->Byte7 = s->Byte0, d->Byte6 = s->Byte1, d->Byte5 = s->Byte2, d->Byte4 = s->Byte3;        \
        d->Byte3 = s->Byte4, d->Byte2 = s->Byte5, d->Byte1 = s->Byte6, d->Byte0 = s->Byte7;        \
    }
#define REVERSE_BYTES(Destination, Source)                                                         \
    {                                                                                              \
        PFOUR_BYTE d = (PFOUR_BYTE)(PVOID)(Destination);                                           \
        PFOUR_BYTE s = (PFOUR_BYTE)(PVOID)(Source);                                                \
        d->Byte3 = s->Byte0, d->Byte2 = s->Byte1, d->Byte1 = s->Byte2, d->Byte0 = s->Byte3;        \
    }
#define REVERSE_BYTES_SHORT(Destination, Source)          \
    {                                                     \
        PTWO_BYTE d = (PTWO_BYTE)(PVOID)(Destination);    \
        PTWO_BYTE s = (PTWO_BYTE)(PVOID)(Source);         \
        d->Byte1 = s->Byte0, d->Byte0 = s->Byte1;         \
    }
#define REVERSE_SHORT(Short)                              \
    {                                                     \
        PTWO_BYTE w = (PTWO_BYTE)(PVOID)(Short);          \
        UCHAR b = w->Byte0;                               \
        w->Byte0 = w->Byte1, w->Byte1 = b;                \
    }
#define REVERSE_LONG(Long)                                \
    {                                                     \
        PFOUR_BYTE w = (PFOUR_BYTE)(PVOID)(Long);         \
        UCHAR b = w->Byte3;                               \
        w->Byte3 = w->Byte0, w->Byte0 = b;                \
        b = w->Byte2, w->Byte2 = w->Byte1, w->Byte1 = b;  \
    }
/* Position of the highest bit set; nothing is written when there is none. */
#define WHICH_BIT(Data, Bit)                                          \
    {                                                                 \
        UCHAR bit_;                                                   \
        for (bit_ = 0; bit_ < 32; bit_++)                             \
            if (((Data) >> bit_) == 1) break;                         \
        (Bit) = bit_;                                                 \
    }
