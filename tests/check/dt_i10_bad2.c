/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    KSPIN_LOCK Lock;
    PULONG     Table;
} EXTENSION, *PEXTENSION;

KDEFERRED_ROUTINE Dpc;
VOID              Paged(PEXTENSION Extension);
#pragma alloc_text(PAGE, Paged)

VOID Paged(PEXTENSION Extension)
{
    PAGED_CODE(); // expect: DT-I10
    Extension->Table[0] = 1;
}

_IRQL_requires_max_(APC_LEVEL) VOID UnderLock(PEXTENSION Extension)
{
    KLOCK_QUEUE_HANDLE handle;

    KeAcquireInStackQueuedSpinLock(&Extension->Lock, &handle);
    Paged(Extension);
    KeReleaseInStackQueuedSpinLock(&handle);
}

static PVOID Get(SIZE_T Size)
{
    return ExAllocatePoolWithTag(PagedPool, Size, 'egaP'); // expect: DT-I10
}

VOID Dpc(PKDPC Self, PVOID Context, PVOID A1, PVOID A2)
{
    PEXTENSION extension = Context;

    UNREFERENCED_PARAMETER(Self);
    UNREFERENCED_PARAMETER(A1);
    UNREFERENCED_PARAMETER(A2);
    extension->Table = Get(100);
}
