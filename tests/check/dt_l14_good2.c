/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    KSPIN_LOCK Lock;
    KEVENT     Event;
    PVOID      Buffer;
} EXTENSION, *PEXTENSION;

_IRQL_requires_max_(APC_LEVEL) VOID Outside(PEXTENSION Extension)
{
    PVOID         buffer = ExAllocatePool2(POOL_FLAG_PAGED, 100, 'tset');
    LARGE_INTEGER zero = {.QuadPart = 0};
    KIRQL         old;

    KeAcquireSpinLock(&Extension->Lock, &old);
    Extension->Buffer = ExAllocatePool2(POOL_FLAG_NON_PAGED, 100, 'tset');
    if (KeWaitForSingleObject(&Extension->Event, Executive, KernelMode, FALSE, &zero) == STATUS_SUCCESS)
        KeSetEvent(&Extension->Event, IO_NO_INCREMENT, FALSE);
    KeReleaseSpinLock(&Extension->Lock, old);
    KeWaitForSingleObject(&Extension->Event, Executive, KernelMode, FALSE, NULL);
    if (buffer)
        ExFreePoolWithTag(buffer, 'tset');
}
