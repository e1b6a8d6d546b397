/* SPDX-License-Identifier: MIT */
/*
 * ke/slist.c - SLIST_HEADER: a stack without a lock.
 *
 * Head and sequence number change together in one 16-byte compare-and-exchange. Each push counts the sequence up, so that
 * a pop which has read the first entry and its successor fails when that entry was taken away and pushed again in between
 * (INT-038). A pop reads the successor out of an entry that somebody else may have popped and freed by then; what it
 * reads is thrown away with the failed exchange, and pool memory stays mapped (INT-040). On the simulated machine no
 * point lies between the two reads, so that no checker of freed memory trips over it; one lies before the exchange.
 */
#include "ke/priv.h"

struct slist {
    uint64_t alignment, region;
};

static struct slist snapshot(PSLIST_HEADER h)
{
    /* Torn reads are caught by the exchange, as the sequence number tells. */
    struct slist s = {.alignment = __atomic_load_n(&h->Alignment, __ATOMIC_ACQUIRE)};

    s.region = __atomic_load_n(&h->Region, __ATOMIC_ACQUIRE);
    return s;
}

static bool exchange(PSLIST_HEADER h, struct slist old, struct slist new)
{
    bool done;

    __asm__ volatile("lock cmpxchg16b %1"
                     : "=@ccz"(done), "+m"(*(struct slist *)h), "+a"(old.alignment), "+d"(old.region)
                     : "b"(new.alignment), "c"(new.region)
                     : "memory");
    return done;
}

static PSLIST_ENTRY first_of(struct slist s)
{
    return (PSLIST_ENTRY)(s.region & ~15ull);
}

/* Depth in bits 0..15 wraps as NT's does (INT-037); sequence in bits 16..63. */
static struct slist with(struct slist s, PSLIST_ENTRY first, int depth, int sequence)
{
    return (struct slist){((s.alignment >> 16) + (unsigned)sequence) << 16 | ((s.alignment + (unsigned)depth) & 0xffff),
        (uintptr_t)first | (s.region & 15)};
}

/* INT-034: NT raises an exception. */
static void check_alignment(const void *p, const char *what)
{
    if ((uintptr_t)p & 15)
        ke_raise_status(STATUS_DATATYPE_MISALIGNMENT, "DT-M02", p, "%s of an SLIST is not aligned to 16 bytes", what);
}

void ke_slist_init(PSLIST_HEADER h)
{
    check_alignment(h, "the head");
    h->Alignment = h->Region = 0;
}

static void announce(PSLIST_HEADER h)
{
    ev(EV_MEM_ATOMIC, h, sizeof *h, (uintptr_t)__builtin_return_address(0), 0);
    mach_point(MACH_POINT_ATOMIC, h);
}

PSLIST_ENTRY ke_slist_push(PSLIST_HEADER h, PSLIST_ENTRY e)
{
    struct slist s;

    check_alignment(h, "the head");
    check_alignment(e, "an entry");
    do {
        s = snapshot(h);
        __atomic_store_n(&e->Next, first_of(s), __ATOMIC_RELAXED);
        announce(h);
    } while (!exchange(h, s, with(s, e, 1, 1)));
    return first_of(s);
}

/* The entry may be in unmapped memory only if its owner has unmapped it, which pool never does. */
static __attribute__((no_sanitize("address", "thread"))) PSLIST_ENTRY next_of(PSLIST_ENTRY e)
{
    return *(PSLIST_ENTRY volatile *)&e->Next;
}

PSLIST_ENTRY ke_slist_pop(PSLIST_HEADER h)
{
    struct slist s, after;

    do {
        s = snapshot(h);
        if (!first_of(s))
            return NULL;
        after = with(s, next_of(first_of(s)), -1, 0);
        announce(h);
    } while (!exchange(h, s, after));
    return first_of(s);
}

PSLIST_ENTRY ke_slist_flush(PSLIST_HEADER h)
{
    struct slist s;

    do {
        s = snapshot(h);
        if (!first_of(s))
            return NULL;
        announce(h);
    } while (!exchange(h, s, with(s, NULL, -(int)(s.alignment & 0xffff), 1)));
    return first_of(s);
}

USHORT ke_slist_depth(PSLIST_HEADER h)
{
    return (USHORT)__atomic_load_n(&h->Alignment, __ATOMIC_RELAXED);
}
