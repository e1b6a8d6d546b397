/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef VOID NOTIFY(PVOID Context, ULONG Code);

struct table {
    NOTIFY         *Notify;
    PKSTART_ROUTINE Start;
};

static VOID OneArgument(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
}

static NTSTATUS Thread(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
    return STATUS_SUCCESS;
}

static VOID Expired(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
}

static struct table table = {
    OneArgument,            // expect: DT-R02
    (PKSTART_ROUTINE)Thread // expect: DT-R02
};

VOID Start(PEX_TIMER *Timer)
{
    *Timer = ExAllocateTimer((PEXT_CALLBACK)Expired, &table, 0); // expect: DT-R02
}

_IRQL_requires_max_(APC_LEVEL) VOID Stop(PEX_TIMER Timer)
{
    ExDeleteTimer(Timer, TRUE, TRUE, NULL);
}
