/* SPDX-License-Identifier: MIT */
/* host/body.c - what a body may do beside calling NT routines: threads, time, expectations, notes, choices. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/ev.h"
#include "host/host.h"
#include "io/io.h"
#include "ke/priv.h"

enum { PRIORITY = 8 };

/* ---- threads ---- */

/* The list is the body's: only the thread that is to join touches it, or the spawner, under the lock. */
struct dt_thread {
    ke_thread        *thread;
    dt_body          *fn;
    void             *ctx;
    struct dt_thread *next;
    bool              joined;
};

static struct dt_thread *spawned; /* of this run; lock protects it */
static struct mach_lock  spawned_lock;

static void push(struct dt_thread *t)
{
    unsigned old = ke_raise_to(DISPATCH_LEVEL);

    mach_lock(&spawned_lock);
    if (host.spawned++ == 0)
        spawned = NULL; /* what the last run left is gone */
    t->next = spawned;
    spawned = t;
    mach_unlock(&spawned_lock);
    mach_irql_lower(old);
}

static struct dt_thread *pop(void)
{
    struct dt_thread *t = NULL;
    unsigned          old = ke_raise_to(DISPATCH_LEVEL);

    mach_lock(&spawned_lock);
    if (host.spawned) {
        while (spawned && spawned->joined)
            spawned = spawned->next;
        t = spawned;
        if (t) {
            spawned = t->next;
            t->joined = true;
        }
    }
    mach_unlock(&spawned_lock);
    mach_irql_lower(old);
    return t;
}

dt_thread *dt_spawn_priority(int processor, unsigned priority, dt_body *fn, void *ctx)
{
    struct dt_thread *t = ke_object_alloc(sizeof *t);
    uint64_t          affinity = processor < 0 ? 0 : 1ull << processor;

    if (!t)
        return NULL;
    if (processor >= (int)mach_cpus())
        host_stop("DT-X05", __builtin_return_address(0), "dt_spawn: there is no processor %d", processor);
    t->fn = fn;
    t->ctx = ctx;
    t->thread = ke_thread_create(fn, ctx, (KPRIORITY)priority, affinity, false);
    if (!t->thread)
        return NULL;
    push(t);
    return t;
}

dt_thread *dt_spawn(int processor, dt_body *fn, void *ctx)
{
    return dt_spawn_priority(processor, PRIORITY, fn, ctx);
}

int dt_attach(int processor)
{
    if (processor >= 0 && (unsigned)processor >= mach_cpus())
        return -EINVAL;
    return ke_thread_attach(processor < 0 ? 0 : 1ull << processor);
}

void dt_detach(void)
{
    ke_thread_detach();
}

static void wait_for(struct dt_thread *t)
{
    ke_wait_one(t->thread, NULL);
    ke_thread_dereference(t->thread);
}

void dt_join(dt_thread *thread)
{
    if (thread->joined)
        return;
    thread->joined = true;
    wait_for(thread);
}

void dt_join_all(void)
{
    for (struct dt_thread *t; (t = pop());)
        wait_for(t);
}

/* ---- time ---- */

bool dt_interrupt(uint32_t vector)
{
    return io_interrupt_raise(vector, -1);
}

bool dt_interrupt_on(uint32_t vector, unsigned processor)
{
    return processor < mach_cpus() && io_interrupt_raise(vector, (int)processor);
}

void dt_run_for(dt_ns duration)
{
    ke_delay(false, KernelMode, -(int64_t)((duration + 99) / 100));
}

void dt_set_system_time(uint64_t time_100ns)
{
    ke_system_time_set(time_100ns);
}

void dt_set_time_zone(int bias_minutes)
{
    ke_zone_bias_set((nt_100ns)((int64_t)bias_minutes * 60 * NT_100NS_PER_S));
}

dt_ns dt_duration(dt_ns otherwise)
{
    return host.cfg.duration ? host.cfg.duration : otherwise;
}

struct busy {
    uint32_t self;
    bool     any;
};

static bool is_busy(void *ctx, const struct ke_thread_info *info)
{
    struct busy *b = ctx;

    if (!info->waiting && info->id != b->self) /* a worker thread with an item is busy like any other */
        b->any = true;
    return !b->any;
}

static bool is_idle(void)
{
    struct busy b = {.self = ke_thread_id(ke_thread_current())};
    unsigned    old = ke_dispatcher_lock();

    ke_thread_each(is_busy, &b);
    ke_dispatcher_unlock(old);
    return !b.any && ke_dpc_pending() == 0;
}

/* Ends when the others come to rest; if they never do, the run's own limits end it. */
void dt_run_until_idle(void)
{
    while (!is_idle())
        ke_delay(false, KernelMode, -1);
}

dt_ns dt_now(void)
{
    mach_time_polled();
    return mach_now();
}

/* ---- expectations, notes, choices ---- */

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

void dt_expect_failed(const char *file, int line, const char *text)
{
    host_stop("DT-X05", __builtin_return_address(0), "%s:%d: expected %s", base_name(file), line, text);
}

/* A status is negative and has 32 bits; its upper half would only hide it. */
static unsigned long long hex(long long v)
{
    return v < 0 && v >= INT32_MIN ? (uint32_t)v : (unsigned long long)v;
}

void dt_expect_equal(const char *file, int line, const char *text, long long actual, long long expected)
{
    if (actual == expected)
        return;
    host_stop("DT-X05", __builtin_return_address(0), "%s:%d: expected %s to be %lld (0x%llx), not %lld (0x%llx)",
        base_name(file), line, text, expected, hex(expected), actual, hex(actual));
}

void dt_note(const char *format, ...)
{
    char    text[256];
    va_list ap;

    if (!ev_wanted(EV_NOTE))
        return;
    va_start(ap, format);
    vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    ev(EV_NOTE, text, 0, 0, 0);
}

void dt_explore_pause(void)
{
    host.paused = true;
    mach_choices_hold(true);
}

void dt_explore_resume(void)
{
    mach_choices_hold(false);
}

unsigned dt_choose(unsigned n)
{
    return n < 2 ? 0 : mach_choose(n, CHOICE_USER);
}
