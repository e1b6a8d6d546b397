/* SPDX-License-Identifier: MIT */
#include "host/stack.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "host/symbols.h"

/* A frame pointer may be garbage at the bottom of a stack: ask the host to copy instead of reading. */
static bool read_words(uintptr_t at, uintptr_t word[2])
{
    struct iovec to = {.iov_base = word, .iov_len = 2 * sizeof *word};
    struct iovec from = {.iov_base = (void *)at, .iov_len = 2 * sizeof *word};

    return process_vm_readv(getpid(), &to, 1, &from, 1, 0) == (ssize_t)to.iov_len;
}

unsigned stack_walk(const void *frame, const void **pc, unsigned max)
{
    uintptr_t at = (uintptr_t)frame, word[2];
    unsigned  n = 0;

    while (n < max && at && at % 8 == 0 && read_words(at, word) && word[1]) {
        pc[n++] = (const void *)word[1];
        if (word[0] <= at)
            break;
        at = word[0];
    }
    return n;
}

static bool is_ours(const struct symbol *s)
{
    return strncmp(s->module, "libduetime", 10) == 0 || strncmp(s->module, "libc", 4) == 0 || !s->module[0];
}

/* In a program that the library is linked into, the source's place tells. */
static bool is_ours_by_path(const struct symbol *s)
{
    return s->path && (strstr(s->path, "/src/host/") || strstr(s->path, "/src/ke/") || strstr(s->path, "/src/mach/") ||
                          strstr(s->path, "/src/ddi/") || strstr(s->path, "/src/ex/") || strstr(s->path, "/src/io/") ||
                          strstr(s->path, "/src/observe/") || strstr(s->path, "/src/base/"));
}

static bool is_drivers(const void *pc, bool after_call, struct symbol *s)
{
    symbols_find(pc, after_call, s);
    return !is_ours(s) && !is_ours_by_path(s);
}

static void format_symbol(const struct symbol *s, char *buf, size_t size)
{
    if (s->file)
        snprintf(buf, size, "%s:%d %s", s->file, s->line, s->function);
    else
        snprintf(buf, size, "%s!%s+0x%x", s->module, s->function, s->offset);
}

void stack_blame(const struct host_finding *f, char *buf, size_t size)
{
    struct symbol s;

    buf[0] = '\0';
    /* A routine itself is blamed by its entry, a call by where it returns to. */
    if (f->f.caller && is_drivers(f->f.caller, false, &s) && s.offset == 0) {
        format_symbol(&s, buf, size);
        return;
    }
    if (f->f.caller && is_drivers(f->f.caller, true, &s)) {
        format_symbol(&s, buf, size);
        return;
    }
    for (unsigned i = 0; i < f->frames; i++) {
        if (is_drivers(f->frame[i], true, &s)) {
            format_symbol(&s, buf, size);
            return;
        }
    }
}

void stack_print(struct out *o, const struct host_finding *f)
{
    unsigned shown = 0;

    for (unsigned i = 0; i < f->frames; i++) {
        struct symbol s;
        char          where[64] = "";

        if (!is_drivers(f->frame[i], true, &s))
            continue;
        if (s.file)
            snprintf(where, sizeof where, "%s:%d", s.file, s.line);
        out_line(o, "  #%u %-32s %s", shown++, s.function[0] ? s.function : s.module, where);
    }
}
