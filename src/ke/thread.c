/* SPDX-License-Identifier: MIT */
/*
 * ke/thread.c - system threads: a machine context with a dispatcher object in front.
 *
 * References: one for the running thread, one for who created it. The object's memory goes with the last.
 *
 * A thread ends in this order: `terminating` and the exit status are set, what it may not take along is looked for, it leaves
 * the list of threads and its queue, and its object is signaled, for good (THR-013). Whoever then sees the signal knows that
 * no more of the driver's code runs in it, so that the driver may be unloaded.
 */
#include <errno.h>

#include "base/ddi.h"
#include "ke/priv.h"

void ke_thread_boot(void)
{
    InitializeListHead(&ke.threads);
    for_each_cpu(c) {
        ke_thread *idle = &c->idle;

        /* Nothing else of it is looked at; these a DPC changes whose run then ends with a bug check. */
        ke_header_init(&idle->header, ThreadObject, sizeof idle->header, 0);
        idle->is_idle = true;
        ke_apc_thread_init(idle);
        idle->critical = idle->guarded = 0;
        InitializeListHead(&idle->mutexes);
    }
}

void ke_thread_init(
    ke_thread *t, void (*routine)(void *), void *context, KPRIORITY priority, uint64_t affinity, bool daemon)
{
    ke_header_init(&t->header, ThreadObject, sizeof t->header, 0);
    t->routine = routine;
    t->context = context;
    t->references = routine ? 2 : 1; /* its own, and that of who made it; a thread of the host nobody has made */
    t->priority = t->base = priority;
    t->affinity = affinity ? affinity : ke_affinity_all();
    t->daemon = daemon;
    InitializeListHead(&t->mutexes);
    ke_apc_thread_init(t);
    ke_timer_init(&t->timer, NotificationTimer);
    InsertTailList(&ke.threads, &t->all);
}

static void start(void *arg)
{
    ke_thread *t = arg;

    ke_processor_awake();
    ev(EV_THREAD_START, t, (uintptr_t)t->routine, (uintptr_t)t->context, 0);
    t->routine(t->context);
    if (mach_irql() != PASSIVE_LEVEL) {
        uint64_t p[4] = {mach_irql() << 16 | PASSIVE_LEVEL << 8, (uintptr_t)t->routine, 0, mach_irql()};

        ev(EV_THREAD_EXIT, t, 0, 0, 0); /* who watches may know of a lock that explains it (SPL-031) */
        ke_bugcheckf("DT-I09", 0xC8, p, "a thread routine returns at IRQL %u", mach_irql());
    }
    ke_thread_exit(STATUS_SUCCESS);
}

/* Dispatcher lock held, so that nobody wakes the thread before its context is known. */
static bool start_locked(ke_thread *t)
{
    struct mach_ctx_config cfg = {.fn = start,
        .arg = t,
        .user = t,
        .priority = (unsigned)t->priority,
        .affinity = t->affinity,
        .daemon = t->daemon};

    t->ctx = mach_ctx_create(&cfg);
    if (!t->ctx)
        RemoveEntryList(&t->all);
    else
        __atomic_store_n(&t->id, mach_ctx_id(t->ctx), __ATOMIC_RELAXED);
    return t->ctx != NULL;
}

struct birth {
    void (*routine)(void *);
    void     *context;
    KPRIORITY priority;
    uint64_t  affinity;
    bool      daemon, by_driver;
    LONG      critical; /* APC-disable count to begin with */
    void (*at_end)(void *);
    void *at_end_arg;
};

static ke_thread *create(const struct birth *b)
{
    ke_thread *t = ke_object_alloc(sizeof *t);

    if (!t)
        return NULL;
    unsigned old = ke_dispatcher_lock();

    ke_thread_init(t, b->routine, b->context, b->priority, b->affinity, b->daemon);
    t->critical = t->critical_base = b->critical;
    t->by_driver = b->by_driver;
    t->at_end = b->at_end;
    t->at_end_arg = b->at_end_arg;
    t->create_time = ke_system_time();
    ev(EV_THREAD_CREATE, t, (uintptr_t)b->routine, (uintptr_t)b->context, b->priority);
    bool started = start_locked(t);

    ke_dispatcher_unlock(old);
    if (started)
        return t;
    ke_object_free(t, sizeof *t);
    return NULL;
}

ke_thread *ke_thread_create(void (*routine)(void *), void *context, KPRIORITY priority, uint64_t affinity, bool daemon)
{
    struct birth b = {routine, context, priority, affinity, daemon, false, 0, NULL, NULL};

    return create(&b);
}

ke_thread *ke_thread_create_system(void (*routine)(void *), void *context, KPRIORITY priority)
{
    return ke_thread_create_system_for(routine, context, priority, NULL, NULL);
}

ke_thread *ke_thread_create_system_for(
    void (*routine)(void *), void *context, KPRIORITY priority, void (*ended)(void *), void *arg)
{
    struct birth b = {routine, context, priority, 0, false, true, -1, ended, arg};

    return create(&b);
}

/* THR-015: the pool would lose a worker. */
static void check_may_end(const ke_thread *t)
{
    uint64_t p[4] = {(uintptr_t)t, 0, 0, 0};

    if (t->is_worker)
        ke_bugcheckf("DT-H03", ACTIVE_EX_WORKER_THREAD_TERMINATION, p, "a work routine terminates its worker thread");
}

/* The next thread on this stack has nothing to do with what this one left there. */
static void tell_exit(const ke_thread *t)
{
    uintptr_t low = 0, high = 0;

    if (!ev_wanted(EV_THREAD_EXIT))
        return;
    mach_stack_limits(&low, &high);
    ev(EV_THREAD_EXIT, t, low, high - low, 0);
}

/* Everything but the end of the context. */
static void leave(ke_thread *t, NTSTATUS status)
{
    t->exit_status = status;
    __atomic_store_n(&t->terminating, true, __ATOMIC_RELEASE);
    ke_mutex_abandon_all(t);
    ke_apc_thread_exit(t);
    tell_exit(t);
    unsigned old = ke_dispatcher_lock();

    RemoveEntryList(&t->all);
    if (t->queue)
        ke_queue_leave_locked(t);
    ke_state_set(&t->header, 1);
    ke_wake_waiters_locked(&t->header, 0);
    ke_dispatcher_unlock(old);
    if (t->at_end)
        t->at_end(t->at_end_arg);
}

/* The body's own context is not started by start(): its routine is the machine's main, which must return instead. */
void ke_thread_exit(NTSTATUS status)
{
    ke_thread *t = ke_thread_current();

    check_may_end(t);
    leave(t, status);
    ke_thread_dereference(t);
    mach_ctx_exit();
}

/* ---- threads of the host ---- */

/* The object is made by the context itself, which is none's until then. */
int ke_thread_attach(uint64_t affinity)
{
    int e = mach_ctx_attach(affinity);

    if (e != 0)
        return e;
    ke_thread *t = ke_object_alloc(sizeof *t);

    if (!t) {
        mach_ctx_detach();
        return -ENOMEM;
    }
    unsigned old = ke_dispatcher_lock();

    ke_thread_init(t, NULL, NULL, 8, affinity, false);
    t->create_time = ke_system_time();
    t->ctx = mach_ctx_self();
    t->id = mach_ctx_id(t->ctx);
    mach_ctx_user_set(t);
    ke_dispatcher_unlock(old);
    ke_processor_awake();
    ev(EV_THREAD_CREATE, t, 0, 0, 8);
    ev(EV_THREAD_START, t, 0, 0, 0);
    return 0;
}

void ke_thread_detach(void)
{
    ke_thread *t = ke_thread_current();

    leave(t, STATUS_SUCCESS);
    mach_ctx_user_set(NULL);
    ke_thread_dereference(t);
    mach_ctx_detach();
}

ke_thread *ke_thread_current(void)
{
    ke_thread *t = mach_ctx_user();

    return t ? t : &ke_this_cpu()->idle;
}

uint32_t ke_thread_id(const ke_thread *t)
{
    return __atomic_load_n(&t->id, __ATOMIC_RELAXED); /* a new thread may ask before its creator has written it */
}

void ke_thread_reference(ke_thread *t)
{
    __atomic_add_fetch(&t->references, 1, __ATOMIC_RELAXED);
}

void ke_thread_dereference(ke_thread *t)
{
    if (__atomic_sub_fetch(&t->references, 1, __ATOMIC_ACQ_REL) == 0 && t != &ke.body)
        ke_object_free(t, sizeof *t);
}

unsigned ke_thread_references(const ke_thread *t)
{
    return __atomic_load_n(&t->references, __ATOMIC_RELAXED);
}

/* ---- what is known of a thread ---- */

bool ke_thread_terminating(const ke_thread *t)
{
    return __atomic_load_n(&t->terminating, __ATOMIC_ACQUIRE);
}

NTSTATUS ke_thread_exit_status(const ke_thread *t)
{
    return ke_thread_terminating(t) ? t->exit_status : STATUS_PENDING;
}

nt_100ns ke_thread_create_time(const ke_thread *t)
{
    return t->create_time;
}

mach_ns ke_thread_run_ns(const ke_thread *t)
{
    return __atomic_load_n(&t->run_ns, __ATOMIC_RELAXED);
}

void ke_thread_is_worker(void)
{
    ke_thread_current()->is_worker = true;
}

bool ke_thread_is_of(const ke_thread *t, const void *start, const void *end)
{
    uintptr_t routine = (uintptr_t)t->routine;

    return t->by_driver && routine >= (uintptr_t)start && routine < (uintptr_t)end;
}

uint32_t ke_thread_of(const void *start, const void *end)
{
    uint32_t id = 0;
    unsigned old = ke_dispatcher_lock();

    for (PLIST_ENTRY e = ke.threads.Flink; e != &ke.threads && !id; e = e->Flink) {
        const ke_thread *t = CONTAINING_RECORD(e, struct _KTHREAD, all);

        if (ke_thread_is_of(t, start, end))
            id = t->id;
    }
    ke_dispatcher_unlock(old);
    return id;
}

ke_thread *ke_thread_find(uint32_t id)
{
    ke_thread *found = NULL;
    unsigned   old = ke_dispatcher_lock();

    for (PLIST_ENTRY e = ke.threads.Flink; e != &ke.threads && !found; e = e->Flink) {
        ke_thread *t = CONTAINING_RECORD(e, struct _KTHREAD, all);

        if (t->id == id)
            found = t;
    }
    if (found)
        ke_thread_reference(found);
    ke_dispatcher_unlock(old);
    return found;
}

/* ---- what every routine looks at while ddi_watch is not zero ---- */

void ke_set_power(int delta)
{
    ke_thread_current()->set_power += (unsigned)delta;
    __atomic_add_fetch(&ddi_watch, (uint32_t)delta, __ATOMIC_RELAXED);
}

bool ke_is_setting_power(void)
{
    return ke_thread_current()->set_power != 0;
}

/* ---- listing ---- */

static uint32_t owner_of(const void *object)
{
    const KMUTANT *m = object;

    return m && m->Header.Type == MutantObject && m->OwnerThread ? ((const ke_thread *)m->OwnerThread)->id : 0;
}

void ke_thread_each(bool (*fn)(void *ctx, const struct ke_thread_info *info), void *ctx)
{
    for (PLIST_ENTRY e = ke.threads.Flink; e != &ke.threads; e = e->Flink) {
        const ke_thread      *t = CONTAINING_RECORD(e, struct _KTHREAD, all);
        struct ke_thread_info info = {.id = t->id,
            .routine = (const void *)t->routine,
            .daemon = t->daemon,
            .by_driver = t->by_driver,
            .waiting = t->waiting,
            .priority = (unsigned)t->priority};

        if (t->waiting) {
            info.objects = t->wait_count;
            info.object = t->wait_count ? t->wait_blocks[0].Object : NULL;
            info.owner = owner_of(info.object);
        }
        if (!fn(ctx, &info))
            return;
    }
}
