/* SPDX-License-Identifier: MIT */
/*
 * host/boot.c - the composition root: the only place that knows kernel, machine, verifier, choices and reports.
 *
 * A run: image data restored, verifier forgets, kernel boots, the body runs as the first thread, the machine
 * ends. A STOP halts the machine from wherever it was raised: on the simulated machine nothing unwinds, the
 * coroutines are abandoned and the next run starts from scratch.
 */
#include "host/host.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/spin.h"
#include "blk/blk.h"
#include "ex/pool.h"
#include "ex/work.h"
#include "host/fault.h"
#include "host/freed.h"
#include "host/image.h"
#include "host/stack.h"
#include "host/story.h"
#include "host/symbols.h"
#include "hw/hw.h"
#include "io/io.h"
#include "ke/ke.h"
#include "observe/race.h"
#include "observe/verify.h"
#include "sp/sp.h"

struct host host;

static struct spin finding_lock = SPIN_INIT;

/* ---- findings ---- */

static void record(struct host_finding *to, const struct finding *f)
{
    to->f = *f;
    freed_amend(&to->f);
    to->cpu = mach_cpu();
    to->irql = mach_irql();
    to->thread = ke_thread_id(ke_thread_current());
    to->time = mach_now();
    const void *pc, *frame;
    bool        fault = fault_origin(&pc, &frame);

    to->frames = 0;
    if (!host.telling)
        return;
    if (fault)
        to->frame[to->frames++] = pc;
    to->frames +=
        stack_walk(fault ? frame : __builtin_frame_address(0), to->frame + to->frames, HOST_STACK_MAX - to->frames);
}

/* Any IRQL, any processor, kernel locks may be held. */
static void on_finding(const struct finding *f)
{
    if (!host.running) {
        fprintf(stderr, "duetime: outside a run: %s\n", f->what);
        abort();
    }
    spin_lock(&finding_lock);
    if (f->severity == FINDING_STOP && !host.stopped) {
        record(&host.stop, f);
        host.stopped = true;
    } else if (f->severity == FINDING_WARNING && host.warnings++ == 0) {
        record(&host.warning, f);
    }
    spin_unlock(&finding_lock);
    if (f->severity == FINDING_STOP)
        mach_halt();
}

void host_stop(const char *rule, const void *caller, const char *format, ...)
{
    struct finding f = {.severity = FINDING_STOP, .rule = rule, .caller = caller};
    va_list        ap;

    va_start(ap, format);
    vsnprintf(f.what, sizeof f.what, format, ap);
    va_end(ap);
    finding_raise(&f);
}

/* ---- how the machine ended ---- */

struct waiters {
    char     text[160];
    unsigned count;
};

static bool add_waiter(void *ctx, const struct ke_thread_info *info)
{
    struct waiters *w = ctx;
    size_t          used = strlen(w->text);

    if (!info->waiting || info->daemon)
        return true;
    if (w->count++ < 6 && info->owner)
        snprintf(
            w->text + used, sizeof w->text - used, "%s%u (a mutex of %u)", used ? ", " : "", info->id, info->owner);
    else if (w->count <= 6)
        snprintf(w->text + used, sizeof w->text - used, "%s%u", used ? ", " : "", info->id);
    return true;
}

/* EXT-092: a thread that waits in ExDeleteTimer, and the callback that it waits for. */
static bool tell_delete_wait(const char *what, struct finding *f)
{
    struct verify_delete_wait d;
    char                      where[32] = "";
    struct symbol             callback = {.function = "(none)"};

    if (!verify_delete_waits(&d))
        return false;
    if (d.callback)
        symbols_find(d.callback, false, &callback);
    if (d.running)
        snprintf(where, sizeof where, ", which runs on processor %u", d.cpu);
    snprintf(f->what, sizeof f->what, "%s; thread %u waits in ExDeleteTimer for callback %.60s%s", what, d.thread,
        callback.function, where);
    f->object = d.timer;
    f->caller = d.callback;
    return true;
}

static bool tell_request(const char *what, struct finding *f)
{
    char request[120];

    if (!pending_find(NULL, false, request, sizeof request, &f->object, &f->caller))
        return false;
    snprintf(f->what, sizeof f->what, "%s; %s", what, request);
    return true;
}

/* The machine has stopped by itself: nobody was there to raise this. */
static void stopped_by_machine(const char *rule, const char *what)
{
    struct finding f = {.severity = FINDING_STOP, .rule = rule};
    struct waiters w = {.count = 0};

    ke_thread_each(add_waiter, &w);
    if (!tell_delete_wait(what, &f) && !tell_request(what, &f))
        snprintf(
            f.what, sizeof f.what, "%s; threads that wait: %u%s%s", what, w.count, w.count ? ", ids " : "", w.text);
    host.stop = (struct host_finding){.f = f, .time = host.time};
    host.stopped = true;
}

static void classify(void)
{
    if (host.stopped)
        return;
    if (host.end == MACH_DEADLOCK)
        stopped_by_machine("DT-L17", "nothing can move and nothing is due");
    else if (host.end == MACH_LIVELOCK)
        stopped_by_machine("DT-X04", "processors only spin and nothing is due");
    else if (host.end == MACH_HALTED)
        stopped_by_machine("DT-X04", "the machine was halted without a finding");
}

/* ---- one run ---- */

struct run {
    dt_body *body;
    void    *ctx;
};

static void run_body(void *arg)
{
    const struct run *r = arg;

    r->body(r->ctx);
    host.choices = mach_choices();
    host.time = mach_now();
}

static int install(bool verified)
{
    static const struct verify_options options = {.is_freed = freed_has};
    static bool                        on;
    int                                e = 0;

    finding_sink = on_finding;
    if (verified && !on)
        e = verify_install(&options);
    if (!verified && on)
        verify_remove();
    on = verified && e == 0;
    return e;
}

/* Data races are looked for as soon as an image tells of its accesses. On threads that is the thread sanitizer's. */
static int install_races(bool verified)
{
    static bool on;
    bool        wanted = verified && mach_instrumented() && strcmp(dt_machine(), "sim") == 0;

    if (wanted && !on && race_install() != 0)
        return -ENOMEM;
    if (!wanted && on)
        race_remove();
    on = wanted;
    if (on)
        race_reset();
    return 0;
}

static uint32_t tick_of(const struct dt_config *cfg)
{
    if (cfg->tick_100ns == DT_TICK_EXACT)
        return 0;
    return cfg->tick_100ns == DT_TICK_DEFAULT ? KE_TICK_DEFAULT : cfg->tick_100ns;
}

static int run_machine(struct choice_source *choices, const struct run *run)
{
    const struct dt_config *c = &host.cfg;
    uint32_t                tick = tick_of(c);
    struct ke_config        ke = {.cpus = c->processors,
               .groups = c->processor_groups,
               .tick_100ns = tick,
               .tick_min_100ns = tick && tick < KE_TICK_MIN ? tick : KE_TICK_MIN,
               .threaded_dpc_off = c->threaded_dpcs_off,
               .dpc_watchdog_ms = c->dpc_watchdog_ms,
               .seed = c->seed};
    struct mach_config      mach = {.cpus = c->processors,
             .level = (enum mach_point)c->level,
             .choices = choices,
             .steps_max = c->steps_max,
             .time_max = c->time_max};

    return ke_run(&ke, &mach, run_body, (void *)run);
}

static void warn_of_requests(void)
{
    struct finding f = {.severity = FINDING_WARNING, .rule = "DT-Q02"};

    if (pending_find(NULL, false, f.what, sizeof f.what, &f.object, &f.caller))
        finding_raise(&f);
}

/* How far a run came whose body did not return. */
static void note_time(void)
{
    if (host.end == MACH_STEP_LIMIT || host.end == MACH_TIME_LIMIT) {
        host.choices = mach_choices();
        host.time = mach_now();
    }
    if (host.stopped)
        host.time = host.stop.time;
}

int host_run(const struct dt_config *cfg, struct choice_source *choices, enum host_mode mode, dt_body *body, void *ctx)
{
    struct run run = {body, ctx};

    if (host.dead || host.running)
        return -EBUSY;
    finding_faithful = cfg->faithful;
    int e = install(!cfg->faithful);

    if (e == 0)
        e = install_races(!cfg->faithful);
    if (e != 0)
        return e;
    fault_install();
    fault_reset();
    host.cfg = *cfg;
    host.telling = mode != HOST_SILENT;
    host.stopped = false;
    host.warnings = 0;
    host.choices = 0;
    host.time = 0;
    host.spawned = 0;
    image_restore_all();
    if (cfg->reset)
        cfg->reset(cfg->reset_io);
    verify_reset();
    if (!ex_pool_boot(cfg->faults))
        return -ENOMEM;
    ex_work_boot();
    io_boot();
    sp_boot();
    hw_reset();
    blk_reset();
    struct out live = {.print = cfg->print, .io = cfg->print_io};

    if (host.telling)
        story_begin(mode == HOST_LIVE ? &live : NULL);
    host.running = true;
    int end = run_machine(choices, &run);

    /* Warnings of what is left are possible now, STOPs are not. */
    if (end == MACH_DONE && !host.stopped && !cfg->faithful) {
        verify_run_end();
        warn_of_requests();
    }
#ifdef MACH_RT
    if (end != MACH_HALTED) /* else other processors are inside for good, and may come upon something themselves */
#endif
        host.running = false;
    if (host.telling)
        story_end();
    if (end < 0)
        return end;
    host.end = (enum mach_result)end;
    note_time();
    classify();
#ifdef MACH_RT
    host.dead = host.end == MACH_HALTED;
#endif
    return 0;
}

int host_config(struct dt_config *to, const struct dt_config *from)
{
    *to = from ? *from : (struct dt_config){.processors = 0};
    if (to->processors == 0)
        to->processors = 2;
    if (to->processor_groups == 0)
        to->processor_groups = 1;
    if (to->processors > MACH_CPUS_MAX || to->processor_groups > to->processors ||
        (unsigned)to->level > DT_LEVEL_MEMORY)
        return -EINVAL;
    return 0;
}

/* ---- results ---- */

static void describe(struct dt_finding *to, const struct host_finding *from)
{
    *to = (struct dt_finding){.bugcheck = from->f.bugcheck, .warning = from->f.severity == FINDING_WARNING};
    snprintf(to->rule, sizeof to->rule, "%s", from->f.rule ? from->f.rule : "");
    memcpy(to->param, from->f.param, sizeof to->param);
    memcpy(to->what, from->f.what, sizeof to->what);
    stack_blame(from, to->where, sizeof to->where);
}

void host_result(struct dt_result *r)
{
    *r = (struct dt_result){.warnings = host.warnings, .choices = host.choices, .time = host.time};
    if (host.stopped)
        r->verdict = DT_FINDING;
    else if (host.end == MACH_STEP_LIMIT)
        r->verdict = DT_STEP_LIMIT;
    else if (host.end == MACH_TIME_LIMIT)
        r->verdict = DT_TIME_LIMIT;
    if (host.stopped)
        describe(&r->finding, &host.stop);
    else if (host.warnings)
        describe(&r->finding, &host.warning);
}

static uint64_t mix(uint64_t h, uint64_t v)
{
    return (h ^ v) * 0x9e3779b97f4a7c15ull >> 7 ^ (h << 13);
}

uint64_t host_fingerprint(void)
{
    const struct finding *f = &host.stop.f;
    uint64_t              h = 0x243f6a8885a308d3ull;

    if (!host.stopped)
        return 0;
    for (const char *p = f->rule ? f->rule : "-"; *p; p++)
        h = mix(h, (uint64_t)*p);
    h = mix(h, f->bugcheck);
    return mix(h, (uintptr_t)f->caller) | 1;
}

const char *dt_machine(void)
{
#ifdef MACH_RT
    return "rt";
#else
    return "sim";
#endif
}

int dt_run(const struct dt_config *cfg, dt_body *body, void *ctx, struct dt_result *r)
{
    struct dt_config c;
    int              e = host_config(&c, cfg);

    if (e == 0)
        e = host_run(&c, NULL, c.quiet || c.brief ? HOST_SILENT : HOST_LIVE, body, ctx);
    if (e != 0)
        return e;
    struct out o = {.print = c.print, .io = c.print_io};

    if (!c.quiet && (host.stopped || host.warnings))
        report_print(&o, NULL);
    if (r)
        host_result(r);
    return 0;
}
