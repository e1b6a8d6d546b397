/* SPDX-License-Identifier: MIT */
/*
 * sp/bus.c - what a miniport sees of its device: configuration space, mapped ranges and their registers, the uncached
 * extension.
 *
 * StorPortReadRegisterXxx finds the range by the address and asks the model. A driver that follows such a pointer itself (storahci
 * looks at PxCMD.HPCP so) reads what was last read or written there with the routines, and faults when it writes. Registers of a
 * device that has been removed read as ones.
 */
#include "sp/priv.h"

#include <string.h>

enum { MAPS = 64, CONFIG_BYTES = 256, VENDOR_NONE = 0xffff };

#define MAP_SHIFT 20

/* ---- mapped ranges ---- */

struct map {
    struct sp_adapter *a; /* NULL: free */
    unsigned           range;
    bool               io_space;
    uint64_t           offset, bytes;
};

static struct map  maps[MAPS]; /* written at IRQL 0 by the one who starts or removes an adapter; read at any */
static const char *window;     /* where drivers see them */
static char       *shadow;     /* the same memory, writable */

void sp_bus_boot(void)
{
    memset(maps, 0, sizeof maps);
}

/* What was last read or written there; unaligned or odd accesses leave no trace. Any IRQL, any processor: words are whole. */
static void remember(const struct map *m, uint64_t offset, uint64_t value, unsigned bytes)
{
    char *at = shadow + ((uint64_t)(m - maps) << MAP_SHIFT) + offset;

    if (offset % bytes)
        return;
    if (bytes == 1)
        __atomic_store_n((uint8_t *)at, (uint8_t)value, __ATOMIC_RELAXED);
    else if (bytes == 2)
        __atomic_store_n((uint16_t *)(void *)at, (uint16_t)value, __ATOMIC_RELAXED);
    else if (bytes == 4)
        __atomic_store_n((uint32_t *)(void *)at, (uint32_t)value, __ATOMIC_RELAXED);
    else
        __atomic_store_n((uint64_t *)(void *)at, value, __ATOMIC_RELAXED);
}

static bool holds(const struct device_range *r, uint64_t start, uint64_t bytes, bool io_space)
{
    return r->bytes && r->io_space == io_space && start >= r->base && bytes <= r->bytes &&
           start - r->base <= r->bytes - bytes;
}

static PVOID map_range(struct sp_adapter *a, unsigned range, uint64_t offset, uint64_t bytes)
{
    if (bytes > 1u << MAP_SHIFT)
        return NULL;
    if (!shadow)
        shadow = mach_reserve_window((size_t)MAPS << MAP_SHIFT, (const void **)&window);
    if (!shadow)
        return NULL;
    for (unsigned i = 0; i < MAPS; i++) {
        if (maps[i].a)
            continue;
        maps[i] = (struct map){a, range, a->cfg.device->range[range].io_space, offset, bytes};
        memset(shadow + ((uint64_t)i << MAP_SHIFT), 0, bytes);
        return (PVOID)(uintptr_t)(window + ((uint64_t)i << MAP_SHIFT));
    }
    return NULL;
}

/* STI-042: only what the configuration's access ranges name. */
PVOID sp_device_base(struct sp_adapter *a, uint64_t start, ULONG bytes, bool io_space)
{
    for (unsigned i = 0; a->cfg.device && bytes && i < DEVICE_RANGES; i++)
        if (holds(&a->cfg.device->range[i], start, bytes, io_space))
            return map_range(a, i, start - a->cfg.device->range[i].base, bytes);
    return NULL;
}

static struct map *map_at(const volatile void *p, uint64_t *offset)
{
    uint64_t at = (uintptr_t)p - (uintptr_t)window, i = at >> MAP_SHIFT;

    *offset = at & ((1ull << MAP_SHIFT) - 1);
    return shadow && i < MAPS && maps[i].a ? &maps[i] : NULL;
}

/* STI-043. */
void sp_device_base_free(struct sp_adapter *a, PVOID base, const void *caller)
{
    uint64_t    offset;
    struct map *m = map_at(base, &offset);

    if (!sp_inside(a, SP_CALL_FIND_ADAPTER))
        sp_stop_code(0xF1, 0x1007, "DT-S13", "StorPortFreeDeviceBase is called outside HwStorFindAdapter");
    if (!m || m->a != a || offset)
        sp_stop("DT-S20", base, caller,
            "StorPortFreeDeviceBase is given an address that StorPortGetDeviceBase did not return");
    if (m)
        m->a = NULL;
}

static void unmap_all(const struct sp_adapter *a)
{
    for (unsigned i = 0; i < MAPS; i++)
        if (maps[i].a == a)
            maps[i].a = NULL;
}

/* ---- registers; any IRQL ---- */

/* STI-046. a: NULL, as some miniports have it. */
static struct map *checked(
    const struct sp_adapter *a, const volatile void *p, unsigned bytes, bool port, uint64_t *offset, const void *caller)
{
    struct map *m = map_at(p, offset);

    if (m && (!a || m->a == a) && *offset + bytes <= m->bytes && m->io_space == port)
        return m;
    struct finding f = {.severity = FINDING_STOP,
        .rule = "DT-S20",
        .bugcheck = 0xF1,
        .param = {0x2005, (uintptr_t)p},
        .object = (const void *)p,
        .caller = caller};

    finding_raisef(&f, "a %s of %u bytes is accessed at %p, which is in no range that StorPortGetDeviceBase has mapped",
        port ? "port" : "register", bytes, (const void *)p);
    return NULL;
}

/* Any IRQL. */
static bool is_gone(const struct sp_adapter *a)
{
    return __atomic_load_n(&a->control.gone, __ATOMIC_RELAXED);
}

static uint64_t ones(unsigned bytes)
{
    return bytes == 8 ? UINT64_MAX : (1ull << bytes * 8) - 1;
}

uint64_t sp_register_read(struct sp_adapter *a, const volatile void *p, unsigned bytes, bool port, const void *caller)
{
    uint64_t    offset;
    struct map *m = checked(a, p, bytes, port, &offset, caller);

    if (!m || is_gone(m->a))
        return ones(bytes);
    struct device *d = m->a->cfg.device;

    uint64_t value = d->ops->read(d, m->range, m->offset + offset, bytes);

    remember(m, offset, value, bytes);
    return value;
}

void sp_register_write(
    struct sp_adapter *a, const volatile void *p, uint64_t value, unsigned bytes, bool port, const void *caller)
{
    uint64_t    offset;
    struct map *m = checked(a, p, bytes, port, &offset, caller);

    if (!m || is_gone(m->a))
        return;
    struct device *d = m->a->cfg.device;

    remember(m, offset, value, bytes);
    d->ops->write(d, m->range, m->offset + offset, value, bytes);
}

/* ---- configuration space ---- */

/* STI-038, STI-041, STI-079. */
static void check_bus_call(struct sp_adapter *a, const char *routine, const void *caller)
{
    if (sp_inside(a, SP_CALL_FIND_ADAPTER) || a->control.running_config)
        return;
    sp_stop("DT-S13", a->extension, caller, "%s is called outside HwStorFindAdapter and ScsiSetRunningConfig", routine);
}

static bool is_ours(const struct device *d, ULONG bus, ULONG slot)
{
    return d->bus_number == bus && d->slot == slot;
}

/* STI-040: good until the next call or the end of HwStorFindAdapter, when the pool takes it back. */
static PVOID lend(struct sp_adapter *a)
{
    if (a->control.bus_data)
        ex_pool_free(a->control.bus_data, 0, NULL);
    a->control.bus_data = ex_pool_alloc(EX_POOL_NX | EX_POOL_ZERO, CONFIG_BYTES, SP_TAG, NULL);
    return a->control.bus_data;
}

void sp_bus_data_end(struct sp_adapter *a)
{
    if (a->control.bus_data)
        ex_pool_free(a->control.bus_data, 0, NULL);
    a->control.bus_data = NULL;
}

static ULONG no_device(PVOID buffer, ULONG bytes)
{
    USHORT vendor = VENDOR_NONE;

    memcpy(buffer, &vendor, bytes < sizeof vendor ? bytes : sizeof vendor);
    return 2;
}

ULONG sp_bus_data_get(
    struct sp_adapter *a, ULONG type, ULONG bus, ULONG slot, PVOID buffer, ULONG bytes, const void *caller)
{
    struct device *d = a->cfg.device;

    check_bus_call(a, "StorPortGetBusData", caller);
    if (type != PCIConfiguration || !d || d->bus_number != bus)
        return 0;
    if (bytes == 0) {
        PVOID own = lend(a);

        *(PVOID *)buffer = own;
        buffer = own;
        bytes = CONFIG_BYTES;
    }
    if (!buffer)
        return 0;
    if (!is_ours(d, bus, slot) || is_gone(a))
        return no_device(buffer, bytes);
    return d->ops->config_read(d, 0, buffer, bytes);
}

ULONG sp_bus_data_set(struct sp_adapter *a, ULONG type, ULONG bus, ULONG slot, PVOID buffer, ULONG offset, ULONG bytes,
    const void *caller)
{
    struct device *d = a->cfg.device;

    check_bus_call(a, "StorPortSetBusDataByOffset", caller);
    if (type != PCIConfiguration || !d || !is_ours(d, bus, slot) || is_gone(a))
        return 0;
    return d->ops->config_write(d, offset, buffer, bytes);
}

/* ---- the uncached extension ---- */

/* STI-031, STI-045. */
static PVOID uncached_alloc(struct sp_adapter *a, const PORT_CONFIGURATION_INFORMATION *c, ULONG bytes)
{
    struct device_memory *m = a->cfg.memory;
    bool                  wide = c->Dma64BitAddresses & 0x0f;
    uint64_t              highest = wide ? a->knobs.ucx_highest64 : a->knobs.ucx_highest;
    uint64_t              align = a->knobs.ucx_align ? 1ull << a->knobs.ucx_align : 0;

    if (align < PAGE_SIZE)
        align = PAGE_SIZE;
    if (m)
        return m->alloc(m, bytes, align, a->knobs.ucx_lowest, highest, 1ull << 32);
    return ex_pool_alloc(EX_POOL_NX | EX_POOL_ZERO, (bytes + PAGE_SIZE - 1) & ~(size_t)(PAGE_SIZE - 1), SP_TAG, NULL);
}

/* STI-044. */
PVOID sp_uncached_extension(
    struct sp_adapter *a, const PORT_CONFIGURATION_INFORMATION *c, ULONG bytes, const void *caller)
{
    if (!sp_find_only(a, "StorPortGetUncachedExtension", caller) || a->is_virtual || !c->Master || bytes == 0)
        return NULL;
    if (!a->control.uncached) {
        a->control.uncached = uncached_alloc(a, c, bytes);
        a->control.uncached_bytes = bytes;
    }
    return a->control.uncached;
}

void sp_find_fini(struct sp_adapter *a)
{
    struct device_memory *m = a->cfg.memory;

    unmap_all(a);
    sp_bus_data_end(a);
    if (a->control.uncached && m)
        m->free(m, a->control.uncached, a->control.uncached_bytes);
    else if (a->control.uncached)
        ex_pool_free(a->control.uncached, 0, NULL);
    a->control.uncached = NULL;
}
