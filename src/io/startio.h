/* SPDX-License-Identifier: MIT */
/* io/startio.h - device queues, StartIo, IoTimer. */
#pragma once

#include "ke/ke.h"

/* Device queues: atomic, any IRQL <= 2. key NULL: at the end, or the first. */
void                 io_queue_init(PKDEVICE_QUEUE q);
bool                 io_queue_insert(PKDEVICE_QUEUE q, PKDEVICE_QUEUE_ENTRY e, const ULONG *key);
PKDEVICE_QUEUE_ENTRY io_queue_remove(PKDEVICE_QUEUE q, const ULONG *key);         /* bug check 0x2 when not busy */
PKDEVICE_QUEUE_ENTRY io_queue_remove_if_busy(PKDEVICE_QUEUE q, const ULONG *key); /* NULL when not busy */
bool                 io_queue_remove_entry(PKDEVICE_QUEUE q, PKDEVICE_QUEUE_ENTRY e);

/* IRQL <= 2 */
void io_start_packet(PDEVICE_OBJECT device, PIRP irp, const ULONG *key, PDRIVER_CANCEL cancel);
void io_start_next(PDEVICE_OBJECT device, bool cancelable, const ULONG *key); /* IRQL 2 */
void io_start_attributes(PDEVICE_OBJECT device, bool deferred, bool non_cancelable);

NTSTATUS io_timer_init(PDEVICE_OBJECT device, PIO_TIMER_ROUTINE routine, void *context); /* IRQL 0 */
void     io_timer_start(PDEVICE_OBJECT device);                                          /* IRQL <= 2 */
void     io_timer_stop(PDEVICE_OBJECT device);
