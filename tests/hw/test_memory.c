/* SPDX-License-Identifier: MIT */
/* Bus memory: addresses both ways, limits of allocation, what is freed is no memory any more. */
#include "hw/memory.h"

#include "machine.h"

static struct device_memory *m;

static void *alloc(size_t bytes, uint64_t align, uint64_t lowest, uint64_t highest, uint64_t boundary)
{
    return m->alloc(m, bytes, align, lowest, highest, boundary);
}

static uint64_t address(const void *p, uint64_t *run)
{
    return m->address(m, p, run);
}

/* STI-031, STI-045: below 4 GB for those that need it; alignment; no boundary crossed; zeroed. */
static void limits_body(void *ctx)
{
    (void)ctx;
    m = hw_memory_boot(false);
    for (unsigned i = 0; i < 200; i++) {
        size_t   bytes = 1 + i * 997u;
        uint64_t run = 0, align = 1ull << i % 17;
        char    *p = alloc(bytes, align, 0, i % 2 ? UINT32_MAX : UINT64_MAX, 1ull << 32);

        dt_expect(p != NULL && address(p, &run) % align == 0);
        dt_expect(run >= bytes);
        dt_expect((address(p, NULL) <= UINT32_MAX) == (i % 2 == 1));
        dt_expect(address(p, NULL) >> 32 == (address(p, NULL) + bytes - 1) >> 32);
        dt_expect(p[0] == 0 && p[bytes - 1] == 0);
        dt_expect(m->at(m, address(p, NULL), bytes) == p);
        dt_expect(m->at(m, address(p, NULL) + bytes - 1, 1) == p + bytes - 1);
        memset(p, 0x5a, bytes);
    }
    dt_expect(!alloc(64, 64, 0, 0x1000, 0));
    dt_expect(!alloc(0, 64, 0, UINT64_MAX, 0));
    dt_expect(!alloc(8192, 64, 0, UINT64_MAX, 4096));
    char *p = alloc(100, 4096, 0x2000000, 0x2ffffff, 0);

    dt_expect(p && address(p, NULL) >= 0x2000000 && address(p, NULL) <= 0x2ffffff);
}

static void limits(void **state)
{
    (void)state;
    passes(limits_body);
    passes(limits_body); /* nothing is left of the run before */
}

static void freed_body(void *ctx)
{
    (void)ctx;
    m = hw_memory_boot(false);
    uint8_t *p = alloc(3000, 1, 0, UINT64_MAX, 0);
    uint64_t a = address(p, NULL);

    m->free(m, p, 3000);
    dt_expect(m->at(m, a, 1) == NULL);
    dt_expect_eq(address(p, NULL), 0);
    dt_expect_eq(p[10], 0xdd);
    m->free(m, p, 3000); /* does nothing */
    dt_expect(alloc(4000, 1, 0, UINT64_MAX, 0) == p);
    dt_expect(alloc(4000, 1, 0, UINT64_MAX, 0) != p);
    dt_expect(m->at(m, a, 4096) == p && m->at(m, a, 4097) == NULL);
    dt_expect(m->at(m, 0x12345, 4) == NULL);
    dt_expect(m->at(m, UINT64_MAX, 4) == NULL);
}

static void freed(void **state)
{
    (void)state;
    passes(freed_body);
}

static char buffer[64 * HW_PAGE_BYTES];

/* Ordinary memory has addresses too; shuffled, each page another one, and never the neighbour of its neighbour. */
static void shuffled_body(void *ctx)
{
    uint64_t run;

    (void)ctx;
    m = hw_memory_boot(false);
    dt_expect(address(buffer, &run) == (uintptr_t)buffer && run >= sizeof buffer);
    dt_expect(m->at(m, (uintptr_t)buffer, sizeof buffer) == buffer);
    m = hw_memory_boot(true);
    for (size_t i = 0; i < sizeof buffer; i += run) {
        uint64_t a = address(buffer + i, &run);

        dt_expect(run && run <= HW_PAGE_BYTES);
        dt_expect(m->at(m, a, run) == buffer + i);
        dt_expect(i + run >= sizeof buffer || address(buffer + i + run, NULL) != a + run);
    }
    char *p = alloc(3 * HW_PAGE_BYTES, 1, 0, UINT64_MAX, 0);

    dt_expect(address(p, &run) && run >= 3 * HW_PAGE_BYTES); /* allocations are contiguous all the same */
}

static void shuffled(void **state)
{
    (void)state;
    passes(shuffled_body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(limits),
        cmocka_unit_test(freed),
        cmocka_unit_test(shuffled),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
