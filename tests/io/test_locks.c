/* SPDX-License-Identifier: MIT */
/* What a driver's routines leave behind: locks and levels. IRQ-005, IRQ-029, SPL-029, SPL-030. */
#include "driver.h"

static KSPIN_LOCK lock;
static KIRQL      saved;

static void request(PDRIVER_DISPATCH control)
{
    drv_reset();
    drv.control = control;
    KeInitializeSpinLock(&lock);
    dt_driver *driver = drv_load();
    dt_file   *file = drv_open();

    dt_ioctl(file, IOCTL_TEST, NULL, 0, NULL, 0, NULL);
    drv_close(driver, file);
}

#define BODY_OF(name)            \
    static void name(void *ctx)  \
    {                            \
        (void)ctx;               \
        request(name##_control); \
    }

static NTSTATUS keeps_the_lock_control(PDEVICE_OBJECT device, PIRP irp) /* SPL-029 */
{
    (void)device;
    complete(irp, STATUS_SUCCESS, 0);
    KeAcquireSpinLock(&lock, &saved);
    return STATUS_SUCCESS;
}

static NTSTATUS keeps_the_level_control(PDEVICE_OBJECT device, PIRP irp) /* IRQ-029 */
{
    (void)device;
    complete(irp, STATUS_SUCCESS, 0);
    KeRaiseIrql(APC_LEVEL, &saved);
    return STATUS_SUCCESS;
}

static NTSTATUS keeps_a_region_control(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    KeEnterCriticalRegion();
    return complete(irp, STATUS_SUCCESS, 0);
}

static NTSTATUS completes_inside_control(PDEVICE_OBJECT device, PIRP irp) /* SPL-030 */
{
    (void)device;
    KeAcquireSpinLock(&lock, &saved);
    complete(irp, STATUS_SUCCESS, 0);
    KeReleaseSpinLock(&lock, saved);
    return STATUS_SUCCESS;
}

static NTSTATUS does_it_right_control(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    KeAcquireSpinLock(&lock, &saved);
    KeReleaseSpinLock(&lock, saved);
    return complete(irp, STATUS_SUCCESS, 0);
}

BODY_OF(keeps_the_lock)
BODY_OF(keeps_the_level)
BODY_OF(keeps_a_region)
BODY_OF(completes_inside)
BODY_OF(does_it_right)

static void test_dispatch(void **state)
{
    struct dt_config plain = config(2);

    (void)state;
    plain.faithful = true;
    caught(keeps_the_lock, "DT-L04", 0xC4);
    caught(keeps_the_level, "DT-I09", 0xC4);
    caught_params_with(&plain, keeps_the_level, "DT-I09", 0x4A, ANY_PARAM, APC_LEVEL); /* IRQ-030 */
    caught_params_with(&plain, keeps_a_region, "DT-W15", 0x01, ANY_PARAM, 0);          /* WAI-059: nobody else minds */
    caught(completes_inside, "DT-L13", 0);
    passes(does_it_right);
}

/* SPL-030: IoStartNextPacket calls StartIo for the request that waits, here with the lock held. */
static PIRP first;
static bool inside;

static VOID start_io(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    dt_expect_eq(KeGetCurrentIrql(), DISPATCH_LEVEL); /* IRQ-005 */
    if (!first)
        first = irp; /* the device is busy with it until the second one has come */
    else
        complete(irp, STATUS_SUCCESS, 0);
}

static void start_next(PDEVICE_OBJECT device)
{
    KIRQL irql;

    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    if (inside)
        KeAcquireSpinLockAtDpcLevel(&lock);
    IoStartNextPacket(device, FALSE);
    if (inside)
        KeReleaseSpinLockFromDpcLevel(&lock);
    KeLowerIrql(irql);
}

static NTSTATUS queues(PDEVICE_OBJECT device, PIRP irp)
{
    IoMarkIrpPending(irp);
    IoStartPacket(device, irp, NULL, NULL);
    if (first != irp) {
        start_next(device);
        complete(first, STATUS_SUCCESS, 0);
        start_next(device);
    }
    return STATUS_PENDING;
}

static void two_requests(bool with_lock)
{
    drv_reset();
    drv.control = queues;
    drv.start_io = start_io;
    first = NULL;
    inside = with_lock;
    KeInitializeSpinLock(&lock);
    dt_driver *driver = drv_load();
    dt_file   *file = drv_open();
    dt_io     *io = dt_ioctl_start(file, IOCTL_TEST, NULL, 0, NULL, 0);

    dt_ioctl(file, IOCTL_TEST, NULL, 0, NULL, 0, NULL);
    dt_io_free(io);
    drv_close(driver, file);
}

static void starts_next_inside(void *ctx)
{
    (void)ctx;
    two_requests(true);
}

static void starts_next_outside(void *ctx)
{
    (void)ctx;
    two_requests(false);
}

static void test_start_io(void **state)
{
    (void)state;
    caught(starts_next_inside, "DT-L13", 0);
    passes(starts_next_outside);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dispatch),
        cmocka_unit_test(test_start_io),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
