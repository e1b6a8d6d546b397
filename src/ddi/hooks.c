/* SPDX-License-Identifier: MIT */
/* ddi/hooks.c - what the inline routines of include/ddk call: atomic accesses and PAGED_CODE(). */
#include "ddi/ddi.h"

#include "base/finding.h"
#include "ke/ke.h"

/* INT-011: such an operation is not atomic everywhere, and may raise an alignment exception. */
static __attribute__((noinline)) void misaligned(const volatile void *p, unsigned size, const void *caller)
{
    struct finding f = {.severity = FINDING_WARNING, .rule = "DT-M02", .object = (const void *)p, .caller = caller};

    finding_raisef(&f, "an interlocked operation on %u bytes at an address that is no multiple of that", size);
}

void dt_hook_atomic(const volatile void *p, unsigned size)
{
    if (__builtin_expect(size && ((uintptr_t)p & (size - 1)), 0))
        misaligned(p, size, __builtin_return_address(0));
    ev(EV_MEM_ATOMIC, (const void *)p, size, (uintptr_t)__builtin_return_address(0), 0);
    mach_point(MACH_POINT_ATOMIC, (const void *)p);
}

/* On the simulated machine somebody else steps: a spin loop of the driver ends, or is a livelock that gets told. */
void dt_hook_spin(void)
{
    mach_relax(NULL);
}

void dt_hook_paged_code(const char *file, int line)
{
    unsigned irql = mach_irql();

    if (irql <= APC_LEVEL && !ke_dpc_in_thread())
        return;
    struct finding f = {.severity = FINDING_STOP,
        .rule = "DT-I10",
        .bugcheck = 0xD1,
        .param = {(uintptr_t)__builtin_return_address(0), irql, 8, (uintptr_t)__builtin_return_address(0)},
        .caller = __builtin_return_address(0)};

    finding_raisef(&f, "pageable code (PAGED_CODE at %s:%d) runs %s %u", file, line,
        irql <= APC_LEVEL ? "in a threaded DPC, for which the rules of DISPATCH_LEVEL hold, at IRQL" : "at IRQL", irql);
}
