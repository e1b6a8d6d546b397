/* SPDX-License-Identifier: MIT */
/* host/freed.c - use of freed memory behind other symptoms; requests that nobody completes. */
#include "host/freed.h"

#include <stdio.h>
#include <string.h>

#include "ddk/ntddk.h"
#include "ex/pool.h"
#include "io/io.h"

bool freed_has(const void *p)
{
    struct ex_pool_block block;

    return p && ex_pool_find(p, &block) && block.freed;
}

bool freed_is_pattern(uint64_t word)
{
    const uint64_t pattern = EX_POOL_FILL_FREED * 0x0101010101010101ull;

    return word - (pattern - 4096) < 2 * 4096;
}

static bool is_about_locks(const char *rule)
{
    static const char *const rules[] = {"DT-L01", "DT-L02", "DT-L03", "DT-L09"};

    for (unsigned i = 0; rule && i < sizeof rules / sizeof *rules; i++)
        if (strcmp(rule, rules[i]) == 0)
            return true;
    return false;
}

void freed_amend(struct finding *f)
{
    size_t used = strlen(f->what);
    bool   freed = freed_has(f->object);

    if (!is_about_locks(f->rule))
        return;
    for (unsigned i = 0; i < 4; i++)
        freed |= freed_has((const void *)(uintptr_t)f->param[i]);
    if (!freed)
        return;
    f->rule = "DT-T05";
    snprintf(f->what + used, sizeof f->what - used, "; the lock lies in memory that was freed");
}

/* ---- requests ---- */

struct pending {
    const struct _DRIVER_OBJECT *driver;
    bool                         closed, found;
    struct io_irp_info           info;
};

static bool is_closed(PIRP irp)
{
    PFILE_OBJECT file = irp->Tail.Overlay.OriginalFileObject;

    return file && !freed_has(file) && (file->Flags & FO_CLEANUP_COMPLETE);
}

static bool look(void *ctx, const struct io_irp_info *info)
{
    struct pending *p = ctx;

    if (!info->device || freed_has(info->device) || (p->driver && info->device->DriverObject != p->driver))
        return true;
    if (p->closed && !is_closed(info->irp))
        return true;
    p->found = true;
    p->info = *info;
    return false;
}

bool pending_find(
    const struct _DRIVER_OBJECT *driver, bool closed, char *buf, size_t size, const void **irp, const void **routine)
{
    struct pending p = {.driver = driver, .closed = closed};

    io_irp_each(look, &p);
    if (!p.found)
        return false;
    snprintf(buf, size, "IRP %p (major function 0x%02x) was given to the driver and has never been completed",
        (void *)p.info.irp, p.info.major);
    *irp = p.info.irp;
    *routine = (const void *)(uintptr_t)p.info.device->DriverObject->MajorFunction[p.info.major];
    return true;
}
