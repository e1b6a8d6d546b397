/* SPDX-License-Identifier: MIT */
/*
 * io/removelock.c - remove locks: a count of users, an end, and a wait for it.
 *
 * IoCount begins at 1, for the lock's own life, and the wait drops that one too; so it reaches 0 exactly once, when removal
 * has begun and the last user is out, and then the event is set. An acquire that comes after Removed takes its count back,
 * which may be the last.
 *
 * Windows compares tags and minds limits only in checked drivers and under Driver Verifier; here it is always done, in tables
 * beside the lock that start empty with each run. Past HOLDS_MAX acquisitions at once tags are no longer compared, and of
 * locks with limits only the first LIMITS_MAX are watched. Reserved tells a lock that was initialized in this run.
 */
#include "io/removelock.h"

#include "base/ev_exlock.h"
#include "ex/locks.h"
#include "io/priv.h"

#define HOLDS_MAX   2048u
#define BUCKETS     256u
#define LIMITS_MAX  64u
#define NONE        0u /* index + 1 */
#define HIGHEST     0x7fffffffu
#define NS_A_MINUTE 60000000000ull

struct hold {
    PIO_REMOVE_LOCK lock;
    void           *tag;
    mach_ns         since;
    unsigned        next;
};

struct limit {
    PIO_REMOVE_LOCK lock;
    ULONG           minutes, acquired; /* 0 = none */
};

static struct {
    bool         overflow;
    unsigned     used, free, n_limits;
    unsigned     bucket[BUCKETS];
    struct hold  hold[HOLDS_MAX];
    struct limit limit[LIMITS_MAX];
} table;

static unsigned bucket_of(const void *lock, const void *tag)
{
    return (unsigned)(((uintptr_t)lock * 31 + (uintptr_t)tag) * 0x9e3779b97f4a7c15ull >> 56) % BUCKETS;
}

void io_remove_lock_boot(void)
{
    for (unsigned i = 0; i < table.used; i++)
        table.bucket[bucket_of(table.hold[i].lock, table.hold[i].tag)] = NONE;
    table.used = table.free = NONE;
    table.n_limits = 0;
    table.overflow = false;
}

/* ---- who holds it ---- */

static unsigned take_node_locked(void)
{
    unsigned i = table.free;

    if (i != NONE)
        table.free = table.hold[i - 1].next;
    else if (table.used < HOLDS_MAX)
        i = ++table.used;
    return i;
}

static void remember(PIO_REMOVE_LOCK lock, void *tag)
{
    mach_ns  now = mach_now();
    unsigned irql = io_lock(), b = bucket_of(lock, tag), i = take_node_locked();

    if (i != NONE) {
        table.hold[i - 1] = (struct hold){lock, tag, now, table.bucket[b]};
        table.bucket[b] = i;
    }
    table.overflow |= i == NONE;
    io_unlock(irql);
}

/* False: nothing was acquired with that tag. */
static bool forget(PIO_REMOVE_LOCK lock, void *tag, mach_ns *since)
{
    unsigned  irql = io_lock();
    unsigned *at = &table.bucket[bucket_of(lock, tag)];
    bool      known = table.overflow;

    *since = mach_now();
    while (*at != NONE && (table.hold[*at - 1].lock != lock || table.hold[*at - 1].tag != tag))
        at = &table.hold[*at - 1].next;
    if (*at != NONE) {
        unsigned i = *at;

        *since = table.hold[i - 1].since;
        *at = table.hold[i - 1].next;
        table.hold[i - 1].next = table.free;
        table.free = i;
        known = true;
    }
    io_unlock(irql);
    return known;
}

/* ---- misuse ---- */

/* Returns in faithful mode: only checked drivers and Driver Verifier look at tags and levels. */
static void misuse(const char *rule, uint64_t code, PIO_REMOVE_LOCK lock, void *tag, const char *what)
{
    uint64_t p[4] = {code, (uintptr_t)lock, (uintptr_t)tag, 0};

    ke_violationf(rule, code ? DRIVER_VERIFIER_DETECTED_VIOLATION : 0, p, "a remove lock is %s", what);
}

/* Windows breaks into the debugger, and goes on. */
static void warn(PIO_REMOVE_LOCK lock, ULONG limit, const char *what)
{
    struct finding f = {
        .severity = FINDING_WARNING, .rule = "DT-L15", .param = {(uintptr_t)lock, limit}, .object = lock};

    finding_raisef(&f, "a remove lock %s %u", what, (unsigned)limit);
}

static bool is_initialized(const IO_REMOVE_LOCK *lock)
{
    uint32_t cookie = (uint32_t)(ex_lock_cookie(lock) >> 40) | 1;

    return lock->Common.Reserved[0] == (UCHAR)cookie && lock->Common.Reserved[1] == (UCHAR)(cookie >> 8) &&
           lock->Common.Reserved[2] == (UCHAR)(cookie >> 16);
}

static void mark_initialized(PIO_REMOVE_LOCK lock)
{
    uint32_t cookie = (uint32_t)(ex_lock_cookie(lock) >> 40) | 1;

    for (unsigned i = 0; i < 3; i++)
        lock->Common.Reserved[i] = (UCHAR)(cookie >> 8 * i);
}

static void check(PIO_REMOVE_LOCK lock, void *tag)
{
    if (!is_initialized(lock))
        misuse("DT-L10", 0x1002, lock, tag, "used but not initialized");
}

static struct limit limit_of(PIO_REMOVE_LOCK lock)
{
    unsigned n = __atomic_load_n(&table.n_limits, __ATOMIC_ACQUIRE);

    while (n-- > 0) /* the latest: its memory may have been another lock's before */
        if (table.limit[n].lock == lock)
            return table.limit[n];
    return (struct limit){.lock = lock};
}

/* LCK-079. */
static void check_high_water(PIO_REMOVE_LOCK lock, LONG count)
{
    ULONG most = limit_of(lock).acquired;

    if (most && (ULONG)count > most)
        warn(lock, most, "is acquired more often at once than its high-water mark of");
}

static void check_time(PIO_REMOVE_LOCK lock, mach_ns since)
{
    ULONG minutes = limit_of(lock).minutes;

    if (minutes && mach_now() - since > minutes * NS_A_MINUTE)
        warn(lock, minutes, "was held for longer than its limit in minutes, which is");
}

/* ---- the routines ---- */

static void limit(PIO_REMOVE_LOCK lock, ULONG minutes_max, ULONG acquired_max)
{
    unsigned irql = io_lock(), n = table.n_limits;

    if (n < LIMITS_MAX) {
        table.limit[n] = (struct limit){lock, minutes_max, acquired_max};
        __atomic_store_n(&table.n_limits, n + 1, __ATOMIC_RELEASE);
    }
    io_unlock(irql);
}

void io_remove_lock_init(PIO_REMOVE_LOCK lock, ULONG bytes, ULONG minutes_max, ULONG acquired_max)
{
    if (is_initialized(lock)) /* LCK-077 */
        misuse("DT-L15", 0xd7, lock, NULL, "initialized a second time");
    if (acquired_max > HIGHEST)
        misuse("DT-L15", 0, lock, NULL, "initialized with a high-water mark above 0x7fffffff");
    __builtin_memset(lock, 0, bytes);
    lock->Common.IoCount = 1;
    ke_event_init(&lock->Common.RemoveEvent, SynchronizationEvent, false);
    mark_initialized(lock);
    if (minutes_max || acquired_max || limit_of(lock).minutes || limit_of(lock).acquired)
        limit(lock, minutes_max, acquired_max);
}

/* One user less; the last one opens the gate. */
static void drop(PIO_REMOVE_LOCK lock)
{
    LONG now = __atomic_sub_fetch(&lock->Common.IoCount, 1, __ATOMIC_SEQ_CST);

    if (now < 0)
        misuse("DT-L15", 0xd5, lock, NULL, "released more often than acquired");
    if (now == 0)
        ke_event_set(&lock->Common.RemoveEvent, 0);
}

static void tell(PIO_REMOVE_LOCK lock, bool acquired, bool and_wait)
{
    if (acquired)
        ev(EV_LOCK_ACQUIRE, lock, EV_LOCK_OTHER, mach_irql(), ev_exlock(EV_EXLOCK_REMOVE, and_wait));
    else
        ev(EV_LOCK_RELEASE, lock, EV_LOCK_OTHER, mach_irql(), ev_exlock(EV_EXLOCK_REMOVE, and_wait));
}

NTSTATUS io_remove_lock_acquire(PIO_REMOVE_LOCK lock, void *tag)
{
    check(lock, tag);
    LONG count = __atomic_add_fetch(&lock->Common.IoCount, 1, __ATOMIC_SEQ_CST);

    if (__atomic_load_n(&lock->Common.Removed, __ATOMIC_SEQ_CST)) {
        drop(lock);
        return STATUS_DELETE_PENDING;
    }
    remember(lock, tag);
    tell(lock, true, false);
    check_high_water(lock, count - 1);
    return STATUS_SUCCESS;
}

static void release(PIO_REMOVE_LOCK lock, void *tag, uint64_t code)
{
    mach_ns since;

    check(lock, tag);
    if (!forget(lock, tag, &since))
        misuse("DT-L15", code, lock, tag, "released with a tag that it was not acquired with");
    check_time(lock, since);
}

void io_remove_lock_release(PIO_REMOVE_LOCK lock, void *tag)
{
    release(lock, tag, 0xd5);
    tell(lock, false, false);
    drop(lock);
}

void io_remove_lock_release_and_wait(PIO_REMOVE_LOCK lock, void *tag)
{
    release(lock, tag, 0xd6);
    tell(lock, false, true);
    __atomic_store_n(&lock->Common.Removed, TRUE, __ATOMIC_SEQ_CST);
    drop(lock);
    drop(lock);
    ke_wait_one(&lock->Common.RemoveEvent, NULL);
    tell(lock, true, true);
}
