/* SPDX-License-Identifier: MIT */
/* What ntifs.h adds to the kernel's routines: queues of entries for a pool of threads, and more about threads. */
#pragma once

#include <nt/ke_types.h>

EXTERN_C_START

/* ---- queues ------------------------------------------------------------------------------------------------------ */
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI VOID KeInitializeQueue(_Out_ PRKQUEUE Queue, _In_ ULONG Count);

NTKERNELAPI LONG KeReadStateQueue(_In_ PRKQUEUE Queue);

_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI LONG KeInsertQueue(_Inout_ PRKQUEUE Queue, _Inout_ PLIST_ENTRY Entry);

_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI LONG KeInsertHeadQueue(_Inout_ PRKQUEUE Queue, _Inout_ PLIST_ENTRY Entry);

/* An entry, or one of STATUS_TIMEOUT, STATUS_USER_APC and STATUS_ABANDONED as a pointer; never NULL. */
_IRQL_requires_min_(PASSIVE_LEVEL)
_When_((Timeout == NULL || Timeout->QuadPart != 0), _IRQL_requires_max_(APC_LEVEL))
_When_((Timeout != NULL && Timeout->QuadPart == 0), _IRQL_requires_max_(DISPATCH_LEVEL))
NTKERNELAPI PLIST_ENTRY KeRemoveQueue(_Inout_ PRKQUEUE Queue, _In_ KPROCESSOR_MODE WaitMode,
                                      _In_opt_ PLARGE_INTEGER Timeout);

_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI PLIST_ENTRY KeRundownQueue(_Inout_ PRKQUEUE Queue);

/* ---- threads ----------------------------------------------------------------------------------------------------- */
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI BOOLEAN PsIsThreadTerminating(_In_ PETHREAD Thread);

_IRQL_requires_max_(APC_LEVEL)
_Must_inspect_result_
NTKERNELAPI NTSTATUS PsLookupThreadByThreadId(_In_ HANDLE ThreadId, _Outptr_ PETHREAD *Thread);

EXTERN_C_END
