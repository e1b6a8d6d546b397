/* SPDX-License-Identifier: MIT */
/*
 * The calls that inline code of these headers makes into the machine. They are points: the simulated machine may
 * switch or interrupt there; the real-time machine returns at once.
 */
#pragma once

#include <ntdef.h>

EXTERN_C_START

/* Before every Interlocked operation, barrier and device-register access: `size` bytes at p; p is NULL for a barrier. */
DT_EXPORT void dt_hook_atomic(const volatile void *p, unsigned size);

/* YieldProcessor(): the caller spins until another processor, an interrupt or the clock has done something. */
DT_EXPORT void dt_hook_spin(void);

/* PAGED_CODE(): the caller must be at or below APC_LEVEL. */
DT_EXPORT void dt_hook_paged_code(const char *file, int line);

EXTERN_C_END
