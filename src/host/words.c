/* SPDX-License-Identifier: MIT */
#include "host/words.h"

#include <stdio.h>
#include <string.h>

#include "base/ddi.h"
#include "host/objects.h"
#include "host/story.h"
#include "host/symbols.h"

/* ---- calls ---- */

static bool returns_boolean(const char *name)
{
    static const char *const names[] = {"KeSetTimer", "KeSetTimerEx", "KeSetCoalescableTimer", "KeCancelTimer",
        "KeReadStateTimer", "KeInsertQueueDpc", "KeRemoveQueueDpc", "ExSetTimer", "ExCancelTimer", "ExDeleteTimer",
        "IoCancelIrp", "KeTryToAcquireSpinLockAtDpcLevel", "ExTryToAcquireFastMutex", "KeInsertDeviceQueue"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

static bool returns_status(const char *name)
{
    return strncmp(name, "KeWaitFor", 9) == 0 || strncmp(name, "KeDelay", 7) == 0 ||
           strncmp(name, "IoCreate", 8) == 0 || strcmp(name, "IofCallDriver") == 0 ||
           strncmp(name, "PsCreate", 8) == 0 || strncmp(name, "IoAcquireRem", 12) == 0;
}

void words_result(const struct ev *leave, char *buf, size_t size)
{
    const char *name = ddi_rows[leave->a < DDI_COUNT ? leave->a : 0].name;

    buf[0] = '\0';
    if (returns_boolean(name))
        snprintf(buf, size, " = %s", leave->b ? "TRUE" : "FALSE");
    else if (returns_status(name) && (uint32_t)leave->b != 0)
        snprintf(buf, size, " = 0x%x", (uint32_t)leave->b);
}

bool words_from_driver(const void *caller)
{
    struct symbol s;

    symbols_find(caller, true, &s);
    return s.module[0] && strncmp(s.module, "libduetime", 10) != 0 && !(s.path && strstr(s.path, "/src/host/"));
}

size_t words_call(const struct ev *e, char *buf, size_t size)
{
    char where[64], call[100];

    symbols_where((const void *)e->b, true, where, sizeof where);
    objects_call((unsigned)e->a, (const void *)e->b, call, sizeof call);
    return (size_t)snprintf(buf, size, "%s %s", where, call);
}

void words_routine(const char *before, uint64_t routine, const char *after, char *buf, size_t size)
{
    char name[96];

    symbols_name((const void *)(uintptr_t)routine, name, sizeof name);
    snprintf(buf, size, "%s%s%s", before, name, after);
}

/* ---- facts ---- */

/* Timers of the kernel's own waits have no name in the driver and are not told. */
static bool say_expire(const struct ev *e, unsigned i, char *buf, size_t size)
{
    char name[64];

    if (!objects_name(e->obj, i, name, sizeof name))
        return false;
    snprintf(buf, size, "timer %s expires", name);
    return true;
}

static bool say_queue(const struct ev *e, char *buf, size_t size)
{
    char name[96];

    if (!words_from_driver((const void *)(uintptr_t)e->c))
        return false;
    symbols_name((const void *)(uintptr_t)e->c, name, sizeof name);
    snprintf(buf, size, "DPC %s queued%s on P%u", name, e->b ? " by its timer" : "", (unsigned)e->a);
    return true;
}

static bool say_spin(const struct ev *e, unsigned i, char *buf, size_t size)
{
    char name[64];

    objects_name(e->obj, i, name, sizeof name);
    snprintf(buf, size, "spins: %s is taken", name);
    return true;
}

static const char *const role_name[EV_ROLE_COUNT] = {
    "DriverEntry",
    "DriverUnload",
    "AddDevice",
    "dispatch",
    "StartIo",
    "cancel routine",
    "completion routine",
    "thread",
    "work item",
    "IoTimer",
    "delete callback",
    "callback",
    "interrupt service routine",
#define STOR_CALLBACK(name, text) [EV_ROLE_STOR_##name] = text,
#include "base/stor.def"
};

static void say_enter(const struct ev *e, char *buf, size_t size)
{
    char before[40];

    snprintf(before, sizeof before, "-> %s ", e->a < EV_ROLE_COUNT ? role_name[e->a] : "callback");
    words_routine(before, (uintptr_t)e->obj, "", buf, size);
}

/* Facts that are worded "before ROUTINE after", the routine being field a. */
static const struct {
    enum ev_id  id;
    const char *before, *after;
} routine_facts[] = {
    {EV_DPC_START, "DPC ", " begins"},
    {EV_DPC_END, "DPC ", " ends"},
    {EV_EXT_CALLBACK_START, "callback ", " begins"},
    {EV_EXT_CALLBACK_END, "callback ", " ends"},
    {EV_THREAD_START, "thread ", " begins"},
    {EV_WORK_START, "work item ", " begins"},
};

static bool say_routine(const struct ev *e, char *buf, size_t size)
{
    for (size_t i = 0; i < sizeof routine_facts / sizeof *routine_facts; i++) {
        if (routine_facts[i].id != e->id || !words_from_driver((const void *)(uintptr_t)e->a))
            continue;
        words_routine(routine_facts[i].before, e->a, routine_facts[i].after, buf, size);
        return true;
    }
    return false;
}

bool words_fact(unsigned i, char *buf, size_t size)
{
    const struct story_row *r = story_at(i);
    const struct ev        *e = &r->e;

    switch (e->id) {
    case EV_TIMER_EXPIRE:
        return say_expire(e, i, buf, size);
    case EV_DPC_QUEUE:
        return say_queue(e, buf, size);
    case EV_EXT_FREE:
        snprintf(buf, size, "the EX_TIMER is freed");
        return true;
    case EV_THREAD_EXIT:
        snprintf(buf, size, "thread %u ends", e->thread);
        return true;
    case EV_LOCK_SPUN:
        return say_spin(e, i, buf, size);
    case EV_IRP_CANCEL:
        snprintf(buf, size, "the IRP is cancelled");
        return true;
    case EV_DRIVER_ENTER:
        say_enter(e, buf, size);
        return true;
    case EV_NOTE:
        snprintf(buf, size, "\"%.*s\"", (int)strcspn(r->text, "\r\n"), r->text);
        return true;
    default:
        return say_routine(e, buf, size);
    }
}

/* ---- switches ---- */

/* A step: who goes on instead shows in what happens next. */
static void say_step(unsigned i, char *buf, size_t size)
{
    const struct story_row *r = story_at(i), *next = i + 1 < story_count() ? story_at(i + 1) : NULL;

    if (!next)
        snprintf(buf, size, "P%u pauses", r->e.cpu);
    else if (next->e.time_ns > r->e.time_ns)
        snprintf(buf, size, "P%u pauses, time goes on to %llu.%03llu ms", r->e.cpu,
            (unsigned long long)(next->e.time_ns / 1000000), (unsigned long long)(next->e.time_ns / 1000 % 1000));
    else if (next->e.cpu != r->e.cpu)
        snprintf(buf, size, "P%u pauses, P%u goes on", r->e.cpu, next->e.cpu);
    else
        snprintf(buf, size, "P%u pauses, another one goes on", r->e.cpu);
}

void words_switch(unsigned i, char *buf, size_t size)
{
    static const char *const names[CHOICE_TAG_COUNT] = {NULL, "another processor begins",
        "the threaded DPC runs at PASSIVE_LEVEL", "the DPC is put off", "a fault is injected", "the test chose",
        "another waiter gets the push lock", "the interrupt comes to another processor",
        "the device does something else"};
    const struct story_row  *r = story_at(i);

    if (r->tag == CHOICE_STEP)
        say_step(i, buf, size);
    else if (r->tag == CHOICE_USER)
        snprintf(buf, size, "the test chose %u of %u", r->pick, r->n);
    else
        snprintf(buf, size, "%s", r->tag < CHOICE_TAG_COUNT ? names[r->tag] : "?");
}
