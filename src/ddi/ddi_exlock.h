/* SPDX-License-Identifier: MIT */
/* ddi/ddi_exlock.h - a level that Windows names with a code of its own, for the doors of executive locks. */
#pragma once

#include "base/finding.h"
#include "ddi/ddi.h"
#include "ke/ke.h"

struct ddi_level_rule {
    const char *rule;
    uint32_t    bugcheck;
    uint64_t    param[4];
};

static inline void ddi_level_wrong(
    const struct ddi_level_rule *r, const char *routine, const void *object, const void *caller)
{
    struct finding f = {
        .severity = FINDING_STOP, .rule = r->rule, .bugcheck = r->bugcheck, .object = object, .caller = caller};

    for (int i = 0; i < 4; i++)
        f.param[i] = r->param[i];
    finding_raisef(&f, "%s is called at IRQL %u", routine, mach_irql());
}

/* Above APC_LEVEL a bug check follows: the code and its parameters. In front of DDI_ENTER. */
#define DDI_AT_MOST_APC(name, object, rule_, code, ...)                                                            \
    do {                                                                                                           \
        if (__builtin_expect(mach_irql() > APC_LEVEL, 0))                                                          \
            ddi_level_wrong(&(struct ddi_level_rule){.rule = (rule_), .bugcheck = (code), .param = {__VA_ARGS__}}, \
                #name, (object), __builtin_return_address(0));                                                     \
    } while (0)
