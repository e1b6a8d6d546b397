/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

DRIVER_INITIALIZE DriverEntry;

/* EXT-021: callbacks of ExAllocateTimer and ExDeleteTimer that were not declared by their role. */
static VOID Tick(PEX_TIMER Timer, PVOID Context)
{
    UNREFERENCED_PARAMETER(Timer);
    UNREFERENCED_PARAMETER(Context);
}

static VOID Deleted(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
}

/* SIO-064 */
static VOID StartIo(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Irp);
}

static BOOLEAN Synchronized(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
    return TRUE;
}

BOOLEAN Touch(PKINTERRUPT Interrupt, PDRIVER_OBJECT DriverObject)
{
    DriverObject->DriverStartIo = StartIo;                        // expect: DT-R01
    return KeSynchronizeExecution(Interrupt, Synchronized, NULL); // expect: DT-R01
}

_Use_decl_annotations_ NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    EXT_DELETE_PARAMETERS parameters;
    PEX_TIMER             timer = ExAllocateTimer(Tick, NULL, 0); // expect: DT-R01

    UNREFERENCED_PARAMETER(DriverObject);
    UNREFERENCED_PARAMETER(RegistryPath);
    if (!timer)
        return STATUS_INSUFFICIENT_RESOURCES;
    ExInitializeDeleteTimerParameters(&parameters);
    parameters.DeleteCallback = Deleted; // expect: DT-R01
    ExDeleteTimer(timer, TRUE, FALSE, &parameters);
    return STATUS_SUCCESS;
}
