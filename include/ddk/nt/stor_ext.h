/* SPDX-License-Identifier: MIT */
/*
 * StorPort's extended routines. All answer STOR_STATUS values. Microsoft makes them inline wrappers of
 * StorPortExtendedFunction; here each is a routine of its own.
 */
#pragma once

#include <nt/stor_data.h>
#include <ntddstor.h>

EXTERN_C_START

/* ---- memory ------------------------------------------------------------------------------------------------------ */
_IRQL_requires_max_(DISPATCH_LEVEL)
STORPORTAPI ULONG StorPortAllocatePool(_In_ PVOID HwDeviceExtension, _In_ ULONG NumberOfBytes, _In_ ULONG Tag,
                                       _Outptr_result_bytebuffer_(NumberOfBytes) PVOID *BufferPointer);

_IRQL_requires_max_(DISPATCH_LEVEL)
STORPORTAPI ULONG StorPortFreePool(_In_ PVOID HwDeviceExtension, _In_ PVOID BufferPointer);

_IRQL_requires_max_(DISPATCH_LEVEL)
STORPORTAPI ULONG StorPortAllocateContiguousMemorySpecifyCacheNode(_In_ PVOID HwDeviceExtension,
        _In_ SIZE_T NumberOfBytes, _In_ PHYSICAL_ADDRESS LowestAcceptableAddress,
        _In_ PHYSICAL_ADDRESS HighestAcceptableAddress, _In_opt_ PHYSICAL_ADDRESS BoundaryAddressMultiple,
        _In_ MEMORY_CACHING_TYPE CacheType, _In_ NODE_REQUIREMENT PreferredNode,
        _Outptr_result_bytebuffer_(NumberOfBytes) PVOID *BufferPointer);

_IRQL_requires_max_(DISPATCH_LEVEL)
STORPORTAPI ULONG StorPortFreeContiguousMemorySpecifyCache(_In_ PVOID HwDeviceExtension,
                                                           _In_reads_bytes_(NumberOfBytes) PVOID BaseAddress,
                                                           _In_ SIZE_T NumberOfBytes,
                                                           _In_ MEMORY_CACHING_TYPE CacheType);

STORPORTAPI ULONG StorPortAllocateDmaMemory(_In_ PVOID HwDeviceExtension, _In_ SIZE_T NumberOfBytes,
                                            _In_ PHYSICAL_ADDRESS LowestAcceptableAddress,
                                            _In_ PHYSICAL_ADDRESS HighestAcceptableAddress,
                                            _In_opt_ PHYSICAL_ADDRESS BoundaryAddressMultiple,
                                            _In_ MEMORY_CACHING_TYPE CacheType, _In_ NODE_REQUIREMENT PreferredNode,
                                            _Outptr_result_bytebuffer_(NumberOfBytes) PVOID *BufferPointer,
                                            _Out_ PPHYSICAL_ADDRESS PhysicalAddress);

STORPORTAPI ULONG StorPortFreeDmaMemory(_In_ PVOID HwDeviceExtension, _In_reads_bytes_(NumberOfBytes) PVOID BaseAddress,
                                        _In_ SIZE_T NumberOfBytes, _In_ MEMORY_CACHING_TYPE CacheType,
                                        _In_opt_ PHYSICAL_ADDRESS PhysicalAddress);

STORPORTAPI ULONG StorPortAllocateHostMemoryBuffer(_In_ PVOID HwDeviceExtension, _In_ SIZE_T MinimumBytes,
                                                   _In_ SIZE_T PreferredBytes, _In_ SIZE_T UtilizationBytes,
                                                   _In_ SIZE_T AlignmentBytes,
                                                   _In_ PHYSICAL_ADDRESS LowestAcceptableAddress,
                                                   _In_ PHYSICAL_ADDRESS HighestAcceptableAddress,
                                                   _In_opt_ PHYSICAL_ADDRESS BoundaryAddressMultiple,
                                                   _Inout_ PACCESS_RANGE PhysicalAddressRanges,
                                                   _Inout_ PULONG PhysicalAddressRangeCount);

STORPORTAPI ULONG StorPortFreeHostMemoryBuffer(_In_ PVOID HwDeviceExtension, _In_ PACCESS_RANGE PhysicalAddressRanges,
                                               _In_ ULONG PhysicalAddressRangeCount);

_IRQL_requires_max_(DISPATCH_LEVEL)
STORPORTAPI ULONG StorPortAllocateMdl(_In_ PVOID HwDeviceExtension, _In_reads_bytes_(NumberOfBytes) PVOID BufferPointer,
                                      _In_ ULONG NumberOfBytes, _Outptr_ PVOID *Mdl);

_IRQL_requires_max_(DISPATCH_LEVEL)
STORPORTAPI ULONG StorPortBuildMdlForNonPagedPool(_In_ PVOID HwDeviceExtension, _Inout_ PVOID Mdl);

_IRQL_requires_max_(DISPATCH_LEVEL)
STORPORTAPI ULONG StorPortFreeMdl(_In_ PVOID HwDeviceExtension, _In_ PVOID Mdl);

/* ---- buffers of a request ---------------------------------------------------------------------------------------- */
_IRQL_requires_max_(DISPATCH_LEVEL)
STORPORTAPI ULONG StorPortGetSystemAddress(_In_ PVOID HwDeviceExtension, _In_ PSCSI_REQUEST_BLOCK Srb,
                                           _Outptr_ PVOID *SystemAddress);

STORPORTAPI ULONG StorPortGetOriginalMdl(_In_ PVOID HwDeviceExtension, _In_ PSCSI_REQUEST_BLOCK Srb,
                                         _Outptr_ PVOID *Mdl);

STORPORTAPI ULONG StorPortGetPfns(_In_ PVOID HwDeviceExtension, _In_ PSCSI_REQUEST_BLOCK Srb, _In_ PVOID Mdl,
                                  _Outptr_ PVOID *Pfns, _Out_ PULONG PfnCount, _Out_ PULONG StartingOffset);

STORPORTAPI ULONG StorPortGetDataInBufferMdl(_In_ PVOID HwDeviceExtension, _In_ PSTORAGE_REQUEST_BLOCK Srb,
                                             _Outptr_ PVOID *Mdl);

STORPORTAPI ULONG StorPortGetDataInBufferScatterGatherList(_In_ PVOID HwDeviceExtension,
                                                           _In_ PSTORAGE_REQUEST_BLOCK Srb,
                                                           _Outptr_ PSTOR_SCATTER_GATHER_LIST *SgList);

_IRQL_requires_max_(DISPATCH_LEVEL)
STORPORTAPI ULONG StorPortGetDataInBufferSystemAddress(_In_ PVOID HwDeviceExtension, _In_ PSTORAGE_REQUEST_BLOCK Srb,
                                                       _Outptr_ PVOID *SystemAddress);

_IRQL_requires_(DISPATCH_LEVEL)
STORPORTAPI ULONG StorPortBuildScatterGatherList(_In_ PVOID HwDeviceExtension, _In_ PVOID Mdl, _In_ PVOID CurrentVa,
                                                 _In_ ULONG Length, _In_ PpostScaterGatherExecute ExecutionRoutine,
                                                 _In_ PVOID Context, _In_ BOOLEAN WriteToDevice,
                                                 _Inout_ PVOID ScatterGatherBuffer,
                                                 _In_ ULONG ScatterGatherBufferLength);

_IRQL_requires_(DISPATCH_LEVEL)
STORPORTAPI ULONG StorPortPutScatterGatherList(_In_ PVOID HwDeviceExtension,
                                               _In_ PSTOR_SCATTER_GATHER_LIST ScatterGatherList,
                                               _In_ BOOLEAN WriteToDevice);

STORPORTAPI ULONG StorPortGetRequestInfo(_In_ PVOID HwDeviceExtension, _In_ PSCSI_REQUEST_BLOCK Srb,
                                         _Inout_ PSTOR_REQUEST_INFO RequestInfo);

STORPORTAPI ULONG StorPortGetActivityIdSrb(_In_ PVOID HwDeviceExtension, _In_ PSCSI_REQUEST_BLOCK Srb,
                                           _Out_ LPGUID ActivityId);

STORPORTAPI ULONG StorPortGetRequestCryptoInfo(_In_ PVOID HwDeviceExtension, _In_ PSCSI_REQUEST_BLOCK Srb,
                                               _Outptr_ PSTOR_CRYPTO_KEY_INFO *CryptoKeyInfo);

STORPORTAPI ULONG StorPortGetStartIoPerfParams(_In_ PVOID HwDeviceExtension, _In_ PSCSI_REQUEST_BLOCK Srb,
                                               _Inout_ PSTARTIO_PERFORMANCE_PARAMETERS StartIoPerfParams);

/* ---- interrupts, DPCs, locks ------------------------------------------------------------------------------------- */
STORPORTAPI ULONG StorPortGetMSIInfo(_In_ PVOID HwDeviceExtension, _In_ ULONG MessageId,
                                     _Out_ PMESSAGE_INTERRUPT_INFORMATION InterruptInfo);

STORPORTAPI ULONG StorPortAcquireMSISpinLock(_In_ PVOID HwDeviceExtension, _In_ ULONG MessageId, _Out_ PULONG OldIrql);

STORPORTAPI ULONG StorPortReleaseMSISpinLock(_In_ PVOID HwDeviceExtension, _In_ ULONG MessageId, _In_ ULONG OldIrql);

STORPORTAPI ULONG StorPortMaskMsixInterrupt(_In_ PVOID HwDeviceExtension, _In_ ULONG MessageId, _In_ BOOLEAN Mask);

STORPORTAPI ULONG StorPortGetMessageInterruptIDFromProcessorIndex(_In_ PVOID HwDeviceExtension,
                                                                  _In_ ULONG ProcessorIndex,
                                                                  _Out_ PULONG MessageInterruptID);

STORPORTAPI ULONG StorPortAcquireSpinLockEx(_In_ PVOID HwDeviceExtension, _In_ STOR_SPINLOCK SpinLock,
                                            _In_opt_ PVOID LockContext, _Inout_ PSTOR_LOCK_HANDLE LockHandle);

STORPORTAPI ULONG StorPortCancelDpc(_In_ PVOID HwDeviceExtension, _In_ PSTOR_DPC Dpc, _Out_ PBOOLEAN ReturnValue);

_IRQL_requires_min_(DISPATCH_LEVEL)
STORPORTAPI ULONG StorPortQueryDpcWatchdogInformation(_In_ PVOID HwDeviceExtension,
                                                      _Out_ PSTOR_DPC_WATCHDOG_INFORMATION DpcWatchdogInformation);

STORPORTAPI ULONG StorPortInitializePerfOpts(_In_ PVOID HwDeviceExtension, _In_ BOOLEAN Query,
                                             _Inout_ PPERF_CONFIGURATION_DATA PerfConfigData);

/* ---- timers ------------------------------------------------------------------------------------------------------ */
_IRQL_requires_max_(DISPATCH_LEVEL)
STORPORTAPI ULONG StorPortInitializeTimer(_In_ PVOID HwDeviceExtension, _Outptr_ PVOID *TimerHandle);

STORPORTAPI ULONG StorPortRequestTimer(_In_ PVOID HwDeviceExtension, _In_ PVOID TimerHandle,
                                       _In_ PHW_TIMER_EX TimerCallback, _In_opt_ PVOID CallbackContext,
                                       _In_ ULONGLONG TimerValue, _In_ ULONGLONG TolerableDelay);

_IRQL_requires_max_(DISPATCH_LEVEL)
STORPORTAPI ULONG StorPortFreeTimer(_In_ PVOID HwDeviceExtension, _In_ PVOID TimerHandle);

STORPORTAPI ULONG StorPortQueryTimerMinInterval(_In_ PVOID HwDeviceExtension, _Out_ PULONG TimerMinInterval);

/* ---- work items, threads, events --------------------------------------------------------------------------------- */
_IRQL_requires_max_(DISPATCH_LEVEL)
STORPORTAPI ULONG StorPortInitializeWorker(_In_ PVOID HwDeviceExtension, _Outptr_ PVOID *Worker);

_IRQL_requires_max_(DISPATCH_LEVEL)
STORPORTAPI ULONG StorPortQueueWorkItem(_In_ PVOID HwDeviceExtension, _In_ PHW_WORKITEM WorkItemCallback,
                                        _In_ PVOID Worker, _In_opt_ PVOID Context);

_IRQL_requires_max_(DISPATCH_LEVEL)
STORPORTAPI ULONG StorPortFreeWorker(_In_ PVOID HwDeviceExtension, _In_ PVOID Worker);

_IRQL_requires_max_(PASSIVE_LEVEL)
STORPORTAPI ULONG StorPortCreateSystemThread(_In_ PVOID HwDeviceExtension, _In_ PSTOR_THREAD_START_ROUTINE StartRoutine,
                                             _In_opt_ PVOID StartContext, _In_opt_ PSTOR_THREAD_PRIORITY Priority,
                                             _Out_ PVOID *ThreadContext);

_IRQL_requires_max_(PASSIVE_LEVEL)
STORPORTAPI ULONG StorPortTerminateSystemThread(_In_ PVOID HwDeviceExtension, _In_opt_ PVOID ThreadContext);

_IRQL_requires_max_(PASSIVE_LEVEL)
STORPORTAPI ULONG StorPortSetPriorityThread(_In_ PVOID HwDeviceExtension, _In_ PVOID ThreadContext,
                                            _In_ STOR_THREAD_PRIORITY Priority);

_IRQL_requires_max_(DISPATCH_LEVEL)
STORPORTAPI ULONG StorPortSetSystemGroupAffinityThread(_In_ PVOID HwDeviceExtension, _In_opt_ PVOID ThreadContext,
                                                       _In_ PSTOR_GROUP_AFFINITY Affinity,
                                                       _Out_opt_ PSTOR_GROUP_AFFINITY PreviousAffinity);

STORPORTAPI ULONG StorPortRevertToUserGroupAffinityThread(_In_ PVOID HwDeviceExtension, _In_opt_ PVOID ThreadContext,
                                                          _In_ PSTOR_GROUP_AFFINITY PreviousAffinity);

STORPORTAPI ULONG StorPortInitializeEvent(_In_ PVOID HwDeviceExtension, _Out_ PSTOR_EVENT Event,
                                          _In_ STOR_EVENT_TYPE Type, _In_ BOOLEAN State);

_IRQL_requires_max_(DISPATCH_LEVEL)
STORPORTAPI ULONG StorPortSetEvent(_In_ PVOID HwDeviceExtension, _Inout_ PSTOR_EVENT Event);

_IRQL_requires_max_(DISPATCH_LEVEL)
STORPORTAPI ULONG StorPortWaitForSingleObject(_In_ PVOID HwDeviceExtension, _In_ PVOID Object, _In_ BOOLEAN Alertable,
                                              _In_opt_ PLARGE_INTEGER Timeout);

STORPORTAPI ULONG StorPortDelayExecution(_In_ PVOID HwDeviceExtension, _In_ ULONG DelayInMicroseconds);

/* ---- lists ------------------------------------------------------------------------------------------------------- */
_IRQL_requires_max_(DISPATCH_LEVEL)
STORPORTAPI ULONG StorPortInitializeSListHead(_In_ PVOID HwDeviceExtension, _Out_ PSTOR_SLIST_HEADER SListHead);

_IRQL_requires_max_(DISPATCH_LEVEL)
STORPORTAPI ULONG StorPortInterlockedFlushSList(_In_ PVOID HwDeviceExtension, _Inout_ PSTOR_SLIST_HEADER SListHead,
                                                _Outptr_result_maybenull_ PSTOR_SLIST_ENTRY *Result);

_IRQL_requires_max_(DISPATCH_LEVEL)
STORPORTAPI ULONG StorPortInterlockedPopEntrySList(_In_ PVOID HwDeviceExtension, _Inout_ PSTOR_SLIST_HEADER SListHead,
                                                   _Outptr_result_maybenull_ PSTOR_SLIST_ENTRY *Result);

_IRQL_requires_max_(DISPATCH_LEVEL)
STORPORTAPI ULONG StorPortInterlockedPushEntrySList(_In_ PVOID HwDeviceExtension, _Inout_ PSTOR_SLIST_HEADER SListHead,
                                                    _Inout_ PSTOR_SLIST_ENTRY SListEntry,
                                                    _Outptr_result_maybenull_ PSTOR_SLIST_ENTRY *Result);

_IRQL_requires_max_(DISPATCH_LEVEL)
STORPORTAPI ULONG StorPortQueryDepthSList(_In_ PVOID HwDeviceExtension, _In_ PSTOR_SLIST_HEADER SListHead,
                                          _Out_ PULONG Result);

STORPORTAPI ULONG StorPortInitializeListHead(_In_ PVOID HwDeviceExtension, _Out_ PSTOR_LIST_ENTRY ListHead);

STORPORTAPI ULONG StorPortInitializeSpinlock(_In_ PVOID HwDeviceExtension, _Out_ PSTOR_KSPIN_LOCK Lock);

STORPORTAPI ULONG StorPortInterlockedInsertHeadList(_In_ PVOID HwDeviceExtension, _Inout_ PSTOR_LIST_ENTRY ListHead,
                                                    _Inout_ PSTOR_LIST_ENTRY ListEntry,
                                                    _Inout_ PSTOR_LIST_ENTRY *Result, _Inout_ PSTOR_KSPIN_LOCK Lock);

STORPORTAPI ULONG StorPortInterlockedInsertTailList(_In_ PVOID HwDeviceExtension, _Inout_ PSTOR_LIST_ENTRY ListHead,
                                                    _Inout_ PSTOR_LIST_ENTRY ListEntry,
                                                    _Inout_ PSTOR_LIST_ENTRY *Result, _Inout_ PSTOR_KSPIN_LOCK Lock);

STORPORTAPI ULONG StorPortInterlockedRemoveHeadList(_In_ PVOID HwDeviceExtension, _Inout_ PSTOR_LIST_ENTRY ListHead,
                                                    _Inout_ PSTOR_LIST_ENTRY *Result, _Inout_ PSTOR_KSPIN_LOCK Lock);

/* ---- processors and time ----------------------------------------------------------------------------------------- */
_IRQL_requires_max_(DISPATCH_LEVEL)
STORPORTAPI ULONG StorPortGetCurrentProcessorNumber(_In_ PVOID HwDeviceExtension, _Out_ PPROCESSOR_NUMBER ProcNumber);

_IRQL_requires_max_(DISPATCH_LEVEL)
STORPORTAPI ULONG StorPortGetActiveGroupCount(_In_ PVOID HwDeviceExtension, _Out_ PUSHORT NumberGroups);

_IRQL_requires_max_(DISPATCH_LEVEL)
STORPORTAPI ULONG StorPortGetActiveNodeCount(_In_ PVOID HwDeviceExtension, _Out_ PULONG NumberNodes);

_IRQL_requires_max_(DISPATCH_LEVEL)
STORPORTAPI ULONG StorPortGetHighestNodeNumber(_In_ PVOID HwDeviceExtension, _Out_ PULONG HighestNode);

_IRQL_requires_max_(DISPATCH_LEVEL)
STORPORTAPI ULONG StorPortGetGroupAffinity(_In_ PVOID HwDeviceExtension, _In_ USHORT GroupNumber,
                                           _Out_ PKAFFINITY GroupAffinityMask);

_IRQL_requires_max_(DISPATCH_LEVEL)
STORPORTAPI ULONG StorPortGetNodeAffinity(_In_ PVOID HwDeviceExtension, _In_ ULONG NodeNumber,
                                          _Out_ PGROUP_AFFINITY NodeAffinityMask);

STORPORTAPI ULONG StorPortGetNodeAffinity2(_In_ PVOID HwDeviceExtension, _In_ ULONG NodeNumber,
        _Out_writes_to_opt_(GroupAffinitiesCount, *GroupAffinitiesCountRequired) PGROUP_AFFINITY GroupAffinities,
        _In_ USHORT GroupAffinitiesCount, _Out_ PUSHORT GroupAffinitiesCountRequired);

_IRQL_requires_max_(DISPATCH_LEVEL)
STORPORTAPI ULONG StorPortGetLogicalProcessorRelationship(_In_ PVOID HwDeviceExtension,
        _In_opt_ PPROCESSOR_NUMBER ProcessorNumber, _In_ LOGICAL_PROCESSOR_RELATIONSHIP RelationshipType,
        _Out_writes_bytes_opt_(*Length) PSYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX Information, _Inout_ PULONG Length);

STORPORTAPI ULONG StorPortGetCurrentIrql(_In_ PVOID HwDeviceExtension, _Out_ PKIRQL Irql);

STORPORTAPI ULONG StorPortQueryPerformanceCounter(_In_ PVOID HwDeviceExtension,
                                                  _Out_opt_ PLARGE_INTEGER PerformanceFrequency,
                                                  _Out_ PLARGE_INTEGER PerformanceCounter);

/* ---- the adapter and its units ----------------------------------------------------------------------------------- */
STORPORTAPI ULONG StorPortGetDeviceObjects(_In_ PVOID HwDeviceExtension, _Outptr_ PVOID *AdapterDeviceObject,
                                           _Outptr_ PVOID *PhysicalDeviceObject, _Outptr_ PVOID *LowerDeviceObject);

STORPORTAPI ULONG StorPortCompleteServiceIrp(_In_ PVOID HwDeviceExtension, _In_ PVOID Irp);

STORPORTAPI ULONG StorPortGetSystemPortNumber(_In_ PVOID HwDeviceExtension, _Inout_ PSTOR_ADDRESS Address);

STORPORTAPI ULONG StorPortStateChangeDetected(_In_ PVOID HwDeviceExtension, _In_ ULONG ChangedEntity,
                                              _In_ PSTOR_ADDRESS Address, _In_ ULONG Attributes,
                                              _In_opt_ PHW_STATE_CHANGE HwStateChange,
                                              _In_opt_ PVOID HwStateChangeContext);

STORPORTAPI ULONG StorPortAsyncNotificationDetected(_In_ PVOID HwDeviceExtension, _In_ PSTOR_ADDRESS Address,
                                                    _In_ ULONGLONG Flags);

STORPORTAPI ULONG StorPortSetUnitAttributes(_In_ PVOID HwDeviceExtension, _In_ PSTOR_ADDRESS Address,
                                            _In_ STOR_UNIT_ATTRIBUTES Attributes);

STORPORTAPI ULONG StorPortMarkDeviceFailed(_In_ PVOID HwDeviceExtension, _In_opt_ PSTOR_ADDRESS StorAddress,
                                           _In_ ULONG Flags, _In_opt_ PWSTR FailReason);

STORPORTAPI ULONG StorPortMarkDeviceFailedEx(_In_ PVOID HwDeviceExtension, _In_opt_ PSTOR_ADDRESS StorAddress,
                                             _In_ ULONG Flags, _In_ ULONG FaultCode, _In_opt_ PWSTR FaultDescription,
                                             _In_ ULONG AdditionalDataSize, _In_opt_ PVOID AdditionalData,
                                             _In_ ULONG CriticalDataSize, _In_opt_ PVOID CriticalData);

STORPORTAPI ULONG StorPortMarkDumpMemory(_In_ PVOID HwDeviceExtension, _In_ PVOID Address, _In_ ULONG_PTR Length,
                                         _In_ ULONG Flags);

STORPORTAPI ULONG StorPortHardwareReset(_In_ PVOID HwDeviceExtension, _In_ STOR_DEVICE_RESET_TYPE Type);

STORPORTAPI ULONG StorPortUpdateAdapterMaxIO(_In_ PVOID HwDeviceExtension, _In_ ULONG MaxIoCount);

STORPORTAPI ULONG StorPortSetAdapterBusType(_In_ PVOID HwDeviceExtension, _In_ STORAGE_BUS_TYPE BusType);

STORPORTAPI ULONG StorPortSetFeatureList(_In_ PVOID HwDeviceExtension, _In_ ULONG FeatureCount,
                                         _In_ STORPORT_FEATURE_TYPE *FeatureList);

STORPORTAPI ULONG StorPortQueryConfiguration(_In_ PVOID HwDeviceExtension, _In_ STORPORT_QUERY_CONFIGURATION_TYPE Type,
                                             _Out_ PBOOLEAN Enabled);

STORPORTAPI ULONG StorPortGetD3ColdSupport(_In_ PVOID HwDeviceExtension, _In_opt_ PSTOR_ADDRESS Address,
                                           _Out_ PBOOLEAN Supported);

STORPORTAPI ULONG StorPortInitializeCryptoEngine(_In_ PVOID HwDeviceExtension,
                                                 _In_ PSTOR_CRYPTO_CAPABILITIES_DATA CryptoCapabilitiesData);

_IRQL_requires_max_(PASSIVE_LEVEL)
STORPORTAPI ULONG StorPortIsDeviceOperationAllowed(_In_ PVOID HwDeviceExtension, _In_ PSTOR_ADDRESS Address,
                                                   _In_ LPCGUID DeviceOperation, _Out_ PULONG AllowedFlag);

_IRQL_requires_max_(PASSIVE_LEVEL)
STORPORTAPI ULONG StorPortIsCurrentOsInstallationUpgrade(_In_ PVOID HwDeviceExtension, _Out_ PBOOLEAN Upgraded);

_IRQL_requires_max_(PASSIVE_LEVEL)
STORPORTAPI ULONG StorPortInvokeAcpiMethod(_In_ PVOID HwDeviceExtension, _In_opt_ PSTOR_ADDRESS Address,
                                           _In_ ULONG MethodName, _In_opt_ PVOID InputBuffer,
                                           _In_ ULONG InputBufferLength,
                                           _Out_writes_bytes_opt_(OutputBufferLength) PVOID OutputBuffer,
                                           _In_ ULONG OutputBufferLength, _Out_opt_ PULONG BytesReturned);

/* ---- power ------------------------------------------------------------------------------------------------------- */
STORPORTAPI ULONG StorPortInitializePoFxPower(_In_ PVOID HwDeviceExtension, _In_opt_ PSTOR_ADDRESS Address,
                                              _In_ PSTOR_POFX_DEVICE Device, _Inout_ PBOOLEAN D3ColdEnabled);

_IRQL_requires_max_(DISPATCH_LEVEL)
STORPORTAPI ULONG StorPortPoFxActivateComponent(_In_ PVOID HwDeviceExtension, _In_opt_ PSTOR_ADDRESS Address,
                                                _In_opt_ PSCSI_REQUEST_BLOCK Srb, _In_ ULONG Component,
                                                _In_ ULONG Flags);

STORPORTAPI ULONG StorPortPoFxIdleComponent(_In_ PVOID HwDeviceExtension, _In_opt_ PSTOR_ADDRESS Address,
                                            _In_opt_ PSCSI_REQUEST_BLOCK Srb, _In_ ULONG Component, _In_ ULONG Flags);

_IRQL_requires_max_(DISPATCH_LEVEL)
STORPORTAPI ULONG StorPortPoFxPowerControl(_In_ PVOID HwDeviceExtension, _In_opt_ PSTOR_ADDRESS Address,
                                           _In_ LPCGUID PowerControlCode, _In_opt_ PVOID InBuffer,
                                           _In_ SIZE_T InBufferSize,
                                           _Out_writes_bytes_opt_(OutBufferSize) PVOID OutBuffer,
                                           _In_ SIZE_T OutBufferSize, _Out_opt_ PSIZE_T BytesReturned);

_IRQL_requires_max_(DISPATCH_LEVEL)
STORPORTAPI ULONG StorPortPoFxSetComponentLatency(_In_ PVOID HwDeviceExtension, _In_opt_ PSTOR_ADDRESS Address,
                                                  _In_ ULONG Component, _In_ ULONGLONG Latency);

_IRQL_requires_max_(DISPATCH_LEVEL)
STORPORTAPI ULONG StorPortPoFxSetComponentResidency(_In_ PVOID HwDeviceExtension, _In_opt_ PSTOR_ADDRESS Address,
                                                    _In_ ULONG Component, _In_ ULONGLONG Residency);

STORPORTAPI ULONG StorPortPoFxSetIdleTimeout(_In_ PVOID HwDeviceExtension, _In_opt_ PSTOR_ADDRESS Address,
                                             _In_ ULONG IdleTimeoutInMS);

STORPORTAPI ULONG StorPortPoFxSetPerfState(_In_ PVOID HwDeviceExtension, _In_opt_ PSTOR_ADDRESS Address,
                                           _In_ ULONG Component, _In_ ULONG Flags, _In_ ULONG SetIndex,
                                           _In_ ULONGLONG State, _In_opt_ PVOID Context);

STORPORTAPI ULONG StorPortSetPowerSettingNotificationGuids(_In_ PVOID HwDeviceExtension, _In_ ULONG GuidCount,
                                                           _In_reads_(GuidCount) LPCGUID Guid);

/* ---- registry ---------------------------------------------------------------------------------------------------- */
_IRQL_requires_max_(PASSIVE_LEVEL)
STORPORTAPI ULONG StorPortRegistryReadAdapterKey(_In_ PVOID HwDeviceExtension, _In_opt_ PUCHAR SubKeyName,
                                                 _In_ PUCHAR ValueName, _In_ ULONG ValueType, _Inout_ PVOID *ValueData,
                                                 _Inout_ PULONG ValueDataLength);

_IRQL_requires_max_(PASSIVE_LEVEL)
STORPORTAPI ULONG StorPortRegistryWriteAdapterKey(_In_ PVOID HwDeviceExtension, _In_opt_ PUCHAR SubKeyName,
                                                  _In_ PUCHAR ValueName, _In_ ULONG ValueType, _In_ PVOID ValueData,
                                                  _In_ ULONG ValueDataLength);

STORPORTAPI ULONG StorPortEnableRegistryKeyNotification(_In_ PVOID HwDeviceExtension,
                                                        _In_ PHW_REGISTRY_NOTIFICATION_ROUTINE NotificationCallback);

/* ---- logging ----------------------------------------------------------------------------------------------------- */
_IRQL_requires_max_(DISPATCH_LEVEL)
STORPORTAPI ULONG StorPortLogSystemEvent(_In_ PVOID HwDeviceExtension, _Inout_ PSTOR_LOG_EVENT_DETAILS LogDetails,
                                         _Inout_opt_ PULONG MaximumSize);

_IRQL_requires_max_(DISPATCH_LEVEL)
STORPORTAPI ULONG StorPortEtwEvent2(_In_ PVOID HwDeviceExtension, _In_opt_ PSTOR_ADDRESS Address, _In_ ULONG EventId,
                                    _In_ PWSTR EventDescription, _In_ ULONGLONG EventKeywords,
                                    _In_ STORPORT_ETW_LEVEL EventLevel, _In_ STORPORT_ETW_EVENT_OPCODE EventOpcode,
                                    _In_opt_ PSCSI_REQUEST_BLOCK Srb, _In_opt_ PWSTR Parameter1Name,
                                    _In_ ULONGLONG Parameter1Value, _In_opt_ PWSTR Parameter2Name,
                                    _In_ ULONGLONG Parameter2Value);

_IRQL_requires_max_(DISPATCH_LEVEL)
STORPORTAPI ULONG StorPortEtwEvent4(_In_ PVOID HwDeviceExtension, _In_opt_ PSTOR_ADDRESS Address, _In_ ULONG EventId,
                                    _In_ PWSTR EventDescription, _In_ ULONGLONG EventKeywords,
                                    _In_ STORPORT_ETW_LEVEL EventLevel, _In_ STORPORT_ETW_EVENT_OPCODE EventOpcode,
                                    _In_opt_ PSCSI_REQUEST_BLOCK Srb, _In_opt_ PWSTR Parameter1Name,
                                    _In_ ULONGLONG Parameter1Value, _In_opt_ PWSTR Parameter2Name,
                                    _In_ ULONGLONG Parameter2Value, _In_opt_ PWSTR Parameter3Name,
                                    _In_ ULONGLONG Parameter3Value, _In_opt_ PWSTR Parameter4Name,
                                    _In_ ULONGLONG Parameter4Value);

_IRQL_requires_max_(DISPATCH_LEVEL)
STORPORTAPI ULONG StorPortEtwEvent8(_In_ PVOID HwDeviceExtension, _In_opt_ PSTOR_ADDRESS Address, _In_ ULONG EventId,
                                    _In_ PWSTR EventDescription, _In_ ULONGLONG EventKeywords,
                                    _In_ STORPORT_ETW_LEVEL EventLevel, _In_ STORPORT_ETW_EVENT_OPCODE EventOpcode,
                                    _In_opt_ PSCSI_REQUEST_BLOCK Srb, _In_opt_ PWSTR Parameter1Name,
                                    _In_ ULONGLONG Parameter1Value, _In_opt_ PWSTR Parameter2Name,
                                    _In_ ULONGLONG Parameter2Value, _In_opt_ PWSTR Parameter3Name,
                                    _In_ ULONGLONG Parameter3Value, _In_opt_ PWSTR Parameter4Name,
                                    _In_ ULONGLONG Parameter4Value, _In_opt_ PWSTR Parameter5Name,
                                    _In_ ULONGLONG Parameter5Value, _In_opt_ PWSTR Parameter6Name,
                                    _In_ ULONGLONG Parameter6Value, _In_opt_ PWSTR Parameter7Name,
                                    _In_ ULONGLONG Parameter7Value, _In_opt_ PWSTR Parameter8Name,
                                    _In_ ULONGLONG Parameter8Value);

_IRQL_requires_max_(DISPATCH_LEVEL)
STORPORTAPI ULONG StorPortEtwChannelEvent2(_In_ PVOID HwDeviceExtension, _In_opt_ PSTOR_ADDRESS Address,
                                           _In_ STORPORT_ETW_EVENT_CHANNEL EventChannel, _In_ ULONG EventId,
                                           _In_ PWSTR EventDescription, _In_ ULONGLONG EventKeywords,
                                           _In_ STORPORT_ETW_LEVEL EventLevel,
                                           _In_ STORPORT_ETW_EVENT_OPCODE EventOpcode, _In_opt_ PSCSI_REQUEST_BLOCK Srb,
                                           _In_opt_ PWSTR Parameter1Name, _In_ ULONGLONG Parameter1Value,
                                           _In_opt_ PWSTR Parameter2Name, _In_ ULONGLONG Parameter2Value);

_IRQL_requires_max_(DISPATCH_LEVEL)
STORPORTAPI ULONG StorPortEtwChannelEvent4(_In_ PVOID HwDeviceExtension, _In_opt_ PSTOR_ADDRESS Address,
                                           _In_ STORPORT_ETW_EVENT_CHANNEL EventChannel, _In_ ULONG EventId,
                                           _In_ PWSTR EventDescription, _In_ ULONGLONG EventKeywords,
                                           _In_ STORPORT_ETW_LEVEL EventLevel,
                                           _In_ STORPORT_ETW_EVENT_OPCODE EventOpcode, _In_opt_ PSCSI_REQUEST_BLOCK Srb,
                                           _In_opt_ PWSTR Parameter1Name, _In_ ULONGLONG Parameter1Value,
                                           _In_opt_ PWSTR Parameter2Name, _In_ ULONGLONG Parameter2Value,
                                           _In_opt_ PWSTR Parameter3Name, _In_ ULONGLONG Parameter3Value,
                                           _In_opt_ PWSTR Parameter4Name, _In_ ULONGLONG Parameter4Value);

_IRQL_requires_max_(DISPATCH_LEVEL)
STORPORTAPI ULONG StorPortEtwChannelEvent8(_In_ PVOID HwDeviceExtension, _In_opt_ PSTOR_ADDRESS Address,
                                           _In_ STORPORT_ETW_EVENT_CHANNEL EventChannel, _In_ ULONG EventId,
                                           _In_ PWSTR EventDescription, _In_ ULONGLONG EventKeywords,
                                           _In_ STORPORT_ETW_LEVEL EventLevel,
                                           _In_ STORPORT_ETW_EVENT_OPCODE EventOpcode, _In_opt_ PSCSI_REQUEST_BLOCK Srb,
                                           _In_opt_ PWSTR Parameter1Name, _In_ ULONGLONG Parameter1Value,
                                           _In_opt_ PWSTR Parameter2Name, _In_ ULONGLONG Parameter2Value,
                                           _In_opt_ PWSTR Parameter3Name, _In_ ULONGLONG Parameter3Value,
                                           _In_opt_ PWSTR Parameter4Name, _In_ ULONGLONG Parameter4Value,
                                           _In_opt_ PWSTR Parameter5Name, _In_ ULONGLONG Parameter5Value,
                                           _In_opt_ PWSTR Parameter6Name, _In_ ULONGLONG Parameter6Value,
                                           _In_opt_ PWSTR Parameter7Name, _In_ ULONGLONG Parameter7Value,
                                           _In_opt_ PWSTR Parameter8Name, _In_ ULONGLONG Parameter8Value);

_IRQL_requires_max_(DISPATCH_LEVEL)
STORPORTAPI ULONG StorPortEtwLogByteStream(_In_ PVOID HwDeviceExtension, _In_opt_ PSTOR_ADDRESS Address,
                                           _In_ STORPORT_ETW_EVENT_CHANNEL EventChannel, _In_ ULONG EventId,
                                           _In_ PWSTR EventDescription, _In_ ULONGLONG EventKeywords,
                                           _In_ STORPORT_ETW_LEVEL EventLevel,
                                           _In_ STORPORT_ETW_EVENT_OPCODE EventOpcode, _In_ ULONG DataLength,
                                           _In_reads_bytes_(DataLength) PUCHAR Data);

_IRQL_requires_max_(DISPATCH_LEVEL)
STORPORTAPI ULONG StorPortEtwLogError(_In_ PVOID HwDeviceExtension, _In_opt_ PSTOR_ADDRESS Address, _In_ ULONG Id,
                                      _In_ PWSTR Description, _In_ ULONG DataBufferLength,
                                      _In_reads_bytes_(DataBufferLength) PUCHAR DataBuffer);

STORPORTAPI ULONG StorPortLogTelemetry(_In_ PVOID HwDeviceExtension, _In_opt_ PSTOR_ADDRESS StorAddress,
                                       _In_ PSTORPORT_TELEMETRY_EVENT Event);

STORPORTAPI ULONG StorPortLogTelemetryEx(_In_ PVOID HwDeviceExtension, _In_opt_ PSTOR_ADDRESS StorAddress,
                                         _In_ PSTORPORT_TELEMETRY_EVENT Event, _In_ STOR_TELEMETRY_CATEGORY Category);

_IRQL_requires_max_(PASSIVE_LEVEL)
STORPORTAPI ULONG StorPortCaptureLiveDump(_In_ PVOID HwDeviceExtension, _In_opt_ PSTOR_ADDRESS StorAddress,
                                          _In_ PSTORPORT_CAPTURE_LIVEDUMP CaptureLivedump);

EXTERN_C_END
