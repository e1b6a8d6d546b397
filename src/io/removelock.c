/* SPDX-License-Identifier: MIT */
/*
 * io/removelock.c - remove locks: a count of users, an end, and a wait for it.
 *
 * IoCount begins at 1, for the lock's own life, and the wait drops that one too; so it reaches 0 exactly once, when removal
 * has begun and the last user is out, and then the event is set. An acquire that comes after Removed takes its count back,
 * which may be the last.
 *
 * Windows compares tags only in checked drivers and under Driver Verifier; here acquisitions are always remembered, beside
 * the lock, in a table that starts empty with each run. Past HOLDS_MAX of them at once, tags are no longer compared.
 */
#include "io/removelock.h"

#include "io/priv.h"

#define HOLDS_MAX 2048u
#define BUCKETS   256u
#define NONE      0u /* index + 1 */

struct hold {
    PIO_REMOVE_LOCK lock;
    void           *tag;
    unsigned        next;
};

static struct {
    bool        overflow;
    unsigned    used, free;
    unsigned    bucket[BUCKETS];
    struct hold hold[HOLDS_MAX];
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
    table.overflow = false;
}

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
    unsigned irql = io_lock(), b = bucket_of(lock, tag), i = take_node_locked();

    if (i != NONE) {
        table.hold[i - 1] = (struct hold){lock, tag, table.bucket[b]};
        table.bucket[b] = i;
    }
    table.overflow |= i == NONE;
    io_unlock(irql);
}

/* False: nothing was acquired with that tag. */
static bool forget(PIO_REMOVE_LOCK lock, void *tag)
{
    unsigned  irql = io_lock();
    unsigned *at = &table.bucket[bucket_of(lock, tag)];
    bool      known = table.overflow;

    while (*at != NONE && (table.hold[*at - 1].lock != lock || table.hold[*at - 1].tag != tag))
        at = &table.hold[*at - 1].next;
    if (*at != NONE) {
        unsigned i = *at;

        *at = table.hold[i - 1].next;
        table.hold[i - 1].next = table.free;
        table.free = i;
        known = true;
    }
    io_unlock(irql);
    return known;
}

static bool anybody_holds(PIO_REMOVE_LOCK lock)
{
    bool     found = false;
    unsigned irql = io_lock();

    for (unsigned b = 0; b < BUCKETS && table.used && !found; b++)
        for (unsigned i = table.bucket[b]; i != NONE && !found; i = table.hold[i - 1].next)
            found = table.hold[i - 1].lock == lock;
    io_unlock(irql);
    return found;
}

static _Noreturn void misuse(uint64_t code, PIO_REMOVE_LOCK lock, void *tag, const char *what)
{
    uint64_t p[4] = {code, (uintptr_t)lock, (uintptr_t)tag, 0};

    ke_bugcheckf(
        "DT-L15", DRIVER_VERIFIER_DETECTED_VIOLATION, p, "remove lock %p, tag %p: %s", (void *)lock, tag, what);
}

void io_remove_lock_init(PIO_REMOVE_LOCK lock, ULONG bytes)
{
    if (anybody_holds(lock))
        misuse(0xd7, lock, NULL, "initialized while it is held");
    __builtin_memset(lock, 0, bytes);
    lock->Common.IoCount = 1;
    ke_event_init(&lock->Common.RemoveEvent, SynchronizationEvent, false);
}

/* One user less; the last one opens the gate. */
static void drop(PIO_REMOVE_LOCK lock)
{
    LONG now = __atomic_sub_fetch(&lock->Common.IoCount, 1, __ATOMIC_SEQ_CST);

    if (now < 0)
        misuse(0xd5, lock, NULL, "released more often than acquired");
    if (now == 0)
        ke_event_set(&lock->Common.RemoveEvent, 0);
}

NTSTATUS io_remove_lock_acquire(PIO_REMOVE_LOCK lock, void *tag)
{
    __atomic_add_fetch(&lock->Common.IoCount, 1, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&lock->Common.Removed, __ATOMIC_SEQ_CST)) {
        drop(lock);
        return STATUS_DELETE_PENDING;
    }
    remember(lock, tag);
    return STATUS_SUCCESS;
}

void io_remove_lock_release(PIO_REMOVE_LOCK lock, void *tag)
{
    if (!forget(lock, tag))
        misuse(0xd5, lock, tag, "released with a tag that it was not acquired with");
    drop(lock);
}

void io_remove_lock_release_and_wait(PIO_REMOVE_LOCK lock, void *tag)
{
    if (!forget(lock, tag))
        misuse(0xd6, lock, tag, "released with a tag that it was not acquired with");
    __atomic_store_n(&lock->Common.Removed, TRUE, __ATOMIC_SEQ_CST);
    drop(lock);
    drop(lock);
    ke_wait_one(&lock->Common.RemoveEvent, NULL);
}
