/* SPDX-License-Identifier: MIT */
/* observe/verify_frame.c - which routines of the driver run where, and what must hold when one returns. */
#include <string.h>

#include "observe/verify_state.h"

/* ---- the stack of frames ---- */

/* What nobody waits for just because it was cancelled or stopped. IOT-015. */
static bool is_callback(const struct verify_frame *f)
{
    return f->kind != FRAME_ROUTINE || f->role == EV_ROLE_IO_TIMER;
}

static void count_untold(struct verify *v, const struct verify_frame *f, int delta)
{
    if (is_callback(f) && !f->handed_off)
        __atomic_store_n(&v->untold, v->untold + (uint32_t)delta, __ATOMIC_RELAXED);
}

struct verify_frame *verify_frame_push(struct verify *v, const struct ev *e, enum frame_kind kind, unsigned role)
{
    static struct verify_frame spare;
    struct verify_frame       *f = &v->frames[v->n_frames];

    if (v->n_frames == VERIFY_FRAMES) {
        verify_limit(v, "running routines");
        f = &spare;
    }
    *f = (struct verify_frame){.kind = kind,
        .role = (uint8_t)role,
        .cpu = e->cpu,
        .irql = e->irql,
        .thread = e->thread,
        .on_cpu = e->irql >= VERIFY_DISPATCH,
        .seq = ++v->seq,
        .start_ns = e->time_ns};
    if (f != &spare) {
        v->n_frames++;
        count_untold(v, f, +1);
    }
    return f;
}

bool verify_frame_is_mine(const struct verify *v, const struct verify_frame *f, const struct ev *e)
{
    (void)v;
    if (!f->on_cpu)
        return f->thread == e->thread && e->thread != 0;
    /* Below DISPATCH_LEVEL the real-time machine runs other threads of this processor beside its DPC. */
    return f->cpu == e->cpu && (e->irql >= VERIFY_DISPATCH || f->thread == e->thread);
}

/* What runs on the processor before what runs in its thread. */
static struct verify_frame *innermost(struct verify *v, const struct ev *e, bool only_dpcs)
{
    struct verify_frame *best = NULL;

    for (uint32_t i = v->n_frames; i-- > 0;) {
        struct verify_frame *f = &v->frames[i];

        if ((only_dpcs && f->kind == FRAME_ROUTINE) || !verify_frame_is_mine(v, f, e))
            continue;
        if (f->on_cpu)
            return f;
        if (!best)
            best = f;
    }
    return best;
}

struct verify_frame *verify_frame_top(struct verify *v, const struct ev *e)
{
    return innermost(v, e, false);
}

struct verify_frame *verify_frame_top_dpc(struct verify *v, const struct ev *e)
{
    return innermost(v, e, true);
}

/* A routine that returns at another IRQL may have left its processor: then its thread tells. */
struct verify_frame *verify_frame_find(struct verify *v, const struct ev *e, enum frame_kind kind, const void *routine)
{
    struct verify_frame *other = NULL;

    for (uint32_t i = v->n_frames; i-- > 0;) {
        struct verify_frame *f = &v->frames[i];

        if (f->kind != kind || f->routine != routine)
            continue;
        if (verify_frame_is_mine(v, f, e))
            return f;
        if (!other && f->thread == e->thread && e->thread != 0)
            other = f;
    }
    return other;
}

void verify_frame_pop(struct verify *v, struct verify_frame *f)
{
    uint32_t i = (uint32_t)(f - v->frames);

    verify_irql_frame_ends(v, f);
    if (f->gone.hi)
        v->gone_frames--;
    count_untold(v, f, -1);
    memmove(f, f + 1, (v->n_frames - i - 1) * sizeof *f);
    v->n_frames--;
}

const char *verify_frame_noun(const struct verify_frame *f)
{
    static const char *const roles[EV_ROLE_COUNT] = {
        "DriverEntry",
        "the Unload routine",
        "AddDevice",
        "a dispatch routine",
        "StartIo",
        "a Cancel routine",
        "an IoCompletion routine",
        "a system thread",
        "a work item",
        "an IoTimer routine",
        "a timer delete callback",
        "a routine",
        "an interrupt service routine",
#define STOR_CALLBACK(name, text) [EV_ROLE_STOR_##name] = text,
#include "base/stor.def"
    };

    if (f->kind == FRAME_DPC)
        return f->threaded ? "a threaded DPC" : "a DPC";
    if (f->kind == FRAME_CALLBACK)
        return "an EX_TIMER callback";
    return f->role < EV_ROLE_COUNT ? roles[f->role] : "a routine";
}

/* ---- memory that goes away under a running DPC or callback (DT-T05, DT-D03) ---- */

void verify_frame_handed_off(struct verify *v, const struct ev *e)
{
    for (uint32_t i = 0; i < v->n_frames && v->untold > 0; i++) {
        struct verify_frame *f = &v->frames[i];

        if (!is_callback(f) || !verify_frame_is_mine(v, f, e))
            continue;
        count_untold(v, f, -1);
        f->handed_off = true;
    }
}

/* Whatever runs here began before the event: if this count is zero, its frames are not in it. */
bool verify_frame_all_told(const struct verify *v)
{
    return __atomic_load_n(&v->untold, __ATOMIC_RELAXED) == 0;
}

/* The frame goes on using an object in memory that was freed while it ran. */
void verify_frame_touches(struct verify *v, const struct ev *e)
{
    if (__builtin_expect(v->gone_frames == 0, 1))
        return;
    for (uint32_t i = 0; i < v->n_frames; i++) {
        struct verify_frame *f = &v->frames[i];

        if (!verify_frame_is_mine(v, f, e) || !range_has(f->gone, e->obj))
            continue;
        verify_raise(v, VERIFY_T05, STOP,
            CODE(0, {PARAM(e->obj), f->gone.lo, f->gone.hi - f->gone.lo, PARAM(f->routine)}), e->obj, f->routine,
            "%s goes on using its memory after it was freed while the routine ran", verify_frame_noun(f));
        return;
    }
}

static bool ranges_meet(struct range a, struct range b)
{
    return a.lo < b.hi && b.lo < a.hi;
}

void verify_frame_memory_new(struct verify *v, struct range r)
{
    if (v->gone_frames == 0)
        return;
    for (uint32_t i = 0; i < v->n_frames; i++) {
        struct verify_frame *f = &v->frames[i];

        if (f->gone.hi && ranges_meet(f->gone, r)) {
            f->gone = (struct range){0, 0};
            v->gone_frames--;
        }
    }
}

static void mark_gone(struct verify *v, struct verify_frame *f, struct range r)
{
    if (!f->gone.hi)
        v->gone_frames++;
    f->gone = r;
}

static void raise_freed_while_running(
    struct verify *v, const struct verify_frame *f, struct range r, const void *caller)
{
    if (f->kind == FRAME_DPC && range_has(r, f->obj))
        verify_raise(v, VERIFY_D03, STOP, CODE(0xc7, {1, PARAM(f->obj), r.lo, r.hi}), f->obj, caller,
            "memory with a DPC object is freed while its routine runs on processor %u", f->cpu);
    else
        verify_raise(v, VERIFY_T05, STOP, CODE(0, {PARAM(f->context), r.lo, r.hi - r.lo, PARAM(f->routine)}), f->obj,
            caller, "the context of %s is freed while the routine runs on processor %u", verify_frame_noun(f), f->cpu);
}

/* The routine that frees its own memory is within its rights (KTM-079), as long as it does not touch it again. */
void verify_frame_memory_gone(struct verify *v, const struct ev *e, struct range r, const void *caller)
{
    for (uint32_t i = 0; i < v->n_frames; i++) {
        struct verify_frame *f = &v->frames[i];

        if (!range_has(r, f->context) && !(f->kind == FRAME_DPC && range_has(r, f->obj)))
            continue;
        if (is_callback(f) && !f->handed_off && !verify_frame_is_mine(v, f, e))
            raise_freed_while_running(v, f, r, caller);
        mark_gone(v, f, r);
    }
}

/* ---- time and APC state ---- */

void verify_frame_stall(struct verify *v, const struct ev *e)
{
    struct verify_frame *f = verify_frame_top(v, e);

    if (f)
        f->spent_ns += e->a;
}

void verify_frame_apc(struct verify *v, const struct ev *e)
{
    struct verify_frame *f = verify_frame_top_dpc(v, e);

    if (!f)
        return;
    if (!f->apc_changed)
        f->apc_before = (int64_t)e->a;
    f->apc_changed = true;
    f->apc_after = (int64_t)e->b;
}

/* 0: none. IOT-022, SIO-056. */
static uint64_t budget_of(const struct verify *v, const struct verify_frame *f)
{
    if (is_callback(f))
        return v->opt.dpc_budget_ns;
    if (f->role == EV_ROLE_STOR_INTERRUPT || f->role == EV_ROLE_STOR_MESSAGE)
        return VERIFY_STOR_ISR_NS; /* STL-091 */
    return f->role == EV_ROLE_ISR ? VERIFY_ISR_NS : 0;
}

/* Time spent in inner routines counts for the outer one too; only the innermost is told. */
static void check_budget(struct verify *v, const struct ev *e, struct verify_frame *f)
{
    uint64_t             spent = v->opt.budget_by_clock ? e->time_ns - f->start_ns : f->spent_ns;
    uint64_t             budget = budget_of(v, f);
    struct verify_frame *outer = NULL;

    for (struct verify_frame *o = v->frames; o < f; o++)
        if (o->on_cpu == f->on_cpu && verify_frame_is_mine(v, o, e))
            outer = o;
    if (outer) {
        outer->spent_ns += f->spent_ns;
        outer->told_budget |= f->told_budget;
    }
    if (!budget || f->told_budget || spent <= budget)
        return;
    if (outer)
        outer->told_budget = true;
    verify_raise(v, VERIFY_B01, WARN, CODE(0, {0, spent, budget, 0}), f->obj, f->routine,
        "%s ran for %llu us; %llu us is the limit", verify_frame_noun(f), (unsigned long long)spent / 1000,
        (unsigned long long)budget / 1000);
}

/* ---- the end of a routine ---- */

/* A Cancel routine releases the cancel spin lock and with it returns to the level of the request. */
static void check_irql_at_end(struct verify *v, const struct verify_frame *f, unsigned irql)
{
    uint64_t code = (uint64_t)irql << 16 | (uint64_t)f->irql << 8;

    if (irql == f->irql || (f->kind == FRAME_ROUTINE && f->role == EV_ROLE_CANCEL))
        return;
    if (f->kind != FRAME_ROUTINE)
        verify_raise(v, VERIFY_D08, STOP, CODE(0xc8, {code | 2, PARAM(f->routine), PARAM(f->context), 0}), f->obj,
            f->routine, "%s was called at IRQL %u and returned at IRQL %u", verify_frame_noun(f), f->irql, irql);
    else if (f->role == EV_ROLE_COMPLETION || f->role == EV_ROLE_ISR)
        verify_raise(v, VERIFY_I09, STOP,
            CODE(0xc4, {f->role == EV_ROLE_ISR ? 0x111 : 0xfa, PARAM(f->routine), f->irql, irql}), f->obj, f->routine,
            "%s was called at IRQL %u and returned at IRQL %u", verify_frame_noun(f), f->irql, irql);
    else
        verify_raise(v, VERIFY_I09, STOP, CODE(0xc4, {0x2001d, PARAM(verify_rules[VERIFY_I09].title), 0, 0}), f->obj,
            f->routine, "%s was called at IRQL %u and returned at IRQL %u", verify_frame_noun(f), f->irql, irql);
}

static void check_apc_at_end(struct verify *v, const struct verify_frame *f)
{
    if (!f->apc_changed || f->apc_before == f->apc_after)
        return;
    verify_raise(v, VERIFY_D08, STOP,
        CODE(0xc7, {f->timer ? 5 : 4, PARAM(f->routine), (uint64_t)f->apc_before, (uint64_t)f->apc_after}), f->obj,
        f->routine, "%s was called with APC-disable count %lld and returned with %lld", verify_frame_noun(f),
        (long long)f->apc_before, (long long)f->apc_after);
}

void verify_frame_ends(struct verify *v, const struct ev *e, struct verify_frame *f, unsigned irql)
{
    const struct verify_lock *held = verify_lock_held_since(v, f);

    if (held)
        verify_raise(v, VERIFY_L04, STOP,
            CODE(0xc4, {0x40009, PARAM(verify_rules[VERIFY_L04].title), PARAM(held->lock), 0}), held->lock, f->routine,
            "%s returned with a lock held that it had taken", verify_frame_noun(f));
    else
        check_irql_at_end(v, f, irql);
    check_apc_at_end(v, f);
    check_budget(v, e, f);
    verify_frame_pop(v, f);
}

void verify_frame_enter(struct verify *v, const struct ev *e)
{
    struct verify_frame *f = verify_frame_push(v, e, FRAME_ROUTINE, (unsigned)e->a);

    f->routine = e->obj;
    f->context = (const void *)e->b;
    f->obj = (const void *)e->c;
    if (is_callback(f))
        verify_gone_context(v, f);
}

void verify_frame_leave(struct verify *v, const struct ev *e)
{
    struct verify_frame *f = verify_frame_find(v, e, FRAME_ROUTINE, e->obj);

    if (f)
        verify_frame_ends(v, e, f, (unsigned)e->b);
}

/* PsTerminateSystemThread does not return to the routines that it was called in. */
void verify_frame_thread_exit(struct verify *v, const struct ev *e)
{
    for (uint32_t i = v->n_frames; i-- > 0;)
        if (!v->frames[i].on_cpu && v->frames[i].thread == e->thread && e->thread != 0)
            verify_frame_pop(v, &v->frames[i]);
}
