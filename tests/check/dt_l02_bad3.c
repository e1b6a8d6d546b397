/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct _EXT {
    KSPIN_LOCK Lock;
    LIST_ENTRY Queue;
    ULONG      Length;
} EXT, *PEXT;

/* The early way out releases what is only taken below. */
_IRQL_requires_(DISPATCH_LEVEL) BOOLEAN Insert(PEXT Ext, PLIST_ENTRY Entry)
{
    if (!Entry) {
        KeReleaseSpinLockFromDpcLevel(&Ext->Lock); // expect: DT-L02
        return FALSE;
    }
    KeAcquireSpinLockAtDpcLevel(&Ext->Lock);
    InsertTailList(&Ext->Queue, Entry);
    Ext->Length++;
    KeReleaseSpinLockFromDpcLevel(&Ext->Lock);
    return TRUE;
}
