/* SPDX-License-Identifier: MIT */
/*
 * blk/blk.h - what disks store their data in: memory, a file, and a layer that makes faults.
 *
 * Made inside a run, at IRQL < 2; taken back by blk_reset() before the next one.
 */
#pragma once

#include "base/disk.h"

enum { BLK_DISKS_MAX = 16 };

/* Before each run; costs what the previous run wrote. */
void blk_reset(void);

/* Zeroes. NULL: no address space, or too many disks. */
struct disk *blk_ram(uint64_t bytes, uint32_t block_bytes);

/* A file of the host, which must be a whole number of blocks. NULL: *error is a negative errno. */
struct disk *blk_file(const char *path, uint32_t block_bytes, bool read_only, int *error);

/* No disk goes without this: closes the file of a disk, or does nothing. */
void blk_close(struct disk *d);

/*
 * Faults of a disk. Rates are per million requests and drawn from the seed: the n-th request has the same fate in every run.
 * With `explore` the simulated machine chooses for each request instead, among the kinds that have a rate: which one, or none.
 */
struct blk_faults {
    uint32_t error_ppm, lost_ppm, delay_ppm;
    mach_ns  delay_ns, latency_ns; /* latency: of every request */
    uint64_t seed;
    uint64_t first; /* requests before the first fault */
    uint32_t count; /* faults at most; 0: no limit */
    bool     explore;
};

/* A disk in front of another one. NULL: too many disks. */
struct disk *blk_faulty(struct disk *under, const struct blk_faults *faults);

/* Faults made so far. */
uint32_t blk_faults_made(const struct disk *d);
