/* SPDX-License-Identifier: MIT */
#include "host/story.h"

#include <stdlib.h>
#include <string.h>

#include "base/spin.h"
#include "host/out.h"
#include "mach/mach.h"

enum { TEXT_BYTES = 1 << 18 };

static struct story_row *rows; /* a ring; lock protects it */
static uint64_t          total;
static char             *texts; /* notes, in a row; the latest are lost when it is full */
static size_t            texts_used;
static struct out       *live;
static struct spin       lock = SPIN_INIT;

#define BIT(x) EV_BIT(EV_##x)
#define TOLD                                                                                                         \
    (BIT(DDI_ENTER) | BIT(DDI_LEAVE) | BIT(DRIVER_ENTER) | BIT(DRIVER_LEAVE) | BIT(TIMER_SET) | BIT(TIMER_CANCEL) |  \
        BIT(TIMER_EXPIRE) | BIT(DPC_QUEUE) | BIT(DPC_REMOVE) | BIT(DPC_START) | BIT(DPC_END) | BIT(LOCK_SPUN) |      \
        BIT(WAIT_BEGIN) | BIT(WAIT_END) | BIT(THREAD_CREATE) | BIT(THREAD_START) | BIT(THREAD_EXIT) |                \
        BIT(POOL_ALLOC) | BIT(POOL_FREE) | BIT(EXT_ALLOC) | BIT(EXT_DELETE) | BIT(EXT_FREE) |                        \
        BIT(EXT_CALLBACK_START) | BIT(EXT_CALLBACK_END) | BIT(DEVICE_CREATE) | BIT(DEVICE_DELETE) |                  \
        BIT(DRIVER_UNLOAD) | BIT(IRP_SEND) | BIT(IRP_COMPLETE) | BIT(IRP_CANCEL) | BIT(WORK_START) | BIT(WORK_END) | \
        BIT(NOTE) | BIT(SWITCH) | BIT(CLOCK))

static const char *keep_text(const char *s)
{
    size_t n = strlen(s) + 1;

    if (texts_used + n > TEXT_BYTES)
        return "...";
    char *to = memcpy(texts + texts_used, s, n);

    texts_used += n;
    return to;
}

static void say_live(const struct story_row *r)
{
    out_line(live, "[%5llu.%06llu ms P%u] %.*s", (unsigned long long)(r->e.time_ns / 1000000),
        (unsigned long long)(r->e.time_ns % 1000000), r->e.cpu, (int)strcspn(r->text, "\r\n"), r->text);
}

/* One turn of a spin loop after the other would push everything else out. Lock held. */
static bool is_repeated(const struct story_row *r)
{
    const struct story_row *last = total ? &rows[(total - 1) % STORY_ROWS] : NULL;

    return last && !r->is_switch && !last->is_switch && r->e.id == EV_LOCK_SPUN && last->e.id == EV_LOCK_SPUN &&
           r->e.cpu == last->e.cpu && r->e.obj == last->e.obj;
}

static void add(const struct story_row *r)
{
    spin_lock(&lock);
    if (is_repeated(r)) {
        spin_unlock(&lock);
        return;
    }
    struct story_row *to = &rows[total++ % STORY_ROWS];

    *to = *r;
    if (!r->is_switch && r->e.id == EV_NOTE) {
        to->text = keep_text(r->e.obj);
        if (live)
            say_live(to);
    }
    spin_unlock(&lock);
}

static void on_event(struct ev_observer *self, const struct ev *e)
{
    struct story_row r = {.e = *e};

    (void)self;
    add(&r);
}

static struct ev_observer observer = {.on = on_event, .mask = TOLD};

/* ---- switches ---- */

struct listener {
    struct choice_source  source;
    struct choice_source *inner;
};

static unsigned pick(struct choice_source *self, unsigned n, enum choice_tag tag)
{
    struct listener *l = (struct listener *)self;
    unsigned         p = l->inner->pick(l->inner, n, tag);

    if (p != 0) {
        struct story_row r = {.is_switch = true, .tag = tag, .n = n, .pick = p};

        r.e.cpu = (uint8_t)mach_cpu();
        r.e.irql = (uint8_t)mach_irql();
        r.e.time_ns = mach_now();
        add(&r);
    }
    return p;
}

struct choice_source *story_listen(struct choice_source *inner)
{
    static struct listener listener = {.source = {.pick = pick}};

    listener.inner = inner;
    return &listener.source;
}

/* ---- life ---- */

void story_begin(struct out *o)
{
    live = o;
    if (!rows)
        rows = calloc(STORY_ROWS, sizeof *rows);
    if (!texts)
        texts = malloc(TEXT_BYTES);
    total = 0;
    texts_used = 0;
    if (rows && texts)
        ev_subscribe(&observer);
}

void story_end(void)
{
    if (rows && texts)
        ev_unsubscribe(&observer);
}

unsigned story_count(void)
{
    return total < STORY_ROWS ? (unsigned)total : STORY_ROWS;
}

const struct story_row *story_at(unsigned i)
{
    return &rows[total <= STORY_ROWS ? i : (total + i) % STORY_ROWS];
}
