/* SPDX-License-Identifier: MIT */
/*
 * observe/race.h - data races (rule DT-X01, EXT-019) of drivers whose memory accesses are published as events
 * (built with -fsanitize=thread and run at the memory level). Sees one run; races that need another order are
 * found too, as long as nothing in this run ordered the two accesses.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct race_side {
    const void *address;
    const void *pc;      /* code that did it */
    const void *routine; /* DPC routine or callback that it was in; NULL: a thread's own code */
    uint64_t    time_ns;
    uint32_t    thread; /* current thread; for a DPC the interrupted one */
    uint8_t     cpu, bytes;
    bool        is_write, is_atomic, is_free, is_isr;
};

struct race_report {
    const char      *rule;
    struct race_side now, before;
    const void      *block; /* pool block that contains the address, or NULL */
    uint64_t         block_bytes, offset;
    uint32_t         tag;
};

/* Subscribes. 0 or -ENOMEM. Not while a machine runs. */
int  race_install(void);
void race_remove(void);

/* Before each run: forgets everything, in constant time. */
void race_reset(void);

/* The last race of this run with both sides, or NULL. */
const struct race_report *race_last(void);
