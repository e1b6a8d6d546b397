/* SPDX-License-Identifier: MIT */
/* observe/race_shadow.c - the last accesses to every 8 bytes, and the two that race. Theory in race.c. */
#include <stdio.h>
#include <string.h>

#include "base/finding.h"
#include "observe/race_state.h"

static struct race_side side_of(const struct cell *c, const struct granule *g)
{
    return (struct race_side){.address = (const char *)g->key + __builtin_ctz(c->mask),
        .pc = (const void *)(uintptr_t)c->pc,
        .routine = c->routine,
        .time_ns = c->time_ns,
        .thread = c->thread,
        .cpu = c->cpu,
        .bytes = (uint8_t)__builtin_popcount(c->mask),
        .is_write = c->kind != ACCESS_READ,
        .is_atomic = c->kind == ACCESS_ATOMIC,
        .is_free = c->kind == ACCESS_FREE,
        .is_isr = c->isr};
}

static void report_block(const void *address)
{
    race.report.block = NULL;
    tab_for_each(const struct block, b, &race.blocks)
    {
        if ((uintptr_t)address - (uintptr_t)b->key < b->bytes) {
            race.report.block = b->key;
            race.report.block_bytes = b->bytes;
            race.report.offset = (uintptr_t)address - (uintptr_t)b->key;
            race.report.tag = b->tag;
        }
    }
}

static void found(const char *rule, const struct granule *g, const struct cell *now, const struct cell *before)
{
    if (race.raced)
        return;
    race.raced = true;
    race.report = (struct race_report){.rule = rule, .now = side_of(now, g), .before = side_of(before, g)};
    report_block(race.report.now.address);
}

static bool is_plain_write(const struct cell *c)
{
    return c->kind == ACCESS_WRITE || c->kind == ACCESS_FREE;
}

static bool conflict(const struct cell *a, const struct cell *b)
{
    return (a->mask & b->mask) && (is_plain_write(a) || is_plain_write(b));
}

static bool is_mixed(const struct cell *a, const struct cell *b)
{
    return a->kind == ACCESS_READ && b->kind == ACCESS_ATOMIC;
}

/* Between HwStorStartIo and HwStorTimer a plain read is as wrong as a plain write: what one of them has seen the other has
 * claimed by the time it acts on it. */
static bool is_unclaimed(const struct cell *a, const struct cell *b)
{
    return (a->mask & b->mask) && a->part && b->part && a->part != b->part && (is_mixed(a, b) || is_mixed(b, a));
}

static const char *rule_broken(const struct cell *now, const struct cell *old)
{
    const struct vc *vc = &race.executors[now->slot].vc;

    if (old->kind == ACCESS_TAKEN)
        return old->mask & now->mask ? "DT-S09" : NULL;
    if (old->slot == now->slot || old->clock <= vc->c[old->slot])
        return NULL;
    if (conflict(old, now))
        return "DT-X01";
    return is_unclaimed(old, now) ? "DT-S04" : NULL;
}

/* Once the new access is recorded, the old one can tell nothing that it does not. */
static bool redundant(const struct cell *old, const struct cell *now)
{
    if (old->mask & ~now->mask)
        return false;
    if (old->slot == now->slot)
        return is_plain_write(now) || old->kind == now->kind;
    return is_plain_write(now); /* in order after it, or else the race is told already */
}

static void put(struct granule *g, const struct cell *now)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < g->used; i++) {
        const struct cell *old = &g->cells[i];
        const char        *rule = rule_broken(now, old);

        if (rule)
            found(rule, g, now, old);
        if (!redundant(old, now))
            g->cells[kept++] = *old;
    }
    g->used = kept;
    if (g->used == CELLS) {
        memmove(g->cells, g->cells + 1, (CELLS - 1) * sizeof g->cells[0]);
        g->used--;
    }
    g->cells[g->used++] = *now;
}

static uint8_t mask_of(uintptr_t granule, uintptr_t lo, uintptr_t hi)
{
    unsigned from = lo > granule ? (unsigned)(lo - granule) : 0;
    unsigned to = hi < granule + 8 ? (unsigned)(hi - granule) : 8;

    return (uint8_t)((0xffu << from) & (0xffu >> (8 - to)));
}

void race_touch(const struct ev *e, enum access kind)
{
    uintptr_t   lo = (uintptr_t)e->obj, hi = lo + (uintptr_t)e->a;
    struct cell now = race_cell(e, kind, e->b);

    for (uintptr_t g = lo & ~(uintptr_t)7; g < hi; g += 8) {
        struct granule *s = tab_get(&race.shadow, (const void *)g);

        now.mask = mask_of(g, lo, hi);
        if (s)
            put(s, &now);
    }
}

static void free_granule(struct granule *g, struct cell *now, uintptr_t lo, uintptr_t hi)
{
    now->mask = mask_of((uintptr_t)g->key, lo, hi);
    put(g, now);
    g->used = 0;
}

/* now NULL: only empties the shadow. Visits what there is, or what there could be, whichever is less. */
void race_clear(uintptr_t lo, uintptr_t hi, struct cell *now)
{
    uintptr_t first = lo & ~(uintptr_t)7;

    if ((hi - first) / 8 < race.shadow.count) {
        for (uintptr_t a = first; a < hi; a += 8) {
            struct granule *g = tab_find(&race.shadow, (const void *)a);

            if (g && !now)
                g->used = 0;
            else if (g)
                free_granule(g, now, lo, hi);
        }
        return;
    }
    tab_for_each(struct granule, g, &race.shadow)
    {
        if ((uintptr_t)g->key - first >= hi - first)
            continue;
        if (now)
            free_granule(g, now, lo, hi);
        g->used = 0;
    }
}

/* A block that is the port's again: every byte has one access that nothing comes after in order. */
void race_take(const struct ev *e, bool taken)
{
    uintptr_t   lo = (uintptr_t)e->obj, hi = lo + (uintptr_t)e->a;
    struct cell port = race_cell(e, ACCESS_TAKEN, 0);

    race_clear(lo, hi, NULL);
    for (uintptr_t g = lo & ~(uintptr_t)7; taken && g < hi; g += 8) {
        struct granule *s = tab_get(&race.shadow, (const void *)g);

        port.mask = mask_of(g, lo, hi);
        if (s)
            put(s, &port);
    }
}

static const char *verb(const struct race_side *s)
{
    return s->is_free ? "free" : s->is_atomic ? "interlocked operation" : s->is_write ? "write" : "read";
}

static void describe_side(const struct race_side *s, char *buf, size_t n)
{
    if (s->is_isr)
        snprintf(buf, n, "%s by an interrupt routine on processor %u", verb(s), s->cpu);
    else if (s->routine)
        snprintf(buf, n, "%s by a DPC or callback on processor %u", verb(s), s->cpu);
    else
        snprintf(buf, n, "%s by thread %u on processor %u", verb(s), s->thread, s->cpu);
}

void race_raise(const struct race_report *r)
{
    char           now[64], before[64];
    struct finding f = {.severity = FINDING_STOP,
        .rule = r->rule,
        .param = {(uintptr_t)r->now.address, (uintptr_t)r->now.pc, (uintptr_t)r->before.pc, (uintptr_t)r->block},
        .object = r->now.address,
        .caller = r->now.pc};

    describe_side(&r->now, now, sizeof now);
    describe_side(&r->before, before, sizeof before);
    if (strcmp(r->rule, "DT-S09") == 0)
        snprintf(f.what, sizeof f.what, "%s of a request's memory after RequestComplete", now);
    else if (strcmp(r->rule, "DT-S04") == 0)
        snprintf(f.what, sizeof f.what, "HwStorStartIo and HwStorTimer share this, and only one is interlocked: %s, %s",
            now, before);
    else if (r->block)
        snprintf(f.what, sizeof f.what, "data race at offset %#llx of a pool block: %s and %s are in no order",
            (unsigned long long)r->offset, now, before);
    else
        snprintf(f.what, sizeof f.what, "data race: %s and %s are in no order", now, before);
    finding_raise(&f);
}

void race_raise_full(void)
{
    struct finding f = {.severity = FINDING_WARNING, .rule = "DT-V00"};

    snprintf(f.what, sizeof f.what,
        "the race detector has no room for more executors or memory: races in this run may be missed");
    finding_raise(&f);
}
