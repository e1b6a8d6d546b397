/* SPDX-License-Identifier: MIT */
/* Remove locks: counting, the wait, tags, limits, timers behind them, and where the wait belongs. */
#include "driver.h"

#include "../ex/exlock.h"

static struct {
    IO_REMOVE_LOCK lock;
    KEVENT         got, go;
    KTIMER         timer;
    KDPC           dpc;
    LONG           inside, calls, gone, refused;
} s;

static void begin_with(ULONG minutes, ULONG high)
{
    memset(&s, 0, sizeof s);
    KeInitializeEvent(&s.got, NotificationEvent, FALSE);
    KeInitializeEvent(&s.go, NotificationEvent, FALSE);
    IoInitializeRemoveLock(&s.lock, 'tseT', minutes, high);
}

static void begin(void)
{
    begin_with(0, 0);
}

static NTSTATUS acquire(PVOID tag)
{
    return IoAcquireRemoveLock(&s.lock, tag);
}

/* ---- one thread ---- */

/* LCK-071, LCK-076: any number of times, with one tag or several, with none. LCK-073: returns at once when nobody else is in. */
static void counting(void *ctx)
{
    KIRQL old;

    (void)ctx;
    begin();
    for (int i = 0; i < 3; i++)
        dt_expect_eq(acquire(&s.go), STATUS_SUCCESS);
    dt_expect_eq(acquire(NULL), STATUS_SUCCESS);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    dt_expect_eq(acquire(&s.got), STATUS_SUCCESS);
    IoReleaseRemoveLock(&s.lock, &s.got);
    KeLowerIrql(old);
    IoReleaseRemoveLock(&s.lock, NULL);
    IoReleaseRemoveLock(&s.lock, &s.go);
    IoReleaseRemoveLock(&s.lock, &s.go);
    IoReleaseRemoveLockAndWait(&s.lock, &s.go);
    dt_expect(s.lock.Common.Removed);
    dt_expect_eq(acquire(NULL), STATUS_DELETE_PENDING); /* LCK-072 */
    dt_expect_eq(acquire(&s.go), STATUS_DELETE_PENDING);
}

static void test_counting(void **state)
{
    (void)state;
    passes(counting);
}

/* ---- the wait ---- */

static void visit(void *ctx)
{
    NTSTATUS status = acquire(ctx);

    dt_expect(status == STATUS_SUCCESS || status == STATUS_DELETE_PENDING);
    if (!NT_SUCCESS(status)) /* LCK-072: and takes no reference, or the wait would not end */
        return;
    dt_expect_eq(s.gone, 0);
    InterlockedIncrement(&s.inside);
    KeReadStateEvent(&s.go); /* a point */
    InterlockedDecrement(&s.inside);
    dt_expect_eq(s.gone, 0);
    IoReleaseRemoveLock(&s.lock, ctx);
}

/* LCK-073 */
static void remove_it(void *ctx)
{
    begin();
    dt_expect_eq(acquire(&s), STATUS_SUCCESS);
    dt_spawn(0, visit, (void *)1);
    dt_spawn(1, visit, (void *)2);
    IoReleaseRemoveLockAndWait(&s.lock, &s);
    dt_expect_eq(s.inside, 0);
    s.gone = 1;
    dt_expect_eq(acquire(ctx), STATUS_DELETE_PENDING);
    dt_join_all();
}

static void hold(void *ctx)
{
    dt_expect_eq(acquire(ctx), STATUS_SUCCESS);
    KeSetEvent(&s.got, IO_NO_INCREMENT, FALSE);
    wait_for(&s.go);
    dt_expect_eq(s.gone, 0);
    IoReleaseRemoveLock(&s.lock, ctx);
}

/* LCK-072: refused while the wait still lasts. */
static void refuse(void *ctx)
{
    while (NT_SUCCESS(acquire(ctx))) {
        IoReleaseRemoveLock(&s.lock, ctx);
        sleep_ms(1);
    }
    s.refused = 1;
    KeSetEvent(&s.go, IO_NO_INCREMENT, FALSE);
}

static void remove_while_held(void *ctx)
{
    (void)ctx;
    begin();
    dt_spawn(1, hold, (void *)1);
    wait_for(&s.got);
    dt_expect_eq(acquire(&s), STATUS_SUCCESS);
    dt_spawn(1, refuse, (void *)2);
    IoReleaseRemoveLockAndWait(&s.lock, &s);
    s.gone = 1;
    dt_expect_eq(s.refused, 1);
    dt_join_all();
}

static void test_wait(void **state)
{
    (void)state;
    always(remove_it, 2);
    always(remove_while_held, 1);
}

/* ---- around a timer ---- */

static VOID expired(PKDPC dpc, PVOID context, PVOID arg1, PVOID arg2)
{
    (void)dpc, (void)arg1, (void)arg2;
    dt_expect_eq(s.gone, 0);
    InterlockedIncrement(&s.calls);
    IoReleaseRemoveLock(&s.lock, context);
}

/* LCK-081: acquired before the timer is armed, released in the routine or by a successful cancel. */
static void around_a_timer(void *ctx)
{
    (void)ctx;
    begin();
    KeInitializeTimer(&s.timer);
    KeInitializeDpc(&s.dpc, expired, &s.timer);
    dt_expect_eq(acquire(&s), STATUS_SUCCESS);
    dt_expect_eq(acquire(&s.timer), STATUS_SUCCESS);
    KeSetTimer(&s.timer, in_ms(1), &s.dpc);
    sleep_ms(1);
    if (KeCancelTimer(&s.timer))
        IoReleaseRemoveLock(&s.lock, &s.timer);
    IoReleaseRemoveLockAndWait(&s.lock, &s);
    s.gone = 1;
    dt_expect(s.calls <= 1);
}

static void test_timer(void **state)
{
    (void)state;
    always(around_a_timer, 2);
}

/* ---- misuse ---- */

static void uninitialized(void *ctx)
{
    memset(&s, 0, sizeof s);
    (void)acquire(ctx);
}

static void initialized_again(void *ctx)
{
    (void)ctx;
    begin();
    IoInitializeRemoveLock(&s.lock, 'tseT', 0, 0);
}

static void initialized_after_wait(void *ctx)
{
    (void)ctx;
    begin();
    (void)acquire(NULL);
    IoReleaseRemoveLockAndWait(&s.lock, NULL);
    IoInitializeRemoveLock(&s.lock, 'tseT', 0, 0);
}

static void other_tag(void *ctx)
{
    (void)ctx;
    begin();
    (void)acquire(&s.go);
    IoReleaseRemoveLock(&s.lock, &s.got);
}

static void other_tag_and_wait(void *ctx)
{
    (void)ctx;
    begin();
    (void)acquire(&s.go);
    IoReleaseRemoveLockAndWait(&s.lock, &s.got);
}

static void null_for_a_tag(void *ctx)
{
    (void)ctx;
    begin();
    (void)acquire(&s.go);
    IoReleaseRemoveLock(&s.lock, NULL);
}

static void tag_for_null(void *ctx)
{
    (void)ctx;
    begin();
    (void)acquire(NULL);
    IoReleaseRemoveLock(&s.lock, &s.go);
}

static void wait_only(void *ctx)
{
    (void)ctx;
    begin();
    IoReleaseRemoveLockAndWait(&s.lock, NULL);
}

static void released_twice(void *ctx)
{
    (void)ctx;
    begin();
    (void)acquire(NULL);
    IoReleaseRemoveLock(&s.lock, NULL);
    IoReleaseRemoveLock(&s.lock, NULL);
}

static void released_though_refused(void *ctx)
{
    (void)ctx;
    begin();
    (void)acquire(NULL);
    IoReleaseRemoveLockAndWait(&s.lock, NULL);
    (void)acquire(NULL);
    IoReleaseRemoveLock(&s.lock, NULL);
}

static void initialized_at_dispatch(void *ctx)
{
    KIRQL old;

    (void)ctx;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    begin();
}

static void waits_at_apc(void *ctx)
{
    KIRQL old;

    (void)ctx;
    begin();
    (void)acquire(NULL);
    KeRaiseIrql(APC_LEVEL, &old);
    IoReleaseRemoveLockAndWait(&s.lock, NULL);
}

static void test_misuse(void **state)
{
    (void)state;
    violates(uninitialized, "DT-L10", 0x1002);
    violates(initialized_again, "DT-L15", 0xd7);       /* LCK-077 */
    violates(initialized_after_wait, "DT-L15", 0xd7);  /* LCK-077 */
    violates(other_tag, "DT-L15", 0xd5);               /* LCK-075 */
    violates(other_tag_and_wait, "DT-L15", 0xd6);      /* LCK-075 */
    violates(null_for_a_tag, "DT-L15", 0xd5);          /* LCK-076 */
    violates(tag_for_null, "DT-L15", 0xd5);            /* LCK-076 */
    violates(wait_only, "DT-L15", 0xd6);               /* LCK-074 */
    violates(released_twice, "DT-L15", 0xd5);          /* LCK-078 */
    violates(released_though_refused, "DT-L15", 0xd5); /* LCK-082 */
    caught(initialized_at_dispatch, "DT-I01", 0x0A);   /* LCK-071 */
    caught(waits_at_apc, "DT-I01", 0x0A);              /* LCK-073 */
}

/* ---- limits ---- */

static void to_the_mark(void *ctx)
{
    (void)ctx;
    begin_with(0, 2);
    (void)acquire(NULL);
    (void)acquire(NULL);
    IoReleaseRemoveLock(&s.lock, NULL);
    (void)acquire(NULL);
}

static void above_the_mark(void *ctx)
{
    to_the_mark(ctx);
    (void)acquire(NULL);
}

static void impossible_mark(void *ctx)
{
    (void)ctx;
    begin_with(0, 0x80000000u);
}

static void held_for(int64_t ms)
{
    begin_with(1, 0);
    (void)acquire(NULL);
    sleep_ms(ms);
    IoReleaseRemoveLock(&s.lock, NULL);
}

static void held_shortly(void *ctx)
{
    (void)ctx;
    held_for(simulated() ? 59000 : 5);
}

static void held_too_long(void *ctx)
{
    (void)ctx;
    held_for(61000);
}

static void test_limits(void **state)
{
    (void)state;
    passes(to_the_mark);
    caught(above_the_mark, "DT-L15", 0);  /* LCK-079 */
    caught(impossible_mark, "DT-L15", 0); /* LCK-079 */
    passes(held_shortly);
    if (simulated())
        caught(held_too_long, "DT-L15", 0); /* LCK-079: a minute of virtual time */
}

/* ---- where the wait belongs ---- */

static NTSTATUS ioctl_removes(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    (void)acquire(irp);
    IoReleaseRemoveLockAndWait(&s.lock, irp);
    return complete(irp, STATUS_SUCCESS, 0);
}

static void in_ioctl(void *ctx)
{
    (void)ctx;
    begin();
    drv_reset();
    drv.control = ioctl_removes;
    dt_driver *driver = drv_load();
    dt_file   *file = drv_open();

    dt_ioctl(file, IOCTL_TEST, NULL, 0, NULL, 0, NULL);
    drv_close(driver, file);
}

static PDEVICE_OBJECT lower;

static NTSTATUS pnp(PDEVICE_OBJECT device, PIRP irp)
{
    BOOLEAN remove = IoGetCurrentIrpStackLocation(irp)->MinorFunction == IRP_MN_REMOVE_DEVICE;

    (void)acquire(irp);
    irp->IoStatus.Status = STATUS_SUCCESS;
    IoSkipCurrentIrpStackLocation(irp);
    NTSTATUS status = IoCallDriver(lower, irp);

    if (!remove) {
        IoReleaseRemoveLock(&s.lock, irp);
        return status;
    }
    IoReleaseRemoveLockAndWait(&s.lock, irp);
    s.gone = 1;
    IoDetachDevice(lower);
    IoDeleteDevice(device);
    return status;
}

static NTSTATUS add_device(PDRIVER_OBJECT driver, PDEVICE_OBJECT pdo)
{
    PDEVICE_OBJECT device;
    NTSTATUS       status = IoCreateDevice(driver, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);

    if (!NT_SUCCESS(status))
        return status;
    lower = IoAttachDeviceToDeviceStack(device, pdo);
    device->Flags &= ~DO_DEVICE_INITIALIZING;
    return STATUS_SUCCESS;
}

static VOID unload(PDRIVER_OBJECT driver)
{
    (void)driver;
}

static NTSTATUS pnp_entry(PDRIVER_OBJECT driver, PUNICODE_STRING registry)
{
    (void)registry;
    driver->MajorFunction[IRP_MJ_PNP] = pnp;
    driver->DriverExtension->AddDevice = add_device;
    driver->DriverUnload = unload;
    return STATUS_SUCCESS;
}

/* What the PnP manager sends when the device is gone. */
static void send_remove(void)
{
    PDEVICE_OBJECT  top = IoGetAttachedDeviceReference(lower);
    IO_STATUS_BLOCK iosb;
    KEVENT          done;

    KeInitializeEvent(&done, NotificationEvent, FALSE);
    PIRP irp = IoBuildSynchronousFsdRequest(IRP_MJ_PNP, top, NULL, 0, NULL, &done, &iosb);

    irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
    IoGetNextIrpStackLocation(irp)->MinorFunction = IRP_MN_REMOVE_DEVICE;
    if (IoCallDriver(top, irp) == STATUS_PENDING)
        wait_for(&done);
    ObDereferenceObject(top);
}

static void in_remove(void *ctx)
{
    (void)ctx;
    begin();
    dt_driver *driver = dt_driver_load((dt_driver_entry *)pnp_entry);

    dt_expect_eq(dt_driver_add_device(driver), STATUS_SUCCESS);
    send_remove();
    dt_expect_eq(s.gone, 1);
    dt_expect_eq(dt_driver_unload(driver), STATUS_SUCCESS);
}

static void test_place(void **state)
{
    (void)state;
    caught(in_ioctl, "DT-L15", 0); /* LCK-080 */
    passes(in_remove);             /* LCK-080: its repaired twin */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counting),
        cmocka_unit_test(test_wait),
        cmocka_unit_test(test_timer),
        cmocka_unit_test(test_misuse),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
