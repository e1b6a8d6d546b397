/* SPDX-License-Identifier: MIT */
#include <storport.h>

typedef struct {
    PULONG Table;
} EXTENSION, *PEXTENSION;

HW_PASSIVE_INITIALIZE_ROUTINE PassiveInitialize;

BOOLEAN PassiveInitialize(PVOID DeviceExtension)
{
    PEXTENSION extension = DeviceExtension;

    StorPortAllocatePool(DeviceExtension, 4096, 'elbT', (PVOID *)&extension->Table); // expect: DT-S19
    extension->Table[0] = 0;
    return TRUE;
}

VOID Forget(PEXTENSION Extension)
{
    if (Extension->Table != NULL)
        StorPortFreePool(Extension, Extension->Table);
    Extension->Table = NULL;
}
