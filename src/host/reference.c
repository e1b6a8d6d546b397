/* SPDX-License-Identifier: MIT */
/* host/reference.c - the tables, for the command and for programs: routines, rules, bug checks. */
#include <errno.h>
#include <stdio.h>

#include "base/ddi.h"
#include "duetime/duetime.h"
#include "host/bugcodes.h"
#include "host/out.h"
#include "host/rules.h"

unsigned dt_ddi_count(void)
{
    return DDI_COUNT - 1;
}

void dt_ddi_at(unsigned i, struct dt_ddi *d)
{
    const struct ddi_row *r = &ddi_rows[i + 1 < DDI_COUNT ? i + 1 : 0];

    *d = (struct dt_ddi){.name = r->name,
        .family = r->family,
        .header = r->header,
        .page = r->page,
        .note = r->note,
        .irql_min = r->irql_min,
        .irql_max = r->irql_max,
        .blocks = r->blocks,
        .status = (enum dt_ddi_status)r->status};
}

static void explain_rule(struct out *o, const struct rule *r)
{
    out_line(o, "%s: %s", r->id, r->title);
    if (r->bugcheck && *r->bugcheck)
        out_line(o, "On Windows: bug check %s", r->bugcheck);
    if (r->aliases && *r->aliases)
        out_line(o, "Also known as: %s", r->aliases);
    out_wrapped(o, "Why: ", r->why);
    out_wrapped(o, "Usual repair: ", r->repair);
}

static void explain_params(struct out *o, const char *const param[4])
{
    for (int i = 0; i < 4; i++)
        if (param[i])
            out_line(o, "    Arg%d  %s", i + 1, param[i]);
}

static void explain_bugcode(struct out *o, const struct bugcode *b)
{
    out_line(o, "0x%08X %s", b->code, b->name);
    out_wrapped(o, "", b->meaning);
    explain_params(o, b->param);
    for (uint64_t p = 0; p < 0x1000; p++) {
        const struct bugcode_case *c = bugcode_case_find(b->code, p);

        if (!c)
            continue;
        out_line(o, "%s", "");
        out_wrapped(o, "", c->meaning);
        explain_params(o, c->param);
    }
}

int dt_explain(const char *what, dt_print *print, void *io)
{
    struct out            o = {.print = print, .io = io};
    const struct bugcode *b = bugcode_parse(what);
    struct rule           r;

    if (rule_find(what, &r))
        explain_rule(&o, &r);
    else if (b)
        explain_bugcode(&o, b);
    else
        return -ENOENT;
    return 0;
}
