/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

KSTART_ROUTINE Shared;

VOID Shared(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
}

_IRQL_requires_(PASSIVE_LEVEL) NTSTATUS Start(PHANDLE Thread, PEXT_DELETE_PARAMETERS Parameters)
{
    Parameters->DeleteCallback = Shared;                                    // expect: DT-R03
    return PsCreateSystemThread(Thread, 0, NULL, NULL, NULL, Shared, NULL); // expect: DT-R04
}
