/* SPDX-License-Identifier: MIT */
/* host/driver.c - drivers of a body: load, add a device, unload, and what an unload leaves behind. */
#include <stdio.h>
#include <string.h>

#include "ex/pool.h"
#include "host/freed.h"
#include "host/host.h"
#include "host/image.h"
#include "io/io.h"

dt_driver *dt_driver_load_status(dt_driver_entry *entry, dt_status *status)
{
    struct io_driver_config cfg = {.entry = (PDRIVER_INITIALIZE)entry};
    uintptr_t               start = 0, end = 0;
    char                    name[64];
    PDRIVER_OBJECT          driver = NULL;

    image_bounds((const void *)entry, &start, &end);
    image_name((const void *)entry, name, sizeof name);
    cfg.name = name;
    cfg.image_start = (const void *)start;
    cfg.image_end = (const void *)end;
    NTSTATUS s = io_driver_create(&cfg, &driver);

    if (status)
        *status = s;
    return driver;
}

dt_driver *dt_driver_load(dt_driver_entry *entry)
{
    return dt_driver_load_status(entry, NULL);
}

dt_status dt_driver_add_device(dt_driver *driver)
{
    return io_driver_add_device(driver, NULL);
}

/* ---- unload ---- */

struct leak {
    uintptr_t            start, end;
    struct ex_pool_block first;
    unsigned             blocks;
    size_t               bytes;
};

static bool add_leak(void *ctx, const struct ex_pool_block *b)
{
    struct leak *l = ctx;
    uintptr_t    caller = (uintptr_t)b->caller;

    if (b->freed || caller < l->start || caller >= l->end)
        return true;
    if (l->blocks++ == 0)
        l->first = *b;
    l->bytes += b->bytes;
    return true;
}

static void check_pool(struct leak *l)
{
    ex_pool_each(add_leak, l);
    if (l->blocks == 0)
        return;
    struct finding f = {.severity = FINDING_STOP,
        .rule = "DT-M01",
        .bugcheck = 0xC4,
        .param = {0x62, 0, 0, l->blocks},
        .object = l->first.start,
        .caller = l->first.caller};

    finding_raisef(&f, "the driver was unloaded and left %u pool block%s (%zu bytes) behind", l->blocks,
        l->blocks == 1 ? "" : "s", l->bytes);
}

/* Its handles are closed: what keeps a file open is a request that IRP_MJ_CLEANUP should have completed. */
static void check_requests(dt_driver *driver)
{
    struct finding f = {.severity = FINDING_STOP, .rule = "DT-Q02"};

    if (pending_find(driver, true, f.what, sizeof f.what, &f.object, &f.caller))
        finding_raise(&f);
}

dt_status dt_driver_unload(dt_driver *driver)
{
    struct leak leak = {.start = (uintptr_t)driver->DriverStart};

    leak.end = leak.start + driver->DriverSize;
    NTSTATUS status = io_driver_unload(driver);

    if (NT_SUCCESS(status)) {
        check_pool(&leak);
        if (!finding_faithful) /* Windows alone does not look */
            ex_pool_check();
    } else if (status == STATUS_DEVICE_BUSY)
        check_requests(driver);
    return status;
}

/* ---- devices ---- */

struct nth {
    unsigned       left;
    PDEVICE_OBJECT device;
};

static bool count_device(void *ctx, PDEVICE_OBJECT device)
{
    unsigned *n = ctx;

    (void)device;
    ++*n;
    return true;
}

static bool find_nth(void *ctx, PDEVICE_OBJECT device)
{
    struct nth *n = ctx;

    if (n->left-- > 0)
        return true;
    n->device = device;
    return false;
}

/* The driver object lists the latest first. */
dt_device *dt_driver_device(dt_driver *driver, unsigned n)
{
    unsigned count = 0;

    io_device_each(driver, count_device, &count);
    if (n >= count)
        return NULL;
    struct nth nth = {.left = count - 1 - n};

    io_device_each(driver, find_nth, &nth);
    return nth.device;
}
