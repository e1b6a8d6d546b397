/* SPDX-License-Identifier: MIT */
/*
 * ddi/ddi_stor_prohibited.c - kernel routines called by physical miniports (STI-050): DT-S15. Microsoft's rule is one of the
 * compiler's, so that an adapter asks for it at run time: dt_stor_config.prohibited_ddis.
 */
#include "ddi/ddi_stor.h"

static const uint16_t prohibited[] = {
#define STOR_PROHIBITED(name) DDI_##name,
#include "base/stor_prohibited.def"
};

void ddi_stor_watched(enum ddi_id id, const void *caller)
{
    const struct sp_frame *f = *ke_call_slot();

    if (!f || f->a->is_virtual || !f->a->cfg.prohibited_ddis)
        return;
    for (unsigned i = 0; i < ARRAYSIZE(prohibited); i++)
        if (prohibited[i] == id)
            sp_warn("DT-S15", f->a->extension, caller, "%s is called by a physical miniport, in %s", ddi_rows[id].name,
                sp_call_name(f->call));
}
