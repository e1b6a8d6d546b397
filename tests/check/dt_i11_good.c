/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

DRIVER_INITIALIZE DriverEntry;
VOID              Paged(PLONG Value);
#pragma alloc_text(INIT, DriverEntry)
#pragma alloc_text(PAGE, Paged)

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNREFERENCED_PARAMETER(DriverObject);
    UNREFERENCED_PARAMETER(RegistryPath);
    return STATUS_SUCCESS;
}

VOID Paged(PLONG Value)
{
    PAGED_CODE();
    *Value += 1;
}

#pragma code_seg("PAGE")
VOID BySegment(PLONG Value)
{
    PAGED_CODE();
    *Value += 1;
}
#pragma code_seg()

VOID Resident(PLONG Value)
{
    *Value += 1;
}
