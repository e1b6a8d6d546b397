/* SPDX-License-Identifier: MIT */
/* Who may wait and who may not: DPCs, StartIo, power requests, pollers, driver routines; and what never ends. */
#include "../io/driver.h"

static struct {
    KEVENT event, done;
    KDPC   dpc;
    bool   release;
    LONG   waited;
} s;

static void begin(void)
{
    memset(&s, 0, sizeof s);
    KeInitializeEvent(&s.event, NotificationEvent, FALSE);
    KeInitializeEvent(&s.done, NotificationEvent, FALSE);
}

/* ---- DPCs and StartIo: nobody's thread ---- */

static KDEFERRED_ROUTINE waiting_dpc;

static VOID waiting_dpc(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    (void)dpc, (void)context, (void)a, (void)b;
    wait_ms(&s.event, s.release ? 0 : 1);
}

static void in_dpc(bool polls)
{
    begin();
    s.release = polls;
    KeInitializeDpc(&s.dpc, waiting_dpc, NULL);
    KeInsertQueueDpc(&s.dpc, NULL, NULL);
    KeFlushQueuedDpcs();
}

static void waits_in_dpc(void *ctx)
{
    (void)ctx;
    in_dpc(false);
}

static void polls_in_dpc(void *ctx)
{
    (void)ctx;
    in_dpc(true);
}

static DRIVER_STARTIO waiting_start_io;

static VOID waiting_start_io(PDEVICE_OBJECT device, PIRP irp)
{
    wait_ms(&s.event, s.release ? 0 : 1);
    IoStartNextPacket(device, FALSE);
    complete(irp, STATUS_SUCCESS, 0);
}

static NTSTATUS starts_packet(PDEVICE_OBJECT device, PIRP irp)
{
    IoMarkIrpPending(irp);
    IoStartPacket(device, irp, NULL, NULL);
    return STATUS_PENDING;
}

static void request(PDRIVER_DISPATCH dispatch, bool release)
{
    begin();
    drv_reset();
    s.release = release;
    drv.control = dispatch;
    drv.start_io = waiting_start_io;
    dt_driver *d = drv_load();
    dt_file   *f = drv_open();

    dt_ioctl(f, IOCTL_TEST, NULL, 0, NULL, 0, NULL);
    drv_close(d, f);
}

static void waits_in_start_io(void *ctx)
{
    (void)ctx;
    request(starts_packet, false);
}

static void polls_in_start_io(void *ctx)
{
    (void)ctx;
    request(starts_packet, true);
}

/* WAI-040, WAI-041. */
static void test_nobodys_thread(void **state)
{
    struct dt_config off = config(2);

    (void)state;
    off.faithful = true;
    caught(waits_in_dpc, "DT-D06", 0xB8);
    caught_with(&off, waits_in_dpc, "DT-D06", 0xB8);
    caught(waits_in_start_io, "DT-W01", 0xC4);
    passes(polls_in_dpc);
    passes(polls_in_start_io);
}

/* ---- WAI-078: nothing can move any more ---- */

static void waits_for_done(void *ctx)
{
    (void)ctx;
    wait_for(&s.done);
    KeSetEvent(&s.event, IO_NO_INCREMENT, FALSE);
}

static void hang(void *ctx)
{
    (void)ctx;
    begin();
    dt_spawn(1, waits_for_done, NULL);
    wait_for(&s.event);
    KeSetEvent(&s.done, IO_NO_INCREMENT, FALSE);
}

static void no_hang(void *ctx)
{
    (void)ctx;
    begin();
    dt_spawn(1, waits_for_done, NULL);
    KeSetEvent(&s.done, IO_NO_INCREMENT, FALSE);
    wait_for(&s.event);
    dt_join_all();
}

static void test_hang(void **state)
{
    struct dt_config on = config(2);
    struct dt_result r = {0};

    (void)state;
    if (simulated()) {
        assert_int_equal(dt_run(&on, hang, NULL, &r), 0);
        assert_finding(&r, "DT-L17", 0);
        assert_non_null(strstr(r.finding.what, "ids 1, 2"));
    }
    always(no_hang, 2);
}

/* ---- WAI-077: polling ---- */

static void polls(bool stalls)
{
    LARGE_INTEGER pause = {.QuadPart = -200};

    begin();
    for (int i = 0; i < 10; i++) {
        KeReadStateEvent(&s.event);
        if (stalls)
            KeStallExecutionProcessor(20);
        else
            KeDelayExecutionThread(KernelMode, FALSE, &pause);
    }
}

static void polls_by_stalling(void *ctx)
{
    (void)ctx;
    polls(true);
}

static void polls_in_own_thread(void *ctx)
{
    (void)ctx;
    polls(false);
    KeStallExecutionProcessor(20);
    KeStallExecutionProcessor(20);
}

static void test_polling(void **state)
{
    (void)state;
    caught(polls_by_stalling, "DT-B04", 0);
    passes(polls_in_own_thread);
}

/* ---- WAI-076: power is set ---- */

static NTSTATUS sets_power(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    if (!s.release)
        sleep_ms(1);
    poll(&s.event);
    return complete(irp, STATUS_SUCCESS, 0);
}

static NTSTATUS power_done(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    (void)device, (void)irp, (void)context;
    KeSetEvent(&s.done, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static void send_power(UCHAR minor, bool harmless)
{
    begin();
    drv_reset();
    s.release = harmless;
    dt_driver *d = drv_load();

    drv.device->DriverObject->MajorFunction[IRP_MJ_POWER] = sets_power;
    PIRP               irp = IoAllocateIrp(drv.device->StackSize, FALSE);
    PIO_STACK_LOCATION sp = IoGetNextIrpStackLocation(irp);

    irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
    sp->MajorFunction = IRP_MJ_POWER;
    sp->MinorFunction = minor;
    IoSetCompletionRoutine(irp, power_done, NULL, TRUE, TRUE, TRUE);
    PoCallDriver(drv.device, irp);
    wait_for(&s.done);
    IoFreeIrp(irp);
    dt_expect_eq(dt_driver_unload(d), STATUS_SUCCESS);
}

static void delays_setting_power(void *ctx)
{
    (void)ctx;
    send_power(IRP_MN_SET_POWER, false);
}

static void polls_setting_power(void *ctx)
{
    (void)ctx;
    send_power(IRP_MN_SET_POWER, true);
    sleep_ms(1);
}

static void delays_querying_power(void *ctx)
{
    (void)ctx;
    send_power(IRP_MN_QUERY_POWER, false);
}

static void test_power(void **state)
{
    (void)state;
    caught(delays_setting_power, "DT-W18", 0);
    passes(polls_setting_power);
    passes(delays_querying_power);
}

/* ---- WAI-074: DriverEntry, AddDevice, Unload may wait ---- */

static void waits_and_delays(void)
{
    KTIMER timer;

    KeInitializeTimer(&timer);
    KeSetTimer(&timer, in_ms(1), NULL);
    wait_for(&timer);
    sleep_ms(1);
    s.waited++;
}

static DRIVER_UNLOAD waiting_unload;

static VOID waiting_unload(PDRIVER_OBJECT driver)
{
    (void)driver;
    waits_and_delays();
}

static NTSTATUS waiting_add_device(PDRIVER_OBJECT driver, PDEVICE_OBJECT pdo)
{
    (void)driver, (void)pdo;
    waits_and_delays();
    return STATUS_SUCCESS;
}

static NTSTATUS waiting_entry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    (void)path;
    driver->DriverUnload = waiting_unload;
    driver->DriverExtension->AddDevice = waiting_add_device;
    waits_and_delays();
    return STATUS_SUCCESS;
}

static void who_may_wait(void *ctx)
{
    (void)ctx;
    begin();
    dt_driver *d = dt_driver_load((dt_driver_entry *)waiting_entry);

    dt_expect(d != NULL);
    dt_driver_add_device(d);
    dt_driver_unload(d);
    dt_expect_eq(s.waited, 3);
}

static void test_who_may_wait(void **state)
{
    (void)state;
    passes(who_may_wait);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nobodys_thread),
        cmocka_unit_test(test_hang),
        cmocka_unit_test(test_polling),
        cmocka_unit_test(test_power),
        cmocka_unit_test(test_who_may_wait),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
