/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    KEVENT     Event, Answer;
    KSEMAPHORE Semaphore;
    KMUTEX     Mutex;
    LONG       Count;
} EXTENSION, *PEXTENSION;

KDEFERRED_ROUTINE Dpc;

static VOID Signal(PEXTENSION Extension, BOOLEAN Wait)
{
    KeSetEvent(&Extension->Event, IO_NO_INCREMENT, Wait); // expect: DT-W05
}

VOID Dpc(PKDPC Self, PVOID Context, PVOID A1, PVOID A2)
{
    UNREFERENCED_PARAMETER(Self);
    UNREFERENCED_PARAMETER(A1);
    UNREFERENCED_PARAMETER(A2);
    Signal(Context, TRUE);
}

_IRQL_requires_max_(APC_LEVEL) VOID Conditional(PEXTENSION Extension)
{
    if (KeReleaseSemaphore(&Extension->Semaphore, IO_NO_INCREMENT, 1, TRUE) == 0) // expect: DT-W05
        Extension->Count++;
    if (Extension->Count)
        KeReleaseMutex(&Extension->Mutex, TRUE); // expect: DT-W05
    Extension->Count = 0;
}
