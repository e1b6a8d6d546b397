/* SPDX-License-Identifier: MIT */
/* machines: sim rt */
/*
 * What the machine itself costs: schedules a second, IRQL, DPCs, waits, timers through the exported routines, virtual time.
 * Times are of the CPU, of the calling thread's where the machine is not simulated; a wait's there is of the wall clock. Each line tells
 * the figure wanted, if there is one; nothing fails here. Usage: machine-sim [first letters of what to measure]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ddk/ntddk.h"
#include "duetime/duetime.h"

enum { PAIRS = 2000000, DPCS = 1000000, WAITS = 300000 };

static bool   sim, wall;
static double result; /* of the body that ran */

static double now_ns(void)
{
    struct timespec t;

    clock_gettime(wall ? CLOCK_MONOTONIC : sim ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void line(const char *what, double value, const char *unit, const char *wanted)
{
    printf("  %-66s %12.1f %-12s %s\n", what, value, unit, wanted);
    fflush(stdout);
}

static void run(dt_body *body, void *ctx, unsigned processors)
{
    struct dt_config cfg = {
        .processors = processors, .tick_100ns = 10000, .quiet = true, .faithful = true, .steps_max = UINT64_MAX};
    struct dt_result r;

    if (dt_run(&cfg, body, ctx, &r) != 0 || r.verdict != DT_PASS) {
        fprintf(stderr, "bench: a body failed: %s\n", r.finding.what);
        exit(1);
    }
}

/* ---- schedules a second: 2 processors, one periodic timer with DPC, cancel and free ---- */

struct owner {
    KTIMER timer;
    KDPC   dpc;
    LONG   fired;
};

static KDEFERRED_ROUTINE fired;

static VOID fired(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    (void)dpc, (void)a, (void)b;
    ((struct owner *)context)->fired++;
}

static void timer_life(void *ctx)
{
    LARGE_INTEGER due = {.QuadPart = -10000};
    struct owner *o = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof *o, 0x68636e62);

    (void)ctx;
    KeInitializeTimerEx(&o->timer, NotificationTimer);
    KeInitializeDpc(&o->dpc, fired, o);
    KeSetTimerEx(&o->timer, due, 1, &o->dpc);
    due.QuadPart = -25000;
    KeDelayExecutionThread(KernelMode, FALSE, &due);
    KeCancelTimer(&o->timer);
    KeFlushQueuedDpcs();
    ExFreePoolWithTag(o, 0x68636e62);
}

static void schedules(bool verified, const char *strategy)
{
    struct dt_explore_options o = {.strategy = strategy,
        .schedules = 500000,
        .config = {.processors = 2, .tick_100ns = 10000, .quiet = true, .faithful = !verified}};
    struct dt_explore_result  r;
    char                      what[80];
    double                    from = now_ns(), done = 0;

    while (done < o.schedules) { /* a search that knows when it is done may need few */
        if (dt_explore(timer_life, NULL, &o, &r) != 0 || r.run.verdict != DT_PASS || r.schedules == 0) {
            fprintf(stderr, "bench: exploration failed: %s %s\n", r.error, r.run.finding.what);
            exit(1);
        }
        done += r.schedules;
    }
    snprintf(what, sizeof what, "schedules, periodic timer + DPC + cancel + free, %s%s", strategy,
        verified ? "" : ", no verifier");
    line(what, done / (now_ns() - from) * 1e9, "schedules/s", verified ? "(wanted: 300,000)" : "");
}

/* ---- single operations ---- */

static void raise_lower(void *ctx)
{
    KIRQL  old;
    double from = now_ns();

    (void)ctx;
    for (int i = 0; i < PAIRS; i++) {
        KeRaiseIrql(DISPATCH_LEVEL, &old);
        KeLowerIrql(old);
    }
    result = (now_ns() - from) / PAIRS;
}

static KDEFERRED_ROUTINE nothing;

static VOID nothing(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    (void)dpc, (void)context, (void)a, (void)b;
}

static void dpc(void *ctx)
{
    KDPC d;

    (void)ctx;
    KeInitializeDpc(&d, nothing, NULL);
    double from = now_ns();

    for (int i = 0; i < DPCS; i++)
        KeInsertQueueDpc(&d, NULL, NULL);
    result = (now_ns() - from) / DPCS;
}

static KEVENT ping, pong;

static void ponger(void *ctx)
{
    (void)ctx;
    for (int i = 0; i < WAITS; i++) {
        KeWaitForSingleObject(&ping, Executive, KernelMode, FALSE, NULL);
        KeSetEvent(&pong, 0, FALSE);
    }
}

static void ping_pong(void *ctx)
{
    (void)ctx;
    KeInitializeEvent(&ping, SynchronizationEvent, FALSE);
    KeInitializeEvent(&pong, SynchronizationEvent, FALSE);
    dt_spawn(0, ponger, NULL);
    double from = now_ns();

    for (int i = 0; i < WAITS; i++) {
        KeSetEvent(&ping, 0, FALSE);
        KeWaitForSingleObject(&pong, Executive, KernelMode, FALSE, NULL);
    }
    result = (now_ns() - from) / WAITS / 2;
    dt_join_all();
}

static uint64_t random_next(uint64_t *x)
{
    *x ^= *x << 13;
    *x ^= *x >> 7;
    *x ^= *x << 17;
    return *x;
}

/* W1 through the exported routines: cancel a random timer, set it again, due in 1 s to 1 h. */
static void set_cancel(void *ctx)
{
    size_t        n = *(size_t *)ctx;
    KTIMER       *timers = malloc(n * sizeof *timers);
    uint64_t      x = 88172645463325252u;
    LARGE_INTEGER due;

    for (size_t i = 0; i < n; i++) {
        KeInitializeTimer(&timers[i]);
        due.QuadPart = -(LONGLONG)(10000000 + random_next(&x) % 35990000000u);
        KeSetTimer(&timers[i], due, NULL);
    }
    double from = now_ns();

    for (int i = 0; i < PAIRS; i++) {
        uint64_t r = random_next(&x);
        KTIMER  *t = &timers[(r >> 20) % n];

        KeCancelTimer(t);
        due.QuadPart = -(LONGLONG)(10000000 + r % 35990000000u);
        KeSetTimer(t, due, NULL);
    }
    result = (now_ns() - from) / PAIRS;
    for (size_t i = 0; i < n; i++)
        KeCancelTimer(&timers[i]);
    free(timers);
}

/* One hour of a 10 ms periodic timer with a DPC. */
static void hour(void *ctx)
{
    struct owner  o = {0};
    LARGE_INTEGER due = {.QuadPart = -100000};
    double        from = now_ns();

    (void)ctx;
    KeInitializeTimerEx(&o.timer, NotificationTimer);
    KeInitializeDpc(&o.dpc, fired, &o);
    KeSetTimerEx(&o.timer, due, 10, &o.dpc);
    dt_run_for(DT_S(3600));
    KeCancelTimer(&o.timer);
    result = (now_ns() - from) / 1e6;
    if (o.fired != 360000)
        fprintf(stderr, "bench: %d expirations in an hour of 10 ms\n", (int)o.fired);
}

static void timers(size_t n)
{
    char what[80];

    run(set_cancel, &n, 1);
    snprintf(what, sizeof what, "KeCancelTimer + KeSetTimer, %zu timers", n);
    line(what, result, "ns/pair", "");
}

static void all_schedules(void)
{
    schedules(true, "random");
    schedules(true, "dfs:2");
    schedules(false, "random");
}

static void irql(void)
{
    run(raise_lower, NULL, 1);
    line("KeRaiseIrql + KeLowerIrql", result, "ns", sim ? "(wanted: 5)" : "(wanted: 20)");
}

static void dpcs(void)
{
    run(dpc, NULL, 1);
    line("KeInsertQueueDpc + its routine, same processor", result, "ns", sim ? "(wanted: 15)" : "(wanted: 40)");
}

static void waits(void)
{
    wall = !sim;
    run(ping_pong, NULL, 1);
    wall = false;
    line("wait satisfied: signal, switch, return", result, "ns", sim ? "(wanted: 100)" : "");
}

static void timers_1e2(void)
{
    timers(100);
}

static void timers_1e4(void)
{
    timers(10000);
}

static void timers_1e6(void)
{
    timers(1000000);
}

static void an_hour(void)
{
    run(hour, NULL, 1);
    line("one virtual hour of a 10 ms periodic timer", result, "ms", "(wanted: 500)");
}

static const struct {
    const char *name;
    void (*measure)(void);
    bool sim_only;
} all[] = {{"schedules", all_schedules, true}, {"irql", irql, false}, {"dpc", dpcs, false}, {"wait", waits, false},
    {"timers-1e2", timers_1e2, false}, {"timers-1e4", timers_1e4, false}, {"timers-1e6", timers_1e6, false},
    {"hour", an_hour, true}};

int main(int argc, char **argv)
{
    sim = strcmp(dt_machine(), "sim") == 0;
    printf("%s machine\n", sim ? "simulated" : "real-time");
    for (unsigned i = 0; i < sizeof all / sizeof *all; i++)
        if ((sim || !all[i].sim_only) && (argc < 2 || strncmp(all[i].name, argv[1], strlen(argv[1])) == 0))
            all[i].measure();
    return 0;
}
