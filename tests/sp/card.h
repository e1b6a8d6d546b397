/* SPDX-License-Identifier: MIT */
/* tests/sp/card.h - a card with a configuration space, a memory range, a port range and registers that remember. */
#pragma once

#include "base/device.h"
#include "sp/clients.h"

enum { CARD_BUS = 3, CARD_SLOT = 5, CARD_MEMORY = 0x10000, CARD_PORTS = 0xc000, CARD_BYTES = 0x100 };

struct card {
    struct device d;
    uint8_t       config[256], memory[CARD_BYTES], ports[CARD_BYTES];
    unsigned      powers_on, powers_off, reads;
};

static struct card card;

static inline unsigned card_config_read(struct device *d, unsigned offset, void *to, unsigned bytes)
{
    (void)d;
    if (offset >= sizeof card.config)
        return 0;
    if (bytes > sizeof card.config - offset)
        bytes = sizeof card.config - offset;
    memcpy(to, card.config + offset, bytes);
    return bytes;
}

static inline unsigned card_config_write(struct device *d, unsigned offset, const void *from, unsigned bytes)
{
    (void)d;
    memcpy(card.config + offset, from, bytes);
    return bytes;
}

static inline uint8_t *card_register(unsigned range, uint64_t offset)
{
    return (range ? card.ports : card.memory) + offset;
}

static inline uint64_t card_read(struct device *d, unsigned range, uint64_t offset, unsigned bytes)
{
    uint64_t value = 0;

    (void)d;
    card.reads++;
    memcpy(&value, card_register(range, offset), bytes);
    return value;
}

static inline void card_write(struct device *d, unsigned range, uint64_t offset, uint64_t value, unsigned bytes)
{
    (void)d;
    memcpy(card_register(range, offset), &value, bytes);
}

static inline void card_power(struct device *d, bool on)
{
    (void)d;
    *(on ? &card.powers_on : &card.powers_off) += 1;
}

static inline struct device *plug(void)
{
    static const struct device_ops ops = {.config_read = card_config_read,
        .config_write = card_config_write,
        .read = card_read,
        .write = card_write,
        .power = card_power};

    memset(&card, 0, sizeof card);
    card.d = (struct device){.ops = &ops,
        .range = {{CARD_MEMORY, CARD_BYTES, false}, {CARD_PORTS, CARD_BYTES, true}},
        .line = true,
        .bus_number = CARD_BUS,
        .slot = CARD_SLOT};
    for (unsigned i = 0; i < sizeof card.config; i++)
        card.config[i] = (uint8_t)i;
    return &card.d;
}
