/* SPDX-License-Identifier: MIT */
/* Dispatcher objects and waits, threads, processors. */
#pragma once

#include <nt/ke_types.h>
#include <nt/processors.h>

EXTERN_C_START

/* ---- events ------------------------------------------------------------------------------------------------------ */
NTKERNELAPI VOID KeInitializeEvent(_Out_ PRKEVENT Event, _In_ EVENT_TYPE Type, _In_ BOOLEAN State);

_When_(Wait == 0, _IRQL_requires_max_(DISPATCH_LEVEL))
_When_(Wait == 1, _IRQL_requires_max_(APC_LEVEL))
NTKERNELAPI LONG KeSetEvent(_Inout_ PRKEVENT Event, _In_ KPRIORITY Increment, _In_ _Literal_ BOOLEAN Wait);

_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI VOID KeClearEvent(_Inout_ PRKEVENT Event);

_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI LONG KeResetEvent(_Inout_ PRKEVENT Event);

_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI LONG KeReadStateEvent(_In_ PRKEVENT Event);

_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI LONG KePulseEvent(_Inout_ PRKEVENT Event, _In_ KPRIORITY Increment, _In_ BOOLEAN Wait);

_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI PKEVENT IoCreateNotificationEvent(_In_ PUNICODE_STRING EventName, _Out_ PHANDLE EventHandle);

_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI PKEVENT IoCreateSynchronizationEvent(_In_ PUNICODE_STRING EventName, _Out_ PHANDLE EventHandle);

/* ---- mutexes ----------------------------------------------------------------------------------------------------- */
NTKERNELAPI VOID KeInitializeMutex(_Out_ PRKMUTEX Mutex, _In_ ULONG Level);

_When_(Wait == 0, _IRQL_requires_max_(DISPATCH_LEVEL))
_When_(Wait == 1, _IRQL_requires_max_(APC_LEVEL))
NTKERNELAPI LONG KeReleaseMutex(_Inout_ PRKMUTEX Mutex, _In_ _Literal_ BOOLEAN Wait);

_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI LONG KeReadStateMutex(_In_ PRKMUTEX Mutex);

/* ---- semaphores -------------------------------------------------------------------------------------------------- */
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI VOID KeInitializeSemaphore(_Out_ PRKSEMAPHORE Semaphore, _In_ LONG Count, _In_ LONG Limit);

_When_(Wait == 0, _IRQL_requires_max_(DISPATCH_LEVEL))
_When_(Wait == 1, _IRQL_requires_max_(APC_LEVEL))
NTKERNELAPI LONG KeReleaseSemaphore(_Inout_ PRKSEMAPHORE Semaphore, _In_ KPRIORITY Increment, _In_ LONG Adjustment,
                                    _In_ _Literal_ BOOLEAN Wait);

NTKERNELAPI LONG KeReadStateSemaphore(_In_ PRKSEMAPHORE Semaphore);

/* ---- waits ------------------------------------------------------------------------------------------------------- */
_IRQL_requires_min_(PASSIVE_LEVEL)
_When_((Timeout == NULL || Timeout->QuadPart != 0), _IRQL_requires_max_(APC_LEVEL))
_When_((Timeout != NULL && Timeout->QuadPart == 0), _IRQL_requires_max_(DISPATCH_LEVEL))
NTKERNELAPI NTSTATUS KeWaitForSingleObject(_In_ PVOID Object, _In_ _Strict_type_match_ KWAIT_REASON WaitReason,
                                           _In_ KPROCESSOR_MODE WaitMode, _In_ BOOLEAN Alertable,
                                           _In_opt_ PLARGE_INTEGER Timeout);

_IRQL_requires_min_(PASSIVE_LEVEL)
_When_((Timeout == NULL || Timeout->QuadPart != 0), _IRQL_requires_max_(APC_LEVEL))
_When_((Timeout != NULL && Timeout->QuadPart == 0), _IRQL_requires_max_(DISPATCH_LEVEL))
NTKERNELAPI NTSTATUS KeWaitForMultipleObjects(_In_ ULONG Count, _In_reads_(Count) PVOID Object[],
                                              _In_ _Strict_type_match_ WAIT_TYPE WaitType,
                                              _In_ _Strict_type_match_ KWAIT_REASON WaitReason,
                                              _In_ KPROCESSOR_MODE WaitMode, _In_ BOOLEAN Alertable,
                                              _In_opt_ PLARGE_INTEGER Timeout, _Out_opt_ PKWAIT_BLOCK WaitBlockArray);

_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI NTSTATUS KeDelayExecutionThread(_In_ KPROCESSOR_MODE WaitMode, _In_ BOOLEAN Alertable,
                                            _In_ PLARGE_INTEGER Interval);

#define KeWaitForMutexObject KeWaitForSingleObject

_IRQL_requires_max_(PASSIVE_LEVEL)
NTSYSAPI NTSTATUS ZwWaitForSingleObject(_In_ HANDLE Handle, _In_ BOOLEAN Alertable, _In_opt_ PLARGE_INTEGER Timeout);

/* ---- threads ----------------------------------------------------------------------------------------------------- */
typedef struct _CLIENT_ID {
    HANDLE UniqueProcess;
    HANDLE UniqueThread;
} CLIENT_ID, *PCLIENT_ID;

_IRQL_requires_max_(PASSIVE_LEVEL)
_Must_inspect_result_
NTKERNELAPI NTSTATUS PsCreateSystemThread(_Out_ PHANDLE ThreadHandle, _In_ ULONG DesiredAccess,
                                          _In_opt_ POBJECT_ATTRIBUTES ObjectAttributes, _In_opt_ HANDLE ProcessHandle,
                                          _Out_opt_ PCLIENT_ID ClientId, _In_ PKSTART_ROUTINE StartRoutine,
                                          _In_opt_ PVOID StartContext);

_IRQL_requires_max_(PASSIVE_LEVEL)
_Must_inspect_result_
NTKERNELAPI NTSTATUS IoCreateSystemThread(_Inout_ PVOID IoObject, _Out_ PHANDLE ThreadHandle, _In_ ULONG DesiredAccess,
                                          _In_opt_ POBJECT_ATTRIBUTES ObjectAttributes, _In_opt_ HANDLE ProcessHandle,
                                          _Out_opt_ PCLIENT_ID ClientId, _In_ PKSTART_ROUTINE StartRoutine,
                                          _In_opt_ PVOID StartContext);

/* Does not return to its caller. */
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI NTSTATUS PsTerminateSystemThread(_In_ NTSTATUS ExitStatus);

extern DT_EXPORT PEPROCESS PsInitialSystemProcess;
NTKERNELAPI PKTHREAD KeGetCurrentThread(VOID);
NTKERNELAPI PEPROCESS PsGetCurrentProcess(VOID);
NTKERNELAPI PEPROCESS IoGetCurrentProcess(VOID);
NTKERNELAPI HANDLE PsGetCurrentProcessId(VOID);
NTKERNELAPI HANDLE PsGetCurrentThreadId(VOID);
NTKERNELAPI HANDLE PsGetProcessId(_In_ PEPROCESS Process);
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI HANDLE PsGetThreadId(_In_ PETHREAD Thread);
NTKERNELAPI HANDLE PsGetThreadProcessId(_In_ PETHREAD Thread);
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI PEPROCESS IoThreadToProcess(_In_ PETHREAD Thread);
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI BOOLEAN PsIsSystemThread(_In_ PETHREAD Thread);
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI BOOLEAN IoIsSystemThread(_In_ PETHREAD Thread);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI BOOLEAN PsGetVersion(_Out_opt_ PULONG MajorVersion, _Out_opt_ PULONG MinorVersion,
                                 _Out_opt_ PULONG BuildNumber, _Inout_opt_ PUNICODE_STRING CSDVersion);
#define PsGetCurrentThread() ((PETHREAD)KeGetCurrentThread())
NTKERNELAPI PVOID PsGetCurrentThreadTeb(VOID);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI NTSTATUS PsGetThreadExitStatus(_In_ PETHREAD Thread);
NTKERNELAPI LONGLONG PsGetThreadCreateTime(_In_ PETHREAD Thread);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI ULONG KeQueryRuntimeThread(_In_ PKTHREAD Thread, _Out_ PULONG UserTime);
NTKERNELAPI ULONG64 KeQueryTotalCycleTimeThread(_Inout_ PKTHREAD Thread, _Out_ PULONG64 CycleTimeStamp);

_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI KPROCESSOR_MODE ExGetPreviousMode(VOID);

_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI KPRIORITY KeSetPriorityThread(_Inout_ PKTHREAD Thread, _In_ KPRIORITY Priority);

_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI KPRIORITY KeQueryPriorityThread(_In_ PKTHREAD Thread);

_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI LONG KeSetBasePriorityThread(_Inout_ PKTHREAD Thread, _In_ LONG Increment);

_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI VOID KeSetSystemAffinityThread(_In_ KAFFINITY Affinity);

_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI KAFFINITY KeSetSystemAffinityThreadEx(_In_ KAFFINITY Affinity);

_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI VOID KeRevertToUserAffinityThread(VOID);

_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI VOID KeRevertToUserAffinityThreadEx(_In_ KAFFINITY Affinity);

_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI VOID KeSetSystemGroupAffinityThread(_In_ PGROUP_AFFINITY Affinity,
                                                _Out_opt_ PGROUP_AFFINITY PreviousAffinity);

_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI VOID KeRevertToUserGroupAffinityThread(_In_ PGROUP_AFFINITY PreviousAffinity);

typedef struct _PAFFINITY_TOKEN *PAFFINITY_TOKEN;
NTKERNELAPI PAFFINITY_TOKEN PsAllocateAffinityToken(VOID);
NTKERNELAPI VOID PsFreeAffinityToken(_In_ PAFFINITY_TOKEN AffinityToken);
NTKERNELAPI NTSTATUS PsSetSystemMultipleGroupAffinityThread(_In_reads_(GroupCount) PGROUP_AFFINITY GroupAffinities,
                                                            _In_ USHORT GroupCount,
                                                            _Inout_ PAFFINITY_TOKEN AffinityToken);
NTKERNELAPI VOID PsRevertToUserMultipleGroupAffinityThread(_In_ PAFFINITY_TOKEN AffinityToken);

/* ---- stacks and floating point ----------------------------------------------------------------------------------- */
NTKERNELAPI VOID IoGetStackLimits(_Out_ PULONG_PTR LowLimit, _Out_ PULONG_PTR HighLimit);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI ULONG IoWithinStackLimits(_In_ ULONG_PTR RegionStart, _In_ SIZE_T RegionSize);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI PVOID IoGetInitialStack(VOID);
NTKERNELAPI ULONG_PTR IoGetRemainingStackSize(VOID);

_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI NTSTATUS KeExpandKernelStackAndCallout(_In_ PEXPAND_STACK_CALLOUT Callout, _In_opt_ PVOID Parameter,
                                                   _In_ SIZE_T Size);

_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI NTSTATUS KeExpandKernelStackAndCalloutEx(_In_ PEXPAND_STACK_CALLOUT Callout, _In_opt_ PVOID Parameter,
                                                     _In_ SIZE_T Size, _In_ BOOLEAN Wait, _In_opt_ PVOID Context);

_When_(return >= 0, _Kernel_float_saved_)
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI NTSTATUS KeSaveFloatingPointState(_Out_ PKFLOATING_SAVE FloatSave);

_Kernel_float_restored_
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI NTSTATUS KeRestoreFloatingPointState(_In_ PKFLOATING_SAVE FloatSave);

typedef struct _XSTATE_CONTEXT {
    ULONG64 Mask;
    ULONG Length;
    ULONG Reserved1;
    struct _XSAVE_AREA *Area;
    PVOID Buffer;
} XSTATE_CONTEXT, *PXSTATE_CONTEXT;

typedef struct _XSTATE_SAVE {
    struct _XSTATE_SAVE *Prev;
    PKTHREAD Thread;
    UCHAR Level;
    XSTATE_CONTEXT XStateContext;
} XSTATE_SAVE, *PXSTATE_SAVE;

_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI NTSTATUS KeSaveExtendedProcessorState(_In_ ULONG64 Mask, _Out_ PXSTATE_SAVE XStateSave);
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI VOID KeRestoreExtendedProcessorState(_In_ PXSTATE_SAVE XStateSave);

/* ---- processes --------------------------------------------------------------------------------------------------- */
typedef struct _KAPC_STATE {
    LIST_ENTRY ApcListHead[2];
    PKPROCESS Process;
    UCHAR InProgressFlags;
    BOOLEAN KernelApcPending;
    BOOLEAN UserApcPendingAll;
} KAPC_STATE, *PKAPC_STATE, *PRKAPC_STATE;

/* The old pair: one attachment at a time. */
#define KeAttachProcess(process) KeStackAttachProcess((process), &(KAPC_STATE){0})
#define KeDetachProcess() KeUnstackDetachProcess(&(KAPC_STATE){0})

_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI VOID KeStackAttachProcess(_Inout_ PRKPROCESS PROCESS, _Out_ PRKAPC_STATE ApcState);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI VOID KeUnstackDetachProcess(_In_ PRKAPC_STATE ApcState);
_IRQL_requires_max_(APC_LEVEL)
_Must_inspect_result_
NTKERNELAPI NTSTATUS PsLookupProcessByProcessId(_In_ HANDLE ProcessId, _Out_ PEPROCESS *Process);

/* ---- processors -------------------------------------------------------------------------------------------------- */
#define INVALID_PROCESSOR_INDEX 0xffffffff

NTKERNELAPI ULONG KeGetCurrentProcessorNumber(VOID);
NTKERNELAPI ULONG KeGetCurrentProcessorNumberEx(_Out_opt_ PPROCESSOR_NUMBER ProcNumber);
NTKERNELAPI ULONG KeGetCurrentProcessorIndex(VOID);
NTKERNELAPI ULONG KeGetProcessorIndexFromNumber(_In_ PPROCESSOR_NUMBER ProcNumber);
NTKERNELAPI NTSTATUS KeGetProcessorNumberFromIndex(_In_ ULONG ProcIndex, _Out_ PPROCESSOR_NUMBER ProcNumber);
NTKERNELAPI KAFFINITY KeQueryActiveProcessors(VOID);
NTKERNELAPI ULONG KeQueryActiveProcessorCount(_Out_opt_ PKAFFINITY ActiveProcessors);
NTKERNELAPI ULONG KeQueryActiveProcessorCountEx(_In_ USHORT GroupNumber);
NTKERNELAPI ULONG KeQueryMaximumProcessorCount(VOID);
NTKERNELAPI ULONG KeQueryMaximumProcessorCountEx(_In_ USHORT GroupNumber);
NTKERNELAPI USHORT KeQueryActiveGroupCount(VOID);
NTKERNELAPI USHORT KeQueryMaximumGroupCount(VOID);
NTKERNELAPI KAFFINITY KeQueryGroupAffinity(_In_ USHORT GroupNumber);
NTKERNELAPI USHORT KeGetCurrentNodeNumber(VOID);
NTKERNELAPI USHORT KeQueryHighestNodeNumber(VOID);
NTKERNELAPI VOID KeQueryNodeActiveAffinity(_In_ USHORT NodeNumber, _Out_opt_ PGROUP_AFFINITY Affinity,
                                           _Out_opt_ PUSHORT Count);
NTKERNELAPI ULONG KeQueryNodeMaximumProcessorCount(_In_ USHORT NodeNumber);
NTKERNELAPI ULONG KeQueryNodeActiveProcessorCount(_In_ USHORT NodeNumber);

_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI NTSTATUS KeQueryLogicalProcessorRelationship(_In_opt_ PPROCESSOR_NUMBER ProcessorNumber,
                                                         _In_ LOGICAL_PROCESSOR_RELATIONSHIP RelationshipType,
                                                         _Out_writes_bytes_opt_(*Length)
                                                             PSYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX Information,
                                                         _Inout_ PULONG Length);
NTKERNELAPI NTSTATUS KeQueryNodeActiveAffinity2(_In_ USHORT NodeNumber,
                                                _Out_writes_to_opt_(GroupAffinitiesCount, *GroupAffinitiesRequired)
                                                    PGROUP_AFFINITY GroupAffinities,
                                                _In_ USHORT GroupAffinitiesCount,
                                                _Out_ PUSHORT GroupAffinitiesRequired);
NTKERNELAPI ULONG KeGetRecommendedSharedDataAlignment(VOID);

typedef enum _KE_PROCESSOR_CHANGE_NOTIFY_STATE {
    KeProcessorAddStartNotify,
    KeProcessorAddCompleteNotify,
    KeProcessorAddFailureNotify
} KE_PROCESSOR_CHANGE_NOTIFY_STATE;

typedef struct _KE_PROCESSOR_CHANGE_NOTIFY_CONTEXT {
    KE_PROCESSOR_CHANGE_NOTIFY_STATE State;
    ULONG NtNumber;
    NTSTATUS Status;
    PROCESSOR_NUMBER ProcNumber;
} KE_PROCESSOR_CHANGE_NOTIFY_CONTEXT, *PKE_PROCESSOR_CHANGE_NOTIFY_CONTEXT;

_IRQL_requires_same_
_Function_class_(PROCESSOR_CALLBACK_FUNCTION)
typedef VOID PROCESSOR_CALLBACK_FUNCTION(_In_ PVOID CallbackContext,
                                         _In_ PKE_PROCESSOR_CHANGE_NOTIFY_CONTEXT ChangeContext,
                                         _Inout_ PNTSTATUS OperationStatus);
typedef PROCESSOR_CALLBACK_FUNCTION *PPROCESSOR_CALLBACK_FUNCTION;

#define KE_PROCESSOR_CHANGE_ADD_EXISTING 1

_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI PVOID KeRegisterProcessorChangeCallback(_In_ PPROCESSOR_CALLBACK_FUNCTION CallbackFunction,
                                                    _In_opt_ PVOID CallbackContext, _In_ ULONG Flags);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI VOID KeDeregisterProcessorChangeCallback(_In_ PVOID CallbackHandle);

/* An exported variable on Windows; a driver only ever reads it. */
#define KeNumberProcessors KeQueryActiveProcessorCount(NULL)

EXTERN_C_END
