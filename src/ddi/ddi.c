/* SPDX-License-Identifier: MIT */
/* ddi/ddi.c - a call outside its IRQL range. Windows notices such a call only sometimes and later; this is at once. */
#include "ddi/ddi.h"

#include "base/finding.h"

static const char *irql_name(unsigned irql)
{
    static const char *const low[] = {"PASSIVE_LEVEL", "APC_LEVEL", "DISPATCH_LEVEL"};

    return irql < 3 ? low[irql] : irql == 15 ? "HIGH_LEVEL" : "device level";
}

void ddi_irql_violation(enum ddi_id id, unsigned irql, const void *caller)
{
    const struct ddi_row *row = &ddi_rows[id];
    bool                  above = irql > row->irql_max;
    struct finding        f = {.severity = FINDING_STOP,
               .rule = above ? "DT-I01" : "DT-I02",
               .bugcheck = 0x0A,
               .param = {0, irql, 0, (uintptr_t)caller},
               .caller = caller};

    finding_raisef(&f, "%s is called at IRQL %u (%s); it may be called at %s%s", row->name, irql, irql_name(irql),
        irql_name(above ? row->irql_max : row->irql_min), above ? " or below" : " or above");
}
