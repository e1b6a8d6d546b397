/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    KSPIN_LOCK Lock, Other;
    ULONG      Count;
} DEVICE, *PDEVICE;

_Requires_lock_held_(Device->Lock) static VOID Touch(PDEVICE Device)
{
    Device->Count++;
}

static VOID Helper(PDEVICE Device)
{
    Touch(Device);
}

VOID Right(PDEVICE Device, BOOLEAN Locked)
{
    KIRQL old = PASSIVE_LEVEL;

    if (!Locked)
        KeAcquireSpinLock(&Device->Lock, &old);
    Touch(Device);
    Helper(Device);
    if (!Locked)
        KeReleaseSpinLock(&Device->Lock, old);
}
