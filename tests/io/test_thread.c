/* SPDX-License-Identifier: MIT */
/* A driver that is unloaded and its threads: THR-006, THR-014. */
#include "driver.h"

#include "ddk/ntifs.h"

static struct {
    KEVENT   stop;
    HANDLE   handle;
    PETHREAD thread;
    bool     waits, closes;
} s;

static VOID until_told(PVOID context)
{
    (void)context;
    wait_for(&s.stop);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static void before_unload(PDEVICE_OBJECT device)
{
    (void)device;
    if (s.waits) {
        KeSetEvent(&s.stop, IO_NO_INCREMENT, FALSE);
        wait_for(s.thread);
    }
    ObDereferenceObject(s.thread);
    if (s.closes)
        ZwClose(s.handle);
}

static void unload(bool waits, bool closes)
{
    memset(&s, 0, sizeof s);
    KeInitializeEvent(&s.stop, NotificationEvent, FALSE);
    s.waits = waits;
    s.closes = closes;
    drv_reset();
    drv.before_unload = before_unload;
    dt_driver *d = drv_load();

    dt_expect_eq(
        PsCreateSystemThread(&s.handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, until_told, NULL), STATUS_SUCCESS);
    ObReferenceObjectByHandle(s.handle, THREAD_ALL_ACCESS, *PsThreadType, KernelMode, (PVOID *)&s.thread, NULL);
    dt_expect_eq(dt_driver_unload(d), STATUS_SUCCESS);
}

static void thread_lives_on(void *ctx)
{
    (void)ctx;
    unload(false, true);
}

static void handle_stays_open(void *ctx)
{
    (void)ctx;
    unload(true, false);
}

static void tidy(void *ctx)
{
    (void)ctx;
    unload(true, true);
}

/* IoCreateSystemThread: unload waits for the thread; its routine finds driver and device. */
static LONG late_done;

static VOID late(PVOID context)
{
    PDEVICE_OBJECT device = context;

    sleep_ms(5);
    dt_expect(device->DriverObject != NULL && device->DeviceExtension == (PVOID)(device + 1));
    late_done++;
}

static void unload_waits(void *ctx)
{
    HANDLE handle;

    (void)ctx;
    late_done = 0;
    drv_reset();
    dt_driver *d = drv_load();

    dt_expect_eq(IoCreateSystemThread(drv.device, &handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, late, drv.device),
        STATUS_SUCCESS);
    ZwClose(handle);
    dt_expect_eq(dt_driver_unload(d), STATUS_SUCCESS);
    dt_expect_eq(late_done, 1);
}

/* A thread of the test's is none of the driver's, although its routine may be in the same image. */
static void waits_for_stop(void *ctx)
{
    (void)ctx;
    wait_for(&s.stop);
}

static void unload_beside(void *ctx)
{
    KeInitializeEvent(&s.stop, NotificationEvent, FALSE);
    drv_reset();
    dt_driver *d = drv_load();

    dt_spawn(1, waits_for_stop, ctx);
    dt_expect_eq(dt_driver_unload(d), STATUS_SUCCESS);
    KeSetEvent(&s.stop, IO_NO_INCREMENT, FALSE);
    dt_join_all();
}

static void test_unload(void **state)
{
    (void)state;
    caught(thread_lives_on, "DT-H02", 0xCE); /* THR-014 */
    caught(handle_stays_open, "DT-H04", 0);  /* THR-006 */
    always(tidy, 2);
    always(unload_waits, 2);
    passes(unload_beside);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_unload)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
