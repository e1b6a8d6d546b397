/* SPDX-License-Identifier: MIT */
/* Timers, DPCs and time. Due times: positive = absolute system time, negative = relative, both in 100 ns. */
#pragma once

#include <nt/ke_types.h>

EXTERN_C_START

/* ---- timers ------------------------------------------------------------------------------------------------------ */
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI VOID KeInitializeTimer(_Out_ PKTIMER Timer);

_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI VOID KeInitializeTimerEx(_Out_ PKTIMER Timer, _In_ TIMER_TYPE Type);

_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI BOOLEAN KeSetTimer(_Inout_ PKTIMER Timer, _In_ LARGE_INTEGER DueTime, _In_opt_ PKDPC Dpc);

_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI BOOLEAN KeSetTimerEx(_Inout_ PKTIMER Timer, _In_ LARGE_INTEGER DueTime, _In_ LONG Period,
                                 _In_opt_ PKDPC Dpc);

_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI BOOLEAN KeSetCoalescableTimer(_Inout_ PKTIMER Timer, _In_ LARGE_INTEGER DueTime, _In_ ULONG Period,
                                          _In_ ULONG TolerableDelay, _In_opt_ PKDPC Dpc);

_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI BOOLEAN KeCancelTimer(_Inout_ PKTIMER Timer);

_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI BOOLEAN KeReadStateTimer(_In_ PKTIMER Timer);

/* ---- DPCs -------------------------------------------------------------------------------------------------------- */
NTKERNELAPI VOID KeInitializeDpc(_Out_ PRKDPC Dpc, _In_ PKDEFERRED_ROUTINE DeferredRoutine,
                                 _In_opt_ PVOID DeferredContext);

NTKERNELAPI VOID KeInitializeThreadedDpc(_Out_ PRKDPC Dpc, _In_ PKDEFERRED_ROUTINE DeferredRoutine,
                                         _In_opt_ PVOID DeferredContext);

NTKERNELAPI BOOLEAN KeInsertQueueDpc(_Inout_ PRKDPC Dpc, _In_opt_ PVOID SystemArgument1,
                                     _In_opt_ PVOID SystemArgument2);

NTKERNELAPI BOOLEAN KeRemoveQueueDpc(_Inout_ PRKDPC Dpc);

_IRQL_requires_max_(HIGH_LEVEL)
NTKERNELAPI BOOLEAN KeRemoveQueueDpcEx(_Inout_ PRKDPC Dpc, _In_ BOOLEAN WaitIfActive);

NTKERNELAPI VOID KeSetImportanceDpc(_Inout_ PRKDPC Dpc, _In_ _Strict_type_match_ KDPC_IMPORTANCE Importance);

NTKERNELAPI VOID KeSetTargetProcessorDpc(_Inout_ PRKDPC Dpc, _In_ CCHAR Number);

NTKERNELAPI NTSTATUS KeSetTargetProcessorDpcEx(_Inout_ PKDPC Dpc, _In_ PPROCESSOR_NUMBER ProcNumber);

_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI VOID KeFlushQueuedDpcs(VOID);

NTKERNELAPI LOGICAL KeShouldYieldProcessor(VOID);

NTKERNELAPI LOGICAL KeIsExecutingDpc(VOID); /* nonzero in a DPC routine */

NTKERNELAPI NTSTATUS KeQueryDpcWatchdogInformation(_Out_ PKDPC_WATCHDOG_INFORMATION WatchdogInformation);

_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI VOID KeGenericCallDpc(_In_ PKDEFERRED_ROUTINE Routine, _In_opt_ PVOID Context);

_IRQL_requires_(DISPATCH_LEVEL)
NTKERNELAPI VOID KeSignalCallDpcDone(_In_ PVOID SystemArgument1);

_IRQL_requires_(DISPATCH_LEVEL)
NTKERNELAPI LOGICAL KeSignalCallDpcSynchronize(_In_ PVOID SystemArgument2);

/* ---- time -------------------------------------------------------------------------------------------------------- */
NTKERNELAPI VOID KeQuerySystemTime(_Out_ PLARGE_INTEGER CurrentTime);
NTKERNELAPI VOID KeQuerySystemTimePrecise(_Out_ PLARGE_INTEGER CurrentTime);
NTKERNELAPI ULONGLONG KeQueryInterruptTime(VOID);
NTKERNELAPI ULONGLONG KeQueryInterruptTimePrecise(_Out_ PULONG64 QpcTimeStamp);
NTKERNELAPI NTSTATUS KeConvertAuxiliaryCounterToPerformanceCounter(_In_ ULONG64 AuxiliaryCounterValue,
                                                                   _Out_ PULONG64 PerformanceCounterValue,
                                                                   _Out_opt_ PULONG64 ConversionError);
NTKERNELAPI NTSTATUS KeConvertPerformanceCounterToAuxiliaryCounter(_In_ ULONG64 PerformanceCounterValue,
                                                                   _Out_ PULONG64 AuxiliaryCounterValue,
                                                                   _Out_opt_ PULONG64 ConversionError);
NTKERNELAPI NTSTATUS KeQueryAuxiliaryCounterFrequency(_Out_opt_ PULONG64 AuxiliaryCounterFrequency);
NTKERNELAPI ULONGLONG KeQueryUnbiasedInterruptTime(VOID);
NTKERNELAPI ULONGLONG KeQueryUnbiasedInterruptTimePrecise(_Out_ PULONG64 QpcTimeStamp);
NTKERNELAPI VOID KeQueryTickCount(_Out_ PLARGE_INTEGER CurrentCount);
NTKERNELAPI ULONG KeQueryTimeIncrement(VOID); /* 100 ns per tick */
NTKERNELAPI LARGE_INTEGER KeQueryPerformanceCounter(_Out_opt_ PLARGE_INTEGER PerformanceFrequency);
NTKERNELAPI VOID KeStallExecutionProcessor(_In_ ULONG MicroSeconds);
#define KeQuerySystemTimeUnsafe KeQuerySystemTime

EXTERN_C_END
