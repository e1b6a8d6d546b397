/* SPDX-License-Identifier: MIT */
/*
 * sp/busy.c - what a miniport says about how much it can take: busy, ready, pause, resume, queue depths.
 *
 * All of it only closes and opens gates (gate.c), so that it may be said at any IRQL with any lock held; what may go on goes
 * on in the port's own DPC. Pausing an adapter and pausing a unit are two gates: both must be open (STQ-032).
 */
#include "sp/priv.h"

static struct sp_lun *unit_of(struct sp_adapter *a, UCHAR path, UCHAR target, UCHAR lun)
{
    unsigned       old = sp_lock(a);
    struct sp_lun *u = sp_lun_find_locked(a, path, target, lun);

    sp_unlock(a, old);
    return u && !u->gone ? u : NULL;
}

/* ---- busy ---- */

/* STQ-020 to STQ-023; STQ-033: the miniport's own notes say that the interrupt routine must not. */
BOOLEAN sp_device_busy(struct sp_adapter *a, UCHAR path, UCHAR target, UCHAR lun, ULONG n, const void *caller)
{
    struct sp_lun *u = unit_of(a, path, target, lun);

    if (sp_inside(a, SP_CALL_INTERRUPT) || sp_inside(a, SP_CALL_MESSAGE))
        sp_stop("DT-S12", a->extension, caller, "StorPortDeviceBusy is called by an interrupt routine");
    if (!u)
        return FALSE;
    sp_gate_busy(a, u, n);
    return TRUE;
}

BOOLEAN sp_device_ready(struct sp_adapter *a, UCHAR path, UCHAR target, UCHAR lun)
{
    struct sp_lun *u = unit_of(a, path, target, lun);

    if (!u)
        return FALSE;
    sp_gate_open(a, u, SP_GATE_BUSY);
    return TRUE;
}

/* STQ-024. */
BOOLEAN sp_busy(struct sp_adapter *a, ULONG n)
{
    sp_gate_busy(a, NULL, n);
    return TRUE;
}

BOOLEAN sp_ready(struct sp_adapter *a)
{
    sp_gate_open(a, NULL, SP_GATE_BUSY);
    return TRUE;
}

/* ---- pause: STQ-026 to STQ-031 ---- */

static bool is_closed(struct sp_gate_timer *t)
{
    unsigned old = sp_lock(t->a);
    bool     closed = (t->unit ? t->unit->gates : t->a->gates) & t->gate;

    sp_unlock(t->a, old);
    return closed;
}

static BOOLEAN pause_for(struct sp_gate_timer *t, ULONG seconds)
{
    if (t->a->cfg.pause_first_wins && is_closed(t))
        return FALSE;
    if (seconds)
        sp_gate_close_for(t, seconds * NT_100NS_PER_S);
    else
        sp_gate_open_early(t); /* it ends when it begins */
    return TRUE;
}

BOOLEAN sp_pause(struct sp_adapter *a, ULONG seconds)
{
    return pause_for(&a->pause, seconds);
}

BOOLEAN sp_resume(struct sp_adapter *a)
{
    return sp_gate_open_early(&a->pause);
}

BOOLEAN sp_pause_device(struct sp_adapter *a, UCHAR path, UCHAR target, UCHAR lun, ULONG seconds)
{
    struct sp_lun *u = unit_of(a, path, target, lun);

    return u && pause_for(&u->pause, seconds);
}

BOOLEAN sp_resume_device(struct sp_adapter *a, UCHAR path, UCHAR target, UCHAR lun)
{
    struct sp_lun *u = unit_of(a, path, target, lun);

    return u && sp_gate_open_early(&u->pause);
}

/* ---- depths ---- */

/* STQ-008 to STQ-012. What is beyond the new depth drains; what waits goes when there is room. */
BOOLEAN sp_queue_depth_set(struct sp_adapter *a, UCHAR path, UCHAR target, UCHAR lun, ULONG depth, const void *caller)
{
    struct sp_lun *u = unit_of(a, path, target, lun);

    if (!u || depth == 0)
        return FALSE;
    if (!u->seen) {
        sp_warn("DT-S13", a->extension, caller,
            "StorPortSetDeviceQueueDepth is called before the unit's first INQUIRY has been sent");
        return FALSE;
    }
    if (depth > a->max_per_unit)
        depth = a->max_per_unit;
    unsigned old = sp_lock(a);
    bool     more = depth > u->depth;

    u->depth = depth;
    sp_unlock(a, old);
    if (more)
        sp_kick(a);
    return TRUE;
}

/* STQ-013. Only initialization looks at it, so a change shows from the first request on. */
ULONG sp_max_io_update(struct sp_adapter *a, ULONG count)
{
    if (!sp_inside(a, SP_CALL_INITIALIZE) && !sp_inside(a, SP_CALL_PASSIVE_INITIALIZE))
        return STOR_STATUS_INVALID_DEVICE_REQUEST;
    if (count == 0)
        return STOR_STATUS_INVALID_PARAMETER;
    a->max_io = count;
    return STOR_STATUS_SUCCESS;
}
