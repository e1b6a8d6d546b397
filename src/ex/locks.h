/* SPDX-License-Identifier: MIT */
/* ex/locks.h - resources (ERESOURCE), push locks, rundown protection. The exported names are in ddi/. */
#pragma once

#include "ke/ke.h"

/* Before each run, machine stopped. */
void ex_locks_boot(void);
void ex_push_boot(void);

/* A value that an initialized object at that address carries in this run, and in no other. Not 0. */
uintptr_t ex_lock_cookie(const void *object);

/* ---- resources (ex/resource.c): IRQL <= 2, acquire and convert <= 1 ---- */

enum ex_resource_mode {
    EX_RESOURCE_EXCLUSIVE,
    EX_RESOURCE_SHARED,                   /* behind exclusive waiters, unless the thread has it already */
    EX_RESOURCE_SHARED_STARVE_EXCLUSIVE,  /* past exclusive waiters */
    EX_RESOURCE_SHARED_WAIT_FOR_EXCLUSIVE /* behind exclusive waiters in any case */
};

void  ex_resource_init(PERESOURCE r);
void  ex_resource_reinit(PERESOURCE r);
void  ex_resource_delete(PERESOURCE r);
bool  ex_resource_acquire(PERESOURCE r, enum ex_resource_mode mode, bool wait); /* Point: if it blocks */
void  ex_resource_release(PERESOURCE r);
void  ex_resource_release_for(PERESOURCE r, ERESOURCE_THREAD id);
void  ex_resource_convert(PERESOURCE r);
void  ex_resource_set_owner(PERESOURCE r, void *owner);
ULONG ex_resource_count(PERESOURCE r, bool exclusive_only); /* acquisitions of the calling thread */
ULONG ex_resource_waiters(PERESOURCE r, bool exclusive);

/* ---- push locks (ex/pushlock.c): IRQL <= 1 ---- */

void ex_push_init(PEX_PUSH_LOCK lock);
void ex_push_acquire(PEX_PUSH_LOCK lock, bool exclusive, ULONG flags); /* Point: if it blocks */
void ex_push_release(PEX_PUSH_LOCK lock, bool exclusive, ULONG flags);

/* ---- rundown protection (ex/rundown.c): IRQL <= 2, wait <= 1 ---- */

void ex_rundown_init(PEX_RUNDOWN_REF ref);
void ex_rundown_reinit(PEX_RUNDOWN_REF ref);
void ex_rundown_completed(PEX_RUNDOWN_REF ref);
bool ex_rundown_acquire(PEX_RUNDOWN_REF ref, ULONG count);
void ex_rundown_release(PEX_RUNDOWN_REF ref, ULONG count);
void ex_rundown_wait(PEX_RUNDOWN_REF ref); /* Point: if it blocks */

/* Cache-aware: a count per processor. */
size_t ex_rundown_ca_bytes(void);
void   ex_rundown_ca_init(PEX_RUNDOWN_REF_CACHE_AWARE ref, size_t bytes);
void   ex_rundown_ca_reinit(PEX_RUNDOWN_REF_CACHE_AWARE ref);
void   ex_rundown_ca_completed(PEX_RUNDOWN_REF_CACHE_AWARE ref);
bool   ex_rundown_ca_acquire(PEX_RUNDOWN_REF_CACHE_AWARE ref, ULONG count);
void   ex_rundown_ca_release(PEX_RUNDOWN_REF_CACHE_AWARE ref, ULONG count);
void   ex_rundown_ca_wait(PEX_RUNDOWN_REF_CACHE_AWARE ref);
void   ex_rundown_ca_fini(PEX_RUNDOWN_REF_CACHE_AWARE ref); /* about to be freed */
