/* SPDX-License-Identifier: MIT */
/*
 * io/request.c - one request of a program: build, send, wait, cancel.
 *
 * The IRP may be completed by any processor while another thread cancels it. `pins` counts who may still touch the IRP: one
 * for its completion, one for each canceller inside IoCancelIrp. The last to let go frees the IRP and sets `done`, so a
 * waiter never comes back while somebody is still inside. io_lock protects pins and irp.
 *
 *      completion                    canceller
 *      copies the result             pins++ unless it is complete
 *                                    IoCancelIrp
 *      pins--                        pins--
 *             \__ 0: free the IRP, set done __/
 */
#include "io/priv.h"

static void finish(struct io_request *r, PIRP irp)
{
    io_irp_free(irp);
    ke_event_set(&r->done, 0);
}

static void unpin(struct io_request *r)
{
    unsigned irql = io_lock();
    bool     last = --r->pins == 0;
    PIRP     irp = r->irp;

    if (last)
        r->irp = NULL;
    io_unlock(irql);
    if (last)
        finish(r, irp);
}

void io_request_completed(struct io_request *r, PIRP irp)
{
    r->iosb = irp->IoStatus;
    r->pending_returned = irp->PendingReturned;
    __atomic_store_n(&r->completed, true, __ATOMIC_RELEASE);
    unpin(r);
}

/* What the dispatch routine returned must fit what became of the IRP. */
static void check_returned(struct io_request *r, PIRP irp, NTSTATUS status)
{
    uint64_t lost[4] = {0x226, 0, (uintptr_t)irp, 0};

    if (status != STATUS_PENDING && !__atomic_load_n(&r->completed, __ATOMIC_ACQUIRE))
        ke_bugcheckf(NULL, DRIVER_VERIFIER_IOMANAGER_VIOLATION, lost,
            "dispatch routine returned 0x%08x but neither completed nor passed on IRP %p", (unsigned)status,
            (void *)irp);
}

static void check_finished(struct io_request *r)
{
    uint64_t unmarked[4] = {0x21c, 0, 0, (ULONG)r->returned}, differs[4] = {0x224, 0, 0, (ULONG)r->iosb.Status};

    if (r->returned == STATUS_PENDING && !r->pending_returned)
        ke_bugcheckf(NULL, DRIVER_VERIFIER_IOMANAGER_VIOLATION, unmarked,
            "dispatch routine returned STATUS_PENDING for an IRP that was not marked pending: on Windows its caller "
            "waits for ever");
    if (r->returned != STATUS_PENDING && r->pending_returned)
        ke_bugcheckf(NULL, DRIVER_VERIFIER_IOMANAGER_VIOLATION, differs,
            "IRP was marked pending but the dispatch routine returned 0x%08x: on Windows it is completed twice",
            (unsigned)r->returned);
    if (r->returned != STATUS_PENDING && r->returned != r->iosb.Status)
        ke_violationf(NULL, DRIVER_VERIFIER_IOMANAGER_VIOLATION, differs,
            "dispatch routine returned 0x%08x but completed the IRP with 0x%08x", (unsigned)r->returned,
            (unsigned)r->iosb.Status);
}

static NTSTATUS refuse(struct io_request *r, NTSTATUS status)
{
    r->iosb.Status = r->returned = status;
    r->completed = true;
    ke_event_set(&r->done, 0);
    return status;
}

static PDEVICE_OBJECT target(const struct io_request *r)
{
    return io_device_top(r->file ? r->file->DeviceObject : r->device);
}

/* CLOSE is sent when the file has no references left, so it takes none. */
static void count_file(struct io_request *r)
{
    r->counts_file = r->file && r->major != IRP_MJ_CLOSE;
    if (r->counts_file)
        ob_reference(r->file);
}

NTSTATUS io_request_send(struct io_request *r)
{
    PDEVICE_OBJECT device = target(r);
    PIRP           irp;

    ke_event_init(&r->done, NotificationEvent, false);
    NTSTATUS status = io_irp_build(r, device, IO_IRP_REQUEST, &irp);

    if (!NT_SUCCESS(status))
        return refuse(r, status);
    count_file(r);
    io_irp_of(irp)->request = r;
    irp->RequestorMode = UserMode;
    irp->UserIosb = &r->iosb;
    if (r->prepare)
        r->prepare(r, irp);
    r->pins = 1;
    r->irp = irp;
    status = r->returned = io_call_driver(device, irp);
    check_returned(r, irp, status);
    return status;
}

NTSTATUS io_request_wait(struct io_request *r, const int64_t *timeout)
{
    NTSTATUS status = ke_wait_one(&r->done, timeout);

    if (status != STATUS_SUCCESS)
        return status;
    check_finished(r);
    if (r->counts_file) {
        r->counts_file = false;
        ob_dereference(r->file);
    }
    return STATUS_SUCCESS;
}

bool io_request_cancel(struct io_request *r)
{
    unsigned irql = io_lock();
    bool     there = r->irp && !__atomic_load_n(&r->completed, __ATOMIC_ACQUIRE);
    PIRP     irp = r->irp;

    if (there)
        r->pins++;
    io_unlock(irql);
    if (!there)
        return false;
    bool called = io_cancel(irp);

    unpin(r);
    return called;
}

NTSTATUS io_request_run(struct io_request *r)
{
    io_request_send(r);
    io_request_wait(r, NULL);
    return r->iosb.Status;
}
