/* SPDX-License-Identifier: MIT */
/* host/request.c - files and requests of a body, as a user-mode program makes them. */
#include "host/host.h"
#include "io/io.h"

struct dt_io {
    struct io_request r;
};

static dt_file *opened(NTSTATUS s, PFILE_OBJECT file, dt_status *status)
{
    if (status)
        *status = s;
    return NT_SUCCESS(s) ? file : NULL;
}

dt_file *dt_open(const char *name, dt_status *status)
{
    PFILE_OBJECT file = NULL;
    NTSTATUS     s = io_open(name, &file);

    return opened(s, file, status);
}

dt_file *dt_open_device(dt_device *device, dt_status *status)
{
    PFILE_OBJECT file = NULL;
    NTSTATUS     s = io_open_device(device, &file);

    return opened(s, file, status);
}

void dt_close(dt_file *file)
{
    io_close(file);
}

/* ---- synchronous ---- */

static dt_status run(struct io_request *r, size_t *returned)
{
    LONG     apcs = ke_apc_count();
    NTSTATUS status = io_request_run(r);

    if (returned)
        *returned = r->iosb.Information;
    ke_return_to_user((const void *)dt_ioctl, apcs);
    return status;
}

static struct io_request ioctl_request(
    dt_file *file, uint32_t code, const void *in, size_t in_bytes, void *out, size_t out_bytes)
{
    return (struct io_request){.file = file,
        .major = IRP_MJ_DEVICE_CONTROL,
        .ioctl = code,
        .in = (void *)in,
        .in_bytes = (ULONG)in_bytes,
        .out = out,
        .out_bytes = (ULONG)out_bytes};
}

static struct io_request read_request(dt_file *file, void *buf, size_t bytes, uint64_t offset)
{
    return (struct io_request){
        .file = file, .major = IRP_MJ_READ, .out = buf, .out_bytes = (ULONG)bytes, .offset = (int64_t)offset};
}

static struct io_request write_request(dt_file *file, const void *buf, size_t bytes, uint64_t offset)
{
    return (struct io_request){
        .file = file, .major = IRP_MJ_WRITE, .in = (void *)buf, .in_bytes = (ULONG)bytes, .offset = (int64_t)offset};
}

dt_status dt_ioctl(
    dt_file *file, uint32_t code, const void *in, size_t in_bytes, void *out, size_t out_bytes, size_t *returned)
{
    struct io_request r = ioctl_request(file, code, in, in_bytes, out, out_bytes);

    return run(&r, returned);
}

dt_status dt_read(dt_file *file, void *buf, size_t bytes, uint64_t offset, size_t *returned)
{
    struct io_request r = read_request(file, buf, bytes, offset);

    return run(&r, returned);
}

dt_status dt_write(dt_file *file, const void *buf, size_t bytes, uint64_t offset, size_t *returned)
{
    struct io_request r = write_request(file, buf, bytes, offset);

    return run(&r, returned);
}

/* ---- asynchronous ---- */

static dt_io *start(const struct io_request *r)
{
    dt_io *io = ke_object_alloc(sizeof *io);

    if (!io)
        return NULL;
    LONG apcs = ke_apc_count();

    io->r = *r;
    io_request_send(&io->r);
    ke_return_to_user((const void *)dt_ioctl_start, apcs);
    return io;
}

dt_io *dt_ioctl_start(dt_file *file, uint32_t code, const void *in, size_t in_bytes, void *out, size_t out_bytes)
{
    struct io_request r = ioctl_request(file, code, in, in_bytes, out, out_bytes);

    return start(&r);
}

dt_io *dt_read_start(dt_file *file, void *buf, size_t bytes, uint64_t offset)
{
    struct io_request r = read_request(file, buf, bytes, offset);

    return start(&r);
}

dt_io *dt_write_start(dt_file *file, const void *buf, size_t bytes, uint64_t offset)
{
    struct io_request r = write_request(file, buf, bytes, offset);

    return start(&r);
}

bool dt_io_cancel(dt_io *io)
{
    return io_request_cancel(&io->r);
}

dt_status dt_io_wait(dt_io *io, dt_ns timeout)
{
    int64_t  relative = -(int64_t)(timeout / 100);
    NTSTATUS status = io_request_wait(&io->r, timeout == DT_NEVER ? NULL : &relative);

    return status == STATUS_TIMEOUT ? status : io->r.iosb.Status;
}

bool dt_io_done(const dt_io *io)
{
    int64_t now = 0;

    return io_request_wait((struct io_request *)&io->r, &now) != STATUS_TIMEOUT;
}

dt_status dt_io_status(const dt_io *io)
{
    return dt_io_done(io) ? io->r.iosb.Status : STATUS_PENDING;
}

size_t dt_io_returned(const dt_io *io)
{
    return dt_io_done(io) ? io->r.iosb.Information : 0;
}

void dt_io_free(dt_io *io)
{
    io_request_wait(&io->r, NULL);
    ke_object_free(io, sizeof *io);
}
