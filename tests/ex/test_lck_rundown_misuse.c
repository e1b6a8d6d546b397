/* SPDX-License-Identifier: MIT */
/* Rundown protection misused. Windows has no codes for most of it. */
#include "exlock.h"

static struct {
    EX_RUNDOWN_REF              ref;
    PEX_RUNDOWN_REF_CACHE_AWARE ca;
} s;

static void begin(void)
{
    memset(&s, 0, sizeof s);
    ExInitializeRundownProtection(&s.ref);
    s.ca = ExAllocateCacheAwareRundownProtection(NonPagedPoolNx, 'tseT');
    dt_expect(s.ca != NULL);
}

static void reinitialized_too_soon(void *ctx)
{
    (void)ctx;
    begin();
    ExReInitializeRundownProtection(&s.ref);
}

static void completed_too_soon(void *ctx)
{
    (void)ctx;
    begin();
    (void)ExAcquireRundownProtection(&s.ref);
    ExRundownCompleted(&s.ref);
}

static void ca_reinitialized_too_soon(void *ctx)
{
    (void)ctx;
    begin();
    ExReInitializeRundownProtectionCacheAware(s.ca);
}

static void released_free(void *ctx)
{
    (void)ctx;
    begin();
    ExReleaseRundownProtection(&s.ref);
}

static void released_too_many(void *ctx)
{
    (void)ctx;
    begin();
    (void)ExAcquireRundownProtection(&s.ref);
    ExReleaseRundownProtectionEx(&s.ref, 2);
}

static void released_after_refusal(void *ctx)
{
    (void)ctx;
    begin();
    ExWaitForRundownProtectionRelease(&s.ref);
    (void)ExAcquireRundownProtection(&s.ref);
    ExReleaseRundownProtection(&s.ref);
}

static void wait_down(void *ctx)
{
    (void)ctx;
    ExWaitForRundownProtectionRelease(&s.ref);
}

/* One reference is out, rundown has begun, and two come back. */
static void released_too_many_at_the_end(void *ctx)
{
    (void)ctx;
    begin();
    (void)ExAcquireRundownProtection(&s.ref);
    dt_spawn(1, wait_down, NULL);
    while (ExAcquireRundownProtection(&s.ref)) {
        ExReleaseRundownProtection(&s.ref);
        sleep_ms(1);
    }
    ExReleaseRundownProtectionEx(&s.ref, 2);
}

static void ca_released_free(void *ctx)
{
    (void)ctx;
    begin();
    ExReleaseRundownProtectionCacheAware(s.ca);
}

static void ca_freed_in_use(void *ctx)
{
    (void)ctx;
    begin();
    (void)ExAcquireRundownProtectionCacheAware(s.ca);
    ExFreeCacheAwareRundownProtection(s.ca);
}

static void ca_in_too_little(void *ctx)
{
    (void)ctx;
    begin();
    ExInitializeRundownProtectionCacheAware(s.ca, 16);
}

static void uninitialized(void *ctx)
{
    PEX_RUNDOWN_REF ref = ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_UNINITIALIZED, sizeof *ref, 'tseT');

    (void)ctx;
    (void)ExAcquireRundownProtection(ref);
}

static void waits_for_itself(void *ctx)
{
    (void)ctx;
    begin();
    (void)ExAcquireRundownProtection(&s.ref);
    ExWaitForRundownProtectionRelease(&s.ref);
}

static void waits_at_dispatch(void *ctx)
{
    KIRQL old;

    (void)ctx;
    begin();
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    ExWaitForRundownProtectionRelease(&s.ref);
}

static void initialized_at_dispatch(void *ctx)
{
    KIRQL old;

    (void)ctx;
    begin();
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    ExInitializeRundownProtection(&s.ref);
}

static void paged_at_dispatch(void *ctx)
{
    PEX_RUNDOWN_REF ref = ExAllocatePool2(POOL_FLAG_PAGED, sizeof *ref, 'tseT');
    KIRQL           old;

    (void)ctx;
    ExInitializeRundownProtection(ref);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    (void)ExAcquireRundownProtection(ref);
}

static void test_misuse(void **state)
{
    (void)state;
    caught(reinitialized_too_soon, "DT-L15", 0);       /* LCK-061 */
    caught(completed_too_soon, "DT-L15", 0);           /* LCK-060 */
    caught(ca_reinitialized_too_soon, "DT-L15", 0);    /* LCK-085 */
    caught(released_free, "DT-L15", 0);                /* LCK-063 */
    caught(released_too_many, "DT-L15", 0);            /* LCK-063, LCK-059 */
    caught(released_too_many_at_the_end, "DT-L15", 0); /* LCK-063 */
    caught(released_after_refusal, "DT-L15", 0);       /* LCK-063 */
    caught(ca_released_free, "DT-L15", 0);             /* LCK-063, LCK-084 */
    caught(ca_freed_in_use, "DT-L15", 0);              /* LCK-068 */
    caught(ca_in_too_little, "DT-L15", 0);             /* LCK-068 */
    caught(uninitialized, "DT-L10", 0);
    found(waits_for_itself, 0, "DT-L17", 0); /* LCK-064 */
}

static void test_levels_misused(void **state)
{
    (void)state;
    caught(waits_at_dispatch, "DT-I01", 0x0A);       /* LCK-057, LCK-062 */
    caught(initialized_at_dispatch, "DT-I01", 0x0A); /* LCK-062 */
    caught(paged_at_dispatch, "DT-I10", 0xD1);       /* LCK-062 */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_misuse),
        cmocka_unit_test(test_levels_misused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
