/* SPDX-License-Identifier: MIT */
/* Properties of storage devices, data set management, device dumps. */
#pragma once

#include <devioctl.h>
#include <ntdef.h>

#define IOCTL_STORAGE_BASE FILE_DEVICE_MASS_STORAGE
#define IOCTL_STORAGE_QUERY_PROPERTY \
    CTL_CODE(IOCTL_STORAGE_BASE, 0x0500, METHOD_BUFFERED, FILE_ANY_ACCESS)
#define IOCTL_STORAGE_MANAGE_DATA_SET_ATTRIBUTES \
    CTL_CODE(IOCTL_STORAGE_BASE, 0x0501, METHOD_BUFFERED, FILE_WRITE_ACCESS)

/* ---- protocols ---- */

typedef enum _STORAGE_PROTOCOL_TYPE {
    ProtocolTypeUnknown = 0x00,
    ProtocolTypeScsi,
    ProtocolTypeAta,
    ProtocolTypeNvme,
    ProtocolTypeSd,
    ProtocolTypeUfs,
    ProtocolTypeProprietary = 0x7E,
    ProtocolTypeMaxReserved = 0x7F
} STORAGE_PROTOCOL_TYPE, *PSTORAGE_PROTOCOL_TYPE;

typedef enum _STORAGE_PROTOCOL_ATA_DATA_TYPE {
    AtaDataTypeUnknown = 0,
    AtaDataTypeIdentify,
    AtaDataTypeLogPage
} STORAGE_PROTOCOL_ATA_DATA_TYPE, *PSTORAGE_PROTOCOL_ATA_DATA_TYPE;

typedef struct _STORAGE_PROTOCOL_SPECIFIC_DATA {
    STORAGE_PROTOCOL_TYPE ProtocolType;
    ULONG                 DataType;
    ULONG                 ProtocolDataRequestValue;
    ULONG                 ProtocolDataRequestSubValue;
    ULONG                 ProtocolDataOffset;
    ULONG                 ProtocolDataLength;
    ULONG                 FixedProtocolReturnData;
    ULONG                 ProtocolDataRequestSubValue2;
    ULONG                 ProtocolDataRequestSubValue3;
    ULONG                 ProtocolDataRequestSubValue4;
} STORAGE_PROTOCOL_SPECIFIC_DATA, *PSTORAGE_PROTOCOL_SPECIFIC_DATA;

typedef struct _STORAGE_PROTOCOL_DATA_DESCRIPTOR {
    ULONG                          Version;
    ULONG                          Size;
    STORAGE_PROTOCOL_SPECIFIC_DATA ProtocolSpecificData;
} STORAGE_PROTOCOL_DATA_DESCRIPTOR, *PSTORAGE_PROTOCOL_DATA_DESCRIPTOR;

/* ---- temperature ---- */

#define STORAGE_TEMPERATURE_VALUE_NOT_REPORTED 0x8000

typedef struct _STORAGE_TEMPERATURE_INFO {
    USHORT  Index;
    SHORT   Temperature;
    SHORT   OverThreshold;
    SHORT   UnderThreshold;
    BOOLEAN OverThresholdChangable;
    BOOLEAN UnderThresholdChangable;
    BOOLEAN EventGenerated;
    UCHAR   Reserved0;
    ULONG   Reserved1;
} STORAGE_TEMPERATURE_INFO, *PSTORAGE_TEMPERATURE_INFO;

typedef struct _STORAGE_TEMPERATURE_DATA_DESCRIPTOR {
    ULONG                    Version;
    ULONG                    Size;
    SHORT                    CriticalTemperature;
    SHORT                    WarningTemperature;
    USHORT                   InfoCount;
    UCHAR                    Reserved0[2];
    ULONG                    Reserved1[2];
    STORAGE_TEMPERATURE_INFO TemperatureInfo[ANYSIZE_ARRAY];
} STORAGE_TEMPERATURE_DATA_DESCRIPTOR, *PSTORAGE_TEMPERATURE_DATA_DESCRIPTOR;

/* ---- physical topology ---- */

typedef enum _STORAGE_DEVICE_FORM_FACTOR {
    FormFactorUnknown = 0,
    FormFactor3_5,
    FormFactor2_5,
    FormFactor1_8,
    FormFactor1_8Less,
    FormFactorEmbedded,
    FormFactorMemoryCard,
    FormFactormSata,
    FormFactorM_2,
    FormFactorPCIeBoard,
    FormFactorDimm
} STORAGE_DEVICE_FORM_FACTOR, *PSTORAGE_DEVICE_FORM_FACTOR;

typedef enum _STORAGE_COMPONENT_HEALTH_STATUS {
    HealthStatusUnknown = 0,
    HealthStatusNormal,
    HealthStatusThrottled,
    HealthStatusWarning,
    HealthStatusDisabled,
    HealthStatusFailed
} STORAGE_COMPONENT_HEALTH_STATUS, *PSTORAGE_COMPONENT_HEALTH_STATUS;

#define STORAGE_COMPONENT_ROLE_CACHE   0x00000001
#define STORAGE_COMPONENT_ROLE_TIERING 0x00000002
#define STORAGE_COMPONENT_ROLE_DATA    0x00000004

typedef union _STORAGE_SPEC_VERSION {
    struct {
        union {
            struct {
                UCHAR SubMinor;
                UCHAR Minor;
            };
            USHORT AsUshort;
        } MinorVersion;
        USHORT MajorVersion;
    };
    ULONG AsUlong;
} STORAGE_SPEC_VERSION, *PSTORAGE_SPEC_VERSION;

typedef struct _STORAGE_PHYSICAL_DEVICE_DATA {
    ULONG                           DeviceId;
    ULONG                           Role;
    STORAGE_COMPONENT_HEALTH_STATUS HealthStatus;
    STORAGE_PROTOCOL_TYPE           CommandProtocol;
    STORAGE_SPEC_VERSION            SpecVersion;
    STORAGE_DEVICE_FORM_FACTOR      FormFactor;
    UCHAR                           Vendor[8];
    UCHAR                           Model[40];
    UCHAR                           FirmwareRevision[16];
    ULONGLONG                       Capacity;
    UCHAR                           PhysicalLocation[32];
    ULONG                           Reserved[2];
} STORAGE_PHYSICAL_DEVICE_DATA, *PSTORAGE_PHYSICAL_DEVICE_DATA;

typedef struct _STORAGE_PHYSICAL_ADAPTER_DATA {
    ULONG                           AdapterId;
    STORAGE_COMPONENT_HEALTH_STATUS HealthStatus;
    STORAGE_PROTOCOL_TYPE           CommandProtocol;
    STORAGE_SPEC_VERSION            SpecVersion;
    UCHAR                           Vendor[8];
    UCHAR                           Model[40];
    UCHAR                           FirmwareRevision[16];
    UCHAR                           PhysicalLocation[32];
    BOOLEAN                         ExpanderConnected;
    UCHAR                           Reserved0[3];
    ULONG                           Reserved1[3];
} STORAGE_PHYSICAL_ADAPTER_DATA, *PSTORAGE_PHYSICAL_ADAPTER_DATA;

typedef struct _STORAGE_PHYSICAL_NODE_DATA {
    ULONG NodeId;
    ULONG AdapterCount;
    ULONG AdapterDataLength;
    ULONG AdapterDataOffset;
    ULONG DeviceCount;
    ULONG DeviceDataLength;
    ULONG DeviceDataOffset;
    ULONG Reserved[3];
} STORAGE_PHYSICAL_NODE_DATA, *PSTORAGE_PHYSICAL_NODE_DATA;

typedef struct _STORAGE_PHYSICAL_TOPOLOGY_DESCRIPTOR {
    ULONG                      Version;
    ULONG                      Size;
    ULONG                      NodeCount;
    ULONG                      Reserved;
    STORAGE_PHYSICAL_NODE_DATA Node[ANYSIZE_ARRAY];
} STORAGE_PHYSICAL_TOPOLOGY_DESCRIPTOR, *PSTORAGE_PHYSICAL_TOPOLOGY_DESCRIPTOR;

/* ---- data set management ---- */

#define DEVICE_DSM_FLAG_ENTIRE_DATA_SET_RANGE   0x00000001
#define DeviceDsmActionFlag_NonDestructive      0x80000000
#define DeviceDsmAction_Trim                    0x00000001
#define DeviceDsmAction_NvCache_Change_Priority (0x00000009 | DeviceDsmActionFlag_NonDestructive)
#define DeviceDsmAction_NvCache_Evict           (0x0000000A | DeviceDsmActionFlag_NonDestructive)

typedef struct _DEVICE_DATA_SET_RANGE {
    LONGLONG  StartingOffset;
    ULONGLONG LengthInBytes;
} DEVICE_DATA_SET_RANGE, *PDEVICE_DATA_SET_RANGE;

typedef struct _DEVICE_MANAGE_DATA_SET_ATTRIBUTES {
    ULONG Size;
    ULONG Action;
    ULONG Flags;
    ULONG ParameterBlockOffset;
    ULONG ParameterBlockLength;
    ULONG DataSetRangesOffset;
    ULONG DataSetRangesLength;
} DEVICE_MANAGE_DATA_SET_ATTRIBUTES, *PDEVICE_MANAGE_DATA_SET_ATTRIBUTES;

typedef struct _DEVICE_DSM_NVCACHE_CHANGE_PRIORITY_PARAMETERS {
    ULONG Size;
    UCHAR TargetPriority;
    UCHAR Reserved[3];
} DEVICE_DSM_NVCACHE_CHANGE_PRIORITY_PARAMETERS, *PDEVICE_DSM_NVCACHE_CHANGE_PRIORITY_PARAMETERS;

/* ---- device dumps ---- */

#define TC_PUBLIC_DEVICEDUMP_CONTENT_GPLOG_MAX 16

/* ---- non-volatile caches of ATA disks ---- */

#define NRB_FUNCTION_NVCACHE_POWER_MODE_SET    0x00
#define NRB_FUNCTION_NVCACHE_POWER_MODE_RETURN 0x01
#define NRB_FUNCTION_ADD_LBAS_PINNED_SET       0x10
#define NRB_FUNCTION_REMOVE_LBAS_PINNED_SET    0x11
#define NRB_FUNCTION_QUERY_PINNED_SET          0x12
#define NRB_FUNCTION_QUERY_CACHE_MISS          0x13
#define NRB_FUNCTION_FLUSH_NVCACHE             0x14
#define NRB_FUNCTION_QUERY_ASCENDER_STATUS     0xD0
#define NRB_FUNCTION_QUERY_HYBRID_DISK_STATUS  0xD1
#define NRB_FUNCTION_SPINDLE_STATUS            0xE5

typedef struct _NV_FEATURE_PARAMETER {
    USHORT NVPowerModeEnabled : 1;
    USHORT NVParameterReserv1 : 3;
    USHORT NVCmdEnabled : 1;
    USHORT NVParameterReserv2 : 3;
    USHORT NVPowerModeVer : 4;
    USHORT NVCmdVer : 4;
    ULONG  NVSize;
    USHORT NVReadSpeed;
    USHORT NVWrtSpeed;
    ULONG  DeviceSpinUpTime;
} NV_FEATURE_PARAMETER, *PNV_FEATURE_PARAMETER;
