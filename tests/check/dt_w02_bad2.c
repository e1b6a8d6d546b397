/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

static NTSTATUS WaitFor(PVOID Object, KPROCESSOR_MODE Mode)
{
    return KeWaitForSingleObject(Object, Executive, Mode, FALSE, NULL); // expect: DT-W02
}

struct pair {
    KEVENT Event;
    KTIMER Timer;
};

_IRQL_requires_max_(APC_LEVEL) NTSTATUS Member(VOID)
{
    struct pair pair;

    KeInitializeTimer(&pair.Timer);
    return WaitFor(&pair.Timer, UserMode);
}

_IRQL_requires_max_(APC_LEVEL) NTSTATUS Several(PKEVENT Event)
{
    KEVENT local;
    PVOID  objects[2];

    KeInitializeEvent(&local, NotificationEvent, FALSE);
    objects[0] = Event;
    objects[1] = &local;
    return KeWaitForMultipleObjects(2, objects, WaitAny, UserRequest, UserMode, TRUE, NULL, NULL); // expect: DT-W02
}
