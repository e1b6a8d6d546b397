/* SPDX-License-Identifier: MIT */
/*
 * observe/verify.h - the verifier: rules that a driver breaks while it runs (ids DT-Xnn), found from events alone.
 *
 * host/ installs it once, calls verify_reset() before each run and verify_run_end() after one that ended by
 * itself. Nothing is allocated during a run but to grow a table. The verifier never reads the driver's memory.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum verify_rule {
    VERIFY_T02,
    VERIFY_T03,
    VERIFY_T04,
    VERIFY_T05,
    VERIFY_T09,
    VERIFY_T10,
    VERIFY_T11,
    VERIFY_T13,
    VERIFY_T16,
    VERIFY_T17,
    VERIFY_T18,
    VERIFY_D02,
    VERIFY_D03,
    VERIFY_D04,
    VERIFY_D06,
    VERIFY_D08,
    VERIFY_D13,
    VERIFY_I01,
    VERIFY_I02,
    VERIFY_I03,
    VERIFY_I04,
    VERIFY_I09,
    VERIFY_L01,
    VERIFY_L02,
    VERIFY_L03,
    VERIFY_L04,
    VERIFY_L06,
    VERIFY_L07,
    VERIFY_L09,
    VERIFY_L10,
    VERIFY_L11,
    VERIFY_L12,
    VERIFY_L13,
    VERIFY_L15,
    VERIFY_L16,
    VERIFY_L17,
    VERIFY_W01,
    VERIFY_W12,
    VERIFY_B01,
    VERIFY_B02,
    VERIFY_B04,
    VERIFY_X01,
    VERIFY_RULES,
    VERIFY_LIMIT = VERIFY_RULES /* not a rule: the verifier itself ran out of memory ("DT-V00") */
};
#define VERIFY_BIT(rule) (1ull << (rule))

/* What `duetime explain` and the report print. */
struct verify_rule_info {
    const char *id;       /* "DT-T03" */
    const char *title;    /* one line */
    const char *aliases;  /* Microsoft's names for the same: C28xxx, SDV and DDI compliance rules; "" = none */
    const char *bugcheck; /* "0xC4/0x15", or "" where Windows has none */
    const char *why;      /* what goes wrong on Windows */
    const char *repair;   /* what usually helps */
};

/* Indexed by enum verify_rule. */
extern const struct verify_rule_info verify_rules[VERIFY_RULES];

struct verify_options {
    uint64_t off;           /* VERIFY_BIT()s of rules that stay silent */
    uint64_t dpc_budget_ns; /* DT-B01; 0 = 100 us */
    bool     one_thread;    /* all events come from one host thread (simulated machine): no lock is needed */
    bool (*is_freed)(
        const void *p);   /* whether the pool has it back; NULL: not to be known, locks in freed memory are not told */
    bool budget_by_clock; /* DT-B01 counts elapsed time, not only what the routine itself let pass */
};

/* Subscribes to the events; o may be NULL (all rules on). 0 or -ENOMEM. Not while a machine runs. */
int  verify_install(const struct verify_options *o);
void verify_remove(void);

/* Before each run: forgets everything, in constant time. */
void verify_reset(void);

/* After a run that was not stopped: EX_TIMERs that nobody deleted are reported as warnings, but for those of
 * drivers that are still loaded. */
void verify_run_end(void);

/* After a run that hangs: a thread that waits in ExDeleteTimer, and for whom. False: none does. */
struct verify_delete_wait {
    uint32_t    thread;
    const void *timer, *callback;
    bool        running; /* the callback, on processor cpu */
    unsigned    cpu;
};
bool verify_delete_waits(struct verify_delete_wait *out);

/* By id ("DT-T03", "T03") or by one of the aliases, case-insensitively; NULL: no such rule. */
const struct verify_rule_info *verify_rule_find(const char *name);
