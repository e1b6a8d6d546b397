/* SPDX-License-Identifier: MIT */
/*
 * io/callback.c - callback objects and their names.
 *
 * callbacks.lock protects the names and every list of registrations. A function is called without the lock; its registration
 * is busy meanwhile and stays where it is in the list. Who unregisters a busy one waits for the last call to end:
 *
 *     notify                          unregister
 *     busy++, unlock, call            gone = true, busy: unlock, wait for idle
 *     lock, busy--, gone and idle:
 *     signal                          lock, out of the list, free
 *
 * A function that unregisters itself waits for itself, as on Windows.
 */
#include "io/callback.h"

#include "ex/pool.h"
#include "ex/unicode.h"

#define CALLBACK_TAG 0x6b6c4243u /* 'CBlk' */

enum { NAMES_MAX = 32, CHARS_MAX = 64 };

struct _CALLBACK_OBJECT {
    LIST_ENTRY registrations;
    bool       multiple;
};

struct registration {
    LIST_ENTRY         link;
    PCALLBACK_OBJECT   object; /* referenced */
    PCALLBACK_FUNCTION function;
    void              *context;
    unsigned           busy; /* calls that run */
    bool               gone;
    KEVENT             idle; /* gone and not busy */
};

struct named {
    PCALLBACK_OBJECT object; /* NULL: free, or one of the system's that nobody has asked for yet */
    unsigned         length;
    WCHAR            name[CHARS_MAX];
};

static struct {
    struct mach_lock lock;
    unsigned         used;
    struct named     entry[NAMES_MAX];
} callbacks;

static unsigned lock_callbacks(void)
{
    unsigned irql = ke_raise_to(DISPATCH_LEVEL);

    mach_lock(&callbacks.lock);
    return irql;
}

static void unlock_callbacks(unsigned irql)
{
    mach_unlock(&callbacks.lock);
    mach_irql_lower(irql);
}

/* ---- names ---- */

enum { SYSTEM_NAMES = 3 };
static const char *const system_names[SYSTEM_NAMES] = {
    "\\Callback\\SetSystemTime", "\\Callback\\PowerState", "\\Callback\\ProcessorAdd"};

void io_callback_boot(void)
{
    callbacks.lock = (struct mach_lock){0};
    callbacks.used = SYSTEM_NAMES;
    for (unsigned i = 0; i < SYSTEM_NAMES; i++) {
        struct named *n = &callbacks.entry[i];

        n->object = NULL;
        for (n->length = 0; system_names[i][n->length]; n->length++)
            n->name[n->length] = (unsigned char)system_names[i][n->length];
    }
}

static void forget_name(void *body)
{
    unsigned irql = lock_callbacks();

    for (unsigned i = SYSTEM_NAMES; i < callbacks.used; i++)
        if (callbacks.entry[i].object == body)
            callbacks.entry[i] = (struct named){0};
    unlock_callbacks(irql);
}

static OBJECT_TYPE callback_type = {.name = "Callback", .destroy = forget_name};

static struct named *find_locked(const struct io_callback_config *c)
{
    for (unsigned i = 0; i < callbacks.used; i++) {
        struct named *n = &callbacks.entry[i];

        if (n->length &&
            ex_compare(n->name, n->length, c->name->Buffer, c->name->Length / sizeof(WCHAR), c->ignore_case) == 0)
            return n;
    }
    return NULL;
}

static struct named *new_name_locked(const UNICODE_STRING *name)
{
    unsigned i = SYSTEM_NAMES;

    while (i < callbacks.used && callbacks.entry[i].length)
        i++;
    if (i == NAMES_MAX || name->Length / sizeof(WCHAR) > CHARS_MAX)
        return NULL;
    if (i == callbacks.used)
        callbacks.used++;
    callbacks.entry[i].length = name->Length / sizeof(WCHAR);
    RtlCopyMemory(callbacks.entry[i].name, name->Buffer, name->Length);
    return &callbacks.entry[i];
}

/* With the caller's reference; one of the system's names has another that never goes. */
static NTSTATUS create_locked(struct named *n, bool multiple, PCALLBACK_OBJECT *out)
{
    bool is_system = n && n < callbacks.entry + SYSTEM_NAMES;

    *out = ob_create(&callback_type, sizeof **out);
    if (!*out)
        return STATUS_INSUFFICIENT_RESOURCES;
    InitializeListHead(&(*out)->registrations);
    (*out)->multiple = multiple || is_system;
    if (n)
        n->object = *out;
    if (is_system)
        ob_reference(*out);
    return STATUS_SUCCESS;
}

static NTSTATUS open_locked(const struct io_callback_config *c, PCALLBACK_OBJECT *out)
{
    struct named *n = find_locked(c);

    if (n && n->object) {
        *out = n->object;
        ob_reference(*out);
        return STATUS_SUCCESS;
    }
    if (!n && !c->create)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    if (!n)
        n = new_name_locked(c->name);
    return n ? create_locked(n, c->multiple, out) : STATUS_INSUFFICIENT_RESOURCES;
}

NTSTATUS io_callback_open(const struct io_callback_config *c, PCALLBACK_OBJECT *out)
{
    *out = NULL;
    if (!c->name || c->name->Length == 0)
        return c->create ? create_locked(NULL, c->multiple, out) : STATUS_UNSUCCESSFUL;
    unsigned irql = lock_callbacks();
    NTSTATUS status = open_locked(c, out);

    unlock_callbacks(irql);
    return status;
}

/* ---- registrations ---- */

void *io_callback_register(PCALLBACK_OBJECT object, PCALLBACK_FUNCTION fn, void *context)
{
    struct registration *r = ex_pool_alloc(EX_POOL_NX | EX_POOL_ZERO, sizeof *r, CALLBACK_TAG, NULL);

    if (!r)
        return NULL;
    ob_reference(object);
    r->object = object;
    r->function = fn;
    r->context = context;
    ke_event_init(&r->idle, NotificationEvent, false);
    unsigned irql = lock_callbacks();
    bool     welcome = object->multiple || IsListEmpty(&object->registrations);

    if (welcome)
        InsertTailList(&object->registrations, &r->link);
    unlock_callbacks(irql);
    if (welcome)
        return r;
    ob_dereference(object);
    ex_pool_free(r, CALLBACK_TAG, NULL);
    return NULL;
}

void io_callback_unregister(void *registration)
{
    struct registration *r = registration;
    unsigned             irql = lock_callbacks();
    bool                 busy = r->busy > 0;

    r->gone = true;
    unlock_callbacks(irql);
    if (busy)
        ke_wait_one(&r->idle, NULL);
    irql = lock_callbacks();
    RemoveEntryList(&r->link);
    unlock_callbacks(irql);
    ob_dereference(r->object);
    ex_pool_free(r, CALLBACK_TAG, NULL);
}

void io_callback_notify(PCALLBACK_OBJECT object, void *arg1, void *arg2)
{
    unsigned    irql = lock_callbacks();
    PLIST_ENTRY at = object->registrations.Flink;

    while (at != &object->registrations) {
        struct registration *r = CONTAINING_RECORD(at, struct registration, link);

        if (!r->gone) {
            r->busy++;
            unlock_callbacks(irql);
            r->function(r->context, arg1, arg2);
            irql = lock_callbacks();
            if (--r->busy == 0 && r->gone)
                ke_event_set(&r->idle, 0);
        }
        at = at->Flink; /* whoever waits for r takes it out when the lock is free */
    }
    unlock_callbacks(irql);
}
