/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

/* Some annotation about IRQL, and no maximum: it is DISPATCH_LEVEL (ANN-010). */
_IRQL_requires_same_ VOID Same(HANDLE Handle)
{
    ZwClose(Handle); // expect: DT-I01
}

/* The interrupt lock raises to the interrupt's level, above DISPATCH_LEVEL (ANN-022). */
_IRQL_requires_max_(DISPATCH_LEVEL) VOID Locked(PKINTERRUPT Interrupt, PKEVENT Event)
{
    KIRQL old = KeAcquireInterruptSpinLock(Interrupt);

    KeSetEvent(Event, IO_NO_INCREMENT, FALSE); // expect: DT-W05
    KeReleaseInterruptSpinLock(Interrupt, old);
}

static BOOLEAN passive;

static VOID Change(PBOOLEAN Flag)
{
    *Flag = TRUE;
}

VOID Begin(VOID)
{
    passive = TRUE;
}

/* Flags that begin FALSE, but do not stay it (ANN-029). */
_IRQL_requires_(DISPATCH_LEVEL) VOID Flags(HANDLE Handle, ULONG Case)
{
    BOOLEAN flag = FALSE, other = FALSE, third = FALSE;

    flag |= 1;
    if (Case == 0 && flag)
        ZwClose(Handle); // expect: DT-I01
    other++;
    if (Case == 1 && other)
        ZwClose(Handle); // expect: DT-I01
    Change(&third);
    if (Case == 2 && third)
        ZwClose(Handle); // expect: DT-I01
    if (Case == 3 && passive)
        ZwClose(Handle); // expect: DT-I01
}

/* The minimum is PASSIVE_LEVEL without being said, so that this one runs at exactly that (ANN-011). */
_IRQL_requires_max_(PASSIVE_LEVEL) VOID Exactly(PKSPIN_LOCK Lock)
{
    KeAcquireSpinLockAtDpcLevel(Lock);   // expect: DT-L08
    KeReleaseSpinLockFromDpcLevel(Lock); // expect: DT-L08
}
