/* SPDX-License-Identifier: MIT */
/*
 * observe/verify_irql.c - raises and lowers in pairs: DT-I03, I04. A raise that lowers and a lower that raises need no
 * memory: ddi/ stops them, as it does calls outside their IRQL range (DT-I01, I02).
 */
#include "observe/verify_state.h"

/* Whose raise it is: a routine's (a frame), else the thread's, else an idle processor's. */
static uint64_t owner_of(struct verify *v, const struct ev *e)
{
    const struct verify_frame *f = verify_frame_top(v, e);

    if (f)
        return 1ull << 63 | f->seq;
    return e->thread ? e->thread : 1ull << 62 | e->cpu;
}

static void raised(struct verify *v, const struct ev *e)
{
    if (v->n_raises == VERIFY_RAISES) {
        verify_limit(v, "raises of IRQL");
        return;
    }
    v->raises[v->n_raises++] = (struct verify_raise_entry){owner_of(v, e), (uint8_t)e->a};
}

static bool take_raise(struct verify *v, uint64_t owner, uint8_t *old)
{
    for (uint32_t i = v->n_raises; i-- > 0;) {
        if (v->raises[i].owner != owner)
            continue;
        *old = v->raises[i].old;
        v->n_raises--;
        for (; i < v->n_raises; i++)
            v->raises[i] = v->raises[i + 1];
        return true;
    }
    return false;
}

/* IRQ-012, IRQ-015, IRQ-017, DPC-063. */
static void lowered(struct verify *v, const struct ev *e)
{
    const struct verify_frame *f = verify_frame_top_dpc(v, e);
    uint8_t                    old;

    if (f && f->on_cpu && e->b < f->irql)
        verify_raise(v, VERIFY_I03, STOP, CODE(0xc4, {0x31, e->a, e->b, 1}), f->obj, f->routine,
            "%s lowers IRQL from %u to %u, below the level it was called at", verify_frame_noun(f), (unsigned)e->a,
            (unsigned)e->b);
    else if (!take_raise(v, owner_of(v, e), &old))
        verify_raise(v, VERIFY_I03, STOP, CODE(0xc4, {0x31, e->a, e->b, 0}), NULL, NULL,
            "IRQL is lowered from %u to %u without a raise before", (unsigned)e->a, (unsigned)e->b);
    else if (old != e->b)
        verify_raise(v, VERIFY_I04, WARN, CODE(0, {e->a, e->b, old, 0}), NULL, NULL,
            "IRQL is lowered to %u, but the raise before it had left %u", (unsigned)e->b, old);
}

/* Raising or lowering to the same level is legal anywhere and no event can tell them apart. */
void verify_irql_set(struct verify *v, const struct ev *e)
{
    if (e->b > e->a)
        raised(v, e);
    else if (e->b < e->a) {
        verify_lock_lowered(v, e);
        lowered(v, e);
    }
}

void verify_irql_frame_ends(struct verify *v, const struct verify_frame *f)
{
    uint8_t old;

    while (v->n_raises && take_raise(v, 1ull << 63 | f->seq, &old)) /* ends: each turn takes one away */
        ;
}
