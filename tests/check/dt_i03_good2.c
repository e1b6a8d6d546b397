/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    KSPIN_LOCK Lock;
    KIRQL      Old[2];
} EXTENSION, *PEXTENSION;

DRIVER_DISPATCH Read;

static VOID Leave(PEXTENSION Extension)
{
    KeLowerIrql(Extension->Old[0]);
}

NTSTATUS Read(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PEXTENSION extension = DeviceObject->DeviceExtension;
    KIRQL      older;

    UNREFERENCED_PARAMETER(Irp);
    KeRaiseIrql(APC_LEVEL, &extension->Old[0]);
    KeRaiseIrql(DISPATCH_LEVEL, &older);
    KeRaiseIrql(DISPATCH_LEVEL, &extension->Old[1]); /* the same level again is allowed */
    KeLowerIrql(extension->Old[1]);
    KeLowerIrql(older);
    Leave(extension);
    return STATUS_SUCCESS;
}
