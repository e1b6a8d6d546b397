/* SPDX-License-Identifier: MIT */
/*
 * io/name.c - names of devices and symbolic links.
 *
 * One flat table. All roots under which Windows shows DOS devices are written \??\ in it; a link leads to another name, a
 * device name to a device, and what follows a device name after a backslash belongs to the file. Case does not count.
 * io_lock protects the table.
 */
#include <string.h>

#include "ex/unicode.h"
#include "io/priv.h"

#define NAMES_MAX 256u
#define CHARS_MAX 128u
#define HOPS_MAX  8u /* links to links */

struct text {
    unsigned length; /* characters */
    WCHAR    at[CHARS_MAX];
};

struct name {
    struct text    name, target; /* target: of a link */
    PDEVICE_OBJECT device;       /* NULL: a link */
};

static struct {
    unsigned    used;
    struct name entry[NAMES_MAX];
} names;

void io_name_boot(void)
{
    names.used = 0;
}

static bool starts(const struct text *t, const char *prefix)
{
    unsigned i = 0;

    for (; prefix[i]; i++)
        if (i >= t->length || ex_upcase(t->at[i]) != ex_upcase((unsigned char)prefix[i]))
            return false;
    return true;
}

/* Whatever means "DOS devices" becomes \??\. */
static void normalize(struct text *t)
{
    static const char *const roots[] = {
        "\\DosDevices\\Global\\", "\\??\\Global\\", "\\DosDevices\\", "\\GLOBAL??\\", "\\\\.\\", "\\\\?\\"};

    for (unsigned i = 0; i < sizeof roots / sizeof *roots; i++) {
        if (!starts(t, roots[i]))
            continue;
        unsigned skip = (unsigned)strlen(roots[i]);

        memmove(t->at + 4, t->at + skip, (t->length - skip) * sizeof(WCHAR));
        memcpy(t->at, L"\\??\\", 4 * sizeof(WCHAR));
        t->length = t->length - skip + 4;
        return;
    }
}

static NTSTATUS copy(struct text *t, const UNICODE_STRING *s)
{
    t->length = s->Length / sizeof(WCHAR);
    if (t->length == 0 || !s->Buffer || s->Buffer[0] != '\\')
        return STATUS_OBJECT_PATH_SYNTAX_BAD;
    if (t->length >= CHARS_MAX)
        return STATUS_NAME_TOO_LONG;
    memcpy(t->at, s->Buffer, s->Length);
    normalize(t);
    return STATUS_SUCCESS;
}

/* The entry whose name is t, or, with `part`, t up to a backslash. */
static struct name *find_locked(const struct text *t, bool part)
{
    for (unsigned i = 0; i < names.used; i++) {
        struct name *n = &names.entry[i];

        if (n->name.length > t->length || ex_compare(n->name.at, n->name.length, t->at, n->name.length, true))
            continue;
        if (n->name.length == t->length || (part && t->at[n->name.length] == '\\'))
            return n;
    }
    return NULL;
}

static NTSTATUS add(const struct text *name, const struct text *target, PDEVICE_OBJECT device)
{
    unsigned irql = io_lock();
    NTSTATUS status = STATUS_SUCCESS;

    if (find_locked(name, false))
        status = STATUS_OBJECT_NAME_COLLISION;
    else if (names.used == NAMES_MAX)
        status = STATUS_INSUFFICIENT_RESOURCES;
    else
        names.entry[names.used++] = (struct name){*name, target ? *target : (struct text){0}, device};
    io_unlock(irql);
    return status;
}

NTSTATUS io_name_add_device(const UNICODE_STRING *name, PDEVICE_OBJECT device)
{
    struct text t;
    NTSTATUS    status = copy(&t, name);

    return NT_SUCCESS(status) ? add(&t, NULL, device) : status;
}

NTSTATUS io_link_add(const UNICODE_STRING *name, const UNICODE_STRING *target)
{
    struct text n, t;
    NTSTATUS    status = copy(&n, name);

    if (NT_SUCCESS(status))
        status = copy(&t, target);
    return NT_SUCCESS(status) ? add(&n, &t, NULL) : status;
}

static void remove_locked(struct name *n)
{
    memmove(n, n + 1, (size_t)(&names.entry[names.used] - (n + 1)) * sizeof *n);
    names.used--;
}

NTSTATUS io_link_remove(const UNICODE_STRING *name)
{
    struct text t;
    NTSTATUS    status = copy(&t, name);

    if (!NT_SUCCESS(status))
        return status;
    unsigned     irql = io_lock();
    struct name *n = find_locked(&t, false);

    if (!n)
        status = STATUS_OBJECT_NAME_NOT_FOUND;
    else if (n->device)
        status = STATUS_OBJECT_TYPE_MISMATCH;
    else
        remove_locked(n);
    io_unlock(irql);
    return status;
}

void io_name_remove_device(PDEVICE_OBJECT device)
{
    unsigned irql = io_lock();

    for (unsigned i = 0; i < names.used; i++)
        if (names.entry[i].device == device) {
            remove_locked(&names.entry[i]);
            break;
        }
    io_unlock(irql);
}

/* Replaces the link at the start of t by its target. */
static NTSTATUS follow(struct text *t, const struct name *n)
{
    unsigned    rest = t->length - n->name.length;
    struct text whole = n->target;

    if (whole.length + rest >= CHARS_MAX)
        return STATUS_NAME_TOO_LONG;
    memcpy(whole.at + whole.length, t->at + n->name.length, rest * sizeof(WCHAR));
    whole.length += rest;
    *t = whole;
    return STATUS_SUCCESS;
}

static NTSTATUS resolve_locked(struct text *t, struct name **found)
{
    for (unsigned hop = 0; hop < HOPS_MAX; hop++) {
        struct name *n = find_locked(t, true);

        if (!n)
            return STATUS_OBJECT_NAME_NOT_FOUND;
        *found = n;
        if (n->device)
            return STATUS_SUCCESS;
        NTSTATUS status = follow(t, n);

        if (!NT_SUCCESS(status))
            return status;
    }
    return STATUS_OBJECT_NAME_NOT_FOUND;
}

NTSTATUS io_name_find(const UNICODE_STRING *name, PDEVICE_OBJECT *device, UNICODE_STRING *rest)
{
    struct text  t;
    struct name *n = NULL;
    NTSTATUS     status = copy(&t, name);

    if (!NT_SUCCESS(status))
        return status;
    unsigned irql = io_lock();

    status = resolve_locked(&t, &n);
    if (NT_SUCCESS(status)) {
        USHORT bytes = (USHORT)((t.length - n->name.length) * sizeof(WCHAR));

        if (bytes > name->Length) /* a link led below a device */
            bytes = name->Length;
        *device = n->device;
        ob_reference(n->device);
        /* what follows the device in the resolved name also ends the given one */
        *rest = (UNICODE_STRING){bytes, bytes, (PWCH)((char *)name->Buffer + name->Length - bytes)};
    }
    io_unlock(irql);
    return status;
}

/* ---- the name of an object ---- */

static void append(UNICODE_STRING *out, const WCHAR *at, size_t bytes)
{
    size_t room = out->MaximumLength - out->Length;

    if (bytes > room)
        bytes = room;
    memcpy((char *)out->Buffer + out->Length, at, bytes);
    out->Length = (USHORT)(out->Length + bytes);
}

static void append_device(UNICODE_STRING *out, const DEVICE_OBJECT *device)
{
    unsigned irql = io_lock();

    for (unsigned i = 0; i < names.used; i++)
        if (names.entry[i].device == device)
            append(out, names.entry[i].name.at, names.entry[i].name.length * sizeof(WCHAR));
    io_unlock(irql);
}

/* A file is named by its device and what followed the device's name. */
void io_object_name(void *object, UNICODE_STRING *out)
{
    POBJECT_TYPE type = ob_type_of(object);

    out->Length = 0;
    if (type == &ob_type_device)
        append_device(out, object);
    else if (type == &ob_type_driver)
        append(out, ((PDRIVER_OBJECT)object)->DriverName.Buffer, ((PDRIVER_OBJECT)object)->DriverName.Length);
    else if (type == &ob_type_file) {
        append_device(out, ((PFILE_OBJECT)object)->DeviceObject);
        append(out, ((PFILE_OBJECT)object)->FileName.Buffer, ((PFILE_OBJECT)object)->FileName.Length);
    } else {
        io_named_name(object, out);
    }
}
