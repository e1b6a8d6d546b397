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

/* The first LOCKS are about locks; a lock has no type by which the kernel could have seen that it is none any more. */
static const char *const rules[] = {"DT-L01", "DT-L02", "DT-L03", "DT-L09", "DT-T01", "DT-D01", "DT-W03"};

enum { LOCKS = 4, RULES = sizeof rules / sizeof *rules };

static unsigned find_rule(const char *rule)
{
    unsigned i = 0;

    while (i < RULES && (!rule || strcmp(rule, rules[i]) != 0))
        i++;
    return i;
}

void freed_amend(struct finding *f)
{
    size_t   used = strlen(f->what);
    bool     freed = freed_has(f->object);
    unsigned rule = find_rule(f->rule);

    if (rule == RULES)
        return;
    for (unsigned i = 0; i < 4; i++)
        freed |= freed_has((const void *)(uintptr_t)f->param[i]);
    if (!freed)
        return;
    if (rule < LOCKS)
        f->rule = "DT-T05";
    snprintf(f->what + used, sizeof f->what - used, "; it lies in memory that was freed");
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
