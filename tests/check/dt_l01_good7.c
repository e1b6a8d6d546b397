/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    KSPIN_LOCK Lock, Other;
    ULONG      Count;
} DEVICE, *PDEVICE;

_Acquires_lock_(Device->Lock) _IRQL_raises_(DISPATCH_LEVEL) VOID Lock(PDEVICE Device, _Out_ _IRQL_saves_ PKIRQL Old);
_Releases_lock_(Device->Lock) VOID Unlock(PDEVICE Device, _In_ _IRQL_restores_ KIRQL Old);

VOID Twice(PDEVICE Device)
{
    KIRQL old;

    Lock(Device, &old);
    Unlock(Device, old);
    Lock(Device, &old);
    Unlock(Device, old);
}
