/* SPDX-License-Identifier: MIT */
/* host/stack.h - call stacks through frame pointers. */
#pragma once

#include <stddef.h>

#include "host/host.h"

/* Return addresses from the given frame outward, at most max. Any IRQL; reads through the kernel, so that it cannot fault. */
unsigned stack_walk(const void *frame, const void **pc, unsigned max);

/* "heartbeat.c:74 HbStop": the driver's line to blame; empty when unknown. */
void stack_blame(const struct host_finding *f, char *buf, size_t size);

/* The frames of f that belong to drivers and tests, one line each. */
void stack_print(struct out *o, const struct host_finding *f);
