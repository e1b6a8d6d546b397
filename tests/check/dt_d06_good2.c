/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    KEVENT Event;
    ULONG  Signaled;
} EXTENSION, *PEXTENSION;

EXT_CALLBACK        Expired;
IO_WORKITEM_ROUTINE Work;

VOID Expired(PEX_TIMER Timer, PVOID Context)
{
    PEXTENSION    extension = Context;
    LARGE_INTEGER zero;

    UNREFERENCED_PARAMETER(Timer);
    zero.QuadPart = 0; /* asks only */
    if (KeWaitForSingleObject(&extension->Event, Executive, KernelMode, FALSE, &zero) == STATUS_SUCCESS)
        extension->Signaled++;
}

VOID Work(PDEVICE_OBJECT DeviceObject, PVOID Context)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    KeWaitForSingleObject(Context, Executive, KernelMode, FALSE, NULL);
}
