/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    KSPIN_LOCK Lock, Other;
    ULONG      Count;
} DEVICE, *PDEVICE;

typedef _IRQL_requires_max_(PASSIVE_LEVEL) NTSTATUS (*SLOW)(PDEVICE Device);

typedef struct {
    _IRQL_requires_max_(PASSIVE_LEVEL) NTSTATUS (*Open)(PDEVICE Device);
    _IRQL_requires_max_(DISPATCH_LEVEL) NTSTATUS (*Kick)(PDEVICE Device);
} OPERATIONS;

NTSTATUS Go(PDEVICE Device, SLOW Slow, const OPERATIONS *Operations)
{
    KIRQL old;

    KeAcquireSpinLock(&Device->Lock, &old);
    Operations->Kick(Device);
    KeReleaseSpinLock(&Device->Lock, old);
    Slow(Device);
    return Operations->Open(Device);
}
