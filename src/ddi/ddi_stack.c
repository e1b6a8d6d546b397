/* SPDX-License-Identifier: MIT */
/*
 * ddi/ddi_stack.c - bigger stacks, floating point, the version. Every thread's stack has room for the largest expansion at any time, and
 * interrupts are calls that leave no floating-point state behind: so there is nothing to allocate or to save.
 */
#include "ddi/ddi.h"
#include "ke/ke.h"

#define EXPANSION_MAX (0x12000u - PAGE_SIZE / 2) /* MAXIMUM_EXPANSION_SIZE of x64 */

NTKERNELAPI NTSTATUS NTAPI KeExpandKernelStackAndCallout(PEXPAND_STACK_CALLOUT Callout, PVOID Parameter, SIZE_T Size)
{
    DDI_ENTER(KeExpandKernelStackAndCallout, Parameter);
    if (Size > EXPANSION_MAX)
        return STATUS_INVALID_PARAMETER_3;
    Callout(Parameter);
    DDI_LEAVE(KeExpandKernelStackAndCallout, Parameter, STATUS_SUCCESS);
    return STATUS_SUCCESS;
}

NTKERNELAPI NTSTATUS NTAPI KeExpandKernelStackAndCalloutEx(
    PEXPAND_STACK_CALLOUT Callout, PVOID Parameter, SIZE_T Size, BOOLEAN Wait, PVOID Context)
{
    DDI_ENTER(KeExpandKernelStackAndCalloutEx, Parameter);
    (void)Context;
    if (Size > EXPANSION_MAX)
        return STATUS_INVALID_PARAMETER_3;
    if (Wait && mach_irql() >= DISPATCH_LEVEL)
        return STATUS_INVALID_PARAMETER_4;
    Callout(Parameter);
    DDI_LEAVE(KeExpandKernelStackAndCalloutEx, Parameter, STATUS_SUCCESS);
    return STATUS_SUCCESS;
}

/* The system is no checked build; no service pack. */
NTKERNELAPI BOOLEAN NTAPI PsGetVersion(
    PULONG MajorVersion, PULONG MinorVersion, PULONG BuildNumber, PUNICODE_STRING CSDVersion)
{
    RTL_OSVERSIONINFOW info = {.dwOSVersionInfoSize = sizeof info};

    DDI_ENTER(PsGetVersion, NULL);
    RtlGetVersion(&info);
    if (MajorVersion)
        *MajorVersion = info.dwMajorVersion;
    if (MinorVersion)
        *MinorVersion = info.dwMinorVersion;
    if (BuildNumber)
        *BuildNumber = info.dwBuildNumber;
    if (CSDVersion)
        *CSDVersion = (UNICODE_STRING){0};
    return FALSE;
}

NTKERNELAPI NTSTATUS NTAPI KeSaveFloatingPointState(PKFLOATING_SAVE FloatSave)
{
    DDI_ENTER_QUIET(KeSaveFloatingPointState, FloatSave);
    *FloatSave = (KFLOATING_SAVE){0};
    return STATUS_SUCCESS;
}

NTKERNELAPI NTSTATUS NTAPI KeRestoreFloatingPointState(PKFLOATING_SAVE FloatSave)
{
    DDI_ENTER_QUIET(KeRestoreFloatingPointState, FloatSave);
    return STATUS_SUCCESS;
}
