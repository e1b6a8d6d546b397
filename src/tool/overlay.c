/* SPDX-License-Identifier: MIT */
/*
 * tool/overlay.c - includes as Windows resolves them, without touching the driver.
 *
 * To a Linux compiler `..\inc\Public.h` is the name of one file, and <NTDDK.h> is not <ntddk.h>. The overlay
 * directory, searched after everything else that fits, holds a file of just that name with the right include
 * in it. A .tmh that Windows' trace preprocessor would make gets a stand-in: trace calls expand to nothing.
 */
#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tool/build.h"
#include "tool/tool.h"

struct scan {
    const struct build *b;
    struct strings      seen;   /* files scanned */
    struct strings      traces; /* names of trace macros: "// FUNC TraceEvents(LEVEL, ..." */
    struct strings      stands; /* .tmh files to write */
    char               *ddk;
    bool                test, seh, mend;
};

static bool is_file(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

static char *directory_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? xasprintf("%.*s", (int)(slash - path), path) : xstrdup(".");
}

/* dir/component in the spelling that exists, or NULL. */
static char *find_component(const char *dir, const char *component, size_t n)
{
    char *exact = xasprintf("%s/%.*s", dir, (int)n, component);
    DIR  *d;

    if (access(exact, F_OK) == 0)
        return exact;
    free(exact);
    d = opendir(dir);
    for (struct dirent *e; d && (e = readdir(d));) {
        if (strlen(e->d_name) != n || strncasecmp(e->d_name, component, n) != 0)
            continue;
        char *found = xasprintf("%s/%s", dir, e->d_name);

        closedir(d);
        return found;
    }
    if (d)
        closedir(d);
    return NULL;
}

char *find_below(const char *dir, const char *name)
{
    char *at = xstrdup(name[0] == '/' ? "" : dir);

    while (*name) {
        size_t n = strcspn(name, "/\\");
        char  *next = n ? find_component(at, name, n) : xstrdup(at);

        free(at);
        if (!next)
            return NULL;
        at = next;
        name += n;
        name += strspn(name, "/\\");
    }
    if (is_file(at))
        return at;
    free(at);
    return NULL;
}

static char *find_anywhere(const struct scan *s, const char *from_dir, const char *name)
{
    char *found = find_below(from_dir, name);

    for (size_t i = 0; !found && i < s->b->includes.count; i++)
        found = find_below(s->b->includes.at[i], name);
    return found ? found : find_below(s->ddk, name);
}

/* Would the compiler find it by itself? */
static bool is_exact(const struct scan *s, const char *from_dir, const char *name)
{
    char *here = xasprintf("%s/%s", from_dir, name), *ddk = xasprintf("%s/%s", s->ddk, name);
    bool  exact = is_file(here) || is_file(ddk);

    for (size_t i = 0; !exact && i < s->b->includes.count; i++) {
        char *path = xasprintf("%s/%s", s->b->includes.at[i], name);

        exact = is_file(path);
        free(path);
    }
    free(here);
    free(ddk);
    return exact;
}

/* A slash in the name makes directories of it, a backslash does not. */
static FILE *create_in_overlay(const struct scan *s, const char *name)
{
    char *path = xasprintf("%s/%s", s->b->overlay, name), *dir = directory_of(path);

    make_directory(dir);
    FILE *f = fopen(path, "we");

    if (!f)
        die("cannot write %s", path);
    free(path);
    free(dir);
    return f;
}

static void write_forwarder(const struct scan *s, const char *name, const char *target)
{
    char *real = realpath(target, NULL);
    FILE *f = create_in_overlay(s, name);

    fprintf(f, "#include \"%s\"\n", real ? real : target);
    fclose(f);
    free(real);
}

/* gcc looks for the name as it stands; clang, with Microsoft's extensions on, for the name with slashes. */
static void write_forwarders(const struct scan *s, const char *name, const char *target)
{
    char *slashed = xstrdup(name);

    for (char *c = slashed; *c; c++)
        if (*c == '\\')
            *c = '/';
    write_forwarder(s, name, target);
    if (strcmp(slashed, name) != 0)
        write_forwarder(s, slashed, target);
    free(slashed);
}

/* ---- .tmh ---- */

static bool ends_with(const char *s, const char *end)
{
    size_t n = strlen(s), m = strlen(end);

    return n >= m && strcasecmp(s + n - m, end) == 0;
}

static void write_stand_in(const struct scan *s, const char *name)
{
    FILE *f = create_in_overlay(s, name);

    fprintf(f, "/* stands in for what tracewpp would make: trace calls do nothing */\n#include <duetime_wpp.h>\n");
    for (size_t i = 0; i < s->traces.count; i++)
        fprintf(f, "#ifndef %s\n#define %s(...) ((void)0)\n#endif\n", s->traces.at[i], s->traces.at[i]);
    fclose(f);
}

/* "// FUNC TraceEvents(LEVEL, FLAGS, MSG, ...);" in the comments that configure tracing */
static void note_trace_macro(struct scan *s, const char *line)
{
    const char *p = strstr(line, "//");

    if (!p)
        return;
    p += 2;
    p += strspn(p, " \t");
    if (strncmp(p, "FUNC ", 5) != 0)
        return;
    p += 5;
    p += strspn(p, " \t");
    size_t n = 0;

    while (isalnum((unsigned char)p[n]) || p[n] == '_')
        n++;
    if (n)
        strings_add(&s->traces, xasprintf("%.*s", (int)n, p));
}

/* ---- scanning ---- */

static bool already(const struct strings *l, const char *s)
{
    for (size_t i = 0; i < l->count; i++)
        if (strcmp(l->at[i], s) == 0)
            return true;
    return false;
}

static void scan_file(struct scan *s, const char *path);

static void scan_include(struct scan *s, const char *from_dir, const char *name)
{
    if (ends_with(name, ".tmh")) {
        if (!is_exact(s, from_dir, name) && !already(&s->stands, name))
            strings_add(&s->stands, xstrdup(name));
        return;
    }
    if (strncmp(name, "duetime/", 8) == 0) {
        s->test = true;
        return;
    }
    char *found = find_anywhere(s, from_dir, name);

    if (!found)
        return; /* the compiler says so, if it gets there */
    if (!is_exact(s, from_dir, name))
        write_forwarders(s, name, found);
    if (strncmp(found, s->ddk, strlen(s->ddk)) != 0)
        scan_file(s, found);
    free(found);
}

/* The name in #include "name" or <name>; false: the line is something else. */
static bool parse_include(const char *line, char *name, size_t size)
{
    line += strspn(line, " \t");
    if (*line++ != '#')
        return false;
    line += strspn(line, " \t");
    if (strncmp(line, "include", 7) != 0)
        return false;
    line += 7;
    line += strspn(line, " \t");
    char        close = *line == '"' ? '"' : *line == '<' ? '>' : '\0';
    const char *end = close ? strchr(line + 1, close) : NULL;

    if (!end || (size_t)(end - line) > size)
        return false;
    snprintf(name, size, "%.*s", (int)(end - line - 1), line + 1);
    return true;
}

static void scan_file(struct scan *s, const char *path)
{
    char  *real = realpath(path, NULL), *dir = directory_of(path), *line = NULL, name[512];
    size_t size = 0;

    if (!real || already(&s->seen, real)) {
        free(real);
        free(dir);
        return;
    }
    strings_add(&s->seen, real);
    FILE *f = fopen(path, "re");

    while (f && getline(&line, &size, f) >= 0) {
        if (parse_include(line, name, sizeof name))
            scan_include(s, dir, name);
        else
            note_trace_macro(s, line);
        s->seh |= seh_may_be_in(line);
        s->mend |= mend_may_be_in(line);
    }
    if (f)
        fclose(f);
    free(line);
    free(dir);
}

static void free_strings(struct strings *l)
{
    for (size_t i = 0; i < l->count; i++)
        free(l->at[i]);
    free(l->at);
}

bool overlay_scan(const struct build *b, const char *source, bool *seh, bool *mend)
{
    struct scan s = {.b = b, .ddk = beside_program(DUETIME_DDK_RELATIVE)};

    scan_file(&s, source);
    for (size_t i = 0; i < s.stands.count; i++)
        write_stand_in(&s, s.stands.at[i]);
    free_strings(&s.seen);
    free_strings(&s.traces);
    free_strings(&s.stands);
    free(s.ddk);
    *seh = s.seh;
    *mend = s.mend && !s.test;
    return s.test;
}
