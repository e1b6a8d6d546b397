/* SPDX-License-Identifier: MIT */
/*
 * host/image.c - opening driver and test images, and giving every run the same initial data.
 *
 * A driver keeps state in globals. The next schedule must not see them, so the writable segments are copied
 * once, after the constructors have run, and copied back before each run. RELRO is left out: it is
 * read-only by then. The copy is the size of the driver's .data and .bss, a few hundred bytes as a rule.
 */
#include "host/image.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "duetime/duetime.h"
#include "host/elf.h"

enum { SEGMENTS_MAX = 8 };

struct segment {
    char  *live, *copy;
    size_t bytes;
};

struct dt_image {
    struct dt_image *next;
    char            *path;
    void            *handle;
    uintptr_t        start, end; /* all of it, as mapped */
    struct segment   segment[SEGMENTS_MAX];
    unsigned         segments;
    uint32_t         build;
    struct elf_facts facts;
};

static struct dt_image *images; /* newest first */

/* ---- what the loader mapped ---- */

struct find {
    struct dt_image *image;
    uintptr_t        probe;
    bool             found;
};

static bool contains(const struct dl_phdr_info *info, uintptr_t address)
{
    for (unsigned i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *ph = &info->dlpi_phdr[i];

        if (ph->p_type == PT_LOAD && address - (info->dlpi_addr + ph->p_vaddr) < ph->p_memsz)
            return true;
    }
    return false;
}

static void add_segment(struct dt_image *im, uintptr_t from, uintptr_t to)
{
    if (from >= to || im->segments == SEGMENTS_MAX)
        return;
    im->segment[im->segments++] = (struct segment){.live = (char *)from, .bytes = to - from};
}

/* [from, to) without the part that becomes read-only after relocation. */
static void add_writable(struct dt_image *im, uintptr_t from, uintptr_t to, uintptr_t ro_from, uintptr_t ro_to)
{
    if (ro_from >= ro_to || ro_to <= from || ro_from >= to) {
        add_segment(im, from, to);
        return;
    }
    add_segment(im, from, ro_from);
    add_segment(im, ro_to, to);
}

static void read_segments(struct dt_image *im, const struct dl_phdr_info *info)
{
    uintptr_t ro_from = 0, ro_to = 0, page = (uintptr_t)sysconf(_SC_PAGESIZE);

    im->start = UINTPTR_MAX;
    for (unsigned i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *ph = &info->dlpi_phdr[i];
        uintptr_t from = info->dlpi_addr + ph->p_vaddr, to = from + ph->p_memsz;

        if (ph->p_type == PT_GNU_RELRO) {
            ro_from = from & ~(page - 1);
            ro_to = to & ~(page - 1); /* the loader protects whole pages only */
        }
        if (ph->p_type == PT_NOTE)
            im->build ^= elf_build_id((const void *)from, ph->p_memsz);
        if (ph->p_type != PT_LOAD)
            continue;
        im->start = from < im->start ? from : im->start;
        im->end = to > im->end ? to : im->end;
    }
    for (unsigned i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *ph = &info->dlpi_phdr[i];
        uintptr_t from = info->dlpi_addr + ph->p_vaddr;

        if (ph->p_type == PT_LOAD && (ph->p_flags & PF_W))
            add_writable(im, from, from + ph->p_memsz, ro_from, ro_to);
    }
}

static int on_object(struct dl_phdr_info *info, size_t size, void *arg)
{
    struct find *f = arg;

    (void)size;
    if (!contains(info, f->probe))
        return 0;
    read_segments(f->image, info);
    f->found = true;
    return 1;
}

/* Not memcpy(): the red zones that ASan lays between globals are copied too. */
static void copy(void *to, const void *from, size_t bytes)
{
    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(bytes) : : "memory");
}

static int snapshot(struct dt_image *im)
{
    for (unsigned i = 0; i < im->segments; i++) {
        im->segment[i].copy = malloc(im->segment[i].bytes);
        if (!im->segment[i].copy)
            return -ENOMEM;
        copy(im->segment[i].copy, im->segment[i].live, im->segment[i].bytes);
    }
    return 0;
}

/* ---- opening ---- */

static dt_image *find_open(const char *path)
{
    for (dt_image *im = images; im; im = im->next)
        if (strcmp(im->path, path) == 0)
            return im;
    return NULL;
}

static void destroy(dt_image *im)
{
    for (unsigned i = 0; i < im->segments; i++)
        free(im->segment[i].copy);
    if (im->handle)
        dlclose(im->handle);
    free(im->path);
    free(im);
}

static int map(dt_image *im, char *error, size_t error_size)
{
    struct link_map *lm = NULL;

    im->handle = dlopen(im->path, RTLD_NOW | RTLD_GLOBAL);
    if (!im->handle || dlinfo(im->handle, RTLD_DI_LINKMAP, &lm) != 0) {
        snprintf(error, error_size, "%s", dlerror());
        return -ENOEXEC;
    }
    struct find f = {.image = im, .probe = (uintptr_t)lm->l_ld};

    dl_iterate_phdr(on_object, &f);
    return f.found ? snapshot(im) : -ENOEXEC;
}

int dt_image_open(const char *path, dt_image **image, char *error, size_t error_size)
{
    char *real = realpath(path, NULL);

    *image = NULL;
    if (!real) {
        snprintf(error, error_size, "%s: %s", path, strerror(errno));
        return -ENOENT;
    }
    *image = find_open(real);
    if (*image) {
        free(real);
        return 0;
    }
    dt_image *im = calloc(1, sizeof *im);

    if (!im) {
        free(real);
        return -ENOMEM;
    }
    im->path = real;
    int e = elf_check(real, &im->facts, error, error_size);

    if (e == 0)
        e = map(im, error, error_size);
    if (e != 0) {
        destroy(im);
        return e;
    }
    im->next = images;
    images = im;
    *image = im;
    return 0;
}

void *dt_image_symbol(const dt_image *image, const char *name)
{
    return dlsym(image->handle, name);
}

enum dt_level dt_image_level(const dt_image *image)
{
    if (image->facts.accesses)
        return DT_LEVEL_MEMORY;
    return image->facts.interlocked ? DT_LEVEL_ATOMIC : DT_LEVEL_API;
}

/* ---- use ---- */

void image_restore_all(void)
{
    for (const dt_image *im = images; im; im = im->next)
        for (unsigned i = 0; i < im->segments; i++)
            copy(im->segment[i].live, im->segment[i].copy, im->segment[i].bytes);
}

/* The program itself, where a driver is linked into a test. */
static bool program_bounds(uintptr_t address, uintptr_t *start, uintptr_t *end)
{
    struct dt_image im = {.next = NULL};
    struct find     f = {.image = &im, .probe = address};

    dl_iterate_phdr(on_object, &f);
    *start = im.start;
    *end = im.end;
    return f.found;
}

bool image_holds(const void *address)
{
    uintptr_t a = (uintptr_t)address;

    for (const dt_image *im = images; im; im = im->next)
        if (a >= im->start && a < im->end)
            return true;
    return false;
}

bool image_bounds(const void *address, uintptr_t *start, uintptr_t *end)
{
    uintptr_t a = (uintptr_t)address;

    for (const dt_image *im = images; im; im = im->next) {
        if (a >= im->start && a < im->end) {
            *start = im->start;
            *end = im->end;
            return true;
        }
    }
    return program_bounds(a, start, end);
}

void image_name(const void *address, char *buf, size_t size)
{
    Dl_info     info;
    const char *path = dladdr(address, &info) && info.dli_fname ? info.dli_fname : "driver";
    const char *slash = strrchr(path, '/');

    snprintf(buf, size, "%s", slash ? slash + 1 : path);
    buf[strcspn(buf, ".")] = '\0';
}

static int on_object_build(struct dl_phdr_info *info, size_t size, void *arg)
{
    struct find *f = arg;

    (void)size;
    /* The first object is the program; the one with our own code is the library. */
    if (f->found && !contains(info, f->probe))
        return 0;
    f->found = true;
    struct dt_image im = {.next = NULL};

    read_segments(&im, info);
    f->image->build = f->image->build * 31 + im.build;
    return 0;
}

uint32_t image_build_id(void)
{
    static uint32_t base;
    struct dt_image im = {.build = 0};

    if (base == 0) {
        struct find f = {.image = &im, .probe = (uintptr_t)&image_build_id};

        dl_iterate_phdr(on_object_build, &f);
        base = im.build | 1;
    }
    uint32_t id = base;

    for (const dt_image *i = images; i; i = i->next)
        id = id * 31 + i->build;
    return id;
}
