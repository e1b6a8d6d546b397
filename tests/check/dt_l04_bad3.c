/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    KMUTEX Mutex;
    ULONG  Count;
} EXTENSION, *PEXTENSION;

IO_WORKITEM_ROUTINE Work;

VOID Work(PDEVICE_OBJECT DeviceObject, PVOID Context)
{
    PEXTENSION extension = Context;

    UNREFERENCED_PARAMETER(DeviceObject);
    KeWaitForSingleObject(&extension->Mutex, Executive, KernelMode, FALSE, NULL);
    if (extension->Count == 0)
        return; // expect: DT-L04
    extension->Count--;
    KeReleaseMutex(&extension->Mutex, FALSE);
}
