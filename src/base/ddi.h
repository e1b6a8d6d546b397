/* SPDX-License-Identifier: MIT */
/* base/ddi.h - the DDI table (base/ddi.def) as enumerators, constants and rows. */
#pragma once

#include <stdint.h>

enum ddi_status { DDI_READY, DDI_PARTIAL, DDI_ABSENT };

enum ddi_id {
    DDI_NONE,
#define DDI(name, family, irql_min, irql_max, blocks, status, header, page) DDI_##name,
#include "base/ddi.def"
#undef DDI
    DDI_COUNT
};

/* DDI_IRQL_MIN_KeSetTimer, DDI_IRQL_MAX_KeSetTimer, ... as constants, so that checks fold. */
enum {
#define DDI(name, family, irql_min, irql_max, blocks, status, header, page) \
    DDI_IRQL_MIN_##name = (irql_min), DDI_IRQL_MAX_##name = (irql_max),
#include "base/ddi.def"
#undef DDI
    DDI_IRQL_ANY = 15
};

struct ddi_row {
    const char     *name, *family;
    uint8_t         irql_min, irql_max;
    uint8_t         blocks; /* may block (at IRQL < 2) */
    enum ddi_status status;
    const char     *header, *page; /* page: name of Microsoft's DDI page, "-" when undocumented */
    const char     *note;          /* what is partial, or NULL */
};

/* DDI_NONE is row 0, "none". */
extern const struct ddi_row ddi_rows[DDI_COUNT];

/* Threads that owe a wait (Wait = TRUE, ke/wait.c) or run a threaded DPC: while there are any, every routine looks at its
 * door. Atomic. */
extern uint32_t ddi_watch;
