/* SPDX-License-Identifier: MIT */
/* An AHCI adapter with an ATA disk, by their standards: the test plays the driver against the registers. */
#include "hw/port.h"

enum { BAR = 5, GHC = 0x04, IS = 0x08, P = 0x100, BLOCK = 512, SLOTS = 32 };
enum { CLB = 0x00, FB = 0x08, PIS = 0x10, PIE = 0x14, CMD = 0x18, TFD = 0x20, SIG = 0x24, SSTS = 0x28, SCTL = 0x2c };
enum { SERR = 0x30, SACT = 0x34, CI = 0x38 };
enum {
    READ_DMA = 0x25,
    WRITE_DMA = 0x35,
    READ_LOG = 0x2f,
    READ_Q = 0x60,
    WRITE_Q = 0x61,
    IDENTIFY = 0xec,
    FLUSH = 0xea
};
enum { DSM = 0x06, SMART = 0xb0, SET_FEATURES = 0xef };

struct header {
    uint16_t flags, elements;
    uint32_t moved;
    uint64_t table, reserved[2];
};

struct element {
    uint64_t address;
    uint32_t reserved, count;
};

struct table {
    uint8_t        fis[64], packet[64];
    struct element element[16];
};

static struct driver {
    struct hw_card *card;
    struct header  *list;
    uint8_t        *fis;
    struct table   *table[SLOTS];
    uint32_t        seen, error; /* causes of PxIS since begin(); atomic */
    unsigned        interrupts;
    KEVENT          event;
    KDPC            dpc;
} d;

static uint8_t data[5 * HW_PAGE_BYTES], back[sizeof data];

static uint32_t rd(unsigned reg)
{
    return port_read(BAR, reg, 4);
}

static void wr(unsigned reg, uint32_t value)
{
    port_write(BAR, reg, value, 4);
}

static BOOLEAN isr(PKINTERRUPT k, PVOID context)
{
    (void)k;
    (void)context;
    if (!rd(IS))
        return FALSE;
    uint32_t causes = rd(P + PIS);

    d.interrupts++;
    wr(P + PIS, causes);
    wr(P + SERR, UINT32_MAX);
    wr(IS, UINT32_MAX);
    __atomic_or_fetch(&d.seen, causes, __ATOMIC_RELEASE);
    KeInsertQueueDpc(&d.dpc, NULL, NULL);
    return TRUE;
}

static void dpc(PKDPC k, PVOID context, PVOID a1, PVOID a2)
{
    (void)k;
    (void)context;
    (void)a1;
    (void)a2;
    KeSetEvent(&d.event, 0, FALSE);
}

static void wait_clear(unsigned reg, uint32_t bits)
{
    while (rd(reg) & bits)
        sleep_ms(1);
}

static void stop_port(void)
{
    wr(P + CMD, rd(P + CMD) & ~1u);
    wait_clear(P + CMD, 1u << 15);
    dt_expect_eq(rd(P + CI) | rd(P + SACT), 0);
}

static void start_port(void)
{
    wr(P + CMD, rd(P + CMD) | 1u << 4);
    wait_clear(P + TFD, 0x88);
    dt_expect_eq(rd(P + SIG), 0x101);
    while (*(volatile uint8_t *)&d.fis[0x40] != 0x34) /* the drive's signature */
        sleep_ms(1);
    wr(P + CMD, rd(P + CMD) | 1);
    dt_expect_eq(rd(P + CMD) & (1u << 14 | 1u << 15), 1u << 14 | 1u << 15);
}

static void start(struct disk *disk, unsigned messages, bool shuffled)
{
    d = (struct driver){.card = hw_ahci_create(&(struct hw_disk_config){.disk = disk, .messages = messages})};
    KeInitializeEvent(&d.event, SynchronizationEvent, FALSE);
    KeInitializeDpc(&d.dpc, dpc, NULL);
    port_plug(d.card, messages, shuffled, isr, NULL);
    dt_expect_eq(port_config(8, 4) >> 8, 0x010601);
    wr(GHC, 1);
    wait_clear(GHC, 1);
    dt_expect_eq(rd(GHC), 0x80000000u);
    dt_expect_eq(rd(0x0c), 1);
    d.list = port_alloc(SLOTS * sizeof *d.list);
    d.fis = port_alloc(256);
    for (unsigned i = 0; i < SLOTS; i++) {
        d.table[i] = port_alloc(sizeof *d.table[i]);
        d.list[i].table = port_address(d.table[i]);
    }
    wr(P + CLB, (uint32_t)port_address(d.list));
    wr(P + CLB + 4, (uint32_t)(port_address(d.list) >> 32));
    wr(P + FB, (uint32_t)port_address(d.fis));
    wr(P + FB + 4, (uint32_t)(port_address(d.fis) >> 32));
    dt_expect_eq(rd(P + SSTS), 0x133);
    start_port();
    wr(P + SERR, UINT32_MAX);
    wr(P + PIS, UINT32_MAX);
    wr(IS, UINT32_MAX);
    wr(P + PIE, 0x7dc000ff);
    wr(GHC, 2);
}

static void prepare(
    unsigned slot, uint8_t command, uint64_t lba, unsigned count, uint16_t features, void *p, size_t bytes)
{
    struct table *t = d.table[slot];
    uint8_t      *f = t->fis, *b = p;
    bool          queued = command == READ_Q || command == WRITE_Q;
    unsigned      n = 0, sectors = queued ? slot << 3 : count;
    uint64_t      run;

    features = queued ? (uint16_t)count : features;
    memset(f, 0, 20);
    f[0] = 0x27;
    f[1] = 0x80;
    f[2] = command;
    f[3] = (uint8_t)features;
    f[11] = (uint8_t)(features >> 8);
    f[7] = 0x40;
    for (unsigned i = 0; i < 3; i++) {
        f[4 + i] = (uint8_t)(lba >> i * 8);
        f[8 + i] = (uint8_t)(lba >> (24 + i * 8));
    }
    f[12] = (uint8_t)sectors;
    f[13] = (uint8_t)(sectors >> 8);
    for (; bytes; b += run, bytes -= run, n++) {
        t->element[n].address = port.memory->address(port.memory, b, &run);
        run = run < bytes ? run : bytes;
        t->element[n].count = (uint32_t)run - 1;
    }
    d.list[slot].flags = 5;
    d.list[slot].elements = (uint16_t)n;
    d.list[slot].moved = 0;
}

static void issue(uint32_t slots, bool queued)
{
    __atomic_store_n(&d.seen, 0, __ATOMIC_RELEASE);
    if (queued)
        wr(P + SACT, slots);
    wr(P + CI, slots);
}

static uint32_t causes(void)
{
    return __atomic_load_n(&d.seen, __ATOMIC_ACQUIRE);
}

/* 0, or the task file's status and error. */
static uint32_t finish(void)
{
    while ((rd(P + CI) | rd(P + SACT)) && !(causes() & 1u << 30))
        wait_for(&d.event);
    while (!causes())
        wait_for(&d.event);
    return causes() & 1u << 30 ? rd(P + TFD) : 0;
}

static uint32_t run(uint8_t command, uint64_t lba, unsigned count, uint16_t features, void *p, size_t bytes)
{
    prepare(0, command, lba, count, features, p, bytes);
    issue(1, false);
    return finish();
}

static uint16_t word(const uint8_t *p, unsigned n)
{
    return (uint16_t)(p[n * 2] | p[n * 2 + 1] << 8);
}

static void identify(void)
{
    uint8_t *id = port_alloc(512), sum = 0;

    dt_expect_eq(run(IDENTIFY, 0, 0, 0, id, 512), 0);
    while (!(causes() & 2)) /* PIO setup; its interrupt may come after the one that ended the wait */
        wait_for(&d.event);
    for (unsigned i = 0; i < 512; i++)
        sum = (uint8_t)(sum + id[i]);
    dt_expect_eq(sum, 0);
    dt_expect_eq(word(id, 100), 2048);
    dt_expect(word(id, 83) & 0x400);
    dt_expect(word(id, 76) & 0x100);
    dt_expect(memcmp(id + 54, "uDtemi eTA Aidks", 16) == 0);
    dt_expect_eq(d.list[0].moved, 512);
}

static void exercise(void)
{
    uint64_t *range = port_alloc(512);

    identify();
    fill(data, sizeof data, 5);
    memset(back, 0, sizeof back);
    dt_expect_eq(run(WRITE_DMA, 100, sizeof data / BLOCK, 0, data, sizeof data), 0);
    dt_expect_eq(run(READ_DMA, 100, sizeof back / BLOCK, 0, back, sizeof back), 0);
    dt_expect(causes() & 1);
    dt_expect_eq(*(volatile uint32_t *)&d.list[0].moved, sizeof back);
    dt_expect(filled(back, sizeof back, 5));
    dt_expect_eq(run(FLUSH, 0, 0, 0, NULL, 0), 0);
    range[0] = 100 | 1ull << 48;
    dt_expect_eq(run(DSM, 0, 1, 1, range, 512), 0);
    dt_expect_eq(run(READ_DMA, 100, 2, 0, back, 1024), 0);
    dt_expect(back[0] == 0 && back[511] == 0 && back[512] == data[512]);
    dt_expect_eq(run(SMART, 0xc24f00, 0, 0xda, NULL, 0), 0);
    dt_expect_eq(d.fis[0x45] | d.fis[0x46] << 8, 0xc24f);
    dt_expect_eq(run(SET_FEATURES, 0, 0, 0x82, NULL, 0), 0);
    dt_expect_eq(run(READ_DMA, 1 << 20, 1, 0, back, 512), 0x1051); /* ID not found */
    uint32_t errors = __atomic_load_n(&d.interrupts, __ATOMIC_ACQUIRE);

    sleep_ms(5);
    dt_expect_eq(__atomic_load_n(&d.interrupts, __ATOMIC_ACQUIRE), errors); /* it has stopped at it */
    stop_port();
    start_port();
    dt_expect_eq(run(0x99, 0, 0, 0, NULL, 0), 0x0451); /* aborted */
    stop_port();
    start_port();
    identify();
}

static void line_body(void *ctx)
{
    (void)ctx;
    start(blk_ram(1 << 20, BLOCK), 0, true);
    exercise();
    port_unplug(d.card);
}

static void message_body(void *ctx)
{
    (void)ctx;
    start(blk_ram(1 << 20, BLOCK), 1, false);
    exercise();
    port_unplug(d.card);
}

static void line(void **state)
{
    (void)state;
    passes(line_body);
}

static void message(void **state)
{
    (void)state;
    passes(message_body);
}

/* Queued commands: 32 under way, each reads what its twin wrote. */
static void queued_body(void *ctx)
{
    (void)ctx;
    start(blk_ram(1 << 20, BLOCK), 1, true);
    fill(data, SLOTS * BLOCK, 77);
    for (unsigned i = 0; i < SLOTS; i++)
        prepare(i, WRITE_Q, i * 3, 1, 0, data + i * BLOCK, BLOCK);
    issue(UINT32_MAX, true);
    dt_expect_eq(finish(), 0);
    for (unsigned i = 0; i < SLOTS; i++)
        prepare(i, READ_Q, i * 3, 1, 0, back + i * BLOCK, BLOCK);
    issue(UINT32_MAX, true);
    dt_expect_eq(finish(), 0);
    dt_expect(filled(back, SLOTS * BLOCK, 77));
    dt_expect(causes() & 8);
    port_unplug(d.card);
}

static void queued(void **state)
{
    (void)state;
    passes(queued_body);
}

/* A queued command fails: the drive stops, and its log tells which it was. */
static void queued_error_body(void *ctx)
{
    uint8_t *log;

    (void)ctx;
    start(blk_faulty(blk_ram(1 << 20, BLOCK), &(struct blk_faults){.error_ppm = 1000000, .count = 1}), 0, false);
    log = port_alloc(512);
    for (unsigned i = 4; i < 7; i++)
        prepare(i, READ_Q, i, 1, 0, back, BLOCK);
    issue(0x70, true);
    dt_expect_eq(finish(), 0x4041);
    dt_expect(rd(P + SACT) >> 4 & 1);
    stop_port();
    start_port();
    dt_expect_eq(run(READ_LOG, 0x10, 1, 0, log, 512), 0);
    dt_expect_eq(log[0], 4);
    dt_expect_eq(log[3], 0x40);
    for (unsigned i = 4; i < 7; i++)
        prepare(i, READ_Q, i, 1, 0, back, BLOCK);
    issue(0x70, true);
    dt_expect_eq(finish(), 0);
    port_unplug(d.card);
}

static void queued_error(void **state)
{
    (void)state;
    passes(queued_error_body);
}

/* A command that is never answered: the link is reset, and the next one is. */
static void lost_body(void *ctx)
{
    (void)ctx;
    start(blk_faulty(blk_ram(1 << 20, BLOCK), &(struct blk_faults){.lost_ppm = 1000000, .count = 1}), 0, false);
    prepare(0, READ_DMA, 0, 1, 0, back, BLOCK);
    issue(1, false);
    sleep_ms(20);
    dt_expect_eq(rd(P + CI), 1);
    dt_expect_eq(rd(P + TFD) & 0x80, 0x80);
    stop_port();
    wr(P + CMD, rd(P + CMD) & ~(1u << 4));
    wr(P + SCTL, 0x301);
    sleep_ms(1);
    dt_expect_eq(rd(P + SSTS), 0);
    wr(P + SCTL, 0x300);
    dt_expect_eq(rd(P + SSTS) & 0xf, 3);
    start_port();
    identify();
    port_unplug(d.card);
}

static void lost(void **state)
{
    (void)state;
    passes(lost_body);
}

/* Software reset; power states of the link; the drive is pulled out and another one is put in. */
static void link_body(void *ctx)
{
    (void)ctx;
    start(blk_ram(1 << 20, BLOCK), 0, false);
    wr(P + CMD, rd(P + CMD) | 6u << 28);
    dt_expect_eq(rd(P + SSTS), 0x633);
    identify();
    dt_expect_eq(rd(P + SSTS), 0x133); /* a command wakes it */
    for (unsigned i = 0; i < 2; i++) {
        prepare(0, 0, 0, 0, 0, NULL, 0);
        d.table[0]->fis[1] = 0;
        d.table[0]->fis[15] = i ? 0 : 4;
        issue(1, false);
        wait_clear(P + CI, 1);
    }
    wait_clear(P + TFD, 0x80);
    dt_expect_eq(rd(P + SIG), 0x101);
    hw_ahci_plug(d.card, 0, NULL);
    while (!(causes() & 1u << 22))
        sleep_ms(1);
    dt_expect_eq(rd(P + SSTS), 0);
    stop_port();
    hw_ahci_plug(d.card, 0, blk_ram(1 << 20, BLOCK));
    while (!(causes() & 1u << 6))
        sleep_ms(1);
    start_port();
    identify();
    port_unplug(d.card);
}

static void link_states(void **state)
{
    (void)state;
    passes(link_body);
}

static bool both_at_once, one_by_one;

static void explored_body(void *ctx)
{
    (void)ctx;
    start(blk_ram(1 << 20, BLOCK), 0, false);
    d.interrupts = 0;
    prepare(0, READ_Q, 0, 1, 0, back, BLOCK);
    prepare(1, READ_Q, 1, 1, 0, back + BLOCK, BLOCK);
    issue(3, true);
    dt_expect_eq(finish(), 0);
    *(d.interrupts == 1 ? &both_at_once : &one_by_one) = true;
    port_unplug(d.card);
}

static void explored(void **state)
{
    (void)state;
    reached(explored_body, 1, &both_at_once);
    reached(explored_body, 1, &one_by_one);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(line),
        cmocka_unit_test(message),
        cmocka_unit_test(queued),
        cmocka_unit_test(queued_error),
        cmocka_unit_test(lost),
        cmocka_unit_test(link_states),
        cmocka_unit_test(explored),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
