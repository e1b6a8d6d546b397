/* SPDX-License-Identifier: MIT */
/* What the timer workloads share: the virtual clock, random operations, the check of expiries, medians. */
#pragma once

#include <inttypes.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { SIZES = 3, REPS_MAX = 9 };

#define START_100NS UINT64_C(10000000000) /* 1000 s after boot */
#define SECOND      UINT64_C(10000000)

struct op {
    uint32_t victim, timer;
    uint64_t rel;
};

struct expiry {
    double   ns, longest_us, set_ns;
    uint64_t fired, inversions, early;
};

struct result {
    const char   *name;
    double        w1[SIZES], w2[SIZES], w2_any[SIZES];
    struct expiry w3;
    double        w4, w7;
};

static const size_t sizes[SIZES] = {100, 10000, 1000000};
static unsigned     reps = 5;
static size_t       op_count = 1000000;

static const char *only; /* one workload, or NULL */

static uint64_t   clock_100ns = START_100NS, random_state = 1, spent_100ns;
static struct op *ops;
static uint32_t  *order;
static size_t     spare_at;
static uint64_t  *timeouts, *due_100ns;
static uint64_t   fired_count, inversions, early, last_due;
static bool       checking;

/* Every engine asks this instead of libc, so that all live in the same virtual time. Exported for the libraries to find. */
__attribute__((visibility("default"))) int clock_gettime(clockid_t id, struct timespec *ts)
{
    (void)id;
    ts->tv_sec = (time_t)(clock_100ns / SECOND);
    ts->tv_nsec = (long)(clock_100ns % SECOND * 100);
    return 0;
}

/* Processor time, so that what else runs on the machine counts less; past our own clock_gettime. */
static uint64_t cpu_ns(void)
{
    struct timespec ts;

    syscall(SYS_clock_gettime, CLOCK_THREAD_CPUTIME_ID, &ts);
    return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static void *memory(size_t bytes)
{
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

    if (p == MAP_FAILED) {
        perror("mmap");
        exit(1);
    }
    return p;
}

static uint64_t random_below(uint64_t n)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint64_t)((unsigned __int128)(random_state * UINT64_C(0x2545F4914F6CDD1D)) * n >> 64);
}

static uint64_t random_rel(void)
{
    return SECOND + random_below(3599 * SECOND);
}

static double median(double *v)
{
    for (unsigned i = 1; i < reps; i++)
        for (unsigned j = i; j > 0 && v[j - 1] > v[j]; j--) {
            double t = v[j];

            v[j] = v[j - 1];
            v[j - 1] = t;
        }
    return v[reps / 2];
}

static size_t spares(size_t n)
{
    return n / 8 < 16 ? 16 : n / 8;
}

static void shuffle(size_t n)
{
    for (size_t i = 0; i < n; i++)
        order[i] = (uint32_t)i;
    for (size_t i = n - 1; i > 0; i--) {
        size_t   j = random_below(i + 1);
        uint32_t t = order[i];

        order[i] = order[j];
        order[j] = t;
    }
    spare_at = 0;
}

/* order[0..n) are set, the spares after them are not; a victim takes its successor's place among the spares. */
static void ops_cancel_set(size_t n)
{
    for (size_t k = 0; k < op_count; k++) {
        size_t    i = random_below(n);
        uint32_t *spare = &order[n + spare_at];

        ops[k] = (struct op){order[i], *spare, random_rel()};
        order[i] = ops[k].timer;
        *spare = ops[k].victim;
        spare_at = (spare_at + 1) % spares(n);
    }
}

static void watchdogs_init(size_t n)
{
    spent_100ns = 0;
    for (size_t i = 0; i < n; i++)
        timeouts[i] = random_rel();
}

/* Every timer has its time-out, and 1 us passes between two operations. The engines' clocks stand still meanwhile. */
static void ops_reset(size_t n, bool later)
{
    for (size_t k = 0; k < op_count; k++) {
        uint32_t i = (uint32_t)random_below(n);

        spent_100ns += 10;
        ops[k] = (struct op){0, i, later ? timeouts[i] + spent_100ns : random_rel()};
    }
}

/* Due times end in full microseconds because some engines know nothing finer. */
static void expiry_begin(size_t n, bool check)
{
    fired_count = inversions = early = last_due = 0;
    checking = check;
    for (size_t i = 0; i < n; i++)
        due_100ns[i] = clock_100ns + (1 + random_below(10 * SECOND / 10 - 1)) * 10;
}

static inline void fired(size_t i)
{
    fired_count++;
    if (__builtin_expect(checking, 0)) {
        inversions += due_100ns[i] < last_due;
        early += due_100ns[i] > clock_100ns;
        last_due = due_100ns[i];
    }
}

static bool asked(const char *workload)
{
    return only == NULL || strcmp(only, workload) == 0;
}

static size_t allocated(void)
{
    struct mallinfo2 m = mallinfo2();

    return m.uordblks + m.hblkhd;
}

static void progress(const char *name, size_t n)
{
    fprintf(stderr, "  %-24s N=%zu\n", name, n);
}

/* A ratio against an engine that has not done the work would flatter us. */
static void broken(const char *name, uint64_t n, uint64_t want)
{
    fprintf(stderr, "bench: %s fired %" PRIu64 " times, expected about %" PRIu64 "\n", name, n, want);
    exit(1);
}

static void common_init(void)
{
    size_t most = sizes[SIZES - 1] + spares(sizes[SIZES - 1]);

    ops = (struct op *)memory(op_count * sizeof *ops);
    order = (uint32_t *)memory(most * sizeof *order);
    timeouts = (uint64_t *)memory(most * sizeof *timeouts);
    due_100ns = (uint64_t *)memory(most * sizeof *due_100ns);
}
