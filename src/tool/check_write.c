/* SPDX-License-Identifier: MIT */
/* tool/check_write.c - findings as text, as workflow commands and as SARIF 2.1.0. */
#include <stdlib.h>
#include <string.h>

#include "tool/check.h"
#include "tool/tool.h"

static void print_number(const struct finding *f)
{
    printf(" [%s", f->rule->id);
    if (f->number)
        printf(", C%d", f->number);
    puts("]");
}

void findings_print(const struct findings *l)
{
    static const char *const kinds[] = {[FINDING_NEW] = "warning: ",
        [FINDING_ADVICE] = "note: ",
        [FINDING_SUPPRESSED] = "note: suppressed in the source: "};

    for (size_t i = 0; i < l->count; i++) {
        const struct finding *f = &l->at[i];

        if (f->state == FINDING_KNOWN)
            continue;
        printf("%s:%u:%u: %s%s", f->file, f->line, f->column, kinds[f->state], f->text);
        print_number(f);
        for (size_t j = 0; f->state == FINDING_NEW && j < f->step_count; j++)
            printf("%s:%u:%u: note: %s\n", f->steps[j].file, f->steps[j].line, f->steps[j].column, f->steps[j].text);
    }
}

void findings_print_github(const struct findings *l)
{
    for (size_t i = 0; i < l->count; i++) {
        const struct finding *f = &l->at[i];

        if (f->state == FINDING_NEW || f->state == FINDING_ADVICE)
            printf("::%s file=%s,line=%u,col=%u,title=%s::%s\n", f->state == FINDING_NEW ? "warning" : "notice",
                f->file, f->line, f->column, f->rule->id, f->text);
    }
}

/* ---- SARIF ---- */

static json_t *message(const char *text)
{
    return json_pack("{s:s}", "text", text);
}

/* A path as a URI reference; relative ones are below %SRCROOT%. */
static json_t *artifact(const char *path)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/";
    bool              absolute = *path == '/';
    char             *uri = xstrdup(absolute ? "file://" : "");

    for (const char *c = path; *c; c++) {
        char *longer = xasprintf(strchr(plain, *c) ? "%s%c" : "%s%%%02X", uri, (unsigned char)*c);

        free(uri);
        uri = longer;
    }
    json_t *a =
        absolute ? json_pack("{s:s}", "uri", uri) : json_pack("{s:s, s:s}", "uri", uri, "uriBaseId", "%SRCROOT%");

    free(uri);
    return a;
}

static json_t *location(const char *file, unsigned line, unsigned column, const char *text)
{
    json_t *l = json_pack("{s:{s:o, s:{s:i, s:i}}}", "physicalLocation", "artifactLocation", artifact(file), "region",
        "startLine", (int)line, "startColumn", (int)column);

    if (text)
        json_object_set_new(l, "message", message(text));
    return l;
}

static void add_step(json_t *locations, json_t *where)
{
    json_array_append_new(
        locations, json_pack("{s:o, s:i}", "location", where, "executionOrder", (int)json_array_size(locations) + 1));
}

static json_t *code_flow(const struct finding *f)
{
    json_t *locations = json_array();

    for (size_t i = 0; i < f->step_count; i++)
        add_step(locations, location(f->steps[i].file, f->steps[i].line, f->steps[i].column, f->steps[i].text));
    add_step(locations, location(f->file, f->line, f->column, f->text));
    return json_pack("{s:[{s:o}]}", "threadFlows", "locations", locations);
}

static json_t *result(const struct finding *f)
{
    json_t *where = location(f->file, f->line, f->column, NULL), *r;
    json_t *region = json_object_get(json_object_get(where, "physicalLocation"), "region");
    size_t  index = 0;

    while (check_rule_at(index) != f->rule)
        index++;
    json_object_set_new(region, "endLine", json_integer(f->end_line));
    json_object_set_new(region, "endColumn", json_integer(f->end_column));
    if (*f->function)
        json_object_set_new(where, "logicalLocations",
            json_pack("[{s:s, s:s}]", "fullyQualifiedName", f->function, "kind", "function"));
    r = json_pack("{s:s, s:i, s:s, s:o, s:[o], s:[o], s:{s:s}}", "ruleId", f->rule->id, "ruleIndex", (int)index,
        "level", f->state == FINDING_ADVICE ? "note" : "warning", "message", message(f->text), "locations", where,
        "codeFlows", code_flow(f), "partialFingerprints", "duetimeFinding/v1", f->fingerprint);
    if (f->number)
        json_object_set_new(r, "properties", json_pack("{s:i}", "warningNumber", f->number));
    if (f->state == FINDING_SUPPRESSED || f->state == FINDING_KNOWN)
        json_object_set_new(
            r, "suppressions", json_pack("[{s:s}]", "kind", f->state == FINDING_SUPPRESSED ? "inSource" : "external"));
    return r;
}

/* Microsoft's names for a rule: "C28121", "IrqlKeApcLte1", "cpp/drivers/irql-too-high". */
static json_t *aliases(const struct check_rule *r)
{
    json_t *list = json_array();

    if (r->number)
        json_array_append_new(list, json_sprintf("C%d", r->number));
    for (const char *a = r->aliases; *a; a += strspn(a, " ")) {
        json_array_append_new(list, json_stringn(a, strcspn(a, " ")));
        a += strcspn(a, " ");
    }
    return list;
}

static json_t *all_rules(void)
{
    const struct check_rule *r;
    json_t                  *list = json_array();

    for (size_t i = 0; (r = check_rule_at(i)); i++) {
        char *help = xasprintf("%s. `duetime explain %s` shows a bad and a good sample.", r->text, r->id);

        json_array_append_new(
            list, json_pack("{s:s, s:o, s:s, s:o, s:{s:s}, s:{s:[s], s:o}}", "id", r->id, "shortDescription",
                      message(r->text), "helpUri", r->page, "help", message(help), "defaultConfiguration", "level",
                      "warning", "properties", "tags", r->family, "aliases", aliases(r)));
        free(help);
    }
    return list;
}

/* Did it run, and over all sources? A source that does not parse is an error of the run, not a result. */
static json_t *invocation(const struct findings *l)
{
    json_t *notes = json_array();

    for (size_t i = 0; i < l->failed.count; i++) {
        char *text = xasprintf("%s was not checked: %s", l->failed.at[i], l->reasons.at[i]);

        json_array_append_new(
            notes, json_pack("{s:s, s:o, s:[{s:{s:o}}]}", "level", "error", "message", message(text), "locations",
                       "physicalLocation", "artifactLocation", artifact(l->failed.at[i])));
        free(text);
    }
    return json_pack("{s:b, s:o}", "executionSuccessful", l->failed.count == 0, "toolExecutionNotifications", notes);
}

void findings_write_sarif(const struct findings *l, FILE *f)
{
    json_t *results = json_array(), *root;

    for (size_t i = 0; i < l->count; i++)
        json_array_append_new(results, result(&l->at[i]));
    root = json_pack("{s:s, s:s, s:[{s:{s:{s:s, s:s, s:s, s:o}}, s:[o], s:s, s:o}]}", "$schema",
        "https://json.schemastore.org/sarif-2.1.0.json", "version", "2.1.0", "runs", "tool", "driver", "name",
        "duetime check", "version", DUETIME_VERSION, "semanticVersion", DUETIME_VERSION, "rules", all_rules(),
        "invocations", invocation(l), "columnKind", "unicodeCodePoints", "results", results);
    if (!root || json_dumpf(root, f, JSON_INDENT(1)) != 0)
        die("cannot write SARIF");
    fputc('\n', f);
    json_decref(root);
}
