/* SPDX-License-Identifier: MIT */
/* sp/remove.c - the end of requests: of a unit that is gone, of an adapter that is removed. IRQL 0. */
#include "sp/priv.h"

enum { PATIENCE_S = 120 };

static struct sp_request *take_queued(struct sp_lun *u)
{
    unsigned           old = sp_lock(u->a);
    struct list       *l = list_pop(&u->queue);
    struct sp_request *r = l ? container_of(l, struct sp_request, link) : NULL;

    if (r)
        u->queued--;
    sp_unlock(u->a, old);
    return r;
}

/* The miniport has not seen them. */
void sp_queue_flush(struct sp_lun *u, UCHAR status)
{
    struct sp_request *r;

    while ((r = take_queued(u)) != NULL) {
        r->srb_status = status;
        sp_finish(u->a, r);
    }
}

/* STN-018: an SRB that never comes back. */
static void tell_lost(struct sp_adapter *a)
{
    for (struct list *l = a->units.next; l != &a->units; l = l->next) {
        struct sp_lun *u = container_of(l, struct sp_lun, link);

        if (list_empty(&u->active))
            continue;
        struct sp_request *r = container_of(u->active.next, struct sp_request, active);
        nt_100ns           age = ke_interrupt_time_precise() - r->issued_at;

        sp_stop("DT-S10", r->slot ? r->slot->srb : NULL, (const void *)a->driver->hw.HwStartIo,
            "the adapter is removed, and %u of its requests %s never completed; the oldest, for unit %u:%u:%u, after "
            "%llu ms",
            a->outstanding, a->outstanding == 1 ? "was" : "were", u->path, u->target, u->lun,
            (unsigned long long)(age / NT_100NS_PER_MS));
    }
}

static bool idle(const struct sp_adapter *a, const struct sp_lun *u)
{
    return u ? u->outstanding == 0 : a->outstanding == 0;
}

static void wait(struct sp_adapter *a, const struct sp_lun *u)
{
    for (unsigned ms = 0; !idle(a, u); ms++) {
        if (ms >= PATIENCE_S * 1000u)
            tell_lost(a);
        ke_delay(false, KernelMode, -(int64_t)NT_100NS_PER_MS);
    }
}

void sp_unit_wait(struct sp_lun *u)
{
    wait(u->a, u);
}

/* No new requests of clients; those that wait are answered, those that the miniport has are waited for. */
void sp_remove_drain(struct sp_adapter *a)
{
    unsigned old = sp_lock(a);

    a->draining = true;
    sp_unlock(a, old);
    sp_scan_fini(a);
    for (struct list *l = a->units.next; l != &a->units; l = l->next)
        sp_queue_flush(container_of(l, struct sp_lun, link), SRB_STATUS_NO_HBA);
    wait(a, NULL);
}
