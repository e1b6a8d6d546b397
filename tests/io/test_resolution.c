/* SPDX-License-Identifier: MIT */
/* Drivers that change the timer resolution: CLK-029 .. CLK-031. */
#include "driver.h"

static struct {
    bool         withdraws;
    PIO_WORKITEM item;
    KEVENT       done, changed;
} s;

static void before_unload(PDEVICE_OBJECT device)
{
    (void)device;
    if (s.withdraws)
        ExSetTimerResolution(0, FALSE);
}

static dt_driver *load(bool withdraws)
{
    memset(&s, 0, sizeof s);
    KeInitializeEvent(&s.done, NotificationEvent, FALSE);
    KeInitializeEvent(&s.changed, NotificationEvent, FALSE);
    s.withdraws = withdraws;
    drv_reset();
    drv.before_unload = before_unload;
    return drv_load();
}

/* ---- CLK-029 ---- */

static void changes(bool withdraws)
{
    dt_driver *d = load(withdraws);

    ExSetTimerResolution(10000, TRUE);
    dt_expect_eq(dt_driver_unload(d), STATUS_SUCCESS);
}

static void forgets(void *ctx)
{
    (void)ctx;
    changes(false);
}

static void restores(void *ctx)
{
    (void)ctx;
    changes(true);
}

static void test_unload(void **state)
{
    struct dt_config cfg = config(2);

    (void)state;
    cfg.tick_100ns = DT_TICK_DEFAULT;
    caught_with(&cfg, forgets, "DT-C01", 0);
    passes_with(&cfg, restores);
}

/* ---- a power request, sent as the power manager does ---- */

static NTSTATUS taken_back(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    (void)device, (void)context;
    IoFreeIrp(irp);
    KeSetEvent(&s.done, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static void send_power(PDRIVER_DISPATCH dispatch)
{
    PIRP irp = IoAllocateIrp(drv.device->StackSize, FALSE);

    drv.device->DriverObject->MajorFunction[IRP_MJ_POWER] = dispatch;
    irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
    PIO_STACK_LOCATION sp = IoGetNextIrpStackLocation(irp);

    sp->MajorFunction = IRP_MJ_POWER;
    sp->MinorFunction = IRP_MN_SET_POWER;
    IoSetCompletionRoutine(irp, taken_back, NULL, TRUE, TRUE, TRUE);
    (void)IoCallDriver(drv.device, irp);
    wait_for(&s.done);
}

static NTSTATUS power_directly(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    ExSetTimerResolution(10000, TRUE);
    return complete(irp, STATUS_SUCCESS, 0);
}

static VOID change_later(PDEVICE_OBJECT device, PVOID context)
{
    (void)device, (void)context;
    ExSetTimerResolution(10000, TRUE);
    IoFreeWorkItem(s.item);
    KeSetEvent(&s.changed, IO_NO_INCREMENT, FALSE);
}

static NTSTATUS power_through_worker(PDEVICE_OBJECT device, PIRP irp, bool waits)
{
    s.item = IoAllocateWorkItem(device);
    IoQueueWorkItem(s.item, change_later, DelayedWorkQueue, NULL);
    if (waits)
        wait_for(&s.changed);
    return complete(irp, STATUS_SUCCESS, 0);
}

static NTSTATUS power_and_wait(PDEVICE_OBJECT device, PIRP irp)
{
    return power_through_worker(device, irp, true);
}

static NTSTATUS power_and_go_on(PDEVICE_OBJECT device, PIRP irp)
{
    return power_through_worker(device, irp, false);
}

static void direct_call(void *ctx)
{
    (void)ctx;
    load(true);
    send_power(power_directly);
}

static void waits_for_worker(void *ctx)
{
    (void)ctx;
    load(true);
    send_power(power_and_wait);
}

static void goes_on(void *ctx)
{
    (void)ctx;
    dt_driver *d = load(true);

    send_power(power_and_go_on);
    wait_for(&s.changed);
    dt_expect_eq(dt_driver_unload(d), STATUS_SUCCESS);
}

static void test_power(void **state)
{
    (void)state;
    if (simulated()) { /* in real time a deadlock is just that */
        caught(direct_call, "DT-L17", 0);
        caught(waits_for_worker, "DT-L17", 0); /* CLK-030 */
    }
    always(goes_on, 1); /* CLK-031 */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unload),
        cmocka_unit_test(test_power),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
