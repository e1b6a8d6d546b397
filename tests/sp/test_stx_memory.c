/* SPDX-License-Identifier: MIT */
/* StorPort's memory: pool, contiguous and DMA memory, host memory buffers, MDLs, copies. */
#include "sp/stx.h"

#define TAG 0x54736574u

/* STX-001: results; the pointer is NULL unless the call succeeds. */
static void pool_results(void *ctx)
{
    struct mini_ext *e = bare();
    PVOID            p = e;

    (void)ctx;
    dt_expect_eq(StorPortAllocatePool(NULL, 8, TAG, &p), STOR_STATUS_INVALID_PARAMETER);
    dt_expect_eq(StorPortAllocatePool(e, 8, TAG, NULL), STOR_STATUS_INVALID_PARAMETER);
    dt_expect_eq(StorPortAllocatePool(e, 100, TAG, &p), STOR_STATUS_SUCCESS);
    dt_expect(p != NULL && p != e);
    dt_expect_eq(*(UCHAR *)p, 0xcb); /* STX-002: not zeroed */
    memset(p, 1, 100);
    dt_expect_eq(StorPortFreePool(e, p), STOR_STATUS_SUCCESS);
    dt_expect_eq(StorPortFreePool(e, NULL), STOR_STATUS_INVALID_PARAMETER); /* STX-003 */
    dt_expect_eq(AT_IRQL(DISPATCH_LEVEL, StorPortAllocatePool(e, 8, TAG, &p)), STOR_STATUS_SUCCESS);
    dt_expect_eq(AT_IRQL(DISPATCH_LEVEL, StorPortFreePool(e, p)), STOR_STATUS_SUCCESS);
    bare_over();
}

static void pool_answers(void **state)
{
    (void)state;
    passes(pool_results);
}

/* STX-001, STX-120: above DISPATCH_LEVEL refused, and a finding. */
static void pool_high(void *ctx)
{
    struct mini_ext *e = bare();
    PVOID            p = e;

    (void)ctx;
    dt_expect_eq(AT_IRQL(DIRQL_TEST, StorPortAllocatePool(e, 8, TAG, &p)), STOR_STATUS_INVALID_IRQL);
    dt_expect(p == NULL);
    dt_expect_eq(AT_IRQL(DIRQL_TEST, StorPortFreePool(e, e)), STOR_STATUS_INVALID_IRQL);
    bare_over();
}

static void pool_at_dirql(void **state)
{
    (void)state;
    warned(pool_high, "DT-S12");
}

/* STX-001: a failure is INSUFFICIENT_RESOURCES and leaves NULL; some schedule shows it. */
static bool failed;

static void pool_fails(void *ctx)
{
    struct mini_ext *e;
    PVOID            p = ctx;
    dt_status        status = 0;

    mini = (struct mini){.cfg.no_scan = true};
    mini_drv = dt_driver_load((dt_driver_entry *)mini_entry);
    if (!mini_drv)
        return;
    mini_stor = dt_stor_start(mini_drv, &mini.cfg, &status);
    if (!mini_stor) {
        dt_driver_unload(mini_drv);
        return;
    }
    e = ext_of(mini_stor);
    ULONG got = StorPortAllocatePool(e, 64, TAG, &p);

    if (got == STOR_STATUS_SUCCESS)
        StorPortFreePool(e, p);
    else {
        failed = true;
        dt_expect_eq(got, STOR_STATUS_INSUFFICIENT_RESOURCES);
        dt_expect(p == NULL);
    }
    over(mini_stor);
}

static void pool_failure(void **state)
{
    struct dt_config cfg = config(1);

    (void)state;
    if (!simulated())
        return;
    cfg.faults = true;
    failed = false;
    always_with(&cfg, pool_fails, 1);
    assert_true(failed);
}

/* STX-002: what is left at removal is reported. */
static void pool_leaks(void *ctx)
{
    PVOID p;

    (void)ctx;
    dt_expect_eq(StorPortAllocatePool(bare(), 10, TAG, &p), STOR_STATUS_SUCCESS);
    bare_over();
}

/* STX-002: a variable of the extension that still owns memory. */
static void pool_twice(void *ctx)
{
    struct mini_ext *e = bare();
    PVOID            first;

    (void)ctx;
    dt_expect_eq(StorPortAllocatePool(e, 10, TAG, &e->held[0]), STOR_STATUS_SUCCESS);
    first = e->held[0];
    dt_expect_eq(StorPortAllocatePool(e, 10, TAG, &e->held[0]), STOR_STATUS_SUCCESS);
    StorPortFreePool(e, first);
    StorPortFreePool(e, e->held[0]);
    bare_over();
}

/* The same variable after its block was freed, and two variables: nothing is wrong. */
static void pool_once(void *ctx)
{
    struct mini_ext *e = bare();

    (void)ctx;
    for (int i = 0; i < 3; i++) {
        dt_expect_eq(StorPortAllocatePool(e, 10, TAG, &e->held[0]), STOR_STATUS_SUCCESS);
        StorPortFreePool(e, e->held[0]);
    }
    bare_over();
}

/* STX-003. */
static void pool_double_free(void *ctx)
{
    struct mini_ext *e = bare();
    PVOID            p;

    (void)ctx;
    StorPortAllocatePool(e, 10, TAG, &p);
    StorPortFreePool(e, p);
    StorPortFreePool(e, p);
    bare_over();
}

static void pool_foreign(void *ctx)
{
    struct mini_ext *e = bare();
    PVOID            p = ExAllocatePool2(POOL_FLAG_NON_PAGED, 10, TAG);

    (void)ctx;
    StorPortFreePool(e, p);
    bare_over();
}

static void pool_misuse(void **state)
{
    (void)state;
    warned(pool_leaks, "DT-S19");
    warned(pool_twice, "DT-S19");
    passes(pool_once);
    caught(pool_double_free, "DT-S19", ANY_CODE);
    caught(pool_foreign, "DT-S19", ANY_CODE);
}

/* ---- contiguous memory ---- */

static PHYSICAL_ADDRESS at(uint64_t a)
{
    return (PHYSICAL_ADDRESS){.QuadPart = (LONGLONG)a};
}

static struct mini_ext *with_memory(void)
{
    return ext_of(go(&(struct mini){.physical = true, .cfg.memory = dt_bus_memory(false)}));
}

/* STX-004: limits, boundary, NULL on failure. */
static void contiguous(void *ctx)
{
    struct mini_ext *e = with_memory();
    PVOID            p, q = e;
    ULONG            length;

    (void)ctx;
    dt_expect_eq(StorPortAllocateContiguousMemorySpecifyCacheNode(
                     e, 3 * PAGE_SIZE, at(0), at(0xffffffff), at(0x10000), MmCached, MM_ANY_NODE_OK, &p),
        STOR_STATUS_SUCCESS);
    uint64_t a = (uint64_t)StorPortGetPhysicalAddress(e, NULL, p, &length).QuadPart;

    dt_expect(a && a + 3 * PAGE_SIZE <= 0x100000000ull);
    dt_expect_eq(a >> 16, (a + 3 * PAGE_SIZE - 1) >> 16);
    dt_expect_eq(StorPortAllocateContiguousMemorySpecifyCacheNode(
                     e, PAGE_SIZE, at(0x100000000ull), at(~0ull), at(0), MmNonCached, 0, &q),
        STOR_STATUS_SUCCESS);
    dt_expect((uint64_t)StorPortGetPhysicalAddress(e, NULL, q, &length).QuadPart >= 0x100000000ull);
    dt_expect_eq(StorPortFreeContiguousMemorySpecifyCache(e, q, PAGE_SIZE, MmNonCached), STOR_STATUS_SUCCESS);
    dt_expect_eq(
        StorPortAllocateContiguousMemorySpecifyCacheNode(e, PAGE_SIZE, at(0x1000), at(0x1fff), at(0), MmCached, 0, &q),
        STOR_STATUS_INSUFFICIENT_RESOURCES);
    dt_expect(q == NULL);
    dt_expect_eq(StorPortAllocateContiguousMemorySpecifyCacheNode(e, PAGE_SIZE, at(0), at(0), at(0), MmCached, 0, NULL),
        STOR_STATUS_INVALID_PARAMETER);
    dt_expect_eq(StorPortFreeContiguousMemorySpecifyCache(e, NULL, 1, MmCached), STOR_STATUS_INVALID_PARAMETER);
    dt_expect_eq(StorPortFreeContiguousMemorySpecifyCache(e, p, 3 * PAGE_SIZE, MmCached), STOR_STATUS_SUCCESS);
    over(mini_stor);
}

/* STX-004: freed with another size, and with another cache type. */
static void contiguous_other(SIZE_T bytes, MEMORY_CACHING_TYPE cache)
{
    struct mini_ext *e = with_memory();
    PVOID            p;

    StorPortAllocateContiguousMemorySpecifyCacheNode(e, PAGE_SIZE, at(0), at(~0ull), at(0), MmCached, 0, &p);
    StorPortFreeContiguousMemorySpecifyCache(e, p, bytes, cache);
    over(mini_stor);
}

static void contiguous_size(void *ctx)
{
    (void)ctx;
    contiguous_other(2 * PAGE_SIZE, MmCached);
}

static void contiguous_cache(void *ctx)
{
    (void)ctx;
    contiguous_other(PAGE_SIZE, MmNonCached);
}

static void contiguous_memory(void **state)
{
    (void)state;
    passes(contiguous);
    caught(contiguous_size, "DT-S19", ANY_CODE);
    caught(contiguous_cache, "DT-S19", ANY_CODE);
}

/* STX-005. */
static void dma(void *ctx)
{
    struct mini_ext *e = with_memory();
    PHYSICAL_ADDRESS a, wrong;
    ULONG            length;
    PVOID            p;

    (void)ctx;
    dt_expect_eq(StorPortAllocateDmaMemory(e, 100, at(0), at(~0ull), at(0), MmCached, MM_ANY_NODE_OK, &p, &a),
        STOR_STATUS_SUCCESS);
    dt_expect_eq(a.QuadPart, StorPortGetPhysicalAddress(e, NULL, p, &length).QuadPart);
    wrong.QuadPart = a.QuadPart + 1;
    dt_expect_eq(StorPortFreeDmaMemory(e, p, 100, MmCached, wrong), STOR_STATUS_INVALID_PARAMETER);
    dt_expect_eq(StorPortFreeDmaMemory(e, p, 100, MmCached, a), STOR_STATUS_SUCCESS);
    StorPortAllocateDmaMemory(e, 100, at(0), at(~0ull), at(0), MmCached, MM_ANY_NODE_OK, &p, &a);
    dt_expect_eq(StorPortFreeDmaMemory(e, p, 100, MmCached, at(0)), STOR_STATUS_SUCCESS);
    dt_expect_eq(StorPortAllocateDmaMemory(e, 100, at(0), at(~0ull), at(0), MmCached, 0, &p, NULL),
        STOR_STATUS_INVALID_PARAMETER);
    over(mini_stor);
}

static void dma_memory(void **state)
{
    (void)state;
    passes(dma);
}

/* STX-006: rules of the sizes; one range or several; freed once. */
static void host_buffer(void *ctx)
{
    struct mini_ext *e = with_memory();
    ACCESS_RANGE     r[4] = {{.RangeLength = 0}};
    ULONG            n = 4;

    (void)ctx;
    dt_expect_eq(StorPortAllocateHostMemoryBuffer(e, 0, 16 * PAGE_SIZE, 0, PAGE_SIZE, at(0), at(~0ull), at(0), r, &n),
        STOR_STATUS_SUCCESS);
    ULONG bytes = 0;

    for (ULONG i = 0; i < n; i++)
        bytes += r[i].RangeLength;
    dt_expect(n >= 1 && n <= 4 && bytes <= 16 * PAGE_SIZE && bytes % PAGE_SIZE == 0);
    dt_expect_eq(StorPortFreeHostMemoryBuffer(e, r, n), STOR_STATUS_SUCCESS);
    dt_expect_eq(StorPortFreeHostMemoryBuffer(e, r, n), STOR_STATUS_UNSUCCESSFUL);
    n = 4;
    dt_expect_eq(StorPortAllocateHostMemoryBuffer(e, 0, 1000, 0, 0, at(0), at(~0ull), at(0), r, &n),
        STOR_STATUS_INVALID_PARAMETER);
    dt_expect_eq(StorPortAllocateHostMemoryBuffer(e, 2 * PAGE_SIZE, PAGE_SIZE, 0, 0, at(0), at(~0ull), at(0), r, &n),
        STOR_STATUS_INVALID_PARAMETER);
    dt_expect_eq(StorPortAllocateHostMemoryBuffer(e, 0, PAGE_SIZE, 0, 0, at(0), at(~0ull), at(PAGE_SIZE), r, &n),
        STOR_STATUS_INVALID_PARAMETER);
    dt_expect_eq(StorPortAllocateHostMemoryBuffer(e, 0, PAGE_SIZE, 0, 0, at(0), at(~0ull), at(0), NULL, &n),
        STOR_STATUS_INVALID_PARAMETER);
    dt_expect_eq(StorPortAllocateHostMemoryBuffer(e, PAGE_SIZE, PAGE_SIZE, 0, 0, at(0x1000), at(0x1fff), at(0), r, &n),
        STOR_STATUS_INSUFFICIENT_RESOURCES);
    over(mini_stor);
}

static void host_memory_buffer(void **state)
{
    (void)state;
    passes(host_buffer);
}

/* ---- MDLs (STX-007) ---- */

static void mdls(void *ctx)
{
    struct mini_ext *e = bare();
    PVOID            mdl = NULL, p;

    (void)ctx;
    StorPortAllocatePool(e, 5000, TAG, &p);
    dt_expect_eq(StorPortAllocateMdl(NULL, p, 5000, &mdl), STOR_STATUS_INVALID_PARAMETER);
    dt_expect_eq(StorPortAllocateMdl(e, NULL, 5000, &mdl), STOR_STATUS_INVALID_PARAMETER);
    dt_expect_eq(StorPortAllocateMdl(e, p, 5000, NULL), STOR_STATUS_INVALID_PARAMETER);
    dt_expect_eq(StorPortAllocateMdl(e, p, 5000, &mdl), STOR_STATUS_SUCCESS);
    dt_expect_eq(StorPortBuildMdlForNonPagedPool(e, NULL), STOR_STATUS_INVALID_PARAMETER);
    dt_expect_eq(StorPortBuildMdlForNonPagedPool(e, mdl), STOR_STATUS_SUCCESS);
    dt_expect_eq(MmGetMdlByteCount((PMDL)mdl), 5000);
    dt_expect(MmGetMdlVirtualAddress((PMDL)mdl) == p);
    dt_expect_eq(StorPortFreeMdl(e, NULL), STOR_STATUS_INVALID_PARAMETER);
    dt_expect_eq(StorPortFreeMdl(e, mdl), STOR_STATUS_SUCCESS);
    StorPortFreePool(e, p);
    bare_over();
}

/* STX-007, STX-120. */
static void mdls_high(void *ctx)
{
    struct mini_ext *e = bare();
    PVOID            mdl = e;

    (void)ctx;
    dt_expect_eq(AT_IRQL(DIRQL_TEST, StorPortAllocateMdl(e, e, 100, &mdl)), STOR_STATUS_INVALID_IRQL);
    dt_expect_eq(AT_IRQL(DIRQL_TEST, StorPortBuildMdlForNonPagedPool(e, mdl)), STOR_STATUS_INVALID_IRQL);
    dt_expect_eq(AT_IRQL(DIRQL_TEST, StorPortFreeMdl(e, mdl)), STOR_STATUS_INVALID_IRQL);
    bare_over();
}

static void mdl_routines(void **state)
{
    (void)state;
    passes(mdls);
    warned(mdls_high, "DT-S12");
}

/* ---- copies (STX-008) ---- */

static void copies(void *ctx)
{
    char text[16] = "0123456789", to[4];

    (void)ctx;
    StorPortMoveMemory(text + 2, text, 8);
    dt_expect(memcmp(text, "0101234567", 10) == 0);
    StorPortMoveMemory(text, text + 2, 8);
    dt_expect(memcmp(text, "01234567", 8) == 0);
    dt_expect_eq(StorPortSecureCopyMemory(to, 4, text, 4), STOR_STATUS_SUCCESS);
    dt_expect(memcmp(to, "0123", 4) == 0);
    dt_expect_eq(StorPortSecureCopyMemory(to, 4, "abcde", 5), STOR_STATUS_BUFFER_TOO_SMALL);
    dt_expect(memcmp(to, "0123", 4) == 0);
    dt_expect_eq(StorPortSecureCopyMemory(NULL, 4, text, 4), STOR_STATUS_INVALID_PARAMETER);
    dt_expect_eq(StorPortSecureCopyMemory(to, 4, NULL, 4), STOR_STATUS_INVALID_PARAMETER);
}

static void copy_routines(void **state)
{
    (void)state;
    passes(copies);
}

/* STX-121: on an older Windows the newer routines are not there, and a driver can fall back. */
static void old_windows(void *ctx)
{
    struct mini_ext *e = ext_of(go(&(struct mini){.cfg.os = DT_STOR_WINDOWS_7}));
    PHYSICAL_ADDRESS a;
    PVOID            p;
    LARGE_INTEGER    t;

    (void)ctx;
    dt_expect_eq(StorPortInitializeWorker(e, &p), STOR_STATUS_NOT_IMPLEMENTED);
    dt_expect_eq(StorPortQueryPerformanceCounter(e, NULL, &t), STOR_STATUS_NOT_IMPLEMENTED);
    dt_expect_eq(
        StorPortAllocateDmaMemory(e, 8, at(0), at(~0ull), at(0), MmCached, 0, &p, &a), STOR_STATUS_NOT_IMPLEMENTED);
    dt_expect_eq(StorPortDelayExecution(e, 1), STOR_STATUS_NOT_IMPLEMENTED);
    dt_expect_eq(StorPortAllocatePool(e, 8, TAG, &p), STOR_STATUS_SUCCESS);
    StorPortFreePool(e, p);
    bare_over();
}

static void fallbacks(void **state)
{
    (void)state;
    passes(old_windows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pool_answers),
        cmocka_unit_test(pool_at_dirql),
        cmocka_unit_test(pool_failure),
        cmocka_unit_test(pool_misuse),
        cmocka_unit_test(contiguous_memory),
        cmocka_unit_test(dma_memory),
        cmocka_unit_test(host_memory_buffer),
        cmocka_unit_test(mdl_routines),
        cmocka_unit_test(copy_routines),
        cmocka_unit_test(fallbacks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
