/* SPDX-License-Identifier: MIT */
/*
 * io/io.h - the I/O manager, for the host and ddi/: drivers, devices, files, requests.
 *
 * All calls at PASSIVE_LEVEL on a system thread unless said otherwise. A driver's routines are called inside them, so every
 * one may block and is full of points.
 */
#pragma once

#include <stdbool.h>

#include "ke/ke.h"

/* Before each run, after ex_pool_boot(); costs what the previous run used. */
void io_boot(void);

/* Raises a vector on a processor, -1 = one that it may come to. False: nobody is connected there. Any IRQL; point. */
bool io_interrupt_raise(ULONG vector, int cpu);

/* ---- drivers ---- */

struct io_driver_config {
    const char        *name; /* "event": the object is \Driver\event */
    PDRIVER_INITIALIZE entry;
    const void        *image_start, *image_end;
};

/* Makes the driver object and calls DriverEntry. When that fails, its status, and no driver object. */
NTSTATUS io_driver_create(const struct io_driver_config *cfg, PDRIVER_OBJECT *out);

/* Calls AddDevice with a physical device object of ours, which is returned too (pdo may be NULL). No AddDevice:
 * STATUS_INVALID_DEVICE_REQUEST. */
NTSTATUS io_driver_add_device(PDRIVER_OBJECT driver, PDEVICE_OBJECT *pdo);

/* IRP_MN_START_DEVICE; IRP_MN_REMOVE_DEVICE and the end of the physical device object. */
NTSTATUS io_pdo_start(PDEVICE_OBJECT pdo);
NTSTATUS io_pdo_remove(PDEVICE_OBJECT pdo);

/* Calls DriverUnload, lets queued work items, deferred deletes and DPCs end (KTM-086, WRK-012), then drops the driver object.
 * STATUS_DEVICE_BUSY while handles are open, STATUS_INVALID_DEVICE_REQUEST without DriverUnload. */
NTSTATUS io_driver_unload(PDRIVER_OBJECT driver);

/* Live drivers and their devices, oldest first; fn returns false to stop. */
void io_driver_each(bool (*fn)(void *ctx, PDRIVER_OBJECT driver), void *ctx);
void io_device_each(PDRIVER_OBJECT driver, bool (*fn)(void *ctx, PDEVICE_OBJECT device), void *ctx);

/* Bytes of the device extension. */
size_t io_device_extension_bytes(PDEVICE_OBJECT device);

/* ---- files ---- */

/* By name: "\\Device\\X", "\\DosDevices\\X", "\\??\\X", "\\\\.\\X" or just "X" (ASCII). Sends IRP_MJ_CREATE. */
NTSTATUS io_open(const char *name, PFILE_OBJECT *out);
NTSTATUS io_open_device(PDEVICE_OBJECT device, PFILE_OBJECT *out);

/* IRP_MJ_CLEANUP now, IRP_MJ_CLOSE with the last reference. Once per io_open. */
void io_close(PFILE_OBJECT file);

/* ---- requests ---- */

/*
 * One request of a user-mode program. Filled by the caller, zeroed before; sent once; must be waited for before its memory
 * goes, whatever became of it. While it is on its way another thread may cancel it.
 */
struct io_request {
    PFILE_OBJECT   file;   /* or */
    PDEVICE_OBJECT device; /* top of this device's stack, without a file: IRP_MJ_PNP ... */
    UCHAR          major, minor;
    ULONG          ioctl;
    void          *in;
    ULONG          in_bytes;
    void          *out;
    ULONG          out_bytes;
    int64_t        offset;
    void (*prepare)(struct io_request *r, PIRP irp); /* last touch before it is sent; may be NULL */

    IO_STATUS_BLOCK iosb; /* result, valid after io_request_wait() */

    /* private */
    PIRP     irp;
    KEVENT   done;
    NTSTATUS returned;
    unsigned pins;
    bool     completed, pending_returned, counts_file;
};

/* What the dispatch routine returned. A failure before a driver saw it: that status, and waiting returns at once. */
NTSTATUS io_request_send(struct io_request *r);

/* STATUS_SUCCESS once it is complete, STATUS_TIMEOUT; timeout as for KeWaitForSingleObject. */
NTSTATUS io_request_wait(struct io_request *r, const int64_t *timeout);

/* As a closing thread would: IoCancelIrp. Whether a cancel routine was called. IRQL <= 2, any thread. */
bool io_request_cancel(struct io_request *r);

/* Send, wait; its final status. */
NTSTATUS io_request_run(struct io_request *r);

/* IRPs that are with a driver, for reports of what was never completed. */
struct io_irp_info {
    PIRP           irp;
    UCHAR          major, minor;
    PDEVICE_OBJECT device;
    PDRIVER_CANCEL cancel;
};
void io_irp_each(bool (*fn)(void *ctx, const struct io_irp_info *info), void *ctx);
