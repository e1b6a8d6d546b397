/* SPDX-License-Identifier: MIT */
/* ramdisk_test.c - tests of the RAM disk; each of the ten bugs fails one of them (README.md). */
#include <string.h>

#include <duetime/storport.h>
#include <duetime/test.h>

#include "ramdisk.h"

#define BLOCK RD_BLOCK_SIZE

static dt_driver *driver;
static dt_stor   *disk;

static PRD_ADAPTER start(const struct dt_stor_config *cfg)
{
    driver = dt_driver_load((dt_driver_entry *)DriverEntry);
    disk = dt_stor_start(driver, cfg, NULL);
    dt_expect(disk != NULL);
    return dt_stor_extension(disk);
}

static PRD_ADAPTER begin(const char *argument)
{
    return start(&(struct dt_stor_config){.argument = argument});
}

/* Without the commands that ask what the disk is: fewer schedules to search. */
static PRD_ADAPTER begin_bare(const char *argument)
{
    return start(&(struct dt_stor_config){.argument = argument, .no_scan = true});
}

static void end(void)
{
    dt_expect_eq(dt_stor_remove(disk), STATUS_SUCCESS);
    dt_driver_unload(driver);
}

/* What is written is read, what is unmapped reads as zeroes, beyond the end is an error. */
DT_TEST(serves, .processors = 2, .strategy = "dfs:1")
{
    UCHAR out[4 * BLOCK], in[4 * BLOCK];

    begin("size=8k");
    memset(out, 0x5A, sizeof out);
    dt_expect_eq(dt_stor_write(disk, 0, 3, out, 4), DT_SRB_SUCCESS);
    dt_expect_eq(dt_stor_read(disk, 0, 3, in, 4), DT_SRB_SUCCESS);
    dt_expect(memcmp(in, out, sizeof in) == 0);
    dt_expect_eq(dt_stor_unmap(disk, 0, 4, 1), DT_SRB_SUCCESS);
    dt_expect_eq(dt_stor_read(disk, 0, 4, in, 1), DT_SRB_SUCCESS);
    dt_expect(in[0] == 0 && in[BLOCK - 1] == 0);
    dt_expect_eq(dt_stor_read(disk, 0, 14, in, 4), SRB_STATUS_ERROR);
    dt_expect_eq(dt_stor_flush(disk, 0), DT_SRB_SUCCESS);
    end();
}

/* Once per period, for as long as the disk is there. */
DT_TEST(watchdog_beats, .processors = 1, .strategy = "dfs:0")
{
    PRD_ADAPTER adapter = begin("size=4k period_us=100000");
    dt_ns       duration = dt_duration(DT_S(1));

    dt_run_for(duration);
    dt_expect(ReadNoFence(&adapter->Beats) >= (LONG)(duration / DT_MS(120)));
    dt_expect(ReadNoFence(&adapter->Beats) <= (LONG)(duration / DT_MS(100)));
    end();
}

static void writes(void *block)
{
    UCHAR out[BLOCK] = {1};
    UCHAR status = dt_stor_write(disk, 0, (ULONG_PTR)block, out, 1);

    dt_expect(status == SRB_STATUS_SUCCESS || status == SRB_STATUS_TIMEOUT);
}

/* The DPC and the watchdog want the same slot: exactly one gets it, in every schedule. */
DT_TEST(watchdog_races_dpc, .processors = 2, .strategy = "dfs:3", .level = DT_LEVEL_ATOMIC, .tick_100ns = DT_TICK_EXACT)
{
    dt_explore_pause(); /* how it starts and stops is searched by the others */
    begin_bare("size=4k slots=1 period_us=1000 patience_us=0");
    dt_explore_resume();
    writes((void *)1);
    dt_explore_pause();
    end();
}

/* A device that forgets: every request is the watchdog's. */
DT_TEST(lost_requests_time_out, .processors = 1, .strategy = "dfs:1")
{
    PRD_ADAPTER adapter = begin("size=4k period_us=20000 patience_us=50000 lose=1");
    UCHAR       in[BLOCK];

    dt_expect_eq(dt_stor_read(disk, 0, 0, in, 1), SRB_STATUS_TIMEOUT);
    dt_expect_eq(ReadNoFence(&adapter->TimedOut), 1);
    end();
}

/* Two writers, one slot: StorPort sends what was refused again. */
DT_TEST(slots_run_out, .processors = 2, .strategy = "dfs:2")
{
    begin_bare("size=4k slots=1");
    dt_thread *other = dt_spawn(1, writes, (void *)2);
    writes((void *)1);
    dt_join(other);
    end();
}
