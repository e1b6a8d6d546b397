/* SPDX-License-Identifier: MIT */
/* io/thread.h - threads that hold their device or driver object. */
#pragma once

#include "ke/ke.h"

/* object: device or driver; referenced until the thread has ended. NULL: no memory. PASSIVE_LEVEL. */
ke_thread *io_thread_create(void *object, PKSTART_ROUTINE routine, void *context);
