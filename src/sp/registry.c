/* SPDX-License-Identifier: MIT */
/*
 * sp/registry.c - values of Parameters\Device and of an adapter's own Parameters\Device<n>: given at the start, read and
 * written by the miniport, and the port's own knobs among them (STI-124). An adapter's value hides the driver's of that name.
 *
 * Values are bytes. Text is ASCII for the miniport, which is what StorPortRegistryRead makes of Windows' UTF-16.
 */
#include "sp/priv.h"

#include <string.h>

struct value {
    struct list link;
    char        name[64];
    bool        adapter;
    ULONG       type, bytes;
    UCHAR       data[];
};

static struct value *value_of(struct list *l)
{
    return container_of(l, struct value, link);
}

static struct value *find(struct sp_adapter *a, const char *name, bool adapter)
{
    for (struct list *l = a->control.values.next; l != &a->control.values; l = l->next)
        if (value_of(l)->adapter == adapter && strcmp(value_of(l)->name, name) == 0)
            return value_of(l);
    return NULL;
}

/* STI-121: Global asks the driver's key alone. */
static struct value *look_up(struct sp_adapter *a, const char *name, bool global)
{
    struct value *own = global ? NULL : find(a, name, true);

    return own ? own : find(a, name, false);
}

static bool set(struct sp_adapter *a, const struct sp_registry_value *v)
{
    size_t        length = strlen(v->name);
    struct value *old = find(a, v->name, v->adapter);
    struct value *new = ex_pool_alloc(EX_POOL_NX | EX_POOL_ZERO, sizeof *new + v->bytes, SP_TAG, NULL);

    if (!new || length >= sizeof new->name) {
        if (new)
            ex_pool_free(new, 0, NULL);
        return false;
    }
    memcpy(new->name, v->name, length);
    memcpy(new->data, v->data, v->bytes);
    new->adapter = v->adapter;
    new->type = v->type;
    new->bytes = v->bytes;
    list_add_tail(&a->control.values, &new->link);
    if (old) {
        list_del(&old->link);
        ex_pool_free(old, 0, NULL);
    }
    return true;
}

bool sp_registry_init(struct sp_adapter *a)
{
    list_init(&a->control.values);
    for (const struct sp_registry_value *v = a->cfg.registry; v && v->name; v++)
        if (!set(a, v))
            return false;
    sp_knobs_read(a);
    return true;
}

void sp_registry_fini(struct sp_adapter *a)
{
    struct list *l;

    if (a->control.values.next)
        while ((l = list_pop(&a->control.values)) != NULL)
            ex_pool_free(value_of(l), 0, NULL);
    if (a->control.buffer)
        ex_pool_free(a->control.buffer, 0, NULL);
    a->control.buffer = NULL;
}

/* ---- what the port reads ---- */

static ULONG number(struct sp_adapter *a, const char *name, ULONG absent)
{
    const struct value *v = look_up(a, name, false);
    ULONG               n;

    if (!v || v->type != REG_DWORD || v->bytes < sizeof n)
        return absent;
    memcpy(&n, v->data, sizeof n);
    return n;
}

static ULONG clamp(ULONG n, ULONG low, ULONG high)
{
    return n < low ? low : n > high ? high : n;
}

/* REG_BINARY of up to 8 bytes, little-endian. */
static uint64_t address(struct sp_adapter *a, const char *name, uint64_t absent)
{
    const struct value *v = look_up(a, name, false);
    uint64_t            n = 0;

    if (!v || v->type != REG_BINARY)
        return absent;
    memcpy(&n, v->data, v->bytes < sizeof n ? v->bytes : sizeof n);
    return n;
}

static void read_addresses(struct sp_adapter *a, struct sp_knobs *k)
{
    uint64_t highest = address(a, "MaximumUCXAddress", 0);

    k->ucx_highest = highest && highest < UINT32_MAX ? highest : UINT32_MAX;
    k->ucx_highest64 = highest ? highest : UINT64_MAX;
    k->ucx_lowest = address(a, "MinimumUCXAddress", 0);
    if (k->ucx_lowest >= k->ucx_highest - PAGE_SIZE)
        k->ucx_lowest = 0;
    ULONG align = number(a, "UncachedExtAlignment", 0);

    k->ucx_align = align ? clamp(align, 3, 16) : 0;
}

void sp_knobs_read(struct sp_adapter *a)
{
    struct sp_knobs *k = &a->knobs;
    ULONG            link_down = a->cfg.link_down_timeout_s ? a->cfg.link_down_timeout_s : 30;
    ULONG            requests = number(a, "NumberOfRequests", 0);
    ULONG            bus = number(a, "BusType", BusTypeFibre);

    k->link_down_s = clamp(number(a, "LinkDownTimeoutValue", link_down), 0, 600);
    k->busy_pause_ms = number(a, "BusyPauseTime", 250);
    k->busy_retries = number(a, "BusyRetryCount", 20);
    k->queue_full_percent = clamp(number(a, "QueueFullWaitIoPercentage", 25), 0, 100);
    k->sense_bytes = clamp(number(a, "TotalSenseDataBytes", 255), 18, 255);
    k->io_latency_cap_ms = number(a, "IoLatencyCap", 0);
    k->io_timeout_s = clamp(number(a, "IoTimeoutValue", 60), 0, 65535);
    k->requests = requests ? clamp(requests, 16, 255) : 0;
    k->lun_max = look_up(a, "MaximumLogicalUnit", false) ? clamp(number(a, "MaximumLogicalUnit", 8), 1, 8) : 255;
    k->bus_type = bus > 0x7f ? BusTypeFibre : bus;
    if (k->io_timeout_s == 0)
        k->io_timeout_s = 60;
    read_addresses(a, k);
}

/* DriverParameter, for HwStorFindAdapter (STI-026); NULL: absent. */
const char *sp_registry_argument(struct sp_adapter *a)
{
    const struct value *v = look_up(a, "DriverParameter", false);

    if (a->cfg.dump) /* STI-013 */
        return "dump=1;";
    return v ? (const char *)v->data : a->cfg.argument;
}

/* ---- what the miniport reads and writes; IRQL 0 ---- */

/* STI-120. */
PUCHAR sp_registry_buffer(struct sp_adapter *a, PULONG bytes)
{
    if (a->control.buffer || !bytes || *bytes == 0)
        return NULL;
    a->control.buffer = ex_pool_alloc(EX_POOL_NX | EX_POOL_ZERO, *bytes, SP_TAG, NULL);
    a->control.buffer_bytes = a->control.buffer ? *bytes : 0;
    *bytes = a->control.buffer_bytes;
    return a->control.buffer;
}

void sp_registry_buffer_free(struct sp_adapter *a, PUCHAR buffer, const void *caller)
{
    if (!buffer || buffer != a->control.buffer)
        sp_stop("DT-S19", buffer, caller,
            "StorPortFreeRegistryBuffer is given another buffer than StorPortAllocateRegistryBuffer returned");
    ex_pool_free(buffer, 0, NULL);
    a->control.buffer = NULL;
}

/* STI-121. */
BOOLEAN sp_registry_read(struct sp_adapter *a, const char *name, ULONG global, ULONG type, PUCHAR buffer, PULONG bytes)
{
    const struct value *v = look_up(a, name, global != 0);
    bool                good = v && v->type == type && buffer && v->bytes <= *bytes;

    if (good)
        memcpy(buffer, v->data, v->bytes);
    *bytes = v && v->type == type ? v->bytes : 0;
    return good;
}

static void notify(struct sp_adapter *a)
{
    PHW_REGISTRY_NOTIFICATION_ROUTINE routine = (PHW_REGISTRY_NOTIFICATION_ROUTINE)a->control.registry_routine;
    struct sp_frame                   f = {0};

    if (!routine)
        return;
    sp_call_begin(&f, a, SP_CALL_REGISTRY, (const void *)routine);
    routine(a->extension);
    sp_call_end(&f);
}

BOOLEAN sp_registry_write(
    struct sp_adapter *a, const char *name, ULONG global, ULONG type, const UCHAR *data, ULONG bytes)
{
    struct sp_registry_value v = {.name = name, .adapter = !global, .type = type, .bytes = bytes, .data = data};

    return data && type >= REG_SZ && type <= REG_DWORD && set(a, &v);
}

/* From outside: an administrator. STI-123. */
bool sp_registry_change(struct sp_adapter *a, const struct sp_registry_value *v)
{
    bool good = set(a, v);

    if (good)
        notify(a);
    return good;
}

/* STI-122. A buffer of the port's where the miniport brings none. */
ULONG sp_registry_read_key(struct sp_adapter *a, const char *name, ULONG type, PVOID *data, PULONG bytes)
{
    const struct value *v = find(a, name, true);

    if (!v || v->type != type)
        return STOR_STATUS_UNSUCCESSFUL;
    if (!*data) {
        ULONG room = v->bytes;

        *data = sp_registry_buffer(a, &room);
        *bytes = room;
    }
    if (!*data)
        return STOR_STATUS_INSUFFICIENT_RESOURCES;
    return sp_registry_read(a, name, FALSE, type, *data, bytes) ? STOR_STATUS_SUCCESS : STOR_STATUS_BUFFER_TOO_SMALL;
}
