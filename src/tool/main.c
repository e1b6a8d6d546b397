/* SPDX-License-Identifier: MIT */
/* tool/main.c - the `duetime` command: picks the sub-command. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tool/tool.h"

const char *argp_program_version = "duetime " DUETIME_VERSION;

static const struct command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *summary;
} commands[] = {
    {"build", tool_build, "compile driver or test sources, or a .vcxproj, into an image"},
    {"run", tool_run, "run a driver once, in virtual or real time, and show its timers"},
    {"explore", tool_explore, "search the schedules of a driver's tests for a finding"},
    {"replay", tool_replay, "run one schedule again and tell what happens"},
    {"disk", tool_disk, "serve a StorPort miniport's disk to NBD clients (fio, qemu, nbdcopy)"},
    {"check", tool_check, "check driver sources statically: IRQL, locks, timers, roles"},
    {"ddi", tool_ddi, "list the NT routines: ready, partial, absent"},
    {"explain", tool_explain, "explain a rule (DT-T03) or a bug check (0xC7)"},
};

/* Under LeakSanitizer: what a command allocates lives as long as its process. The library is checked by its tests. */
__attribute__((visibility("default"))) int __lsan_is_turned_off(void);
int                                        __lsan_is_turned_off(void)
{
    return 1;
}

enum { COMMANDS = sizeof commands / sizeof *commands };

void die(const char *format, ...)
{
    va_list ap;

    fputs("duetime: ", stderr);
    va_start(ap, format);
    vfprintf(stderr, format, ap);
    va_end(ap);
    fputc('\n', stderr);
    exit(EXIT_USAGE);
}

void *xcalloc(size_t n, size_t size)
{
    void *p = calloc(n, size);

    if (!p)
        die("out of memory");
    return p;
}

char *xstrdup(const char *s)
{
    char *p = strdup(s);

    if (!p)
        die("out of memory");
    return p;
}

char *xasprintf(const char *format, ...)
{
    char   *p;
    va_list ap;

    va_start(ap, format);
    if (vasprintf(&p, format, ap) < 0)
        die("out of memory");
    va_end(ap);
    return p;
}

uint64_t parse_number(const char *what, const char *arg)
{
    char *end;

    errno = 0;
    unsigned long long v = strtoull(arg, &end, 0);

    if (*arg == '\0' || *arg == '-' || *end != '\0' || errno)
        die("%s: '%s' is not a number", what, arg);
    return v;
}

uint64_t parse_between(const char *what, const char *arg, uint64_t min, uint64_t max)
{
    uint64_t v = parse_number(what, arg);

    if (v < min && max == UINT64_MAX)
        die("%s: %s is less than %llu", what, arg, (unsigned long long)min);
    if (v < min || v > max)
        die("%s: %s is not between %llu and %llu", what, arg, (unsigned long long)min, (unsigned long long)max);
    return v;
}

dt_ns parse_duration(const char *what, const char *arg)
{
    static const struct {
        const char *suffix;
        double      ns;
    } units[] = {{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"", 1e9}, {"min", 60e9}, {"h", 3600e9}};
    char  *end;
    double v = strtod(arg, &end);

    for (size_t i = 0; end != arg && v >= 0 && v < 1e6 && i < sizeof units / sizeof *units; i++)
        if (strcmp(end, units[i].suffix) == 0 && v * units[i].ns >= 1)
            return (dt_ns)(v * units[i].ns);
    die("%s: '%s' is not a duration above 0 (2s, 500ms, 20us)", what, arg);
}

/* argp's own errors take two lines; one was promised. So it is told to be silent, and this outermost parser remembers
 * how far it came. Parsers call die(). */
struct outermost {
    void *input;
    int   next;
};

static error_t parse_outermost(int key, char *arg, struct argp_state *state)
{
    struct outermost *o = state->input;

    (void)arg;
    if (key == ARGP_KEY_INIT)
        state->child_inputs[0] = o->input;
    if (key == ARGP_KEY_ERROR)
        o->next = state->next;
    return key == ARGP_KEY_INIT ? 0 : ARGP_ERR_UNKNOWN;
}

void parse_arguments(const struct argp *argp, int argc, char **argv, void *input)
{
    struct argp_child children[] = {{argp, 0, NULL, 0}, {NULL, 0, NULL, 0}};
    struct argp       all = {.parser = parse_outermost, .children = children};
    struct outermost  o = {.input = input, .next = 1};

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-?") == 0) {
            argp_help(argp, stdout, ARGP_HELP_STD_HELP, argv[0]);
            exit(EXIT_PASS);
        }
    }
    if (argp_parse(&all, argc, argv, ARGP_NO_ERRS | ARGP_NO_HELP, NULL, &o) != 0)
        die("'%s' is no option of `%s`, or lacks its value (see --help)", argv[o.next > 1 ? o.next - 1 : 1], argv[0]);
}

bool is_fancy(int fd)
{
    const char *term = getenv("TERM"), *no = getenv("NO_COLOR");

    return isatty(fd) && !(no && *no) && term && strcmp(term, "dumb") != 0;
}

void print_out(void *io, const char *text)
{
    (void)io;
    fputs(text, stdout);
    fflush(stdout);
}

char *beside_program(const char *relative)
{
    char    self[4096];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);

    if (n < 0)
        die("cannot find my own directory: %s", strerror(errno));
    self[n] = '\0';
    *strrchr(self, '/') = '\0';
    char *joined = xasprintf("%s/%s", self, relative), *real = realpath(joined, NULL);

    if (!real)
        return joined;
    free(joined);
    return real;
}

/* What could not be written was not said: a full disk must not look like a pass. */
static void close_output(void)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return;
    fputs("duetime: cannot write standard output\n", stderr);
    _exit(EXIT_USAGE);
}

static void usage(FILE *f)
{
    fputs("Usage: duetime COMMAND [OPTION...] ...\n\n", f);
    for (int i = 0; i < COMMANDS; i++)
        fprintf(f, "  %-9s %s\n", commands[i].name, commands[i].summary);
    fputs("\n`duetime COMMAND --help` tells more. Exit status: 0 pass, 1 finding, 2 usage or build error.\n", f);
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : NULL;

    atexit(close_output);
    if (!name || strcmp(name, "--help") == 0 || strcmp(name, "-?") == 0 || strcmp(name, "help") == 0) {
        usage(name ? stdout : stderr);
        return name ? EXIT_PASS : EXIT_USAGE;
    }
    if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0) {
        puts(argp_program_version);
        return EXIT_PASS;
    }
    for (int i = 0; i < COMMANDS; i++) {
        if (strcmp(commands[i].name, name) != 0)
            continue;
        argv[1] = xasprintf("duetime %s", name);
        return commands[i].run(argc - 1, argv + 1);
    }
    die("there is no command '%s' (see `duetime --help`)", name);
}
