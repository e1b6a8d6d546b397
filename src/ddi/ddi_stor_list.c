/* SPDX-License-Identifier: MIT */
/*
 * ddi/ddi_stor_list.c - StorPort's interlocked lists as miniports see them: SLISTs, and doubly linked lists with a spin lock
 * that is used for nothing else.
 */
#include "ddi/ddi_stor.h"

/* STX-060. */
static void check_aligned(const void *p, const char *what, const void *caller)
{
    if ((uintptr_t)p % MEMORY_ALLOCATION_ALIGNMENT)
        sp_stop("DT-S19", p, caller, "%s at %p is not aligned to 16 bytes", what, p);
}

/* ---- SLISTs ---- */

STORPORTAPI ULONG StorPortInitializeSListHead(PVOID HwDeviceExtension, PSTOR_SLIST_HEADER SListHead)
{
    STOR_ENTER_ANY(StorPortInitializeSListHead, HwDeviceExtension);
    ULONG status = STOR_CHECK(StorPortInitializeSListHead, a, SListHead, SP_OS_8);

    if (status == STOR_STATUS_SUCCESS) {
        check_aligned(SListHead, "an SLIST header", __builtin_return_address(0));
        ke_slist_init(SListHead);
    }
    STOR_LEAVE(StorPortInitializeSListHead, HwDeviceExtension, status);
}

STORPORTAPI ULONG StorPortInterlockedFlushSList(
    PVOID HwDeviceExtension, PSTOR_SLIST_HEADER SListHead, PSTOR_SLIST_ENTRY *Result)
{
    STOR_ENTER_ANY(StorPortInterlockedFlushSList, HwDeviceExtension);
    ULONG status = STOR_CHECK(StorPortInterlockedFlushSList, a, SListHead && Result, SP_OS_8);

    if (status == STOR_STATUS_SUCCESS)
        *Result = ke_slist_flush(SListHead);
    STOR_LEAVE(StorPortInterlockedFlushSList, HwDeviceExtension, status);
}

STORPORTAPI ULONG StorPortInterlockedPopEntrySList(
    PVOID HwDeviceExtension, PSTOR_SLIST_HEADER SListHead, PSTOR_SLIST_ENTRY *Result)
{
    STOR_ENTER_ANY(StorPortInterlockedPopEntrySList, HwDeviceExtension);
    ULONG status = STOR_CHECK(StorPortInterlockedPopEntrySList, a, SListHead && Result, SP_OS_8);

    if (status == STOR_STATUS_SUCCESS)
        *Result = ke_slist_pop(SListHead);
    STOR_LEAVE(StorPortInterlockedPopEntrySList, HwDeviceExtension, status);
}

STORPORTAPI ULONG StorPortInterlockedPushEntrySList(
    PVOID HwDeviceExtension, PSTOR_SLIST_HEADER SListHead, PSTOR_SLIST_ENTRY SListEntry, PSTOR_SLIST_ENTRY *Result)
{
    STOR_ENTER_ANY(StorPortInterlockedPushEntrySList, HwDeviceExtension);
    ULONG status = STOR_CHECK(StorPortInterlockedPushEntrySList, a, SListHead && SListEntry && Result, SP_OS_8);

    if (status == STOR_STATUS_SUCCESS) {
        check_aligned(SListEntry, "an SLIST entry", __builtin_return_address(0));
        *Result = ke_slist_push(SListHead, SListEntry);
    }
    STOR_LEAVE(StorPortInterlockedPushEntrySList, HwDeviceExtension, status);
}

STORPORTAPI ULONG StorPortQueryDepthSList(PVOID HwDeviceExtension, PSTOR_SLIST_HEADER SListHead, PULONG Result)
{
    STOR_ENTER_ANY(StorPortQueryDepthSList, HwDeviceExtension);
    ULONG status = STOR_CHECK(StorPortQueryDepthSList, a, SListHead && Result, SP_OS_8);

    if (status == STOR_STATUS_SUCCESS)
        *Result = ke_slist_depth(SListHead);
    STOR_LEAVE(StorPortQueryDepthSList, HwDeviceExtension, status);
}

/* ---- doubly linked lists (STX-063, STX-064) ---- */

STORPORTAPI ULONG StorPortInitializeListHead(PVOID HwDeviceExtension, PSTOR_LIST_ENTRY ListHead)
{
    STOR_ENTER_ANY(StorPortInitializeListHead, HwDeviceExtension);
    ULONG status = STOR_CHECK(StorPortInitializeListHead, a, ListHead, SP_OS_10_1809);

    if (status == STOR_STATUS_SUCCESS)
        ListHead->Flink = ListHead->Blink = ListHead;
    STOR_LEAVE(StorPortInitializeListHead, HwDeviceExtension, status);
}

/* The port remembers the lock, which takes memory: IRQL <= DISPATCH_LEVEL. */
STORPORTAPI ULONG StorPortInitializeSpinlock(PVOID HwDeviceExtension, PSTOR_KSPIN_LOCK Lock)
{
    STOR_ENTER_ANY(StorPortInitializeSpinlock, HwDeviceExtension);
    ULONG status = STOR_CHECK(StorPortInitializeSpinlock, a, Lock, SP_OS_10_1809);

    if (status == STOR_STATUS_SUCCESS) {
        ev(EV_LOCK_INIT, Lock, EV_LOCK_INTERLOCKED, 0, 0);
        *Lock = 0;
        status = sp_spin_note(a, Lock) ? STOR_STATUS_SUCCESS : STOR_STATUS_INSUFFICIENT_RESOURCES;
    }
    STOR_LEAVE(StorPortInitializeSpinlock, HwDeviceExtension, status);
}

/* Interrupts are off while the lock is held, so that an interrupt routine may use the list. */
static unsigned lock(struct sp_adapter *a, PSTOR_KSPIN_LOCK l, const void *caller)
{
    if (!sp_spin_is(a, l))
        sp_stop("DT-S06", l, caller, "a list is used with a spin lock that StorPortInitializeSpinlock has not seen");
    unsigned old = mach_irql_raise(HIGH_LEVEL);

    ke_spin_acquire(l, EV_LOCK_INTERLOCKED, old);
    return old;
}

static void unlock(PSTOR_KSPIN_LOCK l, unsigned old)
{
    ke_spin_release(l, EV_LOCK_INTERLOCKED, old);
    mach_irql_lower(old);
}

static PSTOR_LIST_ENTRY not_head(PSTOR_LIST_ENTRY e, PSTOR_LIST_ENTRY head)
{
    return e == head ? NULL : e;
}

static void link_between(PSTOR_LIST_ENTRY before, PSTOR_LIST_ENTRY e, PSTOR_LIST_ENTRY after)
{
    e->Flink = after;
    e->Blink = before;
    before->Flink = after->Blink = e;
}

STORPORTAPI ULONG StorPortInterlockedInsertHeadList(PVOID HwDeviceExtension, PSTOR_LIST_ENTRY ListHead,
    PSTOR_LIST_ENTRY ListEntry, PSTOR_LIST_ENTRY *Result, PSTOR_KSPIN_LOCK Lock)
{
    STOR_ENTER_ANY(StorPortInterlockedInsertHeadList, HwDeviceExtension);
    ULONG status =
        STOR_CHECK(StorPortInterlockedInsertHeadList, a, ListHead && ListEntry && Result && Lock, SP_OS_10_1809);

    if (status == STOR_STATUS_SUCCESS) {
        unsigned old = lock(a, Lock, __builtin_return_address(0));

        *Result = not_head(ListHead->Flink, ListHead);
        link_between(ListHead, ListEntry, ListHead->Flink);
        unlock(Lock, old);
    }
    STOR_LEAVE(StorPortInterlockedInsertHeadList, HwDeviceExtension, status);
}

STORPORTAPI ULONG StorPortInterlockedInsertTailList(PVOID HwDeviceExtension, PSTOR_LIST_ENTRY ListHead,
    PSTOR_LIST_ENTRY ListEntry, PSTOR_LIST_ENTRY *Result, PSTOR_KSPIN_LOCK Lock)
{
    STOR_ENTER_ANY(StorPortInterlockedInsertTailList, HwDeviceExtension);
    ULONG status =
        STOR_CHECK(StorPortInterlockedInsertTailList, a, ListHead && ListEntry && Result && Lock, SP_OS_10_1809);

    if (status == STOR_STATUS_SUCCESS) {
        unsigned old = lock(a, Lock, __builtin_return_address(0));

        *Result = not_head(ListHead->Blink, ListHead);
        link_between(ListHead->Blink, ListEntry, ListHead);
        unlock(Lock, old);
    }
    STOR_LEAVE(StorPortInterlockedInsertTailList, HwDeviceExtension, status);
}

STORPORTAPI ULONG StorPortInterlockedRemoveHeadList(
    PVOID HwDeviceExtension, PSTOR_LIST_ENTRY ListHead, PSTOR_LIST_ENTRY *Result, PSTOR_KSPIN_LOCK Lock)
{
    STOR_ENTER_ANY(StorPortInterlockedRemoveHeadList, HwDeviceExtension);
    ULONG status = STOR_CHECK(StorPortInterlockedRemoveHeadList, a, ListHead && Result && Lock, SP_OS_10_1809);

    if (status == STOR_STATUS_SUCCESS) {
        unsigned         old = lock(a, Lock, __builtin_return_address(0));
        PSTOR_LIST_ENTRY first = ListHead->Flink;

        ListHead->Flink = first->Flink;
        first->Flink->Blink = ListHead;
        *Result = not_head(first, ListHead);
        unlock(Lock, old);
    }
    STOR_LEAVE(StorPortInterlockedRemoveHeadList, HwDeviceExtension, status);
}
