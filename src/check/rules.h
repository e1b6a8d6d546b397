/* SPDX-License-Identifier: MIT */
/* check/rules.h - the rules by number; rules.def is the table. */
#pragma once

namespace dt {

enum Rule {
#define RULE(id, number, aliases, family, text, page) id,
#include "check/rules.def"
    RULE_COUNT
};

struct RuleRow {
    const char *id; /* "DT-T06" */
    int         number;
    const char *text;
};

extern const RuleRow rule_rows[RULE_COUNT];

} // namespace dt
