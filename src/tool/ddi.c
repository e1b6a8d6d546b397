/* SPDX-License-Identifier: MIT */
/* tool/ddi.c - `duetime ddi` and `duetime explain`: the tables of the library. */
#include <libsmartcols.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "tool/check.h"
#include "tool/tool.h"

enum { KEY_FORMAT = 256, KEY_STATUS };

struct arguments {
    const char *family, *name;
    bool        json;
    int         status; /* -1: any */
};

static const struct argp_option options[] = {
    {"family", 'f', "F", 0, "Routines of one family, one by one", 0},
    {"status", KEY_STATUS, "S", 0, "Only ready, partial or absent ones", 0},
    {"format", KEY_FORMAT, "text|json", 0, "How to print", 0},
    {NULL, 0, NULL, 0, NULL, 0},
};

static const char *const status_names[] = {"ready", "partial", "absent"};

static int parse_status(const char *arg)
{
    for (int i = 0; i < 3; i++)
        if (strcmp(arg, status_names[i]) == 0)
            return i;
    die("--status: '%s' is none of ready, partial, absent", arg);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *a = state->input;

    switch (key) {
    case 'f':
        a->family = arg;
        break;
    case KEY_STATUS:
        a->status = parse_status(arg);
        break;
    case KEY_FORMAT:
        a->json = strcmp(arg, "json") == 0;
        if (!a->json && strcmp(arg, "text") != 0)
            die("--format: '%s' is neither text nor json", arg);
        break;
    case ARGP_KEY_ARG:
        if (a->name)
            die("one routine at a time: %s or %s?", a->name, arg);
        a->name = arg;
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static struct libscols_table *new_table(
    const struct arguments *a, const char *name, const char *const columns[], unsigned right)
{
    struct libscols_table *t = scols_new_table();

    if (!t)
        die("out of memory");
    scols_table_set_name(t, name);
    scols_table_enable_json(t, a->json);
    for (size_t i = 0; columns[i]; i++)
        scols_table_new_column(t, columns[i], 0, i >= right ? SCOLS_FL_RIGHT : 0);
    return t;
}

/* ---- families ---- */

struct family {
    const char *name;
    unsigned    count[3];
};

static unsigned collect_families(struct family *f, unsigned max)
{
    unsigned n = 0;

    for (unsigned i = 0; i < api.dt_ddi_count(); i++) {
        struct dt_ddi d;
        unsigned      j = 0;

        api.dt_ddi_at(i, &d);
        while (j < n && strcmp(f[j].name, d.family) != 0)
            j++;
        if (j == max)
            break;
        if (j == n)
            f[n++] = (struct family){.name = d.family};
        f[j].count[d.status]++;
    }
    return n;
}

static void print_families(const struct arguments *a)
{
    static const char *const columns[] = {"FAMILY", "READY", "PARTIAL", "ABSENT", NULL};
    struct libscols_table   *t = new_table(a, "families", columns, 1);
    struct family            f[128];
    unsigned                 n = collect_families(f, 128), total[3] = {0, 0, 0};

    for (unsigned i = 0; i < n; i++) {
        struct libscols_line *line = scols_table_new_line(t, NULL);

        scols_line_set_data(line, 0, f[i].name);
        for (unsigned s = 0; s < 3; s++) {
            scols_line_refer_data(line, s + 1, xasprintf("%u", f[i].count[s]));
            total[s] += f[i].count[s];
        }
    }
    scols_print_table(t);
    scols_unref_table(t);
    if (!a->json)
        printf("%u ready, %u partial, %u absent. `duetime ddi --family F` lists routines.\n", total[0], total[1],
            total[2]);
}

/* ---- routines ---- */

static char *irql_text(const struct dt_ddi *d)
{
    static const char *const names[] = {"PASSIVE", "APC", "DISPATCH"};
    const char              *low = d->irql_min < 3 ? names[d->irql_min] : "device";
    const char              *high = d->irql_max < 3 ? names[d->irql_max] : "device";

    if (d->irql_max == 15)
        return d->irql_min ? xasprintf(">= %s", low) : xstrdup("any");
    if (d->irql_min == d->irql_max)
        return xstrdup(low);
    return d->irql_min ? xasprintf("%s to %s", low, high) : xasprintf("<= %s", high);
}

static bool is_wanted(const struct arguments *a, const struct dt_ddi *d)
{
    if (a->family && strcmp(a->family, d->family) != 0)
        return false;
    if (a->name && strcasecmp(a->name, d->name) != 0)
        return false;
    return a->status < 0 || a->status == (int)d->status;
}

static int print_routines(const struct arguments *a)
{
    static const char *const columns[] = {"ROUTINE", "STATUS", "IRQL", "HEADER", "NOTE", NULL};
    struct libscols_table   *t = new_table(a, "routines", columns, 99);
    unsigned                 shown = 0;

    for (unsigned i = 0; i < api.dt_ddi_count(); i++) {
        struct dt_ddi d;

        api.dt_ddi_at(i, &d);
        if (!is_wanted(a, &d))
            continue;
        struct libscols_line *line = scols_table_new_line(t, NULL);

        shown++;
        scols_line_set_data(line, 0, d.name);
        scols_line_set_data(line, 1, status_names[d.status]);
        scols_line_refer_data(line, 2, irql_text(&d));
        scols_line_set_data(line, 3, d.header);
        scols_line_set_data(line, 4, d.note ? d.note : "");
    }
    if (!shown && a->family)
        die("there is no such routine in a family '%s' (`duetime ddi` lists families)", a->family);
    if (!shown && a->name)
        die("%s is not in the table", a->name);
    scols_print_table(t);
    scols_unref_table(t);
    return EXIT_PASS;
}

int tool_ddi(int argc, char **argv)
{
    static const struct argp argp = {.options = options,
        .parser = parse,
        .args_doc = "[ROUTINE]",
        .doc = "Lists what Duetime has of the NT routines that drivers call: by family, or one by one."};
    struct arguments         a = {.status = -1};

    parse_arguments(&argp, argc, argv, &a);
    open_machine(false);
    if (a.family || a.name || a.status >= 0)
        return print_routines(&a);
    print_families(&a);
    return EXIT_PASS;
}

/* ---- explain ---- */

static error_t parse_explain(int key, char *arg, struct argp_state *state)
{
    const char **what = state->input;

    switch (key) {
    case ARGP_KEY_ARG:
        if (*what)
            die("explain one at a time: %s or %s?", *what, arg);
        *what = arg;
        break;
    case ARGP_KEY_NO_ARGS:
        die("explain what? (a rule like DT-T03, a bug check like 0xC7)");
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

int tool_explain(int argc, char **argv)
{
    static const struct argp argp = {.parser = parse_explain,
        .args_doc = "RULE | BUGCHECK",
        .doc = "Says what a rule of the verifier (DT-T03, or Microsoft's name for it) or a bug check (0xC7, "
               "TIMER_OR_DPC_INVALID) means, and what usually helps."};
    const char              *what = NULL;

    parse_arguments(&argp, argc, argv, &what);
    open_machine(false);
    bool dynamic = api.dt_explain(what, print_out, NULL) == 0;

    if (!check_explain(what, !dynamic) && !dynamic)
        die("'%s' is neither a rule nor a bug check", what);
    return EXIT_PASS;
}
