/* SPDX-License-Identifier: MIT */
/*
 * observe/verify_dpc.c - DPC objects: changed, freed or left behind while queued, and called after what they work
 * on is gone. DT-D02, D03, D04, T05 (DPCs), T10 (timer and direct queue call). What must hold when a routine
 * returns is in verify_frame.c.
 */
#include "observe/verify_state.h"

/* DPC-009. */
void verify_dpc_init(struct verify *v, const struct ev *e)
{
    struct verify_dpc *d = tab_get(&v->dpcs, e->obj);

    if (!d)
        return;
    if (d->queued)
        verify_raise(v, VERIFY_D02, STOP, CODE(0, {PARAM(d->key), PARAM(d->routine), 0, 0}), d->key, d->routine,
            "a DPC object is initialized again while it is queued");
    *d = (struct verify_dpc){.key = e->obj, .routine = (const void *)e->b, .context = (const void *)e->c};
}

/* KTM-087; DPC-037 and DPC-045: the queued instance does not notice. */
void verify_dpc_change(struct verify *v, const struct ev *e)
{
    const struct verify_dpc *d = tab_find(&v->dpcs, e->obj);
    const char              *what = e->b == 0 ? "importance" : "target processor";
    const void              *timer;

    if (!d)
        return;
    if (d->queued)
        verify_raise(v, VERIFY_D02, WARN, CODE(0, {PARAM(d->key), e->b, e->c, 0}), d->key, d->routine,
            "the %s of a DPC is changed while it is queued: the queued call does not follow", what);
    else if (verify_timer_set_with(v, d->key, &timer))
        verify_raise(v, VERIFY_D02, WARN, CODE(0, {PARAM(d->key), e->b, e->c, PARAM(timer)}), d->key, d->routine,
            "the %s of a DPC is changed while a timer with it is set", what);
}

static void queued_directly(struct verify *v, struct verify_dpc *d)
{
    d->direct = true;
    if (!d->timer || d->told_direct)
        return;
    d->told_direct = true; /* KTM-080 */
    verify_raise(v, VERIFY_T10, WARN, CODE(0, {PARAM(d->key), PARAM(d->timer), 0, 0}), d->key, d->routine,
        "a DPC object that was given to a timer is also queued with KeInsertQueueDpc");
}

static void raise_self_gone(struct verify *v, const struct verify_dpc *d)
{
    verify_raise(v, VERIFY_T05, STOP, CODE(0xc7, {1, PARAM(d->key), d->gone.lo, d->gone.hi}), d->key, d->routine,
        "a DPC object in freed memory is queued: the memory went while a timer with it was set");
}

void verify_dpc_queue(struct verify *v, const struct ev *e)
{
    struct verify_dpc *d = tab_get(&v->dpcs, e->obj);

    verify_frame_touches(v, e);
    if (!e->b)
        verify_frame_handed_off(v, e);
    if (!d)
        return;
    if (!d->routine)
        d->routine = (const void *)e->c;
    d->queued++;
    if (d->gone_self)
        raise_self_gone(v, d);
    if (!e->b)
        queued_directly(v, d);
}

void verify_dpc_remove(struct verify *v, const struct ev *e)
{
    struct verify_dpc *d = tab_find(&v->dpcs, e->obj);

    if (d && e->a && d->queued)
        d->queued--;
}

/* The kernel tells of a DPC's start and end under the queue's lock, so the event's IRQL is not the routine's: that is
 * PASSIVE_LEVEL in a threaded DPC's thread, else DISPATCH_LEVEL. */
void verify_dpc_start(struct verify *v, const struct ev *e)
{
    struct verify_dpc   *d = tab_find(&v->dpcs, e->obj);
    struct verify_frame *f = verify_frame_push(v, e, FRAME_DPC, 0);

    f->on_cpu = e->c != 1;
    f->irql = e->c == 1 ? 0 : VERIFY_DISPATCH;
    f->threaded = e->c != 0;
    f->obj = e->obj;
    f->routine = (const void *)e->a;
    f->context = (const void *)e->b;
    if (!d)
        return;
    if (d->queued)
        d->queued--;
    f->timer = d->timer;
    if (d->gone.hi && !d->gone_self)
        verify_raise(v, VERIFY_T05, STOP,
            CODE(0, {PARAM(d->context), d->gone.lo, d->gone.hi - d->gone.lo, PARAM(d->routine)}), d->key, d->routine,
            "a DPC%s is called although the memory of its context was freed", d->timer ? " of a timer" : "");
}

/* Locks that the verifier has not seen (c counts the kernel's view) end the same way. */
void verify_dpc_end(struct verify *v, const struct ev *e)
{
    struct verify_frame *f = verify_frame_find(v, e, FRAME_DPC, (const void *)e->a);

    if (!f)
        return;
    if (e->c && !verify_lock_held_since(v, f))
        verify_raise(v, VERIFY_L04, STOP, CODE(0xc4, {0x40009, PARAM(verify_rules[VERIFY_L04].title), 0, 0}), f->obj,
            f->routine, "%s returned with %u locks held", verify_frame_noun(f), (unsigned)e->c);
    verify_frame_ends(v, e, f, (unsigned)e->b);
}

/* ---- memory that goes away ---- */

static void raise_freed_queued(
    struct verify *v, const struct verify_dpc *d, struct range r, enum gone why, const void *caller)
{
    verify_raise(v, VERIFY_D03, STOP, CODE(0xc7, {1, PARAM(d->key), r.lo, r.hi}), d->key, caller, "%s",
        why == GONE_DEVICE ? "a device object is deleted while a DPC object in its memory is queued"
                           : "pool memory that contains a queued DPC object is freed"); /* DPC-006 */
}

void verify_dpc_memory_gone(struct verify *v, const struct ev *e, struct range r, enum gone why, const void *caller)
{
    (void)e;
    tab_for_each(struct verify_dpc, d, &v->dpcs)
    {
        bool        self = range_has(r, d->key);
        const void *timer;

        if (!self && !range_has(r, d->context))
            continue;
        if (self && d->queued)
            raise_freed_queued(v, d, r, why, caller);
        d->gone = r;
        d->gone_self = self;
        if (self && !verify_timer_set_with(v, d->key, &timer))
            tab_remove(&v->dpcs, d);
    }
}

/* Memory that is in use again cannot be held against a DPC that nobody has queued since. */
void verify_dpc_memory_new(struct verify *v, struct range r)
{
    tab_for_each(struct verify_dpc, d, &v->dpcs)
    {
        const void *timer;

        if (!d->gone.hi || d->queued || !range_has(r, d->gone_self ? d->key : d->context))
            continue;
        if (!verify_timer_set_with(v, d->key, &timer)) {
            d->gone = (struct range){0, 0};
            d->gone_self = false;
        }
    }
}

/* DPC-007, KTM-085. The system has flushed the DPC queues before (KTM-086): what is here now queued itself again. */
void verify_dpc_image_gone(struct verify *v, const struct ev *e, struct range image)
{
    (void)e;
    tab_for_each(struct verify_dpc, d, &v->dpcs)
    {
        if (d->queued && range_has(image, d->routine))
            verify_raise(v, VERIFY_D04, STOP, CODE(0xc7, {2, PARAM(d->routine), image.lo, image.hi}), d->key,
                d->routine, "the driver is unloaded while one of its DPCs is queued");
        else if (d->queued && range_has(image, d->key))
            verify_raise(v, VERIFY_D04, STOP, CODE(0xc7, {1, PARAM(d->key), image.lo, image.hi}), d->key, d->routine,
                "the driver is unloaded while a DPC object among its globals is queued");
        if (range_has(image, d->key))
            tab_remove(&v->dpcs, d);
    }
    for (uint32_t i = 0; i < v->n_frames; i++) {
        const struct verify_frame *f = &v->frames[i];

        if (f->kind != FRAME_ROUTINE && range_has(image, f->routine))
            verify_raise(v, VERIFY_D04, STOP, CODE(0xce, {PARAM(f->routine), 0, PARAM(f->routine), 0}), f->obj,
                f->routine, "the driver is unloaded while %s of it runs on processor %u", verify_frame_noun(f), f->cpu);
    }
}
