/* SPDX-License-Identifier: MIT */
/*
 * sp/call.c - the one door through which the port calls a miniport: take the locks of the matrix, raise IRQL, publish, call,
 * compare, undo.
 *
 * The calls that are under way on a stack are a chain in ke_call_slot(). An interrupt begins a chain of its own, so that
 * what an interrupt routine or a DPC does is not blamed on the routine that it interrupted.
 */
#include "sp/priv.h"

#include <stdarg.h>

__attribute__((format(printf, 2, 0))) static void raise_finding(struct finding *f, const char *format, va_list ap)
{
    finding_format(f, format, ap);
    finding_raise(f);
}

void sp_stop(const char *rule, const void *object, const void *caller, const char *format, ...)
{
    struct finding f = {.severity = FINDING_STOP, .rule = rule, .object = object, .caller = caller};
    va_list        ap;

    va_start(ap, format);
    raise_finding(&f, format, ap);
    va_end(ap);
}

void sp_warn(const char *rule, const void *object, const void *caller, const char *format, ...)
{
    struct finding f = {.severity = FINDING_WARNING, .rule = rule, .object = object, .caller = caller};
    va_list        ap;

    va_start(ap, format);
    raise_finding(&f, format, ap);
    va_end(ap);
}

void sp_stop_code(uint32_t code, uint64_t parameter, const char *rule, const char *format, ...)
{
    struct finding f = {.severity = FINDING_STOP, .rule = rule, .bugcheck = code, .param = {parameter}};
    va_list        ap;

    va_start(ap, format);
    raise_finding(&f, format, ap);
    va_end(ap);
}

/* ---- frames ---- */

struct sp_frame *sp_frame_of(const struct sp_adapter *a)
{
    struct sp_frame *f = *ke_call_slot();

    while (f && f->a != a)
        f = f->outer;
    return f;
}

bool sp_inside(const struct sp_adapter *a, enum sp_call call)
{
    for (struct sp_frame *f = *ke_call_slot(); f; f = f->outer)
        if (f->a == a && f->call == call)
            return true;
    return false;
}

/* ---- in ---- */

/* Level and locks alone; a miniport is not called yet. */
void sp_call_lock(struct sp_frame *f, struct sp_adapter *a, enum sp_call call)
{
    f->a = a;
    f->call = call;
    f->rule = sp_rule(a, call);
    f->old = mach_irql();
    if (f->entered)
        return;
    if (f->rule.level == SP_AT_DISPATCH || f->rule.holds & SP_LOCK_STARTIO)
        ke_raise_to(DISPATCH_LEVEL);
    if (f->rule.holds & SP_LOCK_STARTIO)
        ke_spin_acquire(&a->startio_lock, EV_LOCK_SPIN, f->old);
    if (f->rule.holds & SP_LOCK_INTERRUPT)
        f->old_below = sp_interrupt_acquire(a);
}

void sp_call_unlock(struct sp_frame *f)
{
    struct sp_adapter *a = f->a;
    uint64_t           kick = f->kick;

    if (!f->entered) {
        if (f->rule.holds & SP_LOCK_INTERRUPT)
            sp_interrupt_release(a, f->old_below);
        if (f->rule.holds & SP_LOCK_STARTIO)
            ke_spin_release(&a->startio_lock, EV_LOCK_SPIN, f->old);
        if (mach_irql() != f->old) {
            ke_lowering(f->old);
            mach_irql_lower(f->old);
        }
    }
    for (; kick; kick &= kick - 1)
        ke_dpc_queue(&a->cpu[__builtin_ctzll(kick)].dpc, NULL, NULL);
}

void sp_call_enter(struct sp_frame *f, const void *routine)
{
    struct sp_adapter *a = f->a;

    f->outer = *ke_call_slot();
    *ke_call_slot() = f;
    __atomic_add_fetch(&a->callbacks, 1, __ATOMIC_RELAXED);
    io_call_enter(&f->io, (enum ev_role)(EV_ROLE_STOR_INITIALIZE_TRACING + f->call), routine, a->extension,
        f->request ? (const void *)f->request->slot->srb : NULL);
    mach_point(MACH_POINT_DDI, a);
}

void sp_call_begin(struct sp_frame *f, struct sp_adapter *a, enum sp_call call, const void *routine)
{
    sp_call_lock(f, a, call);
    sp_call_enter(f, routine);
}

/* ---- out ---- */

/* STL-029. */
static void check_taken(const struct sp_frame *f)
{
    for (unsigned i = 0; i < SP_TAKEN_MAX; i++)
        if (f->taken[i].kind)
            sp_stop("DT-S07", f->taken[i].handle, f->taken[i].site, "%s returned with the %s lock that it acquired",
                sp_call_name(f->call), sp_lock_name(f->taken[i].kind));
}

void sp_call_leave(struct sp_frame *f)
{
    check_taken(f);
    io_call_leave(&f->io);
    __atomic_sub_fetch(&f->a->callbacks, 1, __ATOMIC_RELAXED);
    *ke_call_slot() = f->outer;
}

void sp_call_end(struct sp_frame *f)
{
    sp_call_leave(f);
    sp_call_unlock(f);
}
