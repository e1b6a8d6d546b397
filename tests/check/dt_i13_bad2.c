/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    KEVENT     Event;
    KSPIN_LOCK Lock;
    FAST_MUTEX Mutex;
    KSEMAPHORE Semaphore;
} OBJECTS, *POBJECTS;

static VOID Prepare(POBJECTS Objects)
{
    KeInitializeEvent(&Objects->Event, NotificationEvent, FALSE); // expect: DT-I13
    KeInitializeSpinLock(&Objects->Lock);                         // expect: DT-I13
}

_IRQL_requires_max_(APC_LEVEL) POBJECTS Create(VOID)
{
    POBJECTS objects = ExAllocatePool2(POOL_FLAG_PAGED, sizeof *objects, 'sjbO');

    if (objects)
        Prepare(objects);
    return objects;
}

_IRQL_requires_max_(PASSIVE_LEVEL) POBJECTS Other(POOL_TYPE Type)
{
    POBJECTS objects;

    Type = PagedPool;
    objects = ExAllocatePoolWithTag(Type, sizeof *objects, 'sjbO');
    if (!objects)
        return NULL;
    ExInitializeFastMutex(&objects->Mutex);           // expect: DT-I13
    KeInitializeSemaphore(&objects->Semaphore, 0, 1); // expect: DT-I13
    return objects;
}
