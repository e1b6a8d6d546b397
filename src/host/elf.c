/* SPDX-License-Identifier: MIT */
#include "host/elf.h"

#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { NAMES_SHOWN = 8 };

/* The names that cannot be resolved, in one line. */
struct missing {
    char     names[160];
    unsigned count;
    bool     asan, cxx, cxx_library; /* of C++: a name of it is missing; the image is linked with its library */
};

static bool starts(const char *name, const char *with)
{
    return strncmp(name, with, strlen(with)) == 0;
}

/* Names of C++ that a compiler made. */
static bool is_cxx(const char *name)
{
    return starts(name, "_Z") || starts(name, "__cxa_") || starts(name, "__gxx_");
}

static void add_missing(struct missing *m, const char *name)
{
    size_t used = strlen(m->names);

    m->asan |= starts(name, "__asan_");
    m->cxx |= is_cxx(name);
    if (m->count++ < NAMES_SHOWN)
        snprintf(m->names + used, sizeof m->names - used, "%s%s", used ? ", " : "", name);
}

static void note_symbol(struct elf_facts *facts, const char *name)
{
    facts->tests |= strcmp(name, "dt_test_list") == 0;
    facts->accesses |= starts(name, "__tsan_read") || starts(name, "__tsan_write");
    facts->interlocked |= strcmp(name, "dt_hook_atomic") == 0 || starts(name, "IoCsq") || strstr(name, "Interlocked");
}

/* Libraries of ours use that of C++, so its operator new would be found; a driver that was not linked with it has none. */
static bool is_resolved(const char *name, bool cxx_library)
{
    void   *at = dlsym(RTLD_DEFAULT, name);
    Dl_info from;

    if (!at || cxx_library || !is_cxx(name) || !dladdr(at, &from) || !from.dli_fname)
        return at;
    return !strstr(from.dli_fname, "/libstdc++.") && !strstr(from.dli_fname, "/libc++");
}

static bool needs_cxx_library(Elf *elf, Elf_Scn *scn, const GElf_Shdr *sh)
{
    Elf_Data *data = elf_getdata(scn, NULL);
    GElf_Dyn  dyn;

    for (size_t i = 0; data && sh->sh_entsize && i < sh->sh_size / sh->sh_entsize; i++) {
        const char *name = gelf_getdyn(data, (int)i, &dyn) && dyn.d_tag == DT_NEEDED
                               ? elf_strptr(elf, sh->sh_link, dyn.d_un.d_val)
                               : NULL;

        if (name && (starts(name, "libstdc++.") || starts(name, "libc++")))
            return true;
    }
    return false;
}

static void check_symbols(Elf *elf, Elf_Scn *scn, const GElf_Shdr *sh, struct elf_facts *facts, struct missing *m)
{
    Elf_Data *data = elf_getdata(scn, NULL);
    GElf_Sym  sym;

    for (size_t i = 1; data && sh->sh_entsize && i < sh->sh_size / sh->sh_entsize; i++) {
        if (!gelf_getsym(data, (int)i, &sym))
            continue;
        const char *name = elf_strptr(elf, sh->sh_link, sym.st_name);

        if (!name || !*name)
            continue;
        note_symbol(facts, name);
        if (sym.st_shndx == SHN_UNDEF && GELF_ST_BIND(sym.st_info) != STB_WEAK && !is_resolved(name, m->cxx_library))
            add_missing(m, name);
    }
}

/* What the file does not have, dlopen() maps all the same, and the first access ends the process. */
static bool is_whole(Elf *elf, off_t bytes)
{
    GElf_Phdr ph;
    size_t    n = 0;

    if (elf_getphdrnum(elf, &n) != 0)
        return false;
    for (size_t i = 0; i < n; i++)
        if (gelf_getphdr(elf, (int)i, &ph) && ph.p_type == PT_LOAD &&
            (ph.p_offset > (GElf_Off)bytes || ph.p_filesz > (GElf_Off)bytes - ph.p_offset))
            return false;
    return true;
}

/* The usual mistakes have words of their own. */
static int say_missing(
    const struct missing *m, const struct elf_facts *facts, const char *path, char *error, size_t size)
{
    if (m->asan)
        snprintf(error, size,
            "%s: built with --asan, but this machine library has no address sanitizer: build it without, or use a "
            "Duetime of the preset asan",
            path);
    else if (facts->tests)
        snprintf(error, size, "%s: these tests need %s%s: give the driver's image before the tests'", path, m->names,
            m->count > NAMES_SHOWN ? ", ..." : "");
    else if (m->cxx)
        snprintf(error, size,
            "%s: needs %s%s: the kernel has no library of C++, a driver brings its own operator new and delete "
            "(_Znwm, _ZdlPvm); what is in C needs extern \"C\"",
            path, m->names, m->count > NAMES_SHOWN ? ", ..." : "");
    else
        snprintf(error, size, "%s: needs %s%s, which nobody here defines (see `duetime ddi`)", path, m->names,
            m->count > NAMES_SHOWN ? ", ..." : "");
    return -ENOEXEC;
}

static int check_elf(Elf *elf, off_t bytes, const char *path, struct elf_facts *facts, char *error, size_t error_size)
{
    GElf_Ehdr eh;

    if (elf_kind(elf) != ELF_K_ELF || !gelf_getehdr(elf, &eh) || eh.e_type != ET_DYN || eh.e_machine != EM_X86_64) {
        snprintf(error, error_size, "%s: not a driver image (build it with `duetime build`)", path);
        return -ENOEXEC;
    }
    if (!is_whole(elf, bytes)) {
        snprintf(error, error_size, "%s: the end of the file is missing (build it again)", path);
        return -ENOEXEC;
    }
    struct missing m = {.count = 0};
    Elf_Scn       *scn = NULL;
    GElf_Shdr      sh;

    while ((scn = elf_nextscn(elf, scn)))
        if (gelf_getshdr(scn, &sh) && sh.sh_type == SHT_DYNAMIC)
            m.cxx_library = needs_cxx_library(elf, scn, &sh);
    while ((scn = elf_nextscn(elf, scn)))
        if (gelf_getshdr(scn, &sh) && sh.sh_type == SHT_DYNSYM)
            check_symbols(elf, scn, &sh, facts, &m);
    return m.count ? say_missing(&m, facts, path, error, error_size) : 0;
}

int elf_check(const char *path, struct elf_facts *facts, char *error, size_t error_size)
{
    *facts = (struct elf_facts){.tests = false};
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0) {
        snprintf(error, error_size, "%s: %s", path, strerror(errno));
        return -ENOENT;
    }
    elf_version(EV_CURRENT);
    Elf *elf = elf_begin(fd, ELF_C_READ, NULL);
    int  e = check_elf(elf, lseek(fd, 0, SEEK_END), path, facts, error, error_size);

    elf_end(elf);
    close(fd);
    return e;
}

uint32_t elf_build_id(const void *notes, size_t bytes)
{
    const char *p = notes, *end = p + bytes;

    while (p + sizeof(Elf64_Nhdr) <= end) {
        const Elf64_Nhdr *n = (const Elf64_Nhdr *)p;
        const char       *name = p + sizeof *n, *desc = name + ((n->n_namesz + 3u) & ~3u);

        if (n->n_type == NT_GNU_BUILD_ID && n->n_namesz == 4 && memcmp(name, "GNU", 4) == 0 && n->n_descsz >= 4) {
            uint32_t id;

            memcpy(&id, desc, sizeof id);
            return id;
        }
        p = desc + ((n->n_descsz + 3u) & ~3u);
    }
    return 0;
}
