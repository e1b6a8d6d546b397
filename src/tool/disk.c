/* SPDX-License-Identifier: MIT */
/*
 * tool/disk.c - `duetime disk`: a built miniport as a disk for Linux clients, by nbdkit and our plug-in (host/nbd).
 *
 * nbdkit listens on a Unix socket only. With a command it lives as long as the command; the plug-in says through a pipe how
 * the machine ended, since nbdkit passes on the command's exit status alone.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tool/build.h"
#include "tool/tool.h"

enum { KEY_FAULTS = 768, KEY_ARGUMENT, KEY_DEVICE, KEY_FILE, KEY_FAITHFUL };

static const struct argp_option options[] = {
    {"size", 's', "SIZE", 0, "Size of the disk, 512k, 64M, 1G (64M)", 0},
    {"argument", KEY_ARGUMENT, "TEXT", 0, "Argument string of the miniport (DriverParameter)", 0},
    {"device", KEY_DEVICE, "MODEL", 0, "Hardware behind a physical miniport: hba, virtio-blk, ahci", 0},
    {"file", KEY_FILE, "PATH", 0, "Keep the device's data in this file (memory)", 0},
    {"faults", KEY_FAULTS, "LIST", 0,
        "Inject: reset:MS,pause:MS,error:N,lose:N (every MS milliseconds, every N requests)", 0},
    {"processors", 'p', "N", 0, "Virtual processors (2)", 0},
    {"faithful", KEY_FAITHFUL, NULL, 0, "Only what Windows stops for without Driver Verifier: faster", 0},
    {"socket", 'U', "PATH", 0, "Serve on this socket until interrupted; without it a COMMAND is needed", 0},
    {NULL, 0, NULL, 0, NULL, 0},
};

struct disk {
    char          *miniport, *socket;
    struct strings parameters; /* key=value for the plug-in */
    struct strings command;
};

static void add_parameter(struct disk *d, const char *key, const char *value)
{
    if (!*value)
        die("--%s: needs a value", key);
    strings_add(&d->parameters, xasprintf("%s=%s", key, value));
}

/* "64M": a number and at most one letter. What it must be a multiple of is the miniport's business. */
static void check_size(const char *arg)
{
    char              *end;
    unsigned long long n = strtoull(arg, &end, 10);

    if (n == 0 || *arg == '-' || strchr("kKmMgGtT", *end) == NULL || (*end && end[1]))
        die("--size: '%s' is not a size (512k, 64M, 1G)", arg);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct disk *d = state->input;

    switch (key) {
    case 's':
        check_size(arg);
        add_parameter(d, "size", arg);
        break;
    case KEY_ARGUMENT:
        add_parameter(d, "argument", arg);
        break;
    case KEY_DEVICE:
        add_parameter(d, "device", arg);
        break;
    case KEY_FILE:
        add_parameter(d, "file", arg);
        break;
    case KEY_FAULTS:
        add_parameter(d, "faults", arg);
        break;
    case KEY_FAITHFUL:
        add_parameter(d, "faithful", "true");
        break;
    case 'p':
        parse_between("--processors", arg, 1, 64);
        add_parameter(d, "processors", arg);
        break;
    case 'U':
        d->socket = arg;
        break;
    case ARGP_KEY_ARG:
        if (!d->miniport)
            d->miniport = arg;
        else
            strings_add(&d->command, arg);
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

/* ---- nbdkit ---- */

/* For the shell that nbdkit starts: in single quotes, but {uri} and {socket} become the variables that it sets. */
static char *quoted(const char *arg)
{
    static const struct {
        const char *word, *value;
    } variables[] = {{"{uri}", "'\"$uri\"'"}, {"{socket}", "'\"$unixsocket\"'"}, {"'", "'\\''"}};
    char *out = xstrdup("'");

    while (*arg) {
        char  *grown = NULL;
        size_t taken = 1;

        for (size_t i = 0; i < sizeof variables / sizeof *variables && !grown; i++) {
            if (strncmp(arg, variables[i].word, strlen(variables[i].word)) == 0) {
                grown = xasprintf("%s%s", out, variables[i].value);
                taken = strlen(variables[i].word);
            }
        }
        if (!grown)
            grown = xasprintf("%s%c", out, *arg);
        arg += taken;
        free(out);
        out = grown;
    }
    char *closed = xasprintf("%s'", out);

    free(out);
    return closed;
}

static char *shell_command(const struct strings *words)
{
    char *line = xstrdup("exec");

    for (size_t i = 0; i < words->count; i++) {
        char *word = quoted(words->at[i]), *longer = xasprintf("%s %s", line, word);

        free(word);
        free(line);
        line = longer;
    }
    return line;
}

/* nbdkit changes its directory. */
static char *absolute(const char *path)
{
    char *real = realpath(path, NULL);

    if (!real)
        die("cannot read %s: %s", path, strerror(errno));
    return real;
}

static struct strings nbdkit_arguments(struct disk *d, int status_fd)
{
    struct strings a = {0};
    char          *plugin = beside_program("../lib/duetime-nbd.so");

    if (access(plugin, R_OK) != 0)
        die("%s is not there: this duetime was built without the disk (install nbdkit-plugin-dev)", plugin);
    strings_add(&a, xstrdup("nbdkit"));
    strings_add(&a, xstrdup("--foreground"));
    strings_add(&a, xstrdup("--unix"));
    strings_add(&a, xstrdup(d->socket ? d->socket : "-"));
    if (d->command.count) {
        strings_add(&a, xstrdup("--run"));
        strings_add(&a, shell_command(&d->command));
    } else {
        strings_add(&a, xstrdup("--exit-with-parent"));
    }
    strings_add(&a, plugin);
    strings_add(&a, xasprintf("driver=%s", absolute(d->miniport)));
    strings_add(&a, xasprintf("status-fd=%d", status_fd));
    for (size_t i = 0; i < d->parameters.count; i++)
        strings_add(&a, d->parameters.at[i]);
    return a;
}

/* What the plug-in wrote: 'p' passed, 'f' a finding, 'e' the disk could not be started; nothing: nbdkit died. */
static char read_status(int fd)
{
    char    c = 0;
    ssize_t n;

    do
        n = read(fd, &c, 1);
    while (n < 0 && errno == EINTR);
    return n == 1 ? c : 0;
}

static int run_nbdkit(struct disk *d)
{
    int fds[2], status = 0;

    if (pipe(fds) != 0)
        die("pipe: %s", strerror(errno));
    struct strings a = nbdkit_arguments(d, fds[1]);

    fflush(NULL);
    pid_t child = fork();

    if (child < 0)
        die("fork: %s", strerror(errno));
    if (child == 0) {
        close(fds[0]);
        execvp(a.at[0], a.at);
        fprintf(stderr, "duetime: cannot run nbdkit: %s (install the package nbdkit)\n", strerror(errno));
        _exit(EXIT_USAGE);
    }
    close(fds[1]);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        continue;
    char end = read_status(fds[0]);

    if (end == 'f')
        return EXIT_FINDING;
    if (end != 'p')
        return EXIT_USAGE;
    return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_USAGE;
}

int tool_disk(int argc, char **argv)
{
    static const struct argp argp = {.options = options,
        .parser = parse,
        .args_doc = "MINIPORT.so [-- COMMAND [ARGUMENT...]]",
        .doc = "Loads a StorPort miniport on the real-time machine and serves its disk to NBD clients over a Unix "
               "socket. In "
               "COMMAND's arguments {uri} and {socket} stand for where it is served. Exit status: the command's, 1 "
               "when the "
               "machine found a mistake of the miniport's."};
    struct disk              d = {0};

    parse_arguments(&argp, argc, argv, &d);
    if (!d.miniport)
        die("which miniport? (see `duetime disk --help`)");
    if (!d.command.count && !d.socket)
        die("give a command after --, or --socket PATH to serve until interrupted");
    check_readable(d.miniport);
    return run_nbdkit(&d);
}
