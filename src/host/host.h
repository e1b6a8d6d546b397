/* SPDX-License-Identifier: MIT */
/*
 * host/host.h - the state of the composition root, for host/ only.
 *
 * One run at a time per process. What a run leaves behind (finding, stack, statistics) is read when the
 * machine has stopped.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/choice.h"
#include "base/finding.h"
#include "duetime/duetime.h"
#include "host/out.h"
#include "mach/mach.h"

enum { HOST_STACK_MAX = 24 };

/* A finding and where it was raised. */
struct host_finding {
    struct finding f;
    unsigned       cpu, irql;
    uint32_t       thread;
    dt_ns          time;
    unsigned       frames; /* return addresses, innermost first; only when the run is told (story) */
    const void    *frame[HOST_STACK_MAX];
};

struct host {
    struct dt_config    cfg;           /* of the run under way or the last one */
    bool                running, dead; /* dead: the real-time machine was halted */
    bool                telling;       /* this run is recorded for a report */
    bool                stopped;       /* stop is valid */
    struct host_finding stop;
    struct host_finding warning; /* the first one */
    unsigned            warnings;
    enum mach_result    end;
    uint64_t            choices;
    dt_ns               time;
    unsigned            spawned; /* serial number of dt_spawn */
    bool                paused;  /* dt_explore_pause was called in some run of the search */
};

extern struct host host;

/* Checks and fills in defaults. -EINVAL. */
int host_config(struct dt_config *to, const struct dt_config *from);

enum host_mode {
    HOST_SILENT,  /* one of many */
    HOST_TELLING, /* recorded for a report */
    HOST_LIVE,    /* and notes are printed as they come */
};

/* One run with these choices (NULL: always 0). host tells the rest. Negative errno as dt_run(). */
int host_run(const struct dt_config *cfg, struct choice_source *choices, enum host_mode mode, dt_body *body, void *ctx);

void host_result(struct dt_result *r);

/* Of the *kind* of the last run's finding; 0: none. */
uint64_t host_fingerprint(void);

/* Raises a STOP from inside a body. */
__attribute__((format(printf, 3, 4))) void host_stop(const char *rule, const void *caller, const char *format, ...);

/* Report of the last run, which was told; schedule may be NULL. */
struct host_replay {
    const char *schedule, *command; /* command: printf-like with one %s, or NULL */
    unsigned    switches;
};
void report_print(struct out *o, const struct host_replay *replay);

/* The one-line and STOP heads alone, for runs that were not told. */
void report_brief(struct out *o);
