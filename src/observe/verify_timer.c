/* SPDX-License-Identifier: MIT */
/*
 * observe/verify_timer.c - KTIMERs: re-initialised, freed or left behind while set, and shared between uses.
 * DT-T02, T03, T04, T09, T10 (two timers, one DPC), T11, T13. EX_TIMERs pass through here too, because what is set and
 * cancelled is the KTIMER that they begin with; the rules about sharing do not hold for them.
 */
#include "observe/verify_state.h"

/* KTM-008. */
void verify_timer_init(struct verify *v, const struct ev *e)
{
    struct verify_timer *t = tab_get(&v->timers, e->obj);

    if (!t)
        return;
    if (t->set)
        verify_raise(v, VERIFY_T02, STOP, CODE(0, {PARAM(t->key), PARAM(t->dpc), 0, 0}), t->key, NULL,
            "a timer is initialized again while it is set");
    *t = (struct verify_timer){.key = e->obj};
}

/* KTM-076, KTM-077. */
static void check_mix(struct verify *v, struct verify_timer *t)
{
    if (!t->had_dpc || !t->had_wait || t->told_mix || verify_ext_is(v, t->key))
        return;
    t->told_mix = true;
    verify_raise(v, VERIFY_T11, WARN, CODE(0, {PARAM(t->key), PARAM(t->dpc), 0, 0}), t->key, NULL,
        "one timer serves a CustomTimerDpc and also waits of threads: a set or cancel for one undoes the other's");
}

/* KTM-084: two timers with one DPC lose calls. KTM-080: so do a timer and KeInsertQueueDpc. */
static void check_dpc_shared(struct verify *v, const struct verify_timer *t)
{
    struct verify_dpc *d = tab_get(&v->dpcs, t->dpc);

    if (!d)
        return;
    if (d->timer && d->timer != t->key && !d->told_timers) {
        d->told_timers = true;
        verify_raise(v, VERIFY_T10, WARN, CODE(0, {PARAM(d->key), PARAM(d->timer), PARAM(t->key), 0}), d->key,
            d->routine, "one DPC object is used by two timers: when both expire before it runs, one call is lost");
    }
    if (d->direct && !d->told_direct) {
        d->told_direct = true;
        verify_raise(v, VERIFY_T10, WARN, CODE(0, {PARAM(d->key), PARAM(t->key), 0, 0}), d->key, d->routine,
            "a DPC object that KeInsertQueueDpc queues is also given to a timer");
    }
    d->timer = t->key;
}

void verify_timer_set(struct verify *v, const struct ev *e)
{
    struct verify_timer *t = tab_get(&v->timers, e->obj);

    verify_frame_touches(v, e);
    if (!t)
        return;
    t->set = true;
    t->periodic = e->b != 0;
    t->set_ns = e->b && e->b < VERIFY_TICK && verify_ext_is_fine(v, t->key) ? e->time_ns : UINT64_MAX;
    t->dpc = (const void *)e->c;
    if (!t->dpc)
        return;
    t->had_dpc = true;
    if (!verify_ext_is(v, t->key))
        check_dpc_shared(v, t);
    check_mix(v, t);
}

void verify_timer_cancel(struct verify *v, const struct ev *e)
{
    struct verify_timer *t = tab_find(&v->timers, e->obj);

    verify_frame_touches(v, e);
    if (t)
        t->set = false;
}

/* EXT-111. For a short while a high-resolution timer may be as fast as it likes. */
static void check_power(struct verify *v, const struct ev *e, struct verify_timer *t)
{
    if (t->told_power || t->set_ns == UINT64_MAX || e->time_ns - t->set_ns <= VERIFY_LONG_NS)
        return;
    t->told_power = true;
    verify_raise(v, VERIFY_T13, WARN, CODE(0, {PARAM(t->key), 0, 0, 0}), t->key, NULL,
        "a high-resolution timer with a period below the default clock tick (15.6 ms) has been set for more than a "
        "second: it keeps the clock at its highest rate");
}

void verify_timer_expire(struct verify *v, const struct ev *e)
{
    struct verify_timer *t = tab_find(&v->timers, e->obj);

    if (!t)
        return;
    t->set = e->c != 0;
    check_power(v, e, t);
}

/* KTM-099: legal, but of no use. */
void verify_timer_tolerance(struct verify *v, const struct ev *e)
{
    struct verify_timer *t = tab_get(&v->timers, e->obj);

    if (!t || e->a >= VERIFY_TOLERANCE || t->told_power)
        return;
    t->told_power = true;
    verify_raise(v, VERIFY_T13, WARN, CODE(0, {PARAM(t->key), e->a / 10000, 0, 0}), t->key, NULL,
        "a tolerable delay of %u ms is too short to spare a clock interrupt: 32 ms, two clock ticks, is the least",
        (unsigned)(e->a / 10000));
}

void verify_timer_waited(struct verify *v, const struct ev *e, const void *object)
{
    struct verify_timer *t = tab_find(&v->timers, object);

    (void)e;
    if (!t)
        return;
    t->had_wait = true;
    check_mix(v, t);
}

bool verify_timer_is_set(struct verify *v, const void *timer)
{
    const struct verify_timer *t = tab_find(&v->timers, timer);

    return t && t->set;
}

/* Whether a set timer would queue this DPC; which one. */
bool verify_timer_set_with(struct verify *v, const void *dpc, const void **timer)
{
    tab_for_each(struct verify_timer, t, &v->timers)
    {
        if (t->set && t->dpc == dpc) {
            *timer = t->key;
            return true;
        }
    }
    return false;
}

/* ---- memory that goes away ---- */

static bool runs_dpc(struct verify *v, const struct ev *e, const void *dpc)
{
    for (uint32_t i = 0; i < v->n_frames; i++) {
        const struct verify_frame *f = &v->frames[i];

        if (f->kind == FRAME_DPC && f->obj == dpc && verify_frame_is_mine(v, f, e))
            return true;
    }
    return false;
}

/* The Verifier's "pool contains an active timer"; parameter 3, the pool type, is not known here. */
static void raise_freed(struct verify *v, const struct ev *e, const struct verify_timer *t, struct range r,
    enum gone why, const void *caller)
{
    struct verify_code code = {0xc4, {0x15, PARAM(t->key), 0, r.lo}};

    if (why == GONE_DEVICE) /* KTM-106 */
        verify_raise(v, VERIFY_T04, STOP, code, t->key, caller,
            "a timer in the device extension is still set when its device object is deleted");
    else if (t->periodic && t->dpc && runs_dpc(v, e, t->dpc)) /* KTM-078 */
        verify_raise(v, VERIFY_T09, STOP, code, t->key, caller,
            "a DPC frees its own periodic timer, which is back in the timer queue");
    else /* KTM-010 */
        verify_raise(v, VERIFY_T03, STOP, code, t->key, caller, "pool memory that contains a set %stimer is freed",
            t->periodic ? "periodic " : "");
}

/* KTM-106: the timer survives, the memory that its DPC works on does not. */
static void check_device_context(struct verify *v, const struct verify_timer *t, struct range r, const void *caller)
{
    const struct verify_dpc *d = t->set && t->dpc ? tab_find(&v->dpcs, t->dpc) : NULL;

    if (d && range_has(r, d->context))
        verify_raise(v, VERIFY_T04, STOP, CODE(0xc4, {0x15, PARAM(t->key), 0, r.lo}), t->key, caller,
            "a device object is deleted while a timer is set whose DPC gets it or its extension as context");
}

void verify_timer_memory_gone(struct verify *v, const struct ev *e, struct range r, enum gone why, const void *caller)
{
    tab_for_each(struct verify_timer, t, &v->timers)
    {
        if (range_has(r, t->key)) {
            if (t->set)
                raise_freed(v, e, t, r, why, caller);
            tab_remove(&v->timers, t);
        } else if (why == GONE_DEVICE) {
            check_device_context(v, t, r, caller);
        }
    }
}

/* KTM-085, KTM-011. The object itself lies in the image, or the routine that it will have called does. */
void verify_timer_image_gone(struct verify *v, struct range image)
{
    tab_for_each(struct verify_timer, t, &v->timers)
    {
        const struct verify_dpc *d = t->set && t->dpc ? tab_find(&v->dpcs, t->dpc) : NULL;

        if (t->set && range_has(image, t->key))
            verify_raise(v, VERIFY_T04, STOP, CODE(0xc7, {0, PARAM(t->key), image.lo, image.hi}), t->key, NULL,
                "the driver is unloaded while a timer among its globals is set");
        else if (d && range_has(image, d->routine))
            verify_raise(v, VERIFY_T04, STOP, CODE(0xc7, {2, PARAM(d->routine), image.lo, image.hi}), t->key,
                d->routine, "the driver is unloaded while a timer is set whose DPC routine it contains");
        if (range_has(image, t->key))
            tab_remove(&v->timers, t);
    }
}
