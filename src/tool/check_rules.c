/* SPDX-License-Identifier: MIT */
/* tool/check_rules.c - the rules of the static checker as a table, and `duetime explain` for them. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tool/check.h"
#include "tool/tool.h"

#define DOCS "https://learn.microsoft.com/windows-hardware/drivers/"

static const struct check_rule rules[] = {
#define RULE(id_, number_, aliases_, family_, text_, page_) \
    {.id = "DT-" #id_, .number = number_, .aliases = aliases_, .family = family_, .text = text_, .page = DOCS page_},
#include "check/rules.def"
    {.id = NULL}};

const struct check_rule *check_rule_at(size_t i)
{
    return i < sizeof rules / sizeof *rules - 1 ? &rules[i] : NULL;
}

static const struct {
    int         number;
    const char *id, *text;
} nearer[] = {
#define NEARER(number_, id_, text_) {number_, "DT-" #id_, text_},
#include "check/rules.def"
    {0, NULL, NULL}};

static int number_in(const char *name)
{
    return atoi(toupper((unsigned char)*name) == 'C' ? name + 1 : name);
}

static bool has_alias(const struct check_rule *r, const char *name)
{
    size_t n = strlen(name);

    for (const char *a = r->aliases; *a;) {
        size_t      length = strcspn(a, " ");
        const char *slash = memrchr(a, '/', length);
        size_t      tail = slash ? (size_t)(a + length - slash - 1) : length;

        if ((length == n && strncasecmp(a, name, n) == 0) ||
            (tail == n && strncasecmp(a + length - tail, name, n) == 0))
            return true;
        a += length;
        a += strspn(a, " ");
    }
    return false;
}

/* Of rules that share a number the one that Microsoft's names belong to, else the first; or the rule of a nearer number. */
const struct check_rule *check_rule_find(const char *name)
{
    int                      number = number_in(name);
    const struct check_rule *by_number = NULL;

    for (const struct check_rule *r = rules; r->id; r++) {
        if (strcasecmp(r->id, name) == 0 || strcasecmp(r->id + 3, name) == 0 || has_alias(r, name))
            return r;
        if (number && r->number == number && (!by_number || (!*by_number->aliases && *r->aliases)))
            by_number = r;
    }
    for (size_t i = 0; !by_number && number && nearer[i].number; i++)
        if (nearer[i].number == number)
            return check_rule_find(nearer[i].id);
    return by_number;
}

/* The sample without its opening comment; says so when it is not installed. */
static void print_sample(const struct check_rule *r, const char *kind)
{
    char *relative =
        xasprintf("../share/duetime/check/dt_%c%s_%s.c", tolower((unsigned char)r->id[3]), r->id + 4, kind);
    char *path = beside_program(relative);
    FILE *f = fopen(path, "r");
    char  line[400];

    printf("\n%s:\n", strcmp(kind, "bad") == 0 ? "Reported" : "Right");
    if (!f)
        printf("    (the sample %s is not installed)\n", path);
    for (int n = 0; f && fgets(line, sizeof line, f); n++)
        if (n > 0 && strncmp(line, "#include", 8) != 0)
            printf("%s%s", *line == '\n' ? "" : "    ", line);
    if (f)
        fclose(f);
    free(path);
    free(relative);
}

bool check_explain(const char *name, bool heading)
{
    const struct check_rule *r = check_rule_find(name);

    if (!r)
        return false;
    if (heading)
        printf("%s: %s\n", r->id, r->text);
    if (r->number)
        printf("Static warning: C%d\n", r->number);
    for (size_t i = 0; nearer[i].number; i++)
        if (strcmp(nearer[i].id, r->id) == 0)
            printf("                C%d: %s\n", nearer[i].number, nearer[i].text);
    if (*r->aliases)
        printf("Also known as: %s\n", r->aliases);
    printf("Documentation: %s\n", r->page);
    print_sample(r, "bad");
    print_sample(r, "good");
    return true;
}
