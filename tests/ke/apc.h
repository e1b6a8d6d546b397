/* SPDX-License-Identifier: MIT */
/* tests/ke/apc.h - APCs that note where and when they were called. */
#pragma once

#include "../io/driver.h"
#include "ddk/nt/ke_apc.h"

static struct {
    KEVENT          go, ready, never, done;
    PKTHREAD        thread;
    KAPC            apc[4];
    NTSTATUS        status;
    LONG            calls, kernel_calls, rundowns, order[8], kernel_order[8];
    KIRQL           kernel_irql, normal_irql;
    PKTHREAD        ran_in;
    bool            in_region, seen_in_region;
    bool            alertable;
    uint64_t        from, took;
    KPROCESSOR_MODE mode;
} s;

static KKERNEL_ROUTINE  kernel_routine;
static KNORMAL_ROUTINE  normal_routine;
static KRUNDOWN_ROUTINE rundown_routine;

static inline VOID kernel_routine(PKAPC apc, PKNORMAL_ROUTINE *normal, PVOID *context, PVOID *a, PVOID *b)
{
    (void)context, (void)a, (void)b, (void)normal;
    s.kernel_order[s.kernel_calls++ & 7] = (LONG)(apc - s.apc) + 1;
    s.kernel_irql = KeGetCurrentIrql();
    s.ran_in = KeGetCurrentThread();
    if (s.in_region)
        s.seen_in_region = true;
}

static inline VOID normal_routine(PVOID context, PVOID a, PVOID b)
{
    (void)a, (void)b;
    s.normal_irql = KeGetCurrentIrql();
    s.order[s.calls++ & 7] = (LONG)(LONG_PTR)context;
}

static inline VOID rundown_routine(PKAPC apc)
{
    (void)apc;
    s.rundowns++;
}

static inline void begin(void)
{
    memset(&s, 0, sizeof s);
    KeInitializeEvent(&s.go, SynchronizationEvent, FALSE);
    KeInitializeEvent(&s.ready, NotificationEvent, FALSE);
    KeInitializeEvent(&s.never, NotificationEvent, FALSE);
    KeInitializeEvent(&s.done, NotificationEvent, FALSE);
}

static inline void init_apc(unsigned i, PKTHREAD thread, PKNORMAL_ROUTINE normal, KPROCESSOR_MODE mode)
{
    KeInitializeApc(&s.apc[i], thread, OriginalApcEnvironment, kernel_routine, rundown_routine, normal, mode,
        (PVOID)(LONG_PTR)(i + 1));
}

static inline BOOLEAN queue(unsigned i, PKTHREAD thread, PKNORMAL_ROUTINE normal, KPROCESSOR_MODE mode)
{
    init_apc(i, thread, normal, mode);
    return KeInsertQueueApc(&s.apc[i], NULL, NULL, 0);
}

static inline void queue_to_self(PKNORMAL_ROUTINE normal)
{
    dt_expect(queue(0, KeGetCurrentThread(), normal, KernelMode));
}
