/* SPDX-License-Identifier: MIT */
/*
 * tool/check_database.c - compile_commands.json, as `duetime build`, CMake or Bear write it: what was compiled, where,
 * and with which arguments, as a list or as one command line.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "tool/check.h"
#include "tool/tool.h"

/* Takes the next word of a command line away, as a shell would read it; NULL: no more. */
static char *next_word(const char **line)
{
    const char *s = *line + strspn(*line, " \t\n");
    char       *word = xcalloc(strlen(s) + 1, 1), quote = '\0';
    size_t      n = 0;

    if (!*s) {
        free(word);
        return NULL;
    }
    for (; *s && (quote || !strchr(" \t\n", *s)); s++) {
        if (*s == quote)
            quote = '\0';
        else if (!quote && (*s == '"' || *s == '\''))
            quote = *s;
        else if (*s == '\\' && quote != '\'' && s[1])
            word[n++] = *++s;
        else
            word[n++] = *s;
    }
    *line = s;
    return word;
}

static struct strings words_of(const json_t *object)
{
    json_t        *arguments = json_object_get(object, "arguments"), *a;
    const char    *command = json_string_value(json_object_get(object, "command"));
    struct strings words = {.count = 0};
    size_t         i;

    json_array_foreach(arguments, i, a)
    {
        if (json_is_string(a))
            strings_add(&words, xstrdup(json_string_value(a)));
    }
    for (char *word; !arguments && command && (word = next_word(&command));)
        strings_add(&words, word);
    return words;
}

static void add_entry(struct database *d, const json_t *object)
{
    const char           *file = json_string_value(json_object_get(object, "file"));
    const char           *directory = json_string_value(json_object_get(object, "directory"));
    struct database_entry e = {.words = words_of(object)};

    if (!file || e.words.count == 0)
        return;
    e.file = xstrdup(file);
    e.directory = directory ? xstrdup(directory) : NULL;
    e.path = *file == '/' ? xstrdup(file) : xasprintf("%s/%s", directory ? directory : ".", file);
    d->at = realloc(d->at, (d->count + 1) * sizeof *d->at);
    if (!d->at)
        die("out of memory");
    d->at[d->count++] = e;
}

struct database database_read(const char *directory)
{
    struct database d = {.path = xasprintf("%s/compile_commands.json", directory)};
    json_error_t    error;
    json_t         *root, *object;
    size_t          i;

    check_readable(d.path);
    root = json_load_file(d.path, 0, &error);
    if (!json_is_array(root))
        die("cannot read %s: %s", d.path, root ? "it is no list of commands" : error.text);
    json_array_foreach(root, i, object)
    {
        add_entry(&d, object);
    }
    json_decref(root);
    return d;
}
