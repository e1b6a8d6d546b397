/* SPDX-License-Identifier: MIT */
/*
 * io/irp.c - making, filling and freeing IRPs.
 *
 * IRPs lie in pool, behind a record of ours. Freed ones go to quarantine like any block, so that whoever uses an IRP after
 * its completion is told so (bug check 0x44) instead of completing somebody else's.
 */
#include <string.h>

#include "io/priv.h"

/* Inferred: NT takes IRPs of up to so many locations from lists of one size, and says so in AllocationFlags. */
enum { FIXED_SIZE_MAX = 14 };

static struct {
    struct list alive; /* io_lock */
} irps;

void io_irp_boot(void)
{
    list_init(&irps.alive);
}

static size_t irp_bytes(unsigned stack_size)
{
    return sizeof(IRP) + stack_size * sizeof(IO_STACK_LOCATION);
}

void io_irp_init(PIRP irp, USHORT bytes, unsigned stack_size)
{
    memset(irp, 0, bytes);
    irp->Type = IO_TYPE_IRP;
    irp->Size = bytes;
    irp->StackCount = (CHAR)stack_size;
    irp->CurrentLocation = (CHAR)(stack_size + 1);
    irp->ThreadListEntry.Flink = irp->ThreadListEntry.Blink = &irp->ThreadListEntry;
    irp->Tail.Overlay.CurrentStackLocation = (PIO_STACK_LOCATION)(irp + 1) + stack_size;
}

PIRP io_irp_alloc(unsigned stack_size, enum io_irp_kind kind)
{
    size_t         bytes = irp_bytes(stack_size);
    struct io_irp *i = ex_pool_alloc(EX_POOL_NX, sizeof *i + bytes, IO_TAG_IRP, NULL);

    if (!i || stack_size > 120)
        return NULL;
    PIRP irp = (PIRP)(i + 1);

    *i = (struct io_irp){.kind = kind};
    io_irp_init(irp, (USHORT)bytes, stack_size);
    irp->AllocationFlags = stack_size <= FIXED_SIZE_MAX ? IRP_ALLOCATED_FIXED_SIZE : 0;
    irp->Reserved = IO_IRP_OURS;
    irp->Tail.Overlay.Thread = kind == IO_IRP_DRIVER ? NULL : (PETHREAD)ke_thread_current();
    unsigned irql = io_lock();

    list_add_tail(&irps.alive, &i->link);
    io_unlock(irql);
    return irp;
}

void io_irp_reuse(PIRP irp, NTSTATUS status)
{
    UCHAR  flags = irp->AllocationFlags;
    USHORT ours = irp->Reserved;

    io_irp_init(irp, (USHORT)irp->Size, (unsigned)irp->StackCount);
    irp->AllocationFlags = flags;
    irp->Reserved = ours;
    irp->IoStatus.Status = status;
    if (io_irp_of(irp))
        io_irp_of(irp)->sent = false;
}

void io_irp_check_alive(PIRP irp, const char *what)
{
    struct ex_pool_block block;
    uint64_t             p[4] = {(uintptr_t)irp, 0, 0, 0};

    if (ex_pool_find(irp, &block) && block.freed)
        ke_bugcheckf(NULL, MULTIPLE_IRP_COMPLETE_REQUESTS, p, "IRP %p was %s after it was completed and freed",
            (void *)irp, what);
}

static void check_free(PIRP irp)
{
    uint64_t no_irp[4] = {1, (uintptr_t)irp, 0, 0}, in_use[4] = {0x20b, 0, (uintptr_t)irp, 0};

    io_irp_check_alive(irp, "freed");
    if (irp->Type != IO_TYPE_IRP)
        ke_bugcheckf(
            NULL, DRIVER_VERIFIER_IOMANAGER_VIOLATION, no_irp, "%p was given to IoFreeIrp but is no IRP", (void *)irp);
    if (irp->CancelRoutine)
        ke_bugcheckf(NULL, DRIVER_VERIFIER_IOMANAGER_VIOLATION, in_use, "IRP %p was freed with a cancel routine set",
            (void *)irp);
}

void io_irp_free(PIRP irp)
{
    check_free(irp);
    struct io_irp *i = io_irp_of(irp);

    if (!i) /* the driver's own memory */
        return;
    unsigned irql = io_lock();

    list_del(&i->link);
    io_unlock(irql);
    ex_pool_free(i, IO_TAG_IRP, NULL);
}

/* ---- buffers ---- */

void io_irp_release_buffers(PIRP irp)
{
    for (PMDL mdl = irp->MdlAddress, next; mdl; mdl = next) {
        next = mdl->Next;
        io_mdl_free(mdl);
    }
    irp->MdlAddress = NULL;
    if (irp->Flags & IRP_DEALLOCATE_BUFFER) {
        ex_pool_free(irp->AssociatedIrp.SystemBuffer, IO_TAG_MISC, NULL);
        irp->AssociatedIrp.SystemBuffer = NULL;
        irp->Flags &= ~(ULONG)IRP_DEALLOCATE_BUFFER;
    }
}

/* A system buffer of `bytes`, its start filled from `in`. */
static NTSTATUS make_system_buffer(PIRP irp, ULONG bytes, const void *in, ULONG in_bytes)
{
    void *buffer = ex_pool_alloc(EX_POOL_NX, bytes, IO_TAG_MISC, NULL);

    if (!buffer)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (in_bytes)
        memcpy(buffer, in, in_bytes);
    irp->AssociatedIrp.SystemBuffer = buffer;
    irp->Flags |= IRP_BUFFERED_IO | IRP_DEALLOCATE_BUFFER;
    return STATUS_SUCCESS;
}

static NTSTATUS make_mdl(PIRP irp, void *buffer, ULONG bytes)
{
    irp->MdlAddress = io_mdl_alloc(buffer, bytes);
    if (!irp->MdlAddress)
        return STATUS_INSUFFICIENT_RESOURCES;
    irp->MdlAddress->MdlFlags |= MDL_PAGES_LOCKED;
    return STATUS_SUCCESS;
}

static void wants_output(PIRP irp, void *out, ULONG out_bytes)
{
    irp->UserBuffer = out;
    if (!out_bytes)
        return;
    irp->Flags |= IRP_INPUT_OPERATION;
    io_irp_of(irp)->out_bytes = out_bytes;
}

static NTSTATUS ioctl_buffered(PIRP irp, void *in, ULONG in_bytes, void *out, ULONG out_bytes)
{
    ULONG bytes = in_bytes > out_bytes ? in_bytes : out_bytes;

    wants_output(irp, out, out_bytes);
    return bytes ? make_system_buffer(irp, bytes, in, in_bytes) : STATUS_SUCCESS;
}

static NTSTATUS ioctl_direct(PIRP irp, void *in, ULONG in_bytes, void *out, ULONG out_bytes)
{
    NTSTATUS status = in_bytes ? make_system_buffer(irp, in_bytes, in, in_bytes) : STATUS_SUCCESS;

    return NT_SUCCESS(status) && out_bytes ? make_mdl(irp, out, out_bytes) : status;
}

NTSTATUS io_irp_set_ioctl(PIRP irp, ULONG code, void *in, ULONG in_bytes, void *out, ULONG out_bytes)
{
    PIO_STACK_LOCATION sp = io_stack(irp) - 1;

    sp->Parameters.DeviceIoControl.OutputBufferLength = out_bytes;
    sp->Parameters.DeviceIoControl.InputBufferLength = in_bytes;
    sp->Parameters.DeviceIoControl.IoControlCode = code;
    switch (METHOD_FROM_CTL_CODE(code)) {
    case METHOD_BUFFERED:
        return ioctl_buffered(irp, in, in_bytes, out, out_bytes);
    case METHOD_NEITHER:
        sp->Parameters.DeviceIoControl.Type3InputBuffer = in;
        irp->UserBuffer = out;
        return STATUS_SUCCESS;
    default:
        return ioctl_direct(irp, in, in_bytes, out, out_bytes);
    }
}

static void set_transfer_parameters(PIO_STACK_LOCATION sp, UCHAR major, ULONG bytes, int64_t offset)
{
    if (major == IRP_MJ_WRITE) {
        sp->Parameters.Write.Length = bytes;
        sp->Parameters.Write.ByteOffset.QuadPart = offset;
    } else {
        sp->Parameters.Read.Length = bytes;
        sp->Parameters.Read.ByteOffset.QuadPart = offset;
    }
}

NTSTATUS io_irp_set_transfer(PIRP irp, PDEVICE_OBJECT device, UCHAR major, void *buffer, ULONG bytes, int64_t offset)
{
    bool write = major == IRP_MJ_WRITE;

    set_transfer_parameters(io_stack(irp) - 1, major, bytes, offset);
    irp->UserBuffer = buffer;
    if (!bytes)
        return STATUS_SUCCESS;
    if (device->Flags & DO_DIRECT_IO)
        return make_mdl(irp, buffer, bytes);
    if (!(device->Flags & DO_BUFFERED_IO))
        return STATUS_SUCCESS;
    if (!write)
        wants_output(irp, buffer, bytes);
    return make_system_buffer(irp, bytes, buffer, write ? bytes : 0);
}

static NTSTATUS fill(PIRP irp, const struct io_request *r, PDEVICE_OBJECT device)
{
    switch (r->major) {
    case IRP_MJ_DEVICE_CONTROL:
    case IRP_MJ_INTERNAL_DEVICE_CONTROL:
        return io_irp_set_ioctl(irp, r->ioctl, r->in, r->in_bytes, r->out, r->out_bytes);
    case IRP_MJ_READ:
        return io_irp_set_transfer(irp, device, r->major, r->out, r->out_bytes, r->offset);
    case IRP_MJ_WRITE:
        return io_irp_set_transfer(irp, device, r->major, r->in, r->in_bytes, r->offset);
    default:
        return STATUS_SUCCESS;
    }
}

NTSTATUS io_irp_build(const struct io_request *r, PDEVICE_OBJECT device, enum io_irp_kind kind, PIRP *out)
{
    PIRP irp = io_irp_alloc((unsigned)device->StackSize, kind);

    *out = NULL;
    if (!irp)
        return STATUS_INSUFFICIENT_RESOURCES;
    PIO_STACK_LOCATION sp = io_stack(irp) - 1;

    sp->MajorFunction = r->major;
    sp->MinorFunction = r->minor;
    sp->FileObject = r->file;
    irp->Tail.Overlay.OriginalFileObject = r->file;
    if (r->major == IRP_MJ_PNP || r->major == IRP_MJ_POWER || r->major == IRP_MJ_SYSTEM_CONTROL)
        irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
    NTSTATUS status = fill(irp, r, device);

    if (!NT_SUCCESS(status)) {
        io_irp_release_buffers(irp);
        io_irp_free(irp);
        return status;
    }
    *out = irp;
    return STATUS_SUCCESS;
}

/* ---- reports ---- */

void io_irp_each(bool (*fn)(void *ctx, const struct io_irp_info *info), void *ctx)
{
    for (struct list *l = irps.alive.next; l != &irps.alive; l = l->next) {
        struct io_irp     *i = container_of(l, struct io_irp, link);
        PIRP               irp = (PIRP)(i + 1);
        struct io_irp_info info = {.irp = irp, .cancel = (PDRIVER_CANCEL)irp->CancelRoutine};

        if (!i->sent || irp->CurrentLocation > irp->StackCount)
            continue;
        info.major = io_stack(irp)->MajorFunction;
        info.minor = io_stack(irp)->MinorFunction;
        info.device = io_stack(irp)->DeviceObject;
        if (!fn(ctx, &info))
            return;
    }
}
