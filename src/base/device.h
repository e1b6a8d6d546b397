/* SPDX-License-Identifier: MIT */
/*
 * base/device.h - the contract between a device model (hw/) and the port driver that it is plugged into (sp/).
 *
 * The two see only this. host/ makes a model, gives it to the port when an adapter is started, and takes it back when that
 * is removed. Calls down go through struct device_ops, at any IRQL, on any processor: a model locks itself (base/spin.h or
 * mach_lock) and never calls up with its lock held. Calls up go through struct device_port, at any IRQL too.
 *
 * Memory that a device can reach has *bus addresses*, which a struct device_memory hands out and translates both ways. What
 * lies outside it a device cannot reach.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DEVICE_RANGES = 6, DEVICE_MESSAGES = 64, DEVICE_LINE = -1 };

/* Bus memory. All calls at any IRQL, except alloc and free (IRQL <= 2). */
struct device_memory {
    /* Contiguous, zeroed, aligned to `align` (a power of two), wholly in [lowest, highest] and, unless boundary is 0, not
     * across a multiple of it. NULL: none left. */
    void *(*alloc)(
        struct device_memory *m, size_t bytes, uint64_t align, uint64_t lowest, uint64_t highest, uint64_t boundary);
    void (*free)(struct device_memory *m, void *p, size_t bytes);
    /* The bus address of p; *run (may be NULL) becomes the bytes from there that are contiguous. 0: p is not bus memory. */
    uint64_t (*address)(struct device_memory *m, const void *p, uint64_t *run);
    /* Where [address, address + bytes) lies; NULL: not wholly bus memory, or not contiguous to the processor. */
    void *(*at)(struct device_memory *m, uint64_t address, size_t bytes);
};

/* That of the run, for MmGetPhysicalAddress; NULL: nobody has asked for any, and physical addresses are the virtual ones. */
extern struct device_memory *device_memory_current;

/* What the port offers to its model. */
struct device_port {
    /* message: 0 .. messages - 1, or DEVICE_LINE: the line is now asserted, and stays so until it is lowered. Called in a step
     * of the device too (mach/device.h), where nothing may switch: the port marks the interrupt pending and raises a line of
     * the machine (io_interrupt_assert). Point: no. */
    void (*raise)(struct device_port *port, int message);
    /* The line is no longer asserted. */
    void (*lower)(struct device_port *port);
    struct device_memory *memory;
};

struct device_range {
    uint64_t base, bytes; /* as a resource: bus-relative; bytes 0 = there is no such range */
    bool     io_space;
};

struct device;

struct device_ops {
    /* Configuration space; bytes moved, 0: the device is gone. */
    unsigned (*config_read)(struct device *d, unsigned offset, void *to, unsigned bytes);
    unsigned (*config_write)(struct device *d, unsigned offset, const void *from, unsigned bytes);
    /* Registers: bytes is 1, 2, 4 or 8. A device that is gone reads as all ones. */
    uint64_t (*read)(struct device *d, unsigned range, uint64_t offset, unsigned bytes);
    void (*write)(struct device *d, unsigned range, uint64_t offset, uint64_t value, unsigned bytes);
    /* Function-level reset, to the state after power-on. NULL: cannot. */
    void (*reset)(struct device *d);
    /* The port has connected that many messages, before any driver runs; 0: the line. NULL: does not care. */
    void (*connect)(struct device *d, unsigned messages);
    /* The message is masked in its table (MSI-X) or not: what is raised while masked is kept and raised once afterwards. */
    void (*mask)(struct device *d, unsigned message, bool masked);
    /* Power went (false) or came (true). NULL: does not care. */
    void (*power)(struct device *d, bool on);
};

/* Embedded in a model. Filled by the model before it is plugged in, except port, which is NULL while it is not. */
struct device {
    const struct device_ops *ops;
    struct device_port      *port;
    struct device_range      range[DEVICE_RANGES];
    unsigned                 messages; /* MSI or MSI-X that it has; 0: only a line */
    bool                     msix, line;
    uint32_t                 bus_number, slot; /* PCI: slot is PCI_SLOT_NUMBER's u.AsULONG */
};
