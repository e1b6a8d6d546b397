/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    KEVENT     Event;
    KSPIN_LOCK Lock;
} OBJECTS, *POBJECTS;

_IRQL_requires_max_(APC_LEVEL) POBJECTS Create(POOL_TYPE Type)
{
    POBJECTS objects = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof *objects, 'sjbO');
    KEVENT   local;

    UNREFERENCED_PARAMETER(Type);
    KeInitializeEvent(&local, NotificationEvent, FALSE);
    if (!objects)
        return NULL;
    KeInitializeEvent(&objects->Event, NotificationEvent, FALSE);
    KeInitializeSpinLock(&objects->Lock);
    return objects;
}
