/* SPDX-License-Identifier: MIT */
/* Which locks the port holds around each routine and at which IRQL; what each may take; the rules of taking and releasing. */
#include "sp/timer.h"

enum { STARTIO = DT_STOR_LOCK_STARTIO, INTR = DT_STOR_LOCK_INTERRUPT, DPC = DT_STOR_LOCK_DPC, LEVEL = 5 };

/* Level and locks in the routine that calls this. */
static void is(unsigned irql, unsigned held)
{
    dt_expect_eq(KeGetCurrentIrql(), irql);
    if (mini_stor)
        dt_expect_eq(dt_stor_locks_held(mini_stor), held);
}

/* ---- the matrix ---- */

enum mode { VIRTUAL, HALF, FULL, CHANNELS, MODES };

static enum mode mode;

static bool is_half(void)
{
    return mode == HALF;
}

/* STL-001. */
static void m_find(struct mini_ext *e, PPORT_CONFIGURATION_INFORMATION c)
{
    (void)e;
    (void)c;
    dt_expect_eq(KeGetCurrentIrql(), PASSIVE_LEVEL);
}

/* STL-003. */
static bool m_initialize(struct mini_ext *e)
{
    (void)e;
    dt_expect_eq(KeGetCurrentIrql(), mode == VIRTUAL ? PASSIVE_LEVEL : LEVEL);
    return true;
}

/* STL-011. */
static void m_dpc(PSTOR_DPC dpc, PVOID ext, PVOID a, PVOID b)
{
    (void)dpc;
    (void)a;
    (void)b;
    is(DISPATCH_LEVEL, 0);
    ((struct mini_ext *)ext)->dpcs++;
}

static bool m_make_dpc(struct mini_ext *e)
{
    dt_expect_eq(KeGetCurrentIrql(), PASSIVE_LEVEL);
    StorPortInitializeDpc(e, &e->dpc[0], m_dpc);
    return true;
}

/* STL-007. */
static bool m_build(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    (void)srb;
    is(DISPATCH_LEVEL, 0);
    e->builds++;
    return true;
}

/* STL-006. */
static bool m_start(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    static const unsigned held[MODES] = {0, STARTIO | INTR, STARTIO, 0};

    is(mode == VIRTUAL ? PASSIVE_LEVEL : is_half() ? LEVEL : DISPATCH_LEVEL, held[mode]);
    e->requests++;
    return mini_execute(e, srb);
}

/* STL-004. */
static bool m_isr(struct mini_ext *e)
{
    is(LEVEL, INTR);
    e->interrupts++;
    return true;
}

/* STL-008. */
static void m_timer(PVOID ext)
{
    is(is_half() ? LEVEL : DISPATCH_LEVEL, is_half() ? STARTIO | INTR : STARTIO);
    count_timer(ext);
}

static bool m_reset(struct mini_ext *e, ULONG path)
{
    (void)e;
    (void)path;
    is(is_half() ? LEVEL : DISPATCH_LEVEL, is_half() ? STARTIO | INTR : STARTIO);
    return true;
}

/* STL-009, STL-011: no lock, but for a stop, whose page says DIRQL and Interrupt lock. */
static void m_control(struct mini_ext *e, SCSI_ADAPTER_CONTROL_TYPE type)
{
    (void)e;
    if (type == ScsiStopAdapter && mode != VIRTUAL && !mini.cfg.stop_no_lock && mini.cfg.os == DT_STOR_CURRENT)
        is(LEVEL, INTR);
    else if (type == ScsiStopAdapter && mini.cfg.os == DT_STOR_SERVER_2003)
        is(DISPATCH_LEVEL, STARTIO); /* STL-010 */
    else
        is(PASSIVE_LEVEL, 0);
}

static void matrix(struct mini m)
{
    m.find = m_find;
    m.initialize = m_initialize;
    m.passive = m_make_dpc;
    m.build = m_build;
    m.start = m_start;
    m.isr = m_isr;
    m.reset = m_reset;
    m.control = m_control;
    dt_stor         *s = go(&m);
    struct mini_ext *e = ext_of(s);

    client(s);
    dt_expect_eq(e->requests, 1);
    dt_expect_eq(e->builds, mode != VIRTUAL);
    if (m.physical) {
        dt_expect(dt_stor_interrupt(s, -1));
        eventually(&e->interrupts, 1);
    }
    arm(e, m_timer, 1000);
    eventually(&e->timers, 1);
    dt_expect(StorPortIssueDpc(e, &e->dpc[0], NULL, NULL));
    eventually(&e->dpcs, 1);
    dt_expect(dt_stor_reset_bus(s, 0));
    over(s);
}

/* STL-012: the host's query agrees with the table everywhere. */
static void matrix_body(void *ctx)
{
    (void)ctx;
    mode = VIRTUAL;
    matrix((struct mini){0});
    mode = HALF;
    matrix((struct mini){.physical = true, .half_duplex = true});
    mode = FULL;
    matrix((struct mini){.physical = true});
    mode = CHANNELS;
    matrix((struct mini){.physical = true, .channels = 2});
}

static void policies_body(void *ctx)
{
    (void)ctx;
    mode = FULL;
    matrix((struct mini){.physical = true, .cfg = {.stop_no_lock = true}});
    matrix((struct mini){.physical = true, .cfg = {.os = DT_STOR_SERVER_2003}});
}

static void table(void **state)
{
    (void)state;
    passes(matrix_body);
    passes(policies_body);
}

/* ---- what may be taken (STL-020 to STL-023) ---- */

static STOR_SPINLOCK wanted;

static void take(struct mini_ext *e)
{
    STOR_LOCK_HANDLE h = {wanted, {{0}, 0}};
    KIRQL            before = KeGetCurrentIrql();

    StorPortAcquireSpinLock(e, wanted, wanted == DpcLock ? &e->dpc[0] : NULL, &h);
    dt_expect_eq(h.Context.OldIrql, before); /* STL-032 */
    dt_expect_eq(KeGetCurrentIrql(), wanted == InterruptLock   ? LEVEL
                                     : before > DISPATCH_LEVEL ? before
                                                               : DISPATCH_LEVEL);
    StorPortReleaseSpinLock(e, &h);
    dt_expect_eq(KeGetCurrentIrql(), before); /* STL-031 */
}

static void none_dpc(PSTOR_DPC dpc, PVOID ext, PVOID a, PVOID b)
{
    (void)dpc;
    (void)a;
    (void)b;
    take(ext);
    ((struct mini_ext *)ext)->dpcs++;
}

static bool t_passive(struct mini_ext *e)
{
    StorPortInitializeDpc(e, &e->dpc[0], none_dpc);
    return true;
}

static bool t_passive_takes(struct mini_ext *e)
{
    take(e);
    return true;
}

static bool t_srb(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    (void)srb;
    take(e);
    return true;
}

static bool t_start(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    take(e);
    return mini_execute(e, srb);
}

static void t_find(struct mini_ext *e, PPORT_CONFIGURATION_INFORMATION c)
{
    (void)c;
    take(e);
}

static bool t_reset(struct mini_ext *e, ULONG path)
{
    (void)path;
    take(e);
    return true;
}

static void t_control(struct mini_ext *e, SCSI_ADAPTER_CONTROL_TYPE type)
{
    if (type == ScsiQuerySupportedControlTypes)
        take(e);
}

static struct mini trial;
static dt_ns       patience; /* for what the stimulus leads to */
static enum { ONE_REQUEST, ONE_INTERRUPT, ONE_RESET, ONE_DPC, NOTHING } stimulus;

static void trial_body(void *ctx)
{
    trial.passive = trial.passive ? trial.passive : t_passive;
    dt_stor         *s = go(&trial);
    struct mini_ext *e = ext_of(s);

    (void)ctx;
    if (stimulus == ONE_REQUEST)
        client(s);
    else if (stimulus == ONE_INTERRUPT)
        dt_expect(dt_stor_interrupt(s, -1));
    else if (stimulus == ONE_RESET)
        dt_expect(dt_stor_reset_bus(s, 0));
    else if (stimulus == ONE_DPC)
        StorPortIssueDpc(e, &e->dpc[0], NULL, NULL);
    dt_run_for(patience);
    over(s);
}

static void allows(struct mini m, int what, STOR_SPINLOCK lock)
{
    trial = m;
    stimulus = what;
    wanted = lock;
    patience = DT_MS(20);
    passes(trial_body);
}

static void refuses(struct mini m, int what, STOR_SPINLOCK lock)
{
    trial = m;
    stimulus = what;
    wanted = lock;
    patience = DT_S(2);
    caught(trial_body, "DT-S06", ANY_CODE);
}

#define CARD(...) ((struct mini){.physical = true, __VA_ARGS__})

/* STL-022: BuildIo, AdapterControl, DPC routines: all three; so too a virtual miniport's StartIo. */
static void may_all(void **state)
{
    (void)state;
    for (int lock = DpcLock; lock <= InterruptLock; lock++) {
        allows(CARD(.build = t_srb), ONE_REQUEST, (STOR_SPINLOCK)lock);
        allows(CARD(.control = t_control), NOTHING, (STOR_SPINLOCK)lock);
        allows(CARD(.half_duplex = false), ONE_DPC, (STOR_SPINLOCK)lock);
        allows(CARD(.start = t_start, .channels = 2), ONE_REQUEST, (STOR_SPINLOCK)lock);
        allows((struct mini){.start = t_start}, ONE_REQUEST, (STOR_SPINLOCK)lock);
    }
}

/* STL-021: StartIo with one channel: not the lock that it runs under. */
static void may_startio(void **state)
{
    (void)state;
    allows(CARD(.start = t_start), ONE_REQUEST, DpcLock);
    allows(CARD(.start = t_start), ONE_REQUEST, InterruptLock);
    refuses(CARD(.start = t_start), ONE_REQUEST, StartIoLock);
}

static bool t_isr(struct mini_ext *e)
{
    take(e);
    return true;
}

/* STL-020. */
static void may_nothing(void **state)
{
    static const STOR_SPINLOCK lock[] = {StartIoLock, InterruptLock};

    (void)state;
    for (unsigned i = 0; i < ARRAYSIZE(lock); i++) {
        refuses(CARD(.find = t_find), NOTHING, lock[i]);
        refuses(CARD(.initialize = t_isr), NOTHING, lock[i]);
        refuses(CARD(.passive = t_passive_takes), NOTHING, lock[i]);
        refuses(CARD(.isr = t_isr), ONE_INTERRUPT, lock[i]);
    }
}

/* STL-023, STL-052: resets: the Interrupt lock, in full duplex; half duplex: nothing, neither in StartIo. */
static void may_interrupt(void **state)
{
    (void)state;
    allows(CARD(.reset = t_reset), ONE_RESET, InterruptLock);
    refuses(CARD(.reset = t_reset), ONE_RESET, StartIoLock);
    refuses(CARD(.reset = t_reset, .half_duplex = true), ONE_RESET, InterruptLock);
    refuses(CARD(.start = t_start, .half_duplex = true), ONE_REQUEST, InterruptLock);
    refuses(CARD(.start = t_start, .half_duplex = true), ONE_REQUEST, DpcLock);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table),
        cmocka_unit_test(may_all),
        cmocka_unit_test(may_startio),
        cmocka_unit_test(may_nothing),
        cmocka_unit_test(may_interrupt),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
