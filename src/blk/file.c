/* SPDX-License-Identifier: MIT */
/* blk/file.c - a disk in a file of the host. */
#ifndef _GNU_SOURCE
#    define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "blk/priv.h"

/* A file that was cut short behind our back fails there. */
static enum disk_status transfer(struct disk *d, bool write, uint64_t offset, char *p, size_t bytes)
{
    int fd = blk_slot_of(d)->fd;

    while (bytes) {
        ssize_t n = write ? pwrite(fd, p, bytes, (off_t)offset) : pread(fd, p, bytes, (off_t)offset);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return DISK_MEDIUM;
        p += n;
        offset += (uint64_t)n;
        bytes -= (size_t)n;
    }
    return DISK_OK;
}

static enum disk_status file_read(struct disk *d, uint64_t offset, void *to, size_t bytes)
{
    return transfer(d, false, offset, to, bytes);
}

static enum disk_status file_write(struct disk *d, uint64_t offset, const void *from, size_t bytes)
{
    return transfer(d, true, offset, (char *)from, bytes);
}

static enum disk_status file_flush(struct disk *d)
{
    return fdatasync(blk_slot_of(d)->fd) == 0 ? DISK_OK : DISK_MEDIUM;
}

/* File systems that cannot punch holes get zeroes. */
static enum disk_status file_zero(struct disk *d, uint64_t offset, uint64_t bytes)
{
    static const char zeroes[65536];

    if (fallocate(blk_slot_of(d)->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)offset, (off_t)bytes) == 0)
        return DISK_OK;
    while (bytes) {
        size_t n = bytes < sizeof zeroes ? (size_t)bytes : sizeof zeroes;

        if (file_write(d, offset, zeroes, n) != DISK_OK)
            return DISK_MEDIUM;
        offset += n;
        bytes -= n;
    }
    return DISK_OK;
}

struct disk *blk_file(const char *path, uint32_t block_bytes, bool read_only, int *error)
{
    static const struct disk_ops ops = {
        .read = file_read, .write = file_write, .flush = file_flush, .trim = file_zero, .zero = file_zero};
    int         fd = open(path, (read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC);
    struct stat st;

    *error = fd < 0 || fstat(fd, &st) != 0 ? -errno : 0;
    struct blk_slot *s = *error ? NULL : blk_slot_new(&ops, (uint64_t)st.st_size, block_bytes);

    if (!s) {
        if (fd >= 0)
            close(fd);
        *error = *error ? *error : -EINVAL;
        return NULL;
    }
    s->fd = fd;
    s->disk.read_only = read_only;
    return &s->disk;
}
