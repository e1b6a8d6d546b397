/* SPDX-License-Identifier: MIT */
/* Routines of timers and DPCs that a physical StorPort miniport must not call: HwStorPortProhibitedDDIs (STI-050). */
#include "sp/card.h"

static KTIMER timer;
static KDPC   dpc;
static int    which;
static bool   physical;

static void nothing(PKDPC d, PVOID context, PVOID a, PVOID b)
{
    (void)d, (void)context, (void)a, (void)b;
}

static LONG interlocked;

static KEVENT event;

/* KTM-104: KeSetTimer(Ex), KeCancelTimer; interlocked routines are exempt. DPC-094: those of DPC queues. WAI-075: a wait, and an
 * allocation. KeFlushQueuedDpcs could not be called here anyway. */
static bool calls(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    LARGE_INTEGER due = {.QuadPart = -10000};

    InterlockedIncrement(&interlocked);
    if (which == 1)
        KeSetTimer(&timer, due, NULL);
    else if (which == 2)
        KeSetTimerEx(&timer, due, 0, NULL);
    else if (which == 3)
        KeCancelTimer(&timer);
    else if (which == 4)
        KeInsertQueueDpc(&dpc, NULL, NULL);
    else if (which == 5)
        KeRemoveQueueDpc(&dpc);
    else if (which == 6)
        poll(&event);
    else if (which == 7)
        ExFreePoolWithTag(ExAllocatePoolWithTag(NonPagedPoolNx, 16, 'tsoM'), 'tsoM');
    return mini_execute(e, srb);
}

static void body(void *ctx)
{
    (void)ctx;
    KeInitializeTimer(&timer);
    KeInitializeEvent(&event, NotificationEvent, TRUE);
    KeInitializeDpc(&dpc, nothing, NULL);
    dt_stor *s = begin(&(struct mini){.physical = physical, .start = calls, .cfg.prohibited_ddis = true});

    run_one(s);
    KeCancelTimer(&timer);
    KeFlushQueuedDpcs();
    over(s);
}

static void reported(void **state)
{
    (void)state;
    physical = true;
    for (which = 1; which <= 7; which++)
        caught(body, "DT-S15", 0);
    which = 0;
    passes(body);
    physical = false;
    for (which = 1; which <= 7; which++)
        passes(body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(reported)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
