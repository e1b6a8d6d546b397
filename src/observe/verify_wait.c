/* SPDX-License-Identifier: MIT */
/* observe/verify_wait.c - waits where nobody may wait: DT-D06, W01; timers that threads wait for (T11); pulses (W12). */
#include "observe/verify_state.h"

#define WAIT_OBJECTS 64u
/* Of EV_WAIT_BEGIN.c */
#define TIMEOUT      3u
#define TIMEOUT_ZERO 1u
#define AFTER_SET    4u /* Wait = TRUE: IRQL is up, and goes down in the wait */

static void check_context(struct verify *v, const struct ev *e)
{
    const struct verify_frame *f = verify_frame_top_dpc(v, e);
    bool                       forever = (e->c & TIMEOUT) == 0;
    uint64_t                   code = e->irql > VERIFY_DISPATCH ? 0x120 : forever ? 0x121 : 0x122;

    if (f && f->on_cpu) /* DPC-060, EXT-131 */
        verify_raise(v, VERIFY_D06, STOP, CODE(0xb8, {e->thread, 0, 0, 0}), e->obj, f->routine,
            "%s waits; nothing may wait at DISPATCH_LEVEL", verify_frame_noun(f));
    else if (f) /* TDP-010 */
        verify_raise(v, VERIFY_D06, STOP, CODE(0xb8, {e->thread, 0, 0, 0}), e->obj, f->routine,
            "%s waits: it may run at PASSIVE_LEVEL, but the rules of DISPATCH_LEVEL hold for it", verify_frame_noun(f));
    else if (e->irql >= VERIFY_DISPATCH) /* WAI-038, WAI-039 */
        verify_raise(v, VERIFY_W01, STOP, CODE(0xc4, {code, e->irql, PARAM(e->obj), 0}), e->obj, NULL,
            "a wait with %s time-out begins at IRQL %u",
            forever                            ? "no"
            : (e->c & TIMEOUT) == TIMEOUT_ZERO ? "a zero"
                                               : "a nonzero",
            e->irql);
}

/* A waiter that is running a kernel APC at that moment is missed (EVT-029, EVT-030). */
void verify_object_reset(struct verify *v, const struct ev *e)
{
    verify_frame_touches(v, e);
    if (!e->c || v->told_pulse)
        return;
    v->told_pulse = true;
    verify_raise(v, VERIFY_W12, WARN, CODE(0), e->obj, NULL,
        "an event is pulsed: a waiter that is interrupted by an APC at that moment misses it");
}

enum { POLL_STALLS = 3, POLL_NS = 50000 };

/* WAI-077. Stall after stall, none of them long, in a thread that could wait: it polls something. */
void verify_wait_stall(struct verify *v, const struct ev *e)
{
    if (e->irql >= VERIFY_DISPATCH || e->a > POLL_NS || e->thread != v->poll_thread) {
        v->poll_thread = e->thread;
        v->poll_stalls = 0;
        v->poll_ns = 0;
    }
    if (e->irql >= VERIFY_DISPATCH || e->a > POLL_NS || e->thread == 0)
        return;
    v->poll_stalls++;
    v->poll_ns += e->a;
    if (v->poll_stalls < POLL_STALLS || v->poll_ns <= POLL_NS || v->told_poll)
        return;
    v->told_poll = true;
    verify_raise(v, VERIFY_B04, WARN, CODE(0, {v->poll_ns, POLL_NS, v->poll_stalls, 0}), NULL, NULL,
        "a thread polls by stalling, for more than %u us now; it could wait, or leave it to a thread of its own",
        POLL_NS / 1000);
}

void verify_wait_begin(struct verify *v, const struct ev *e)
{
    const void *const *objects = (const void *const *)e->b;

    if (e->thread == v->poll_thread)
        v->poll_thread = 0;

    if ((e->c & TIMEOUT) == TIMEOUT_ZERO && e->irql <= VERIFY_DISPATCH)
        return;
    if (!(e->c & AFTER_SET))
        check_context(v, e);
    if (e->a <= 1 || !objects)
        verify_timer_waited(v, e, e->obj);
    else
        for (uint64_t i = 0; i < e->a && i < WAIT_OBJECTS; i++)
            verify_timer_waited(v, e, objects[i]);
}
