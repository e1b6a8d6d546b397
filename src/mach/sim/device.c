/* SPDX-License-Identifier: MIT */
/*
 * mach/sim/device.c - devices of the simulated machine: alternatives of sched.c's decision, like the clock.
 *
 * A step is a call made by whoever decides, on no processor's behalf. Alternative 0 is still "go on as you are": by default
 * devices work when the processors have nothing to do, and before the clock moves.
 */
#include "mach/device.h"
#include "mach/sim/sim.h"

enum { POLLS_MAX = 1000 };

void sim_devices_reset(void)
{
    sim.devices = sim.devices_rung = 0;
    sim.device_polls = 0;
}

bool mach_device_attach(struct mach_device *d)
{
    unsigned slot = (unsigned)__builtin_ctz(~sim.devices);

    if (slot >= MACH_DEVICES_MAX)
        return false;
    d->slot = slot;
    d->due = MACH_NEVER;
    sim.device[slot] = d;
    sim.devices |= 1u << slot;
    return true;
}

void mach_device_detach(struct mach_device *d)
{
    mach_device_at(d, MACH_NEVER);
    sim.devices &= ~(1u << d->slot);
    sim.devices_rung &= ~(1u << d->slot);
    mach_point(MACH_POINT_DDI, d);
}

void mach_device_ring(struct mach_device *d)
{
    sim.devices_rung |= 1u << d->slot;
    sim.device_polls = 0;
}

void mach_device_at(struct mach_device *d, mach_ns due)
{
    mach_ns before = d->due;

    if (due <= sim.now) {
        due = MACH_NEVER;
        mach_device_ring(d);
    }
    d->due = due;
    if (due < sim.due)
        sim.due = due;
    else if (before == sim.due && due != before)
        sim_find_due();
}

void sim_device_step(unsigned slot)
{
    struct mach_device *d = sim.device[slot];

    sim.devices_rung &= ~(1u << slot);
    sim.device_polls = 0;
    if (d->step(d))
        sim.devices_rung |= 1u << slot;
}

mach_ns sim_devices_due(void)
{
    mach_ns due = MACH_NEVER;

    for (uint32_t left = sim.devices; left; left &= left - 1) {
        const struct mach_device *d = sim.device[__builtin_ctz(left)];

        if (d->due < due)
            due = d->due;
    }
    return due;
}

void sim_devices_time(void)
{
    for (uint32_t left = sim.devices; left; left &= left - 1) {
        struct mach_device *d = sim.device[__builtin_ctz(left)];

        if (d->due <= sim.now) {
            d->due = MACH_NEVER;
            sim.devices_rung |= 1u << d->slot;
        }
    }
}

/* A loop that only reads registers is a polling one: in the end the device steps, or else a microsecond passes. */
void mach_device_polled(struct mach_device *d)
{
    if (++sim.device_polls <= POLLS_MAX)
        return;
    if (sim.devices_rung >> d->slot & 1)
        sim_device_step(d->slot);
    else
        mach_stall(1000);
    sim.device_polls = POLLS_MAX;
}
