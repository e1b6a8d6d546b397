/* SPDX-License-Identifier: MIT */
/* check/lock.h - the locks a path holds, as other rules ask for them. */
#pragma once

#include "check/annot.h"

namespace dt {

enum LockKind {
    LOCK_NONE,
    LOCK_SPIN,     /* KeAcquireSpinLock */
    LOCK_SPIN_DPC, /* KeAcquireSpinLockAtDpcLevel */
    LOCK_QUEUED,
    LOCK_QUEUED_DPC,
    LOCK_FOR_DPC, /* the ForDpc forms */
    LOCK_RW,      /* EX_SPIN_LOCK */
    LOCK_RW_DPC,
    LOCK_INTERRUPT,
    LOCK_CANCEL,
    LOCK_FAST,
    LOCK_GUARDED,
    LOCK_MUTEX, /* KMUTEX, acquired by a wait */
    LOCK_PUSH,
    LOCK_RESOURCE,
    LOCK_RUNDOWN,
    LOCK_REMOVE,
    LOCK_CRITICAL_REGION,
    LOCK_GUARDED_REGION,
    LOCK_USER, /* known by the user's annotations only */
};

struct Held {
    unsigned         kind, count, order; /* order: of acquisition on this path */
    const MemRegion *handle;             /* of the queued forms; the tag of a remove lock */
    bool             from_entry;         /* the root is called with it held */

    bool operator==(const Held &o) const
    {
        return kind == o.kind && count == o.count && order == o.order && handle == o.handle &&
               from_entry == o.from_entry;
    }
    void Profile(llvm::FoldingSetNodeID &id) const
    {
        id.AddInteger(kind);
        id.AddInteger(count);
        id.AddInteger(order);
        id.AddPointer(handle);
        id.AddBoolean(from_entry);
    }
};

/* What a routine of NT does to a lock. */
struct LockCall {
    const char *name;
    /* TRY: TRUE means acquired; TRY_STATUS: STATUS_SUCCESS does, errors do not; TRY_WAIT: as a wait that may time out */
    enum { ACQUIRE, RELEASE, TRY, TRY_STATUS, TRY_WAIT } what;
    LockKind kind;
    int      lock, handle; /* arguments, -1: none */
};
const LockCall *lock_call(StringRef routine);

/* The same of a call on a path: there a wait for a mutex is known by its object. */
const LockCall *lock_call(CheckerContext &c, const CallEvent &call);

bool is_mutex(const MemRegion *r);
bool is_spin(unsigned kind); /* held at DISPATCH_LEVEL or above */

/* The kind of a spin lock (or the cancel lock) that is held; LOCK_NONE. */
unsigned spin_lock_held(ProgramStateRef state);

/* The same, or of a mutex that raises the level. */
unsigned raising_lock_held(ProgramStateRef state);

/* Held on this path (acquired, or by an annotation of the root). */
bool is_held(ProgramStateRef state, const void *lock);

/* Is this the lock that was acquired last of those held? */
bool is_newest_lock(ProgramStateRef state, const void *lock);

/* The first call by which the function itself acquires (releases) a lock of this kind (LOCK_NONE: any); nullptr: none. */
const CallExpr *calls_for_lock(const FunctionDecl *f, bool acquires, unsigned kind);

/* Is the function called in this source? Then its callers show which locks it is called with. */
bool is_called(CheckerContext &c, const FunctionDecl *f);

/* The key of a pseudo-lock: "CancelSpinLock", "CriticalRegion", "PriorityRegion". */
const void *pseudo_lock(StringRef name);

} // namespace dt
