/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    IO_REMOVE_LOCK RemoveLock;
    ERESOURCE      Resource;
    EX_RUNDOWN_REF Rundown;
    LONG           Count;
} EXTENSION, *PEXTENSION;

_IRQL_requires_max_(DISPATCH_LEVEL) NTSTATUS Rundown(PEXTENSION Extension)
{
    if (!ExAcquireRundownProtection(&Extension->Rundown))
        return STATUS_DELETE_PENDING;
    if (Extension->Count == 0)
        return STATUS_DEVICE_NOT_READY; // expect: DT-L15
    ExReleaseRundownProtection(&Extension->Rundown);
    return STATUS_SUCCESS;
}

_IRQL_requires_max_(APC_LEVEL) BOOLEAN Shared(PEXTENSION Extension)
{
    KeEnterCriticalRegion();
    ExAcquireResourceSharedLite(&Extension->Resource, TRUE);
    if (Extension->Count) {
        KeLeaveCriticalRegion();
        return TRUE; // expect: DT-L15
    }
    ExReleaseResourceLite(&Extension->Resource);
    KeLeaveCriticalRegion();
    return FALSE;
}

_Requires_lock_held_(Extension->Resource) VOID Locked(PEXTENSION Extension);

_IRQL_requires_max_(APC_LEVEL) VOID Afterwards(PEXTENSION Extension)
{
    KeEnterCriticalRegion();
    ExAcquireResourceExclusiveLite(&Extension->Resource, TRUE);
    Locked(Extension);
    ExReleaseResourceLite(&Extension->Resource);
    Locked(Extension); // expect: DT-L15
    KeLeaveCriticalRegion();
}
