/* SPDX-License-Identifier: MIT */
/* I/O manager routines: devices, IRPs, StartIo, DPC for ISR, I/O timers, work items, cancel-safe queues, remove locks. */
#pragma once

#include <nt/io_irp.h>
#include <nt/interlocked.h>
#include <nt/ke_irql.h>
#include <nt/ke_timer.h>
#include <nt/list.h>

EXTERN_C_START

extern DT_EXPORT POBJECT_TYPE *IoFileObjectType;
extern DT_EXPORT POBJECT_TYPE *IoDeviceObjectType;
extern DT_EXPORT POBJECT_TYPE *IoDriverObjectType;

/* ---- devices and names ------------------------------------------------------------------------------------------- */
_IRQL_requires_max_(APC_LEVEL)
_Must_inspect_result_
NTKERNELAPI NTSTATUS IoCreateDevice(_In_ PDRIVER_OBJECT DriverObject, _In_ ULONG DeviceExtensionSize,
                                    _In_opt_ PUNICODE_STRING DeviceName, _In_ DEVICE_TYPE DeviceType,
                                    _In_ ULONG DeviceCharacteristics, _In_ BOOLEAN Exclusive,
                                    _Outptr_result_nullonfailure_ PDEVICE_OBJECT *DeviceObject);

_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI VOID IoDeleteDevice(_In_ PDEVICE_OBJECT DeviceObject);

_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI NTSTATUS IoCreateSymbolicLink(_In_ PUNICODE_STRING SymbolicLinkName, _In_ PUNICODE_STRING DeviceName);

_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI NTSTATUS IoCreateUnprotectedSymbolicLink(_In_ PUNICODE_STRING SymbolicLinkName,
                                                     _In_ PUNICODE_STRING DeviceName);

_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI NTSTATUS IoDeleteSymbolicLink(_In_ PUNICODE_STRING SymbolicLinkName);

_IRQL_requires_max_(PASSIVE_LEVEL)
_Must_inspect_result_
NTKERNELAPI NTSTATUS IoGetDeviceObjectPointer(_In_ PUNICODE_STRING ObjectName, _In_ ACCESS_MASK DesiredAccess,
                                              _Out_ PFILE_OBJECT *FileObject, _Out_ PDEVICE_OBJECT *DeviceObject);

_IRQL_requires_max_(DISPATCH_LEVEL)
_Must_inspect_result_
NTKERNELAPI PDEVICE_OBJECT IoAttachDeviceToDeviceStack(_In_ PDEVICE_OBJECT SourceDevice,
                                                       _In_ PDEVICE_OBJECT TargetDevice);

_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI NTSTATUS IoAttachDeviceToDeviceStackSafe(_In_ PDEVICE_OBJECT SourceDevice, _In_ PDEVICE_OBJECT TargetDevice,
                                                     _Outptr_ PDEVICE_OBJECT *AttachedToDeviceObject);

_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI NTSTATUS IoAttachDevice(_In_ PDEVICE_OBJECT SourceDevice, _In_ PUNICODE_STRING TargetDevice,
                                    _Out_ PDEVICE_OBJECT *AttachedDevice);

_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI VOID IoDetachDevice(_Inout_ PDEVICE_OBJECT TargetDevice);

_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI PDEVICE_OBJECT IoGetAttachedDevice(_In_ PDEVICE_OBJECT DeviceObject);

_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI PDEVICE_OBJECT IoGetAttachedDeviceReference(_In_ PDEVICE_OBJECT DeviceObject);

_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI PDEVICE_OBJECT IoGetRelatedDeviceObject(_In_ PFILE_OBJECT FileObject);

_IRQL_requires_max_(DISPATCH_LEVEL)
_Must_inspect_result_
NTKERNELAPI NTSTATUS IoAllocateDriverObjectExtension(_In_ PDRIVER_OBJECT DriverObject,
                                                     _In_ PVOID ClientIdentificationAddress,
                                                     _In_ ULONG DriverObjectExtensionSize,
                                                     _Out_ PVOID *DriverObjectExtension);

_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI PVOID IoGetDriverObjectExtension(_In_ PDRIVER_OBJECT DriverObject, _In_ PVOID ClientIdentificationAddress);

_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI VOID IoRegisterDriverReinitialization(_In_ PDRIVER_OBJECT DriverObject,
                                                  _In_ PDRIVER_REINITIALIZE DriverReinitializationRoutine,
                                                  _In_opt_ PVOID Context);

_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI VOID IoRegisterBootDriverReinitialization(_In_ PDRIVER_OBJECT DriverObject,
                                                      _In_ PDRIVER_REINITIALIZE DriverReinitializationRoutine,
                                                      _In_opt_ PVOID Context);

_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI NTSTATUS IoRegisterShutdownNotification(_In_ PDEVICE_OBJECT DeviceObject);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI NTSTATUS IoRegisterLastChanceShutdownNotification(_In_ PDEVICE_OBJECT DeviceObject);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI VOID IoUnregisterShutdownNotification(_In_ PDEVICE_OBJECT DeviceObject);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI PCONFIGURATION_INFORMATION IoGetConfigurationInformation(VOID);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI VOID IoRaiseHardError(_In_ PIRP Irp, _In_opt_ PVPB Vpb, _In_ PDEVICE_OBJECT RealDeviceObject);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI BOOLEAN IoRaiseInformationalHardError(_In_ NTSTATUS ErrorStatus, _In_opt_ PUNICODE_STRING String,
                                                  _In_opt_ PKTHREAD Thread);
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI VOID IoSetHardErrorOrVerifyDevice(_In_ PIRP Irp, _In_ PDEVICE_OBJECT DeviceObject);
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI PVOID IoAllocateErrorLogEntry(_In_ PVOID IoObject, _In_ UCHAR EntrySize);
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI VOID IoWriteErrorLogEntry(_In_ PVOID ElEntry);
NTKERNELAPI VOID IoFreeErrorLogEntry(_In_ PVOID ElEntry);
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI BOOLEAN IoIs32bitProcess(_In_opt_ PIRP Irp);

/* ---- IRPs -------------------------------------------------------------------------------------------------------- */
_IRQL_requires_max_(DISPATCH_LEVEL)
_Must_inspect_result_
NTKERNELAPI PIRP IoAllocateIrp(_In_ CCHAR StackSize, _In_ BOOLEAN ChargeQuota);

_IRQL_requires_max_(DISPATCH_LEVEL)
_Must_inspect_result_
NTKERNELAPI PIRP IoAllocateIrpEx(_In_ PDEVICE_OBJECT DeviceObject, _In_ CCHAR StackSize, _In_ BOOLEAN ChargeQuota);

_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI VOID IoFreeIrp(_In_ PIRP Irp);

_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI VOID IoReuseIrp(_Inout_ PIRP Irp, _In_ NTSTATUS Iostatus);

_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI VOID IoInitializeIrp(_Out_ PIRP Irp, _In_ USHORT PacketSize, _In_ CCHAR StackSize);

_IRQL_requires_max_(DISPATCH_LEVEL)
_Must_inspect_result_
NTKERNELAPI PIRP IoMakeAssociatedIrp(_In_ PIRP Irp, _In_ CCHAR StackSize);

_Must_inspect_result_
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI PIRP IoBuildAsynchronousFsdRequest(_In_ ULONG MajorFunction, _In_ PDEVICE_OBJECT DeviceObject,
                                               _Inout_opt_ PVOID Buffer, _In_opt_ ULONG Length,
                                               _In_opt_ PLARGE_INTEGER StartingOffset,
                                               _In_opt_ PIO_STATUS_BLOCK IoStatusBlock);

_IRQL_requires_max_(APC_LEVEL)
_Must_inspect_result_
NTKERNELAPI PIRP IoBuildSynchronousFsdRequest(_In_ ULONG MajorFunction, _In_ PDEVICE_OBJECT DeviceObject,
                                              _Inout_opt_ PVOID Buffer, _In_opt_ ULONG Length,
                                              _In_opt_ PLARGE_INTEGER StartingOffset, _In_ PKEVENT Event,
                                              _Out_ PIO_STATUS_BLOCK IoStatusBlock);

_IRQL_requires_max_(APC_LEVEL)
_Must_inspect_result_
NTKERNELAPI PIRP IoBuildDeviceIoControlRequest(_In_ ULONG IoControlCode, _In_ PDEVICE_OBJECT DeviceObject,
                                               _In_opt_ PVOID InputBuffer, _In_ ULONG InputBufferLength,
                                               _Out_opt_ PVOID OutputBuffer, _In_ ULONG OutputBufferLength,
                                               _In_ BOOLEAN InternalDeviceIoControl, _In_opt_ PKEVENT Event,
                                               _Out_ PIO_STATUS_BLOCK IoStatusBlock);

_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI NTSTATUS IofCallDriver(_In_ PDEVICE_OBJECT DeviceObject, _Inout_ PIRP Irp);

/* TRUE: it went down and came back completed; FALSE: no stack location was left, nothing was done. */
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI BOOLEAN IoForwardIrpSynchronously(_In_ PDEVICE_OBJECT DeviceObject, _In_ PIRP Irp);

_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI VOID IofCompleteRequest(_In_ PIRP Irp, _In_ CCHAR PriorityBoost);

_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI BOOLEAN IoCancelIrp(_In_ PIRP Irp);

_Acquires_lock_(_Global_cancel_spin_lock_)
_IRQL_requires_max_(DISPATCH_LEVEL)
_IRQL_raises_(DISPATCH_LEVEL)
NTKERNELAPI VOID IoAcquireCancelSpinLock(_Out_ _At_(*Irql, _IRQL_saves_) PKIRQL Irql);

_Releases_lock_(_Global_cancel_spin_lock_)
_IRQL_requires_(DISPATCH_LEVEL)
NTKERNELAPI VOID IoReleaseCancelSpinLock(_In_ _IRQL_restores_ _IRQL_uses_cancel_ KIRQL Irql);

_IRQL_requires_max_(DISPATCH_LEVEL)
_IRQL_raises_(DISPATCH_LEVEL)
NTKERNELAPI VOID IoAcquireVpbSpinLock(_Out_ _At_(*Irql, _IRQL_saves_) PKIRQL Irql);

_IRQL_requires_(DISPATCH_LEVEL)
NTKERNELAPI VOID IoReleaseVpbSpinLock(_In_ _IRQL_restores_ KIRQL Irql);

_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI PEPROCESS IoGetRequestorProcess(_In_ PIRP Irp);
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI ULONG IoGetRequestorProcessId(_In_ PIRP Irp);
NTKERNELAPI BOOLEAN IoIsOperationSynchronous(_In_ PIRP Irp);
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI PIRP IoGetTopLevelIrp(VOID);
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI VOID IoSetTopLevelIrp(_In_opt_ PIRP Irp);
NTKERNELAPI IO_PRIORITY_HINT IoGetIoPriorityHint(_In_ PIRP Irp);
NTKERNELAPI NTSTATUS IoSetIoPriorityHint(_In_ PIRP Irp, _In_ IO_PRIORITY_HINT PriorityHint);

_IRQL_requires_max_(DISPATCH_LEVEL)
_Must_inspect_result_
NTKERNELAPI NTSTATUS IoSetCompletionRoutineEx(_In_ PDEVICE_OBJECT DeviceObject, _In_ PIRP Irp,
                                              _In_ PIO_COMPLETION_ROUTINE CompletionRoutine, _In_opt_ PVOID Context,
                                              _In_ BOOLEAN InvokeOnSuccess, _In_ BOOLEAN InvokeOnError,
                                              _In_ BOOLEAN InvokeOnCancel);

#define IoCallDriver(device, irp) IofCallDriver(device, irp)
#define IoCompleteRequest(irp, boost) IofCompleteRequest(irp, boost)

/* ---- StartIo ----------------------------------------------------------------------------------------------------- */
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI VOID IoStartPacket(_In_ PDEVICE_OBJECT DeviceObject, _In_ PIRP Irp, _In_opt_ PULONG Key,
                               _In_opt_ PDRIVER_CANCEL CancelFunction);

_IRQL_requires_(DISPATCH_LEVEL)
NTKERNELAPI VOID IoStartNextPacket(_In_ PDEVICE_OBJECT DeviceObject, _In_ BOOLEAN Cancelable);

_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI VOID IoStartNextPacketByKey(_In_ PDEVICE_OBJECT DeviceObject, _In_ BOOLEAN Cancelable, _In_ ULONG Key);

NTKERNELAPI VOID IoSetStartIoAttributes(_In_ PDEVICE_OBJECT DeviceObject, _In_ BOOLEAN DeferredStartIo,
                                        _In_ BOOLEAN NonCancelable);

/* ---- device queues ----------------------------------------------------------------------------------------------- */
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI VOID KeInitializeDeviceQueue(_Out_ PKDEVICE_QUEUE DeviceQueue);

_IRQL_requires_(DISPATCH_LEVEL)
NTKERNELAPI BOOLEAN KeInsertDeviceQueue(_Inout_ PKDEVICE_QUEUE DeviceQueue,
                                        _Inout_ PKDEVICE_QUEUE_ENTRY DeviceQueueEntry);

_IRQL_requires_(DISPATCH_LEVEL)
NTKERNELAPI BOOLEAN KeInsertByKeyDeviceQueue(_Inout_ PKDEVICE_QUEUE DeviceQueue,
                                             _Inout_ PKDEVICE_QUEUE_ENTRY DeviceQueueEntry, _In_ ULONG SortKey);

_IRQL_requires_(DISPATCH_LEVEL)
NTKERNELAPI PKDEVICE_QUEUE_ENTRY KeRemoveDeviceQueue(_Inout_ PKDEVICE_QUEUE DeviceQueue);

_IRQL_requires_(DISPATCH_LEVEL)
NTKERNELAPI PKDEVICE_QUEUE_ENTRY KeRemoveByKeyDeviceQueue(_Inout_ PKDEVICE_QUEUE DeviceQueue, _In_ ULONG SortKey);

_IRQL_requires_(DISPATCH_LEVEL)
NTKERNELAPI PKDEVICE_QUEUE_ENTRY KeRemoveByKeyDeviceQueueIfBusy(_Inout_ PKDEVICE_QUEUE DeviceQueue, _In_ ULONG SortKey);

_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI BOOLEAN KeRemoveEntryDeviceQueue(_Inout_ PKDEVICE_QUEUE DeviceQueue,
                                             _Inout_ PKDEVICE_QUEUE_ENTRY DeviceQueueEntry);

/* ---- I/O timers: one call a second ------------------------------------------------------------------------------- */
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI NTSTATUS IoInitializeTimer(_In_ PDEVICE_OBJECT DeviceObject, _In_ PIO_TIMER_ROUTINE TimerRoutine,
                                       _In_opt_ PVOID Context);

_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI VOID IoStartTimer(_In_ PDEVICE_OBJECT DeviceObject);

_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI VOID IoStopTimer(_In_ PDEVICE_OBJECT DeviceObject);

/* ---- work items -------------------------------------------------------------------------------------------------- */
_IRQL_requires_max_(DISPATCH_LEVEL)
_Must_inspect_result_
NTKERNELAPI PIO_WORKITEM IoAllocateWorkItem(_In_ PDEVICE_OBJECT DeviceObject);

_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI VOID IoFreeWorkItem(_In_ PIO_WORKITEM IoWorkItem);

_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI VOID IoQueueWorkItem(_Inout_ PIO_WORKITEM IoWorkItem, _In_ PIO_WORKITEM_ROUTINE WorkerRoutine,
                                 _In_ WORK_QUEUE_TYPE QueueType, _In_opt_ PVOID Context);

_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI VOID IoQueueWorkItemEx(_Inout_ PIO_WORKITEM IoWorkItem, _In_ PIO_WORKITEM_ROUTINE_EX WorkerRoutine,
                                   _In_ WORK_QUEUE_TYPE QueueType, _In_opt_ PVOID Context);

_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI BOOLEAN IoTryQueueWorkItem(_Inout_ PIO_WORKITEM IoWorkItem, _In_ PIO_WORKITEM_ROUTINE_EX WorkerRoutine,
                                       _In_ WORK_QUEUE_TYPE QueueType, _In_opt_ PVOID Context);

NTKERNELAPI VOID IoInitializeWorkItem(_In_ PVOID IoObject, _Out_ PIO_WORKITEM IoWorkItem);

NTKERNELAPI VOID IoUninitializeWorkItem(_Inout_ PIO_WORKITEM IoWorkItem);

NTKERNELAPI ULONG IoSizeofWorkItem(VOID);

/* ---- cancel-safe queues ------------------------------------------------------------------------------------------ */
NTKERNELAPI NTSTATUS IoCsqInitialize(_Out_ PIO_CSQ Csq, _In_ PIO_CSQ_INSERT_IRP CsqInsertIrp,
                                     _In_ PIO_CSQ_REMOVE_IRP CsqRemoveIrp, _In_ PIO_CSQ_PEEK_NEXT_IRP CsqPeekNextIrp,
                                     _In_ PIO_CSQ_ACQUIRE_LOCK CsqAcquireLock, _In_ PIO_CSQ_RELEASE_LOCK CsqReleaseLock,
                                     _In_ PIO_CSQ_COMPLETE_CANCELED_IRP CsqCompleteCanceledIrp);

NTKERNELAPI NTSTATUS IoCsqInitializeEx(_Out_ PIO_CSQ Csq, _In_ PIO_CSQ_INSERT_IRP_EX CsqInsertIrp,
                                       _In_ PIO_CSQ_REMOVE_IRP CsqRemoveIrp, _In_ PIO_CSQ_PEEK_NEXT_IRP CsqPeekNextIrp,
                                       _In_ PIO_CSQ_ACQUIRE_LOCK CsqAcquireLock,
                                       _In_ PIO_CSQ_RELEASE_LOCK CsqReleaseLock,
                                       _In_ PIO_CSQ_COMPLETE_CANCELED_IRP CsqCompleteCanceledIrp);

_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI VOID IoCsqInsertIrp(_Inout_ PIO_CSQ Csq, _Inout_ PIRP Irp, _Out_opt_ PIO_CSQ_IRP_CONTEXT Context);

_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI NTSTATUS IoCsqInsertIrpEx(_Inout_ PIO_CSQ Csq, _Inout_ PIRP Irp, _Out_opt_ PIO_CSQ_IRP_CONTEXT Context,
                                      _In_opt_ PVOID InsertContext);

_Must_inspect_result_
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI PIRP IoCsqRemoveIrp(_Inout_ PIO_CSQ Csq, _Inout_ PIO_CSQ_IRP_CONTEXT Context);

_Must_inspect_result_
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI PIRP IoCsqRemoveNextIrp(_Inout_ PIO_CSQ Csq, _In_opt_ PVOID PeekContext);

/* ---- remove locks ------------------------------------------------------------------------------------------------ */
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI VOID IoInitializeRemoveLockEx(_In_ PIO_REMOVE_LOCK Lock, _In_ ULONG AllocateTag,
                                          _In_ ULONG MaxLockedMinutes, _In_ ULONG HighWatermark,
                                          _In_ ULONG RemlockSize);

_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI NTSTATUS IoAcquireRemoveLockEx(_Inout_ PIO_REMOVE_LOCK RemoveLock, _In_opt_ PVOID Tag, _In_ PCSTR File,
                                           _In_ ULONG Line, _In_ ULONG RemlockSize);

_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI VOID IoReleaseRemoveLockEx(_Inout_ PIO_REMOVE_LOCK RemoveLock, _In_opt_ PVOID Tag, _In_ ULONG RemlockSize);

_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI VOID IoReleaseRemoveLockAndWaitEx(_Inout_ PIO_REMOVE_LOCK RemoveLock, _In_opt_ PVOID Tag,
                                              _In_ ULONG RemlockSize);

#define IoInitializeRemoveLock(lock, tag, minutes, high) \
    IoInitializeRemoveLockEx(lock, tag, minutes, high, sizeof(IO_REMOVE_LOCK))
#define IoAcquireRemoveLock(lock, tag) IoAcquireRemoveLockEx(lock, tag, __FILE__, __LINE__, sizeof(IO_REMOVE_LOCK))
#define IoReleaseRemoveLock(lock, tag) IoReleaseRemoveLockEx(lock, tag, sizeof(IO_REMOVE_LOCK))
#define IoReleaseRemoveLockAndWait(lock, tag) IoReleaseRemoveLockAndWaitEx(lock, tag, sizeof(IO_REMOVE_LOCK))

/* ---- small questions --------------------------------------------------------------------------------------------- */
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI PDEVICE_OBJECT IoGetLowerDeviceObject(_In_ PDEVICE_OBJECT DeviceObject);
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI PDEVICE_OBJECT IoGetDeviceAttachmentBaseRef(_In_ PDEVICE_OBJECT DeviceObject);
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI NTSTATUS IoEnumerateDeviceObjectList(_In_ PDRIVER_OBJECT DriverObject,
                                                 _Out_writes_bytes_to_opt_(DeviceObjectListSize, *ActualNumberDeviceObjects)
                                                     PDEVICE_OBJECT *DeviceObjectList,
                                                 _In_ ULONG DeviceObjectListSize,
                                                 _Out_ PULONG ActualNumberDeviceObjects);
NTKERNELAPI NTSTATUS IoValidateDeviceIoControlAccess(_In_ PIRP Irp, _In_ ULONG RequiredAccess);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI BOOLEAN IoIsWdmVersionAvailable(_In_ UCHAR MajorVersion, _In_ UCHAR MinorVersion);

EXTERN_C_END

#include <nt/io_inline.h>
