/* SPDX-License-Identifier: MIT */
/*
 * host/tell.c - choosing and wording rows.
 *
 * A DDI call that nothing interrupted is one row, "call = result"; else it is two. Rows far from a switch,
 * from the end and from the focus are left out when there are many.
 */
#include "host/tell.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ddi.h"
#include "host/story.h"
#include "host/symbols.h"
#include "host/words.h"

enum { ALL_UP_TO = 36, BEFORE_SWITCH = 3, AFTER_SWITCH = 4, AT_END = 10, TIME_WIDTH = 14 };

/* One line of the table; index: of its row in the story. */
struct line {
    unsigned index;
    bool     keep, is_switch;
    char     text[160], result[32];
};

struct table {
    struct line *line;
    unsigned     count;
};

/* The row in which the call entered at i returned; 0: it did not. Calls of the same routine may nest. */
static unsigned find_leave(unsigned i)
{
    const struct ev *in = &story_at(i)->e;
    unsigned         depth = 0;

    for (unsigned j = i + 1; j < story_count(); j++) {
        const struct story_row *r = story_at(j);

        if (r->is_switch || r->e.thread != in->thread || r->e.a != in->a)
            continue;
        if (r->e.id == EV_DDI_ENTER)
            depth++;
        if (r->e.id == EV_DDI_LEAVE && depth-- == 0)
            return j;
    }
    return 0;
}

/* ---- choosing ---- */

static struct line *add_line(struct table *t, unsigned index)
{
    struct line *l = &t->line[t->count++];

    *l = (struct line){.index = index};
    return l;
}

/* A call: one line when its return follows at once among what is told. */
static void add_call(struct table *t, unsigned i, bool *merged)
{
    const struct ev *e = &story_at(i)->e;
    unsigned         leave = find_leave(i);
    char             result[32] = "";
    bool             whole = leave != 0;

    if (!words_from_driver((const void *)e->b))
        return;
    for (unsigned j = i + 1; whole && j < leave; j++) {
        char                    scratch[160];
        const struct story_row *r = story_at(j);

        if (r->is_switch || r->e.id == EV_DDI_ENTER || words_fact(j, scratch, sizeof scratch))
            whole = false;
    }
    if (whole)
        words_result(&story_at(leave)->e, result, sizeof result);
    merged[i] = whole;
    struct line *l = add_line(t, i);

    words_call(e, l->text, sizeof l->text);
    memcpy(l->result, leave ? result : " ...", leave ? sizeof result : 5);
}

static void add_return(struct table *t, unsigned i, const bool *merged, const unsigned *entry)
{
    const struct ev *e = &story_at(i)->e;
    char             result[32];

    if (!entry[i] || merged[entry[i] - 1])
        return;
    words_result(e, result, sizeof result);
    if (!result[0])
        return;
    struct line *l = add_line(t, i);

    snprintf(l->text, sizeof l->text, "   %s()", ddi_rows[e->a < DDI_COUNT ? e->a : 0].name);
    memcpy(l->result, result, sizeof result);
}

static void collect(struct table *t)
{
    unsigned  n = story_count();
    bool     *merged = calloc(n + 1, sizeof *merged);
    unsigned *entry = calloc(n + 1, sizeof *entry); /* of a return: row of its call + 1 */

    for (unsigned i = 0, number = 0; merged && entry && i < n; i++) {
        const struct story_row *r = story_at(i);

        if (r->is_switch) {
            struct line *l = add_line(t, i);

            int used = snprintf(l->text, sizeof l->text, "switch %u: ", ++number);

            l->is_switch = true;
            words_switch(i, l->text + used, sizeof l->text - (size_t)used);
        } else if (r->e.id == EV_DDI_ENTER) {
            unsigned before = t->count, leave = find_leave(i);

            add_call(t, i, merged);
            if (leave && t->count > before)
                entry[leave] = i + 1;
        } else if (r->e.id == EV_DDI_LEAVE) {
            add_return(t, i, merged, entry);
        } else {
            struct line *l = add_line(t, i);

            t->count -= !words_fact(i, l->text, sizeof l->text);
        }
    }
    free(merged);
    free(entry);
}

static void keep_around(struct table *t, unsigned i, unsigned before, unsigned after)
{
    for (unsigned j = i > before ? i - before : 0; j < t->count && j <= i + after; j++)
        t->line[j].keep = true;
}

static void choose(struct table *t, const void *focus)
{
    for (unsigned i = 0; i < t->count; i++) {
        const struct story_row *r = story_at(t->line[i].index);

        if (host.cfg.whole_story || t->count <= ALL_UP_TO || t->line[i].is_switch || t->count - i <= AT_END)
            keep_around(t, i, t->line[i].is_switch ? BEFORE_SWITCH : 0, t->line[i].is_switch ? AFTER_SWITCH : 0);
        if (focus && !r->is_switch && r->e.obj == focus && r->e.id != EV_DDI_ENTER)
            t->line[i].keep = true;
    }
}

/* ---- printing ---- */

static void format_time(uint64_t ns, char *buf, size_t size)
{
    snprintf(buf, size, "%5llu.%03llu %03llu", (unsigned long long)(ns / 1000000),
        (unsigned long long)(ns / 1000 % 1000), (unsigned long long)(ns % 1000));
}

static void print_switch(struct out *o, const struct line *l)
{
    char dashes[OUT_WIDTH + 1];
    int  used = (int)strlen(l->text) + 2 + 3 + 8;

    memset(dashes, '-', sizeof dashes);
    out_line(o, "   -------- %s %.*s", l->text, used < OUT_WIDTH - 1 ? OUT_WIDTH - 1 - used : 0, dashes);
}

static void print_row(struct out *o, const struct line *l, unsigned cpus)
{
    const struct story_row *r = story_at(l->index);
    unsigned                columns = cpus <= 2 ? cpus : 1;
    int                     width = (OUT_WIDTH - TIME_WIDTH - 1) / (int)columns - 1;
    int                     indent = cpus <= 2 ? (int)r->e.cpu * (width + 1) : 0;
    int                     room = width - (int)strlen(l->result);
    char                    time[24], text[160];

    format_time(r->e.time_ns, time, sizeof time);
    if (cpus > 2)
        snprintf(text, sizeof text, "P%u  %.150s", r->e.cpu, l->text);
    else
        snprintf(text, sizeof text, "%s", l->text);
    if ((int)strlen(text) > room)
        memcpy(text + room - 2, "..", 3);
    out_line(o, "%s %*s%s%s", time, indent, "", text, l->result);
}

static void print_head(struct out *o, unsigned cpus)
{
    int width = (OUT_WIDTH - TIME_WIDTH - 1) / 2 - 1;

    if (cpus == 2)
        out_line(o, "      time ms %-*s %s", width, " Processor 0", " Processor 1");
    else
        out_line(o, "      time ms  %s", cpus == 1 ? "Processor 0" : "what each processor did");
}

void tell_table(struct out *o, unsigned cpus, const void *focus)
{
    struct table t = {.line = calloc(story_count() + 1, sizeof *t.line)};
    unsigned     skipped = 0;

    if (!t.line)
        return;
    collect(&t);
    choose(&t, focus);
    print_head(o, cpus);
    for (unsigned i = 0; i < t.count; i++) {
        if (!t.line[i].keep) {
            skipped++;
            continue;
        }
        if (skipped)
            out_line(o, "              ... %u more ...", skipped);
        skipped = 0;
        if (t.line[i].is_switch)
            print_switch(o, &t.line[i]);
        else
            print_row(o, &t.line[i], cpus);
    }
    free(t.line);
}

/* ---- the end of the story, by processor and thread ---- */

size_t tell_last(unsigned cpu, char *buf, size_t size)
{
    const char *doing = "";
    char        dpc[128] = "", call[160] = "";

    for (unsigned i = story_count(); i-- > 0;) {
        const struct story_row *r = story_at(i);

        if (r->is_switch || r->e.cpu != cpu)
            continue;
        if (!call[0] && r->e.id == EV_DDI_ENTER && words_from_driver((const void *)r->e.b)) {
            unsigned leave = find_leave(i);

            words_call(&r->e, call, sizeof call);
            doing = leave ? "after" : "in";
        }
        if (r->e.id == EV_DPC_END || r->e.id == EV_EXT_CALLBACK_END)
            break;
        if (r->e.id == EV_DPC_START || r->e.id == EV_EXT_CALLBACK_START) {
            words_routine(r->e.id == EV_DPC_START ? "DPC " : "callback ", r->e.a, "", dpc, sizeof dpc);
            break;
        }
    }
    if (!call[0] && !dpc[0])
        return 0;
    return (size_t)snprintf(
        buf, size, "%s%s%s%s%s", dpc, dpc[0] && call[0] ? ", " : "", call[0] ? doing : "", call[0] ? " " : "", call);
}

size_t tell_thread(uint32_t id, char *buf, size_t size)
{
    for (unsigned i = 0; i < story_count(); i++) {
        const struct story_row *r = story_at(i);
        char                    name[96];

        if (r->is_switch || r->e.id != EV_THREAD_START || r->e.thread != id)
            continue;
        symbols_name((const void *)(uintptr_t)r->e.a, name, sizeof name);
        return (size_t)snprintf(buf, size, "thread %u (%s)", id, name);
    }
    if (id == 0)
        return (size_t)snprintf(buf, size, "idle");
    return (size_t)snprintf(buf, size, id == 1 ? "the test" : "thread %u", id);
}
