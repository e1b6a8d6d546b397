/* SPDX-License-Identifier: MIT */
/* host/image.h - the driver and test images of this process. Host only: never inside a run, but for the look-ups. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Puts the writable data of every opened image back to what it was when the image had been opened. */
void image_restore_all(void);

/* The image that holds address; its bounds are for DRIVER_LOAD. False: none. Any IRQL. */
bool image_bounds(const void *address, uintptr_t *start, uintptr_t *end);

/* In an image that was opened (not in the program). Any IRQL, even in a signal handler. */
bool image_holds(const void *address);

/* "heartbeat": the file's name without directory and extension. */
void image_name(const void *address, char *buf, size_t size);

/* Changes with every build of the library or of an opened image. */
uint32_t image_build_id(void);
