/* SPDX-License-Identifier: MIT */
/*
 * hw/card.h - what all PCI cards have in common: configuration space, base address registers, MSI-X and line interrupts, DMA,
 * work beside the processors. A model embeds struct hw_card and brings its registers and its work.
 *
 * Who calls a model: the driver, through the port, on any processor at any IRQL; and the machine, for a step of the device. The
 * card holds `lock` around read, write and reset, and nothing around step, of which there is one at a time. A model's
 * registers belong to `lock`: step takes it with hw_card_lock() for as long as it looks at them, and not while it moves
 * data. Nothing here is a point, so on the simulated machine each of these calls is atomic.
 */
#pragma once

#include "base/device.h"
#include "mach/device.h"

enum {
    HW_CONFIG_BYTES = 256,
    HW_PCI_COMMAND = 0x04,
    HW_PCI_STATUS = 0x06,
    HW_PCI_BAR0 = 0x10,
    HW_PCI_CAPABILITIES = 0x34,
    HW_COMMAND_IO = 1,
    HW_COMMAND_MEMORY = 2,
    HW_COMMAND_MASTER = 4,
    HW_COMMAND_LINE_OFF = 0x400,
    HW_MSIX_ENTRY_BYTES = 16
};

struct hw_card;

struct hw_card_ops {
    /* Registers of range `bar` outside the MSI-X tables; bytes is 1, 2, 4 or 8. `lock` is held. */
    uint64_t (*read)(struct hw_card *c, unsigned bar, uint64_t offset, unsigned bytes);
    void (*write)(struct hw_card *c, unsigned bar, uint64_t offset, uint64_t value, unsigned bytes);
    /* One piece of work; true: there is more. NULL: none ever. */
    bool (*step)(struct hw_card *c);
    /* Back to the state after power-on; no step is running. `lock` is held. */
    void (*reset)(struct hw_card *c);
};

struct hw_identity {
    uint16_t vendor, device, subsystem_vendor, subsystem;
    uint8_t  base_class, sub_class, interface, revision;
};

struct hw_bar {
    uint32_t bytes; /* a power of two, at least 16; 0: there is none */
    bool     io_space;
};

struct hw_msix {
    unsigned messages; /* 0: no MSI-X */
    unsigned bar;
    uint32_t table, pending; /* offsets in that range */
};

struct hw_card {
    struct device             device;
    struct mach_device        agent;
    const struct hw_card_ops *ops;
    struct mach_lock          lock;    /* registers, and all below */
    struct mach_lock          engine;  /* held during a step, and by who resets */
    bool                      gone;    /* pulled out: reads as ones, does nothing; atomic */
    bool                      powered; /* atomic */
    /* configuration space: what it holds, and which bits a driver can write */
    uint8_t  config[HW_CONFIG_BYTES], writable[HW_CONFIG_BYTES];
    unsigned config_used; /* where the next capability goes */
    /* interrupts */
    struct hw_msix msix;
    unsigned       messages; /* connected by the port; 0: the line */
    unsigned       msix_at;  /* the capability */
    uint32_t       msix_entry[DEVICE_MESSAGES][4];
    uint64_t       pending; /* messages raised while masked */
    bool           line;
};

/* ---- making one: not concurrent with anything ---- */

/* c was zeroed. Ranges get bus addresses. */
void hw_card_init(struct hw_card *c, const struct hw_card_ops *ops, const struct hw_identity *id);
void hw_card_range(struct hw_card *c, unsigned n, uint32_t bytes, bool io_space);

/* A capability of id, with bytes of content after its two-byte header; returns its offset. 0: no room. */
unsigned hw_card_capability(struct hw_card *c, uint8_t id, const void *content, unsigned bytes);
void     hw_card_msix(struct hw_card *c, const struct hw_msix *msix);
void     hw_config_set(struct hw_card *c, unsigned offset, uint32_t value, unsigned bytes);

/* Begins to work: IRQL < 2, in a run. False: too many devices. */
bool hw_card_attach(struct hw_card *c);

/* Ends; the memory is the caller's again. IRQL < 2. Point. */
void hw_card_detach(struct hw_card *c);

/* ---- what happens to it: any IRQL ---- */

/* Pulled out, at any instant. */
void hw_card_pull(struct hw_card *c);

/* ---- for models ---- */

void hw_card_lock(struct hw_card *c);
void hw_card_unlock(struct hw_card *c);
void hw_card_ring(struct hw_card *c);

/* From write, where `lock` is held: resets at once if no step is running. False: the model must do it in its next one. */
bool hw_card_reset_now(struct hw_card *c);

/* Raises a message, or the line; lowers the line. In a step or from read and write; `lock` held or not. */
void hw_card_message(struct hw_card *c, unsigned message);
void hw_card_line(struct hw_card *c, bool asserted);

static inline bool hw_card_uses_messages(const struct hw_card *c)
{
    return __atomic_load_n(&c->messages, __ATOMIC_RELAXED) != 0;
}

/* ---- DMA: in a step ---- */

/* Where the first of these bytes lie; *run becomes how many, at least 1. NULL: finding DT-S21, or the device may not. */
void *hw_dma(struct hw_card *c, uint64_t address, uint64_t bytes, uint64_t *run);

/* False: as above. */
bool hw_dma_read(struct hw_card *c, uint64_t address, void *to, size_t bytes);
bool hw_dma_write(struct hw_card *c, uint64_t address, const void *from, size_t bytes);

/* One aligned word, seen before all that is read later; after all that was written before. */
uint64_t hw_dma_load(struct hw_card *c, uint64_t address, unsigned bytes);
void     hw_dma_store(struct hw_card *c, uint64_t address, uint64_t value, unsigned bytes);

/* ---- little helpers for register files ---- */

/* Part of a wider register: `bytes` at `offset` within a value of 64 bits. */
static inline uint64_t hw_part(uint64_t value, unsigned offset, unsigned bytes)
{
    value >>= offset * 8;
    return bytes >= 8 ? value : value & ((1ull << bytes * 8) - 1);
}

static inline uint64_t hw_merge(uint64_t old, unsigned offset, uint64_t value, unsigned bytes)
{
    uint64_t mask = (bytes >= 8 ? ~0ull : (1ull << bytes * 8) - 1) << offset * 8;

    return (old & ~mask) | (value << offset * 8 & mask);
}
