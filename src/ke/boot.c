/* SPDX-License-Identifier: MIT */
/*
 * ke/boot.c - the kernel comes up, the machine calls it, it stops.
 *
 * Booting must cost nanoseconds: hundreds of thousands of schedules a second each boot anew. So nothing is
 * cleared that is not in use: timer queues reset what is occupied, objects are a counter.
 */
#include <stdarg.h>
#include <string.h>

#include "base/ddi.h"
#include "ke/priv.h"

struct ke ke;

void (*ke_device_interrupt)(unsigned line);

void **ke_call_slot(void)
{
    return &ke_thread_current()->calls;
}

static void interrupt(enum mach_line line)
{
    ke_thread *t = ke_thread_current(); /* the same one when the call returns, although maybe on another processor */
    void      *frames = t->exception_frames, *calls = t->calls;

    t->exception_frames = t->calls = NULL;
    if (line != MACH_LINE_CLOCK)
        ke_processor_awake();
    if (line == MACH_LINE_CLOCK)
        ke_timer_interrupt();
    else if (line == MACH_LINE_DPC)
        ke_dpc_drain();
    else if (line == MACH_LINE_APC)
        ke_apc_deliver();
    else if (line == MACH_LINE_IPI)
        ke_ipi_interrupt();
    else
        ke_device_interrupt(line);
    t->calls = calls;
    t->exception_frames = frames;
}

static const struct mach_upcalls upcalls = {.interrupt = interrupt};

static void boot_state(const struct ke_config *cfg)
{
    ke.cfg = *cfg;
    ke.cpus = cfg->cpus;
    ke.cfg.groups = cfg->groups ? cfg->groups : 1;
    ke.dispatcher = (struct mach_lock){0};
    ke.woken = NULL;
    ke.woken_last = &ke.woken;
    ddi_watch = 0;
    ke.high_resolution = 0;
    ke.garbage = cfg->seed;
    ke_object_boot();
    ke_thread_boot();
    ke_clock_boot();
    ke_timer_boot();
    ke_dpc_boot();
    ke_dpcwatch_boot();
    ke_broadcast_boot();
}

struct body {
    void (*fn)(void *);
    void *arg;
};

static void run_body(void *arg)
{
    struct body *b = arg;
    ke_thread   *t = mach_ctx_user();

    t->ctx = mach_ctx_self();
    t->id = mach_ctx_id(t->ctx);
    ke_clock_start();
    t->create_time = ke_system_time();
    b->fn(b->arg);
}

int ke_run(const struct ke_config *cfg, const struct mach_config *mach, void (*body)(void *), void *arg)
{
    struct body b = {body, arg};

    boot_state(cfg);
    memset(&ke.body, 0, sizeof ke.body);
    ke_thread_init(&ke.body, body, arg, 8, 0, false);
    return mach_run(mach, &upcalls, run_body, &b, &ke.body);
}

/* ---- bug check ---- */

static _Noreturn void stop(struct finding *f)
{
    ev(EV_BUGCHECK, f->object, f->bugcheck, f->param[0], f->param[1]);
    finding_raise_fatal(f);
    mach_halt();
}

void ke_bugcheck(uint32_t code, uint64_t p1, uint64_t p2, uint64_t p3, uint64_t p4)
{
    struct finding f = {.severity = FINDING_STOP, .bugcheck = code, .param = {p1, p2, p3, p4}};

    stop(&f);
}

static _Noreturn __attribute__((format(printf, 4, 0))) void stopf(
    const char *rule, uint32_t code, const uint64_t p[4], const char *fmt, va_list ap)
{
    struct finding f = {.severity = FINDING_STOP, .rule = rule, .bugcheck = code};

    for (int i = 0; i < 4; i++)
        f.param[i] = p[i];
    finding_format(&f, fmt, ap);
    stop(&f);
}

void ke_bugcheckf(const char *rule, uint32_t code, const uint64_t p[4], const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    stopf(rule, code, p, fmt, ap);
}

void ke_violationf(const char *rule, uint32_t code, const uint64_t p[4], const char *fmt, ...)
{
    va_list ap;

    if (finding_faithful)
        return;
    va_start(ap, fmt);
    stopf(rule, code, p, fmt, ap);
}
