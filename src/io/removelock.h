/* SPDX-License-Identifier: MIT */
/* io/removelock.h - remove locks. */
#pragma once

#include "ke/ke.h"

void     io_remove_lock_init(PIO_REMOVE_LOCK lock, ULONG bytes);           /* IRQL 0 */
NTSTATUS io_remove_lock_acquire(PIO_REMOVE_LOCK lock, void *tag);          /* IRQL <= 2 */
void     io_remove_lock_release(PIO_REMOVE_LOCK lock, void *tag);          /* IRQL <= 2 */
void     io_remove_lock_release_and_wait(PIO_REMOVE_LOCK lock, void *tag); /* IRQL 0; blocks */
