/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

KDEFERRED_ROUTINE TimerDpc;
static KEVENT     done;

/* Never waits with a time-out of zero. */
static NTSTATUS is_done(void)
{
    LARGE_INTEGER zero;

    zero.QuadPart = 0;
    return KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, &zero);
}

VOID TimerDpc(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    if (is_done() == STATUS_SUCCESS)
        KeSetEvent(&done, IO_NO_INCREMENT, FALSE);
}

_IRQL_requires_max_(DISPATCH_LEVEL) VOID CloseIfPossible(HANDLE Handle)
{
    if (KeGetCurrentIrql() == PASSIVE_LEVEL)
        ZwClose(Handle);
}

/* Shows ANN-025. */
