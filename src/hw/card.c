/* SPDX-License-Identifier: MIT */
/*
 * hw/card.c - a PCI card without its registers. Theory:
 *
 * Interrupts. The port connects messages or the line (device_ops.connect) before a driver runs. A message that is masked in its
 * table entry, by the function mask or by StorPortMaskMsixInterrupt, which sets the entry's mask bit, is pending until it is not;
 * then it is raised once (STL-104). The line is a level: the port hears of its edges.
 *
 * Lock order: engine, then lock. The port's raise and lower take no lock of ours and call nobody back, so that they may be called
 * with both held; order matters for the line, whose level must be told in the order in which it changed.
 *
 * A card that was pulled out reads as ones and neither writes memory nor raises anything (STI-076, STI-111). A step that runs at
 * that instant ends as if it had come before.
 */
#include "hw/card.h"

#include <string.h>

#include "base/finding.h"

enum {
    BAR_IO = 1,
    CAPABILITY_LIST = 0x10,
    STATUS_LINE = 8,
    FIRST_CAPABILITY = 0x40,
    MSIX_ID = 0x11,
    INTERRUPT_PIN = 0x3d
};
enum { MSIX_ENABLE = 0x8000, MSIX_FUNCTION_MASK = 0x4000, ENTRY_CONTROL = 3, ENTRY_MASKED = 1 };

static struct hw_card *card_of(struct device *d)
{
    return (struct hw_card *)(void *)((char *)d - offsetof(struct hw_card, device));
}

static bool is_gone(const struct hw_card *c)
{
    return __atomic_load_n(&c->gone, __ATOMIC_ACQUIRE) || !__atomic_load_n(&c->powered, __ATOMIC_ACQUIRE);
}

void hw_card_lock(struct hw_card *c)
{
    mach_lock(&c->lock);
}

void hw_card_unlock(struct hw_card *c)
{
    mach_unlock(&c->lock);
}

void hw_card_ring(struct hw_card *c)
{
    mach_device_ring(&c->agent);
}

/* ---- interrupts ---- */

static void raise(struct hw_card *c, int message)
{
    struct device_port *port = __atomic_load_n(&c->device.port, __ATOMIC_ACQUIRE);

    if (port && !is_gone(c))
        port->raise(port, message);
}

static bool is_masked(const struct hw_card *c, unsigned message)
{
    return (c->msix_entry[message][ENTRY_CONTROL] & ENTRY_MASKED) ||
           (c->config[c->msix_at + 3] & MSIX_FUNCTION_MASK >> 8);
}

void hw_card_message(struct hw_card *c, unsigned message)
{
    if (message >= __atomic_load_n(&c->messages, __ATOMIC_RELAXED))
        return;
    if (is_masked(c, message)) {
        __atomic_or_fetch(&c->pending, 1ull << message, __ATOMIC_SEQ_CST);
        if (is_masked(c, message) ||
            !(__atomic_fetch_and(&c->pending, ~(1ull << message), __ATOMIC_SEQ_CST) >> message & 1))
            return;
    }
    raise(c, (int)message);
}

/* What was raised while it was masked comes now. `lock` is held. */
static void unmasked_locked(struct hw_card *c)
{
    for (uint64_t left = c->pending; left; left &= left - 1) {
        unsigned message = (unsigned)__builtin_ctzll(left);

        if (!is_masked(c, message) &&
            __atomic_fetch_and(&c->pending, ~(1ull << message), __ATOMIC_SEQ_CST) >> message & 1)
            raise(c, (int)message);
    }
}

static void mask(struct device *d, unsigned message, bool masked)
{
    struct hw_card *c = card_of(d);

    if (message >= DEVICE_MESSAGES)
        return;
    hw_card_lock(c);
    c->msix_entry[message][ENTRY_CONTROL] = masked ? ENTRY_MASKED : 0;
    unmasked_locked(c);
    hw_card_unlock(c);
}

void hw_card_line(struct hw_card *c, bool asserted)
{
    struct device_port *port = __atomic_load_n(&c->device.port, __ATOMIC_ACQUIRE);

    if (asserted &&
        (c->config[HW_PCI_COMMAND + 1] & HW_COMMAND_LINE_OFF >> 8 || is_gone(c) || hw_card_uses_messages(c)))
        return;
    if (c->line == asserted)
        return;
    c->line = asserted;
    c->config[HW_PCI_STATUS] = (uint8_t)((c->config[HW_PCI_STATUS] & ~STATUS_LINE) | (asserted ? STATUS_LINE : 0));
    if (port && asserted)
        port->raise(port, DEVICE_LINE);
    else if (port)
        port->lower(port);
}

/* MSI-X is on with all entries open, as Windows leaves it; or the line is. */
static void connect(struct device *d, unsigned messages)
{
    struct hw_card *c = card_of(d);

    mach_lock(&c->engine); /* whoever unplugs waits for the step that runs */
    hw_card_lock(c);
    if (messages > c->msix.messages)
        messages = c->msix.messages;
    __atomic_store_n(&c->messages, messages, __ATOMIC_RELAXED);
    if (c->msix_at)
        c->config[c->msix_at + 3] = (uint8_t)((c->config[c->msix_at + 3] & 0x3f) | (messages ? MSIX_ENABLE >> 8 : 0));
    for (unsigned i = 0; i < DEVICE_MESSAGES; i++)
        c->msix_entry[i][ENTRY_CONTROL] = i < messages ? 0 : ENTRY_MASKED;
    hw_config_set(
        c, HW_PCI_COMMAND, c->config[HW_PCI_COMMAND] | HW_COMMAND_IO | HW_COMMAND_MEMORY | HW_COMMAND_MASTER, 2);
    hw_card_unlock(c);
    mach_unlock(&c->engine);
}

/* ---- configuration space ---- */

void hw_config_set(struct hw_card *c, unsigned offset, uint32_t value, unsigned bytes)
{
    memcpy(c->config + offset, &value, bytes);
}

static unsigned config_read(struct device *d, unsigned offset, void *to, unsigned bytes)
{
    struct hw_card *c = card_of(d);

    if (is_gone(c)) {
        memset(to, 0xff, bytes);
        return 0;
    }
    if (offset >= HW_CONFIG_BYTES)
        return 0;
    if (bytes > HW_CONFIG_BYTES - offset)
        bytes = HW_CONFIG_BYTES - offset;
    hw_card_lock(c);
    memcpy(to, c->config + offset, bytes);
    hw_card_unlock(c);
    return bytes;
}

static unsigned config_write(struct device *d, unsigned offset, const void *from, unsigned bytes)
{
    struct hw_card *c = card_of(d);
    const uint8_t  *p = from;

    if (is_gone(c) || offset >= HW_CONFIG_BYTES)
        return 0;
    if (bytes > HW_CONFIG_BYTES - offset)
        bytes = HW_CONFIG_BYTES - offset;
    hw_card_lock(c);
    for (unsigned i = 0; i < bytes; i++) {
        uint8_t w = c->writable[offset + i];

        c->config[offset + i] = (uint8_t)((c->config[offset + i] & ~w) | (p[i] & w));
    }
    unmasked_locked(c);
    hw_card_unlock(c);
    return bytes;
}

/* ---- registers ---- */

static uint64_t ones(unsigned bytes)
{
    return bytes >= 8 ? ~0ull : (1ull << bytes * 8) - 1;
}

static bool in_table(const struct hw_card *c, unsigned bar, uint64_t offset)
{
    return c->msix.messages && bar == c->msix.bar &&
           offset - c->msix.table < (uint64_t)c->msix.messages * HW_MSIX_ENTRY_BYTES;
}

static bool in_pending(const struct hw_card *c, unsigned bar, uint64_t offset)
{
    return c->msix.messages && bar == c->msix.bar && offset - c->msix.pending < 8;
}

static uint64_t read(struct device *d, unsigned bar, uint64_t offset, unsigned bytes)
{
    struct hw_card *c = card_of(d);
    uint64_t        value = 0;

    if (is_gone(c))
        return ones(bytes);
    hw_card_lock(c);
    if (in_table(c, bar, offset))
        memcpy(&value, (const char *)c->msix_entry + (offset - c->msix.table), bytes > 4 ? 4 : bytes);
    else if (in_pending(c, bar, offset))
        value = hw_part(c->pending, (unsigned)(offset - c->msix.pending), bytes);
    else
        value = c->ops->read(c, bar, offset, bytes);
    hw_card_unlock(c);
    mach_device_polled(&c->agent);
    return is_gone(c) ? ones(bytes) : value & ones(bytes);
}

static void write(struct device *d, unsigned bar, uint64_t offset, uint64_t value, unsigned bytes)
{
    struct hw_card *c = card_of(d);

    if (is_gone(c))
        return;
    hw_card_lock(c);
    if (in_table(c, bar, offset)) {
        memcpy((char *)c->msix_entry + (offset - c->msix.table), &value, bytes > 4 ? 4 : bytes);
        unmasked_locked(c);
    } else if (!in_pending(c, bar, offset)) {
        c->ops->write(c, bar, offset, value & ones(bytes), bytes);
    }
    hw_card_unlock(c);
}

/* ---- life ---- */

/* The line goes down; masks and capabilities are the port's. */
static void reset(struct device *d)
{
    struct hw_card *c = card_of(d);

    mach_lock(&c->engine);
    hw_card_lock(c);
    hw_card_line(c, false);
    c->pending = 0;
    c->ops->reset(c);
    hw_card_unlock(c);
    mach_unlock(&c->engine);
}

bool hw_card_reset_now(struct hw_card *c)
{
    if (!mach_try_lock(&c->engine))
        return false;
    hw_card_line(c, false);
    c->ops->reset(c);
    mach_unlock(&c->engine);
    return true;
}

static void power(struct device *d, bool on)
{
    struct hw_card *c = card_of(d);

    if (on == __atomic_load_n(&c->powered, __ATOMIC_RELAXED))
        return;
    if (on)
        reset(d);
    __atomic_store_n(&c->powered, on, __ATOMIC_RELEASE);
    if (!on) {
        hw_card_lock(c);
        hw_card_line(c, false);
        hw_card_unlock(c);
    }
}

static const struct device_ops device_ops = {.config_read = config_read,
    .config_write = config_write,
    .read = read,
    .write = write,
    .reset = reset,
    .connect = connect,
    .mask = mask,
    .power = power};

static bool step(struct mach_device *agent)
{
    struct hw_card *c = (struct hw_card *)(void *)((char *)agent - offsetof(struct hw_card, agent));
    bool            more = false;

    mach_lock(&c->engine);
    if (!is_gone(c) && c->ops->step)
        more = c->ops->step(c);
    mach_unlock(&c->engine);
    return more;
}

void hw_card_init(struct hw_card *c, const struct hw_card_ops *ops, const struct hw_identity *id)
{
    static const uint16_t command = HW_COMMAND_IO | HW_COMMAND_MEMORY | HW_COMMAND_MASTER | HW_COMMAND_LINE_OFF;

    c->ops = ops;
    c->powered = true;
    c->agent.step = step;
    c->device.ops = &device_ops;
    c->device.line = true;
    hw_config_set(c, 0x00, (uint32_t)id->device << 16 | id->vendor, 4);
    hw_config_set(c, 0x08,
        (uint32_t)id->base_class << 24 | (uint32_t)id->sub_class << 16 | (uint32_t)id->interface << 8 | id->revision,
        4);
    hw_config_set(c, 0x2c, (uint32_t)id->subsystem << 16 | id->subsystem_vendor, 4);
    hw_config_set(c, INTERRUPT_PIN, 1, 1);
    memcpy(c->writable + HW_PCI_COMMAND, &command, sizeof command);
    c->writable[0x0c] = c->writable[0x0d] = c->writable[0x3c] = 0xff; /* cache line, latency, interrupt line */
}

/* Bus addresses are given by slot and range: 1 MB each from 0xe0000000, ports from 0x1000. */
void hw_card_range(struct hw_card *c, unsigned n, uint32_t bytes, bool io_space)
{
    uint32_t base = io_space ? 0x1000 + n * 0x100 : 0xe0000000u + n * 0x100000u;
    uint32_t bits = ~(bytes - 1) & (io_space ? ~3u : ~15u);

    c->device.range[n] = (struct device_range){.base = base, .bytes = bytes, .io_space = io_space};
    hw_config_set(c, HW_PCI_BAR0 + n * 4, base | (io_space ? BAR_IO : 0), 4);
    memcpy(c->writable + HW_PCI_BAR0 + n * 4, &bits, sizeof bits);
}

unsigned hw_card_capability(struct hw_card *c, uint8_t id, const void *content, unsigned bytes)
{
    unsigned at = c->config_used ? c->config_used : FIRST_CAPABILITY, last = HW_PCI_CAPABILITIES;

    if (at + 2 + bytes > HW_CONFIG_BYTES)
        return 0;
    while (c->config[last])
        last = c->config[last] + 1u; /* its link */
    c->config[last] = (uint8_t)at;
    c->config[at] = id;
    c->config[at + 1] = 0;
    memcpy(c->config + at + 2, content, bytes);
    c->config[HW_PCI_STATUS] |= CAPABILITY_LIST;
    c->config_used = (at + 2 + bytes + 3) & ~3u;
    return at;
}

void hw_card_msix(struct hw_card *c, const struct hw_msix *msix)
{
    uint8_t  content[10] = {(uint8_t)(msix->messages - 1)};
    uint32_t table = msix->table | msix->bar, pending = msix->pending | msix->bar;

    if (!msix->messages)
        return;
    c->msix = *msix;
    memcpy(content + 2, &table, 4);
    memcpy(content + 6, &pending, 4);
    c->msix_at = hw_card_capability(c, MSIX_ID, content, sizeof content);
    c->writable[c->msix_at + 3] = (MSIX_ENABLE | MSIX_FUNCTION_MASK) >> 8;
    c->device.messages = msix->messages;
    c->device.msix = true;
    for (unsigned i = 0; i < DEVICE_MESSAGES; i++)
        c->msix_entry[i][ENTRY_CONTROL] = ENTRY_MASKED;
}

bool hw_card_attach(struct hw_card *c)
{
    c->ops->reset(c);
    return mach_device_attach(&c->agent);
}

void hw_card_detach(struct hw_card *c)
{
    mach_device_detach(&c->agent);
}

void hw_card_pull(struct hw_card *c)
{
    hw_card_lock(c);
    hw_card_line(c, false);
    hw_card_unlock(c);
    __atomic_store_n(&c->gone, true, __ATOMIC_RELEASE);
}
