/* SPDX-License-Identifier: MIT */
/* machines: sim; libs: event ev uv */
/*
 * The timer queue against libev, libevent and libuv, in virtual time: W1 to W4 and W7. All engines run in this process, one
 * after another, and processor time is counted; read ratios. The queue itself takes no lock, so it is measured three ways:
 *     no lock       the bare structure, to compare with the peers, which take none either
 *     spin lock     an uncontended exchange and release store around each call: thread-safe on any machine
 *     KeSetTimer    the exported routines on the simulated machine (timerq_ddi.h)
 *     biased lock   what the owning processor pays for a lock biased to it: a store, a compiler barrier, a load and a
 *                   release store. The other side (flag and membarrier) is not part of this benchmark.
 * libevent must come before libev, which brings look-alikes of its functions.
 * Usage: timerq-sim [quick [w1|w2|w3|w4]]
 */
#include "timerq_common.h"

#include "ke/timerq.h"

static struct ke_timerq *ours_queue;
static KTIMER           *ours_timer;
static size_t            ours_bytes;

static struct {
    volatile unsigned held, wanted;
} lock;

static void ours_init(size_t n)
{
    if (ours_queue == NULL)
        ours_queue = (struct ke_timerq *)memory(sizeof *ours_queue);
    ke_timerq_init(ours_queue);
    ke_timerq_take(ours_queue, clock_100ns);
    ours_bytes = n * sizeof *ours_timer;
    ours_timer = (KTIMER *)memory(ours_bytes);
}

static inline void spin_take(void)
{
    while (__atomic_exchange_n(&lock.held, 1, __ATOMIC_ACQUIRE))
        __builtin_ia32_pause();
}

static inline void biased_take(void)
{
    lock.held = 1;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    if (__builtin_expect(lock.wanted, 0))
        abort();
}

static inline void lock_drop(void)
{
    __atomic_store_n(&lock.held, 0, __ATOMIC_RELEASE);
}

#define OURS        bare
#define OURS_NAME   "timerq, no lock"
#define OURS_LOCK   ((void)0)
#define OURS_UNLOCK ((void)0)
#include "timerq_ours.h"

#define OURS        spin
#define OURS_NAME   "timerq, spin lock"
#define OURS_LOCK   spin_take()
#define OURS_UNLOCK lock_drop()
#include "timerq_ours.h"

#define OURS        biased
#define OURS_NAME   "timerq, biased lock"
#define OURS_LOCK   biased_take()
#define OURS_UNLOCK lock_drop()
#include "timerq_ours.h"

#include "timerq_ddi.h"
#include "timerq_peers.h"

enum { BARE, SPIN, BIASED, DDI, LIBEV, LIBEVENT, LIBUV, ENGINES };

static struct result results[ENGINES];

static void print_table(void)
{
    printf("%-20s %-22s %-22s %-22s %7s %8s %7s %6s %6s\n", "", "W1 cancel+set ns", "W2 set later ns",
        "W2 set any time ns", "W3 ns", "step us", "set ns", "W4 M/s", "W7 B");
    printf("%-20s %6s %6s %8s %6s %6s %8s %6s %6s %8s\n", "timers", "1e2", "1e4", "1e6", "1e2", "1e4", "1e6", "1e2",
        "1e4", "1e6");
    for (unsigned i = 0; i < ENGINES; i++) {
        const struct result *r = &results[i];

        printf("%-20s %6.1f %6.1f %8.1f %6.1f %6.1f %8.1f %6.1f %6.1f %8.1f %7.1f %8.0f %7.1f %6.1f %6.1f\n", r->name,
            r->w1[0], r->w1[1], r->w1[2], r->w2[0], r->w2[1], r->w2[2], r->w2_any[0], r->w2_any[1], r->w2_any[2],
            r->w3.ns, r->w3.longest_us, r->w3.set_ns, r->w4, r->w7);
    }
    printf("\nW3, N=1e6: fired / out of order / early\n");
    for (unsigned i = 0; i < ENGINES; i++)
        printf("%-20s %8" PRIu64 " %8" PRIu64 " %8" PRIu64 "\n", results[i].name, results[i].w3.fired,
            results[i].w3.inversions, results[i].w3.early);
}

/* What a schedule of the simulated machine pays for the queue: a reset, a few timers set, one cancelled, all others run. */
static void print_reset(void)
{
    enum { RUNS = 200000, TIMERS = 8 };
    uint64_t from;

    ours_init(TIMERS);
    ke_timerq_reset(ours_queue);
    from = cpu_ns();
    for (unsigned r = 0; r < RUNS; r++)
        ke_timerq_reset(ours_queue);
    printf("\nreset of an empty queue: %.1f ns\n", (double)(cpu_ns() - from) / RUNS);
    from = cpu_ns();
    for (unsigned r = 0; r < RUNS; r++) {
        uint64_t next;

        ke_timerq_reset(ours_queue);
        memset(ours_timer, 0, TIMERS * sizeof *ours_timer);
        for (unsigned i = 0; i < TIMERS; i++)
            ke_timerq_set(ours_queue, &ours_timer[i], (1 + i * 37 % TIMERS) * SECOND / 100);
        ke_timerq_cancel(ours_queue, &ours_timer[r % TIMERS]);
        while ((next = ke_timerq_next(ours_queue)) != UINT64_MAX)
            ke_timerq_take(ours_queue, next);
    }
    printf("reset, %d timers set, one cancelled, the others run: %.1f ns\n", TIMERS, (double)(cpu_ns() - from) / RUNS);
    bare_fini();
}

static void target(const char *what, const char *name, double is, double want, bool at_least)
{
    bool met = at_least ? is >= want : is <= want;

    printf("%-34s %-20s %8.2f  %s %-5.2f %s\n", what, name, is, at_least ? "at least" : "at most ", want,
        met ? "met" : "MISSED");
}

static void print_targets(const struct result *r)
{
    static const char *const size_names[SIZES] = {"1e2", "1e4", "1e6"};
    const struct result     *ev = &results[LIBEV];
    char                     what[64];

    for (unsigned s = 0; s < SIZES; s++) {
        snprintf(what, sizeof what, "W1 %s, of libev", size_names[s]);
        target(what, r->name, r->w1[s] / ev->w1[s], s == 2 ? 0.5 : 0.4, false);
    }
    for (unsigned s = 0; s < SIZES; s++) {
        snprintf(what, sizeof what, "W2 later %s, of libev", size_names[s]);
        target(what, r->name, r->w2[s] / ev->w2[s], 0.5, false);
    }
    target("W3 per expiry, of libev", r->name, r->w3.ns / ev->w3.ns, 0.15, false);
    target("W3 longest 1 ms step, ms", r->name, r->w3.longest_us / 1000, 5, false);
    target("W3 out of order or early", r->name, (double)(r->w3.inversions + r->w3.early), 0, false);
    target("W4, of libev", r->name, r->w4 / ev->w4, 8, true);
    target("W7 bytes", r->name, r->w7, 64, false);
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "quick") == 0) {
        reps = 3;
        op_count = 200000;
        only = argc > 2 ? argv[2] : NULL;
    }
    common_init();
    bare_run(&results[BARE]);
    spin_run(&results[SPIN]);
    biased_run(&results[BIASED]);
    ddi_measure(&results[DDI]);
    libev_run(&results[LIBEV]);
    libevent_run(&results[LIBEVENT]);
    libuv_run(&results[LIBUV]);
    print_table();
    print_reset();
    printf("\nTargets (performance: thread-safe means with one of the locks)\n");
    for (unsigned i = BARE; i <= DDI; i++)
        print_targets(&results[i]);
    return 0;
}
