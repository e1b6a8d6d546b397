/* SPDX-License-Identifier: MIT */
/*
 * ke/exception.c - routines that raise. All of them come through ke_raise_status(): the day drivers can catch exceptions
 * (docs/limits.md), a search for a handler goes in front of what happens to one that nobody handles.
 */
#include <stdarg.h>

#include "ke/priv.h"

/* A thread below DISPATCH_LEVEL is a system thread here; anywhere else nobody could handle it (SEM-011). */
static uint32_t unhandled(void)
{
    return mach_irql() >= DISPATCH_LEVEL ? KMODE_EXCEPTION_NOT_HANDLED : SYSTEM_THREAD_EXCEPTION_NOT_HANDLED;
}

void ke_raise_status(NTSTATUS status, const char *rule, const void *address, const char *what, ...)
{
    struct finding f = {
        .severity = FINDING_STOP, .rule = rule, .bugcheck = unhandled(), .object = NULL, .caller = address};
    va_list  ap;
    uint64_t p[4] = {(uint32_t)status, (uintptr_t)address, 0, 0};

    va_start(ap, what);
    finding_format(&f, what, ap);
    va_end(ap);
    ke_bugcheckf(rule, f.bugcheck, p, "%s: exception 0x%08x", f.what, (unsigned)status);
}
