/* SPDX-License-Identifier: MIT */
/* What a file system driver sees: ntddk.h and more. */
#pragma once

#include <ntddk.h>

#include <nt/ke_queue.h>

EXTERN_C_START

typedef struct _OBJECT_NAME_INFORMATION {
    UNICODE_STRING Name;
} OBJECT_NAME_INFORMATION, *POBJECT_NAME_INFORMATION;

_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI NTSTATUS ObQueryNameString(_In_ PVOID Object,
                                       _Out_writes_bytes_opt_(Length) POBJECT_NAME_INFORMATION ObjectNameInfo,
                                       _In_ ULONG Length, _Out_ PULONG ReturnLength);

EXTERN_C_END
