/* SPDX-License-Identifier: MIT */
/*
 * tool/check_suppress.c - findings nobody wants to see again: pragmas in the source, and the baseline file.
 *
 * #pragma warning(suppress: 28121) and #pragma prefast(suppress: 28121, "why") speak of the next line of code; with
 * `disable` of all that follow, up to `default`, or to the pop that belongs to a push. __pragma(...) may also stand on the
 * line it speaks of. Numbers are Microsoft's; DT-T06 is taken too, for rules that have none.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tool/check.h"
#include "tool/tool.h"

enum { PUSHES_MAX = 32 };

/* What holds at a line for one finding. */
struct scan {
    bool     disabled, next; /* next: the next line of code is suppressed */
    bool     pushed[PUSHES_MAX];
    unsigned depth;
};

/* Is the finding in this list: "28121 28118", "DT-T06"? */
static bool is_named(const struct finding *f, const char *list, size_t n)
{
    char *copy = xasprintf("%.*s", (int)n, list), *rest = copy;
    bool  named = false;

    for (char *word; (word = strsep(&rest, " \t,"));) {
        int number = atoi(strncmp(word, "__WARNING_", 10) == 0 ? word + 10 : word);

        named |= (number && (number == f->number || number == f->rule->number)) || strcmp(word, f->rule->id) == 0;
    }
    free(copy);
    return named;
}

/* One specifier: "suppress: 28121", "push". */
static void apply(struct scan *s, const struct finding *f, const char *text, size_t n)
{
    size_t blanks = strspn(text, " \t");

    if (blanks >= n)
        return;
    text += blanks;
    n -= blanks;
    const char *list = memchr(text, ':', n);
    bool        named = list && is_named(f, list + 1, n - (size_t)(list + 1 - text));

    if (strncmp(text, "push", 4) == 0 && s->depth < PUSHES_MAX)
        s->pushed[s->depth++] = s->disabled;
    else if (strncmp(text, "pop", 3) == 0 && s->depth > 0)
        s->disabled = s->pushed[--s->depth];
    else if (named && strncmp(text, "suppress", 8) == 0)
        s->next = true;
    else if (named && strncmp(text, "disable", 7) == 0)
        s->disabled = true;
    else if (named && (strncmp(text, "default", 7) == 0 || strncmp(text, "error", 5) == 0))
        s->disabled = false;
}

/* The parenthesis after "warning" or "prefast" in the next pragma of this line, from `from` on; NULL: none. What a macro
 * or a comment contains is no pragma of the line it stands on. */
static const char *pragma_on(const char *line, const char *from)
{
    const char *first = line + strspn(line, " \t");
    const char *comment = strstr(line, "//"), *p = NULL;

    if (*first == '#') {
        first += 1 + strspn(first + 1, " \t");
        p = from == line && strncmp(first, "pragma", 6) == 0 ? first + 6 : NULL;
    } else if ((p = strstr(from, "__pragma"))) {
        p += strlen("__pragma");
        p += strspn(p, " \t(");
        p = comment && comment < p ? NULL : p;
    }
    if (!p)
        return NULL;
    p += strspn(p, " \t");
    if (strncmp(p, "warning", 7) != 0 && strncmp(p, "prefast", 7) != 0)
        return *first == '#' ? NULL : pragma_on(line, p);
    p += 7;
    p += strspn(p, " \t");
    return *p == '(' ? p : NULL;
}

static void apply_pragma(struct scan *s, const struct finding *f, const char *open)
{
    for (const char *at = open + 1; *at && *at != ')' && *at != '\n';) {
        size_t n = strcspn(at, ";,)\"\n");

        apply(s, f, at, n);
        at += n;
        if (*at == ',' || *at == '"') /* the reason, in quotes */
            return;
        at += *at == ';';
    }
}

static bool is_code(const char *line)
{
    line += strspn(line, " \t\r\n");
    return *line && *line != '#' && strncmp(line, "//", 2) != 0;
}

static bool is_suppressed(const struct finding *f)
{
    FILE       *file = fopen(f->file, "r");
    struct scan s = {.disabled = false};
    char        line[2000];

    bool goes_on = false; /* a line longer than the buffer */
    for (unsigned n = 1; file && fgets(line, sizeof line, file); n += !goes_on) {
        const char *open = goes_on ? NULL : pragma_on(line, line);

        goes_on = !strchr(line, '\n');
        for (const char *p = open; p; p = pragma_on(line, p))
            apply_pragma(&s, f, p);
        if (n == f->line) {
            fclose(file);
            return s.disabled || s.next;
        }
        if (is_code(line) && !open)
            s.next = false;
    }
    if (file)
        fclose(file);
    return false;
}

void findings_suppress(struct findings *l)
{
    for (size_t i = 0; i < l->count; i++)
        if (is_suppressed(&l->at[i]))
            l->at[i].state = FINDING_SUPPRESSED;
}

void findings_baseline(struct findings *l, const char *path)
{
    FILE *f = fopen(path, "r");
    char  line[1000];

    if (!f)
        die("cannot read the baseline %s: %s", path, strerror(errno));
    errno = 0;
    while (fgets(line, sizeof line, f)) {
        line[strcspn(line, " \t\r\n")] = '\0';
        for (size_t i = 0; i < l->count; i++)
            if (l->at[i].state != FINDING_SUPPRESSED && strcmp(l->at[i].fingerprint, line) == 0)
                l->at[i].state = FINDING_KNOWN;
    }
    if (ferror(f))
        die("cannot read the baseline %s: %s", path, strerror(errno));
    fclose(f);
}

void findings_write_baseline(const struct findings *l, const char *path)
{
    FILE *f = fopen(path, "w");

    if (!f)
        die("cannot write the baseline %s: %s", path, strerror(errno));
    fputs("# Findings that were there when this was written; `duetime check --baseline` does not count them.\n", f);
    for (size_t i = 0; i < l->count; i++) {
        const struct finding *x = &l->at[i];

        if (x->state != FINDING_SUPPRESSED)
            fprintf(f, "%s  %s  %s:%u  %s\n", x->fingerprint, x->rule->id, x->file, x->line, x->function);
    }
    if (fclose(f) != 0)
        die("cannot write the baseline %s: %s", path, strerror(errno));
}
