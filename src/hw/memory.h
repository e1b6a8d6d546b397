/* SPDX-License-Identifier: MIT */
/*
 * hw/memory.h - the memory that devices reach, and its bus addresses.
 *
 * Two areas are handed out by alloc, physically contiguous: one below 4 GB, one above. All other memory of the process (pool,
 * stacks, images, a client's heap) can be reached too; its bus addresses are its own page addresses, or in shuffled mode those
 * of other pages, so that a buffer of several pages has a scatter/gather list of several elements.
 */
#pragma once

#include "base/device.h"

#define HW_MEMORY_LOW_BASE  0x01000000ull
#define HW_MEMORY_HIGH_BASE 0x100000000ull
#define HW_PAGE_BYTES       4096u

/* Before each run; all that was allocated is forgotten. Costs what the previous run used. NULL: no address space. */
struct device_memory *hw_memory_boot(bool shuffled);
