/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

_IRQL_requires_same_ VOID Same(PKEVENT Event)
{
    KeSetEvent(Event, IO_NO_INCREMENT, FALSE); /* at most DISPATCH_LEVEL (ANN-010) */
}

_IRQL_requires_max_(PASSIVE_LEVEL) VOID Exactly(PLONG Value)
{
    KIRQL old;

    KeRaiseIrql(APC_LEVEL, &old);
    *Value += 1;
    KeLowerIrql(PASSIVE_LEVEL); /* nothing is lower (ANN-011) */
}

_IRQL_requires_max_(DISPATCH_LEVEL) VOID Locked(PKINTERRUPT Interrupt, PKEVENT Event)
{
    KIRQL old = KeAcquireInterruptSpinLock(Interrupt);

    KeReleaseInterruptSpinLock(Interrupt, old);
    KeSetEvent(Event, IO_NO_INCREMENT, FALSE); /* the level of before is back (ANN-022) */
}

/* No rule speaks of floating point: a parameter of such a type says by itself that it is used (ANN-047). */
double Scale(double Value, float By)
{
    return Value * (double)By;
}
