/* SPDX-License-Identifier: MIT */
/* ddi/ddi_lock.h - what the doors of the spin lock routines share. */
#pragma once

#include "base/finding.h"
#include "ddi/ddi.h"

/* The call is outside its IRQL range: 0xC4 with that code, DT-I01 or DT-I02. */
void ddi_lock_level(enum ddi_id id, unsigned code, const void *lock, const void *caller);

/* The level that a release restores may not be above the present one. */
void ddi_lock_check_restore(const void *lock, unsigned irql);

static inline __attribute__((always_inline)) void ddi_lock_check(
    enum ddi_id id, unsigned irql_min, unsigned irql_max, unsigned code, const void *lock, const void *caller)
{
    unsigned irql = mach_irql();

    if (__builtin_expect(irql > irql_max || irql < irql_min, 0))
        ddi_lock_level(id, code, lock, caller);
}

/* As DDI_ENTER, but a wrong level is told with that code of bug check 0xC4. */
#define LOCK_ENTER_QUIET(name, lock, code)                                                               \
    do {                                                                                                 \
        ddi_lock_check(DDI_##name, DDI_IRQL_MIN_##name, DDI_IRQL_MAX_##name, code, (const void *)(lock), \
            __builtin_return_address(0));                                                                \
        DDI_ENTER_QUIET(name, lock);                                                                     \
    } while (0)

#define LOCK_ENTER(name, lock, code)                      \
    do {                                                  \
        LOCK_ENTER_QUIET(name, lock, code);               \
        mach_point(MACH_POINT_DDI, (const void *)(lock)); \
    } while (0)
