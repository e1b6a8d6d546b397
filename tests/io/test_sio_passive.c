/* SPDX-License-Identifier: MIT */
/* Passive-level interrupts; what an interrupt routine and StartIo may not call; time budgets. SIO. */
#include "driver.h"

#define VECTOR 0x51
#define DIRQL  5

static struct {
    PKINTERRUPT     k;
    KINTERRUPT_MODE mode;
    KEVENT          go_on, event, done;
    KTIMER          timer;
    KDPC            dpc;
    KSPIN_LOCK      lock;
    LONG            calls, inside, sections;
    PIRP            irp;
    void (*does)(void);
} s;

static KSERVICE_ROUTINE     isr;
static KSYNCHRONIZE_ROUTINE section;

BOOLEAN isr(PKINTERRUPT interrupt, PVOID context)
{
    (void)interrupt, (void)context;
    dt_expect_eq(InterlockedIncrement(&s.inside), 1);
    InterlockedIncrement(&s.calls);
    if (s.does)
        s.does();
    InterlockedDecrement(&s.inside);
    KeInsertQueueDpc(&s.dpc, NULL, NULL);
    return TRUE;
}

static VOID after(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    (void)dpc, (void)context, (void)a, (void)b;
    KeSetEvent(&s.done, IO_NO_INCREMENT, FALSE);
}

static NTSTATUS connect_with(KIRQL irql, PKSPIN_LOCK lock)
{
    IO_CONNECT_INTERRUPT_PARAMETERS p = {.Version = CONNECT_FULLY_SPECIFIED,
        .FullySpecified = {.InterruptObject = &s.k,
            .ServiceRoutine = isr,
            .ServiceContext = &s,
            .SpinLock = lock,
            .Vector = VECTOR,
            .Irql = irql,
            .SynchronizeIrql = irql,
            .InterruptMode = s.mode,
            .ProcessorEnableMask = ~(KAFFINITY)0}};

    return IoConnectInterruptEx(&p);
}

static void begin(KINTERRUPT_MODE mode, void (*does)(void))
{
    memset(&s, 0, sizeof s);
    s.mode = mode;
    s.does = does;
    KeInitializeSpinLock(&s.lock);
    KeInitializeTimer(&s.timer);
    KeInitializeDpc(&s.dpc, after, NULL);
    KeInitializeEvent(&s.go_on, NotificationEvent, FALSE);
    KeInitializeEvent(&s.event, NotificationEvent, FALSE);
    KeInitializeEvent(&s.done, NotificationEvent, FALSE);
}

static void end(void)
{
    IO_DISCONNECT_INTERRUPT_PARAMETERS p = {
        .Version = CONNECT_FULLY_SPECIFIED, .ConnectionContext.InterruptObject = s.k};

    IoDisconnectInterruptEx(&p);
}

/* ---- passive level ---- */

static void blocks(void)
{
    dt_expect_eq(KeGetCurrentIrql(), PASSIVE_LEVEL);
    wait_for(&s.go_on);
}

BOOLEAN section(PVOID context)
{
    (void)context;
    dt_expect_eq(KeGetCurrentIrql(), PASSIVE_LEVEL);
    dt_expect_eq(InterlockedIncrement(&s.inside), 1);
    sleep_ms(1);
    s.sections++;
    InterlockedDecrement(&s.inside);
    return 3;
}

static void synchronizes(void *ctx)
{
    (void)ctx;
    dt_expect_eq(KeSynchronizeExecution(s.k, section, NULL), 3);
}

/* SIO-052: it may block, and a SynchCritSection that comes meanwhile waits for its end. SIO-053. */
static void at_passive(void *ctx)
{
    (void)ctx;
    begin(LevelSensitive, blocks);
    dt_expect_eq(connect_with(PASSIVE_LEVEL, &s.lock), STATUS_INVALID_PARAMETER); /* SIO-053 */
    dt_expect_eq(connect_with(PASSIVE_LEVEL, NULL), STATUS_SUCCESS);
    dt_interrupt(VECTOR);
    dt_spawn(1, synchronizes, NULL);
    sleep_ms(3);
    KeSetEvent(&s.go_on, IO_NO_INCREMENT, FALSE);
    wait_for(&s.done);
    dt_join_all();
    dt_expect(s.calls == 1 && s.sections == 1);
    end();
}

/* In real time a thread runs it, when it likes. */
static void until_called(LONG times)
{
    sleep_ms(5);
    while (!simulated() && ReadAcquire(&s.calls) < times)
        sleep_ms(1);
    dt_expect_eq(ReadNoFence(&s.calls), times);
}

/* SIO-054: masked until the routine returns: two interrupts in that time are one more call. */
static void masked_level(void *ctx)
{
    (void)ctx;
    begin(LevelSensitive, blocks);
    dt_expect_eq(connect_with(PASSIVE_LEVEL, NULL), STATUS_SUCCESS);
    for (int i = 0; i < 3; i++) {
        dt_interrupt_on(VECTOR, (unsigned)i % 2);
        until_called(1);
    }
    KeSetEvent(&s.go_on, IO_NO_INCREMENT, FALSE);
    until_called(2);
    end();
    dt_expect_eq(s.calls, 2);
}

/* SIO-054: an edge is cleared before the routine runs, so that each further one is a call of its own, one at a time. */
static void edges(void *ctx)
{
    (void)ctx;
    begin(Latched, blocks);
    dt_expect_eq(connect_with(PASSIVE_LEVEL, NULL), STATUS_SUCCESS);
    for (int i = 0; i < 3; i++) {
        dt_interrupt_on(VECTOR, (unsigned)i % 2);
        until_called(1);
    }
    KeSetEvent(&s.go_on, IO_NO_INCREMENT, FALSE);
    until_called(3);
    end();
    dt_expect_eq(s.calls, 3);
}

static void test_passive(void **state)
{
    (void)state;
    passes(at_passive);
    passes(masked_level);
    passes(edges);
    if (simulated())
        always(at_passive, 1);
}

/* ---- SIO-055: what may not be called at device level ---- */

static void sets_event(void)
{
    KeSetEvent(&s.event, IO_NO_INCREMENT, FALSE);
}

static void sets_timer(void)
{
    KeSetTimer(&s.timer, in_ms(1), NULL);
}

static void takes_spin_lock(void)
{
    KIRQL old;

    KeAcquireSpinLock(&s.lock, &old);
    KeReleaseSpinLock(&s.lock, old);
}

static void completes(void)
{
    IoCompleteRequest(s.irp, IO_NO_INCREMENT);
}

static void waits(void)
{
    poll(&s.event);
}

static void stalls(void) /* SIO-056 */
{
    KeStallExecutionProcessor(30);
}

static void interrupt_that(void (*does)(void))
{
    begin(LevelSensitive, does);
    dt_expect_eq(connect_with(DIRQL, NULL), STATUS_SUCCESS);
    dt_interrupt_on(VECTOR, 0);
    wait_for(&s.done);
    end();
}

static void isr_sets_event(void *ctx)
{
    (void)ctx;
    interrupt_that(sets_event);
}

static void isr_sets_timer(void *ctx)
{
    (void)ctx;
    interrupt_that(sets_timer);
}

static void isr_takes_spin_lock(void *ctx)
{
    (void)ctx;
    interrupt_that(takes_spin_lock);
}

static void isr_completes(void *ctx)
{
    (void)ctx;
    interrupt_that(completes);
}

static void isr_waits(void *ctx)
{
    (void)ctx;
    interrupt_that(waits);
}

static void isr_queues_dpc(void *ctx)
{
    (void)ctx;
    interrupt_that(NULL);
}

static void isr_takes_long(void *ctx)
{
    (void)ctx;
    interrupt_that(stalls);
}

static void test_isr(void **state)
{
    (void)state;
    passes(isr_queues_dpc);
    caught(isr_sets_event, "DT-I01", 0xC4);
    caught(isr_sets_timer, "DT-I01", 0xC4);
    caught(isr_takes_spin_lock, "DT-I01", 0xC4);
    caught(isr_completes, "DT-I01", 0x0A);
    caught(isr_waits, "DT-W01", ANY_CODE);
    caught(isr_takes_long, "DT-B01", 0); /* SIO-056 */
}

/* ---- SIO-019: StartIo ---- */

static KSPIN_LOCK kept;

static void start_waits(void)
{
    wait_ms(&s.event, 1);
}

static void start_is_pageable(void)
{
    PAGED_CODE();
}

static void start_keeps_lock(void)
{
    KeAcquireSpinLockAtDpcLevel(&kept);
}

static void completes_under_lock(void) /* SIO-062 */
{
    KeAcquireSpinLockAtDpcLevel(&s.lock);
    complete(s.irp, STATUS_SUCCESS, 0);
    KeReleaseSpinLockFromDpcLevel(&s.lock);
}

static void completes_under_cancel_lock(void) /* SIO-062 */
{
    KIRQL old;

    IoAcquireCancelSpinLock(&old);
    complete(s.irp, STATUS_SUCCESS, 0);
    IoReleaseCancelSpinLock(old);
}

static VOID start_io(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    s.irp = irp;
    s.does();
}

static NTSTATUS start(PDEVICE_OBJECT device, PIRP irp)
{
    IoMarkIrpPending(irp);
    IoStartPacket(device, irp, NULL, NULL);
    return STATUS_PENDING;
}

static void start_that(void (*does)(void))
{
    begin(LevelSensitive, does);
    KeInitializeSpinLock(&kept);
    drv_reset();
    drv.control = start;
    drv.start_io = start_io;
    drv_load();
    dt_ioctl(drv_open(), IOCTL_TEST, NULL, 0, NULL, 0, NULL);
}

static void start_io_waits(void *ctx)
{
    (void)ctx;
    start_that(start_waits);
}

static void start_io_is_pageable(void *ctx)
{
    (void)ctx;
    start_that(start_is_pageable);
}

static void start_io_keeps_lock(void *ctx)
{
    (void)ctx;
    start_that(start_keeps_lock);
}

static void start_io_under_lock(void *ctx)
{
    (void)ctx;
    start_that(completes_under_lock);
}

static void start_io_under_cancel_lock(void *ctx)
{
    (void)ctx;
    start_that(completes_under_cancel_lock);
}

static void test_start_io(void **state)
{
    (void)state;
    caught(start_io_waits, "DT-W01", 0xC4);
    caught(start_io_is_pageable, "DT-I10", 0xD1);
    caught(start_io_keeps_lock, "DT-L04", 0xC4);
    caught(start_io_under_lock, "DT-L13", 0);
    caught(start_io_under_cancel_lock, "DT-L13", 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_passive),
        cmocka_unit_test(test_isr),
        cmocka_unit_test(test_start_io),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
