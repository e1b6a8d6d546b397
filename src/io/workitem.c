/* SPDX-License-Identifier: MIT */
/*
 * io/workitem.c - IO_WORKITEM: like a work queue item, but the I/O manager holds a reference to the device (or driver) object
 * from queueing until the routine has returned, so that neither device nor driver goes meanwhile (WRK-012).
 */
#include "io/workitem.h"

#include "io/priv.h"

#define ITEM_MAGIC 0x6d657449u
#define ITEM_TAG   0x57206f49u /* 'Io W' */

enum { INITIALIZED_MAX = 64 };

static _Noreturn void invalid(uint64_t p1, const void *item, uint64_t p3, const char *what)
{
    uint64_t p[4] = {p1, (uintptr_t)item, p3, 0};

    ke_bugcheckf(NULL, WORKER_INVALID, p, "I/O work item %p: %s", item, what);
}

static uintptr_t routine_of(const IO_WORKITEM *item)
{
    return item->routine_ex ? (uintptr_t)item->routine_ex : (uintptr_t)item->routine;
}

static void check_object(void *object, PIO_WORKITEM item)
{
    POBJECT_TYPE type = ob_is_object(object) ? ob_type_of(object) : NULL;

    if (type != &ob_type_device && type != &ob_type_driver)
        invalid(3, item, (uintptr_t)object, "made for something that is neither a device nor a driver object");
}

static PDRIVER_OBJECT driver_of(void *object)
{
    return ob_type_of(object) == &ob_type_driver ? object : ((PDEVICE_OBJECT)object)->DriverObject;
}

static void check_item(PIO_WORKITEM item)
{
    if (item->magic != ITEM_MAGIC)
        invalid(3, item, 0, "not initialized");
}

static void check_idle(PIO_WORKITEM item)
{
    if (ex_work_is_queued(&item->work.item))
        invalid(2, item, routine_of(item), "freed or uninitialized while it is queued");
}

/* ---- items in memory of the driver's (WRK-010) ---- */

/* Only addresses: what was not uninitialized may be gone. The table does not grow; more items are not watched. */
static struct {
    struct mach_lock lock;
    unsigned         count;
    const void      *item[INITIALIZED_MAX];
} initialized;

void io_work_boot(void)
{
    initialized.lock = (struct mach_lock){0};
    __atomic_store_n(&initialized.count, 0, __ATOMIC_RELAXED);
}

static void remember(const void *item)
{
    unsigned irql = ke_raise_to(DISPATCH_LEVEL);

    mach_lock(&initialized.lock);
    if (initialized.count < INITIALIZED_MAX)
        initialized.item[initialized.count++] = item;
    mach_unlock(&initialized.lock);
    mach_irql_lower(irql);
}

static void forget(const void *item)
{
    unsigned irql = ke_raise_to(DISPATCH_LEVEL);

    mach_lock(&initialized.lock);
    for (unsigned i = 0; i < initialized.count; i++)
        if (initialized.item[i] == item)
            initialized.item[i--] = initialized.item[--initialized.count];
    mach_unlock(&initialized.lock);
    mach_irql_lower(irql);
}

const void *io_work_initialized_in(const void *start, size_t bytes)
{
    const void *found = NULL;

    if (!__atomic_load_n(&initialized.count, __ATOMIC_RELAXED))
        return NULL;
    unsigned irql = ke_raise_to(DISPATCH_LEVEL);

    mach_lock(&initialized.lock);
    for (unsigned i = 0; i < initialized.count && !found; i++)
        if ((uintptr_t)initialized.item[i] - (uintptr_t)start < bytes)
            found = initialized.item[i];
    mach_unlock(&initialized.lock);
    mach_irql_lower(irql);
    return found;
}

/* ---- life ---- */

PIO_WORKITEM io_work_alloc(void *object, const void *caller)
{
    check_object(object, NULL);
    PIO_WORKITEM item = ex_pool_alloc(EX_POOL_NX | EX_POOL_ZERO, sizeof *item, ITEM_TAG, caller);

    if (!item)
        return NULL;
    item->object = object;
    item->magic = ITEM_MAGIC;
    item->allocated = true;
    return item;
}

void io_work_init(void *object, PIO_WORKITEM item)
{
    struct ex_pool_block block;

    if (ex_pool_find(item, &block) && block.tag == ITEM_TAG)
        invalid(3, item, (uintptr_t)object, "initialized although IoAllocateWorkItem made it");
    check_object(object, item);
    *item = (IO_WORKITEM){.object = object, .magic = ITEM_MAGIC};
    forget(item);
    remember(item);
}

void io_work_uninit(PIO_WORKITEM item)
{
    check_item(item);
    check_idle(item);
    forget(item);
    item->magic = 0;
}

void io_work_free(PIO_WORKITEM item, const void *caller)
{
    struct ex_pool_block block;

    if (!ex_pool_find(item, &block) || !block.freed) { /* a second free is the pool's to report */
        check_item(item);
        check_idle(item);
    }
    ex_pool_free(item, ITEM_TAG, caller);
}

/* ---- running ---- */

/* The item may be freed or queued again by its routine: only the copy is used afterwards. */
static void run(struct ex_work *w)
{
    PIO_WORKITEM item = CONTAINING_RECORD(w, IO_WORKITEM, work);
    IO_WORKITEM  copy = *item;

    struct ex_work_call call = {(const void *)routine_of(&copy), copy.context, item, copy.object, false, 0};

    ex_work_enter(&call);
    if (copy.routine_ex)
        copy.routine_ex(copy.object, copy.context, item);
    else
        copy.routine(copy.object, copy.context);
    ex_work_leave(&call);
    io_driver_work(driver_of(copy.object), -1);
    ob_dereference(copy.object);
}

bool io_work_try_queue(PIO_WORKITEM item, const struct io_work_call *call)
{
    check_item(item);
    if (!call->routine && !call->routine_ex)
        invalid(7, item, call->type, "queued without a routine");
    if (ex_work_is_queued(&item->work.item))
        return false;
    item->routine = call->routine;
    item->routine_ex = call->routine_ex;
    item->context = call->context;
    item->work.fn = run;
    io_driver_work(driver_of(item->object), 1);
    ob_reference(item->object);
    ev(EV_WORK_QUEUE, item, routine_of(item), (uintptr_t)call->context, 0);
    if (ex_work_submit(&item->work, call->type))
        return true;
    io_driver_work(driver_of(item->object), -1);
    ob_dereference(item->object);
    return false;
}

void io_work_queue(PIO_WORKITEM item, const struct io_work_call *call)
{
    if (!io_work_try_queue(item, call))
        invalid(1, item, call->type, "queued although it is still queued");
}
