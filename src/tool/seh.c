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
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tool/build.h"
#include "tool/seh_text.h"
#include "tool/tool.h"

/* Numbers of the frames that words mean at a place; 0 = none. */
struct place {
    int body, except, finally; /* the innermost __try body; filter or handler; finally block */
};

static const char *const register_words[] = {"register", NULL};
static const char *const asm_words[] = {"asm", "__asm", "__asm__", NULL};

/* ---- rewriting ---- */

static void rewrite(struct seh_pass *p, size_t end, struct place place);

/* The inside of the brackets at p->at, which must open with c; the brackets are dropped. */
static void rewrite_inside(struct seh_pass *p, char c, struct place place, const char *missing)
{
    if (p->at >= p->end || p->text[p->at] != c)
        seh_wrong(p, p->at, missing);
    size_t end = seh_closing(p, p->at);

    if (end >= p->end)
        seh_wrong(p, p->at, "this bracket is not closed");
    p->at++;
    rewrite(p, end, place);
    p->at = end + 1;
}

/* An unused result of alloca() is not optimized away without optimization; the pointer silences the warning. */
#define ALLOCA "void *__dt_low = __builtin_alloca(16); (void)__dt_low;"

static void rewrite_except(struct seh_pass *p, int n, struct place place)
{
    place.except = n;
    p->at += seh_token_length(p->text, p->at);
    fprintf(p->out, "else if (__dt_how_%d == 1) { " ALLOCA " __dt_seh_filtered(&__dt_seh_%d, (long)(", n, n);
    seh_copy_space(p);
    rewrite_inside(p, '(', place, "__except without a filter");
    fputs("));}", p->out);
    seh_copy_space(p);
    fputs("else {", p->out);
    rewrite_inside(p, '{', place, "__except (...) without a block");
    fputs("}}", p->out);
}

static void rewrite_finally(struct seh_pass *p, int n, struct place place)
{
    place.finally = n;
    p->at += seh_token_length(p->text, p->at);
    fputs("else { " ALLOCA, p->out);
    seh_copy_space(p);
    rewrite_inside(p, '{', place, "__finally without a block");
    fprintf(p->out, ";__dt_seh_finished(&__dt_seh_%d);}}", n);
}

static void rewrite_try(struct seh_pass *p, struct place place)
{
    size_t       start = p->at, after, n_word = seh_token_length(p->text, p->at);
    int          n = seh_new_frame(p);
    struct place body = place;

    p->at += n_word;
    seh_copy_space(p);
    after = p->text[p->at] == '{' ? seh_closing(p, p->at) : p->end;
    after = after < p->end ? seh_after_space(p, after + 1) : after;
    bool except = after < p->end && seh_is(p, after, seh_except_words);

    if (!except && (after >= p->end || !seh_is(p, after, seh_finally_words)))
        seh_wrong(p, start, "__try {...} without __except or __finally");
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
    seh_copy_space(p);
    if (except)
        rewrite_except(p, n, place);
    else
        rewrite_finally(p, n, place);
}

static void rewrite_leave(struct seh_pass *p, struct place place)
{
    if (!place.body)
        seh_wrong(p, p->at, "__leave outside of a __try block");
    p->left[place.body] = true;
    p->at += seh_token_length(p->text, p->at);
    fprintf(p->out, "goto __dt_leave_%d", place.body);
}

/* word() becomes an expression with a field of the frame. */
static void rewrite_call(struct seh_pass *p, const char *prefix, int frame, const char *field, const char *misplaced)
{
    size_t open = seh_after_word(p, p->at);

    if (!frame)
        seh_wrong(p, p->at, misplaced);
    fprintf(p->out, "(%s__dt_seh_%d.%s)", prefix, frame, field);
    p->at = p->text[open] == '(' ? seh_closing(p, open) + 1 : open;
}

/* A variable that is bound to a register by name keeps the word. */
static void rewrite_register(struct seh_pass *p)
{
    size_t n = seh_token_length(p->text, p->at);

    for (size_t i = p->at; i < p->end && p->text[i] != ';' && p->text[i] != ')'; i += seh_token_length(p->text, i))
        if (seh_is(p, i, asm_words)) {
            seh_copy_to(p, p->at + n);
            return;
        }
    p->at += n;
}

static void rewrite_word(struct seh_pass *p, struct place place)
{
    if (seh_is(p, p->at, seh_try_words))
        rewrite_try(p, place);
    else if (seh_is(p, p->at, seh_leave_words))
        rewrite_leave(p, place);
    else if (seh_is(p, p->at, register_words))
        rewrite_register(p);
    else if (seh_is(p, p->at, seh_code_words))
        rewrite_call(p, "(unsigned)", place.except, "code", "GetExceptionCode() outside of a filter or handler");
    else if (seh_is(p, p->at, seh_info_words))
        rewrite_call(p, "", place.except, "pointers", "GetExceptionInformation() outside of a filter");
    else if (seh_is(p, p->at, seh_abnormal_words))
        rewrite_call(
            p, "(unsigned char)!", place.finally, "normal", "AbnormalTermination() outside of a __finally block");
    else if (seh_is(p, p->at, seh_except_words) || seh_is(p, p->at, seh_finally_words))
        seh_wrong(p, p->at, "__except or __finally without __try");
    else
        seh_copy_to(p, p->at + seh_token_length(p->text, p->at));
}

static void rewrite(struct seh_pass *p, size_t end, struct place place)
{
    while (p->at < end) {
        size_t n = seh_space_length(p->text, p->at);

        if (n)
            seh_copy_to(p, p->at + n);
        else
            rewrite_word(p, place);
    }
}

/* ---- whole files ---- */

int seh_rewrite(const char *source, const char *preprocessed, const char *output)
{
    size_t          size = 0;
    char           *text = read_all(preprocessed, &size);
    struct seh_pass p = {.text = text, .end = size, .source = source, .out = fopen(output, "we")};

    if (!p.out)
        die("cannot write %s", output);
    rewrite(&p, p.end, (struct place){0, 0, 0});
    if (fclose(p.out) != 0)
        die("cannot write %s", output);
    free(p.left);
    free(text);
    return p.count;
}
