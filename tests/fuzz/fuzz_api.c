/* SPDX-License-Identifier: MIT */
/* machines: sim; links: objects */
/*
 * Fuzz target: bytes are a configuration, a schedule and a program of NT calls.
 *
 * Bytes 0 to 3: threads (1 to 3), processors (1 to 4), clock tick, number of switches; then a switch each (two bytes: how far
 * after the last one, which alternative); then operations of two bytes each, dealt out to the threads in turn. Every
 * program is one that Windows allows, so whatever is found is a bug: ours, or of this file. One input in 16 runs twice and
 * must take the same course.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ddk/ntddk.h"
#include "duetime/duetime.h"
#include "host/image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { THREADS_MAX = 3, OPS_MAX = 24, SWITCHES_MAX = 12, TIMERS = 2, EX_TIMERS = 2, TEXT_BYTES = 512, HEAD_BYTES = 4 };

struct op {
    uint8_t kind, arg;
};

struct program {
    unsigned  threads, processors, counts[THREADS_MAX];
    uint32_t  tick;
    struct op ops[THREADS_MAX][OPS_MAX];
    char      schedule[TEXT_BYTES];
};

/* ---- the objects; made anew in every run ---- */

static struct {
    KTIMER     timer[TIMERS];
    KDPC       timer_dpc[TIMERS], dpc;
    KEVENT     event[2]; /* notification, synchronization */
    KSPIN_LOCK lock;
    PEX_TIMER  ex[EX_TIMERS];
    bool       over;    /* nothing may run any more */
    unsigned   guarded; /* under the lock */
} w;

static VOID on_dpc(PKDPC dpc, PVOID context, PVOID arg1, PVOID arg2)
{
    (void)dpc, (void)arg1, (void)arg2;
    dt_expect(!w.over);
    dt_expect_eq(KeGetCurrentIrql(), DISPATCH_LEVEL);
    if (context)
        KeSetEvent(context, 0, FALSE);
    KeAcquireSpinLockAtDpcLevel(&w.lock);
    w.guarded++;
    KeReleaseSpinLockFromDpcLevel(&w.lock);
}

static VOID on_ex_timer(PEX_TIMER timer, PVOID context)
{
    dt_expect(!w.over);
    dt_expect(timer == w.ex[(uintptr_t)context]);
    dt_expect_eq(KeGetCurrentIrql(), DISPATCH_LEVEL);
}

static void make_objects(void)
{
    memset(&w, 0, sizeof w);
    KeInitializeSpinLock(&w.lock);
    KeInitializeEvent(&w.event[0], NotificationEvent, FALSE);
    KeInitializeEvent(&w.event[1], SynchronizationEvent, FALSE);
    KeInitializeDpc(&w.dpc, on_dpc, &w.event[0]);
    for (unsigned i = 0; i < TIMERS; i++) {
        KeInitializeTimerEx(&w.timer[i], i ? SynchronizationTimer : NotificationTimer);
        KeInitializeDpc(&w.timer_dpc[i], on_dpc, i ? NULL : &w.event[1]);
    }
    for (unsigned i = 0; i < EX_TIMERS; i++)
        w.ex[i] = ExAllocateTimer(on_ex_timer, (PVOID)(uintptr_t)i, i ? EX_TIMER_HIGH_RESOLUTION : 0);
}

/* In the order that Windows asks for: no timer can queue a DPC any more before the queues are flushed. */
static void take_down(void)
{
    for (unsigned i = 0; i < TIMERS; i++)
        KeCancelTimer(&w.timer[i]);
    for (unsigned i = 0; i < EX_TIMERS; i++)
        if (w.ex[i])
            ExDeleteTimer(w.ex[i], TRUE, TRUE, NULL);
    KeRemoveQueueDpc(&w.dpc);
    KeFlushQueuedDpcs();
    w.over = true;
    for (unsigned i = 0; i < TIMERS; i++) {
        dt_expect(!KeCancelTimer(&w.timer[i]));
        dt_expect(!KeRemoveQueueDpc(&w.timer_dpc[i]));
    }
    dt_run_for(DT_MS(40)); /* what runs now finds it over */
}

/* ---- operations ---- */

/* Half milliseconds, relative; 0 is due at once. */
static LARGE_INTEGER due_of(uint8_t arg)
{
    LARGE_INTEGER t;

    t.QuadPart = -5000ll * (arg & 15);
    return t;
}

static void wait_bounded(PVOID object, uint8_t arg)
{
    LARGE_INTEGER t = due_of(arg);
    NTSTATUS      status = KeWaitForSingleObject(object, Executive, KernelMode, FALSE, &t);

    dt_expect(status == STATUS_SUCCESS || status == STATUS_TIMEOUT);
}

static void wait_for_several(uint8_t arg)
{
    PVOID         objects[] = {&w.timer[0], &w.event[1], &w.timer[1]};
    LARGE_INTEGER t = due_of(arg);
    NTSTATUS      status =
        KeWaitForMultipleObjects(3, objects, arg & 16 ? WaitAll : WaitAny, Executive, KernelMode, FALSE, &t, NULL);

    dt_expect((status >= STATUS_WAIT_0 && status <= STATUS_WAIT_2) || status == STATUS_TIMEOUT);
}

static void set_timer(unsigned i, uint8_t arg)
{
    LARGE_INTEGER due = due_of(arg);

    if (arg & 64)
        KeSetCoalescableTimer(&w.timer[i], due, arg >> 4 & 3, arg & 7, &w.timer_dpc[i]);
    else
        KeSetTimerEx(&w.timer[i], due, arg >> 4 & 3, arg & 128 ? NULL : &w.timer_dpc[i]);
}

/* Never 0, which is an absolute time: high-resolution timers refuse it (DT-T14). */
static void set_ex_timer(unsigned i, uint8_t arg)
{
    if (w.ex[i])
        ExSetTimer(w.ex[i], due_of(arg).QuadPart - 1, (arg >> 4 & 3) * 10000ll, NULL);
}

static void at_dispatch(uint8_t arg)
{
    KIRQL old;

    KeAcquireSpinLock(&w.lock, &old);
    w.guarded++;
    if (arg & 1)
        KeInsertQueueDpc(&w.dpc, NULL, NULL);
    if (arg & 2)
        KeSetTimer(&w.timer[arg >> 2 & 1], due_of(arg >> 3), NULL);
    KeReleaseSpinLock(&w.lock, old);
}

enum { OPS = 14 };

static void perform(struct op op)
{
    LARGE_INTEGER t = due_of(op.arg);
    unsigned      i = op.kind >> 4 & 1;

    switch (op.kind % OPS) {
    case 0:
    case 1:
        set_timer(i, op.arg);
        break;
    case 2:
        KeCancelTimer(&w.timer[i]);
        break;
    case 3:
        KeReadStateTimer(&w.timer[i]);
        break;
    case 4:
    case 5:
        set_ex_timer(i, op.arg);
        break;
    case 6:
        if (w.ex[i])
            ExCancelTimer(w.ex[i], NULL);
        break;
    case 7:
        KeInsertQueueDpc(&w.dpc, NULL, NULL);
        break;
    case 8:
        KeRemoveQueueDpc(i ? &w.dpc : &w.timer_dpc[0]);
        break;
    case 9:
        op.arg & 16 ? KeSetEvent(&w.event[i], 0, FALSE) : KeResetEvent(&w.event[i]);
        break;
    case 10:
        op.arg & 64 ? wait_bounded(&w.event[i], op.arg) : wait_bounded(&w.timer[i], op.arg);
        break;
    case 11:
        wait_for_several(op.arg);
        break;
    case 12:
        KeDelayExecutionThread(KernelMode, FALSE, &t);
        break;
    default:
        at_dispatch(op.arg);
    }
}

static const struct program *running;

static void thread_body(void *context)
{
    unsigned n = (unsigned)(uintptr_t)context;

    for (unsigned i = 0; i < running->counts[n]; i++)
        perform(running->ops[n][i]);
}

static void body(void *context)
{
    running = context;
    make_objects();
    for (unsigned n = 1; n < running->threads; n++)
        dt_spawn(DT_ANY_PROCESSOR, thread_body, (void *)(uintptr_t)n);
    thread_body(NULL);
    dt_join_all();
    take_down();
}

/* ---- bytes to a program ---- */

static size_t decode_schedule(struct program *p, const uint8_t *data, size_t size)
{
    size_t   used = HEAD_BYTES;
    unsigned wanted = data[3] % (SWITCHES_MAX + 1), index = 0, n = 0;
    int      length = snprintf(p->schedule, TEXT_BYTES, "v1.%08x.%s.p%u.s%u.", image_build_id(),
        data[2] & 128 ? "atomic" : "api", p->processors, data[2]);

    for (; n < wanted && used + 2 <= size; n++, used += 2) {
        length += snprintf(p->schedule + length, TEXT_BYTES - (size_t)length, "%s%u:%u", n ? "-" : "",
            index + data[used] % 64, 1 + data[used + 1] % 3);
        index += data[used] % 64 + 1u;
    }
    if (n == 0)
        snprintf(p->schedule + length, TEXT_BYTES - (size_t)length, "-");
    return used;
}

static void decode(struct program *p, const uint8_t *data, size_t size)
{
    static const uint32_t ticks[] = {DT_TICK_EXACT, 10000, DT_TICK_DEFAULT, 5000};

    *p = (struct program){
        .threads = 1u + data[0] % THREADS_MAX, .processors = 1u + data[1] % 4, .tick = ticks[data[2] % 4]};
    size_t at = decode_schedule(p, data, size);

    for (unsigned n = 0; at + 2 <= size; n++, at += 2) {
        unsigned t = n % p->threads;

        if (p->counts[t] == OPS_MAX)
            break;
        p->ops[t][p->counts[t]++] = (struct op){data[at], data[at + 1]};
    }
}

static void run(struct program *p, enum dt_level level, struct dt_explore_result *r)
{
    struct dt_explore_options o = {
        .config = {.processors = p->processors, .tick_100ns = p->tick, .level = level, .quiet = true},
        .strategy = "replay",
        .schedule = p->schedule,
        .loose = true,
        .schedules = 1,
        .no_shrink = true};
    int e = dt_explore(body, p, &o, r);

    if (e == 0 && r->run.verdict != DT_FINDING)
        return;
    fprintf(stderr, "%s: %d, %s 0x%x %s %s %s\n", p->schedule, e, r->run.finding.rule, r->run.finding.bugcheck,
        r->run.finding.what, r->run.finding.where, r->error);
    abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct program    p;
    struct dt_explore_result first, again;

    if (size < HEAD_BYTES)
        return 0;
    enum dt_level level = data[2] & 128 ? DT_LEVEL_ATOMIC : DT_LEVEL_API;

    decode(&p, data, size);
    run(&p, level, &first);
    if (data[3] >> 4)
        return 0;
    run(&p, level, &again);
    if (first.run.choices != again.run.choices || first.run.time != again.run.time) {
        fprintf(stderr, "%s: two runs, two courses\n", p.schedule);
        abort();
    }
    return 0;
}
