/* SPDX-License-Identifier: MIT */
/* machines: sim */
/*
 * Accesses to memory that executive locks put in order, and those that they do not: an unordered pair is a race (DT-X01). The
 * bodies tell of their accesses as a driver does that is built with --race.
 */
#include "exlock.h"

void __tsan_init(void);
void __tsan_read4(void *p);
void __tsan_write4(void *p);

static struct {
    ERESOURCE                   r;
    EX_PUSH_LOCK                push;
    EX_RUNDOWN_REF              ref;
    PEX_RUNDOWN_REF_CACHE_AWARE ca;
} s;

static LONG shared_value;

static LONG reads(void)
{
    __tsan_read4(&shared_value);
    return shared_value;
}

static void writes(void)
{
    __tsan_write4(&shared_value);
    shared_value++;
}

/* ---- the locks ---- */

static void take_resource(bool exclusive)
{
    KeEnterCriticalRegion();
    if (exclusive)
        ExAcquireResourceExclusiveLite(&s.r, TRUE);
    else
        ExAcquireResourceSharedLite(&s.r, TRUE);
}

static void drop_resource(bool exclusive)
{
    (void)exclusive;
    ExReleaseResourceLite(&s.r);
    KeLeaveCriticalRegion();
}

/* Exclusive access that ends as shared access. */
static void drop_converted(bool exclusive)
{
    if (exclusive)
        ExConvertExclusiveToSharedLite(&s.r);
    drop_resource(false);
}

static void take_push(bool exclusive)
{
    KeEnterCriticalRegion();
    if (exclusive)
        ExAcquirePushLockExclusive(&s.push);
    else
        ExAcquirePushLockShared(&s.push);
}

static void drop_push(bool exclusive)
{
    if (exclusive)
        ExReleasePushLockExclusive(&s.push);
    else
        ExReleasePushLockShared(&s.push);
    KeLeaveCriticalRegion();
}

/* The end of the wait for references is what is exclusive: from then to the new beginning nobody has one. */
static void take_rundown(bool exclusive)
{
    if (exclusive)
        ExWaitForRundownProtectionRelease(&s.ref);
    else
        while (!ExAcquireRundownProtection(&s.ref))
            sleep_ms(1);
}

static void drop_rundown(bool exclusive)
{
    if (exclusive)
        ExReInitializeRundownProtection(&s.ref);
    else
        ExReleaseRundownProtection(&s.ref);
}

static void take_ca(bool exclusive)
{
    if (exclusive)
        ExWaitForRundownProtectionReleaseCacheAware(s.ca);
    else
        while (!ExAcquireRundownProtectionCacheAware(s.ca))
            sleep_ms(1);
}

static void drop_ca(bool exclusive)
{
    if (exclusive)
        ExReInitializeRundownProtectionCacheAware(s.ca);
    else
        ExReleaseRundownProtectionCacheAware(s.ca);
}

static const struct kind {
    void (*take)(bool exclusive);
    void (*drop)(bool exclusive);
} kinds[] = {{take_resource, drop_resource}, {take_resource, drop_converted}, {take_push, drop_push},
    {take_rundown, drop_rundown}, {take_ca, drop_ca}};

static const struct kind *lock;

/* ---- the bodies ---- */

static void begin(void)
{
    memset(&s, 0, sizeof s);
    shared_value = 0;
    ExInitializeResourceLite(&s.r);
    ExInitializePushLock(&s.push);
    ExInitializeRundownProtection(&s.ref);
    s.ca = ExAllocateCacheAwareRundownProtection(NonPagedPoolNx, 'tseT');
    dt_expect(s.ca != NULL);
}

static void end(void)
{
    dt_join_all();
    ExDeleteResourceLite(&s.r);
    ExFreeCacheAwareRundownProtection(s.ca);
}

static void reader(void *ctx)
{
    (void)ctx;
    lock->take(false);
    reads();
    lock->drop(false);
}

static void writer(void *ctx)
{
    (void)ctx;
    lock->take(true);
    writes();
    lock->drop(true);
}

static void shared_writer(void *ctx)
{
    (void)ctx;
    lock->take(false);
    writes();
    lock->drop(false);
}

/* Readers that came before, readers that come after. */
static void one_writer(void *ctx)
{
    (void)ctx;
    begin();
    dt_spawn(0, reader, NULL);
    dt_spawn(1, reader, NULL);
    writer(NULL);
    end();
}

/* The thread that goes on after it has read in shared access has been waited for all the same. */
static void writer_last(void *ctx)
{
    (void)ctx;
    begin();
    dt_spawn(1, writer, NULL);
    reader(NULL);
    reader(NULL);
    end();
}

static void two_writers(void *ctx)
{
    (void)ctx;
    begin();
    dt_spawn(1, writer, NULL);
    writer(NULL);
    end();
}

static void writers_in_shared_access(void *ctx)
{
    (void)ctx;
    begin();
    dt_spawn(0, shared_writer, NULL);
    dt_spawn(1, shared_writer, NULL);
    end();
}

static void writer_outside(void *ctx)
{
    (void)ctx;
    begin();
    dt_spawn(1, reader, NULL);
    lock->take(true);
    lock->drop(true);
    writes();
    end();
}

/* LCK-025, LCK-035, LCK-048, LCK-065, LCK-066, LCK-067 */
static void test_order(void **state)
{
    (void)state;
    __tsan_init();
    for (unsigned i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        lock = &kinds[i];
        always(one_writer, 1);
        always(writer_last, 1);
        if (lock->take == take_resource || lock->take == take_push)
            always(two_writers, 1);
        found(writers_in_shared_access, 0, "DT-X01", 0);
        found(writer_outside, 1, "DT-X01", 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
