/* SPDX-License-Identifier: MIT */
/* ex/work.h - system worker threads. */
#pragma once

#include <stdbool.h>

#include "ke/ke.h"

/* Before each run. */
void ex_work_boot(void);

/* Links the item at the tail of the queue of that type (a WORK_QUEUE_TYPE, or CustomPriorityWorkQueue + priority); a worker
 * thread calls its routine at PASSIVE_LEVEL. Bug check 0xE4 when the item is queued already, the type does not exist or
 * there is no routine. IRQL <= 2. Point: no. */
void ex_work_queue(PWORK_QUEUE_ITEM item, unsigned type);

/* Queued and not yet taken by a worker. Any IRQL. */
bool ex_work_is_queued(const WORK_QUEUE_ITEM *item);

/* A queued item in [start, start + bytes), or NULL. IRQL <= 2. */
const void *ex_work_queued_in(const void *start, size_t bytes);

/* A driver's routine is called between the two: events, and what it may not leave behind. item, object: only addresses. */
struct ex_work_call {
    const void *routine, *context, *item, *object;
    bool        apcs_off;
    mach_ns     start_ns;
};
void ex_work_enter(struct ex_work_call *c);
void ex_work_leave(const struct ex_work_call *c);

/* Work of the kernel's own, or done for a driver: no events, no checks of what the routine leaves behind. */
struct ex_work {
    WORK_QUEUE_ITEM item;
    void (*fn)(struct ex_work *w); /* may release w */
};

/* w->item.List.Flink must be NULL; false: it is queued already. IRQL <= 2. Point: no. */
bool ex_work_submit(struct ex_work *w, unsigned type);

/* A queued or running item of a driver's, whose routine lies in [start, end), or NULL; *running tells which. IRQL <= 2. */
const void *ex_work_find(const void *start, const void *end, bool *running);
