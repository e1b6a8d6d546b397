/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    KMUTEX Mutex;
    KEVENT Event;
    ULONG  Count;
} EXTENSION, *PEXTENSION;

IO_WORKITEM_ROUTINE Work;

VOID Work(PDEVICE_OBJECT DeviceObject, PVOID Context)
{
    PEXTENSION    extension = Context;
    LARGE_INTEGER soon;

    UNREFERENCED_PARAMETER(DeviceObject);
    soon.QuadPart = -10 * 1000 * 1000;
    if (KeWaitForSingleObject(&extension->Mutex, Executive, KernelMode, FALSE, &soon) != STATUS_SUCCESS)
        return;
    KeWaitForSingleObject(&extension->Mutex, Executive, KernelMode, FALSE, NULL); /* its owner may */
    KeWaitForSingleObject(&extension->Event, Executive, KernelMode, FALSE, NULL);
    extension->Count--;
    KeReleaseMutex(&extension->Mutex, FALSE);
    KeReleaseMutex(&extension->Mutex, FALSE);
}

VOID Release(PEXTENSION Extension)
{
    KeReleaseMutex(&Extension->Mutex, FALSE);
}
