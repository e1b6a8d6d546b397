/* SPDX-License-Identifier: MIT */
/* Assertions, debug output and bug checks. DBG is defined as 1 by the build of a checked driver. */
#pragma once

#include <nt/ke_types.h>

EXTERN_C_START

/* ---- bug checks -------------------------------------------------------------------------------------------------- */
NTKERNELAPI DECLSPEC_NORETURN VOID KeBugCheck(_In_ ULONG BugCheckCode);
NTKERNELAPI DECLSPEC_NORETURN VOID KeBugCheckEx(_In_ ULONG BugCheckCode, _In_ ULONG_PTR BugCheckParameter1,
                                                _In_ ULONG_PTR BugCheckParameter2, _In_ ULONG_PTR BugCheckParameter3,
                                                _In_ ULONG_PTR BugCheckParameter4);
#define EXCEPTION_NONCONTINUABLE 0x01
#define EXCEPTION_MAXIMUM_PARAMETERS 15

typedef struct _EXCEPTION_RECORD {
    NTSTATUS ExceptionCode;
    ULONG ExceptionFlags;
    struct _EXCEPTION_RECORD *ExceptionRecord;
    PVOID ExceptionAddress;
    ULONG NumberParameters;
    ULONG_PTR ExceptionInformation[EXCEPTION_MAXIMUM_PARAMETERS];
} EXCEPTION_RECORD, *PEXCEPTION_RECORD;

/* ContextRecord is always NULL: registers are not shown. */
typedef struct _EXCEPTION_POINTERS {
    PEXCEPTION_RECORD ExceptionRecord;
    struct _CONTEXT *ContextRecord;
} EXCEPTION_POINTERS, *PEXCEPTION_POINTERS;

_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI DECLSPEC_NORETURN VOID ExRaiseStatus(_In_ NTSTATUS Status);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI DECLSPEC_NORETURN VOID ExRaiseAccessViolation(VOID);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI DECLSPEC_NORETURN VOID ExRaiseDatatypeMisalignment(VOID);

typedef enum _KBUGCHECK_BUFFER_DUMP_STATE {
    BufferEmpty,
    BufferInserted,
    BufferStarted,
    BufferFinished,
    BufferIncomplete
} KBUGCHECK_BUFFER_DUMP_STATE;

_Function_class_(KBUGCHECK_CALLBACK_ROUTINE)
_IRQL_requires_same_
typedef VOID KBUGCHECK_CALLBACK_ROUTINE(_In_ PVOID Buffer, _In_ ULONG Length);
typedef KBUGCHECK_CALLBACK_ROUTINE *PKBUGCHECK_CALLBACK_ROUTINE;

typedef struct _KBUGCHECK_CALLBACK_RECORD {
    LIST_ENTRY Entry;
    PKBUGCHECK_CALLBACK_ROUTINE CallbackRoutine;
    PVOID Buffer;
    ULONG Length;
    PUCHAR Component;
    ULONG_PTR Checksum;
    UCHAR State;
} KBUGCHECK_CALLBACK_RECORD, *PKBUGCHECK_CALLBACK_RECORD;

typedef enum _KBUGCHECK_CALLBACK_REASON {
    KbCallbackInvalid,
    KbCallbackReserved1,
    KbCallbackSecondaryDumpData,
    KbCallbackDumpIo,
    KbCallbackAddPages,
    KbCallbackSecondaryMultiPartDumpData,
    KbCallbackRemovePages,
    KbCallbackTriageDumpData,
    KbCallbackReserved2,
    KbCallbackReserved3
} KBUGCHECK_CALLBACK_REASON;

struct _KBUGCHECK_REASON_CALLBACK_RECORD;
_Function_class_(KBUGCHECK_REASON_CALLBACK_ROUTINE)
_IRQL_requires_same_
typedef VOID KBUGCHECK_REASON_CALLBACK_ROUTINE(_In_ KBUGCHECK_CALLBACK_REASON Reason,
                                               _In_ struct _KBUGCHECK_REASON_CALLBACK_RECORD *Record,
                                               _Inout_ PVOID ReasonSpecificData, _In_ ULONG ReasonSpecificDataLength);
typedef KBUGCHECK_REASON_CALLBACK_ROUTINE *PKBUGCHECK_REASON_CALLBACK_ROUTINE;

typedef struct _KBUGCHECK_REASON_CALLBACK_RECORD {
    LIST_ENTRY Entry;
    PKBUGCHECK_REASON_CALLBACK_ROUTINE CallbackRoutine;
    PUCHAR Component;
    ULONG_PTR Checksum;
    KBUGCHECK_CALLBACK_REASON Reason;
    UCHAR State;
} KBUGCHECK_REASON_CALLBACK_RECORD, *PKBUGCHECK_REASON_CALLBACK_RECORD;

typedef struct _KBUGCHECK_SECONDARY_DUMP_DATA {
    PVOID InBuffer;
    ULONG InBufferLength;
    ULONG MaximumAllowed;
    GUID Guid;
    PVOID OutBuffer;
    ULONG OutBufferLength;
} KBUGCHECK_SECONDARY_DUMP_DATA, *PKBUGCHECK_SECONDARY_DUMP_DATA;

#define KeInitializeCallbackRecord(r) ((r)->State = BufferEmpty)

_Must_inspect_result_
NTKERNELAPI BOOLEAN KeRegisterBugCheckCallback(_Out_ PKBUGCHECK_CALLBACK_RECORD CallbackRecord,
                                               _In_ PKBUGCHECK_CALLBACK_ROUTINE CallbackRoutine,
                                               _In_opt_ PVOID Buffer, _In_ ULONG Length, _In_ PUCHAR Component);
NTKERNELAPI BOOLEAN KeDeregisterBugCheckCallback(_Inout_ PKBUGCHECK_CALLBACK_RECORD CallbackRecord);
_Must_inspect_result_
NTKERNELAPI BOOLEAN KeRegisterBugCheckReasonCallback(_Out_ PKBUGCHECK_REASON_CALLBACK_RECORD CallbackRecord,
                                                     _In_ PKBUGCHECK_REASON_CALLBACK_ROUTINE CallbackRoutine,
                                                     _In_ KBUGCHECK_CALLBACK_REASON Reason, _In_ PUCHAR Component);
NTKERNELAPI BOOLEAN KeDeregisterBugCheckReasonCallback(_Inout_ PKBUGCHECK_REASON_CALLBACK_RECORD CallbackRecord);
NTKERNELAPI ULONG KeInitializeCrashDumpHeader(_In_ ULONG DumpType, _In_ ULONG Flags, _Out_ PVOID Buffer,
                                              _In_ ULONG BufferSize, _Out_opt_ PULONG BufferNeeded);

/* ---- output ------------------------------------------------------------------------------------------------------ */
/* Formats are Microsoft's (%wZ, %I64d, %S), so the compiler's own check does not apply. */
NTSYSAPI ULONG DbgPrint(_In_z_ PCSTR Format, ...);
NTSYSAPI ULONG DbgPrintEx(_In_ ULONG ComponentId, _In_ ULONG Level, _In_z_ PCSTR Format, ...);
NTSYSAPI ULONG vDbgPrintEx(_In_ ULONG ComponentId, _In_ ULONG Level, _In_z_ PCCH Format,
                           _In_ __builtin_va_list arglist);
NTSYSAPI ULONG vDbgPrintExWithPrefix(_In_z_ PCCH Prefix, _In_ ULONG ComponentId, _In_ ULONG Level, _In_z_ PCCH Format,
                                     _In_ __builtin_va_list arglist);
NTSYSAPI VOID DbgBreakPoint(VOID);
NTSYSAPI VOID DbgBreakPointWithStatus(_In_ ULONG Status);
NTSYSAPI ULONG DbgPrompt(_In_z_ PCCH Prompt, _Out_writes_bytes_(MaximumResponseLength) PCH Response,
                         _In_ ULONG MaximumResponseLength);
NTSYSAPI ULONG RtlWalkFrameChain(_Out_writes_(Count) PVOID *Callers, _In_ ULONG Count, _In_ ULONG Flags);
NTSYSAPI USHORT RtlCaptureStackBackTrace(_In_ ULONG FramesToSkip, _In_ ULONG FramesToCapture, _Out_ PVOID *BackTrace,
                                         _Out_opt_ PULONG BackTraceHash);

/* Exported variables on Windows; drivers only ever read them. */
#define KD_DEBUGGER_ENABLED FALSE
#define KD_DEBUGGER_NOT_PRESENT TRUE
#define KdDebuggerEnabled KD_DEBUGGER_ENABLED
#define KdDebuggerNotPresent KD_DEBUGGER_NOT_PRESENT
typedef enum _KD_OPTION { KD_OPTION_SET_BLOCK_ENABLE } KD_OPTION;

NTKERNELAPI NTSTATUS KdDisableDebugger(VOID);
NTKERNELAPI NTSTATUS KdEnableDebugger(VOID);
NTKERNELAPI BOOLEAN KdRefreshDebuggerNotPresent(VOID);
NTKERNELAPI NTSTATUS KdChangeOption(_In_ KD_OPTION Option, _In_opt_ ULONG InBufferBytes, _In_ PVOID InBuffer,
                                    _In_opt_ ULONG OutBufferBytes, _Out_ PVOID OutBuffer,
                                    _Out_opt_ PULONG OutBufferNeeded);

#define DPFLTR_ERROR_LEVEL 0
#define DPFLTR_WARNING_LEVEL 1
#define DPFLTR_TRACE_LEVEL 2
#define DPFLTR_INFO_LEVEL 3
#define DPFLTR_MASK 0x80000000

typedef enum _DPFLTR_TYPE {
    DPFLTR_SYSTEM_ID = 0,
    DPFLTR_STORPORT_ID = 24,
    DPFLTR_TAPE_ID = 38,
    DPFLTR_CLASSPNP_ID = 47,
    DPFLTR_DISK_ID = 48,
    DPFLTR_IHVDRIVER_ID = 77,
    DPFLTR_IHVVIDEO_ID = 78,
    DPFLTR_IHVAUDIO_ID = 79,
    DPFLTR_IHVNETWORK_ID = 80,
    DPFLTR_IHVSTREAMING_ID = 81,
    DPFLTR_IHVBUS_ID = 82,
    DPFLTR_DEFAULT_ID = 101,
    DPFLTR_ENDOFTABLE_ID = 155
} DPFLTR_TYPE;

/* ---- assertions -------------------------------------------------------------------------------------------------- */
/* The static checker takes what is asserted for true. */
#ifdef __clang_analyzer__
__attribute__((analyzer_noreturn))
#endif
NTSYSAPI VOID RtlAssert(_In_ PVOID VoidFailedAssertion, _In_ PVOID VoidFileName, _In_ ULONG LineNumber,
                        _In_opt_ PSTR MutableMessage);

#if defined(DBG) && DBG
#define ASSERT(e) ((!(e)) ? (RtlAssert((PVOID) #e, (PVOID)__FILE__, __LINE__, NULL), FALSE) : TRUE)
#define ASSERTMSG(msg, e) ((!(e)) ? (RtlAssert((PVOID) #e, (PVOID)__FILE__, __LINE__, (PSTR)(msg)), FALSE) : TRUE)
#define RTL_SOFT_ASSERT(e) ((!(e)) ? (DbgPrint("%s(%d): Soft assertion failed: %s\n", __FILE__, __LINE__, #e), FALSE) : TRUE)
#define RTL_VERIFY(e) ASSERT(e)
#define NT_VERIFY(e) ASSERT(e)
#define NT_VERIFYMSG(msg, e) ASSERTMSG(msg, e)
#define NT_ASSERT(e) ASSERT(e)
#define NT_ASSERTMSG(msg, e) ASSERTMSG(msg, e)
#define KdPrint(x) DbgPrint x
#define KdPrintEx(x) DbgPrintEx x
#define vKdPrintEx(x) vDbgPrintEx x
#define KdBreakPoint() DbgBreakPoint()
#define KdBreakPointWithStatus(s) DbgBreakPointWithStatus(s)
#else
#define ASSERT(e) ((void)0)
#define ASSERTMSG(msg, e) ((void)0)
#define RTL_SOFT_ASSERT(e) ((void)0)
#define RTL_VERIFY(e) ((e) ? TRUE : FALSE)
#define NT_VERIFY(e) ((e) ? TRUE : FALSE)
#define NT_VERIFYMSG(msg, e) ((e) ? TRUE : FALSE)
#define NT_ASSERT(e) ((void)0)
#define NT_ASSERTMSG(msg, e) ((void)0)
#define KdPrint(x)
#define KdPrintEx(x)
#define vKdPrintEx(x)
#define KdBreakPoint()
#define KdBreakPointWithStatus(s)
#endif
#define NT_ASSERTMSGW(msg, e) NT_ASSERTMSG(msg, e)
#define NT_ASSERT_ASSUME(e) NT_ASSERT(e)
#define NT_ANALYSIS_ASSUME(e) _Analysis_assume_(e)
#define NT_FRE_ASSERT(e) ((!(e)) ? (DbgBreakPoint(), FALSE) : TRUE)
#define NT_FRE_ASSERTMSG(msg, e) NT_FRE_ASSERT(e)
#define RTL_ASSERT(e) ASSERT(e)
#define ASSERT_IRQL_EQUAL(l) NT_ASSERT(KeGetCurrentIrql() == (l))
#define ASSERT_IRQL_LESS_OR_EQUAL(l) NT_ASSERT(KeGetCurrentIrql() <= (l))

EXTERN_C_END
