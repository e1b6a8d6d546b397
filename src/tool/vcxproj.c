/* SPDX-License-Identifier: MIT */
/*
 * tool/vcxproj.c - the few things of a Visual Studio project that matter here: sources, definitions, include
 * directories. No MSBuild: conditions are judged for one configuration (Debug|x64, if there is one), and properties
 */
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tool/build.h"
#include "tool/tool.h"

struct project {
    struct build *b;
    char         *directory;
    char         *configuration; /* "Debug|x64", or what the project has in its place */
};

static bool is(const xmlNode *n, const char *name)
{
    return n->type == XML_ELEMENT_NODE && strcmp((const char *)n->name, name) == 0;
}

/* A condition that names a configuration or platform must name ours. */
static bool applies(const struct project *p, xmlNode *n)
{
    xmlChar    *text = xmlGetProp(n, (const xmlChar *)"Condition");
    const char *c = (const char *)text;
    bool        yes = true;

    if (c && strchr(c, '|')) {
        yes = strstr(c, p->configuration) != NULL;
    } else if (c && strstr(c, "==")) {
        char *name = xasprintf("%.*s", (int)strcspn(p->configuration, "|"), p->configuration);

        yes = strstr(c, name) || strstr(c, "x64");
        free(name);
    }
    xmlFree(text);
    return yes;
}

/* Replaces $(ProjectDir) and drops other $(...); slashes forward. */
static char *expand(const struct project *p, const char *s)
{
    char *out = xstrdup("");

    while (*s) {
        size_t n = strcspn(s, "$");
        char  *more = xasprintf("%s%.*s", out, (int)n, s);

        free(out);
        out = more;
        s += n;
        if (strncasecmp(s, "$(ProjectDir)", 13) == 0) {
            more = xasprintf("%s%s/", out, p->directory);
            free(out);
            out = more;
        }
        if (*s == '$')
            s += s[1] == '(' && strchr(s, ')') ? strcspn(s, ")") + 1 : 1;
    }
    for (char *c = out; *c; c++)
        if (*c == '\\')
            *c = '/';
    return out;
}

/* Each part of a list separated by semicolons, without %(...) and the blanks around it. */
static void each_part(struct project *p, const char *list, void (*fn)(struct project *p, const char *part))
{
    char *copy = xstrdup(list), *rest = copy;

    for (char *part; (part = strsep(&rest, ";"));) {
        part += strspn(part, " \t\r\n");
        for (size_t n = strlen(part); n && strchr(" \t\r\n", part[n - 1]); n--)
            part[n - 1] = '\0';
        if (*part && *part != '%')
            fn(p, part);
    }
    free(copy);
}

static bool known(const struct strings *l, const char *s)
{
    for (size_t i = 0; i < l->count; i++)
        if (strcmp(l->at[i], s) == 0)
            return true;
    return false;
}

/* Some projects list options of the compiler here ("/wd4996"). */
static void add_define(struct project *p, const char *part)
{
    if (*part != '/' && !strchr(part, '$') && !known(&p->b->defines, part))
        strings_add(&p->b->defines, xstrdup(part));
}

/* What lies below a property nobody here knows (the SDK, the WDK) is ours to provide. */
static void add_include(struct project *p, const char *part)
{
    char *expanded = expand(p, part);

    if (*part != '$' || strncasecmp(part, "$(ProjectDir)", 13) == 0) {
        char *path = expanded[0] == '/' || strncmp(expanded, p->directory, strlen(p->directory)) == 0
                         ? xstrdup(expanded)
                         : xasprintf("%s/%s", p->directory, expanded);

        if (known(&p->b->includes, path))
            free(path);
        else
            strings_add(&p->b->includes, path);
    }
    free(expanded);
}

static void read_definitions(struct project *p, xmlNode *group)
{
    for (xmlNode *cl = group->children; cl; cl = cl->next) {
        for (xmlNode *n = is(cl, "ClCompile") ? cl->children : NULL; n; n = n->next) {
            xmlChar *text = n->type == XML_ELEMENT_NODE && applies(p, n) ? xmlNodeGetContent(n) : NULL;

            if (text && is(n, "PreprocessorDefinitions"))
                each_part(p, (const char *)text, add_define);
            if (text && is(n, "AdditionalIncludeDirectories"))
                each_part(p, (const char *)text, add_include);
            xmlFree(text);
        }
    }
}

/* The source in the spelling that exists. */
static char *existing_source(const struct project *p, const char *expanded, const char *name)
{
    char *path = find_below(p->directory, expanded);

    if (!path)
        die("%s, a source of the project, is not in %s", name, p->directory);
    check_readable(path);
    return path;
}

static bool is_excluded(const struct project *p, xmlNode *n)
{
    bool excluded = false;

    for (xmlNode *c = n->children; c; c = c->next) {
        xmlChar *text = is(c, "ExcludedFromBuild") && applies(p, c) ? xmlNodeGetContent(c) : NULL;

        excluded |= text && strcasecmp((const char *)text, "true") == 0;
        xmlFree(text);
    }
    return excluded;
}

static void add_source(struct project *p, const char *name)
{
    char  *expanded = expand(p, name);
    size_t n = strlen(expanded);

    if ((n > 2 && strcasecmp(expanded + n - 2, ".c") == 0) || cxx_is_source(expanded))
        strings_add(&p->b->sources, existing_source(p, expanded, name));
    else
        fprintf(stderr, "duetime: %s is left out: only C and C++ sources are compiled\n", name);
    free(expanded);
}

static void read_items(struct project *p, xmlNode *group)
{
    for (xmlNode *n = group->children; n; n = n->next) {
        xmlChar *name = is(n, "ClCompile") && applies(p, n) && !is_excluded(p, n)
                            ? xmlGetProp(n, (const xmlChar *)"Include")
                            : NULL;

        if (name)
            each_part(p, (const char *)name, add_source);
        xmlFree(name);
    }
}

/* "Debug|x64" where the project has it, else the last one for x64 ("Win11 Release|x64"). */
static char *choose_configuration(xmlNode *root)
{
    char *chosen = NULL;

    for (xmlNode *group = root->children; group; group = group->next) {
        for (xmlNode *n = is(group, "ItemGroup") ? group->children : NULL; n; n = n->next) {
            xmlChar *name = is(n, "ProjectConfiguration") ? xmlGetProp(n, (const xmlChar *)"Include") : NULL;

            if (name && strstr((const char *)name, "|x64") && !(chosen && strstr(chosen, "Debug"))) {
                free(chosen);
                chosen = xstrdup((const char *)name);
            }
            xmlFree(name);
        }
    }
    return chosen ? chosen : xstrdup("Debug|x64");
}

void vcxproj_read(struct build *b, const char *path)
{
    const char    *slash = strrchr(path, '/');
    struct project p = {.b = b, .directory = slash ? xasprintf("%.*s", (int)(slash - path), path) : xstrdup(".")};
    xmlDoc        *doc = xmlReadFile(path, NULL, XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    xmlNode       *root = doc ? xmlDocGetRootElement(doc) : NULL;
    size_t         before = b->sources.count;

    if (!root || !is(root, "Project"))
        die("%s is no Visual Studio project", path);
    p.configuration = choose_configuration(root);
    if (strstr(p.configuration, "Debug") && !known(&b->defines, "DBG=1"))
        strings_add(&b->defines, xstrdup("DBG=1"));
    for (xmlNode *n = root->children; n; n = n->next) {
        if (is(n, "ItemDefinitionGroup") && applies(&p, n))
            read_definitions(&p, n);
        if (is(n, "ItemGroup") && applies(&p, n))
            read_items(&p, n);
    }
    if (b->sources.count == before)
        die("%s lists no C source", path);
    xmlFreeDoc(doc);
    free(p.configuration);
    free(p.directory);
}
