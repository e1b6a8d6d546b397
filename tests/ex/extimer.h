/* SPDX-License-Identifier: MIT */
/* tests/ex/extimer.h - an EX_TIMER whose callback counts, and what its bodies measure with. */
#pragma once

#include "../machine.h"

enum { CONTEXT = 0x5EED, TIMES = 128 };

static struct {
    PEX_TIMER timer;
    KEVENT    done;
    LONG      calls, wanted; /* done is set at the call that makes calls == wanted */
    uint64_t  at[TIMES];     /* exact interrupt time of each call, 100 ns */
    PVOID     seen_timer, seen_context;
} s;

static inline uint64_t now(void)
{
    ULONG64 qpc;

    return KeQueryInterruptTimePrecise(&qpc);
}

static EXT_CALLBACK count;

/* Calls of a periodic timer may overlap. What all of them have written can be read when the timer is deleted. */
static VOID count(PEX_TIMER timer, PVOID context)
{
    LONG n = InterlockedIncrement(&s.calls);

    __atomic_store_n(&s.seen_timer, timer, __ATOMIC_RELAXED);
    __atomic_store_n(&s.seen_context, context, __ATOMIC_RELAXED);
    if (n <= TIMES)
        __atomic_store_n(&s.at[n - 1], now(), __ATOMIC_RELAXED);
    if (n == s.wanted)
        KeSetEvent(&s.done, IO_NO_INCREMENT, FALSE);
}

static inline void begin_with(PEXT_CALLBACK callback, ULONG attributes, LONG wanted)
{
    memset(&s, 0, sizeof s);
    s.wanted = wanted;
    KeInitializeEvent(&s.done, NotificationEvent, FALSE);
    s.timer = ExAllocateTimer(callback, (PVOID)CONTEXT, attributes);
    dt_expect(s.timer != NULL);
}

static inline void begin(ULONG attributes, LONG wanted)
{
    begin_with(count, attributes, wanted);
}

static inline BOOLEAN set_ms(int64_t due_ms, int64_t period_ms)
{
    return ExSetTimer(s.timer, -10000 * due_ms, 10000 * period_ms, NULL);
}

static inline void end(void)
{
    ExDeleteTimer(s.timer, TRUE, TRUE, NULL);
}

static inline void stall_ms(unsigned ms)
{
    for (unsigned i = 0; i < ms; i++)
        KeStallExecutionProcessor(1000);
}

static inline struct dt_config config_tick(unsigned processors, uint32_t tick_100ns)
{
    struct dt_config cfg = config(processors);

    cfg.tick_100ns = tick_100ns;
    return cfg;
}

#define TICK_NT 156250u

/* The upper bound only where nothing but the machine takes time. */
static inline bool is_between(uint64_t took, uint64_t low, uint64_t high)
{
    return took >= low && (took <= high || !simulated());
}

#define expect_between(time, from, low, high) dt_expect(is_between((time) - (from), low, high))
