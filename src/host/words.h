/* SPDX-License-Identifier: MIT */
/* host/words.h - one row of the story in words. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ev.h"

/* "heartbeat.c:71 KeCancelTimer(&hb->Watchdog)"; enter: an EV_DDI_ENTER. */
size_t words_call(const struct ev *enter, char *buf, size_t size);

/* " = FALSE", or nothing where the result says nothing. */
void words_result(const struct ev *leave, char *buf, size_t size);

/* Row i when it is no call and no switch; false: not worth a line. */
bool words_fact(unsigned i, char *buf, size_t size);

/* What the switch at row i did. */
void words_switch(unsigned i, char *buf, size_t size);

/* Is this code of a driver or a test, and not ours? */
bool words_from_driver(const void *caller);

void words_routine(const char *before, uint64_t routine, const char *after, char *buf, size_t size);
