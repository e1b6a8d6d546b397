/* SPDX-License-Identifier: MIT */
/* ddi/ddi_stor.h - the door of StorPort's routines: as DDI_ENTER, and whose adapter it is. */
#pragma once

#include "ddi/ddi.h"
#include "sp/priv.h"

/* Declares a, which is NULL after a finding when ext is no adapter's device extension. */
#define STOR_ENTER(name, ext) \
    DDI_ENTER(name, ext);     \
    struct sp_adapter *a = sp_adapter_of(ext, #name, __builtin_return_address(0))

/* For routines that answer STOR_STATUS_INVALID_PARAMETER to a NULL extension: no finding for that. */
#define STOR_ENTER_CHECKED(name, ext) \
    DDI_ENTER(name, ext);             \
    struct sp_adapter *a = (ext) ? sp_adapter_of(ext, #name, __builtin_return_address(0)) : NULL

/* And that answer STOR_STATUS_INVALID_IRQL themselves: STOR_IRQL_FITS warns (DT-S12), as Microsoft's rule StorPortIrql does. */
#define STOR_ENTER_ANY(name, ext) \
    DDI_ENTER_WAIT(name, ext);    \
    struct sp_adapter *a = (ext) ? sp_adapter_of(ext, #name, __builtin_return_address(0)) : NULL

#define STOR_IRQL_FITS(name) \
    stor_irql_fits(DDI_##name, DDI_IRQL_MIN_##name, DDI_IRQL_MAX_##name, __builtin_return_address(0))

static inline bool stor_irql_fits(enum ddi_id id, unsigned min, unsigned max, const void *caller)
{
    unsigned irql = mach_irql();

    if (irql >= min && irql <= max)
        return true;
    sp_warn("DT-S12", NULL, caller, "%s is called at IRQL %u", ddi_rows[id].name, irql);
    return false;
}

/* Newer than the Windows that the adapter poses as (STX-121). */
static inline bool stor_absent(const struct sp_adapter *a, enum sp_os since)
{
    return a->cfg.os != SP_OS_CURRENT && a->cfg.os < since;
}

/* What routines that answer for themselves have in common, in this order: extension and arguments, Windows, IRQL. */
static inline ULONG stor_check(
    const struct sp_adapter *a, bool arguments, enum sp_os since, enum ddi_id id, unsigned max, const void *caller)
{
    if (!a || !arguments)
        return STOR_STATUS_INVALID_PARAMETER;
    if (stor_absent(a, since)) /* STX-121 */
        return STOR_STATUS_NOT_IMPLEMENTED;
    return stor_irql_fits(id, 0, max, caller) ? STOR_STATUS_SUCCESS : STOR_STATUS_INVALID_IRQL;
}

#define STOR_CHECK(name, a, arguments, since) \
    stor_check(a, arguments, since, DDI_##name, DDI_IRQL_MAX_##name, __builtin_return_address(0))

#define STOR_LEAVE(name, ext, status)   \
    do {                                \
        DDI_LEAVE(name, ext, (status)); \
        return (status);                \
    } while (0)

/* STL-072: what has no place in HwStorStartIo. */
static inline void stor_start_io_stop(const struct sp_adapter *a, const char *routine, const void *caller)
{
    struct sp_frame *f = a ? sp_frame_of(a) : *ke_call_slot();

    if (f && f->call == SP_CALL_START_IO)
        sp_stop("DT-S14", NULL, caller, "%s is called in HwStorStartIo", routine);
}
