/* SPDX-License-Identifier: MIT */
/*
 * observe/verify.c - the verifier: from events to the state that rules need, and from there to findings.
 *
 * State. Five tables keyed by address (timers, DPCs, EX_TIMERs, held locks, loaded images) and two small stacks (frames:
 * which routines of the driver run, innermost last; raises of IRQL). All of it is emptied in constant time. A
 * record begins with the first event about its object and ends when the memory of the object goes away.
 *
 * Precision before zeal. A rule fires only on what certainly went wrong in this very run, because a false STOP costs
 * its reader a day and another schedule will show the real one. Two places need care:
 *
 *   freed under a running DPC     A DPC that has told somebody that it is done (set an event, released a lock, an
 *                                 interlocked operation ...) may see its memory go before it returns (KTM-075);
 *                                 only a later event of that DPC on the freed memory shows an error. One that has
 *                                 told nobody cannot have been waited for: freeing its memory is an error at once.
 *   freed while a DPC may come    Nothing is wrong until the DPC begins: it may still be cancelled or removed. The
 *                                 record remembers the freed range and the rule fires when the routine is called.
 *
 * What the floors owe: events about one object are published in the order of its state changes (under the lock that
 * guards it), DPC_QUEUE once per DPC_START or successful DPC_REMOVE, and no point between a change and its event.
 *
 * Locking: one spin lock around each event. Findings wait on the handler's stack and are raised after it is let
 * go, since a STOP does not return on the simulated machine.
 */
#include "observe/verify.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/spin.h"
#include "observe/verify_exlock.h"
#include "observe/verify_state.h"

static struct verify state;
static struct spin   state_lock = SPIN_INIT;
static bool          installed;

/* ---- findings ---- */

void verify_raise(struct verify *v, enum verify_rule rule, enum finding_severity severity, struct verify_code code,
    const void *object, const void *caller, const char *fmt, ...)
{
    va_list         ap;
    struct finding *f = &v->findings[v->n_findings];

    if (rule != VERIFY_LIMIT && !verify_is_on(v, rule))
        return;
    if (v->n_findings == VERIFY_FINDINGS)
        return;
    v->n_findings++;
    f->severity = severity;
    f->rule = rule == VERIFY_LIMIT ? "DT-V00" : verify_rules[rule].id;
    f->bugcheck = code.bugcheck;
    for (unsigned i = 0; i < 4; i++)
        f->param[i] = code.param[i];
    f->object = object;
    f->caller = caller;
    va_start(ap, fmt);
    vsnprintf(f->what, sizeof f->what, fmt, ap);
    va_end(ap);
}

void verify_limit(struct verify *v, const char *what)
{
    if (v->told_limit)
        return;
    v->told_limit = true;
    verify_raise(v, VERIFY_LIMIT, WARN, CODE(0), NULL, NULL,
        "the verifier has no room for more %s: from here on this run is checked in part only", what);
}

static void send(const struct finding *f, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (f[i].severity == FINDING_WARNING)
            finding_raise(&f[i]);
    for (uint32_t i = 0; i < n; i++)
        if (f[i].severity == FINDING_STOP)
            finding_raise(&f[i]);
}

/* ---- events that concern several families ---- */

static struct range range_of(const void *p, uint64_t bytes)
{
    return (struct range){(uintptr_t)p, (uintptr_t)p + (uintptr_t)bytes};
}

static void memory_gone(struct verify *v, const struct ev *e, struct range r, enum gone why, const void *caller)
{
    verify_timer_memory_gone(v, e, r, why, caller);
    verify_dpc_memory_gone(v, e, r, why, caller);
    verify_ext_memory_gone(v, r);
    verify_frame_memory_gone(v, e, r, caller);
    verify_lock_memory_gone(v, r, caller);
    verify_gone_add(v, r, why, caller);
}

static void memory_new(struct verify *v, struct range r)
{
    verify_dpc_memory_new(v, r);
    verify_ext_memory_new(v, r);
    verify_frame_memory_new(v, r);
    verify_gone_again(v, r);
}

static void on_pool_alloc(struct verify *v, const struct ev *e)
{
    memory_new(v, range_of(e->obj, e->a));
}

static void on_device_create(struct verify *v, const struct ev *e)
{
    memory_new(v, range_of(e->obj, VERIFY_DEVICE_BYTES));
    memory_new(v, range_of((const void *)e->b, e->c));
}

static void on_pool_free(struct verify *v, const struct ev *e)
{
    memory_gone(v, e, range_of(e->obj, e->a), GONE_POOL, (const void *)e->c);
}

/* The device object and its extension are one block on NT; here they need not be. */
static void on_device_delete(struct verify *v, const struct ev *e)
{
    struct range dev = range_of(e->obj, VERIFY_DEVICE_BYTES), ext = range_of((const void *)e->b, e->c);

    if (ext.lo >= dev.lo && ext.lo - dev.lo < 4096) {
        dev.hi = ext.hi > dev.hi ? ext.hi : dev.hi;
        ext.hi = ext.lo;
    }
    memory_gone(v, e, dev, GONE_DEVICE, NULL);
    if (ext.hi > ext.lo)
        memory_gone(v, e, ext, GONE_DEVICE, NULL);
}

static void on_driver_load(struct verify *v, const struct ev *e)
{
    struct verify_image *i = tab_get(&v->images, e->obj);

    if (i)
        i->range = (struct range){e->a, e->b};
}

static void on_driver_unload(struct verify *v, const struct ev *e)
{
    struct range         image = {e->b, e->c};
    struct verify_image *i = tab_find(&v->images, e->obj);

    if (e->a == 0)
        return;
    verify_timer_image_gone(v, image);
    verify_dpc_image_gone(v, e, image);
    verify_ext_image_gone(v, e->obj, image);
    verify_order_memory_gone(v, image);
    if (i)
        tab_remove(&v->images, i);
}

static void on_thread_exit(struct verify *v, const struct ev *e)
{
    verify_lock_thread_exit(v, e);
    verify_frame_thread_exit(v, e);
}

static void on_object_signal(struct verify *v, const struct ev *e)
{
    verify_frame_touches(v, e);
    verify_frame_handed_off(v, e);
}

static void on_irp_complete(struct verify *v, const struct ev *e)
{
    verify_lock_callout(v, e, "a request is completed");
    verify_frame_handed_off(v, e);
}

static void on_driver_enter(struct verify *v, const struct ev *e)
{
    if (e->a == EV_ROLE_START_IO)
        verify_lock_callout(v, e, "StartIo is called for the next request");
    verify_frame_enter(v, e);
}

static void on_stall(struct verify *v, const struct ev *e)
{
    verify_frame_stall(v, e);
    verify_lock_stall(v, e);
    verify_wait_stall(v, e);
}

static void on_timer_expire(struct verify *v, const struct ev *e)
{
    verify_timer_expire(v, e);
    verify_ext_expired(v, e->obj);
}

/* ---- dispatch ---- */

typedef void handler_fn(struct verify *v, const struct ev *e);

static handler_fn *const handlers[EV_COUNT] = {
    [EV_DRIVER_ENTER] = on_driver_enter,
    [EV_DRIVER_LEAVE] = verify_frame_leave,
    [EV_IRQL_SET] = verify_irql_set,
    [EV_APC_DISABLE] = verify_frame_apc,
    [EV_TIMER_INIT] = verify_timer_init,
    [EV_TIMER_SET] = verify_timer_set,
    [EV_TIMER_TOLERANCE] = verify_timer_tolerance,
    [EV_TIMER_CANCEL] = verify_timer_cancel,
    [EV_TIMER_EXPIRE] = on_timer_expire,
    [EV_DPC_INIT] = verify_dpc_init,
    [EV_DPC_CHANGE] = verify_dpc_change,
    [EV_DPC_QUEUE] = verify_dpc_queue,
    [EV_DPC_REMOVE] = verify_dpc_remove,
    [EV_DPC_START] = verify_dpc_start,
    [EV_DPC_END] = verify_dpc_end,
    [EV_LOCK_INIT] = verify_lock_init,
    [EV_LOCK_ACQUIRE] = verify_lock_acquire,
    [EV_LOCK_RELEASE] = verify_lock_release,
    [EV_LOCK_SPUN] = verify_lock_spun,
    [EV_OBJECT_SIGNAL] = on_object_signal,
    [EV_OBJECT_RESET] = verify_object_reset,
    [EV_WAIT_BEGIN] = verify_wait_begin,
    [EV_THREAD_CREATE] = verify_frame_handed_off,
    [EV_THREAD_EXIT] = on_thread_exit,
    [EV_POOL_ALLOC] = on_pool_alloc,
    [EV_POOL_FREE] = on_pool_free,
    [EV_EXT_ALLOC] = verify_ext_alloc,
    [EV_EXT_DELETE] = verify_ext_delete,
    [EV_EXT_FREE] = verify_ext_free,
    [EV_EXT_CALLBACK_START] = verify_ext_callback_start,
    [EV_EXT_CALLBACK_END] = verify_ext_callback_end,
    [EV_EXT_USE] = verify_ext_use,
    [EV_DEVICE_CREATE] = on_device_create,
    [EV_DEVICE_DELETE] = on_device_delete,
    [EV_DRIVER_LOAD] = on_driver_load,
    [EV_DRIVER_UNLOAD] = on_driver_unload,
    [EV_IRP_COMPLETE] = on_irp_complete,
    [EV_MEM_ATOMIC] = verify_frame_handed_off,
    [EV_STALL] = on_stall,
    [EV_WORK_QUEUE] = verify_frame_handed_off,
};

static void check_room(struct verify *v)
{
    if (v->timers.refused | v->dpcs.refused | v->exts.refused | v->locks.refused | v->known.refused | v->images.refused)
        verify_limit(v, "objects");
}

static void on_event(struct ev_observer *self, const struct ev *e)
{
    struct finding found[VERIFY_FINDINGS];
    uint32_t       n;

    (void)self;
    if (e->id == EV_MEM_ATOMIC && verify_frame_all_told(&state))
        return; /* frequent */
    if (!state.opt.one_thread)
        spin_lock(&state_lock);
    state.findings = found;
    state.n_findings = 0;
    handlers[e->id](&state, e);
    check_room(&state);
    n = state.n_findings;
    if (!state.opt.one_thread)
        spin_unlock(&state_lock);
    if (__builtin_expect(n != 0, 0))
        send(found, n);
}

static struct ev_observer observer = {.on = on_event};

/* ---- life ---- */

void verify_remove(void)
{
    if (!installed)
        return;
    ev_unsubscribe(&observer);
    verify_exlock_remove();
    tab_close(&state.timers);
    tab_close(&state.dpcs);
    tab_close(&state.exts);
    tab_close(&state.locks);
    tab_close(&state.known);
    tab_close(&state.images);
    installed = false;
}

static bool open_tables(void)
{
    return tab_open(&state.timers, sizeof(struct verify_timer), 1024) &&
           tab_open(&state.dpcs, sizeof(struct verify_dpc), 1024) &&
           tab_open(&state.exts, sizeof(struct verify_ext), 256) &&
           tab_open(&state.locks, sizeof(struct verify_lock), 256) &&
           tab_open(&state.known, sizeof(struct verify_known), 256) &&
           tab_open(&state.images, sizeof(struct verify_image), 16);
}

int verify_install(const struct verify_options *o)
{
    verify_remove();
    state.opt = o ? *o : (struct verify_options){0};
    if (!state.opt.dpc_budget_ns)
        state.opt.dpc_budget_ns = VERIFY_BUDGET_NS;
    installed = true;
    observer.mask = 0;
    for (unsigned id = 0; id < EV_COUNT; id++)
        if (handlers[id])
            observer.mask |= EV_BIT(id);
    ev_subscribe(&observer);
    if (open_tables() && verify_exlock_install(state.opt.one_thread) == 0) {
        verify_reset();
        return 0;
    }
    verify_remove();
    return -ENOMEM;
}

/* On the simulated machine a stopped run may have left the lock free only, never held: findings go out unlocked. */
void verify_reset(void)
{
    tab_reset(&state.timers);
    tab_reset(&state.dpcs);
    tab_reset(&state.exts);
    tab_reset(&state.locks);
    tab_reset(&state.known);
    tab_reset(&state.images);
    verify_exlock_reset();
    state.spinners = 0;
    state.seq = state.n_frames = state.n_raises = state.gone_frames = state.untold = state.n_gone = 0;
    state.told_limit = state.told_pulse = state.told_poll = false;
    state.poll_thread = 0;
}

void verify_run_end(void)
{
    struct finding found[VERIFY_FINDINGS];

    spin_lock(&state_lock);
    state.findings = found;
    state.n_findings = 0;
    verify_ext_run_end(&state);
    spin_unlock(&state_lock);
    send(found, state.n_findings);
}

bool verify_delete_waits(struct verify_delete_wait *out)
{
    return installed && verify_ext_waits(&state, out);
}
