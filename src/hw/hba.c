/* SPDX-License-Identifier: MIT */
/*
 * hw/hba.c - our own card, small enough to be read in one go; its data sheet is docs/hba.md.
 *
 * The driver writes requests of 64 bytes into a ring in memory and tells the tail to a register; the card answers with entries of
 * 16 bytes in another ring, whose phase bit changes with every turn, so that the driver finds new ones without reading a
 * register. An answer raises the message, or the line while a status bit is set and not masked.
 */
#include "hw/hw.h"

#include <string.h>

#include "hw/flight.h"
#include "hw/pool.h"

enum {
    REG_ID = 0x00,
    REG_VERSION = 0x04,
    REG_CAPS = 0x08,
    REG_CONTROL = 0x0c,
    REG_STATUS = 0x10,
    REG_INTERRUPT = 0x14,
    REG_MASK = 0x18,
    REG_REQUESTS = 0x20, /* 64 bits */
    REG_REQUESTS_ORDER = 0x28,
    REG_ANSWERS = 0x30, /* 64 bits */
    REG_ANSWERS_ORDER = 0x38,
    REG_REQUEST_TAIL = 0x40,
    REG_REQUEST_HEAD = 0x44,
    REG_ANSWER_HEAD = 0x48,
    REG_BLOCKS = 0x50, /* 64 bits */
    REG_BLOCK_BYTES = 0x58,
    REG_MESSAGE = 0x5c,
    REG_BYTES = 4096,
    MSIX_TABLE = 0x800,
    MSIX_PENDING = 0xc00
};
enum { CONTROL_ENABLE = 1, CONTROL_RESET = 2, CONTROL_INTERRUPTS = 4 };
enum { STATUS_READY = 1, STATUS_FATAL = 2 };
enum { INTERRUPT_ANSWER = 1 };
enum { OP_READ = 1, OP_WRITE, OP_FLUSH, OP_TRIM, OP_ZERO };
enum { ANSWER_OK, ANSWER_INVALID, ANSWER_RANGE, ANSWER_MEDIUM, ANSWER_PROTECTED, ANSWER_MEMORY };
enum { ORDER_MAX = 6, ENTRIES_MAX = 1 << ORDER_MAX, ELEMENTS_MAX = 255, ID = 0x41424844, VERSION = 0x00010000 };

/* In memory, as the data sheet has them. */
struct request {
    uint8_t  op, reserved;
    uint16_t tag;
    uint32_t blocks;
    uint64_t lba;
    uint64_t elements;
    uint32_t count;
    uint8_t  padding[36];
};
_Static_assert(sizeof(struct request) == 64, "data sheet");

struct element {
    uint64_t address;
    uint32_t bytes, reserved;
};

struct answer {
    uint16_t tag;
    uint8_t  status, phase;
    uint32_t bytes;
    uint64_t reserved;
};
_Static_assert(sizeof(struct answer) == 16, "data sheet");

struct command {
    struct hw_flight flight;
    struct request   request;
    uint8_t          status;
};

struct hba {
    struct hw_card        card;
    struct hw_disk_config cfg;
    /* registers */
    uint32_t control, status, interrupt, mask, message;
    uint64_t requests, answers;
    uint32_t requests_order, answers_order;
    uint32_t request_tail, request_head, answer_head;
    /* steps only */
    uint32_t       answer_tail, order;
    uint8_t        phase;
    struct command command[ENTRIES_MAX];
};

static struct hba *hba_of(struct hw_card *c)
{
    return (struct hba *)(void *)c;
}

/* ---- registers ---- */

static void update_line(struct hba *h)
{
    hw_card_line(&h->card, (h->control & CONTROL_INTERRUPTS) && (h->interrupt & ~h->mask));
}

static void reset(struct hw_card *c)
{
    struct hba *h = hba_of(c);

    h->control = h->interrupt = h->mask = h->message = 0;
    h->requests = h->answers = 0;
    h->requests_order = h->answers_order = 0;
    h->request_tail = h->request_head = h->answer_head = h->answer_tail = 0;
    h->phase = 1;
    h->status = 0;
    for (unsigned i = 0; i < ENTRIES_MAX; i++)
        h->command[i].flight.busy = false;
    update_line(h);
}

static uint64_t wide_register(const struct hba *h, uint64_t offset)
{
    switch (offset & ~7ull) {
    case REG_ID:
        return (uint64_t)VERSION << 32 | ID;
    case REG_CAPS:
        return (uint64_t)h->control << 32 | (ELEMENTS_MAX << 16 | h->card.msix.messages << 8 | ORDER_MAX);
    case REG_STATUS:
        return (uint64_t)h->interrupt << 32 | h->status;
    case REG_MASK:
        return h->mask;
    case REG_REQUESTS:
        return h->requests;
    case REG_REQUESTS_ORDER:
        return h->requests_order;
    case REG_ANSWERS:
        return h->answers;
    case REG_ANSWERS_ORDER:
        return h->answers_order;
    case REG_REQUEST_TAIL:
        return (uint64_t)h->request_head << 32 | h->request_tail;
    case REG_ANSWER_HEAD:
        return h->answer_head;
    case REG_BLOCKS:
        return h->cfg.disk->bytes / h->cfg.disk->block_bytes;
    case REG_BLOCK_BYTES:
        return (uint64_t)h->message << 32 | h->cfg.disk->block_bytes;
    default:
        return 0;
    }
}

static uint64_t read(struct hw_card *c, unsigned bar, uint64_t offset, unsigned bytes)
{
    (void)bar;
    return hw_part(wide_register(hba_of(c), offset), (unsigned)offset % 8, bytes);
}

static void write_control(struct hba *h, uint32_t value)
{
    uint32_t was = h->control;

    h->control = value & (CONTROL_ENABLE | CONTROL_RESET | CONTROL_INTERRUPTS);
    if (value & CONTROL_RESET) {
        h->status = 0;
        if (!hw_card_reset_now(&h->card))
            hw_card_ring(&h->card);
        return;
    }
    if ((was ^ h->control) & CONTROL_ENABLE && h->requests_order <= ORDER_MAX && h->answers_order <= ORDER_MAX)
        h->status = h->control & CONTROL_ENABLE ? STATUS_READY : 0;
    update_line(h);
}

static void write(struct hw_card *c, unsigned bar, uint64_t offset, uint64_t value, unsigned bytes)
{
    struct hba *h = hba_of(c);
    uint32_t    v = (uint32_t)value;

    (void)bar;
    if (offset == REG_REQUESTS || offset == REG_REQUESTS + 4)
        h->requests = hw_merge(h->requests, (unsigned)offset % 8, value, bytes);
    else if (offset == REG_ANSWERS || offset == REG_ANSWERS + 4)
        h->answers = hw_merge(h->answers, (unsigned)offset % 8, value, bytes);
    else if (offset == REG_CONTROL)
        write_control(h, v);
    else if (offset == REG_INTERRUPT)
        h->interrupt &= ~v;
    else if (offset == REG_MASK)
        h->mask = v;
    else if (offset == REG_REQUESTS_ORDER)
        h->requests_order = v;
    else if (offset == REG_ANSWERS_ORDER)
        h->answers_order = v;
    else if (offset == REG_REQUEST_TAIL)
        h->request_tail = v;
    else if (offset == REG_ANSWER_HEAD)
        h->answer_head = v;
    else if (offset == REG_MESSAGE)
        h->message = v;
    update_line(h);
    if (offset == REG_REQUEST_TAIL || offset == REG_ANSWER_HEAD)
        hw_card_ring(c);
}

/* ---- commands ---- */

static enum disk_op disk_op(uint8_t op)
{
    return op == OP_READ    ? DISK_READ
           : op == OP_WRITE ? DISK_WRITE
           : op == OP_FLUSH ? DISK_FLUSH
           : op == OP_TRIM  ? DISK_TRIM
                            : DISK_ZERO;
}

static uint8_t answer_status(enum disk_status s)
{
    static const uint8_t of[] = {[DISK_OK] = ANSWER_OK,
        [DISK_MEDIUM] = ANSWER_MEDIUM,
        [DISK_RANGE] = ANSWER_RANGE,
        [DISK_PROTECTED] = ANSWER_PROTECTED,
        [DISK_UNSUPPORTED] = ANSWER_INVALID};

    return of[s];
}

/* One element of the list, which may lie in several pages. */
static uint8_t move_element(struct hba *h, const struct request *r, const struct element *e, uint64_t offset)
{
    struct disk *d = h->cfg.disk;
    uint64_t     run;

    for (uint64_t done = 0; done < e->bytes; done += run) {
        void *p = hw_dma(&h->card, e->address + done, e->bytes - done, &run);

        if (!p)
            return ANSWER_MEMORY;
        enum disk_status s =
            r->op == OP_READ ? d->ops->read(d, offset + done, p, run) : d->ops->write(d, offset + done, p, run);

        if (s != DISK_OK)
            return answer_status(s);
    }
    return ANSWER_OK;
}

static uint8_t move_data(struct hba *h, const struct request *r, uint32_t *moved)
{
    uint64_t offset = r->lba * h->cfg.disk->block_bytes, left = (uint64_t)r->blocks * h->cfg.disk->block_bytes;

    for (uint32_t i = 0; i < r->count && left; i++) {
        struct element e;

        if (!hw_dma_read(&h->card, r->elements + i * sizeof e, &e, sizeof e) || e.bytes > left)
            return ANSWER_MEMORY;
        uint8_t status = move_element(h, r, &e, offset);

        if (status != ANSWER_OK)
            return status;
        offset += e.bytes;
        left -= e.bytes;
        *moved += e.bytes;
    }
    return left ? ANSWER_INVALID : ANSWER_OK;
}

static uint8_t execute(struct hba *h, const struct request *r, uint32_t *moved)
{
    struct disk *d = h->cfg.disk;
    uint64_t     offset = r->lba * d->block_bytes, bytes = (uint64_t)r->blocks * d->block_bytes;

    switch (r->op) {
    case OP_READ:
    case OP_WRITE:
        return move_data(h, r, moved);
    case OP_FLUSH:
        return answer_status(d->ops->flush(d));
    case OP_TRIM:
        return answer_status(d->ops->trim(d, offset, bytes));
    default:
        return answer_status(d->ops->zero(d, offset, bytes));
    }
}

static bool is_sane(const struct request *r)
{
    return r->op >= OP_READ && r->op <= OP_ZERO && r->count <= ELEMENTS_MAX && r->lba <= UINT64_MAX / 8192;
}

static struct command *free_command(struct hba *h)
{
    for (unsigned i = 0; i < ENTRIES_MAX; i++)
        if (!h->command[i].flight.busy)
            return &h->command[i];
    return NULL;
}

static bool take_one(struct hba *h, uint64_t address)
{
    struct command *k = free_command(h);
    struct disk    *d = h->cfg.disk;

    if (!k || !hw_dma_read(&h->card, address, &k->request, sizeof k->request))
        return false;
    struct disk_fate fate = {.status = DISK_UNSUPPORTED};

    if (is_sane(&k->request))
        fate = disk_admit(
            d, disk_op(k->request.op), k->request.lba * d->block_bytes, (uint64_t)k->request.blocks * d->block_bytes);
    k->status = answer_status(fate.status);
    hw_flight_begin(&k->flight, h->order++, &fate);
    return true;
}

/* All that the driver has put there. */
static void take_requests(struct hba *h)
{
    hw_card_lock(&h->card);
    bool     on = (h->control & CONTROL_ENABLE) && h->status == STATUS_READY;
    uint32_t head = h->request_head, tail = h->request_tail, size = 1u << h->requests_order;
    uint64_t base = h->requests;

    hw_card_unlock(&h->card);
    while (on && head != tail && take_one(h, base + (head % size) * sizeof(struct request)))
        head++;
    hw_card_lock(&h->card);
    h->request_head = head;
    hw_card_unlock(&h->card);
}

/* ---- answers ---- */

static bool has_room(struct hba *h)
{
    hw_card_lock(&h->card);
    bool room = (h->control & CONTROL_ENABLE) && h->answer_tail - h->answer_head < 1u << h->answers_order;

    hw_card_unlock(&h->card);
    return room;
}

/* The phase is written last: it is what the driver looks at. */
static bool post(struct hba *h, const struct answer *a)
{
    uint32_t size = 1u << h->answers_order;
    uint64_t at = h->answers + (h->answer_tail % size) * sizeof *a, first;

    memcpy(&first, a, sizeof first);
    if (!hw_dma_write(&h->card, at + 8, &a->reserved, 8))
        return false;
    hw_dma_store(&h->card, at, first, 8);
    if (++h->answer_tail % size == 0)
        h->phase ^= 1;
    return true;
}

static void interrupt(struct hba *h)
{
    hw_card_lock(&h->card);
    h->interrupt |= INTERRUPT_ANSWER;
    bool     on = (h->control & CONTROL_INTERRUPTS) && !(h->mask & INTERRUPT_ANSWER);
    uint32_t message = h->message;

    update_line(h);
    hw_card_unlock(&h->card);
    if (on)
        hw_card_message(&h->card, message);
}

static void answer(struct hba *h, struct command *k)
{
    struct answer a = {.tag = k->request.tag, .status = k->status, .phase = h->phase};

    if (a.status == ANSWER_OK)
        a.status = execute(h, &k->request, &a.bytes);
    k->flight.busy = false;
    if (post(h, &a))
        interrupt(h);
}

static bool step_reset(struct hba *h)
{
    hw_card_lock(&h->card);
    bool wanted = h->control & CONTROL_RESET;

    if (wanted)
        reset(&h->card);
    hw_card_unlock(&h->card);
    return wanted;
}

static bool step(struct hw_card *c)
{
    struct hba *h = hba_of(c);
    mach_ns     next;

    if (step_reset(h))
        return false;
    take_requests(h);
    if (!has_room(h))
        return false; /* it rings when it has looked at some */
    int i = hw_flight_next(h->command, ENTRIES_MAX, sizeof h->command[0], h->cfg.in_order, &next);

    if (i < 0) {
        mach_device_at(&c->agent, next);
        return false;
    }
    answer(h, &h->command[i]);
    return true;
}

/* ---- life ---- */

struct hw_card *hw_hba_create(const struct hw_disk_config *cfg)
{
    static const struct hw_card_ops ops = {.read = read, .write = write, .step = step, .reset = reset};
    static const struct hw_identity id = {.vendor = 0x1d7e,
        .device = 0x0001,
        .subsystem_vendor = 0x1d7e,
        .subsystem = 0x0001,
        .base_class = 0x01,
        .sub_class = 0x80,
        .revision = 1};
    struct hba                     *h = hw_pool_get(sizeof *h);

    if (!h)
        return NULL;
    h->cfg = *cfg;
    hw_card_init(&h->card, &ops, &id);
    hw_card_range(&h->card, 0, REG_BYTES, false);
    hw_card_msix(
        &h->card, &(struct hw_msix){.messages = cfg->messages, .bar = 0, .table = MSIX_TABLE, .pending = MSIX_PENDING});
    return &h->card;
}
