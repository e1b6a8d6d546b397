/* SPDX-License-Identifier: MIT */
/* Types of the StorPort routines' arguments. */
#pragma once

#include <nt/processors.h>
#include <nt/stor_types.h>

EXTERN_C_START

#define STORPORTAPI DT_EXPORT

#define STOR_STATUS_SUCCESS (0x00000000L)
#define STOR_STATUS_UNSUCCESSFUL (0xC1000001L)
#define STOR_STATUS_NOT_IMPLEMENTED (0xC1000002L)
#define STOR_STATUS_INSUFFICIENT_RESOURCES (0xC1000003L)
#define STOR_STATUS_BUFFER_TOO_SMALL (0xC1000004L)
#define STOR_STATUS_ACCESS_DENIED (0xC1000005L)
#define STOR_STATUS_INVALID_PARAMETER (0xC1000006L)
#define STOR_STATUS_INVALID_DEVICE_REQUEST (0xC1000007L)
#define STOR_STATUS_INVALID_IRQL (0xC1000008L)
#define STOR_STATUS_INVALID_DEVICE_STATE (0xC1000009L)
#define STOR_STATUS_INVALID_BUFFER_SIZE (0xC100000AL)
#define STOR_STATUS_UNSUPPORTED_VERSION (0xC100000BL)
#define STOR_STATUS_BUSY (0xC100000CL)

#define MINIPORT_REG_SZ 1
#define MINIPORT_REG_BINARY 3
#define MINIPORT_REG_DWORD 4

/* ---- scatter/gather lists ---------------------------------------------------------------------------------------- */
typedef struct _STOR_SCATTER_GATHER_ELEMENT {
    STOR_PHYSICAL_ADDRESS PhysicalAddress;
    ULONG Length;
    ULONG_PTR Reserved;
} STOR_SCATTER_GATHER_ELEMENT, *PSTOR_SCATTER_GATHER_ELEMENT;

typedef struct _STOR_SCATTER_GATHER_LIST {
    ULONG NumberOfElements;
    ULONG_PTR Reserved;
    STOR_SCATTER_GATHER_ELEMENT List[];
} STOR_SCATTER_GATHER_LIST, *PSTOR_SCATTER_GATHER_LIST;

typedef VOID (*PpostScaterGatherExecute)(_In_ PVOID *DeviceObject, _In_ PVOID *Irp,
                                         _In_ PSTOR_SCATTER_GATHER_LIST ScatterGather, _In_ PVOID Context);

/* ---- interrupts and performance ---------------------------------------------------------------------------------- */
typedef struct _MESSAGE_INTERRUPT_INFORMATION {
    ULONG MessageId;
    ULONG MessageData;
    STOR_PHYSICAL_ADDRESS MessageAddress;
    ULONG InterruptVector;
    ULONG InterruptLevel;
    KINTERRUPT_MODE InterruptMode;
} MESSAGE_INTERRUPT_INFORMATION, *PMESSAGE_INTERRUPT_INFORMATION;

#define STOR_PERF_DPC_REDIRECTION 0x00000001
#define STOR_PERF_CONCURRENT_CHANNELS 0x00000002
#define STOR_PERF_INTERRUPT_MESSAGE_RANGES 0x00000004
#define STOR_PERF_ADV_CONFIG_LOCALITY 0x00000008
#define STOR_PERF_OPTIMIZE_FOR_COMPLETION_DURING_STARTIO 0x00000010
#define STOR_PERF_DPC_REDIRECTION_CURRENT_CPU 0x00000020
#define STOR_PERF_NO_SGL 0x00000040
#define STOR_PERF_VERSION_2 0x00000002
#define STOR_PERF_VERSION_3 0x00000003
#define STOR_PERF_VERSION_4 0x00000004
#define STOR_PERF_VERSION_5 0x00000005
#define STOR_PERF_VERSION STOR_PERF_VERSION_5

typedef struct _PERF_CONFIGURATION_DATA {
    ULONG Version;
    ULONG Size;
    ULONG Flags;
    ULONG ConcurrentChannels;
    ULONG FirstRedirectionMessageNumber;
    ULONG LastRedirectionMessageNumber;
    ULONG DeviceNode;
    ULONG Reserved;
    PGROUP_AFFINITY MessageTargets;
} PERF_CONFIGURATION_DATA, *PPERF_CONFIGURATION_DATA;

typedef struct _STARTIO_PERFORMANCE_PARAMETERS {
    ULONG Version;
    ULONG Size;
    ULONG MessageNumber;
    ULONG ChannelNumber;
} STARTIO_PERFORMANCE_PARAMETERS, *PSTARTIO_PERFORMANCE_PARAMETERS;

typedef struct _STOR_DPC_WATCHDOG_INFORMATION {
    ULONG DpcTimeLimit;
    ULONG DpcTimeCount;
    ULONG DpcWatchdogLimit;
    ULONG DpcWatchdogCount;
    ULONG Reserved;
} STOR_DPC_WATCHDOG_INFORMATION, *PSTOR_DPC_WATCHDOG_INFORMATION;

/* ---- requests ---------------------------------------------------------------------------------------------------- */
#define STOR_REQUEST_INFO_VER_1 0x1
typedef struct _STOR_REQUEST_INFO_V1 {
    USHORT Version;
    USHORT Size;
    IO_PRIORITY_HINT PriorityHint;
    ULONG Flags;
    ULONG Key;
    ULONG Length;
    BOOLEAN IsWriteRequest;
    UCHAR Reserved[3];
} STOR_REQUEST_INFO_V1, *PSTOR_REQUEST_INFO_V1;
#define STOR_REQUEST_INFO_VERSION STOR_REQUEST_INFO_VER_1
typedef STOR_REQUEST_INFO_V1 STOR_REQUEST_INFO, *PSTOR_REQUEST_INFO;

/* ---- threads, events, lists -------------------------------------------------------------------------------------- */
typedef ULONG_PTR STOR_AFFINITY;
typedef KSPIN_LOCK STOR_KSPIN_LOCK, *PSTOR_KSPIN_LOCK;
typedef SLIST_HEADER STOR_SLIST_HEADER, *PSTOR_SLIST_HEADER;
typedef SLIST_ENTRY STOR_SLIST_ENTRY, *PSTOR_SLIST_ENTRY;

typedef struct _STOR_LIST_ENTRY {
    struct _STOR_LIST_ENTRY *Flink;
    struct _STOR_LIST_ENTRY *Blink;
} STOR_LIST_ENTRY, *PSTOR_LIST_ENTRY;

typedef struct _STOR_DISPATCHER_HEADER {
    union {
        struct {
            UCHAR Type;
            UCHAR Flags;
            UCHAR Size;
            union {
                UCHAR Inserted;
                BOOLEAN DebugActive;
            };
        } Data;
        volatile LONG Lock;
    };
    LONG SignalState;
    STOR_LIST_ENTRY WaitListHead;
} STOR_DISPATCHER_HEADER, *PSTOR_DISPATCHER_HEADER;

typedef struct _STOR_EVENT {
    STOR_DISPATCHER_HEADER Header;
} STOR_EVENT, *PSTOR_EVENT;

DT_STATIC_ASSERT(sizeof(STOR_EVENT) == sizeof(KEVENT), "STOR_EVENT is a KEVENT");

typedef enum _STOR_EVENT_TYPE { StorNotificationEvent, StorSynchronizationEvent } STOR_EVENT_TYPE;

typedef enum _STOR_THREAD_PRIORITY {
    StorThreadPriorityBackground = 7,
    StorThreadPriorityNormal = 8,
    StorThreadPriorityDelayed = 12,
    StorThreadPriorityCritical = 13,
    StorThreadPrioritySuperCritical = 14,
    StorThreadPriorityHyperCritical = 15,
    StorThreadPriorityRealTime = 18
} STOR_THREAD_PRIORITY, *PSTOR_THREAD_PRIORITY;

typedef struct _STOR_GROUP_AFFINITY {
    STOR_AFFINITY Mask;
    USHORT Group;
    USHORT Reserved[3];
} STOR_GROUP_AFFINITY, *PSTOR_GROUP_AFFINITY;

/* ---- changes and failures ---------------------------------------------------------------------------------------- */
#define STATE_CHANGE_LUN 0x1
#define STATE_CHANGE_TARGET 0x2
#define STATE_CHANGE_BUS 0x4

#define RAID_ASYNC_NOTIFY_FLAG_MEDIA_STATUS 0x1
#define RAID_ASYNC_NOTIFY_FLAG_DEVICE_STATUS 0x2
#define RAID_ASYNC_NOTIFY_FLAG_DEVICE_OPERATION 0x4
#define RAID_ASYNC_NOTIFY_SUPPORTED_FLAGS \
    (RAID_ASYNC_NOTIFY_FLAG_MEDIA_STATUS | RAID_ASYNC_NOTIFY_FLAG_DEVICE_STATUS | RAID_ASYNC_NOTIFY_FLAG_DEVICE_OPERATION)

/* Inferred: the pages give the names alone. */
#define STORPORT_MARK_DEVICE_FAILED_FLAG_REMOVE_DEVICE 0x1
#define STORPORT_MARK_DEVICE_FAILED_FLAG_PREDICTED_FAILURE 0x2
#define ATTRIBUTE_VM_PASSTHROUGH_LUN 0x1

typedef struct _STOR_UNIT_ATTRIBUTES {
    ULONG DeviceAttentionSupported : 1;
    ULONG AsyncNotificationSupported : 1;
    ULONG D3ColdNotSupported : 1;
    ULONG BypassIOSupported : 1;
    ULONG Reserved : 28;
} STOR_UNIT_ATTRIBUTES, *PSTOR_UNIT_ATTRIBUTES;

typedef enum _STOR_DEVICE_RESET_TYPE {
    StorFunctionLevelReset,
    StorPlatformLevelReset,
    StorBusSpecificReset
} STOR_DEVICE_RESET_TYPE;

/* ---- features and configuration ---------------------------------------------------------------------------------- */
typedef enum _STORPORT_FEATURE_TYPE {
    StorportFeatureBusTypeUnitControl = 0,
    StorportFeatureFruIdUnitControl,
    StorportFeatureFruIdAdapterControl,
    StorportFeatureSetEventLoggingAdapterControl,
    StorportFeatureReportInternalDataUnitControl,
    StorportFeatureReportInternalDataAdapterControl,
    StorportFeatureResetBusSynchronous,
    StorportFeaturePostHwInitialize,
    StorportFeaturePrepareEarlyDumpData,
    StorportFeatureRestoreEarlyDumpData,
    StorportFeatureMax
} STORPORT_FEATURE_TYPE;

typedef enum _STORPORT_QUERY_CONFIGURATION_TYPE {
    StorportQueryConfigurationD3 = 1,
    StorportQueryConfigurationMax
} STORPORT_QUERY_CONFIGURATION_TYPE;

/* ---- logging ----------------------------------------------------------------------------------------------------- */
typedef enum _STOR_EVENT_ASSOCIATION_ENUM {
    StorEventAdapterAssociation = 0,
    StorEventLunAssociation,
    StorEventTargetAssociation,
    StorEventInvalidAssociation
} STOR_EVENT_ASSOCIATION_ENUM;

#define STOR_CURRENT_LOG_INTERFACE_REVISION 0x00000100
typedef struct _STOR_LOG_EVENT_DETAILS {
    ULONG InterfaceRevision;
    ULONG Size;
    ULONG Flags;
    STOR_EVENT_ASSOCIATION_ENUM EventAssociation;
    ULONG PathId;
    ULONG TargetId;
    ULONG LunId;
    BOOLEAN StorportSpecificErrorCode;
    ULONG ErrorCode;
    ULONG UniqueId;
    ULONG DumpDataSize;
    PVOID DumpData;
    ULONG StringCount;
    PWSTR *StringList;
} STOR_LOG_EVENT_DETAILS, *PSTOR_LOG_EVENT_DETAILS;

typedef enum _STORPORT_ETW_LEVEL {
    StorportEtwLevelLogAlways = 0,
    StorportEtwLevelCritical,
    StorportEtwLevelError,
    StorportEtwLevelWarning,
    StorportEtwLevelInformational,
    StorportEtwLevelVerbose,
    StorportEtwLevelMax = StorportEtwLevelVerbose
} STORPORT_ETW_LEVEL;

typedef enum _STORPORT_ETW_EVENT_OPCODE {
    StorportEtwEventOpcodeInfo = 0,
    StorportEtwEventOpcodeStart,
    StorportEtwEventOpcodeStop,
    StorportEtwEventOpcodeDC_Start,
    StorportEtwEventOpcodeDC_Stop,
    StorportEtwEventOpcodeExtension,
    StorportEtwEventOpcodeReply,
    StorportEtwEventOpcodeResume,
    StorportEtwEventOpcodeSuspend,
    StorportEtwEventOpcodeSend,
    StorportEtwEventOpcodeReceive = 240
} STORPORT_ETW_EVENT_OPCODE;

#define STORPORT_ETW_EVENT_KEYWORD_IO 0x01
#define STORPORT_ETW_EVENT_KEYWORD_PERFORMANCE 0x02
#define STORPORT_ETW_EVENT_KEYWORD_POWER 0x04
#define STORPORT_ETW_EVENT_KEYWORD_ENUMERATION 0x08
#define STORPORT_ETW_EVENT_KEYWORD_COMMAND_TRACE 0x10

#define STORPORT_ETW_MAX_DESCRIPTION_LENGTH 64
#define STORPORT_ETW_MAX_PARAM_NAME_LENGTH 32

#define EVENT_NAME_MAX_LENGTH 32
#define EVENT_BUFFER_MAX_LENGTH (4 * 1024)
#define EVENT_MAX_PARAM_NAME_LEN 32
typedef struct _STORPORT_TELEMETRY_EVENT {
    ULONG DriverVersion;
    ULONG EventId;
    UCHAR EventName[EVENT_NAME_MAX_LENGTH];
    ULONG EventVersion;
    ULONG Flags;
    ULONG EventBufferLength;
    PUCHAR EventBuffer;
    UCHAR ParameterName0[EVENT_MAX_PARAM_NAME_LEN];
    ULONGLONG ParameterValue0;
    UCHAR ParameterName1[EVENT_MAX_PARAM_NAME_LEN];
    ULONGLONG ParameterValue1;
    UCHAR ParameterName2[EVENT_MAX_PARAM_NAME_LEN];
    ULONGLONG ParameterValue2;
    UCHAR ParameterName3[EVENT_MAX_PARAM_NAME_LEN];
    ULONGLONG ParameterValue3;
    UCHAR ParameterName4[EVENT_MAX_PARAM_NAME_LEN];
    ULONGLONG ParameterValue4;
    UCHAR ParameterName5[EVENT_MAX_PARAM_NAME_LEN];
    ULONGLONG ParameterValue5;
    UCHAR ParameterName6[EVENT_MAX_PARAM_NAME_LEN];
    ULONGLONG ParameterValue6;
    UCHAR ParameterName7[EVENT_MAX_PARAM_NAME_LEN];
    ULONGLONG ParameterValue7;
} STORPORT_TELEMETRY_EVENT, *PSTORPORT_TELEMETRY_EVENT;

typedef enum _STOR_TELEMETRY_CATEGORY { StorTelemetryCategory = 1, StorMeasuresCategory } STOR_TELEMETRY_CATEGORY;

typedef enum _STORPORT_CAPTURE_LIVEDUMP_TYPE {
    StorportCaptureLiveDumpTypeUndefined = 0,
    StorportCaptureLiveDumpTypeMini,
    StorportCaptureLiveDumpTypeFull
} STORPORT_CAPTURE_LIVEDUMP_TYPE;

typedef enum _STORPORT_LIVEDUMP_ISSUE_TYPE {
    StorportLivedumpIssueTypeUndefined = 0,
    StorportLivedumpIssueTypeDevicePanic
} STORPORT_LIVEDUMP_ISSUE_TYPE;

typedef enum _STORPORT_LIVEDUMP_DATA_TYPE {
    StorportLivedumpDataTypeUndefined = 0,
    StorportLivedumpDataTypeDeviceTelemetryLog
} STORPORT_LIVEDUMP_DATA_TYPE;

typedef struct _STORPORT_LIVEDUMP_DEVICE_TELEMETRY_LOG {
    ULONG Version;
    ULONG Size;
    ULONG BucketId;
    ULONG OrganizationID;
    ULONG Reserved;
    ULONG TelemetryLength;
    PVOID DeviceTelemetry;
} STORPORT_LIVEDUMP_DEVICE_TELEMETRY_LOG, *PSTORPORT_LIVEDUMP_DEVICE_TELEMETRY_LOG;

typedef struct _STORPORT_CAPTURE_LIVEDUMP {
    ULONG Version;
    ULONG Size;
    STORPORT_CAPTURE_LIVEDUMP_TYPE LiveDumpType;
    STORPORT_LIVEDUMP_ISSUE_TYPE IssueType;
    PWSTR ComponentName;
    STORPORT_LIVEDUMP_DATA_TYPE DataType;
    PVOID Data;
} STORPORT_CAPTURE_LIVEDUMP, *PSTORPORT_CAPTURE_LIVEDUMP;

/* What GetExtendedFunctionTable fills in. Its routines are reached by name: no driver may use it itself (STN-003). */
typedef struct _STORPORT_EXTENDED_FUNCTIONS {
    ULONG Version;
    PVOID Routines[1];
} STORPORT_EXTENDED_FUNCTIONS, *PSTORPORT_EXTENDED_FUNCTIONS;

/* Numbers are Duetime's own: drivers reach the routines by name. */
typedef enum _STORPORT_FUNCTION_CODE {
    ExtFunctionAllocatePool,
    ExtFunctionFreePool,
    ExtFunctionAllocateMdl,
    ExtFunctionFreeMdl,
    ExtFunctionBuildMdlForNonPagedPool,
    ExtFunctionGetSystemAddress,
    ExtFunctionGetOriginalMdl,
    ExtFunctionCompleteServiceIrp,
    ExtFunctionGetDeviceObjects,
    ExtFunctionBuildScatterGatherList,
    ExtFunctionPutScatterGatherList,
    ExtFunctionAcquireMSISpinLock,
    ExtFunctionReleaseMSISpinLock,
    ExtFunctionGetMessageInterruptInformation,
    ExtFunctionInitializePerformanceOptimizations,
    ExtFunctionGetStartIoPerformanceParameters,
    ExtFunctionLogSystemEvent
} STORPORT_FUNCTION_CODE, *PSTORPORT_FUNCTION_CODE;

EXTERN_C_END
