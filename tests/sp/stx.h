/* SPDX-License-Identifier: MIT */
/* tests/sp/stx.h - what tests of the extended routines share: an adapter without units, calls at another level. */
#pragma once

#include "sp/stor.h"

#include "duetime/device.h"

/* An adapter that does nothing; its extension. */
static inline struct mini_ext *bare(void)
{
    return ext_of(go(&(struct mini){0}));
}

static inline void bare_over(void)
{
    over(mini_stor);
}

/* The status of a call at a higher level. */
#define AT_IRQL(level, call)         \
    ({                               \
        KIRQL old_;                  \
        ULONG status_;               \
                                     \
        KeRaiseIrql((level), &old_); \
        status_ = (call);            \
        KeLowerIrql(old_);           \
        status_;                     \
    })

/* The body passes all its expectations, and the first warning is of this rule. */
static inline void warned(dt_body *body, const char *rule)
{
    struct dt_config cfg = config(2);
    struct dt_result r = {0};

    assert_int_equal(dt_run(&cfg, body, NULL, &r), 0);
    if (r.verdict != DT_PASS || !r.warnings || strcmp(r.finding.rule, rule) != 0)
        fail_msg("expected a warning %s, got verdict %d, %u warnings, %s: %s %s", rule, (int)r.verdict, r.warnings,
            r.finding.rule, r.finding.what, r.finding.where);
}

#define DIRQL_TEST 7

/* A wide string for routines that take PWSTR. */
#define WIDE(s) ((PWSTR)(s))
