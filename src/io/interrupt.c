/* SPDX-License-Identifier: MIT */
/*
 * io/interrupt.c - interrupt objects, and interrupts that a test raises (dt_interrupt).
 *
 * A vector is a row in `vectors`: its level, the routines connected to it in order, and the processors on which it is
 * pending. Raising it sets the processor's bit and the processor's line of that level; the line is taken when the
 * processor's IRQL is below it (IRQ-021), on the stack of whatever runs there. A vector that is raised again before it
 * is taken stays one interrupt, as on hardware.
 *
 * An interrupt routine runs at the object's SynchronizeIrql with the object's spin lock held (IRQ-006, SPL-049), so never
 * on two processors at once, and never beside a KeSynchronizeExecution routine or a holder of the interrupt spin lock.
 *
 * A passive-level object (Irql PASSIVE_LEVEL) has an event in place of the lock; its routine runs in a thread. A level-sensitive
 * line is masked meanwhile: what is raised then is one more call afterwards (SIO-054). An edge is taken by a thread of its own.
 *
 * Lock: `lock` protects the table and the lists; held at HIGH_LEVEL, since interrupts walk the lists. An object that is
 * disconnected leaves its list first; then nobody begins a call, and who disconnects waits for the calls that run.
 */
#include "io/priv.h"

enum { VECTORS = 128, SHARERS = 8, DEVICE_LEVEL_MIN = 3, DEVICE_LEVEL_MAX = 12 };

struct _KINTERRUPT {
    LIST_ENTRY        link; /* in its vector's chain */
    PKSERVICE_ROUTINE routine;
    void             *context;
    PKSPIN_LOCK       lock; /* own_lock, or the driver's */
    KSPIN_LOCK        own_lock;
    KEVENT            turn; /* passive level: signaled while nobody is inside */
    ULONG             vector;
    KIRQL             irql, sync_irql;
    KINTERRUPT_MODE   mode;
    bool              share;
    bool              port;     /* see struct io_interrupt_connection */
    bool              inactive; /* IoReportInterruptInactive; `lock` */
    KAFFINITY         affinity;
    uint32_t          running; /* calls of its routine under way; atomic */
    PKINTERRUPT      *holder;  /* where the driver keeps the pointer to it */
};

struct vector {
    ULONG      number;
    KIRQL      irql;
    LIST_ENTRY chain;
    uint64_t   pending; /* processors; atomic */
    unsigned   passive; /* level-sensitive, passive level: 0 idle, 1 its thread runs, 2 and is asked again; atomic */
};

static struct vector    vectors[VECTORS];
static unsigned         n_vectors;
static struct mach_lock lock;

static unsigned list_lock(void)
{
    unsigned old = mach_irql_raise(HIGH_LEVEL);

    mach_lock(&lock);
    return old;
}

static void list_unlock(unsigned old)
{
    mach_unlock(&lock);
    mach_irql_lower(old);
}

static struct vector *find(ULONG number)
{
    for (unsigned i = 0; i < n_vectors; i++)
        if (vectors[i].number == number)
            return &vectors[i];
    return NULL;
}

/* ---- entering and leaving ---- */

static bool is_passive(const KINTERRUPT *k)
{
    return k->irql == PASSIVE_LEVEL;
}

static unsigned enter(PKINTERRUPT k)
{
    if (is_passive(k)) {
        ke_wait_one(&k->turn, NULL);
        return PASSIVE_LEVEL;
    }
    unsigned old = mach_irql_raise(k->sync_irql);

    ke_spin_acquire(k->lock, EV_LOCK_INTERRUPT, old);
    return old;
}

static void leave(PKINTERRUPT k, unsigned old)
{
    if (is_passive(k)) {
        ke_event_set(&k->turn, IO_NO_INCREMENT);
        return;
    }
    ke_spin_release(k->lock, EV_LOCK_INTERRUPT, old);
    ke_lowering(old);
    mach_irql_lower(old);
}

/* What was done before connecting the routine may use; what the routine has done is done when it is disconnected. */
static void pass_through(PKINTERRUPT k)
{
    leave(k, enter(k));
}

/* It interrupts whom it may: what it does is neither its thread's nor its DPC's. */
static void tell(PKINTERRUPT k, bool end, const void *frame)
{
    if (!is_passive(k))
        ev(EV_INTERRUPT, k, end, (uintptr_t)k->routine, (uintptr_t)frame);
}

static bool call_routine(PKINTERRUPT k)
{
    struct io_call call;

    if (k->port)
        return k->routine(k, k->context);
    io_call_enter(&call, EV_ROLE_ISR, (const void *)k->routine, k->context, k);
    mach_point(MACH_POINT_DDI, k);
    bool handled = k->routine(k, k->context);

    io_call_leave(&call);
    return handled;
}

static bool call_isr(PKINTERRUPT k)
{
    tell(k, false, __builtin_frame_address(0));
    unsigned old = enter(k);
    bool     handled = call_routine(k);

    leave(k, old);
    tell(k, true, NULL);
    return handled;
}

/* SPL-050: what may not be called above the object's level. */
static void check_level(PKINTERRUPT k, const char *what)
{
    uint64_t p[4] = {0, mach_irql(), 0, (uintptr_t)k};

    if (mach_irql() > k->sync_irql)
        ke_bugcheckf("DT-I01", IRQL_NOT_LESS_OR_EQUAL, p, "%s is called at IRQL %u, above the interrupt's level %u",
            what, mach_irql(), k->sync_irql);
}

BOOLEAN io_interrupt_synchronize(PKINTERRUPT k, PKSYNCHRONIZE_ROUTINE routine, void *context)
{
    struct io_call call;

    check_level(k, "KeSynchronizeExecution");
    unsigned old = enter(k);

    io_call_enter(&call, EV_ROLE_OTHER, (const void *)routine, context, k);
    BOOLEAN result = routine(context);

    io_call_leave(&call);
    leave(k, old);
    return result;
}

/* SPL-051. */
static void check_not_passive(PKINTERRUPT k, uint64_t which)
{
    uint64_t p[4] = {which, (uintptr_t)k};

    if (is_passive(k))
        ke_bugcheckf(NULL, PASSIVE_INTERRUPT_ERROR, p, "the interrupt spin lock of a passive-level interrupt is used");
}

unsigned io_interrupt_lock(PKINTERRUPT k)
{
    check_not_passive(k, 1);
    check_level(k, "KeAcquireInterruptSpinLock");
    return enter(k);
}

void io_interrupt_unlock(PKINTERRUPT k, unsigned old)
{
    uint64_t p[4] = {0x31, mach_irql(), old, (uintptr_t)k};

    check_not_passive(k, 2);
    if (old > mach_irql())
        ke_bugcheckf("DT-I03", DRIVER_VERIFIER_DETECTED_VIOLATION, p,
            "the release of an interrupt spin lock restores IRQL %u at IRQL %u", old, mach_irql());
    leave(k, old);
}

/* ---- interrupts ---- */

/* Those that must be told, so that none goes away while its routine runs. */
static unsigned chain_of(struct vector *v, PKINTERRUPT out[])
{
    unsigned n = 0, old = list_lock();

    for (PLIST_ENTRY e = v->chain.Flink; e != &v->chain && n < SHARERS; e = e->Flink) {
        PKINTERRUPT k = CONTAINING_RECORD(e, KINTERRUPT, link);

        if (k->inactive)
            continue;
        out[n++] = k;
        __atomic_add_fetch(&k->running, 1, __ATOMIC_RELAXED);
    }
    list_unlock(old);
    return n;
}

/* Level-sensitive lines ask until somebody says that it was his device; of edges all must look. */
static void deliver(struct vector *v)
{
    PKINTERRUPT k[SHARERS];
    unsigned    n = chain_of(v, k);
    bool        done = false;

    for (unsigned i = 0; i < n; i++) {
        if (!done)
            done = call_isr(k[i]) && k[i]->mode == LevelSensitive;
        __atomic_sub_fetch(&k[i]->running, 1, __ATOMIC_RELEASE);
    }
}

/* The processor has taken the line of that level. */
static void take_line(unsigned line)
{
    uint64_t me = 1ull << mach_cpu();

    for (unsigned i = 0; i < n_vectors; i++) {
        struct vector *v = &vectors[i];

        if (v->irql == line && __atomic_fetch_and(&v->pending, ~me, __ATOMIC_ACQ_REL) & me)
            deliver(v);
    }
}

static void passive_edge(void *context)
{
    deliver(context);
}

/* Ends because nobody but a device that goes on asking makes it 2 again. */
static void passive_level(void *context)
{
    struct vector *v = context;
    unsigned       one = 1;

    do {
        __atomic_store_n(&v->passive, 1, __ATOMIC_RELEASE);
        deliver(v);
        one = 1;
    } while (!__atomic_compare_exchange_n(&v->passive, &one, 0, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED));
}

/* True: the line is masked, the thread that runs will see that it was asked again. */
static bool is_masked(struct vector *v)
{
    unsigned was = 0;

    while (
        !__atomic_compare_exchange_n(&v->passive, &was, was == 0 ? 1 : 2, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) {
    } /* ends: it fails only when somebody else succeeds */
    return was != 0;
}

static bool raise_passive(struct vector *v, unsigned cpu)
{
    bool       edge = CONTAINING_RECORD(v->chain.Flink, KINTERRUPT, link)->mode == Latched;
    ke_thread *t;

    if (!edge && is_masked(v))
        return true;
    t = ke_thread_create(edge ? passive_edge : passive_level, v, 16, 1ull << cpu, false);
    if (t)
        ke_thread_dereference(t);
    else
        __atomic_store_n(&v->passive, 0, __ATOMIC_RELEASE);
    return t != NULL;
}

static bool raise_on(struct vector *v, unsigned cpu)
{
    if (v->irql == PASSIVE_LEVEL)
        return raise_passive(v, cpu);
    __atomic_or_fetch(&v->pending, 1ull << cpu, __ATOMIC_ACQ_REL);
    mach_line_raise(cpu, (enum mach_line)v->irql);
    mach_point(MACH_POINT_DDI, v);
    return true;
}

static KAFFINITY all_processors(void)
{
    return ~0ull >> (64 - mach_cpus());
}

/* That of the first who is active; 0: nobody is. */
static KAFFINITY active_affinity_locked(struct vector *v)
{
    KAFFINITY found = 0;

    for (PLIST_ENTRY e = v->chain.Flink; e != &v->chain && !found; e = e->Flink) {
        PKINTERRUPT k = CONTAINING_RECORD(e, KINTERRUPT, link);

        found = k->inactive ? 0 : k->affinity & all_processors();
    }
    return found;
}

static KAFFINITY affinity_of(struct vector *v)
{
    unsigned  old = list_lock();
    KAFFINITY found = active_affinity_locked(v);

    list_unlock(old);
    return found;
}

/* Alternative 0 is the calling processor if it may, else the lowest. */
static unsigned choose_cpu(KAFFINITY allowed)
{
    unsigned me = mach_cpu(), n = mach_choose((unsigned)__builtin_popcountll(allowed), CHOICE_INTERRUPT);

    if (allowed >> me & 1) {
        if (n-- == 0)
            return me;
        allowed &= ~(1ull << me);
    }
    while (n--)
        allowed &= allowed - 1;
    return (unsigned)__builtin_ctzll(allowed);
}

bool io_interrupt_raise(ULONG vector, int cpu)
{
    struct vector *v = find(vector);
    KAFFINITY      allowed = v ? affinity_of(v) : 0;

    if (!allowed || (cpu >= 0 && !(allowed >> cpu & 1)))
        return false;
    return raise_on(v, cpu >= 0 ? (unsigned)cpu : choose_cpu(allowed));
}

/* A device's thread holds no processor, so it must not raise IRQL; nothing can interrupt it here, and no holder of the lock waits
 * for it. */
bool io_interrupt_assert(ULONG vector)
{
    mach_lock(&lock);
    struct vector *v = find(vector);
    KAFFINITY      allowed = v ? active_affinity_locked(v) : 0;

    mach_unlock(&lock);
    if (!allowed || v->irql == PASSIVE_LEVEL)
        return false;
    unsigned cpu = choose_cpu(allowed);

    __atomic_or_fetch(&v->pending, 1ull << cpu, __ATOMIC_ACQ_REL);
    mach_line_raise(cpu, (enum mach_line)v->irql);
    return true;
}

/* ---- connecting ---- */

/* SIO-053: at passive level an event of ours takes the lock's place. */
static bool good_levels(const struct io_interrupt_connection *c)
{
    if (c->irql == PASSIVE_LEVEL)
        return c->sync_irql == PASSIVE_LEVEL && !c->lock;
    return c->irql >= DEVICE_LEVEL_MIN && c->irql <= DEVICE_LEVEL_MAX && c->sync_irql >= c->irql &&
           c->sync_irql <= DEVICE_LEVEL_MAX;
}

static PKINTERRUPT make(const struct io_interrupt_connection *c)
{
    PKINTERRUPT k = ke_object_alloc(sizeof *k);

    if (!k)
        return NULL;
    *k = (KINTERRUPT){.routine = c->routine,
        .context = c->context,
        .lock = c->lock ? c->lock : &k->own_lock,
        .vector = c->vector,
        .irql = c->irql,
        .sync_irql = c->sync_irql,
        .mode = c->mode,
        .share = c->share,
        .port = c->port,
        .affinity = c->affinity};
    ke_event_init(&k->turn, SynchronizationEvent, true);
    return k;
}

/* All that share a vector say so, at one level. */
static NTSTATUS join_locked(PKINTERRUPT k)
{
    struct vector *v = find(k->vector);

    if (!v) {
        if (n_vectors == VECTORS)
            return STATUS_INSUFFICIENT_RESOURCES;
        v = &vectors[n_vectors];
        *v = (struct vector){.number = k->vector, .irql = k->irql};
        InitializeListHead(&v->chain);
        __atomic_store_n(&n_vectors, n_vectors + 1, __ATOMIC_RELEASE);
    }
    if (IsListEmpty(&v->chain))
        v->irql = k->irql;
    else if (!k->share || !CONTAINING_RECORD(v->chain.Flink, KINTERRUPT, link)->share || v->irql != k->irql)
        return STATUS_INVALID_PARAMETER;
    InsertTailList(&v->chain, &k->link);
    return STATUS_SUCCESS;
}

/* SIO-047: one who takes the same lock at another level, for whom it is then no lock. */
static PKINTERRUPT other_level_locked(const KINTERRUPT *k)
{
    for (unsigned i = 0; i < n_vectors; i++)
        for (PLIST_ENTRY e = vectors[i].chain.Flink; e != &vectors[i].chain; e = e->Flink) {
            PKINTERRUPT other = CONTAINING_RECORD(e, KINTERRUPT, link);

            if (other->lock == k->lock && other->sync_irql != k->sync_irql)
                return other;
        }
    return NULL;
}

static void tell_other_level(const KINTERRUPT *k, unsigned other)
{
    struct finding f = {.severity = FINDING_STOP, .rule = "DT-L07", .object = (const void *)k->lock};

    finding_raisef(&f,
        "interrupts that share a spin lock are connected with SynchronizeIrql %u and %u: both need the highest Irql of "
        "all",
        other, k->sync_irql);
}

NTSTATUS io_interrupt_connect(const struct io_interrupt_connection *c, PKINTERRUPT *out)
{
    if (!c->routine || !good_levels(c) || !(c->affinity & all_processors()))
        return STATUS_INVALID_PARAMETER;
    PKINTERRUPT k = make(c);

    if (!k)
        return STATUS_INSUFFICIENT_RESOURCES;
    pass_through(k);
    unsigned    old = list_lock(), level = 0;
    PKINTERRUPT other = other_level_locked(k);

    if (other)
        level = other->sync_irql;
    NTSTATUS status = join_locked(k);

    k->holder = out;
    if (NT_SUCCESS(status))
        *out = k; /* before the first interrupt can come */
    list_unlock(old);
    if (!NT_SUCCESS(status))
        ke_object_free(k, sizeof *k);
    else if (other)
        tell_other_level(k, level);
    return status;
}

/* SIO-051. */
KAFFINITY io_interrupt_affinity(const KINTERRUPT *k)
{
    return k->affinity;
}

void io_interrupt_active(PKINTERRUPT k, bool active)
{
    unsigned old = list_lock();

    k->inactive = !active;
    list_unlock(old);
}

/* ---- what is left connected ---- */

static PKINTERRUPT find_left_locked(uintptr_t start, uintptr_t end)
{
    for (unsigned i = 0; i < n_vectors; i++)
        for (PLIST_ENTRY e = vectors[i].chain.Flink; e != &vectors[i].chain; e = e->Flink) {
            PKINTERRUPT k = CONTAINING_RECORD(e, KINTERRUPT, link);
            uintptr_t   p[] = {(uintptr_t)k->holder, (uintptr_t)k->context, (uintptr_t)k->lock, (uintptr_t)k->routine};

            for (unsigned j = 0; j < ARRAYSIZE(p); j++)
                if (p[j] - start < end - start)
                    return k;
        }
    return NULL;
}

void io_interrupt_memory_goes(const void *start, const void *end, const char *what)
{
    unsigned    old = list_lock();
    PKINTERRUPT k = find_left_locked((uintptr_t)start, (uintptr_t)end);

    list_unlock(old);
    if (!k)
        return;
    struct finding f = {
        .severity = FINDING_STOP, .rule = "DT-Q03", .object = k, .caller = (const void *)(uintptr_t)k->routine};

    finding_raisef(&f, "%s while an interrupt object that uses it is connected to vector 0x%x", what, k->vector);
}

void io_interrupt_disconnect(PKINTERRUPT k)
{
    unsigned old = list_lock();

    RemoveEntryList(&k->link);
    list_unlock(old);
    pass_through(k);
    while (__atomic_load_n(&k->running, __ATOMIC_ACQUIRE))
        mach_relax(k);
    ke_object_free(k, sizeof *k);
}

void io_interrupt_boot(void)
{
    n_vectors = 0;
    lock = (struct mach_lock){0};
    ke_device_interrupt = take_line;
}
