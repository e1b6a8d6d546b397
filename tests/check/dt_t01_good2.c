/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    KTIMER Timer;
    KDPC   Dpc;
} SLOT, *PSLOT;

#define SLOT_INIT(s) (KeInitializeTimer(&(s)->Timer), KeInitializeDpc(&(s)->Dpc, NULL, (s)))

static KTIMER timer_of_driver;

static VOID Prepare(PKTIMER Timer)
{
    KeInitializeTimerEx(Timer, SynchronizationTimer);
}

VOID ThroughHelper(VOID)
{
    KTIMER        timer;
    LARGE_INTEGER due;

    due.QuadPart = -10000LL * 50;
    Prepare(&timer);
    KeSetTimer(&timer, due, NULL);
    KeCancelTimer(&timer);
}

PSLOT WipedFirst(VOID)
{
    PSLOT slot = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(SLOT), 'tolS');

    if (!slot)
        return NULL;
    RtlZeroMemory(slot, sizeof(SLOT));
    SLOT_INIT(slot);
    KeCancelTimer(&slot->Timer);
    return slot;
}

VOID OfDriver(VOID)
{
    KeCancelTimer(&timer_of_driver);
}

VOID Loop(PSLOT Slots, ULONG Count)
{
    for (ULONG i = 0; i < Count; i++)
        KeInitializeTimer(&Slots[i].Timer);
    for (ULONG i = 0; i < Count; i++)
        KeCancelTimer(&Slots[i].Timer);
}
