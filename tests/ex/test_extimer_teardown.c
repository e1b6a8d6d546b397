/* SPDX-License-Identifier: MIT */
/* EX_TIMERs at the end of a driver's life: delete that waits, delete against self re-arming, locks held, leaks. */
#define PROCESSORS_MIN 2 /* the bodies name processors */

#include "extimer.h"

static LONG running, ended;

static EXT_CALLBACK takes_time, rearms;

static VOID takes_time(PEX_TIMER timer, PVOID context)
{
    InterlockedIncrement(&running);
    count(timer, context);
    KeReadStateEvent(&s.done);
    InterlockedDecrement(&running);
    InterlockedIncrement(&ended);
}

/* EXT-083: when a delete that waits returns, no callback runs on any processor, and none will. */
static void deletes_and_looks(void *ctx)
{
    (void)ctx;
    end();
    dt_expect_eq(running, 0);
    dt_expect_eq(ended, s.calls);
    LONG calls = s.calls;

    sleep_ms(3);
    dt_expect_eq(s.calls, calls);
}

static void delete_waits(void *ctx)
{
    (void)ctx;
    running = ended = 0;
    begin_with(takes_time, 0, 0);
    set_ms(1, 1);
    dt_spawn(1, deletes_and_looks, NULL);
    dt_join_all();
}

static void test_delete_waits(void **state)
{
    (void)state;
    always(delete_waits, 2);
}

/* EXT-088, EXT-087: a callback that always sets its timer again does not keep the delete from ending. */
static VOID rearms(PEX_TIMER timer, PVOID context)
{
    (void)context;
    InterlockedIncrement(&running);
    ExSetTimer(timer, -10000, 0, NULL);
    InterlockedIncrement(&s.calls);
    InterlockedDecrement(&running);
    InterlockedIncrement(&ended);
}

static void delete_ends_rearming(void *ctx)
{
    (void)ctx;
    running = ended = 0;
    begin_with(rearms, 0, 0);
    set_ms(1, 0);
    dt_spawn(1, deletes_and_looks, NULL);
    dt_join_all();
}

static void test_rearming(void **state)
{
    (void)state;
    always(delete_ends_rearming, 2);
}

/* EXT-128: the caller may hold a fast mutex, but no spin lock. */
static KSPIN_LOCK spin;
static FAST_MUTEX mutex;

static void delete_under_spin_lock(void *ctx)
{
    KIRQL irql;

    (void)ctx;
    begin(0, 0);
    KeInitializeSpinLock(&spin);
    KeAcquireSpinLock(&spin, &irql);
    end();
    KeReleaseSpinLock(&spin, irql);
}

static void delete_under_fast_mutex(void *ctx)
{
    (void)ctx;
    begin(0, 1);
    ExInitializeFastMutex(&mutex);
    set_ms(1, 1);
    wait_for(&s.done);
    ExAcquireFastMutex(&mutex);
    end();
    ExReleaseFastMutex(&mutex);
}

static void test_locks(void **state)
{
    (void)state;
    caught(delete_under_spin_lock, "DT-T16", 0x0A);
    passes(delete_under_fast_mutex);
}

/* EXT-037: a driver that leaves an EX_TIMER behind: never deleted, or set on top of it. */
static bool set_it, delete_it;

static DRIVER_INITIALIZE entry;
static DRIVER_UNLOAD     unload;

static VOID unload(PDRIVER_OBJECT driver)
{
    (void)driver;
    if (delete_it)
        end();
}

static NTSTATUS entry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    (void)path;
    begin(0, 0);
    if (set_it)
        set_ms(100000, 0);
    driver->DriverUnload = unload;
    return STATUS_SUCCESS;
}

static void load_and_unload(void *ctx)
{
    (void)ctx;
    dt_driver *d = dt_driver_load((dt_driver_entry *)entry);

    dt_expect(d != NULL);
    dt_driver_unload(d);
}

static void test_leak(void **state)
{
    (void)state;
    set_it = delete_it = false;
    caught_params(load_and_unload, "DT-T18", 0xC4, 0x62, ANY_PARAM);
    set_it = true;
    caught_params(load_and_unload, "DT-T18", 0xC7, 2, (uintptr_t)count);
    delete_it = true;
    passes(load_and_unload);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_delete_waits),
        cmocka_unit_test(test_rearming),
        cmocka_unit_test(test_locks),
        cmocka_unit_test(test_leak),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
