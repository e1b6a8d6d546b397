/* SPDX-License-Identifier: MIT */
#include <storport.h>

typedef struct {
    PVOID Buffer[2];
} EXTENSION, *PEXTENSION;

ULONG Two(PEXTENSION Extension)
{
    PVOID buffer = NULL;
    ULONG status = StorPortAllocatePool(Extension, 100, 'tset', &buffer);

    if (status != STOR_STATUS_SUCCESS)
        status = StorPortAllocatePool(Extension, 50, 'tset', &buffer); /* there was none */
    if (status != STOR_STATUS_SUCCESS)
        return status;
    Extension->Buffer[0] = buffer;
    status = StorPortAllocatePool(Extension, 100, 'tset', &buffer);
    if (status == STOR_STATUS_SUCCESS)
        Extension->Buffer[1] = buffer;
    return status;
}

VOID Free(PEXTENSION Extension)
{
    for (ULONG i = 0; i < 2; i++)
        if (Extension->Buffer[i]) {
            StorPortFreePool(Extension, Extension->Buffer[i]);
            Extension->Buffer[i] = NULL;
        }
}

PVOID Again(PEXTENSION Extension)
{
    PVOID buffer = NULL;

    if (StorPortAllocatePool(Extension, 100, 'tset', &buffer) != STOR_STATUS_SUCCESS)
        return NULL;
    StorPortFreePool(Extension, buffer);
    if (StorPortAllocatePool(Extension, 200, 'tset', &buffer) != STOR_STATUS_SUCCESS)
        return NULL;
    return buffer;
}
