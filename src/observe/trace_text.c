/* SPDX-License-Identifier: MIT */
/* observe/trace_text.c - one line of text for each event, in NT's terms. */
#include <stdarg.h>
#include <stdio.h>

#include "base/ddi.h"
#include "base/ev_exlock.h"
#include "observe/trace.h"

static void print_hex(const void *address, char *buf, size_t n)
{
    snprintf(buf, n, "%#llx", (unsigned long long)(uintptr_t)address);
}

void (*trace_print_address)(const void *address, char *buf, size_t n) = print_hex;

/* A line under construction; what does not fit is cut off. */
struct line {
    char  *buf;
    size_t n, used;
};

__attribute__((format(printf, 2, 3))) static void add(struct line *l, const char *fmt, ...)
{
    va_list ap;
    int     k;

    va_start(ap, fmt);
    k = vsnprintf(l->buf + l->used, l->n - l->used, fmt, ap);
    va_end(ap);
    if (k > 0)
        l->used = l->used + (size_t)k < l->n ? l->used + (size_t)k : l->n - 1;
}

static void add_address(struct line *l, const char *before, uint64_t address)
{
    char text[160] = "0";

    if (address)
        trace_print_address((const void *)(uintptr_t)address, text, sizeof text);
    add(l, "%s%s", before, text);
}

/* 100-ns units as milliseconds with four places. */
static void add_time(struct line *l, const char *before, uint64_t t)
{
    add(l, "%s%llu.%04llu ms", before, (unsigned long long)(t / 10000), (unsigned long long)(t % 10000));
}

static const char *ddi_name(uint64_t id)
{
    return id < DDI_COUNT ? ddi_rows[id].name : "an unknown routine";
}

static const char *role_name(uint64_t role)
{
    static const char *const names[EV_ROLE_COUNT] = {
        "DriverEntry",
        "Unload",
        "AddDevice",
        "dispatch routine",
        "StartIo",
        "Cancel routine",
        "IoCompletion routine",
        "thread routine",
        "work item routine",
        "IoTimer routine",
        "timer delete callback",
        "routine",
        "interrupt service routine",
#define STOR_CALLBACK(name, text) [EV_ROLE_STOR_##name] = text,
#include "base/stor.def"
    };

    return role < EV_ROLE_COUNT ? names[role] : "routine";
}

static const char *lock_name(uint64_t kind)
{
    static const char *const names[] = {"spin lock", "spin lock (at DPC level)", "queued spin lock",
        "queued spin lock (at DPC level)", "cancel spin lock", "spin lock (tried)", "interlocked list's spin lock",
        "interrupt spin lock", "spin lock exclusively", "spin lock exclusively (at DPC level)", "spin lock shared",
        "spin lock shared (at DPC level)", "fast mutex", "lock"};

    return kind < sizeof names / sizeof names[0] ? names[kind] : "lock";
}

typedef void text_fn(struct line *l, const struct ev *e);

#define TEXT(id) static void text_##id(struct line *l, const struct ev *e)
#define OBJ      ((uint64_t)(uintptr_t)e->obj)

TEXT(DDI_ENTER)
{
    add(l, "%s(", ddi_name(e->a));
    add_address(l, "", OBJ);
    add_address(l, ", ...) called from ", e->b);
}

TEXT(DDI_LEAVE)
{
    add(l, "%s returns %#llx", ddi_name(e->a), (unsigned long long)e->b);
}

TEXT(DRIVER_ENTER)
{
    add(l, "%s ", role_name(e->a));
    add_address(l, "", OBJ);
    add(l, " is called at IRQL %u", e->irql);
}

TEXT(DRIVER_LEAVE)
{
    add(l, "%s ", role_name(e->a));
    add_address(l, "", OBJ);
    add(l, " returns at IRQL %u", (unsigned)e->b);
}

TEXT(IRQL_SET)
{
    add(l, "IRQL %u -> %u", (unsigned)e->a, (unsigned)e->b);
}

TEXT(TIMER_INIT)
{
    add_address(l, e->b ? "synchronization timer " : "notification timer ", OBJ);
    add(l, " initialized%s", e->a ? " while it was set" : "");
}

TEXT(TIMER_SET)
{
    add_address(l, "timer ", OBJ);
    add_time(l, " set: due at ", e->a);
    if (e->b)
        add_time(l, ", period ", e->b);
    if (e->c)
        add_address(l, ", DPC ", e->c);
}

TEXT(TIMER_TOLERANCE)
{
    add_address(l, "timer ", OBJ);
    add_time(l, " may expire late by ", e->a);
}

TEXT(TIMER_RESET)
{
    add_address(l, "timer ", OBJ);
    add(l, " was set: the earlier set is cancelled");
}

TEXT(TIMER_CANCEL)
{
    add_address(l, "timer ", OBJ);
    add(l, e->a ? " cancelled" : " not cancelled: it was not set");
}

TEXT(TIMER_EXPIRE)
{
    add_address(l, "timer ", OBJ);
    add_time(l, " expires: was due at ", e->a);
    if (e->c)
        add(l, ", stays set (periodic)");
}

TEXT(DPC_INIT)
{
    add_address(l, "DPC ", OBJ);
    add_address(l, " initialized, routine ", e->b);
    add(l, "%s", e->a ? ", while it was queued" : "");
}

TEXT(DPC_CHANGE)
{
    add_address(l, "DPC ", OBJ);
    add(l, " gets %s %llu%s", e->b ? "target processor" : "importance", (unsigned long long)e->c,
        e->a ? " while it is queued" : "");
}

TEXT(DPC_QUEUE)
{
    add_address(l, "DPC ", OBJ);
    add(l, " queued on processor %u", (unsigned)e->a);
    if (e->b)
        add_address(l, " by timer ", e->b);
    add_address(l, ", routine ", e->c);
}

TEXT(DPC_QUEUE_AGAIN)
{
    add_address(l, "DPC ", OBJ);
    add(l, " not queued: it is already%s", e->c ? ", and these arguments are lost" : "");
}

TEXT(DPC_REMOVE)
{
    add_address(l, "DPC ", OBJ);
    add(l, e->a ? " removed from its queue" : " not removed: it was not queued");
}

TEXT(DPC_START)
{
    add_address(l, e->c ? "threaded DPC " : "DPC ", OBJ);
    add_address(l, " begins: ", e->a);
}

TEXT(DPC_END)
{
    add_address(l, "DPC ", OBJ);
    add(l, " ends at IRQL %u", (unsigned)e->b);
    if (e->c)
        add(l, " with %u locks held", (unsigned)e->c);
}

TEXT(DPC_FLUSH)
{
    add(l, e->a ? "all DPCs queued before have run" : "waits until all queued DPCs have run");
}

static const char *other_name(uint64_t kind)
{
    static const char *const names[] = {[EV_EXLOCK_RESOURCE_EXCLUSIVE] = "resource exclusively",
        [EV_EXLOCK_RESOURCE_SHARED] = "resource shared",
        [EV_EXLOCK_PUSH_EXCLUSIVE] = "push lock exclusively",
        [EV_EXLOCK_PUSH_SHARED] = "push lock shared",
        [EV_EXLOCK_RUNDOWN] = "rundown protection",
        [EV_EXLOCK_REMOVE] = "remove lock"};

    return kind < sizeof names / sizeof names[0] && names[kind] ? names[kind] : "lock";
}

static void add_lock(struct line *l, const struct ev *e)
{
    add(l, "%s ", e->a == EV_LOCK_OTHER ? other_name(ev_exlock_kind(e->c)) : lock_name(e->a));
    add_address(l, "", OBJ);
}

TEXT(LOCK_INIT)
{
    add_address(l, "lock ", OBJ);
    add(l, e->a == EV_LOCK_OTHER && e->c ? " deleted" : " initialized");
}

TEXT(LOCK_ACQUIRE)
{
    add_lock(l, e);
    add(l, " acquired, IRQL was %u", (unsigned)e->b);
}

TEXT(LOCK_RELEASE)
{
    add_lock(l, e);
    add(l, " released, IRQL becomes %u", (unsigned)e->b);
}

TEXT(LOCK_SPUN)
{
    add_address(l, "spins for lock ", OBJ);
    add(l, " held by processor %u", (unsigned)e->a);
}

TEXT(OBJECT_INIT)
{
    add_address(l, "object ", OBJ);
    add(l, " initialized, state %lld", (long long)e->b);
}

TEXT(OBJECT_SIGNAL)
{
    add_address(l, "object ", OBJ);
    add(l, " signaled, state %lld -> %lld", (long long)e->c, (long long)e->b);
}

TEXT(OBJECT_RESET)
{
    add_address(l, "object ", OBJ);
    add(l, " reset, state was %lld", (long long)e->b);
}

TEXT(WAIT_BEGIN)
{
    add_address(l, "waits for ", OBJ);
    if (e->a > 1)
        add(l, " and %llu more", (unsigned long long)(e->a - 1));
    add(l, "%s", e->c == 1 ? ", time-out 0" : e->c ? ", with a time-out" : "");
}

TEXT(WAIT_END)
{
    add_address(l, "wait for ", OBJ);
    add(l, " ends with status %#llx", (unsigned long long)(uint32_t)e->a);
}

TEXT(WAIT_WAKE)
{
    add_address(l, "wakes thread ", OBJ);
    add_address(l, " through ", e->a);
}

TEXT(THREAD_CREATE)
{
    add_address(l, "thread ", OBJ);
    add_address(l, " created: ", e->a);
}

TEXT(THREAD_START)
{
    add_address(l, "thread ", OBJ);
    add_address(l, " begins: ", e->a);
}

TEXT(THREAD_EXIT)
{
    add_address(l, "thread ", OBJ);
    add(l, " ends");
}

TEXT(SWITCH)
{
    add(l, "-- switch from processor %u (choice %llu)", (unsigned)e->a, (unsigned long long)e->c);
}

TEXT(CLOCK)
{
    add(l, "clock interrupt on processor %u", (unsigned)e->a);
    add_time(l, " at ", e->b);
}

TEXT(POOL_ALLOC)
{
    add(l, "pool: %llu bytes allocated at ", (unsigned long long)e->a);
    add_address(l, "", OBJ);
}

TEXT(POOL_FREE)
{
    add(l, "pool: %llu bytes freed at ", (unsigned long long)e->a);
    add_address(l, "", OBJ);
}

TEXT(EXT_ALLOC)
{
    add_address(l, "EX_TIMER ", OBJ);
    add_address(l, " allocated, callback ", e->a);
}

TEXT(EXT_DELETE)
{
    add_address(l, "EX_TIMER ", OBJ);
    add(l, " %s, cancel %s, wait %s", e->c ? "disabled for deletion" : "already being deleted", e->a ? "TRUE" : "FALSE",
        e->b ? "TRUE" : "FALSE");
}

TEXT(EXT_FREE)
{
    add_address(l, "EX_TIMER ", OBJ);
    add(l, " freed");
}

TEXT(EXT_CALLBACK_START)
{
    add_address(l, "EX_TIMER ", OBJ);
    add_address(l, " callback begins: ", e->a);
}

TEXT(EXT_CALLBACK_END)
{
    add_address(l, "EX_TIMER ", OBJ);
    add(l, " callback ends at IRQL %u", (unsigned)e->b);
}

TEXT(EXT_USE)
{
    add_address(l, "EX_TIMER ", OBJ);
    add(l, " used by %s%s", ddi_name(e->a), e->b ? " after its delete" : "");
}

TEXT(DEVICE_CREATE)
{
    add_address(l, "device object ", OBJ);
    add(l, " created, extension of %llu bytes", (unsigned long long)e->c);
}

TEXT(DEVICE_DELETE)
{
    add_address(l, "device object ", OBJ);
    add(l, " deleted");
}

TEXT(DRIVER_LOAD)
{
    add_address(l, "driver ", OBJ);
    add(l, " loaded");
}

TEXT(DRIVER_UNLOAD)
{
    add_address(l, "driver ", OBJ);
    add(l, e->a ? " unloaded" : " is being unloaded");
}

TEXT(IRP_SEND)
{
    add_address(l, "IRP ", OBJ);
    add(l, " sent, major function %#llx", (unsigned long long)e->a);
}

TEXT(IRP_COMPLETE)
{
    add_address(l, "IRP ", OBJ);
    add(l, " completed with status %#llx", (unsigned long long)(uint32_t)e->a);
}

TEXT(IRP_CANCEL)
{
    add_address(l, "IRP ", OBJ);
    add(l, " cancelled");
}

static void add_access(struct line *l, const struct ev *e, const char *verb)
{
    add(l, "%s of %llu bytes at ", verb, (unsigned long long)e->a);
    add_address(l, "", OBJ);
    add_address(l, " by ", e->b);
}

TEXT(MEM_READ)
{
    add_access(l, e, "read");
}

TEXT(MEM_WRITE)
{
    add_access(l, e, "write");
}

TEXT(MEM_ATOMIC)
{
    add_access(l, e, "interlocked operation");
}

TEXT(INTERRUPT)
{
    add_address(l, e->a ? "interrupt ends" : "interrupt", e->b);
}

TEXT(BUGCHECK)
{
    add(l, "bug check 0x%llX (%#llx, %#llx, ...)", (unsigned long long)e->a, (unsigned long long)e->b,
        (unsigned long long)e->c);
}

TEXT(STALL)
{
    add(l, "stalls for %llu ns", (unsigned long long)e->a);
}

TEXT(WORK_QUEUE)
{
    add_address(l, "work item ", OBJ);
    add_address(l, " queued: ", e->a);
}

TEXT(WORK_START)
{
    add_address(l, "work item ", OBJ);
    add_address(l, " begins: ", e->a);
}

TEXT(WORK_END)
{
    add_address(l, "work item ", OBJ);
    add(l, " ends");
}

TEXT(NOTE)
{
    add(l, "\"%s\"", e->obj ? (const char *)e->obj : "");
}

TEXT(APC_DISABLE)
{
    add(l, "APC-disable count %lld -> %lld", (long long)e->a, (long long)e->b);
}

TEXT(STOR_ADAPTER)
{
    add_address(l, "adapter ", OBJ);
    add(l, ": fact %llu, %#llx, %#llx", (unsigned long long)e->a, (unsigned long long)e->b, (unsigned long long)e->c);
}

TEXT(STOR_SRB)
{
    static const char *const fact[] = {
        "goes to BuildIo", "goes to StartIo", "is completed", "is to be tried again", "is its client's"};

    add_address(l, "SRB ", OBJ);
    add(l, " %s", e->a < sizeof fact / sizeof *fact ? fact[e->a] : "?");
}

TEXT(STOR_MEMORY)
{
    add(l, "%llu bytes %s the miniport's", (unsigned long long)e->a, e->b ? "become" : "are no longer");
    add_address(l, ", at ", OBJ);
}

/* One function for each event of base/ev.def: a new event without a text does not compile. */
static text_fn *const texts[EV_COUNT] = {
#define EV(name, obj, a, b, c) [EV_##name] = text_##name,
#include "base/ev.def"
#undef EV
};

char *trace_describe(const struct ev *e, char *buf, size_t n)
{
    struct line l = {.buf = buf, .n = n};

    if (n == 0)
        return buf;
    buf[0] = 0;
    if (e->id < EV_COUNT)
        texts[e->id](&l, e);
    return buf;
}
