/* SPDX-License-Identifier: MIT */
/*
 * ddi/ddi.h - what every exported NT routine does at its door: check IRQL against base/ddi.def, publish the call, place a
 * scheduling point, call the kernel, publish the result, place a point again.
 *
 * Use:  NTKERNELAPI BOOLEAN NTAPI KeCancelTimer(PKTIMER Timer)
 *       {
 *           DDI_ENTER(KeCancelTimer, Timer);
 *           BOOLEAN was_set = ke_timer_cancel(Timer);
 *           DDI_LEAVE(KeCancelTimer, Timer, was_set);
 *           return was_set;
 *       }
 */
#pragma once

#include "base/ddi.h"
#include "base/ev.h"
#include "mach/mach.h"

/* On the definition of a routine that drivers call often: with link-time optimization all of its common path is one function,
 * whose uncommon branches are kept out of line (noinline) where they are defined. */
#define DDI_HOT  __attribute__((flatten))
#define DDI_COLD __attribute__((noinline, cold)) /* stops the run: kept out of the common path */

/* The call is outside its documented IRQL range: raises the finding DT-I01/DT-I02; returns if findings do not stop. */
void ddi_irql_violation(enum ddi_id id, unsigned irql, const void *caller);

/* The same where the routine's arguments set a lower limit than its row in base/ddi.def: IRQL is above it. */
void ddi_irql_above(enum ddi_id id, unsigned irql_max, const void *caller);

/* While ddi_watch is not 0. Somebody owes a wait (Wait = TRUE): raises DT-W05 if it is this thread. A threaded DPC runs at
 * PASSIVE_LEVEL: raises DT-D06 or DT-I01 if it is this thread and the routine is not for DISPATCH_LEVEL (TDP-010, TDP-011).
 * And so on: see ddi.c. */
void ddi_watched(enum ddi_id id, const void *caller);
void ddi_stor_watched(enum ddi_id id, const void *caller); /* a physical miniport calls: DT-S15 */

/* A synchronization object at an address in paged pool: bug check 0xC4/0xE1, as Driver Verifier has it. Any IRQL. */
void ddi_check_resident(const void *object, const char *routine, const void *caller);

/* The same for an object that is about to be initialized. A bad address raises STATUS_ACCESS_VIOLATION, as long as there is
 * nothing to undo, where the caller handles exceptions. */
void ddi_check_storage(const void *object, const char *routine, const void *caller);

/* Memory is about to be freed: bug check 0xE4 when a queued work item is in it, a warning for an initialized one. IRQL <= 2. */
void ddi_work_memory_goes(const void *start, size_t bytes, const void *caller);

static inline __attribute__((always_inline)) void ddi_check(
    enum ddi_id id, unsigned irql_min, unsigned irql_max, const void *caller)
{
    unsigned irql = mach_irql();

    if (__builtin_expect(irql > irql_max || irql < irql_min, 0))
        ddi_irql_violation(id, irql, caller);
    if (__builtin_expect(__atomic_load_n(&ddi_watch, __ATOMIC_RELAXED) != 0, 0))
        ddi_watched(id, caller);
}

/* Nobody watches or listens, and the machine has one of its quiet moments (mach_undisturbed()): of what a routine does at its
 * door nothing is left. For routines that may be called at DISPATCH_LEVEL. */
static inline bool ddi_unobserved(void)
{
#ifdef MACH_SIM
    return mach_undisturbed(ddi_watch | ev_any);
#else
    return false;
#endif
}

/* For routines that are points themselves or whose IRQL rule depends on arguments: check and publish only. */
#define DDI_ENTER_QUIET(name, obj)                                                                    \
    do {                                                                                              \
        ddi_check(DDI_##name, DDI_IRQL_MIN_##name, DDI_IRQL_MAX_##name, __builtin_return_address(0)); \
        ev(EV_DDI_ENTER, (const void *)(obj), DDI_##name, (uintptr_t)__builtin_return_address(0), 0); \
    } while (0)

/* For the long way of a routine that has a short one and is entered from there: caller is who called it. */
#define DDI_ENTER_FROM(name, obj, caller)                                          \
    do {                                                                           \
        ddi_check(DDI_##name, DDI_IRQL_MIN_##name, DDI_IRQL_MAX_##name, caller);   \
        ev(EV_DDI_ENTER, (const void *)(obj), DDI_##name, (uintptr_t)(caller), 0); \
        mach_point(MACH_POINT_DDI, (const void *)(obj));                           \
    } while (0)

/* For waits, which have rules of their own. */
#define DDI_ENTER_WAIT(name, obj)                                                                     \
    do {                                                                                              \
        if (__builtin_expect(__atomic_load_n(&ddi_watch, __ATOMIC_RELAXED) != 0, 0))                  \
            ddi_stor_watched(DDI_##name, __builtin_return_address(0));                                \
        ev(EV_DDI_ENTER, (const void *)(obj), DDI_##name, (uintptr_t)__builtin_return_address(0), 0); \
        mach_point(MACH_POINT_DDI, (const void *)(obj));                                              \
    } while (0)

#define DDI_LEAVE_QUIET(name, obj, result) ev(EV_DDI_LEAVE, (const void *)(obj), DDI_##name, (uint64_t)(result), 0)

#define DDI_ENTER(name, obj)                             \
    do {                                                 \
        DDI_ENTER_QUIET(name, obj);                      \
        mach_point(MACH_POINT_DDI, (const void *)(obj)); \
    } while (0)

/* After the point nothing of the caller's may be touched: a result is passed by value. */
#define DDI_LEAVE(name, obj, result)                     \
    do {                                                 \
        DDI_LEAVE_QUIET(name, obj, result);              \
        mach_point(MACH_POINT_DDI, (const void *)(obj)); \
    } while (0)
