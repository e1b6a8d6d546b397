/* SPDX-License-Identifier: MIT */
/*
 * tool/seh_check.c - __try for the static checker: plain C with the same ways through it, on the lines of the original.
 *
 *     __try { B } __except (F) { H }     { { { B } leave_n:; } if (raised() && (F)) { H } }
 *     __try { B } __finally { E }        { { { B } leave_n:; } { E } }
 *
 * In B, `return x;` becomes `return ({__auto_type r = (x); E r;});`, and a goto, break or continue out of it runs E first; so
 * what E releases is released on every way out. The handler runs after the block or not at all: an exception in the middle
 * of it is not followed.
 */
#include <stdlib.h>
#include <string.h>

#include "tool/build.h"
#include "tool/seh_text.h"
#include "tool/tool.h"

/* A __try block whose __finally runs when it is left. */
struct scope {
    size_t              begin, end; /* the block */
    size_t              finally;    /* the bracket that opens E */
    int                 leave;      /* what __leave in E means */
    const struct scope *outer;
};

struct context {
    const struct scope *scope; /* the innermost */
    int                 leave; /* the block that __leave ends; 0: none */
    bool                flat;  /* a copy of E: all of it on one line */
    bool                abnormal;
};

static const char *const if_words[] = {"if", NULL}, *const else_words[] = {"else", NULL},
                         *const do_words[] = {"do", NULL};

static void rewrite(struct seh_pass *p, size_t end, struct context k);

/* The inside of the brackets at p->at; the brackets are dropped. */
static void rewrite_inside(struct seh_pass *p, char c, struct context k, const char *missing)
{
    size_t end = p->at < p->end ? seh_closing(p, p->at) : p->end;

    if (p->at >= p->end || p->text[p->at] != c || end >= p->end)
        seh_wrong(p, p->at, missing);
    p->at++;
    rewrite(p, end, k);
    p->at = end + 1;
}

static void rewrite_space(struct seh_pass *p, struct context k)
{
    rewrite(p, seh_after_space(p, p->at), k);
}

static void skip_word(struct seh_pass *p)
{
    p->at += seh_token_length(p->text, p->at);
}

static void rewrite_try(struct seh_pass *p, struct context k)
{
    int            n = seh_new_frame(p);
    struct context body = k;
    struct scope   scope = {.leave = k.leave, .outer = k.scope};

    skip_word(p);
    rewrite_space(p, k);
    scope.begin = p->at;
    scope.end = p->text[p->at] == '{' ? seh_closing(p, p->at) : p->end;
    size_t after = scope.end < p->end ? seh_after_space(p, scope.end + 1) : p->end;
    bool   except = after < p->end && seh_is(p, after, seh_except_words);

    if (!except && (after >= p->end || !seh_is(p, after, seh_finally_words)))
        seh_wrong(p, scope.begin, "__try {...} without __except or __finally");
    scope.finally = except ? 0 : seh_after_word(p, after);
    body.scope = except ? k.scope : &scope;
    body.leave = n;
    fputs("{extern int __dt_check_raised(void);{{", p->out); /* __leave goes past variables, which C++ must see */
    rewrite_inside(p, '{', body, "__try without a block");
    fprintf(p->out, p->left[n] ? "}__dt_leave_%d:;}" : "}}", n);
    rewrite_space(p, k);
    skip_word(p);
    rewrite_space(p, k);
    if (except) {
        fputs("if(__dt_check_raised()&&(", p->out);
        rewrite_inside(p, '(', k, "__except without a filter");
        fputs("))", p->out);
        rewrite_space(p, k);
    }
    fputs("{", p->out);
    k.abnormal = false;
    rewrite_inside(p, '{', k, "__except or __finally without a block");
    fputs("}}", p->out);
}

/* The __finally blocks from the innermost to the one around which is `to`. */
static void run_finally(struct seh_pass *p, struct context k, const struct scope *to)
{
    size_t at = p->at;

    for (const struct scope *s = k.scope; s != to; s = s->outer) {
        p->at = s->finally;
        fputs("{", p->out);
        rewrite_inside(p, '{', (struct context){.scope = s->outer, .leave = s->leave, .flat = true, .abnormal = true},
            "__finally without a block");
        fputs("}", p->out);
    }
    p->at = at;
}

/* The semicolon that ends the statement at `at`. */
static size_t semicolon(const struct seh_pass *p, size_t at)
{
    while (at < p->end && p->text[at] != ';') {
        size_t n = seh_space_length(p->text, at);

        at = n ? at + n : strchr("({[", p->text[at]) ? seh_closing(p, at) + 1 : at + seh_token_length(p->text, at);
    }
    return at;
}

static void rewrite_return(struct seh_pass *p, struct context k)
{
    size_t end = semicolon(p, p->at);

    skip_word(p);
    if (seh_after_space(p, p->at) >= end) {
        fputs("{", p->out);
        run_finally(p, k, NULL);
        fputs("return;}", p->out);
        p->at = end + 1;
        return;
    }
    fputs("return ({__auto_type __dt_result=(", p->out);
    rewrite(p, end, k);
    fputs(");", p->out);
    run_finally(p, k, NULL);
    fputs("__dt_result;})", p->out);
}

/* Is this the name of a label in the block? */
static bool has_label(const struct seh_pass *p, const struct scope *s, size_t name)
{
    size_t n = seh_token_length(p->text, name);

    for (size_t at = s->begin; at < s->end;) {
        size_t space = seh_space_length(p->text, at), length = seh_token_length(p->text, at);

        if (!space && length == n && memcmp(p->text + at, p->text + name, n) == 0 &&
            p->text[seh_after_space(p, at + n)] == ':')
            return true;
        at += space ? space : length;
    }
    return false;
}

static void rewrite_goto(struct seh_pass *p, struct context k)
{
    size_t              name = seh_after_word(p, p->at), end = semicolon(p, p->at);
    const struct scope *to = k.scope;

    while (to && !has_label(p, to, name))
        to = to->outer;
    fputs("{", p->out);
    run_finally(p, k, to);
    fprintf(p->out, "goto %.*s;}", (int)seh_token_length(p->text, name), p->text + name);
    p->at = end + 1;
}

static size_t after_statement(const struct seh_pass *p, size_t at);

/* At the bracket of `if (...)` and its like: behind the statement that belongs to it. */
static size_t after_controlled(const struct seh_pass *p, size_t at)
{
    return at < p->end && p->text[at] == '(' ? after_statement(p, seh_closing(p, at) + 1) : p->end;
}

/* Behind __try, its block, and what follows it. */
static size_t after_try(const struct seh_pass *p, size_t at)
{
    size_t end = after_statement(p, at), next = seh_after_space(p, end);

    if (next < p->end && seh_is(p, next, seh_except_words))
        return after_controlled(p, seh_after_word(p, next));
    if (next < p->end && seh_is(p, next, seh_finally_words))
        return after_statement(p, seh_after_word(p, next));
    return end;
}

static size_t after_statement(const struct seh_pass *p, size_t at)
{
    static const char *const controls[] = {"for", "while", "switch", NULL};

    at = seh_after_space(p, at);
    if (at >= p->end)
        return p->end;
    if (p->text[at] == '{')
        return seh_closing(p, at) + 1;
    if (seh_is(p, at, controls))
        return after_controlled(p, seh_after_word(p, at));
    if (seh_is(p, at, if_words)) {
        size_t end = after_controlled(p, seh_after_word(p, at)), next = seh_after_space(p, end);

        return next < p->end && seh_is(p, next, else_words) ? after_statement(p, seh_after_word(p, next)) : end;
    }
    if (seh_is(p, at, do_words))
        return semicolon(p, after_statement(p, seh_after_word(p, at))) + 1;
    if (seh_is(p, at, seh_try_words))
        return after_try(p, seh_after_word(p, at));
    return semicolon(p, at) + 1;
}

/* Is a statement that begins with one of these words in the scope's block, and `at` in it? */
static bool is_inside(const struct seh_pass *p, const struct scope *s, size_t at, const char *const *words)
{
    for (size_t i = s->begin; i < at;) {
        size_t space = seh_space_length(p->text, i);

        if (!space && seh_is(p, i, words) && at < after_statement(p, i))
            return true;
        i += space ? space : seh_token_length(p->text, i);
    }
    return false;
}

/* break or continue: what it ends may be outside of __try blocks. */
static void rewrite_jump(struct seh_pass *p, struct context k, const char *const *ended)
{
    const struct scope *to = k.scope;
    size_t              at = p->at, end = semicolon(p, at);

    while (to && !is_inside(p, to, at, ended))
        to = to->outer;
    fputs("{", p->out);
    run_finally(p, k, to);
    rewrite(p, end + 1, (struct context){.flat = true});
    fputs("}", p->out);
}

/* word() becomes an expression. */
static void rewrite_call(struct seh_pass *p, const char *expression)
{
    size_t open = seh_after_word(p, p->at);

    fputs(expression, p->out);
    p->at = p->text[open] == '(' ? seh_closing(p, open) + 1 : open;
}

static void rewrite_leave(struct seh_pass *p, struct context k)
{
    if (!k.leave)
        seh_wrong(p, p->at, "__leave outside of a __try block");
    p->left[k.leave] = true;
    skip_word(p);
    fprintf(p->out, "goto __dt_leave_%d", k.leave);
}

static void rewrite_word(struct seh_pass *p, struct context k)
{
    static const char *const return_words[] = {"return", NULL}, *const goto_words[] = {"goto", NULL};
    static const char *const break_words[] = {"break", NULL}, *const continue_words[] = {"continue", NULL};
    static const char *const loops[] = {"for", "while", "do", NULL};
    static const char *const breakable[] = {"for", "while", "do", "switch", NULL};

    if (seh_is(p, p->at, seh_try_words))
        rewrite_try(p, k);
    else if (seh_is(p, p->at, seh_leave_words))
        rewrite_leave(p, k);
    else if (seh_is(p, p->at, seh_code_words))
        rewrite_call(p, "((unsigned)__dt_check_raised())");
    else if (seh_is(p, p->at, seh_info_words))
        rewrite_call(p, "((struct _EXCEPTION_POINTERS*)0)");
    else if (seh_is(p, p->at, seh_abnormal_words))
        rewrite_call(p, k.abnormal ? "1" : "0");
    else if (k.scope && seh_is(p, p->at, return_words))
        rewrite_return(p, k);
    else if (k.scope && seh_is(p, p->at, goto_words))
        rewrite_goto(p, k);
    else if (k.scope && seh_is(p, p->at, break_words))
        rewrite_jump(p, k, breakable);
    else if (k.scope && seh_is(p, p->at, continue_words))
        rewrite_jump(p, k, loops);
    else
        seh_copy_to(p, p->at + seh_token_length(p->text, p->at));
}

static void rewrite(struct seh_pass *p, size_t end, struct context k)
{
    while (p->at < end) {
        size_t n = seh_space_length(p->text, p->at);

        if (n && k.flat) {
            fputc(' ', p->out);
            p->at += n;
        } else if (n) {
            seh_copy_to(p, p->at + n);
        } else {
            rewrite_word(p, k);
        }
    }
}

int seh_check_rewrite(const char *source, const char *preprocessed, const char *output)
{
    size_t          size = 0;
    char           *text = read_all(preprocessed, &size);
    struct seh_pass p = {.text = text, .end = size, .source = source, .out = fopen(output, "we")};

    if (!p.out)
        die("cannot write %s", output);
    rewrite(&p, p.end, (struct context){.scope = NULL});
    if (fclose(p.out) != 0)
        die("cannot write %s", output);
    free(p.left);
    free(text);
    return p.count;
}
