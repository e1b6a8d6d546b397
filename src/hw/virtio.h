/* SPDX-License-Identifier: MIT */
/*
 * hw/virtio.h - a virtio device on PCI without its kind: registers, split virtqueues, notifications (virtio 1.0, section 4.1 and
 * 2.4 of the OASIS standard).
 */
#pragma once

#include "hw/card.h"

enum { HW_VIRTIO_QUEUES_MAX = 8, HW_VIRTIO_ENTRIES_MAX = 256, HW_VIRTIO_SEGMENTS_MAX = 1024 };
enum { HW_VIRTIO_F_INDIRECT = 28, HW_VIRTIO_F_EVENT_IDX = 29, HW_VIRTIO_F_VERSION_1 = 32 };
enum { HW_VIRTIO_NO_VECTOR = 0xffff, HW_VIRTIO_DRIVER_OK = 4, HW_VIRTIO_NEEDS_RESET = 0x40 };

struct hw_virtio;

struct hw_virtio_ops {
    /* The device's own configuration. The card's lock is held. */
    uint64_t (*config_read)(struct hw_virtio *v, uint64_t offset, unsigned bytes);
    void (*config_write)(struct hw_virtio *v, uint64_t offset, uint64_t value, unsigned bytes);
    bool (*step)(struct hw_virtio *v);
    void (*reset)(struct hw_virtio *v); /* the card's lock is held */
};

struct hw_virtqueue {
    /* registers */
    uint16_t size, vector;
    bool     enabled;
    uint64_t descriptors, available, used;
    /* steps only */
    uint16_t taken;    /* index in the available ring up to which chains were taken */
    uint16_t returned; /* index in the used ring */
};

struct hw_virtio {
    struct hw_card              card;
    const struct hw_virtio_ops *ops;
    unsigned                    queues, entries;
    uint64_t                    offered;
    /* registers */
    uint64_t            features;
    uint32_t            device_select, driver_select;
    uint16_t            config_vector, queue_select;
    uint8_t             status, interrupt, generation;
    bool                reset_wanted;
    struct hw_virtqueue queue[HW_VIRTIO_QUEUES_MAX];
};

struct hw_segment {
    uint64_t address;
    uint32_t bytes;
};

/* A chain of descriptors: what the device reads, and then what it writes. */
struct hw_chain {
    unsigned          readable, writable;
    uint64_t          read_bytes, write_bytes;
    struct hw_segment segment[HW_VIRTIO_SEGMENTS_MAX]; /* the readable ones first */
};

/* v was zeroed; features is what the device offers beside VERSION_1. */
void hw_virtio_init(struct hw_virtio *v, const struct hw_virtio_ops *ops, unsigned device_type, uint8_t base_class,
    uint64_t features, unsigned messages);

static inline bool hw_virtio_has(const struct hw_virtio *v, unsigned feature)
{
    return v->features >> feature & 1;
}

/* ---- in steps ---- */

/* Does what a reset that could not be done at once has left; whether the driver is ready. */
bool hw_virtio_ready(struct hw_virtio *v);

/* The next chain that the driver has made available; false: none. */
bool hw_virtqueue_take(struct hw_virtio *v, struct hw_virtqueue *q, uint16_t *head);

/* Reads the descriptors. False: they make no sense, and the device needs a reset. */
bool hw_virtqueue_chain(struct hw_virtio *v, const struct hw_virtqueue *q, uint16_t head, struct hw_chain *c);

/* Gives it back with so many bytes written, and interrupts if the driver wants to know. */
void hw_virtqueue_return(struct hw_virtio *v, struct hw_virtqueue *q, uint16_t head, uint32_t written);

/* The configuration has changed. */
void hw_virtio_config_changed(struct hw_virtio *v, uint8_t also_status);

/* Copies between a buffer and a part of what the device reads (from) or writes (to). False: it is not that long. */
bool hw_chain_read(struct hw_virtio *v, const struct hw_chain *c, uint64_t offset, void *to, size_t bytes);
bool hw_chain_write(struct hw_virtio *v, const struct hw_chain *c, uint64_t offset, const void *from, size_t bytes);
