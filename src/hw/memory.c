/* SPDX-License-Identifier: MIT */
/*
 * hw/memory.c - bus memory. Theory:
 *
 * A block has a power of two of bytes, at least 64, and lies at a multiple of its size; so it crosses no boundary that is not
 * smaller than itself, and whether an address lies in a live block is found by looking at one head per size. Blocks are cut
 * from the rest of an area, or come from the list of freed ones of their size. What is known of blocks is kept apart from
 * them (`heads`, one word per 64 bytes), since a device may write anywhere.
 *
 * A freed block is poisoned, and an address in it is not memory any more: a device that is still told to use it is caught.
 *
 * Shuffling is a bijection on the pages of each aligned 2 MB: page n is at 181 n + 77 (mod 512). It needs no table.
 *
 * Lock: `lock` protects heads, areas and lists.
 */
#include "hw/memory.h"

#include <string.h>

#include "mach/mach.h"

enum { GRANULE = 64, CLASSES = 24, AREAS = 2, LOG_MAX = 65536, POISON = 0xdd, POISON_BYTES_MAX = 4096 };
enum { SHUFFLE_PAGES = 512, SHUFFLE_FACTOR = 181, SHUFFLE_INVERSE = 413, SHUFFLE_ADD = 77 };
_Static_assert(SHUFFLE_FACTOR *SHUFFLE_INVERSE % SHUFFLE_PAGES == 1, "the way back");

#define AREA_BYTES   (512ull << 20)
#define HEADS        (AREAS * AREA_BYTES / GRANULE)
#define FOREIGN_LOW  (1ull << 40) /* of virtual addresses outside the areas */
#define FOREIGN_HIGH (1ull << 47)
#define HEAD_LIVE    0x80000000u /* with the class; otherwise it is on a list: index of the next head */
#define NO_HEAD      0x7fffffffu
#define IN_AREA_BITS 29
_Static_assert(AREA_BYTES == 1ull << IN_AREA_BITS, "area and offset of an index");

struct area {
    uint64_t base;          /* bus address */
    uint64_t used;          /* bytes cut off */
    uint32_t free[CLASSES]; /* lists of heads */
};

static struct {
    struct mach_lock lock;
    bool             shuffled;
    char            *bytes; /* both areas */
    uint32_t        *heads;
    uint32_t        *log; /* heads that were written in this run */
    uint32_t         logged;
    struct area      area[AREAS];
} memory;

/* ---- addresses ---- */

static uint64_t shuffle(uint64_t page)
{
    uint64_t n = page % SHUFFLE_PAGES;

    return page - n + (n * SHUFFLE_FACTOR + SHUFFLE_ADD) % SHUFFLE_PAGES;
}

static uint64_t unshuffle(uint64_t page)
{
    uint64_t n = page % SHUFFLE_PAGES;

    return page - n + (n + SHUFFLE_PAGES - SHUFFLE_ADD) * SHUFFLE_INVERSE % SHUFFLE_PAGES;
}

static bool is_ours(uint64_t offset)
{
    return offset < AREAS * AREA_BYTES;
}

/* The live block that contains the byte at that offset; its end, or 0. */
static uint64_t block_end(uint64_t offset)
{
    for (unsigned class = 0; class < CLASSES; class ++) {
        uint64_t bytes = (uint64_t)GRANULE << class, start = offset & ~(bytes - 1);

        if (__atomic_load_n(&memory.heads[start / GRANULE], __ATOMIC_RELAXED) == (HEAD_LIVE | class))
            return start + bytes;
    }
    return 0;
}

static uint64_t address_of(struct device_memory *m, const void *p, uint64_t *run)
{
    uint64_t v = (uintptr_t)p, offset = v - (uintptr_t)memory.bytes, in_page = v % HW_PAGE_BYTES;

    (void)m;
    if (is_ours(offset)) {
        uint64_t end = block_end(offset);

        if (run)
            *run = end - offset;
        return end ? memory.area[offset >> IN_AREA_BITS].base + (offset & (AREA_BYTES - 1)) : 0;
    }
    if (v < FOREIGN_LOW || v >= FOREIGN_HIGH)
        return 0;
    if (run)
        *run = memory.shuffled ? HW_PAGE_BYTES - in_page : FOREIGN_HIGH - v;
    return memory.shuffled ? shuffle(v / HW_PAGE_BYTES) * HW_PAGE_BYTES + in_page : v;
}

/* Offset of a bus address in `bytes`, or something that is not ours. */
static uint64_t offset_of(uint64_t address)
{
    for (unsigned i = 0; i < AREAS; i++)
        if (address - memory.area[i].base < AREA_BYTES)
            return i * AREA_BYTES + (address - memory.area[i].base);
    return UINT64_MAX;
}

static void *foreign_at(uint64_t address, size_t bytes)
{
    uint64_t in_page = address % HW_PAGE_BYTES;

    if (address < FOREIGN_LOW || address >= FOREIGN_HIGH || bytes > FOREIGN_HIGH - address)
        return NULL;
    if (memory.shuffled) {
        if (bytes > HW_PAGE_BYTES - in_page)
            return NULL;
        address = unshuffle(address / HW_PAGE_BYTES) * HW_PAGE_BYTES + in_page;
    }
    char *p = (char *)(uintptr_t)address;

    return mach_is_mapped(p) && mach_is_mapped(p + bytes - 1) ? p : NULL;
}

static void *pointer_at(struct device_memory *m, uint64_t address, size_t bytes)
{
    uint64_t offset = offset_of(address), end = is_ours(offset) ? block_end(offset) : 0;

    (void)m;
    if (!bytes)
        return NULL;
    if (is_ours(offset))
        return end && bytes <= end - offset ? memory.bytes + offset : NULL;
    return foreign_at(address, bytes);
}

/* ---- allocation ---- */

static unsigned class_of(uint64_t bytes, uint64_t align)
{
    uint64_t need = bytes > align ? bytes : align;

    return need <= GRANULE ? 0 : 64u - (unsigned)__builtin_clzll((need - 1) / GRANULE);
}

static bool fits(const struct area *a, uint64_t in_area, uint64_t bytes, uint64_t lowest, uint64_t highest)
{
    uint64_t first = a->base + in_area;

    return first >= lowest && first + bytes - 1 <= highest;
}

static uint64_t from_list_locked(unsigned i, unsigned class, uint64_t lowest, uint64_t highest)
{
    struct area *a = &memory.area[i];
    uint32_t     head = a->free[class];
    uint64_t     offset = (uint64_t)head * GRANULE;

    if (head == NO_HEAD || !fits(a, offset & (AREA_BYTES - 1), (uint64_t)GRANULE << class, lowest, highest))
        return UINT64_MAX;
    a->free[class] = memory.heads[head];
    return offset;
}

/* What is skipped for the sake of alignment is lost for this run. */
static uint64_t from_rest_locked(unsigned i, unsigned class, uint64_t lowest, uint64_t highest)
{
    struct area *a = &memory.area[i];
    uint64_t     bytes = (uint64_t)GRANULE << class, start = a->used;

    if (lowest > a->base && lowest - a->base > start)
        start = lowest - a->base;
    start = (start + bytes - 1) & ~(bytes - 1);
    if (start + bytes > AREA_BYTES || !fits(a, start, bytes, lowest, highest) || memory.logged == LOG_MAX)
        return UINT64_MAX;
    a->used = start + bytes;
    memory.log[memory.logged++] = (uint32_t)((i * AREA_BYTES + start) / GRANULE);
    return i * AREA_BYTES + start;
}

/* The upper area first: what lies below 4 GB is kept for those who need it. */
static uint64_t take_locked(unsigned class, uint64_t lowest, uint64_t highest)
{
    for (unsigned i = AREAS; i-- > 0;) {
        uint64_t offset = from_list_locked(i, class, lowest, highest);

        if (offset == UINT64_MAX)
            offset = from_rest_locked(i, class, lowest, highest);
        if (offset != UINT64_MAX) {
            memory.heads[offset / GRANULE] = HEAD_LIVE | class;
            return offset;
        }
    }
    return UINT64_MAX;
}

static void *allocate(
    struct device_memory *m, size_t bytes, uint64_t align, uint64_t lowest, uint64_t highest, uint64_t boundary)
{
    unsigned class = class_of(bytes, align);

    (void)m;
    if (!bytes || class >= CLASSES || (boundary && (uint64_t)GRANULE << class > boundary))
        return NULL;
    mach_lock(&memory.lock);
    uint64_t offset = take_locked(class, lowest, highest);

    mach_unlock(&memory.lock);
    return offset == UINT64_MAX ? NULL : memset(memory.bytes + offset, 0, bytes);
}

/* Of another size, freed twice, or not ours: nothing is freed, and the address stays what it is. */
static void release(struct device_memory *m, void *p, size_t bytes)
{
    uint64_t offset = (uintptr_t)p - (uintptr_t)memory.bytes;

    (void)m;
    if (!is_ours(offset) || offset % GRANULE)
        return;
    uint32_t     head = (uint32_t)(offset / GRANULE);
    struct area *a = &memory.area[offset >> IN_AREA_BITS];

    mach_lock(&memory.lock);
    if (memory.heads[head] & HEAD_LIVE) {
        unsigned class = memory.heads[head] & ~HEAD_LIVE;

        memset(p, POISON, bytes < POISON_BYTES_MAX ? bytes : POISON_BYTES_MAX);
        memory.heads[head] = a->free[class];
        a->free[class] = head;
    }
    mach_unlock(&memory.lock);
}

/* ---- life ---- */

static bool reserve(void)
{
    char *at =
        mach_reserve(MACH_REGION_BUS, AREAS * AREA_BYTES + HEADS * sizeof *memory.heads + LOG_MAX * sizeof *memory.log);

    if (!at)
        return false;
    memory.bytes = at;
    memory.heads = (uint32_t *)(void *)(at + AREAS * AREA_BYTES);
    memory.log = memory.heads + HEADS;
    return true;
}

struct device_memory *hw_memory_boot(bool shuffled)
{
    static struct device_memory ops = {.alloc = allocate, .free = release, .address = address_of, .at = pointer_at};

    if (!memory.bytes && !reserve())
        return NULL;
    for (uint32_t i = 0; i < memory.logged; i++)
        memory.heads[memory.log[i]] = 0;
    memory.logged = 0;
    memory.lock = (struct mach_lock){0};
    memory.shuffled = shuffled;
    for (unsigned i = 0; i < AREAS; i++) {
        memory.area[i] = (struct area){.base = i ? HW_MEMORY_HIGH_BASE : HW_MEMORY_LOW_BASE};
        for (unsigned class = 0; class < CLASSES; class ++)
            memory.area[i].free[class] = NO_HEAD;
    }
    device_memory_current = &ops;
    return &ops;
}
