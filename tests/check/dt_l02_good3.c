/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct _EXT {
    KSPIN_LOCK Lock;
    LIST_ENTRY Queue;
    VOID (*Notify)(PVOID);
    PVOID Context;
} EXT, *PEXT;

/* Called with the lock held: it is let go for the call back and taken again. */
_IRQL_requires_(DISPATCH_LEVEL) VOID CallBack(PEXT Ext)
{
    VOID (*notify)(PVOID) = Ext->Notify;

    KeReleaseSpinLockFromDpcLevel(&Ext->Lock);
    notify(Ext->Context);
    KeAcquireSpinLockAtDpcLevel(&Ext->Lock);
}
