/* SPDX-License-Identifier: MIT */
/* ddi/ddi_callback.c - callback objects and one-time initialization as drivers see them. */
#include "ddi/ddi.h"
#include "io/callback.h"
#include "ke/ke.h"

NTKERNELAPI NTSTATUS NTAPI ExCreateCallback(PCALLBACK_OBJECT *CallbackObject, POBJECT_ATTRIBUTES ObjectAttributes,
    BOOLEAN Create, BOOLEAN AllowMultipleCallbacks)
{
    struct io_callback_config c = {.name = ObjectAttributes ? ObjectAttributes->ObjectName : NULL,
        .create = Create,
        .multiple = AllowMultipleCallbacks,
        .ignore_case = ObjectAttributes && (ObjectAttributes->Attributes & OBJ_CASE_INSENSITIVE)};

    DDI_ENTER(ExCreateCallback, CallbackObject);
    NTSTATUS status = io_callback_open(&c, CallbackObject);

    DDI_LEAVE(ExCreateCallback, CallbackObject, status);
    return status;
}

NTKERNELAPI PVOID NTAPI ExRegisterCallback(
    PCALLBACK_OBJECT CallbackObject, PCALLBACK_FUNCTION CallbackFunction, PVOID CallbackContext)
{
    DDI_ENTER(ExRegisterCallback, CallbackObject);
    void *registration = io_callback_register(CallbackObject, CallbackFunction, CallbackContext);

    DDI_LEAVE(ExRegisterCallback, CallbackObject, (uintptr_t)registration);
    return registration;
}

NTKERNELAPI VOID NTAPI ExUnregisterCallback(PVOID CallbackRegistration)
{
    DDI_ENTER(ExUnregisterCallback, CallbackRegistration);
    io_callback_unregister(CallbackRegistration);
    DDI_LEAVE(ExUnregisterCallback, CallbackRegistration, 0);
}

NTKERNELAPI VOID NTAPI ExNotifyCallback(PVOID CallbackObject, PVOID Argument1, PVOID Argument2)
{
    DDI_ENTER(ExNotifyCallback, CallbackObject);
    io_callback_notify(CallbackObject, Argument1, Argument2);
    DDI_LEAVE(ExNotifyCallback, CallbackObject, 0);
}

/* ---- one-time initialization ---- */

/*
 * The low bits of RTL_RUN_ONCE say how far it is. While somebody initializes, the rest is the list of those who wait: each
 * is an entry on its own stack. Afterwards the rest is the context.
 */
enum { NOT_BEGUN = 0, BEGUN = 1, BEGUN_ASYNC = 3, DONE = 2, STATE_BITS = 3 };

struct once_waiter {
    uintptr_t next; /* word before */
    KEVENT    event;
};

static uintptr_t read_once(PRTL_RUN_ONCE once)
{
    return __atomic_load_n((uintptr_t *)&once->Ptr, __ATOMIC_ACQUIRE);
}

static bool change_once(PRTL_RUN_ONCE once, uintptr_t from, uintptr_t to)
{
    mach_point(MACH_POINT_DDI, once);
    return __atomic_compare_exchange_n((uintptr_t *)&once->Ptr, &from, to, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

NTSYSAPI VOID RtlRunOnceInitialize(PRTL_RUN_ONCE RunOnce)
{
    RunOnce->Ptr = NULL;
}

static void wait_once(PRTL_RUN_ONCE once, uintptr_t seen)
{
    struct once_waiter me = {.next = seen & ~(uintptr_t)STATE_BITS};

    ke_event_init(&me.event, SynchronizationEvent, false);
    if (change_once(once, seen, (uintptr_t)&me | BEGUN))
        ke_wait_one(&me.event, NULL);
}

/* A routine at DISPATCH_LEVEL can ask (RTL_RUN_ONCE_CHECK_ONLY), but not wait: the wait says so. */
static NTSTATUS begin_once(PRTL_RUN_ONCE once, ULONG flags, PVOID *context)
{
    for (;;) { /* until nobody else begins or ends it meanwhile */
        uintptr_t seen = read_once(once), state = seen & STATE_BITS;
        bool      async = flags & RTL_RUN_ONCE_ASYNC;

        if (state == DONE) {
            if (context)
                *context = (PVOID)(seen & ~(uintptr_t)STATE_BITS);
            return STATUS_SUCCESS;
        }
        if (flags & RTL_RUN_ONCE_CHECK_ONLY)
            return STATUS_UNSUCCESSFUL;
        if (state == BEGUN_ASYNC || (state == BEGUN && async))
            return state == BEGUN_ASYNC && async ? STATUS_PENDING : STATUS_INVALID_PARAMETER_2;
        if (state == BEGUN)
            wait_once(once, seen);
        else if (change_once(once, seen, async ? BEGUN_ASYNC : BEGUN))
            return STATUS_PENDING;
    }
}

static void wake_all(uintptr_t word)
{
    struct once_waiter *w = (struct once_waiter *)(word & ~(uintptr_t)STATE_BITS);

    while (w) { /* it is gone as soon as its event is set */
        struct once_waiter *next = (struct once_waiter *)w->next;

        ke_event_set(&w->event, 0);
        w = next;
    }
}

static NTSTATUS complete_once(PRTL_RUN_ONCE once, ULONG flags, PVOID context)
{
    bool      async = flags & RTL_RUN_ONCE_ASYNC, failed = flags & RTL_RUN_ONCE_INIT_FAILED;
    uintptr_t to = failed ? NOT_BEGUN : (uintptr_t)context | DONE, seen;

    if ((uintptr_t)context & STATE_BITS || (failed && context))
        return STATUS_INVALID_PARAMETER_3;
    if (async && failed)
        return STATUS_INVALID_PARAMETER_2;
    do { /* until no new waiter comes in between */
        seen = read_once(once);
        if ((seen & STATE_BITS) != (async ? BEGUN_ASYNC : BEGUN))
            return STATUS_UNSUCCESSFUL;
    } while (!change_once(once, seen, to));
    wake_all(seen);
    return STATUS_SUCCESS;
}

NTSYSAPI NTSTATUS RtlRunOnceBeginInitialize(PRTL_RUN_ONCE RunOnce, ULONG Flags, PVOID *Context)
{
    DDI_ENTER(RtlRunOnceBeginInitialize, RunOnce);
    NTSTATUS status = begin_once(RunOnce, Flags, Context);

    DDI_LEAVE(RtlRunOnceBeginInitialize, RunOnce, status);
    return status;
}

NTSYSAPI NTSTATUS RtlRunOnceComplete(PRTL_RUN_ONCE RunOnce, ULONG Flags, PVOID Context)
{
    DDI_ENTER(RtlRunOnceComplete, RunOnce);
    NTSTATUS status = complete_once(RunOnce, Flags, Context);

    DDI_LEAVE(RtlRunOnceComplete, RunOnce, status);
    return status;
}

NTSYSAPI NTSTATUS RtlRunOnceExecuteOnce(
    PRTL_RUN_ONCE RunOnce, PRTL_RUN_ONCE_INIT_FN InitFn, PVOID Parameter, PVOID *Context)
{
    PVOID made = NULL;

    DDI_ENTER(RtlRunOnceExecuteOnce, RunOnce);
    NTSTATUS status = begin_once(RunOnce, 0, Context);

    if (status == STATUS_PENDING && InitFn(RunOnce, Parameter, &made)) {
        status = complete_once(RunOnce, 0, made);
        if (Context)
            *Context = made;
    } else if (status == STATUS_PENDING) {
        complete_once(RunOnce, RTL_RUN_ONCE_INIT_FAILED, NULL);
        status = STATUS_UNSUCCESSFUL;
    }
    DDI_LEAVE(RtlRunOnceExecuteOnce, RunOnce, status);
    return status;
}
