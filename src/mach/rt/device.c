/* SPDX-License-Identifier: MIT */
/*
 * mach/rt/device.c - devices of the real-time machine: a daemon context each.
 *
 * The thread never raises IRQL, so it never holds a processor's token: code that keeps a processor busy at DIRQL and polls a
 * register is served all the same. Who rings sets `rung` and gives the context a permit; the thread takes the permit before
 * it looks at `rung` and `due`, so that a change after the look leaves a permit for the next park.
 */
#include "mach/device.h"

#include <sched.h>

#include "mach/rt/rt.h"

enum { ATTACHED, LEAVING, GONE };
enum { POLLS_PER_YIELD = 64 };

/* Turns a due time that has come into a ring. */
static void check_due(struct mach_device *d)
{
    mach_ns due = __atomic_load_n(&d->due, __ATOMIC_ACQUIRE);

    if (due == MACH_NEVER || due > mach_now())
        return;
    if (__atomic_compare_exchange_n(&d->due, &due, MACH_NEVER, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
        __atomic_store_n(&d->rung, 1, __ATOMIC_RELEASE);
}

static void device_main(void *arg)
{
    struct mach_device *d = arg;

    while (__atomic_load_n(&d->state, __ATOMIC_ACQUIRE) == ATTACHED) {
        check_due(d);
        if (!__atomic_exchange_n(&d->rung, 0, __ATOMIC_ACQ_REL))
            rt_ctx_park_until(__atomic_load_n(&d->due, __ATOMIC_ACQUIRE));
        else if (d->step(d))
            __atomic_store_n(&d->rung, 1, __ATOMIC_RELEASE);
        rt_check_halt();
    }
    __atomic_store_n(&d->state, GONE, __ATOMIC_RELEASE);
}

bool mach_device_attach(struct mach_device *d)
{
    struct mach_ctx_config cfg = {.fn = device_main, .arg = d, .daemon = true};

    d->rung = 0;
    d->due = MACH_NEVER;
    d->state = ATTACHED;
    struct mach_ctx *ctx = mach_ctx_create(&cfg);

    __atomic_store_n(&d->ctx, ctx, __ATOMIC_RELEASE);
    return ctx != NULL;
}

void mach_device_detach(struct mach_device *d)
{
    __atomic_store_n(&d->state, LEAVING, __ATOMIC_RELEASE);
    mach_unpark(d->ctx);
    while (__atomic_load_n(&d->state, __ATOMIC_ACQUIRE) != GONE)
        mach_relax(d);
}

/* NULL: it rings itself before whoever attached it has written ctx; then it is awake. */
static void wake(struct mach_device *d)
{
    struct mach_ctx *ctx = __atomic_load_n(&d->ctx, __ATOMIC_ACQUIRE);

    if (ctx && ctx != rt_self)
        mach_unpark(ctx);
}

void mach_device_ring(struct mach_device *d)
{
    __atomic_store_n(&d->rung, 1, __ATOMIC_RELEASE);
    wake(d);
}

void mach_device_at(struct mach_device *d, mach_ns due)
{
    __atomic_store_n(&d->due, due, __ATOMIC_RELEASE);
    wake(d);
}

void mach_device_polled(struct mach_device *d)
{
    static __thread unsigned polls;

    (void)d;
    mach_point(MACH_POINT_ATOMIC, d);
    if (++polls % POLLS_PER_YIELD == 0)
        sched_yield();
}
