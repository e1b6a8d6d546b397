/* SPDX-License-Identifier: MIT */
/* blk/priv.h - slots of disks. */
#pragma once

#include "blk/blk.h"

struct blk_faulty_state {
    struct disk      *under;
    struct blk_faults faults;
    uint64_t          requests;
    uint32_t          made; /* atomic */
};

struct blk_slot {
    struct disk disk;
    bool        used;
    /* RAM */
    char     *memory;
    uint64_t  mapped;
    uint32_t *dirty; /* pages written in this run, then a bit per page: whether it is there */
    uint64_t *dirty_bits;
    uint32_t  dirty_count;
    /* file */
    int fd;
    /* faults */
    struct blk_faulty_state faulty;
};

#define blk_slot_of(d) ((struct blk_slot *)(void *)(d))

/* A free slot, its RAM mapping kept from before; the one with such a mapping if there is one. NULL: none. */
struct blk_slot *blk_slot_new(const struct disk_ops *ops, uint64_t bytes, uint32_t block_bytes);

void blk_ram_forget(struct blk_slot *s);
