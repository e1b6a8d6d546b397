/* SPDX-License-Identifier: MIT */
/* ddi/ddi_irql.c - IRQL as drivers see it. Changing it is a point only through the interrupts that a lowering lets in. */
#include "ddi/ddi.h"
#include "ke/ke.h"

#undef KeRaiseIrql
#undef KfLowerIrql

NTKERNELAPI KIRQL NTAPI KeGetCurrentIrql(VOID)
{
    return (KIRQL)mach_irql();
}

#define OBSERVED __attribute__((noinline)) /* tail-called: so the common path saves no registers */

/* In faithful mode as the page of the routine says, without Driver Verifier. */
static DDI_COLD _Noreturn void wrong_raise(unsigned now, unsigned irql, const void *caller)
{
    uint64_t p[4] = {0x30, now, irql, (uintptr_t)caller};

    if (finding_faithful)
        ke_bugcheck(IRQL_NOT_GREATER_OR_EQUAL, irql, now, 0, (uintptr_t)caller);
    ke_bugcheckf("DT-I03", 0xC4, p, "KeRaiseIrql is called to go from IRQL %u to IRQL %u", now, irql);
}

static DDI_COLD _Noreturn void wrong_lower(unsigned now, unsigned irql, const void *caller)
{
    uint64_t p[4] = {0x31, now, irql, (uintptr_t)caller};

    if (finding_faithful)
        ke_bugcheck(IRQL_NOT_LESS_OR_EQUAL, irql, now, 0, (uintptr_t)caller);
    ke_bugcheckf("DT-I03", 0xC4, p, "KeLowerIrql is called to go from IRQL %u to IRQL %u", now, irql);
}

static DDI_COLD _Noreturn void dpc_lowers(unsigned now, unsigned irql)
{
    uint64_t p[4] = {0x31, now, irql, 1};

    ke_bugcheckf("DT-I03", 0xC4, p, "a DPC routine lowers IRQL to %u", irql);
}

static OBSERVED KIRQL raise_observed(unsigned now, unsigned irql)
{
    ev(EV_IRQL_SET, NULL, now, irql, 0);
    return (KIRQL)now;
}

static OBSERVED void lower_observed(unsigned now, unsigned irql)
{
    ev(EV_IRQL_SET, NULL, now, irql, 0);
    ke_lowering(irql);
    mach_irql_lower(irql);
}

/* IRQ-007, IRQ-008, IRQ-009: a raise may not lower. */
static inline KIRQL raise_to(unsigned irql, const void *caller)
{
    unsigned now = mach_irql();

    if (__builtin_expect(irql < now || irql > HIGH_LEVEL, 0))
        wrong_raise(now, irql, caller);
    mach_irql_raise(irql);
    if (__builtin_expect(ev_wanted(EV_IRQL_SET), 0))
        return raise_observed(now, irql);
    return (KIRQL)now;
}

/* IRQ-013, IRQ-014, IRQ-015. Whether the level is that of the raise before, the verifier knows. */
static inline void lower_to(unsigned irql, const void *caller)
{
    unsigned now = mach_irql();

    if (__builtin_expect(irql > now, 0))
        wrong_lower(now, irql, caller);
    if (irql < DISPATCH_LEVEL && now >= DISPATCH_LEVEL && __builtin_expect(ke_dpc_executing(), 0))
        dpc_lowers(now, irql);
    if (__builtin_expect(ev_wanted(EV_IRQL_SET) || ke_time_is_counted(), 0))
        lower_observed(now, irql);
    else
        mach_irql_lower(irql);
}

DDI_HOT NTKERNELAPI KIRQL NTAPI KfRaiseIrql(KIRQL NewIrql)
{
    return raise_to(NewIrql, __builtin_return_address(0));
}

DDI_HOT NTKERNELAPI KIRQL NTAPI KeRaiseIrqlToDpcLevel(VOID)
{
    return raise_to(DISPATCH_LEVEL, __builtin_return_address(0));
}

DDI_HOT NTKERNELAPI VOID NTAPI KeLowerIrql(KIRQL NewIrql)
{
    lower_to(NewIrql, __builtin_return_address(0));
}

/* Exported for those who do without the headers' macro. */
NTKERNELAPI VOID NTAPI         KeRaiseIrql(KIRQL NewIrql, PKIRQL OldIrql);
DDI_HOT NTKERNELAPI VOID NTAPI KeRaiseIrql(KIRQL NewIrql, PKIRQL OldIrql)
{
    *OldIrql = raise_to(NewIrql, __builtin_return_address(0));
}

NTKERNELAPI KIRQL NTAPI KeRaiseIrqlToSynchLevel(VOID)
{
    return raise_to(SYNCH_LEVEL, __builtin_return_address(0));
}

NTKERNELAPI KIRQL NTAPI KzRaiseIrql(KIRQL NewIrql);
NTKERNELAPI KIRQL NTAPI KzRaiseIrql(KIRQL NewIrql)
{
    return raise_to(NewIrql, __builtin_return_address(0));
}

NTKERNELAPI VOID NTAPI         KfLowerIrql(KIRQL NewIrql);
DDI_HOT NTKERNELAPI VOID NTAPI KfLowerIrql(KIRQL NewIrql)
{
    lower_to(NewIrql, __builtin_return_address(0));
}

NTKERNELAPI VOID NTAPI KzLowerIrql(KIRQL NewIrql);
NTKERNELAPI VOID NTAPI KzLowerIrql(KIRQL NewIrql)
{
    lower_to(NewIrql, __builtin_return_address(0));
}
