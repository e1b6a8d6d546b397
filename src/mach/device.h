/* SPDX-License-Identifier: MIT */
/*
 * mach/device.h - agents of the machine that are not processors: devices.
 *
 * A device works by itself, beside the processors. A *step* is one piece of that work: it looks at its registers, moves data
 * and raises interrupt lines. On the simulated machine a step is made when the choice source says so, between any two
 * points of any processor at any IRQL, like a movement of the clock; it is not interrupted. On the real-time machine the
 * device has a thread of its own.
 *
 * In a step: no points, no parking, no change of IRQL; mach_lock, mach_line_raise, mach_choose and mach_now are allowed. Steps
 * of one device do not overlap. A device that is attached lives until it is detached or the machine ends.
 */
#pragma once

#include "mach/mach.h"

#define MACH_DEVICES_MAX 16u

struct mach_device {
    bool (*step)(struct mach_device *d); /* true: there is more to do, as if it had been rung */

    /* the machine's */
    struct mach_ctx *ctx; /* rt: its thread */
    uint32_t         slot;
    uint32_t         rung;  /* rt: atomic */
    uint32_t         state; /* rt: atomic; attached, leaving, gone */
    mach_ns          due;   /* rt: atomic */
};

/* IRQL < 2. False: too many of them, or no thread. Point: no. */
bool mach_device_attach(struct mach_device *d);

/* No step is made when it returns. IRQL < 2, not in a step. Point: yes. */
void mach_device_detach(struct mach_device *d);

/* Asks for a step. What was written before, the step sees. Any IRQL, in steps too. Point: no. */
void mach_device_ring(struct mach_device *d);

/* As if it were rung at that instant; the past means now. A later call replaces an earlier one; MACH_NEVER: not at all. Any IRQL, in steps too.
 * Point: no. */
void mach_device_at(struct mach_device *d, mach_ns due);

/* The caller has read a register and perhaps polls: guarantees that the device gets on in the end. Any IRQL, no lock
 * held. Point: after many looks. */
void mach_device_polled(struct mach_device *d);
