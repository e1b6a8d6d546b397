/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    KEVENT Event;
    KMUTEX Mutex;
} OBJECTS, *POBJECTS;

static VOID Signal(PKEVENT Event)
{
    KeSetEvent(Event, IO_NO_INCREMENT, FALSE); // expect: DT-W03
}

_IRQL_requires_max_(APC_LEVEL) POBJECTS Create(VOID)
{
    POBJECTS objects = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof *objects, 'sjbO');

    if (!objects)
        return NULL;
    KeWaitForSingleObject(&objects->Mutex, Executive, KernelMode, FALSE, NULL); // expect: DT-W03
    Signal(&objects->Event);
    return objects;
}

_IRQL_requires_max_(APC_LEVEL) VOID WrongKind(VOID)
{
    KEVENT event;

    KeInitializeEvent(&event, NotificationEvent, FALSE);
    KeReleaseMutex((PRKMUTEX)&event, FALSE); // expect: DT-W03
}

_IRQL_requires_max_(APC_LEVEL) VOID Several(VOID)
{
    KEVENT first, second;
    PVOID  objects[2] = {&first, &second};

    KeInitializeEvent(&first, NotificationEvent, FALSE);
    KeWaitForMultipleObjects(2, objects, WaitAny, Executive, KernelMode, FALSE, NULL, NULL); // expect: DT-W03
}
