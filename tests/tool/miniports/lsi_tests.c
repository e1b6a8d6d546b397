/* SPDX-License-Identifier: MIT */
/*
 * lsi_tests.c - the timer path of Microsoft's lsi_u3 sample on a stub of its chip: registers are memory, two of them are what the test
 * says. An interrupt makes the miniport pause the adapter and request HwStorTimer from the interrupt routine.
 */
#include <duetime/device.h>
#include <duetime/storport.h>
#include <duetime/test.h>

extern dt_status DriverEntry(struct _DRIVER_OBJECT *driver, struct _UNICODE_STRING *path);

enum { ISTAT0 = 0x14, SIST1 = 0x43, SCSI_INTERRUPT = 2, SENSE_CHANGE = 0x10 };

static struct chip {
    dt_card *card;
    uint8_t  file[1024];
    uint8_t  ram[8192];
} chip;

static uint64_t chip_read(void *ctx, unsigned range, uint64_t offset, unsigned bytes)
{
    struct chip *c = ctx;
    uint8_t     *at = range == 2 ? c->ram + offset % sizeof c->ram : c->file + offset % sizeof c->file;
    uint64_t     value = 0;

    for (unsigned i = 0; i < bytes; i++)
        value |= (uint64_t)at[i] << i * 8;
    if (range != 2 && offset == SIST1) {
        c->file[ISTAT0] = c->file[SIST1] = 0;
        dt_card_line(c->card, false);
    }
    return value;
}

static void chip_write(void *ctx, unsigned range, uint64_t offset, uint64_t value, unsigned bytes)
{
    struct chip *c = ctx;
    uint8_t     *at = range == 2 ? c->ram + offset % sizeof c->ram : c->file + offset % sizeof c->file;

    for (unsigned i = 0; i < bytes; i++)
        at[i] = (uint8_t)(value >> i * 8);
    if (range != 2 && offset == ISTAT0)
        c->file[ISTAT0] = 0;
}

static const struct dt_card_model model = {.vendor = 0x1000,
    .device = 0x0020,
    .base_class = 1,
    .revision = 1,
    .range = {{.bytes = 256, .io_space = true}, {.bytes = 1024}, {.bytes = 8192}},
    .read = chip_read,
    .write = chip_write};

DT_TEST(timer_from_interrupt, .processors = 2, .strategy = "dfs:0")
{
    chip = (struct chip){.card = NULL};
    chip.card = dt_card_create(&model, &chip);
    struct dt_stor_config config = {
        .device = chip.card, .memory = dt_bus_memory(false), .no_scan = true, .no_class = true};
    dt_status  status = 0;
    dt_driver *driver = dt_driver_load((dt_driver_entry *)DriverEntry);

    dt_expect(driver != NULL);
    dt_stor *stor = dt_stor_start(driver, &config, &status);

    dt_expect_eq(status, 0);
    dt_card_lock(chip.card);
    chip.file[ISTAT0] = SCSI_INTERRUPT;
    chip.file[SIST1] = SENSE_CHANGE;
    dt_card_line(chip.card, true);
    dt_card_unlock(chip.card);
    dt_run_for(DT_MS(50));
    struct dt_stor_state st;

    dt_stor_state(stor, &st);
    dt_expect(st.gates != 0 || dt_machine()[0] == 'r'); /* paused; a busy host may look too late */
    dt_run_for(DT_MS(400));
    dt_stor_state(stor, &st);
    dt_expect_eq(st.gates, 0); /* the timer's routine has resumed it, long before the 60 seconds */
    dt_stor_remove(stor);
    dt_card_remove(chip.card);
    dt_driver_unload(driver);
}
