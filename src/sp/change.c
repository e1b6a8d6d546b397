/* SPDX-License-Identifier: MIT */
/*
 * sp/change.c - what a miniport tells of its units: something has changed, a unit wants attention, a unit has failed.
 *
 * StorPortStateChangeDetected and StorPortAsyncNotificationDetected come at any IRQL; a DPC hands them to a worker thread,
 * which looks for units anew and, for a change, calls HwStateChange. A change is over, and the next one accepted, when its
 * routine is about to be called (STX-043).
 */
#include "sp/priv.h"

#include <string.h>

enum {
    ENTITIES = STATE_CHANGE_LUN | STATE_CHANGE_TARGET | STATE_CHANGE_BUS,
    UNIT_ATTRIBUTES = 0xf,
    ASYNC_SUPPORTED = 1 << 1
};

static const STOR_ADDR_BTL8 *btl8(const STOR_ADDRESS *address)
{
    return address && address->Type == STOR_ADDRESS_TYPE_BTL8 ? (const STOR_ADDR_BTL8 *)address : NULL;
}

static struct sp_lun *unit_locked(struct sp_adapter *a, const STOR_ADDR_BTL8 *b)
{
    return sp_lun_find_locked(a, b->Path, b->Target, b->Lun);
}

/* One more thing that removal waits for. False: it is too late for that. lock held. */
static bool begin_locked(struct sp_adapter *a, bool *active)
{
    if (*active || a->more.closing)
        return false;
    *active = true;
    a->more.busy_workers++;
    return true;
}

static void end(struct sp_adapter *a)
{
    unsigned old = sp_lock(a);
    bool     wake = --a->more.busy_workers == 0 && a->more.closing;

    sp_unlock(a, old);
    if (wake)
        ke_event_set(&a->more.idle, IO_NO_INCREMENT);
}

/* ---- state changes ---- */

/* STX-041: whatever has changed, what is looked through is a path, as after BusChangeDetected. */
static int scope_of(const struct sp_change *c)
{
    return c->copy.Path;
}

/* STX-044. */
static void check_address(const struct sp_change *c)
{
    if (memcmp(c->address, &c->copy, sizeof c->copy) != 0)
        sp_stop("DT-S09", c->address, (const void *)c->routine,
            "the address given to StorPortStateChangeDetected has been changed before HwStateChange was called");
}

static void tell(struct sp_adapter *a, const struct sp_change *c)
{
    struct sp_frame f = {.message = -1};

    if (!c->routine)
        return;
    check_address(c);
    sp_call_begin(&f, a, SP_CALL_STATE_CHANGE, (const void *)c->routine);
    c->routine(a->extension, c->context, STOR_ADDRESS_TYPE_BTL8, c->address, STOR_STATUS_SUCCESS);
    sp_call_end(&f);
}

static void change_work(struct ex_work *w)
{
    struct sp_adapter *a = container_of(w, struct sp_adapter, more.change.work);
    struct sp_change   c = a->more.change;

    sp_adapter_scan(a, scope_of(&c));
    unsigned old = sp_lock(a);

    a->more.change.active = false;
    sp_unlock(a, old);
    tell(a, &c);
    end(a);
}

static void change_dpc(PKDPC dpc, PVOID context, PVOID arg1, PVOID arg2)
{
    struct sp_adapter *a = context;

    (void)dpc;
    (void)arg1;
    (void)arg2;
    ex_work_submit(&a->more.change.work, CriticalWorkQueue);
}

ULONG sp_change_detected(struct sp_adapter *a, ULONG entity, PSTOR_ADDRESS address, PHW_STATE_CHANGE r, PVOID context)
{
    const STOR_ADDR_BTL8 *b = btl8(address);
    struct sp_change     *c = &a->more.change;

    if (!b || entity == 0 || entity & ~(ULONG)ENTITIES)
        return STOR_STATUS_INVALID_PARAMETER;
    unsigned old = sp_lock(a);
    bool     mine = begin_locked(a, &c->active);

    if (mine) {
        c->entity = entity;
        c->address = address;
        c->copy = *b;
        c->routine = r;
        c->context = context;
    }
    sp_unlock(a, old);
    if (!mine)
        return STOR_STATUS_UNSUCCESSFUL;
    ke_dpc_queue(&c->dpc, NULL, NULL);
    return STOR_STATUS_SUCCESS;
}

/* ---- attention ---- */

/* What a class driver does then: it asks the unit whether it is ready. */
static void async_work(struct ex_work *w)
{
    static const UCHAR ready[6];
    struct sp_adapter *a = container_of(w, struct sp_adapter, more.async.work);
    struct sp_lun     *u = a->more.async.unit;

    if (!a->cfg.no_class)
        sp_scan_command(u, ready, sizeof ready, NULL, 0);
    unsigned old = sp_lock(a);

    a->more.async.active = false;
    a->more.async.told++;
    sp_unlock(a, old);
    end(a);
}

static void async_dpc(PKDPC dpc, PVOID context, PVOID arg1, PVOID arg2)
{
    struct sp_adapter *a = context;

    (void)dpc;
    (void)arg1;
    (void)arg2;
    ex_work_submit(&a->more.async.work, DelayedWorkQueue);
}

static ULONG async_begin_locked(struct sp_adapter *a, struct sp_lun *u, ULONGLONG flags)
{
    if (!u || !(u->attributes & ASYNC_SUPPORTED))
        return STOR_STATUS_INVALID_DEVICE_REQUEST;
    if (!begin_locked(a, &a->more.async.active))
        return STOR_STATUS_BUSY;
    a->more.async.unit = u;
    a->more.async.flags = flags ? flags : RAID_ASYNC_NOTIFY_SUPPORTED_FLAGS;
    return STOR_STATUS_SUCCESS;
}

ULONG sp_async_detected(struct sp_adapter *a, const STOR_ADDRESS *address, ULONGLONG flags)
{
    const STOR_ADDR_BTL8 *b = btl8(address);

    if (!b || flags & ~(ULONGLONG)RAID_ASYNC_NOTIFY_SUPPORTED_FLAGS)
        return STOR_STATUS_INVALID_PARAMETER;
    unsigned old = sp_lock(a);
    ULONG    status = async_begin_locked(a, unit_locked(a, b), flags);

    sp_unlock(a, old);
    if (status == STOR_STATUS_SUCCESS)
        ke_dpc_queue(&a->more.async.dpc, NULL, NULL);
    return status;
}

/* ---- attributes, failures ---- */

ULONG sp_unit_attributes(struct sp_adapter *a, const STOR_ADDRESS *address, ULONG attributes)
{
    const STOR_ADDR_BTL8 *b = btl8(address);

    if (!b || attributes & ~(ULONG)UNIT_ATTRIBUTES)
        return STOR_STATUS_INVALID_PARAMETER;
    unsigned       old = sp_lock(a);
    struct sp_lun *u = unit_locked(a, b);

    if (u)
        u->attributes = attributes;
    sp_unlock(a, old);
    return u ? STOR_STATUS_SUCCESS : STOR_STATUS_INVALID_PARAMETER;
}

/* STX-048: a failed unit goes when the next scan, which is asked for here, comes by. */
ULONG sp_mark_failed(struct sp_adapter *a, const STOR_ADDRESS *address, bool remove)
{
    const STOR_ADDR_BTL8 *b = btl8(address);

    if (address && !b)
        return STOR_STATUS_INVALID_PARAMETER;
    unsigned       old = sp_lock(a);
    struct sp_lun *u = b ? unit_locked(a, b) : NULL;

    a->more.log.failures++;
    if (u && remove)
        u->failed = true;
    sp_unlock(a, old);
    if (b && !u)
        return STOR_STATUS_INVALID_PARAMETER;
    if (u && remove)
        sp_scan_request(a, u->path);
    return STOR_STATUS_SUCCESS;
}

/* ---- life ---- */

void sp_more_init(struct sp_adapter *a)
{
    list_init(&a->more.blocks);
    list_init(&a->more.workers);
    list_init(&a->more.threads);
    list_init(&a->more.built);
    ke_event_init(&a->more.idle, NotificationEvent, false);
    ke_dpc_init(&a->more.change.dpc, change_dpc, a, false);
    a->more.change.work.fn = change_work;
    ke_dpc_init(&a->more.async.dpc, async_dpc, a, false);
    a->more.async.work.fn = async_work;
}
