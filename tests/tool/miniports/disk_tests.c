/* SPDX-License-Identifier: MIT */
/*
 * disk_tests.c - a public miniport, unedited, with a modelled card: built with -D CARD=dt_card_virtio_blk (or another one) for
 * the miniport to be tested. -D ENTRY_ULONG: its DriverEntry is not declared as a DRIVER_INITIALIZE.
 */
#include <duetime/device.h>
#include <duetime/storport.h>
#include <duetime/test.h>

extern dt_status DriverEntry(struct _DRIVER_OBJECT *driver, struct _UNICODE_STRING *path);

enum { BLOCK = 512, BLOCKS = 32768, SETTLE_S = 5 };

/* viostor takes STOR_PERF_NO_SGL when it is offered, and asks for scatter/gather lists all the same. */
enum { NO_SGL = 0x40 };

struct rig {
    dt_driver *driver;
    dt_disk   *disk;
    dt_card   *card;
    dt_stor   *stor;
};

static uint8_t written[256 * BLOCK], back[256 * BLOCK];

static struct rig start(dt_disk *disk, struct dt_card_options options, bool shuffled)
{
#ifdef OLD_DISK
    options.no_logs = options.no_trim = true;
#endif
    struct device_memory *memory = dt_bus_memory(shuffled);
    struct rig            r = {.disk = disk, .card = CARD(disk, &options)};
    struct dt_stor_config config = {.device = r.card, .memory = memory, .perf_flags_off = NO_SGL};
    dt_status             status = 0;

    r.driver = dt_driver_load((dt_driver_entry *)DriverEntry);
    dt_expect(r.driver != NULL);
    r.stor = dt_stor_start(r.driver, &config, &status);
    dt_expect_eq(status, 0);
    for (unsigned i = 0; i < SETTLE_S * 10 && dt_stor_unit_count(r.stor) == 0; i++)
        dt_run_for(DT_MS(100));
    dt_expect_eq(dt_stor_unit_count(r.stor), 1);
    return r;
}

static void stop(struct rig r)
{
    dt_expect_eq(dt_stor_remove(r.stor), 0);
    dt_card_remove(r.card);
    dt_expect_eq(dt_driver_unload(r.driver), 0);
}

static void fill(uint8_t *p, size_t bytes, unsigned seed)
{
    for (size_t i = 0; i < bytes; i++)
        p[i] = (uint8_t)(seed + i * 13 + i / 241);
}

static bool same(const uint8_t *a, const uint8_t *b, size_t bytes)
{
    while (bytes--)
        if (*a++ != *b++)
            return false;
    return true;
}

/* What is written is on the disk, and comes back. */
static void round_trip(struct rig r, uint64_t block, uint32_t blocks, unsigned seed)
{
    size_t bytes = (size_t)blocks * BLOCK;

    fill(written, bytes, seed);
    fill(back, bytes, ~seed);
    dt_expect_eq(dt_stor_write(r.stor, 0, block, written, blocks), DT_SRB_SUCCESS);
    dt_expect_eq(dt_stor_read(r.stor, 0, block, back, blocks), DT_SRB_SUCCESS);
    dt_expect(same(written, back, bytes));
    fill(back, bytes, ~seed);
    dt_expect(dt_disk_peek(r.disk, block * BLOCK, back, bytes));
    dt_expect(same(written, back, bytes));
}

static void exercise(struct rig r)
{
    struct dt_stor_unit u;

    dt_expect(dt_stor_unit(r.stor, 0, &u));
    dt_expect_eq(u.blocks, BLOCKS);
    dt_expect_eq(u.block_bytes, BLOCK);
    dt_note(
        "vendor '%s' product '%s' cache %d unmap %d depth %u", u.vendor, u.product, u.write_cache, u.unmap, u.depth);
    for (unsigned i = 0; i < 20; i++)
        round_trip(r, i * 1001u, 1 + i % 7, i);
    round_trip(r, 5000, 128, 99);
    round_trip(r, 7001, 256, 98);
    round_trip(r, BLOCKS - 1, 1, 97);
    dt_expect_eq(dt_stor_flush(r.stor, 0), DT_SRB_SUCCESS);
}

DT_TEST(data_by_line, .processors = 2, .strategy = "dfs:0")
{
    struct rig r = start(
        dt_disk_ram((uint64_t)BLOCKS * BLOCK, BLOCK), (struct dt_card_options){.messages = 2, .line = true}, false);

    exercise(r);
    stop(r);
}

DT_TEST(data_by_messages, .processors = 2, .strategy = "dfs:0")
{
    struct rig r = start(dt_disk_ram((uint64_t)BLOCKS * BLOCK, BLOCK), (struct dt_card_options){.messages = 1}, false);

    exercise(r);
    stop(r);
}

/* A message and a queue per processor, and scattered pages. */
DT_TEST(data_by_queues, .processors = 2, .strategy = "dfs:0")
{
    struct rig r = start(dt_disk_ram((uint64_t)BLOCKS * BLOCK, BLOCK),
        (struct dt_card_options){.messages = QUEUES > 1 ? QUEUES + 1 : 1, .queues = QUEUES}, true);

    exercise(r);
    stop(r);
}

/* ---- several clients ---- */

struct client {
    struct rig *rig;
    unsigned    number, rounds;
};

static void client(void *ctx)
{
    struct client *c = ctx;
    uint8_t        mine[8 * BLOCK], theirs[8 * BLOCK];

    for (unsigned i = 0; i < c->rounds; i++) {
        uint64_t at = c->number * 2000u + i * 16u;

        fill(mine, sizeof mine, c->number * 31 + i);
        dt_expect_eq(dt_stor_write(c->rig->stor, 0, at, mine, 8), DT_SRB_SUCCESS);
        dt_expect_eq(dt_stor_read(c->rig->stor, 0, at, theirs, 8), DT_SRB_SUCCESS);
        dt_expect(same(mine, theirs, sizeof mine));
    }
}

static void clients(unsigned rounds)
{
    struct rig    r = start(dt_disk_ram((uint64_t)BLOCKS * BLOCK, BLOCK),
           (struct dt_card_options){.messages = QUEUES > 1 ? QUEUES + 1 : 1, .queues = QUEUES}, false);
    struct client c[4];

    for (unsigned i = 0; i < 4; i++) {
        c[i] = (struct client){&r, i, rounds};
        dt_spawn((int)(i % 2), client, &c[i]);
    }
    dt_join_all();
    stop(r);
}

DT_TEST(four_clients, .processors = 2, .strategy = "dfs:0")
{
    clients(50);
}

/* The card answers when, and in which order, the schedule says. */
DT_TEST(four_clients_explored, .processors = 2, .strategy = "random", .schedules = 40)
{
    clients(1);
}

/* ---- faults ---- */

static uint8_t read_once(struct rig r, uint32_t timeout_s, struct dt_stor_request *q)
{
    *q = (struct dt_stor_request){.timeout_s = timeout_s};
    dt_stor_cdb(q, false, 0, 64, back, 8, BLOCK);
    q->flags |= 0x100; /* SRB_FLAGS_NO_QUEUE_FREEZE */
    return dt_stor_run(r.stor, q);
}

/* The first request after the start fails: an error for its client, and the next one is well again. */
DT_TEST(medium_error, .processors = 2, .strategy = "dfs:0")
{
    struct dt_disk_faults  faults = {.error_ppm = 1000000, .count = 1};
    dt_disk               *disk = dt_disk_ram((uint64_t)BLOCKS * BLOCK, BLOCK);
    struct rig             r = start(dt_disk_faulty(disk, &faults), (struct dt_card_options){.messages = 1}, false);
    struct dt_stor_request q;
    unsigned               failed = 0;

    for (unsigned i = 0; i < 4; i++)
        failed += read_once(r, 10, &q) != DT_SRB_SUCCESS;
    dt_expect(failed <= 1);
    dt_expect_eq(dt_disk_faults_made(r.disk), 1);
    round_trip(r, 64, 8, 5);
    stop(r);
}

/* A request is never answered: the port times it out, has the miniport reset, and the disk is there again. */
DT_TEST(lost_request, .processors = 2, .strategy = "dfs:0")
{
    struct dt_disk_faults  faults = {.lost_ppm = 1000000, .first = SKIP, .count = 1};
    dt_disk               *disk = dt_disk_ram((uint64_t)BLOCKS * BLOCK, BLOCK);
    struct rig             r = start(dt_disk_faulty(disk, &faults), (struct dt_card_options){.messages = 1}, false);
    struct dt_stor_request q;

    for (unsigned i = 0; i < 10 && dt_disk_faults_made(r.disk) == 0; i++)
        read_once(r, 2, &q);
    dt_expect_eq(dt_disk_faults_made(r.disk), 1);
    round_trip(r, 64, 8, 5);
    stop(r);
}
