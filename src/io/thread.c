/* SPDX-License-Identifier: MIT */
/* io/thread.c - threads that hold their device or driver object: the driver cannot be unloaded before they have ended. */
#include "io/thread.h"

#include "io/priv.h"

enum { PRIORITY = 8 };

static PDRIVER_OBJECT driver_of(void *object)
{
    return ob_type_of(object) == &ob_type_driver ? object : ((PDEVICE_OBJECT)object)->DriverObject;
}

static void let_go(void *object)
{
    io_driver_work(driver_of(object), -1);
    ob_dereference(object);
}

ke_thread *io_thread_create(void *object, PKSTART_ROUTINE routine, void *context)
{
    ob_reference(object);
    io_driver_work(driver_of(object), 1);
    ke_thread *t = ke_thread_create_system_for(routine, context, PRIORITY, let_go, object);

    if (!t)
        let_go(object);
    return t;
}
