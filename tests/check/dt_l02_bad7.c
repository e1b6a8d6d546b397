/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    KSPIN_LOCK Lock, Other;
    ULONG      Count;
} DEVICE, *PDEVICE;

_When_(return != FALSE, _Acquires_lock_(Device->Lock)) BOOLEAN TryLock(_Inout_ PDEVICE Device);
_Releases_lock_(Device->Lock) VOID Unlock(_Inout_ PDEVICE Device);

VOID Count(PDEVICE Device)
{
    BOOLEAN locked = TryLock(Device);

    if (locked)
        Device->Count++;
    Unlock(Device); // expect: DT-L02
}
