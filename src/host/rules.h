/* SPDX-License-Identifier: MIT */
/* host/rules.h - what each rule says, why it is one, and how drivers usually repair it. */
#pragma once

#include <stdbool.h>

struct rule {
    const char *id;
    const char *title;              /* one line */
    const char *why;                /* two or three sentences */
    const char *repair;             /* likewise */
    const char *aliases, *bugcheck; /* NULL or "": none */
};

/* By "DT-T03", "T03" or Microsoft's name for it. */
bool rule_find(const char *id, struct rule *r);

/* All of them; false after the last. */
bool rule_at(unsigned i, struct rule *r);
