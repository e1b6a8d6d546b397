/* SPDX-License-Identifier: MIT */
#include "host/out.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void put(struct out *o, const char *line)
{
    if (o->print)
        o->print(o->io, line);
    else
        fputs(line, stderr);
}

void out_line(struct out *o, const char *format, ...)
{
    char    some[1024], *line = some;
    va_list ap;

    va_start(ap, format);
    size_t n = (size_t)vsnprintf(some, sizeof some - 1, format, ap);

    va_end(ap);
    if (n >= sizeof some - 1) { /* a replay command with long paths must come whole */
        line = malloc(n + 2);
        if (!line)
            return;
        va_start(ap, format);
        vsnprintf(line, n + 1, format, ap);
        va_end(ap);
    }
    while (n && line[n - 1] == ' ')
        n--;
    memcpy(line + n, "\n", 2);
    put(o, line);
    if (line != some)
        free(line);
}

const char *out_find_last(const char *text, const char *what)
{
    const char *last = NULL;

    for (const char *at = text; at && (at = strstr(at, what)); at++)
        last = at;
    return last;
}

void out_wrapped(struct out *o, const char *label, const char *text)
{
    out_wrapped_at(o, label, text, 4);
}

void out_wrapped_at(struct out *o, const char *label, const char *text, int indent)
{
    char line[OUT_WIDTH + 1];
    int  used = snprintf(line, sizeof line, "%s", label);
    bool start = true; /* of a line: no blank before the next word */

    while (*text) {
        size_t word = strcspn(text, " ");
        int    blank = start ? 0 : 1;

        if (!start && used + blank + (int)word > OUT_WIDTH) {
            out_line(o, "%s", line);
            used = snprintf(line, sizeof line, "%*s", indent, "");
            blank = 0;
        }
        used += snprintf(line + used, sizeof line - (size_t)used, "%s%.*s", blank ? " " : "", (int)word, text);
        if (used > OUT_WIDTH)
            used = OUT_WIDTH;
        start = false;
        text += word;
        text += strspn(text, " ");
    }
    out_line(o, "%s", line);
}
