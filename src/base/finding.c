/* SPDX-License-Identifier: MIT */
#include "base/finding.h"

#include <stdio.h>
#include <stdlib.h>

void (*finding_sink)(const struct finding *f);

void finding_raise(const struct finding *f)
{
    if (finding_sink) {
        finding_sink(f);
        return;
    }
    fprintf(stderr, "duetime: %s bug check 0x%x: %s\n", f->rule ? f->rule : "-", f->bugcheck, f->what);
    if (f->severity == FINDING_STOP)
        abort();
}

void finding_format(struct finding *f, const char *fmt, va_list ap)
{
    vsnprintf(f->what, sizeof f->what, fmt, ap);
}

void finding_raisef(struct finding *f, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    finding_format(f, fmt, ap);
    va_end(ap);
    finding_raise(f);
}
