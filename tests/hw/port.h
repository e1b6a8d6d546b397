/* SPDX-License-Identifier: MIT */
/*
 * tests/hw/port.h - a port for one card: plays the bus driver and calls the test's interrupt routine. Vector 0x80 + n is
 * message n, the line has a vector of its own.
 */
#pragma once

#include "blk/blk.h"
#include "hw/hw.h"
#include "hw/memory.h"
#include "io/io.h"
#include "io/priv.h"
#include "machine.h"

enum { PORT_VECTOR = 0x80, PORT_LINE_VECTOR = 0xa0, PORT_DIRQL = 8 };

static struct port {
    struct device_port    port;
    struct device        *device;
    struct device_memory *memory;
    PKINTERRUPT           interrupt[DEVICE_MESSAGES + 1];
    unsigned              connected;
    bool                  asserted; /* atomic */
    uint32_t              raised;   /* atomic */
} port;

/* A routine that leaves the line asserted is called again. */
static inline void port_line_check(void)
{
    if (__atomic_load_n(&port.asserted, __ATOMIC_ACQUIRE))
        io_interrupt_assert(PORT_LINE_VECTOR);
}

static void port_raise(struct device_port *p, int message)
{
    (void)p;
    __atomic_add_fetch(&port.raised, 1, __ATOMIC_RELEASE);
    if (message == DEVICE_LINE)
        __atomic_store_n(&port.asserted, true, __ATOMIC_RELEASE);
    io_interrupt_assert(message == DEVICE_LINE ? PORT_LINE_VECTOR : (ULONG)(PORT_VECTOR + message));
}

static void port_lower(struct device_port *p)
{
    (void)p;
    __atomic_store_n(&port.asserted, false, __ATOMIC_RELEASE);
}

static void port_connect_one(ULONG vector, PKSERVICE_ROUTINE isr, void *context)
{
    struct io_interrupt_connection c = {.routine = isr,
        .context = context,
        .vector = vector,
        .irql = PORT_DIRQL,
        .sync_irql = PORT_DIRQL,
        .mode = Latched,
        .affinity = ~0ull};

    dt_expect_eq(io_interrupt_connect(&c, &port.interrupt[port.connected++]), STATUS_SUCCESS);
}

/* Plugs a card in that works already; messages 0: the line. */
static inline void port_plug_device(
    struct device *d, unsigned messages, bool shuffled, PKSERVICE_ROUTINE isr, void *context)
{
    dt_expect(d != NULL);
    port = (struct port){.port = {.raise = port_raise, .lower = port_lower}, .device = d};
    port.port.memory = port.memory = hw_memory_boot(shuffled);
    for (unsigned i = 0; i < messages; i++)
        port_connect_one(PORT_VECTOR + i, isr, context);
    if (!messages)
        port_connect_one(PORT_LINE_VECTOR, isr, context);
    d->port = &port.port;
    d->ops->connect(d, messages);
}

static inline void port_plug(
    struct hw_card *card, unsigned messages, bool shuffled, PKSERVICE_ROUTINE isr, void *context)
{
    dt_expect(card != NULL);
    port_plug_device(&card->device, messages, shuffled, isr, context);
    dt_expect(hw_card_attach(card));
}

static inline void port_disconnect(void)
{
    for (unsigned i = 0; i < port.connected; i++)
        io_interrupt_disconnect(port.interrupt[i]);
    if (!simulated())
        KeFlushQueuedDpcs(); /* the last interrupt's may still run elsewhere, and what it uses is made anew */
}

static inline void port_unplug(struct hw_card *card)
{
    hw_destroy(card);
    port_disconnect();
}

static inline uint32_t port_read(unsigned bar, uint64_t offset, unsigned bytes)
{
    mach_point(MACH_POINT_DDI, port.device);
    return (uint32_t)port.device->ops->read(port.device, bar, offset, bytes);
}

static inline void port_write(unsigned bar, uint64_t offset, uint64_t value, unsigned bytes)
{
    mach_point(MACH_POINT_DDI, port.device);
    port.device->ops->write(port.device, bar, offset, value, bytes);
}

static inline uint32_t port_config(unsigned offset, unsigned bytes)
{
    uint32_t value = 0;

    port.device->ops->config_read(port.device, offset, &value, bytes);
    return value;
}

static inline void *port_alloc(size_t bytes)
{
    void *p = port.memory->alloc(port.memory, bytes, HW_PAGE_BYTES, 0, UINT64_MAX, 0);

    dt_expect(p != NULL);
    return p;
}

static inline uint64_t port_address(const void *p)
{
    return port.memory->address(port.memory, p, NULL);
}

static inline void fill(void *p, size_t bytes, unsigned seed)
{
    for (size_t i = 0; i < bytes; i++)
        ((uint8_t *)p)[i] = (uint8_t)(seed + i * 7 + i / 251);
}

static inline bool filled(const void *p, size_t bytes, unsigned seed)
{
    for (size_t i = 0; i < bytes; i++)
        if (((const uint8_t *)p)[i] != (uint8_t)(seed + i * 7 + i / 251))
            return false;
    return true;
}
