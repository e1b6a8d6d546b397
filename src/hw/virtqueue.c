/* SPDX-License-Identifier: MIT */
/*
 * hw/virtqueue.c - split virtqueues, the device's side.
 *
 * The driver owns the descriptor table and the available ring, the device the used ring. Each tells the other when it need not be
 * notified: with flags, or with EVENT_IDX by the index at which it wants to hear. Whoever is about to rest first writes that
 * index and then looks at the other's ring once more; so no notification is missed.
 */
#include "hw/virtio.h"

enum { DESC_NEXT = 1, DESC_WRITE = 2, DESC_INDIRECT = 4, DESC_BYTES = 16, AVAILABLE_NO_INTERRUPT = 1 };

struct descriptor {
    uint64_t address;
    uint32_t bytes;
    uint16_t flags, next;
};

/* ---- notifying the driver ---- */

static void interrupt(struct hw_virtio *v, uint16_t vector, uint8_t bit)
{
    hw_card_lock(&v->card);
    v->interrupt |= bit;
    if (!hw_card_uses_messages(&v->card))
        hw_card_line(&v->card, true);
    hw_card_unlock(&v->card);
    if (vector != HW_VIRTIO_NO_VECTOR)
        hw_card_message(&v->card, vector);
}

void hw_virtio_config_changed(struct hw_virtio *v, uint8_t also_status)
{
    hw_card_lock(&v->card);
    v->generation++;
    v->status |= also_status;
    hw_card_unlock(&v->card);
    interrupt(v, v->config_vector, 2);
}

static bool wants_interrupt(struct hw_virtio *v, const struct hw_virtqueue *q, uint16_t before)
{
    if (!hw_virtio_has(v, HW_VIRTIO_F_EVENT_IDX))
        return !(hw_dma_load(&v->card, q->available, 2) & AVAILABLE_NO_INTERRUPT);
    uint16_t event = (uint16_t)hw_dma_load(&v->card, q->available + 4 + 2ull * q->size, 2);

    return (uint16_t)(q->returned - event - 1) < (uint16_t)(q->returned - before);
}

void hw_virtqueue_return(struct hw_virtio *v, struct hw_virtqueue *q, uint16_t head, uint32_t written)
{
    uint64_t entry = q->used + 4 + 8ull * (q->returned % q->size);
    uint16_t before = q->returned++;

    hw_dma_store(&v->card, entry, head, 4);
    hw_dma_store(&v->card, entry + 4, written, 4);
    hw_dma_store(&v->card, q->used + 2, q->returned, 2);
    if (wants_interrupt(v, q, before))
        interrupt(v, q->vector, 1);
}

/* ---- taking chains ---- */

static uint16_t available_index(struct hw_virtio *v, const struct hw_virtqueue *q)
{
    return (uint16_t)hw_dma_load(&v->card, q->available + 2, 2);
}

/* Nothing there: says from where on it wants to be told, and looks again. */
static bool is_empty(struct hw_virtio *v, struct hw_virtqueue *q)
{
    if (available_index(v, q) != q->taken)
        return false;
    if (!hw_virtio_has(v, HW_VIRTIO_F_EVENT_IDX))
        return true;
    hw_dma_store(&v->card, q->used + 4 + 8ull * q->size, q->taken, 2);
    return available_index(v, q) == q->taken;
}

bool hw_virtqueue_take(struct hw_virtio *v, struct hw_virtqueue *q, uint16_t *head)
{
    if (!q->enabled || is_empty(v, q))
        return false;
    *head = (uint16_t)hw_dma_load(&v->card, q->available + 4 + 2ull * (q->taken % q->size), 2);
    q->taken++;
    return true;
}

/* What is readable comes before what is writable. */
static bool add(struct hw_chain *c, const struct descriptor *d)
{
    bool writes = d->flags & DESC_WRITE;

    if (c->readable + c->writable == HW_VIRTIO_SEGMENTS_MAX || (!writes && c->writable) || !d->bytes)
        return false;
    c->segment[c->readable + c->writable] = (struct hw_segment){d->address, d->bytes};
    c->readable += !writes;
    c->writable += writes;
    *(writes ? &c->write_bytes : &c->read_bytes) += d->bytes;
    return true;
}

/* The loop is bounded: a chain cannot have more descriptors than its table. */
static bool walk(struct hw_virtio *v, uint64_t table, unsigned size, uint16_t head, bool inner, struct hw_chain *c)
{
    struct descriptor d = {.next = head, .flags = DESC_NEXT};

    for (unsigned n = 0; d.flags & DESC_NEXT; n++) {
        if (n == size || d.next >= size || !hw_dma_read(&v->card, table + d.next * DESC_BYTES, &d, sizeof d))
            return false;
        if (!(d.flags & DESC_INDIRECT)) {
            if (!add(c, &d))
                return false;
            continue;
        }
        if (inner || !hw_virtio_has(v, HW_VIRTIO_F_INDIRECT) || d.bytes % DESC_BYTES || !d.bytes)
            return false;
        if (!walk(v, d.address, d.bytes / DESC_BYTES, 0, true, c))
            return false;
    }
    return true;
}

bool hw_virtqueue_chain(struct hw_virtio *v, const struct hw_virtqueue *q, uint16_t head, struct hw_chain *c)
{
    c->readable = c->writable = 0;
    c->read_bytes = c->write_bytes = 0;
    if (walk(v, q->descriptors, q->size, head, false, c))
        return true;
    hw_virtio_config_changed(v, HW_VIRTIO_NEEDS_RESET);
    return false;
}

/* ---- data ---- */

static bool copy(
    struct hw_virtio *v, const struct hw_segment *s, unsigned n, uint64_t offset, char *p, size_t bytes, bool to_memory)
{
    for (; n && bytes; s++, n--) {
        if (offset >= s->bytes) {
            offset -= s->bytes;
            continue;
        }
        size_t now = s->bytes - offset < bytes ? (size_t)(s->bytes - offset) : bytes;

        if (!(to_memory ? hw_dma_write(&v->card, s->address + offset, p, now)
                        : hw_dma_read(&v->card, s->address + offset, p, now)))
            return false;
        offset = 0;
        p += now;
        bytes -= now;
    }
    return bytes == 0;
}

bool hw_chain_read(struct hw_virtio *v, const struct hw_chain *c, uint64_t offset, void *to, size_t bytes)
{
    return copy(v, c->segment, c->readable, offset, to, bytes, false);
}

bool hw_chain_write(struct hw_virtio *v, const struct hw_chain *c, uint64_t offset, const void *from, size_t bytes)
{
    return copy(v, c->segment + c->readable, c->writable, offset, (char *)(uintptr_t)from, bytes, true);
}
