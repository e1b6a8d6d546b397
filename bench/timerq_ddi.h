/* SPDX-License-Identifier: MIT */
/*
 * The exported routines as an engine for timerq_workload.h: what a driver pays on the simulated machine, with IRQL checks,
 * scheduling points, locks and, for W3 and W4, a DPC of its own for each timer. Runs inside a machine, in its own virtual
 * time, which advances as the workload's clock does.
 */
#pragma once

#include "duetime/duetime.h"

static KTIMER *ddi_timer;
static KDPC   *ddi_dpc;
static size_t  ddi_count;

enum { ddi_handle = sizeof(KTIMER) };
static const char *const ddi_name = "KeSetTimer (driver)";

static KDEFERRED_ROUTINE ddi_fired;

static VOID ddi_fired(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    (void)context, (void)a, (void)b;
    fired((size_t)(dpc - ddi_dpc));
}

static void ddi_init(size_t n)
{
    ddi_count = n;
    ddi_timer = (KTIMER *)memory(n * sizeof *ddi_timer);
    ddi_dpc = (KDPC *)memory(n * sizeof *ddi_dpc);
    for (size_t i = 0; i < n; i++) {
        KeInitializeTimer(&ddi_timer[i]);
        KeInitializeDpc(&ddi_dpc[i], ddi_fired, NULL);
    }
}

static void ddi_fini(void)
{
    for (size_t i = 0; i < ddi_count; i++)
        KeCancelTimer(&ddi_timer[i]);
    munmap(ddi_timer, ddi_count * sizeof *ddi_timer);
    munmap(ddi_dpc, ddi_count * sizeof *ddi_dpc);
}

static inline void ddi_set(uint32_t i, uint64_t rel)
{
    LARGE_INTEGER due = {.QuadPart = -(LONGLONG)rel};

    KeSetTimer(&ddi_timer[i], due, &ddi_dpc[i]);
}

static inline void ddi_reset(uint32_t i, uint64_t rel)
{
    ddi_set(i, rel);
}

static inline void ddi_cancel(uint32_t i)
{
    KeCancelTimer(&ddi_timer[i]);
}

static inline void ddi_periodic(uint32_t i, uint32_t ms)
{
    LARGE_INTEGER due = {.QuadPart = -(LONGLONG)ms * 10000};

    KeSetTimerEx(&ddi_timer[i], due, (LONG)ms, &ddi_dpc[i]);
}

static inline void ddi_advance(void)
{
    dt_run_for(DT_MS(1));
}

#define ENGINE ddi
#include "timerq_workload.h"
#undef ENGINE

static void ddi_body(void *result)
{
    ddi_run(result);
}

static void ddi_measure(struct result *result)
{
    struct dt_config cfg = {
        .processors = 1, .tick_100ns = 10000, .quiet = true, .faithful = true, .steps_max = UINT64_MAX};
    struct dt_result r;

    if (dt_run(&cfg, ddi_body, result, &r) != 0 || r.verdict != DT_PASS) {
        fprintf(stderr, "bench: the machine failed: %s\n", r.finding.what);
        exit(1);
    }
}
