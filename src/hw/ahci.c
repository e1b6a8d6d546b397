/* SPDX-License-Identifier: MIT */
/*
 * hw/ahci.c - an AHCI host bus adapter (AHCI 1.3.1): generic host control and the registers of its ports. Theory:
 *
 * A port has two engines, of which PxCMD shows whether they run: the command list and the receiving of FISes. Registers change
 * at once, in the driver's access; commands are worked on in steps (ahci_port.c). What makes work under way void - the list
 * is stopped, the link or the whole adapter is reset - counts up the port's epoch: a step that comes back with data finds
 * it changed and leaves no trace. PxCMD.CR stays set until that step has ended, as the driver is told to expect.
 *
 * Link: a COMRESET (PxSCTL.DET 1, then 0) takes no time; then the drive sends its signature in a FIS, which is in the registers at
 * once, as the first FIS is accepted in any case, and in memory as soon as FISes are received there. Power states that are asked for in PxCMD.ICC are granted at once and shown in PxSSTS.IPM.
 *
 * Interrupts: PxIS and PxIE make IS, IS and GHC.IE make the line, or a message each time that a bit of IS comes up.
 */
#include "hw/ahci.h"

#include <string.h>

#include "hw/pool.h"

enum { REG_CAP = 0x00, REG_GHC = 0x04, REG_IS = 0x08, REG_PI = 0x0c, REG_VS = 0x10, REG_CAP2 = 0x24 };
enum {
    REG_PORTS = 0x100,
    PORT_BYTES = 0x80,
    RANGE = 5,
    RANGE_BYTES = 0x1000,
    MSIX_TABLE = 0xe00,
    MSIX_PENDING = 0xf00
};
enum {
    PX_CLB = 0x00,
    PX_CLBU = 0x04,
    PX_FB = 0x08,
    PX_FBU = 0x0c,
    PX_IS = 0x10,
    PX_IE = 0x14,
    PX_CMD = 0x18,
    PX_TFD = 0x20,
    PX_SIG = 0x24,
    PX_SSTS = 0x28,
    PX_SCTL = 0x2c,
    PX_SERR = 0x30,
    PX_SACT = 0x34,
    PX_CI = 0x38
};
enum { GHC_RESET = 1, GHC_INTERRUPTS = 2, VERSION = 0x00010301 };
#define GHC_AHCI 0x80000000u
/* Slots 32, 64-bit addresses, native queueing, command list override, link power states, AHCI only, 6 Gb/s. */
#define CAP_FIXED       (0xc0000000u | 1u << 26 | 1u << 24 | 3u << 20 | 1u << 18 | 1u << 14 | 1u << 13 | 31u << 8)
#define CMD_WRITABLE    (AHCI_CMD_START | AHCI_CMD_FIS | AHCI_CMD_OVERRIDE | 0x0f000000u)
#define CMD_ICC(v)      ((v) >> 28)
#define PORT_INTERRUPTS 0xfdc000ffu

/* ---- interrupts ---- */

static void update_line(struct ahci *h)
{
    hw_card_line(&h->card, (h->control & GHC_INTERRUPTS) && h->interrupt);
}

/* Two causes are what SERR says, and are cleared there. */
static uint32_t causes(const struct ahci_port *p)
{
    return (p->interrupt & ~(uint32_t)(AHCI_IS_CONNECT | AHCI_IS_PHY)) |
           (p->error & AHCI_SERR_EXCHANGED ? AHCI_IS_CONNECT : 0) | (p->error & AHCI_SERR_PHY ? AHCI_IS_PHY : 0);
}

/* The bits of IS follow the ports, but are cleared by the driver only. */
static void update(struct ahci *h, struct ahci_port *p)
{
    uint32_t bit = 1u << (p - h->port), before = h->interrupt;

    if (causes(p) & p->enable)
        h->interrupt |= bit;
    update_line(h);
    if ((h->interrupt & ~before) && (h->control & GHC_INTERRUPTS))
        hw_card_message(&h->card, 0);
}

void ahci_interrupt_locked(struct ahci *h, struct ahci_port *p, uint32_t causes)
{
    p->interrupt |= causes;
    update(h, p);
}

/* ---- reset and link ---- */

void ahci_port_void_locked(struct ahci_port *p)
{
    p->epoch++;
    p->taken = 0;
    p->halted = false;
    p->issue = p->active = 0;
}

static void link_up(struct ahci *h, struct ahci_port *p)
{
    if (!p->drive.disk) {
        p->link = 0;
        p->task_file = 0x7f;
        return;
    }
    p->link = AHCI_LINK_UP;
    p->task_file = 1u << 8 | ATA_STATUS_OK;
    p->signature = ATA_SIGNATURE;
    p->error |= AHCI_SERR_EXCHANGED;
    p->greet = true;
    ahci_interrupt_locked(h, p, AHCI_IS_CONNECT);
    hw_card_ring(&h->card);
}

static void link_down(struct ahci_port *p)
{
    ahci_port_void_locked(p);
    p->link = 0;
    p->greet = false;
    p->task_file = ATA_STATUS_BUSY;
    p->signature = UINT32_MAX;
}

/* Addresses of list and FIS area survive a reset of the adapter, nothing else does. */
static void reset_port(struct ahci *h, struct ahci_port *p)
{
    link_down(p);
    p->interrupt = p->enable = p->error = p->control = 0;
    p->command = AHCI_CMD_SPIN_UP | AHCI_CMD_POWER_ON | AHCI_CMD_HOT_PLUG;
    ata_reset(&p->drive);
    link_up(h, p);
}

static void reset(struct hw_card *c)
{
    struct ahci *h = ahci_of(c);

    h->control = GHC_AHCI;
    h->interrupt = 0;
    for (unsigned i = 0; i < h->ports; i++)
        reset_port(h, &h->port[i]);
    h->interrupt = 0;
    update_line(h);
}

/* ---- a port's registers ---- */

static uint32_t port_read(const struct ahci_port *p, unsigned offset)
{
    switch (offset) {
    case PX_CLB:
        return (uint32_t)p->list;
    case PX_CLBU:
        return (uint32_t)(p->list >> 32);
    case PX_FB:
        return (uint32_t)p->fis;
    case PX_FBU:
        return (uint32_t)(p->fis >> 32);
    case PX_IS:
        return causes(p);
    case PX_IE:
        return p->enable;
    case PX_CMD:
        return p->command | (p->command & AHCI_CMD_FIS ? AHCI_CMD_FIS_RUNS : 0) |
               (p->command & AHCI_CMD_START || p->executing ? AHCI_CMD_LIST_RUNS : 0);
    case PX_TFD:
        return p->task_file;
    case PX_SIG:
        return p->signature;
    case PX_SSTS:
        return p->link;
    case PX_SCTL:
        return p->control;
    case PX_SERR:
        return p->error;
    case PX_SACT:
        return p->active;
    case PX_CI:
        return p->issue;
    default:
        return 0;
    }
}

/* Interface power: active, partial, slumber; others are ignored, as is everything while there is no link. */
static void change_link_power(struct ahci_port *p, uint32_t state)
{
    if (p->link && (state == AHCI_IPM_ACTIVE || state == AHCI_IPM_PARTIAL || state == AHCI_IPM_SLUMBER))
        p->link = (p->link & 0xffu) | state << 8;
}

static void write_command(struct ahci *h, struct ahci_port *p, uint32_t value)
{
    uint32_t before = p->command;

    p->command = (before & ~CMD_WRITABLE) | (value & CMD_WRITABLE);
    change_link_power(p, CMD_ICC(value));
    if (value & AHCI_CMD_OVERRIDE) {
        p->task_file &= ~0x88u;
        p->command &= ~(uint32_t)AHCI_CMD_OVERRIDE;
    }
    if ((before & ~value) & AHCI_CMD_START)
        ahci_port_void_locked(p);
    hw_card_ring(&h->card);
}

static void write_control(struct ahci *h, struct ahci_port *p, uint32_t value)
{
    uint32_t before = p->control & 0xf;

    p->control = value & 0xfff;
    if ((value & 0xf) == 1 && before != 1)
        link_down(p);
    else if ((value & 0xf) == 0 && before == 1)
        link_up(h, p);
    else if ((value & 0xf) == 4)
        link_down(p);
}

/* A link that sleeps wakes for a command. */
static void write_issue(struct ahci *h, struct ahci_port *p, uint32_t value)
{
    if (!(p->command & AHCI_CMD_START))
        return;
    p->issue |= value;
    change_link_power(p, AHCI_IPM_ACTIVE);
    hw_card_ring(&h->card);
}

static void port_write(struct ahci *h, struct ahci_port *p, unsigned offset, uint32_t value)
{
    switch (offset) {
    case PX_CLB:
        p->list = hw_merge(p->list, 0, value & ~0x3ffu, 4);
        break;
    case PX_CLBU:
        p->list = hw_merge(p->list, 4, value, 4);
        break;
    case PX_FB:
        p->fis = hw_merge(p->fis, 0, value & ~0xffu, 4);
        break;
    case PX_FBU:
        p->fis = hw_merge(p->fis, 4, value, 4);
        break;
    case PX_IS:
        p->interrupt &= ~value;
        break;
    case PX_IE:
        p->enable = value & PORT_INTERRUPTS;
        update(h, p);
        break;
    case PX_CMD:
        write_command(h, p, value);
        break;
    case PX_SCTL:
        write_control(h, p, value);
        break;
    case PX_SERR:
        p->error &= ~value;
        break;
    case PX_SACT:
        p->active |= p->command & AHCI_CMD_START ? value : 0;
        break;
    case PX_CI:
        write_issue(h, p, value);
        break;
    default:
        break;
    }
}

/* ---- the adapter's registers ---- */

static uint32_t global_read(const struct ahci *h, unsigned offset)
{
    switch (offset) {
    case REG_CAP:
        return CAP_FIXED | (h->ports - 1);
    case REG_GHC:
        return h->control;
    case REG_IS:
        return h->interrupt;
    case REG_PI:
        return (1u << h->ports) - 1;
    case REG_VS:
        return VERSION;
    default:
        return 0;
    }
}

static void global_write(struct ahci *h, unsigned offset, uint32_t value)
{
    if (offset == REG_IS) {
        h->interrupt &= ~value;
        for (unsigned i = 0; i < h->ports; i++)
            update(h, &h->port[i]);
    } else if (offset == REG_GHC && value & GHC_RESET) {
        h->control |= GHC_RESET;
        if (!hw_card_reset_now(&h->card))
            hw_card_ring(&h->card);
    } else if (offset == REG_GHC) {
        h->control = GHC_AHCI | (value & GHC_INTERRUPTS);
        update_line(h);
        if (h->control & GHC_INTERRUPTS && h->interrupt)
            hw_card_message(&h->card, 0);
    }
}

static uint64_t read(struct hw_card *c, unsigned bar, uint64_t offset, unsigned bytes)
{
    struct ahci *h = ahci_of(c);
    unsigned     word = (unsigned)offset & ~3u, port = (word - REG_PORTS) / PORT_BYTES;
    uint32_t     value = 0;

    (void)bar;
    if (word < REG_PORTS)
        value = global_read(h, word);
    else if (port < h->ports)
        value = port_read(&h->port[port], (word - REG_PORTS) % PORT_BYTES);
    return hw_part(value, offset & 3, bytes);
}

/* The standard knows writes of 32 bits only; a wider one is two. */
static void write(struct hw_card *c, unsigned bar, uint64_t offset, uint64_t value, unsigned bytes)
{
    struct ahci *h = ahci_of(c);
    unsigned     word = (unsigned)offset & ~3u, port = (word - REG_PORTS) / PORT_BYTES;

    if (word < REG_PORTS)
        global_write(h, word, (uint32_t)value);
    else if (port < h->ports)
        port_write(h, &h->port[port], (word - REG_PORTS) % PORT_BYTES, (uint32_t)value);
    if (bytes == 8)
        write(c, bar, offset + 4, value >> 32, 4);
}

static bool step(struct hw_card *c)
{
    struct ahci *h = ahci_of(c);
    mach_ns      first = MACH_NEVER, next;
    bool         more = false;

    hw_card_lock(c);
    if (h->control & GHC_RESET)
        reset(c);
    hw_card_unlock(c);
    for (unsigned i = 0; i < h->ports && !more; i++) {
        more = ahci_port_step(h, &h->port[i], &next);
        if (next < first)
            first = next;
    }
    if (!more)
        mach_device_at(&c->agent, first);
    return more;
}

/* ---- life ---- */

struct hw_card *hw_ahci_create(const struct hw_disk_config *cfg)
{
    static const struct hw_card_ops ops = {.read = read, .write = write, .step = step, .reset = reset};
    static const struct hw_identity id = {.vendor = 0x1d7e,
        .device = 0x0002,
        .subsystem_vendor = 0x1d7e,
        .subsystem = 0x0002,
        .base_class = 0x01,
        .sub_class = 0x06,
        .interface = 0x01,
        .revision = 1};
    unsigned                        ports = cfg->queues ? cfg->queues : 1;
    struct ahci                    *h = ports <= AHCI_PORTS_MAX ? hw_pool_get(sizeof *h) : NULL;

    if (!h)
        return NULL;
    h->cfg = *cfg;
    h->ports = ports;
    h->port[0].drive.disk = cfg->disk;
    for (unsigned i = 0; i < ports; i++) {
        h->port[i].drive.no_logs = cfg->no_logs;
        h->port[i].drive.no_trim = cfg->no_trim;
    }
    hw_card_init(&h->card, &ops, &id);
    hw_card_range(&h->card, RANGE, RANGE_BYTES, false);
    hw_card_msix(
        &h->card, &(struct hw_msix){
                      .messages = cfg->messages ? 1 : 0, .bar = RANGE, .table = MSIX_TABLE, .pending = MSIX_PENDING});
    return &h->card;
}

/* Hot plug. */
void hw_ahci_plug(struct hw_card *c, unsigned port, struct disk *disk)
{
    struct ahci      *h = ahci_of(c);
    struct ahci_port *p = &h->port[port];

    mach_lock(&c->engine);
    hw_card_lock(c);
    link_down(p);
    p->drive.disk = disk;
    p->error |= AHCI_SERR_PHY;
    ahci_interrupt_locked(h, p, AHCI_IS_PHY);
    if (disk)
        ata_reset(&p->drive);
    link_up(h, p);
    hw_card_unlock(c);
    mach_unlock(&c->engine);
}
