/* SPDX-License-Identifier: MIT */
/*
 * observe/race.c - a happens-before race detector for driver code.
 *
 * Executors. Every thread is one, and so is every processor for what runs on it at DISPATCH_LEVEL in a DPC or timer
 * callback (a threaded DPC that runs at PASSIVE_LEVEL is its thread's), and so is every processor once more for its interrupt
 * routines: whom they interrupt they are in no order with but by the interrupt's lock. Each has a vector clock; an access is stamped
 * with its executor and that executor's own clock. Two accesses that overlap, one of them a plain write, race if
 * the later one's executor has not heard of the earlier one's clock.
 *
 * What orders (release -> acquire; each through a clock kept under an address):
 *     lock release -> acquire                        interlocked operation -> the next one on the same address
 *     KeInsertQueueDpc -> DPC                         KeSetTimer -> DPC of the timer, -> wait for the timer
 *     object signaled -> wait satisfied               thread created -> started; ended -> wait for it satisfied
 *     work item queued -> run                         IRP sent, completed -> routine that gets it
 *     any DPC ended -> KeFlushQueuedDpcs returned     EX_TIMER callbacks ended -> delete with wait, delete callback
 *     thread on a processor -> DPC that interrupts it -> the thread again
 *     DPC, or code at DISPATCH_LEVEL -> the next such on the same processor (they exclude each other)
 *
 * What does not: DPCs on different processors, two expirations of one periodic timer among them (EXT-017, KTM-060);
 * KeCancelTimer and KeRemoveQueueDpc, which do not wait; a set of a timer that is already running.
 *
 * Shadow. For every 8 bytes up to four accesses; a cell is reused when the new access makes it redundant, else the
 * oldest goes (races with it are then missed, never invented). Allocation empties the shadow of a block; a free
 * counts as a write to all of it, so that a free that nothing orders after a use is a race.
 *
 * Atomic against plain: an interlocked operation and an unordered plain write race; with a plain read they do not,
 * because NT's drivers read such variables plainly and aligned accesses are single on x64. Between a miniport's HwStorStartIo and
 * its HwStorTimer they do (DT-S04): with concurrent channels the documents ask for interlocked access to what these share.
 *
 * The memory of a request (SRB, extension, sense) is the port's from RequestComplete to the next issue: any access is
 * told as DT-S09, in whatever order it is.
 */
#include "observe/race.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "base/ev_exlock.h"
#include "base/spin.h"
#include "observe/race_state.h"

struct race_state race;

static struct spin race_lock = SPIN_INIT;
static bool        race_installed;

/* ---- clocks ---- */

static void vc_join(struct vc *to, const struct vc *from)
{
    for (uint32_t i = 0; i < race.slots; i++)
        if (from->c[i] > to->c[i])
            to->c[i] = from->c[i];
}

static uint32_t slot_new(void)
{
    if (race.slots == SLOTS) {
        race.full = true;
        return SLOTS - 1;
    }
    uint32_t s = race.slots++;

    memset(&race.executors[s].vc, 0, sizeof race.executors[s].vc);
    race.executors[s].vc.c[s] = 1;
    race.executors[s].waits = 0;
    race.executors[s].deleting = NULL;
    memset(race.executors[s].parts, 0, sizeof race.executors[s].parts);
    return s;
}

static uint32_t slot_of_cpu(unsigned cpu)
{
    if (!race.cpu_slot[cpu])
        race.cpu_slot[cpu] = (uint16_t)(slot_new() + 1);
    return race.cpu_slot[cpu] - 1u;
}

static uint32_t slot_of_thread(uint32_t thread)
{
    const void         *key = (const void *)(((uintptr_t)thread + 1) << 4);
    struct thread_slot *t = tab_find(&race.threads, key);

    if (t)
        return t->slot;
    t = tab_add(&race.threads, key);
    if (!t)
        return SLOTS - 1;
    t->slot = slot_new();
    return t->slot;
}

static bool in_isr(const struct ev *e)
{
    return race.isr_depth[e->cpu] != 0;
}

static uint32_t slot_of_isr(unsigned cpu)
{
    if (!race.isr_slot[cpu])
        race.isr_slot[cpu] = (uint16_t)(slot_new() + 1);
    return race.isr_slot[cpu] - 1u;
}

/* Below DISPATCH_LEVEL the real-time machine runs other threads of this processor beside its DPC. */
static bool in_dpc(const struct ev *e)
{
    return !in_isr(e) && race.cpu_depth[e->cpu] && (e->irql >= DISPATCH || e->thread == race.cpu_thread[e->cpu]);
}

static uint32_t slot_of(const struct ev *e)
{
    if (in_isr(e))
        return slot_of_isr(e->cpu);
    return in_dpc(e) || e->thread == 0 ? slot_of_cpu(e->cpu) : slot_of_thread(e->thread);
}

static struct executor *executor_of(const struct ev *e)
{
    return &race.executors[slot_of(e)];
}

static void advance(uint32_t slot)
{
    race.executors[slot].vc.c[slot]++;
}

static void release(const struct ev *e, const void *key)
{
    struct sync_var *s = tab_get(&race.syncs, key);
    uint32_t         slot = slot_of(e);

    if (!s)
        return;
    vc_join(&s->vc, &race.executors[slot].vc);
    advance(slot);
}

static void acquire(const struct ev *e, const void *key)
{
    const struct sync_var *s = tab_find(&race.syncs, key);

    if (s)
        vc_join(&executor_of(e)->vc, &s->vc);
}

static void forget(const void *key)
{
    struct sync_var *s = tab_find(&race.syncs, key);

    if (s)
        tab_remove(&race.syncs, s);
}

static void forget_range(uintptr_t lo, uintptr_t hi)
{
    tab_for_each(struct sync_var, s, &race.syncs)
    {
        if ((uintptr_t)s->key - lo < hi - lo)
            tab_remove(&race.syncs, s);
    }
}

static void pass(const void *from, const void *to)
{
    struct sync_var *t = tab_get(&race.syncs, to);
    struct sync_var *f = tab_find(&race.syncs, from);

    if (t && f)
        vc_join(&t->vc, &f->vc);
}

/* A second clock for the same object: what its callbacks, or the readers of a lock, have done. */
static const void *done_key(const void *object)
{
    return (const void *)((uintptr_t)object | 1);
}

/* ---- accesses ---- */

static enum part part_of(uint32_t slot)
{
    const struct executor *x = &race.executors[slot];

    return x->parts[PART_TIMER] ? PART_TIMER : x->parts[PART_START_IO] ? PART_START_IO : PART_OTHER;
}

struct cell race_cell(const struct ev *e, enum access kind, uint64_t pc)
{
    uint32_t slot = slot_of(e);

    return (struct cell){.pc = pc,
        .time_ns = e->time_ns,
        .routine = in_isr(e)   ? race.isr_routine[e->cpu]
                   : in_dpc(e) ? race.cpu_routine[e->cpu]
                               : NULL,
        .isr = in_isr(e),
        .clock = race.executors[slot].vc.c[slot],
        .thread = e->thread,
        .slot = (uint8_t)slot,
        .kind = (uint8_t)kind,
        .part = (uint8_t)part_of(slot),
        .cpu = e->cpu};
}

/* An interrupt routine's frames lie where its thread's will lie next, and nothing orders the two. */
static bool is_frame_of_isr(const struct ev *e)
{
    uintptr_t here = (uintptr_t)__builtin_frame_address(0), p = (uintptr_t)e->obj;

    return in_isr(e) && p > here && p < race.isr_frames[e->cpu];
}

static void on_read(const struct ev *e)
{
    if (!is_frame_of_isr(e))
        race_touch(e, ACCESS_READ);
}

static void on_write(const struct ev *e)
{
    if (!is_frame_of_isr(e))
        race_touch(e, ACCESS_WRITE);
}

static void on_atomic(const struct ev *e)
{
    acquire(e, e->obj);
    race_touch(e, ACCESS_ATOMIC);
    release(e, e->obj);
}

static void on_stor_memory(const struct ev *e)
{
    race_take(e, !e->b);
}

static void on_pool_alloc(const struct ev *e)
{
    struct block *b = tab_get(&race.blocks, e->obj);

    race_clear((uintptr_t)e->obj, (uintptr_t)e->obj + e->a, NULL);
    if (b)
        *b = (struct block){.key = e->obj, .bytes = e->a, .tag = (uint32_t)e->b};
}

static void on_pool_free(const struct ev *e)
{
    uintptr_t     lo = (uintptr_t)e->obj, hi = lo + (uintptr_t)e->a;
    struct cell   now = race_cell(e, ACCESS_FREE, e->c);
    struct block *b = tab_find(&race.blocks, e->obj);

    race_clear(lo, hi, &now);
    forget_range(lo, hi);
    if (b)
        tab_remove(&race.blocks, b);
}

/* ---- what orders ---- */

static void on_release(const struct ev *e)
{
    release(e, e->obj);
}

static void on_acquire(const struct ev *e)
{
    acquire(e, e->obj);
}

static void on_init(const struct ev *e)
{
    forget(e->obj);
}

static bool in_thread(const struct ev *e)
{
    return !in_isr(e) && !in_dpc(e) && e->thread != 0;
}

static void dispatch_begins(const struct ev *e)
{
    if (in_thread(e))
        vc_join(&executor_of(e)->vc, &race.executors[slot_of_cpu(e->cpu)].vc);
}

static void dispatch_ends(const struct ev *e)
{
    if (!in_thread(e))
        return;
    vc_join(&race.executors[slot_of_cpu(e->cpu)].vc, &executor_of(e)->vc);
    advance(slot_of(e));
}

static void on_irql(const struct ev *e)
{
    if (e->a < DISPATCH && e->b >= DISPATCH)
        dispatch_begins(e);
    else if (e->a >= DISPATCH && e->b < DISPATCH)
        dispatch_ends(e);
}

static bool has_readers(const struct ev *e)
{
    return e->a == EV_LOCK_RW_EXCLUSIVE || e->a == EV_LOCK_RW_EXCLUSIVE_AT_DPC || e->a == EV_LOCK_OTHER;
}

static bool is_reader(const struct ev *e)
{
    return ev_lock_shared(e->a) || (e->a == EV_LOCK_OTHER && ev_exlock_shared(e->c));
}

/* Readers do not order each other: what they release goes to the next writer. So with references and the end of the wait for
 * them (LCK-065). */
static void on_lock_acquire(const struct ev *e)
{
    if (ev_lock_spins(e->a) && e->b < DISPATCH)
        dispatch_begins(e);
    acquire(e, e->obj);
    if (has_readers(e) && !is_reader(e))
        acquire(e, done_key(e->obj));
}

static void on_lock_release(const struct ev *e)
{
    release(e, is_reader(e) ? done_key(e->obj) : e->obj);
    if (ev_lock_spins(e->a) && e->b < DISPATCH)
        dispatch_ends(e);
}

static void on_timer_cancel(const struct ev *e)
{
    if (e->a)
        acquire(e, e->obj);
}

/* From an expiry it comes in the clock interrupt, which is nobody's code: the setter's clock is passed on. */
static void on_dpc_queue(const struct ev *e)
{
    if (e->b)
        pass((const void *)e->b, e->obj);
    else
        release(e, e->obj);
}

static void on_dpc_queue_again(const struct ev *e)
{
    if (e->irql < CLOCK_LEVEL)
        release(e, e->obj);
}

static void routine_begins(const struct ev *e, const void *routine)
{
    uint32_t slot = slot_of_cpu(e->cpu);

    if (race.cpu_depth[e->cpu] == 0) {
        race.cpu_thread[e->cpu] = e->thread;
        if (e->thread) {
            vc_join(&race.executors[slot].vc, &race.executors[slot_of_thread(e->thread)].vc);
            advance(slot_of_thread(e->thread));
        }
    }
    race.cpu_depth[e->cpu]++;
    race.cpu_routine[e->cpu] = routine;
}

/* Nothing to do at the end of a threaded DPC: in its thread no other routine is running. */
static void routine_ends(const struct ev *e)
{
    uint32_t slot;

    if (!race.cpu_depth[e->cpu])
        return;
    slot = slot_of_cpu(e->cpu);
    if (--race.cpu_depth[e->cpu] == 0 && race.cpu_thread[e->cpu])
        vc_join(&race.executors[slot_of_thread(race.cpu_thread[e->cpu])].vc, &race.executors[slot].vc);
    advance(slot);
}

static void on_dpc_start(const struct ev *e)
{
    if (e->c != 1) /* a threaded DPC in its thread is that thread's */
        routine_begins(e, (const void *)e->a);
    acquire(e, e->obj);
    forget(e->obj);
}

static void on_dpc_end(const struct ev *e)
{
    uint32_t slot = slot_of(e);

    vc_join(&race.dpcs_done, &race.executors[slot].vc);
    advance(slot);
    routine_ends(e);
}

static void on_dpc_flush(const struct ev *e)
{
    if (e->a)
        vc_join(&executor_of(e)->vc, &race.dpcs_done);
}

static void on_callback_start(const struct ev *e)
{
    routine_begins(e, (const void *)e->a);
    acquire(e, e->obj);
}

static void on_callback_end(const struct ev *e)
{
    release(e, done_key(e->obj));
    routine_ends(e);
}

static void on_ext_delete(const struct ev *e)
{
    if (e->b)
        executor_of(e)->deleting = e->obj;
}

static void on_ext_free(const struct ev *e)
{
    const struct sync_var *s = tab_find(&race.syncs, done_key(e->obj));

    acquire(e, done_key(e->obj));
    for (uint32_t i = 0; i < race.slots; i++) {
        if (race.executors[i].deleting != e->obj)
            continue;
        race.executors[i].deleting = NULL;
        if (s)
            vc_join(&race.executors[i].vc, &s->vc);
    }
}

/* The clock interrupt signals timers; the clock of the thread that it interrupted has nothing to do with it. */
static void on_signal(const struct ev *e)
{
    if (e->irql != CLOCK_LEVEL)
        release(e, e->obj);
}

static void on_wait_begin(const struct ev *e)
{
    struct executor   *x = executor_of(e);
    const void *const *objects = (const void *const *)e->b;

    x->waits = e->a < WAIT_OBJECTS ? (uint32_t)e->a : WAIT_OBJECTS;
    if (x->waits <= 1 || !objects) {
        x->waits = 1;
        x->wait_for[0] = e->obj;
        return;
    }
    for (uint32_t i = 0; i < x->waits; i++)
        x->wait_for[i] = objects[i];
}

/* Status 0 may mean "all of them"; then all are heard of. 0x80 + i: abandoned. */
static void on_wait_end(const struct ev *e)
{
    struct executor *x = executor_of(e);
    uint64_t         i = e->a >= 0x80 && e->a < 0x80 + WAIT_OBJECTS ? e->a - 0x80 : e->a;

    if (i == 0)
        for (uint32_t k = 0; k < x->waits; k++)
            acquire(e, x->wait_for[k]);
    else if (i < x->waits)
        acquire(e, x->wait_for[i]);
    x->waits = 0;
}

/* The next thread on this stack starts clean. */
static void on_thread_exit(const struct ev *e)
{
    release(e, e->obj);
    if (!e->b)
        return;
    race_clear((uintptr_t)e->a, (uintptr_t)(e->a + e->b), NULL);
    forget_range((uintptr_t)e->a, (uintptr_t)(e->a + e->b));
}

/* Before its lock is taken and after it is let go. */
static void on_interrupt(const struct ev *e)
{
    unsigned cpu = e->cpu;

    if (e->a) {
        race.isr_depth[cpu] -= race.isr_depth[cpu] != 0;
    } else if (race.isr_depth[cpu]++ == 0) {
        race.isr_routine[cpu] = (const void *)e->b;
        race.isr_frames[cpu] = (uintptr_t)e->c;
    }
}

static uint32_t *calls_of(const struct ev *e)
{
    struct executor *x = executor_of(e);

    if (e->a == EV_ROLE_STOR_TIMER)
        return &x->parts[PART_TIMER];
    return e->a == EV_ROLE_STOR_START_IO ? &x->parts[PART_START_IO] : &x->parts[PART_OTHER];
}

static void on_driver_leave(const struct ev *e)
{
    uint32_t *calls = calls_of(e);

    *calls -= *calls != 0;
}

static void on_driver_enter(const struct ev *e)
{
    ++*calls_of(e);
    if (e->a == EV_ROLE_DELETE_CALLBACK)
        acquire(e, done_key((const void *)e->c));
    acquire(e, (const void *)e->b);
    acquire(e, (const void *)e->c);
}

/* ---- dispatch ---- */

static void (*const race_handlers[EV_COUNT])(const struct ev *e) = {
    [EV_MEM_READ] = on_read,
    [EV_MEM_WRITE] = on_write,
    [EV_MEM_ATOMIC] = on_atomic,
    [EV_POOL_ALLOC] = on_pool_alloc,
    [EV_POOL_FREE] = on_pool_free,
    [EV_LOCK_INIT] = on_init,
    [EV_OBJECT_INIT] = on_init,
    [EV_TIMER_INIT] = on_init,
    [EV_DPC_INIT] = on_init,
    [EV_EXT_ALLOC] = on_init,
    [EV_IRQL_SET] = on_irql,
    [EV_LOCK_ACQUIRE] = on_lock_acquire,
    [EV_LOCK_RELEASE] = on_lock_release,
    [EV_TIMER_SET] = on_release,
    [EV_TIMER_CANCEL] = on_timer_cancel,
    [EV_DPC_QUEUE] = on_dpc_queue,
    [EV_DPC_QUEUE_AGAIN] = on_dpc_queue_again,
    [EV_DPC_START] = on_dpc_start,
    [EV_DPC_END] = on_dpc_end,
    [EV_DPC_FLUSH] = on_dpc_flush,
    [EV_EXT_USE] = on_release,
    [EV_EXT_CALLBACK_START] = on_callback_start,
    [EV_EXT_CALLBACK_END] = on_callback_end,
    [EV_EXT_DELETE] = on_ext_delete,
    [EV_EXT_FREE] = on_ext_free,
    [EV_OBJECT_SIGNAL] = on_signal,
    [EV_WAIT_BEGIN] = on_wait_begin,
    [EV_WAIT_END] = on_wait_end,
    [EV_THREAD_CREATE] = on_release,
    [EV_THREAD_START] = on_acquire,
    [EV_THREAD_EXIT] = on_thread_exit,
    [EV_WORK_QUEUE] = on_release,
    [EV_WORK_START] = on_acquire,
    [EV_WORK_END] = on_release,
    [EV_IRP_SEND] = on_release,
    [EV_IRP_COMPLETE] = on_release,
    [EV_IRP_CANCEL] = on_release,
    [EV_DRIVER_ENTER] = on_driver_enter,
    [EV_DRIVER_LEAVE] = on_driver_leave,
    [EV_STOR_MEMORY] = on_stor_memory,
    [EV_INTERRUPT] = on_interrupt,
};

static void on_race_event(struct ev_observer *self, const struct ev *e)
{
    struct race_report report;
    bool               had, new_race, new_full;

    (void)self;
    spin_lock(&race_lock);
    had = race.raced;
    race_handlers[e->id](e);
    race.full |= race.shadow.refused || race.syncs.refused || race.threads.refused || race.blocks.refused;
    new_race = race.raced && !had;
    new_full = race.full && !race.told_full;
    race.told_full |= new_full;
    if (new_race)
        report = race.report;
    spin_unlock(&race_lock);
    if (__builtin_expect(new_full, 0))
        race_raise_full();
    if (__builtin_expect(new_race, 0))
        race_raise(&report);
}

static struct ev_observer race_observer = {.on = on_race_event};

/* ---- life ---- */

void race_remove(void)
{
    if (!race_installed)
        return;
    ev_unsubscribe(&race_observer);
    tab_close(&race.shadow);
    tab_close(&race.syncs);
    tab_close(&race.threads);
    tab_close(&race.blocks);
    race_installed = false;
}

int race_install(void)
{
    bool ok;

    race_remove();
    ok = tab_open(&race.shadow, sizeof(struct granule), 4096) && tab_open(&race.syncs, sizeof(struct sync_var), 256) &&
         tab_open(&race.threads, sizeof(struct thread_slot), 64) && tab_open(&race.blocks, sizeof(struct block), 256);
    race_observer.mask = 0;
    for (unsigned id = 0; id < EV_COUNT; id++)
        if (race_handlers[id])
            race_observer.mask |= EV_BIT(id);
    ev_subscribe(&race_observer);
    race_installed = true;
    if (ok) {
        race_reset();
        return 0;
    }
    race_remove();
    return -ENOMEM;
}

void race_reset(void)
{
    tab_reset(&race.shadow);
    tab_reset(&race.syncs);
    tab_reset(&race.threads);
    tab_reset(&race.blocks);
    memset(race.cpu_slot, 0, sizeof race.cpu_slot);
    memset(race.cpu_depth, 0, sizeof race.cpu_depth);
    memset(race.isr_slot, 0, sizeof race.isr_slot);
    memset(race.isr_depth, 0, sizeof race.isr_depth);
    memset(&race.dpcs_done, 0, sizeof race.dpcs_done);
    race.slots = 0;
    race.full = race.told_full = race.raced = false;
}

const struct race_report *race_last(void)
{
    return race.raced ? &race.report : NULL;
}
