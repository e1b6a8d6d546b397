/* SPDX-License-Identifier: MIT */
/* hw/pool.c - a few pieces, so that a run allocates nothing; only what was in use is zeroed, when it is taken. */
#include "hw/pool.h"

#include <stdint.h>
#include <string.h>

#include "hw/hw.h"

enum { PIECES = 8, PIECE_BYTES = 256 * 1024 };

static struct mach_lock lock;
static uint32_t         used;
static _Alignas(64) char pieces[PIECES][PIECE_BYTES];

void *hw_pool_get(size_t bytes)
{
    if (bytes > PIECE_BYTES)
        return NULL;
    mach_lock(&lock);
    unsigned i = (unsigned)__builtin_ctz(~used);

    if (i < PIECES)
        used |= 1u << i;
    mach_unlock(&lock);
    return i < PIECES ? memset(pieces[i], 0, bytes) : NULL;
}

void hw_pool_put(void *p)
{
    unsigned i = (unsigned)(((char *)p - pieces[0]) / PIECE_BYTES);

    mach_lock(&lock);
    used &= ~(1u << i);
    mach_unlock(&lock);
}

void hw_pool_reset(void)
{
    lock = (struct mach_lock){0};
    used = 0;
}

/* Every model begins with its card. */
void hw_destroy(struct hw_card *c)
{
    hw_card_detach(c);
    hw_pool_put(c);
}

void hw_reset(void)
{
    device_memory_current = NULL;
    hw_pool_reset();
}
