/* SPDX-License-Identifier: MIT */
/* host/symbols.h - code addresses to names and source lines. Host only: takes microseconds to milliseconds. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct symbol {
    char        module[48];   /* "heartbeat", without directory and .so; empty when unknown */
    char        function[96]; /* innermost, inlined ones too; empty when unknown */
    unsigned    offset;       /* into the enclosing symbol */
    const char *path;         /* source file; NULL when unknown */
    const char *file;         /* its last component */
    int         line;
};

/* address is a return address when after_call is set: the call is what is looked up. */
void symbols_find(const void *address, bool after_call, struct symbol *s);

/* "heartbeat.c:74", else "heartbeat!HbStop+0x1c"; never a raw address. */
size_t symbols_where(const void *address, bool after_call, char *buf, size_t size);

/* The function's name alone, else module+offset. */
size_t symbols_name(const void *address, char *buf, size_t size);

/* Line `line` of a source file without its indentation, from a cache; NULL when it cannot be read. */
const char *symbols_source(const char *path, int line);
