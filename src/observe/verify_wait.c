/* SPDX-License-Identifier: MIT */
/* observe/verify_wait.c - waits where nobody may wait: DT-D06, W01; and timers that threads wait for (T11). */
#include "observe/verify_state.h"

#define WAIT_OBJECTS 64u
#define TIMEOUT_ZERO 1u

static void check_context(struct verify *v, const struct ev *e)
{
    const struct verify_frame *f = verify_frame_top_dpc(v, e);
    uint64_t                   code = e->irql > VERIFY_DISPATCH ? 0x120 : e->c ? 0x122 : 0x121;

    if (f && f->on_cpu) /* DPC-060, EXT-131 */
        verify_raise(v, VERIFY_D06, STOP, CODE(0xb8, {e->thread, 0, 0, 0}), e->obj, f->routine,
            "%s waits; nothing may wait at DISPATCH_LEVEL", verify_frame_noun(f));
    else if (f) /* TDP-010 */
        verify_raise(v, VERIFY_D06, STOP, CODE(0xb8, {e->thread, 0, 0, 0}), e->obj, f->routine,
            "%s waits: it may run at PASSIVE_LEVEL, but the rules of DISPATCH_LEVEL hold for it", verify_frame_noun(f));
    else if (e->irql >= VERIFY_DISPATCH) /* WAI-038, WAI-039 */
        verify_raise(v, VERIFY_W01, STOP, CODE(0xc4, {code, e->irql, PARAM(e->obj), 0}), e->obj, NULL,
            "a wait with %s time-out begins at IRQL %u", e->c ? "a nonzero" : "no", e->irql);
}

void verify_wait_begin(struct verify *v, const struct ev *e)
{
    const void *const *objects = (const void *const *)e->b;

    if (e->c == TIMEOUT_ZERO)
        return;
    check_context(v, e);
    if (e->a <= 1 || !objects)
        verify_timer_waited(v, e, e->obj);
    else
        for (uint64_t i = 0; i < e->a && i < WAIT_OBJECTS; i++)
            verify_timer_waited(v, e, objects[i]);
}
