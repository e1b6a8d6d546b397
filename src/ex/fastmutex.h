/* SPDX-License-Identifier: MIT */
/* ex/fastmutex.h - fast mutexes, and guarded mutexes, which are the same thing. IRQL <= 1. */
#pragma once

#include "ke/ke.h"

/* How it is taken, and so how it must be given back (LCK-010). */
enum ex_mutex_how {
    EX_MUTEX_RAISING, /* IRQL goes to APC_LEVEL */
    EX_MUTEX_UNSAFE,  /* the caller has APCs off already */
    EX_MUTEX_GUARDED, /* enters a guarded region */
};

void ex_mutex_boot(void);             /* before each run, machine stopped */
bool ex_mutex_guarded_is_owned(void); /* by the calling thread, taken as a guarded mutex */
void ex_mutex_init(PFAST_MUTEX m);
void ex_mutex_acquire(PFAST_MUTEX m, enum ex_mutex_how how); /* Point: if it blocks */
bool ex_mutex_try(PFAST_MUTEX m, enum ex_mutex_how how);
void ex_mutex_release(PFAST_MUTEX m, enum ex_mutex_how how);
