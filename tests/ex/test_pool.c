/* SPDX-License-Identifier: MIT */
/* Pool: contents, addresses, lookup, quarantine, and the misuse that bug checks 0xC2, 0x19, 0xC6, 0xC4 name (their reference pages). */
#include "../machine.h"

#include "ex/pool.h"

#define TAG  'tseT'
#define TAG2 'owtT'

static bool all(const unsigned char *p, size_t n, unsigned char want)
{
    for (size_t i = 0; i < n; i++)
        if (p[i] != want)
            return false;
    return true;
}

/* nf-wdm-exallocatepool2, nf-wdm-exallocatepoolzero: zeroed; the others hold a pattern, not what was there before. */
static void contents(void *ctx)
{
    (void)ctx;
    for (size_t n = 1; n < 10000; n = n * 3 + 1) {
        void *zero = ExAllocatePool2(POOL_FLAG_NON_PAGED, n, TAG),
             *raw = ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_UNINITIALIZED, n, TAG);
        void *old = ExAllocatePoolWithTag(NonPagedPool, n, TAG), *old_zero = ExAllocatePoolZero(NonPagedPool, n, TAG);

        dt_expect(zero && raw && old && old_zero);
        dt_expect(all(zero, n, 0) && all(old_zero, n, 0));
        dt_expect(all(raw, n, EX_POOL_FILL_NEW) && all(old, n, EX_POOL_FILL_NEW));
        memset(raw, 1, n);
        ExFreePoolWithTag(zero, TAG);
        ExFreePool(raw);
        ExFreePoolWithTag(old, TAG);
        ExFreePool(old_zero);
    }
}

static void test_contents(void **state)
{
    (void)state;
    passes(contents);
}

/* nf-wdm-exallocatepoolwithtag: 16-byte alignment; from a page on, page alignment. */
static void alignment(void *ctx)
{
    static const size_t sizes[] = {1, 15, 16, 17, 4095, 4096, 4097, 65536, 1000000};
    void               *block[9];

    (void)ctx;
    for (unsigned i = 0; i < 9; i++) {
        block[i] = ExAllocatePoolWithTag(PagedPool, sizes[i], TAG);
        dt_expect(((uintptr_t)block[i] & 15) == 0);
        dt_expect(sizes[i] < 4096 || ((uintptr_t)block[i] & 4095) == 0);
    }
    void *line = ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_CACHE_ALIGNED, 10, TAG);

    dt_expect(((uintptr_t)line & 63) == 0);
    ExFreePool(line);
    for (unsigned i = 0; i < 9; i++)
        ExFreePool(block[i]);
}

static void test_alignment(void **state)
{
    (void)state;
    passes(alignment);
}

/* nf-wdm-exallocatepool2: no type, two types: NULL. */
static void bad_flags(void *ctx)
{
    (void)ctx;
    dt_expect(ExAllocatePool2(0, 8, TAG) == NULL);
    dt_expect(ExAllocatePool2(POOL_FLAG_PAGED | POOL_FLAG_NON_PAGED, 8, TAG) == NULL);
}

static void test_bad_flags(void **state)
{
    (void)state;
    passes(bad_flags);
}

/* Every byte of a block leads to it, also when it spans pages; bytes between blocks do not lie. */
static void lookup(void *ctx)
{
    static const size_t  sizes[] = {24, 1, 5000, 300, 100000, 17};
    struct ex_pool_block b;

    (void)ctx;
    for (unsigned round = 0; round < 20; round++) {
        size_t n = sizes[round % 6];
        char  *p = ExAllocatePoolWithTag(NonPagedPool, n, TAG + round);

        for (size_t i = 0; i < n; i += n / 7 + 1) {
            dt_expect(ex_pool_find(p + i, &b));
            dt_expect(b.start == p && b.bytes == n && b.tag == TAG + round && !b.freed && b.caller);
        }
        if (round % 2) {
            ExFreePool(p);
            dt_expect(ex_pool_find(p + n - 1, &b) && b.start == p && b.freed);
        }
    }
    dt_expect(!ex_pool_find(&b, &b) && !ex_pool_find(NULL, &b));
}

static bool count_block(void *ctx, const struct ex_pool_block *b)
{
    *(unsigned *)ctx += b->caller && (b->tag & 0xffffff00u) == ((ULONG)TAG & 0xffffff00u);
    return true;
}

static void lookup_and_leaks(void *ctx)
{
    unsigned n = 0;

    lookup(ctx);
    ex_pool_each(count_block, &n);
    dt_expect_eq(n, 10);
}

static void test_lookup(void **state)
{
    struct dt_config cfg = config(1);
    struct dt_result r;

    (void)state;
    assert_int_equal(dt_run(&cfg, lookup_and_leaks, NULL, &r), 0);
    assert_int_equal(r.verdict, DT_PASS);
}

/* Two runs of one process see the same addresses, whatever the first did. */
static void *seen[2][3];

static void addresses(void *ctx)
{
    void **to = ctx;

    for (int i = 0; i < 3; i++)
        to[i] = ExAllocatePoolWithTag(NonPagedPool, 100 + (size_t)i * 5000, TAG);
    for (int i = 0; i < 3; i++)
        ExFreePool(to[i]);
}

static void test_same_addresses(void **state)
{
    (void)state;
    for (int run = 0; run < 2; run++) {
        struct dt_config cfg = config(1);

        assert_int_equal(dt_run(&cfg, addresses, seen[run], NULL), 0);
        passes(contents);
    }
    assert_memory_equal(seen[0], seen[1], sizeof seen[0]);
}

/* A freed address does not come back soon; 64 MB later it does, so that a long run has an end to its memory. */
static void recycling(void *ctx)
{
    char *first = ExAllocatePoolWithTag(NonPagedPool, 1000000, TAG);
    bool  again = false;

    (void)ctx;
    ExFreePool(first);
    for (int i = 0; i < 200; i++) {
        char *p = ExAllocatePoolWithTag(NonPagedPool, 1000000, TAG);

        dt_expect(p != first || i > 50);
        dt_expect(p - first < 72 << 20);
        again |= p == first;
        ExFreePool(p);
    }
    dt_expect(again);
}

static void test_recycling(void **state)
{
    (void)state;
    passes(recycling);
    passes(recycling); /* what a run has freed does not make the next one recycle any sooner */
}

/* ---- misuse ---- */

static void free_twice(void *ctx)
{
    void *p = ExAllocatePoolWithTag(NonPagedPool, 40, TAG);

    (void)ctx;
    ExFreePoolWithTag(p, TAG);
    ExFreePoolWithTag(p, TAG);
}

static void free_wrong_tag(void *ctx)
{
    (void)ctx;
    ExFreePoolWithTag(ExAllocatePoolWithTag(NonPagedPool, 40, TAG), TAG2);
}

static void free_inside(void *ctx)
{
    (void)ctx;
    ExFreePool((char *)ExAllocatePoolWithTag(NonPagedPool, 40, TAG) + 16);
}

static void free_no_pool(void *ctx)
{
    static int not_pool;

    (void)ctx;
    ExFreePool(&not_pool);
}

/* Windows tells an address that none could be from one that is not in pool. */
static void free_null(void *ctx)
{
    (void)ctx;
    ExFreePool(NULL);
}

static void test_bad_frees(void **state)
{
    (void)state;
    caught_params(free_null, NULL, 0xC2, 0x46, 0);
    caught_params(free_no_pool, NULL, 0xC2, 0x42, ANY_PARAM);
    caught(free_twice, NULL, 0xC2);
    caught(free_wrong_tag, NULL, 0xC2);
    caught(free_inside, NULL, 0xC2);
}

static void overrun(void *ctx)
{
    volatile char *p = ExAllocatePoolWithTag(NonPagedPool, 41, TAG);

    (void)ctx;
    p[41] = 0;
    ExFreePool((void *)p);
}

static void underrun(void *ctx)
{
    volatile char *p = ExAllocatePoolWithTag(NonPagedPool, 41, TAG);

    (void)ctx;
    p[-1] ^= 1;
    ExFreePool((void *)p);
}

static void write_after_free(void *ctx)
{
    volatile char *p = ExAllocatePoolWithTag(NonPagedPool, 41, TAG);

    (void)ctx;
    ExFreePool((void *)p);
    p[7] = 0;
    ex_pool_check();
}

/* Nobody looks at the whole pool, but its memory is to be used again. */
static void write_before_recycling(void *ctx)
{
    volatile char *p = ExAllocatePoolWithTag(NonPagedPool, 41, TAG);

    (void)ctx;
    ExFreePool((void *)p);
    p[7] = 0;
    for (int i = 0; i < 100; i++)
        ExFreePool(ExAllocatePoolWithTag(NonPagedPool, 1000000, TAG));
    dt_expect(false); /* too late */
}

static void write_to_recycled(void *ctx)
{
    volatile char *p = ExAllocatePoolWithTag(NonPagedPool, 41, TAG);

    (void)ctx;
    ExFreePool((void *)p);
    for (int i = 0; i < 100; i++)
        ExFreePool(ExAllocatePoolWithTag(NonPagedPool, 1000000, TAG));
    p[7] = 0;
    ex_pool_check();
}

static void test_corruption(void **state)
{
    (void)state;
    if (SANITIZED)
        skip();
    caught(overrun, NULL, 0x19);
    caught(underrun, NULL, 0xC2);
    caught(write_after_free, NULL, 0xC6);
    caught(write_to_recycled, NULL, 0xC6);
    caught(write_before_recycling, NULL, 0xC6);
    passes(contents); /* the run before stopped in the middle of that */
}

static void paged_at_dispatch(void *ctx)
{
    KIRQL old;

    (void)ctx;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    (void)ExAllocatePoolWithTag(PagedPool, 8, TAG);
    KeLowerIrql(old);
}

static void paged_freed_at_dispatch(void *ctx)
{
    void *p = ExAllocatePoolWithTag(PagedPool, 8, TAG);
    KIRQL old;

    (void)ctx;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    ExFreePool(p);
    KeLowerIrql(old);
}

static void nonpaged_at_dispatch(void *ctx)
{
    KIRQL old;

    (void)ctx;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    ExFreePool(ExAllocatePoolWithTag(NonPagedPool, 8, TAG));
    KeLowerIrql(old);
}

static void test_irql(void **state)
{
    (void)state;
    caught(paged_at_dispatch, "DT-I10", 0xC4);
    caught(paged_freed_at_dispatch, "DT-I10", 0xC4);
    passes(nonpaged_at_dispatch);
}

/* The classic race: two processors free one block. Some schedule shows it, no schedule may do worse. */
static void *shared;

static void take_and_free(void *ctx)
{
    void *p = shared;

    (void)ctx;
    if (p) {
        ExFreePoolWithTag(p, TAG);
        shared = NULL;
    }
}

static void free_race(void *ctx)
{
    shared = ExAllocatePoolWithTag(NonPagedPool, 40, TAG);
    dt_spawn(1, take_and_free, NULL);
    take_and_free(ctx);
    dt_join_all();
}

static void test_free_race(void **state)
{
    (void)state;
    found(free_race, 2, NULL, 0xC2);
}

/* ---- lookaside lists ---- */

static void lookaside(void *ctx)
{
    NPAGED_LOOKASIDE_LIST list;
    void                 *p[10];

    (void)ctx;
    dt_expect_eq(LOOKASIDE_MINIMUM_BLOCK_SIZE, sizeof(PVOID));
    ExInitializeNPagedLookasideList(&list, NULL, NULL, 0, 48, TAG, 0);
    for (int i = 0; i < 10; i++) {
        p[i] = ExAllocateFromNPagedLookasideList(&list);
        dt_expect(p[i] != NULL);
        memset(p[i], i, 48);
    }
    for (int i = 0; i < 10; i++)
        ExFreeToNPagedLookasideList(&list, p[i]);
    ExDeleteNPagedLookasideList(&list);
}

static void lookaside_twice(void *ctx)
{
    NPAGED_LOOKASIDE_LIST list = {0};
    void                 *p;

    (void)ctx;
    ExInitializeNPagedLookasideList(&list, NULL, NULL, 0, 48, TAG, 0);
    p = ExAllocateFromNPagedLookasideList(&list);
    ExFreeToNPagedLookasideList(&list, p);
    ExFreeToNPagedLookasideList(&list, p);
}

static void lookaside_deleted(void *ctx)
{
    NPAGED_LOOKASIDE_LIST list = {0};

    (void)ctx;
    ExInitializeNPagedLookasideList(&list, NULL, NULL, 0, 48, TAG, 0);
    ExDeleteNPagedLookasideList(&list);
    ExDeleteNPagedLookasideList(&list);
}

static void test_lookaside(void **state)
{
    (void)state;
    passes(lookaside);
    caught(lookaside_twice, NULL, 0xC2);
    caught(lookaside_deleted, NULL, 0xC4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_contents),
        cmocka_unit_test(test_alignment),
        cmocka_unit_test(test_bad_flags),
        cmocka_unit_test(test_lookup),
        cmocka_unit_test(test_same_addresses),
        cmocka_unit_test(test_recycling),
        cmocka_unit_test(test_bad_frees),
        cmocka_unit_test(test_corruption),
        cmocka_unit_test(test_irql),
        cmocka_unit_test(test_free_race),
        cmocka_unit_test(test_lookaside),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
