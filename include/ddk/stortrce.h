/* SPDX-License-Identifier: MIT */
/* WPP tracing of miniports, which the port sets up for them: WPP_INIT_TRACING has a third argument. */
#pragma once

#include <ntdef.h>

typedef VOID (*PSTORAGE_TRACE_CLEANUP_ROUTINE)(_In_ PVOID Arg1);

typedef struct _STORAGE_TRACE_INIT_INFO {
    ULONG Size;
    PVOID DriverObject;
    ULONG NumErrorLogRecords;
    PSTORAGE_TRACE_CLEANUP_ROUTINE TraceCleanupRoutine;
    PVOID TraceContext;
} STORAGE_TRACE_INIT_INFO, *PSTORAGE_TRACE_INIT_INFO;
