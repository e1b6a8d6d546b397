/* SPDX-License-Identifier: MIT */
/*
 * ddi/ddi_irql.c - IRQL and spin locks as drivers see them.
 *
 * Changing IRQL is a point only through the interrupts that a lowering lets in. Taking a lock is a point before, so that
 * another processor may get it first; releasing one is a point after.
 */
#include "ddi/ddi.h"
#include "ke/ke.h"

#undef KeRaiseIrql
#undef KeAcquireSpinLock

NTKERNELAPI KIRQL NTAPI KeGetCurrentIrql(VOID)
{
    return (KIRQL)mach_irql();
}

/* IRQ: a raise may not lower. */
static KIRQL raise_to(unsigned irql, const void *caller)
{
    unsigned now = mach_irql();

    if (__builtin_expect(irql < now || irql > HIGH_LEVEL, 0)) {
        uint64_t p[4] = {0x30, now, irql, (uintptr_t)caller};

        ke_bugcheckf("DT-I03", 0xC4, p, "KeRaiseIrql is called to go from IRQL %u to IRQL %u", now, irql);
    }
    mach_irql_raise(irql);
    ev(EV_IRQL_SET, NULL, now, irql, 0);
    return (KIRQL)now;
}

static void lower_to(unsigned irql, const void *caller)
{
    unsigned now = mach_irql();

    if (__builtin_expect(irql > now, 0)) {
        uint64_t p[4] = {0x31, now, irql, (uintptr_t)caller};

        ke_bugcheckf("DT-I03", 0xC4, p, "KeLowerIrql is called to go from IRQL %u to IRQL %u", now, irql);
    }
    if (__builtin_expect(irql < DISPATCH_LEVEL && now >= DISPATCH_LEVEL && ke_dpc_executing(), 0)) {
        uint64_t p[4] = {0x31, now, irql, 1};

        ke_bugcheckf("DT-I03", 0xC4, p, "a DPC routine lowers IRQL to %u", irql);
    }
    ev(EV_IRQL_SET, NULL, now, irql, 0);
    ke_lowering(irql);
    mach_irql_lower(irql);
}

NTKERNELAPI KIRQL NTAPI KfRaiseIrql(KIRQL NewIrql)
{
    return raise_to(NewIrql, __builtin_return_address(0));
}

NTKERNELAPI KIRQL NTAPI KeRaiseIrqlToDpcLevel(VOID)
{
    return raise_to(DISPATCH_LEVEL, __builtin_return_address(0));
}

NTKERNELAPI VOID NTAPI KeLowerIrql(KIRQL NewIrql)
{
    lower_to(NewIrql, __builtin_return_address(0));
}

/* ---- spin locks ---- */

NTKERNELAPI VOID NTAPI KeInitializeSpinLock(PKSPIN_LOCK SpinLock)
{
    ev(EV_LOCK_INIT, (void *)SpinLock, EV_LOCK_SPIN, 0, 0);
    *SpinLock = 0;
}

NTKERNELAPI KIRQL NTAPI KeAcquireSpinLockRaiseToDpc(PKSPIN_LOCK SpinLock)
{
    DDI_ENTER(KeAcquireSpinLockRaiseToDpc, SpinLock);
    unsigned old = mach_irql_raise(DISPATCH_LEVEL);

    ke_spin_acquire(SpinLock, EV_LOCK_SPIN, old);
    DDI_LEAVE_QUIET(KeAcquireSpinLockRaiseToDpc, SpinLock, old);
    return (KIRQL)old;
}

/* The level restored may not be above the present one. */
static void check_restore(PKSPIN_LOCK lock, unsigned irql)
{
    if (__builtin_expect(irql > mach_irql(), 0)) {
        uint64_t p[4] = {0x31, mach_irql(), irql, (uintptr_t)lock};

        ke_bugcheckf("DT-I03", 0xC4, p, "a spin lock release restores IRQL %u at IRQL %u", irql, mach_irql());
    }
}

NTKERNELAPI VOID NTAPI KeReleaseSpinLock(PKSPIN_LOCK SpinLock, KIRQL NewIrql)
{
    DDI_ENTER_QUIET(KeReleaseSpinLock, SpinLock);
    check_restore(SpinLock, NewIrql);
    ke_spin_release(SpinLock, EV_LOCK_SPIN, NewIrql);
    ke_lowering(NewIrql);
    mach_irql_lower(NewIrql);
    DDI_LEAVE(KeReleaseSpinLock, SpinLock, 0);
}

NTKERNELAPI VOID NTAPI KeAcquireSpinLockAtDpcLevel(PKSPIN_LOCK SpinLock)
{
    DDI_ENTER(KeAcquireSpinLockAtDpcLevel, SpinLock);
    ke_spin_acquire(SpinLock, EV_LOCK_SPIN_AT_DPC, mach_irql());
    DDI_LEAVE_QUIET(KeAcquireSpinLockAtDpcLevel, SpinLock, 0);
}

NTKERNELAPI VOID NTAPI KeReleaseSpinLockFromDpcLevel(PKSPIN_LOCK SpinLock)
{
    DDI_ENTER_QUIET(KeReleaseSpinLockFromDpcLevel, SpinLock);
    ke_spin_release(SpinLock, EV_LOCK_SPIN_AT_DPC, mach_irql());
    DDI_LEAVE(KeReleaseSpinLockFromDpcLevel, SpinLock, 0);
}

NTKERNELAPI BOOLEAN NTAPI KeTryToAcquireSpinLockAtDpcLevel(PKSPIN_LOCK SpinLock)
{
    DDI_ENTER(KeTryToAcquireSpinLockAtDpcLevel, SpinLock);
    BOOLEAN taken = ke_spin_try(SpinLock, EV_LOCK_SPIN_AT_DPC, mach_irql());

    DDI_LEAVE_QUIET(KeTryToAcquireSpinLockAtDpcLevel, SpinLock, taken);
    return taken;
}

NTKERNELAPI BOOLEAN NTAPI KeTestSpinLock(PKSPIN_LOCK SpinLock)
{
    DDI_ENTER(KeTestSpinLock, SpinLock);
    return __atomic_load_n((uintptr_t *)SpinLock, __ATOMIC_RELAXED) == 0;
}

NTKERNELAPI VOID NTAPI KeAcquireInStackQueuedSpinLock(PKSPIN_LOCK SpinLock, PKLOCK_QUEUE_HANDLE LockHandle)
{
    DDI_ENTER(KeAcquireInStackQueuedSpinLock, SpinLock);
    unsigned old = mach_irql_raise(DISPATCH_LEVEL);

    ke_queued_acquire(SpinLock, LockHandle, EV_LOCK_QUEUED, old);
    DDI_LEAVE_QUIET(KeAcquireInStackQueuedSpinLock, SpinLock, 0);
}

NTKERNELAPI VOID NTAPI KeReleaseInStackQueuedSpinLock(PKLOCK_QUEUE_HANDLE LockHandle)
{
    DDI_ENTER_QUIET(KeReleaseInStackQueuedSpinLock, LockHandle);
    KIRQL irql = LockHandle->OldIrql;

    check_restore(LockHandle->LockQueue.Lock, irql);
    ke_queued_release(LockHandle, EV_LOCK_QUEUED, irql);
    ke_lowering(irql);
    mach_irql_lower(irql);
    DDI_LEAVE(KeReleaseInStackQueuedSpinLock, LockHandle, 0);
}

NTKERNELAPI VOID NTAPI KeAcquireInStackQueuedSpinLockAtDpcLevel(PKSPIN_LOCK SpinLock, PKLOCK_QUEUE_HANDLE LockHandle)
{
    DDI_ENTER(KeAcquireInStackQueuedSpinLockAtDpcLevel, SpinLock);
    ke_queued_acquire(SpinLock, LockHandle, EV_LOCK_QUEUED_AT_DPC, mach_irql());
    DDI_LEAVE_QUIET(KeAcquireInStackQueuedSpinLockAtDpcLevel, SpinLock, 0);
}

NTKERNELAPI VOID NTAPI KeReleaseInStackQueuedSpinLockFromDpcLevel(PKLOCK_QUEUE_HANDLE LockHandle)
{
    DDI_ENTER_QUIET(KeReleaseInStackQueuedSpinLockFromDpcLevel, LockHandle);
    ke_queued_release(LockHandle, EV_LOCK_QUEUED_AT_DPC, mach_irql());
    DDI_LEAVE(KeReleaseInStackQueuedSpinLockFromDpcLevel, LockHandle, 0);
}

/* ---- in threaded DPCs: at PASSIVE_LEVEL or DISPATCH_LEVEL, whichever the routine runs at (TDP-012 .. TDP-014) ---- */

NTKERNELAPI KIRQL NTAPI KeAcquireSpinLockForDpc(PKSPIN_LOCK SpinLock)
{
    DDI_ENTER(KeAcquireSpinLockForDpc, SpinLock);
    unsigned old = ke_raise_to(DISPATCH_LEVEL);

    ke_spin_acquire(SpinLock, EV_LOCK_SPIN, old);
    DDI_LEAVE_QUIET(KeAcquireSpinLockForDpc, SpinLock, old);
    return (KIRQL)old;
}

NTKERNELAPI VOID NTAPI KeReleaseSpinLockForDpc(PKSPIN_LOCK SpinLock, KIRQL OldIrql)
{
    DDI_ENTER_QUIET(KeReleaseSpinLockForDpc, SpinLock);
    check_restore(SpinLock, OldIrql);
    ke_spin_release(SpinLock, EV_LOCK_SPIN, OldIrql);
    ke_lowering(OldIrql);
    mach_irql_lower(OldIrql);
    DDI_LEAVE(KeReleaseSpinLockForDpc, SpinLock, 0);
}

NTKERNELAPI VOID NTAPI KeAcquireInStackQueuedSpinLockForDpc(PKSPIN_LOCK SpinLock, PKLOCK_QUEUE_HANDLE LockHandle)
{
    DDI_ENTER(KeAcquireInStackQueuedSpinLockForDpc, SpinLock);
    unsigned old = ke_raise_to(DISPATCH_LEVEL);

    ke_queued_acquire(SpinLock, LockHandle, EV_LOCK_QUEUED, old);
    DDI_LEAVE_QUIET(KeAcquireInStackQueuedSpinLockForDpc, SpinLock, 0);
}

NTKERNELAPI VOID NTAPI KeReleaseInStackQueuedSpinLockForDpc(PKLOCK_QUEUE_HANDLE LockHandle)
{
    DDI_ENTER_QUIET(KeReleaseInStackQueuedSpinLockForDpc, LockHandle);
    KIRQL irql = LockHandle->OldIrql;

    check_restore(LockHandle->LockQueue.Lock, irql);
    ke_queued_release(LockHandle, EV_LOCK_QUEUED, irql);
    ke_lowering(irql);
    mach_irql_lower(irql);
    DDI_LEAVE(KeReleaseInStackQueuedSpinLockForDpc, LockHandle, 0);
}
