/* SPDX-License-Identifier: MIT */
/*
 * sp/dpc.c - STOR_DPCs. A KDPC may run on two processors at once when it is queued again while it runs; a STOR_DPC may not
 * (STD-010). So what says whether it is queued or running is a row of our own, under sp_lock(); the KDPC in the miniport's
 * memory only carries it.
 */
#include "sp/priv.h"

struct sp_dpc {
    struct list        link; /* a->dpcs */
    struct sp_adapter *a;
    PSTOR_DPC          dpc;
    PHW_DPC_ROUTINE    routine;
    bool               queued, running; /* sp_lock() */
    PVOID              arg1, arg2;
};

static struct sp_dpc *find_locked(struct sp_adapter *a, PSTOR_DPC dpc)
{
    for (struct list *l = a->dpcs.next; l != &a->dpcs; l = l->next) {
        struct sp_dpc *d = container_of(l, struct sp_dpc, link);

        if (d->dpc == dpc)
            return d;
    }
    return NULL;
}

static struct sp_dpc *find(struct sp_adapter *a, PSTOR_DPC dpc)
{
    unsigned       old = sp_lock(a);
    struct sp_dpc *d = find_locked(a, dpc);

    sp_unlock(a, old);
    return d;
}

/* ---- the call ---- */

static bool begin(struct sp_dpc *d, PVOID *arg1, PVOID *arg2)
{
    unsigned old = sp_lock(d->a);
    bool     go = d->queued && !d->running && sp_callable(d->a);

    if (go) {
        d->queued = false;
        d->running = true;
        *arg1 = d->arg1;
        *arg2 = d->arg2;
    }
    sp_unlock(d->a, old);
    return go;
}

/* It was issued meanwhile: once more. */
static void end(struct sp_dpc *d)
{
    unsigned old = sp_lock(d->a);
    bool     again = d->queued;

    d->running = false;
    sp_unlock(d->a, old);
    if (again)
        ke_dpc_queue(&d->dpc->Dpc, NULL, NULL);
}

static void run(PKDPC dpc, PVOID context, PVOID unused1, PVOID unused2)
{
    struct sp_dpc *d = context;
    PVOID          arg1, arg2;

    (void)dpc;
    (void)unused1;
    (void)unused2;
    if (!begin(d, &arg1, &arg2))
        return;
    struct sp_frame f = {.message = -1};

    sp_call_begin(&f, d->a, SP_CALL_DPC, (const void *)d->routine);
    d->routine(d->dpc, d->a->extension, arg1, arg2);
    sp_call_end(&f);
    end(d);
}

/* ---- what miniports call ---- */

static struct sp_dpc *make(struct sp_adapter *a, PSTOR_DPC dpc)
{
    struct sp_dpc *d = find(a, dpc);

    if (d)
        return d;
    d = ke_object_alloc(sizeof *d);
    if (!d)
        return NULL;
    unsigned old = sp_lock(a);

    d->a = a;
    d->dpc = dpc;
    list_add_tail(&a->dpcs, &d->link);
    sp_unlock(a, old);
    return d;
}

/* STD-005, STD-006, STD-019. */
void sp_dpc_initialize(struct sp_adapter *a, PSTOR_DPC dpc, PHW_DPC_ROUTINE routine, const void *caller)
{
    if (a->cfg.dump)
        sp_stop("DT-S13", dpc, caller, "StorPortInitializeDpc is called in dump mode");
    if (!sp_inside(a, SP_CALL_PASSIVE_INITIALIZE))
        sp_warn("DT-S13", dpc, caller, "StorPortInitializeDpc belongs in HwStorPassiveInitialize");
    if (!dpc || !routine) {
        sp_stop("DT-S13", dpc, caller, "StorPortInitializeDpc is called without a DPC or a routine");
        return;
    }
    struct sp_dpc *d = make(a, dpc);

    if (!d)
        return;
    d->routine = routine;
    sp_lock_init((PKSPIN_LOCK)&dpc->Lock);
    ke_dpc_init(&dpc->Dpc, run, d, false);
    ke_dpc_importance(&dpc->Dpc, MediumHighImportance);
}

/* STL-129: where a request came from, if one is at hand, else processor 0. */
static int processor_of(const struct sp_adapter *a)
{
    const struct sp_frame *f = sp_frame_of(a);

    if (!sp_redirects(a))
        return -1;
    return f && f->request ? (int)f->request->cpu : 0;
}

/* STD-007 to STD-013. Any IRQL. */
bool sp_dpc_issue(struct sp_adapter *a, PSTOR_DPC dpc, PVOID arg1, PVOID arg2, const void *caller)
{
    struct sp_dpc *d = find(a, dpc);

    if (!d) {
        sp_stop("DT-S13", dpc, caller, "StorPortIssueDpc is called with a DPC that StorPortInitializeDpc has not seen");
        return false;
    }
    int      cpu = processor_of(a);
    unsigned old = sp_lock(a);
    bool     inserted = !d->queued, now = inserted && !d->running;

    if (inserted) {
        d->queued = true;
        d->arg1 = arg1;
        d->arg2 = arg2;
    }
    sp_unlock(a, old);
    if (now && cpu >= 0)
        ke_dpc_target(&dpc->Dpc, (unsigned)cpu);
    if (now)
        ke_dpc_queue(&dpc->Dpc, NULL, NULL);
    return inserted;
}

/* STD-016, STD-017: whoever clears `queued` decides. */
bool sp_dpc_cancel(struct sp_adapter *a, PSTOR_DPC dpc)
{
    struct sp_dpc *d = find(a, dpc);

    if (!d)
        return false;
    unsigned old = sp_lock(a);
    bool     was = d->queued;

    d->queued = false;
    sp_unlock(a, old);
    if (was)
        ke_dpc_remove(&dpc->Dpc);
    return was;
}

/* STD-018: before the miniport stops, what is queued runs. IRQL 0. */
void sp_dpcs_drain(struct sp_adapter *a)
{
    for (struct list *l = a->dpcs.next; l != &a->dpcs; l = l->next)
        ke_dpc_wait_until_idle(&container_of(l, struct sp_dpc, link)->dpc->Dpc);
    ke_dpc_flush();
}
