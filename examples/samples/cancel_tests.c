/* SPDX-License-Identifier: MIT */
/*
 * Tests of general/cancel/startio/cancel.c of microsoft/Windows-driver-samples, unmodified: a cancel-safe queue
 * whose current request is polled by a KTIMER's DPC. Built and run by tests/tool/test_samples.sh.
 */
#include <duetime/test.h>

#include <ntddk.h>

extern DRIVER_INITIALIZE DriverEntry;

/* The driver draws from the system time whether a read is done at once or after one polling interval of 500 ms. */
DT_TEST(reads_take_no_or_one_interval, .processors = 1, .strategy = "dfs:0")
{
    dt_driver *driver = dt_driver_load(DriverEntry);
    dt_file   *file = dt_open("CancelSamp", NULL);
    ULONG      data, at_once = 0, polled = 0;

    dt_expect(file != NULL);
    for (int i = 0; i < 20; i++) {
        dt_ns start = dt_now();

        dt_expect_eq(dt_read(file, &data, sizeof data, 0, NULL), STATUS_SUCCESS);
        dt_ns took = dt_now() - start;

        at_once += took < DT_MS(100);
        polled += took >= DT_MS(484); /* counted from the last tick */
        dt_run_for(DT_MS(20));
    }
    dt_expect_eq(at_once + polled, 20);
    dt_expect(polled > 0);
    dt_close(file);
    dt_driver_unload(driver);
}

/* Until the driver's draw says "polled". */
static void wait_for_polls(void)
{
    LARGE_INTEGER now;

    do {
        dt_run_for(DT_MS(15));
        KeQuerySystemTime(&now);
    } while ((now.LowPart / 13) % 2 == 0);
}

static void cancel(void *io)
{
    dt_io_cancel(io);
}

/* One read is the device's, the others wait in the queue; the last is cancelled at any moment. */
DT_TEST(cancel_races_poll, .processors = 2, .strategy = "dfs:2")
{
    dt_driver *driver = dt_driver_load(DriverEntry);
    dt_file   *file = dt_open("CancelSamp", NULL);
    ULONG      data[3];
    dt_io     *io[3];

    wait_for_polls();
    for (int i = 0; i < 3; i++)
        io[i] = dt_read_start(file, &data[i], sizeof data[i], 0);
    dt_spawn(1, cancel, io[2]);
    dt_expect_eq(dt_io_wait(io[0], DT_NEVER), STATUS_SUCCESS);
    dt_expect_eq(dt_io_wait(io[1], DT_NEVER), STATUS_SUCCESS);
    dt_status status = dt_io_wait(io[2], DT_NEVER);

    dt_expect(status == STATUS_SUCCESS || status == STATUS_CANCELLED);
    dt_join_all();
    for (int i = 0; i < 3; i++)
        dt_io_free(io[i]);
    dt_close(file);
    dt_run_until_idle();
    dt_driver_unload(driver);
}

/* Cleanup takes what is queued; the read that is being polled ends by itself. */
DT_TEST(close_races_poll, .processors = 2, .strategy = "dfs:2")
{
    dt_driver *driver = dt_driver_load(DriverEntry);
    dt_file   *file = dt_open("CancelSamp", NULL);
    ULONG      data[2];

    wait_for_polls();
    dt_io *first = dt_read_start(file, &data[0], sizeof data[0], 0);
    dt_io *second = dt_read_start(file, &data[1], sizeof data[1], 0);

    dt_close(file);
    dt_expect_eq(dt_io_wait(first, DT_NEVER), STATUS_SUCCESS);
    dt_status status = dt_io_wait(second, DT_NEVER);

    dt_expect(status == STATUS_SUCCESS || status == STATUS_CANCELLED);
    dt_io_free(first);
    dt_io_free(second);
    dt_run_until_idle();
    dt_driver_unload(driver);
}
