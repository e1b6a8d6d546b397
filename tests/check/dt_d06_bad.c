/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

KDEFERRED_ROUTINE Dpc;
static KEVENT     event;

static NTSTATUS pause(void)
{
    LARGE_INTEGER interval;

    interval.QuadPart = -10000;
    return KeDelayExecutionThread(KernelMode, FALSE, &interval); // expect: DT-D06
}

VOID Dpc(PKDPC Self, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    UNREFERENCED_PARAMETER(Self);
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    if (Context)
        pause();
    else
        KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL); // expect: DT-D06
}
