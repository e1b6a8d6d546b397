/* SPDX-License-Identifier: MIT */
/*
 * tool/seh.c - __try, __except, __finally and __leave, which no Linux compiler accepts.
 *
 * Works on preprocessed text, so that macros which expand to these words, and headers that contain them, are no special
 * case. What it writes for one __try is on the lines of the original:
 *
 *     __try { B } __except (F) { H }
 *       { frame f; int how = enter(&f);  if (how == BODY) { B; leave_n:; f.normal = 1; }
 *         else if (how == ASKED) filtered(&f, F);  else { H } }
 *
 *     __try { B } __finally { E }
 *       the same with  else { E; finished(&f); }
 *
 * The frame has a cleanup routine, which the compiler calls however the block is left: end, return, goto, break, continue.
 * That is what runs E. ke/exception.c enters filters and finally blocks on a lower stack, with the registers the function
 * had at enter(). So the function must find its locals by its frame pointer, in memory: such a file is compiled with -O0,
 * `register` is dropped, and each filter and finally block calls alloca(), after which no compiler counts on the stack
 * pointer. That holds for gcc and clang, with and without locals of large alignment.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tool/build.h"
#include "tool/tool.h"

/* Numbers of the frames that words mean at a place; 0 = none. */
struct place {
    int body, except, finally; /* the innermost __try body; filter or handler; finally block */
};

struct pass {
    const char *text;
    size_t      at, end;
    FILE       *out;
    int         count; /* of __try so far */
    bool       *left;  /* by number: __leave was seen */
    const char *source;
};

/* ---- tokens ---- */

static bool is_word_char(char c)
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
static size_t space_length(const char *text, size_t at)
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

static size_t token_length(const char *text, size_t at)
{
    size_t n = 0;

    if (text[at] == '"' || text[at] == '\'')
        return quoted_end(text, at) - at;
    while (is_word_char(text[at + n]) || is_separator(text, at, n)) /* numbers too: their letters are no words */
        n++;
    return n ? n : 1;
}

/* The bracket that closes the one at `at`; the text's end if there is none. */
static size_t closing(const struct pass *p, size_t at)
{
    int depth = 0;

    while (at < p->end) {
        size_t n = space_length(p->text, at);

        if (n == 0) {
            n = token_length(p->text, at);
            depth += strchr("({[", p->text[at]) ? 1 : strchr(")}]", p->text[at]) ? -1 : 0;
            if (depth == 0)
                return at;
        }
        at += n;
    }
    return at;
}

static size_t after_space(const struct pass *p, size_t at)
{
    size_t n;

    while (at < p->end && (n = space_length(p->text, at)) > 0)
        at += n;
    return at;
}

static bool is(const struct pass *p, size_t at, const char *const *words)
{
    size_t n = token_length(p->text, at);

    for (; *words; words++)
        if (strlen(*words) == n && memcmp(p->text + at, *words, n) == 0)
            return true;
    return false;
}

static const char *const try_words[] = {"__try", "_try", NULL};
static const char *const except_words[] = {"__except", "_except", NULL};
static const char *const finally_words[] = {"__finally", "_finally", NULL};
static const char *const leave_words[] = {"__leave", "_leave", NULL};
static const char *const code_words[] = {"_exception_code", "__exception_code", NULL};
static const char *const info_words[] = {"_exception_info", "__exception_info", NULL};
static const char *const abnormal_words[] = {"_abnormal_termination", "__abnormal_termination", NULL};
static const char *const register_words[] = {"register", NULL};
static const char *const asm_words[] = {"asm", "__asm", "__asm__", NULL};

/* ---- errors: with the line of the driver ---- */

/* The last line marker before `at`, and the lines since. */
static void locate(const struct pass *p, size_t at, char *where, size_t size)
{
    char     file[512] = "";
    unsigned line = 0;

    for (size_t i = 0; i <= at; i += strcspn(p->text + i, "\n") + 1)
        if (sscanf(p->text + i, "# %u \"%511[^\"]\"", &line, file) < 1)
            line++;
    snprintf(where, size, "%s:%u", file[0] ? file : p->source, line ? line - 1 : 0);
}

static _Noreturn void wrong(const struct pass *p, size_t at, const char *what)
{
    char where[600];

    locate(p, at, where, sizeof where);
    die("%s: %s", where, what);
}

/* ---- rewriting ---- */

static void copy_to(struct pass *p, size_t to)
{
    fwrite(p->text + p->at, 1, to - p->at, p->out);
    p->at = to;
}

static void copy_space(struct pass *p)
{
    copy_to(p, after_space(p, p->at));
}

static void rewrite(struct pass *p, size_t end, struct place place);

/* The inside of the brackets at p->at, which must open with c; the brackets are dropped. */
static void rewrite_inside(struct pass *p, char c, struct place place, const char *missing)
{
    if (p->at >= p->end || p->text[p->at] != c)
        wrong(p, p->at, missing);
    size_t end = closing(p, p->at);

    if (end >= p->end)
        wrong(p, p->at, "this bracket is not closed");
    p->at++;
    rewrite(p, end, place);
    p->at = end + 1;
}

static int new_frame(struct pass *p)
{
    p->left = realloc(p->left, ((size_t)p->count + 2) * sizeof *p->left);
    if (!p->left)
        die("out of memory");
    p->left[++p->count] = false;
    return p->count;
}

/* An unused result of alloca() is not optimized away without optimization; the pointer silences the warning. */
#define ALLOCA "void *__dt_low = __builtin_alloca(16); (void)__dt_low;"

static void rewrite_except(struct pass *p, int n, struct place place)
{
    place.except = n;
    p->at += token_length(p->text, p->at);
    fprintf(p->out, "else if (__dt_how_%d == 1) { " ALLOCA " __dt_seh_filtered(&__dt_seh_%d, (long)(", n, n);
    copy_space(p);
    rewrite_inside(p, '(', place, "__except without a filter");
    fputs("));}", p->out);
    copy_space(p);
    fputs("else {", p->out);
    rewrite_inside(p, '{', place, "__except (...) without a block");
    fputs("}}", p->out);
}

static void rewrite_finally(struct pass *p, int n, struct place place)
{
    place.finally = n;
    p->at += token_length(p->text, p->at);
    fputs("else { " ALLOCA, p->out);
    copy_space(p);
    rewrite_inside(p, '{', place, "__finally without a block");
    fprintf(p->out, ";__dt_seh_finished(&__dt_seh_%d);}}", n);
}

static void rewrite_try(struct pass *p, struct place place)
{
    size_t       start = p->at, after, n_word = token_length(p->text, p->at);
    int          n = new_frame(p);
    struct place body = place;

    p->at += n_word;
    copy_space(p);
    after = p->text[p->at] == '{' ? closing(p, p->at) : p->end;
    after = after < p->end ? after_space(p, after + 1) : after;
    bool except = after < p->end && is(p, after, except_words);

    if (!except && (after >= p->end || !is(p, after, finally_words)))
        wrong(p, start, "__try {...} without __except or __finally");
    fprintf(p->out,
        "{struct __dt_seh_frame __dt_seh_%d __attribute__((__cleanup__(__dt_seh_exit_%s)));"
        "int __dt_how_%d=__dt_seh_enter(&__dt_seh_%d,%d);if(__dt_how_%d==0){",
        n, except ? "except" : "finally", n, n, except ? 1 : 2, n);
    body.body = n;
    fputc('{', p->out); /* __leave goes past the variables of the block, which C++ must see */
    rewrite_inside(p, '{', body, "__try without a block");
    fputc('}', p->out);
    if (p->left[n])
        fprintf(p->out, "__dt_leave_%d:", n);
    fprintf(p->out, ";__dt_seh_%d.normal=1;}", n);
    copy_space(p);
    if (except)
        rewrite_except(p, n, place);
    else
        rewrite_finally(p, n, place);
}

static void rewrite_leave(struct pass *p, struct place place)
{
    if (!place.body)
        wrong(p, p->at, "__leave outside of a __try block");
    p->left[place.body] = true;
    p->at += token_length(p->text, p->at);
    fprintf(p->out, "goto __dt_leave_%d", place.body);
}

/* word() becomes an expression with a field of the frame. */
static void rewrite_call(struct pass *p, const char *prefix, int frame, const char *field, const char *misplaced)
{
    size_t open = after_space(p, p->at + token_length(p->text, p->at));

    if (!frame)
        wrong(p, p->at, misplaced);
    fprintf(p->out, "(%s__dt_seh_%d.%s)", prefix, frame, field);
    p->at = p->text[open] == '(' ? closing(p, open) + 1 : open;
}

/* A variable that is bound to a register by name keeps the word. */
static void rewrite_register(struct pass *p)
{
    size_t n = token_length(p->text, p->at);

    for (size_t i = p->at; i < p->end && p->text[i] != ';' && p->text[i] != ')'; i += token_length(p->text, i))
        if (is(p, i, asm_words)) {
            copy_to(p, p->at + n);
            return;
        }
    p->at += n;
}

static void rewrite_word(struct pass *p, struct place place)
{
    if (is(p, p->at, try_words))
        rewrite_try(p, place);
    else if (is(p, p->at, leave_words))
        rewrite_leave(p, place);
    else if (is(p, p->at, register_words))
        rewrite_register(p);
    else if (is(p, p->at, code_words))
        rewrite_call(p, "(unsigned)", place.except, "code", "GetExceptionCode() outside of a filter or handler");
    else if (is(p, p->at, info_words))
        rewrite_call(p, "", place.except, "pointers", "GetExceptionInformation() outside of a filter");
    else if (is(p, p->at, abnormal_words))
        rewrite_call(
            p, "(unsigned char)!", place.finally, "normal", "AbnormalTermination() outside of a __finally block");
    else if (is(p, p->at, except_words) || is(p, p->at, finally_words))
        wrong(p, p->at, "__except or __finally without __try");
    else
        copy_to(p, p->at + token_length(p->text, p->at));
}

static void rewrite(struct pass *p, size_t end, struct place place)
{
    while (p->at < end) {
        size_t n = space_length(p->text, p->at);

        if (n)
            copy_to(p, p->at + n);
        else
            rewrite_word(p, place);
    }
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
        if ((before == line || !is_word_char(before[-1])) && !is_word_char(p[3]))
            return true;
    }
    return false;
}

int seh_rewrite(const char *source, const char *preprocessed, const char *output)
{
    size_t      size = 0;
    char       *text = read_all(preprocessed, &size);
    struct pass p = {.text = text, .end = size, .source = source, .out = fopen(output, "we")};

    if (!p.out)
        die("cannot write %s", output);
    rewrite(&p, p.end, (struct place){0, 0, 0});
    if (fclose(p.out) != 0)
        die("cannot write %s", output);
    free(p.left);
    free(text);
    return p.count;
}
