/* SPDX-License-Identifier: MIT */
/*
 * APCs, alerts and mutants. Microsoft's headers leave the APC routines out and drivers that use them declare them on their own;
 * so no other header includes this one.
 */
#pragma once

#include <nt/ke_types.h>

EXTERN_C_START

typedef enum _KAPC_ENVIRONMENT {
    OriginalApcEnvironment,
    AttachedApcEnvironment,
    CurrentApcEnvironment,
    InsertApcEnvironment
} KAPC_ENVIRONMENT, *PKAPC_ENVIRONMENT;

typedef VOID KNORMAL_ROUTINE(PVOID NormalContext, PVOID SystemArgument1, PVOID SystemArgument2);
typedef KNORMAL_ROUTINE *PKNORMAL_ROUTINE;

typedef VOID KKERNEL_ROUTINE(struct _KAPC *Apc, PKNORMAL_ROUTINE *NormalRoutine, PVOID *NormalContext,
                             PVOID *SystemArgument1, PVOID *SystemArgument2);
typedef KKERNEL_ROUTINE *PKKERNEL_ROUTINE;

typedef VOID KRUNDOWN_ROUTINE(struct _KAPC *Apc);
typedef KRUNDOWN_ROUTINE *PKRUNDOWN_ROUTINE;

NTKERNELAPI VOID KeInitializeApc(_Out_ PKAPC Apc, _In_ PKTHREAD Thread, _In_ KAPC_ENVIRONMENT Environment,
                                 _In_ PKKERNEL_ROUTINE KernelRoutine, _In_opt_ PKRUNDOWN_ROUTINE RundownRoutine,
                                 _In_opt_ PKNORMAL_ROUTINE NormalRoutine, _In_ KPROCESSOR_MODE ApcMode,
                                 _In_opt_ PVOID NormalContext);

/* FALSE: it is queued already, or the thread is ending. */
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI BOOLEAN KeInsertQueueApc(_Inout_ PKAPC Apc, _In_opt_ PVOID SystemArgument1, _In_opt_ PVOID SystemArgument2,
                                     _In_ KPRIORITY Increment);

_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI BOOLEAN KeRemoveQueueApc(_Inout_ PKAPC Apc);

/* Both say whether the thread had been alerted in that mode before. */
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI BOOLEAN KeAlertThread(_Inout_ PKTHREAD Thread, _In_ KPROCESSOR_MODE AlertMode);
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI BOOLEAN KeTestAlertThread(_In_ KPROCESSOR_MODE AlertMode);

/* Reserved for system use. */
NTKERNELAPI VOID KeInitializeMutant(_Out_ PRKMUTANT Mutant, _In_ BOOLEAN InitialOwner);
NTKERNELAPI LONG KeReadStateMutant(_In_ PRKMUTANT Mutant);
NTKERNELAPI LONG KeReleaseMutant(_Inout_ PRKMUTANT Mutant, _In_ KPRIORITY Increment, _In_ BOOLEAN Abandoned,
                                 _In_ BOOLEAN Wait);

EXTERN_C_END
