/* SPDX-License-Identifier: MIT */
/*
 * The timer workloads, written once and compiled per engine: no call through a pointer is measured. No #pragma once: every
 * engine includes this with ENGINE set to its name, after it has defined
 *     <ENGINE>_init(n)          n timers, none set, the time is clock_100ns
 *     <ENGINE>_set(i, rel)      of a timer that is not set, due rel 100-ns units from now
 *     <ENGINE>_reset(i, rel)    of a timer that is set
 *     <ENGINE>_cancel(i)
 *     <ENGINE>_periodic(i, ms)
 *     <ENGINE>_advance()        to clock_100ns; calls fired(i) for each that is due
 *     <ENGINE>_fini()
 *     <ENGINE>_handle           bytes of the user's part of a timer
 */
#define E_JOIN2(a, b) a##_##b
#define E_JOIN(a, b)  E_JOIN2(a, b)
#define E(name)       E_JOIN(ENGINE, name)

/* W1: cancel a random timer, set another one. */
static double E(w1)(size_t n)
{
    double took[REPS_MAX];

    E(init)(n + spares(n));
    shuffle(n + spares(n));
    for (size_t i = 0; i < n; i++)
        E(set)(order[i], random_rel());
    for (unsigned r = 0; r < reps; r++) {
        ops_cancel_set(n);
        uint64_t from = cpu_ns();
        for (size_t k = 0; k < op_count; k++) {
            E(cancel)(ops[k].victim);
            E(set)(ops[k].timer, ops[k].rel);
        }
        took[r] = (double)(cpu_ns() - from) / (double)op_count;
    }
    E(fini)();
    return median(took);
}

/* W2: a timer is set again; later than before (watchdog) or to any time. */
static double E(w2)(size_t n, bool later)
{
    double took[REPS_MAX];

    E(init)(n);
    watchdogs_init(n);
    for (size_t i = 0; i < n; i++)
        E(set)((uint32_t)i, timeouts[i]);
    for (unsigned r = 0; r < reps; r++) {
        ops_reset(n, later);
        uint64_t from = cpu_ns();
        for (size_t k = 0; k < op_count; k++)
            E(reset)(ops[k].timer, ops[k].rel);
        took[r] = (double)(cpu_ns() - from) / (double)op_count;
    }
    E(fini)();
    return median(took);
}

static void E(w3_steps)(struct expiry *x)
{
    uint64_t from = cpu_ns(), last = from, longest = 0;

    for (unsigned step = 0; step < 10005; step++) {
        clock_100ns += 10000;
        E(advance)();
        uint64_t t = cpu_ns();
        longest = t - last > longest ? t - last : longest;
        last = t;
    }
    x->ns = (double)(last - from) / (double)fired_count;
    x->longest_us = (double)longest / 1000;
}

/* W3: n timers due within 10 s, in steps of 1 ms. The last repetition checks order and lateness and is not measured. */
static struct expiry E(w3)(size_t n)
{
    struct expiry x = {0};
    double        took[REPS_MAX], longest[REPS_MAX], sets[REPS_MAX];

    E(init)(n);
    shuffle(n);
    for (unsigned r = 0; r <= reps; r++) {
        expiry_begin(n, r == reps);
        uint64_t from = cpu_ns();
        for (size_t i = 0; i < n; i++)
            E(set)(order[i], due_100ns[order[i]] - clock_100ns);
        double set_ns = (double)(cpu_ns() - from) / (double)n;
        E(w3_steps)(&x);
        if (fired_count != n)
            broken(E(name), fired_count, n);
        if (r == reps)
            break;
        took[r] = x.ns;
        longest[r] = x.longest_us;
        sets[r] = set_ns;
    }
    E(fini)();
    return (struct expiry){median(took), median(longest), median(sets), fired_count, inversions, early};
}

/* W4: millions of expiries a second of n periodic timers of 1 to 100 ms. */
static double E(w4)(size_t n, unsigned seconds)
{
    double rate[REPS_MAX];

    E(init)(n);
    expiry_begin(0, false);
    for (size_t i = 0; i < n; i++)
        E(periodic)((uint32_t)i, (uint32_t)(1 + i % 100));
    for (unsigned r = 0; r < reps; r++) {
        fired_count = 0;
        uint64_t from = cpu_ns();
        for (unsigned step = 0; step < seconds * 1000; step++) {
            clock_100ns += 10000;
            E(advance)();
        }
        if (fired_count == 0 || fired_count > UINT64_C(1000) * seconds * n)
            broken(E(name), fired_count, n);
        rate[r] = (double)fired_count * 1000 / (double)(cpu_ns() - from);
    }
    E(fini)();
    return median(rate);
}

/* W7: the user's part and what the engine allocates for it. */
static double E(w7)(size_t n)
{
    E(init)(n);
    size_t before = allocated();
    for (size_t i = 0; i < n; i++)
        E(set)((uint32_t)i, random_rel());
    double bytes = (double)(allocated() - before) / (double)n + (double)E(handle);
    E(fini)();
    return bytes;
}

static void E(run)(struct result *res)
{
    res->name = E(name);
    for (unsigned s = 0; s < SIZES; s++) {
        progress(res->name, sizes[s]);
        if (asked("w1"))
            res->w1[s] = E(w1)(sizes[s]);
        if (asked("w2"))
            res->w2[s] = E(w2)(sizes[s], true);
        if (asked("w2"))
            res->w2_any[s] = E(w2)(sizes[s], false);
    }
    if (asked("w3"))
        res->w3 = E(w3)(sizes[SIZES - 1]);
    if (asked("w4"))
        res->w4 = E(w4)(10000, 10);
    res->w7 = E(w7)(100000);
}

#undef E
#undef E_JOIN
#undef E_JOIN2
