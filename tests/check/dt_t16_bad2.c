/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    PEX_TIMER  Timer;
    KSPIN_LOCK Lock;
    FAST_MUTEX Mutex;
} WATCH, *PWATCH;

EXT_CALLBACK      Expired;
KDEFERRED_ROUTINE Dpc;

static VOID Delete(PWATCH Watch)
{
    ExDeleteTimer(Watch->Timer, TRUE, TRUE, NULL); // expect: DT-T16
}

VOID Expired(PEX_TIMER Timer, PVOID Context)
{
    UNREFERENCED_PARAMETER(Timer);
    Delete(Context);
}

VOID Dpc(PKDPC Self, PVOID Context, PVOID A1, PVOID A2)
{
    PWATCH watch = Context;

    UNREFERENCED_PARAMETER(Self);
    UNREFERENCED_PARAMETER(A1);
    UNREFERENCED_PARAMETER(A2);
    ExDeleteTimer(watch->Timer, TRUE, TRUE, NULL); // expect: DT-T16
}

_IRQL_requires_max_(APC_LEVEL) VOID Stop(PWATCH Watch)
{
    KLOCK_QUEUE_HANDLE handle;

    KeAcquireInStackQueuedSpinLock(&Watch->Lock, &handle);
    ExDeleteTimer(Watch->Timer, TRUE, TRUE, NULL); // expect: DT-T16
    KeReleaseInStackQueuedSpinLock(&handle);
}
