/* SPDX-License-Identifier: MIT */
/*
 * ddi/ddi_ob_handle.c - what is done with a handle of any type: waiting, duplicating, asking. There is one process, and every
 * handle may all. Each Nt name is another name of the Zw routine: they differ only where the previous mode is UserMode.
 */
#include <string.h>

#include "ddi/ddi.h"
#include "ddi/twin.h"
#include "ddk/nt/ob_sync.h"
#include "ddk/ntifs.h"
#include "io/ob.h"

/* ---- waiting ---- */

/* A file is waited for through its own event. */
static PVOID waitable(void *body)
{
    return ob_type_of(body) == &ob_type_file ? (PVOID) & ((PFILE_OBJECT)body)->Event : body;
}

static void dereference_all(ULONG count, void *const *bodies)
{
    for (ULONG i = 0; i < count; i++)
        ob_dereference(bodies[i]);
}

static NTSTATUS reference_all(ULONG count, const HANDLE *handles, void **bodies)
{
    for (ULONG i = 0; i < count; i++) {
        NTSTATUS status = ob_handle_reference(handles[i], NULL, &bodies[i]);

        if (NT_SUCCESS(status))
            continue;
        dereference_all(i, bodies);
        return status;
    }
    return STATUS_SUCCESS;
}

/* An object cannot be taken twice by one wait. */
static bool has_twice(ULONG count, PVOID const *objects)
{
    for (ULONG i = 1; i < count; i++)
        for (ULONG j = 0; j < i; j++)
            if (objects[i] == objects[j])
                return true;
    return false;
}

/* Inferred: what KeWaitForMultipleObjects raises is returned. */
static NTSTATUS wait_for_bodies(
    ULONG count, void *const *bodies, WAIT_TYPE type, BOOLEAN alertable, const LARGE_INTEGER *timeout)
{
    PVOID          objects[MAXIMUM_WAIT_OBJECTS];
    KWAIT_BLOCK    blocks[MAXIMUM_WAIT_OBJECTS];
    int64_t        interval = timeout ? timeout->QuadPart : 0;
    struct ke_wait w = {.count = count,
        .objects = objects,
        .type = type,
        .mode = KernelMode,
        .alertable = alertable,
        .timeout = timeout ? &interval : NULL,
        .blocks = count > THREAD_WAIT_OBJECTS ? blocks : NULL,
        .no_raise = true};

    for (ULONG i = 0; i < count; i++)
        objects[i] = waitable(bodies[i]);
    return type == WaitAll && has_twice(count, objects) ? STATUS_INVALID_PARAMETER_MIX : ke_wait(&w);
}

static NTSTATUS wait_for_handles(
    ULONG count, const HANDLE *handles, WAIT_TYPE type, BOOLEAN alertable, const LARGE_INTEGER *timeout)
{
    void    *bodies[MAXIMUM_WAIT_OBJECTS];
    NTSTATUS status = reference_all(count, handles, bodies);

    if (!NT_SUCCESS(status))
        return status;
    status = wait_for_bodies(count, bodies, type, alertable, timeout);
    dereference_all(count, bodies);
    return status;
}

NTSYSAPI NTSTATUS NTAPI ZwWaitForSingleObject(HANDLE Handle, BOOLEAN Alertable, PLARGE_INTEGER Timeout)
{
    DDI_ENTER(ZwWaitForSingleObject, Handle);
    NTSTATUS status = wait_for_handles(1, &Handle, WaitAny, Alertable, Timeout);

    DDI_LEAVE(ZwWaitForSingleObject, Handle, status);
    return status;
}
TWIN(NtWaitForSingleObject, ZwWaitForSingleObject)

NTSYSAPI NTSTATUS NTAPI ZwWaitForMultipleObjects(
    ULONG Count, HANDLE Handles[], WAIT_TYPE WaitType, BOOLEAN Alertable, PLARGE_INTEGER Timeout)
{
    NTSTATUS status = STATUS_INVALID_PARAMETER_1;

    DDI_ENTER(ZwWaitForMultipleObjects, NULL);
    if (WaitType != WaitAny && WaitType != WaitAll)
        status = STATUS_INVALID_PARAMETER_3;
    else if (Count > 0 && Count <= MAXIMUM_WAIT_OBJECTS)
        status = wait_for_handles(Count, Handles, WaitType, Alertable, Timeout);
    DDI_LEAVE(ZwWaitForMultipleObjects, NULL, status);
    return status;
}
TWIN(NtWaitForMultipleObjects, ZwWaitForMultipleObjects)

/* ---- closing and duplicating ---- */

NTSYSAPI NTSTATUS NTAPI ZwClose(HANDLE Handle)
{
    DDI_ENTER(ZwClose, Handle);
    NTSTATUS status = ob_handle_close(Handle);

    DDI_LEAVE(ZwClose, Handle, status);
    return status;
}
TWIN(NtClose, ZwClose)

NTKERNELAPI NTSTATUS NTAPI ObCloseHandle(HANDLE Handle, KPROCESSOR_MODE PreviousMode)
{
    DDI_ENTER(ObCloseHandle, Handle);
    (void)PreviousMode;
    NTSTATUS status = ob_handle_close(Handle);

    DDI_LEAVE(ObCloseHandle, Handle, status);
    return status;
}

static NTSTATUS check_process(HANDLE process)
{
    void    *body;
    NTSTATUS status = ob_handle_reference(process, &ob_type_process, &body);

    if (NT_SUCCESS(status))
        ob_dereference(body);
    return status;
}

/* Nobody wants the copy (out is NULL): then whether there could be one. */
static NTSTATUS duplicate(HANDLE source, HANDLE target_process, PHANDLE out)
{
    void    *body;
    NTSTATUS status = check_process(target_process);

    if (NT_SUCCESS(status))
        status = ob_handle_reference(source, NULL, &body);
    if (!NT_SUCCESS(status))
        return status;
    if (out)
        status = ob_handle_create(body, out);
    ob_dereference(body);
    return status;
}

/* The source is closed whether there is a copy or not. */
NTSYSAPI NTSTATUS NTAPI ZwDuplicateObject(HANDLE SourceProcessHandle, HANDLE SourceHandle, HANDLE TargetProcessHandle,
    PHANDLE TargetHandle, ACCESS_MASK DesiredAccess, ULONG HandleAttributes, ULONG Options)
{
    bool closes = Options & DUPLICATE_CLOSE_SOURCE, copies = TargetProcessHandle || !closes;

    DDI_ENTER(ZwDuplicateObject, SourceHandle);
    (void)DesiredAccess, (void)HandleAttributes;
    NTSTATUS status = check_process(SourceProcessHandle);

    if (NT_SUCCESS(status)) {
        if (copies)
            status = duplicate(SourceHandle, TargetProcessHandle, TargetHandle);
        NTSTATUS closed = closes ? ob_handle_close(SourceHandle) : STATUS_SUCCESS;

        if (!copies)
            status = closed;
    }
    DDI_LEAVE(ZwDuplicateObject, SourceHandle, status);
    return status;
}
TWIN(NtDuplicateObject, ZwDuplicateObject)

/* ---- asking ---- */

/* Where an answer goes, and how long it is, whether it fits or not. */
struct answer {
    void *to;
    ULONG room, bytes;
};

/* A structure that begins with a string, whose characters follow it. Nothing is written when it does not fit. */
static NTSTATUS put_string(struct answer *a, size_t structure_bytes, const UNICODE_STRING *s)
{
    a->bytes = (ULONG)structure_bytes + (s->Length ? s->Length + (ULONG)sizeof(WCHAR) : 0);
    if (a->room < a->bytes)
        return STATUS_INFO_LENGTH_MISMATCH;
    WCHAR *to = (WCHAR *)((char *)a->to + structure_bytes);

    memset(a->to, 0, structure_bytes);
    if (s->Length) {
        *(UNICODE_STRING *)a->to = (UNICODE_STRING){s->Length, (USHORT)(s->Length + sizeof(WCHAR)), to};
        memcpy(to, s->Buffer, s->Length);
        to[s->Length / sizeof(WCHAR)] = 0;
    }
    return STATUS_SUCCESS;
}

static NTSTATUS put_name(struct answer *a, void *object)
{
    WCHAR          text[512];
    UNICODE_STRING name = {0, sizeof text, text};

    io_object_name(object, &name);
    return put_string(a, sizeof(OBJECT_NAME_INFORMATION), &name);
}

static NTSTATUS put_type(struct answer *a, void *object)
{
    const char    *type = ob_type_of(object)->name;
    WCHAR          text[16];
    UNICODE_STRING name = {0, sizeof text, text};

    for (; *type && name.Length < name.MaximumLength; name.Length += sizeof(WCHAR))
        text[name.Length / sizeof(WCHAR)] = (WCHAR)*type++;
    return put_string(a, sizeof(PUBLIC_OBJECT_TYPE_INFORMATION), &name);
}

/* The caller's reference is not counted. */
static NTSTATUS put_basic(struct answer *a, void *object)
{
    a->bytes = sizeof(PUBLIC_OBJECT_BASIC_INFORMATION);
    if (a->room < a->bytes)
        return STATUS_INFO_LENGTH_MISMATCH;
    *(PPUBLIC_OBJECT_BASIC_INFORMATION)a->to = (PUBLIC_OBJECT_BASIC_INFORMATION){.GrantedAccess = GENERIC_ALL,
        .HandleCount = ob_handle_count(object),
        .PointerCount = ob_reference_count(object) - 1};
    return STATUS_SUCCESS;
}

static NTSTATUS put(struct answer *a, int class, void *object)
{
    switch (class) {
    case ObjectBasicInformation:
        return put_basic(a, object);
    case ObjectNameInformation:
        return put_name(a, object);
    case ObjectTypeInformation:
        return put_type(a, object);
    default:
        return STATUS_INVALID_INFO_CLASS;
    }
}

NTSYSAPI NTSTATUS NTAPI ZwQueryObject(HANDLE Handle, OBJECT_INFORMATION_CLASS ObjectInformationClass,
    PVOID ObjectInformation, ULONG ObjectInformationLength, PULONG ReturnLength)
{
    struct answer a = {ObjectInformation, ObjectInformationLength, 0};
    void         *object;

    DDI_ENTER(ZwQueryObject, Handle);
    NTSTATUS status = ob_handle_reference(Handle, NULL, &object);

    if (NT_SUCCESS(status)) {
        status = put(&a, (int)ObjectInformationClass, object);
        if (ReturnLength && a.bytes)
            *ReturnLength = a.bytes;
        ob_dereference(object);
    }
    DDI_LEAVE(ZwQueryObject, Handle, status);
    return status;
}
TWIN(NtQueryObject, ZwQueryObject)

NTKERNELAPI NTSTATUS NTAPI ObQueryNameString(
    PVOID Object, POBJECT_NAME_INFORMATION ObjectNameInfo, ULONG Length, PULONG ReturnLength)
{
    struct answer a = {ObjectNameInfo, Length, 0};

    DDI_ENTER(ObQueryNameString, Object);
    NTSTATUS status = put_name(&a, Object);

    *ReturnLength = a.bytes;
    DDI_LEAVE(ObQueryNameString, Object, status);
    return status;
}
