/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    KSPIN_LOCK Lock, Other;
    ULONG      Count;
} DEVICE, *PDEVICE;

_IRQL_requires_max_(DISPATCH_LEVEL) VOID Changed(PDEVICE Device);

_IRQL_requires_max_(PASSIVE_LEVEL) VOID Changed(PDEVICE Device) // expect: DT-I08
{
    Device->Count++;
}

/* Shows ANN-006. */
