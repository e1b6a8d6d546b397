/* SPDX-License-Identifier: MIT */
/*
 * hw/flight.h - commands that a card has taken and not answered yet. In which order it answers those that are ready is the
 * simulated machine's choice (0: the oldest first).
 */
#pragma once

#include "base/disk.h"
#include "mach/mach.h"

struct hw_flight {
    bool     busy, lost;
    uint32_t order; /* of taking */
    mach_ns  due;   /* not answered before */
};

static inline void hw_flight_begin(struct hw_flight *f, uint32_t order, const struct disk_fate *fate)
{
    *f = (struct hw_flight){
        .busy = true, .lost = fate->lost, .order = order, .due = fate->delay_ns ? mach_now() + fate->delay_ns : 0};
}

/* Which of n may be answered now; -1: none, and *next is when there will be one. in_order: always the oldest. `stride` is the
 * size of what begins with each struct hw_flight. */
int hw_flight_next(const void *first, unsigned n, size_t stride, bool in_order, mach_ns *next);
