/* SPDX-License-Identifier: MIT */
/* ddi/ddi.c - what many routines check: the caller's IRQL, where an object lies. Windows notices only sometimes, this is at once. */
#include "ddi/ddi.h"

#include "base/finding.h"
#include "ex/pool.h"

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

void ddi_check_resident(const void *object, const char *routine, const void *caller)
{
    struct ex_pool_block block;

    if (!ex_pool_find(object, &block) || !(block.type & EX_POOL_PAGED))
        return;
    struct finding f = {.severity = FINDING_STOP,
        .rule = "DT-I10",
        .bugcheck = 0xC4,
        .param = {0xE1, (uintptr_t)object, 0, 0},
        .object = object,
        .caller = caller};

    finding_raisef(&f, "%s is given a synchronization object in paged pool", routine);
}
