/* SPDX-License-Identifier: MIT */
/*
 * tool/check.c - `duetime check`: runs clang's analyzer with our plug-in (src/check) over each source, with the flags of
 * `duetime build`, several at once, and puts together what they report.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tool/check.h"
#include "tool/tool.h"

extern char **environ;

enum { KEY_SARIF = 256, KEY_HTML, KEY_BASELINE, KEY_WRITE_BASELINE, KEY_FORMAT };

static const struct argp_option options[] = {
    {"build", 'p', "DIR", 0, "Take the sources' flags from DIR/compile_commands.json (without sources: check them all)",
        0},
    {"define", 'D', "NAME[=V]", 0, "Preprocessor definition", 0},
    {"include", 'I', "DIR", 0, "Directory for #include", 0},
    {"format", KEY_FORMAT, "FORMAT", 0, "What to print: text (default), sarif, github (workflow commands)", 0},
    {"sarif", KEY_SARIF, "FILE", 0, "Write SARIF 2.1.0 too", 0},
    {"html", KEY_HTML, "DIR", 0, "Write a page for each finding, with its path, into DIR", 0},
    {"baseline", KEY_BASELINE, "FILE", 0, "Do not count the findings in FILE", 0},
    {"write-baseline", KEY_WRITE_BASELINE, "FILE", 0, "Write what is found now as a baseline", 0},
    {"jobs", 'j', "N", 0, "Sources checked at once (the number of processors)", 0},
    {"verbose", 'v', NULL, 0, "Show the commands", 0},
    {NULL, 0, NULL, 0, NULL, 0},
};

struct check {
    struct build    b;
    const char     *database, *sarif, *html, *baseline, *write_baseline, *format;
    char           *temporary;
    unsigned        jobs;
    struct job     *job;
    size_t          job_count;
    size_t          failed; /* sources that were not checked */
    struct findings findings;
};

/* One source: the analyzer's process and what it writes. */
struct job {
    struct strings flags; /* the compiler and what it is told, but for input and output */
    struct strings command;
    const char    *source, *path; /* as named, and to be read wherever it is compiled */
    enum language  language;
    char          *directory, *report, *errors;
    char          *mended; /* analyzed instead of source, or NULL */
    pid_t          pid;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct check *k = state->input;

    switch (key) {
    case 'p':
        k->database = arg;
        break;
    case 'D':
        strings_add(&k->b.defines, xstrdup(arg));
        break;
    case 'I':
        strings_add(&k->b.includes, xstrdup(arg));
        break;
    case 'j':
        k->jobs = (unsigned)parse_number("--jobs", arg);
        break;
    case 'v':
        k->b.verbose = true;
        break;
    case KEY_FORMAT:
        if (strcmp(arg, "text") != 0 && strcmp(arg, "sarif") != 0 && strcmp(arg, "github") != 0)
            die("--format: '%s' is none of text, sarif, github", arg);
        k->format = arg;
        break;
    case KEY_SARIF:
        k->sarif = arg;
        break;
    case KEY_HTML:
        k->html = arg;
        break;
    case KEY_BASELINE:
        k->baseline = arg;
        break;
    case KEY_WRITE_BASELINE:
        k->write_baseline = arg;
        break;
    case ARGP_KEY_ARG:
        build_add_input(&k->b, arg);
        break;
    case ARGP_KEY_END:
        if (k->b.sources.count == 0 && !k->database)
            die("what is to be checked? (C or C++ sources, or a .vcxproj, or -p with a build directory)");
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

/* ---- processes ---- */

static void show(const struct job *j)
{
    for (size_t i = 0; i < j->command.count; i++)
        fprintf(stderr, "%s%s", i ? " " : "", j->command.at[i]);
    fputc('\n', stderr);
}

static void start(const struct check *k, struct job *j)
{
    posix_spawn_file_actions_t actions;

    if (k->b.verbose)
        show(j);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 2, j->errors, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    if (j->directory)
        posix_spawn_file_actions_addchdir_np(&actions, j->directory);
    int e = posix_spawnp(&j->pid, j->command.at[0], &actions, NULL, j->command.at, environ);

    posix_spawn_file_actions_destroy(&actions);
    if (e != 0)
        die("cannot run %s: %s (the checker needs clang 14)", j->command.at[0], strerror(e));
}

/* ---- commands ---- */

static void add(struct strings *l, const char *s)
{
    strings_add(l, xstrdup(s));
}

/* Steps for each function the analyzer begins with; less than half of clang's own number finds the same in half the time. */
#define ANALYZER_BUDGET "max-nodes=100000"

/* Rounds of a loop that are followed, if its bound is no plain number; what comes after one that goes on is not. (To forget
 * instead what it writes, widen-loops, would forget which locks are held.) */
#define ANALYZER_ROUNDS "9"

static void add_analyzer(const struct check *k, struct strings *l, const char *report)
{
    char             *plugin = beside_program(DUETIME_CHECK_RELATIVE);
    const char *const flags[] = {"--analyze", "--analyzer-no-default-checks", "--analyzer-output",
        k->html ? "sarif-html" : "sarif", "-Xclang", "-load", "-Xclang", plugin, "-Xclang",
        "-analyzer-checker=core.builtin", "-Xclang", "-analyzer-checker=duetime", "-Xclang",
        "-analyzer-inlining-mode=all", "-Xclang", "-analyzer-max-loop", "-Xclang", ANALYZER_ROUNDS, "-Xclang",
        "-analyzer-config", "-Xclang",
        "crosscheck-with-z3=false,suppress-null-return-paths=false,unroll-loops=true," ANALYZER_BUDGET, "-w", "-o",
        report};

    if (access(plugin, R_OK) != 0)
        die("the checker's plug-in %s is not there: it was built without clang's headers (libclang-14-dev)", plugin);
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        add(l, flags[i]);
    free(plugin);
}

static struct job *new_job(struct check *k, const char *source)
{
    k->job = realloc(k->job, (k->job_count + 1) * sizeof *k->job);
    if (!k->job)
        die("out of memory");
    struct job *j = &k->job[k->job_count];

    *j = (struct job){.source = source};
    /* sarif-html puts the pages beside the report. */
    j->report = xasprintf("%s/%zu.sarif", k->html ? k->html : k->temporary, k->job_count);
    j->errors = xasprintf("%s/%zu.err", k->temporary, k->job_count);
    k->job_count++;
    return j;
}

static void add_input(struct job *j, const char *source)
{
    add(&j->command, "-x");
    add(&j->command, language_name(j->language));
    strings_add(&j->command, xasprintf("%s%s", *source == '-' ? "./" : "", source));
}

static void add_flags(struct job *j, const char *const *flags)
{
    for (; *flags; flags++)
        add(&j->command, *flags);
}

static bool preprocess(const struct check *k, const struct job *j, const char *how, const char *to)
{
    struct job  pre = {.source = j->source, .errors = j->errors, .directory = j->directory, .language = j->language};
    const char *flags[] = {"-E", "-w", "-D__clang_analyzer__", "-DALLOC_PRAGMA", how, "-o", to, NULL};
    int         status;

    add_flags(&pre, (const char *const *)j->flags.at);
    add_flags(&pre, flags);
    add_input(&pre, j->path);
    start(k, &pre);
    while (waitpid(pre.pid, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void copy_file(const char *from, FILE *out)
{
    FILE *in = fopen(from, "r");
    char  buffer[4096];

    for (size_t n; in && (n = fread(buffer, 1, sizeof buffer, in)) > 0;)
        fwrite(buffer, 1, n, out);
    if (in)
        fclose(in);
}

/* Macros after all code: they change none of it, and annotations may name them. */
static void append_file(const char *to, const char *from)
{
    FILE *out = fopen(to, "a");

    if (!out)
        return;
    copy_file(from, out);
    fclose(out);
}

/* What is only Microsoft's C is rewritten, nearly as for `duetime build`. NULL: nothing had to be. */
static char *mended(const struct check *k, const struct job *j, bool seh, bool mend)
{
    char *text = xasprintf("%s.i", j->errors), *macros = xasprintf("%s.macros", j->errors);
    char *mend_out = xasprintf("%s.mend.c", j->errors), *seh_out = xasprintf("%s.seh.c", j->errors);
    char *now = text;

    if (!preprocess(k, j, "-fno-color-diagnostics", text))
        return NULL;
    if (mend && mend_rewrite(now, mend_out, j->language) > 0)
        now = mend_out;
    if (seh && seh_check_rewrite(j->source, now, seh_out) > 0)
        now = seh_out;
    if (now == text || !preprocess(k, j, "-dM", macros))
        return NULL;
    append_file(now, macros);
    return now;
}

/* What analyzes the job's source, or what it was rewritten to. */
static void command(const struct check *k, struct job *j, bool seh, bool mend)
{
    if ((seh || mend) && (j->mended = mended(k, j, seh, mend))) {
        const char *const flags[] = {k->b.compiler, j->language == CXX_DRIVER ? "-std=gnu++17" : "-std=gnu17",
            "-fno-exceptions", "-fshort-wchar", "-mms-bitfields", "-fms-extensions", "-fno-strict-aliasing",
            "-nostdinc", "-Wno-builtin-macro-redefined", "-Wno-error=implicit-function-declaration", NULL};

        add_flags(j, flags);
    } else {
        add_flags(j, (const char *const *)j->flags.at);
    }
    add_analyzer(k, &j->command, j->report);
    add_input(j, j->mended ? j->mended : j->path);
}

/* A source with the flags of `duetime build`. */
static void add_job(struct check *k, const char *source)
{
    struct job *j = new_job(k, source);
    bool        seh, mend, test = overlay_scan(&k->b, source, &seh, &mend);

    j->path = source;
    j->language = language_of(source, test);
    compile_flags(&k->b, &j->flags, j->language);
    command(k, j, seh, mend);
}

static bool begins_with(const char *flag, const char *const *list)
{
    while (*list && strncmp(flag, *list, strlen(*list)) != 0)
        list++;
    return *list != NULL;
}

/* What the source means, but not its warnings, output and code, for which gcc has flags that clang does not know. */
static bool is_kept(const char *flag)
{
    static const char *const dropped[] = {"-c", "-g", "-O", "-o", "-M", "-W", "-f", "-m", "--param", "-p", "-s", NULL};
    static const char *const meaning[] = {"-fms-", "-fno-ms-", "-fdeclspec", "-fshort-", "-fno-short-", "-fsigned-char",
        "-funsigned-char", "-fno-signed-char", "-fno-unsigned-char", "-fpack-struct", "-ffreestanding", "-fhosted",
        "-fbuiltin", "-fno-builtin", "-fblocks", "-fexceptions", "-fno-exceptions", "-frtti", "-fno-rtti", "-m32",
        "-m64", "-mms-bitfields", "-mno-ms-bitfields", "-Wp,-D", "-std=", NULL};

    return begins_with(flag, meaning) || !begins_with(flag, dropped);
}

/* Options whose value is the next word, and that do not matter here. */
static bool takes_word_along(const char *flag)
{
    return strcmp(flag, "-o") == 0 || strcmp(flag, "-x") == 0 || strcmp(flag, "-MF") == 0 || strcmp(flag, "-MT") == 0 ||
           strcmp(flag, "-MQ") == 0 || strcmp(flag, "--param") == 0;
}

/* -I DIR or -IDIR of a compilation in directory. */
static void add_include(struct strings *l, const char *directory, const char *dir)
{
    strings_add(l, *dir == '/' || !directory ? xstrdup(dir) : xasprintf("%s/%s", directory, dir));
}

static void add_database_job(struct check *k, const struct database_entry *e)
{
    check_readable(e->path);
    struct job  *j = new_job(k, e->file);
    struct build b = {.overlay = k->b.overlay};
    bool         seh, mend;

    j->directory = e->directory;
    j->path = realpath(e->path, NULL);
    add(&j->flags, k->b.compiler);
    for (size_t i = 1; i < e->words.count; i++) {
        const char *flag = e->words.at[i];

        if (strcmp(flag, "-I") == 0 && e->words.at[i + 1])
            add_include(&b.includes, e->directory, e->words.at[i + 1]);
        else if (strncmp(flag, "-I", 2) == 0)
            add_include(&b.includes, e->directory, flag + 2);
        if (takes_word_along(flag))
            i++;
        else if (is_kept(flag) && strcmp(flag, e->file) != 0)
            add(&j->flags, flag);
    }
    j->language = language_of(e->file, overlay_scan(&b, e->path, &seh, &mend));
    command(k, j, seh, mend);
}

static bool is_wanted(const struct check *k, const struct database_entry *e)
{
    char *real = realpath(e->path, NULL);
    bool  wanted = k->b.sources.count == 0;

    for (size_t i = 0; real && i < k->b.sources.count && !wanted; i++) {
        char *other = realpath(k->b.sources.at[i], NULL);

        wanted = other && strcmp(real, other) == 0;
        free(other);
    }
    free(real);
    return wanted;
}

static void add_database(struct check *k)
{
    struct database d = database_read(k->database);

    for (size_t i = 0; i < d.count; i++)
        if (is_wanted(k, &d.at[i]))
            add_database_job(k, &d.at[i]);
    if (k->job_count == 0)
        die("%s lists %s", d.path, k->b.sources.count ? "no such source" : "no source");
}

/* ---- running ---- */

static void wait_for_one(struct check *k)
{
    int   status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, 0)) < 0 && errno == EINTR) {
    }
    for (size_t i = 0; i < k->job_count; i++) {
        if (k->job[i].pid != pid)
            continue;
        k->job[i].pid = 0;
        if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
            return;
        copy_file(k->job[i].errors, stderr);
        fprintf(stderr, "duetime: %s was not checked\n", k->job[i].source);
        free(k->job[i].report);
        k->job[i].report = NULL;
        k->failed++;
    }
}

/* The compiler's first error, for those who read the report only. */
static char *first_error(const char *path)
{
    FILE *f = fopen(path, "r");
    char  line[1024], *text = NULL;

    while (f && !text && fgets(line, sizeof line, f))
        if (strstr(line, "error: ")) {
            line[strcspn(line, "\n")] = '\0';
            text = xstrdup(line);
        }
    if (f)
        fclose(f);
    return text ? text : xstrdup("the compiler failed");
}

static void run_jobs(struct check *k)
{
    unsigned running = 0;

    for (size_t i = 0; i < k->job_count; i++) {
        if (running == k->jobs) {
            wait_for_one(k);
            running--;
        }
        start(k, &k->job[i]);
        running++;
    }
    while (running--)
        wait_for_one(k);
    for (size_t i = 0; i < k->job_count; i++) {
        if (!k->job[i].report) {
            add(&k->findings.failed, k->job[i].source);
            strings_add(&k->findings.reasons, first_error(k->job[i].errors));
        }
        if (!k->job[i].report || access(k->job[i].report, R_OK) != 0)
            continue;
        findings_read(&k->findings, k->job[i].report);
        if (k->job[i].mended)
            findings_place(&k->findings, k->job[i].mended);
        unlink(k->job[i].report);
    }
}

/* ---- output ---- */

static void write_sarif(const struct check *k)
{
    FILE *f = fopen(k->sarif, "w");

    if (!f)
        die("cannot write %s: %s", k->sarif, strerror(errno));
    findings_write_sarif(&k->findings, f);
    if (fclose(f) != 0)
        die("cannot write %s: %s", k->sarif, strerror(errno));
}

static size_t count(const struct check *k, enum finding_state state)
{
    size_t n = 0;

    for (size_t i = 0; i < k->findings.count; i++)
        n += k->findings.at[i].state == state;
    return n;
}

static int put_out(const struct check *k)
{
    size_t new = count(k, FINDING_NEW), advice = count(k, FINDING_ADVICE), known = count(k, FINDING_KNOWN);
    size_t suppressed = count(k, FINDING_SUPPRESSED);

    if (strcmp(k->format, "sarif") == 0)
        findings_write_sarif(&k->findings, stdout);
    else if (strcmp(k->format, "github") == 0)
        findings_print_github(&k->findings);
    else
        findings_print(&k->findings);
    if (k->sarif)
        write_sarif(k);
    if (k->write_baseline)
        findings_write_baseline(&k->findings, k->write_baseline);
    size_t checked = k->job_count - k->failed;

    fprintf(stderr, "duetime: %zu source%s checked, %zu finding%s", checked, checked == 1 ? "" : "s", new,
        new == 1 ? "" : "s");
    if (advice)
        fprintf(stderr, ", %zu piece%s of advice", advice, advice == 1 ? "" : "s");
    if (suppressed)
        fprintf(stderr, ", %zu suppressed in the source", suppressed);
    if (known)
        fprintf(stderr, ", %zu in the baseline", known);
    fputc('\n', stderr);
    return k->failed ? EXIT_USAGE : new ? EXIT_FINDING : EXIT_PASS;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

static void make_temporary(struct check *k)
{
    const char *parent = getenv("TMPDIR");

    k->temporary = xasprintf("%s/duetime-check-XXXXXX", parent && *parent ? parent : "/tmp");
    if (!mkdtemp(k->temporary))
        die("cannot make %s: %s", k->temporary, strerror(errno));
    k->b.overlay = xasprintf("%s/include/1/2/3/4/5/6", k->temporary);
    make_directory(k->b.overlay);
}

int tool_check(int argc, char **argv)
{
    static const struct argp argp = {.options = options,
        .parser = parse,
        .args_doc = "SOURCE... | PROJECT.vcxproj",
        .doc =
            "Checks unmodified driver sources without running them: the rules about IRQL, locks, timers, DPCs, waits, "
            "role types and StorPort that `duetime explain` explains. Exit status: 0 nothing found, 1 findings, 2 a "
            "source could not be read or compiled."};
    struct check             k = {.b = {.optimize = "0"}, .format = "text"};

    k.jobs = (unsigned)sysconf(_SC_NPROCESSORS_ONLN);
    k.b.compiler = getenv("DUETIME_CLANG");
    parse_arguments(&argp, argc, argv, &k);
    if (!k.b.compiler || !*k.b.compiler)
        k.b.compiler = DUETIME_CLANG;
    k.b.cxx = xstrdup(k.b.compiler); /* told the language, clang is clang++ */
    make_temporary(&k);
    if (k.html)
        make_directory(k.html);
    if (k.html && access(k.html, W_OK | X_OK) != 0)
        die("cannot write into %s: %s", k.html, strerror(errno));
    if (k.jobs == 0)
        k.jobs = 1;
    for (size_t i = 0; !k.database && i < k.b.sources.count; i++)
        add_job(&k, k.b.sources.at[i]);
    if (k.database)
        add_database(&k);
    run_jobs(&k);
    nftw(k.temporary, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    findings_settle(&k.findings);
    findings_suppress(&k.findings);
    if (k.baseline)
        findings_baseline(&k.findings, k.baseline);
    return put_out(&k);
}
