/* SPDX-License-Identifier: MIT */
/* machines: sim */
/*
 * Random sequences of timer calls against an independent model.
 *
 * One thread: set, cancel, sleep, read, poll, delete and allocate anew, on KTIMERs and EX_TIMERs of both kinds; every result, signal
 * state and number of calls is compared with a model that is a list of numbers. A sequence that fails is shrunk to the calls
 * that matter and printed. Several threads: what no interleaving may break (KTM-101, EXT-042).
 */
#include <stdlib.h>

#include "../machine.h"

enum { TIMERS = 4, OPS = 40, SEQUENCES = 100000, THREADS = 3, SHARED_OPS = 6 };

enum op_kind { OP_SET, OP_SET_ABSOLUTE, OP_CANCEL, OP_SLEEP, OP_READ, OP_POLL, OP_DELETE, OP_KINDS };

struct op {
    enum op_kind kind;
    unsigned     timer, due_ms, period_ms;
    bool         dropped;
};

static uint64_t rng_state;

static unsigned pick(unsigned n)
{
    rng_state ^= rng_state << 13;
    rng_state ^= rng_state >> 7;
    rng_state ^= rng_state << 17;
    return (unsigned)((rng_state >> 33) % n);
}

/* ---- the model: milliseconds since boot ---- */

struct model {
    bool     set, signaled, sync;
    unsigned due, period, calls;
};

static struct model model[TIMERS];
static unsigned     model_now;

static void model_sleep(unsigned ms)
{
    model_now += ms;
    for (unsigned i = 0; i < TIMERS; i++) {
        struct model *m = &model[i];

        while (m->set && m->due <= model_now) {
            m->signaled = true;
            m->calls++;
            m->set = m->period != 0;
            m->due += m->period;
        }
    }
}

static bool model_set(unsigned i, unsigned due, unsigned period)
{
    struct model *m = &model[i];
    bool          was = m->set;

    m->set = true;
    m->signaled = false;
    m->due = due;
    m->period = period;
    return was;
}

static bool model_poll(unsigned i)
{
    bool was = model[i].signaled;

    if (model[i].sync)
        model[i].signaled = false;
    return was;
}

/* ---- the real timers: 0, 1 KTIMER, 2, 3 EX_TIMER; odd ones are synchronization timers ---- */

static struct real {
    KTIMER    timer;
    KDPC      dpc;
    PEX_TIMER ex;
    LONG      calls;
} real[TIMERS];

static const struct op *running; /* the sequence of this run */
static int              wrong_at;
static const char      *wrong;

static KDEFERRED_ROUTINE dpc_called;
static EXT_CALLBACK      ex_called;

static VOID dpc_called(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    (void)dpc, (void)a, (void)b;
    ((struct real *)context)->calls++;
}

static VOID ex_called(PEX_TIMER timer, PVOID context)
{
    (void)timer;
    ((struct real *)context)->calls++;
}

static bool is_ex(unsigned i)
{
    return i >= 2;
}

static void real_begin(unsigned i)
{
    struct real *r = &real[i];

    r->calls = 0;
    if (is_ex(i)) {
        r->ex = ExAllocateTimer(ex_called, r, i & 1 ? 0 : EX_TIMER_NOTIFICATION);
    } else {
        KeInitializeTimerEx(&r->timer, i & 1 ? SynchronizationTimer : NotificationTimer);
        KeInitializeDpc(&r->dpc, dpc_called, r);
    }
}

static bool real_set(unsigned i, int64_t due, unsigned period_ms)
{
    struct real  *r = &real[i];
    LARGE_INTEGER t = {.QuadPart = due};

    return is_ex(i) ? ExSetTimer(r->ex, due, period_ms * 10000ll, NULL)
                    : KeSetTimerEx(&r->timer, t, (LONG)period_ms, &r->dpc);
}

static bool real_cancel(unsigned i)
{
    return is_ex(i) ? ExCancelTimer(real[i].ex, NULL) : KeCancelTimer(&real[i].timer);
}

static PVOID object(unsigned i)
{
    return is_ex(i) ? (PVOID)real[i].ex : (PVOID)&real[i].timer;
}

/* ---- one sequence ---- */

static bool agree(int at, const char *what, bool got, bool expected)
{
    if (got == expected)
        return true;
    wrong_at = at;
    wrong = what;
    return false;
}

static void sleep_to(unsigned ms)
{
    if (ms == 0)
        return;
    sleep_ms(ms);
    model_sleep(ms);
}

static bool step_set(int at, const struct op *o)
{
    unsigned due = model_now + o->due_ms;
    bool     absolute = o->kind == OP_SET_ABSOLUTE;
    int64_t  when = -(int64_t)o->due_ms * 10000;

    if (absolute) {
        LARGE_INTEGER now;

        KeQuerySystemTime(&now);
        when = now.QuadPart + o->due_ms * 10000ll;
    }
    return agree(at, "set", real_set(o->timer, when, o->period_ms), model_set(o->timer, due, o->period_ms));
}

static bool step_delete(int at, const struct op *o)
{
    struct model *m = &model[o->timer];
    bool          same = true;

    if (is_ex(o->timer))
        same = agree(at, "delete", ExDeleteTimer(real[o->timer].ex, TRUE, TRUE, NULL), m->set);
    else
        same = agree(at, "cancel", real_cancel(o->timer), m->set);
    *m = (struct model){.sync = m->sync};
    real_begin(o->timer);
    return same;
}

static bool step(int at, const struct op *o)
{
    struct model *m = &model[o->timer];
    bool          was = m->set;

    switch (o->kind) {
    case OP_SET:
    case OP_SET_ABSOLUTE:
        return step_set(at, o);
    case OP_CANCEL:
        m->set = false;
        return agree(at, "cancel", real_cancel(o->timer), was);
    case OP_SLEEP:
        sleep_to(o->due_ms);
        return true;
    case OP_READ:
        return is_ex(o->timer) || agree(at, "read", KeReadStateTimer(&real[o->timer].timer), m->signaled);
    case OP_POLL:
        return agree(at, "poll", poll(object(o->timer)) == STATUS_SUCCESS, model_poll(o->timer));
    default:
        return step_delete(at, o);
    }
}

static void sequence(void *ctx)
{
    (void)ctx;
    model_now = 0;
    wrong = NULL;
    for (unsigned i = 0; i < TIMERS; i++) {
        model[i] = (struct model){.sync = i & 1};
        real_begin(i);
    }
    for (int at = 0; at < OPS; at++) {
        if (running[at].dropped)
            continue;
        if (!step(at, &running[at]))
            break;
        for (unsigned i = 0; i < TIMERS; i++)
            if (!agree(at, "calls", real[i].calls == (LONG)model[i].calls, true))
                at = OPS;
    }
    for (unsigned i = 0; i < TIMERS; i++) {
        if (is_ex(i))
            ExDeleteTimer(real[i].ex, TRUE, TRUE, NULL);
        else
            KeCancelTimer(&real[i].timer);
    }
}

static bool fails(const struct op *ops)
{
    struct dt_config cfg = config(1);
    struct dt_result r;

    running = ops;
    return dt_run(&cfg, sequence, NULL, &r) != 0 || r.verdict != DT_PASS || wrong;
}

/* Without any call that can be left out. */
static void shrink(struct op *ops)
{
    for (bool smaller = true; smaller;) {
        smaller = false;
        for (int i = 0; i < OPS; i++) {
            if (ops[i].dropped)
                continue;
            ops[i].dropped = true;
            if (fails(ops))
                smaller = true;
            else
                ops[i].dropped = false;
        }
    }
}

static void print(uint64_t seed, const struct op *ops)
{
    static const char *const names[] = {"set", "set absolute", "cancel", "sleep", "read", "poll", "delete"};

    fails(ops);
    print_message("seed %llu, wrong: %s at call %d\n", (unsigned long long)seed, wrong ? wrong : "finding", wrong_at);
    for (int i = 0; i < OPS; i++)
        if (!ops[i].dropped)
            print_message("  %2d %s timer %u, due %u ms, period %u ms\n", i, names[ops[i].kind], ops[i].timer,
                ops[i].due_ms, ops[i].period_ms);
}

static void make(uint64_t seed, struct op ops[OPS])
{
    rng_state = seed * 0x9e3779b97f4a7c15u + 1;
    for (int i = 0; i < OPS; i++)
        ops[i] = (struct op){.kind = (enum op_kind)pick(OP_KINDS),
            .timer = pick(TIMERS),
            .due_ms = 1 + pick(12),
            .period_ms = pick(3) ? 0 : 1 + pick(6)};
}

/* KTM-028, KTM-031, KTM-035, KTM-046, KTM-053, KTM-054, KTM-068, KTM-070, EXT-039, EXT-050, EXT-064, EXT-080 */
static void test_one_thread(void **state)
{
    struct op ops[OPS];

    (void)state;
    for (uint64_t seed = 1; seed <= SEQUENCES; seed++) {
        make(seed, ops);
        if (!fails(ops))
            continue;
        shrink(ops);
        print(seed, ops);
        fail();
    }
}

/* ---- several threads ---- */

static struct {
    KTIMER timer;
    KDPC   dpc;
    LONG   calls, sets, taken_back; /* taken_back: TRUE from a set or cancel */
} shared;

static KDEFERRED_ROUTINE shared_called;

static VOID shared_called(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    (void)dpc, (void)context, (void)a, (void)b;
    InterlockedIncrement(&shared.calls);
}

static void meddle(void *ctx)
{
    (void)ctx;
    for (int i = 0; i < SHARED_OPS; i++) {
        if (dt_choose(2)) {
            if (KeCancelTimer(&shared.timer))
                InterlockedIncrement(&shared.taken_back);
        } else {
            InterlockedIncrement(&shared.sets);
            if (KeSetTimer(&shared.timer, in_ms(1 + dt_choose(2)), &shared.dpc))
                InterlockedIncrement(&shared.taken_back);
        }
    }
}

/* KTM-101: one-shots call no more often than they were set and not taken back. */
static void invariant(void *ctx)
{
    (void)ctx;
    memset(&shared, 0, sizeof shared);
    KeInitializeTimer(&shared.timer);
    KeInitializeDpc(&shared.dpc, shared_called, NULL);
    for (int i = 0; i < THREADS; i++)
        dt_spawn(i % 2, meddle, NULL);
    dt_join_all();
    if (KeCancelTimer(&shared.timer))
        InterlockedIncrement(&shared.taken_back);
    KeFlushQueuedDpcs();
    dt_expect(shared.calls <= shared.sets - shared.taken_back);
    dt_expect(shared.calls > 0 || shared.sets == shared.taken_back);
}

static void test_threads(void **state)
{
    struct dt_explore_result  r;
    struct dt_explore_options o = {.config = config(2), .strategy = "random", .schedules = 20000};

    (void)state;
    assert_int_equal(dt_explore(invariant, NULL, &o, &r), 0);
    if (r.run.verdict != DT_PASS)
        fail_msg("%s: %s %s", r.schedule, r.run.finding.what, r.run.finding.where);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_thread),
        cmocka_unit_test(test_threads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
