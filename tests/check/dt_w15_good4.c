/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct _EXT {
    ERESOURCE Resource;
    ULONG     Users;
} EXT, *PEXT;

/* The region is left by the routine that belongs to it, or by a call of its own. */
_IRQL_requires_max_(APC_LEVEL) VOID Update(PEXT Ext)
{
    ExEnterCriticalRegionAndAcquireResourceExclusive(&Ext->Resource);
    Ext->Users++;
    ExReleaseResourceAndLeaveCriticalRegion(&Ext->Resource);
}

_IRQL_requires_max_(APC_LEVEL) ULONG Users(PEXT Ext)
{
    ULONG users;

    ExEnterCriticalRegionAndAcquireResourceShared(&Ext->Resource);
    users = Ext->Users;
    ExReleaseResourceLite(&Ext->Resource);
    KeLeaveCriticalRegion();
    return users;
}
