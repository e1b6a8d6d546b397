/* SPDX-License-Identifier: MIT */
/* blk/faulty.c - errors, delays and answers that never come, in front of another disk. */
#include "base/rng.h"
#include "blk/priv.h"
#include "mach/mach.h"

enum kind { NONE, ERROR, LOST, DELAY, KINDS };
enum { MILLION = 1000000 };

static struct disk *under(struct disk *d)
{
    return blk_slot_of(d)->faulty.under;
}

static uint32_t rate(const struct blk_faults *f, enum kind k)
{
    return k == ERROR ? f->error_ppm : k == LOST ? f->lost_ppm : k == DELAY ? f->delay_ppm : 0;
}

static enum kind drawn(const struct blk_faults *f, uint64_t request)
{
    uint32_t at = rng_below((uint32_t)(rng_at(f->seed, request) >> 32), MILLION);

    for (enum kind k = ERROR; k < KINDS; k++) {
        if (at < rate(f, k))
            return k;
        at -= rate(f, k);
    }
    return NONE;
}

static enum kind explored(const struct blk_faults *f)
{
    enum kind has[KINDS] = {NONE};
    unsigned  n = 1;

    for (enum kind k = ERROR; k < KINDS; k++)
        if (rate(f, k))
            has[n++] = k;
    return has[mach_choose(n, CHOICE_FAULT)];
}

static enum kind next_kind(struct blk_faulty_state *s)
{
    uint64_t request = s->requests++;

    if (request < s->faults.first || (s->faults.count && s->made >= s->faults.count))
        return NONE;
    enum kind k = s->faults.explore ? explored(&s->faults) : drawn(&s->faults, request);

    if (k != NONE)
        __atomic_add_fetch(&s->made, 1, __ATOMIC_RELAXED);
    return k;
}

static struct disk_fate admit(struct disk *d, enum disk_op op, uint64_t offset, uint64_t bytes)
{
    struct blk_faulty_state *s = &blk_slot_of(d)->faulty;
    struct disk_fate         fate = disk_admit(s->under, op, offset, bytes);
    enum kind                k = fate.status == DISK_OK ? next_kind(s) : NONE;

    fate.delay_ns = units_add_sat(fate.delay_ns, s->faults.latency_ns);
    if (k == ERROR)
        fate.status = DISK_MEDIUM;
    if (k == LOST)
        fate.lost = true;
    if (k == DELAY)
        fate.delay_ns = units_add_sat(fate.delay_ns, s->faults.delay_ns);
    return fate;
}

static enum disk_status faulty_read(struct disk *d, uint64_t offset, void *to, size_t bytes)
{
    return under(d)->ops->read(under(d), offset, to, bytes);
}

static enum disk_status faulty_write(struct disk *d, uint64_t offset, const void *from, size_t bytes)
{
    return under(d)->ops->write(under(d), offset, from, bytes);
}

static enum disk_status faulty_flush(struct disk *d)
{
    return under(d)->ops->flush(under(d));
}

static enum disk_status faulty_trim(struct disk *d, uint64_t offset, uint64_t bytes)
{
    return under(d)->ops->trim(under(d), offset, bytes);
}

static enum disk_status faulty_zero(struct disk *d, uint64_t offset, uint64_t bytes)
{
    return under(d)->ops->zero(under(d), offset, bytes);
}

struct disk *blk_faulty(struct disk *d, const struct blk_faults *faults)
{
    static const struct disk_ops ops = {.admit = admit,
        .read = faulty_read,
        .write = faulty_write,
        .flush = faulty_flush,
        .trim = faulty_trim,
        .zero = faulty_zero};
    struct blk_slot             *s = blk_slot_new(&ops, d->bytes, d->block_bytes);

    if (!s)
        return NULL;
    s->disk.read_only = d->read_only;
    s->faulty = (struct blk_faulty_state){.under = d, .faults = *faults};
    return &s->disk;
}

uint32_t blk_faults_made(const struct disk *d)
{
    return __atomic_load_n(&((const struct blk_slot *)(const void *)d)->faulty.made, __ATOMIC_RELAXED);
}
