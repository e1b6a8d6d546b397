/* SPDX-License-Identifier: MIT */
/*
 * tool/disk.c - `duetime disk`: a built miniport as a disk for Linux clients, by nbdkit and our plug-in (host/nbd).
 *
 * nbdkit listens on a Unix socket only. The plug-in says through a pipe when the disk is there and how the machine ended; the
 * command starts in between, so that no client waits for a disk that never comes. Each of the two ends with the other.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tool/build.h"
#include "tool/tool.h"

enum { KEY_FAULTS = 768, KEY_ARGUMENT, KEY_DEVICE, KEY_FILE, KEY_FAITHFUL, KEY_TIMEOUT };

static const struct argp_option options[] = {
    {"size", 's', "SIZE", 0, "Size of the disk, 512k, 64M, 1G (64M)", 0},
    {"argument", KEY_ARGUMENT, "TEXT", 0, "Argument string of the miniport (DriverParameter)", 0},
    {"device", KEY_DEVICE, "MODEL", 0, "Hardware behind a physical miniport: hba, virtio-blk, ahci", 0},
    {"file", KEY_FILE, "PATH", 0, "Keep the device's data in this file (memory)", 0},
    {"faults", KEY_FAULTS, "LIST", 0,
        "Inject: reset:MS,pause:MS,error:N,lose:N (every MS milliseconds, every N requests)", 0},
    {"timeout", KEY_TIMEOUT, "SECONDS", 0, "Time-out of a request (the adapter's default)", 0},
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
    case KEY_TIMEOUT:
        parse_between("--timeout", arg, 1, 3600);
        add_parameter(d, "timeout", arg);
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

/* ---- the two children ---- */

/* {uri} and {socket} stand for where the disk is served. */
static char *filled_in(const char *arg, const char *socket)
{
    char *out = xstrdup(""), *uri = xasprintf("nbd+unix:///?socket=%s", socket);

    while (*arg) {
        const char *brace = strchr(arg, '{');
        bool        is_uri = brace && strncmp(brace, "{uri}", 5) == 0;
        bool        is_socket = brace && strncmp(brace, "{socket}", 8) == 0;
        int         plain = brace ? (int)(brace - arg) + (is_uri || is_socket ? 0 : 1) : (int)strlen(arg);
        char       *longer = xasprintf("%s%.*s%s", out, plain, arg, is_uri ? uri : is_socket ? socket : "");

        arg += plain + (is_uri ? 5 : is_socket ? 8 : 0);
        free(out);
        out = longer;
    }
    free(uri);
    return out;
}

/* nbdkit changes its directory. */
static char *absolute(const char *path)
{
    char *real = realpath(path, NULL);

    if (!real)
        die("cannot read %s: %s", path, strerror(errno));
    return real;
}

static struct strings nbdkit_arguments(struct disk *d, const char *socket, int status_fd)
{
    struct strings a = {0};
    char          *plugin = beside_program("../lib/duetime-nbd.so");

    if (access(plugin, R_OK) != 0)
        die("%s is not there: this duetime was built without the disk (install nbdkit-plugin-dev)", plugin);
    strings_add(&a, xstrdup("nbdkit"));
    strings_add(&a, xstrdup("--foreground"));
    strings_add(&a, xstrdup("--exit-with-parent"));
    strings_add(&a, xstrdup("--unix"));
    strings_add(&a, xstrdup(socket));
    strings_add(&a, plugin);
    strings_add(&a, xasprintf("driver=%s", absolute(d->miniport)));
    strings_add(&a, xasprintf("status-fd=%d", status_fd));
    for (size_t i = 0; i < d->parameters.count; i++)
        strings_add(&a, d->parameters.at[i]);
    return a;
}

static pid_t spawn(char **argv, int close_fd)
{
    fflush(NULL);
    pid_t child = fork();

    if (child < 0)
        die("fork: %s", strerror(errno));
    if (child > 0)
        return child;
    if (close_fd >= 0)
        close(close_fd);
    execvp(argv[0], argv);
    fprintf(stderr, "duetime: cannot run %s: %s\n", argv[0], strerror(errno));
    _exit(EXIT_USAGE);
}

/* What the plug-in says: 'u' it serves, 'p' passed, 'f' a finding, 'e' it could not start; 0: nbdkit has gone. */
static char read_status(int fd)
{
    char    c = 0;
    ssize_t n;

    do
        n = read(fd, &c, 1);
    while (n < 0 && errno == EINTR);
    return n == 1 ? c : 0;
}

static pid_t server;

static void on_signal(int signal)
{
    (void)signal;
    kill(server, SIGTERM);
}

/* Waits until both have ended; whoever is first takes the other along. Returns the command's wait status. */
static int wait_for_both(pid_t command)
{
    int   status = 0, of_command = 0;
    pid_t server_left = server, command_left = command;

    while (server_left > 0 || command_left > 0) {
        pid_t ended = waitpid(-1, &status, 0);

        if (ended < 0 && errno != EINTR)
            break;
        if (ended > 0 && ended == command_left) {
            of_command = status;
            command_left = 0;
            if (server_left > 0)
                kill(server, SIGTERM);
        } else if (ended > 0 && ended == server_left) {
            server_left = 0;
            if (command_left > 0)
                kill(command, SIGTERM);
        }
    }
    return of_command;
}

static pid_t start_command(const struct disk *d, const char *socket, int status_fd)
{
    struct strings words = {0};

    if (!d->command.count)
        return 0;
    for (size_t i = 0; i < d->command.count; i++)
        strings_add(&words, filled_in(d->command.at[i], socket));
    return spawn(words.at, status_fd);
}

/* The plug-in's last word counts more than the command's. */
static int exit_status(char last, int of_command)
{
    if (last == 'f')
        return EXIT_FINDING;
    if (last != 'p')
        return EXIT_USAGE;
    return WIFEXITED(of_command) ? WEXITSTATUS(of_command) : 128 + WTERMSIG(of_command);
}

static int serve(struct disk *d, const char *socket)
{
    struct sigaction stop = {.sa_handler = on_signal};
    int              fds[2];

    if (pipe(fds) != 0)
        die("pipe: %s", strerror(errno));
    struct strings a = nbdkit_arguments(d, socket, fds[1]);

    server = spawn(a.at, fds[0]);
    close(fds[1]);
    sigaction(SIGINT, &stop, NULL);
    sigaction(SIGTERM, &stop, NULL);
    sigaction(SIGHUP, &stop, NULL);
    char  last = read_status(fds[0]);
    pid_t command = last == 'u' ? start_command(d, socket, fds[0]) : 0;
    int   of_command = wait_for_both(command);

    return exit_status(last == 'u' ? read_status(fds[0]) : last, of_command);
}

/* Without --socket: one in a directory that only we can enter. */
static int serve_somewhere(struct disk *d)
{
    char directory[] = "/tmp/duetime-disk-XXXXXX";

    if (d->socket) {
        bool theirs = access(d->socket, F_OK) == 0;
        int  result = serve(d, d->socket);

        if (!theirs) /* nbdkit leaves it, and would not listen there again */
            unlink(d->socket);
        return result;
    }
    if (!mkdtemp(directory))
        die("cannot make a directory for the socket: %s", strerror(errno));
    char *socket = xasprintf("%s/socket", directory);
    int   status = serve(d, socket);

    unlink(socket);
    rmdir(directory);
    return status;
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
    return serve_somewhere(&d);
}
