/* SPDX-License-Identifier: MIT */
/*
 * sp/pofx.c - idle power as a miniport asks for it: registration, activation counts of component 0, idle time-outs.
 *
 * Nobody powers anything down here by itself; the counts and the answers are what Windows' are (STI-106 to STI-110). An
 * activation of an idle component answers BUSY: it is counted, and ScsiAdapterPoFxPowerActive follows from a DPC.
 */
#include "sp/priv.h"

/* ---- registration ---- */

/* NULL and *good false: an address that is wrong. */
static struct sp_lun *unit_of(struct sp_adapter *a, const STOR_ADDRESS *address, bool *good)
{
    const STOR_ADDR_BTL8 *b = (const STOR_ADDR_BTL8 *)address;

    *good = true;
    if (!address)
        return NULL;
    struct sp_lun *u = b->Type == STOR_ADDRESS_TYPE_BTL8 && b->AddressLength == STOR_ADDR_BTL8_ADDRESS_LENGTH
                           ? sp_unit_find(a, b->Path, b->Target, b->Lun)
                           : NULL;

    *good = u != NULL;
    return u;
}

static bool well_formed(const STOR_POFX_DEVICE *d)
{
    switch (d->Version) {
    case STOR_POFX_DEVICE_VERSION_V1:
        return d->Size == STOR_POFX_DEVICE_SIZE && d->ComponentCount == 1;
    case STOR_POFX_DEVICE_VERSION_V2:
        return d->Size == STOR_POFX_DEVICE_V2_SIZE && d->ComponentCount == 1;
    case STOR_POFX_DEVICE_VERSION_V3:
        return d->Size == STOR_POFX_DEVICE_V3_SIZE && d->ComponentCount == 1;
    }
    return false;
}

/* What a unit, or the adapter, has. */
static struct sp_pofx *state_of(struct sp_adapter *a, struct sp_lun *u)
{
    return u ? &u->pofx : &a->control.pofx;
}

ULONG sp_pofx_initialize(
    struct sp_adapter *a, const STOR_ADDRESS *address, const STOR_POFX_DEVICE *device, PBOOLEAN d3_cold)
{
    bool            good;
    struct sp_lun  *u = unit_of(a, address, &good);
    struct sp_pofx *p = state_of(a, u);

    if (!device || !good || !well_formed(device))
        return STOR_STATUS_INVALID_PARAMETER;
    if (p->registered)
        return STOR_STATUS_UNSUCCESSFUL;
    p->registered = true;
    p->idle = true;
    p->idle_timeout_ms = u ? 5 * 60 * 1000 : 60 * 1000; /* STI-108 */
    if (!u && device->Version >= STOR_POFX_DEVICE_VERSION_V2 && device->Flags & STOR_POFX_DEVICE_FLAG_IDLE_TIMEOUT)
        p->idle_timeout_ms = ((const STOR_POFX_DEVICE_V2 *)device)->AdapterIdleTimeoutInMS;
    if (d3_cold)
        *d3_cold = (device->Flags & STOR_POFX_DEVICE_FLAG_ENABLE_D3_COLD) != 0;
    return STOR_STATUS_SUCCESS;
}

/* ---- activation ---- */

static void tell(PKDPC dpc, PVOID context, PVOID arg1, PVOID arg2)
{
    struct sp_adapter       *a = context;
    STOR_POFX_ACTIVE_CONTEXT c = {.Header = {.Version = 1, .Size = sizeof c}};
    unsigned                 old = sp_lock(a);
    bool                     active = a->control.pofx.count > 0, change = active == a->control.pofx.idle;

    (void)dpc;
    (void)arg1;
    (void)arg2;
    a->control.pofx.idle = !active;
    sp_unlock(a, old);
    c.Active = active;
    if (change && sp_callable(a))
        sp_control(a, ScsiAdapterPoFxPowerActive, &c);
}

void sp_pofx_init(struct sp_adapter *a)
{
    ke_dpc_init(&a->control.pofx_dpc, tell, a, false);
    ke_event_init(&a->control.perf_told, NotificationEvent, true);
}

void sp_pofx_fini(struct sp_adapter *a)
{
    ke_wait_one(&a->control.perf_told, NULL);
    ke_dpc_remove(&a->control.pofx_dpc);
    ke_dpc_wait_until_idle(&a->control.pofx_dpc);
}

/* STI-107. lock held. */
static struct sp_request *request_of(struct sp_adapter *a, const void *srb)
{
    struct sp_slot *s = srb ? sp_slot_find_locked(a, srb) : NULL;

    return s && s->state == SP_SLOT_DRIVER ? s->r : NULL;
}

static ULONG activate(struct sp_pofx *p, struct sp_request *r)
{
    if (r)
        r->activations++;
    p->count++;
    return p->idle ? STOR_STATUS_BUSY : STOR_STATUS_SUCCESS;
}

static ULONG make_idle(struct sp_pofx *p, struct sp_request *r)
{
    if (p->count == 0 || (r && r->activations == 0))
        return STOR_STATUS_INVALID_DEVICE_REQUEST;
    if (r)
        r->activations--;
    return --p->count ? STOR_STATUS_BUSY : STOR_STATUS_SUCCESS;
}

ULONG sp_pofx_component(
    struct sp_adapter *a, const STOR_ADDRESS *address, const struct sp_pofx_call *c, const void *caller)
{
    bool            good;
    struct sp_lun  *u = unit_of(a, address, &good);
    struct sp_pofx *p = state_of(a, u);

    if (mach_irql() > DISPATCH_LEVEL)
        return STOR_STATUS_INVALID_IRQL;
    if (!good || !p->registered || c->component != 0 || c->flags != 0)
        return STOR_STATUS_INVALID_PARAMETER;
    unsigned           old = sp_lock(a);
    struct sp_request *r = request_of(a, c->srb);
    bool               d3 = r && r->flags & SRB_FLAGS_D3_PROCESSING;
    ULONG              status = c->activate ? activate(p, r) : make_idle(p, r);

    sp_unlock(a, old);
    if (d3)
        sp_stop("DT-S12", c->srb, caller, "a component is %s for a request with SRB_FLAGS_D3_PROCESSING",
            c->activate ? "activated" : "made idle");
    if (!u)
        ke_dpc_queue(&a->control.pofx_dpc, NULL, NULL);
    return status;
}

/* STI-110. */
ULONG sp_pofx_idle_timeout(struct sp_adapter *a, const STOR_ADDRESS *address, ULONG timeout_ms)
{
    if (address)
        return STOR_STATUS_INVALID_PARAMETER;
    if (!a->control.pofx.registered)
        return STOR_STATUS_UNSUCCESSFUL;
    a->control.pofx.idle_timeout_ms = timeout_ms;
    return STOR_STATUS_SUCCESS;
}

ULONG sp_pofx_known(struct sp_adapter *a, const STOR_ADDRESS *address, ULONG component)
{
    bool           good;
    struct sp_lun *u = unit_of(a, address, &good);

    if (!good || component != 0)
        return STOR_STATUS_INVALID_PARAMETER;
    return state_of(a, u)->registered ? STOR_STATUS_SUCCESS : STOR_STATUS_INVALID_DEVICE_REQUEST;
}

/* STI-088: granted at once; what follows from it is for the adapter control that says so. */
static void grant(struct ex_work *w)
{
    struct sp_adapter           *a = container_of(w, struct sp_adapter, control.perf_work);
    STOR_POFX_PERF_STATE_CONTEXT c = {
        .Version = 1, .Size = sizeof c, .Succeeded = TRUE, .Context = a->control.perf_context};

    sp_control(a, ScsiAdapterPoFxSetPerfState, &c);
    ke_event_set(&a->control.perf_told, IO_NO_INCREMENT);
}

ULONG sp_pofx_perf_state(struct sp_adapter *a, const STOR_ADDRESS *address, ULONG component, PVOID context)
{
    if (address || component != 0)
        return STOR_STATUS_INVALID_PARAMETER;
    if (!a->control.pofx.registered)
        return STOR_STATUS_UNSUCCESSFUL;
    a->control.perf_context = context;
    ke_event_reset(&a->control.perf_told);
    a->control.perf_work = (struct ex_work){.fn = grant};
    ex_work_submit(&a->control.perf_work, DelayedWorkQueue);
    return STOR_STATUS_SUCCESS;
}
