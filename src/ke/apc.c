/* SPDX-License-Identifier: MIT */
/*
 * ke/apc.c - APCs, alerts, and the regions that keep APCs out.
 *
 * An APC is a call in the context of a given thread. Each thread has two queues, by mode. In the kernel queue the special
 * ones (no normal routine) come before the normal ones.
 *
 *   special kernel  routine at APC_LEVEL; kept out by a guarded region and by IRQL >= APC_LEVEL
 *   normal kernel   kernel routine at APC_LEVEL, then normal routine at PASSIVE_LEVEL; kept out by a critical region and by
 *                   a running normal APC too
 *   user            called when the thread returns to user mode (ke_return_to_user) after something has made it pending: a
 *                   wait that it ended, or KeTestAlertThread
 *
 * Delivery of kernel APCs. Who queues one to a thread that waits at PASSIVE_LEVEL ends its wait with STATUS_KERNEL_APC; the
 * wait code (wait.c) delivers and waits on, at the tail of the lists, to the same deadline (WAI-053, WAI-054). Any other
 * thread is interrupted by the machine (mach_ctx_interrupt, line 1): at its next point at PASSIVE_LEVEL, or when it lowers
 * IRQL to there. Who leaves a region looks at the queue itself. A wait is entered at APC_LEVEL, so that nothing
 * is delivered while the thread is on the wait lists: a routine that waits itself uses the same wait blocks.
 *
 * The dispatcher lock protects the queues. The counts `critical` and `guarded` are the thread's own; others change them only
 * while it waits and with the lock held (a mutex is handed to it).
 */
#include "base/ddi.h"
#include "ke/priv.h"

/* How KAPC's reserved words are used. */
enum { R_KERNEL, R_RUNDOWN, R_NORMAL };

static bool is_special(const KAPC *apc)
{
    return apc->Reserved[R_NORMAL] == NULL;
}

static PKAPC first_of(const ke_thread *t, KPROCESSOR_MODE mode)
{
    PLIST_ENTRY e = t->apcs[(unsigned)mode].Flink;

    return e == &t->apcs[(unsigned)mode] ? NULL : CONTAINING_RECORD(e, KAPC, ApcListEntry);
}

/* The owner looks at the count without the lock: who queues one interrupts the thread after it has counted. */
static void count_locked(const KAPC *apc, int delta)
{
    ke_thread *t = apc->Thread;

    if (apc->ApcMode == KernelMode)
        __atomic_store_n(&t->kernel_apcs, t->kernel_apcs + delta, __ATOMIC_RELAXED);
}

static void unlink_locked(PKAPC apc)
{
    RemoveEntryList(&apc->ApcListEntry);
    count_locked(apc, -1);
    __atomic_store_n(&apc->Inserted, FALSE, __ATOMIC_RELEASE);
}

void ke_apc_thread_init(ke_thread *t)
{
    InitializeListHead(&t->apcs[KernelMode]);
    InitializeListHead(&t->apcs[UserMode]);
    t->kernel_apcs = 0;
}

/* ---- the object ---- */

void ke_apc_init(PKAPC apc, ke_thread *t, const struct ke_apc_routines *r, KPROCESSOR_MODE mode, void *context)
{
    *apc = (KAPC){.Type = ApcObject, .Size = sizeof *apc, .Thread = t};
    apc->Reserved[R_KERNEL] = (PVOID)r->kernel;
    apc->Reserved[R_RUNDOWN] = (PVOID)r->rundown;
    apc->Reserved[R_NORMAL] = (PVOID)r->normal;
    apc->ApcMode = r->normal ? mode : KernelMode;
    apc->NormalContext = r->normal ? context : NULL;
}

static void check(const KAPC *apc)
{
    uint64_t p[4] = {(uintptr_t)apc, mach_irql(), 0, 0};

    if (apc->Type != ApcObject)
        ke_bugcheckf("DT-W03", 0x0A, p, "the object given is no initialized APC");
}

/* ---- queueing ---- */

/* Behind the special ones if it is special, else at the end. */
static void link_locked(PKAPC apc, ke_thread *t)
{
    PLIST_ENTRY head = &t->apcs[(unsigned)apc->ApcMode], before = head;

    if (is_special(apc)) {
        before = head->Flink;
        while (before != head && is_special(CONTAINING_RECORD(before, KAPC, ApcListEntry)))
            before = before->Flink;
    }
    InsertTailList(before, &apc->ApcListEntry);
    count_locked(apc, +1);
    __atomic_store_n(&apc->Inserted, TRUE, __ATOMIC_RELAXED);
}

/* The first kernel APC may be called now, as far as regions decide. */
bool ke_apc_deliverable_locked(const ke_thread *t)
{
    const KAPC *apc = first_of(t, KernelMode);

    if (!apc || t->guarded != 0)
        return false;
    return is_special(apc) || (t->critical == 0 && !t->apc_running);
}

static bool user_apcs_enabled(const ke_thread *t)
{
    return t->critical == 0 && t->guarded == 0; /* WAI-055 */
}

static void signal_kernel_locked(ke_thread *t, KPRIORITY increment)
{
    if (!t->waiting)
        mach_ctx_interrupt(t->ctx);
    else if (t->wait_level == PASSIVE_LEVEL && ke_apc_deliverable_locked(t))
        ke_wake_thread_locked(t, STATUS_KERNEL_APC, increment, NULL);
    else
        mach_ctx_interrupt(t->ctx); /* when the wait has ended and goes back to PASSIVE_LEVEL */
}

static void signal_user_locked(ke_thread *t, KPRIORITY increment)
{
    if (!t->waiting || !t->wait_alertable || !user_apcs_enabled(t))
        return;
    if (t->wait_mode == UserMode)
        t->user_apc_pending = true;
    ke_wake_thread_locked(t, STATUS_USER_APC, increment, NULL);
}

bool ke_apc_queue(PKAPC apc, void *arg1, void *arg2, KPRIORITY increment)
{
    check(apc);
    ke_thread *t = apc->Thread;
    unsigned   old = ke_dispatcher_lock();
    bool       queued = !apc->Inserted && !t->ended && !t->is_idle;

    if (queued) {
        apc->SystemArgument1 = arg1;
        apc->SystemArgument2 = arg2;
        link_locked(apc, t);
        if (apc->ApcMode == KernelMode)
            signal_kernel_locked(t, increment);
        else
            signal_user_locked(t, increment);
    }
    ke_dispatcher_unlock(old);
    return queued;
}

bool ke_apc_remove(PKAPC apc)
{
    check(apc);
    unsigned old = ke_dispatcher_lock();
    bool     was = apc->Inserted;

    if (was)
        unlink_locked(apc);
    ke_dispatcher_unlock(old);
    return was;
}

/* ---- calling ---- */

struct call {
    PKAPC              apc;
    ke_kernel_routine *kernel;
    ke_normal_routine *normal;
    PVOID              context, arg1, arg2;
};

/* The APC may be freed by its kernel routine: everything is copied first. */
static struct call take_locked(PKAPC apc)
{
    unlink_locked(apc);
    return (struct call){.apc = apc,
        .kernel = (ke_kernel_routine *)apc->Reserved[R_KERNEL],
        .normal = (ke_normal_routine *)apc->Reserved[R_NORMAL],
        .context = apc->NormalContext,
        .arg1 = apc->SystemArgument1,
        .arg2 = apc->SystemArgument2};
}

static void check_return(const void *routine, unsigned irql)
{
    uint64_t p[4] = {mach_irql() << 16 | irql << 8, (uintptr_t)routine, 0, mach_irql()};

    if (mach_irql() != irql)
        ke_bugcheckf("DT-I09", 0xC8, p, "an APC routine entered at IRQL %u returns at IRQL %u", irql, mach_irql());
}

/* IRQL 1 before and after. */
static void call_kernel(struct call *c)
{
    if (!c->kernel)
        return;
    c->kernel(c->apc, &c->normal, &c->context, &c->arg1, &c->arg2);
    check_return((const void *)c->kernel, APC_LEVEL);
}

static void call_normal(const struct call *c)
{
    if (!c->normal)
        return;
    mach_irql_lower(PASSIVE_LEVEL);
    c->normal(c->context, c->arg1, c->arg2);
    check_return((const void *)c->normal, PASSIVE_LEVEL);
    mach_irql_raise(APC_LEVEL);
}

/* Each routine may queue more: ends when the queue is empty or a region keeps the rest out. */
void ke_apc_deliver(void)
{
    ke_thread *t = ke_thread_current();

    for (;;) {
        unsigned    old = ke_dispatcher_lock();
        bool        any = ke_apc_deliverable_locked(t);
        struct call c = {0};

        if (any)
            c = take_locked(first_of(t, KernelMode));
        bool normal = c.normal != NULL;

        if (normal)
            t->apc_running = true;
        ke_dispatcher_unlock(old);
        if (!any)
            return;
        call_kernel(&c);
        if (normal) {
            call_normal(&c);
            t->apc_running = false;
        }
    }
}

/* A region that kept something out is left. */
void ke_apc_enabled(void)
{
    ke_thread *t = ke_thread_current();

    if (__atomic_load_n(&t->kernel_apcs, __ATOMIC_RELAXED) == 0 || t->is_idle)
        return;
    if (mach_irql() == PASSIVE_LEVEL) {
        mach_irql_raise(APC_LEVEL);
        ke_apc_deliver();
        mach_irql_lower(PASSIVE_LEVEL);
    } else {
        mach_ctx_interrupt(t->ctx); /* at DISPATCH_LEVEL a mutex may have been released */
    }
}

/* ---- user mode, alerts ---- */

static bool take_user(ke_thread *t, struct call *c)
{
    unsigned old = ke_dispatcher_lock();
    PKAPC    apc = t->user_apc_pending && user_apcs_enabled(t) ? first_of(t, UserMode) : NULL;

    if (apc)
        *c = take_locked(apc);
    else if (user_apcs_enabled(t))
        t->user_apc_pending = false;
    ke_dispatcher_unlock(old);
    return apc != NULL;
}

static void deliver_user(ke_thread *t)
{
    struct call c;

    if (!t->user_apc_pending)
        return;
    mach_irql_raise(APC_LEVEL);
    while (take_user(t, &c)) {
        call_kernel(&c);
        call_normal(&c);
    }
    mach_irql_lower(PASSIVE_LEVEL);
}

LONG ke_apc_count(void)
{
    ke_thread *t = ke_thread_current();

    return t->guarded * 0x10000 + t->critical;
}

uint32_t ke_apc_combined(void)
{
    const ke_thread *t = ke_thread_current();

    return (uint32_t)(uint16_t)t->guarded << 16 | (uint16_t)t->critical;
}

void ke_return_to_user(const void *from, LONG count_before)
{
    ke_thread     *t = ke_thread_current();
    const KMUTANT *m = ke_mutex_owned();
    LONG           count = ke_apc_count();

    if (count != count_before && m) { /* MTX-018 */
        uint64_t p[4] = {(uintptr_t)t, (uintptr_t)m, 0, 0};

        ke_bugcheckf("DT-W07", 0x4000008A, p, "a thread returns to user mode while it owns a mutex");
    }
    if (count != count_before) { /* WAI-059 */
        uint64_t p[4] = {(uintptr_t)from, 0, ke_apc_combined(), 0};

        ke_bugcheckf(
            "DT-W15", 0x1, p, "a thread returns to user mode with another APC-disable count than it came with");
    }
    deliver_user(t);
}

/*
 * A wait of the thread is to begin, or to go on, and no object satisfies it. Dispatcher lock held. An alert comes
 * before a user APC (WAI-052); a user APC ends an alertable wait in either mode and is delivered only after one in
 * UserMode (WAI-047, WAI-048).
 */
bool ke_apc_interrupts_wait_locked(ke_thread *t, bool alertable, KPROCESSOR_MODE mode, NTSTATUS *status)
{
    if (!alertable)
        return false;
    if (t->alerted[(unsigned)mode] || t->alerted[KernelMode]) {
        t->alerted[t->alerted[(unsigned)mode] ? (unsigned)mode : KernelMode] = false;
        *status = STATUS_ALERTED;
        return true;
    }
    if (!first_of(t, UserMode) || !user_apcs_enabled(t))
        return false;
    if (mode == UserMode)
        t->user_apc_pending = true;
    *status = STATUS_USER_APC;
    return true;
}

bool ke_alert(ke_thread *t, KPROCESSOR_MODE mode)
{
    unsigned old = ke_dispatcher_lock();
    bool     before = t->alerted[(unsigned)mode];

    if (t->waiting && t->wait_alertable && (mode == KernelMode || t->wait_mode == UserMode))
        ke_wake_thread_locked(t, STATUS_ALERTED, 0, NULL);
    else
        t->alerted[(unsigned)mode] = true;
    ke_dispatcher_unlock(old);
    return before;
}

bool ke_test_alert(KPROCESSOR_MODE mode)
{
    ke_thread *t = ke_thread_current();
    unsigned   old = ke_dispatcher_lock();
    bool       before = t->alerted[(unsigned)mode];

    t->alerted[(unsigned)mode] = false;
    if (!before && mode == UserMode && first_of(t, UserMode))
        t->user_apc_pending = true;
    ke_dispatcher_unlock(old);
    return before;
}

/* ---- regions ---- */

/* Leaving more than was entered: Windows counts upwards and stops later (WAI-059). */
static void region(ke_thread *t, LONG *count, int delta, const char *what, uint64_t code)
{
    LONG     before = *count;
    uint64_t p[4] = {code, 0, 0, 0};

    if (delta < 0 && before >= 0)
        ke_violationf("DT-W15", 0xC4, p, "a thread leaves a %s region that it has not entered", what);
    *count -= delta;
    ev(EV_APC_DISABLE, t, (int64_t)before, (int64_t)*count, 0);
    if (delta < 0 && *count == 0)
        ke_apc_enabled();
}

void ke_critical_region(int delta)
{
    ke_thread *t = ke_thread_current();

    region(t, &t->critical, delta, "critical", 0x3E);
}

void ke_guarded_region(int delta)
{
    ke_thread *t = ke_thread_current();

    region(t, &t->guarded, delta, "guarded", 0x4000E);
}

bool ke_apcs_disabled(void)
{
    ke_thread *t = ke_thread_current();

    return t->critical != 0 || t->guarded != 0;
}

bool ke_all_apcs_disabled(void)
{
    return ke_thread_current()->guarded != 0 || mach_irql() >= APC_LEVEL;
}

/* ---- the end of a thread ---- */

/* A thread may not end inside a region that it has entered (WAI-062). */
static void check_exit(ke_thread *t)
{
    LONG     count = t->critical - t->critical_base;
    uint64_t p[4] = {0, (uint64_t)(int64_t)(count ? count : t->guarded), mach_irql(), 0};

    /* Leaving the region that the thread began in is not an error. */
    if (count >= 0 && t->critical <= 0 && t->guarded == 0)
        return;
    unsigned old = ke_dispatcher_lock();

    p[0] = (uintptr_t)first_of(t, KernelMode);
    ke_dispatcher_unlock(old);
    ke_bugcheckf("DT-W15", 0x20, p, "a thread ends inside a region that disables APCs");
}

static PKAPC take_any(ke_thread *t)
{
    unsigned old = ke_dispatcher_lock();
    PKAPC    apc = first_of(t, KernelMode);

    if (!apc)
        apc = first_of(t, UserMode);
    if (apc)
        unlink_locked(apc);
    else
        t->ended = true; /* nobody queues from here on */
    ke_dispatcher_unlock(old);
    return apc;
}

/* What is still queued is run down instead of called. PASSIVE_LEVEL. */
void ke_apc_thread_exit(ke_thread *t)
{
    PKAPC apc;

    check_exit(t);
    t->guarded = -1; /* none is called any more */
    while ((apc = take_any(t))) {
        ke_rundown_routine *rundown = (ke_rundown_routine *)apc->Reserved[R_RUNDOWN];

        if (rundown)
            rundown(apc);
    }
}
