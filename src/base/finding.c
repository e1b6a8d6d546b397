/* SPDX-License-Identifier: MIT */
#include "base/finding.h"

#include <stdio.h>
#include <stdlib.h>

enum { VERIFIER_DETECTED = 0xC4, VERIFIER_IOMANAGER = 0xC9 };

void (*finding_sink)(const struct finding *f);

bool finding_faithful;

static bool is_verifiers(const struct finding *f)
{
    return f->bugcheck == VERIFIER_DETECTED || f->bugcheck == VERIFIER_IOMANAGER;
}

static void deliver(const struct finding *f)
{
    if (finding_sink) {
        finding_sink(f);
        return;
    }
    fprintf(stderr, "duetime: %s bug check 0x%x: %s\n", f->rule ? f->rule : "-", f->bugcheck, f->what);
    if (f->severity == FINDING_STOP)
        abort();
}

void finding_raise(const struct finding *f)
{
    if (finding_faithful && (f->severity == FINDING_WARNING || is_verifiers(f)))
        return;
    deliver(f);
}

void finding_raise_fatal(struct finding *f)
{
    if (finding_faithful && is_verifiers(f))
        f->bugcheck = 0;
    deliver(f);
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
