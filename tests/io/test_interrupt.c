/* SPDX-License-Identifier: MIT */
/*
 * Interrupt objects: levels, masking, exclusion, sharing, misuse.
 * IRQ-005, IRQ-006, IRQ-018 .. IRQ-022, IRQ-031, SPL-033, SPL-034, SPL-048 .. SPL-051.
 */
#include "../machine.h"

#define VECTOR 0x51
#define DIRQL  5
#define SYNC   7

static struct {
    PKINTERRUPT interrupt, other;
    KSPIN_LOCK  lock;
    KDPC        dpc;
    KEVENT      done;
    LONG        calls, other_calls, dpcs, inside;
    KIRQL       seen, raise_to;
    BOOLEAN     handled;
    bool        takes_lock;
    ULONG       cpu;
} s;

static bool overlapped;

static KSERVICE_ROUTINE service, other_service;

BOOLEAN service(PKINTERRUPT interrupt, PVOID context)
{
    dt_expect(context == &s);
    dt_expect(interrupt == s.interrupt || !s.interrupt);
    s.seen = KeGetCurrentIrql();
    s.cpu = KeGetCurrentProcessorNumberEx(NULL);
    dt_expect_eq(InterlockedIncrement(&s.inside), 1);
    InterlockedIncrement(&s.calls);
    if (s.takes_lock) {
        KeAcquireSpinLockAtDpcLevel(&s.lock);
        KeReleaseSpinLockFromDpcLevel(&s.lock);
    }
    KeInsertQueueDpc(&s.dpc, NULL, NULL);
    InterlockedDecrement(&s.inside);
    if (s.raise_to)
        KfRaiseIrql(s.raise_to);
    return s.handled;
}

BOOLEAN other_service(PKINTERRUPT interrupt, PVOID context)
{
    (void)interrupt, (void)context;
    s.other_calls++;
    return TRUE;
}

static KDEFERRED_ROUTINE dpc_for_isr;

static VOID dpc_for_isr(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    (void)dpc, (void)context, (void)a, (void)b;
    dt_expect_eq(KeGetCurrentIrql(), DISPATCH_LEVEL); /* IRQ-005 */
    InterlockedIncrement(&s.dpcs);
    KeSetEvent(&s.done, IO_NO_INCREMENT, FALSE);
}

static void connect(KINTERRUPT_MODE mode, BOOLEAN share)
{
    dt_expect_eq(
        IoConnectInterrupt(&s.interrupt, service, &s, NULL, VECTOR, DIRQL, SYNC, mode, share, ~(KAFFINITY)0, FALSE),
        STATUS_SUCCESS);
}

static void begin(void)
{
    memset(&s, 0, sizeof s);
    s.handled = TRUE;
    KeInitializeSpinLock(&s.lock);
    KeInitializeDpc(&s.dpc, dpc_for_isr, NULL);
    KeInitializeEvent(&s.done, NotificationEvent, FALSE);
}

/* Below the level the interrupt is taken at once, and its DPC has run before dt_interrupt returns at PASSIVE_LEVEL. */
static void taken_at_once(void *ctx)
{
    (void)ctx;
    begin();
    dt_expect(!dt_interrupt(VECTOR));
    connect(LevelSensitive, FALSE);
    dt_expect(dt_interrupt_on(VECTOR, 0));
    wait_for(&s.done);
    dt_expect_eq(s.calls, 1);
    dt_expect_eq(s.seen, SYNC); /* IRQ-006 */
    IoDisconnectInterrupt(s.interrupt);
    dt_expect(!dt_interrupt(VECTOR));
}

/*
 * IRQ-021: masked at its level and above, pended, taken when the level drops below. IRQ-020, IRQ-019: it interrupts
 * DISPATCH_LEVEL; its DPC does not, and waits for IRQL to fall below. IRQ-018. SPL-034: with a spin lock held as well.
 */
static void masked(void *ctx)
{
    KIRQL irql, lock_irql;

    (void)ctx;
    begin();
    connect(LevelSensitive, FALSE);
    KeRaiseIrql(DIRQL, &irql);
    dt_interrupt_on(VECTOR, 0);
    dt_interrupt_on(VECTOR, 0);
    dt_expect_eq(s.calls, 0);
    KeLowerIrql(irql);
    dt_expect_eq(s.calls, 1); /* pending twice is pending */
    dt_expect_eq(s.dpcs, 1);
    KeAcquireSpinLock(&s.lock, &lock_irql);
    dt_interrupt_on(VECTOR, 0);
    dt_expect_eq(s.calls, 2);
    dt_expect_eq(s.dpcs, 1);
    KeReleaseSpinLock(&s.lock, lock_irql);
    dt_expect_eq(s.dpcs, 2);
    IoDisconnectInterrupt(s.interrupt);
}

static void at_the_right_level(void *ctx)
{
    KIRQL high, dispatch;

    (void)ctx;
    begin();
    connect(LevelSensitive, FALSE);
    KeRaiseIrql(DISPATCH_LEVEL, &dispatch);
    KeRaiseIrql(HIGH_LEVEL, &high);
    dt_interrupt_on(VECTOR, 0);
    KeLowerIrql(high);
    dt_expect_eq(KeGetCurrentIrql(), DISPATCH_LEVEL);
    dt_expect_eq(s.calls, 1); /* IRQ-019 */
    dt_expect_eq(s.dpcs, 0);
    KeLowerIrql(dispatch);
    dt_expect_eq(s.dpcs, 1);
    IoDisconnectInterrupt(s.interrupt);
}

static void test_levels(void **state)
{
    struct dt_config cfg = config(1);

    (void)state;
    passes(taken_at_once);
    passes_with(&cfg, masked);
    passes_with(&cfg, at_the_right_level);
}

/* ---- SPL-048, SPL-049: exclusion ---- */

static KSYNCHRONIZE_ROUTINE critical;

static BOOLEAN critical(PVOID context)
{
    dt_expect_eq(KeGetCurrentIrql(), SYNC);
    dt_expect_eq(InterlockedIncrement(&s.inside), 1);
    KeQueryInterruptTime();
    dt_expect_eq(InterlockedDecrement(&s.inside), 0);
    return context != NULL;
}

static void excludes(void *ctx)
{
    KIRQL old;

    (void)ctx;
    old = KeAcquireInterruptSpinLock(s.interrupt);
    dt_expect_eq(old, PASSIVE_LEVEL);
    dt_expect_eq(KeGetCurrentIrql(), SYNC);
    dt_expect_eq(InterlockedIncrement(&s.inside), 1);
    KeQueryInterruptTime();
    InterlockedDecrement(&s.inside);
    KeReleaseInterruptSpinLock(s.interrupt, old);
    dt_expect_eq(KeGetCurrentIrql(), PASSIVE_LEVEL);
    dt_expect(KeSynchronizeExecution(s.interrupt, critical, &s));
    dt_expect(!KeSynchronizeExecution(s.interrupt, critical, NULL));
}

static void exclusion(void *ctx)
{
    (void)ctx;
    begin();
    connect(LevelSensitive, FALSE);
    dt_spawn(1, excludes, NULL);
    dt_expect(dt_interrupt(VECTOR));
    excludes(NULL);
    dt_join_all();
    wait_for(&s.done);
    IoDisconnectInterrupt(s.interrupt);
    dt_expect_eq(s.calls, 1);
}

static void test_exclusion(void **state)
{
    (void)state;
    always(exclusion, 2);
}

/* The interrupt may come to either processor, and while the other one is anywhere. */
static void where(void *ctx)
{
    (void)ctx;
    begin();
    connect(LevelSensitive, FALSE);
    dt_interrupt(VECTOR);
    wait_for(&s.done);
    if (s.cpu == 1)
        __atomic_store_n(&overlapped, true, __ATOMIC_RELAXED);
    IoDisconnectInterrupt(s.interrupt);
}

static void test_where(void **state)
{
    (void)state;
    overlapped = false;
    reached(where, 1, &overlapped);
}

/* ---- sharing ---- */

/* The DPC runs when all routines of the vector have returned. */
static void interrupt_and_wait(void)
{
    KeClearEvent(&s.done);
    dt_interrupt_on(VECTOR, 0);
    wait_for(&s.done);
}

static void shared_vector(void *ctx)
{
    (void)ctx;
    begin();
    connect(LevelSensitive, TRUE);
    dt_expect_eq(IoConnectInterrupt(&s.other, other_service, &s, NULL, VECTOR, DIRQL, DIRQL, LevelSensitive, TRUE,
                     ~(KAFFINITY)0, FALSE),
        STATUS_SUCCESS);
    interrupt_and_wait();
    dt_expect_eq(s.calls, 1);
    dt_expect_eq(s.other_calls, 0);
    s.handled = FALSE;
    interrupt_and_wait();
    dt_expect_eq(s.calls, 2);
    dt_expect_eq(s.other_calls, 1);
    IoDisconnectInterrupt(s.interrupt);
    IoDisconnectInterrupt(s.other);
}

static void bad_connections(void *ctx)
{
    (void)ctx;
    begin();
    connect(Latched, FALSE);
    dt_expect_eq(IoConnectInterrupt(
                     &s.other, other_service, &s, NULL, VECTOR, DIRQL, DIRQL, Latched, FALSE, ~(KAFFINITY)0, FALSE),
        STATUS_INVALID_PARAMETER);
    dt_expect_eq(IoConnectInterrupt(
                     &s.other, other_service, &s, NULL, 0x60, DIRQL, DIRQL - 1, Latched, FALSE, ~(KAFFINITY)0, FALSE),
        STATUS_INVALID_PARAMETER);
    dt_expect_eq(IoConnectInterrupt(&s.other, NULL, &s, NULL, 0x60, DIRQL, DIRQL, Latched, FALSE, ~(KAFFINITY)0, FALSE),
        STATUS_INVALID_PARAMETER);
    IoDisconnectInterrupt(s.interrupt);
}

static void test_connecting(void **state)
{
    (void)state;
    passes(shared_vector);
    passes(bad_connections);
}

/* ---- passive level ---- */

static NTSTATUS connect_ex(ULONG version, KIRQL irql)
{
    IO_CONNECT_INTERRUPT_PARAMETERS p = {.Version = version,
        .FullySpecified = {.InterruptObject = &s.interrupt,
            .ServiceRoutine = service,
            .ServiceContext = &s,
            .Vector = VECTOR,
            .Irql = irql,
            .SynchronizeIrql = irql,
            .InterruptMode = LevelSensitive,
            .ProcessorEnableMask = 1}};

    return IoConnectInterruptEx(&p);
}

static void disconnect_ex(void)
{
    IO_DISCONNECT_INTERRUPT_PARAMETERS p = {
        .Version = CONNECT_FULLY_SPECIFIED, .ConnectionContext.InterruptObject = s.interrupt};

    IoDisconnectInterruptEx(&p);
}

static void passive_level(void *ctx)
{
    (void)ctx;
    begin();
    dt_expect_eq(connect_ex(CONNECT_LINE_BASED, DIRQL), STATUS_NOT_FOUND);
    dt_expect_eq(connect_ex(17, DIRQL), STATUS_NOT_SUPPORTED);
    dt_expect_eq(connect_ex(CONNECT_FULLY_SPECIFIED, PASSIVE_LEVEL), STATUS_SUCCESS);
    dt_interrupt(VECTOR);
    wait_for(&s.done);
    dt_expect_eq(s.seen, PASSIVE_LEVEL);
    disconnect_ex();
}

static void lock_of_a_passive_one(void *ctx) /* SPL-051 */
{
    (void)ctx;
    begin();
    dt_expect_eq(connect_ex(CONNECT_FULLY_SPECIFIED, PASSIVE_LEVEL), STATUS_SUCCESS);
    KeAcquireInterruptSpinLock(s.interrupt);
}

static void test_passive_level(void **state)
{
    (void)state;
    passes(passive_level);
    caught(lock_of_a_passive_one, NULL, 0x13B);
}

/* ---- misuse ---- */

static void lock_above_its_level(void *ctx) /* SPL-050 */
{
    KIRQL irql;

    (void)ctx;
    begin();
    connect(LevelSensitive, FALSE);
    KeRaiseIrql(SYNC + 1, &irql);
    KeAcquireInterruptSpinLock(s.interrupt);
}

static void returns_higher(void *ctx) /* IRQ-031 */
{
    (void)ctx;
    begin();
    s.raise_to = SYNC + 2;
    connect(LevelSensitive, FALSE);
    dt_interrupt_on(VECTOR, 0);
    wait_for(&s.done);
}

/* SPL-034: the holder is interrupted on its own processor, by a routine that wants the lock. SPL-033: that it wants it at
 * all is a warning. */
static void isr_wants_it(void)
{
    begin();
    s.takes_lock = true;
    connect(LevelSensitive, FALSE);
}

static void isr_takes_executive_lock(void *ctx)
{
    (void)ctx;
    isr_wants_it();
    dt_interrupt_on(VECTOR, 0);
    wait_for(&s.done);
    IoDisconnectInterrupt(s.interrupt);
}

static void isr_interrupts_the_holder(void *ctx)
{
    KIRQL irql;

    (void)ctx;
    isr_wants_it();
    KeAcquireSpinLock(&s.lock, &irql);
    dt_interrupt_on(VECTOR, 0);
    KeReleaseSpinLock(&s.lock, irql);
}

static void test_misuse(void **state)
{
    (void)state;
    caught(lock_above_its_level, "DT-I01", 0x0A);
    caught(returns_higher, "DT-I09", 0xC4);
    struct dt_config plain = config(2);

    plain.faithful = true;
    caught_params_with(&plain, returns_higher, "DT-I09", 0xC8, (SYNC + 2) << 16 | SYNC << 8 | 3, ANY_PARAM);
    caught(isr_takes_executive_lock, "DT-L07", 0);
    if (simulated())
        caught(isr_interrupts_the_holder, "DT-L01", 0x0F);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_levels),
        cmocka_unit_test(test_exclusion),
        cmocka_unit_test(test_where),
        cmocka_unit_test(test_connecting),
        cmocka_unit_test(test_passive_level),
        cmocka_unit_test(test_misuse),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
