/* SPDX-License-Identifier: MIT */
/* ddi/ddi_wait.c - waits as drivers see them. The objects are in ddi_object.c. */
#include "ddi/ddi.h"
#include "ex/pool.h"
#include "ke/ke.h"

static const int64_t *timeout_of(const LARGE_INTEGER *t, int64_t *copy)
{
    if (!t)
        return NULL;
    *copy = t->QuadPart;
    return copy;
}

/* ---- arguments ---- */

enum { STACK_BYTES = 64 * 1024 };

/* In the caller's part of the present stack. */
static bool on_stack(const void *object)
{
    return (uintptr_t)object - (uintptr_t)__builtin_frame_address(0) < STACK_BYTES;
}

/* The stack of a thread that waits in UserMode may be paged out (WAI-042). */
static void check_user_mode(const void *object, const char *what, const void *caller)
{
    struct finding f = {.severity = FINDING_STOP,
        .rule = "DT-W02",
        .bugcheck = 0xC4,
        .param = {0x123, (uintptr_t)object, 0, 0},
        .object = object,
        .caller = caller};

    if (on_stack(object))
        finding_raisef(&f, "a wait with WaitMode = UserMode is given %s on the kernel stack", what);
}

static void check_objects(ULONG count, PVOID const *objects, KPROCESSOR_MODE mode, const void *caller)
{
    for (ULONG i = 0; mode == UserMode && i < count; i++)
        check_user_mode(objects[i], "an object", caller);
}

/* WAI-027, WAI-029: too many objects, or more than the thread's own blocks serve and none given. */
static void check_count(ULONG count, const KWAIT_BLOCK *blocks)
{
    uint64_t p[4] = {count, 0, 0, 0};

    if (count == 0 || count > MAXIMUM_WAIT_OBJECTS || (!blocks && count > THREAD_WAIT_OBJECTS))
        ke_bugcheckf("DT-W09", 0x0C, p, "a wait for %u objects %s", (unsigned)count,
            count > MAXIMUM_WAIT_OBJECTS || count == 0 ? "is not possible" : "needs a wait block array");
}

/* WAI-031. */
static void check_blocks(ULONG count, const KWAIT_BLOCK *blocks, KPROCESSOR_MODE mode, const void *caller)
{
    struct ex_pool_block block;
    uint64_t             p[4] = {(uintptr_t)blocks, count, 0, 0};

    if (!blocks)
        return;
    if (mode == UserMode)
        check_user_mode(blocks, "a wait block array", caller);
    ddi_check_resident(blocks, "KeWaitForMultipleObjects", caller);
    if (ex_pool_find(blocks, &block) &&
        (block.freed || (uintptr_t)(blocks + count) > (uintptr_t)block.start + block.bytes))
        ke_bugcheckf(
            "DT-W09", 0, p, "the wait block array is smaller than the %u blocks it must hold", (unsigned)count);
}

/* ---- waits ---- */

NTKERNELAPI NTSTATUS NTAPI KeWaitForSingleObject(
    PVOID Object, KWAIT_REASON WaitReason, KPROCESSOR_MODE WaitMode, BOOLEAN Alertable, PLARGE_INTEGER Timeout)
{
    DDI_ENTER_WAIT(KeWaitForSingleObject, Object);
    check_objects(1, &Object, WaitMode, __builtin_return_address(0));
    int64_t        copy;
    struct ke_wait w = {.count = 1,
        .objects = &Object,
        .type = WaitAny,
        .reason = WaitReason,
        .mode = WaitMode,
        .alertable = Alertable,
        .timeout = timeout_of(Timeout, &copy)};
    NTSTATUS       status = ke_wait(&w);

    DDI_LEAVE(KeWaitForSingleObject, Object, status);
    return status;
}

NTKERNELAPI NTSTATUS NTAPI KeWaitForMultipleObjects(ULONG Count, PVOID Object[], WAIT_TYPE WaitType,
    KWAIT_REASON WaitReason, KPROCESSOR_MODE WaitMode, BOOLEAN Alertable, PLARGE_INTEGER Timeout,
    PKWAIT_BLOCK WaitBlockArray)
{
    DDI_ENTER_WAIT(KeWaitForMultipleObjects, Count ? Object[0] : NULL);
    check_count(Count, WaitBlockArray);
    check_objects(Count, Object, WaitMode, __builtin_return_address(0));
    check_blocks(Count, WaitBlockArray, WaitMode, __builtin_return_address(0));
    int64_t        copy;
    struct ke_wait w = {.count = Count,
        .objects = Object,
        .type = WaitType,
        .reason = WaitReason,
        .mode = WaitMode,
        .alertable = Alertable,
        .timeout = timeout_of(Timeout, &copy),
        .blocks = WaitBlockArray};
    NTSTATUS       status = ke_wait(&w);

    DDI_LEAVE(KeWaitForMultipleObjects, NULL, status);
    return status;
}

NTKERNELAPI NTSTATUS NTAPI KeDelayExecutionThread(KPROCESSOR_MODE WaitMode, BOOLEAN Alertable, PLARGE_INTEGER Interval)
{
    DDI_ENTER(KeDelayExecutionThread, NULL);
    NTSTATUS status = ke_delay(Alertable, WaitMode, Interval->QuadPart);

    DDI_LEAVE(KeDelayExecutionThread, NULL, status);
    return status;
}
