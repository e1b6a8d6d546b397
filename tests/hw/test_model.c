/* SPDX-License-Identifier: MIT */
/* The example of docs/device-models.md: a card of the user's own, which adds up numbers in memory. */
#include "duetime/device.h"

#include "hw/port.h"

/* ---- the model, as in docs/device-models.md ---- */

enum { REG_ADDRESS = 0x00, REG_COUNT = 0x08, REG_GO = 0x0c, REG_SUM = 0x10, REG_DONE = 0x14 };

struct adder {
    dt_card *card;
    uint64_t address; /* registers: the card's lock */
    uint32_t count, sum, done;
    bool     busy;
};

static uint64_t adder_read(void *ctx, unsigned range, uint64_t offset, unsigned bytes)
{
    struct adder *a = ctx;

    (void)range;
    (void)bytes;
    return offset == REG_SUM ? a->sum : offset == REG_DONE ? a->done : offset == REG_COUNT ? a->count : 0;
}

static void adder_write(void *ctx, unsigned range, uint64_t offset, uint64_t value, unsigned bytes)
{
    struct adder *a = ctx;

    (void)range;
    (void)bytes;
    if (offset == REG_ADDRESS)
        a->address = value;
    if (offset == REG_COUNT)
        a->count = (uint32_t)value;
    if (offset == REG_GO && !a->busy) {
        a->busy = true;
        dt_card_ring(a->card);
    }
    if (offset == REG_DONE && value) {
        a->done = 0;
        dt_card_line(a->card, false);
    }
}

static bool adder_step(void *ctx)
{
    struct adder *a = ctx;
    uint32_t      sum = 0, word;

    dt_card_lock(a->card);
    bool     busy = a->busy;
    uint64_t address = a->address, count = a->count;

    dt_card_unlock(a->card);
    if (!busy)
        return false;
    for (uint64_t i = 0; i < count; i++)
        if (dt_card_dma_read(a->card, address + i * 4, &word, sizeof word))
            sum += word;
    dt_card_lock(a->card);
    a->busy = false;
    a->sum = sum;
    a->done = 1;
    if (!dt_card_uses_messages(a->card))
        dt_card_line(a->card, true);
    dt_card_unlock(a->card);
    dt_card_message(a->card, 0);
    return false;
}

static void adder_reset(void *ctx)
{
    struct adder *a = ctx;

    *a = (struct adder){.card = a->card};
}

static const struct dt_card_model model = {.vendor = 0x1234,
    .device = 0x5678,
    .base_class = 0xff,
    .range = {{.bytes = 4096}},
    .messages = 1,
    .msix_table = 0x800,
    .msix_pending = 0x900,
    .read = adder_read,
    .write = adder_write,
    .step = adder_step,
    .reset = adder_reset};

/* ---- a driver ---- */

static struct adder adder;
static unsigned     interrupts;
static uint32_t     sum; /* atomic */

static BOOLEAN isr(PKINTERRUPT k, PVOID context)
{
    (void)k;
    (void)context;
    if (!port_read(0, REG_DONE, 4))
        return FALSE;
    interrupts++;
    __atomic_store_n(&sum, port_read(0, REG_SUM, 4), __ATOMIC_RELEASE);
    port_write(0, REG_DONE, 1, 4);
    return TRUE;
}

static void add(unsigned messages)
{
    adder = (struct adder){.card = NULL};
    interrupts = 0;
    sum = 0;
    adder.card = dt_card_create(&model, &adder);
    uint8_t vendor_capability[] = {4, 1};

    dt_expect_eq(dt_card_capability(adder.card, 9, vendor_capability, sizeof vendor_capability), 0x4c);
    port_plug_device(adder.card, messages, false, isr, NULL);
    dt_expect_eq(port_config(0, 4), 0x56781234);
    dt_expect_eq(port_config(0x34, 1), 0x40);
    dt_expect_eq(port_config(0x41, 1), 0x4c);
    dt_expect_eq(port_config(0x43, 1) >> 7, messages != 0); /* MSI-X is on */
    uint32_t *words = port_alloc(100 * sizeof *words);

    for (unsigned i = 0; i < 100; i++)
        words[i] = i;
    port_write(0, REG_ADDRESS, port_address(words), 8);
    port_write(0, REG_COUNT, 100, 4);
    port_write(0, REG_GO, 1, 4);
    while (!__atomic_load_n(&sum, __ATOMIC_ACQUIRE))
        sleep_ms(1);
    dt_expect_eq(sum, 4950);
    dt_expect_eq(interrupts, 1);
    port.device->ops->reset(port.device);
    dt_expect_eq(port_read(0, REG_COUNT, 4), 0);
    port.device->ops->power(port.device, false);
    dt_expect_eq(port_read(0, REG_COUNT, 2), 0xffff);
    port.device->ops->power(port.device, true);
    dt_expect_eq(port_read(0, REG_COUNT, 2), 0);
    dt_card_pull(adder.card);
    dt_expect_eq(port_read(0, REG_COUNT, 4), UINT32_MAX);
    dt_card_remove(adder.card);
    port_disconnect();
}

static void message_body(void *ctx)
{
    (void)ctx;
    add(1);
}

static void line_body(void *ctx)
{
    (void)ctx;
    add(0);
}

static void message(void **state)
{
    (void)state;
    passes(message_body);
    always(message_body, 1);
}

static void line(void **state)
{
    (void)state;
    passes(line_body);
}

static void refused_body(void *ctx)
{
    (void)ctx;
    struct dt_card_model bad = model;

    bad.range[0].bytes = 3000;
    dt_expect(!dt_card_create(&bad, NULL));
    bad = model;
    bad.messages = 65;
    dt_expect(!dt_card_create(&bad, NULL));
    bad = model;
    bad.msix_range = 1;
    dt_expect(!dt_card_create(&bad, NULL));
    dt_expect(!dt_card_hba(NULL, NULL));
    dt_expect(!dt_card_virtio_blk(dt_disk_ram(512, 512), &(struct dt_card_options){.queues = 9}));
    for (unsigned i = 0; i < 8; i++)
        dt_expect(dt_card_hba(dt_disk_ram(512, 512), NULL) != NULL);
    dt_expect(!dt_card_hba(dt_disk_ram(512, 512), NULL)); /* the ninth */
}

static void refused(void **state)
{
    (void)state;
    passes(refused_body);
    passes(refused_body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(message),
        cmocka_unit_test(line),
        cmocka_unit_test(refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
