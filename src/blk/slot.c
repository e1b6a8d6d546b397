/* SPDX-License-Identifier: MIT */
/* blk/slot.c - where disks live: in a table, so that a run allocates nothing that the next one cannot use again. */
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include "blk/priv.h"

static struct blk_slot slots[BLK_DISKS_MAX];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static struct blk_slot *find_locked(uint64_t bytes)
{
    struct blk_slot *free_one = NULL;

    for (unsigned i = 0; i < BLK_DISKS_MAX; i++) {
        if (slots[i].used)
            continue;
        if (slots[i].mapped == bytes)
            return &slots[i];
        if (!free_one || !slots[i].mapped)
            free_one = &slots[i];
    }
    return free_one;
}

struct blk_slot *blk_slot_new(const struct disk_ops *ops, uint64_t bytes, uint32_t block_bytes)
{
    if ((block_bytes != 512 && block_bytes != 4096) || bytes % block_bytes)
        return NULL;
    pthread_mutex_lock(&lock);
    struct blk_slot *s = find_locked(bytes);

    if (s) {
        s->used = true;
        s->fd = -1;
        s->disk = (struct disk){.ops = ops, .bytes = bytes, .block_bytes = block_bytes};
        snprintf(s->disk.serial, sizeof s->disk.serial, "DT%08u", (unsigned)(s - slots));
    }
    pthread_mutex_unlock(&lock);
    return s;
}

void blk_close(struct disk *d)
{
    struct blk_slot *s = blk_slot_of(d);

    if (s->fd >= 0)
        close(s->fd);
    s->fd = -1;
    blk_ram_forget(s);
    s->used = false;
}

void blk_reset(void)
{
    for (unsigned i = 0; i < BLK_DISKS_MAX; i++)
        if (slots[i].used)
            blk_close(&slots[i].disk);
}
