/* SPDX-License-Identifier: MIT */
/*
 * base/finding.h - how the kernel and the observers say "this driver is wrong".
 *
 * A STOP ends the run at once: on the simulated machine finding_raise() does not return for it. A WARNING is
 * recorded and the run goes on. The text fields are static strings or live inside the finding.
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

enum finding_severity { FINDING_WARNING, FINDING_STOP };

struct finding {
    enum finding_severity severity;
    const char           *rule;      /* "DT-T03"; NULL: a plain bug check */
    uint32_t              bugcheck;  /* NT bug check code, 0 where Windows has none */
    uint64_t              param[4];  /* its documented parameters */
    const void           *object;    /* timer, DPC, lock ... or NULL */
    const void           *caller;    /* code address in the driver to blame, or NULL */
    char                  what[200]; /* one sentence: what is wrong, filled by finding_raisef */
};

/* Set by host/boot.c. Without a sink, a STOP aborts the process with the text on stderr. */
extern void (*finding_sink)(const struct finding *f);

/*
 * Set before a run, constant during it. Strict (false): all of Driver Verifier's rules, and Duetime's own. Faithful: Windows
 * without Driver Verifier. What it tolerates goes on: warnings and Driver Verifier's bug checks are not raised.
 */
extern bool finding_faithful;

/* In faithful mode it returns for what Windows tolerates, a STOP too; so whoever raises such a thing must be able to go on. */
void finding_raise(const struct finding *f);

/* In either mode: there is no going on from here. Then a code of Driver Verifier's is left out in faithful mode, for Windows
 * alone would stop with some other or hang. */
void finding_raise_fatal(struct finding *f);

/* Fills what[]. */
__attribute__((format(printf, 2, 0))) void finding_format(struct finding *f, const char *fmt, va_list ap);

/* printf-like filling of what[]. */
__attribute__((format(printf, 2, 3))) void finding_raisef(struct finding *f, const char *fmt, ...);
