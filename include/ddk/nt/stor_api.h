/* SPDX-License-Identifier: MIT */
/*
 * StorPort routines that were there from the start: bus, addresses, notifications, queues, registry.
 * Microsoft makes some of them inline wrappers of StorPortNotification; here each is a routine of its own.
 */
#pragma once

#include <nt/stor_data.h>

EXTERN_C_START

/* ---- driver entry ------------------------------------------------------------------------------------------------ */
_IRQL_requires_max_(PASSIVE_LEVEL)
STORPORTAPI ULONG StorPortInitialize(_In_ PVOID Argument1, _In_ PVOID Argument2,
                                     _In_ PHW_INITIALIZATION_DATA HwInitializationData, _In_opt_ PVOID HwContext);

/* ---- bus and device memory --------------------------------------------------------------------------------------- */
STORPORTAPI ULONG StorPortGetBusData(_In_ PVOID DeviceExtension, _In_ ULONG BusDataType, _In_ ULONG SystemIoBusNumber,
                                     _In_ ULONG SlotNumber, _Out_writes_bytes_(Length) PVOID Buffer, _In_ ULONG Length);

STORPORTAPI ULONG StorPortSetBusDataByOffset(_In_ PVOID DeviceExtension, _In_ ULONG BusDataType,
                                             _In_ ULONG SystemIoBusNumber, _In_ ULONG SlotNumber,
                                             _In_reads_bytes_(Length) PVOID Buffer, _In_ ULONG Offset,
                                             _In_ ULONG Length);

STORPORTAPI PVOID StorPortGetDeviceBase(_In_ PVOID HwDeviceExtension, _In_ INTERFACE_TYPE BusType,
                                        _In_ ULONG SystemIoBusNumber, _In_ STOR_PHYSICAL_ADDRESS IoAddress,
                                        _In_ ULONG NumberOfBytes, _In_ BOOLEAN InIoSpace);

STORPORTAPI VOID StorPortFreeDeviceBase(_In_ PVOID HwDeviceExtension, _In_ PVOID MappedAddress);

STORPORTAPI BOOLEAN StorPortValidateRange(_In_ PVOID HwDeviceExtension, _In_ INTERFACE_TYPE BusType,
                                          _In_ ULONG SystemIoBusNumber, _In_ STOR_PHYSICAL_ADDRESS IoAddress,
                                          _In_ ULONG NumberOfBytes, _In_ BOOLEAN InIoSpace);

/* ---- addresses --------------------------------------------------------------------------------------------------- */
STORPORTAPI PVOID StorPortGetUncachedExtension(_In_ PVOID HwDeviceExtension,
                                               _In_ PPORT_CONFIGURATION_INFORMATION ConfigInfo,
                                               _In_ ULONG NumberOfBytes);

STORPORTAPI STOR_PHYSICAL_ADDRESS StorPortGetPhysicalAddress(_In_ PVOID HwDeviceExtension,
                                                             _In_opt_ PSCSI_REQUEST_BLOCK Srb,
                                                             _In_ PVOID VirtualAddress, _Out_ ULONG *Length);

STORPORTAPI PVOID StorPortGetVirtualAddress(_In_ PVOID HwDeviceExtension, _In_ STOR_PHYSICAL_ADDRESS PhysicalAddress);

STORPORTAPI PSTOR_SCATTER_GATHER_LIST StorPortGetScatterGatherList(_In_ PVOID DeviceExtension,
                                                                   _In_ PSCSI_REQUEST_BLOCK Srb);

STORPORTAPI STOR_PHYSICAL_ADDRESS StorPortConvertUlongToPhysicalAddress(_In_ ULONG_PTR UlongAddress);

STORPORTAPI ULONG (StorPortConvertPhysicalAddressToUlong)(_In_ STOR_PHYSICAL_ADDRESS Address);

STORPORTAPI STOR_PHYSICAL_ADDRESS StorPortConvertUlong64ToPhysicalAddress(_In_ ULONG64 UlongAddress);

STORPORTAPI ULONG64 StorPortConvertPhysicalAddressToUlong64(_In_ STOR_PHYSICAL_ADDRESS Address);

STORPORTAPI VOID StorPortMoveMemory(_Out_writes_bytes_(Length) PVOID WriteBuffer,
                                    _In_reads_bytes_(Length) PVOID ReadBuffer, _In_ ULONG Length);

STORPORTAPI VOID StorPortCopyMemory(_Out_writes_bytes_(Length) PVOID WriteBuffer,
                                    _In_reads_bytes_(Length) const VOID *ReadBuffer, _In_ SIZE_T Length);

STORPORTAPI ULONG StorPortSecureCopyMemory(_Out_writes_bytes_(DestSizeInBytes) PVOID Dest, _In_ SIZE_T DestSizeInBytes,
                                           _In_reads_bytes_(Count) const VOID *Src, _In_ SIZE_T Count);

/* ---- notifications and synchronization --------------------------------------------------------------------------- */
STORPORTAPI VOID StorPortNotification(_In_ SCSI_NOTIFICATION_TYPE NotificationType, _In_ PVOID HwDeviceExtension, ...);

STORPORTAPI BOOLEAN StorPortSynchronizeAccess(_In_ PVOID HwDeviceExtension,
                                              _In_ PSTOR_SYNCHRONIZED_ACCESS SynchronizedAccessRoutine,
                                              _In_opt_ PVOID Context);

STORPORTAPI BOOLEAN StorPortEnablePassiveInitialization(_In_ PVOID DeviceExtension,
                                                        _In_ PHW_PASSIVE_INITIALIZE_ROUTINE HwPassiveInitializeRoutine);

STORPORTAPI VOID StorPortInitializeDpc(_In_ PVOID DeviceExtension, _Out_ PSTOR_DPC Dpc,
                                       _In_ PHW_DPC_ROUTINE HwDpcRoutine);

STORPORTAPI BOOLEAN StorPortIssueDpc(_In_ PVOID DeviceExtension, _In_ PSTOR_DPC Dpc, _In_opt_ PVOID SystemArgument1,
                                     _In_opt_ PVOID SystemArgument2);

STORPORTAPI VOID StorPortAcquireSpinLock(_In_ PVOID DeviceExtension, _In_ STOR_SPINLOCK SpinLock,
                                         _In_opt_ PVOID LockContext, _Inout_ PSTOR_LOCK_HANDLE LockHandle);

STORPORTAPI VOID StorPortReleaseSpinLock(_In_ PVOID DeviceExtension, _Inout_ PSTOR_LOCK_HANDLE LockHandle);

STORPORTAPI VOID StorPortStallExecution(_In_ ULONG Delay);

STORPORTAPI VOID StorPortQuerySystemTime(_Out_ PLARGE_INTEGER CurrentTime);

/* ---- requests and queues ----------------------------------------------------------------------------------------- */
STORPORTAPI PVOID StorPortGetLogicalUnit(_In_ PVOID HwDeviceExtension, _In_ UCHAR PathId, _In_ UCHAR TargetId,
                                         _In_ UCHAR Lun);

STORPORTAPI PSCSI_REQUEST_BLOCK StorPortGetSrb(_In_ PVOID HwDeviceExtension, _In_ UCHAR PathId, _In_ UCHAR TargetId,
                                               _In_ UCHAR Lun, _In_ LONG QueueTag);

STORPORTAPI VOID StorPortCompleteRequest(_In_ PVOID HwDeviceExtension, _In_ UCHAR PathId, _In_ UCHAR TargetId,
                                         _In_ UCHAR Lun, _In_ UCHAR SrbStatus);

STORPORTAPI VOID StorPortCompleteAllRequests(_In_ PVOID HwDeviceExtension, _In_ UCHAR PathId, _In_ UCHAR TargetId,
                                             _In_ UCHAR Lun, _In_ UCHAR SrbStatus);

STORPORTAPI BOOLEAN StorPortSetDeviceQueueDepth(_In_ PVOID HwDeviceExtension, _In_ UCHAR PathId, _In_ UCHAR TargetId,
                                                _In_ UCHAR Lun, _In_ ULONG Depth);

STORPORTAPI BOOLEAN StorPortPauseDevice(_In_ PVOID HwDeviceExtension, _In_ UCHAR PathId, _In_ UCHAR TargetId,
                                        _In_ UCHAR Lun, _In_ ULONG TimeOut);

STORPORTAPI BOOLEAN StorPortResumeDevice(_In_ PVOID HwDeviceExtension, _In_ UCHAR PathId, _In_ UCHAR TargetId,
                                         _In_ UCHAR Lun);

STORPORTAPI BOOLEAN StorPortPause(_In_ PVOID HwDeviceExtension, _In_ ULONG TimeOut);

STORPORTAPI BOOLEAN StorPortResume(_In_ PVOID HwDeviceExtension);

STORPORTAPI BOOLEAN StorPortDeviceBusy(_In_ PVOID HwDeviceExtension, _In_ UCHAR PathId, _In_ UCHAR TargetId,
                                       _In_ UCHAR Lun, _In_ ULONG RequestsToComplete);

STORPORTAPI BOOLEAN StorPortDeviceReady(_In_ PVOID HwDeviceExtension, _In_ UCHAR PathId, _In_ UCHAR TargetId,
                                        _In_ UCHAR Lun);

STORPORTAPI BOOLEAN StorPortBusy(_In_ PVOID HwDeviceExtension, _In_ ULONG RequestsToComplete);

STORPORTAPI BOOLEAN StorPortReady(_In_ PVOID HwDeviceExtension);

/* ---- registry, logging ------------------------------------------------------------------------------------------- */
_IRQL_requires_max_(PASSIVE_LEVEL)
STORPORTAPI PUCHAR StorPortAllocateRegistryBuffer(_In_ PVOID HwDeviceExtension, _Inout_ PULONG Length);

_IRQL_requires_max_(PASSIVE_LEVEL)
STORPORTAPI VOID StorPortFreeRegistryBuffer(_In_ PVOID HwDeviceExtension, _In_ PUCHAR Buffer);

_IRQL_requires_max_(PASSIVE_LEVEL)
STORPORTAPI BOOLEAN StorPortRegistryRead(_In_ PVOID HwDeviceExtension, _In_ PUCHAR ValueName, _In_ ULONG Global,
                                         _In_ ULONG Type, _Inout_ PUCHAR Buffer, _Inout_ PULONG BufferLength);

_IRQL_requires_max_(PASSIVE_LEVEL)
STORPORTAPI BOOLEAN StorPortRegistryWrite(_In_ PVOID HwDeviceExtension, _In_ PUCHAR ValueName, _In_ ULONG Global,
                                          _In_ ULONG Type, _In_ PUCHAR Buffer, _In_ ULONG BufferLength);

STORPORTAPI VOID StorPortLogError(_In_ PVOID HwDeviceExtension, _In_opt_ PSCSI_REQUEST_BLOCK Srb, _In_ UCHAR PathId,
                                  _In_ UCHAR TargetId, _In_ UCHAR Lun, _In_ ULONG ErrorCode, _In_ ULONG UniqueId);

STORPORTAPI VOID StorPortDebugPrint(_In_ ULONG DebugPrintLevel, _In_ PCCHAR DebugMessage, ...);

/* ---- asked for by name ------------------------------------------------------------------------------------------- */
STORPORTAPI ULONG StorPortExtendedFunction(_In_ STORPORT_FUNCTION_CODE FunctionCode, _In_ PVOID HwDeviceExtension, ...);

#define StorPortConvertPhysicalAddressToUlong(Address) ((Address).LowPart)

#if defined(DBG) && DBG
#define DebugPrint(x) StorPortDebugPrint x
#else
#define DebugPrint(x)
#endif

EXTERN_C_END
