/* SPDX-License-Identifier: MIT */
/* tool/seh_text.h - preprocessed text as a row of tokens, for what rewrites __try (seh.c, seh_check.c). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct seh_pass {
    const char *text;
    size_t      at, end;
    FILE       *out;
    int         count; /* of __try so far */
    bool       *left;  /* by number: __leave was seen */
    const char *source;
};

extern const char *const seh_try_words[],
    *const seh_except_words[], *const seh_finally_words[], *const seh_leave_words[],
                                                               *const seh_code_words[], *const seh_info_words[],
                                                                                            *const seh_abnormal_words[];

bool seh_is_word_char(char c);

/* Blanks, comments, line markers: one piece of it, or 0. */
size_t seh_space_length(const char *text, size_t at);
size_t seh_token_length(const char *text, size_t at);

/* The bracket that closes the one at `at`; the text's end if there is none. */
size_t seh_closing(const struct seh_pass *p, size_t at);
size_t seh_after_space(const struct seh_pass *p, size_t at);
size_t seh_after_word(const struct seh_pass *p, size_t at); /* and the space behind it */

/* Is the token one of these words? */
bool seh_is(const struct seh_pass *p, size_t at, const char *const *words);

/* Ends the command with the line of the driver. */
_Noreturn void seh_wrong(const struct seh_pass *p, size_t at, const char *what);

void seh_copy_to(struct seh_pass *p, size_t to);
void seh_copy_space(struct seh_pass *p);

/* A new number, for a __try. */
int seh_new_frame(struct seh_pass *p);
