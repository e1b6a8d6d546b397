/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    PEX_TIMER Timer;
} EXTENSION, *PEXTENSION;

static EXT_CALLBACK          Expired;
static DRIVER_DISPATCH       Create;
static IO_COMPLETION_ROUTINE Completed;
DRIVER_INITIALIZE            DriverEntry;

_Use_decl_annotations_ static VOID Expired(PEX_TIMER Timer, void *Context)
{
    UNREFERENCED_PARAMETER(Timer);
    UNREFERENCED_PARAMETER(Context);
}

static NTSTATUS Create(struct _DEVICE_OBJECT *DeviceObject, struct _IRP *Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Irp);
    return STATUS_SUCCESS;
}

static NTSTATUS Completed(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Irp);
    UNREFERENCED_PARAMETER(Context);
    return STATUS_SUCCESS;
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNREFERENCED_PARAMETER(RegistryPath);
    for (ULONG i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++)
        DriverObject->MajorFunction[i] = Create;
    DriverObject->MajorFunction[IRP_MJ_CREATE] = DriverObject->MajorFunction[IRP_MJ_CLOSE] = Create;
    return STATUS_SUCCESS;
}

BOOLEAN Start(PEXTENSION Extension, PIRP Irp)
{
    IoSetCompletionRoutine(Irp, Completed, NULL, TRUE, TRUE, TRUE);
    Extension->Timer = ExAllocateTimer(Expired, Extension, 0);
    return Extension->Timer != NULL;
}

_IRQL_requires_max_(APC_LEVEL) VOID Stop(PEXTENSION Extension)
{
    ExDeleteTimer(Extension->Timer, TRUE, TRUE, NULL);
}

/* Shows ANN-009. */
