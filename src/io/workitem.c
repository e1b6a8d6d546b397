/* SPDX-License-Identifier: MIT */
/*
 * io/workitem.c - IO_WORKITEM: like a work queue item, but the I/O manager holds a reference to the device (or driver) object
 * from queueing until the routine has returned, so that neither device nor driver goes meanwhile (WRK-012).
 */
#include "io/workitem.h"

#include "io/priv.h"

#define ITEM_MAGIC 0x6d657449u
#define ITEM_TAG   0x57206f49u /* 'Io W' */

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
    POBJECT_TYPE type = object ? ob_type_of(object) : NULL;

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
}

void io_work_uninit(PIO_WORKITEM item)
{
    check_item(item);
    check_idle(item);
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

static void check_left(const IO_WORKITEM *copy, const void *item, bool apcs_off)
{
    uint64_t level[4] = {routine_of(copy), mach_irql(), (uintptr_t)copy->context, (uintptr_t)item};
    uint64_t apc[4] = {routine_of(copy), 0, 0, 1};
    uint64_t owned[4] = {routine_of(copy), (uintptr_t)copy->context, (uintptr_t)item, 0};

    if (mach_irql() != PASSIVE_LEVEL)
        ke_bugcheckf(
            "DT-I09", WORKER_THREAD_RETURNED_AT_BAD_IRQL, level, "work routine returned at IRQL %u", mach_irql());
    if (ke_mutex_owned()) /* MTX-020 */
        ke_bugcheckf("DT-W07", SYSTEM_EXIT_OWNED_MUTEX, owned, "work routine returned while it owned a mutex");
    if (ke_apcs_disabled() != apcs_off)
        ke_bugcheckf("DT-W15", APC_INDEX_MISMATCH, apc, "work routine returned with another APC-disable count");
}

/* The item may be freed or queued again by its routine: only the copy is used afterwards. */
static void run(struct ex_work *w)
{
    PIO_WORKITEM item = CONTAINING_RECORD(w, IO_WORKITEM, work);
    IO_WORKITEM  copy = *item;
    const void  *routine = (const void *)routine_of(&copy);
    bool         apcs_off = ke_apcs_disabled();

    ev(EV_WORK_START, item, (uintptr_t)routine, (uintptr_t)copy.context, 0);
    ev(EV_DRIVER_ENTER, routine, EV_ROLE_WORK_ITEM, (uintptr_t)copy.context, (uintptr_t)copy.object);
    if (copy.routine_ex)
        copy.routine_ex(copy.object, copy.context, item);
    else
        copy.routine(copy.object, copy.context);
    check_left(&copy, item, apcs_off);
    ev(EV_DRIVER_LEAVE, routine, EV_ROLE_WORK_ITEM, mach_irql(), (uintptr_t)copy.object);
    ev(EV_WORK_END, item, (uintptr_t)routine, 0, 0);
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
