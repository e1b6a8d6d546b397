/* SPDX-License-Identifier: MIT */
/* host/tell.h - the story as a table: a column for each processor, a line for each switch, at most 100 columns. */
#pragma once

#include "host/host.h"

/* focus: address whose rows are never left out; NULL = none. */
void tell_table(struct out *o, unsigned cpus, const void *focus);

/* "in DPC HbTimerDpc, heartbeat.c:40 KeSetTimer(...)": what a processor did last. 0: nothing is known. */
size_t tell_last(unsigned cpu, char *buf, size_t size);

/* "thread 3 (stop_it)", or "the test's body" for thread 1. */
size_t tell_thread(uint32_t id, char *buf, size_t size);
