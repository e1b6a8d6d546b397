/* SPDX-License-Identifier: MIT */
#include <storport.h>

typedef struct {
    BOOLEAN             PerMessage;
    ULONG               Count;
    PSCSI_REQUEST_BLOCK Slots[8];
    PVOID               Buffer;
} EXTENSION, *PEXTENSION;

HW_PASSIVE_INITIALIZE_ROUTINE Initialize;

BOOLEAN Initialize(PVOID DeviceExtension)
{
    PEXTENSION extension = DeviceExtension;
    ULONG      size;

    for (size = 4096; size > 512; size /= 2)
        if (StorPortAllocatePool(extension, size, 'tset', &extension->Buffer) == STOR_STATUS_SUCCESS)
            break;
    return TRUE;
}

static PVOID Get(PVOID DeviceExtension)
{
    PVOID buffer = NULL;

    StorPortAllocatePool(DeviceExtension, 100, 'tset', &buffer); /* NULL says it, too */
    return buffer;
}

BOOLEAN Fill(PEXTENSION Extension)
{
    Extension->Buffer = Get(Extension);
    return Extension->Buffer != NULL;
}
