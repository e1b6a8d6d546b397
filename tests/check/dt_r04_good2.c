/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

DRIVER_DISPATCH Create;

VOID Start(PDRIVER_OBJECT DriverObject)
{
    DriverObject->MajorFunction[IRP_MJ_CREATE] = Create;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = Create; /* one role, twice */
    DriverObject->MajorFunction[IRP_MJ_POWER] = Create;
}

/* Shows ANN-050. */
