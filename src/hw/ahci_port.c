/* SPDX-License-Identifier: MIT */
/*
 * hw/ahci_port.c - a port works on its command list.
 *
 * A command that is not queued is taken when nothing else is under way; queued ones are taken as they come, which clears
 * their bits in PxCI, and are answered in any order with Set Device Bits FISes, which clear those in PxSACT. An error
 * halts the port until the driver stops the list; queued commands under way are then void in the drive, too.
 */
#include <string.h>

#include "hw/ahci.h"

enum { HEADER_BYTES = 32, TABLE_ELEMENTS = 0x80, ELEMENT_BYTES = 16, FIS_H2D = 0x27 };
enum { AT_PIO_SETUP = 0x20, AT_D2H = 0x40, AT_SET_BITS = 0x58, FIS_INTERRUPT = 0x40, FIS_TO_HOST = 0x20 };

/* What a step needs of the registers, as they were when it began. */
struct view {
    uint64_t list, fis;
    uint32_t epoch;
    bool     receives;
};

static struct view view_locked(const struct ahci_port *p)
{
    return (struct view){p->list, p->fis, p->epoch, (p->command & AHCI_CMD_FIS) != 0};
}

/* ---- FISes to the host ---- */

static void d2h(struct ahci *h, const struct view *w, const struct ata_command *c, uint8_t status, uint8_t error,
    const uint8_t *lba, uint8_t count)
{
    uint8_t f[20] = {0x34, FIS_INTERRUPT, status, error};

    if (!w->receives)
        return;
    if (lba) {
        memcpy(f + 4, lba, 3);
        memcpy(f + 8, lba + 3, 3);
    }
    f[7] = c ? c->device : 0;
    f[12] = count;
    hw_dma_write(&h->card, w->fis + AT_D2H, f, sizeof f);
}

static void pio_setup(struct ahci *h, const struct view *w, const struct ata_command *c)
{
    uint8_t f[20] = {0x5f, FIS_INTERRUPT | (c->kind == ATA_WRITE ? 0 : FIS_TO_HOST), 0x58};

    f[15] = ATA_STATUS_OK;
    f[16] = (uint8_t)c->bytes;
    f[17] = (uint8_t)(c->bytes >> 8);
    if (w->receives)
        hw_dma_write(&h->card, w->fis + AT_PIO_SETUP, f, sizeof f);
}

static void set_bits(struct ahci *h, const struct view *w, uint8_t status, uint8_t error, uint32_t done)
{
    uint8_t f[8] = {0xa1, FIS_INTERRUPT, status & 0x77, error};

    memcpy(f + 4, &done, sizeof done);
    if (w->receives)
        hw_dma_write(&h->card, w->fis + AT_SET_BITS, f, sizeof f);
}

/* The first FIS after the link came up: the signature of a disk. */
static void greet(struct ahci *h, struct ahci_port *p)
{
    static const uint8_t signature[6] = {1};

    hw_card_lock(&h->card);
    struct view w = view_locked(p);
    bool        now = p->greet && w.receives;

    hw_card_unlock(&h->card);
    if (!now)
        return;
    d2h(h, &w, NULL, ATA_STATUS_OK, 1, signature, 1);
    hw_card_lock(&h->card);
    if (w.epoch == p->epoch && p->greet) {
        p->greet = false;
        p->task_file = 1u << 8 | ATA_STATUS_OK;
        p->signature = ATA_SIGNATURE;
        ahci_interrupt_locked(h, p, AHCI_IS_D2H);
    }
    hw_card_unlock(&h->card);
}

/* ---- taking ---- */

static void admit(struct ahci_port *p, struct ahci_slot *s)
{
    const struct ata_command *c = &s->command;
    struct disk_fate          fate = {.status = DISK_OK};

    if (c->kind == ATA_BAD)
        fate.status = DISK_UNSUPPORTED;
    else if (c->kind == ATA_READ || c->kind == ATA_WRITE)
        fate = disk_admit(p->drive.disk, c->op, c->offset, c->bytes);
    else if (c->kind == ATA_TRIM || c->op == DISK_FLUSH)
        fate = disk_admit(p->drive.disk, c->op, 0, 0);
    s->error = ata_error_of(fate.status);
    hw_flight_begin(&s->flight, p->order++, &fate);
}

/* Header and FIS of a slot. A software reset is a FIS of control registers. */
static bool fetch(struct ahci *h, struct ahci_port *p, const struct view *w, unsigned i)
{
    struct ahci_slot *s = &p->slot[i];
    uint32_t          header[4];
    uint8_t           fis[ATA_FIS_BYTES];

    s->header = w->list + i * HEADER_BYTES;
    if (!hw_dma_read(&h->card, s->header, header, sizeof header))
        return false;
    s->elements = (uint16_t)(header[0] >> 16);
    s->table = (uint64_t)header[3] << 32 | header[2];
    if (!hw_dma_read(&h->card, s->table, fis, sizeof fis))
        return false;
    if (fis[0] != FIS_H2D)
        return false;
    ata_parse(&p->drive, fis, &s->command);
    s->soft_reset = !(fis[1] & 0x80);
    if (s->soft_reset)
        s->command = (struct ata_command){.kind = ATA_NO_DATA, .features = fis[15]};
    return true;
}

/* Whether it may begin beside what is under way. */
static bool may_begin(const struct ahci_port *p, const struct ata_command *c)
{
    for (unsigned i = 0; i < AHCI_SLOTS; i++)
        if (p->taken >> i & 1 && !(c->queued && p->slot[i].command.queued))
            return false;
    return true;
}

static void accepted_locked(struct ahci_port *p, unsigned i)
{
    p->taken |= 1u << i;
    if (p->slot[i].command.queued)
        p->issue &= ~(1u << i);
    else
        p->task_file = ATA_STATUS_BUSY;
}

static void fatal(struct ahci *h, struct ahci_port *p)
{
    hw_card_lock(&h->card);
    p->halted = true;
    ahci_interrupt_locked(h, p, AHCI_IS_BUS_FATAL);
    hw_card_unlock(&h->card);
}

static bool take(struct ahci *h, struct ahci_port *p, const struct view *w, unsigned i)
{
    if (!fetch(h, p, w, i)) {
        fatal(h, p);
        return false;
    }
    if (!may_begin(p, &p->slot[i].command))
        return false;
    admit(p, &p->slot[i]);
    hw_card_lock(&h->card);
    bool good = w->epoch == p->epoch;

    if (good)
        accepted_locked(p, i);
    hw_card_unlock(&h->card);
    return good;
}

static void take_all(struct ahci *h, struct ahci_port *p)
{
    hw_card_lock(&h->card);
    struct view w = view_locked(p);
    uint32_t    wanted = p->issue & ~p->taken;
    bool        on = (p->command & AHCI_CMD_START) && !p->halted && (p->link & AHCI_LINK_DEVICE) == 3 && !p->greet;

    hw_card_unlock(&h->card);
    for (; on && wanted; wanted &= wanted - 1)
        if (!take(h, p, &w, (unsigned)__builtin_ctz(wanted)))
            break;
}

/* ---- data ---- */

/* Goes through the pieces of memory that the elements name, in order, until all bytes are done. */
struct mover {
    struct ahci_port         *port;
    const struct ata_command *command;
    uint8_t                  *data; /* of the drive's own, or NULL: the medium */
    uint64_t                  done;
    uint8_t                   error;
};

static void move_piece(struct mover *m, void *p, uint64_t bytes)
{
    struct disk *d = m->port->drive.disk;
    uint64_t     at = m->command->offset + m->done;

    if (m->data && m->command->kind == ATA_TRIM)
        memcpy(m->data + m->done, p, bytes);
    else if (m->data)
        memcpy(p, m->data + m->done, bytes);
    else if (m->command->kind == ATA_READ)
        m->error = ata_error_of(d->ops->read(d, at, p, bytes));
    else
        m->error = ata_error_of(d->ops->write(d, at, p, bytes));
    m->done += bytes;
}

static bool move_element(struct ahci *h, struct mover *m, uint64_t address, uint64_t bytes)
{
    uint64_t run, left = m->command->bytes - m->done;

    for (bytes = bytes < left ? bytes : left; bytes && !m->error; bytes -= run, address += run) {
        void *p = hw_dma(&h->card, address, bytes, &run);

        if (!p)
            return false;
        move_piece(m, p, run);
    }
    return true;
}

static bool move_all(struct ahci *h, const struct ahci_slot *s, struct mover *m)
{
    for (unsigned i = 0; i < s->elements && m->done < s->command.bytes && !m->error; i++) {
        struct {
            uint64_t address;
            uint32_t reserved, count;
        } e;

        if (!hw_dma_read(&h->card, s->table + TABLE_ELEMENTS + i * ELEMENT_BYTES, &e, sizeof e) ||
            !move_element(h, m, e.address, (e.count & 0x3fffff) + 1ull))
            return false;
    }
    return m->error || m->done == s->command.bytes;
}

/* The error register. False: the elements are wrong. */
static bool execute(struct ahci *h, struct ahci_port *p, struct ahci_slot *s, uint64_t *moved)
{
    uint8_t                  *data = h->data;
    const struct ata_command *c = &s->command;
    struct mover              m = {.port = p, .command = c};
    bool                      good = true;

    if (s->error)
        return true;
    if (c->kind == ATA_READ || c->kind == ATA_WRITE) {
        good = move_all(h, s, &m);
        s->error = m.error;
        if (c->kind == ATA_WRITE && (c->fua || !p->drive.cache) && !s->error)
            s->error = ata_error_of(p->drive.disk->ops->flush(p->drive.disk));
    } else if (c->kind == ATA_TRIM) {
        m.data = data;
        good = c->bytes <= sizeof h->data && move_all(h, s, &m);
        for (uint64_t at = 0; good && at < c->bytes && !s->error; at += 512)
            s->error = ata_trim(&p->drive, data + at);
    } else {
        memset(data, 0, c->bytes);
        s->error = ata_execute(&p->drive, c, data);
        m.data = data;
        good = s->error || c->kind != ATA_ANSWER || move_all(h, s, &m);
    }
    *moved = m.done;
    return good;
}

/* ---- answering ---- */

static void answer_queued(struct ahci *h, struct ahci_port *p, const struct view *w, unsigned i)
{
    struct ahci_slot *s = &p->slot[i];
    uint8_t           status = s->error ? ATA_STATUS_ERROR & ~0x10 : ATA_STATUS_OK & ~0x10;

    if (s->error)
        ata_queued_error(&p->drive, &s->command, s->error);
    set_bits(h, w, status, s->error, s->error ? 0 : 1u << i);
    hw_card_lock(&h->card);
    if (w->epoch == p->epoch) {
        p->taken = s->error ? 0 : p->taken & ~(1u << i);
        p->halted = s->error != 0;
        p->active &= s->error ? UINT32_MAX : ~(1u << i);
        p->task_file = (uint32_t)s->error << 8 | status;
        ahci_interrupt_locked(h, p, AHCI_IS_SDB | (s->error ? AHCI_IS_TASK_FILE : 0u));
    }
    hw_card_unlock(&h->card);
}

static void answer_plain(struct ahci *h, struct ahci_port *p, const struct view *w, unsigned i, uint64_t moved)
{
    struct ahci_slot *s = &p->slot[i];
    uint8_t           status = s->error ? ATA_STATUS_ERROR : ATA_STATUS_OK;
    bool              pio = s->command.pio && !s->error && s->command.kind != ATA_NO_DATA;

    hw_dma_store(&h->card, s->header + 4, moved, 4);
    if (pio)
        pio_setup(h, w, &s->command);
    else
        d2h(h, w, &s->command, status, s->error, p->drive.result, p->drive.result_count);
    memset(p->drive.result, 0, sizeof p->drive.result);
    p->drive.result_count = 0;
    hw_card_lock(&h->card);
    if (w->epoch == p->epoch) {
        p->taken &= ~(1u << i);
        p->halted = s->error != 0;
        p->issue &= s->error ? UINT32_MAX : ~(1u << i);
        p->task_file = (uint32_t)s->error << 8 | status;
        ahci_interrupt_locked(h, p, (pio ? AHCI_IS_PIO : AHCI_IS_D2H) | (s->error ? AHCI_IS_TASK_FILE : 0u));
    }
    hw_card_unlock(&h->card);
}

/* Software reset: the second of two FISes, with the bit clear, is answered with the signature. */
static void answer_soft_reset(struct ahci *h, struct ahci_port *p, unsigned i)
{
    bool asserted = p->slot[i].command.features & 4;

    if (!asserted)
        ata_reset(&p->drive);
    hw_card_lock(&h->card);
    p->taken &= ~(1u << i);
    p->issue &= ~(1u << i);
    p->task_file = ATA_STATUS_BUSY;
    p->greet = !asserted;
    hw_card_unlock(&h->card);
    greet(h, p);
}

static void answer(struct ahci *h, struct ahci_port *p, unsigned i)
{
    struct ahci_slot *s = &p->slot[i];
    uint64_t          moved = 0;

    hw_card_lock(&h->card);
    struct view w = view_locked(p);
    bool        valid = p->taken >> i & 1;

    p->executing = valid;
    hw_card_unlock(&h->card);
    s->flight.busy = false;
    if (valid && s->soft_reset)
        answer_soft_reset(h, p, i);
    else if (valid && !execute(h, p, s, &moved))
        fatal(h, p);
    else if (valid && s->command.queued)
        answer_queued(h, p, &w, i);
    else if (valid)
        answer_plain(h, p, &w, i, moved);
    hw_card_lock(&h->card);
    p->executing = false;
    hw_card_unlock(&h->card);
}

/* What became void is forgotten. */
static void forget_void(struct ahci *h, struct ahci_port *p)
{
    hw_card_lock(&h->card);
    uint32_t taken = p->taken;

    hw_card_unlock(&h->card);
    for (unsigned i = 0; i < AHCI_SLOTS; i++)
        p->slot[i].flight.busy = p->slot[i].flight.busy && (taken >> i & 1);
}

bool ahci_port_step(struct ahci *h, struct ahci_port *p, mach_ns *next)
{
    *next = MACH_NEVER;
    greet(h, p);
    forget_void(h, p);
    take_all(h, p);
    int i = hw_flight_next(p->slot, AHCI_SLOTS, sizeof p->slot[0], h->cfg.in_order, next);

    if (i < 0)
        return false;
    answer(h, p, (unsigned)i);
    return true;
}
