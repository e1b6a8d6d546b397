/* SPDX-License-Identifier: MIT */
/* DpcForIsr: the DPC of a device object. DPC-007, DPC-041, DPC-078 .. DPC-080, DPC-082 .. DPC-084, DPC-086. A thread at device level
 * stands for the interrupt routine. */
#include "driver.h"

enum { DIRQL = 5 };

static struct {
    IRP    irp[2];
    LONG   calls, current; /* current: what the requests' shared context says */
    PIRP   irp_seen;
    PVOID  context_seen;
    ULONG  cpu;
    bool   in_isr;
    KEVENT done;
    KDPC   dpc;
} s;

static bool before_isr_ended, overwritten;

static IO_DPC_ROUTINE dpc_for_isr;

/* DPC-079. */
static VOID dpc_for_isr(PKDPC dpc, PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    dt_expect(dpc == &device->Dpc);
    dt_expect(device == drv.device);
    dt_expect_eq(KeGetCurrentIrql(), DISPATCH_LEVEL);
    s.irp_seen = irp;
    s.context_seen = context;
    s.cpu = KeGetCurrentProcessorNumberEx(NULL);
    if (__atomic_load_n(&s.in_isr, __ATOMIC_RELAXED))
        before_isr_ended = true;
    InterlockedIncrement(&s.calls);
    KeSetEvent(&s.done, IO_NO_INCREMENT, FALSE);
}

static dt_driver *begin(void)
{
    memset(&s, 0, sizeof s);
    drv_reset();
    KeInitializeEvent(&s.done, NotificationEvent, FALSE);
    return drv_load();
}

static void end(dt_driver *driver)
{
    KeFlushQueuedDpcs();
    dt_expect_eq(dt_driver_unload(driver), STATUS_SUCCESS);
}

/* DPC-078: at any IRQL; one per device. DPC-082: the second request before the routine has run adds nothing, and its
 * arguments are lost. DPC-084: on one processor the routine waits for the end of the interrupt routine. */
static void two_requests(void *ctx)
{
    dt_driver *driver = begin();
    KIRQL      irql, isr;

    (void)ctx;
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    KeRaiseIrql(DIRQL, &isr);
    IoInitializeDpcRequest(drv.device, dpc_for_isr);
    IoRequestDpc(drv.device, &s.irp[0], (PVOID)1);
    IoRequestDpc(drv.device, &s.irp[1], (PVOID)2);
    dt_expect_eq(s.calls, 0);
    KeLowerIrql(isr);
    dt_expect_eq(s.calls, 0);
    KeLowerIrql(irql);
    dt_expect_eq(s.calls, 1);
    dt_expect(s.irp_seen == &s.irp[0] && s.context_seen == (PVOID)1);
    KeRaiseIrql(DIRQL, &isr);
    IoRequestDpc(drv.device, &s.irp[1], (PVOID)2);
    KeLowerIrql(isr);
    dt_expect_eq(s.calls, 2);
    dt_expect(s.irp_seen == &s.irp[1] && s.context_seen == (PVOID)2);
    end(driver);
}

/* DPC-083: with a target it may begin on another processor before the interrupt routine has returned. DPC-041. */
static void targeted(void *ctx)
{
    dt_driver *driver = begin();
    KIRQL      isr;

    (void)ctx;
    IoInitializeDpcRequest(drv.device, dpc_for_isr);
    KeSetTargetProcessorDpc(&drv.device->Dpc, 1);
    KeSetImportanceDpc(&drv.device->Dpc, MediumHighImportance);
    KeRaiseIrql(DIRQL, &isr);
    __atomic_store_n(&s.in_isr, true, __ATOMIC_RELAXED);
    IoRequestDpc(drv.device, NULL, NULL);
    KeRemoveQueueDpc(&drv.device->Dpc); /* a point, while the routine may be running; or it takes the DPC back */
    __atomic_store_n(&s.in_isr, false, __ATOMIC_RELAXED);
    KeLowerIrql(isr);
    KeFlushQueuedDpcs();
    dt_expect(s.calls == 0 || s.cpu == 1);
    end(driver);
}

static void test_requests(void **state)
{
    (void)state;
    passes(two_requests);
    always(two_requests, 1);
    before_isr_ended = false;
    reached(targeted, 2, &before_isr_ended);
    passes(targeted);
}

/* DPC-080. */
static void not_initialized(void *ctx)
{
    (void)ctx;
    begin();
    IoRequestDpc(drv.device, NULL, NULL);
}

/* DPC-081: a thread asks for what only the interrupt routine may. */
static void by_thread(void *ctx)
{
    dt_driver *driver = begin();
    KIRQL      irql;

    (void)ctx;
    IoInitializeDpcRequest(drv.device, dpc_for_isr);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    IoRequestDpc(drv.device, NULL, NULL);
    KeLowerIrql(irql);
    end(driver);
}

static void test_by_thread(void **state)
{
    struct dt_config plain = config(2);

    (void)state;
    plain.faithful = true;
    caught(by_thread, "DT-D17", 0);
    passes_with(&plain, by_thread);
}

static void test_not_initialized(void **state)
{
    (void)state;
    caught(not_initialized, "DT-D01", 0xC7);
}

/* ---- DPC-086: the next packet begins before the routine is done with what the two share ---- */

static DRIVER_STARTIO start_io;

static VOID start_io(PDEVICE_OBJECT device, PIRP irp)
{
    KIRQL isr;

    s.current++;
    KeRaiseIrql(DIRQL, &isr); /* the device is done at once */
    IoRequestDpc(device, irp, NULL);
    KeLowerIrql(isr);
}

static NTSTATUS starts(PDEVICE_OBJECT device, PIRP irp)
{
    IoMarkIrpPending(irp);
    IoStartPacket(device, irp, NULL, NULL);
    return STATUS_PENDING;
}

static IO_DPC_ROUTINE next_first, next_last;

static VOID next_first(PKDPC dpc, PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    LONG mine = s.current;

    (void)dpc, (void)context;
    IoStartNextPacket(device, FALSE);
    if (s.current != mine)
        overwritten = true;
    complete(irp, STATUS_SUCCESS, 0);
}

static VOID next_last(PKDPC dpc, PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    LONG mine = s.current;

    (void)dpc, (void)context;
    KeReadStateEvent(&s.done);
    dt_expect_eq(s.current, mine);
    complete(irp, STATUS_SUCCESS, 0);
    IoStartNextPacket(device, FALSE);
}

static void packets(PIO_DPC_ROUTINE routine)
{
    dt_io     *io[2];
    dt_driver *driver;
    dt_file   *file;

    memset(&s, 0, sizeof s);
    drv_reset();
    KeInitializeEvent(&s.done, NotificationEvent, FALSE);
    drv.start_io = start_io;
    drv.control = starts;
    driver = drv_load();
    IoInitializeDpcRequest(drv.device, routine);
    KeSetImportanceDpc(&drv.device->Dpc, LowImportance); /* so that the second packet is there in time */
    file = drv_open();
    for (int i = 0; i < 2; i++)
        io[i] = dt_ioctl_start(file, IOCTL_TEST, NULL, 0, NULL, 0);
    for (int i = 0; i < 2; i++)
        dt_io_free(io[i]);
    dt_expect_eq(s.current, 2);
    KeFlushQueuedDpcs();
    drv_close(driver, file);
}

static void packets_next_first(void *ctx)
{
    (void)ctx;
    packets(next_first);
}

static void packets_next_last(void *ctx)
{
    (void)ctx;
    packets(next_last);
}

static void test_packets(void **state)
{
    (void)state;
    overwritten = false;
    reached(packets_next_first, 1, &overwritten);
    passes(packets_next_first);
    passes(packets_next_last);
    always(packets_next_last, 1);
}

/* ---- DPC-007: a DPC that goes on queueing itself when its driver is unloaded: one flush is not enough ---- */

static KDEFERRED_ROUTINE again;

static VOID again(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    (void)context, (void)a, (void)b;
    KeSetTargetProcessorDpc(dpc, (CCHAR)(1 - KeGetCurrentProcessorNumberEx(NULL)));
    KeSetImportanceDpc(dpc, LowImportance);
    KeInsertQueueDpc(dpc, NULL, NULL);
}

static void leave_behind(PDEVICE_OBJECT device)
{
    (void)device;
    KeInitializeDpc(&s.dpc, again, NULL);
    KeSetTargetProcessorDpc(&s.dpc, 1);
    KeSetImportanceDpc(&s.dpc, HighImportance);
    KeInsertQueueDpc(&s.dpc, NULL, NULL);
}

static void unloaded_queued(void *ctx)
{
    dt_driver *driver;

    (void)ctx;
    memset(&s, 0, sizeof s);
    drv_reset();
    drv.before_unload = leave_behind;
    driver = drv_load();
    dt_driver_unload(driver);
}

static void test_unload(void **state)
{
    (void)state;
    if (simulated()) /* in real time it may be running at that moment: 0xCE */
        caught(unloaded_queued, "DT-D04", 0xC7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_requests),
        cmocka_unit_test(test_not_initialized),
        cmocka_unit_test(test_by_thread),
        cmocka_unit_test(test_packets),
        cmocka_unit_test(test_unload),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
