/* SPDX-License-Identifier: MIT */
/*
 * observe/verify_ext.c - EX_TIMERs: deleted from where it cannot work, used after it, never deleted, and called back
 * on a context that is gone. DT-T05 (callbacks), T16, T17, T18.
 */
#include "observe/verify_state.h"

void verify_ext_alloc(struct verify *v, const struct ev *e)
{
    struct verify_ext *x = e->obj ? tab_get(&v->exts, e->obj) : NULL;

    if (x)
        *x = (struct verify_ext){.key = e->obj,
            .callback = (const void *)e->a,
            .context = (const void *)e->b,
            .fine = (e->c & VERIFY_EXT_HIGH_RESOLUTION) != 0};
}

bool verify_ext_is(struct verify *v, const void *timer)
{
    return v->exts.count && tab_find(&v->exts, timer);
}

bool verify_ext_is_fine(struct verify *v, const void *timer)
{
    const struct verify_ext *x = v->exts.count ? tab_find(&v->exts, timer) : NULL;

    return x && x->fine;
}

static bool in_own_callback(struct verify *v, const struct ev *e)
{
    for (uint32_t i = 0; i < v->n_frames; i++) {
        const struct verify_frame *f = &v->frames[i];

        if (f->kind == FRAME_CALLBACK && f->obj == e->obj && verify_frame_is_mine(v, f, e))
            return true;
    }
    return false;
}

/* EXT-062, EXT-127. Between the delete and its end every call is answered FALSE (EXT-074, EXT-075), which a callback
 * that re-arms itself relies on (EXT-087); anybody else holds a pointer that may be stale in another schedule. */
void verify_ext_use(struct verify *v, const struct ev *e)
{
    struct verify_ext *x = tab_find(&v->exts, e->obj);

    if (!e->obj) {
        verify_raise(v, VERIFY_T18, STOP, CODE(0xa, {0, e->irql, 0, e->c}), NULL, (const void *)e->c,
            "an EX_TIMER routine is called with NULL: the result of ExAllocateTimer was not checked");
        return;
    }
    if (!x)
        return;
    x->user = (const void *)e->c;
    if (x->state == EXT_FREED)
        verify_raise(v, VERIFY_T17, STOP, CODE(0xc6, {PARAM(x->key), 1, e->c, 0}), x->key, x->user,
            "an EX_TIMER is used after its deletion was completed");
    else if (x->state == EXT_DISABLED && !x->told_use && !in_own_callback(v, e)) {
        x->told_use = true;
        verify_raise(v, VERIFY_T17, WARN, CODE(0, {PARAM(x->key), e->a, e->c, 0}), x->key, x->user,
            "an EX_TIMER is used after ExDeleteTimer was called for it");
    }
}

/* EXT-016, EXT-071, EXT-128. */
static void check_delete_wait(struct verify *v, const struct ev *e)
{
    const struct verify_lock  *held = verify_lock_spin_held_here(v, e);
    const struct verify_frame *f = verify_frame_top_dpc(v, e);

    if (in_own_callback(v, e))
        verify_raise(v, VERIFY_T16, STOP, CODE(0xb8, {e->thread, 0, 0, 0}), e->obj, f ? f->routine : NULL,
            "ExDeleteTimer waits for the timer's callback from inside that callback");
    else if (held)
        verify_raise(v, VERIFY_T16, STOP, CODE(0xa, {PARAM(e->obj), e->irql, 0, 0}), e->obj, NULL,
            "ExDeleteTimer waits for callbacks while its caller holds a spin lock");
    else if (f)
        verify_raise(v, VERIFY_T16, STOP, CODE(0xb8, {e->thread, 0, 0, 0}), e->obj, f->routine,
            "ExDeleteTimer waits for callbacks in %s", verify_frame_noun(f));
    else if (e->irql >= VERIFY_DISPATCH)
        verify_raise(v, VERIFY_T16, STOP, CODE(0xa, {PARAM(e->obj), e->irql, 0, 0}), e->obj, NULL,
            "ExDeleteTimer waits for callbacks at IRQL %u", e->irql);
}

void verify_ext_delete(struct verify *v, const struct ev *e)
{
    struct verify_ext *x = tab_find(&v->exts, e->obj);

    if (e->b)
        check_delete_wait(v, e);
    if (!x || !e->c || x->state != EXT_LIVE)
        return;
    x->state = EXT_DISABLED;
    x->deleter = e->b ? e->thread : 0;
}

/* EXT-092: whom the first thread that waits in ExDeleteTimer waits for. */
bool verify_ext_waits(struct verify *v, struct verify_delete_wait *out)
{
    tab_for_each(struct verify_ext, x, &v->exts)
    {
        if (x->state != EXT_DISABLED || !x->deleter)
            continue;
        *out = (struct verify_delete_wait){.thread = x->deleter, .timer = x->key, .callback = x->callback};
        for (uint32_t i = 0; i < v->n_frames; i++)
            if (v->frames[i].kind == FRAME_CALLBACK && v->frames[i].obj == x->key) {
                out->running = true;
                out->cpu = v->frames[i].cpu;
            }
        return true;
    }
    return false;
}

/* The record stays until the address is allocated again: that is how a late use is seen. */
void verify_ext_free(struct verify *v, const struct ev *e)
{
    struct verify_ext   *x = tab_find(&v->exts, e->obj);
    struct verify_timer *t = tab_find(&v->timers, e->obj);

    if (t)
        tab_remove(&v->timers, t);
    if (!x)
        return;
    x->state = EXT_FREED;
    x->owed = false;
    if (e->a) /* EXT-091 */
        verify_raise(v, VERIFY_T17, STOP, CODE(0, {PARAM(x->key), 0, 0, 0}), x->key, x->user,
            "an EX_TIMER is deleted while a thread waits for it");
}

void verify_ext_expired(struct verify *v, const void *timer)
{
    struct verify_ext *x = v->exts.count ? tab_find(&v->exts, timer) : NULL;

    if (x)
        x->owed = x->callback != NULL;
}

void verify_ext_callback_start(struct verify *v, const struct ev *e)
{
    struct verify_ext   *x = tab_find(&v->exts, e->obj);
    struct verify_frame *f = verify_frame_push(v, e, FRAME_CALLBACK, 0);

    f->obj = f->timer = e->obj;
    f->routine = (const void *)e->a;
    f->context = (const void *)e->b;
    if (!x)
        return;
    x->owed = false;
    if (x->gone.hi) /* EXT-134 */
        verify_raise(v, VERIFY_T05, STOP,
            CODE(0, {PARAM(x->context), x->gone.lo, x->gone.hi - x->gone.lo, PARAM(x->callback)}), x->key, x->callback,
            "an EX_TIMER callback is called although the memory of its context was freed");
}

void verify_ext_callback_end(struct verify *v, const struct ev *e)
{
    struct verify_frame *f = verify_frame_find(v, e, FRAME_CALLBACK, (const void *)e->a);

    if (f)
        verify_frame_ends(v, e, f, (unsigned)e->b);
}

/* ---- memory that goes away ---- */

void verify_ext_memory_gone(struct verify *v, struct range r)
{
    tab_for_each(struct verify_ext, x, &v->exts)
    {
        if (x->state != EXT_FREED && x->callback && range_has(r, x->context))
            x->gone = r;
    }
}

void verify_ext_memory_new(struct verify *v, struct range r)
{
    tab_for_each(struct verify_ext, x, &v->exts)
    {
        if (x->gone.hi && range_has(r, x->context) && !x->owed && !verify_timer_is_set(v, x->key))
            x->gone = (struct range){0, 0};
    }
}

/* ---- leaks ---- */

/* EXT-037: who is to delete it is told by its callback, or by who used it last. */
static bool belongs_to(const struct verify_ext *x, struct range image)
{
    return range_has(image, x->callback ? x->callback : x->user);
}

void verify_ext_image_gone(struct verify *v, const void *driver, struct range image)
{
    const struct verify_ext *leaked = NULL;
    unsigned                 count = 0;

    tab_for_each(struct verify_ext, x, &v->exts)
    {
        if (x->state == EXT_FREED || !belongs_to(x, image))
            continue;
        if (x->callback && (x->owed || verify_timer_is_set(v, x->key)))
            verify_raise(v, VERIFY_T18, STOP, CODE(0xc7, {2, PARAM(x->callback), image.lo, image.hi}), x->key,
                x->callback, "the driver is unloaded while an EX_TIMER is set that will call it back");
        if (x->state == EXT_LIVE) {
            leaked = x;
            count++;
        }
    }
    if (leaked)
        verify_raise(v, VERIFY_T18, STOP, CODE(0xc4, {0x62, PARAM(driver), 0, count}), leaked->key, leaked->callback,
            "the driver is unloaded and has not deleted %u of its EX_TIMERs", count);
}

static bool in_loaded_image(struct verify *v, const struct verify_ext *x)
{
    tab_for_each(struct verify_image, i, &v->images)
    {
        if (belongs_to(x, i->range))
            return true;
    }
    return false;
}

void verify_ext_run_end(struct verify *v)
{
    tab_for_each(struct verify_ext, x, &v->exts)
    {
        if (x->state == EXT_LIVE && !in_loaded_image(v, x))
            verify_raise(v, VERIFY_T18, WARN, CODE(0, {PARAM(x->key), PARAM(x->callback), 0, 0}), x->key, x->callback,
                "an EX_TIMER was allocated and never deleted");
    }
}
