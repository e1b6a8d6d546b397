/* SPDX-License-Identifier: MIT */
/* tool/check.h - what the parts of `duetime check` share. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "tool/build.h"

/* A row of check/rules.def. */
struct check_rule {
    const char *id, *aliases, *family, *text; /* id: "DT-I01"; aliases: separated by blanks */
    const char *page;                         /* of Microsoft's documentation, a URL */
    int         number;                       /* C28xxx, 0: none */
};

struct step {
    char    *file, *text;
    unsigned line, column;
};

/* Advice is legal code that could say more: it is shown and changes nothing in the exit status. */
enum finding_state { FINDING_NEW, FINDING_ADVICE, FINDING_SUPPRESSED, FINDING_KNOWN };

struct finding {
    const struct check_rule *rule;
    int                      number; /* nearer than the rule's, or the same */
    char                    *function, *text, *file;
    unsigned                 line, column, end_line, end_column;
    struct step             *steps; /* the path, without the finding itself */
    size_t                   step_count;
    enum finding_state       state;
    char                     fingerprint[24]; /* of rule, function and text; stays when lines move */
};

struct findings {
    struct finding *at;
    size_t          count;
    struct strings  failed, reasons; /* sources that were not checked; the compiler's first error in each */
};

/* ---- check_database.c ---- */

/* One compilation: in directory (NULL: here) of file; path: the same from here. */
struct database_entry {
    char          *directory, *file, *path;
    struct strings words;
};

struct database {
    char                  *path; /* of compile_commands.json */
    struct database_entry *at;
    size_t                 count;
};

/* Ends the program when there is none that can be read. */
struct database database_read(const char *directory);

/* ---- check_rules.c ---- */

const struct check_rule *check_rule_at(size_t i); /* NULL after the last */

/* By "DT-I01", "I01", "C28121", "28121" or an alias; NULL. */
const struct check_rule *check_rule_find(const char *name);

/* Prints what a static rule says (heading: with its title, which the verifier has printed otherwise), and its samples
 * (tests/check). False: no such rule. */
bool check_explain(const char *name, bool heading);

/* ---- check_read.c ---- */

/* Adds what the analyzer wrote into a SARIF file. */
void findings_read(struct findings *l, const char *sarif);

/* Findings in preprocessed text: back to the file and line its line markers name. */
void findings_place(struct findings *l, const char *preprocessed);

/* Sorts, drops what is there twice, gives fingerprints. */
void findings_settle(struct findings *l);

/* ---- check_suppress.c ---- */

/* Marks findings that a pragma in the source suppresses. */
void findings_suppress(struct findings *l);

/* Marks findings whose fingerprint is a line's first word in a baseline file. */
void findings_baseline(struct findings *l, const char *path);
void findings_write_baseline(const struct findings *l, const char *path);

/* ---- check_write.c ---- */

void findings_print(const struct findings *l);
void findings_print_github(const struct findings *l); /* workflow commands: annotations on a pull request */
void findings_write_sarif(const struct findings *l, FILE *f);
