/* SPDX-License-Identifier: MIT */
/*
 * io/cancel.c - the cancel spin lock and IoCancelIrp.
 *
 *      thread that cancels                         driver
 *      takes the cancel lock
 *      Irp->Cancel = TRUE
 *      routine = exchange(CancelRoutine, NULL)     exchange(CancelRoutine, NULL): whoever got it owns the IRP
 *      calls it, lock held                         NULL: the cancel routine has run or will
 *                                                  releases the lock with Irp->CancelIrql
 *
 * The IRP may be gone when the routine returns, so what is checked afterwards was remembered before.
 */
#include "io/priv.h"

static KSPIN_LOCK cancel_lock;

void io_cancel_boot(void)
{
    cancel_lock = 0;
}

void io_cancel_lock_acquire(KIRQL *old)
{
    *old = (KIRQL)ke_raise_to(DISPATCH_LEVEL);
    ke_spin_acquire(&cancel_lock, EV_LOCK_CANCEL, *old);
}

void io_cancel_lock_release_at_dpc(void)
{
    ke_spin_release(&cancel_lock, EV_LOCK_CANCEL, DISPATCH_LEVEL);
}

void io_cancel_lock_release(KIRQL old)
{
    ke_spin_release(&cancel_lock, EV_LOCK_CANCEL, old);
    mach_irql_lower(old);
}

static void check_left(PDRIVER_CANCEL routine, PIRP irp, KIRQL old)
{
    uint64_t held[4] = {(uintptr_t)irp, (uintptr_t)routine, 0, 0},
             level[4] = {mach_irql() << 16 | (unsigned)old << 8, (uintptr_t)routine, 0, 0};

    /* Another processor may hold it by now; this one must not. */
    if (ke_spin_held_by_me(&cancel_lock))
        ke_bugcheckf("DT-L04", DRIVER_RETURNED_HOLDING_CANCEL_LOCK, held,
            "cancel routine returned with the cancel spin lock held");
    if (mach_irql() != old)
        ke_bugcheckf("DT-I09", IRQL_UNEXPECTED_VALUE, level,
            "cancel routine returned at IRQL %u, not at Irp->CancelIrql (%u)", mach_irql(), old);
}

void io_cancel_call(PDRIVER_CANCEL routine, PDEVICE_OBJECT device, PIRP irp, KIRQL old)
{
    irp->CancelIrql = old;
    ev(EV_DRIVER_ENTER, (const void *)routine, EV_ROLE_CANCEL, (uintptr_t)irp, (uintptr_t)device);
    routine(device, irp);
    check_left(routine, irp, old);
    ev(EV_DRIVER_LEAVE, (const void *)routine, EV_ROLE_CANCEL, mach_irql(), (uintptr_t)device);
}

static void check_not_completed(PIRP irp, PDRIVER_CANCEL routine)
{
    uint64_t p[4] = {(uintptr_t)irp, (uintptr_t)routine, 0, 0};

    if (irp->CurrentLocation > irp->StackCount + 1)
        ke_bugcheckf(NULL, CANCEL_STATE_IN_COMPLETED_IRP, p, "IRP %p was canceled after it was completed", (void *)irp);
}

bool io_cancel(PIRP irp)
{
    KIRQL old;

    io_irp_check_alive(irp, "canceled");
    io_cancel_lock_acquire(&old);
    irp->Cancel = TRUE;
    mach_point(MACH_POINT_ATOMIC, irp);
    PDRIVER_CANCEL routine = io_cancel_routine_set(irp, NULL);

    ev(EV_IRP_CANCEL, irp, (uintptr_t)routine, 0, 0);
    if (!routine) {
        io_cancel_lock_release(old);
        return false;
    }
    check_not_completed(irp, routine);
    io_cancel_call(routine, irp->CurrentLocation > irp->StackCount ? NULL : io_stack(irp)->DeviceObject, irp, old);
    return true;
}
