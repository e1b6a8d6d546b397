/* SPDX-License-Identifier: MIT */
/*
 * Tests of general/event/wdm/event.c of microsoft/Windows-driver-samples, unmodified: IRP- and event-based
 * notification by a KTIMER's DPC, cancel and close at any moment. Built and run by tests/tool/test_samples.sh.
 */
#include <duetime/test.h>

#include <ntddk.h>
#include <public.h>

extern DRIVER_INITIALIZE DriverEntry;

static REGISTER_EVENT in_ms(NOTIFY_TYPE type, LONGLONG ms)
{
    REGISTER_EVENT r = {.Type = type, .DueTime.QuadPart = -10000 * ms};

    return r;
}

static dt_io *register_irp(dt_file *file, const REGISTER_EVENT *r)
{
    return dt_ioctl_start(file, IOCTL_REGISTER_EVENT, r, sizeof *r, NULL, 0);
}

/* A relative due time counts from the last tick and ends at one. */
DT_TEST(irp_is_completed_when_due, .processors = 1, .strategy = "dfs:0")
{
    dt_driver     *driver = dt_driver_load(DriverEntry);
    dt_file       *file = dt_open("Event_Sample", NULL);
    REGISTER_EVENT r = in_ms(IRP_BASED, 200);
    dt_ns          start = dt_now();

    dt_expect(file != NULL);
    dt_io *io = register_irp(file, &r);

    dt_expect_eq(dt_io_status(io), STATUS_PENDING);
    dt_expect_eq(dt_io_wait(io, DT_NEVER), STATUS_SUCCESS);
    dt_expect(dt_now() - start >= DT_MS(184)); /* counted from the last tick, 15.625 ms ago at most */
    dt_expect(dt_now() - start < DT_MS(400));
    dt_io_free(io);
    dt_close(file);
    dt_driver_unload(driver);
}

DT_TEST(event_is_signaled_when_due, .processors = 1, .strategy = "dfs:0")
{
    dt_driver     *driver = dt_driver_load(DriverEntry);
    dt_file       *file = dt_open("Event_Sample", NULL);
    REGISTER_EVENT r = in_ms(EVENT_BASED, 100);
    PKEVENT        event = NULL;
    dt_ns          start = dt_now();

    dt_expect_eq(ZwCreateEvent(&r.hEvent, EVENT_ALL_ACCESS, NULL, SynchronizationEvent, FALSE), STATUS_SUCCESS);
    dt_expect_eq(
        ObReferenceObjectByHandle(r.hEvent, EVENT_ALL_ACCESS, *ExEventObjectType, KernelMode, (PVOID *)&event, NULL),
        STATUS_SUCCESS);
    dt_expect_eq(dt_ioctl(file, IOCTL_REGISTER_EVENT, &r, sizeof r, NULL, 0, NULL), STATUS_SUCCESS);
    dt_expect_eq(KeWaitForSingleObject(event, Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
    dt_expect(dt_now() - start >= DT_MS(84));
    ObDereferenceObject(event);
    ZwClose(r.hEvent);
    dt_close(file);
    dt_driver_unload(driver);
}

static void cancel(void *io)
{
    dt_io_cancel(io);
}

/* The timer's DPC and the cancel routine want the same IRP and the same record. */
DT_TEST(cancel_races_timer, .processors = 2, .strategy = "dfs:2")
{
    dt_driver     *driver = dt_driver_load(DriverEntry);
    dt_file       *file = dt_open("Event_Sample", NULL);
    REGISTER_EVENT r = in_ms(IRP_BASED, 10);
    dt_io         *io = register_irp(file, &r);

    dt_spawn(1, cancel, io);
    dt_status status = dt_io_wait(io, DT_NEVER);

    dt_expect(status == STATUS_SUCCESS || status == STATUS_CANCELLED);
    dt_join_all();
    dt_io_free(io);
    dt_close(file);
    dt_run_until_idle(); /* the sample does not flush its DPCs: unloading at once is a race, see unload_races_dpc */
    dt_driver_unload(driver);
}

/* Cleanup of one handle against the DPCs of two notifications. */
DT_TEST(close_races_timer, .processors = 2, .strategy = "dfs:2")
{
    dt_driver     *driver = dt_driver_load(DriverEntry);
    dt_file       *file = dt_open("Event_Sample", NULL);
    REGISTER_EVENT soon = in_ms(IRP_BASED, 10), later = in_ms(IRP_BASED, 10000);
    dt_io         *first = register_irp(file, &soon), *second = register_irp(file, &later);

    dt_close(file);
    dt_status status = dt_io_wait(second, DT_NEVER); /* time may have passed meanwhile */

    dt_expect(status == STATUS_SUCCESS || status == STATUS_CANCELLED);
    dt_io_free(first);
    dt_io_free(second);
    dt_run_until_idle();
    dt_driver_unload(driver);
}

/*
 * What Duetime found: the timer's DPC waits for the queue lock while the cancel routine completes the request; if it
 * is slow to get it, the driver is unloaded and its extension with the lock is gone.
 */
DT_TEST(unload_races_dpc, .processors = 2, .strategy = "dfs:2")
{
    dt_driver     *driver = dt_driver_load(DriverEntry);
    dt_file       *file = dt_open("Event_Sample", NULL);
    REGISTER_EVENT r = in_ms(IRP_BASED, 10);
    dt_io         *io = register_irp(file, &r);

    dt_spawn(1, cancel, io);
    dt_io_wait(io, DT_NEVER);
    dt_join_all();
    dt_io_free(io);
    dt_close(file);
    dt_driver_unload(driver);
}
