/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct _EXT {
    ERESOURCE Resource;
    ULONG     Users;
} EXT, *PEXT;

/* ExEnterCriticalRegionAnd... enters a region as well, which a plain release does not leave. */
_IRQL_requires_max_(APC_LEVEL) VOID Update(PEXT Ext)
{
    ExEnterCriticalRegionAndAcquireResourceExclusive(&Ext->Resource);
    Ext->Users++;
    ExReleaseResourceLite(&Ext->Resource);
} // expect: DT-W15
