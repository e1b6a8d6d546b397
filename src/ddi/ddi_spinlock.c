/* SPDX-License-Identifier: MIT */
/*
 * ddi/ddi_spinlock.c - KSPIN_LOCK as drivers see it: plain, queued, for threaded DPCs.
 *
 * Taking a lock is a point before, so that another processor may get it first; releasing one is a point after. A call
 * at the wrong level stops with the code that Driver Verifier has for it (SPL-006 .. SPL-010, SPL-014, SPL-042).
 */
#include "ddi/ddi_lock.h"
#include "ke/ke.h"

#undef KeAcquireSpinLock

void ddi_lock_level(enum ddi_id id, unsigned code, const void *lock, const void *caller)
{
    const struct ddi_row *row = &ddi_rows[id];
    unsigned              irql = mach_irql();
    bool                  above = irql > row->irql_max;
    uint64_t              rule = (uintptr_t)(above ? "the routine is called above its level" : "or below it");
    struct finding        f = {.severity = FINDING_STOP,
               .rule = above ? "DT-I01" : "DT-I02",
               .bugcheck = 0xC4,
               .param = {code, irql, (uintptr_t)lock, 0},
               .object = lock,
               .caller = caller};

    if (code >= 0x20000) {
        f.param[1] = rule;
        f.param[2] = f.param[3] = 0;
    }
    finding_raisef(&f, "%s is called at IRQL %u; it may be called at %s%u", row->name, irql,
        row->irql_min == row->irql_max ? ""
        : above                        ? "most at "
                                       : "least at ",
        above ? row->irql_max : row->irql_min);
}

void ddi_lock_check_restore(const void *lock, unsigned irql)
{
    if (__builtin_expect(irql > mach_irql(), 0)) {
        uint64_t p[4] = {0x31, mach_irql(), irql, (uintptr_t)lock};

        ke_bugcheckf("DT-I03", 0xC4, p, "a spin lock release restores IRQL %u at IRQL %u", irql, mach_irql());
    }
}

/* Exported for those who do without the headers' macro. SPL-002: the level is written when the lock is held. */
NTKERNELAPI VOID NTAPI KeAcquireSpinLock(PKSPIN_LOCK SpinLock, PKIRQL OldIrql);
NTKERNELAPI VOID NTAPI KeAcquireSpinLock(PKSPIN_LOCK SpinLock, PKIRQL OldIrql)
{
    *OldIrql = KeAcquireSpinLockRaiseToDpc(SpinLock);
}

NTKERNELAPI VOID NTAPI KeInitializeSpinLock(PKSPIN_LOCK SpinLock)
{
    ddi_check_storage(SpinLock, "KeInitializeSpinLock", __builtin_return_address(0));
    ev(EV_LOCK_INIT, (void *)SpinLock, EV_LOCK_SPIN, 0, 0);
    *SpinLock = 0;
}

NTKERNELAPI KIRQL NTAPI KeAcquireSpinLockRaiseToDpc(PKSPIN_LOCK SpinLock)
{
    LOCK_ENTER(KeAcquireSpinLockRaiseToDpc, SpinLock, 0x42);
    unsigned old = mach_irql_raise(DISPATCH_LEVEL);

    ke_spin_acquire(SpinLock, EV_LOCK_SPIN, old);
    DDI_LEAVE_QUIET(KeAcquireSpinLockRaiseToDpc, SpinLock, old);
    return (KIRQL)old;
}

NTKERNELAPI VOID NTAPI KeReleaseSpinLock(PKSPIN_LOCK SpinLock, KIRQL NewIrql)
{
    LOCK_ENTER_QUIET(KeReleaseSpinLock, SpinLock, 0x32);
    ddi_lock_check_restore(SpinLock, NewIrql);
    ke_spin_release(SpinLock, EV_LOCK_SPIN, NewIrql);
    ke_lowering(NewIrql);
    mach_irql_lower(NewIrql);
    DDI_LEAVE(KeReleaseSpinLock, SpinLock, 0);
}

NTKERNELAPI VOID NTAPI KeAcquireSpinLockAtDpcLevel(PKSPIN_LOCK SpinLock)
{
    LOCK_ENTER(KeAcquireSpinLockAtDpcLevel, SpinLock, 0x40);
    ke_spin_acquire(SpinLock, EV_LOCK_SPIN_AT_DPC, mach_irql());
    DDI_LEAVE_QUIET(KeAcquireSpinLockAtDpcLevel, SpinLock, 0);
}

NTKERNELAPI VOID NTAPI KeReleaseSpinLockFromDpcLevel(PKSPIN_LOCK SpinLock)
{
    LOCK_ENTER_QUIET(KeReleaseSpinLockFromDpcLevel, SpinLock, 0x41);
    ke_spin_release(SpinLock, EV_LOCK_SPIN_AT_DPC, mach_irql());
    DDI_LEAVE(KeReleaseSpinLockFromDpcLevel, SpinLock, 0);
}

NTKERNELAPI VOID NTAPI KefReleaseSpinLockFromDpcLevel(PKSPIN_LOCK SpinLock);
NTKERNELAPI VOID NTAPI KefReleaseSpinLockFromDpcLevel(PKSPIN_LOCK SpinLock)
{
    KeReleaseSpinLockFromDpcLevel(SpinLock);
}

NTKERNELAPI BOOLEAN NTAPI KeTryToAcquireSpinLockAtDpcLevel(PKSPIN_LOCK SpinLock)
{
    LOCK_ENTER(KeTryToAcquireSpinLockAtDpcLevel, SpinLock, 0x20003);
    BOOLEAN taken = ke_spin_try(SpinLock, EV_LOCK_SPIN_TRY, mach_irql());

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
    LOCK_ENTER(KeAcquireInStackQueuedSpinLock, SpinLock, 0x20011);
    unsigned old = mach_irql_raise(DISPATCH_LEVEL);

    ke_queued_acquire(SpinLock, LockHandle, EV_LOCK_QUEUED, old);
    DDI_LEAVE_QUIET(KeAcquireInStackQueuedSpinLock, SpinLock, 0);
}

NTKERNELAPI VOID NTAPI KeReleaseInStackQueuedSpinLock(PKLOCK_QUEUE_HANDLE LockHandle)
{
    LOCK_ENTER_QUIET(KeReleaseInStackQueuedSpinLock, LockHandle, 0x36);
    KIRQL irql = LockHandle->OldIrql;

    ddi_lock_check_restore(ke_queued_lock(LockHandle), irql);
    ke_queued_release(LockHandle, EV_LOCK_QUEUED, irql);
    ke_lowering(irql);
    mach_irql_lower(irql);
    DDI_LEAVE(KeReleaseInStackQueuedSpinLock, LockHandle, 0);
}

NTKERNELAPI VOID NTAPI KeAcquireInStackQueuedSpinLockAtDpcLevel(PKSPIN_LOCK SpinLock, PKLOCK_QUEUE_HANDLE LockHandle)
{
    LOCK_ENTER(KeAcquireInStackQueuedSpinLockAtDpcLevel, SpinLock, 0x20003);
    ke_queued_acquire(SpinLock, LockHandle, EV_LOCK_QUEUED_AT_DPC, mach_irql());
    DDI_LEAVE_QUIET(KeAcquireInStackQueuedSpinLockAtDpcLevel, SpinLock, 0);
}

NTKERNELAPI VOID NTAPI KeReleaseInStackQueuedSpinLockFromDpcLevel(PKLOCK_QUEUE_HANDLE LockHandle)
{
    LOCK_ENTER_QUIET(KeReleaseInStackQueuedSpinLockFromDpcLevel, LockHandle, 0x20003);
    ke_queued_release(LockHandle, EV_LOCK_QUEUED_AT_DPC, mach_irql());
    DDI_LEAVE(KeReleaseInStackQueuedSpinLockFromDpcLevel, LockHandle, 0);
}

/* ---- in threaded DPCs: at PASSIVE_LEVEL or DISPATCH_LEVEL, whichever the routine runs at (TDP-012 .. TDP-014) ---- */

NTKERNELAPI KIRQL NTAPI KeAcquireSpinLockForDpc(PKSPIN_LOCK SpinLock)
{
    LOCK_ENTER(KeAcquireSpinLockForDpc, SpinLock, 0x42);
    unsigned old = ke_raise_to(DISPATCH_LEVEL);

    ke_spin_acquire(SpinLock, EV_LOCK_SPIN, old);
    DDI_LEAVE_QUIET(KeAcquireSpinLockForDpc, SpinLock, old);
    return (KIRQL)old;
}

NTKERNELAPI VOID NTAPI KeReleaseSpinLockForDpc(PKSPIN_LOCK SpinLock, KIRQL OldIrql)
{
    LOCK_ENTER_QUIET(KeReleaseSpinLockForDpc, SpinLock, 0x32);
    ddi_lock_check_restore(SpinLock, OldIrql);
    ke_spin_release(SpinLock, EV_LOCK_SPIN, OldIrql);
    ke_lowering(OldIrql);
    mach_irql_lower(OldIrql);
    DDI_LEAVE(KeReleaseSpinLockForDpc, SpinLock, 0);
}

NTKERNELAPI VOID NTAPI KeAcquireInStackQueuedSpinLockForDpc(PKSPIN_LOCK SpinLock, PKLOCK_QUEUE_HANDLE LockHandle)
{
    LOCK_ENTER(KeAcquireInStackQueuedSpinLockForDpc, SpinLock, 0x20011);
    unsigned old = ke_raise_to(DISPATCH_LEVEL);

    ke_queued_acquire(SpinLock, LockHandle, EV_LOCK_QUEUED, old);
    DDI_LEAVE_QUIET(KeAcquireInStackQueuedSpinLockForDpc, SpinLock, 0);
}

NTKERNELAPI VOID NTAPI KeReleaseInStackQueuedSpinLockForDpc(PKLOCK_QUEUE_HANDLE LockHandle)
{
    LOCK_ENTER_QUIET(KeReleaseInStackQueuedSpinLockForDpc, LockHandle, 0x36);
    KIRQL irql = LockHandle->OldIrql;

    ddi_lock_check_restore(ke_queued_lock(LockHandle), irql);
    ke_queued_release(LockHandle, EV_LOCK_QUEUED, irql);
    ke_lowering(irql);
    mach_irql_lower(irql);
    DDI_LEAVE(KeReleaseInStackQueuedSpinLockForDpc, LockHandle, 0);
}
