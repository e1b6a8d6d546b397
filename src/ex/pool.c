/* SPDX-License-Identifier: MIT */
/*
 * ex/pool.c - paged and nonpaged pool.
 *
 * The arena is one address range at a fixed place, so that a replay prints the same pointers. Blocks tile it from the
 * bottom: header (32 bytes), the caller's bytes, a guard, slack up to a multiple of 16. A new block is cut off at the top;
 * cutting is all that ever changes the tiling, so whoever has seen `top` may walk the blocks below it without the lock.
 * That is what ex_pool_find() does, from observers, on any processor. A table tells for each page which block covers its
 * first byte, so a lookup walks at most one page of blocks.
 *
 * A freed block is filled and waits in one FIFO, the quarantine. Only when more than QUARANTINE_BYTES are there does the
 * oldest go to the bin of its size, and blocks come from bins only then. A simulated run never gets that far: each of its
 * blocks has an address of its own, and a pointer kept too long never meets somebody else's data. Resetting a run is
 * therefore `top = 0`. Long real-time runs recycle.
 *
 * Guards and fills find what AddressSanitizer would find at the access, only later: overruns at free (0x19), writes to
 * freed blocks when they leave quarantine or at ex_pool_check() (0xC6). In sanitizer builds headers, guards and freed
 * blocks are poisoned as well.
 *
 * pool.lock protects: top, page table, bins, quarantine, state of blocks. IRQL is raised to DISPATCH_LEVEL around it.
 */
#include "ex/pool.h"

#include <string.h>

#include "base/ev.h"
#include "ke/ke.h"
#include "mach/mach.h"

#if defined(__SANITIZE_ADDRESS__)
#    define POOL_ASAN 1
#elif defined(__has_feature)
#    if __has_feature(address_sanitizer)
#        define POOL_ASAN 1
#    endif
#endif
#ifdef POOL_ASAN
#    include <sanitizer/asan_interface.h>
#    define RAW __attribute__((no_sanitize("address")))
static void poison(const void *p, size_t n)
{
    __asan_poison_memory_region(p, n);
}
static void unpoison(const void *p, size_t n)
{
    __asan_unpoison_memory_region(p, n);
}
#else
#    define RAW
static inline void poison(const void *p, size_t n)
{
    (void)p, (void)n;
}
static inline void unpoison(const void *p, size_t n)
{
    (void)p, (void)n;
}
#endif

#define ARENA_BYTES      (64ull << 30)
#define PAGE             4096u
#define UNIT             16u /* blocks are multiples of it */
#define GUARD_BYTES      16u
#define QUARANTINE_BYTES (64ull << 20)
#define BYTES_MAX        (1ull << 31)
#define SPAN_SMALL_MAX   258u /* above: page-aligned, spans rounded to eighths of a power of two */
#define BINS             (SPAN_SMALL_MAX + 1 + 24 * 8)

enum block_state { BLOCK_GAP = 0x51, BLOCK_LIVE = 0xa7, BLOCK_FREED = 0x38 };

/* Directly before the caller's first byte. */
struct block {
    uint32_t    span;  /* whole block, in units */
    uint32_t    bytes; /* as asked for */
    uint32_t    tag;
    uint32_t    next; /* in quarantine or bin: unit number of the next block */
    const void *caller;
    uint16_t    type;
    uint8_t     state; /* enum block_state */
    uint8_t     aligned;
    uint32_t    check; /* over all but next: an underrun shows here */
};
_Static_assert(sizeof(struct block) == 2 * UNIT, "headers keep the caller's bytes aligned");

#define NONE UINT32_MAX /* no block */

struct list32 {
    uint32_t first, last;
};

static struct {
    struct mach_lock lock;
    uint32_t        *covers; /* per page of the arena: the block on its first byte */
    char            *heap;   /* where unit 0 is */
    uint32_t         units;  /* arena size */
    uint32_t         top;    /* units cut off so far; atomic */
    bool             fault, bins_used;
    struct list32    quarantine;
    uint64_t         quarantined_bytes;
    uint32_t         bin[BINS];
} pool;

/* ---- blocks ---- */

static inline struct block *block_at(uint32_t unit)
{
    return (struct block *)(pool.heap + (size_t)unit * UNIT);
}

static inline uint32_t unit_of(const void *p)
{
    return (uint32_t)((size_t)((const char *)p - pool.heap) / UNIT);
}

static inline char *user_of(struct block *b)
{
    return (char *)(b + 1);
}

static RAW uint32_t checksum(const struct block *b)
{
    uint64_t h = b->span * 0x9e3779b97f4a7c15ull ^ b->bytes * 0xc2b2ae3d27d4eb4full ^ b->tag * 0x165667b19e3779f9ull;

    h ^= (uintptr_t)b->caller ^ (uint64_t)b->state << 32 ^ (uint64_t)b->type << 40 ^ b->aligned;
    return (uint32_t)(h ^ h >> 29 ^ h >> 47) | 1;
}

static RAW void set_state(struct block *b, enum block_state state)
{
    b->state = (uint8_t)state;
    b->check = checksum(b);
}

/* Rounds up to the next eighth of a power of two, so that blocks of one bin are all alike. */
static uint32_t span_round(uint32_t span)
{
    unsigned shift = 31u - (unsigned)__builtin_clz(span) - 3;

    return ((span + (1u << shift) - 1) >> shift) << shift;
}

static unsigned bin_of(uint32_t span)
{
    if (span <= SPAN_SMALL_MAX)
        return span;
    unsigned log = 31u - (unsigned)__builtin_clz(span);

    return SPAN_SMALL_MAX + 1 + (log - 8) * 8 + ((span >> (log - 3)) & 7);
}

/* ---- contents ---- */

static void fill_new(struct block *b, size_t bytes, bool zero)
{
    char *user = user_of(b);

    unpoison(user, bytes);
    memset(user, zero ? 0 : EX_POOL_FILL_NEW, bytes);
}

static RAW void put_guard(struct block *b)
{
    char *end = user_of(b) + b->bytes;

    unpoison(end, GUARD_BYTES);
    memset(end, EX_POOL_FILL_GUARD, GUARD_BYTES);
    poison(end, GUARD_BYTES);
}

/* First byte of p that is not `want`, or NULL. */
typedef uint64_t word __attribute__((aligned(1), may_alias));

static RAW const unsigned char *first_other(const void *p, size_t bytes, unsigned char want)
{
    const unsigned char *at = p, *end = at + bytes;
    uint64_t             wanted = want * 0x0101010101010101ull;

    while (end - at >= 8 && *(const word *)at == wanted)
        at += 8;
    while (at < end && *at == want)
        at++;
    return at < end ? at : NULL;
}

static RAW void check_guard(struct block *b)
{
    const char          *end = user_of(b) + b->bytes;
    const unsigned char *bad = first_other(end, GUARD_BYTES, EX_POOL_FILL_GUARD);

    if (!bad)
        return;
    uint64_t p[4] = {0x21, (uintptr_t)user_of(b), b->bytes, *bad};

    ke_bugcheckf(NULL, BAD_POOL_HEADER, p, "pool block %p of %u bytes was overrun: byte %td is 0x%02x",
        (void *)user_of(b), b->bytes, (const char *)bad - user_of(b), *bad);
}

static RAW void check_freed(struct block *b)
{
    const unsigned char *bad = first_other(user_of(b), b->bytes, EX_POOL_FILL_FREED);

    if (!bad)
        return;
    uint64_t p[4] = {(uintptr_t)bad, 1, 0, 0};

    ke_bugcheckf(NULL, DRIVER_CAUGHT_MODIFYING_FREED_POOL, p,
        "pool block %p of %u bytes was written to after it was freed: byte %td", (void *)user_of(b), b->bytes,
        (const char *)bad - user_of(b));
}

/* ---- cutting and recycling; pool.lock held ---- */

/* Enters the block into the page table for each page whose first byte it covers. */
static RAW void cover_pages_locked(uint32_t unit, uint32_t span)
{
    size_t first = ((size_t)unit * UNIT + PAGE - 1) / PAGE, end = ((size_t)(unit + span) * UNIT + PAGE - 1) / PAGE;

    for (size_t page = first; page < end; page++)
        pool.covers[page] = unit;
}

static RAW void lay_locked(uint32_t unit, uint32_t span, enum block_state state)
{
    struct block *b = block_at(unit);

    unpoison(b, sizeof *b);
    *b = (struct block){.span = span};
    set_state(b, state);
    poison(b, (size_t)span * UNIT);
    cover_pages_locked(unit, span);
    __atomic_store_n(&pool.top, unit + span, __ATOMIC_RELEASE);
}

/* Units between top and a header whose caller's bytes begin on a page; a gap is 0 or holds a header itself. */
static uint32_t gap_to_page(uint32_t unit)
{
    uintptr_t user = (uintptr_t)block_at(unit) + sizeof(struct block);
    uint32_t  gap = (uint32_t)(-user % PAGE / UNIT);

    return gap == 1 ? 1 + PAGE / UNIT : gap;
}

static struct block *cut_locked(uint32_t span, bool aligned)
{
    uint32_t gap = aligned ? gap_to_page(pool.top) : 0;

    if ((uint64_t)pool.top + gap + span > pool.units)
        return NULL;
    if (gap)
        lay_locked(pool.top, gap, BLOCK_GAP);
    lay_locked(pool.top, span, BLOCK_FREED);
    return block_at(pool.top - span);
}

static RAW struct block *take_locked(uint32_t span, bool aligned)
{
    uint32_t *bin = &pool.bin[bin_of(span)];

    if (*bin == NONE)
        return cut_locked(span, aligned);
    struct block *b = block_at(*bin);

    *bin = b->next;
    return b;
}

static RAW void quarantine_locked(struct block *b)
{
    uint32_t unit = unit_of(b);

    set_state(b, BLOCK_FREED);
    b->next = NONE;
    if (pool.quarantine.first == NONE)
        pool.quarantine.first = unit;
    else
        block_at(pool.quarantine.last)->next = unit;
    pool.quarantine.last = unit;
    pool.quarantined_bytes += (uint64_t)b->span * UNIT;
}

/* One in, at most a few out: ends when the quarantine is within its size again. */
static RAW void release_locked(void)
{
    while (pool.quarantined_bytes > QUARANTINE_BYTES) {
        struct block *b = block_at(pool.quarantine.first);
        uint32_t     *bin = &pool.bin[bin_of(b->span)];

        check_freed(b);
        pool.quarantine.first = b->next;
        pool.quarantined_bytes -= (uint64_t)b->span * UNIT;
        b->next = *bin;
        *bin = unit_of(b);
        pool.bins_used = true;
    }
}

static unsigned lock_pool(void)
{
    unsigned irql = ke_raise_to(MACH_LINE_DPC);

    mach_lock(&pool.lock);
    return irql;
}

static void unlock_pool(unsigned irql)
{
    mach_unlock(&pool.lock);
    mach_irql_lower(irql);
}

/* ---- life ---- */

static void reset_bins(void)
{
    for (unsigned i = 0; i < BINS; i++)
        pool.bin[i] = NONE;
    pool.bins_used = false;
}

bool ex_pool_boot(bool fault)
{
    size_t table = ARENA_BYTES / PAGE * sizeof(uint32_t);

    if (!pool.heap) {
        char *arena = mach_reserve(MACH_REGION_POOL, ARENA_BYTES);

        if (!arena)
            return false;
        pool.covers = (uint32_t *)arena;
        pool.heap = arena + table;
        pool.units = (uint32_t)((ARENA_BYTES - table) / UNIT);
        reset_bins();
    }
    poison(pool.heap, (size_t)pool.top * UNIT);
    if (pool.bins_used)
        reset_bins();
    pool.top = 0;
    pool.quarantine = (struct list32){NONE, NONE};
    pool.quarantined_bytes = 0;
    pool.lock = (struct mach_lock){0};
    pool.fault = fault;
    return true;
}

/* ---- allocate ---- */

static void check_irql_alloc(unsigned type, size_t bytes, const void *caller)
{
    unsigned irql = mach_irql();

    if (!(type & EX_POOL_PAGED) || (irql <= APC_LEVEL && !ke_dpc_in_thread()))
        return;
    struct finding f = {.severity = FINDING_STOP,
        .rule = "DT-I10",
        .bugcheck = DRIVER_VERIFIER_DETECTED_VIOLATION,
        .param = {1, irql, type & 0xffff, bytes},
        .caller = caller};

    finding_raisef(&f, "%zu bytes of paged pool were asked for %s %u", bytes,
        irql <= APC_LEVEL ? "in a threaded DPC, at IRQL" : "at IRQL", irql);
}

static RAW struct block *get_block(unsigned type, size_t bytes, uint32_t tag, const void *caller)
{
    bool     aligned = bytes >= PAGE || (type & EX_POOL_CACHE_ALIGNED);
    uint32_t span = (uint32_t)((sizeof(struct block) + bytes + GUARD_BYTES + UNIT - 1) / UNIT);

    if (aligned)
        span = span_round(span > SPAN_SMALL_MAX ? span : SPAN_SMALL_MAX + 1);
    unsigned      irql = lock_pool();
    struct block *b = take_locked(span, aligned);

    if (b) {
        b->bytes = (uint32_t)bytes;
        b->tag = tag;
        b->caller = caller;
        b->type = (uint16_t)type;
        b->aligned = aligned;
        put_guard(b); /* before anybody takes the block for a live one: ex_pool_check() looks at all of them */
        set_state(b, BLOCK_LIVE);
    }
    unlock_pool(irql);
    return b;
}

bool ex_pool_fault(void)
{
    return pool.fault && mach_choose(2, CHOICE_FAULT) != 0;
}

void *ex_pool_alloc(unsigned type, size_t bytes, uint32_t tag, const void *caller)
{
    struct block *b = NULL;

    check_irql_alloc(type, bytes, caller);
    bool injected = caller && !(type & EX_POOL_NO_FAULT) && ex_pool_fault();

    if (!injected && bytes <= BYTES_MAX)
        b = get_block(type, bytes, tag, caller);
    if (!b)
        return NULL;
    fill_new(b, bytes, type & EX_POOL_ZERO);
    if (caller)
        ev(EV_POOL_ALLOC, user_of(b), bytes, tag, (uintptr_t)caller);
    return user_of(b);
}

/* ---- lookup ---- */

static RAW struct block *block_of(const void *addr)
{
    uintptr_t at = (uintptr_t)addr, heap = (uintptr_t)pool.heap;
    uint32_t  top = __atomic_load_n(&pool.top, __ATOMIC_ACQUIRE);

    if (!heap || at < heap || at >= heap + (size_t)top * UNIT)
        return NULL;
    uint32_t unit = pool.covers[(at - heap) / PAGE], want = unit_of(addr);

    /* Ends: spans are at least a header, and the wanted unit is below top. A wiped header must not hang the reporter. */
    while (unit < top && block_at(unit)->span && unit + block_at(unit)->span <= want)
        unit += block_at(unit)->span;
    return unit < top && block_at(unit)->span ? block_at(unit) : NULL;
}

static RAW void describe(struct block *b, struct ex_pool_block *out)
{
    *out = (struct ex_pool_block){.start = user_of(b),
        .bytes = b->bytes,
        .tag = b->tag,
        .type = b->type,
        .freed = b->state != BLOCK_LIVE,
        .caller = b->caller};
}

RAW bool ex_pool_find(const void *addr, struct ex_pool_block *out)
{
    struct block *b = block_of(addr);

    if (!b || b->state == BLOCK_GAP)
        return false;
    describe(b, out);
    return true;
}

/* ---- free ---- */

static _Noreturn void bad_caller(uint64_t p1, uint64_t p2, uint64_t p3, uint64_t p4, const char *what, const void *at)
{
    uint64_t p[4] = {p1, p2, p3, p4};

    ke_bugcheckf(NULL, BAD_POOL_CALLER, p, "pool address %p: %s", at, what);
}

/* The live block that begins at user; everything else ends here. */
static RAW struct block *must_be_live(void *user)
{
    struct block *b = block_of(user);

    if (!user)
        bad_caller(0x46, 0, 0, 0, "freed, but it is no address", user);
    if (!b || b->state == BLOCK_GAP)
        bad_caller(0x42, (uintptr_t)user, 0, 0, "freed, but it was never in any pool", user);
    if (b->check != checksum(b))
        bad_caller(0x02, (uintptr_t)b, *(uint64_t *)b, 0, "freed, but its header was overwritten (underrun)", user);
    if (user_of(b) != user)
        bad_caller(0x46, (uintptr_t)user, 0, 0, "freed, but it is not the start of a block", user);
    if (b->state != BLOCK_LIVE)
        bad_caller(0x07, 0, *(uint64_t *)b, (uintptr_t)user, "freed twice", user);
    return b;
}

static RAW void check_irql_free(struct block *b, const void *caller)
{
    unsigned irql = mach_irql();

    if (!(b->type & EX_POOL_PAGED) || (irql <= APC_LEVEL && !ke_dpc_in_thread()))
        return;
    struct finding f = {.severity = FINDING_STOP,
        .rule = "DT-I10",
        .bugcheck = DRIVER_VERIFIER_DETECTED_VIOLATION,
        .param = {0x11, irql, b->type, (uintptr_t)user_of(b)},
        .object = user_of(b),
        .caller = caller};

    finding_raisef(&f, "paged pool block %p was freed at IRQL %u", (void *)user_of(b), irql);
}

static RAW void put_block(struct block *b)
{
    unsigned irql = lock_pool();

    if (b->state != BLOCK_LIVE) { /* another processor was faster */
        unlock_pool(irql);
        must_be_live(user_of(b));
        return;
    }
    unpoison(user_of(b), b->bytes);
    memset(user_of(b), EX_POOL_FILL_FREED, b->bytes);
    poison(b, (size_t)b->span * UNIT);
    quarantine_locked(b);
    release_locked();
    unlock_pool(irql);
}

RAW void ex_pool_free(void *p, uint32_t tag, const void *caller)
{
    struct block *b = must_be_live(p);

    if (tag && b->tag && tag != b->tag) /* a block without: no tag is documented for it */
        bad_caller(0x0a, (uintptr_t)p, b->tag, tag, "freed with another tag than it was allocated with", p);
    check_irql_free(b, caller);
    check_guard(b);
    if (caller)
        ev(EV_POOL_FREE, p, b->bytes, b->tag, (uintptr_t)caller);
    put_block(b);
}

/* ---- reports ---- */

RAW void ex_pool_each(bool (*fn)(void *ctx, const struct ex_pool_block *block), void *ctx)
{
    unsigned irql = lock_pool();
    bool     more = true;

    for (uint32_t unit = 0; more && unit < pool.top && block_at(unit)->span; unit += block_at(unit)->span) {
        struct ex_pool_block info;
        struct block        *b = block_at(unit);

        describe(b, &info);
        if (b->state == BLOCK_LIVE)
            more = fn(ctx, &info);
    }
    unlock_pool(irql);
}

RAW void ex_pool_check(void)
{
    unsigned irql = lock_pool();

    for (uint32_t unit = 0; unit < pool.top && block_at(unit)->span; unit += block_at(unit)->span) {
        struct block *b = block_at(unit);

        if (b->check != checksum(b))
            bad_caller(0x02, (uintptr_t)b, *(uint64_t *)b, 0, "its header was overwritten", user_of(b));
        if (b->state == BLOCK_LIVE)
            check_guard(b);
        else if (b->state == BLOCK_FREED)
            check_freed(b);
    }
    unlock_pool(irql);
}
