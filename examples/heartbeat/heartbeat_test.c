/* SPDX-License-Identifier: MIT */
/* heartbeat_test.c - the driver's tests. The runner supplies main(), processors, time and schedules. */
#include <duetime/test.h>

#include "heartbeat.h"

static void start(void *file)
{
    ULONG period_ms = 40;

    dt_expect_eq(dt_ioctl(file, IOCTL_HB_START, &period_ms, sizeof period_ms, NULL, 0, NULL), STATUS_SUCCESS);
}

static void stop(void *file)
{
    dt_expect_eq(dt_ioctl(file, IOCTL_HB_STOP, NULL, 0, NULL, 0, NULL), STATUS_SUCCESS);
}

/* 25 beats in a second that takes no time, or in a real one. Only undisturbed (dfs:0): a search may hold a beat up for long. */
DT_TEST(beats, .processors = 1, .strategy = "dfs:0")
{
    dt_driver *driver = dt_driver_load(DriverEntry);
    dt_file   *file = dt_open("Heartbeat", NULL);
    dt_ns      duration = dt_duration(DT_S(1));
    HB_COUNTS  counts = {0, 0};

    start(file);
    dt_run_for(duration);
    dt_expect_eq(dt_ioctl(file, IOCTL_HB_QUERY, NULL, 0, &counts, sizeof counts, NULL), STATUS_SUCCESS);
    dt_expect(counts.Beats + 2 >= (LONG)(duration / DT_MS(40)) && counts.Beats <= (LONG)(duration / DT_MS(40)) + 1);
    stop(file);
    dt_close(file);
    dt_driver_unload(driver);
}

/* Started on processor 1, stopped on processor 0: may the session be torn down at any moment? */
DT_TEST(stop_races_watchdog, .processors = 2, .strategy = "dfs:5")
{
    dt_driver *driver = dt_driver_load(DriverEntry);
    dt_file   *file = dt_open("Heartbeat", NULL);

    dt_join(dt_spawn(1, start, file));
    stop(file);
    dt_close(file);
    dt_driver_unload(driver);
}
