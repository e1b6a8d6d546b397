/* SPDX-License-Identifier: MIT */
/* A virtio block device, by the standard: the test plays the driver, from the capabilities to the rings. */
#include "hw/port.h"

enum { QUEUES = 2, SIZE = 16, SECTOR = 512 };
enum { T_IN = 0, T_OUT = 1, T_FLUSH = 4, T_GET_ID = 8, T_DISCARD = 11, T_WRITE_ZEROES = 13 };
enum { NEXT = 1, WRITE = 2, INDIRECT = 4 };
enum { F_FLUSH = 9, F_MQ = 12, F_INDIRECT = 28, F_EVENT_IDX = 29 };

struct desc {
    uint64_t address;
    uint32_t bytes;
    uint16_t flags, next;
};

struct ring {
    struct desc desc[SIZE];
    uint16_t    avail_flags, avail_index, avail[SIZE], used_event;
    uint8_t     pad[26];
    uint16_t    used_flags, used_index;
    struct {
        uint32_t id, bytes;
    } used[SIZE];
    uint16_t avail_event;
};

struct header {
    uint32_t type, reserved;
    uint64_t sector;
};

static struct driver {
    struct hw_card *card;
    unsigned        common, isr, config, notify, notify_step;
    struct ring    *ring[QUEUES];
    struct header  *header[QUEUES];
    uint8_t        *status[QUEUES];
    struct desc    *table;
    uint16_t        seen[QUEUES];
    unsigned        interrupts, done, config_interrupts;
    uint32_t        bytes;
    uint16_t        order[64];
    bool            messages, event_idx, indirect;
    KEVENT          event;
    KDPC            dpc;
} d;

static uint8_t data[3 * HW_PAGE_BYTES], back[sizeof data];

/* ---- interrupts ---- */

static void look(unsigned q)
{
    struct ring *r = d.ring[q];

    while (r && d.seen[q] != __atomic_load_n(&r->used_index, __ATOMIC_ACQUIRE)) {
        d.order[d.done % 64] = (uint16_t)r->used[d.seen[q] % SIZE].id;
        d.bytes = r->used[d.seen[q]++ % SIZE].bytes;
        __atomic_store_n(&d.done, d.done + 1, __ATOMIC_RELEASE);
        __atomic_store_n(&r->used_event, d.seen[q], __ATOMIC_SEQ_CST);
    }
}

static BOOLEAN isr(PKINTERRUPT k, PVOID context)
{
    uint32_t cause = d.messages ? 1 : port_read(0, d.isr, 1);

    (void)k;
    (void)context;
    if (!cause)
        return FALSE;
    d.interrupts++;
    __atomic_add_fetch(&d.config_interrupts, cause >> 1 & 1, __ATOMIC_RELEASE);
    for (unsigned q = 0; q < QUEUES; q++)
        look(q);
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

/* ---- setting up ---- */

static void capabilities(void)
{
    for (unsigned at = port_config(0x34, 1); at; at = port_config(at + 1, 1)) {
        unsigned type = port_config(at + 3, 1);

        if (port_config(at, 1) != 9)
            continue;
        dt_expect_eq(port_config(at + 4, 1), 0); /* all in range 0 */
        *(type == 1 ? &d.common : type == 2 ? &d.notify : type == 3 ? &d.isr : &d.config) = port_config(at + 8, 4);
        if (type == 2)
            d.notify_step = port_config(at + 16, 4);
    }
    dt_expect_eq(port_config(0, 4), 0x10421af4);
}

static uint64_t features(void)
{
    port_write(0, d.common, 0, 4);
    uint64_t f = port_read(0, d.common + 4, 4);

    port_write(0, d.common, 1, 4);
    return f | (uint64_t)port_read(0, d.common + 4, 4) << 32;
}

static void set_address(unsigned at, const void *p)
{
    port_write(0, d.common + at, (uint32_t)port_address(p), 4);
    port_write(0, d.common + at + 4, port_address(p) >> 32, 4);
}

static void queue(unsigned q)
{
    d.ring[q] = port_alloc(sizeof *d.ring[q]);
    d.header[q] = port_alloc(SIZE * sizeof *d.header[q]);
    d.status[q] = port_alloc(SIZE);
    d.seen[q] = 0;
    port_write(0, d.common + 0x16, q, 2);
    port_write(0, d.common + 0x18, SIZE, 2);
    dt_expect_eq(port_read(0, d.common + 0x18, 2), SIZE);
    set_address(0x20, d.ring[q]->desc);
    set_address(0x28, &d.ring[q]->avail_flags);
    set_address(0x30, &d.ring[q]->used_flags);
    if (d.messages) {
        port_write(0, d.common + 0x1a, q + 1, 2);
        dt_expect_eq(port_read(0, d.common + 0x1a, 2), q + 1);
        port_write(0, d.common + 0x1a, 77, 2);
        dt_expect_eq(port_read(0, d.common + 0x1a, 2), 0xffff); /* there is none such */
        port_write(0, d.common + 0x1a, q + 1, 2);
    }
    port_write(0, d.common + 0x1c, 1, 2);
}

static void negotiate(void)
{
    uint64_t f = features();

    dt_expect(f >> 32 & 1 && f >> F_FLUSH & 1 && f >> F_MQ & 1);
    f &= ~(d.event_idx ? 0 : 1ull << F_EVENT_IDX) & ~(d.indirect ? 0 : 1ull << F_INDIRECT);
    port_write(0, d.common + 0x14, 3, 1);
    for (unsigned i = 0; i < 2; i++) {
        port_write(0, d.common + 8, i, 4);
        port_write(0, d.common + 0xc, f >> 32 * i, 4);
    }
    port_write(0, d.common + 0x14, 11, 1);
    dt_expect_eq(port_read(0, d.common + 0x14, 1), 11); /* features accepted */
    for (unsigned q = 0; q < QUEUES; q++)
        queue(q);
    port_write(0, d.common + 0x14, 15, 1);
}

static void start(struct disk *disk, unsigned messages, bool event_idx, bool indirect, bool shuffled)
{
    struct hw_disk_config cfg = {.disk = disk, .messages = messages, .queues = QUEUES};

    d = (struct driver){.messages = messages != 0, .event_idx = event_idx, .indirect = indirect};
    KeInitializeEvent(&d.event, SynchronizationEvent, FALSE);
    KeInitializeDpc(&d.dpc, dpc, NULL);
    d.card = hw_virtio_blk_create(&cfg);
    port_plug(d.card, messages, shuffled, isr, NULL);
    d.table = port_alloc(SIZE * sizeof *d.table);
    capabilities();
    dt_expect_eq(port_read(0, d.common + 0x12, 2), QUEUES);
    dt_expect_eq(port_read(0, d.config, 4), disk->bytes / SECTOR);
    dt_expect_eq(port_read(0, d.config + 34, 2), QUEUES);
    port_write(0, d.common + 0x14, 0, 1);
    while (port_read(0, d.common + 0x14, 1))
        sleep_ms(1);
    negotiate();
}

/* ---- requests ---- */

static unsigned put(struct desc *t, unsigned n, const void *p, size_t bytes, uint16_t flags)
{
    const uint8_t *b = p;

    for (uint64_t run; bytes; b += run, bytes -= run) {
        t[n].address = port.memory->address(port.memory, b, &run);
        run = run < bytes ? run : bytes;
        t[n].bytes = (uint32_t)run;
        t[n].flags = flags | NEXT;
        t[n].next = (uint16_t)(n + 1);
        n++;
    }
    return n;
}

/* first: where in the table the chain begins; each request of a test its own. */
static void request(unsigned q, unsigned first, uint32_t type, uint64_t sector, void *p, size_t bytes)
{
    struct ring *r = d.ring[q];
    struct desc *t = d.indirect ? d.table : r->desc + first;
    unsigned     base = d.indirect ? 0 : first, n = 0;

    d.header[q][first] = (struct header){.type = type, .sector = sector};
    d.status[q][first] = 0xee;
    n = put(t, n, &d.header[q][first], sizeof(struct header), 0);
    n = put(t, n, p, bytes, type == T_IN || type == T_GET_ID ? WRITE : 0);
    n = put(t, n, &d.status[q][first], 1, WRITE);
    t[n - 1].flags &= (uint16_t)~NEXT;
    for (unsigned i = 0; i < n; i++)
        t[i].next = (uint16_t)(t[i].next + base);
    if (d.indirect)
        r->desc[first] = (struct desc){port_address(t), n * (uint32_t)sizeof *t, INDIRECT, 0};
    r->avail[r->avail_index % SIZE] = (uint16_t)first;
    __atomic_store_n(&r->avail_index, (uint16_t)(r->avail_index + 1), __ATOMIC_SEQ_CST);
}

static void kick(unsigned q)
{
    port_write(0, d.notify + q * d.notify_step, q, 2);
}

static unsigned done(void)
{
    KIRQL    old;
    unsigned n;

    KeRaiseIrql(PORT_DIRQL, &old);
    n = __atomic_load_n(&d.done, __ATOMIC_ACQUIRE);
    KeLowerIrql(old);
    return n;
}

static uint8_t run(unsigned q, uint32_t type, uint64_t sector, void *p, size_t bytes)
{
    unsigned before = done();

    request(q, 0, type, sector, p, bytes);
    kick(q);
    while (done() == before)
        wait_for(&d.event);
    dt_expect_eq(done(), before + 1);
    return *(volatile uint8_t *)&d.status[q][0];
}

static void exercise(void)
{
    struct {
        uint64_t sector;
        uint32_t sectors, flags;
    } *ranges = port_alloc(sizeof *ranges);
    char id[20];

    fill(data, sizeof data, 9);
    memset(back, 0, sizeof back);
    dt_expect_eq(run(0, T_OUT, 7, data, sizeof data), 0);
    dt_expect_eq(run(1, T_IN, 7, back, sizeof back), 0);
    dt_expect_eq(d.bytes, sizeof back + 1);
    dt_expect(filled(back, sizeof back, 9));
    dt_expect_eq(run(1, T_FLUSH, 0, NULL, 0), 0);
    dt_expect_eq(run(0, T_GET_ID, 0, id, sizeof id), 0);
    dt_expect(memcmp(id, "DT0000", 6) == 0);
    ranges->sector = 8;
    ranges->sectors = 1;
    dt_expect_eq(run(0, T_DISCARD, 0, ranges, sizeof *ranges), 0);
    ranges->sector = 10;
    dt_expect_eq(run(1, T_WRITE_ZEROES, 0, ranges, sizeof *ranges), 0);
    dt_expect_eq(run(0, T_IN, 7, back, sizeof back), 0);
    dt_expect(back[0] == data[0] && back[SECTOR] == 0 && back[2 * SECTOR] == data[2 * SECTOR] && back[3 * SECTOR] == 0);
    dt_expect_eq(run(0, T_IN, 1 << 20, back, SECTOR), 1);
    dt_expect_eq(run(0, 99, 0, NULL, 0), 2);
}

static void messages_body(void *ctx)
{
    (void)ctx;
    start(blk_ram(1 << 20, SECTOR), QUEUES + 1, false, false, false);
    exercise();
    port_unplug(d.card);
    start(blk_ram(1 << 20, SECTOR), QUEUES + 1, true, true, true);
    exercise();
    port_unplug(d.card);
}

static void messages(void **state)
{
    (void)state;
    passes(messages_body);
}

static void line_body(void *ctx)
{
    (void)ctx;
    start(blk_ram(1 << 20, SECTOR), 0, true, false, false);
    exercise();
    port_unplug(d.card);
}

static void line(void **state)
{
    (void)state;
    passes(line_body);
}

/* With EVENT_IDX the driver hears once of four answers if it asks for the last of them. */
static void event_index_body(void *ctx)
{
    (void)ctx;
    start(blk_ram(1 << 20, SECTOR), QUEUES + 1, true, false, false);
    struct ring *r = d.ring[0];

    r->used_event = 3;
    for (unsigned i = 0; i < 4; i++)
        request(0, i * 4, T_IN, i, back + i * SECTOR, SECTOR);
    kick(0);
    while (done() < 4)
        wait_for(&d.event);
    dt_expect_eq(d.interrupts, 1);
    sleep_ms(2);
    for (unsigned i = 0; i < 1000 && __atomic_load_n(&r->avail_event, __ATOMIC_ACQUIRE) != 4; i++)
        sleep_ms(1);
    dt_expect_eq(
        __atomic_load_n(&r->avail_event, __ATOMIC_ACQUIRE), 4); /* it has taken four and wants to hear of the next */
    port_unplug(d.card);
}

static void event_index(void **state)
{
    (void)state;
    passes(event_index_body);
}

/* A reset forgets what is in flight; then everything works again. */
static void reset_body(void *ctx)
{
    struct blk_faults faults = {.lost_ppm = 1000000, .count = 2};

    (void)ctx;
    start(blk_faulty(blk_ram(1 << 20, SECTOR), &faults), QUEUES + 1, true, false, false);
    request(0, 0, T_IN, 0, back, SECTOR);
    request(0, 4, T_IN, 0, back, SECTOR);
    kick(0);
    sleep_ms(10);
    dt_expect_eq(done(), 0);
    port_write(0, d.common + 0x14, 0, 1);
    while (port_read(0, d.common + 0x14, 1))
        sleep_ms(1);
    d.ring[0] = d.ring[1] = NULL;
    negotiate();
    exercise();
    port_unplug(d.card);
}

static void resets(void **state)
{
    (void)state;
    passes(reset_body);
}

/* A chain that makes no sense: the device says that it needs a reset, and does nothing. */
static void nonsense_body(void *ctx)
{
    (void)ctx;
    start(blk_ram(1 << 20, SECTOR), 0, false, false, false);
    request(0, 0, T_IN, 0, back, SECTOR);
    d.ring[0]->desc[2].flags |= NEXT;
    d.ring[0]->desc[2].next = 0; /* a circle */
    kick(0);
    while (!(port_read(0, d.common + 0x14, 1) & 0x40))
        sleep_ms(1);
    while (!__atomic_load_n(&d.config_interrupts, __ATOMIC_ACQUIRE))
        sleep_ms(1);
    dt_expect_eq(__atomic_load_n(&d.config_interrupts, __ATOMIC_ACQUIRE), 1);
    dt_expect_eq(done(), 0);
    port_unplug(d.card);
}

static void nonsense(void **state)
{
    (void)state;
    passes(nonsense_body);
}

static bool swapped;

static void explored_body(void *ctx)
{
    (void)ctx;
    start(blk_ram(1 << 20, SECTOR), QUEUES + 1, false, false, false);
    request(0, 0, T_IN, 0, back, SECTOR);
    request(1, 4, T_IN, 0, back, SECTOR);
    kick(0);
    kick(1);
    while (done() < 2)
        wait_for(&d.event);
    swapped |= d.order[0] == 4;
    port_unplug(d.card);
}

static void explored(void **state)
{
    (void)state;
    reached(explored_body, 1, &swapped);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages),
        cmocka_unit_test(line),
        cmocka_unit_test(event_index),
        cmocka_unit_test(resets),
        cmocka_unit_test(nonsense),
        cmocka_unit_test(explored),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
