/* SPDX-License-Identifier: MIT */
/*
 * host/nbd/disk.h - a miniport on the real-time machine as a disk, for the nbdkit plug-in.
 *
 * disk_start() runs the machine in a thread of its own: load the miniport, start an adapter, wait for its first unit. Requests come
 * from any thread of the host, which becomes a thread of the machine with its first one and stays it until it ends.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct disk_config {
    const char *driver; /* path of the image */
    uint64_t    bytes;
    const char *argument;   /* of the miniport; NULL: none */
    const char *device;     /* model of the hardware; NULL: a virtual miniport */
    const char *file;       /* of the device's data; NULL: memory */
    const char *faults;     /* "reset:50,pause:70,lose:1000"; NULL: none */
    unsigned    processors; /* 0 = 2 */
    unsigned    timeout_s;  /* of a request; 0 = the adapter's default */
    bool        faithful;   /* without the verifier's rules and the story of reports: for speed */
    int         status_fd; /* gets a letter when it is up (u) and one at the end: p passed, f a finding, e not started; -1: nobody asks */
};

struct disk_info {
    uint64_t bytes;
    uint32_t block_bytes, physical_block_bytes, max_transfer;
    bool     read_only, fua, unmap;
};

/* Once per process. False: error, one line, says why. */
bool disk_start(const struct disk_config *cfg, char *error, unsigned error_size);

/* Flush, removal of the adapter, unload; then what the run found is printed. */
void disk_stop(void);

const struct disk_info *disk_info(void);

/* 0 or a positive errno. Offsets and counts are multiples of the block. Any thread of the host's. */
int disk_read(void *buf, uint32_t count, uint64_t offset);
int disk_write(const void *buf, uint32_t count, uint64_t offset, bool fua);
int disk_flush(void);
int disk_trim(uint64_t count, uint64_t offset);
