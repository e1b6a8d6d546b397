/* SPDX-License-Identifier: MIT */
/*
 * ddi/ddi_debug.c - output, break points and assertions of a driver. Text becomes an event (EV_NOTE): the trace shows it, the
 * host may print it. Without a listener nothing is even formatted. A break point is passed as if a debugger said "go on".
 */
#include "ddi/ddi.h"
#include "ex/format.h"
#include "ke/ke.h"

#define TEXT_MAX 512u /* what DbgPrint takes at most */

static void note(const char *prefix, const char *format, va_list ap)
{
    char   text[TEXT_MAX + 1];
    size_t n = 0;

    if (!ev_wanted(EV_NOTE))
        return;
    for (; *prefix && n < TEXT_MAX; prefix++)
        text[n++] = *prefix;
    n += ex_format(text + n, TEXT_MAX - n, format, ap);
    text[n < TEXT_MAX ? n : TEXT_MAX] = 0;
    ev(EV_NOTE, text, 0, 0, 0);
}

NTSYSAPI ULONG DbgPrint(PCSTR Format, ...)
{
    va_list ap;

    va_start(ap, Format);
    note("", Format, ap);
    va_end(ap);
    return STATUS_SUCCESS;
}

/* Components and levels are not filtered. */
NTSYSAPI ULONG DbgPrintEx(ULONG ComponentId, ULONG Level, PCSTR Format, ...)
{
    va_list ap;

    (void)ComponentId, (void)Level;
    va_start(ap, Format);
    note("", Format, ap);
    va_end(ap);
    return STATUS_SUCCESS;
}

NTSYSAPI ULONG vDbgPrintEx(ULONG ComponentId, ULONG Level, PCCH Format, va_list arglist)
{
    (void)ComponentId, (void)Level;
    note("", Format, arglist);
    return STATUS_SUCCESS;
}

NTSYSAPI ULONG vDbgPrintExWithPrefix(PCCH Prefix, ULONG ComponentId, ULONG Level, PCCH Format, va_list arglist)
{
    (void)ComponentId, (void)Level;
    note(Prefix, Format, arglist);
    return STATUS_SUCCESS;
}

NTSYSAPI VOID DbgBreakPoint(VOID)
{
    ev(EV_NOTE, "DbgBreakPoint", 0, 0, 0);
}

NTSYSAPI VOID DbgBreakPointWithStatus(ULONG Status)
{
    (void)Status;
    ev(EV_NOTE, "DbgBreakPointWithStatus", 0, 0, 0);
}

NTSYSAPI VOID RtlAssert(PVOID VoidFailedAssertion, PVOID VoidFileName, ULONG LineNumber, PSTR MutableMessage)
{
    struct finding f = {.severity = FINDING_STOP, .rule = "DT-X05", .caller = __builtin_return_address(0)};

    finding_raisef(&f, "assertion failed at %s:%u: %s%s%s", (const char *)VoidFileName, LineNumber,
        (const char *)VoidFailedAssertion, MutableMessage ? ": " : "", MutableMessage ? MutableMessage : "");
}

NTKERNELAPI DECLSPEC_NORETURN VOID NTAPI ExRaiseAccessViolation(VOID)
{
    DDI_ENTER(ExRaiseAccessViolation, NULL);
    ke_raise_status(STATUS_ACCESS_VIOLATION, NULL, __builtin_return_address(0), "the driver raises an exception");
}

NTKERNELAPI DECLSPEC_NORETURN VOID NTAPI ExRaiseDatatypeMisalignment(VOID)
{
    DDI_ENTER(ExRaiseDatatypeMisalignment, NULL);
    ke_raise_status(STATUS_DATATYPE_MISALIGNMENT, NULL, __builtin_return_address(0), "the driver raises an exception");
}

/* IRQ-039, SPL-027: above APC_LEVEL, and so with a spin lock held, nothing may be raised. */
NTKERNELAPI DECLSPEC_NORETURN VOID NTAPI ExRaiseStatus(NTSTATUS Status)
{
    DDI_ENTER(ExRaiseStatus, NULL);
    ke_raise_status(Status, NULL, __builtin_return_address(0), "the driver raises an exception");
}
