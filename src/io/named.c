/* SPDX-License-Identifier: MIT */
/*
 * io/named.c - names of objects that have handles: events, timers.
 *
 * A name lives as long as the object has open handles. Names are compared without regard to case and as they are given: there are
 * no directories. named.lock protects the table; a handle is made while it is held, so that a name found is still alive.
 */
#include <string.h>

#include "ex/unicode.h"
#include "io/priv.h"

enum { NAMED_MAX = 64, CHARS_MAX = 96 };

struct entry {
    void    *body; /* NULL: free */
    unsigned length;
    WCHAR    name[CHARS_MAX];
};

static struct {
    KEVENT       lock; /* held when not signaled; PASSIVE_LEVEL */
    unsigned     used;
    struct entry entry[NAMED_MAX];
} named;

void io_named_boot(void)
{
    ke_event_init(&named.lock, SynchronizationEvent, true);
    named.used = 0;
}

static void lock_names(void)
{
    ke_wait_one(&named.lock, NULL);
}

static void unlock_names(void)
{
    ke_event_set(&named.lock, 0);
}

static struct entry *find_locked(const UNICODE_STRING *name)
{
    for (unsigned i = 0; i < named.used; i++) {
        struct entry *n = &named.entry[i];

        if (n->body && ex_compare(n->name, n->length, name->Buffer, name->Length / sizeof(WCHAR), true) == 0)
            return n;
    }
    return NULL;
}

static struct entry *free_entry_locked(void)
{
    for (unsigned i = 0; i < named.used; i++)
        if (!named.entry[i].body)
            return &named.entry[i];
    return named.used < NAMED_MAX ? &named.entry[named.used++] : NULL;
}

void io_named_forget(void *body)
{
    if (named.used == 0)
        return;
    lock_names();
    for (unsigned i = 0; i < named.used; i++)
        if (named.entry[i].body == body && ob_handle_count(body) == 0)
            named.entry[i].body = NULL;
    unlock_names();
}

void io_named_name(const void *body, UNICODE_STRING *out)
{
    lock_names();
    for (unsigned i = 0; i < named.used; i++) {
        const struct entry *n = &named.entry[i];
        unsigned            bytes = n->length * (unsigned)sizeof(WCHAR);

        if (n->body != body || bytes > out->MaximumLength)
            continue;
        out->Length = (USHORT)bytes;
        memcpy(out->Buffer, n->name, bytes);
    }
    unlock_names();
}

static NTSTATUS create(const struct io_named_config *c, PHANDLE handle, void **body)
{
    *body = c->create(c);
    if (!*body)
        return STATUS_INSUFFICIENT_RESOURCES;
    NTSTATUS status = ob_handle_create(*body, handle);

    ob_dereference(*body); /* the handle keeps it */
    return status;
}

static NTSTATUS create_locked(const struct io_named_config *c, PHANDLE handle, void **body)
{
    struct entry *n = free_entry_locked();

    if (!n)
        return STATUS_INSUFFICIENT_RESOURCES;
    NTSTATUS status = create(c, handle, body);

    if (!NT_SUCCESS(status))
        return status;
    n->body = *body;
    n->length = c->name->Length / sizeof(WCHAR);
    for (unsigned i = 0; i < n->length; i++)
        n->name[i] = c->name->Buffer[i];
    return status;
}

static NTSTATUS open_locked(const struct io_named_config *c, const struct entry *n, PHANDLE handle, void **body)
{
    if (ob_type_of(n->body) != c->type)
        return STATUS_OBJECT_TYPE_MISMATCH;
    *body = n->body;
    NTSTATUS status = ob_handle_create(n->body, handle);

    return NT_SUCCESS(status) ? STATUS_OBJECT_NAME_EXISTS : status;
}

NTSTATUS io_named_create(const struct io_named_config *c, PHANDLE handle, void **body)
{
    if (!c->name || c->name->Length == 0)
        return c->create ? create(c, handle, body) : STATUS_OBJECT_PATH_SYNTAX_BAD;
    if (c->name->Length / sizeof(WCHAR) > CHARS_MAX)
        return STATUS_NAME_TOO_LONG;
    lock_names();
    struct entry *n = find_locked(c->name);
    NTSTATUS      status = n           ? open_locked(c, n, handle, body)
                           : c->create ? create_locked(c, handle, body)
                                       : STATUS_OBJECT_NAME_NOT_FOUND;

    unlock_names();
    return status;
}

NTSTATUS io_named_settle(NTSTATUS status, bool open_if, HANDLE handle)
{
    if (status != STATUS_OBJECT_NAME_EXISTS || open_if)
        return status;
    ob_handle_close(handle);
    return STATUS_OBJECT_NAME_COLLISION;
}
