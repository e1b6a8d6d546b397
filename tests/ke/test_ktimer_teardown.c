/* SPDX-License-Identifier: MIT */
/* KTIMERs at the end of a driver's life: cancel without flush, overlap, the one-shot pattern, unload. */
#include "ktimer.h"

#define TAG 0x72545444 /* 'DTTr' */

static LONG running;
static bool overlapped;

static KDEFERRED_ROUTINE overlaps;

/* KTM-060: the DPC of one periodic timer on two processors at once. */
static VOID overlaps(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    if (InterlockedIncrement(&running) > 1)
        __atomic_store_n(&overlapped, true, __ATOMIC_RELAXED);
    tick(dpc, context, a, b);
    InterlockedDecrement(&running);
}

static void periodic(void *ctx)
{
    (void)ctx;
    begin(2);
    running = 0;
    KeInitializeDpc(&s.dpc, overlaps, &s);
    KeSetTimerEx(&s.timer, in_ms(1), 1, &s.dpc);
    wait_for(&s.done);
    end();
}

static void test_overlap(void **state)
{
    struct dt_config cfg = config(1);

    (void)state;
    overlapped = false;
    always_with(&cfg, periodic, 3);
    assert_false(overlapped); /* on one processor never */
    reached(periodic, 3, &overlapped);
}

/* ---- KTM-073, KTM-074: cancel and free; cancel, flush and free ---- */

struct owner {
    KTIMER timer;
    KDPC   dpc;
    LONG   calls;
};

static KDEFERRED_ROUTINE touches;

static VOID touches(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    struct owner *o = context;

    (void)dpc, (void)a, (void)b;
    KeReadStateTimer(&s.timer);
    __atomic_add_fetch(&o->calls, 1, __ATOMIC_RELAXED); /* two instances may overlap */
}

static bool flush;

static void cancels_and_frees(void *ctx)
{
    struct owner *o = ctx;

    KeCancelTimer(&o->timer);
    if (flush)
        KeFlushQueuedDpcs();
    ExFreePoolWithTag(o, TAG);
}

static void owned(void *ctx)
{
    (void)ctx;
    begin(0);
    struct owner *o = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof *o, TAG);

    KeInitializeTimer(&o->timer);
    KeInitializeDpc(&o->dpc, touches, o);
    KeSetTimerEx(&o->timer, in_ms(1), 1, &o->dpc);
    dt_spawn(1, cancels_and_frees, o);
    dt_join_all();
}

static void test_cancel_and_free(void **state)
{
    (void)state;
    flush = false;
    found(owned, 3, NULL, ANY_CODE);
    flush = true;
    always(owned, 2);
}

/* KTM-075: one-shot: FALSE: wait for the event that the DPC sets; TRUE: do not. It ends either way. */
static bool waited, spared;

static void one_shot_pattern(void *ctx)
{
    struct owner *o = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof *o, TAG);

    (void)ctx;
    begin(1);
    KeInitializeTimer(&o->timer);
    KeInitializeDpc(&o->dpc, tick, o);
    KeSetTimer(&o->timer, in_ms(1), &o->dpc);
    if (KeCancelTimer(&o->timer)) {
        dt_expect_eq(s.calls, 0);
        spared = true;
    } else {
        wait_for(&s.done);
        dt_expect_eq(s.calls, 1);
        waited = true;
    }
    ExFreePoolWithTag(o, TAG);
}

static void test_one_shot_pattern(void **state)
{
    (void)state;
    waited = spared = false;
    reached(one_shot_pattern, 2, &waited);
    assert_true(spared || !simulated());
}

/* ---- unload ---- */

static bool cancel;

static DRIVER_INITIALIZE entry;
static DRIVER_UNLOAD     unload;

static VOID unload(PDRIVER_OBJECT driver)
{
    (void)driver;
    if (cancel)
        KeCancelTimer(&s.timer);
}

static NTSTATUS entry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    (void)path;
    begin(0);
    KeSetTimerEx(&s.timer, in_ms(1), 1, &s.dpc);
    driver->DriverUnload = unload;
    return STATUS_SUCCESS;
}

static void load_and_unload(void *ctx)
{
    (void)ctx;
    dt_driver *d = dt_driver_load((dt_driver_entry *)entry);

    dt_expect(d != NULL);
    dt_driver_unload(d);
    LONG calls = s.calls;

    sleep_ms(3);
    dt_expect_eq(s.calls, calls); /* KTM-086: what was queued is done before the unload is */
}

/* KTM-085, KTM-011: set at unload: 0xC7 with the timer. KTM-086: cancelled is enough, the system flushes. */
static void test_unload(void **state)
{
    (void)state;
    cancel = false;
    caught_params(load_and_unload, "DT-T04", 0xC7, 0, (uintptr_t)&s.timer);
    cancel = true;
    always(load_and_unload, 2);
}

/* ---- KTM-087: importance and target of a DPC whose timer is active ---- */

static void changes(bool target, bool before)
{
    begin(1);
    if (!before)
        KeSetTimer(&s.timer, in_ms(1000), &s.dpc); /* far enough for a slow host */
    if (target)
        KeSetTargetProcessorDpc(&s.dpc, 1);
    else
        KeSetImportanceDpc(&s.dpc, HighImportance);
    if (before)
        KeSetTimer(&s.timer, in_ms(2), &s.dpc);
    wait_for(&s.done);
    end();
}

static void importance_changed(void *ctx)
{
    (void)ctx;
    changes(false, false);
}

static void target_changed(void *ctx)
{
    (void)ctx;
    changes(true, false);
}

static void changed_before(void *ctx)
{
    (void)ctx;
    changes(false, true);
    changes(true, true);
}

static void test_changes(void **state)
{
    (void)state;
    caught(importance_changed, NULL, 0);
    caught(target_changed, NULL, 0);
    passes(changed_before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_overlap),
        cmocka_unit_test(test_cancel_and_free),
        cmocka_unit_test(test_one_shot_pattern),
        cmocka_unit_test(test_unload),
        cmocka_unit_test(test_changes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
