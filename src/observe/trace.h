/* SPDX-License-Identifier: MIT */
/*
 * observe/trace.h - the event stream of one run, kept for the report: what happened when, on which processor.
 *
 * Recorded while a failing schedule is replayed, not while schedules are searched. An index counts events from 0 in
 * the order in which they were published; TRACE_NONE = there is no such event.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ev.h"

#define TRACE_NONE UINT32_MAX

/* Every event but plain memory accesses. */
#define TRACE_DEFAULT (~(EV_BIT(EV_MEM_READ) | EV_BIT(EV_MEM_WRITE)))

/* Starts recording the events in mask, from empty. 0 or -ENOMEM. Not while a machine runs. */
int  trace_start(ev_set mask);
void trace_stop(void);  /* what was recorded stays */
void trace_reset(void); /* empties it */
void trace_free(void);

uint32_t trace_count(void);

/* Events that were not kept because memory ran out; a report must say so. */
uint64_t trace_lost(void);

/* i < trace_count(). Stays where it is until trace_reset(). */
const struct ev *trace_at(uint32_t i);

/* The last event before index `before` of a kind in mask, about obj (NULL: any). */
uint32_t trace_last(ev_set mask, const void *obj, uint32_t before);

/* The first event at or after index `from` on a processor. */
uint32_t trace_next_on(unsigned cpu, uint32_t from);

/* The first event at or after `from` of a kind in mask, about obj (NULL: any). */
uint32_t trace_next(ev_set mask, const void *obj, uint32_t from);

/* The DDI call that event i came out of: the EV_DDI_ENTER of the same executor that has no leave before i. For "set
 * at driver.c:58": its field b is the caller. */
uint32_t trace_ddi_of(uint32_t i);

/* How an address is written; host/ sets one that knows symbols. The default writes hexadecimal digits. */
extern void (*trace_print_address)(const void *address, char *buf, size_t n);

/* One line in NT's terms, without time and processor: "KeSetTimer: timer 0x... set, due at 5.000 000 ms". Returns buf. */
char *trace_describe(const struct ev *e, char *buf, size_t n);
