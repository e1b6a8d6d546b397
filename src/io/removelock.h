/* SPDX-License-Identifier: MIT */
/* io/removelock.h - remove locks. */
#pragma once

#include "ke/ke.h"

/* IRQL 0. minutes_max: that it may be held, acquired_max: acquisitions at once; 0 = no limit. */
void     io_remove_lock_init(PIO_REMOVE_LOCK lock, ULONG bytes, ULONG minutes_max, ULONG acquired_max);
NTSTATUS io_remove_lock_acquire(PIO_REMOVE_LOCK lock, void *tag);          /* IRQL <= 2 */
void     io_remove_lock_release(PIO_REMOVE_LOCK lock, void *tag);          /* IRQL <= 2 */
void     io_remove_lock_release_and_wait(PIO_REMOVE_LOCK lock, void *tag); /* IRQL 0; blocks */
