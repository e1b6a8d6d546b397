/* SPDX-License-Identifier: MIT */
/*
 * ke/timerq.h - one timer queue: a wheel of lists over the driver's own KTIMERs. Theory in timerq.c.
 *
 * A pure data structure: no lock, no allocation, no machine call. The caller holds the queue's lock around every call
 * below except ke_timer_inserted(), which may then be out of date. Times are unsigned, in 100-ns units of whatever clock
 * the queue stands for; 0 to UINT64_MAX - 1 are due times, later ones are taken as UINT64_MAX - 1.
 *
 * Of a KTIMER the queue owns DueTime, TimerListEntry, TimerType, Header.Hand and Header.TimerMiscFlags; all but the
 * Inserted bit of TimerMiscFlags may hold anything before the first set (so Hand may be sizeof(KTIMER)/4, KTM-005).
 * Everything else is the kernel's. Which queue a timer is in is the kernel's to know (Processor).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "ddk/wdm.h"

enum {
    KE_TIMERQ_BASE_BITS = 10, /* a base slot spans 102.4 us */
    KE_TIMERQ_LEVELS = 7,     /* each level's slot is 256 of the level below: 10 + 7 * 8 >= 64 bits */
    KE_TIMERQ_RING = 512,     /* slots a level: those of the cursor's parent slot and of the next one */
    KE_TIMERQ_STRANDS = 8,    /* lists a slot has at levels 1 to 3; 1 elsewhere */
    KE_TIMERQ_LISTS = (4 + 3 * KE_TIMERQ_STRANDS) * KE_TIMERQ_RING,
    KE_TIMERQ_INSERTED = 0x40 /* TimerMiscFlags, as NT has it */
};

struct ke_timerq {
    uint64_t   cursor;     /* start of a base slot; no slot that holds a timer starts before its end */
    uint64_t   front_last; /* a timer is in front if and only if its due time is not after this */
    uint64_t   parent;     /* start of the cursor's slot of level 1 */
    uint64_t   beyond[KE_TIMERQ_LEVELS - 1]; /* by the cursor: the first due time that is not for this level */
    LIST_ENTRY front;                        /* by (due time, order of setting) when front_sorted */
    uint64_t   count;                        /* timers in the queue */
    uint64_t   front_count, front_cap;
    uint64_t   paced; /* time up to which the spread work has been done */
    uint32_t   sequence;
    bool       front_sorted;
    uint8_t    levels;                                          /* levels with a bit in words */
    uint8_t    words[KE_TIMERQ_LEVELS];                         /* words of occupied that are not zero */
    uint64_t   occupied[KE_TIMERQ_LEVELS][KE_TIMERQ_RING / 64]; /* may be set for a slot that has run empty */
    LIST_ENTRY list[KE_TIMERQ_LISTS] __attribute__((aligned(64)));
} __attribute__((aligned(64)));

/* Once per process: touches the whole structure (about 230 KB). */
void ke_timerq_init(struct ke_timerq *q);

/* Forgets every timer without touching one: they may be dangling. Costs O(slots used since the last reset). */
void ke_timerq_reset(struct ke_timerq *q);

/* Inserts the timer, or moves it, and makes it last among those of equal due time. Returns whether it was in this queue. O(1). */
bool ke_timerq_set(struct ke_timerq *q, PKTIMER timer, uint64_t due_100ns);

/* The same for most timers, which are in the queue or are not (was), with fewer steps. False: nothing was done, for it is a rare
 * case. due_100ns < UINT64_MAX. */
bool ke_timerq_set_short(struct ke_timerq *q, PKTIMER timer, uint64_t due_100ns, bool was);

/* The same in two steps, the first of which touches no other timer: the list for one that is not in the queue, or whether one
 * that is may stay where it is. NULL, false: it takes more. */
LIST_ENTRY *ke_timerq_list(struct ke_timerq *q, uint64_t due_100ns);
void        ke_timerq_append(struct ke_timerq *q, LIST_ENTRY *list, PKTIMER timer, uint64_t due_100ns);
bool        ke_timerq_can_postpone(const struct ke_timerq *q, const KTIMER *timer, uint64_t due_100ns);
void        ke_timerq_postpone(struct ke_timerq *q, PKTIMER timer, uint64_t due_100ns);

/* Returns whether the timer was in this queue. O(1). */
bool ke_timerq_cancel(struct ke_timerq *q, PKTIMER timer);

/* The same for a timer that is in it. */
void ke_timerq_cancel_short(struct ke_timerq *q, PKTIMER timer);

/*
 * Removes and returns the first timer that is due at now or before, by (due time, order of setting); NULL when there is
 * none, and then the cursor has moved up to now. now is expected not to go back (it may; the queue stays correct).
 * Called in a loop. When it is called at least every few milliseconds, no call takes apart a large slot at once.
 */
PKTIMER ke_timerq_take(struct ke_timerq *q, uint64_t now_100ns);

/* The earliest due time in the queue, exactly; UINT64_MAX when it is empty. Amortised O(1). */
uint64_t ke_timerq_next(struct ke_timerq *q);

/*
 * Sorts all timers anew around now, which may be earlier than the times the queue has seen: for the queue of absolute
 * timers when system time is set. Due times stay. O(timers): the one operation that is linear.
 */
void ke_timerq_rebase(struct ke_timerq *q, uint64_t now_100ns);

/* Timers of all queues, without a lock: a hint unless the caller holds the lock of the timer's queue. */
static inline bool ke_timer_inserted(const KTIMER *timer)
{
    return (timer->Header.TimerMiscFlags & KE_TIMERQ_INSERTED) != 0;
}

static inline uint64_t ke_timerq_count(const struct ke_timerq *q)
{
    return q->count;
}

/* Visits every timer once, in no particular (but a reproducible) order. The queue must not change meanwhile. */
struct ke_timerq_iter {
    const struct ke_timerq *q;
    const LIST_ENTRY       *head, *at;
    unsigned                next; /* of q->list */
};

void    ke_timerq_iter_init(struct ke_timerq_iter *it, const struct ke_timerq *q);
PKTIMER ke_timerq_iter_next(struct ke_timerq_iter *it); /* NULL at the end */
