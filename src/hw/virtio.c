/* SPDX-License-Identifier: MIT */
/*
 * hw/virtio.c - registers of a virtio device on PCI. Range 0 has the four structures that the vendor capabilities point to;
 * range 1 the MSI-X tables. Rings are in virtqueue.c.
 */
#include "hw/virtio.h"

#include <string.h>

enum { AT_COMMON = 0x0000, AT_ISR = 0x1000, AT_DEVICE = 0x2000, AT_NOTIFY = 0x3000, RANGE_BYTES = 0x4000 };
enum { MSIX_RANGE_BYTES = 0x1000, MSIX_PENDING = 0x800, NOTIFY_STEP = 4 };
enum { CAP_VENDOR = 0x09, CAP_COMMON = 1, CAP_NOTIFY, CAP_ISR, CAP_DEVICE };
enum {
    COMMON_DEVICE_SELECT = 0x00,
    COMMON_DEVICE_FEATURE = 0x04,
    COMMON_DRIVER_SELECT = 0x08,
    COMMON_DRIVER_FEATURE = 0x0c,
    COMMON_CONFIG_VECTOR = 0x10,
    COMMON_QUEUES = 0x12,
    COMMON_STATUS = 0x14,
    COMMON_GENERATION = 0x15,
    COMMON_QUEUE_SELECT = 0x16,
    COMMON_QUEUE_SIZE = 0x18,
    COMMON_QUEUE_VECTOR = 0x1a,
    COMMON_QUEUE_ENABLE = 0x1c,
    COMMON_QUEUE_NOTIFY = 0x1e,
    COMMON_QUEUE_DESCRIPTORS = 0x20,
    COMMON_QUEUE_AVAILABLE = 0x28,
    COMMON_QUEUE_USED = 0x30,
    COMMON_BYTES = 0x38
};
enum { STATUS_ACKNOWLEDGE = 1, STATUS_FEATURES_OK = 8 };

static struct hw_virtio *virtio_of(struct hw_card *c)
{
    return (struct hw_virtio *)(void *)c;
}

/* One that is not there reads as zeroes. */
static struct hw_virtqueue *selected(struct hw_virtio *v)
{
    return v->queue_select < v->queues ? &v->queue[v->queue_select] : NULL;
}

/* ---- reset ---- */

static void reset(struct hw_card *c)
{
    struct hw_virtio *v = virtio_of(c);

    v->features = 0;
    v->device_select = v->driver_select = 0;
    v->config_vector = HW_VIRTIO_NO_VECTOR;
    v->queue_select = 0;
    v->status = v->interrupt = 0;
    v->reset_wanted = false;
    for (unsigned i = 0; i < HW_VIRTIO_QUEUES_MAX; i++)
        v->queue[i] = (struct hw_virtqueue){.size = (uint16_t)v->entries, .vector = HW_VIRTIO_NO_VECTOR};
    v->ops->reset(v);
}

bool hw_virtio_ready(struct hw_virtio *v)
{
    hw_card_lock(&v->card);
    if (v->reset_wanted) {
        hw_card_line(&v->card, false);
        reset(&v->card);
    }
    bool ready = (v->status & HW_VIRTIO_DRIVER_OK) && !(v->status & HW_VIRTIO_NEEDS_RESET);

    hw_card_unlock(&v->card);
    return ready;
}

/* A device is reset by writing 0; the driver waits until it reads 0. Features that were not offered are not accepted. */
static void write_status(struct hw_virtio *v, uint8_t status)
{
    if (status == 0) {
        v->reset_wanted = !hw_card_reset_now(&v->card);
    } else {
        v->status = (uint8_t)(status | (v->status & HW_VIRTIO_NEEDS_RESET));
        if (v->features & ~v->offered || !hw_virtio_has(v, HW_VIRTIO_F_VERSION_1))
            v->status &= (uint8_t)~STATUS_FEATURES_OK;
    }
    hw_card_ring(&v->card);
}

/* ---- common configuration ---- */

static uint64_t queue_read(struct hw_virtio *v, uint64_t offset, unsigned bytes)
{
    const struct hw_virtqueue *q = selected(v);

    if (!q)
        return 0;
    switch (offset & ~7ull) {
    case COMMON_QUEUE_DESCRIPTORS:
        return hw_part(q->descriptors, offset & 7, bytes);
    case COMMON_QUEUE_AVAILABLE:
        return hw_part(q->available, offset & 7, bytes);
    case COMMON_QUEUE_USED:
        return hw_part(q->used, offset & 7, bytes);
    default:
        break;
    }
    return offset == COMMON_QUEUE_SIZE     ? q->size
           : offset == COMMON_QUEUE_VECTOR ? q->vector
           : offset == COMMON_QUEUE_ENABLE ? q->enabled
           : offset == COMMON_QUEUE_NOTIFY ? v->queue_select
                                           : 0;
}

static uint64_t common_read(struct hw_virtio *v, uint64_t offset, unsigned bytes)
{
    switch (offset) {
    case COMMON_DEVICE_SELECT:
        return v->device_select;
    case COMMON_DEVICE_FEATURE:
        return v->device_select > 1 ? 0 : v->offered >> v->device_select * 32 & UINT32_MAX;
    case COMMON_DRIVER_SELECT:
        return v->driver_select;
    case COMMON_DRIVER_FEATURE:
        return v->driver_select > 1 ? 0 : v->features >> v->driver_select * 32 & UINT32_MAX;
    case COMMON_CONFIG_VECTOR:
        return v->config_vector;
    case COMMON_QUEUES:
        return v->queues;
    case COMMON_STATUS: /* 0 only when a reset is over, also one that found nothing to reset */
        return v->reset_wanted ? v->status | STATUS_ACKNOWLEDGE : v->status;
    case COMMON_GENERATION:
        return v->generation;
    case COMMON_QUEUE_SELECT:
        return v->queue_select;
    default:
        return queue_read(v, offset, bytes);
    }
}

/* A vector that is not in the table is answered with none, which is how the driver learns of it. Whether MSI-X is on does not
 * matter here: viostor sets a vector for changes of the configuration in any case. */
static uint16_t vector(const struct hw_virtio *v, uint64_t value)
{
    return value < v->card.msix.messages ? (uint16_t)value : HW_VIRTIO_NO_VECTOR;
}

static void queue_write(struct hw_virtio *v, uint64_t offset, uint64_t value, unsigned bytes)
{
    struct hw_virtqueue *q = selected(v);
    unsigned             part = offset & 7;

    if (!q)
        return;
    if (offset == COMMON_QUEUE_VECTOR)
        q->vector = vector(v, value);
    else if (offset == COMMON_QUEUE_ENABLE)
        q->enabled = value == 1;
    else if (offset == COMMON_QUEUE_SIZE && value && value <= v->entries && !(value & (value - 1)))
        q->size = (uint16_t)value;
    else if ((offset & ~7ull) == COMMON_QUEUE_DESCRIPTORS)
        q->descriptors = hw_merge(q->descriptors, part, value, bytes);
    else if ((offset & ~7ull) == COMMON_QUEUE_AVAILABLE)
        q->available = hw_merge(q->available, part, value, bytes);
    else if ((offset & ~7ull) == COMMON_QUEUE_USED)
        q->used = hw_merge(q->used, part, value, bytes);
}

static void common_write(struct hw_virtio *v, uint64_t offset, uint64_t value, unsigned bytes)
{
    switch (offset) {
    case COMMON_DEVICE_SELECT:
        v->device_select = (uint32_t)value;
        break;
    case COMMON_DRIVER_SELECT:
        v->driver_select = (uint32_t)value;
        break;
    case COMMON_DRIVER_FEATURE:
        if (v->driver_select <= 1)
            v->features = hw_merge(v->features, v->driver_select * 4, value, 4);
        break;
    case COMMON_CONFIG_VECTOR:
        v->config_vector = vector(v, value);
        break;
    case COMMON_STATUS:
        write_status(v, (uint8_t)value);
        break;
    case COMMON_QUEUE_SELECT:
        v->queue_select = (uint16_t)value;
        break;
    default:
        queue_write(v, offset, value, bytes);
        break;
    }
}

/* ---- the card's registers ---- */

/* Reading the interrupt status clears it and lowers the line. */
static uint64_t read_interrupt(struct hw_virtio *v)
{
    uint8_t was = v->interrupt;

    v->interrupt = 0;
    hw_card_line(&v->card, false);
    return was;
}

static uint64_t read(struct hw_card *c, unsigned bar, uint64_t offset, unsigned bytes)
{
    struct hw_virtio *v = virtio_of(c);

    if (bar != 0)
        return 0;
    if (offset < COMMON_BYTES)
        return common_read(v, offset, bytes);
    if (offset == AT_ISR)
        return read_interrupt(v);
    if (offset >= AT_DEVICE && offset < AT_NOTIFY)
        return v->ops->config_read(v, offset - AT_DEVICE, bytes);
    return 0;
}

static void write(struct hw_card *c, unsigned bar, uint64_t offset, uint64_t value, unsigned bytes)
{
    struct hw_virtio *v = virtio_of(c);

    if (bar != 0)
        return;
    if (offset < COMMON_BYTES)
        common_write(v, offset, value, bytes);
    else if (offset >= AT_DEVICE && offset < AT_NOTIFY)
        v->ops->config_write(v, offset - AT_DEVICE, value, bytes);
    else if (offset >= AT_NOTIFY)
        hw_card_ring(c);
}

static bool step(struct hw_card *c)
{
    return virtio_of(c)->ops->step(virtio_of(c));
}

/* ---- life ---- */

static void capability(struct hw_virtio *v, uint8_t type, uint32_t offset, uint32_t bytes)
{
    uint8_t  content[18] = {16, type, 0 /* range */};
    uint32_t multiplier = NOTIFY_STEP;

    if (type == CAP_NOTIFY)
        content[0] = 20;
    memcpy(content + 6, &offset, 4);
    memcpy(content + 10, &bytes, 4);
    memcpy(content + 14, &multiplier, 4);
    hw_card_capability(&v->card, CAP_VENDOR, content, type == CAP_NOTIFY ? 18 : 14);
}

void hw_virtio_init(struct hw_virtio *v, const struct hw_virtio_ops *ops, unsigned device_type, uint8_t base_class,
    uint64_t features, unsigned messages)
{
    static const struct hw_card_ops card_ops = {.read = read, .write = write, .step = step, .reset = reset};
    struct hw_identity              id = {.vendor = 0x1af4,
                     .device = (uint16_t)(0x1040 + device_type),
                     .subsystem_vendor = 0x1af4,
                     .subsystem = (uint16_t)(0x1040 + device_type),
                     .base_class = base_class,
                     .revision = 1};

    v->ops = ops;
    v->offered = features | 1ull << HW_VIRTIO_F_VERSION_1;
    hw_card_init(&v->card, &card_ops, &id);
    hw_card_range(&v->card, 0, RANGE_BYTES, false);
    capability(v, CAP_COMMON, AT_COMMON, COMMON_BYTES);
    capability(v, CAP_ISR, AT_ISR, 1);
    capability(v, CAP_DEVICE, AT_DEVICE, AT_NOTIFY - AT_DEVICE);
    capability(v, CAP_NOTIFY, AT_NOTIFY, v->queues * NOTIFY_STEP);
    if (!messages)
        return;
    hw_card_range(&v->card, 1, MSIX_RANGE_BYTES, false);
    hw_card_msix(&v->card, &(struct hw_msix){.messages = messages, .bar = 1, .pending = MSIX_PENDING});
}
