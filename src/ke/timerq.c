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
 * Timers of a slot of levels 1 to 3 hang on eight lists ("strands"), so that cache misses overlap when the slot is taken
 * apart. Each list is also walked from its end, by prefetches alone, which makes twice as many. Equal due times share a strand, which keeps them nearly always in the order in which they come out.
 */
#include "ke/timerq.h"

#include "ke/timerq_order.h"

/* The least number of timers that go down a level when the cursor moves. A test makes it small. */
#ifndef KE_TIMERQ_PACE_MIN
#    define KE_TIMERQ_PACE_MIN 1024
#endif

enum { STEP_BITS = 8, STRAND_SHIFT = 4, FRONT_MIN = 64, SCAN_MAX = 16, PULL_ALL = 32, PULL_SHARE = 64 };

#define BASE_MASK   ((UINT64_C(1) << KE_TIMERQ_BASE_BITS) - 1)
#define PARENT_MASK (((BASE_MASK + 1) << STEP_BITS) - 1)
#define SELDOM      __attribute__((noinline)) /* keeps its registers out of the common path */
#define DUE_MAX     (UINT64_MAX - 1)

struct found {
    unsigned level, i;
    unsigned shift; /* log2 of the slot's width */
    uint64_t number, start;
};

/* Where the lists of a level begin in q->list, and how many a slot has. */
static const struct {
    uint16_t first, strands;
} geometry[KE_TIMERQ_LEVELS] = {{0, 1}, {512, 8}, {4608, 8}, {8704, 8}, {12800, 1}, {13312, 1}, {13824, 1}};
_Static_assert(KE_TIMERQ_LISTS == 14336 && KE_TIMERQ_STRANDS == 8 && KE_TIMERQ_RING == 512, "as in geometry");
_Static_assert(KE_TIMERQ_LEVELS == 7, "near_list() and far_list() have a term for each");

/* ---- the wheel ---- */

static unsigned shift_of(unsigned level)
{
    return KE_TIMERQ_BASE_BITS + STEP_BITS * level;
}

static LIST_ENTRY *slot_list(struct ke_timerq *q, unsigned level, unsigned i)
{
    return &q->list[geometry[level].first + i * geometry[level].strands];
}

static unsigned slot_strands(unsigned level)
{
    return geometry[level].strands;
}

static void slot_reset(struct ke_timerq *q, unsigned level, unsigned i)
{
    LIST_ENTRY *list = slot_list(q, level, i);

    for (unsigned k = 0; k < slot_strands(level); k++)
        list_reset(&list[k]);
}

static bool slot_is_marked(const struct ke_timerq *q, unsigned level, unsigned i)
{
    return (q->occupied[level][i / 64] >> (i % 64) & 1) != 0;
}

static inline void slot_mark(struct ke_timerq *q, unsigned level, unsigned i)
{
    uint64_t *word = &q->occupied[level][i / 64], bit = UINT64_C(1) << (i % 64);

    if (*word & bit)
        return;
    *word |= bit;
    q->words[level] |= (uint8_t)(1u << (i / 64));
    q->levels |= (uint8_t)(1u << level);
}

static void slot_unmark(struct ke_timerq *q, unsigned level, unsigned i)
{
    q->occupied[level][i / 64] &= ~(UINT64_C(1) << (i % 64));
    if (q->occupied[level][i / 64] == 0)
        q->words[level] &= (uint8_t) ~(1u << (i / 64));
    if (q->words[level] == 0)
        q->levels &= (uint8_t) ~(1u << level);
}

static void cursor_set(struct ke_timerq *q, uint64_t time)
{
    q->cursor = time & ~BASE_MASK;
    if (q->parent == (time & ~PARENT_MASK))
        return;
    q->parent = time & ~PARENT_MASK;
    for (unsigned l = 0; l < KE_TIMERQ_LEVELS - 1; l++) {
        unsigned shift = shift_of(l + 1);
        uint64_t number = (time >> shift) + 2;

        q->beyond[l] = number > UINT64_MAX >> shift ? UINT64_MAX : number << shift;
    }
}

/*
 * A timer belongs to the lowest level at which its due time is in the cursor's parent slot or the next.
 * The slot at levels 0 to 3, for due < q->beyond[3]. Rings and lists of these levels follow one another, so a slot has a number of
 * its own. Counts, for of the levels below 3, which go up to some hours, any is as likely: no branch.
 */
static inline size_t near_slot(const struct ke_timerq *q, uint64_t due)
{
    const uint64_t *b = q->beyond;
    unsigned        level = (unsigned)(due >= b[0]) + (due >= b[1]) + (due >= b[2]);

    return level * KE_TIMERQ_RING + (due >> shift_of(level)) % KE_TIMERQ_RING;
}

static inline bool near_is_marked(const struct ke_timerq *q, size_t slot)
{
    const uint64_t *words = &q->occupied[0][0];

    return (words[slot / 64] >> (slot % 64) & 1) != 0;
}

static inline LIST_ENTRY *near_list(struct ke_timerq *q, size_t slot, uint64_t due)
{
    if (slot < KE_TIMERQ_RING)
        return &q->list[slot];
    return &q->list[slot * 8 - 512 * 7] + ((due >> STRAND_SHIFT) & 7);
}

/* The list of a slot of levels 0 to 3, which is marked from now on; for others NULL. */
static inline LIST_ENTRY *near_list_marked(struct ke_timerq *q, uint64_t due)
{
    if (due >= q->beyond[3])
        return NULL;
    size_t slot = near_slot(q, due);

    if (__builtin_expect(!near_is_marked(q, slot), 0))
        slot_mark(q, (unsigned)(slot / KE_TIMERQ_RING), slot % KE_TIMERQ_RING);
    return near_list(q, slot, due);
}

/* The same for the levels above 3. */
static SELDOM LIST_ENTRY *far_list(struct ke_timerq *q, uint64_t due)
{
    const uint64_t *b = q->beyond;
    unsigned        level = 4u + (due >= b[4]) + (due >= b[5]), i = (due >> shift_of(level)) % KE_TIMERQ_RING;

    slot_mark(q, level, i);
    return slot_list(q, level, i);
}

/* The timer is due after the cursor's base slot and after front_last. */
static inline void wheel_insert(struct ke_timerq *q, PKTIMER t, uint64_t due)
{
    LIST_ENTRY *head = near_list_marked(q, due);

    if (__builtin_expect(!head, 0))
        head = far_list(q, due);
    list_append(head, &t->TimerListEntry);
}

/* The first marked slot of the level at or after ring position from. The level has one. */
static unsigned ring_find(const struct ke_timerq *q, unsigned level, unsigned from)
{
    unsigned word = from / 64, turned;
    uint64_t bits = q->occupied[level][word] & (UINT64_MAX << (from % 64));

    if (bits == 0) {
        turned =
            (q->words[level] * 0x101u) >> (word + 1) & 0xff; /* bit 0 is now the word after, bit 7 the word itself */
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
        unsigned level = (unsigned)__builtin_ctz(levels), shift = shift_of(level);
        uint64_t here = q->cursor >> shift;
        unsigned i = ring_find(q, level, here % KE_TIMERQ_RING);
        uint64_t number = here + (i - here) % KE_TIMERQ_RING;

        if (number << shift <= f->start)
            *f = (struct found){level, i, shift, number, number << shift};
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

/* Mostly the place is near the tail; if it is not there nor at the head, the list is sorted when it is next looked at. */
static SELDOM LIST_ENTRY *front_place(struct ke_timerq *q, const LIST_ENTRY *e)
{
    LIST_ENTRY *at = q->front.Blink;

    for (unsigned i = 0; at != &q->front && before(e, at); at = at->Blink) {
        if (++i < SCAN_MAX)
            continue;
        q->front_sorted = before(e, q->front.Flink);
        return q->front_sorted ? &q->front : q->front.Blink;
    }
    return at;
}

static inline void front_insert(struct ke_timerq *q, PKTIMER t)
{
    LIST_ENTRY *e = &t->TimerListEntry, *at = q->front.Blink;

    q->front_count++;
    if (q->front_sorted && at != &q->front && before(e, at))
        at = front_place(q, e);
    list_insert_after(at, e);
}

static SELDOM void front_sort(struct ke_timerq *q)
{
    LIST_ENTRY *head = &q->front, *prev = head;

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
static SELDOM void front_spill(struct ke_timerq *q)
{
    uint64_t    last = q->cursor | BASE_MASK;
    LIST_ENTRY *e;

    if (!q->front_sorted)
        front_sort(q);
    e = q->front.Flink;
    for (uint64_t i = 0; i < q->front_count / 2; i++)
        e = e->Flink;
    if (due_of(e) > last)
        last = due_of(e);
    for (e = q->front.Blink; e != &q->front && due_of(e) > last; e = q->front.Blink) {
        list_unlink(e);
        q->front_count--;
        wheel_insert(q, timer_of(e), due_of(e));
    }
    q->front_last = last;
    q->front_cap = q->front_count * 2 > FRONT_MIN ? q->front_count * 2 : FRONT_MIN;
}

static PKTIMER front_first(struct ke_timerq *q)
{
    if (!q->front_sorted)
        front_sort(q);
    return list_is_empty(&q->front) ? NULL : timer_of(q->front.Flink);
}

/* ---- taking slots apart ---- */

static inline void place(struct ke_timerq *q, PKTIMER t, uint64_t due)
{
    if (due <= q->front_last)
        front_insert(q, t);
    else
        wheel_insert(q, t, due);
}

/* Appends a chain of the slot that was just emptied to the front. */
static inline void front_append(struct ke_timerq *q, LIST_ENTRY *first, LIST_ENTRY *last, bool sorted)
{
    LIST_ENTRY *tail = q->front.Blink;

    if (!sorted || (tail != &q->front && before(first, tail)))
        q->front_sorted = false;
    tail->Flink = first;
    first->Blink = tail;
    last->Flink = &q->front;
    q->front.Blink = last;
}

/*
 * Empties a slot of level 0 into the front: a few timers in the order of their keys, more as they are, for the front to be
 * sorted when it is looked at. Mostly they are in order already and nothing but their keys is looked at.
 */
static void base_scatter(struct ke_timerq *q, unsigned i, uint64_t start)
{
    LIST_ENTRY    *head = slot_list(q, 0, i), *next, *first, *ahead = head->Blink;
    struct ordered a;

    a.count = 0;
    a.sorted = true;
    a.last = 0;
    for (LIST_ENTRY *e = head->Flink; e != head; e = next) {
        next = e->Flink;
        ahead = ahead->Blink;
        __builtin_prefetch(ahead, 1);
        if (__builtin_expect(due_of(e) - start > BASE_MASK, 0)) { /* it was set again, to a later time */
            list_unlink(e);
            place(q, timer_of(e), due_of(e));
            continue;
        }
        ordered_add(&a, e, (due_of(e) - start) << SEQUENCE_BITS | age_key(timer_of(e), q->sequence));
    }
    slot_unmark(q, 0, i);
    if (a.count == 0)
        return;
    q->front_count += a.count;
    first = head->Flink;
    next = head->Blink;
    if (!a.sorted && a.count <= ORDERED_MAX) {
        ordered_link(&a, &first, &next);
        a.sorted = true;
    }
    front_append(q, first, next, a.sorted);
    list_reset(head);
}

/*
 * Moves about budget timers of a slot, or all of them, to where they belong by now. None comes back to this slot: it is
 * of level 0 and its timers go to the front, or it is the cursor's or the next one, whose timers go down a level. So the
 * strands may be out of shape meanwhile.
 */
static void slot_scatter(struct ke_timerq *q, unsigned level, unsigned i, uint64_t budget)
{
    LIST_ENTRY *list = slot_list(q, level, i), *at[KE_TIMERQ_STRANDS], *ahead[KE_TIMERQ_STRANDS];
    unsigned    strands = slot_strands(level);
    bool        busy;

    for (unsigned k = 0; k < strands; k++) {
        at[k] = list[k].Flink;
        ahead[k] = list[k].Blink;
        __builtin_prefetch(at[k], 1);
        __builtin_prefetch(ahead[k], 1);
    }
    do {
        busy = false;
        for (unsigned k = 0; k < strands; k++) {
            LIST_ENTRY *e = at[k];

            if (e == &list[k])
                continue;
            at[k] = e->Flink;
            __builtin_prefetch(at[k], 1);
            ahead[k] = ahead[k]->Blink;
            __builtin_prefetch(ahead[k], 1);
            place(q, timer_of(e), due_of(e));
            busy = true;
        }
        budget -= budget < strands ? budget : strands;
    } while (busy && budget > 0);
    for (unsigned k = 0; k < strands; k++) {
        list[k].Flink = at[k];
        at[k]->Blink = &list[k];
    }
    if (!busy)
        slot_unmark(q, level, i);
}

/* Takes apart of the slots next to the cursor's the share that falls on the time from q->paced to time, or a bit more. */
static SELDOM void wheel_pace(struct ke_timerq *q, uint64_t time)
{
    uint64_t from = q->paced < time ? q->paced : time, spent = time - from;

    q->paced = time;
    for (unsigned levels = q->levels & ~1u; levels != 0; levels &= levels - 1) {
        unsigned level = (unsigned)__builtin_ctz(levels), shift = shift_of(level);
        uint64_t number = (q->cursor >> shift) + 1, left = (number << shift) - from, budget;
        unsigned i = number % KE_TIMERQ_RING;

        if (!slot_is_marked(q, level, i))
            continue;
        if (__builtin_mul_overflow(q->count, spent, &budget))
            budget = UINT64_MAX;
        slot_scatter(q, level, i, budget / left + KE_TIMERQ_PACE_MIN);
    }
}

/* Moves the cursor to the slot's start and takes apart the slots that start there, the largest first. */
static void wheel_enter(struct ke_timerq *q, const struct found *f)
{
    uint64_t from = q->cursor;

    cursor_set(q, f->start);
    if (q->front_last < (f->start | BASE_MASK))
        q->front_last = f->start | BASE_MASK;
    for (unsigned level = f->level + 1; level-- > 0;) {
        unsigned i = (f->start >> shift_of(level)) % KE_TIMERQ_RING;

        if (!slot_is_marked(q, level, i))
            continue;
        if (level == 0)
            base_scatter(q, i, f->start);
        else
            slot_scatter(q, level, i, UINT64_MAX);
    }
    if ((from ^ f->start) >> shift_of(1) != 0)
        wheel_pace(q, f->start);
}

/*
 * Enters the first slot if it does not start after now; afterwards the front holds all timers of the cursor's base slot.
 * Otherwise moves the cursor to now.
 */
static SELDOM void wheel_advance(struct ke_timerq *q, uint64_t now)
{
    struct found f;

    if (list_is_empty(&q->front))
        q->front_last = q->cursor | BASE_MASK;
    if (wheel_find(q, &f) && f.start <= now) {
        wheel_enter(q, &f);
        return;
    }
    cursor_set(q, now);
    if (q->front_last < (now | BASE_MASK))
        q->front_last = now | BASE_MASK;
    wheel_pace(q, now);
}

/* ---- looking ahead ---- */

struct extent {
    uint64_t count, first, last;
};

/* Counts the timers of the slot that are due in it, and moves on those set to a later time. */
static struct extent slot_measure(struct ke_timerq *q, const struct found *f, uint64_t end)
{
    struct extent x = {0, UINT64_MAX, 0};

    for (unsigned k = 0; k < slot_strands(f->level); k++) {
        LIST_ENTRY *head = slot_list(q, f->level, f->i) + k, *next;

        for (LIST_ENTRY *e = head->Flink; e != head; e = next) {
            uint64_t due = due_of(e);

            next = e->Flink;
            if (due > end) {
                list_unlink(e);
                wheel_insert(q, timer_of(e), due_of(e));
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
static void slot_pull(struct ke_timerq *q, const struct found *f, uint64_t last)
{
    q->front_last = last;
    for (unsigned k = 0; k < slot_strands(f->level); k++) {
        LIST_ENTRY *head = slot_list(q, f->level, f->i) + k, *next;

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
    struct extent x = slot_measure(q, f, end);

    if (x.count > PULL_ALL)
        end = x.first + (x.last - x.first) / x.count * (x.count / PULL_SHARE + PULL_ALL / 2);
    if (x.count > 0)
        slot_pull(q, f, end);
    if (x.count <= PULL_ALL)
        slot_unmark(q, f->level, f->i);
    q->front_cap = q->front_count * 2 + FRONT_MIN;
}

/* Fills an empty front from the first slot, without moving the cursor. Ends: every round empties a slot or fills the front. */
static SELDOM void front_fill(struct ke_timerq *q)
{
    struct found f;

    q->front_last = q->cursor | BASE_MASK;
    q->front_cap = FRONT_MIN;
    while (list_is_empty(&q->front) && wheel_find(q, &f)) {
        if (f.shift == KE_TIMERQ_BASE_BITS) {
            q->front_last = f.start | BASE_MASK;
            base_scatter(q, f.i, f.start);
        } else if (f.number - (q->cursor >> f.shift) <= 1) {
            slot_scatter(q, f.level, f.i, UINT64_MAX);
        } else {
            slot_peek(q, &f);
        }
    }
}

/* ---- the queue ---- */

void ke_timerq_init(struct ke_timerq *q)
{
    *q = (struct ke_timerq){.front_last = BASE_MASK, .parent = UINT64_MAX};
    for (unsigned i = 0; i < KE_TIMERQ_LISTS; i++)
        list_reset(&q->list[i]);
    cursor_set(q, 0);
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
                slot_reset(q, level, w * 64 + (unsigned)__builtin_ctzll(*bits));
        }
        q->words[level] = 0;
    }
    q->levels = 0;
    cursor_set(q, 0);
    q->paced = q->count = 0;
    q->sequence = 0;
    q->front_last = BASE_MASK;
    front_clear(q);
}

/* A slot that runs empty stays marked: see above. */
static void detach(struct ke_timerq *q, PKTIMER t)
{
    list_unlink(&t->TimerListEntry);
    q->count--;
    if (t->DueTime.QuadPart <= q->front_last)
        q->front_count--;
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
    place(q, t, due);
    q->count++;
    if (q->front_count > q->front_cap)
        front_spill(q);
    return was;
}

/* The front as a list to append to, which leaves it sorted if it is, else NULL. */
static inline LIST_ENTRY *front_list(struct ke_timerq *q, uint64_t due)
{
    LIST_ENTRY *tail = q->front.Blink;

    if (q->front_count >= q->front_cap || (q->front_sorted && (tail == &q->front || due < due_of(tail))))
        return NULL;
    q->front_count++;
    return &q->front;
}

static inline LIST_ENTRY *short_list(struct ke_timerq *q, uint64_t due)
{
    return due > q->front_last ? near_list_marked(q, due) : front_list(q, due);
}

LIST_ENTRY *ke_timerq_list(struct ke_timerq *q, uint64_t due)
{
    if (due <= q->front_last || due >= q->beyond[3])
        return NULL;
    size_t slot = near_slot(q, due);

    return near_is_marked(q, slot) ? near_list(q, slot, due) : NULL;
}

void ke_timerq_append(struct ke_timerq *q, LIST_ENTRY *list, PKTIMER t, uint64_t due)
{
    q->count++;
    list_append(list, &t->TimerListEntry);
    ke_timerq_postpone(q, t, due);
}

bool ke_timerq_can_postpone(const struct ke_timerq *q, const KTIMER *t, uint64_t due)
{
    return due >= t->DueTime.QuadPart && t->DueTime.QuadPart > q->front_last;
}

void ke_timerq_postpone(struct ke_timerq *q, PKTIMER t, uint64_t due)
{
    t->DueTime.QuadPart = due;
    stamp(t, q->sequence++);
}

bool ke_timerq_set_short(struct ke_timerq *q, PKTIMER t, uint64_t due, bool was)
{
    if (!was || !ke_timerq_can_postpone(q, t, due)) {
        LIST_ENTRY *head = short_list(q, due);

        if (!head)
            return false;
        if (was) {
            list_unlink(&t->TimerListEntry);
            q->front_count -= t->DueTime.QuadPart <= q->front_last;
        } else {
            q->count++;
        }
        list_append(head, &t->TimerListEntry);
    }
    ke_timerq_postpone(q, t, due);
    return true;
}

void ke_timerq_cancel_short(struct ke_timerq *q, PKTIMER t)
{
    t->Header.TimerMiscFlags &= (UCHAR)~KE_TIMERQ_INSERTED;
    detach(q, t);
}

bool ke_timerq_cancel(struct ke_timerq *q, PKTIMER t)
{
    if (!ke_timer_inserted(t))
        return false;
    ke_timerq_cancel_short(q, t);
    return true;
}

/* The front has no sorted head that is due. */
static SELDOM PKTIMER take_slowly(struct ke_timerq *q, uint64_t now)
{
    for (;;) {
        PKTIMER t = front_first(q);

        if (t != NULL && t->DueTime.QuadPart <= now) {
            ke_timerq_cancel(q, t);
            return t;
        }
        if (now <= (q->cursor | BASE_MASK))
            return NULL;
        wheel_advance(q, now);
    }
}

PKTIMER ke_timerq_take(struct ke_timerq *q, uint64_t now)
{
    LIST_ENTRY *e = q->front.Flink, *next;

    if (!q->front_sorted || e == &q->front || due_of(e) > now)
        return take_slowly(q, now);
    next = e->Flink;
    __builtin_prefetch(next->Flink, 1);
    next->Blink = &q->front;
    q->front.Flink = next;
    q->front_count--;
    q->count--;
    timer_of(e)->Header.TimerMiscFlags &= (UCHAR)~KE_TIMERQ_INSERTED;
    return timer_of(e);
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
    cursor_set(q, now);
    q->front_last = now | BASE_MASK;
    while (chain != NULL) {
        t = timer_of(chain);
        chain = chain->Blink;
        place(q, t, t->DueTime.QuadPart);
    }
}

/* ---- iteration ---- */

void ke_timerq_iter_init(struct ke_timerq_iter *it, const struct ke_timerq *q)
{
    *it = (struct ke_timerq_iter){q, &q->front, q->front.Flink, 0};
}

/* The list to look at after list n, which is n + 1 or, where whole words of slots are not marked, a later one. */
static unsigned list_after(const struct ke_timerq *q, unsigned n)
{
    unsigned level = 0, i;

    while (level + 1 < KE_TIMERQ_LEVELS && n >= geometry[level + 1].first)
        level++;
    i = (n - geometry[level].first) / geometry[level].strands;
    if (q->occupied[level][i / 64] >> (i % 64) != 0)
        return n + 1;
    return geometry[level].first + ((i | 63) + 1) * slot_strands(level);
}

PKTIMER ke_timerq_iter_next(struct ke_timerq_iter *it)
{
    PKTIMER t;

    while (it->at == it->head) {
        if (it->next >= KE_TIMERQ_LISTS)
            return NULL;
        it->head = &it->q->list[it->next];
        it->at = it->head->Flink;
        it->next = list_after(it->q, it->next);
    }
    t = timer_of(it->at);
    it->at = it->at->Flink;
    return t;
}
