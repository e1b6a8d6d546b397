/* SPDX-License-Identifier: MIT */
/*
 * ddi/ddi_debugger.c - the debugger that is not there, stack traces, records of what a crash dump should hold. A bug check ends
 * the run at once, so no dump is written and nobody asks those records.
 */
#include "ddi/ddi.h"
#include "ke/ke.h"

NTKERNELAPI NTSTATUS NTAPI KdDisableDebugger(VOID)
{
    return STATUS_DEBUGGER_INACTIVE;
}

NTKERNELAPI NTSTATUS NTAPI KdEnableDebugger(VOID)
{
    return STATUS_DEBUGGER_INACTIVE;
}

NTKERNELAPI BOOLEAN NTAPI KdRefreshDebuggerNotPresent(VOID)
{
    return TRUE;
}

NTKERNELAPI NTSTATUS NTAPI KdChangeOption(KD_OPTION Option, ULONG InBufferBytes, PVOID InBuffer, ULONG OutBufferBytes,
    PVOID OutBuffer, PULONG OutBufferNeeded)
{
    (void)Option, (void)InBufferBytes, (void)InBuffer, (void)OutBufferBytes, (void)OutBuffer;
    if (OutBufferNeeded)
        *OutBufferNeeded = 0;
    return STATUS_DEBUGGER_INACTIVE;
}

/* Nobody answers. */
NTSYSAPI ULONG DbgPrompt(PCCH Prompt, PCH Response, ULONG MaximumResponseLength)
{
    (void)Prompt, (void)Response, (void)MaximumResponseLength;
    return 0;
}

/* ---- stack traces: by frame pointers, as far as the frames lie on this stack ---- */

static ULONG walk(const void *frame, PVOID *callers, ULONG skip, ULONG max)
{
    const uintptr_t *at = frame;
    uintptr_t        low, high;
    ULONG            n = 0;

    mach_stack_limits(&low, &high);
    while (n < max && (uintptr_t)at > low && (uintptr_t)at + 2 * sizeof *at <= high && (uintptr_t)at % 8 == 0) {
        const uintptr_t *outer = (const uintptr_t *)at[0]; /* ends: each frame lies above the one before */

        if (!at[1])
            break;
        if (skip)
            skip--;
        else
            callers[n++] = (PVOID)at[1];
        if (outer <= at)
            break;
        at = outer;
    }
    return n;
}

NTSYSAPI USHORT RtlCaptureStackBackTrace(
    ULONG FramesToSkip, ULONG FramesToCapture, PVOID *BackTrace, PULONG BackTraceHash)
{
    ULONG n = walk(__builtin_frame_address(0), BackTrace, FramesToSkip, FramesToCapture), hash = 0;

    for (ULONG i = 0; i < n; i++)
        hash += (ULONG)(uintptr_t)BackTrace[i];
    if (BackTraceHash)
        *BackTraceHash = hash;
    return (USHORT)n;
}

/* Flags: 1 asks for user-mode frames, of which there are none. */
NTSYSAPI ULONG RtlWalkFrameChain(PVOID *Callers, ULONG Count, ULONG Flags)
{
    return Flags & 1 ? 0 : walk(__builtin_frame_address(0), Callers, Flags >> 8, Count);
}

/* ---- bug check callbacks ---- */

NTKERNELAPI BOOLEAN NTAPI KeRegisterBugCheckCallback(PKBUGCHECK_CALLBACK_RECORD CallbackRecord,
    PKBUGCHECK_CALLBACK_ROUTINE CallbackRoutine, PVOID Buffer, ULONG Length, PUCHAR Component)
{
    if (CallbackRecord->State != BufferEmpty)
        return FALSE;
    CallbackRecord->CallbackRoutine = CallbackRoutine;
    CallbackRecord->Buffer = Buffer;
    CallbackRecord->Length = Length;
    CallbackRecord->Component = Component;
    CallbackRecord->State = BufferInserted;
    return TRUE;
}

NTKERNELAPI BOOLEAN NTAPI KeDeregisterBugCheckCallback(PKBUGCHECK_CALLBACK_RECORD CallbackRecord)
{
    bool was_there = CallbackRecord->State == BufferInserted;

    if (was_there)
        CallbackRecord->State = BufferEmpty;
    return was_there;
}

NTKERNELAPI BOOLEAN NTAPI KeRegisterBugCheckReasonCallback(PKBUGCHECK_REASON_CALLBACK_RECORD CallbackRecord,
    PKBUGCHECK_REASON_CALLBACK_ROUTINE CallbackRoutine, KBUGCHECK_CALLBACK_REASON Reason, PUCHAR Component)
{
    if (CallbackRecord->State != BufferEmpty || Reason == KbCallbackInvalid)
        return FALSE;
    CallbackRecord->CallbackRoutine = CallbackRoutine;
    CallbackRecord->Reason = Reason;
    CallbackRecord->Component = Component;
    CallbackRecord->State = BufferInserted;
    return TRUE;
}

NTKERNELAPI BOOLEAN NTAPI KeDeregisterBugCheckReasonCallback(PKBUGCHECK_REASON_CALLBACK_RECORD CallbackRecord)
{
    bool was_there = CallbackRecord->State == BufferInserted;

    if (was_there)
        CallbackRecord->State = BufferEmpty;
    return was_there;
}
