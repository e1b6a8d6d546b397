/* SPDX-License-Identifier: MIT */
/* ddi/ddi_ob.c - objects, handles and event handles as drivers see them. Access rights are not kept: every handle may all. */
#include "ddi/ddi.h"
#include "ddi/twin.h"
#include "ddk/ntifs.h"
#include "io/ob.h"

static POBJECT_TYPE     event_type = &ob_type_event, thread_type = &ob_type_thread;
DT_EXPORT POBJECT_TYPE *ExEventObjectType = &event_type;
DT_EXPORT POBJECT_TYPE *PsThreadType = &thread_type;

static NTSTATUS reference(HANDLE handle, POBJECT_TYPE type, PVOID *object, POBJECT_HANDLE_INFORMATION information)
{
    if (information)
        *information = (OBJECT_HANDLE_INFORMATION){0, GENERIC_ALL};
    return ob_handle_reference(handle, type, object);
}

NTKERNELAPI NTSTATUS NTAPI(ObReferenceObjectByHandle)(HANDLE Handle, ACCESS_MASK DesiredAccess, POBJECT_TYPE ObjectType,
    KPROCESSOR_MODE AccessMode, PVOID *Object, POBJECT_HANDLE_INFORMATION HandleInformation)
{
    DDI_ENTER(ObReferenceObjectByHandle, Handle);
    (void)DesiredAccess, (void)AccessMode;
    NTSTATUS status = reference(Handle, ObjectType, Object, HandleInformation);

    DDI_LEAVE(ObReferenceObjectByHandle, Handle, status);
    return status;
}

NTKERNELAPI NTSTATUS NTAPI(ObReferenceObjectByHandleWithTag)(HANDLE Handle, ACCESS_MASK DesiredAccess,
    POBJECT_TYPE ObjectType, KPROCESSOR_MODE AccessMode, ULONG Tag, PVOID *Object,
    POBJECT_HANDLE_INFORMATION HandleInformation)
{
    DDI_ENTER(ObReferenceObjectByHandleWithTag, Handle);
    (void)DesiredAccess, (void)AccessMode, (void)Tag;
    NTSTATUS status = reference(Handle, ObjectType, Object, HandleInformation);

    DDI_LEAVE(ObReferenceObjectByHandleWithTag, Handle, status);
    return status;
}

NTKERNELAPI NTSTATUS NTAPI ObReferenceObjectByPointer(
    PVOID Object, ACCESS_MASK DesiredAccess, POBJECT_TYPE ObjectType, KPROCESSOR_MODE AccessMode)
{
    DDI_ENTER(ObReferenceObjectByPointer, Object);
    (void)DesiredAccess, (void)AccessMode;
    NTSTATUS status = ObjectType && ob_type_of(Object) != ObjectType ? STATUS_OBJECT_TYPE_MISMATCH : STATUS_SUCCESS;

    if (NT_SUCCESS(status))
        ob_reference(Object);
    DDI_LEAVE(ObReferenceObjectByPointer, Object, status);
    return status;
}

NTKERNELAPI LONG_PTR FASTCALL ObfReferenceObject(PVOID Object)
{
    DDI_ENTER(ObfReferenceObject, Object);
    LONG_PTR now = ob_reference(Object);

    DDI_LEAVE(ObfReferenceObject, Object, now);
    return now;
}

NTKERNELAPI LONG_PTR FASTCALL ObfDereferenceObject(PVOID Object)
{
    DDI_ENTER(ObfDereferenceObject, Object);
    LONG_PTR now = ob_dereference(Object);

    DDI_LEAVE(ObfDereferenceObject, Object, now);
    return now;
}

/* Objects whose end needs PASSIVE_LEVEL go to a worker anyway when the caller is above it. */
NTKERNELAPI VOID NTAPI ObDereferenceObjectDeferDelete(PVOID Object)
{
    DDI_ENTER(ObDereferenceObjectDeferDelete, Object);
    ob_dereference(Object);
    DDI_LEAVE(ObDereferenceObjectDeferDelete, Object, 0);
}

NTKERNELAPI NTSTATUS NTAPI ObOpenObjectByPointer(PVOID Object, ULONG HandleAttributes, PACCESS_STATE PassedAccessState,
    ACCESS_MASK DesiredAccess, POBJECT_TYPE ObjectType, KPROCESSOR_MODE AccessMode, PHANDLE Handle)
{
    DDI_ENTER(ObOpenObjectByPointer, Object);
    (void)HandleAttributes, (void)PassedAccessState, (void)DesiredAccess, (void)AccessMode;
    NTSTATUS status =
        ObjectType && ob_type_of(Object) != ObjectType ? STATUS_OBJECT_TYPE_MISMATCH : ob_handle_create(Object, Handle);

    DDI_LEAVE(ObOpenObjectByPointer, Object, status);
    return status;
}

/* ---- event handles ---- */

NTSYSAPI NTSTATUS NTAPI ZwCreateEvent(PHANDLE EventHandle, ACCESS_MASK DesiredAccess,
    POBJECT_ATTRIBUTES ObjectAttributes, EVENT_TYPE EventType, BOOLEAN InitialState)
{
    struct io_event_config c = {
        .name = ObjectAttributes ? ObjectAttributes->ObjectName : NULL, .type = EventType, .state = InitialState};
    bool    open_if = ObjectAttributes && (ObjectAttributes->Attributes & OBJ_OPENIF);
    PKEVENT event;

    DDI_ENTER(ZwCreateEvent, EventHandle);
    (void)DesiredAccess;
    NTSTATUS status = io_event_create(&c, EventHandle, &event);

    status = io_named_settle(status, open_if, *EventHandle);
    DDI_LEAVE(ZwCreateEvent, EventHandle, status);
    return status;
}
TWIN(NtCreateEvent, ZwCreateEvent)

/* A new one is signaled; an old one keeps its type and state (EVT-038). */
static PKEVENT create_or_open(PUNICODE_STRING name, EVENT_TYPE type, PHANDLE handle)
{
    struct io_event_config c = {.name = name, .type = type, .state = true};
    PKEVENT                event;

    return NT_SUCCESS(io_event_create(&c, handle, &event)) ? event : NULL;
}

NTKERNELAPI PKEVENT NTAPI IoCreateNotificationEvent(PUNICODE_STRING EventName, PHANDLE EventHandle)
{
    DDI_ENTER(IoCreateNotificationEvent, EventName);
    PKEVENT event = create_or_open(EventName, NotificationEvent, EventHandle);

    DDI_LEAVE(IoCreateNotificationEvent, EventName, (uintptr_t)event);
    return event;
}

NTKERNELAPI PKEVENT NTAPI IoCreateSynchronizationEvent(PUNICODE_STRING EventName, PHANDLE EventHandle)
{
    DDI_ENTER(IoCreateSynchronizationEvent, EventName);
    PKEVENT event = create_or_open(EventName, SynchronizationEvent, EventHandle);

    DDI_LEAVE(IoCreateSynchronizationEvent, EventName, (uintptr_t)event);
    return event;
}

NTSYSAPI NTSTATUS NTAPI ZwSetEvent(HANDLE EventHandle, PLONG PreviousState)
{
    void *event;

    DDI_ENTER(ZwSetEvent, EventHandle);
    NTSTATUS status = ob_handle_reference(EventHandle, &ob_type_event, &event);

    if (NT_SUCCESS(status)) {
        LONG was = ke_event_set(event, 0);

        if (PreviousState)
            *PreviousState = was;
        ob_dereference(event);
    }
    DDI_LEAVE(ZwSetEvent, EventHandle, status);
    return status;
}
TWIN(NtSetEvent, ZwSetEvent)
