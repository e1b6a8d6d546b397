/* SPDX-License-Identifier: MIT */
/* observe/race_state.h - what race.c (who is ordered after whom) and race_shadow.c (who touched what) share. */
#pragma once

#include "base/ev.h"
#include "observe/race.h"
#include "observe/tab.h"

#define SLOTS        128u /* executors of one run; the last is shared by all that come later */
#define CELLS        4u
#define WAIT_OBJECTS 64u
#define DISPATCH     2u
#define CLOCK_LEVEL  13u
#define CPUS         256u

struct vc {
    uint32_t c[SLOTS];
};

enum access { ACCESS_READ, ACCESS_WRITE, ACCESS_ATOMIC, ACCESS_FREE, ACCESS_TAKEN };

/* What an access was made in: the two routines of a miniport that concurrent channels let overlap (DT-S04). */
enum part { PART_OTHER, PART_START_IO, PART_TIMER };

struct executor {
    struct vc   vc;
    uint32_t    waits;
    const void *wait_for[WAIT_OBJECTS];
    const void *deleting;              /* EX_TIMER that it deletes with wait */
    uint32_t    parts[PART_TIMER + 1]; /* calls under way, by enum part */
};

struct cell {
    uint64_t    pc, time_ns;
    const void *routine;
    uint32_t    clock, thread;
    uint8_t     slot, mask, kind, cpu, part;
    bool        isr;
};

struct granule {
    const void *key; /* address of 8 bytes */
    uint32_t    used;
    struct cell cells[CELLS];
};

struct sync_var {
    const void *key;
    struct vc   vc;
};

struct thread_slot {
    const void *key; /* thread id, made into an address */
    uint32_t    slot;
};

struct block {
    const void *key;
    uint64_t    bytes;
    uint32_t    tag;
};

struct race_state {
    struct tab         shadow, syncs, threads, blocks;
    struct executor    executors[SLOTS];
    uint32_t           slots;
    uint16_t           cpu_slot[CPUS];    /* slot + 1; 0 = none yet */
    uint32_t           cpu_depth[CPUS];   /* DPCs and callbacks nested on a processor */
    uint32_t           cpu_thread[CPUS];  /* that the outermost one interrupted */
    const void        *cpu_routine[CPUS]; /* innermost */
    uint16_t           isr_slot[CPUS];    /* slot + 1 of the interrupt routines of a processor */
    uint32_t           isr_depth[CPUS];
    const void        *isr_routine[CPUS]; /* outermost */
    uintptr_t          isr_frames[CPUS];  /* theirs are the stack below */
    struct vc          dpcs_done;
    bool               full, told_full, raced;
    struct race_report report;
};

extern struct race_state race;

/* Stamps one access of this event's executor; the mask is the caller's. */
struct cell race_cell(const struct ev *e, enum access kind, uint64_t pc);

/* Records an access of e->a bytes at e->obj and looks for one that it races with: race.report, race.raced. */
void race_touch(const struct ev *e, enum access kind);

/* Empties the shadow of [lo, hi); with an access, after checking that access against all of it. */
void race_clear(uintptr_t lo, uintptr_t hi, struct cell *now);

/* The driver may not touch [lo, hi) any more, or may again. */
void race_take(const struct ev *e, bool taken);

/* Without the detector's lock: a STOP does not return. */
void race_raise(const struct race_report *r);
void race_raise_full(void);
