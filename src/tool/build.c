/* SPDX-License-Identifier: MIT */
/* tool/build.c - `duetime build`: arguments and names. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tool/build.h"
#include "tool/tool.h"

enum { KEY_CC = 256, KEY_RACE, KEY_ASAN };

static const struct argp_option options[] = {
    {"output", 'o', "PATH", 0, "Image to write (NAME.so), or the directory for it (build)", 0},
    {"define", 'D', "NAME[=V]", 0, "Preprocessor definition", 0},
    {"include", 'I', "DIR", 0, "Directory for #include", 0},
    {"cc", KEY_CC, "CC", 0, "Compiler: gcc or clang ($CC, else gcc); for C++ the g++ or clang++ beside it", 0},
    {"optimize", 'O', "LEVEL", 0, "0, 1, 2, g (g)", 0},
    {"race", KEY_RACE, NULL, 0, "Tell the machine of every memory access (--level memory)", 0},
    {"asan", KEY_ASAN, NULL, 0, "Address sanitizer (for a machine built with it)", 0},
    {"verbose", 'v', NULL, 0, "Show the commands", 0},
    {NULL, 0, NULL, 0, NULL, 0},
};

void strings_add(struct strings *l, char *s)
{
    l->at = realloc(l->at, (l->count + 2) * sizeof *l->at);
    if (!l->at)
        die("out of memory");
    l->at[l->count++] = s;
    l->at[l->count] = NULL;
}

static bool has_suffix(const char *s, const char *end)
{
    size_t n = strlen(s), m = strlen(end);

    return n > m && strcasecmp(s + n - m, end) == 0;
}

void check_readable(const char *path)
{
    struct stat st;

    if (stat(path, &st) != 0 || access(path, R_OK) != 0)
        die("cannot read %s: %s", path, strerror(errno));
    if (S_ISDIR(st.st_mode))
        die("cannot read %s: it is a directory", path);
    if (!S_ISREG(st.st_mode)) /* a pipe may never end, and is read more than once */
        die("cannot read %s: it is no regular file", path);
}

void build_add_input(struct build *b, const char *path)
{
    check_readable(path);
    if (has_suffix(path, ".vcxproj"))
        vcxproj_read(b, path);
    else if (has_suffix(path, ".c") || cxx_is_source(path))
        strings_add(&b->sources, xstrdup(path));
    else
        die("%s is neither a C or C++ source nor a .vcxproj", path);
    if (!b->name) {
        const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;

        b->name = xasprintf("%.*s", (int)(strrchr(base, '.') - base), base);
    }
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct build *b = state->input;

    switch (key) {
    case 'o':
        if (!*arg)
            die("--output: which file?");
        b->output = arg;
        break;
    case 'D':
        strings_add(&b->defines, xstrdup(arg));
        break;
    case 'I':
        strings_add(&b->includes, xstrdup(arg));
        break;
    case KEY_CC:
        b->compiler = arg;
        break;
    case 'O':
        if (!strchr("012g", *arg) || strlen(arg) != 1)
            die("--optimize: '%s' is none of 0, 1, 2, g", arg);
        b->optimize = arg;
        break;
    case KEY_RACE:
        b->race = true;
        break;
    case KEY_ASAN:
        b->asan = true;
        break;
    case 'v':
        b->verbose = true;
        break;
    case ARGP_KEY_ARG:
        build_add_input(b, arg);
        break;
    case ARGP_KEY_NO_ARGS:
        die("what is to be built? (C or C++ sources, or a .vcxproj)");
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static void set_names(struct build *b)
{
    const char *output = b->output ? b->output : "build";

    if (has_suffix(output, ".so")) {
        const char *slash = strrchr(output, '/'), *base = slash ? slash + 1 : output;

        b->directory = slash ? xasprintf("%.*s", (int)(slash - output), output) : xstrdup(".");
        b->name = xasprintf("%.*s", (int)(strlen(base) - 3), base);
    } else {
        b->directory = xstrdup(output);
    }
    b->image = xasprintf("%s/%s.so", b->directory, b->name);
    b->objects = xasprintf("%s/.duetime/%s/objects", b->directory, b->name);
    /* Deep, so that a name with some "../" stays below the directory of ours. */
    b->overlay = xasprintf("%s/.duetime/%s/include/1/2/3/4/5/6", b->directory, b->name);
}

int tool_build(int argc, char **argv)
{
    static const struct argp argp = {.options = options,
        .parser = parse,
        .args_doc = "SOURCE... | PROJECT.vcxproj",
        .doc = "Compiles unmodified driver sources, C and C++ (.cpp, .cc, .cxx), against Duetime's headers into one "
               "image that both machines can "
               "run. Backslashes and odd case in #include, and .tmh files, are taken care of. A source that includes "
               "<duetime/test.h> is compiled as a test and may use the C library."};
    struct build             b = {.optimize = "g"};

    b.compiler = getenv("CC");
    parse_arguments(&argp, argc, argv, &b);
    if (!b.compiler || !*b.compiler)
        b.compiler = "gcc";
    if (b.sources.count == 0)
        die("the project has no C or C++ sources");
    set_names(&b);
    return compile_all(&b);
}
