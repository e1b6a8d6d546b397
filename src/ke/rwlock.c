/* SPDX-License-Identifier: MIT */
/*
 * ke/rwlock.c - EX_SPIN_LOCK: spin locks with many readers or one writer, writers first.
 *
 * One 32-bit word, 0 when free (SPL-052):
 *
 *     bit 31      held exclusively; then bits 0..15 are the owner's processor + 1
 *     bits 16..30 writers that wait
 *     bits 0..15  readers that hold it
 *
 * A writer that cannot have the lock at once counts itself as waiting, and stays counted until it has it. Readers get in
 * only while nobody holds the lock exclusively and no writer is counted: from the first turn of a writer's loop on no
 * new reader overtakes it (SPL-055), also not between two writers. So a reader that asks a second time while a writer
 * waits deadlocks with it (SPL-057). A conversion never waits: it succeeds for the only reader when no writer waits
 * (SPL-058), and of two readers neither gets it (SPL-059).
 *
 * Which processors read is not in the word; the verifier knows.
 */
#include "ke/priv.h"

#define EXCLUSIVE 0x80000000u
#define WAITER    0x00010000u
#define WAITERS   0x7fff0000u
#define HOLDERS   0x0000ffffu /* readers, or the owner's processor + 1 */
#define RELAXED   __ATOMIC_RELAXED

static uint32_t *word_of(PEX_SPIN_LOCK lock)
{
    return (uint32_t *)lock;
}

static uint32_t me(void)
{
    return EXCLUSIVE | (mach_cpu() + 1);
}

static bool owned_by_me(uint32_t word)
{
    return (word & (EXCLUSIVE | HOLDERS)) == me();
}

static void spin(PEX_SPIN_LOCK lock, uint32_t word, enum ev_lock kind)
{
    uint64_t p[4] = {(uintptr_t)lock};

    if (owned_by_me(word))
        ke_bugcheckf("DT-L01", 0x0F, p, "processor %u takes a spin lock that it holds already", mach_cpu());
    ev(EV_LOCK_SPUN, (void *)lock, (word & HOLDERS) - 1, kind, 0);
    mach_relax((void *)lock);
}

static bool try_exclusive(PEX_SPIN_LOCK lock, uint32_t waiting)
{
    uint32_t word = __atomic_load_n(word_of(lock), RELAXED);

    while (!(word & (EXCLUSIVE | HOLDERS)))
        if (__atomic_compare_exchange_n(word_of(lock), &word, (word - waiting) | me(), true, __ATOMIC_ACQUIRE, RELAXED))
            return true;
    return false;
}

static bool try_shared(PEX_SPIN_LOCK lock)
{
    uint32_t word = __atomic_load_n(word_of(lock), RELAXED);

    while (!(word & (EXCLUSIVE | WAITERS)))
        if (__atomic_compare_exchange_n(word_of(lock), &word, word + 1, true, __ATOMIC_ACQUIRE, RELAXED))
            return true;
    return false;
}

void ke_rw_acquire(PEX_SPIN_LOCK lock, enum ev_lock kind, unsigned old_irql)
{
    if (ev_lock_shared(kind)) {
        while (!try_shared(lock))
            spin(lock, __atomic_load_n(word_of(lock), RELAXED), kind);
    } else if (!try_exclusive(lock, 0)) {
        __atomic_add_fetch(word_of(lock), WAITER, RELAXED);
        do
            spin(lock, __atomic_load_n(word_of(lock), RELAXED), kind);
        while (!try_exclusive(lock, WAITER));
    }
    ev(EV_LOCK_ACQUIRE, (void *)lock, kind, old_irql, 0);
}

/* An attempt does not overtake writers that wait. */
bool ke_rw_try(PEX_SPIN_LOCK lock, enum ev_lock kind, unsigned old_irql)
{
    bool shared = ev_lock_shared(kind);

    if (shared ? !try_shared(lock) : (*word_of(lock) & WAITERS) || !try_exclusive(lock, 0))
        return false;
    ev(EV_LOCK_ACQUIRE, (void *)lock, kind, old_irql, EV_LOCK_TRIED);
    return true;
}

bool ke_rw_convert(PEX_SPIN_LOCK lock)
{
    uint32_t only_me = 1;

    if (!__atomic_compare_exchange_n(word_of(lock), &only_me, me(), false, __ATOMIC_ACQUIRE, RELAXED))
        return false;
    ev(EV_LOCK_ACQUIRE, (void *)lock, EV_LOCK_RW_EXCLUSIVE, DISPATCH_LEVEL, EV_LOCK_CONVERTED);
    return true;
}

static _Noreturn void wrong_release(PEX_SPIN_LOCK lock, uint32_t word, bool shared)
{
    uint64_t p[4] = {(uintptr_t)lock};

    if (shared && word & EXCLUSIVE)
        ke_bugcheckf("DT-L02", 0x10, p, "a spin lock that is held exclusively is released as if it were shared");
    if (!shared && !(word & EXCLUSIVE) && word & HOLDERS)
        ke_bugcheckf("DT-L02", 0x10, p, "a spin lock that is held shared is released as if it were exclusive");
    if (!shared && word & EXCLUSIVE)
        ke_bugcheckf("DT-L03", 0x10, p, "processor %u releases a spin lock that processor %u holds", mach_cpu(),
            (word & HOLDERS) - 1);
    ke_bugcheckf("DT-L02", 0x10, p, "processor %u releases a spin lock that nobody holds", mach_cpu());
}

/* SPL-060, SPL-062. */
void ke_rw_release(PEX_SPIN_LOCK lock, enum ev_lock kind, unsigned new_irql)
{
    uint32_t word = __atomic_load_n(word_of(lock), RELAXED);
    bool     shared = ev_lock_shared(kind);

    if (shared ? (word & EXCLUSIVE) || !(word & HOLDERS) : !owned_by_me(word))
        wrong_release(lock, word, shared);
    ev(EV_LOCK_RELEASE, (void *)lock, kind, new_irql, 0);
    __atomic_sub_fetch(word_of(lock), shared ? 1 : me(), __ATOMIC_RELEASE);
}
