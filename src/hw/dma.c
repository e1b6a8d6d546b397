/* SPDX-License-Identifier: MIT */
/*
 * hw/dma.c - a card reads and writes memory.
 *
 * The sanitizers do not see it: what a device and a driver may do at the same time is agreed between them, by the
 * protocol of the card, and not by the rules of the language. Words are moved whole.
 */
#include <string.h>

#include "base/finding.h"
#include "base/sanitize.h"
#include "hw/card.h"
#include "hw/memory.h"

static void stray(struct hw_card *c, uint64_t address, uint64_t bytes)
{
    struct finding f = {.severity = FINDING_STOP, .rule = "DT-S21", .object = c};

    finding_raisef(&f, "a device is told to use %llu bytes at bus address 0x%llx, which is no memory (any more)",
        (unsigned long long)bytes, (unsigned long long)address);
}

void *hw_dma(struct hw_card *c, uint64_t address, uint64_t bytes, uint64_t *run)
{
    struct device_port   *port = c->device.port;
    struct device_memory *m = port ? port->memory : NULL;
    uint64_t              page = HW_PAGE_BYTES - address % HW_PAGE_BYTES;

    if (!m || !bytes || !(c->config[HW_PCI_COMMAND] & HW_COMMAND_MASTER))
        return NULL;
    void *p = m->at(m, address, bytes);

    *run = bytes;
    if (!p && page < bytes) {
        *run = page;
        p = m->at(m, address, page);
    }
    if (!p)
        stray(c, address, bytes);
    return p;
}

/* A string instruction: no interceptor sees it, and nobody is quicker with pages. */
static void copy(void *to, const void *from, size_t bytes)
{
    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(bytes) : : "memory");
}

bool hw_dma_read(struct hw_card *c, uint64_t address, void *to, size_t bytes)
{
    char *t = to;

    while (bytes) {
        uint64_t run;
        void    *p = hw_dma(c, address, bytes, &run);

        if (!p)
            return false;
        copy(t, p, run);
        t += run;
        address += run;
        bytes -= run;
    }
    return true;
}

bool hw_dma_write(struct hw_card *c, uint64_t address, const void *from, size_t bytes)
{
    const char *f = from;

    while (bytes) {
        uint64_t run;
        void    *p = hw_dma(c, address, bytes, &run);

        if (!p)
            return false;
        copy(p, f, run);
        f += run;
        address += run;
        bytes -= run;
    }
    return true;
}

UNSYNCHRONIZED uint64_t hw_dma_load(struct hw_card *c, uint64_t address, unsigned bytes)
{
    uint64_t run;
    void    *p = hw_dma(c, address, bytes, &run);

    if (!p)
        return 0;
    switch (bytes) {
    case 1:
        return __atomic_load_n((uint8_t *)p, __ATOMIC_ACQUIRE);
    case 2:
        return __atomic_load_n((uint16_t *)p, __ATOMIC_ACQUIRE);
    case 4:
        return __atomic_load_n((uint32_t *)p, __ATOMIC_ACQUIRE);
    default:
        return __atomic_load_n((uint64_t *)p, __ATOMIC_ACQUIRE);
    }
}

UNSYNCHRONIZED void hw_dma_store(struct hw_card *c, uint64_t address, uint64_t value, unsigned bytes)
{
    uint64_t run;
    void    *p = hw_dma(c, address, bytes, &run);

    if (!p)
        return;
    if (bytes == 1)
        __atomic_store_n((uint8_t *)p, (uint8_t)value, __ATOMIC_SEQ_CST);
    else if (bytes == 2)
        __atomic_store_n((uint16_t *)p, (uint16_t)value, __ATOMIC_SEQ_CST);
    else if (bytes == 4)
        __atomic_store_n((uint32_t *)p, (uint32_t)value, __ATOMIC_SEQ_CST);
    else
        __atomic_store_n((uint64_t *)p, value, __ATOMIC_SEQ_CST);
}
