/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    KSPIN_LOCK Lock, Other;
    ULONG      Count;
} DEVICE, *PDEVICE;

_IRQL_requires_max_(DISPATCH_LEVEL) VOID Same(PDEVICE Device);

_IRQL_requires_max_(DISPATCH_LEVEL) VOID Same(PDEVICE Device)
{
    Device->Count++;
}
