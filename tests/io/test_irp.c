/* SPDX-License-Identifier: MIT */
/* IRPs: buffers, stacks, completion routines, pending, cancel; SIO-059 .. SIO-063 and the bug checks 0x44, 0x35, 0xC9, 0x11B. */
#include "driver.h"

#define IOCTL_OUT_DIRECT CTL_CODE(FILE_DEVICE_UNKNOWN, 0x801, METHOD_OUT_DIRECT, FILE_ANY_ACCESS)
#define IOCTL_NEITHER    CTL_CODE(FILE_DEVICE_UNKNOWN, 0x802, METHOD_NEITHER, FILE_ANY_ACCESS)

/* ---- buffers ---- */

static NTSTATUS reverse(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION sp = IoGetCurrentIrpStackLocation(irp);
    ULONG              n = sp->Parameters.DeviceIoControl.InputBufferLength,
          room = sp->Parameters.DeviceIoControl.OutputBufferLength;
    const char *in = irp->AssociatedIrp.SystemBuffer;
    char       *out = irp->AssociatedIrp.SystemBuffer, text[16];

    (void)device;
    if (sp->Parameters.DeviceIoControl.IoControlCode == IOCTL_OUT_DIRECT)
        out = MmGetSystemAddressForMdlSafe(irp->MdlAddress, NormalPagePriority);
    if (sp->Parameters.DeviceIoControl.IoControlCode == IOCTL_NEITHER) {
        in = sp->Parameters.DeviceIoControl.Type3InputBuffer;
        out = irp->UserBuffer;
    }
    dt_expect(n <= sizeof text && n <= room);
    for (ULONG i = 0; i < n; i++)
        text[i] = in[n - 1 - i];
    memcpy(out, text, n);
    return complete(irp, STATUS_SUCCESS, n);
}

static void buffers(void *ctx)
{
    static const ULONG codes[] = {IOCTL_TEST, IOCTL_OUT_DIRECT, IOCTL_NEITHER};

    (void)ctx;
    drv_reset();
    drv.control = reverse;
    dt_driver *d = drv_load();
    dt_file   *f = drv_open();

    for (int i = 0; i < 3; i++) {
        char   out[8] = "zzzzzzz";
        size_t n = 0;

        dt_expect_eq(dt_ioctl(f, codes[i], "abcd", 4, out, 8, &n), STATUS_SUCCESS);
        dt_expect(n == 4 && memcmp(out, "dcbazzz", 8) == 0);
    }
    dt_expect_eq(dt_write(f, "x", 1, 0, NULL), STATUS_INVALID_DEVICE_REQUEST);
    drv_close(d, f);
    dt_expect(drv.creates == 1 && drv.cleanups == 1 && drv.closes == 1);
}

static void test_buffers(void **state)
{
    (void)state;
    passes(buffers);
}

static NTSTATUS fail_with_output(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    memset(irp->AssociatedIrp.SystemBuffer, 'x', 4);
    return complete(irp, STATUS_INVALID_PARAMETER, 4);
}

/* An error copies nothing back; a warning (STATUS_BUFFER_OVERFLOW) does. */
static void failed_output(void *ctx)
{
    char out[4] = "abc";

    (void)ctx;
    drv_reset();
    drv.control = fail_with_output;
    dt_driver *d = drv_load();
    dt_file   *f = drv_open();

    dt_expect_eq(dt_ioctl(f, IOCTL_TEST, NULL, 0, out, 4, NULL), STATUS_INVALID_PARAMETER);
    dt_expect(memcmp(out, "abc", 4) == 0);
    drv_close(d, f);
}

static void test_failed_output(void **state)
{
    (void)state;
    passes(failed_output);
}

/* ---- pending ---- */

static PIRP   pended;
static KTIMER timer;
static KDPC   dpc;

static VOID complete_dpc(PKDPC d, PVOID context, PVOID a, PVOID b)
{
    (void)d, (void)context, (void)a, (void)b;
    complete(pended, STATUS_SUCCESS, 0);
}

static NTSTATUS pend(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    pended = irp;
    IoMarkIrpPending(irp);
    KeInitializeTimer(&timer);
    KeInitializeDpc(&dpc, complete_dpc, NULL);
    KeSetTimer(&timer, in_ms(1), &dpc);
    return STATUS_PENDING;
}

static void pending(void *ctx)
{
    (void)ctx;
    drv_reset();
    drv.control = pend;
    dt_driver *d = drv_load();
    dt_file   *f = drv_open();

    dt_expect_eq(dt_ioctl(f, IOCTL_TEST, NULL, 0, NULL, 0, NULL), STATUS_SUCCESS);
    drv_close(d, f);
}

static void test_pending(void **state)
{
    (void)state;
    always(pending, 2);
}

static void one_ioctl(PDRIVER_DISPATCH control)
{
    drv_reset();
    drv.control = control;
    dt_driver *d = drv_load();
    dt_file   *f = drv_open();

    dt_ioctl(f, IOCTL_TEST, NULL, 0, NULL, 0, NULL);
    drv_close(d, f);
}

static NTSTATUS complete_twice(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    complete(irp, STATUS_SUCCESS, 0);
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return STATUS_SUCCESS;
}

static NTSTATUS complete_pending(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    return complete(irp, STATUS_PENDING, 0);
}

static NTSTATUS forget(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device, (void)irp;
    return STATUS_SUCCESS;
}

static NTSTATUS pend_unmarked(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    complete(irp, STATUS_SUCCESS, 0);
    return STATUS_PENDING;
}

static NTSTATUS say_otherwise(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    complete(irp, STATUS_SUCCESS, 0);
    return STATUS_UNSUCCESSFUL;
}

static NTSTATUS send_down(PDEVICE_OBJECT device, PIRP irp)
{
    return IoCallDriver(device, irp);
}

static NTSTATUS return_raised(PDEVICE_OBJECT device, PIRP irp)
{
    KIRQL old;

    (void)device;
    complete(irp, STATUS_SUCCESS, 0);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    return STATUS_SUCCESS;
}

#define BODY(name)                     \
    static void body_##name(void *ctx) \
    {                                  \
        (void)ctx;                     \
        one_ioctl(name);               \
    }
BODY(complete_twice)
BODY(complete_pending)
BODY(forget)
BODY(pend_unmarked)
BODY(say_otherwise)
BODY(send_down)
BODY(return_raised)

static void test_misuse(void **state)
{
    (void)state;
    caught(body_complete_twice, NULL, 0x44);
    caught(body_complete_pending, NULL, 0xC9);
    caught(body_forget, NULL, 0xC9);
    caught(body_pend_unmarked, NULL, 0xC9);
    caught(body_say_otherwise, NULL, 0xC9);
    caught(body_send_down, NULL, 0x35);
    caught(body_return_raised, "DT-I09", 0xC4);
}

/* ---- stacks and completion routines ---- */

static struct {
    PDEVICE_OBJECT top, below;
    LONG           calls;
    bool           hold; /* the routine stops the IRP, and a work-alike completes it later */
    KEVENT         held;
} stack;

static NTSTATUS came_back(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    dt_expect(device == stack.top && context == &stack);
    dt_expect(IoGetCurrentIrpStackLocation(irp)->MajorFunction == IRP_MJ_DEVICE_CONTROL);
    stack.calls++;
    if (irp->PendingReturned && !stack.hold)
        IoMarkIrpPending(irp);
    if (!stack.hold)
        return STATUS_SUCCESS;
    KeSetEvent(&stack.held, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static NTSTATUS pass_down(PDEVICE_OBJECT device, PIRP irp)
{
    dt_expect(device == stack.top);
    IoCopyCurrentIrpStackLocationToNext(irp);
    IoSetCompletionRoutine(irp, came_back, &stack, TRUE, TRUE, TRUE);
    NTSTATUS status = IoCallDriver(stack.below, irp);

    if (!stack.hold)
        return status;
    KeWaitForSingleObject(&stack.held, Executive, KernelMode, FALSE, NULL);
    return complete(irp, STATUS_WAIT_1, 0);
}

static NTSTATUS bottom(PDEVICE_OBJECT device, PIRP irp)
{
    return device == stack.top ? pass_down(device, irp) : pend(device, irp);
}

static void stacked(bool hold)
{
    drv_reset();
    memset(&stack, 0, sizeof stack);
    stack.hold = hold;
    KeInitializeEvent(&stack.held, NotificationEvent, FALSE);
    drv.control = bottom;
    dt_driver *d = drv_load();

    dt_expect_eq(IoCreateDevice((PDRIVER_OBJECT)d, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &stack.top), STATUS_SUCCESS);
    stack.below = IoAttachDeviceToDeviceStack(stack.top, drv.device);
    stack.top->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    dt_expect(stack.below == drv.device && stack.top->StackSize == 2 && IoGetAttachedDevice(drv.device) == stack.top);
    dt_file *f = drv_open();

    dt_expect_eq(dt_ioctl(f, IOCTL_TEST, NULL, 0, NULL, 0, NULL), hold ? STATUS_WAIT_1 : STATUS_SUCCESS);
    dt_expect_eq(stack.calls, 1);
    dt_close(f);
    IoDetachDevice(stack.below);
    IoDeleteDevice(stack.top);
    dt_expect_eq(dt_driver_unload(d), STATUS_SUCCESS);
}

static void stack_through(void *ctx)
{
    (void)ctx;
    stacked(false);
}

static void stack_held(void *ctx)
{
    (void)ctx;
    stacked(true);
}

static void test_stack(void **state)
{
    (void)state;
    always(stack_through, 1);
    always(stack_held, 1);
}

/* ---- requests that a driver builds ---- */

static NTSTATUS take_back(PDEVICE_OBJECT device, PIRP irp, PVOID event)
{
    dt_expect(device == NULL);
    (void)irp;
    KeSetEvent(event, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static void allocated(void *ctx)
{
    KEVENT done;

    (void)ctx;
    drv_reset();
    drv.control = pend;
    dt_driver *d = drv_load();
    PIRP       irp = IoAllocateIrp(drv.device->StackSize, FALSE);

    dt_expect_eq(irp->AllocationFlags, IRP_ALLOCATED_FIXED_SIZE);
    KeInitializeEvent(&done, NotificationEvent, FALSE);
    for (int i = 0; i < 2; i++) {
        IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_DEVICE_CONTROL;
        IoSetCompletionRoutine(irp, take_back, &done, TRUE, TRUE, TRUE);
        dt_expect_eq(IoCallDriver(drv.device, irp), STATUS_PENDING);
        KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, NULL);
        dt_expect_eq(irp->IoStatus.Status, STATUS_SUCCESS);
        KeClearEvent(&done);
        IoReuseIrp(irp, STATUS_SUCCESS);
        dt_expect_eq(irp->AllocationFlags, IRP_ALLOCATED_FIXED_SIZE);
    }
    IoFreeIrp(irp);
    dt_expect_eq(dt_driver_unload(d), STATUS_SUCCESS);
}

static void built(void *ctx)
{
    KEVENT          done;
    IO_STATUS_BLOCK iosb = {0};
    char            text[4] = "abc";

    (void)ctx;
    drv_reset();
    drv.control = reverse;
    dt_driver *d = drv_load();

    KeInitializeEvent(&done, NotificationEvent, FALSE);
    PIRP irp = IoBuildDeviceIoControlRequest(IOCTL_TEST, drv.device, text, 3, text, 3, FALSE, &done, &iosb);

    dt_expect_eq(IoCallDriver(drv.device, irp), STATUS_SUCCESS);
    dt_expect(KeReadStateEvent(&done) && iosb.Information == 3 && memcmp(text, "cba", 4) == 0);
    dt_expect_eq(dt_driver_unload(d), STATUS_SUCCESS);
}

/* nf-wdm-ioallocateirp: the maker takes it back, or nobody frees it. */
static void never_taken_back(void *ctx)
{
    (void)ctx;
    drv_reset();
    drv_load();
    PIRP irp = IoAllocateIrp(drv.device->StackSize, FALSE);

    IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_DEVICE_CONTROL;
    IoCallDriver(drv.device, irp);
}

/* nf-wdm-iobuildasynchronousfsdrequest: neither may this one; but without Driver Verifier Windows finishes it. */
static void built_and_left(void *ctx)
{
    IO_STATUS_BLOCK iosb = {0};

    (void)ctx;
    drv_reset();
    drv.control = reverse;
    dt_driver *d = drv_load();
    PIRP       irp = IoBuildAsynchronousFsdRequest(IRP_MJ_FLUSH_BUFFERS, drv.device, NULL, 0, NULL, &iosb);

    dt_expect_eq(IoCallDriver(drv.device, irp), STATUS_INVALID_DEVICE_REQUEST);
    dt_expect_eq(iosb.Status, STATUS_INVALID_DEVICE_REQUEST);
    dt_expect_eq(dt_driver_unload(d), STATUS_SUCCESS);
}

static void test_own_irps(void **state)
{
    struct dt_config cfg = config(2);

    (void)state;
    passes(allocated);
    passes(built);
    caught(never_taken_back, NULL, 0xC9);
    caught(built_and_left, NULL, 0xC9);
    cfg.faithful = true;
    passes_with(&cfg, built_and_left);
}

/* ---- cancel ---- */

static VOID cancel_routine(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    dt_expect_eq(KeGetCurrentIrql(), DISPATCH_LEVEL);
    IoReleaseCancelSpinLock(irp->CancelIrql);
    complete(irp, STATUS_CANCELLED, 0);
}

static VOID cancel_keeps_lock(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device, (void)irp;
}

static VOID cancel_wrong_level(PDEVICE_OBJECT device, PIRP irp)
{
    KIRQL old;

    (void)device;
    IoReleaseCancelSpinLock(irp->CancelIrql);
    KeRaiseIrql(APC_LEVEL, &old);
}

static PDRIVER_CANCEL cancel_with;

static NTSTATUS pend_cancelable(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    IoMarkIrpPending(irp);
    IoSetCancelRoutine(irp, cancel_with);
    return STATUS_PENDING;
}

static void cancel_one(PDRIVER_CANCEL routine)
{
    drv_reset();
    drv.control = pend_cancelable;
    cancel_with = routine;
    dt_driver *d = drv_load();
    dt_file   *f = drv_open();
    dt_io     *io = dt_ioctl_start(f, IOCTL_TEST, NULL, 0, NULL, 0);

    dt_expect(dt_io_cancel(io));
    dt_expect(!dt_io_cancel(io));
    dt_expect_eq(dt_io_wait(io, DT_NEVER), STATUS_CANCELLED);
    dt_io_free(io);
    drv_close(d, f);
}

static void cancel_right(void *ctx)
{
    (void)ctx;
    cancel_one(cancel_routine);
}

static void cancel_holding(void *ctx)
{
    (void)ctx;
    cancel_one(cancel_keeps_lock);
}

static void cancel_raised(void *ctx)
{
    (void)ctx;
    cancel_one(cancel_wrong_level);
}

/* SIO-059, SIO-060, SIO-061 */
static void test_cancel(void **state)
{
    (void)state;
    passes(cancel_right);
    caught(cancel_holding, "DT-L04", 0x11B);
    caught(cancel_raised, "DT-I09", 0xC8);
}

/* SIO-063: completing although IoSetCancelRoutine(NULL) returned NULL is a double completion, which some schedule shows. */
static bool       checks;
static KSPIN_LOCK lock;

static VOID cancel_locked(PDEVICE_OBJECT device, PIRP irp)
{
    KIRQL old;

    (void)device;
    IoReleaseCancelSpinLock(irp->CancelIrql);
    KeAcquireSpinLock(&lock, &old);
    pended = NULL;
    KeReleaseSpinLock(&lock, old);
    complete(irp, STATUS_CANCELLED, 0);
}

static VOID complete_cancelable(PKDPC d, PVOID context, PVOID a, PVOID b)
{
    (void)d, (void)context, (void)a, (void)b;
    KeAcquireSpinLockAtDpcLevel(&lock);
    PIRP irp = pended;

    if (irp && !IoSetCancelRoutine(irp, NULL) && checks)
        irp = NULL;
    KeReleaseSpinLockFromDpcLevel(&lock);
    if (irp)
        complete(irp, STATUS_SUCCESS, 0);
}

static NTSTATUS pend_for_both(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    pended = irp;
    IoMarkIrpPending(irp);
    KeInitializeSpinLock(&lock);
    IoSetCancelRoutine(irp, cancel_locked);
    KeInitializeTimer(&timer);
    KeInitializeDpc(&dpc, complete_cancelable, NULL);
    KeSetTimer(&timer, in_ms(1), &dpc);
    return STATUS_PENDING;
}

static void cancel_race(bool checked)
{
    drv_reset();
    checks = checked;
    drv.control = pend_for_both;
    dt_driver *d = drv_load();
    dt_file   *f = drv_open();
    dt_io     *io = dt_ioctl_start(f, IOCTL_TEST, NULL, 0, NULL, 0);

    dt_io_cancel(io);
    dt_status status = dt_io_wait(io, DT_NEVER);

    dt_expect(status == STATUS_CANCELLED || status == STATUS_SUCCESS);
    dt_io_free(io);
    KeCancelTimer(&timer);
    KeFlushQueuedDpcs();
    drv_close(d, f);
}

static void cancel_race_lost(void *ctx)
{
    (void)ctx;
    cancel_race(false);
}

static void cancel_race_checked(void *ctx)
{
    (void)ctx;
    cancel_race(true);
}

static void test_cancel_race(void **state)
{
    (void)state;
    always(cancel_race_checked, 2);
    found(cancel_race_lost, 2, NULL, 0x44);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_buffers),
        cmocka_unit_test(test_failed_output),
        cmocka_unit_test(test_pending),
        cmocka_unit_test(test_misuse),
        cmocka_unit_test(test_stack),
        cmocka_unit_test(test_own_irps),
        cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_cancel_race),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
