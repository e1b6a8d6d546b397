/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

static KDPC       dpc;
KDEFERRED_ROUTINE TimerDpc;

void TimerDpc(struct _KDPC *Self, void *Context, void *Argument1, void *Argument2)
{
    UNREFERENCED_PARAMETER(Self);
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
}

VOID Prepare(VOID)
{
    KeInitializeDpc(&dpc, TimerDpc, NULL);
    KeInitializeDpc(&dpc, (PKDEFERRED_ROUTINE)TimerDpc, NULL);
}

/* Shows ANN-004. */
