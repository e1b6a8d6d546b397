/* SPDX-License-Identifier: MIT */
/* host/out.h - lines of a report, at most 100 columns. */
#pragma once

#include "duetime/duetime.h"

enum { OUT_WIDTH = 100 };

struct out {
    dt_print *print; /* NULL: standard error */
    void     *io;
};

/* One line, printf-like, without its newline. */
__attribute__((format(printf, 2, 3))) void out_line(struct out *o, const char *format, ...);

/* label, then text broken between words; lines after the first are indented by four, or as said. */
void out_wrapped(struct out *o, const char *label, const char *text);
void out_wrapped_at(struct out *o, const char *label, const char *text, int indent);

/* Where what stands for the last time in text (may be NULL), or NULL. */
const char *out_find_last(const char *text, const char *what);
