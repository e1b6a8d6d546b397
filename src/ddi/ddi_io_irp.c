/* SPDX-License-Identifier: MIT */
/* ddi/ddi_io_irp.c - IRPs as drivers see them: made, sent, completed, canceled. */
#include "ddi/ddi.h"
#include "io/priv.h"

NTKERNELAPI PIRP NTAPI IoAllocateIrp(CCHAR StackSize, BOOLEAN ChargeQuota)
{
    DDI_ENTER(IoAllocateIrp, NULL);
    (void)ChargeQuota;
    PIRP irp = io_irp_alloc((unsigned char)StackSize, IO_IRP_DRIVER);

    DDI_LEAVE(IoAllocateIrp, irp, (uintptr_t)irp);
    return irp;
}

NTKERNELAPI PIRP NTAPI IoAllocateIrpEx(PDEVICE_OBJECT DeviceObject, CCHAR StackSize, BOOLEAN ChargeQuota)
{
    DDI_ENTER(IoAllocateIrpEx, DeviceObject);
    (void)ChargeQuota;
    PIRP irp = io_irp_alloc((unsigned char)StackSize, IO_IRP_DRIVER);

    DDI_LEAVE(IoAllocateIrpEx, DeviceObject, (uintptr_t)irp);
    return irp;
}

NTKERNELAPI VOID NTAPI IoFreeIrp(PIRP Irp)
{
    DDI_ENTER(IoFreeIrp, Irp);
    io_irp_free(Irp);
    DDI_LEAVE(IoFreeIrp, Irp, 0);
}

NTKERNELAPI VOID NTAPI IoReuseIrp(PIRP Irp, NTSTATUS Iostatus)
{
    DDI_ENTER(IoReuseIrp, Irp);
    io_irp_check_alive(Irp, "reused");
    io_irp_reuse(Irp, Iostatus);
    DDI_LEAVE(IoReuseIrp, Irp, 0);
}

static void check_not_ours(PIRP irp)
{
    struct ex_pool_block block;
    uint64_t             p[4] = {0x20d, 0, (uintptr_t)irp, 0};

    if (ex_pool_find(irp, &block) && block.tag == IO_TAG_IRP && !block.caller)
        ke_bugcheckf(NULL, DRIVER_VERIFIER_IOMANAGER_VIOLATION, p,
            "IoInitializeIrp for IRP %p, which IoAllocateIrp made", (void *)irp);
}

NTKERNELAPI VOID NTAPI IoInitializeIrp(PIRP Irp, USHORT PacketSize, CCHAR StackSize)
{
    DDI_ENTER(IoInitializeIrp, Irp);
    check_not_ours(Irp);
    io_irp_init(Irp, PacketSize, (unsigned char)StackSize);
    DDI_LEAVE(IoInitializeIrp, Irp, 0);
}

NTKERNELAPI PIRP NTAPI IoMakeAssociatedIrp(PIRP Irp, CCHAR StackSize)
{
    DDI_ENTER(IoMakeAssociatedIrp, Irp);
    PIRP irp = io_irp_alloc((unsigned char)StackSize, IO_IRP_DRIVER);

    if (irp) {
        irp->Flags |= IRP_ASSOCIATED_IRP;
        irp->AssociatedIrp.MasterIrp = Irp;
        irp->Tail.Overlay.Thread = Irp->Tail.Overlay.Thread;
    }
    DDI_LEAVE(IoMakeAssociatedIrp, Irp, (uintptr_t)irp);
    return irp;
}

/* ---- built requests ---- */

struct build {
    struct io_request r;
    enum io_irp_kind  kind;
    PDEVICE_OBJECT    device;
    PKEVENT           event;
    PIO_STATUS_BLOCK  iosb;
};

static PIRP build(const struct build *b)
{
    PIRP irp;

    if (!NT_SUCCESS(io_irp_build(&b->r, b->device, b->kind, &irp)))
        return NULL;
    irp->UserEvent = b->event;
    irp->UserIosb = b->iosb;
    return irp;
}

static struct build transfer(ULONG major, PDEVICE_OBJECT device, void *buffer, ULONG bytes, PLARGE_INTEGER offset)
{
    struct build b = {.device = device};

    b.r.major = (UCHAR)major;
    b.r.in = b.r.out = buffer;
    b.r.in_bytes = major == IRP_MJ_WRITE ? bytes : 0;
    b.r.out_bytes = major == IRP_MJ_READ ? bytes : 0;
    b.r.offset = offset ? offset->QuadPart : 0;
    return b;
}

NTKERNELAPI PIRP NTAPI IoBuildAsynchronousFsdRequest(ULONG MajorFunction, PDEVICE_OBJECT DeviceObject, PVOID Buffer,
    ULONG Length, PLARGE_INTEGER StartingOffset, PIO_STATUS_BLOCK IoStatusBlock)
{
    struct build b = transfer(MajorFunction, DeviceObject, Buffer, Length, StartingOffset);

    DDI_ENTER(IoBuildAsynchronousFsdRequest, DeviceObject);
    b.kind = IO_IRP_ASYNCHRONOUS;
    b.iosb = IoStatusBlock;
    PIRP irp = build(&b);

    DDI_LEAVE(IoBuildAsynchronousFsdRequest, DeviceObject, (uintptr_t)irp);
    return irp;
}

NTKERNELAPI PIRP NTAPI IoBuildSynchronousFsdRequest(ULONG MajorFunction, PDEVICE_OBJECT DeviceObject, PVOID Buffer,
    ULONG Length, PLARGE_INTEGER StartingOffset, PKEVENT Event, PIO_STATUS_BLOCK IoStatusBlock)
{
    struct build b = transfer(MajorFunction, DeviceObject, Buffer, Length, StartingOffset);

    DDI_ENTER(IoBuildSynchronousFsdRequest, DeviceObject);
    b.kind = IO_IRP_SYNCHRONOUS;
    b.event = Event;
    b.iosb = IoStatusBlock;
    PIRP irp = build(&b);

    DDI_LEAVE(IoBuildSynchronousFsdRequest, DeviceObject, (uintptr_t)irp);
    return irp;
}

NTKERNELAPI PIRP NTAPI IoBuildDeviceIoControlRequest(ULONG IoControlCode, PDEVICE_OBJECT DeviceObject,
    PVOID InputBuffer, ULONG InputBufferLength, PVOID OutputBuffer, ULONG OutputBufferLength,
    BOOLEAN InternalDeviceIoControl, PKEVENT Event, PIO_STATUS_BLOCK IoStatusBlock)
{
    struct build b = {.device = DeviceObject, .kind = IO_IRP_SYNCHRONOUS, .event = Event, .iosb = IoStatusBlock};

    DDI_ENTER(IoBuildDeviceIoControlRequest, DeviceObject);
    b.r = (struct io_request){.major = InternalDeviceIoControl ? IRP_MJ_INTERNAL_DEVICE_CONTROL : IRP_MJ_DEVICE_CONTROL,
        .ioctl = IoControlCode,
        .in = InputBuffer,
        .in_bytes = InputBufferLength,
        .out = OutputBuffer,
        .out_bytes = OutputBufferLength};
    PIRP irp = build(&b);

    DDI_LEAVE(IoBuildDeviceIoControlRequest, DeviceObject, (uintptr_t)irp);
    return irp;
}

/* ---- down and up ---- */

NTKERNELAPI NTSTATUS FASTCALL IofCallDriver(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    DDI_ENTER(IofCallDriver, Irp);
    NTSTATUS status = io_call_driver(DeviceObject, Irp);

    DDI_LEAVE(IofCallDriver, Irp, status);
    return status;
}

NTKERNELAPI VOID FASTCALL IofCompleteRequest(PIRP Irp, CCHAR PriorityBoost)
{
    DDI_ENTER(IofCompleteRequest, Irp);
    io_complete(Irp, PriorityBoost);
    DDI_LEAVE(IofCompleteRequest, Irp, 0);
}

static NTSTATUS forwarded(PDEVICE_OBJECT device, PIRP irp, PVOID event)
{
    (void)device, (void)irp;
    ke_event_set(event, 0);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

NTKERNELAPI BOOLEAN NTAPI IoForwardIrpSynchronously(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    KEVENT  done;
    BOOLEAN room = Irp->CurrentLocation > 1;

    DDI_ENTER(IoForwardIrpSynchronously, Irp);
    if (room) {
        ke_event_init(&done, NotificationEvent, false);
        IoCopyCurrentIrpStackLocationToNext(Irp);
        IoSetCompletionRoutine(Irp, forwarded, &done, TRUE, TRUE, TRUE);
        io_call_driver(DeviceObject, Irp);
        ke_wait_one(&done, NULL);
    }
    DDI_LEAVE(IoForwardIrpSynchronously, Irp, room);
    return room;
}

/* Windows keeps the device (and its driver) until the routine has returned; here drivers are not unloaded under it. */
NTKERNELAPI NTSTATUS NTAPI IoSetCompletionRoutineEx(PDEVICE_OBJECT DeviceObject, PIRP Irp,
    PIO_COMPLETION_ROUTINE CompletionRoutine, PVOID Context, BOOLEAN InvokeOnSuccess, BOOLEAN InvokeOnError,
    BOOLEAN InvokeOnCancel)
{
    DDI_ENTER(IoSetCompletionRoutineEx, Irp);
    (void)DeviceObject;
    IoSetCompletionRoutine(Irp, CompletionRoutine, Context, InvokeOnSuccess, InvokeOnError, InvokeOnCancel);
    DDI_LEAVE(IoSetCompletionRoutineEx, Irp, STATUS_SUCCESS);
    return STATUS_SUCCESS;
}

/* ---- cancel ---- */

NTKERNELAPI BOOLEAN NTAPI IoCancelIrp(PIRP Irp)
{
    DDI_ENTER(IoCancelIrp, Irp);
    BOOLEAN called = io_cancel(Irp);

    DDI_LEAVE(IoCancelIrp, Irp, called);
    return called;
}

NTKERNELAPI VOID NTAPI IoAcquireCancelSpinLock(PKIRQL Irql)
{
    DDI_ENTER(IoAcquireCancelSpinLock, NULL);
    io_cancel_lock_acquire(Irql);
    DDI_LEAVE(IoAcquireCancelSpinLock, NULL, 0);
}

NTKERNELAPI VOID NTAPI IoReleaseCancelSpinLock(KIRQL Irql)
{
    DDI_ENTER(IoReleaseCancelSpinLock, NULL);
    io_cancel_lock_release(Irql);
    DDI_LEAVE(IoReleaseCancelSpinLock, NULL, 0);
}

/* ---- trivia ---- */

NTKERNELAPI BOOLEAN NTAPI IoIs32bitProcess(PIRP Irp)
{
    (void)Irp;
    return FALSE;
}

NTKERNELAPI BOOLEAN NTAPI IoIsOperationSynchronous(PIRP Irp)
{
    PFILE_OBJECT file = io_stack(Irp)->FileObject;

    return (Irp->Flags & IRP_SYNCHRONOUS_API) || (file && (file->Flags & FO_SYNCHRONOUS_IO));
}
