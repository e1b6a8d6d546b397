/* SPDX-License-Identifier: MIT */
/*
 * host/story.h - what happened in a run that is told: events and switches in order, kept as they came.
 *
 * The last STORY_ROWS are kept. Names and source lines are looked up when the machine has stopped (host/tell.h).
 */
#pragma once

#include <stdbool.h>

#include "base/choice.h"
#include "base/ev.h"

enum { STORY_ROWS = 1 << 14 };

struct story_row {
    struct ev       e; /* for a switch only cpu, thread and time are valid */
    bool            is_switch;
    enum choice_tag tag;
    unsigned        n, pick;
    const char     *text; /* EV_NOTE: a copy */
};

/* live: notes (DbgPrint, dt_note) are handed to o at once too; NULL = no. */
struct out;
void story_begin(struct out *live);
void story_end(void);

/* The choice source to hand to the machine instead of inner: it notes the switches. Not before story_begin(). */
struct choice_source *story_listen(struct choice_source *inner);

/* After story_end(): rows in order, from 0. */
unsigned                story_count(void);
const struct story_row *story_at(unsigned i);
