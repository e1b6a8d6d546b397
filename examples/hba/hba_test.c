/* SPDX-License-Identifier: MIT */
/* hba_test.c - the driver with the card that Duetime models: data, faults, resets, removal; messages and line. */
#include <duetime/device.h>
#include <duetime/storport.h>
#include <duetime/test.h>

#include "hba.h"

DRIVER_INITIALIZE DriverEntry;

#define BLOCK 512

typedef struct _RIG {
    dt_driver *Driver;
    dt_disk   *Disk;
    dt_card   *Card;
    dt_stor   *Stor;
} RIG;

static UCHAR Written[64 * BLOCK], Read[64 * BLOCK];

static RIG Start(dt_disk *Disk, unsigned Messages, bool Shuffled)
{
    struct device_memory  *memory = dt_bus_memory(Shuffled);
    struct dt_card_options options = {.messages = Messages};
    RIG                    rig = {.Disk = Disk, .Card = dt_card_hba(Disk, &options)};
    struct dt_stor_config  config = {.device = rig.Card, .memory = memory};
    dt_status              status = 0;

    rig.Driver = dt_driver_load((dt_driver_entry *)DriverEntry);
    dt_expect(rig.Driver != NULL);
    rig.Stor = dt_stor_start(rig.Driver, &config, &status);
    dt_expect_eq(status, STATUS_SUCCESS);
    return rig;
}

static void Stop(RIG Rig)
{
    dt_expect_eq(dt_stor_remove(Rig.Stor), STATUS_SUCCESS);
    dt_card_remove(Rig.Card);
    dt_expect_eq(dt_driver_unload(Rig.Driver), STATUS_SUCCESS);
}

static void Fill(UCHAR *Buffer, ULONG Bytes, ULONG Seed)
{
    for (ULONG i = 0; i < Bytes; i++)
        Buffer[i] = (UCHAR)(Seed + i * 13 + i / 241);
}

static void RoundTrip(RIG Rig, ULONGLONG Block, ULONG Blocks, ULONG Seed)
{
    Fill(Written, Blocks * BLOCK, Seed);
    RtlZeroMemory(Read, sizeof Read);
    dt_expect_eq(dt_stor_write(Rig.Stor, 0, Block, Written, Blocks), DT_SRB_SUCCESS);
    dt_expect_eq(dt_stor_read(Rig.Stor, 0, Block, Read, Blocks), DT_SRB_SUCCESS);
    dt_expect(RtlCompareMemory(Read, Written, Blocks * BLOCK) == Blocks * BLOCK);
    dt_expect(dt_disk_peek(Rig.Disk, Block * BLOCK, Read, Blocks * BLOCK));
    dt_expect(RtlCompareMemory(Read, Written, Blocks * BLOCK) == Blocks * BLOCK);
}

static void Exercise(RIG Rig)
{
    struct dt_stor_unit unit;

    dt_expect_eq(dt_stor_unit_count(Rig.Stor), 1);
    dt_expect(dt_stor_unit(Rig.Stor, 0, &unit));
    dt_expect_eq(unit.blocks, 4096);
    dt_expect_eq(unit.block_bytes, BLOCK);
    dt_expect(unit.write_cache && unit.unmap);
    RoundTrip(Rig, 0, 1, 1);
    RoundTrip(Rig, 100, 64, 2);
    RoundTrip(Rig, 4095, 1, 3);
    dt_expect_eq(dt_stor_flush(Rig.Stor, 0), DT_SRB_SUCCESS);
    dt_expect_eq(dt_stor_unmap(Rig.Stor, 0, 100, 2), DT_SRB_SUCCESS);
    dt_expect_eq(dt_stor_read(Rig.Stor, 0, 100, Read, 3), DT_SRB_SUCCESS);
    dt_expect(Read[0] == 0 && Read[2 * BLOCK - 1] == 0);
    dt_expect(dt_stor_read(Rig.Stor, 0, 4096, Read, 1) != DT_SRB_SUCCESS);
}

DT_TEST(data_by_messages, .processors = 2, .strategy = "dfs:0")
{
    RIG rig = Start(dt_disk_ram(4096 * BLOCK, BLOCK), 2, false);

    Exercise(rig);
    Stop(rig);
}

DT_TEST(data_by_line, .processors = 2, .strategy = "dfs:0")
{
    RIG rig = Start(dt_disk_ram(4096 * BLOCK, BLOCK), 0, true);

    Exercise(rig);
    Stop(rig);
}

static void WriteAndRead(void *Context)
{
    RIG  *rig = Context;
    UCHAR mine[BLOCK], back[BLOCK];

    Fill(mine, BLOCK, 50);
    dt_expect_eq(dt_stor_write(rig->Stor, 0, 7, mine, 1), DT_SRB_SUCCESS);
    dt_expect_eq(dt_stor_read(rig->Stor, 0, 7, back, 1), DT_SRB_SUCCESS);
    dt_expect(RtlCompareMemory(mine, back, BLOCK) == BLOCK);
}

/* Two clients on two processors, the card answers when and in which order it likes. */
DT_TEST(two_clients, .processors = 2, .strategy = "random", .schedules = 300)
{
    RIG   rig = Start(dt_disk_ram(64 * BLOCK, BLOCK), 1, false);
    UCHAR mine[BLOCK], back[BLOCK];

    dt_spawn(1, WriteAndRead, &rig);
    Fill(mine, BLOCK, 60);
    dt_expect_eq(dt_stor_write(rig.Stor, 0, 9, mine, 1), DT_SRB_SUCCESS);
    dt_expect_eq(dt_stor_read(rig.Stor, 0, 9, back, 1), DT_SRB_SUCCESS);
    dt_expect(RtlCompareMemory(mine, back, BLOCK) == BLOCK);
    dt_join_all();
    Stop(rig);
}

/* A medium error is told with sense data, and does not stop what follows. */
DT_TEST(medium_error, .processors = 2, .strategy = "dfs:0")
{
    struct dt_disk_faults  faults = {.error_ppm = 1000000, .count = 1};
    RIG                    rig = Start(dt_disk_faulty(dt_disk_ram(64 * BLOCK, BLOCK), &faults), 1, false);
    struct dt_stor_request r = {.timeout_s = 10};

    dt_stor_cdb(&r, false, 0, 5, Read, 1, BLOCK);
    r.flags |= SRB_FLAGS_NO_QUEUE_FREEZE;
    dt_expect(dt_stor_run(rig.Stor, &r) != DT_SRB_SUCCESS);
    dt_expect_eq(r.sense[2], SCSI_SENSE_MEDIUM_ERROR);
    RoundTrip(rig, 5, 2, 9);
    Stop(rig);
}

/* A command that the card forgets: the port's time-out, its resets, and the disk is there again. */
DT_TEST(lost_command, .processors = 2, .strategy = "dfs:0")
{
    struct dt_disk_faults  faults = {.lost_ppm = 1000000, .count = 1};
    RIG                    rig = Start(dt_disk_faulty(dt_disk_ram(64 * BLOCK, BLOCK), &faults), 1, false);
    struct dt_stor_request r = {.timeout_s = 1};

    dt_stor_cdb(&r, false, 0, 5, Read, 1, BLOCK);
    r.flags |= SRB_FLAGS_NO_QUEUE_FREEZE;
    dt_expect(dt_stor_run(rig.Stor, &r) != DT_SRB_SUCCESS);
    dt_expect(((PHBA_ADAPTER)dt_stor_extension(rig.Stor))->Resets >= 1);
    RoundTrip(rig, 5, 2, 9);
    Stop(rig);
}

DT_TEST(power, .processors = 2, .strategy = "dfs:0")
{
    RIG rig = Start(dt_disk_ram(64 * BLOCK, BLOCK), 1, false);

    RoundTrip(rig, 1, 2, 4);
    dt_expect_eq(dt_stor_power(rig.Stor, false, 0), STATUS_SUCCESS);
    dt_expect_eq(dt_stor_power(rig.Stor, true, 0), STATUS_SUCCESS);
    RoundTrip(rig, 3, 2, 5);
    Stop(rig);
}
