/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    LIST_ENTRY Link;
    KTIMER     Timers[2];
} SLOT, *PSLOT;

static VOID Arm(PKTIMER Timer, LONG Milliseconds)
{
    LARGE_INTEGER due;

    due.QuadPart = Int32x32To64(Milliseconds, -10000);
    KeSetTimer(Timer, due, NULL); // expect: DT-T01
}

VOID ThroughHelper(VOID)
{
    KTIMER timer;

    Arm(&timer, 100);
    KeCancelTimer(&timer);
}

VOID OnlyOneOfTwo(BOOLEAN Notification)
{
    KTIMER timer;

    if (Notification)
        KeInitializeTimerEx(&timer, NotificationTimer);
    KeCancelTimer(&timer); // expect: DT-T01
}

PSLOT Wiped(VOID)
{
    PSLOT slot = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(SLOT), 'tolS');

    if (slot == NULL)
        return NULL;
    KeInitializeTimer(&slot->Timers[0]);
    RtlZeroMemory(slot, sizeof(SLOT));
    KeReadStateTimer(&slot->Timers[0]); // expect: DT-T01
    return slot;
}

_IRQL_requires_max_(APC_LEVEL) VOID Sleep(VOID)
{
    KTIMER timer;

    KeWaitForSingleObject(&timer, Executive, KernelMode, FALSE, NULL); // expect: DT-T01
}
