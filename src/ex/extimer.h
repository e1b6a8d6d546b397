/* SPDX-License-Identifier: MIT */
/* ex/extimer.h - EX_TIMER: system-allocated timers with a callback. Theory in extimer.c. */
#pragma once

#include "ke/ke.h"

/* caller: the driver's code, for reports. All at IRQL <= DISPATCH_LEVEL; results and misuse as documented for the Ex routines of the same name. */
PEX_TIMER ex_timer_allocate(PEXT_CALLBACK callback, void *context, ULONG attributes);
bool ex_timer_set(PEX_TIMER t, int64_t due, int64_t period, const EXT_SET_PARAMETERS *parameters, const void *caller);
bool ex_timer_cancel(PEX_TIMER t, const void *parameters, const void *caller);
bool ex_timer_delete(PEX_TIMER t, bool cancel, bool wait, const EXT_DELETE_PARAMETERS *parameters, const void *caller);
