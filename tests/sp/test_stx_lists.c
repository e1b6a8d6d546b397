/* SPDX-License-Identifier: MIT */
/* StorPort's interlocked lists. */
#include "sp/stx.h"

struct item {
    STOR_SLIST_ENTRY link;
    int              n;
};

static __attribute__((aligned(16))) STOR_SLIST_HEADER head;
static __attribute__((aligned(16))) struct item       items[4];

/* STX-060, STX-061, STX-062: last in, first out; the previous first is returned; empty is SUCCESS and NULL. */
static void slist(void *ctx)
{
    struct mini_ext  *e = bare();
    PSTOR_SLIST_ENTRY r = (PSTOR_SLIST_ENTRY)(void *)e;
    ULONG             depth = 9;

    (void)ctx;
    dt_expect_eq(StorPortInitializeSListHead(e, NULL), STOR_STATUS_INVALID_PARAMETER);
    dt_expect_eq(StorPortInitializeSListHead(e, &head), STOR_STATUS_SUCCESS);
    dt_expect_eq(StorPortInterlockedPopEntrySList(e, &head, &r), STOR_STATUS_SUCCESS);
    dt_expect(r == NULL);
    for (int i = 0; i < 3; i++) {
        dt_expect_eq(StorPortInterlockedPushEntrySList(e, &head, &items[i].link, &r), STOR_STATUS_SUCCESS);
        dt_expect(r == (i ? &items[i - 1].link : NULL));
    }
    dt_expect_eq(StorPortQueryDepthSList(e, &head, &depth), STOR_STATUS_SUCCESS);
    dt_expect_eq(depth, 3);
    dt_expect_eq(StorPortInterlockedPopEntrySList(e, &head, &r), STOR_STATUS_SUCCESS);
    dt_expect(r == &items[2].link);
    dt_expect_eq(StorPortInterlockedFlushSList(e, &head, &r), STOR_STATUS_SUCCESS);
    dt_expect(r == &items[1].link && r->Next == &items[0].link && r->Next->Next == NULL);
    dt_expect_eq(StorPortInterlockedFlushSList(e, &head, &r), STOR_STATUS_SUCCESS);
    dt_expect(r == NULL);
    dt_expect_eq(StorPortInterlockedFlushSList(e, &head, NULL), STOR_STATUS_INVALID_PARAMETER);
    bare_over();
}

/* STX-062: nothing is lost or seen twice by two threads. */
static volatile LONG popped[4];

static void pop_all(void *ctx)
{
    struct mini_ext  *e = ctx;
    PSTOR_SLIST_ENTRY r;

    for (;;) {
        StorPortInterlockedPopEntrySList(e, &head, &r);
        if (!r)
            return;
        InterlockedIncrement(&popped[CONTAINING_RECORD(r, struct item, link)->n]);
    }
}

static void slist_shared(void *ctx)
{
    struct mini_ext  *e = bare();
    PSTOR_SLIST_ENTRY r;

    (void)ctx;
    StorPortInitializeSListHead(e, &head);
    for (int i = 0; i < 2; i++) {
        items[i].n = i;
        popped[i] = 0;
        StorPortInterlockedPushEntrySList(e, &head, &items[i].link, &r);
    }
    dt_thread *t = dt_spawn(1, pop_all, e);

    pop_all(e);
    dt_join(t);
    for (int i = 0; i < 2; i++)
        dt_expect_eq(popped[i], 1);
    bare_over();
}

/* STX-060 */
static void slist_crooked(void *ctx)
{
    struct mini_ext  *e = bare();
    PSTOR_SLIST_ENTRY r, crooked = (PSTOR_SLIST_ENTRY)(void *)((char *)items + 8);

    (void)ctx;
    StorPortInitializeSListHead(e, &head);
    StorPortInterlockedPushEntrySList(e, &head, crooked, &r);
    bare_over();
}

static void head_crooked(void *ctx)
{
    struct mini_ext *e = bare();

    (void)ctx;
    StorPortInitializeSListHead(e, (PSTOR_SLIST_HEADER)(void *)((char *)items + 8));
    bare_over();
}

static void slist_high(void *ctx)
{
    struct mini_ext  *e = bare();
    PSTOR_SLIST_ENTRY r;

    (void)ctx;
    StorPortInitializeSListHead(e, &head);
    dt_expect_eq(AT_IRQL(DIRQL_TEST, StorPortInterlockedPopEntrySList(e, &head, &r)), STOR_STATUS_INVALID_IRQL);
    bare_over();
}

static void slists(void **state)
{
    (void)state;
    passes(slist);
    always(slist_shared, 1);
    caught(slist_crooked, "DT-S19", ANY_CODE);
    caught(head_crooked, "DT-S19", ANY_CODE);
    warned(slist_high, "DT-S12");
}

/* STX-063: who was there before, at both ends; removing from an empty list. */
static STOR_KSPIN_LOCK lock;

static void list(void *ctx)
{
    struct mini_ext *e = bare();
    STOR_LIST_ENTRY  l, a, b, c, *r = &l;

    (void)ctx;
    dt_expect_eq(StorPortInitializeListHead(e, &l), STOR_STATUS_SUCCESS);
    dt_expect_eq(StorPortInitializeListHead(e, NULL), STOR_STATUS_INVALID_PARAMETER);
    dt_expect_eq(StorPortInitializeSpinlock(e, &lock), STOR_STATUS_SUCCESS);
    dt_expect_eq(StorPortInterlockedRemoveHeadList(e, &l, &r, &lock), STOR_STATUS_SUCCESS);
    dt_expect(r == NULL);
    dt_expect_eq(StorPortInterlockedInsertHeadList(e, &l, &a, &r, &lock), STOR_STATUS_SUCCESS);
    dt_expect(r == NULL);
    dt_expect_eq(AT_IRQL(DIRQL_TEST, StorPortInterlockedInsertHeadList(e, &l, &b, &r, &lock)), STOR_STATUS_SUCCESS);
    dt_expect(r == &a);
    dt_expect_eq(StorPortInterlockedInsertTailList(e, &l, &c, &r, &lock), STOR_STATUS_SUCCESS);
    dt_expect(r == &a);
    STOR_LIST_ENTRY *const order[] = {&b, &a, &c};

    for (int i = 0; i < 3; i++) {
        dt_expect_eq(StorPortInterlockedRemoveHeadList(e, &l, &r, &lock), STOR_STATUS_SUCCESS);
        dt_expect(r == order[i]);
    }
    dt_expect_eq(StorPortInterlockedInsertHeadList(e, &l, &a, NULL, &lock), STOR_STATUS_INVALID_PARAMETER);
    dt_expect_eq(StorPortInitializeSpinlock(e, NULL), STOR_STATUS_INVALID_PARAMETER);
    bare_over();
}

/* STX-064: without StorPortInitializeSpinlock. */
static void list_unknown_lock(void *ctx)
{
    struct mini_ext *e = bare();
    STOR_LIST_ENTRY  l, a, *r;
    STOR_KSPIN_LOCK  other = 0;

    (void)ctx;
    StorPortInitializeListHead(e, &l);
    StorPortInterlockedInsertHeadList(e, &l, &a, &r, &other);
    bare_over();
}

static void lists(void **state)
{
    (void)state;
    passes(list);
    caught(list_unknown_lock, "DT-S06", ANY_CODE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slists),
        cmocka_unit_test(lists),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
