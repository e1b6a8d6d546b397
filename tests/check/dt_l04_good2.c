/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    KSPIN_LOCK Lock;
    LONG       Count;
} EXTENSION, *PEXTENSION;

EXT_CALLBACK   Expired;
KSTART_ROUTINE Thread;

VOID Expired(PEX_TIMER Timer, PVOID Context)
{
    PEXTENSION extension = Context;

    UNREFERENCED_PARAMETER(Timer);
    if (!KeTryToAcquireSpinLockAtDpcLevel(&extension->Lock))
        return;
    extension->Count++;
    KeReleaseSpinLockFromDpcLevel(&extension->Lock);
}

VOID Thread(PVOID Context)
{
    PEXTENSION extension = Context;
    KIRQL      old;

    KeAcquireSpinLock(&extension->Lock, &old);
    while (extension->Count > 0) {
        extension->Count--;
        KeReleaseSpinLock(&extension->Lock, old);
        KeAcquireSpinLock(&extension->Lock, &old);
    }
    KeReleaseSpinLock(&extension->Lock, old);
}
