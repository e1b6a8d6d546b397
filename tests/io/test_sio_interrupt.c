/* SPDX-License-Identifier: MIT */
/* Interrupt routines: how they are called, what excludes them, when they end. SIO. Levels are in test_interrupt.c. */
#include "driver.h"

#define VECTOR 0x51
#define OTHER  0x52
#define DIRQL  5
#define HIGHER 8

static struct {
    PKINTERRUPT one, two;
    KSPIN_LOCK  lock;
    KDPC        dpc;
    KEVENT      done;
    LONG        calls, two_calls, inside, depth, seen[2], saved, dpcs;
    ULONG       cpu;
    KIRQL       irql;
    BOOLEAN     claims;
    bool        raises_two, recurses;
} s;

static bool two_inside_one, lost;

static BOOLEAN synchronized(PVOID context);

static KSERVICE_ROUTINE isr_one, isr_two;

/* SIO-039: object, context, level, lock; never beside itself. */
BOOLEAN isr_one(PKINTERRUPT interrupt, PVOID context)
{
    KIRQL level = KeGetCurrentIrql();

    dt_expect(context == &s && (interrupt == s.one || !s.one));
    dt_expect_eq(level, s.irql);
    dt_expect_eq(InterlockedIncrement(&s.inside), 1);
    InterlockedIncrement(&s.calls);
    s.depth++;
    if (s.raises_two)
        dt_interrupt_on(OTHER, KeGetCurrentProcessorNumberEx(NULL));
    if (s.recurses)
        KeSynchronizeExecution(interrupt, synchronized, NULL);
    KeStallExecutionProcessor(1); /* a place to be interrupted */
    s.depth--;
    InterlockedDecrement(&s.inside);
    KeInsertQueueDpc(&s.dpc, NULL, NULL);
    return s.claims;
}

BOOLEAN isr_two(PKINTERRUPT interrupt, PVOID context)
{
    (void)interrupt, (void)context;
    s.two_calls++;
    if (s.depth)
        two_inside_one = true;
    return TRUE;
}

static VOID after(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    (void)dpc, (void)context, (void)a, (void)b;
    KeSetEvent(&s.done, IO_NO_INCREMENT, FALSE);
}

static void begin(void)
{
    memset(&s, 0, sizeof s);
    s.claims = TRUE;
    s.irql = DIRQL;
    KeInitializeSpinLock(&s.lock);
    KeInitializeDpc(&s.dpc, after, NULL);
    KeInitializeEvent(&s.done, NotificationEvent, FALSE);
}

static NTSTATUS connect(
    PKINTERRUPT *k, PKSERVICE_ROUTINE routine, ULONG vector, KIRQL irql, KIRQL sync, PKSPIN_LOCK lock, BOOLEAN share)
{
    return IoConnectInterrupt(k, routine, &s, lock, vector, irql, sync, LevelSensitive, share, ~(KAFFINITY)0, FALSE);
}

static void connect_one(void)
{
    begin();
    dt_expect_eq(connect(&s.one, isr_one, VECTOR, DIRQL, DIRQL, NULL, FALSE), STATUS_SUCCESS);
}

/* In real time another thread takes the interrupt, when it likes. */
static void until_called(LONG times)
{
    sleep_ms(2);
    while (!simulated() && ReadAcquire(&s.calls) < times)
        sleep_ms(1);
    dt_expect_eq(ReadNoFence(&s.calls), times);
}

/* The DPC that isr_one queues runs when all routines of the vector have returned. */
static void interrupt_and_wait(void)
{
    KeClearEvent(&s.done);
    dt_expect(dt_interrupt_on(VECTOR, 0));
    wait_for(&s.done);
}

/* ---- SIO-039, with an interrupt on each processor ---- */

static void raise_here(void *ctx)
{
    (void)ctx;
    dt_interrupt_on(VECTOR, KeGetCurrentProcessorNumberEx(NULL));
}

static void on_both(void *ctx)
{
    (void)ctx;
    connect_one();
    dt_spawn(1, raise_here, NULL);
    dt_spawn(0, raise_here, NULL);
    dt_join_all();
    until_called(2);
    IoDisconnectInterrupt(s.one);
}

/* SIO-040: FALSE passes it on, TRUE does not. */
static void passed_on(void *ctx)
{
    (void)ctx;
    begin();
    dt_expect_eq(connect(&s.one, isr_one, VECTOR, DIRQL, DIRQL, NULL, TRUE), STATUS_SUCCESS);
    dt_expect_eq(connect(&s.two, isr_two, VECTOR, DIRQL, DIRQL, NULL, TRUE), STATUS_SUCCESS);
    for (int i = 0; i < 2; i++) {
        s.claims = i == 0;
        interrupt_and_wait();
        dt_expect_eq(s.two_calls, i);
    }
    IoDisconnectInterrupt(s.one);
    IoDisconnectInterrupt(s.two);
}

/* SIO-041: of a higher level, on the same processor. */
static void nested(void *ctx)
{
    (void)ctx;
    two_inside_one = false;
    connect_one();
    dt_expect_eq(connect(&s.two, isr_two, OTHER, HIGHER, HIGHER, NULL, FALSE), STATUS_SUCCESS);
    s.raises_two = true;
    dt_interrupt_on(VECTOR, 0);
    wait_for(&s.done);
    dt_expect(two_inside_one && s.two_calls == 1);
    IoDisconnectInterrupt(s.one);
    IoDisconnectInterrupt(s.two);
}

static void test_calls(void **state)
{
    (void)state;
    always(on_both, 2);
    passes(passed_on);
    passes(nested);
}

/* ---- KeSynchronizeExecution ---- */

static BOOLEAN synchronized(PVOID context)
{
    dt_expect_eq(KeGetCurrentIrql(), s.irql);
    dt_expect_eq(InterlockedIncrement(&s.inside), 1);
    if (s.irql)
        dt_expect_eq(KeGetCurrentProcessorNumberEx(NULL), s.cpu);
    s.seen[1]++;
    KeStallExecutionProcessor(1);
    InterlockedDecrement(&s.inside);
    return (BOOLEAN)(ULONG_PTR)context;
}

/* SIO-042: once, here, level restored, its result as it is, even when that is neither TRUE nor FALSE. */
static void results(void *ctx)
{
    KIRQL old;

    (void)ctx;
    connect_one();
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    s.cpu = KeGetCurrentProcessorNumberEx(NULL);
    dt_expect_eq(KeSynchronizeExecution(s.one, synchronized, (PVOID)1), 1);
    dt_expect_eq(KeSynchronizeExecution(s.one, synchronized, NULL), 0);
    dt_expect_eq(KeSynchronizeExecution(s.one, synchronized, (PVOID)7), 7);
    dt_expect_eq(KeGetCurrentIrql(), DISPATCH_LEVEL);
    dt_expect_eq(s.seen[1], 3);
    KeLowerIrql(old);
    IoDisconnectInterrupt(s.one);
}

static void synchronize_here(void *ctx)
{
    KIRQL old;

    (void)ctx;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    s.cpu = KeGetCurrentProcessorNumberEx(NULL);
    KeSynchronizeExecution(s.one, synchronized, NULL);
    KeLowerIrql(old);
}

/* SIO-043: `inside` would become 2. */
static void excluded(void *ctx)
{
    (void)ctx;
    connect_one();
    dt_spawn(1, synchronize_here, NULL);
    raise_here(NULL);
    dt_join_all();
    until_called(1);
    dt_expect_eq(s.seen[1], 1);
    IoDisconnectInterrupt(s.one);
}

static void above_its_level(void *ctx) /* SIO-044 */
{
    KIRQL old;

    (void)ctx;
    connect_one();
    KeRaiseIrql(DIRQL + 1, &old);
    KeSynchronizeExecution(s.one, synchronized, NULL);
}

static BOOLEAN again(PVOID context)
{
    return KeSynchronizeExecution(s.one, synchronized, context);
}

static void recursive(void *ctx) /* SIO-045 */
{
    (void)ctx;
    connect_one();
    KeSynchronizeExecution(s.one, again, NULL);
}

static void from_its_isr(void *ctx) /* SIO-045 */
{
    (void)ctx;
    connect_one();
    s.recurses = true;
    interrupt_and_wait();
}

static void test_synchronize(void **state)
{
    (void)state;
    passes(results);
    always(excluded, 2);
    caught(above_its_level, "DT-I01", 0x0A);
    caught(recursive, "DT-L01", 0x0F);
    caught(from_its_isr, "DT-L01", 0x0F);
}

/* ---- one lock for two interrupts ---- */

static KSERVICE_ROUTINE exclusive;

BOOLEAN exclusive(PKINTERRUPT interrupt, PVOID context)
{
    (void)interrupt, (void)context;
    dt_expect_eq(KeGetCurrentIrql(), HIGHER);
    dt_expect_eq(InterlockedIncrement(&s.inside), 1);
    KeStallExecutionProcessor(1);
    InterlockedIncrement(&s.calls);
    InterlockedDecrement(&s.inside);
    return TRUE;
}

static void raise_other(void *ctx)
{
    (void)ctx;
    dt_interrupt_on(OTHER, KeGetCurrentProcessorNumberEx(NULL));
}

/* SIO-046, SIO-047: both at the higher level, both with the lock. */
static void shared_lock(void *ctx)
{
    (void)ctx;
    begin();
    dt_expect_eq(connect(&s.one, exclusive, VECTOR, DIRQL, HIGHER, &s.lock, FALSE), STATUS_SUCCESS);
    dt_expect_eq(connect(&s.two, exclusive, OTHER, HIGHER, HIGHER, &s.lock, FALSE), STATUS_SUCCESS);
    dt_spawn(1, raise_other, NULL);
    raise_here(NULL);
    dt_join_all();
    until_called(2);
    IoDisconnectInterrupt(s.one);
    IoDisconnectInterrupt(s.two);
}

static void levels_differ(void *ctx) /* SIO-047 */
{
    (void)ctx;
    begin();
    connect(&s.one, exclusive, VECTOR, DIRQL, DIRQL, &s.lock, FALSE);
    connect(&s.two, exclusive, OTHER, HIGHER, HIGHER, &s.lock, FALSE);
}

static void test_shared_lock(void **state)
{
    (void)state;
    always(shared_lock, 1);
    caught(levels_differ, "DT-L07", 0);
}

/* ---- connecting and disconnecting ---- */

/* SIO-048 */
static void no_processors(void *ctx)
{
    KIRQL old;

    (void)ctx;
    begin();
    dt_expect_eq(IoConnectInterrupt(&s.one, isr_one, &s, NULL, VECTOR, DIRQL, DIRQL, Latched, FALSE, 0, FALSE),
        STATUS_INVALID_PARAMETER);
    dt_expect_eq(
        IoConnectInterrupt(&s.one, isr_one, &s, NULL, VECTOR, DIRQL, DIRQL, Latched, FALSE, (KAFFINITY)1 << 60, FALSE),
        STATUS_INVALID_PARAMETER);
    KeRaiseIrql(HIGH_LEVEL, &old); /* it may come as soon as this returns */
    KeLowerIrql(old);
    dt_expect_eq(connect(&s.one, isr_one, VECTOR, DIRQL, DIRQL, NULL, FALSE), STATUS_SUCCESS);
    dt_interrupt_on(VECTOR, 0);
    wait_for(&s.done);
    IoDisconnectInterrupt(s.one);
}

static void connect_high(void *ctx) /* SIO-048 */
{
    KIRQL old;

    (void)ctx;
    begin();
    KeRaiseIrql(APC_LEVEL, &old);
    connect(&s.one, isr_one, VECTOR, DIRQL, DIRQL, NULL, FALSE);
}

/* SIO-049: not running, and not again, on whichever processor it came. */
static void disconnected(void *ctx)
{
    (void)ctx;
    connect_one();
    dt_spawn(1, raise_here, NULL);
    IoDisconnectInterrupt(s.one);
    LONG calls = s.calls;

    dt_expect_eq(s.inside, 0);
    dt_join_all();
    sleep_ms(2);
    dt_expect_eq(s.calls, calls);
    KeFlushQueuedDpcs();
}

typedef struct {
    PKINTERRUPT interrupt;
} EXTENSION;

static dt_driver *with_interrupt(void)
{
    begin();
    drv_reset();
    dt_driver *d = drv_load();
    EXTENSION *x = drv.device->DeviceExtension;

    dt_expect_eq(connect(&x->interrupt, isr_two, VECTOR, DIRQL, DIRQL, NULL, FALSE), STATUS_SUCCESS);
    return d;
}

static void still_connected(void *ctx) /* SIO-050 */
{
    (void)ctx;
    dt_driver_unload(with_interrupt());
}

static void disconnect_in_unload(PDEVICE_OBJECT device)
{
    IoDisconnectInterrupt(((EXTENSION *)device->DeviceExtension)->interrupt);
}

static void well_ordered(void *ctx) /* SIO-050 */
{
    (void)ctx;
    dt_driver *d = with_interrupt();

    drv.before_unload = disconnect_in_unload;
    dt_expect_eq(dt_driver_unload(d), STATUS_SUCCESS);
}

/* SIO-051: active by default; off and on; twice is once; at DISPATCH_LEVEL. */
static void inactive(void *ctx)
{
    static const LONG                           calls[] = {1, 1, 1, 2, 3};
    IO_REPORT_INTERRUPT_ACTIVE_STATE_PARAMETERS p = {.Version = CONNECT_FULLY_SPECIFIED};
    KIRQL                                       old;

    (void)ctx;
    connect_one();
    p.ConnectionContext.InterruptObject = s.one;
    for (int i = 0; i < 5; i++) {
        KeRaiseIrql(DISPATCH_LEVEL, &old);
        if (i == 1 || i == 2)
            IoReportInterruptInactive(&p);
        if (i >= 3)
            IoReportInterruptActive(&p);
        KeLowerIrql(old);
        if (i == 0 || i >= 3)
            interrupt_and_wait();
        else
            dt_expect(!dt_interrupt_on(VECTOR, 0));
        sleep_ms(2);
        dt_expect_eq(s.calls, calls[i]);
    }
    IoDisconnectInterrupt(s.one);
}

/* SIO-051: of two on one vector only the other one is called. */
static void inactive_sharer(void *ctx)
{
    IO_REPORT_INTERRUPT_ACTIVE_STATE_PARAMETERS p = {.Version = CONNECT_FULLY_SPECIFIED};
    KIRQL                                       old;

    (void)ctx;
    begin();
    dt_expect_eq(connect(&s.one, isr_one, VECTOR, DIRQL, DIRQL, NULL, TRUE), STATUS_SUCCESS);
    dt_expect_eq(connect(&s.two, isr_two, VECTOR, DIRQL, DIRQL, NULL, TRUE), STATUS_SUCCESS);
    p.ConnectionContext.InterruptObject = s.one;
    IoReportInterruptInactive(&p);
    KeRaiseIrql(DIRQL, &old);
    dt_expect(dt_interrupt_on(VECTOR, KeGetCurrentProcessorNumberEx(NULL)));
    KeLowerIrql(old);
    sleep_ms(2);
    dt_expect(s.calls == 0 && s.two_calls == 1);
    IoDisconnectInterrupt(s.one);
    IoDisconnectInterrupt(s.two);
}

static void inactive_too_high(void *ctx) /* SIO-051 */
{
    IO_REPORT_INTERRUPT_ACTIVE_STATE_PARAMETERS p = {.Version = CONNECT_FULLY_SPECIFIED};
    KIRQL                                       old;

    (void)ctx;
    connect_one();
    p.ConnectionContext.InterruptObject = s.one;
    KeRaiseIrql(DISPATCH_LEVEL + 1, &old);
    IoReportInterruptInactive(&p);
}

static void test_connections(void **state)
{
    (void)state;
    passes(no_processors);
    caught(connect_high, "DT-I01", 0xC4);
    always(disconnected, 2);
    caught(still_connected, "DT-Q03", 0);
    passes(well_ordered);
    passes(inactive);
    passes(inactive_sharer);
    caught(inactive_too_high, "DT-I01", 0x0A);
}

/* SIO-057: the next interrupt comes before DpcForIsr has read what the first one saved. */
static KSERVICE_ROUTINE saves;

BOOLEAN saves(PKINTERRUPT interrupt, PVOID context)
{
    (void)interrupt, (void)context;
    s.saved++; /* with the interrupt spin lock, which does not help */
    KeInsertQueueDpc(&s.dpc, NULL, NULL);
    return TRUE;
}

static VOID reads(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    (void)dpc, (void)context, (void)a, (void)b;
    InterlockedIncrement(&s.dpcs);
    if (s.saved == 2 && s.dpcs == 1)
        lost = true;
}

static void overwritten(void *ctx)
{
    (void)ctx;
    begin();
    KeInitializeDpc(&s.dpc, reads, NULL);
    dt_expect_eq(connect(&s.one, saves, VECTOR, DIRQL, DIRQL, NULL, FALSE), STATUS_SUCCESS);
    dt_spawn(1, raise_here, NULL);
    raise_here(NULL);
    dt_join_all();
    IoDisconnectInterrupt(s.one);
    KeFlushQueuedDpcs();
}

static void test_overwritten(void **state)
{
    (void)state;
    lost = false;
    reached(overwritten, 2, &lost);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_calls),
        cmocka_unit_test(test_synchronize),
        cmocka_unit_test(test_shared_lock),
        cmocka_unit_test(test_connections),
        cmocka_unit_test(test_overwritten),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
