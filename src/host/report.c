/* SPDX-License-Identifier: MIT */
/*
 * host/report.c - a finding as text: the code and its parameters, what happened on each processor, source
 * lines, why it is wrong, the usual repair, and how to see it again. Nothing in it depends on where images were loaded.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "host/bugcodes.h"
#include "host/host.h"
#include "host/objects.h"
#include "host/rules.h"
#include "host/stack.h"
#include "host/story.h"
#include "host/symbols.h"
#include "host/tell.h"
#include "ke/ke.h"

/* ---- head ---- */

/* A parameter as it is printed: addresses of images and stacks differ from run to run, so they are named. */
static void format_param(uint64_t v, char *buf, size_t size)
{
    struct symbol s;

    if (v < 0x10000) {
        snprintf(buf, size, "0x%" PRIx64, v);
        return;
    }
    symbols_find((const void *)(uintptr_t)v, false, &s);
    if (s.module[0])
        snprintf(buf, size, "%s!%s+0x%x", s.module, s.function[0] ? s.function : "image", s.offset);
    else
        snprintf(buf, size, "0x%" PRIx64, v);
}

static void print_stop(struct out *o, const struct finding *f)
{
    const struct bugcode *b = bugcode_find(f->bugcheck);
    char                  p[4][80];

    for (int i = 0; i < 4; i++)
        format_param(f->param[i], p[i], sizeof p[i]);
    if (f->bugcheck)
        out_line(o, "*** STOP 0x%08X (%s, %s, %s, %s)", f->bugcheck, p[0], p[1], p[2], p[3]);
    else
        out_line(o, "*** FINDING %s", f->rule ? f->rule : "");
    if (!b)
        out_wrapped(o, "", f->what[0] ? f->what : "unknown bug check");
    else
        out_wrapped(o, "", b->name);
}

/* What an argument is, beside its documented meaning: an object of the driver's, a pool block. */
static void format_extra(uint64_t v, char *buf, size_t size)
{
    char     block[96];
    unsigned end = story_count();

    buf[0] = '\0';
    if (v < 0x10000 || !host.telling)
        return;
    const void *p = (const void *)(uintptr_t)v;

    if (!objects_block(p, end, block, sizeof block))
        return;
    char name[64];

    objects_name(p, end, name, sizeof name);
    snprintf(buf, size, ": %s, in %s", name, block);
}

static void print_args(struct out *o, const struct finding *f)
{
    const struct bugcode      *b = bugcode_find(f->bugcheck);
    const struct bugcode_case *c = bugcode_case_find(f->bugcheck, f->param[0]);

    for (int i = 0; b && i < 4; i++) {
        const char *meaning = c ? c->param[i] : b->param[i];
        char        value[160], extra[200], line[400];

        if (!meaning)
            continue;
        format_param(f->param[i], value, sizeof value);
        format_extra(i == 1 || !c ? f->param[i] : 0, extra, sizeof extra);
        snprintf(line, sizeof line, "%s%s", meaning, extra);
        char label[200];

        snprintf(label, sizeof label, "    Arg%d %-18s ", i + 1, value);
        out_wrapped_at(o, label, line, (int)strlen(label));
    }
}

static void print_head(struct out *o, const struct host_finding *h)
{
    char where[160];

    stack_blame(h, where, sizeof where);
    print_stop(o, &h->f);
    if (h->f.what[0] && bugcode_find(h->f.bugcheck))
        out_wrapped(o, "", h->f.what);
    if (where[0])
        out_line(o, "At %s, on processor %u at IRQL %u", where, h->cpu, h->irql);
    print_args(o, &h->f);
}

void report_brief(struct out *o)
{
    print_head(o, host.stopped ? &host.stop : &host.warning);
}

/* ---- body ---- */

static void print_story(struct out *o, const struct host_finding *h, const struct host_replay *replay)
{
    out_line(o, "%s", "");
    if (replay)
        out_line(o, "What happened (virtual time, %u switch%s; everything else ran uninterrupted)", replay->switches,
            replay->switches == 1 ? "" : "es");
    else
        out_line(o, "What happened");
    tell_table(o, host.cfg.processors, h->f.object);
    out_line(o, "%*s<-- %s", 16, "", h->f.bugcheck ? "*** STOP" : "finding");
}

/* A finding that nobody raised, because the machine stood still, has no place of its own. */
static void print_processors(struct out *o, const struct host_finding *h)
{
    bool raised = h->frames != 0;
    char who[128], doing[300];

    out_line(o, "%s", "");
    if (raised) {
        tell_thread(h->thread, who, sizeof who);
        out_line(o, "Processor %u, %s, IRQL %u", h->cpu, who, h->irql);
        stack_print(o, h);
    }
    for (unsigned cpu = 0; cpu < host.cfg.processors; cpu++)
        if ((!raised || cpu != h->cpu) && tell_last(cpu, doing, sizeof doing))
            out_line(o, "Processor %u: %.85s", cpu, doing);
}

struct listing {
    struct out *o;
    unsigned    left;
};

static bool print_thread(void *ctx, const struct ke_thread_info *info)
{
    struct listing *l = ctx;
    char            who[128], what[80];

    if (!info->waiting || info->daemon)
        return true;
    tell_thread(info->id, who, sizeof who);
    if (info->objects > 1)
        snprintf(what, sizeof what, "several objects");
    else if (!objects_name(info->object, story_count(), what, sizeof what))
        snprintf(what, sizeof what, "an object of the kernel's");
    if (info->owner)
        out_line(l->o, "%s waits for %s, which thread %u owns", who, what, info->owner);
    else
        out_line(l->o, "%s waits for %s", who, what);
    return l->left-- > 1;
}

/* A machine that nothing can move: who waits for what. */
static void print_waiting(struct out *o, const struct host_finding *h)
{
    struct listing l = {o, 16};

    if (h->f.rule && (strcmp(h->f.rule, "DT-L17") == 0 || strcmp(h->f.rule, "DT-X04") == 0))
        ke_thread_each(print_thread, &l);
}

static void print_rule(struct out *o, const char *id)
{
    struct rule r;

    if (!id || !rule_find(id, &r))
        return;
    out_line(o, "%s", "");
    out_wrapped(o, "Why: ", r.why);
    out_wrapped(o, "Usual repair: ", r.repair);
    out_line(o, "Rule %s: %s (`duetime explain %s`)", r.id, r.title, r.id);
}

static void print_replay(struct out *o, const struct host_replay *replay)
{
    const char *at = out_find_last(replay->command, "%s");

    if (at)
        out_line(o, "Replay  %.*s%s%s", (int)(at - replay->command), replay->command, replay->schedule, at + 2);
    else
        out_line(o, "Replay  strategy \"replay\", schedule \"%s\"", replay->schedule);
}

void report_print(struct out *o, const struct host_replay *replay)
{
    const struct host_finding *h = host.stopped ? &host.stop : &host.warning;

    if (!host.stopped)
        out_line(o, "Warning (the run went on; %u in all)", host.warnings);
    print_head(o, h);
    if (host.stopped && h->f.bugcheck == 0 && !h->f.rule)
        return;
    if (host.telling && story_count()) {
        print_story(o, h, replay);
        print_processors(o, h);
        print_waiting(o, h);
    }
    print_rule(o, h->f.rule);
    if (replay && replay->schedule)
        print_replay(o, replay);
}
