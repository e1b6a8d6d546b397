/* SPDX-License-Identifier: MIT */
/*
 * ddi/ddi_interlocked.c - ExInterlockedXxx with a spin lock, and SLISTs. Any IRQL: interrupts are masked on the processor
 * while the lock is held (IRQ-035, INT-015). One point before, one after.
 */
#include "ddi/ddi.h"
#include "ke/ke.h"

static unsigned lock_interrupts_off(PKSPIN_LOCK lock)
{
    unsigned old = mach_irql_raise(HIGH_LEVEL);

    ke_spin_acquire(lock, EV_LOCK_INTERLOCKED, old);
    return old;
}

static void unlock(PKSPIN_LOCK lock, unsigned old)
{
    ke_spin_release(lock, EV_LOCK_INTERLOCKED, old);
    mach_irql_lower(old);
}

/* INT-012: both return what was there before. */
NTKERNELAPI ULONG NTAPI ExInterlockedAddUlong(PULONG Addend, ULONG Increment, PKSPIN_LOCK Lock)
{
    DDI_ENTER(ExInterlockedAddUlong, Addend);
    unsigned old = lock_interrupts_off(Lock);
    ULONG    before = *Addend;

    *Addend = before + Increment;
    unlock(Lock, old);
    DDI_LEAVE(ExInterlockedAddUlong, Addend, before);
    return before;
}

NTKERNELAPI LARGE_INTEGER NTAPI ExInterlockedAddLargeInteger(
    PLARGE_INTEGER Addend, LARGE_INTEGER Increment, PKSPIN_LOCK Lock)
{
    DDI_ENTER(ExInterlockedAddLargeInteger, Addend);
    unsigned      old = lock_interrupts_off(Lock);
    LARGE_INTEGER before = *Addend;

    Addend->QuadPart = (LONGLONG)((ULONGLONG)before.QuadPart + (ULONGLONG)Increment.QuadPart);
    unlock(Lock, old);
    DDI_LEAVE(ExInterlockedAddLargeInteger, Addend, before.QuadPart);
    return before;
}

/* ---- lists: the entry that was first or last before, NULL when there was none (INT-022 .. INT-024) ---- */

static PLIST_ENTRY not_head(PLIST_ENTRY e, PLIST_ENTRY head)
{
    return e == head ? NULL : e;
}

NTKERNELAPI PLIST_ENTRY NTAPI ExInterlockedInsertHeadList(PLIST_ENTRY ListHead, PLIST_ENTRY ListEntry, PKSPIN_LOCK Lock)
{
    DDI_ENTER(ExInterlockedInsertHeadList, ListHead);
    unsigned    old = lock_interrupts_off(Lock);
    PLIST_ENTRY first = not_head(ListHead->Flink, ListHead);

    InsertHeadList(ListHead, ListEntry);
    unlock(Lock, old);
    DDI_LEAVE(ExInterlockedInsertHeadList, ListHead, (uintptr_t)first);
    return first;
}

NTKERNELAPI PLIST_ENTRY NTAPI ExInterlockedInsertTailList(PLIST_ENTRY ListHead, PLIST_ENTRY ListEntry, PKSPIN_LOCK Lock)
{
    DDI_ENTER(ExInterlockedInsertTailList, ListHead);
    unsigned    old = lock_interrupts_off(Lock);
    PLIST_ENTRY last = not_head(ListHead->Blink, ListHead);

    InsertTailList(ListHead, ListEntry);
    unlock(Lock, old);
    DDI_LEAVE(ExInterlockedInsertTailList, ListHead, (uintptr_t)last);
    return last;
}

NTKERNELAPI PLIST_ENTRY NTAPI ExInterlockedRemoveHeadList(PLIST_ENTRY ListHead, PKSPIN_LOCK Lock)
{
    DDI_ENTER(ExInterlockedRemoveHeadList, ListHead);
    unsigned    old = lock_interrupts_off(Lock);
    PLIST_ENTRY first = IsListEmpty(ListHead) ? NULL : RemoveHeadList(ListHead);

    unlock(Lock, old);
    DDI_LEAVE(ExInterlockedRemoveHeadList, ListHead, (uintptr_t)first);
    return first;
}

NTKERNELAPI PSINGLE_LIST_ENTRY NTAPI ExInterlockedPopEntryList(PSINGLE_LIST_ENTRY ListHead, PKSPIN_LOCK Lock)
{
    DDI_ENTER(ExInterlockedPopEntryList, ListHead);
    unsigned           old = lock_interrupts_off(Lock);
    PSINGLE_LIST_ENTRY first = PopEntryList(ListHead);

    unlock(Lock, old);
    DDI_LEAVE(ExInterlockedPopEntryList, ListHead, (uintptr_t)first);
    return first;
}

NTKERNELAPI PSINGLE_LIST_ENTRY NTAPI ExInterlockedPushEntryList(
    PSINGLE_LIST_ENTRY ListHead, PSINGLE_LIST_ENTRY ListEntry, PKSPIN_LOCK Lock)
{
    DDI_ENTER(ExInterlockedPushEntryList, ListHead);
    unsigned           old = lock_interrupts_off(Lock);
    PSINGLE_LIST_ENTRY first = ListHead->Next;

    PushEntryList(ListHead, ListEntry);
    unlock(Lock, old);
    DDI_LEAVE(ExInterlockedPushEntryList, ListHead, (uintptr_t)first);
    return first;
}

/* ---- SLISTs ---- */

#undef ExInitializeSListHead
#undef ExInterlockedPopEntrySList
#undef ExInterlockedFlushSList

NTKERNELAPI VOID NTAPI InitializeSListHead(PSLIST_HEADER SListHead)
{
    ke_slist_init(SListHead);
}

NTKERNELAPI VOID NTAPI ExInitializeSListHead(PSLIST_HEADER SListHead);
NTKERNELAPI VOID NTAPI ExInitializeSListHead(PSLIST_HEADER SListHead)
{
    ke_slist_init(SListHead);
}

NTKERNELAPI PSLIST_ENTRY NTAPI ExpInterlockedPushEntrySList(PSLIST_HEADER ListHead, PSLIST_ENTRY ListEntry)
{
    DDI_ENTER(ExpInterlockedPushEntrySList, ListHead);
    PSLIST_ENTRY first = ke_slist_push(ListHead, ListEntry);

    DDI_LEAVE(ExpInterlockedPushEntrySList, ListHead, (uintptr_t)first);
    return first;
}

NTKERNELAPI PSLIST_ENTRY NTAPI ExpInterlockedPopEntrySList(PSLIST_HEADER ListHead)
{
    DDI_ENTER(ExpInterlockedPopEntrySList, ListHead);
    PSLIST_ENTRY first = ke_slist_pop(ListHead);

    DDI_LEAVE(ExpInterlockedPopEntrySList, ListHead, (uintptr_t)first);
    return first;
}

NTKERNELAPI PSLIST_ENTRY NTAPI ExpInterlockedFlushSList(PSLIST_HEADER ListHead)
{
    DDI_ENTER(ExpInterlockedFlushSList, ListHead);
    PSLIST_ENTRY first = ke_slist_flush(ListHead);

    DDI_LEAVE(ExpInterlockedFlushSList, ListHead, (uintptr_t)first);
    return first;
}

NTKERNELAPI PSLIST_ENTRY NTAPI ExInterlockedPopEntrySList(PSLIST_HEADER ListHead, PKSPIN_LOCK Lock);
NTKERNELAPI PSLIST_ENTRY NTAPI ExInterlockedPopEntrySList(PSLIST_HEADER ListHead, PKSPIN_LOCK Lock)
{
    (void)Lock;
    return ExpInterlockedPopEntrySList(ListHead);
}

NTKERNELAPI PSLIST_ENTRY NTAPI ExInterlockedFlushSList(PSLIST_HEADER ListHead);
NTKERNELAPI PSLIST_ENTRY NTAPI ExInterlockedFlushSList(PSLIST_HEADER ListHead)
{
    return ExpInterlockedFlushSList(ListHead);
}

NTKERNELAPI USHORT NTAPI ExQueryDepthSList(PSLIST_HEADER SListHead)
{
    DDI_ENTER(ExQueryDepthSList, SListHead);
    return ke_slist_depth(SListHead);
}
