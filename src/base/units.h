/* SPDX-License-Identifier: MIT */
/* base/units.h - time units and their conversions. Saturating; the name tells the rounding. */
#pragma once

#include <stdint.h>

typedef uint64_t mach_ns;  /* nanoseconds since boot */
typedef uint64_t nt_100ns; /* 100-ns units since boot (interrupt time) or since 1601 (system time) */

#define MACH_NEVER UINT64_MAX
#define NT_NEVER   UINT64_MAX

#define NT_100NS_PER_MS 10000ull
#define NT_100NS_PER_S  10000000ull

static inline nt_100ns nt_from_ns_floor(mach_ns ns)
{
    return ns / 100;
}

/* The end of time stays the end of time. */
static inline mach_ns ns_from_nt(nt_100ns t)
{
    return t > MACH_NEVER / 100 ? MACH_NEVER : t * 100;
}

static inline uint64_t units_add_sat(uint64_t a, uint64_t b)
{
    uint64_t r;

    return __builtin_add_overflow(a, b, &r) ? UINT64_MAX : r;
}

static inline uint64_t units_sub_floor0(uint64_t a, uint64_t b)
{
    return a > b ? a - b : 0;
}

/* Magnitude of a relative due time; the most negative value has one too. */
static inline uint64_t units_magnitude(int64_t t)
{
    return t < 0 ? 0 - (uint64_t)t : (uint64_t)t;
}

/* Next multiple of step at or after t; step 0 means "exact". */
static inline uint64_t units_round_up(uint64_t t, uint64_t step)
{
    if (step == 0)
        return t;
    uint64_t over = t % step;

    return over ? units_add_sat(t, step - over) : t;
}

static inline uint64_t units_round_down(uint64_t t, uint64_t step)
{
    return step ? t - t % step : t;
}
