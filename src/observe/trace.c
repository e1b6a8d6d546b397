/* SPDX-License-Identifier: MIT */
/* observe/trace.c - keeps the events of one run and finds them again. */
#include "observe/trace.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/spin.h"

/* Chunk k holds FIRST << k events, so that nothing ever moves and 16 chunks are plenty. */
#define FIRST_LOG2 12u
#define CHUNKS     16u
#define TEXT_BYTES (1u << 20) /* of notes, which live no longer than their event */

static struct {
    struct ev *chunks[CHUNKS];
    char      *text;
    uint32_t   text_used;
    uint32_t   count;
    uint64_t   lost;
    bool       recording;
} trace;

static struct spin trace_lock = SPIN_INIT;

static unsigned chunk_of(uint32_t i)
{
    return 31u - FIRST_LOG2 - (unsigned)__builtin_clz(i + (1u << FIRST_LOG2));
}

static struct ev *place(uint32_t i)
{
    unsigned k = chunk_of(i);

    return k < CHUNKS && trace.chunks[k] ? &trace.chunks[k][i + (1u << FIRST_LOG2) - (1u << (FIRST_LOG2 + k))] : NULL;
}

static bool make_room(uint32_t i)
{
    unsigned k = chunk_of(i);

    if (k >= CHUNKS)
        return false;
    if (!trace.chunks[k])
        trace.chunks[k] = malloc(sizeof(struct ev) << (FIRST_LOG2 + k));
    return trace.chunks[k] != NULL;
}

/* The text of a note is copied; without room it is left out, never left dangling. */
static const char *keep_text(const char *text)
{
    size_t n = text ? strlen(text) + 1 : 0;
    char  *copy = trace.text + trace.text_used;

    if (!text)
        return NULL;
    if (n > TEXT_BYTES - trace.text_used) {
        trace.lost++;
        return "(no room for this note)";
    }
    memcpy(copy, text, n);
    trace.text_used += (uint32_t)n;
    return copy;
}

static void on_trace_event(struct ev_observer *self, const struct ev *e)
{
    (void)self;
    spin_lock(&trace_lock);
    if (!make_room(trace.count)) {
        trace.lost++;
    } else {
        struct ev *to = place(trace.count++);

        *to = *e;
        if (e->id == EV_NOTE)
            to->obj = keep_text(e->obj);
    }
    spin_unlock(&trace_lock);
}

static struct ev_observer trace_observer = {.on = on_trace_event};

int trace_start(ev_set mask)
{
    trace_stop();
    trace_reset();
    if (!trace.text)
        trace.text = malloc(TEXT_BYTES);
    if (!trace.text || !make_room(0))
        return -ENOMEM;
    trace_observer.mask = mask & EV_ALL;
    ev_subscribe(&trace_observer);
    trace.recording = true;
    return 0;
}

void trace_stop(void)
{
    if (trace.recording)
        ev_unsubscribe(&trace_observer);
    trace.recording = false;
}

void trace_reset(void)
{
    trace.count = trace.text_used = 0;
    trace.lost = 0;
}

void trace_free(void)
{
    trace_stop();
    trace_reset();
    for (unsigned k = 0; k < CHUNKS; k++) {
        free(trace.chunks[k]);
        trace.chunks[k] = NULL;
    }
    free(trace.text);
    trace.text = NULL;
}

/* ---- queries ---- */

uint32_t trace_count(void)
{
    return trace.count;
}

uint64_t trace_lost(void)
{
    return trace.lost;
}

const struct ev *trace_at(uint32_t i)
{
    return i < trace.count ? place(i) : NULL;
}

static bool is_about(const struct ev *e, ev_set mask, const void *obj)
{
    return (mask & EV_BIT(e->id)) && (!obj || e->obj == obj);
}

uint32_t trace_last(ev_set mask, const void *obj, uint32_t before)
{
    if (before > trace.count)
        before = trace.count;
    while (before-- > 0)
        if (is_about(place(before), mask, obj))
            return before;
    return TRACE_NONE;
}

uint32_t trace_next(ev_set mask, const void *obj, uint32_t from)
{
    for (uint32_t i = from; i < trace.count; i++)
        if (is_about(place(i), mask, obj))
            return i;
    return TRACE_NONE;
}

uint32_t trace_next_on(unsigned cpu, uint32_t from)
{
    for (uint32_t i = from; i < trace.count; i++)
        if (place(i)->cpu == cpu)
            return i;
    return TRACE_NONE;
}

/* Going back: what DPCs did that interrupted the call is skipped, and so are calls that were left. */
uint32_t trace_ddi_of(uint32_t i)
{
    const struct ev *e = trace_at(i);
    uint32_t         left = 0, dpcs = 0;

    if (!e || e->id == EV_TIMER_EXPIRE)
        return TRACE_NONE; /* the clock's doing */
    while (i-- > 0) {
        const struct ev *p = place(i);
        bool             mine = e->thread ? p->thread == e->thread : p->cpu == e->cpu && !p->thread;

        if (!mine)
            continue;
        if (p->id == EV_DPC_END || p->id == EV_EXT_CALLBACK_END)
            dpcs++;
        else if (p->id == EV_DPC_START || p->id == EV_EXT_CALLBACK_START) {
            if (dpcs == 0)
                return TRACE_NONE;
            dpcs--;
        } else if (dpcs == 0 && p->id == EV_DDI_LEAVE)
            left++;
        else if (dpcs == 0 && p->id == EV_DDI_ENTER && left-- == 0)
            return i;
    }
    return TRACE_NONE;
}
