/* SPDX-License-Identifier: MIT */
#include "tool/seh_text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "tool/build.h"
#include "tool/tool.h"

const char *const seh_try_words[] = {"__try", "_try", NULL};
const char *const seh_except_words[] = {"__except", "_except", NULL};
const char *const seh_finally_words[] = {"__finally", "_finally", NULL};
const char *const seh_leave_words[] = {"__leave", "_leave", NULL};
const char *const seh_code_words[] = {"_exception_code", "__exception_code", NULL};
const char *const seh_info_words[] = {"_exception_info", "__exception_info", NULL};
const char *const seh_abnormal_words[] = {"_abnormal_termination", "__abnormal_termination", NULL};

/* ---- tokens ---- */

bool seh_is_word_char(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '$';
}

static bool is_directive(const char *text, size_t at)
{
    if (text[at] != '#')
        return false;
    while (at > 0 && (text[at - 1] == ' ' || text[at - 1] == '\t'))
        at--;
    return at == 0 || text[at - 1] == '\n';
}

static size_t quoted_end(const char *text, size_t at)
{
    char quote = text[at++];

    while (text[at] && text[at] != quote && text[at] != '\n')
        at += text[at] == '\\' && text[at + 1] ? 2 : 1;
    return text[at] == quote ? at + 1 : at;
}

/* Blanks, comments, line markers: one piece of it, or 0. */
size_t seh_space_length(const char *text, size_t at)
{
    const char *p = text + at, *e;

    if (isspace((unsigned char)*p))
        return 1;
    if (is_directive(text, at) || (p[0] == '/' && p[1] == '/'))
        return strcspn(p, "\n");
    if (p[0] != '/' || p[1] != '*')
        return 0;
    e = strstr(p + 2, "*/");
    return e ? (size_t)(e - p) + 2 : strlen(p);
}

/* 1'000'000 in C++. */
static bool is_separator(const char *text, size_t at, size_t n)
{
    return n > 0 && isdigit((unsigned char)text[at]) && text[at + n] == '\'' &&
           isxdigit((unsigned char)text[at + n + 1]);
}

size_t seh_token_length(const char *text, size_t at)
{
    size_t n = 0;

    if (text[at] == '"' || text[at] == '\'')
        return quoted_end(text, at) - at;
    while (seh_is_word_char(text[at + n]) || is_separator(text, at, n)) /* numbers too: their letters are no words */
        n++;
    return n ? n : 1;
}

/* The bracket that closes the one at `at`; the text's end if there is none. */
size_t seh_closing(const struct seh_pass *p, size_t at)
{
    int depth = 0;

    while (at < p->end) {
        size_t n = seh_space_length(p->text, at);

        if (n == 0) {
            n = seh_token_length(p->text, at);
            depth += strchr("({[", p->text[at]) ? 1 : strchr(")}]", p->text[at]) ? -1 : 0;
            if (depth == 0)
                return at;
        }
        at += n;
    }
    return at;
}

size_t seh_after_space(const struct seh_pass *p, size_t at)
{
    size_t n;

    while (at < p->end && (n = seh_space_length(p->text, at)) > 0)
        at += n;
    return at;
}

size_t seh_after_word(const struct seh_pass *p, size_t at)
{
    return seh_after_space(p, at + seh_token_length(p->text, at));
}

bool seh_is(const struct seh_pass *p, size_t at, const char *const *words)
{
    size_t n = seh_token_length(p->text, at);

    for (; *words; words++)
        if (strlen(*words) == n && memcmp(p->text + at, *words, n) == 0)
            return true;
    return false;
}

/* ---- errors: with the line of the driver ---- */

/* The last line marker before `at`, and the lines since. */
static void locate(const struct seh_pass *p, size_t at, char *where, size_t size)
{
    char     file[512] = "";
    unsigned line = 0;

    for (size_t i = 0; i <= at; i += strcspn(p->text + i, "\n") + 1)
        if (sscanf(p->text + i, "# %u \"%511[^\"]\"", &line, file) < 1)
            line++;
    snprintf(where, size, "%s:%u", file[0] ? file : p->source, line ? line - 1 : 0);
}

_Noreturn void seh_wrong(const struct seh_pass *p, size_t at, const char *what)
{
    char where[600];

    locate(p, at, where, sizeof where);
    die("%s: %s", where, what);
}

/* ---- rewriting ---- */

void seh_copy_to(struct seh_pass *p, size_t to)
{
    fwrite(p->text + p->at, 1, to - p->at, p->out);
    p->at = to;
}

void seh_copy_space(struct seh_pass *p)
{
    seh_copy_to(p, seh_after_space(p, p->at));
}

int seh_new_frame(struct seh_pass *p)
{
    p->left = realloc(p->left, ((size_t)p->count + 2) * sizeof *p->left);
    if (!p->left)
        die("out of memory");
    p->left[++p->count] = false;
    return p->count;
}

/* ---- whole files ---- */

char *read_all(const char *path, size_t *size)
{
    FILE  *f = fopen(path, "re"), *m;
    char  *text = NULL, block[65536];
    size_t n;

    m = open_memstream(&text, size);
    if (!f || !m)
        die("cannot read %s", path);
    while ((n = fread(block, 1, sizeof block, f)) > 0)
        fwrite(block, 1, n, m);
    fclose(f);
    fclose(m);
    return text;
}

bool seh_may_be_in(const char *line)
{
    if (strstr(line, "__except") || strstr(line, "__finally") || strstr(line, "__leave"))
        return true;
    for (const char *p = line; (p = strstr(p, "try")); p += 3) {
        const char *before = p;

        while (before > line && before[-1] == '_')
            before--;
        if ((before == line || !seh_is_word_char(before[-1])) && !seh_is_word_char(p[3]))
            return true;
    }
    return false;
}
