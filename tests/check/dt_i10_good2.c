/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    KSPIN_LOCK Lock;
    PULONG     Table;
} EXTENSION, *PEXTENSION;

VOID Paged(PEXTENSION Extension);
#pragma alloc_text(PAGE, Paged)

VOID Paged(PEXTENSION Extension)
{
    ULONG value;

    PAGED_CODE();
    value = Extension->Table[0];
    if (value > 3)
        Extension->Table = ExAllocatePoolWithTag(PagedPool, 100, 'egaP');
}

_IRQL_requires_max_(DISPATCH_LEVEL) PVOID Get(SIZE_T Size)
{
    if (KeGetCurrentIrql() >= DISPATCH_LEVEL)
        return ExAllocatePoolWithTag(NonPagedPoolNx, Size, 'noN');
    return ExAllocatePoolWithTag(PagedPool, Size, 'egaP');
}
