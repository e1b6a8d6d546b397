/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

_IRQL_requires_min_(DISPATCH_LEVEL) VOID PushWork(PLIST_ENTRY List, PLIST_ENTRY Entry);

_IRQL_requires_(PASSIVE_LEVEL) VOID AddWork(PKSPIN_LOCK Lock, PLIST_ENTRY List, PLIST_ENTRY Entry)
{
    KIRQL old;

    KeAcquireSpinLock(Lock, &old);
    PushWork(List, Entry);
    KeReleaseSpinLock(Lock, old);
}

/* Unknown level: nothing certain. */
VOID Add(PLIST_ENTRY List, PLIST_ENTRY Entry)
{
    PushWork(List, Entry);
}

/* Shows ANN-012, ANN-013. */
