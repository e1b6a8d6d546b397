/* SPDX-License-Identifier: MIT */
/*
 * base/disk.h - the contract between a device model (hw/) and what it stores its data in (blk/).
 *
 * A model asks admit once per request what becomes of it, then moves the data with any number of calls. It calls from steps of
 * a device (mach/device.h), one at a time per disk: no points, no waiting for other parts of the machine.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/units.h"

enum disk_op { DISK_READ, DISK_WRITE, DISK_FLUSH, DISK_TRIM, DISK_ZERO };

enum disk_status {
    DISK_OK,
    DISK_MEDIUM,      /* the medium, or the file behind it, fails */
    DISK_RANGE,       /* beyond the end, or not a whole number of blocks */
    DISK_PROTECTED,   /* a write to what can only be read */
    DISK_UNSUPPORTED, /* trim or zero */
};

/* What becomes of a request: it ends with that status not before so much time has passed, or it is never answered. */
struct disk_fate {
    enum disk_status status;
    bool             lost;
    mach_ns          delay_ns;
};

struct disk;

struct disk_ops {
    struct disk_fate (*admit)(struct disk *d, enum disk_op op, uint64_t offset, uint64_t bytes); /* NULL: all is well */
    enum disk_status (*read)(struct disk *d, uint64_t offset, void *to, size_t bytes);
    enum disk_status (*write)(struct disk *d, uint64_t offset, const void *from, size_t bytes);
    enum disk_status (*flush)(struct disk *d);
    enum disk_status (*trim)(
        struct disk *d, uint64_t offset, uint64_t bytes); /* NULL: cannot; reads as zeroes afterwards */
    enum disk_status (*zero)(struct disk *d, uint64_t offset, uint64_t bytes); /* NULL: cannot */
};

struct disk {
    const struct disk_ops *ops;
    uint64_t               bytes;
    uint32_t               block_bytes; /* 512 or 4096 */
    bool                   read_only;
    char                   serial[21];
};

static inline bool disk_writes(enum disk_op op)
{
    return op == DISK_WRITE || op == DISK_TRIM || op == DISK_ZERO;
}

static inline bool disk_can(const struct disk *d, enum disk_op op)
{
    return op == DISK_TRIM ? d->ops->trim != NULL : op == DISK_ZERO ? d->ops->zero != NULL : true;
}

/* What every model must refuse, then what the disk says. */
static inline struct disk_fate disk_admit(struct disk *d, enum disk_op op, uint64_t offset, uint64_t bytes)
{
    struct disk_fate fate = {.status = DISK_OK};

    if (op != DISK_FLUSH &&
        (offset > d->bytes || bytes > d->bytes - offset || offset % d->block_bytes || bytes % d->block_bytes))
        fate.status = DISK_RANGE;
    else if (d->read_only && disk_writes(op))
        fate.status = DISK_PROTECTED;
    else if (!disk_can(d, op))
        fate.status = DISK_UNSUPPORTED;
    else if (d->ops->admit)
        fate = d->ops->admit(d, op, offset, bytes);
    return fate;
}
