/* SPDX-License-Identifier: MIT */
/*
 * The timer queue.
 *
 * A timer is in one of two places, and its due time alone tells which:
 *
 *     due <= front_last   front: one list, sorted when it is looked at. Its head is the next timer of the queue.
 *     due >  front_last   the wheel: a slot whose start is not after the due time and after the cursor's base slot.
 *
 * Guarantees: timers come out in the order of (due time, order of setting), never before their due time. The order of
 * setting is a number of 30 bits in the timer; between two timers with the same due time it is exact as long as
 * fewer than 2^29 sets lie between their two.
 *
 * The wheel. Level l has slots of 2^(10+8l) units. A timer goes to the lowest level at which it is due within the
 * cursor's parent slot or the next one, hence 512 slots in the ring of a level, and at levels above 0 its slot is not
 * the cursor's and not the next. Nothing depends on that choice but speed: where a timer waits is right as long as the
 * slot is taken apart before a timer in it can be due. This makes three things cheap.
 *
 *   Later moves are lazy. A timer that is set again to a later time stays in its slot, only due time and sequence
 *   number change. When the slot is taken apart, it goes where it belongs. No list neighbour is touched.
 *
 *   Slots may run empty and stay marked as occupied. Whoever finds such a slot clears the mark. So a removal is two
 *   stores to the neighbours and no branch.
 *
 *   Large slots are taken apart little by little. While the cursor is in slot s, timers of slot s + 1 move down a level,
 *   at a pace that has it empty when the cursor gets there; new timers for s + 1 go down at once.
 *
 * Asking for the next due time must not move the cursor: that would make the queue sort timers set afterwards, for
 * times before the cursor, one by one. It takes the earliest timers of the earliest slot to the front instead, all of them
 * or, if the slot is large and far off, a sixty-fourth. When sets then crowd the front, its later half goes back.
 *
 * Timers of a slot hang on four lists ("strands"), so that four cache misses overlap when the slot is taken apart.
 */
#include "ke/timerq.h"

#include <stddef.h>

enum { STEP_BITS = 8, FRONT_MIN = 64, SCAN_MAX = 16, PULL_ALL = 32, PULL_SHARE = 64, PACE_MIN = 8, RUNS_MAX = 48 };

#define BASE_MASK ((UINT64_C(1) << KE_TIMERQ_BASE_BITS) - 1)
#define DUE_MAX   (UINT64_MAX - 1)

struct found {
    unsigned index; /* of q->slot */
    unsigned shift; /* log2 of the slot's width */
    uint64_t number, start;
};

/* ---- lists and timers ---- */

static void list_reset(LIST_ENTRY *head)
{
    head->Flink = head->Blink = head;
}

static bool list_is_empty(const LIST_ENTRY *head)
{
    return head->Flink == head;
}

static void list_insert_after(LIST_ENTRY *at, LIST_ENTRY *e)
{
    LIST_ENTRY *next = at->Flink;

    e->Flink = next;
    e->Blink = at;
    next->Blink = e;
    at->Flink = e;
}

static void list_unlink(LIST_ENTRY *e)
{
    LIST_ENTRY *next = e->Flink, *prev = e->Blink;

    prev->Flink = next;
    next->Blink = prev;
}

static PKTIMER timer_of(const LIST_ENTRY *e)
{
    return (PKTIMER)((char *)e - offsetof(KTIMER, TimerListEntry));
}

static uint64_t due_of(const LIST_ENTRY *e)
{
    return timer_of(e)->DueTime.QuadPart;
}

static void stamp(PKTIMER t, uint32_t sequence)
{
    t->TimerType = (USHORT)sequence;
    t->Header.Hand = (UCHAR)(sequence >> 16);
    t->Header.TimerMiscFlags = (UCHAR)((sequence >> 24 & 0x3f) | KE_TIMERQ_INSERTED);
}

static uint32_t sequence_of(const KTIMER *t)
{
    return t->TimerType | (uint32_t)t->Header.Hand << 16 | (uint32_t)t->Header.TimerMiscFlags << 24;
}

/* Whether a comes out before b. The shift drops the two bits of TimerMiscFlags that are not of the number. */
static bool before(const LIST_ENTRY *a, const LIST_ENTRY *b)
{
    uint64_t da = due_of(a), db = due_of(b);

    if (da != db)
        return da < db;
    return (int32_t)((sequence_of(timer_of(a)) - sequence_of(timer_of(b))) << 2) < 0;
}

/* ---- the wheel ---- */

static void slot_reset(struct ke_timerq_slot *s)
{
    for (unsigned k = 0; k < KE_TIMERQ_STRANDS; k++)
        list_reset(&s->strand[k]);
}

static bool slot_is_marked(const struct ke_timerq *q, unsigned level, unsigned i)
{
    return (q->occupied[level][i / 64] >> (i % 64) & 1) != 0;
}

static void slot_mark(struct ke_timerq *q, unsigned level, unsigned i)
{
    uint64_t *word = &q->occupied[level][i / 64], bit = UINT64_C(1) << (i % 64);

    if (*word & bit)
        return;
    *word |= bit;
    q->words[level] |= (uint8_t)(1u << (i / 64));
    q->levels |= (uint8_t)(1u << level);
}

static void slot_unmark(struct ke_timerq *q, unsigned index)
{
    unsigned level = index / KE_TIMERQ_RING, i = index % KE_TIMERQ_RING;

    q->occupied[level][i / 64] &= ~(UINT64_C(1) << (i % 64));
    if (q->occupied[level][i / 64] == 0)
        q->words[level] &= (uint8_t)~(1u << (i / 64));
    if (q->words[level] == 0)
        q->levels &= (uint8_t)~(1u << level);
}

/* Goes down a level if the cursor's slot and the due time's are the same or neighbours. */
static inline unsigned level_below(unsigned *level, unsigned *shift, uint64_t due, uint64_t cursor)
{
    unsigned below = (*level > 0) & ((due >> *shift) - (cursor >> *shift) <= 1);

    *level -= below;
    *shift -= below * STEP_BITS;
    return below;
}

/* The timer is due after the cursor's base slot and after front_last. */
static void wheel_insert(struct ke_timerq *q, PKTIMER t)
{
    uint64_t due = t->DueTime.QuadPart, cursor = q->cursor;
    unsigned level = (63 - (unsigned)__builtin_clzll((due ^ cursor) >> KE_TIMERQ_BASE_BITS)) / STEP_BITS;
    unsigned shift = KE_TIMERQ_BASE_BITS + STEP_BITS * level;

    level_below(&level, &shift, due, cursor); /* no branch: it goes either way */
    while (__builtin_expect(level_below(&level, &shift, due, cursor), 0))
        ;
    unsigned    i = (due >> shift) % KE_TIMERQ_RING;
    LIST_ENTRY *head = &q->slot[level * KE_TIMERQ_RING + i].strand[t->TimerType % KE_TIMERQ_STRANDS];

    list_insert_after(head->Blink, &t->TimerListEntry);
    slot_mark(q, level, i);
}

/* The first marked slot of the level at or after ring position from. The level has one. */
static unsigned ring_find(const struct ke_timerq *q, unsigned level, unsigned from)
{
    unsigned word = from / 64, turned;
    uint64_t bits = q->occupied[level][word] & (UINT64_MAX << (from % 64));

    if (bits == 0) {
        turned = (q->words[level] * 0x101u) >> (word + 1) & 0xff; /* bit 0 is now the word after, bit 7 the word itself */
        word = (word + 1 + (unsigned)__builtin_ctz(turned)) % 8;
        bits = q->occupied[level][word];
    }
    return word * 64 + (unsigned)__builtin_ctzll(bits);
}

/*
 * The marked slot that starts first; of several the one of the highest level, because it may hold timers that
 * belong in the others. A slot in the cursor's parent slot ends the search: those of higher levels start later.
 */
static bool wheel_find(const struct ke_timerq *q, struct found *f)
{
    f->start = UINT64_MAX;
    for (unsigned levels = q->levels; levels != 0; levels &= levels - 1) {
        unsigned level = (unsigned)__builtin_ctz(levels), shift = KE_TIMERQ_BASE_BITS + STEP_BITS * level;
        uint64_t here = q->cursor >> shift;
        unsigned i = ring_find(q, level, here % KE_TIMERQ_RING);
        uint64_t number = here + (i - here) % KE_TIMERQ_RING;

        if (number << shift <= f->start)
            *f = (struct found){level * KE_TIMERQ_RING + i, shift, number, number << shift};
        if (number >> STEP_BITS == here >> STEP_BITS)
            break;
    }
    return q->levels != 0;
}

/* ---- the front ---- */

static void front_clear(struct ke_timerq *q)
{
    list_reset(&q->front);
    q->front_count = 0;
    q->front_cap = FRONT_MIN;
    q->front_sorted = true;
}

/* Nearly always the place is at an end or near the tail; if not, the list is sorted when it is next looked at. */
static void front_insert(struct ke_timerq *q, PKTIMER t)
{
    LIST_ENTRY *e = &t->TimerListEntry, *at = q->front.Blink;

    q->front_count++;
    if (q->front_sorted) {
        for (unsigned i = 0; at != &q->front && before(e, at); at = at->Blink) {
            if (++i == SCAN_MAX) {
                q->front_sorted = before(e, q->front.Flink);
                at = q->front_sorted ? &q->front : q->front.Blink;
                break;
            }
        }
    }
    list_insert_after(at, e);
}

/* Chains here end in NULL and use Flink only. */
static LIST_ENTRY *chain_merge(LIST_ENTRY *a, LIST_ENTRY *b)
{
    LIST_ENTRY *first = NULL, **link = &first;

    while (a != NULL && b != NULL) {
        LIST_ENTRY **lesser = before(b, a) ? &b : &a;

        *link = *lesser;
        link = &(*lesser)->Flink;
        *lesser = *link;
    }
    *link = a != NULL ? a : b;
    return first;
}

/* Cuts the longest sorted chain off the beginning of *rest. */
static LIST_ENTRY *chain_cut_run(LIST_ENTRY **rest)
{
    LIST_ENTRY *first = *rest, *last = first;

    while (last->Flink != NULL && before(last, last->Flink))
        last = last->Flink;
    *rest = last->Flink;
    last->Flink = NULL;
    return first;
}

/* Merges natural runs; run[i] is made of 2^i of them, so there are never more than RUNS_MAX. */
static LIST_ENTRY *chain_sort(LIST_ENTRY *chain)
{
    LIST_ENTRY *run[RUNS_MAX] = {NULL}, *all = NULL;

    while (chain != NULL) {
        LIST_ENTRY *r = chain_cut_run(&chain);
        unsigned    i = 0;

        for (; run[i] != NULL; i++) {
            r = chain_merge(run[i], r);
            run[i] = NULL;
        }
        run[i] = r;
    }
    for (unsigned i = 0; i < RUNS_MAX; i++)
        all = chain_merge(run[i], all);
    return all;
}

static void front_sort(struct ke_timerq *q)
{
    LIST_ENTRY *head = &q->front, *prev = head;

    if (q->front_sorted)
        return;
    q->front_sorted = true;
    head->Blink->Flink = NULL;
    for (LIST_ENTRY *e = chain_sort(head->Flink); e != NULL; e = e->Flink) {
        prev->Flink = e;
        e->Blink = prev;
        prev = e;
    }
    prev->Flink = head;
    head->Blink = prev;
}

/* Sends the later half of a crowded front back to the wheel, except what is due in the cursor's base slot or past. */
static void front_spill(struct ke_timerq *q)
{
    uint64_t    last = q->cursor | BASE_MASK;
    LIST_ENTRY *e;

    front_sort(q);
    e = q->front.Flink;
    for (uint64_t i = 0; i < q->front_count / 2; i++)
        e = e->Flink;
    if (due_of(e) > last)
        last = due_of(e);
    for (e = q->front.Blink; e != &q->front && due_of(e) > last; e = q->front.Blink) {
        list_unlink(e);
        q->front_count--;
        wheel_insert(q, timer_of(e));
    }
    q->front_last = last;
    q->front_cap = q->front_count * 2 > FRONT_MIN ? q->front_count * 2 : FRONT_MIN;
}

static PKTIMER front_first(struct ke_timerq *q)
{
    front_sort(q);
    return list_is_empty(&q->front) ? NULL : timer_of(q->front.Flink);
}

/* ---- taking slots apart ---- */

static void place(struct ke_timerq *q, PKTIMER t)
{
    if (t->DueTime.QuadPart <= q->front_last)
        front_insert(q, t);
    else
        wheel_insert(q, t);
}

/*
 * Moves at least budget timers of a slot, or all of them, to where they belong by now. None comes back to this slot: it is
 * of level 0 and its timers go to the front, or it is the cursor's or the next one, whose timers go down a level.
 */
static void slot_scatter(struct ke_timerq *q, unsigned index, uint64_t budget)
{
    struct ke_timerq_slot *s = &q->slot[index];
    bool                   busy;

    do {
        busy = false;
        for (unsigned k = 0; k < KE_TIMERQ_STRANDS; k++) {
            LIST_ENTRY *e = s->strand[k].Flink;

            if (e == &s->strand[k])
                continue;
            busy = true;
            list_unlink(e);
            place(q, timer_of(e));
        }
        budget -= budget < KE_TIMERQ_STRANDS ? budget : KE_TIMERQ_STRANDS;
    } while (busy && budget > 0);
    if (!busy)
        slot_unmark(q, index);
}

/* Does the share of the slots next to the cursor's that falls on the time from q->paced to now. */
static void wheel_pace(struct ke_timerq *q, uint64_t now)
{
    uint64_t from = q->paced < now ? q->paced : now, spent = now - from;

    q->paced = now;
    for (unsigned levels = q->levels & ~1u; levels != 0; levels &= levels - 1) {
        unsigned level = (unsigned)__builtin_ctz(levels), shift = KE_TIMERQ_BASE_BITS + STEP_BITS * level;
        uint64_t number = (q->cursor >> shift) + 1, left = (number << shift) - from, budget;
        unsigned i = number % KE_TIMERQ_RING;

        if (!slot_is_marked(q, level, i))
            continue;
        if (__builtin_mul_overflow(q->count, spent, &budget))
            budget = UINT64_MAX;
        slot_scatter(q, level * KE_TIMERQ_RING + i, budget / left + PACE_MIN);
    }
}

/* Moves the cursor to the slot's start and takes apart the slots that start there, the largest first. */
static void wheel_enter(struct ke_timerq *q, const struct found *f)
{
    q->cursor = f->start;
    if (q->front_last < (f->start | BASE_MASK))
        q->front_last = f->start | BASE_MASK;
    for (unsigned level = f->index / KE_TIMERQ_RING + 1; level-- > 0;) {
        unsigned i = (f->start >> (KE_TIMERQ_BASE_BITS + STEP_BITS * level)) % KE_TIMERQ_RING;

        if (slot_is_marked(q, level, i))
            slot_scatter(q, level * KE_TIMERQ_RING + i, UINT64_MAX);
    }
}

/*
 * Enters the first slot if it does not start after now; afterwards the front holds all timers of the cursor's base slot.
 * Otherwise moves the cursor to now and returns false.
 */
static bool wheel_advance(struct ke_timerq *q, uint64_t now)
{
    struct found f;

    if (list_is_empty(&q->front))
        q->front_last = q->cursor | BASE_MASK;
    if (wheel_find(q, &f) && f.start <= now) {
        wheel_enter(q, &f);
        return true;
    }
    q->cursor = now & ~BASE_MASK;
    if (q->front_last < (now | BASE_MASK))
        q->front_last = now | BASE_MASK;
    wheel_pace(q, now);
    return false;
}

/* ---- looking ahead ---- */

struct extent {
    uint64_t count, first, last;
};

/* Counts the timers of the slot that are due in it, and moves on those set to a later time. */
static struct extent slot_measure(struct ke_timerq *q, unsigned index, uint64_t end)
{
    struct extent x = {0, UINT64_MAX, 0};

    for (unsigned k = 0; k < KE_TIMERQ_STRANDS; k++) {
        LIST_ENTRY *head = &q->slot[index].strand[k], *next;

        for (LIST_ENTRY *e = head->Flink; e != head; e = next) {
            uint64_t due = due_of(e);

            next = e->Flink;
            if (due > end) {
                list_unlink(e);
                wheel_insert(q, timer_of(e));
                continue;
            }
            x.count++;
            x.first = due < x.first ? due : x.first;
            x.last = due > x.last ? due : x.last;
        }
    }
    return x;
}

/* Moves the timers of the slot that are due up to last to the front. */
static void slot_pull(struct ke_timerq *q, unsigned index, uint64_t last)
{
    q->front_last = last;
    for (unsigned k = 0; k < KE_TIMERQ_STRANDS; k++) {
        LIST_ENTRY *head = &q->slot[index].strand[k], *next;

        for (LIST_ENTRY *e = head->Flink; e != head; e = next) {
            next = e->Flink;
            if (due_of(e) > last)
                continue;
            list_unlink(e);
            front_insert(q, timer_of(e));
        }
    }
}

/* A slot too far ahead to be taken apart: pulls it whole if small, else about a share of it. */
static void slot_peek(struct ke_timerq *q, const struct found *f)
{
    uint64_t      end = f->start | ((UINT64_C(1) << f->shift) - 1);
    struct extent x = slot_measure(q, f->index, end);

    if (x.count > PULL_ALL)
        end = x.first + (x.last - x.first) / x.count * (x.count / PULL_SHARE + PULL_ALL / 2);
    if (x.count > 0)
        slot_pull(q, f->index, end);
    if (x.count <= PULL_ALL)
        slot_unmark(q, f->index);
    q->front_cap = q->front_count * 2 + FRONT_MIN;
}

/* Fills an empty front from the first slot, without moving the cursor. Ends: every round empties a slot or fills the front. */
static void front_fill(struct ke_timerq *q)
{
    struct found f;

    q->front_last = q->cursor | BASE_MASK;
    q->front_cap = FRONT_MIN;
    while (list_is_empty(&q->front) && wheel_find(q, &f)) {
        if (f.shift == KE_TIMERQ_BASE_BITS) {
            q->front_last = f.start | BASE_MASK;
            slot_scatter(q, f.index, UINT64_MAX);
        } else if (f.number - (q->cursor >> f.shift) <= 1) {
            slot_scatter(q, f.index, UINT64_MAX);
        } else {
            slot_peek(q, &f);
        }
    }
}

/* ---- the queue ---- */

void ke_timerq_init(struct ke_timerq *q)
{
    *q = (struct ke_timerq){.front_last = BASE_MASK};
    for (unsigned i = 0; i < KE_TIMERQ_LEVELS * KE_TIMERQ_RING; i++)
        slot_reset(&q->slot[i]);
    front_clear(q);
}

void ke_timerq_reset(struct ke_timerq *q)
{
    for (unsigned levels = q->levels; levels != 0; levels &= levels - 1) {
        unsigned level = (unsigned)__builtin_ctz(levels);

        for (unsigned words = q->words[level]; words != 0; words &= words - 1) {
            unsigned  w = (unsigned)__builtin_ctz(words);
            uint64_t *bits = &q->occupied[level][w];

            for (; *bits != 0; *bits &= *bits - 1)
                slot_reset(&q->slot[level * KE_TIMERQ_RING + w * 64 + (unsigned)__builtin_ctzll(*bits)]);
        }
        q->words[level] = 0;
    }
    q->levels = 0;
    q->cursor = q->paced = q->count = 0;
    q->sequence = 0;
    q->front_last = BASE_MASK;
    front_clear(q);
}

/* A slot that runs empty stays marked: see above. */
static void detach(struct ke_timerq *q, PKTIMER t)
{
    list_unlink(&t->TimerListEntry);
    q->front_count -= t->DueTime.QuadPart <= q->front_last;
    q->count--;
}

bool ke_timerq_set(struct ke_timerq *q, PKTIMER t, uint64_t due)
{
    bool     was = ke_timer_inserted(t), stays;
    uint64_t old = t->DueTime.QuadPart;

    due = due > DUE_MAX ? DUE_MAX : due;
    stays = was && due >= old && old > q->front_last;
    if (was && !stays)
        detach(q, t);
    t->DueTime.QuadPart = due;
    stamp(t, q->sequence++);
    if (stays)
        return true;
    place(q, t);
    q->count++;
    if (q->front_count > q->front_cap)
        front_spill(q);
    return was;
}

bool ke_timerq_cancel(struct ke_timerq *q, PKTIMER t)
{
    if (!ke_timer_inserted(t))
        return false;
    t->Header.TimerMiscFlags &= (UCHAR)~KE_TIMERQ_INSERTED;
    detach(q, t);
    return true;
}

PKTIMER ke_timerq_take(struct ke_timerq *q, uint64_t now)
{
    for (;;) {
        PKTIMER t = front_first(q);

        if (t != NULL && t->DueTime.QuadPart <= now) {
            __builtin_prefetch(t->TimerListEntry.Flink->Flink, 1);
            ke_timerq_cancel(q, t);
            return t;
        }
        if (now <= (q->cursor | BASE_MASK) || !wheel_advance(q, now))
            return NULL;
    }
}

uint64_t ke_timerq_next(struct ke_timerq *q)
{
    PKTIMER t;

    if (list_is_empty(&q->front))
        front_fill(q);
    t = front_first(q);
    return t == NULL ? UINT64_MAX : t->DueTime.QuadPart;
}

/* Strings all timers on one list, starts anew and sets them again in the order found; sequence numbers stay. */
void ke_timerq_rebase(struct ke_timerq *q, uint64_t now)
{
    struct ke_timerq_iter it;
    uint64_t              count = q->count;
    uint32_t              sequence = q->sequence;
    LIST_ENTRY           *chain = NULL;
    PKTIMER               t;

    /* The iterator has gone past a timer's links before it hands it out for the next one to be asked for. */
    ke_timerq_iter_init(&it, q);
    while ((t = ke_timerq_iter_next(&it)) != NULL) {
        t->TimerListEntry.Blink = chain;
        chain = &t->TimerListEntry;
    }
    ke_timerq_reset(q);
    q->count = count;
    q->sequence = sequence;
    q->paced = now;
    q->cursor = now & ~BASE_MASK;
    q->front_last = now | BASE_MASK;
    while (chain != NULL) {
        t = timer_of(chain);
        chain = chain->Blink;
        place(q, t);
    }
}

/* ---- iteration ---- */

void ke_timerq_iter_init(struct ke_timerq_iter *it, const struct ke_timerq *q)
{
    *it = (struct ke_timerq_iter){q, &q->front, q->front.Flink, 0};
}

PKTIMER ke_timerq_iter_next(struct ke_timerq_iter *it)
{
    const struct ke_timerq *q = it->q;
    PKTIMER                 t;

    while (it->at == it->head) {
        unsigned slot = it->list / KE_TIMERQ_STRANDS, i = slot % KE_TIMERQ_RING;

        if (slot == KE_TIMERQ_LEVELS * KE_TIMERQ_RING)
            return NULL;
        if (q->occupied[slot / KE_TIMERQ_RING][i / 64] >> (i % 64) == 0) {
            it->list = (slot | 63) * KE_TIMERQ_STRANDS + KE_TIMERQ_STRANDS;
            continue;
        }
        it->head = &q->slot[slot].strand[it->list % KE_TIMERQ_STRANDS];
        it->at = it->head->Flink;
        it->list++;
    }
    t = timer_of(it->at);
    it->at = it->at->Flink;
    return t;
}
