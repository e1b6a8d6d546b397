/* SPDX-License-Identifier: MIT */
/* Our own card, by its data sheet: the test plays the driver against the registers. */
#include "hw/port.h"

enum { ORDER = 3, ENTRIES = 1 << ORDER, BLOCK = 512 };
enum { CONTROL = 0x0c, STATUS = 0x10, INTERRUPT = 0x14, TAIL = 0x40, ANSWER_HEAD = 0x48 };
enum { READ = 1, WRITE = 2, FLUSH = 3, TRIM = 4 };

struct request {
    uint8_t  op, reserved;
    uint16_t tag;
    uint32_t blocks;
    uint64_t lba, elements;
    uint32_t count;
    uint8_t  padding[36];
};

struct answer {
    uint16_t tag;
    uint8_t  status, phase;
    uint32_t bytes;
    uint64_t reserved;
};

struct element {
    uint64_t address;
    uint32_t bytes, reserved;
};

static struct driver {
    struct hw_card *card;
    struct disk    *disk;
    struct request *requests;
    struct answer  *answers;
    struct element *elements[ENTRIES];
    uint32_t        tail, head;
    uint8_t         phase;
    unsigned        interrupts, answered;
    uint16_t        order[64];
    uint8_t         status[64];
    uint32_t        bytes[64];
    KEVENT          event;
    KDPC            dpc;
    bool            messages;
} d;

static uint8_t data[4 * HW_PAGE_BYTES + 512], back[sizeof data];

static void take_answers(void)
{
    for (;;) {
        uint64_t      word = __atomic_load_n((const uint64_t *)&d.answers[d.head % ENTRIES], __ATOMIC_ACQUIRE);
        struct answer a;

        memcpy(&a, &word, sizeof word);
        if (a.phase != d.phase)
            break;
        d.order[d.answered % 64] = a.tag;
        d.status[a.tag] = a.status;
        d.bytes[a.tag] = a.bytes;
        __atomic_store_n(&d.answered, d.answered + 1, __ATOMIC_RELEASE);
        if (++d.head % ENTRIES == 0)
            d.phase ^= 1;
    }
    port_write(0, ANSWER_HEAD, d.head, 4);
}

static BOOLEAN isr(PKINTERRUPT k, PVOID context)
{
    (void)k;
    (void)context;
    d.interrupts++;
    if (!d.messages && !port_read(0, INTERRUPT, 4))
        return FALSE;
    port_write(0, INTERRUPT, 1, 4);
    take_answers();
    KeInsertQueueDpc(&d.dpc, NULL, NULL);
    if (!d.messages)
        port_line_check();
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

static void start(struct disk *disk, unsigned messages, bool shuffled)
{
    d = (struct driver){.disk = disk, .phase = 1, .messages = messages != 0};
    KeInitializeEvent(&d.event, SynchronizationEvent, FALSE);
    KeInitializeDpc(&d.dpc, dpc, NULL);
    d.card = hw_hba_create(&(struct hw_disk_config){.disk = disk, .messages = messages});
    port_plug(d.card, messages, shuffled, isr, NULL);
    d.requests = port_alloc(ENTRIES * sizeof *d.requests);
    d.answers = port_alloc(ENTRIES * sizeof *d.answers);
    for (unsigned i = 0; i < ENTRIES; i++)
        d.elements[i] = port_alloc(64 * sizeof *d.elements[i]);
    port_write(0, 0x20, (uint32_t)port_address(d.requests), 4);
    port_write(0, 0x24, port_address(d.requests) >> 32, 4);
    port_write(0, 0x28, ORDER, 4);
    port_write(0, 0x30, (uint32_t)port_address(d.answers), 4);
    port_write(0, 0x34, port_address(d.answers) >> 32, 4);
    port_write(0, 0x38, ORDER, 4);
    port_write(0, CONTROL, 5, 4);
    dt_expect_eq(port_read(0, STATUS, 4), 1);
}

static unsigned list(struct element *e, const uint8_t *p, size_t bytes)
{
    unsigned n = 0;

    for (uint64_t run; bytes; p += run, bytes -= run) {
        e[n].address = port.memory->address(port.memory, p, &run);
        run = run < bytes ? run : bytes;
        e[n++].bytes = (uint32_t)run;
    }
    return n;
}

static void put(uint8_t op, uint16_t tag, uint64_t lba, void *p, uint32_t blocks)
{
    struct request  r = {.op = op, .tag = tag, .blocks = blocks, .lba = lba};
    struct element *e = d.elements[d.tail % ENTRIES];

    r.count = p ? list(e, p, (size_t)blocks * BLOCK) : 0;
    r.elements = port_address(e);
    d.requests[d.tail++ % ENTRIES] = r;
}

static void ring(void)
{
    port_write(0, TAIL, d.tail, 4);
}

static unsigned answered(void)
{
    KIRQL    old = 0;
    unsigned n;

    KeRaiseIrql(PORT_DIRQL, &old);
    n = __atomic_load_n(&d.answered, __ATOMIC_ACQUIRE);
    KeLowerIrql(old);
    return n;
}

static void wait_answers(unsigned n)
{
    while (answered() < n)
        wait_for(&d.event);
}

static void round_trip(unsigned messages, bool shuffled)
{
    start(blk_ram(1 << 20, BLOCK), messages, shuffled);
    fill(data, sizeof data, 3);
    memset(back, 0, sizeof back);
    put(WRITE, 0, 5, data, sizeof data / BLOCK);
    ring();
    wait_answers(1);
    put(READ, 1, 5, back, sizeof back / BLOCK);
    ring();
    wait_answers(2);
    dt_expect(filled(back, sizeof back, 3));
    dt_expect_eq(d.status[0] | d.status[1], 0);
    dt_expect_eq(d.bytes[1], sizeof back);
    dt_expect(d.requests[0].count == 1 || shuffled);
    put(TRIM, 2, 5, NULL, 8);
    put(FLUSH, 3, 0, NULL, 0);
    put(READ, 4, 4, back, 4);
    put(READ, 5, 2047, back, 2);
    ring();
    wait_answers(6);
    dt_expect_eq(d.status[2] | d.status[3] | d.status[4], 0);
    dt_expect_eq(d.status[5], 2); /* beyond the end */
    port_unplug(d.card);
}

static void messages_body(void *ctx)
{
    (void)ctx;
    round_trip(2, false);
}

static void line_body(void *ctx)
{
    (void)ctx;
    round_trip(0, true);
}

static void messages(void **state)
{
    (void)state;
    passes(messages_body);
}

/* STL-090: a level asks until its cause is gone. */
static void line(void **state)
{
    (void)state;
    passes(line_body);
}

/* STL-104: what is raised while the entry is masked comes once, after it was opened. */
static void masked_body(void *ctx)
{
    (void)ctx;
    start(blk_ram(1 << 20, BLOCK), 1, false);
    port.device->ops->mask(port.device, 0, true);
    put(FLUSH, 0, 0, NULL, 0);
    put(FLUSH, 1, 0, NULL, 0);
    ring();
    sleep_ms(5);
    while (port_read(0, INTERRUPT, 4) == 0)
        sleep_ms(1);
    dt_expect_eq(answered(), 0);
    dt_expect_eq(__atomic_load_n(&port.raised, __ATOMIC_ACQUIRE), 0);
    port.device->ops->mask(port.device, 0, false);
    wait_answers(1);
    while (answered() < 2)
        wait_for(&d.event);
    dt_expect(__atomic_load_n(&port.raised, __ATOMIC_ACQUIRE) <= 2);
    port_unplug(d.card);
}

static void masked(void **state)
{
    (void)state;
    passes(masked_body);
}

/* An error is an answer; a lost command is none; a late one comes when it is due, after younger ones. */
static void faults_body(void *ctx)
{
    (void)ctx;
    start(blk_faulty(blk_ram(1 << 20, BLOCK), &(struct blk_faults){.error_ppm = 1000000, .count = 1}), 1, false);
    put(READ, 0, 0, back, 1);
    put(READ, 1, 0, back, 1);
    ring();
    wait_answers(2);
    dt_expect_eq(d.status[0], 3);
    dt_expect_eq(d.status[1], 0);
    dt_expect_eq(blk_faults_made(d.disk), 1);
    port_unplug(d.card);
    start(blk_faulty(blk_ram(1 << 20, BLOCK), &(struct blk_faults){.lost_ppm = 1000000, .count = 1}), 1, false);
    put(READ, 0, 0, back, 1);
    put(READ, 1, 0, back, 1);
    ring();
    wait_answers(1);
    sleep_ms(20);
    dt_expect_eq(answered(), 1);
    dt_expect_eq(d.order[0], 1);
    port_write(0, CONTROL, 2, 4); /* reset: it is forgotten */
    while (port_read(0, CONTROL, 4))
        sleep_ms(1);
    dt_expect_eq(port_read(0, STATUS, 4), 0);
    port_unplug(d.card);
}

static void faults(void **state)
{
    (void)state;
    passes(faults_body);
}

static void late_body(void *ctx)
{
    (void)ctx;
    start(blk_faulty(
              blk_ram(1 << 20, BLOCK), &(struct blk_faults){.delay_ppm = 1000000, .delay_ns = 30000000, .count = 1}),
        1, false);
    mach_ns begin = mach_now();

    put(READ, 0, 0, back, 1);
    put(READ, 1, 0, back, 1);
    ring();
    wait_answers(2);
    dt_expect(mach_now() - begin >= 30000000);
    dt_expect_eq(d.order[0], 1);
    dt_expect_eq(d.order[1], 0);
    port_unplug(d.card);
}

static void late(void **state)
{
    (void)state;
    passes(late_body);
}

/* STI-076, STI-111: pulled out, its registers are ones, and it is silent. */
static void pulled_body(void *ctx)
{
    (void)ctx;
    start(blk_ram(1 << 20, BLOCK), 1, false);
    dt_expect_eq(port_config(0, 4), 0x00011d7e);
    hw_card_pull(d.card);
    dt_expect_eq(port_read(0, STATUS, 4), UINT32_MAX);
    dt_expect_eq(port_read(0, 0, 2), 0xffff);
    dt_expect_eq(port_config(0, 4), UINT32_MAX);
    put(READ, 0, 0, back, 1);
    ring();
    sleep_ms(5);
    dt_expect_eq(answered(), 0);
    port_unplug(d.card);
}

static void pulled(void **state)
{
    (void)state;
    passes(pulled_body);
}

static void stray_body(void *ctx)
{
    (void)ctx;
    start(blk_ram(1 << 20, BLOCK), 1, false);
    uint8_t *p = port_alloc(BLOCK);

    put(READ, 0, 0, p, 1);
    port.memory->free(port.memory, p, BLOCK);
    ring();
    sleep_ms(1000);
    sleep_ms(1000);
}

static void stray(void **state)
{
    (void)state;
    caught(stray_body, "DT-S21", 0);
}

static bool swapped, straight, inside;

/* The card answers in any order, while the driver is at DISPATCH_LEVEL too. */
static void explored_body(void *ctx)
{
    KIRQL old;

    (void)ctx;
    start(blk_ram(1 << 16, BLOCK), 1, false);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    put(READ, 0, 0, back, 1);
    put(READ, 1, 0, back + BLOCK, 1);
    ring();
    mach_point(MACH_POINT_DDI, NULL);
    if (__atomic_load_n(&d.answered, __ATOMIC_ACQUIRE))
        inside = true;
    KeLowerIrql(old);
    wait_answers(2);
    *(d.order[0] == 1 ? &swapped : &straight) = true;
    dt_expect_eq(d.order[0] + d.order[1], 1);
    port_unplug(d.card);
}

static void explored(void **state)
{
    (void)state;
    reached(explored_body, 1, &straight);
    reached(explored_body, 1, &swapped);
    if (simulated())
        assert_true(inside);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages),
        cmocka_unit_test(line),
        cmocka_unit_test(masked),
        cmocka_unit_test(faults),
        cmocka_unit_test(late),
        cmocka_unit_test(pulled),
        cmocka_unit_test(stray),
        cmocka_unit_test(explored),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
