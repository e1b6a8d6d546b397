/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    KEVENT Events[8];
} EXTENSION, *PEXTENSION;

_IRQL_requires_max_(APC_LEVEL) NTSTATUS AllOf(PEXTENSION Extension)
{
    PVOID       all[RTL_NUMBER_OF(Extension->Events)];
    KWAIT_BLOCK blocks[RTL_NUMBER_OF(Extension->Events)];

    for (ULONG i = 0; i < RTL_NUMBER_OF(all); i++)
        all[i] = &Extension->Events[i];
    return KeWaitForMultipleObjects(RTL_NUMBER_OF(all), all, WaitAll, Executive, KernelMode, FALSE, NULL, blocks);
}
