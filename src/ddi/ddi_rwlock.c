/* SPDX-License-Identifier: MIT */
/* ddi/ddi_rwlock.c - EX_SPIN_LOCK as drivers see it: acquires are a point before, releases a point after. */
#include "ddi/ddi_lock.h"
#include "ke/ke.h"

enum { TOO_HIGH = 0x20011, TOO_LOW = 0x20003 };

static KIRQL acquire(PEX_SPIN_LOCK lock, enum ev_lock kind)
{
    unsigned old = mach_irql_raise(DISPATCH_LEVEL);

    ke_rw_acquire(lock, kind, old);
    return (KIRQL)old;
}

static void release(PEX_SPIN_LOCK lock, enum ev_lock kind, unsigned irql)
{
    ddi_lock_check_restore((const void *)lock, irql);
    ke_rw_release(lock, kind, irql);
    ke_lowering(irql);
    mach_irql_lower(irql);
}

NTKERNELAPI KIRQL NTAPI ExAcquireSpinLockExclusive(PEX_SPIN_LOCK SpinLock)
{
    LOCK_ENTER(ExAcquireSpinLockExclusive, SpinLock, TOO_HIGH);
    KIRQL old = acquire(SpinLock, EV_LOCK_RW_EXCLUSIVE);

    DDI_LEAVE_QUIET(ExAcquireSpinLockExclusive, SpinLock, old);
    return old;
}

NTKERNELAPI KIRQL NTAPI ExAcquireSpinLockShared(PEX_SPIN_LOCK SpinLock)
{
    LOCK_ENTER(ExAcquireSpinLockShared, SpinLock, TOO_HIGH);
    KIRQL old = acquire(SpinLock, EV_LOCK_RW_SHARED);

    DDI_LEAVE_QUIET(ExAcquireSpinLockShared, SpinLock, old);
    return old;
}

NTKERNELAPI VOID NTAPI ExReleaseSpinLockExclusive(PEX_SPIN_LOCK SpinLock, KIRQL OldIrql)
{
    LOCK_ENTER_QUIET(ExReleaseSpinLockExclusive, SpinLock, TOO_LOW);
    release(SpinLock, EV_LOCK_RW_EXCLUSIVE, OldIrql);
    DDI_LEAVE(ExReleaseSpinLockExclusive, SpinLock, 0);
}

NTKERNELAPI VOID NTAPI ExReleaseSpinLockShared(PEX_SPIN_LOCK SpinLock, KIRQL OldIrql)
{
    LOCK_ENTER_QUIET(ExReleaseSpinLockShared, SpinLock, TOO_LOW);
    release(SpinLock, EV_LOCK_RW_SHARED, OldIrql);
    DDI_LEAVE(ExReleaseSpinLockShared, SpinLock, 0);
}

/* ---- at DISPATCH_LEVEL or above ---- */

NTKERNELAPI VOID NTAPI ExAcquireSpinLockExclusiveAtDpcLevel(PEX_SPIN_LOCK SpinLock)
{
    LOCK_ENTER(ExAcquireSpinLockExclusiveAtDpcLevel, SpinLock, TOO_LOW);
    ke_rw_acquire(SpinLock, EV_LOCK_RW_EXCLUSIVE_AT_DPC, mach_irql());
    DDI_LEAVE_QUIET(ExAcquireSpinLockExclusiveAtDpcLevel, SpinLock, 0);
}

NTKERNELAPI VOID NTAPI ExAcquireSpinLockSharedAtDpcLevel(PEX_SPIN_LOCK SpinLock)
{
    LOCK_ENTER(ExAcquireSpinLockSharedAtDpcLevel, SpinLock, TOO_LOW);
    ke_rw_acquire(SpinLock, EV_LOCK_RW_SHARED_AT_DPC, mach_irql());
    DDI_LEAVE_QUIET(ExAcquireSpinLockSharedAtDpcLevel, SpinLock, 0);
}

NTKERNELAPI VOID NTAPI ExReleaseSpinLockExclusiveFromDpcLevel(PEX_SPIN_LOCK SpinLock)
{
    LOCK_ENTER_QUIET(ExReleaseSpinLockExclusiveFromDpcLevel, SpinLock, TOO_LOW);
    ke_rw_release(SpinLock, EV_LOCK_RW_EXCLUSIVE_AT_DPC, mach_irql());
    DDI_LEAVE(ExReleaseSpinLockExclusiveFromDpcLevel, SpinLock, 0);
}

NTKERNELAPI VOID NTAPI ExReleaseSpinLockSharedFromDpcLevel(PEX_SPIN_LOCK SpinLock)
{
    LOCK_ENTER_QUIET(ExReleaseSpinLockSharedFromDpcLevel, SpinLock, TOO_LOW);
    ke_rw_release(SpinLock, EV_LOCK_RW_SHARED_AT_DPC, mach_irql());
    DDI_LEAVE(ExReleaseSpinLockSharedFromDpcLevel, SpinLock, 0);
}

NTKERNELAPI LOGICAL NTAPI ExTryAcquireSpinLockExclusiveAtDpcLevel(PEX_SPIN_LOCK SpinLock)
{
    LOCK_ENTER(ExTryAcquireSpinLockExclusiveAtDpcLevel, SpinLock, TOO_LOW);
    LOGICAL taken = ke_rw_try(SpinLock, EV_LOCK_RW_EXCLUSIVE_AT_DPC, mach_irql());

    DDI_LEAVE_QUIET(ExTryAcquireSpinLockExclusiveAtDpcLevel, SpinLock, taken);
    return taken;
}

NTKERNELAPI LOGICAL NTAPI ExTryAcquireSpinLockSharedAtDpcLevel(PEX_SPIN_LOCK SpinLock)
{
    LOCK_ENTER(ExTryAcquireSpinLockSharedAtDpcLevel, SpinLock, TOO_LOW);
    LOGICAL taken = ke_rw_try(SpinLock, EV_LOCK_RW_SHARED_AT_DPC, mach_irql());

    DDI_LEAVE_QUIET(ExTryAcquireSpinLockSharedAtDpcLevel, SpinLock, taken);
    return taken;
}

NTKERNELAPI LOGICAL NTAPI ExTryConvertSharedSpinLockExclusive(PEX_SPIN_LOCK SpinLock)
{
    LOCK_ENTER(ExTryConvertSharedSpinLockExclusive, SpinLock, TOO_LOW);
    LOGICAL taken = ke_rw_convert(SpinLock);

    DDI_LEAVE_QUIET(ExTryConvertSharedSpinLockExclusive, SpinLock, taken);
    return taken;
}
