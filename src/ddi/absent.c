/* SPDX-License-Identifier: MIT */
/*
 * ddi/absent.c - the NT routines of base/ddi.def that are not written yet. Each is exported, so that a driver that names
 * it still loads, and stops the run when called. Weak: the day somebody writes the routine, the real one wins, and
 * tests/ddi/test_table.sh asks for the row's status to follow. No NT header here: the names have no prototypes.
 */
#include "base/ddi.h"
#include "base/finding.h"
#include "mach/mach.h"

static __attribute__((noinline, noreturn)) void absent(enum ddi_id id, const void *caller)
{
    struct finding f = {.severity = FINDING_STOP, .rule = "DT-ABSENT", .caller = caller};

    if (ddi_rows[id].note)
        finding_raisef(&f, "%s is not implemented by Duetime: %s", ddi_rows[id].name, ddi_rows[id].note);
    else
        finding_raisef(&f, "%s is not implemented by Duetime yet (docs/limits.md)", ddi_rows[id].name);
    mach_halt();
}

#define STUB_DDI_READY(name)
#define STUB_DDI_PARTIAL(name)
#define STUB_DDI_ABSENT(name)                                     \
    __attribute__((visibility("default"), weak)) void name(void); \
    void                                              name(void)  \
    {                                                             \
        absent(DDI_##name, __builtin_return_address(0));          \
    }

#define DDI(name, family, irql_min, irql_max, blocks, status, header, page) STUB_##status(name)
#include "base/ddi.def"
#undef DDI
