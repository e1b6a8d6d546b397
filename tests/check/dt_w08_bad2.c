/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

enum { LIMIT = 4 };

typedef struct {
    KSEMAPHORE Semaphore;
} EXTENSION, *PEXTENSION;

static VOID Push(PEXTENSION Extension, LONG Count)
{
    KeReleaseSemaphore(&Extension->Semaphore, IO_NO_INCREMENT, Count, FALSE); // expect: DT-W08
}

_IRQL_requires_max_(PASSIVE_LEVEL) VOID Use(PEXTENSION Extension)
{
    KeInitializeSemaphore(&Extension->Semaphore, 0, LIMIT);
    Push(Extension, LIMIT + 1);
}

_IRQL_requires_max_(PASSIVE_LEVEL) VOID Full(PEXTENSION Extension)
{
    KeInitializeSemaphore(&Extension->Semaphore, LIMIT, LIMIT);
    KeReleaseSemaphore(&Extension->Semaphore, IO_NO_INCREMENT, 1, FALSE); // expect: DT-W08
}

_IRQL_requires_max_(PASSIVE_LEVEL) VOID Negative(PKSEMAPHORE Semaphore)
{
    LONG count = -1;

    KeReleaseSemaphore(Semaphore, IO_NO_INCREMENT, count, FALSE); // expect: DT-W08
}
