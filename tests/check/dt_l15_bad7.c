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

VOID Bare(PDEVICE Device)
{
    Touch(Device); // expect: DT-L15
}

VOID Wrong(PDEVICE Device)
{
    KIRQL old;

    KeAcquireSpinLock(&Device->Other, &old);
    Touch(Device); // expect: DT-L15
    KeReleaseSpinLock(&Device->Other, old);
}
