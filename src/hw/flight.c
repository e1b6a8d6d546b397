/* SPDX-License-Identifier: MIT */
#include "hw/flight.h"

enum { READY_MAX = 16 };

/* Insertion by order; what does not fit waits for its turn. */
static unsigned insert(const struct hw_flight **ready, unsigned n, const struct hw_flight *f)
{
    unsigned at = n;

    while (at > 0 && (int32_t)(ready[at - 1]->order - f->order) > 0)
        at--;
    if (at == READY_MAX)
        return n;
    for (unsigned i = n < READY_MAX ? n : READY_MAX - 1; i > at; i--)
        ready[i] = ready[i - 1];
    ready[at] = f;
    return n < READY_MAX ? n + 1 : n;
}

int hw_flight_next(const void *first, unsigned n, size_t stride, bool in_order, mach_ns *next)
{
    const struct hw_flight *ready[READY_MAX];
    unsigned                count = 0;
    mach_ns                 now = mach_now();

    *next = MACH_NEVER;
    for (unsigned i = 0; i < n; i++) {
        const struct hw_flight *f = (const void *)((const char *)first + i * stride);

        if (!f->busy || f->lost)
            continue;
        if (f->due <= now)
            count = insert(ready, count, f);
        else if (f->due < *next)
            *next = f->due;
    }
    if (!count)
        return -1;
    const struct hw_flight *f = ready[in_order ? 0 : mach_choose(count, CHOICE_DEVICE)];

    return (int)((size_t)((const char *)f - (const char *)first) / stride);
}
