/* SPDX-License-Identifier: MIT */
/* Splay trees, generic tables and balanced ones, against a plain array, by random operations and by hand. */
#include "../machine.h"

enum { KEYS = 64, STEPS = 4000, HEAD_BYTES_SPLAY = 40, HEAD_BYTES_AVL = 32 };

static struct {
    bool     in[KEYS];
    unsigned count, allocated;
    bool     no_memory;
} model;

static uint32_t seed;

static unsigned draw(unsigned n)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 16) % n;
}

static RTL_GENERIC_COMPARE_RESULTS order(int a, int b)
{
    return a < b ? GenericLessThan : a > b ? GenericGreaterThan : GenericEqual;
}

static PVOID take(CLONG bytes)
{
    if (model.no_memory)
        return NULL;
    model.allocated++;
    return ExAllocatePool2(POOL_FLAG_NON_PAGED, bytes, 'tbaT');
}

static void give_back(PVOID p)
{
    model.allocated--;
    ExFreePoolWithTag(p, 'tbaT');
}

static void begin(void)
{
    memset(&model, 0, sizeof model);
    seed = 7;
}

/* ---- splay ---- */

static RTL_GENERIC_COMPARE_RESULTS compare(PRTL_GENERIC_TABLE t, PVOID a, PVOID b)
{
    (void)t;
    return order(*(int *)a, *(int *)b);
}

static PVOID allocate(PRTL_GENERIC_TABLE t, CLONG bytes)
{
    (void)t;
    dt_expect_eq(bytes, HEAD_BYTES_SPLAY + sizeof(int));
    return take(bytes);
}

static VOID release(PRTL_GENERIC_TABLE t, PVOID p)
{
    (void)t;
    give_back(p);
}

static void check_order(PRTL_GENERIC_TABLE t)
{
    PVOID key = NULL;
    int  *data;

    for (int i = 0; i < KEYS; i++) {
        if (!model.in[i])
            continue;
        data = RtlEnumerateGenericTableWithoutSplaying(t, &key);
        dt_expect(data && *data == i);
    }
    dt_expect(!RtlEnumerateGenericTableWithoutSplaying(t, &key));
    dt_expect_eq(RtlNumberGenericTableElements(t), model.count);
    dt_expect_eq(RtlIsGenericTableEmpty(t), model.count == 0);
    dt_expect_eq(model.allocated, model.count);
}

static void splay_step(PRTL_GENERIC_TABLE t)
{
    int     k = (int)draw(KEYS), *data;
    BOOLEAN was_new = 9;

    switch (draw(3)) {
    case 0:
        data = RtlInsertElementGenericTable(t, &k, sizeof k, &was_new);
        dt_expect(data && *data == k && was_new == !model.in[k]);
        model.count += !model.in[k];
        model.in[k] = true;
        break;
    case 1:
        dt_expect_eq(RtlDeleteElementGenericTable(t, &k), model.in[k]);
        model.count -= model.in[k];
        model.in[k] = false;
        break;
    default:
        data = RtlLookupElementGenericTable(t, &k);
        dt_expect(model.in[k] ? data && *data == k : !data);
    }
}

static void splay_body(void *arg)
{
    RTL_GENERIC_TABLE t;

    (void)arg;
    begin();
    RtlInitializeGenericTable(&t, compare, allocate, release, NULL);
    for (int i = 0; i < STEPS; i++) {
        splay_step(&t);
        if (i % 16 == 0)
            check_order(&t);
    }
    for (int k = 0; k < KEYS; k++)
        RtlDeleteElementGenericTable(&t, &k);
    dt_expect_eq(model.allocated, 0);
}

static void a_generic_table_is_a_sorted_set(void **state)
{
    (void)state;
    passes(splay_body);
}

/* By number they come in the order of insertion; a walk with splaying comes in the order of keys. */
static void order_body(void *arg)
{
    static int        keys[] = {5, 1, 9, 3};
    RTL_GENERIC_TABLE t;
    int               sorted[] = {1, 3, 5, 9}, n = 0;

    (void)arg;
    begin();
    RtlInitializeGenericTable(&t, compare, allocate, release, NULL);
    for (int i = 0; i < 4; i++)
        RtlInsertElementGenericTable(&t, &keys[i], sizeof keys[i], NULL);
    for (unsigned i = 4; i-- > 0;)
        dt_expect_eq(*(int *)RtlGetElementGenericTable(&t, i), keys[i]);
    dt_expect(!RtlGetElementGenericTable(&t, 4));
    for (int *p = RtlEnumerateGenericTable(&t, TRUE); p; p = RtlEnumerateGenericTable(&t, FALSE))
        dt_expect_eq(*p, sorted[n++]);
    dt_expect_eq(n, 4);
    model.no_memory = true;
    BOOLEAN was_new = TRUE;

    dt_expect(!RtlInsertElementGenericTable(&t, &n, sizeof n, &was_new) && !was_new);
    for (int i = 0; i < 4; i++)
        RtlDeleteElementGenericTable(&t, &keys[i]);
}

static void elements_come_by_number_and_by_key(void **state)
{
    (void)state;
    passes(order_body);
}

/* ---- balanced ---- */

static RTL_GENERIC_COMPARE_RESULTS avl_compare(PRTL_AVL_TABLE t, PVOID a, PVOID b)
{
    (void)t;
    return order(*(int *)a, *(int *)b);
}

static PVOID avl_allocate(PRTL_AVL_TABLE t, CLONG bytes)
{
    (void)t;
    dt_expect_eq(bytes, HEAD_BYTES_AVL + sizeof(int));
    return take(bytes);
}

static VOID avl_release(PRTL_AVL_TABLE t, PVOID p)
{
    (void)t;
    give_back(p);
}

/* Height of the subtree; what its nodes say of their balance is true. */
static int height(const RTL_BALANCED_LINKS *n)
{
    if (!n)
        return 0;
    int left = height(n->LeftChild), right = height(n->RightChild);

    dt_expect(!n->LeftChild || n->LeftChild->Parent == n);
    dt_expect(!n->RightChild || n->RightChild->Parent == n);
    dt_expect_eq(n->Balance, right - left);
    dt_expect(n->Balance >= -1 && n->Balance <= 1);
    return 1 + (left > right ? left : right);
}

static void avl_step(PRTL_AVL_TABLE t)
{
    int     k = (int)draw(KEYS), *data;
    BOOLEAN was_new = 9;

    switch (draw(3)) {
    case 0:
        data = RtlInsertElementGenericTableAvl(t, &k, sizeof k, &was_new);
        dt_expect(data && *data == k && was_new == !model.in[k]);
        model.count += !model.in[k];
        model.in[k] = true;
        break;
    case 1:
        dt_expect_eq(RtlDeleteElementGenericTableAvl(t, &k), model.in[k]);
        model.count -= model.in[k];
        model.in[k] = false;
        break;
    default:
        data = RtlLookupElementGenericTableAvl(t, &k);
        dt_expect(model.in[k] ? data && *data == k : !data);
    }
}

static void check_avl(PRTL_AVL_TABLE t)
{
    unsigned n = 0;

    dt_expect_eq(height(t->BalancedRoot.RightChild), t->DepthOfTree);
    for (int i = 0; i < KEYS; i++)
        if (model.in[i])
            dt_expect_eq(*(int *)RtlGetElementGenericTableAvl(t, n++), i);
    dt_expect(!RtlGetElementGenericTableAvl(t, n));
    dt_expect_eq(RtlNumberGenericTableElementsAvl(t), model.count);
    dt_expect_eq(RtlIsGenericTableEmptyAvl(t), model.count == 0);
    dt_expect_eq(model.allocated, model.count);
}

static void avl_body(void *arg)
{
    RTL_AVL_TABLE t;

    (void)arg;
    begin();
    RtlInitializeGenericTableAvl(&t, avl_compare, avl_allocate, avl_release, NULL);
    for (int i = 0; i < STEPS; i++) {
        avl_step(&t);
        if (i % 4 == 0)
            check_avl(&t);
    }
    for (int k = 0; k < KEYS; k++)
        RtlDeleteElementGenericTableAvl(&t, &k);
    dt_expect_eq(t.DepthOfTree, 0);
    dt_expect_eq(model.allocated, 0);
}

static void a_balanced_table_is_a_sorted_set(void **state)
{
    (void)state;
    passes(avl_body);
}

static NTSTATUS even_below_8(PRTL_AVL_TABLE t, PVOID data, PVOID context)
{
    (void)t, (void)context;
    if (*(int *)data >= 8)
        return STATUS_NO_MORE_MATCHES;
    return *(int *)data % 2 ? STATUS_NO_MATCH : STATUS_SUCCESS;
}

/* A walk goes on although what it found last has been deleted meanwhile. */
static void walk_body(void *arg)
{
    RTL_AVL_TABLE t;
    PVOID         key = NULL;
    ULONG         deletions = 0;
    int           at = 0, n = 0, *data;

    (void)arg;
    begin();
    RtlInitializeGenericTableAvl(&t, avl_compare, avl_allocate, avl_release, NULL);
    for (int k = 0; k < 12; k++)
        RtlInsertElementGenericTableAvl(&t, &k, sizeof k, NULL);
    while (
        (data = RtlEnumerateGenericTableLikeADirectory(&t, even_below_8, NULL, n > 0, &key, &deletions, &at)) != NULL) {
        dt_expect_eq(*data, 2 * n++);
        at = *data;
        RtlDeleteElementGenericTableAvl(&t, &at);
    }
    dt_expect_eq(n, 4);
    n = 0;
    for (data = RtlEnumerateGenericTableAvl(&t, TRUE); data; data = RtlEnumerateGenericTableAvl(&t, FALSE), n++)
        RtlDeleteElementGenericTableAvl(&t, data);
    dt_expect_eq(n, 8);
    dt_expect_eq(model.allocated, 0);
}

static void a_walk_survives_deletions(void **state)
{
    (void)state;
    passes(walk_body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_generic_table_is_a_sorted_set),
        cmocka_unit_test(elements_come_by_number_and_by_key),
        cmocka_unit_test(a_balanced_table_is_a_sorted_set),
        cmocka_unit_test(a_walk_survives_deletions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
