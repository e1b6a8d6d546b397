/* SPDX-License-Identifier: MIT */
/* ExInterlocked counters and lists, plain lists, SLISTs. INT-012 .. INT-019, INT-022 .. INT-040. */
#include "../machine.h"

#define TAG 0x7473694c /* 'List' */

static struct {
    KSPIN_LOCK        lock, other_lock;
    LIST_ENTRY        list, second, entry[4];
    SINGLE_LIST_ENTRY single, node[3];
    DECLSPEC_ALIGN(16) SLIST_HEADER slist;
    SLIST_ENTRY   item[4];
    ULONG         sum;
    LARGE_INTEGER big;
    KEVENT        point;
    volatile LONG taken[4];
    UCHAR         raw[64];
} s;

#define BEGIN   \
    KIRQL irql; \
    (void)ctx;  \
    (void)irql; \
    begin()

static void begin(void)
{
    memset(&s, 0, sizeof s);
    KeInitializeSpinLock(&s.lock);
    KeInitializeSpinLock(&s.other_lock);
    KeInitializeEvent(&s.point, NotificationEvent, FALSE);
    InitializeListHead(&s.list);
    InitializeListHead(&s.second);
    ExInitializeSListHead(&s.slist);
}

/* ---- counters: INT-012, INT-013, INT-014 ---- */

static void counters(void *ctx)
{
    LARGE_INTEGER one;
    LONG64        old, new;

    BEGIN;
    s.sum = 0xffffffff;
    dt_expect_eq(ExInterlockedAddUlong(&s.sum, 2, &s.lock), 0xffffffff);
    dt_expect_eq(s.sum, 1);
    s.big.QuadPart = 0xffffffff;
    one.QuadPart = 1;
    dt_expect_eq(ExInterlockedAddLargeInteger(&s.big, one, &s.lock).QuadPart, 0xffffffff);
    dt_expect_eq(s.big.QuadPart, 0x100000000);
    s.big.QuadPart = 0xffffffff;
    ExInterlockedAddLargeStatistic(&s.big, 0xffffffff);
    dt_expect_eq(s.big.QuadPart, 0x1fffffffe);
    s.big.QuadPart = 5;
    old = 4, new = 9;
    dt_expect_eq(ExInterlockedCompareExchange64(&s.big.QuadPart, &new, &old, &s.lock), 5);
    dt_expect_eq(s.big.QuadPart, 5);
    old = 5;
    dt_expect_eq(ExInterlockedCompareExchange64(&s.big.QuadPart, &new, &old, &s.lock), 5);
    dt_expect_eq(s.big.QuadPart, 9);
}

/* INT-015, INT-039: any level, and the level afterwards is the one before. */
static void at_any_level(void *ctx)
{
    LARGE_INTEGER one;

    BEGIN;
    one.QuadPart = 1;
    for (KIRQL level = 0; level <= HIGH_LEVEL; level++) {
        KeRaiseIrql(level, &irql);
        ExInterlockedAddUlong(&s.sum, 1, &s.lock);
        ExInterlockedAddLargeInteger(&s.big, one, &s.lock);
        dt_expect(ExInterlockedPushEntryList(&s.single, &s.node[0], &s.lock) == NULL);
        dt_expect(ExInterlockedPopEntryList(&s.single, &s.lock) == &s.node[0]);
        dt_expect(InterlockedPushEntrySList(&s.slist, &s.item[0]) == NULL);
        dt_expect(InterlockedPopEntrySList(&s.slist) == &s.item[0]);
        dt_expect_eq(KeGetCurrentIrql(), level);
        KeLowerIrql(irql);
    }
    dt_expect_eq(s.sum, HIGH_LEVEL + 1);
    dt_expect_eq(s.big.QuadPart, HIGH_LEVEL + 1);
}

/* INT-022, INT-023, INT-024. */

static void locked_lists(void *ctx)
{
    BEGIN;
    dt_expect(ExInterlockedRemoveHeadList(&s.list, &s.lock) == NULL);
    dt_expect(ExInterlockedInsertHeadList(&s.list, &s.entry[0], &s.lock) == NULL);
    dt_expect(ExInterlockedInsertHeadList(&s.list, &s.entry[1], &s.lock) == &s.entry[0]);
    dt_expect(ExInterlockedInsertTailList(&s.list, &s.entry[2], &s.lock) == &s.entry[0]);
    dt_expect(ExInterlockedRemoveHeadList(&s.list, &s.lock) == &s.entry[1]);
    dt_expect(ExInterlockedRemoveHeadList(&s.list, &s.lock) == &s.entry[0]);
    dt_expect(ExInterlockedRemoveHeadList(&s.list, &s.lock) == &s.entry[2]);
    dt_expect(IsListEmpty(&s.list));
    dt_expect(ExInterlockedInsertTailList(&s.list, &s.entry[3], &s.lock) == NULL);
    dt_expect(ExInterlockedPopEntryList(&s.single, &s.lock) == NULL);
    dt_expect(ExInterlockedPushEntryList(&s.single, &s.node[0], &s.lock) == NULL);
    dt_expect(ExInterlockedPushEntryList(&s.single, &s.node[1], &s.lock) == &s.node[0]);
    dt_expect(ExInterlockedPopEntryList(&s.single, &s.lock) == &s.node[1]);
    dt_expect(ExInterlockedPopEntryList(&s.single, &s.lock) == &s.node[0]);
}

/* INT-026, INT-027, INT-028, INT-029, INT-032. */
static void plain_lists(void *ctx)
{
    BEGIN;
    dt_expect(s.list.Flink == &s.list && s.list.Blink == &s.list && IsListEmpty(&s.list));
    dt_expect(RemoveHeadList(&s.list) == &s.list && RemoveTailList(&s.list) == &s.list && IsListEmpty(&s.list));
    InsertTailList(&s.list, &s.entry[0]);
    InsertTailList(&s.list, &s.entry[1]);
    InsertHeadList(&s.list, &s.entry[2]); /* 2 0 1 */
    dt_expect(s.list.Flink == &s.entry[2] && s.entry[2].Flink == &s.entry[0] && s.entry[0].Flink == &s.entry[1]);
    dt_expect(s.list.Blink == &s.entry[1] && s.entry[1].Blink == &s.entry[0] && s.entry[0].Blink == &s.entry[2]);
    dt_expect(!RemoveEntryList(&s.entry[0]));
    dt_expect(RemoveTailList(&s.list) == &s.entry[1]);
    dt_expect(RemoveEntryList(&s.entry[2]));
    dt_expect(IsListEmpty(&s.list));
    dt_expect(PopEntryList(&s.single) == NULL);
    PushEntryList(&s.single, &s.node[0]);
    PushEntryList(&s.single, &s.node[1]);
    dt_expect(PopEntryList(&s.single) == &s.node[1] && PopEntryList(&s.single) == &s.node[0]);
}

/* INT-030: AppendTailList takes the first entry of a list without its head; the head itself would be linked in. */
static void appended(void *ctx)
{
    BEGIN;
    InsertTailList(&s.list, &s.entry[0]);
    InsertTailList(&s.second, &s.entry[1]);
    InsertTailList(&s.second, &s.entry[2]);
    PLIST_ENTRY first = s.second.Flink;

    RemoveEntryList(&s.second);
    AppendTailList(&s.list, first);
    dt_expect(RemoveHeadList(&s.list) == &s.entry[0]);
    dt_expect(RemoveHeadList(&s.list) == &s.entry[1]);
    dt_expect(RemoveHeadList(&s.list) == &s.entry[2]);
    dt_expect(IsListEmpty(&s.list));
    InitializeListHead(&s.second);
    InsertTailList(&s.second, &s.entry[1]);
    AppendTailList(&s.list, &s.second);
    dt_expect(s.list.Flink == &s.second); /* what the page warns of */
}

static void test_values(void **state)
{
    (void)state;
    passes(counters);
    passes(at_any_level);
    passes(locked_lists);
    passes(plain_lists);
    passes(appended);
}

/* ---- INT-031: lists whose neighbours disagree ---- */

static void removed_twice(void *ctx)
{
    BEGIN;
    InsertTailList(&s.list, &s.entry[0]);
    InsertTailList(&s.list, &s.entry[1]);
    RemoveEntryList(&s.entry[0]);
    RemoveEntryList(&s.entry[0]);
}

static void inserted_twice(void *ctx)
{
    BEGIN;
    InsertTailList(&s.list, &s.entry[0]);
    InsertTailList(&s.list, &s.entry[1]);
    InsertTailList(&s.list, &s.entry[0]);
    RemoveEntryList(&s.entry[1]);
}

static void test_corruption(void **state)
{
    (void)state;
    caught(removed_twice, NULL, 0x139);
    caught(inserted_twice, NULL, 0x139);
}

/* ---- INT-019, INT-025: producers, consumers, two lists under one lock ---- */

static void produces(void *ctx)
{
    intptr_t i = (intptr_t)ctx;

    ExInterlockedInsertTailList(&s.list, &s.entry[i], &s.lock);
    ExInterlockedInsertHeadList(&s.second, &s.entry[i + 2], &s.lock);
}

static void consumes_from(PLIST_ENTRY list)
{
    PLIST_ENTRY e = ExInterlockedRemoveHeadList(list, &s.lock);

    if (e)
        dt_expect_eq(InterlockedIncrement(&s.taken[e - s.entry]), 1);
}

static void consumes(void *ctx)
{
    (void)ctx;
    consumes_from(&s.list);
    consumes_from(&s.second);
}

static void producers_and_consumers(void *ctx)
{
    BEGIN;
    dt_spawn(1, produces, (void *)0);
    dt_spawn(2, consumes, NULL);
    produces((void *)1);
    dt_join_all();
    consumes(NULL);
    consumes(NULL);
    for (int i = 0; i < 4; i++)
        dt_expect_eq(s.taken[i], 1);
    dt_expect(IsListEmpty(&s.list) && IsListEmpty(&s.second));
}

/* INT-012: no addition is lost. */
static void adds(void *ctx)
{
    (void)ctx;
    ExInterlockedAddUlong(&s.sum, 1, &s.lock);
    ExInterlockedAddUlong(&s.sum, 1, &s.lock);
}

static void additions(void *ctx)
{
    BEGIN;
    dt_spawn(1, adds, NULL);
    adds(NULL);
    dt_join_all();
    dt_expect_eq(s.sum, 4);
}

static void test_concurrency(void **state)
{
    struct dt_config cfg = config(3);

    (void)state;
    always_with(&cfg, producers_and_consumers, 2);
    always(additions, 2);
}

/* ---- the lock: INT-016, INT-017, INT-018 ---- */

static void lock_at_dirql_and_dispatch(void *ctx)
{
    BEGIN;
    KeRaiseIrql(5, &irql);
    ExInterlockedAddUlong(&s.sum, 1, &s.lock);
    KeLowerIrql(irql);
    KeAcquireSpinLock(&s.lock, &irql);
    KeReleaseSpinLock(&s.lock, irql);
}

static void lock_for_both_at_dispatch(void *ctx)
{
    BEGIN;
    ExInterlockedAddUlong(&s.sum, 1, &s.lock);
    KeAcquireSpinLock(&s.lock, &irql);
    KeReleaseSpinLock(&s.lock, irql);
}

static void a_lock_each(void *ctx)
{
    BEGIN;
    KeRaiseIrql(5, &irql);
    ExInterlockedAddUlong(&s.sum, 1, &s.lock);
    KeLowerIrql(irql);
    KeAcquireSpinLock(&s.other_lock, &irql);
    KeReleaseSpinLock(&s.other_lock, irql);
}

static void lock_uninitialised(void *ctx)
{
    static KSPIN_LOCK nobodys;

    BEGIN;
    nobodys = 0;
    ExInterlockedAddUlong(&s.sum, 1, &nobodys);
}

static void test_lock(void **state)
{
    (void)state;
    caught(lock_at_dirql_and_dispatch, "DT-L07", 0);
    caught(lock_for_both_at_dispatch, "DT-L07", 0);
    passes(a_lock_each);
    caught(lock_uninitialised, "DT-L10", 0xC4);
}

/* INT-034, INT-035, INT-036. */

static void slist(void *ctx)
{
    BEGIN;
    dt_expect_eq(ExQueryDepthSList(&s.slist), 0);
    dt_expect(FirstEntrySList(&s.slist) == NULL);
    dt_expect(InterlockedPopEntrySList(&s.slist) == NULL);
    dt_expect(ExInterlockedFlushSList(&s.slist) == NULL);
    dt_expect(ExInterlockedPushEntrySList(&s.slist, &s.item[0], &s.lock) == NULL);
    dt_expect(ExInterlockedPushEntrySList(&s.slist, &s.item[1], &s.lock) == &s.item[0]);
    dt_expect(InterlockedPushEntrySList(&s.slist, &s.item[2]) == &s.item[1]);
    dt_expect_eq(ExQueryDepthSList(&s.slist), 3);
    dt_expect(FirstEntrySList(&s.slist) == &s.item[2]);
    dt_expect(ExInterlockedPopEntrySList(&s.slist, &s.lock) == &s.item[2]);
    dt_expect_eq(ExQueryDepthSList(&s.slist), 2);
    PSLIST_ENTRY all = ExInterlockedFlushSList(&s.slist);

    dt_expect(all == &s.item[1] && all->Next == &s.item[0] && all->Next->Next == NULL);
    dt_expect_eq(ExQueryDepthSList(&s.slist), 0);
    dt_expect(FirstEntrySList(&s.slist) == NULL);
}

/* INT-037: the depth has 16 bits; the list goes on. */
static void deep_slist(void *ctx)
{
    BEGIN;
    SLIST_ENTRY *many = ExAllocatePoolWithTag(NonPagedPoolNx, 65537 * sizeof *many, TAG);

    dt_expect(many != NULL);
    for (int i = 0; i < 65537; i++)
        InterlockedPushEntrySList(&s.slist, &many[i]);
    dt_expect_eq(ExQueryDepthSList(&s.slist), 1);
    for (int i = 65537; i-- > 0;)
        dt_expect(InterlockedPopEntrySList(&s.slist) == &many[i]);
    dt_expect(InterlockedPopEntrySList(&s.slist) == NULL);
    dt_expect_eq(ExQueryDepthSList(&s.slist), 0);
    ExFreePoolWithTag(many, TAG);
}

static void misaligned_head(void *ctx)
{
    BEGIN;
    ExInitializeSListHead((PSLIST_HEADER)(((uintptr_t)s.raw & ~(uintptr_t)15) + 24));
}

static void misaligned_entry(void *ctx)
{
    BEGIN;
    InterlockedPushEntrySList(&s.slist, (PSLIST_ENTRY)(((uintptr_t)s.raw & ~(uintptr_t)15) + 24));
}

static void misaligned_push(void *ctx)
{
    BEGIN;
    InterlockedPushEntrySList((PSLIST_HEADER)(((uintptr_t)s.raw & ~(uintptr_t)15) + 24), &s.item[0]);
}

/* INT-034: whatever was in the memory. */
static void slist_of_garbage(void *ctx)
{
    BEGIN;
    memset(&s.slist, 0xd5, sizeof s.slist);
    ExInitializeSListHead(&s.slist);
    dt_expect_eq(ExQueryDepthSList(&s.slist), 0);
    dt_expect(FirstEntrySList(&s.slist) == NULL && InterlockedPopEntrySList(&s.slist) == NULL);
}

static void test_slist(void **state)
{
    (void)state;
    passes(slist);
    passes(slist_of_garbage);
    passes(deep_slist);
    caught(misaligned_head, "DT-M02", 0x7E);
    caught(misaligned_entry, "DT-M02", 0x7E);
    caught(misaligned_push, "DT-M02", 0x7E);
}

/* INT-038: pops that meet pop, pop, push of the same entry; INT-040: the entry's memory is given back right after its pop. */
static void pops_and_pushes_back(void *ctx)
{
    (void)ctx;
    PSLIST_ENTRY first = InterlockedPopEntrySList(&s.slist), next = InterlockedPopEntrySList(&s.slist);

    if (next) {
        dt_expect_eq(InterlockedIncrement(&s.taken[next - s.item]), 1);
        memset(next, 0xff, sizeof *next); /* freed, and written by who has the memory now */
    }
    InterlockedPushEntrySList(&s.slist, &s.item[3]); /* as deep as before, with the same first entry */
    if (first)
        InterlockedPushEntrySList(&s.slist, first);
}

static void pops(void *ctx)
{
    (void)ctx;
    PSLIST_ENTRY e = InterlockedPopEntrySList(&s.slist);

    if (e)
        dt_expect_eq(InterlockedIncrement(&s.taken[e - s.item]), 1);
}

static void aba(void *ctx)
{
    BEGIN;
    for (int i = 0; i < 3; i++)
        InterlockedPushEntrySList(&s.slist, &s.item[i]);
    dt_spawn(1, pops_and_pushes_back, NULL);
    pops(NULL);
    dt_join_all();
    for (;;) {
        PSLIST_ENTRY e = InterlockedPopEntrySList(&s.slist);

        if (!e)
            break;
        dt_expect_eq(InterlockedIncrement(&s.taken[e - s.item]), 1);
    }
    for (int i = 0; i < 4; i++)
        dt_expect_eq(s.taken[i], 1);
}

static void test_aba(void **state)
{
    struct dt_config cfg = config(2);

    (void)state;
    cfg.level = DT_LEVEL_ATOMIC;
    always_with(&cfg, aba, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_corruption),
        cmocka_unit_test(test_concurrency),
        cmocka_unit_test(test_lock),
        cmocka_unit_test(test_slist),
        cmocka_unit_test(test_aba),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
