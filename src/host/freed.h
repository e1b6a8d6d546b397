/* SPDX-License-Identifier: MIT */
/* host/freed.h - findings that say more once it is known what is free, and what is still under way. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/finding.h"

struct _DRIVER_OBJECT;

/* In a block of pool that was freed (devices and their extensions lie in pool too). Any IRQL, takes no lock. */
bool freed_has(const void *p);

/* The fill pattern of freed pool, or an address near it: a pointer that was read from there. */
bool freed_is_pattern(uint64_t word);

/* What the kernel says of a lock whose memory is gone is not the point: makes it a use after free (DT-T05). Of other objects
 * it adds where they lie. */
void freed_amend(struct finding *f);

/* The oldest request that a driver (NULL: any) has and has not completed; closed: only of files whose handles are closed.
 * Its text goes to buf and *routine is the dispatch routine that was given it. Machine stopped, or for a diagnosis only. */
bool pending_find(
    const struct _DRIVER_OBJECT *driver, bool closed, char *buf, size_t size, const void **irp, const void **routine);
