/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

static KDPC       dpc;
DRIVER_INITIALIZE DriverEntry;

VOID TimerDpc(PKDPC Self, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    UNREFERENCED_PARAMETER(Self);
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
}

VOID Unload(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNREFERENCED_PARAMETER(RegistryPath);
    KeInitializeDpc(&dpc, TimerDpc, NULL); // expect: DT-R01
    DriverObject->DriverUnload = Unload;   // expect: DT-R01
    return STATUS_SUCCESS;
}

/* Shows ANN-008. */
