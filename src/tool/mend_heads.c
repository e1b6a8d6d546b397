/* SPDX-License-Identifier: MIT */
/*
 * tool/mend_heads.c - functions that are declared otherwise than they are defined.
 *
 * Microsoft's compiler only warns where a declaration has PVOID and the definition another pointer, and lets `__inline`
 * follow a declaration without it. Both are errors here: the declaration is given the head of the definition, on the lines
 * where it stood. Works on preprocessed text, on functions at the outermost level of the driver's own lines.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tool/build.h"
#include "tool/tool.h"

enum { PARAMETERS_MAX = 32 };

struct head {
    const char *start, *name, *end; /* of the first word; of the name; past the closing bracket */
    size_t      name_n;
    bool        body;
};

struct heads {
    const char  *text;
    struct head *all;
    size_t       n;
};

struct span {
    const char *p;
    size_t      n;
};

static bool is_word_char(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

static const char *line_end(const char *s)
{
    return s + strcspn(s, "\n");
}

/* Flags of a line marker: 1 a file begins, 2 one ends, 3 the DDK's. */
static bool has_flag(const char *marker, char flag)
{
    const char *end = line_end(marker), *p = end;

    while (p > marker && p[-1] != '"')
        if (*--p == flag)
            return true;
    return false;
}

/* The text without line markers and without what is not the driver's: blanks, at the same places. */
static char *blanked(const char *text)
{
    char *copy = strdup(text), *end;
    bool  system = false;

    if (!copy)
        die("out of memory");
    for (char *s = copy; *s; s = *end ? end + 1 : end) {
        end = s + strcspn(s, "\n");
        if (s[0] == '#' && s[1] == ' ' && (has_flag(s, '1') || has_flag(s, '2'))) /* others: where a macro comes from */
            system = has_flag(s, '3');
        if (*s == '#' || system)
            memset(s, ' ', (size_t)(end - s));
    }
    return copy;
}

static const char *past_quoted(const char *s)
{
    char quote = *s++;

    while (*s && *s != quote && *s != '\n')
        s += *s == '\\' && s[1] ? 2 : 1;
    return *s ? s + 1 : s;
}

/* Past the bracket that closes the one at s; NULL: there is none. */
static const char *past_bracket(const char *s)
{
    int depth = 0;

    for (; *s; s++) {
        depth += *s == '(' ? 1 : *s == ')' ? -1 : 0;
        if (depth == 0)
            return s + 1;
    }
    return NULL;
}

static void keep(struct heads *h, const char *start, const char *open, const char *end)
{
    struct head x = {.start = start, .end = end, .name = open};
    const char *next = end + strspn(end, " \t\n");

    while (x.name > start && isspace((unsigned char)x.name[-1]))
        x.name--;
    const char *past_name = x.name;

    while (x.name > start && is_word_char(x.name[-1]))
        x.name--;
    x.name_n = (size_t)(past_name - x.name);
    x.body = *next == '{';
    if (x.name_n == 0 || x.name == start || (*next != ';' && *next != '{') || memchr(start, '=', (size_t)(end - start)))
        return;
    if (h->n % 64 == 0) {
        h->all = realloc(h->all, (h->n + 64) * sizeof *h->all);
        if (!h->all)
            die("out of memory");
    }
    h->all[h->n++] = x;
}

static void collect(struct heads *h)
{
    const char *s = h->text, *start = s, *end;
    int         depth = 0;

    while (*s) {
        if (*s == '"' || *s == '\'') {
            s = past_quoted(s);
        } else if (*s == '(' && depth == 0 && (end = past_bracket(s))) {
            keep(h, start + strspn(start, " \t\n"), s, end);
            s = end;
        } else {
            depth += *s == '{' ? 1 : *s == '}' ? -1 : 0;
            if (depth == 0 && (*s == ';' || *s == '}'))
                start = s + 1;
            s++;
        }
    }
}

/* ---- comparing ---- */

static bool has_word(const struct head *h, const char *word)
{
    size_t n = strlen(word);

    for (const char *p = h->start; p + n <= h->name; p++)
        if (memcmp(p, word, n) == 0 && !is_word_char(p[n]) && (p == h->start || !is_word_char(p[-1])))
            return true;
    return false;
}

/* The types of the parameters: names and blanks at the end are dropped. */
static int types_of(const struct head *h, struct span *t)
{
    const char *p = strchr(h->name, '(') + 1, *q;
    int         n = 0, depth = 0;

    for (q = p; q < h->end && n < PARAMETERS_MAX; q++) {
        depth += *q == '(' ? 1 : *q == ')' ? -1 : 0;
        if (depth >= 0 && (*q != ',' || depth > 0))
            continue;
        const char *e = q;

        p += strspn(p, " \t\n");
        while (e > p && isspace((unsigned char)e[-1]))
            e--;
        while (e > p && is_word_char(e[-1]))
            e--;
        while (e > p && isspace((unsigned char)e[-1]))
            e--;
        t[n++] = (struct span){p, (size_t)(e - p)};
        p = q + 1;
    }
    return n;
}

static bool is_pvoid(const struct span *t)
{
    return t->n >= 5 && memcmp(t->p + t->n - 5, "PVOID", 5) == 0;
}

/* The same but for PVOID, which is there at least once on one side only. */
static bool differ_by_pvoid(const struct head *a, const struct head *b)
{
    struct span ta[PARAMETERS_MAX], tb[PARAMETERS_MAX];
    int         n = types_of(a, ta), other = 0;

    if (n != types_of(b, tb))
        return false;
    for (int i = 0; i < n; i++) {
        if (ta[i].n == tb[i].n && memcmp(ta[i].p, tb[i].p, ta[i].n) == 0)
            continue;
        if (is_pvoid(&ta[i]) == is_pvoid(&tb[i]))
            return false;
        other++;
    }
    return other > 0;
}

static bool same_name(const struct head *a, const struct head *b)
{
    return a->name_n == b->name_n && memcmp(a->name, b->name, a->name_n) == 0;
}

/* The definition that has the better head for a declaration, or NULL. */
static const struct head *better(const struct heads *h, const struct head *declared)
{
    if (declared->body)
        return NULL;
    for (const struct head *d = declared + 1; d < h->all + h->n; d++)
        if (d->body && same_name(d, declared)) {
            bool quieter = has_word(d, "static") && has_word(d, "__inline__") && !has_word(declared, "static");

            return quieter || differ_by_pvoid(declared, d) ? d : NULL;
        }
    return NULL;
}

/* ---- for mend.c ---- */

/* The head of the definition, on one line; then the line ends and markers of the declaration, which starts at from. */
static void put(FILE *out, const struct head *d, const char *from, size_t n)
{
    for (const char *p = d->start; p < d->end; p++)
        if (!isspace((unsigned char)*p) || !isspace((unsigned char)p[1]))
            fputc(*p == '\n' ? ' ' : *p, out);
    for (const char *p = from; p < from + n; p++) {
        if (*p == '#' && p[-1] == '\n') {
            fwrite(p, 1, (size_t)(line_end(p) - p), out);
            p = line_end(p);
        }
        if (*p == '\n')
            fputc('\n', out);
    }
}

int mend_heads(char **text)
{
    char        *scanned = blanked(*text), *mended = NULL;
    struct heads h = {.text = scanned};
    size_t       size = 0, at = 0;
    int          count = 0;
    FILE        *out = open_memstream(&mended, &size);

    if (!out)
        die("out of memory");
    collect(&h);
    for (size_t i = 0; i < h.n; i++) {
        const struct head *d = better(&h, &h.all[i]);
        size_t             start = (size_t)(h.all[i].start - scanned), n = (size_t)(h.all[i].end - h.all[i].start);

        if (!d)
            continue;
        fwrite(*text + at, 1, start - at, out);
        put(out, d, *text + start, n);
        at = start + n;
        count++;
    }
    fputs(*text + at, out);
    if (fclose(out) != 0)
        die("out of memory");
    free(h.all);
    free(scanned);
    free(*text);
    *text = mended;
    return count;
}
