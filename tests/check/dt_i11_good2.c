/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

DRIVER_INITIALIZE DriverEntry;
NTSTATUS          Create(PDEVICE_OBJECT DeviceObject, PIRP Irp);
#ifdef ALLOC_PRAGMA
#    pragma alloc_text(INIT, DriverEntry)
#    pragma alloc_text(PAGE, Create)
#endif

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNREFERENCED_PARAMETER(DriverObject);
    UNREFERENCED_PARAMETER(RegistryPath);
    return STATUS_SUCCESS;
}

NTSTATUS Create(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Irp);
    PAGED_CODE();
    return STATUS_SUCCESS;
}

#pragma code_seg(push, "PAGE")
VOID BySegment(PLONG Value)
{
    PAGED_CODE();
    *Value += 1;
}
#pragma code_seg(pop)

VOID Resident(PLONG Value)
{
    *Value += 1;
}
