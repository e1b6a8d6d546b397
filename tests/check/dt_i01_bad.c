/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

KDEFERRED_ROUTINE TimerDpc;
static KEVENT     done;

/* Nothing says at which level this runs; its callers do. */
static void wait_until_done(void)
{
    KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, NULL); // expect: DT-D06
}

VOID TimerDpc(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    wait_until_done();
}

_IRQL_requires_max_(DISPATCH_LEVEL) VOID CloseIt(HANDLE Handle)
{
    ZwClose(Handle); // expect: DT-I01
}

VOID RaiseAndClose(HANDLE Handle)
{
    KIRQL old;

    KeRaiseIrql(APC_LEVEL, &old);
    ZwClose(Handle); // expect: DT-I01
    KeLowerIrql(old);
}

/* Shows ANN-005, ANN-014, ANN-030. */
