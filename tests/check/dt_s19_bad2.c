/* SPDX-License-Identifier: MIT */
#include <storport.h>

typedef struct {
    PVOID Buffer;
} EXTENSION, *PEXTENSION;

VOID FreeTwice(PEXTENSION Extension)
{
    PVOID buffer = Extension->Buffer;

    StorPortFreePool(Extension, buffer);
    if (Extension->Buffer)
        StorPortFreePool(Extension, buffer); // expect: DT-S19
}

ULONG AllocateTwice(PEXTENSION Extension)
{
    PVOID buffer = NULL;
    ULONG status = StorPortAllocatePool(Extension, 100, 'tset', &buffer);

    if (status == STOR_STATUS_SUCCESS)
        status = StorPortAllocatePool(Extension, 200, 'tset', &buffer); // expect: DT-S19
    Extension->Buffer = buffer;
    return status;
}

ULONG Lost(PEXTENSION Extension, ULONG Length)
{
    PVOID buffer = NULL;
    ULONG status = StorPortAllocatePool(Extension, Length, 'tset', &buffer);

    if (status != STOR_STATUS_SUCCESS)
        return status;
    if (Length > 100)
        return STOR_STATUS_INVALID_PARAMETER; // expect: DT-S19
    Extension->Buffer = buffer;
    return status;
}
