/* SPDX-License-Identifier: MIT */
/* io/ob.h - reference-counted objects and handles: devices, drivers, files, events; threads are the kernel's. */
#pragma once

#include "ke/ke.h"

/* One per kind of object; drivers see it as POBJECT_TYPE. */
struct _OBJECT_TYPE {
    const char *name;
    size_t      prefix;              /* bytes of ours before the header */
    void (*destroy)(void *body);     /* the last reference is gone; the memory goes after it */
    void (*last_handle)(void *body); /* the last handle was closed; PASSIVE_LEVEL */
    bool passive;                    /* destroy wants PASSIVE_LEVEL: a worker thread runs it if need be */
};

extern OBJECT_TYPE ob_type_device, ob_type_driver, ob_type_file, ob_type_event, ob_type_thread, ob_type_process;

/* The one process; it is always there. */
void *ob_system_process(void);

/* Before each run. */
void ob_boot(void);

/* body_bytes zeroed bytes after prefix and header, with one reference. NULL: no memory. IRQL <= 2. */
void *ob_create(POBJECT_TYPE type, size_t body_bytes);

/* The prefix of a body. */
void *ob_prefix(void *body);

/* Any object, threads too. Bug check 0x18 for what is no object or is gone. IRQL <= 2. */
POBJECT_TYPE ob_type_of(void *body);
bool         ob_is_object(void *body);   /* no bug check. IRQL <= 2 */
LONG         ob_reference(void *body);   /* new count */
LONG         ob_dereference(void *body); /* new count; may destroy */

/* Handles: 4, 8, 12 ... in order of creation, reused last in, first out. Each holds a reference. */
NTSTATUS ob_handle_create(void *body, HANDLE *out);
NTSTATUS ob_handle_close(HANDLE handle);

/* The object, referenced. type NULL: any. STATUS_INVALID_HANDLE or STATUS_OBJECT_TYPE_MISMATCH otherwise. */
NTSTATUS ob_handle_reference(HANDLE handle, POBJECT_TYPE type, void **body);

/* ---- objects with handles and names (io/named.c); PASSIVE_LEVEL ---- */

struct io_named_config {
    const UNICODE_STRING *name; /* NULL: none */
    POBJECT_TYPE          type;
    void *(*create)(
        const struct io_named_config *c); /* the body, one reference; NULL: no memory. No function: only open */
    const void *io;
};

/* STATUS_OBJECT_NAME_EXISTS: there is one of that name already, and the handle is its. Only to open: STATUS_OBJECT_NAME_NOT_FOUND
 * when there is none. Blocks. */
NTSTATUS io_named_create(const struct io_named_config *c, PHANDLE handle, void **body);
NTSTATUS io_named_settle(
    NTSTATUS status, bool open_if, HANDLE handle);         /* without OBJ_OPENIF such a handle is given up */
void io_named_forget(void *body);                          /* last_handle of the types that have names */
void io_named_name(const void *body, UNICODE_STRING *out); /* unchanged if it has none, or no room */
void io_named_boot(void);

/* ---- events with handles (io/event.c) ---- */

struct io_event_config {
    const UNICODE_STRING *name; /* NULL: none */
    EVENT_TYPE            type;
    bool                  state;
    bool                  open_only; /* STATUS_OBJECT_NAME_NOT_FOUND when there is none */
};

/* STATUS_OBJECT_NAME_EXISTS: there is one of that name already, with a type and state of its own. PASSIVE_LEVEL; blocks. */
NTSTATUS io_event_create(const struct io_event_config *c, PHANDLE handle, PKEVENT *event);

/* Of any object; empty when it has none, cut where MaximumLength ends. IRQL <= APC_LEVEL; blocks. */
void io_object_name(void *object, UNICODE_STRING *out);

/* Open handles of a body without a table entry (files opened by the host). */
void     ob_handle_count_up(void *body);
void     ob_handle_count_down(void *body);
unsigned ob_handle_count(void *body);
unsigned ob_reference_count(void *body);

/* Handles still open, for leak reports. */
void ob_handle_each(bool (*fn)(void *ctx, HANDLE handle, POBJECT_TYPE type, void *body), void *ctx);
