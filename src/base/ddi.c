/* SPDX-License-Identifier: MIT */
#include "base/ddi.h"

#include <stddef.h>

uint32_t ddi_watch;

/* The notes name a row a second time, for one member that the first pass leaves alone. */
const struct ddi_row ddi_rows[DDI_COUNT] = {
    [DDI_NONE] = {.name = "none", .family = "-", .irql_max = 15, .status = DDI_ABSENT, .header = "-", .page = "-"},
#define DDI(name_, family_, lo, hi, blocks_, status_, header_, page_) \
    [DDI_##name_] = {.name = #name_,                                  \
        .family = family_,                                            \
        .irql_min = lo,                                               \
        .irql_max = hi,                                               \
        .blocks = blocks_,                                            \
        .status = status_,                                            \
        .header = header_,                                            \
        .page = page_},
#include "base/ddi.def"
#undef DDI
#define DDI(...)
#define DDI_NOTE(name_, text) [DDI_##name_].note = text,
#include "base/ddi.def"
#undef DDI
};
