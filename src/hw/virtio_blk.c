/* SPDX-License-Identifier: MIT */
/*
 * hw/virtio_blk.c - a virtio block device (section 5.2 of the standard): read, write, flush, discard, write zeroes, get id, on
 * several queues. A request is a chain: a header of 16 bytes and the data to write, then room for the data read and a
 * byte of status.
 */
#include <string.h>

#include "hw/flight.h"
#include "hw/hw.h"
#include "hw/pool.h"
#include "hw/virtio.h"

enum { TYPE_IN = 0, TYPE_OUT = 1, TYPE_FLUSH = 4, TYPE_GET_ID = 8, TYPE_DISCARD = 11, TYPE_WRITE_ZEROES = 13 };
enum { STATUS_OK, STATUS_IOERR, STATUS_UNSUPP };
enum {
    F_SIZE_MAX = 1,
    F_SEG_MAX = 2,
    F_RO = 5,
    F_BLK_SIZE = 6,
    F_FLUSH = 9,
    F_TOPOLOGY = 10,
    F_CONFIG_WCE = 11,
    F_MQ = 12,
    F_DISCARD = 13,
    F_WRITE_ZEROES = 14
};
enum { SECTOR = 512, SERIAL_BYTES = 20, RANGES_MAX = 16, AT_WCE = 32, FLIGHTS_MAX = 2048 };
enum { DEVICE_BLOCK = 2, ENTRIES_DEFAULT = 128, SEGMENT_BYTES_MAX = 1 << 20, SEGMENTS_MAX = 254 };
enum { ZERO_SECTORS_MAX = 1 << 22 };

struct header {
    uint32_t type, reserved;
    uint64_t sector;
};

struct range {
    uint64_t sector;
    uint32_t sectors, flags;
};

/* Little-endian and packed, as it lies in the device's configuration. */
struct config {
    uint64_t capacity;
    uint32_t size_max, seg_max;
    uint16_t cylinders;
    uint8_t  heads, sectors;
    uint32_t blk_size;
    uint8_t  physical_block_exp, alignment_offset;
    uint16_t min_io_size;
    uint32_t opt_io_size;
    uint8_t  wce, unused;
    uint16_t num_queues;
    uint32_t max_discard_sectors, max_discard_seg, discard_sector_alignment;
    uint32_t max_write_zeroes_sectors, max_write_zeroes_seg;
    uint8_t  write_zeroes_may_unmap, unused1[3];
};
_Static_assert(offsetof(struct config, wce) == AT_WCE && sizeof(struct config) == 64, "the standard's layout");

struct command {
    struct hw_flight flight;
    uint16_t         head;
    uint8_t          queue, status;
};

struct blk {
    struct hw_virtio      virtio;
    struct hw_disk_config cfg;
    struct config         config;
    /* steps only; command[0 .. count) are in flight */
    unsigned        count;
    uint32_t        order;
    struct command  command[FLIGHTS_MAX];
    struct hw_chain chain;
};

static struct blk *blk_of(struct hw_virtio *v)
{
    return (struct blk *)(void *)v;
}

/* ---- configuration ---- */

static uint64_t config_read(struct hw_virtio *v, uint64_t offset, unsigned bytes)
{
    const struct blk *b = blk_of(v);
    uint64_t          value = 0;

    if (offset + bytes <= sizeof b->config)
        memcpy(&value, (const char *)&b->config + offset, bytes);
    return value;
}

static void config_write(struct hw_virtio *v, uint64_t offset, uint64_t value, unsigned bytes)
{
    (void)bytes;
    if (offset == AT_WCE && hw_virtio_has(v, F_CONFIG_WCE))
        blk_of(v)->config.wce = value & 1;
}

static void reset(struct hw_virtio *v)
{
    blk_of(v)->count = 0;
}

/* ---- what a request does ---- */

static uint8_t request_status(enum disk_status s)
{
    return s == DISK_OK ? STATUS_OK : s == DISK_UNSUPPORTED ? STATUS_UNSUPP : STATUS_IOERR;
}

/* Data between the disk and the segments; skip: bytes of the first ones that are the header's; bytes: how many after that. */
static enum disk_status move(
    struct blk *b, const struct hw_segment *s, uint64_t skip, uint64_t offset, uint64_t bytes, bool to_disk)
{
    struct disk *d = b->cfg.disk;
    uint64_t     run;

    for (; bytes; s++) {
        for (uint64_t at = skip; at < s->bytes && bytes; at += run, offset += run, bytes -= run) {
            uint64_t left = s->bytes - at < bytes ? s->bytes - at : bytes;
            void    *p = hw_dma(&b->virtio.card, s->address + at, left, &run);

            if (!p)
                return DISK_MEDIUM;
            enum disk_status status = to_disk ? d->ops->write(d, offset, p, run) : d->ops->read(d, offset, p, run);

            if (status != DISK_OK)
                return status;
        }
        skip = skip > s->bytes ? skip - s->bytes : 0;
    }
    return DISK_OK;
}

/* Discard and write zeroes: ranges that the driver wrote after the header. */
static uint8_t clear_ranges(struct blk *b, const struct hw_chain *c, bool discard)
{
    uint64_t     n = (c->read_bytes - sizeof(struct header)) / sizeof(struct range);
    struct disk *d = b->cfg.disk;

    for (uint64_t i = 0; i < n; i++) {
        struct range r;

        if (!hw_chain_read(&b->virtio, c, sizeof(struct header) + i * sizeof r, &r, sizeof r))
            return STATUS_IOERR;
        if (r.sector > d->bytes / SECTOR || r.sectors > d->bytes / SECTOR - r.sector)
            return STATUS_IOERR;
        enum disk_status s = discard ? d->ops->trim(d, r.sector * SECTOR, (uint64_t)r.sectors * SECTOR)
                                     : d->ops->zero(d, r.sector * SECTOR, (uint64_t)r.sectors * SECTOR);

        if (s != DISK_OK)
            return request_status(s);
    }
    return STATUS_OK;
}

static uint8_t get_id(struct blk *b, const struct hw_chain *c)
{
    char id[SERIAL_BYTES] = {0};

    memcpy(id, b->cfg.disk->serial, strnlen(b->cfg.disk->serial, sizeof id));
    return hw_chain_write(&b->virtio, c, 0, id, sizeof id) ? STATUS_OK : STATUS_IOERR;
}

static uint8_t execute(struct blk *b, const struct hw_chain *c, const struct header *h)
{
    struct disk *d = b->cfg.disk;

    switch (h->type) {
    case TYPE_IN:
        return request_status(move(b, c->segment + c->readable, 0, h->sector * SECTOR, c->write_bytes - 1, false));
    case TYPE_OUT: {
        enum disk_status s = move(b, c->segment, sizeof *h, h->sector * SECTOR, c->read_bytes - sizeof *h, true);

        if (s == DISK_OK && !b->config.wce)
            s = d->ops->flush(d);
        return request_status(s);
    }
    case TYPE_FLUSH:
        return request_status(d->ops->flush(d));
    case TYPE_GET_ID:
        return get_id(b, c);
    case TYPE_DISCARD:
    case TYPE_WRITE_ZEROES:
        return clear_ranges(b, c, h->type == TYPE_DISCARD);
    default:
        return STATUS_UNSUPP;
    }
}

/* ---- taking ---- */

static bool read_header(struct blk *b, const struct hw_virtqueue *q, uint16_t head, struct header *h)
{
    if (!hw_virtqueue_chain(&b->virtio, q, head, &b->chain))
        return false;
    if (b->chain.write_bytes && hw_chain_read(&b->virtio, &b->chain, 0, h, sizeof *h))
        return true;
    hw_virtio_config_changed(&b->virtio, HW_VIRTIO_NEEDS_RESET);
    return false;
}

static struct disk_fate fate_of(struct blk *b, const struct header *h)
{
    const struct hw_chain *c = &b->chain;
    struct disk           *d = b->cfg.disk;
    uint64_t               offset = h->sector > UINT64_MAX / SECTOR ? UINT64_MAX : h->sector * SECTOR;

    switch (h->type) {
    case TYPE_IN:
        return disk_admit(d, DISK_READ, offset, c->write_bytes - 1);
    case TYPE_OUT:
        return disk_admit(d, DISK_WRITE, offset, c->read_bytes - sizeof *h);
    case TYPE_FLUSH:
        return disk_admit(d, DISK_FLUSH, 0, 0);
    case TYPE_DISCARD:
        return disk_admit(d, DISK_TRIM, 0, 0);
    case TYPE_WRITE_ZEROES:
        return disk_admit(d, DISK_ZERO, 0, 0);
    default:
        return (struct disk_fate){.status = DISK_OK};
    }
}

static void take(struct blk *b, unsigned queue, uint16_t head)
{
    struct command *k = &b->command[b->count];
    struct header   h;

    if (!read_header(b, &b->virtio.queue[queue], head, &h))
        return;
    struct disk_fate fate = fate_of(b, &h);

    k->head = head;
    k->queue = (uint8_t)queue;
    k->status = request_status(fate.status);
    hw_flight_begin(&k->flight, b->order++, &fate);
    b->count++;
}

static void take_all(struct blk *b)
{
    uint16_t head;

    for (unsigned i = 0; i < b->virtio.queues; i++)
        while (b->count < FLIGHTS_MAX && hw_virtqueue_take(&b->virtio, &b->virtio.queue[i], &head))
            take(b, i, head);
}

/* ---- answering ---- */

static void answer(struct blk *b, unsigned i)
{
    struct command       k = b->command[i];
    struct hw_virtqueue *q = &b->virtio.queue[k.queue];
    struct header        h;

    b->command[i] = b->command[--b->count];
    if (!read_header(b, q, k.head, &h))
        return;
    if (k.status == STATUS_OK)
        k.status = execute(b, &b->chain, &h);
    hw_chain_write(&b->virtio, &b->chain, b->chain.write_bytes - 1, &k.status, 1);
    hw_virtqueue_return(&b->virtio, q, k.head, (uint32_t)b->chain.write_bytes);
}

static bool step(struct hw_virtio *v)
{
    struct blk *b = blk_of(v);
    mach_ns     next;

    if (!hw_virtio_ready(v))
        return false;
    take_all(b);
    int i = hw_flight_next(b->command, b->count, sizeof b->command[0], b->cfg.in_order, &next);

    if (i < 0) {
        mach_device_at(&v->card.agent, next);
        return false;
    }
    answer(b, (unsigned)i);
    return true;
}

/* ---- life ---- */

static void fill_config(struct blk *b, unsigned queues)
{
    const struct disk *d = b->cfg.disk;

    b->config = (struct config){.capacity = d->bytes / SECTOR,
        .size_max = SEGMENT_BYTES_MAX,
        .seg_max = SEGMENTS_MAX,
        .blk_size = d->block_bytes,
        .min_io_size = 1,
        .opt_io_size = 1,
        .wce = !b->cfg.no_cache,
        .num_queues = (uint16_t)queues,
        .max_discard_sectors = ZERO_SECTORS_MAX,
        .max_discard_seg = RANGES_MAX,
        .discard_sector_alignment = d->block_bytes / SECTOR,
        .max_write_zeroes_sectors = ZERO_SECTORS_MAX,
        .max_write_zeroes_seg = RANGES_MAX,
        .write_zeroes_may_unmap = 1};
}

static uint64_t features_of(const struct disk *d, unsigned queues)
{
    uint64_t f = 1ull << F_SIZE_MAX | 1ull << F_SEG_MAX | 1ull << F_BLK_SIZE | 1ull << F_FLUSH | 1ull << F_TOPOLOGY |
                 1ull << F_CONFIG_WCE | 1ull << HW_VIRTIO_F_INDIRECT | 1ull << HW_VIRTIO_F_EVENT_IDX;

    f |= queues > 1 ? 1ull << F_MQ : 0;
    f |= d->read_only ? 1ull << F_RO : 0;
    f |= disk_can(d, DISK_TRIM) ? 1ull << F_DISCARD : 0;
    return f | (disk_can(d, DISK_ZERO) ? 1ull << F_WRITE_ZEROES : 0);
}

struct hw_card *hw_virtio_blk_create(const struct hw_disk_config *cfg)
{
    static const struct hw_virtio_ops ops = {
        .config_read = config_read, .config_write = config_write, .step = step, .reset = reset};
    unsigned    queues = cfg->queues ? cfg->queues : 1, entries = cfg->depth ? cfg->depth : ENTRIES_DEFAULT;
    struct blk *b = queues <= HW_VIRTIO_QUEUES_MAX && entries <= HW_VIRTIO_ENTRIES_MAX ? hw_pool_get(sizeof *b) : NULL;

    if (!b)
        return NULL;
    b->cfg = *cfg;
    b->virtio.queues = queues;
    b->virtio.entries = entries;
    fill_config(b, queues);
    hw_virtio_init(&b->virtio, &ops, DEVICE_BLOCK, 0x01, features_of(cfg->disk, queues), cfg->messages);
    return &b->virtio.card;
}
