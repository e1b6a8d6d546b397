/* SPDX-License-Identifier: MIT */
/*
 * tool/mend.c - what Microsoft's compiler reads otherwise than a Linux compiler.
 *
 * Works on preprocessed text, and there only on the driver's own lines; what it writes stays on the lines of the original.
 *
 *     long                    is 32 bits: written as int (not in `long long`, `long double`)
 *     f(a, )                  an empty __VA_ARGS__ takes the comma before it along: the comma is dropped
 *     (T)e += x;              a cast is an lvalue: *(T *)&(e) += x;
 *     f(PVOID); f(T *p) {     declared otherwise than defined: mend_heads.c
 *     operator new(n, T)      may return NULL, and then no constructor runs: given `noexcept`, without which clang 14 does
 *                             not look; the plain one loses it, as clang takes no other than the built-in declaration
 *
 * Casts and heads in C only: in C++ Microsoft's compiler refuses a cast as an lvalue, and the functions are two.
 *
 * Types are only looked for where a statement begins, or after a bracket or comma, and only when an assignment or a step
 * follows the operand; everything else that stands in brackets is left alone.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tool/build.h"
#include "tool/tool.h"

struct mend {
    const char *text;
    size_t      at;
    FILE       *out;
    int         count;
    bool        cxx;             /* casts are no lvalues, and functions overload */
    bool        ours;            /* these lines are of a system header: the DDK */
    char        before;          /* last character that is no blank */
    char        word[16];        /* last word, if nothing but blanks followed it */
    char        before_operator; /* before the word "operator" */
    int         depth;           /* of braces */
    size_t      nothrow_at;      /* where `noexcept` belongs; 0: nowhere */
    size_t      throw_at;        /* where one is taken away; 0: nowhere */
};

static bool is_word_char(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '$';
}

static size_t word_length(const char *s)
{
    size_t n = 0;

    while (is_word_char(s[n]) ||
           (n > 0 && isdigit((unsigned char)*s) && s[n] == '\'' && isxdigit((unsigned char)s[n + 1])))
        n++; /* 1'000 in C++ */
    return n;
}

static bool is_word(const char *s, const char *word)
{
    return word_length(s) == strlen(word) && memcmp(s, word, strlen(word)) == 0;
}

static const char *skip_blanks(const char *s)
{
    while (isspace((unsigned char)*s))
        s++;
    return s;
}

/* End of the string or character constant at s. */
static const char *quoted_end(const char *s)
{
    char quote = *s++;

    while (*s && *s != quote && *s != '\n')
        s += *s == '\\' && s[1] ? 2 : 1;
    return *s == quote ? s + 1 : s;
}

/* Past the bracket that closes the one at s, or NULL. */
static const char *past_bracket(const char *s)
{
    int depth = 0;

    while (*s && *s != ';' && *s != '#') {
        if (*s == '"' || *s == '\'') {
            s = quoted_end(s);
            continue;
        }
        depth += *s == '(' || *s == '[' ? 1 : *s == ')' || *s == ']' ? -1 : 0;
        s++;
        if (depth == 0)
            return s;
    }
    return NULL;
}

/* ---- casts ---- */

/* Past "(words and stars)", with at least one word; NULL: that is no type. */
static const char *past_type(const char *s)
{
    bool words = false;

    for (s++; *s && *s != ')'; s++) {
        if (!is_word_char(*s) && !isspace((unsigned char)*s) && *s != '*')
            return NULL;
        words |= isalpha((unsigned char)*s) || *s == '_';
    }
    return *s && words ? s + 1 : NULL;
}

/* Past a name with members and indices; NULL: something else stands there. */
static const char *past_operand(const char *s)
{
    if (*s == '(')
        return past_bracket(s);
    if (!isalpha((unsigned char)*s) && *s != '_')
        return NULL;
    while (s && *s) {
        s += word_length(s);
        const char *next = skip_blanks(s);

        if (*next == '[' || *next == '(')
            s = past_bracket(next);
        else if (*next == '.')
            s = skip_blanks(next + 1);
        else if (next[0] == '-' && next[1] == '>')
            s = skip_blanks(next + 2);
        else
            return s;
    }
    return NULL;
}

static bool assigns(const char *s)
{
    if ((s[0] == '+' && s[1] == '+') || (s[0] == '-' && s[1] == '-'))
        return true;
    if (s[0] == '=')
        return s[1] != '=';
    if (strchr("+-*/%&|^", s[0]) && s[0])
        return s[1] == '=';
    return (s[0] == '<' || s[0] == '>') && s[1] == s[0] && s[2] == '=';
}

static bool mend_cast(struct mend *m)
{
    const char *type = m->text + m->at, *operand, *end;

    if (m->cxx || !strchr(";{}(,):", m->before) || !(operand = past_type(type)))
        return false;
    operand = skip_blanks(operand);
    end = past_operand(operand);
    if (!end || !assigns(skip_blanks(end)))
        return false;
    size_t close = 0;

    for (const char *c = type; c < operand; c++)
        if (*c == ')')
            close = (size_t)(c - type);
    fprintf(m->out, "*%.*s *)&(%.*s)", (int)close, type, (int)(end - operand), operand);
    m->at += (size_t)(end - type);
    m->before = ')';
    m->count++;
    return true;
}

/* ---- words ---- */

/* long and its neighbours: nothing for `long int`, int for a lone one. */
static bool mend_long(struct mend *m, size_t n)
{
    const char *next = skip_blanks(m->text + m->at + n);

    if (is_word(next, "long") || is_word(next, "double") || strcmp(m->word, "long") == 0 ||
        strcmp(m->word, "double") == 0)
        return false;
    fputs(is_word(next, "int") || strcmp(m->word, "int") == 0 ? "    " : "int", m->out);
    m->count++;
    return true;
}

/* Past `noexcept` or `throw()`, or s. */
static const char *past_nothrow(const char *s)
{
    const char *end = is_word(s, "throw") ? past_bracket(skip_blanks(s + word_length(s))) : NULL;

    return is_word(s, "noexcept") ? s + word_length(s) : end ? end : s;
}

/* The declarations that every compiler has built in: with a size, with or without an alignment. */
static bool is_built_in(const struct mend *m, const char *open, const char *end)
{
    int commas = 0;

    for (const char *c = open; c < end; c++)
        commas += *c == ',';
    return m->depth == 0 && m->before_operator != ':' &&
           (commas == 0 || (commas == 1 && memmem(open, (size_t)(end - open), "align_val_t", 11)));
}

/* "operator new" has been read. Inside of braces it is a declaration after a star only, else a call. */
static void note_new(struct mend *m, const char *s)
{
    const char *open = skip_blanks(s);

    if (*open == '[' && *(open = skip_blanks(open + 1)) == ']')
        open = skip_blanks(open + 1);
    const char *end = *open == '(' ? past_bracket(open) : NULL, *next = end ? skip_blanks(end) : NULL;

    if (!end || (m->depth > 0 && m->before_operator != '*'))
        return;
    bool has = past_nothrow(next) != next;

    if (is_built_in(m, open, end))
        m->throw_at = has ? (size_t)(next - m->text) : 0;
    else
        m->nothrow_at = has ? 0 : (size_t)(end - m->text);
}

/* What note_new() found out, when its place is reached. */
static void mend_new(struct mend *m)
{
    if (m->nothrow_at == m->at && m->at)
        fputs(" noexcept", m->out);
    else if (m->throw_at == m->at && m->at)
        m->at = (size_t)(past_nothrow(m->text + m->at) - m->text);
    else
        return;
    m->nothrow_at = m->throw_at = 0;
    m->count++;
}

static void mend_word(struct mend *m)
{
    const char *s = m->text + m->at;
    size_t      n = word_length(s);

    if (m->cxx && is_word(s, "new") && strcmp(m->word, "operator") == 0)
        note_new(m, s + n);
    if (is_word(s, "operator"))
        m->before_operator = m->before;
    if (!is_word(s, "long") || !mend_long(m, n))
        fwrite(s, 1, n, m->out);
    snprintf(m->word, sizeof m->word, "%.*s", (int)n, s);
    m->before = 'w';
    m->at += n;
}

/* A line marker says in its flags whether a system header follows: `# 12 "file.h" 1 3`. */
static void read_marker(struct mend *m, const char *line)
{
    const char *p = strchr(line, '"'), *end = strchr(line, '\n');

    if (!p || (end && p > end))
        return;
    m->ours = false;
    for (p = quoted_end(p); *p && *p != '\n'; p++)
        m->ours |= *p == '3' && p[-1] == ' ';
}

static size_t copy_length(const struct mend *m)
{
    const char *s = m->text + m->at;

    if (*s == '#' && (m->at == 0 || s[-1] == '\n'))
        return strcspn(s, "\n");
    if (m->ours)
        return strcspn(s, "\n") + (s[strcspn(s, "\n")] != '\0');
    if (*s == '"' || *s == '\'')
        return (size_t)(quoted_end(s) - s);
    return 1;
}

static void step(struct mend *m)
{
    mend_new(m);
    const char *s = m->text + m->at;

    if (*s == '#' && (m->at == 0 || s[-1] == '\n'))
        read_marker(m, s);
    else if (!m->ours && is_word_char(*s)) {
        mend_word(m);
        return;
    } else if (!m->ours && *s == '(' && mend_cast(m)) {
        m->word[0] = '\0';
        return;
    } else if (!m->ours && *s == ',' && *skip_blanks(s + 1) == ')') {
        m->count++;
        m->at++;
        return;
    }
    size_t n = copy_length(m);

    fwrite(s, 1, n, m->out);
    if (!m->ours && *s != '#' && !isspace((unsigned char)*s)) {
        m->before = *s;
        m->word[0] = '\0';
        m->depth += *s == '{' ? 1 : *s == '}' ? -1 : 0;
    }
    m->at += n;
}

/* ---- for compile.c ---- */

bool mend_may_be_in(const char *line)
{
    const char *p = line;

    if (strstr(line, "__VA_ARGS__") || strstr(line, "PVOID") || strstr(line, "__inline") || strstr(line, "operator"))
        return true;
    while ((p = strstr(p, "long"))) {
        if ((p == line || !is_word_char(p[-1])) && !is_word_char(p[4]))
            return true;
        p += 4;
    }
    p = skip_blanks(line);
    return *p == '(' && past_type(p) && strchr(p, '=');
}

int mend_rewrite(const char *preprocessed, const char *output, enum language language)
{
    size_t      size = 0;
    char       *text = read_all(preprocessed, &size);
    bool        cxx = language == CXX_DRIVER;
    int         count = cxx ? 0 : mend_heads(&text);
    struct mend m = {.count = count, .cxx = cxx, .text = text, .out = fopen(output, "we"), .before = ';'};

    if (!m.out)
        die("cannot write %s", output);
    while (text[m.at])
        step(&m);
    if (fclose(m.out) != 0)
        die("cannot write %s", output);
    free(text);
    return m.count;
}
