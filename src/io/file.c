/* SPDX-License-Identifier: MIT */
/*
 * io/file.c - file objects: create, cleanup, close.
 *
 * IRP_MJ_CREATE makes the file known to the driver; the last handle ends its use (IRP_MJ_CLEANUP), the last reference its
 * life (IRP_MJ_CLOSE). Requests on their way hold a reference, so CLOSE comes after all of them; CLEANUP may meet them.
 */
#include <string.h>

#include "io/priv.h"

static NTSTATUS send(PFILE_OBJECT file, UCHAR major, void (*prepare)(struct io_request *r, PIRP irp))
{
    struct io_request r = {.file = file, .major = major, .prepare = prepare};

    return io_request_run(&r);
}

static void file_last_handle(void *body)
{
    PFILE_OBJECT file = body;

    if (!(file->Flags & FO_FILE_OPEN))
        return;
    send(file, IRP_MJ_CLEANUP, NULL);
    file->Flags |= FO_CLEANUP_COMPLETE;
}

static void file_destroy(void *body)
{
    PFILE_OBJECT   file = body;
    PDEVICE_OBJECT device = file->DeviceObject;

    if (file->Flags & FO_FILE_OPEN)
        send(file, IRP_MJ_CLOSE, NULL);
    io_device_open_count(device, -1);
    ob_dereference(device);
}

OBJECT_TYPE ob_type_file = {.name = "File", .destroy = file_destroy, .last_handle = file_last_handle, .passive = true};

static PFILE_OBJECT make_file(PDEVICE_OBJECT device, const UNICODE_STRING *rest)
{
    PFILE_OBJECT file = ob_create(&ob_type_file, sizeof *file + rest->Length + sizeof(WCHAR));

    if (!file)
        return NULL;
    ob_reference(device);
    io_device_open_count(device, 1);
    file->Type = IO_TYPE_FILE;
    file->Size = sizeof *file;
    file->DeviceObject = device;
    file->ReadAccess = file->WriteAccess = TRUE;
    file->FileName = (UNICODE_STRING){rest->Length, (USHORT)(rest->Length + sizeof(WCHAR)), (PWCH)(file + 1)};
    if (rest->Length)
        memcpy(file->FileName.Buffer, rest->Buffer, rest->Length);
    ke_event_init(&file->Lock, SynchronizationEvent, false);
    ke_event_init(&file->Event, NotificationEvent, false);
    file->IrpList.Flink = file->IrpList.Blink = &file->IrpList;
    return file;
}

static IO_SECURITY_CONTEXT security;

static void prepare_create(struct io_request *r, PIRP irp)
{
    PIO_STACK_LOCATION sp = io_stack(irp) - 1;

    irp->Flags |= IRP_CREATE_OPERATION | IRP_SYNCHRONOUS_API;
    sp->Parameters.Create.SecurityContext = &security;
    sp->Parameters.Create.Options = (ULONG)FILE_OPEN << 24;
    sp->Parameters.Create.ShareAccess = FILE_SHARE_READ | FILE_SHARE_WRITE;
    (void)r;
}

static NTSTATUS may_open(PDEVICE_OBJECT device)
{
    if (io_device_of(device)->delete_pending || (device->Flags & DO_DEVICE_INITIALIZING))
        return STATUS_NO_SUCH_DEVICE;
    if ((device->Flags & DO_EXCLUSIVE) && device->ReferenceCount > 0)
        return STATUS_ACCESS_DENIED;
    return STATUS_SUCCESS;
}

NTSTATUS io_file_open(PDEVICE_OBJECT device, const UNICODE_STRING *rest, ULONG access, PFILE_OBJECT *out)
{
    NTSTATUS status = may_open(device);

    *out = NULL;
    if (!NT_SUCCESS(status))
        return status;
    PFILE_OBJECT file = make_file(device, rest);

    if (!file)
        return STATUS_INSUFFICIENT_RESOURCES;
    security.DesiredAccess = access;
    status = send(file, IRP_MJ_CREATE, prepare_create);
    if (!NT_SUCCESS(status)) {
        ob_dereference(file);
        return status;
    }
    file->Flags |= FO_FILE_OPEN | FO_HANDLE_CREATED;
    *out = file;
    return status;
}

NTSTATUS io_open_device(PDEVICE_OBJECT device, PFILE_OBJECT *out)
{
    UNICODE_STRING none = {0};
    NTSTATUS       status = io_file_open(device, &none, FILE_ALL_ACCESS, out);

    if (NT_SUCCESS(status))
        ob_handle_count_up(*out);
    return status;
}

/* "X" alone means \??\X. */
static void widen(UNICODE_STRING *s, WCHAR *buffer, size_t chars, const char *name)
{
    size_t n = 0;

    if (name[0] != '\\') {
        memcpy(buffer, L"\\??\\", 4 * sizeof(WCHAR));
        n = 4;
    }
    for (; *name && n < chars; name++)
        buffer[n++] = (unsigned char)*name;
    *s = (UNICODE_STRING){(USHORT)(n * sizeof(WCHAR)), (USHORT)(n * sizeof(WCHAR)), buffer};
}

NTSTATUS io_open(const char *name, PFILE_OBJECT *out)
{
    WCHAR          buffer[160];
    UNICODE_STRING wide, rest;
    PDEVICE_OBJECT device;

    *out = NULL;
    widen(&wide, buffer, ARRAYSIZE(buffer), name);
    NTSTATUS status = io_name_find(&wide, &device, &rest);

    if (!NT_SUCCESS(status))
        return status;
    status = io_file_open(device, &rest, FILE_ALL_ACCESS, out);
    if (NT_SUCCESS(status))
        ob_handle_count_up(*out);
    ob_dereference(device);
    return status;
}

void io_close(PFILE_OBJECT file)
{
    ob_handle_count_down(file);
    ob_dereference(file);
}
