/* SPDX-License-Identifier: MIT */
/* check/lock_calls.cc - the routines of NT that acquire and release locks. */
#include "check/lock.h"
#include "check/walk.h"

namespace dt {

using L = LockCall;

static const LockCall calls[] = {
    {"KeAcquireSpinLockRaiseToDpc", L::ACQUIRE, LOCK_SPIN, 0, -1},
    {"KeReleaseSpinLock", L::RELEASE, LOCK_SPIN, 0, -1},
    {"KeAcquireSpinLockAtDpcLevel", L::ACQUIRE, LOCK_SPIN_DPC, 0, -1},
    {"KeReleaseSpinLockFromDpcLevel", L::RELEASE, LOCK_SPIN_DPC, 0, -1},
    {"KeTryToAcquireSpinLockAtDpcLevel", L::TRY, LOCK_SPIN_DPC, 0, -1},
    {"KeAcquireSpinLockForDpc", L::ACQUIRE, LOCK_FOR_DPC, 0, -1},
    {"KeReleaseSpinLockForDpc", L::RELEASE, LOCK_FOR_DPC, 0, -1},
    {"KeAcquireInStackQueuedSpinLock", L::ACQUIRE, LOCK_QUEUED, 0, 1},
    {"KeReleaseInStackQueuedSpinLock", L::RELEASE, LOCK_QUEUED, -1, 0},
    {"KeAcquireInStackQueuedSpinLockAtDpcLevel", L::ACQUIRE, LOCK_QUEUED_DPC, 0, 1},
    {"KeReleaseInStackQueuedSpinLockFromDpcLevel", L::RELEASE, LOCK_QUEUED_DPC, -1, 0},
    {"KeAcquireInStackQueuedSpinLockForDpc", L::ACQUIRE, LOCK_FOR_DPC, 0, 1},
    {"KeReleaseInStackQueuedSpinLockForDpc", L::RELEASE, LOCK_FOR_DPC, -1, 0},
    {"ExAcquireSpinLockExclusive", L::ACQUIRE, LOCK_RW, 0, -1},
    {"ExReleaseSpinLockExclusive", L::RELEASE, LOCK_RW, 0, -1},
    {"ExAcquireSpinLockShared", L::ACQUIRE, LOCK_RW, 0, -1},
    {"ExReleaseSpinLockShared", L::RELEASE, LOCK_RW, 0, -1},
    {"ExAcquireSpinLockExclusiveAtDpcLevel", L::ACQUIRE, LOCK_RW_DPC, 0, -1},
    {"ExReleaseSpinLockExclusiveFromDpcLevel", L::RELEASE, LOCK_RW_DPC, 0, -1},
    {"ExAcquireSpinLockSharedAtDpcLevel", L::ACQUIRE, LOCK_RW_DPC, 0, -1},
    {"ExReleaseSpinLockSharedFromDpcLevel", L::RELEASE, LOCK_RW_DPC, 0, -1},
    {"ExTryAcquireSpinLockExclusiveAtDpcLevel", L::TRY, LOCK_RW_DPC, 0, -1},
    {"ExTryAcquireSpinLockSharedAtDpcLevel", L::TRY, LOCK_RW_DPC, 0, -1},
    {"KeAcquireInterruptSpinLock", L::ACQUIRE, LOCK_INTERRUPT, 0, -1},
    {"KeReleaseInterruptSpinLock", L::RELEASE, LOCK_INTERRUPT, 0, -1},
    {"IoAcquireCancelSpinLock", L::ACQUIRE, LOCK_CANCEL, -1, -1},
    {"IoReleaseCancelSpinLock", L::RELEASE, LOCK_CANCEL, -1, -1},
    {"ExAcquireFastMutex", L::ACQUIRE, LOCK_FAST, 0, -1},
    {"ExReleaseFastMutex", L::RELEASE, LOCK_FAST, 0, -1},
    {"ExTryToAcquireFastMutex", L::TRY, LOCK_FAST, 0, -1},
    {"ExAcquireFastMutexUnsafe", L::ACQUIRE, LOCK_FAST, 0, -1},
    {"ExReleaseFastMutexUnsafe", L::RELEASE, LOCK_FAST, 0, -1},
    {"KeAcquireGuardedMutex", L::ACQUIRE, LOCK_GUARDED, 0, -1},
    {"KeReleaseGuardedMutex", L::RELEASE, LOCK_GUARDED, 0, -1},
    {"KeTryToAcquireGuardedMutex", L::TRY, LOCK_GUARDED, 0, -1},
    {"KeAcquireGuardedMutexUnsafe", L::ACQUIRE, LOCK_GUARDED, 0, -1},
    {"KeReleaseGuardedMutexUnsafe", L::RELEASE, LOCK_GUARDED, 0, -1},
    {"KeReleaseMutex", L::RELEASE, LOCK_MUTEX, 0, -1},
    {"ExAcquirePushLockExclusiveEx", L::ACQUIRE, LOCK_PUSH, 0, -1},
    {"ExReleasePushLockExclusiveEx", L::RELEASE, LOCK_PUSH, 0, -1},
    {"ExAcquirePushLockSharedEx", L::ACQUIRE, LOCK_PUSH, 0, -1},
    {"ExReleasePushLockSharedEx", L::RELEASE, LOCK_PUSH, 0, -1},
    {"ExAcquireResourceExclusiveLite", L::TRY, LOCK_RESOURCE, 0, -1},
    {"ExAcquireResourceSharedLite", L::TRY, LOCK_RESOURCE, 0, -1},
    {"ExAcquireSharedStarveExclusive", L::TRY, LOCK_RESOURCE, 0, -1},
    {"ExAcquireSharedWaitForExclusive", L::TRY, LOCK_RESOURCE, 0, -1},
    {"ExEnterCriticalRegionAndAcquireResourceExclusive", L::ACQUIRE, LOCK_RESOURCE, 0, -1},
    {"ExEnterCriticalRegionAndAcquireResourceShared", L::ACQUIRE, LOCK_RESOURCE, 0, -1},
    {"ExEnterCriticalRegionAndAcquireSharedWaitForExclusive", L::ACQUIRE, LOCK_RESOURCE, 0, -1},
    {"ExReleaseResourceLite", L::RELEASE, LOCK_RESOURCE, 0, -1},
    {"ExReleaseResourceForThreadLite", L::RELEASE, LOCK_RESOURCE, 0, -1},
    {"ExReleaseResourceAndLeaveCriticalRegion", L::RELEASE, LOCK_RESOURCE, 0, -1},
    {"ExAcquireRundownProtection", L::TRY, LOCK_RUNDOWN, 0, -1},
    {"ExReleaseRundownProtection", L::RELEASE, LOCK_RUNDOWN, 0, -1},
    {"ExAcquireRundownProtectionCacheAware", L::TRY, LOCK_RUNDOWN, 0, -1},
    {"ExReleaseRundownProtectionCacheAware", L::RELEASE, LOCK_RUNDOWN, 0, -1},
    {"IoAcquireRemoveLockEx", L::TRY_STATUS, LOCK_REMOVE, 0, -1},
    {"IoReleaseRemoveLockEx", L::RELEASE, LOCK_REMOVE, 0, -1},
    {"IoReleaseRemoveLockAndWaitEx", L::RELEASE, LOCK_REMOVE, 0, -1},
    {"KeEnterCriticalRegion", L::ACQUIRE, LOCK_CRITICAL_REGION, -1, -1},
    {"KeLeaveCriticalRegion", L::RELEASE, LOCK_CRITICAL_REGION, -1, -1},
    {"KeEnterGuardedRegion", L::ACQUIRE, LOCK_GUARDED_REGION, -1, -1},
    {"KeLeaveGuardedRegion", L::RELEASE, LOCK_GUARDED_REGION, -1, -1},
};

const LockCall *lock_call(StringRef routine)
{
    for (const LockCall &l : calls)
        if (routine == l.name)
            return &l;
    return nullptr;
}

bool is_mutex(const MemRegion *r)
{
    auto    *typed = dyn_cast_or_null<TypedValueRegion>(r);
    auto    *symbolic = dyn_cast_or_null<SymbolicRegion>(r);
    QualType type = typed      ? typed->getValueType()
                    : symbolic ? symbolic->getSymbol()->getType()->getPointeeType()
                               : QualType();
    auto    *record = type.isNull() ? nullptr : type->getAsRecordDecl();

    return record && record->getName() == "_KMUTANT";
}

const LockCall *lock_call(CheckerContext &c, const CallEvent &call)
{
    static const LockCall certain = {"KeWaitForSingleObject", L::ACQUIRE, LOCK_MUTEX, 0, -1};
    static const LockCall maybe = {"KeWaitForSingleObject", L::TRY_WAIT, LOCK_MUTEX, 0, -1};

    if (callee_name(call) != "KeWaitForSingleObject" || call.getNumArgs() < 5)
        return lock_call(callee_name(call));
    if (!is_mutex(argument_object(call, 0)))
        return nullptr;
    auto mode = number_of(c.getState(), call.getArgSVal(2)), alertable = number_of(c.getState(), call.getArgSVal(3));
    bool sure =
        mode && !*mode && alertable && !*alertable && c.getState()->isNull(call.getArgSVal(4)).isConstrainedTrue();
    return sure ? &certain : &maybe;
}

bool is_spin(unsigned kind)
{
    return kind >= LOCK_SPIN && kind <= LOCK_CANCEL;
}

const CallExpr *calls_for_lock(const FunctionDecl *f, bool acquires, unsigned kind)
{
    return find_call(f, [acquires, kind](const CallExpr *e) {
        const FunctionDecl *callee = e->getDirectCallee();
        const LockCall     *l = callee && callee->getIdentifier() ? lock_call(callee->getName()) : nullptr;

        return l && (l->kind == kind || kind == LOCK_NONE) && (l->what != LockCall::RELEASE) == acquires;
    });
}

} // namespace dt
