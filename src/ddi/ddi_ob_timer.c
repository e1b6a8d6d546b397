/* SPDX-License-Identifier: MIT */
/*
 * ddi/ddi_ob_timer.c - timers with handles, and what is opened by name.
 *
 * A timer with an APC belongs to the thread that set it: each expiration queues a DPC, which queues the APC unless it is
 * queued already. Setting and cancelling take a queued APC away. The object is destroyed at PASSIVE_LEVEL, where the timer is
 * cancelled first and its DPC waited for.
 */
#include "ddi/ddi.h"
#include "ddi/twin.h"
#include "ddk/ntifs.h"
#include "io/ob.h"
#include "ke/ke.h"

struct ob_timer {
    KTIMER     timer; /* first: it is what waits see */
    KDPC       dpc;
    KEVENT     lock; /* held when not signaled; PASSIVE_LEVEL. It protects: */
    KAPC       apc;
    ke_thread *thread; /* referenced; NULL: no APC */
};

static VOID on_expiration(PKDPC dpc, PVOID context, PVOID arg1, PVOID arg2)
{
    struct ob_timer *t = context;
    nt_100ns         now = ke_system_time();

    (void)dpc, (void)arg1, (void)arg2;
    ke_apc_queue(&t->apc, (void *)(uintptr_t)(uint32_t)now, (void *)(uintptr_t)(now >> 32), 0);
}

static void on_apc(PKAPC apc, ke_normal_routine **normal, PVOID *context, PVOID *arg1, PVOID *arg2)
{
    (void)apc, (void)normal, (void)context, (void)arg1, (void)arg2;
}

/* Afterwards neither DPC nor APC is queued, and the DPC runs nowhere. The caller holds the lock, or the last reference. */
static void stop_locked(struct ob_timer *t)
{
    ke_timer_cancel(&t->timer);
    ke_dpc_remove(&t->dpc);
    ke_dpc_wait_until_idle(&t->dpc);
    if (!t->thread)
        return;
    ke_apc_remove(&t->apc);
    ke_thread_dereference(t->thread);
    t->thread = NULL;
}

static void destroy(void *body)
{
    stop_locked(body);
}

static OBJECT_TYPE timer_type = {.name = "Timer", .destroy = destroy, .last_handle = io_named_forget, .passive = true};

static void lock_timer(struct ob_timer *t)
{
    ke_wait_one(&t->lock, NULL);
}

static void unlock_timer(struct ob_timer *t)
{
    ke_event_set(&t->lock, 0);
}

static void *create(const struct io_named_config *c)
{
    struct ob_timer *t = ob_create(&timer_type, sizeof *t);

    if (!t)
        return NULL;
    ke_timer_init(&t->timer, *(const TIMER_TYPE *)c->io);
    ke_dpc_init(&t->dpc, on_expiration, t, false);
    ke_event_init(&t->lock, SynchronizationEvent, true);
    return t;
}

NTSYSAPI NTSTATUS NTAPI ZwCreateTimer(
    PHANDLE TimerHandle, ACCESS_MASK DesiredAccess, POBJECT_ATTRIBUTES ObjectAttributes, TIMER_TYPE TimerType)
{
    struct io_named_config c = {
        ObjectAttributes ? ObjectAttributes->ObjectName : NULL, &timer_type, create, &TimerType};
    bool     open_if = ObjectAttributes && (ObjectAttributes->Attributes & OBJ_OPENIF);
    NTSTATUS status = STATUS_INVALID_PARAMETER_4;
    void    *body;

    DDI_ENTER(ZwCreateTimer, TimerHandle);
    (void)DesiredAccess;
    if (TimerType == NotificationTimer || TimerType == SynchronizationTimer) {
        status = io_named_create(&c, TimerHandle, &body);
        status = io_named_settle(status, open_if, *TimerHandle);
    }
    DDI_LEAVE(ZwCreateTimer, TimerHandle, status);
    return status;
}

NTSYSAPI NTSTATUS NTAPI ZwOpenTimer(PHANDLE TimerHandle, ACCESS_MASK DesiredAccess, POBJECT_ATTRIBUTES ObjectAttributes)
{
    struct io_named_config c = {ObjectAttributes->ObjectName, &timer_type, NULL, NULL};
    void                  *body;

    DDI_ENTER(ZwOpenTimer, TimerHandle);
    (void)DesiredAccess;
    NTSTATUS status = io_named_create(&c, TimerHandle, &body);

    if (status == STATUS_OBJECT_NAME_EXISTS)
        status = STATUS_SUCCESS;
    DDI_LEAVE(ZwOpenTimer, TimerHandle, status);
    return status;
}

static void set_locked(struct ob_timer *t, const struct ke_timer_set *set, PTIMER_APC_ROUTINE routine, void *context)
{
    struct ke_timer_set s = *set;

    stop_locked(t);
    if (routine) {
        struct ke_apc_routines r = {on_apc, NULL, (ke_normal_routine *)(void (*)(void))routine};

        t->thread = ke_thread_current();
        ke_thread_reference(t->thread);
        ke_apc_init(&t->apc, t->thread, &r, KernelMode, context);
        s.dpc = &t->dpc;
    }
    ke_timer_set(&t->timer, &s);
}

static BOOLEAN is_signaled(const struct ob_timer *t)
{
    return __atomic_load_n(&t->timer.Header.SignalState, __ATOMIC_RELAXED) != 0;
}

/* The machine never sleeps, so a timer that would wake it is ordinary. */
NTSYSAPI NTSTATUS NTAPI ZwSetTimer(HANDLE TimerHandle, PLARGE_INTEGER DueTime, PTIMER_APC_ROUTINE TimerApcRoutine,
    PVOID TimerContext, BOOLEAN WakeTimer, LONG Period, PBOOLEAN PreviousState)
{
    void *body;

    DDI_ENTER(ZwSetTimer, TimerHandle);
    NTSTATUS status = Period < 0 ? STATUS_INVALID_PARAMETER_6 : ob_handle_reference(TimerHandle, &timer_type, &body);

    if (NT_SUCCESS(status)) {
        struct ob_timer    *t = body;
        struct ke_timer_set set = {.due = DueTime->QuadPart, .period = (uint64_t)Period};

        lock_timer(t);
        if (PreviousState)
            *PreviousState = is_signaled(t);
        set_locked(t, &set, TimerApcRoutine, TimerContext);
        unlock_timer(t);
        ob_dereference(t);
        status = WakeTimer ? STATUS_TIMER_RESUME_IGNORED : STATUS_SUCCESS;
    }
    DDI_LEAVE(ZwSetTimer, TimerHandle, status);
    return status;
}

NTSYSAPI NTSTATUS NTAPI ZwCancelTimer(HANDLE TimerHandle, PBOOLEAN CurrentState)
{
    void *body;

    DDI_ENTER(ZwCancelTimer, TimerHandle);
    NTSTATUS status = ob_handle_reference(TimerHandle, &timer_type, &body);

    if (NT_SUCCESS(status)) {
        struct ob_timer *t = body;

        lock_timer(t);
        stop_locked(t);
        if (CurrentState)
            *CurrentState = is_signaled(t);
        unlock_timer(t);
        ob_dereference(t);
    }
    DDI_LEAVE(ZwCancelTimer, TimerHandle, status);
    return status;
}

/* ---- events ---- */

NTSYSAPI NTSTATUS NTAPI ZwOpenEvent(PHANDLE EventHandle, ACCESS_MASK DesiredAccess, POBJECT_ATTRIBUTES ObjectAttributes)
{
    struct io_event_config c = {.name = ObjectAttributes->ObjectName, .open_only = true};
    PKEVENT                event;

    DDI_ENTER(ZwOpenEvent, EventHandle);
    (void)DesiredAccess;
    NTSTATUS status = io_event_create(&c, EventHandle, &event);

    if (status == STATUS_OBJECT_NAME_EXISTS)
        status = STATUS_SUCCESS;
    DDI_LEAVE(ZwOpenEvent, EventHandle, status);
    return status;
}
TWIN(NtOpenEvent, ZwOpenEvent)
