/* SPDX-License-Identifier: MIT */
/*
 * host/objects.h - what to call an address in a report: as the driver's source calls it where it handed the
 * object over, else by the pool block or device extension it lies in. Never a raw address of an image.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Before row `before` of the story (story_count() = at its end). 0: it has no name that a driver would know. */
size_t objects_name(const void *object, unsigned before, char *buf, size_t size);

/* "pool block 'tbrH', 0x98 bytes, from heartbeat.c:58" when address lies in one. 0: it does not. */
size_t objects_block(const void *address, unsigned before, char *buf, size_t size);

/* A call as the source has it: "KeCancelTimer(&hb->Watchdog)". ddi: enum ddi_id. */
size_t objects_call(unsigned ddi, const void *caller, char *buf, size_t size);
