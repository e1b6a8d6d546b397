/* SPDX-License-Identifier: MIT */
/*
 * observe/verify_gone.c - use after free: DT-T05 where no routine is known to work on the memory.
 *
 * The last blocks that went (pool, device objects with their extensions) are remembered until their memory is given out
 * again. A spin lock in one of them is used by somebody who should not be there any more. Without this the holder of such a
 * lock would look like any other, and who spins for it like a livelock: what freed memory holds is never "free".
 */
#include "observe/verify_state.h"

static bool meet(struct range a, struct range b)
{
    return a.lo < b.hi && b.lo < a.hi;
}

static const char *what_went(enum gone why)
{
    return why == GONE_DEVICE ? "a device object with its extension" : "a pool block";
}

/* Who waits for a lock in there has nothing to wait for any more. */
static void check_spinners(struct verify *v, struct range r, enum gone why, const void *caller)
{
    for (uint64_t left = v->spinners; left; left &= left - 1) {
        unsigned cpu = (unsigned)__builtin_ctzll(left);

        if (!range_has(r, v->spins_for[cpu]))
            continue;
        verify_raise(v, VERIFY_L11, STOP, CODE(0xc4, {0x100b, PARAM(v->spins_for[cpu]), 0, 0}), v->spins_for[cpu],
            caller, "%s is freed while processor %u spins for a lock in it", what_went(why), cpu);
        v->spinners &= ~(1ull << cpu);
        return;
    }
}

void verify_gone_add(struct verify *v, struct range r, enum gone why, const void *caller)
{
    check_spinners(v, r, why, caller);
    v->gone[v->n_gone++ % VERIFY_GONE] = (struct verify_gone){.r = r, .why = why};
}

void verify_gone_again(struct verify *v, struct range r)
{
    uint32_t n = v->n_gone < VERIFY_GONE ? v->n_gone : VERIFY_GONE;

    for (uint32_t i = 0; i < n; i++)
        if (meet(v->gone[i].r, r))
            v->gone[i].r = (struct range){0, 0};
}

static const struct verify_gone *find(struct verify *v, const void *p)
{
    uint32_t n = v->n_gone < VERIFY_GONE ? v->n_gone : VERIFY_GONE;

    for (uint32_t i = 0; i < n; i++)
        if (range_has(v->gone[i].r, p))
            return v->opt.is_freed && v->opt.is_freed(p) ? &v->gone[i] : NULL;
    return NULL;
}

bool verify_gone_lock(struct verify *v, const struct ev *e, const char *what)
{
    const struct verify_gone  *g = v->n_gone ? find(v, e->obj) : NULL;
    const struct verify_frame *f = g ? verify_frame_top(v, e) : NULL;

    if (!g)
        return false;
    verify_raise(v, VERIFY_T05, STOP, CODE(0, {PARAM(e->obj), g->r.lo, g->r.hi - g->r.lo, f ? PARAM(f->routine) : 0}),
        e->obj, NULL, "%s %s a lock in memory that was freed: %s", f ? verify_frame_noun(f) : "a thread", what,
        what_went(g->why));
    return true;
}

void verify_gone_context(struct verify *v, const struct verify_frame *f)
{
    const struct verify_gone *g = v->n_gone ? find(v, f->context) : NULL;

    if (g)
        verify_raise(v, VERIFY_T05, STOP, CODE(0, {PARAM(f->context), g->r.lo, g->r.hi - g->r.lo, PARAM(f->routine)}),
            f->context, f->routine, "%s is called although the memory of its context was freed", verify_frame_noun(f));
}
