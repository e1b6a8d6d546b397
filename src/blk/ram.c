/* SPDX-License-Identifier: MIT */
/*
 * blk/ram.c - a disk in memory. Pages that a run writes are listed, and zeroed before the next one; when they are many,
 * the host's kernel takes them all back at once.
 */
#ifndef _GNU_SOURCE
#    define _GNU_SOURCE
#endif
#include <string.h>
#include <sys/mman.h>

#include "blk/priv.h"

enum { PAGE = 4096, DIRTY_MAX = 512 };

static uint64_t pages_of(uint64_t bytes)
{
    return (bytes + PAGE - 1) / PAGE;
}

/* Data, then a bit per page, then the list. */
static uint64_t map_bytes(uint64_t bytes)
{
    uint64_t bits = (pages_of(bytes) / 64 + 1) * sizeof(uint64_t);

    return pages_of(bytes) * PAGE + pages_of(bits) * PAGE + pages_of(DIRTY_MAX * sizeof(uint32_t)) * PAGE;
}

static bool map(struct blk_slot *s)
{
    uint64_t bytes = s->disk.bytes;
    int      flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;

    if (s->mapped == bytes && s->memory)
        return true;
    if (s->memory)
        munmap(s->memory, map_bytes(s->mapped));
    s->memory = mmap(NULL, map_bytes(bytes), PROT_READ | PROT_WRITE, flags, -1, 0);
    if (s->memory == MAP_FAILED) {
        s->memory = NULL;
        s->mapped = 0;
        return false;
    }
    s->mapped = bytes;
    s->dirty_bits = (uint64_t *)(void *)(s->memory + pages_of(bytes) * PAGE);
    s->dirty = (uint32_t *)(void *)(s->memory + map_bytes(bytes) - DIRTY_MAX * sizeof(uint32_t));
    return true;
}

void blk_ram_forget(struct blk_slot *s)
{
    if (s->dirty_count > DIRTY_MAX) {
        madvise(s->memory, map_bytes(s->mapped), MADV_DONTNEED);
    } else {
        for (uint32_t i = 0; i < s->dirty_count; i++) {
            s->dirty_bits[s->dirty[i] / 64] = 0;
            memset(s->memory + (uint64_t)s->dirty[i] * PAGE, 0, PAGE);
        }
    }
    s->dirty_count = 0;
}

static void dirty(struct blk_slot *s, uint64_t offset, size_t bytes)
{
    for (uint64_t page = offset / PAGE; page <= (offset + bytes - 1) / PAGE && s->dirty_count <= DIRTY_MAX; page++) {
        if (s->dirty_bits[page / 64] >> page % 64 & 1)
            continue;
        s->dirty_bits[page / 64] |= 1ull << page % 64;
        if (s->dirty_count < DIRTY_MAX)
            s->dirty[s->dirty_count] = (uint32_t)page;
        s->dirty_count++;
    }
}

static enum disk_status ram_read(struct disk *d, uint64_t offset, void *to, size_t bytes)
{
    memcpy(to, blk_slot_of(d)->memory + offset, bytes);
    return DISK_OK;
}

static enum disk_status ram_write(struct disk *d, uint64_t offset, const void *from, size_t bytes)
{
    if (!bytes)
        return DISK_OK;
    dirty(blk_slot_of(d), offset, bytes);
    memcpy(blk_slot_of(d)->memory + offset, from, bytes);
    return DISK_OK;
}

static enum disk_status ram_flush(struct disk *d)
{
    (void)d;
    return DISK_OK;
}

/* Whole pages in the middle go back to the host. */
static enum disk_status ram_zero(struct disk *d, uint64_t offset, uint64_t bytes)
{
    char    *memory = blk_slot_of(d)->memory;
    uint64_t first = (offset + PAGE - 1) / PAGE * PAGE, last = (offset + bytes) / PAGE * PAGE;

    if (last <= first || last - first < 64 * PAGE) {
        if (bytes)
            memset(memory + offset, 0, bytes);
        return DISK_OK;
    }
    memset(memory + offset, 0, first - offset);
    madvise(memory + first, last - first, MADV_DONTNEED);
    memset(memory + last, 0, offset + bytes - last);
    return DISK_OK;
}

struct disk *blk_ram(uint64_t bytes, uint32_t block_bytes)
{
    static const struct disk_ops ops = {
        .read = ram_read, .write = ram_write, .flush = ram_flush, .trim = ram_zero, .zero = ram_zero};
    struct blk_slot *s = bytes ? blk_slot_new(&ops, bytes, block_bytes) : NULL;

    if (s && !map(s)) {
        s->used = false;
        return NULL;
    }
    return s ? &s->disk : NULL;
}
