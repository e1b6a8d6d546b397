/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    HANDLE File;
} EXTENSION, *PEXTENSION;

_IRQL_requires_max_(DISPATCH_LEVEL) VOID Close(PEXTENSION Extension, BOOLEAN AtPassive)
{
    if (AtPassive) {
        _IRQL_limited_to_(PASSIVE_LEVEL);
        ZwClose(Extension->File);
    }
}
