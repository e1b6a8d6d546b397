/* SPDX-License-Identifier: MIT */
/*
 * tool/cxx.c - what C++ in the kernel is: a language without its library.
 *
 * The C++ compiler is the one beside the chosen C compiler. Memory comes from the driver's own operator new, which may
 * return NULL: Microsoft's compiler then leaves the constructor out. Nothing in a driver runs the constructors of global
 * objects: Microsoft's linker puts them aside with warning LNK4210, and so does this file, in the object. atexit(), which
 * a static object with a destructor needs, does not exist.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tool/build.h"
#include "tool/tool.h"

bool cxx_is_source(const char *path)
{
    static const char *const suffixes[] = {".cpp", ".cc", ".cxx"};
    const char              *dot = strrchr(path, '.');

    for (size_t i = 0; dot && i < sizeof suffixes / sizeof *suffixes; i++)
        if (strcasecmp(dot, suffixes[i]) == 0)
            return true;
    return false;
}

/* ---- the compiler ---- */

static bool is_program(const char *path)
{
    return access(path, X_OK) == 0;
}

/* As posix_spawnp() looks for it. */
static bool is_there(const char *program)
{
    const char *path = getenv("PATH");
    bool        found = false;

    if (strchr(program, '/'))
        return is_program(program);
    for (const char *p = path ? path : "/bin:/usr/bin"; *p && !found; p += *p == ':') {
        size_t n = strcspn(p, ":");
        char  *full = xasprintf("%.*s/%s", (int)n, p, program);

        found = is_program(full);
        free(full);
        p += n;
    }
    return found;
}

/* x86_64-linux-gnu-gcc-12 has x86_64-linux-gnu-g++-12 beside it. NULL: the name says nothing. */
static char *beside(const char *cc)
{
    static const char *const names[][2] = {
        {"clang++", "clang++"}, {"g++", "g++"}, {"c++", "c++"}, {"clang", "clang++"}, {"gcc", "g++"}, {"cc", "c++"}};
    const char *slash = strrchr(cc, '/'), *base = slash ? slash + 1 : cc;

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *at = strstr(base, names[i][0]);

        if (at && (at == base || at[-1] == '-'))
            return xasprintf("%.*s%s%s", (int)(at - cc), cc, names[i][1], at + strlen(names[i][0]));
    }
    return NULL;
}

char *cxx_compiler(const char *cc)
{
    char *cxx = beside(cc);

    if (!cxx)
        die("no C++ compiler is known beside %s: say --cc gcc or --cc clang", cc);
    if (!is_there(cxx))
        die("%s is not there, and C++ sources need it (tools/setup.sh installs g++ and clang++)", cxx);
    return cxx;
}

/* ---- objects ---- */

/* An object file in memory; changes go to the file. */
struct object {
    unsigned char    *at;
    size_t            bytes;
    const Elf64_Ehdr *head;
    Elf64_Shdr       *section;
};

static bool within(const struct object *o, uint64_t offset, uint64_t bytes)
{
    return offset <= o->bytes && bytes <= o->bytes - offset;
}

/* The caller has seen that it is an object of x86-64. */
static bool map(struct object *o, const char *path)
{
    int         fd = open(path, O_RDWR | O_CLOEXEC);
    struct stat st;

    if (fd < 0 || fstat(fd, &st) != 0)
        die("cannot read %s: %s", path, strerror(errno));
    o->bytes = (size_t)st.st_size;
    o->at = mmap(NULL, o->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (o->at == MAP_FAILED)
        die("cannot read %s: %s", path, strerror(errno));
    o->head = (const Elf64_Ehdr *)o->at;
    o->section = (Elf64_Shdr *)(o->at + o->head->e_shoff);
    return within(o, o->head->e_shoff, (uint64_t)o->head->e_shnum * sizeof *o->section) &&
           o->head->e_shstrndx < o->head->e_shnum;
}

/* The string at offset i of a string table; NULL: it is not in the file. */
static char *string_of(const struct object *o, unsigned table, uint64_t i)
{
    const Elf64_Shdr *s = &o->section[table];

    if (table >= o->head->e_shnum || i >= s->sh_size || !within(o, s->sh_offset, s->sh_size))
        return NULL;
    char *text = (char *)o->at + s->sh_offset + i;

    return memchr(text, '\0', s->sh_size - i) ? text : NULL;
}

static const char normal[] = ".init_array", aside[] = ".dt_crt_xcu";

_Static_assert(sizeof normal == sizeof aside, "renamed in place");

/*
 * Constructors that sanitizers add have a priority in their section's name and stay. Two sections may share the name, and
 * the one with the relocations has it as its end.
 */
static bool set_aside(struct object *o)
{
    bool found = false;

    for (unsigned i = 0; i < o->head->e_shnum; i++) {
        Elf64_Shdr *s = &o->section[i];
        char       *name = string_of(o, o->head->e_shstrndx, s->sh_name);

        if (s->sh_type != SHT_INIT_ARRAY || !name || (strcmp(name, normal) != 0 && strcmp(name, aside) != 0))
            continue;
        memcpy(name, aside, sizeof aside);
        s->sh_type = SHT_PROGBITS;
        found = true;
    }
    return found;
}

static bool needs(const struct object *o, const char *wanted)
{
    for (unsigned i = 0; i < o->head->e_shnum; i++) {
        const Elf64_Shdr *s = &o->section[i];

        if (s->sh_type != SHT_SYMTAB || !within(o, s->sh_offset, s->sh_size))
            continue;
        const Elf64_Sym *symbol = (const Elf64_Sym *)(o->at + s->sh_offset);

        for (size_t k = 0; k < s->sh_size / sizeof *symbol; k++) {
            const char *name = string_of(o, s->sh_link, symbol[k].st_name);

            if (symbol[k].st_shndx == SHN_UNDEF && name && strcmp(name, wanted) == 0)
                return true;
        }
    }
    return false;
}

int cxx_settle(const char *source, const char *path)
{
    struct object o = {.bytes = 0};
    int           status = 0;

    if (!map(&o, path))
        die("%s is no object file", path);
    if (set_aside(&o))
        fprintf(stderr,
            "duetime: %s: warning: it has global objects that are initialized at run time, and in a driver nothing "
            "does that (LNK4210): they stay zero\n",
            source);
    if (needs(&o, "__cxa_atexit")) {
        fprintf(stderr,
            "duetime: %s: a static object has a destructor, and its atexit() is in no driver: nothing was built\n",
            source);
        status = EXIT_USAGE;
    }
    munmap(o.at, o.bytes);
    return status;
}
