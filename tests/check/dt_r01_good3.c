/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

DRIVER_INITIALIZE DriverEntry;

/* EXT-021: the same, declared. */
static EXT_CALLBACK        Tick;
static EXT_DELETE_CALLBACK Deleted;

_Use_decl_annotations_ static VOID Tick(PEX_TIMER Timer, PVOID Context)
{
    UNREFERENCED_PARAMETER(Timer);
    UNREFERENCED_PARAMETER(Context);
}

_Use_decl_annotations_ static VOID Deleted(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
}

_Use_decl_annotations_ NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    EXT_DELETE_PARAMETERS parameters;
    PEX_TIMER             timer = ExAllocateTimer(Tick, NULL, 0);

    UNREFERENCED_PARAMETER(DriverObject);
    UNREFERENCED_PARAMETER(RegistryPath);
    if (!timer)
        return STATUS_INSUFFICIENT_RESOURCES;
    ExInitializeDeleteTimerParameters(&parameters);
    parameters.DeleteCallback = Deleted;
    ExDeleteTimer(timer, TRUE, FALSE, &parameters);
    return STATUS_SUCCESS;
}
