/* SPDX-License-Identifier: MIT */
/* io/workitem.h - work items that hold their device or driver object. */
#pragma once

#include "ex/work.h"
#include "ke/ke.h"

struct _IO_WORKITEM {
    struct ex_work          work;
    void                   *object; /* device or driver */
    PIO_WORKITEM_ROUTINE    routine;
    PIO_WORKITEM_ROUTINE_EX routine_ex; /* one of the two */
    void                   *context;
    ULONG                   magic;
    bool                    allocated;
};

void io_work_boot(void); /* before each run */

/* An item that IoInitializeWorkItem was called for, in [start, start + bytes), or NULL. IRQL <= 2. */
const void *io_work_initialized_in(const void *start, size_t bytes);

PIO_WORKITEM io_work_alloc(void *object, const void *caller); /* IRQL <= 2 */
void         io_work_init(void *object, PIO_WORKITEM item);
void         io_work_uninit(PIO_WORKITEM item);
void         io_work_free(PIO_WORKITEM item, const void *caller);

struct io_work_call {
    PIO_WORKITEM_ROUTINE    routine;
    PIO_WORKITEM_ROUTINE_EX routine_ex;
    void                   *context;
    unsigned                type; /* WORK_QUEUE_TYPE */
};
void io_work_queue(PIO_WORKITEM item, const struct io_work_call *call);
bool io_work_try_queue(PIO_WORKITEM item, const struct io_work_call *call); /* false: it is queued already */
