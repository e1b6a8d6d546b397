/* SPDX-License-Identifier: MIT */
/* Cancel-safe queues (cancel-safe-irp-queues and the IoCsq pages): every IRP is completed once, whoever wins. */
#include "driver.h"

static struct {
    IO_CSQ             csq;
    KSPIN_LOCK         lock;
    LIST_ENTRY         queue;
    IO_CSQ_IRP_CONTEXT context;
    bool               with_context, refuse;
    LONG               canceled, inserted, held;
} q;

static VOID acquire(PIO_CSQ csq, PKIRQL irql)
{
    dt_expect(csq == &q.csq);
    KeAcquireSpinLock(&q.lock, irql);
    q.held++;
}

static VOID release(PIO_CSQ csq, KIRQL irql)
{
    (void)csq;
    q.held--;
    KeReleaseSpinLock(&q.lock, irql);
}

static NTSTATUS insert_ex(PIO_CSQ csq, PIRP irp, PVOID context)
{
    (void)csq;
    dt_expect(q.held == 1 && context == &q);
    if (q.refuse)
        return STATUS_UNSUCCESSFUL;
    q.inserted++;
    InsertTailList(&q.queue, &irp->Tail.Overlay.ListEntry);
    return STATUS_SUCCESS;
}

static VOID insert(PIO_CSQ csq, PIRP irp)
{
    (void)csq;
    q.inserted++;
    InsertTailList(&q.queue, &irp->Tail.Overlay.ListEntry);
}

static VOID take_out(PIO_CSQ csq, PIRP irp)
{
    (void)csq;
    dt_expect_eq(q.held, 1);
    RemoveEntryList(&irp->Tail.Overlay.ListEntry);
}

static PIRP peek(PIO_CSQ csq, PIRP irp, PVOID context)
{
    PLIST_ENTRY e = irp ? irp->Tail.Overlay.ListEntry.Flink : q.queue.Flink;

    (void)csq;
    for (; e != &q.queue; e = e->Flink) {
        PIRP at = CONTAINING_RECORD(e, IRP, Tail.Overlay.ListEntry);

        if (!context || IoGetCurrentIrpStackLocation(at)->FileObject == context)
            return at;
    }
    return NULL;
}

static VOID complete_canceled(PIO_CSQ csq, PIRP irp)
{
    (void)csq;
    dt_expect(!simulated() || q.held == 0);
    q.canceled++;
    complete(irp, STATUS_CANCELLED, 0);
}

static NTSTATUS enqueue(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    NTSTATUS status = IoCsqInsertIrpEx(&q.csq, irp, q.with_context ? &q.context : NULL, &q);

    return NT_SUCCESS(status) ? STATUS_PENDING : complete(irp, status, 0);
}

static dt_driver *load(bool ex)
{
    memset(&q, 0, sizeof q);
    drv_reset();
    drv.control = enqueue;
    KeInitializeSpinLock(&q.lock);
    InitializeListHead(&q.queue);
    if (ex)
        IoCsqInitializeEx(&q.csq, insert_ex, take_out, peek, acquire, release, complete_canceled);
    else
        IoCsqInitialize(&q.csq, insert, take_out, peek, acquire, release, complete_canceled);
    return drv_load();
}

static dt_io *submit(dt_file *f)
{
    return dt_ioctl_start(f, IOCTL_TEST, NULL, 0, NULL, 0);
}

static dt_status finish(dt_io *io)
{
    dt_status status = dt_io_wait(io, DT_NEVER);

    dt_io_free(io);
    return status;
}

/* First in, first out; by peek context; what is not there is NULL. */
static void order(void *ctx)
{
    (void)ctx;
    dt_driver *d = load(false);
    dt_file   *f = drv_open(), *g = drv_open();
    dt_io     *io[3] = {submit(f), submit(g), submit(f)};

    complete(IoCsqRemoveNextIrp(&q.csq, g), STATUS_WAIT_1, 0);
    complete(IoCsqRemoveNextIrp(&q.csq, NULL), STATUS_SUCCESS, 0);
    complete(IoCsqRemoveNextIrp(&q.csq, f), STATUS_WAIT_2, 0);
    dt_expect(IoCsqRemoveNextIrp(&q.csq, NULL) == NULL);
    dt_expect_eq(finish(io[0]), STATUS_SUCCESS);
    dt_expect_eq(finish(io[1]), STATUS_WAIT_1);
    dt_expect_eq(finish(io[2]), STATUS_WAIT_2);
    dt_close(g);
    drv_close(d, f);
}

/* nf-wdm-iocsqinsertirpex: the routine's own failure comes back, and the IRP stays the driver's. */
static void refused(void *ctx)
{
    (void)ctx;
    dt_driver *d = load(true);
    dt_file   *f = drv_open();

    q.refuse = true;
    dt_expect_eq(dt_ioctl(f, IOCTL_TEST, NULL, 0, NULL, 0, NULL), STATUS_UNSUCCESSFUL);
    dt_expect_eq(q.inserted, 0);
    drv_close(d, f);
}

static void canceled(void *ctx)
{
    (void)ctx;
    dt_driver *d = load(true);
    dt_file   *f = drv_open();
    dt_io     *io = submit(f);

    dt_expect(dt_io_cancel(io));
    dt_expect_eq(finish(io), STATUS_CANCELLED);
    dt_expect(q.canceled == 1 && IsListEmpty(&q.queue));
    drv_close(d, f);
}

static void test_queue(void **state)
{
    (void)state;
    passes(order);
    passes(refused);
    passes(canceled);
}

/* Canceled while it is inserted, removed or nothing: completed exactly once on every schedule. */
static void cancel(void *io)
{
    dt_io_cancel(io);
}

static void cancel_against_remove(void *ctx)
{
    (void)ctx;
    dt_driver *d = load(true);
    dt_file   *f = drv_open();
    dt_io     *io = submit(f);
    dt_thread *t = dt_spawn(1, cancel, io);
    PIRP       irp = IoCsqRemoveNextIrp(&q.csq, NULL);

    if (irp)
        complete(irp, STATUS_SUCCESS, 0);
    dt_join(t);
    dt_status status = finish(io);

    dt_expect_eq(status, irp ? STATUS_SUCCESS : STATUS_CANCELLED);
    drv_close(d, f);
}

static void cancel_against_context(void *ctx)
{
    (void)ctx;
    dt_driver *d = load(true);
    dt_file   *f = drv_open();

    q.with_context = true;
    dt_io     *io = submit(f);
    dt_thread *t = dt_spawn(1, cancel, io);
    PIRP       irp = IoCsqRemoveIrp(&q.csq, &q.context);

    if (irp)
        complete(irp, STATUS_SUCCESS, 0);
    dt_join(t);
    dt_expect_eq(finish(io), irp ? STATUS_SUCCESS : STATUS_CANCELLED);
    dt_expect(IoCsqRemoveIrp(&q.csq, &q.context) == NULL);
    drv_close(d, f);
}

static void test_races(void **state)
{
    (void)state;
    always(cancel_against_remove, 3);
    always(cancel_against_context, 3);
}

/* ---- objects and handles ---- */

static void handles(void *ctx)
{
    HANDLE        h;
    PVOID         event;
    LARGE_INTEGER none = {.QuadPart = 0};

    (void)ctx;
    dt_expect_eq(ZwCreateEvent(&h, EVENT_ALL_ACCESS, NULL, NotificationEvent, FALSE), STATUS_SUCCESS);
    dt_expect_eq(ObReferenceObjectByHandle(h, 0, *ExEventObjectType, UserMode, &event, NULL), STATUS_SUCCESS);
    dt_expect_eq(ObReferenceObjectByPointer(event, 0, *PsThreadType, KernelMode), STATUS_OBJECT_TYPE_MISMATCH);
    dt_expect_eq(ZwWaitForSingleObject(h, FALSE, &none), STATUS_TIMEOUT);
    KeSetEvent(event, IO_NO_INCREMENT, FALSE);
    dt_expect_eq(ZwWaitForSingleObject(h, FALSE, NULL), STATUS_SUCCESS);
    dt_expect_eq(ZwClose(h), STATUS_SUCCESS);
    dt_expect_eq(ZwClose(h), STATUS_INVALID_HANDLE);
    dt_expect(KeReadStateEvent(event)); /* the reference keeps it */
    dt_expect_eq(ObDereferenceObject(event), 0);
}

static void dereferenced_twice(void *ctx)
{
    HANDLE h;
    PVOID  event;

    (void)ctx;
    (void)ZwCreateEvent(&h, EVENT_ALL_ACCESS, NULL, NotificationEvent, FALSE);
    (void)ObReferenceObjectByHandle(h, 0, *ExEventObjectType, UserMode, &event, NULL);
    ZwClose(h);
    ObDereferenceObject(event);
    ObDereferenceObject(event);
}

/* bug check 0x18 page */
static void test_objects(void **state)
{
    (void)state;
    passes(handles);
    caught(dereferenced_twice, NULL, 0x18);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_queue),
        cmocka_unit_test(test_races),
        cmocka_unit_test(test_objects),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
