/* SPDX-License-Identifier: MIT */
#include "host/symbols.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>
#include <link.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "duetime/duetime.h"

static const Dwfl_Callbacks callbacks = {
    .find_elf = dwfl_linux_proc_find_elf,
    .find_debuginfo = dwfl_standard_find_debuginfo,
};

/* ---- the objects of this process ---- */

struct loaded {
    Dwfl              *dwfl;
    unsigned long long loads, unloads;
    bool               changed; /* since the last report */
};

static const char *program(void)
{
    static char path[4096];
    ssize_t     n = readlink("/proc/self/exe", path, sizeof path - 1);

    path[n > 0 ? n : 0] = '\0';
    return path;
}

/* By what the loader says, not by the mappings: libdw maps the files that it reads, and such a mapping just below an
 * object would be taken for a part of it. */
static int report_object(struct dl_phdr_info *info, size_t size, void *arg)
{
    struct loaded *l = arg;
    const char    *path = info->dlpi_name && info->dlpi_name[0] ? info->dlpi_name : program();

    (void)size;
    if (access(path, R_OK) == 0) /* the vDSO has no file */
        dwfl_report_elf(l->dwfl, path, path, -1, info->dlpi_addr, true);
    return 0;
}

static int count_objects(struct dl_phdr_info *info, size_t size, void *arg)
{
    struct loaded *l = arg;

    (void)size;
    l->changed = l->loads != info->dlpi_adds || l->unloads != info->dlpi_subs;
    l->loads = info->dlpi_adds;
    l->unloads = info->dlpi_subs;
    return 1;
}

/* Reported anew when an image was opened or closed since. */
static Dwfl *report(void)
{
    static struct loaded l;

    if (!l.dwfl)
        l.dwfl = dwfl_begin(&callbacks);
    if (!l.dwfl)
        return NULL;
    dl_iterate_phdr(count_objects, &l);
    if (l.changed) {
        dwfl_report_begin(l.dwfl);
        dl_iterate_phdr(report_object, &l);
        dwfl_report_end(l.dwfl, NULL, NULL);
    }
    return l.dwfl;
}

static Dwfl_Module *find_module(Dwarf_Addr a)
{
    Dwfl *dwfl = report();

    return dwfl ? dwfl_addrmodule(dwfl, a) : NULL;
}

static const char *last_component(const char *path)
{
    const char *slash = path ? strrchr(path, '/') : NULL;

    return slash ? slash + 1 : path;
}

static void set_module(struct symbol *s, Dwfl_Module *m)
{
    const char *name = last_component(dwfl_module_info(m, NULL, NULL, NULL, NULL, NULL, NULL, NULL));

    if (!name)
        return;
    snprintf(s->module, sizeof s->module, "%s", name);
    char *so = strstr(s->module, ".so");

    if (so)
        *so = '\0';
}

/* The innermost scope that has a name of its own; inlined routines count. */
static const char *scope_name(Dwarf_Die *cu, Dwarf_Addr pc)
{
    Dwarf_Die  *scopes = NULL;
    int         n = dwarf_getscopes(cu, pc, &scopes);
    const char *name = NULL;

    for (int i = 0; i < n && !name; i++) {
        int tag = dwarf_tag(&scopes[i]);

        if (tag == DW_TAG_inlined_subroutine || tag == DW_TAG_subprogram)
            name = dwarf_diename(&scopes[i]);
    }
    free(scopes);
    return name;
}

/* The compilation unit of an address. clang writes no table of them unless asked: then all are looked at. */
static Dwarf_Die *find_unit(Dwfl_Module *m, Dwarf_Addr a, Dwarf_Addr *bias)
{
    Dwarf_Die *cu = dwfl_module_addrdie(m, a, bias);

    if (cu)
        return cu;
    while ((cu = dwfl_module_nextcu(m, cu, bias)))
        if (dwarf_haspc(cu, a - *bias) > 0)
            return cu;
    return NULL;
}

static void set_line(struct symbol *s, Dwfl_Module *m, Dwarf_Addr a)
{
    Dwarf_Addr  bias;
    Dwarf_Die  *cu = find_unit(m, a, &bias);
    Dwarf_Line *line = cu ? dwarf_getsrc_die(cu, a - bias) : NULL;

    if (!line || dwarf_lineno(line, &s->line) != 0)
        return;
    s->path = dwarf_linesrc(line, NULL, NULL);
    s->file = last_component(s->path);
}

static void set_function(struct symbol *s, Dwfl_Module *m, Dwarf_Addr a)
{
    Dwarf_Addr  bias = 0;
    GElf_Off    offset = 0;
    GElf_Sym    sym;
    const char *name = dwfl_module_addrinfo(m, a, &offset, &sym, NULL, NULL, NULL);
    Dwarf_Die  *cu = find_unit(m, a, &bias);
    const char *inner = cu ? scope_name(cu, a - bias) : NULL;

    if (!name) { /* in none: from the beginning of the image, wherever that is this time */
        dwfl_module_info(m, NULL, &bias, NULL, NULL, NULL, NULL, NULL);
        offset = a - bias;
    }
    s->offset = (unsigned)offset;
    if (inner || name)
        snprintf(s->function, sizeof s->function, "%s", inner ? inner : name);
}

void symbols_find(const void *address, bool after_call, struct symbol *s)
{
    Dwarf_Addr   a = (uintptr_t)address - (after_call ? 1 : 0);
    Dwfl_Module *m = address ? find_module(a) : NULL;

    *s = (struct symbol){.line = 0};
    if (!m)
        return;
    set_module(s, m);
    set_function(s, m, a);
    set_line(s, m, a);
}

size_t symbols_name(const void *address, char *buf, size_t size)
{
    struct symbol s;

    symbols_find(address, false, &s);
    if (s.function[0])
        return (size_t)snprintf(buf, size, "%s", s.function);
    return (size_t)snprintf(buf, size, "%s", s.module[0] ? s.module : "(unknown code)");
}

size_t symbols_where(const void *address, bool after_call, char *buf, size_t size)
{
    struct symbol s;

    symbols_find(address, after_call, &s);
    if (s.file)
        return (size_t)snprintf(buf, size, "%s:%d", s.file, s.line);
    if (s.function[0])
        return (size_t)snprintf(buf, size, "%s!%s+0x%x", s.module, s.function, s.offset);
    return (size_t)snprintf(buf, size, "%s", s.module[0] ? s.module : "(unknown code)");
}

size_t dt_describe_address(const void *address, char *buf, size_t size)
{
    struct symbol s;

    symbols_find(address, false, &s);
    if (!s.module[0])
        return (size_t)snprintf(buf, size, "(unknown)");
    if (!s.file)
        return (size_t)snprintf(buf, size, "%s!%s+0x%x", s.module, s.function, s.offset);
    return (size_t)snprintf(buf, size, "%s!%s+0x%x (%s:%d)", s.module, s.function, s.offset, s.file, s.line);
}

/* ---- source lines ---- */

struct source {
    struct source *next;
    char          *path, *text;
    char         **line;
    int            lines;
};

static char *read_file(const char *path)
{
    FILE  *f = fopen(path, "re");
    char  *text = NULL;
    size_t n = 0;

    if (!f)
        return NULL;
    if (getdelim(&text, &n, '\0', f) < 0) {
        free(text);
        text = NULL;
    }
    fclose(f);
    return text;
}

static void split_lines(struct source *s)
{
    size_t n = 1;

    for (const char *p = s->text; *p; p++)
        n += *p == '\n';
    s->line = calloc(n, sizeof *s->line);
    for (char *p = s->text, *next; s->line && p; p = next) {
        next = strchr(p, '\n');
        if (next)
            *next++ = '\0';
        p[strcspn(p, "\r")] = '\0';
        s->line[s->lines++] = p + strspn(p, " \t");
    }
}

const char *symbols_source(const char *path, int line)
{
    static struct source *cache;
    struct source        *s = cache;

    if (!path || line < 1)
        return NULL;
    while (s && strcmp(s->path, path) != 0)
        s = s->next;
    if (!s) {
        s = calloc(1, sizeof *s);
        if (!s)
            return NULL;
        s->path = strdup(path);
        s->text = read_file(path);
        if (s->text)
            split_lines(s);
        s->next = cache;
        cache = s;
    }
    return s->line && line <= s->lines ? s->line[line - 1] : NULL;
}
