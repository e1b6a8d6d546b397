/* SPDX-License-Identifier: MIT */
/* host/elf.h - what can be known of an image before it is loaded. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What its symbols tell of an image. */
struct elf_facts {
    bool tests;       /* it holds tests */
    bool interlocked; /* it has interlocked operations, inline or by a routine */
    bool accesses;    /* it tells of every memory access */
};

/* Is path a shared object for this machine, and does this process export all it needs? 0, or -ENOEXEC with one line. */
int elf_check(const char *path, struct elf_facts *facts, char *error, size_t error_size);

/* First 32 bits of the GNU build id in a note segment; 0 when there is none. */
uint32_t elf_build_id(const void *notes, size_t bytes);
