/* SPDX-License-Identifier: MIT */
/*
 * io/csq.c - cancel-safe queues.
 *
 * The driver owns list and lock and lends them through callbacks; what is done here is the part that drivers get wrong.
 * Whoever exchanges the cancel routine of a queued IRP for NULL owns the IRP:
 *
 *      IoCsqRemoveNextIrp, IoCsqRemoveIrp     IoCancelIrp
 *      queue lock                             routine = exchange(CancelRoutine, NULL)
 *      exchange(CancelRoutine, NULL)          our cancel routine: drops the cancel lock, takes the queue lock,
 *        got it: unlink, return it              unlinks, drops it, CsqCompleteCanceledIrp
 *        NULL: leave it, it is being canceled
 *
 * DriverContext[3] of a queued IRP leads to its context or, without one, to the queue; the Type field in front of both
 * tells which (they differ).
 */
#include "io/csq.h"

#include "io/priv.h"

static PIO_CSQ csq_of(PIRP irp, PIO_CSQ_IRP_CONTEXT *context)
{
    void *p = irp->Tail.Overlay.DriverContext[3];

    *context = *(ULONG *)p == IO_TYPE_CSQ_IRP_CONTEXT ? p : NULL;
    return *context ? (*context)->Csq : p;
}

/* The IRP leaves the queue: its context forgets it. Queue lock held. */
static void detach(PIRP irp)
{
    PIO_CSQ_IRP_CONTEXT context;

    csq_of(irp, &context);
    if (context)
        context->Irp = NULL;
    irp->Tail.Overlay.DriverContext[3] = NULL;
}

static void complete_canceled(PIO_CSQ csq, PIRP irp)
{
    struct io_call call;

    io_call_enter(&call, EV_ROLE_OTHER, (const void *)csq->CsqCompleteCanceledIrp, irp, csq);
    csq->CsqCompleteCanceledIrp(csq, irp);
    io_call_leave(&call);
}

static void cancel_routine(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_CSQ_IRP_CONTEXT context;
    PIO_CSQ             csq = csq_of(irp, &context);
    KIRQL               irql;

    (void)device;
    io_cancel_lock_release(irp->CancelIrql);
    csq->CsqAcquireLock(csq, &irql);
    csq->CsqRemoveIrp(csq, irp);
    detach(irp);
    csq->CsqReleaseLock(csq, irql);
    complete_canceled(csq, irp);
}

static NTSTATUS call_insert(PIO_CSQ csq, PIRP irp, void *insert_context)
{
    if (csq->Type == IO_TYPE_CSQ_EX)
        return ((PIO_CSQ_INSERT_IRP_EX)(void *)csq->CsqInsertIrp)(csq, irp, insert_context);
    csq->CsqInsertIrp(csq, irp);
    return STATUS_SUCCESS;
}

static void attach(PIO_CSQ csq, PIRP irp, PIO_CSQ_IRP_CONTEXT context)
{
    if (context)
        *context = (IO_CSQ_IRP_CONTEXT){.Type = IO_TYPE_CSQ_IRP_CONTEXT, .Irp = irp, .Csq = csq};
    irp->Tail.Overlay.DriverContext[3] = context ? (void *)context : (void *)csq;
}

/* The driver refused the IRP and keeps it: as if nothing had happened. */
static NTSTATUS refused(PIO_CSQ csq, PIRP irp, KIRQL irql, NTSTATUS status)
{
    detach(irp);
    csq->CsqReleaseLock(csq, irql);
    return status;
}

NTSTATUS io_csq_insert(PIO_CSQ csq, PIRP irp, PIO_CSQ_IRP_CONTEXT context, void *insert_context)
{
    KIRQL irql;

    csq->CsqAcquireLock(csq, &irql);
    attach(csq, irp, context);
    NTSTATUS status = call_insert(csq, irp, insert_context);

    if (!NT_SUCCESS(status))
        return refused(csq, irp, irql, status);
    io_stack(irp)->Control |= SL_PENDING_RETURNED;
    io_cancel_routine_set(irp, cancel_routine);
    mach_point(MACH_POINT_ATOMIC, irp);
    /* Canceled before it had a routine? Then nobody will call it: whoever gets the routine back does. */
    if (irp->Cancel && io_cancel_routine_set(irp, NULL)) {
        csq->CsqRemoveIrp(csq, irp);
        detach(irp);
        csq->CsqReleaseLock(csq, irql);
        complete_canceled(csq, irp);
        return status;
    }
    csq->CsqReleaseLock(csq, irql);
    return status;
}

PIRP io_csq_remove_next(PIO_CSQ csq, void *peek_context)
{
    KIRQL irql;

    csq->CsqAcquireLock(csq, &irql);
    PIRP irp = csq->CsqPeekNextIrp(csq, NULL, peek_context);

    /* Ends: each turn goes one further in the driver's list, and the queue lock is held. */
    while (irp && !io_cancel_routine_set(irp, NULL))
        irp = csq->CsqPeekNextIrp(csq, irp, peek_context);
    if (irp) {
        csq->CsqRemoveIrp(csq, irp);
        detach(irp);
    }
    csq->CsqReleaseLock(csq, irql);
    return irp;
}

PIRP io_csq_remove(PIO_CSQ csq, PIO_CSQ_IRP_CONTEXT context)
{
    KIRQL irql;

    csq->CsqAcquireLock(csq, &irql);
    PIRP irp = context->Irp;

    if (irp && io_cancel_routine_set(irp, NULL)) {
        csq->CsqRemoveIrp(csq, irp);
        detach(irp);
    } else {
        irp = NULL;
    }
    csq->CsqReleaseLock(csq, irql);
    return irp;
}
