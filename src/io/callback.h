/* SPDX-License-Identifier: MIT */
/* io/callback.h - callback objects: whoever has something to tell, and whoever wants to be told. */
#pragma once

#include "io/ob.h"

struct io_callback_config {
    const UNICODE_STRING *name; /* NULL: none */
    bool                  create, multiple, ignore_case;
};

/* Before each run: the names that the system makes itself. */
void io_callback_boot(void);

/* Referenced for the caller. STATUS_OBJECT_NAME_NOT_FOUND when it is not to be created. IRQL <= APC_LEVEL. */
NTSTATUS io_callback_open(const struct io_callback_config *c, PCALLBACK_OBJECT *out);

/* NULL: there is one already and only one may be, or no memory. IRQL <= APC_LEVEL. */
void *io_callback_register(PCALLBACK_OBJECT object, PCALLBACK_FUNCTION fn, void *context);

/* Returns when the function does not run and never will. IRQL <= APC_LEVEL; blocks. */
void io_callback_unregister(void *registration);

/* Calls all that are registered, in order of registration, at the caller's IRQL (<= DISPATCH_LEVEL). */
void io_callback_notify(PCALLBACK_OBJECT object, void *arg1, void *arg2);
