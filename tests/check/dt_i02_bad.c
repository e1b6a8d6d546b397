/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

_IRQL_requires_min_(DISPATCH_LEVEL) VOID PushWork(PLIST_ENTRY List, PLIST_ENTRY Entry);

_IRQL_requires_(PASSIVE_LEVEL) VOID AddWork(PLIST_ENTRY List, PLIST_ENTRY Entry)
{
    PushWork(List, Entry); // expect: DT-I02
}

VOID CloseAndAdd(HANDLE Handle, PLIST_ENTRY List, PLIST_ENTRY Entry)
{
    ZwClose(Handle);       /* so this is PASSIVE_LEVEL */
    PushWork(List, Entry); // expect: DT-I02
}

/* Shows ANN-015, ANN-016. */
