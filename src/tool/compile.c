/* SPDX-License-Identifier: MIT */
/* tool/compile.c - flags, running the compiler, compile_commands.json. */
#include <elf.h>
#include <errno.h>
#include <jansson.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tool/build.h"
#include "tool/tool.h"

extern char **environ;

void make_directory(const char *path)
{
    char *p = xstrdup(path);

    for (char *slash = p; slash;) {
        slash = strchr(slash + 1, '/');
        if (slash)
            *slash = '\0';
        if (mkdir(p, 0777) != 0 && errno != EEXIST)
            die("cannot make the directory %s: %s", p, strerror(errno));
        if (slash)
            *slash = '/';
    }
    free(p);
}

/* ---- flags ---- */

static void add(struct strings *l, const char *s)
{
    strings_add(l, xstrdup(s));
}

static void add_all(struct strings *l, const char *const *flags)
{
    for (; *flags; flags++)
        add(l, *flags);
}

/* Calls keep their frames and are never turned into jumps: reports name the caller's line. */
static const char *const common_flags[] = {"-g", "-fPIC", "-fshort-wchar", "-mms-bitfields", "-fms-extensions",
    "-fno-strict-aliasing", "-fno-omit-frame-pointer", "-fno-optimize-sibling-calls", "-fstack-clash-protection",
    "-Wno-unknown-pragmas", "-Wno-multichar", NULL};

static const char *const c_flags[] = {"-std=gnu17", "-Werror=implicit-function-declaration", NULL};

/* -fcheck-new: operator new may return NULL. */
static const char *const cxx_flags[] = {
    "-std=gnu++17", "-fsized-deallocation", "-fcheck-new", "-Wno-register", "-Wno-invalid-offsetof", NULL};
static const char *const cxx_driver_flags[] = {"-fno-exceptions", "-fno-rtti", "-fno-threadsafe-statics", NULL};

/* -gdwarf-aranges: else libdw finds no line for an address. gcc would remark on the warnings beside each of its own. */
static const char *const clang_flags[] = {
    "-gdwarf-aranges", "-Wno-microsoft-anon-tag", "-Wno-unknown-warning-option", NULL};

static bool is_cxx(enum language language)
{
    return language == CXX_DRIVER || language == CXX_TEST;
}

enum language language_of(const char *source, bool test)
{
    if (cxx_is_source(source))
        return test ? CXX_TEST : CXX_DRIVER;
    return test ? C_TEST : C_DRIVER;
}

static const char *compiler_of(struct build *b, bool cxx)
{
    if (cxx && !b->cxx)
        b->cxx = cxx_compiler(b->compiler);
    return cxx ? b->cxx : b->compiler;
}

static void add_compiler(struct build *b, struct strings *l, enum language language, const char *optimize)
{
    add(l, compiler_of(b, is_cxx(language)));
    add_all(l, common_flags);
    add_all(l, is_cxx(language) ? cxx_flags : c_flags);
    if (language == CXX_DRIVER)
        add_all(l, cxx_driver_flags);
    if (strstr(b->compiler, "clang"))
        add_all(l, clang_flags);
    strings_add(l, xasprintf("-O%s", optimize));
    if (b->race)
        add(l, "-fsanitize=thread");
    if (b->asan)
        add(l, "-fsanitize=address");
}

static void add_preprocessor(const struct build *b, struct strings *l, bool test)
{
    char *ddk = beside_program(DUETIME_DDK_RELATIVE), *include = beside_program(DUETIME_INCLUDE_RELATIVE);

    if (!test) {
        add(l, "-nostdinc");
        add(l, "-include");
        strings_add(l, xasprintf("%s/duetime_prelude.h", ddk));
    }
    for (size_t i = 0; i < b->defines.count; i++)
        strings_add(l, xasprintf("-D%s", b->defines.at[i]));
    for (size_t i = 0; i < b->includes.count; i++)
        strings_add(l, xasprintf("-I%s", b->includes.at[i]));
    strings_add(l, xasprintf("-I%s", b->overlay));
    if (test)
        strings_add(l, xasprintf("-I%s", include));
    add(l, "-isystem");
    add(l, ddk);
    if (!test) { /* <string.h> and the like as drivers know them */
        add(l, "-isystem");
        strings_add(l, xasprintf("%s/crt", ddk));
    }
    free(ddk);
    free(include);
}

void compile_flags(struct build *b, struct strings *l, enum language language)
{
    add_compiler(b, l, language, b->optimize);
    add_preprocessor(b, l, language == C_TEST || language == CXX_TEST);
}

/* ---- running ---- */

static char *join(const struct strings *l)
{
    char *text = xstrdup("");

    for (size_t i = 0; i < l->count; i++) {
        char *longer = xasprintf("%s%s%s", text, i ? " " : "", l->at[i]);

        free(text);
        text = longer;
    }
    return text;
}

static int run(const struct build *b, const struct strings *l)
{
    pid_t pid;
    int   status;

    if (b->verbose) {
        char *text = join(l);

        fprintf(stderr, "%s\n", text);
        free(text);
    }
    int e = posix_spawnp(&pid, l->at[0], NULL, NULL, l->at, environ);

    if (e != 0)
        die("cannot run %s: %s", l->at[0], strerror(e));
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 0;
    fprintf(stderr, "duetime: %s failed: nothing was built\n", l->at[0]);
    return EXIT_USAGE;
}

static bool is_elf(const char *path, unsigned type)
{
    Elf64_Ehdr h = {.e_type = ET_NONE};
    FILE      *f = fopen(path, "rb");
    bool       whole = f && fread(&h, sizeof h, 1, f) == 1;

    if (f)
        fclose(f);
    return whole && memcmp(h.e_ident, ELFMAG, SELFMAG) == 0 && h.e_ident[EI_CLASS] == ELFCLASS64 && h.e_type == type &&
           h.e_machine == EM_X86_64;
}

/* Runs a step that makes output. One that ends well need not have made anything: what was there before is taken away first. */
static int make(const struct build *b, const struct strings *l, const char *output, unsigned type)
{
    if (unlink(output) != 0 && errno != ENOENT)
        die("cannot replace %s: %s", output, strerror(errno));
    int status = run(b, l);

    if (status != 0 || is_elf(output, type))
        return status;
    fprintf(stderr, "duetime: %s made no %s of x86-64: nothing was built\n", l->at[0],
        type == ET_DYN ? "shared object" : "object file");
    return EXIT_USAGE;
}

/* Several images may share a directory, and so a database: entries are replaced by the object they make. */
static void note_command(json_t *database, const struct strings *l, const char *source, const char *object)
{
    char    cwd[4096];
    json_t *arguments = json_array(), *entry, *output;
    size_t  i;

    if (!getcwd(cwd, sizeof cwd))
        cwd[0] = '\0';
    for (i = 0; i < l->count; i++)
        json_array_append_new(arguments, json_string(l->at[i]));
    json_array_foreach(database, i, entry)
    {
        output = json_object_get(entry, "output");
        if (output && strcmp(json_string_value(output), object) == 0)
            break;
    }
    json_array_remove(database, i);
    json_array_append_new(database,
        json_pack("{s:s, s:o, s:s, s:s}", "directory", cwd, "arguments", arguments, "file", source, "output", object));
}

static char *database_path(const struct build *b)
{
    return xasprintf("%s/compile_commands.json", b->directory);
}

static json_t *read_database(const struct build *b)
{
    char   *path = database_path(b);
    json_t *database = json_load_file(path, 0, NULL);

    free(path);
    if (json_is_array(database))
        return database;
    json_decref(database);
    return json_array();
}

static char *object_of(const struct build *b, const char *source, size_t index)
{
    const char *slash = strrchr(source, '/');

    return xasprintf("%s/%zu-%s.o", b->objects, index, slash ? slash + 1 : source);
}

const char *language_name(enum language language)
{
    return is_cxx(language) ? "c++" : "c";
}

/* HEARTBEAT.C is C, and so is no suffix's business. */
static void add_language(struct strings *l, enum language language)
{
    add(l, "-x");
    add(l, language_name(language));
}

static void add_files(struct strings *l, const char *output, const char *input)
{
    add(l, "-o");
    add(l, output);
    strings_add(l, xasprintf("%s%s", *input == '-' ? "./" : "", input));
}

struct source {
    const char   *path;
    enum language language;
    bool          test, seh, mend;
};

static void add_preprocess(struct build *b, struct strings *l, const struct source *s, const char *optimize)
{
    add_compiler(b, l, s->language, optimize);
    add_preprocessor(b, l, s->test);
    if (s->seh) {
        add(l, "-include");
        add(l, "duetime_seh.h");
    }
    add(l, "-E");
    add_language(l, s->language);
}

/* Preprocesses, rewrites, compiles what comes of that; with exception handling -O0 (seh.c says why). -1: nothing to rewrite. */
static int compile_rewritten(struct build *b, const struct source *s, const char *object)
{
    struct strings pre = {.count = 0}, l = {.count = 0};
    const char    *end = is_cxx(s->language) ? "ii" : "i"; /* preprocessed C++, preprocessed C */
    char          *text = xasprintf("%s.%s", object, end), *mended = xasprintf("%s.mend.%s", object, end);
    char          *rewritten = xasprintf("%s.seh.%s", object, end);
    const char    *optimize = s->seh ? "0" : b->optimize;

    add_preprocess(b, &pre, s, optimize);
    add_files(&pre, text, s->path);
    int status = run(b, &pre), places = 0;

    if (status == 0 && s->mend)
        places = mend_rewrite(text, mended, s->language);
    int tries = status == 0 && s->seh ? seh_rewrite(s->path, s->mend ? mended : text, rewritten) : 0;

    if (status == 0 && places + tries == 0)
        return -1;
    add_compiler(b, &l, s->language, tries ? "0" : b->optimize);
    add(&l, "-c");
    add_files(&l, object, tries ? rewritten : mended);
    return status ? status : make(b, &l, object, ET_REL);
}

static int compile_one(struct build *b, const char *path, const char *object, json_t *database)
{
    struct strings l = {.count = 0};
    struct source  s = {.path = path};

    s.test = overlay_scan(b, path, &s.seh, &s.mend);
    s.language = language_of(path, s.test);
    b->library |= s.language == CXX_TEST;
    compile_flags(b, &l, s.language);
    add(&l, "-c");
    add_language(&l, s.language);
    add_files(&l, object, path);
    note_command(database, &l, path, object);
    int status = s.seh || s.mend ? compile_rewritten(b, &s, object) : -1;

    status = status >= 0 ? status : make(b, &l, object, ET_REL);
    return status == 0 && s.language == CXX_DRIVER ? cxx_settle(path, object) : status;
}

/* NT names stay undefined until a machine library is there. -Bsymbolic: two images may use the same names. */
static int link_image(struct build *b, const struct strings *objects)
{
    static const char *const flags[] = {
        "-shared", "-g", "-Wl,-Bsymbolic", "-Wl,--build-id", "-Wl,-z,relro", "-Wl,--allow-shlib-undefined", NULL};
    struct strings l = {.count = 0};

    add(&l, compiler_of(b, b->library));
    add_all(&l, flags);
    if (b->asan)
        add(&l, "-fsanitize=address");
    add(&l, "-o");
    add(&l, b->image);
    for (size_t i = 0; i < objects->count; i++)
        add(&l, objects->at[i]);
    return make(b, &l, b->image, ET_DYN);
}

static int write_database(const struct build *b, json_t *database)
{
    char *path = database_path(b);
    int   e = json_dump_file(database, path, JSON_INDENT(1));

    json_decref(database);
    if (e != 0)
        die("cannot write %s", path);
    free(path);
    return 0;
}

int compile_all(struct build *b)
{
    struct strings objects = {.count = 0};
    json_t        *database = read_database(b);
    int            status = 0;

    make_directory(b->objects);
    make_directory(b->overlay);
    for (size_t i = 0; i < b->sources.count; i++) {
        char *object = object_of(b, b->sources.at[i], i);

        status |= compile_one(b, b->sources.at[i], object, database);
        strings_add(&objects, object);
    }
    write_database(b, database);
    if (status != 0)
        return status;
    status = link_image(b, &objects);
    if (status == 0)
        printf("%s  (%zu source%s, %s -O%s -g%s%s)\n", b->image, b->sources.count, b->sources.count == 1 ? "" : "s",
            b->cxx ? b->cxx : b->compiler, b->optimize, b->race ? ", every memory access is a point" : "",
            b->asan ? ", address sanitizer" : "");
    return status;
}
