/* SPDX-License-Identifier: MIT */
/*
 * ke/broadcast.c - a routine on every processor at once: by DPC (KeGenericCallDpc) and by interrupt (KeIpiGenericCall).
 *
 * The DPC call queues one DPC of the kernel's own to each processor and blocks until every routine has signaled that it is
 * done. The routines may meet at a barrier as often as they like, so all of them must be on their processors at the same
 * time: two calls at once would each hold one processor and wait for the other's. Hence one at a time (call_free).
 *
 * The IPI call: the caller is at IPI_LEVEL, every other processor takes an interrupt, each spins until all have arrived,
 * then all run the worker. A processor that never arrives, because it spins at IPI_LEVEL or above for something that
 * the caller holds, is a deadlock: bug check 0x1DB. One at a time by a spin lock below IPI_LEVEL, so that the next caller
 * still takes the interrupt of this one.
 *
 * For the race detector both kinds of meeting are atomic operations on the broadcast: what a processor did before it
 * arrived is ordered before what any does afterwards. The queued DPCs and the event that ends the call order the rest.
 */
#include "ke/priv.h"

/* How often the caller looks in vain before the call is a deadlock. A turn on the simulated machine means that
 * somebody else has moved, or that nobody can; the real-time machine goes by the clock. */
enum { TURNS_MAX = 900 };
#define STUCK_NS 2000000000ull

static struct broadcast {
    uint32_t               ipi_lock;       /* atomic */
    uint64_t               absent, inside; /* sets of processors: not yet arrived, not yet past the worker; atomic */
    PKIPI_BROADCAST_WORKER worker;         /* of the IPI call: its lock */
    ULONG_PTR              context;
    KEVENT                 call_free, call_done; /* of the DPC call */
    uint32_t               call_left;            /* processors that have not signaled; atomic */
    struct {                                     /* as NT has it, for drivers that look */
        uint32_t barrier;                        /* processors that have not arrived, and SIDE; atomic */
        uint32_t processors;
    } call;
    KDPC call_dpc[MACH_CPUS_MAX];
} broadcast;

#define B    (&broadcast)
#define SIDE 0x80000000u /* changes whenever the barrier opens */

void ke_broadcast_boot(void)
{
    B->ipi_lock = 0;
    B->call_left = 0;
    ke_event_init(&B->call_free, SynchronizationEvent, true);
}

static void meet(void)
{
    ev(EV_MEM_ATOMIC, B, sizeof(uint32_t), (uintptr_t)__builtin_return_address(0), 0);
}

static uint32_t look_at(const uint32_t *word)
{
    return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

/* ---- by DPC ---- */

void ke_dpc_call_all(PKDEFERRED_ROUTINE routine, void *context)
{
    ke_wait_one(&B->call_free, NULL);
    ke_event_init(&B->call_done, NotificationEvent, false);
    B->call.barrier = B->call.processors = ke.cpus;
    __atomic_store_n(&B->call_left, ke.cpus, __ATOMIC_RELEASE);
    unsigned old = ke_raise_to(DISPATCH_LEVEL);

    for (unsigned i = 0; i < ke.cpus; i++) {
        PKDPC dpc = &B->call_dpc[i];

        ke_dpc_init(dpc, routine, context, false);
        ke_dpc_target(dpc, i);
        ke_dpc_importance(dpc, HighImportance);
        ke_dpc_queue(dpc, &B->call_left, &B->call);
    }
    mach_irql_lower(old);
    ke_wait_one(&B->call_done, NULL);
    ke_event_set(&B->call_free, 0);
}

static void check_argument(const void *argument, const void *expected)
{
    if (argument == expected && look_at(&B->call_left) != 0)
        return;
    uint64_t p[4] = {(uintptr_t)argument};

    ke_bugcheckf("DT-D16", 0, p, "a KeSignalCallDpc routine is called outside a KeGenericCallDpc, or once too often");
}

void ke_dpc_call_done(void *argument1)
{
    check_argument(argument1, &B->call_left);
    meet();
    if (__atomic_sub_fetch(&B->call_left, 1, __ATOMIC_ACQ_REL) == 0)
        ke_event_set(&B->call_done, 0);
}

/* The last to arrive opens the barrier for the others and is the one. */
bool ke_dpc_call_synchronize(void *argument2)
{
    check_argument(argument2, &B->call);
    uint32_t side = look_at(&B->call.barrier) & SIDE;

    meet();
    if ((__atomic_sub_fetch(&B->call.barrier, 1, __ATOMIC_ACQ_REL) & ~SIDE) == 0) {
        __atomic_store_n(&B->call.barrier, ke.cpus | (side ^ SIDE), __ATOMIC_RELEASE);
        return true;
    }
    while ((look_at(&B->call.barrier) & SIDE) ==
           side) /* ends when all have arrived; if one never does, the machine says so */
        mach_relax(B);
    meet();
    return false;
}

/* ---- by interrupt ---- */

/* Blames one of the set that could run but does not let interrupts in; one that the host does not run is no deadlock. */
static void stuck(uint64_t set, const char *what)
{
    for (unsigned i = 0; i < ke.cpus; i++) {
        if (!(set & 1ull << i) || i == mach_cpu() || mach_cpu_irql(i) < 2)
            continue;
        uint64_t p[4] = {i};

        ke_bugcheckf("DT-X04", 0x1DB, p, "processor %u %s", i, what);
    }
}

/* Spins until no processor is left in the set. */
static void await_none(const uint64_t *set, const char *what)
{
    mach_ns  began = mach_now();
    uint64_t turns = 0, now;

    while ((now = __atomic_load_n(set, __ATOMIC_ACQUIRE)) != 0) {
        mach_relax(B);
        turns++;
        if (turns > TURNS_MAX && (mach_is_simulated() || mach_now() - began > STUCK_NS))
            stuck(now, what);
    }
}

static void take_out(uint64_t *set)
{
    __atomic_and_fetch(set, ~(1ull << mach_cpu()), __ATOMIC_ACQ_REL);
}

static ULONG_PTR arrive_and_run(void)
{
    PKIPI_BROADCAST_WORKER worker = B->worker;
    ULONG_PTR              context = B->context;

    meet();
    take_out(&B->absent);
    await_none(&B->absent, "does not take the interrupt of KeIpiGenericCall");
    meet();
    ev(EV_DRIVER_ENTER, (const void *)(uintptr_t)worker, EV_ROLE_OTHER, context, 0);
    ULONG_PTR result = worker(context);

    ev(EV_DRIVER_LEAVE, (const void *)(uintptr_t)worker, EV_ROLE_OTHER, mach_irql(), 0);
    if (mach_irql() != IPI_LEVEL) {
        uint64_t p[4] = {mach_irql() << 16 | IPI_LEVEL << 8, (uintptr_t)worker, context, mach_irql()};

        ke_bugcheckf("DT-I09", 0xC8, p, "a KeIpiGenericCall routine returns at IRQL %u", mach_irql());
    }
    meet();
    take_out(&B->inside);
    return result;
}

void ke_ipi_interrupt(void)
{
    arrive_and_run();
}

static void lock_ipi(void)
{
    while (__atomic_exchange_n(&B->ipi_lock, 1, __ATOMIC_ACQUIRE))
        mach_relax(B);
}

/* The lock is taken at DISPATCH_LEVEL or above, so that its holder stays on its processor and is not interrupted by DPCs. */
ULONG_PTR ke_ipi_call_all(PKIPI_BROADCAST_WORKER worker, ULONG_PTR context)
{
    uint64_t all = ke_affinity_all();
    unsigned old = ke_raise_to(DISPATCH_LEVEL);

    lock_ipi();
    mach_irql_raise(IPI_LEVEL);
    B->worker = worker;
    B->context = context;
    __atomic_store_n(&B->inside, all, __ATOMIC_RELAXED);
    __atomic_store_n(&B->absent, all, __ATOMIC_RELEASE);
    for (unsigned i = 0; i < ke.cpus; i++)
        if (i != mach_cpu())
            mach_line_raise(i, MACH_LINE_IPI);
    ULONG_PTR result = arrive_and_run();

    await_none(&B->inside, "does not end its KeIpiGenericCall routine");
    meet();
    __atomic_store_n(&B->ipi_lock, 0, __ATOMIC_RELEASE);
    mach_irql_lower(old);
    return result;
}
