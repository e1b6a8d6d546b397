/* SPDX-License-Identifier: MIT */
/* ddi/ddi_queue.c - KQUEUE as drivers see it. */
#include "ddi/ddi.h"
#include "ke/ke.h"

NTKERNELAPI VOID NTAPI KeInitializeQueue(PRKQUEUE Queue, ULONG Count)
{
    DDI_ENTER_QUIET(KeInitializeQueue, Queue);
    ke_queue_init(Queue, Count);
}

NTKERNELAPI LONG NTAPI KeReadStateQueue(PRKQUEUE Queue)
{
    DDI_ENTER(KeReadStateQueue, Queue);
    return __atomic_load_n(&Queue->Header.SignalState, __ATOMIC_RELAXED);
}

NTKERNELAPI LONG NTAPI KeInsertQueue(PRKQUEUE Queue, PLIST_ENTRY Entry)
{
    DDI_ENTER(KeInsertQueue, Queue);
    LONG before = ke_queue_insert(Queue, Entry, false);

    DDI_LEAVE(KeInsertQueue, Queue, (uint32_t)before);
    return before;
}

NTKERNELAPI LONG NTAPI KeInsertHeadQueue(PRKQUEUE Queue, PLIST_ENTRY Entry)
{
    DDI_ENTER(KeInsertHeadQueue, Queue);
    LONG before = ke_queue_insert(Queue, Entry, true);

    DDI_LEAVE(KeInsertHeadQueue, Queue, (uint32_t)before);
    return before;
}

NTKERNELAPI PLIST_ENTRY NTAPI KeRemoveQueue(PRKQUEUE Queue, KPROCESSOR_MODE WaitMode, PLARGE_INTEGER Timeout)
{
    DDI_ENTER(KeRemoveQueue, Queue);
    int64_t     timeout = Timeout ? Timeout->QuadPart : 0;
    PLIST_ENTRY entry = ke_queue_remove(Queue, WaitMode, Timeout ? &timeout : NULL);

    DDI_LEAVE(KeRemoveQueue, Queue, (uintptr_t)entry);
    return entry;
}

NTKERNELAPI PLIST_ENTRY NTAPI KeRundownQueue(PRKQUEUE Queue)
{
    DDI_ENTER(KeRundownQueue, Queue);
    PLIST_ENTRY first = ke_queue_rundown(Queue);

    DDI_LEAVE(KeRundownQueue, Queue, (uintptr_t)first);
    return first;
}
