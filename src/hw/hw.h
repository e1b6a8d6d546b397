/* SPDX-License-Identifier: MIT */
/*
 * hw/hw.h - the cards that there are. Made in a run at IRQL < 2; hw_reset() takes all of them back before the next run. The
 * disk is the caller's and must outlive the card.
 */
#pragma once

#include "base/disk.h"
#include "hw/card.h"

/* Before each run. */
void hw_reset(void);

struct hw_disk_config {
    struct disk *disk;
    unsigned     messages; /* MSI-X; 0: the line only */
    unsigned     queues;   /* virtio: 1 .. 8; 0 = 1 */
    unsigned     depth;    /* entries of a queue, a power of two; 0 = what is usual for the card */
    bool         in_order; /* answers in the order of asking */
    bool         no_cache; /* has no volatile write cache */
    bool         no_logs;  /* ATA: has no general purpose logs */
    bool         no_trim;  /* ATA */
};

/* Our own card: docs/hba.md. */
struct hw_card *hw_hba_create(const struct hw_disk_config *cfg);

/* A virtio block device on PCI (virtio 1.0, "modern"). */
struct hw_card *hw_virtio_blk_create(const struct hw_disk_config *cfg);

/* An AHCI host bus adapter; `queues` is the number of its ports, the disk is at port 0. */
struct hw_card *hw_ahci_create(const struct hw_disk_config *cfg);

/* Another disk at a port, or none (NULL), at any instant. IRQL < 2, not in a step. */
void hw_ahci_plug(struct hw_card *c, unsigned port, struct disk *disk);

/* Stops its work; what it was made of may be used again. IRQL < 2. Point. */
void hw_destroy(struct hw_card *c);
