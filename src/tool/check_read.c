/* SPDX-License-Identifier: MIT */
/*
 * tool/check_read.c - findings as the plug-in reports them. The analyzer writes one SARIF file per source; the texts begin
 * with what it has no field for: "DT-I01|28121|Function|text" (src/check/frame.cc).
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tool/check.h"
#include "tool/tool.h"

/* "file:///a%20b" as a path, below the working directory without it. */
static char *path_of(const char *uri)
{
    const char *from = strncmp(uri, "file://", 7) == 0 ? uri + 7 : uri;
    char       *path = xstrdup(from), *to = path, cwd[4096];

    for (; *from; from++) {
        unsigned byte;

        if (*from == '%' && sscanf(from + 1, "%2x", &byte) == 1) {
            *to++ = (char)byte;
            from += 2;
        } else {
            *to++ = *from;
        }
    }
    *to = '\0';
    size_t n = getcwd(cwd, sizeof cwd) ? strlen(cwd) : 0;

    if (n > 1 && strncmp(path, cwd, n) == 0 && path[n] == '/')
        memmove(path, path + n + 1, strlen(path + n + 1) + 1);
    return path;
}

static unsigned number_in(const json_t *region, const char *key, unsigned otherwise)
{
    json_t *n = json_object_get(region, key);

    return n ? (unsigned)json_integer_value(n) : otherwise;
}

static const char *uri_of(const json_t *physical)
{
    const char *uri = json_string_value(json_object_get(json_object_get(physical, "artifactLocation"), "uri"));

    return uri ? uri : "";
}

static const char *message_of(const json_t *o)
{
    const char *text = json_string_value(json_object_get(json_object_get(o, "message"), "text"));

    return text ? text : "";
}

/* Takes the parts before the text away; false: not one of ours. */
static bool take_head(struct finding *f, const char *message)
{
    char *copy = xstrdup(message), *rest = copy;
    char *id = strsep(&rest, "|"), *number = strsep(&rest, "|"), *function = strsep(&rest, "|");

    f->rule = rest ? check_rule_find(id) : NULL;
    if (f->rule) {
        f->number = atoi(number);
        f->function = xstrdup(function);
        f->text = xstrdup(rest);
        f->state = strncmp(rest, "advice: ", 8) == 0 ? FINDING_ADVICE : FINDING_NEW;
    }
    free(copy);
    return f->rule != NULL;
}

static void read_steps(struct finding *f, const json_t *result)
{
    json_t *flow = json_array_get(json_object_get(result, "codeFlows"), 0);
    json_t *locations = json_object_get(json_array_get(json_object_get(flow, "threadFlows"), 0), "locations");
    size_t  n = json_array_size(locations);

    f->steps = xcalloc(n + 1, sizeof *f->steps);
    for (size_t i = 0; i + 1 < n; i++) {
        json_t *location = json_object_get(json_array_get(locations, i), "location");
        json_t *physical = json_object_get(location, "physicalLocation"), *region = json_object_get(physical, "region");
        const char *text = message_of(location);

        if (!*text)
            continue;
        f->steps[f->step_count++] = (struct step){.file = path_of(uri_of(physical)),
            .text = xstrdup(text),
            .line = number_in(region, "startLine", 1),
            .column = number_in(region, "startColumn", 1)};
    }
}

static void read_result(struct findings *l, const json_t *result)
{
    json_t *physical = json_object_get(json_array_get(json_object_get(result, "locations"), 0), "physicalLocation");
    json_t *region = json_object_get(physical, "region");
    struct finding f = {.number = 0};

    if (!take_head(&f, message_of(result)))
        return;
    f.file = path_of(uri_of(physical));
    f.line = number_in(region, "startLine", 1);
    f.column = number_in(region, "startColumn", 1);
    f.end_line = number_in(region, "endLine", f.line);
    f.end_column = number_in(region, "endColumn", f.column);
    read_steps(&f, result);
    l->at = realloc(l->at, (l->count + 1) * sizeof *l->at);
    if (!l->at)
        die("out of memory");
    l->at[l->count++] = f;
}

void findings_read(struct findings *l, const char *sarif)
{
    json_error_t error;
    json_t      *root = json_load_file(sarif, 0, &error), *run, *result;
    size_t       i, j;

    if (!root)
        die("cannot read what the analyzer wrote: %s", error.text);
    json_array_foreach(json_object_get(root, "runs"), i, run)
    {
        json_array_foreach(json_object_get(run, "results"), j, result)
        {
            read_result(l, result);
        }
    }
    json_decref(root);
}

/* What each line of a preprocessed file is a line of. */
struct origin {
    char    *file; /* shared by many */
    unsigned line;
};

static struct origin *read_origins(const char *preprocessed, size_t *count)
{
    FILE          *f = fopen(preprocessed, "r");
    struct origin *at = NULL, now = {.file = xstrdup(preprocessed), .line = 1};
    char          *line = NULL, name[4096];
    size_t         room = 0, size = 0;

    for (*count = 0; f && getline(&line, &size, f) > 0; now.line++) {
        unsigned number;

        if (*count == room)
            at = realloc(at, (room = room * 2 + 1000) * sizeof *at);
        if (!at)
            die("out of memory");
        at[(*count)++] = now;
        if (sscanf(line, "# %u \"%4095[^\"]\"", &number, name) == 2)
            now = (struct origin){.file = path_of(name), .line = number - 1};
    }
    if (f)
        fclose(f);
    free(line);
    return at;
}

static void place(char **file, unsigned *line, const char *preprocessed, const struct origin *at, size_t count)
{
    if (strcmp(*file, preprocessed) != 0 || *line == 0 || *line > count)
        return;
    *file = at[*line - 1].file;
    *line = at[*line - 1].line;
}

void findings_place(struct findings *l, const char *preprocessed)
{
    size_t         count;
    struct origin *at = read_origins(preprocessed, &count);

    for (size_t i = 0; i < l->count; i++) {
        struct finding *f = &l->at[i];
        unsigned        span = f->end_line - f->line;

        for (size_t s = 0; s < f->step_count; s++)
            place(&f->steps[s].file, &f->steps[s].line, preprocessed, at, count);
        place(&f->file, &f->line, preprocessed, at, count);
        f->end_line = f->line + span;
    }
    free(at);
}

/* By place and rule; of two at one place the one with the shorter path first, which is kept. */
static int compare(const void *a, const void *b)
{
    const struct finding *x = a, *y = b;
    int                   c = strcmp(x->file, y->file);

    if (c == 0)
        c = (x->line > y->line) - (x->line < y->line);
    if (c == 0)
        c = (x->column > y->column) - (x->column < y->column);
    if (c == 0)
        c = strcmp(x->rule->id, y->rule->id);
    if (c == 0)
        c = (x->step_count > y->step_count) - (x->step_count < y->step_count);
    return c ? c : strcmp(x->text, y->text);
}

static bool same_place(const struct finding *x, const struct finding *y)
{
    return strcmp(x->file, y->file) == 0 && x->line == y->line && x->column == y->column && x->rule == y->rule;
}

static uint64_t hash(uint64_t h, const char *s)
{
    for (; *s; s++)
        h = (h ^ (*s >= '0' && *s <= '9' ? '#' : (unsigned char)*s)) * 0x100000001b3;
    return (h ^ '|') * 0x100000001b3;
}

/* Equal ones are told apart by their order in the file. */
static void set_fingerprint(struct findings *l, size_t i)
{
    struct finding *f = &l->at[i];
    const char     *slash = strrchr(f->file, '/');
    uint64_t        h = hash(hash(0xcbf29ce484222325, f->rule->id), slash ? slash + 1 : f->file);
    unsigned        before = 0;
    char            own[17];

    h = hash(hash(h, f->function), f->text);
    snprintf(own, sizeof own, "%016" PRIx64, h);
    for (size_t j = 0; j < i; j++)
        before += strncmp(l->at[j].fingerprint, own, 16) == 0;
    snprintf(f->fingerprint, sizeof f->fingerprint, "%s:%u", own, (before + 1) % 100000);
}

void findings_settle(struct findings *l)
{
    size_t kept = 0;

    if (l->count)
        qsort(l->at, l->count, sizeof *l->at, compare);
    for (size_t i = 0; i < l->count; i++)
        if (kept == 0 || !same_place(&l->at[kept - 1], &l->at[i]))
            l->at[kept++] = l->at[i];
    l->count = kept;
    for (size_t i = 0; i < l->count; i++)
        set_fingerprint(l, i);
}
