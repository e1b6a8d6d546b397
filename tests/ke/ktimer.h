/* SPDX-License-Identifier: MIT */
/* tests/ke/ktimer.h - a KTIMER with a DPC that counts, and what its bodies measure with. */
#pragma once

#include "../machine.h"

enum { TIMES = 128, MS = 10000, TICK_NT = 156250, FINE = 10000 };

static struct {
    KTIMER   timer, second;
    KDPC     dpc, other;
    KEVENT   done;
    LONG     calls, wanted; /* done is set at the call that makes calls == wanted */
    uint64_t at[TIMES];     /* exact interrupt time of each call, 100 ns */
    PVOID    arguments[TIMES][2];
    PKDPC    dpc_seen;
    PVOID    context_seen;
    KIRQL    irql;
    BOOLEAN  signaled, result;
} s;

static inline uint64_t now(void)
{
    ULONG64 qpc;

    return KeQueryInterruptTimePrecise(&qpc);
}

static inline uint64_t system_time(void)
{
    LARGE_INTEGER t;

    KeQuerySystemTimePrecise(&t);
    return (uint64_t)t.QuadPart;
}

static inline LARGE_INTEGER in_100ns(int64_t n)
{
    LARGE_INTEGER due;

    due.QuadPart = n;
    return due;
}

static KDEFERRED_ROUTINE tick;

static VOID tick(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    LONG n = InterlockedIncrement(&s.calls);

    /* two instances may overlap */
    __atomic_store_n(&s.dpc_seen, dpc, __ATOMIC_RELAXED);
    __atomic_store_n(&s.context_seen, context, __ATOMIC_RELAXED);
    __atomic_store_n(&s.irql, KeGetCurrentIrql(), __ATOMIC_RELAXED);
    __atomic_store_n(&s.signaled, KeReadStateTimer(&s.timer), __ATOMIC_RELAXED);
    if (n <= TIMES) {
        s.at[n - 1] = now();
        s.arguments[n - 1][0] = a;
        s.arguments[n - 1][1] = b;
    }
    if (n == s.wanted)
        KeSetEvent(&s.done, IO_NO_INCREMENT, FALSE);
}

static inline void begin_type(TIMER_TYPE type, LONG wanted)
{
    memset(&s, 0, sizeof s);
    s.wanted = wanted;
    KeInitializeTimerEx(&s.timer, type);
    KeInitializeTimerEx(&s.second, type);
    KeInitializeDpc(&s.dpc, tick, &s);
    KeInitializeDpc(&s.other, tick, &s.second);
    KeInitializeEvent(&s.done, NotificationEvent, FALSE);
}

static inline void begin(LONG wanted)
{
    begin_type(NotificationTimer, wanted);
}

/* No DPC of it is left when this returns. */
static inline void end(void)
{
    KeCancelTimer(&s.timer);
    KeCancelTimer(&s.second);
    KeFlushQueuedDpcs();
}

static inline void stall_ms(unsigned ms)
{
    for (unsigned i = 0; i < ms; i++)
        KeStallExecutionProcessor(1000);
}

static inline void faithful(dt_body *body, unsigned processors)
{
    struct dt_config cfg = config(processors);

    cfg.faithful = true;
    passes_with(&cfg, body);
}

static inline void on_nt_tick(dt_body *body)
{
    struct dt_config cfg = config(2);

    cfg.tick_100ns = TICK_NT;
    passes_with(&cfg, body);
}

/* The upper bound only where nothing but the machine takes time. */
static inline bool is_between(uint64_t took, uint64_t low, uint64_t high)
{
    return took >= low && (took <= high || !simulated());
}

#define expect_between(time, from, low, high) dt_expect(is_between((time) - (from), low, high))
