/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    LONG Count;
} EXTENSION, *PEXTENSION;

DRIVER_DISPATCH Read;

static VOID Leave(VOID)
{
    KeLeaveCriticalRegion();
}

NTSTATUS Read(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PEXTENSION extension = DeviceObject->DeviceExtension;

    UNREFERENCED_PARAMETER(Irp);
    KeEnterCriticalRegion();
    if (extension->Count > 0)
        Leave();
    return STATUS_SUCCESS; // expect: DT-W15
}

_IRQL_requires_max_(APC_LEVEL) VOID Loop(PEXTENSION Extension)
{
    for (LONG i = 0; i < Extension->Count; i++) {
        KeEnterGuardedRegion();
        if (i == 2)
            break;
        KeLeaveGuardedRegion();
    }
} // expect: DT-W15

_IRQL_requires_max_(APC_LEVEL) VOID Mixed(PLONG Value)
{
    KeEnterCriticalRegion();
    *Value += 1;
    KeLeaveCriticalRegion();
    KeLeaveCriticalRegion(); // expect: DT-W15
}
