/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    KEVENT     Event;
    KSEMAPHORE Semaphore;
    ULONG      Retries;
} EXTENSION, *PEXTENSION;

EXT_CALLBACK     Expired;
IO_TIMER_ROUTINE Tick;
IO_DPC_ROUTINE   DpcForIsr;

static NTSTATUS WaitFor(PVOID Object, PLARGE_INTEGER Timeout)
{
    return KeWaitForSingleObject(Object, Executive, KernelMode, FALSE, Timeout); // expect: DT-D06
}

static VOID Retry(PEXTENSION Extension)
{
    while (Extension->Retries-- > 0)
        if (WaitFor(&Extension->Semaphore, NULL) == STATUS_SUCCESS)
            break;
}

VOID Expired(PEX_TIMER Timer, PVOID Context)
{
    UNREFERENCED_PARAMETER(Timer);
    Retry(Context);
}

VOID Tick(PDEVICE_OBJECT DeviceObject, PVOID Context)
{
    PEXTENSION    extension = DeviceObject->DeviceExtension;
    LARGE_INTEGER timeout;

    UNREFERENCED_PARAMETER(Context);
    timeout.QuadPart = -10000;
    if (extension->Retries > 3)
        (VOID)
            KeWaitForSingleObject(&extension->Event, Executive, KernelMode, FALSE, &timeout); // expect: DT-D06 DT-W10
}

VOID DpcForIsr(PKDPC Dpc, PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    PVOID objects[2];

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Irp);
    objects[0] = Context;
    objects[1] = Context;
    KeWaitForMultipleObjects(2, objects, WaitAll, Executive, KernelMode, FALSE, NULL, NULL); // expect: DT-D06
}
