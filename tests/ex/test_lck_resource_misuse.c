/* SPDX-License-Identifier: MIT */
/* Resources misused: each with the code of Windows or Driver Verifier, and the repaired twin silent. */
#include "exlock.h"

static struct {
    ERESOURCE r;
    KEVENT    go, owned;
    char      odd[sizeof(ERESOURCE) + 8];
    ULONG_PTR owner;
} s;

static void begin(void)
{
    memset(&s, 0, sizeof s);
    KeInitializeEvent(&s.go, NotificationEvent, FALSE);
    KeInitializeEvent(&s.owned, NotificationEvent, FALSE);
    ExInitializeResourceLite(&s.r);
}

static void begin_in_region(void)
{
    begin();
    KeEnterCriticalRegion();
}

/* ---- life ---- */

static void initialized_twice(void *ctx)
{
    (void)ctx;
    begin();
    ExInitializeResourceLite(&s.r);
}

static void deleted_twice(void *ctx)
{
    (void)ctx;
    begin();
    ExDeleteResourceLite(&s.r);
    ExDeleteResourceLite(&s.r);
}

static void deleted_while_owned(void *ctx)
{
    (void)ctx;
    begin_in_region();
    ExAcquireResourceSharedLite(&s.r, TRUE);
    ExDeleteResourceLite(&s.r);
}

static void reinitialized_while_owned(void *ctx)
{
    (void)ctx;
    begin_in_region();
    ExAcquireResourceExclusiveLite(&s.r, TRUE);
    ExReinitializeResourceLite(&s.r);
}

static void unaligned(void *ctx)
{
    (void)ctx;
    begin();
    ExInitializeResourceLite((PERESOURCE)(((ULONG_PTR)s.odd & ~(ULONG_PTR)7) + 12));
}

static void converted_uninitialized(void *ctx)
{
    (void)ctx;
    memset(&s, 0, sizeof s);
    KeEnterCriticalRegion();
    ExConvertExclusiveToSharedLite(&s.r);
}

static void counted_uninitialized(void *ctx)
{
    (void)ctx;
    memset(&s, 0, sizeof s);
    ExIsResourceAcquiredSharedLite(&s.r);
}

static void waiters_uninitialized(void *ctx)
{
    (void)ctx;
    memset(&s, 0, sizeof s);
    ExGetExclusiveWaiterCount(&s.r);
}

static void used_uninitialized(void *ctx)
{
    (void)ctx;
    memset(&s, 0, sizeof s);
    KeEnterCriticalRegion();
    ExAcquireResourceSharedLite(&s.r, TRUE);
}

static void freed_active(void *ctx)
{
    PERESOURCE r = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof *r, 'tseT');

    (void)ctx;
    ExInitializeResourceLite(r);
    ExFreePoolWithTag(r, 'tseT');
}

static void freed_deleted(void *ctx)
{
    PERESOURCE r = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof *r, 'tseT');

    (void)ctx;
    ExInitializeResourceLite(r);
    ExDeleteResourceLite(r);
    ExFreePoolWithTag(r, 'tseT');
}

static void in_paged_pool(void *ctx)
{
    (void)ctx;
    ExInitializeResourceLite(ExAllocatePool2(POOL_FLAG_PAGED, sizeof(ERESOURCE), 'tseT'));
}

/* The repaired twin of all of these. */
static void again_after_delete(void *ctx)
{
    (void)ctx;
    begin();
    ExDeleteResourceLite(&s.r);
    dt_expect_eq(ExInitializeResourceLite(&s.r), STATUS_SUCCESS);
    dt_expect_eq(ExReinitializeResourceLite(&s.r), STATUS_SUCCESS);
    dt_expect_eq(ExDeleteResourceLite(&s.r), STATUS_SUCCESS);
}

static void test_life(void **state)
{
    (void)state;
    violates(initialized_twice, "DT-L10", 0xd0);           /* LCK-023 */
    violates(deleted_twice, "DT-L10", 0xd1);               /* LCK-023 */
    violates(deleted_while_owned, "DT-L11", 0x100b);       /* LCK-023 */
    violates(reinitialized_while_owned, "DT-L11", 0x100b); /* LCK-043 */
    violates(unaligned, "DT-L10", 0x3d);                   /* LCK-021 */
    violates(used_uninitialized, "DT-L10", 0x1002);
    violates(converted_uninitialized, "DT-L10", 0x1002);
    violates(counted_uninitialized, "DT-L10", 0x1002);
    violates(waiters_uninitialized, "DT-L10", 0x1002);
    violates(freed_active, "DT-L11", 0xd2); /* LCK-022 */
    violates(in_paged_pool, "DT-I10", 0xe1);
    passes(freed_deleted);
    passes(again_after_delete);
}

/* ---- APCs, levels ---- */

static void acquired_with_apcs(void *ctx)
{
    (void)ctx;
    begin();
    ExAcquireResourceExclusiveLite(&s.r, TRUE);
}

static void shared_with_apcs(void *ctx)
{
    (void)ctx;
    begin();
    ExAcquireResourceSharedLite(&s.r, FALSE);
}

static void released_with_apcs(void *ctx)
{
    (void)ctx;
    begin_in_region();
    ExAcquireResourceSharedLite(&s.r, TRUE);
    KeLeaveCriticalRegion();
    ExReleaseResourceLite(&s.r);
}

/* A thread of the driver's own begins inside a critical region: point 21. */
static VOID system_thread(PVOID context)
{
    EX_PUSH_LOCK lock;

    (void)context;
    ExInitializePushLock(&lock);
    ExAcquireResourceExclusiveLite(&s.r, TRUE);
    ExReleaseResourceLite(&s.r);
    ExAcquirePushLockExclusive(&lock);
    ExReleasePushLockExclusive(&lock);
    KeSetEvent(&s.go, IO_NO_INCREMENT, FALSE);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static void from_system_thread(void *ctx)
{
    HANDLE h;

    (void)ctx;
    begin();
    dt_expect_eq(PsCreateSystemThread(&h, THREAD_ALL_ACCESS, NULL, NULL, NULL, system_thread, NULL), STATUS_SUCCESS);
    wait_for(&s.go);
    ZwClose(h);
    ExDeleteResourceLite(&s.r);
}

static void acquired_at_dispatch(void *ctx)
{
    KIRQL old;

    (void)ctx;
    begin();
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    ExAcquireResourceSharedLite(&s.r, FALSE);
}

static void test_level(void **state)
{
    (void)state;
    violates(acquired_with_apcs, "DT-L15", 0x37);      /* LCK-037 */
    violates(shared_with_apcs, "DT-L15", 0x37);        /* LCK-037 */
    violates(released_with_apcs, "DT-L15", 0x38);      /* LCK-037 */
    passes(from_system_thread);                        /* LCK-083 */
    violates(acquired_at_dispatch, "DT-I01", 0x20007); /* LCK-038 */
}

/* ---- owners ---- */

static void released_by_nobody(void *ctx)
{
    (void)ctx;
    begin_in_region();
    ExReleaseResourceLite(&s.r);
}

static void hold(void *ctx)
{
    (void)ctx;
    KeEnterCriticalRegion();
    ExAcquireResourceExclusiveLite(&s.r, TRUE);
    KeSetEvent(&s.owned, IO_NO_INCREMENT, FALSE);
    wait_for(&s.go);
    ExReleaseResourceLite(&s.r);
    KeLeaveCriticalRegion();
}

static void released_by_another(void *ctx)
{
    (void)ctx;
    begin_in_region();
    dt_spawn(1, hold, NULL);
    wait_for(&s.owned);
    ExReleaseResourceLite(&s.r);
}

static void released_for_another(void *ctx)
{
    (void)ctx;
    begin_in_region();
    dt_spawn(1, hold, NULL);
    wait_for(&s.owned);
    ExReleaseResourceForThreadLite(&s.r, s.r.OwnerEntry.OwnerThread);
}

static void upgraded(void *ctx)
{
    (void)ctx;
    begin_in_region();
    ExAcquireResourceSharedLite(&s.r, TRUE);
    ExAcquireResourceExclusiveLite(&s.r, TRUE);
}

/* Each of two shared owners wants it exclusively and waits for the other one. */
static void upgrade(void *ctx)
{
    (void)ctx;
    KeEnterCriticalRegion();
    ExAcquireResourceSharedLite(&s.r, TRUE);
    KeSetEvent(&s.owned, IO_NO_INCREMENT, FALSE);
    ExAcquireResourceExclusiveLite(&s.r, TRUE);
    ExReleaseResourceLite(&s.r);
    ExReleaseResourceLite(&s.r);
    KeLeaveCriticalRegion();
}

static void two_upgrade(void *ctx)
{
    begin();
    dt_spawn(1, upgrade, NULL);
    upgrade(ctx);
}

static void converted_by_shared_owner(void *ctx)
{
    (void)ctx;
    begin_in_region();
    ExAcquireResourceSharedLite(&s.r, TRUE);
    ExConvertExclusiveToSharedLite(&s.r);
}

static void plain_owner_pointer(void *ctx)
{
    (void)ctx;
    begin_in_region();
    ExAcquireResourceSharedLite(&s.r, TRUE);
    ExSetResourceOwnerPointer(&s.r, &s.owner);
}

static void released_after_owner_pointer(void *ctx)
{
    (void)ctx;
    begin_in_region();
    ExAcquireResourceSharedLite(&s.r, TRUE);
    ExSetResourceOwnerPointer(&s.r, (PVOID)((ULONG_PTR)&s.owner | 3));
    ExReleaseResourceLite(&s.r);
}

static void released_for_other_pointer(void *ctx)
{
    (void)ctx;
    begin_in_region();
    ExAcquireResourceSharedLite(&s.r, TRUE);
    ExSetResourceOwnerPointer(&s.r, (PVOID)((ULONG_PTR)&s.owner | 3));
    ExReleaseResourceForThreadLite(&s.r, (ULONG_PTR)&s.go | 3);
}

static void waited_behind_itself(void *ctx)
{
    (void)ctx;
    begin_in_region();
    ExAcquireResourceSharedLite(&s.r, TRUE);
    dt_spawn(1, hold, NULL);
    while (ExGetExclusiveWaiterCount(&s.r) == 0)
        sleep_ms(1);
    ExAcquireSharedWaitForExclusive(&s.r, TRUE);
}

static void test_owners(void **state)
{
    (void)state;
    caught_with_code(released_by_nobody, "DT-L15", 0xE3, (uintptr_t)&s.r);    /* LCK-039 */
    caught_with_code(released_by_another, "DT-L15", 0xE3, (uintptr_t)&s.r);   /* LCK-039 */
    caught_with_code(released_for_another, "DT-L15", 0x16E, (uintptr_t)&s.r); /* LCK-040 */
    violates(upgraded, "DT-L01", 0x1000);                                     /* LCK-028 */
    violates(two_upgrade, "DT-L01", 0x1000);                                  /* LCK-029 */
    caught(converted_by_shared_owner, "DT-L15", 0xE3);                        /* LCK-035 */
    caught(plain_owner_pointer, "DT-L15", 0);                                 /* LCK-041 */
    caught(released_after_owner_pointer, "DT-L15", 0xE3);                     /* LCK-041 */
    caught(released_for_other_pointer, "DT-L15", 0xE3);                       /* LCK-041 */
    found(waited_behind_itself, 0, "DT-L17", 0);                              /* LCK-032 */
}

/* ---- left behind ---- */

static void take_and_go(void *ctx)
{
    (void)ctx;
    KeEnterCriticalRegion();
    ExAcquireResourceSharedLite(&s.r, TRUE);
    KeLeaveCriticalRegion();
}

static void take_exclusive_and_go(void *ctx)
{
    (void)ctx;
    KeEnterCriticalRegion();
    ExAcquireResourceExclusiveLite(&s.r, TRUE);
    KeLeaveCriticalRegion();
}

/* It was handed over to a thread that had waited for it. */
static void left_by_waiter(void *ctx)
{
    (void)ctx;
    begin_in_region();
    ExAcquireResourceExclusiveLite(&s.r, TRUE);
    dt_spawn(1, take_exclusive_and_go, NULL);
    settle();
    ExReleaseResourceLite(&s.r);
    KeLeaveCriticalRegion();
    dt_join_all();
}

static void left_by_thread(void *ctx)
{
    (void)ctx;
    begin();
    dt_join(dt_spawn(1, take_and_go, NULL));
}

static void convert_and_go(void *ctx)
{
    (void)ctx;
    KeEnterCriticalRegion();
    ExAcquireResourceExclusiveLite(&s.r, TRUE);
    ExConvertExclusiveToSharedLite(&s.r);
    KeLeaveCriticalRegion();
}

/* LCK-035: what was exclusive is still owned, shared. */
static void left_converted(void *ctx)
{
    (void)ctx;
    begin();
    dt_join(dt_spawn(1, convert_and_go, NULL));
}

static VOID work(PVOID context)
{
    KeEnterCriticalRegion();
    ExAcquireResourceExclusiveLite(&s.r, TRUE);
    if (context == &s)
        ExReleaseResourceLite(&s.r);
    else if (context)
        ExConvertExclusiveToSharedLite(&s.r);
    KeLeaveCriticalRegion();
    KeSetEvent(&s.go, IO_NO_INCREMENT, FALSE);
}

static void work_item(PVOID context)
{
    static WORK_QUEUE_ITEM item;

    begin();
    ExInitializeWorkItem(&item, work, context);
    ExQueueWorkItem(&item, DelayedWorkQueue);
    wait_for(&s.go);
    dt_run_until_idle();
}

static void left_by_routine(void *ctx)
{
    (void)ctx;
    work_item(NULL);
}

static void not_left(void *ctx)
{
    (void)ctx;
    work_item(&s);
}

/* LCK-035: what the routine leaves behind is not exclusive. */
static void left_shared(void *ctx)
{
    (void)ctx;
    work_item(&s.r + 1);
}

static void test_left_behind(void **state)
{
    (void)state;
    violates(left_by_thread, "DT-L04", 0x100a); /* LCK-044 */
    violates(left_by_waiter, "DT-L04", 0x100a); /* LCK-044 */
    violates(left_converted, "DT-L04", 0x100a); /* LCK-044 */
    caught(left_by_routine, "DT-L04", 0);       /* LCK-045 */
    always(not_left, 0);
    always(left_shared, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_life),
        cmocka_unit_test(test_level),
        cmocka_unit_test(test_owners),
        cmocka_unit_test(test_left_behind),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
