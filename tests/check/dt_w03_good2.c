/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    KEVENT Event;
    KMUTEX Mutex;
} OBJECTS, *POBJECTS;

static VOID Prepare(POBJECTS Objects)
{
    KeInitializeEvent(&Objects->Event, SynchronizationEvent, FALSE);
    KeInitializeMutex(&Objects->Mutex, 0);
}

_IRQL_requires_max_(APC_LEVEL) VOID Use(PVOID Thread)
{
    OBJECTS objects;
    PVOID   both[2] = {&objects.Event, &objects.Mutex};

    Prepare(&objects);
    KeSetEvent(&objects.Event, IO_NO_INCREMENT, FALSE);
    KeWaitForMultipleObjects(2, both, WaitAll, Executive, KernelMode, FALSE, NULL, NULL);
    KeReleaseMutex(&objects.Mutex, FALSE);
    KeWaitForSingleObject(Thread, Executive, KernelMode, FALSE, NULL);
}
