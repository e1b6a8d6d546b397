/* SPDX-License-Identifier: MIT */
/* explore/schedule.c - schedules as lists of switches and as text: see explore.h for the form. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "explore/explore.h"

#define NO_SWITCHES '-'

/* By tag; a switch of the ordinary kind has no letter. */
static const char tag_letters[CHOICE_TAG_COUNT] = {
    [CHOICE_STEP] = 's',
    [CHOICE_DISPATCH] = 'd',
    [CHOICE_DPC_MODE] = 'm',
    [CHOICE_DPC_DELAY] = 'q',
    [CHOICE_FAULT] = 'f',
    [CHOICE_USER] = 'u',
    [CHOICE_WAITER] = 'w',
    [CHOICE_INTERRUPT] = 'i',
    [CHOICE_DEVICE] = 'h',
};

/* ---- lists ---- */

void explore_schedule_fini(struct explore_schedule *s)
{
    free(s->switches);
    *s = (struct explore_schedule){0};
}

static int reserve(struct explore_schedule *s, size_t count)
{
    if (count <= s->capacity)
        return 0;
    size_t                 capacity = count + count / 2 + 8;
    struct explore_switch *more = realloc(s->switches, capacity * sizeof(*more));

    if (!more)
        return -ENOMEM;
    s->switches = more;
    s->capacity = capacity;
    return 0;
}

int explore_schedule_copy(struct explore_schedule *to, const struct explore_schedule *from)
{
    int rc = reserve(to, from->count);

    if (rc)
        return rc;
    struct explore_switch *switches = to->switches;
    size_t                 capacity = to->capacity;

    if (from->count)
        memcpy(switches, from->switches, from->count * sizeof(*switches));
    *to = *from;
    to->switches = switches;
    to->capacity = capacity;
    return 0;
}

int explore_schedule_add(struct explore_schedule *s, const struct explore_switch *sw)
{
    int rc = reserve(s, s->count + 1);

    if (!rc)
        s->switches[s->count++] = *sw;
    return rc;
}

/* ---- to text ---- */

struct out {
    char  *buf;
    size_t size, length;
};

static __attribute__((format(printf, 2, 3))) void put(struct out *o, const char *fmt, ...)
{
    size_t  room = o->length < o->size ? o->size - o->length : 0;
    va_list ap;

    va_start(ap, fmt);
    int n = vsnprintf(room ? o->buf + o->length : NULL, room, fmt, ap);

    va_end(ap);
    o->length += n > 0 ? (size_t)n : 0;
}

size_t explore_schedule_format(const struct explore_schedule *s, char *buf, size_t size)
{
    struct out o = {buf, size, 0};

    put(&o, "v1.%08x.%s.p%u.s%llu.", s->build, s->level, s->cpus, (unsigned long long)s->seed);
    if (!s->count)
        put(&o, "%c", NO_SWITCHES);
    for (size_t i = 0; i < s->count; i++) {
        const struct explore_switch *sw = &s->switches[i];

        put(&o, "%s%u:%u", i ? "-" : "", sw->index, sw->pick);
        if (sw->n)
            put(&o, "/%u", sw->n);
        if (sw->n && sw->tag != CHOICE_STEP)
            put(&o, "%c", tag_letters[sw->tag]);
    }
    return o.length;
}

/* ---- from text ---- */

struct in {
    const char *at;
    char       *error;
    size_t      error_size;
};

static __attribute__((format(printf, 3, 4))) int fail(char *error, size_t size, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(error, size, fmt, ap);
    va_end(ap);
    return -EINVAL;
}

/* Length of the field at p, for messages: they quote no more than this of what the user gave. */
static int field_length(const char *p)
{
    size_t n = strcspn(p, ".");

    return n > 24 ? 24 : (int)n;
}

/* Decimal, no sign, no leading space, at most max; *p moves behind it. */
static bool number(const char **p, uint64_t max, uint64_t *value)
{
    uint64_t v = 0;

    if (**p < '0' || **p > '9')
        return false;
    for (; **p >= '0' && **p <= '9'; ++*p) {
        uint64_t digit = (uint64_t)(**p - '0');

        if (v > (max - digit) / 10)
            return false;
        v = v * 10 + digit;
    }
    *value = v;
    return true;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int parse_build(struct in *in, uint32_t *build)
{
    const char *p = in->at;
    uint32_t    v = 0;
    int         n = 0;

    for (; n < 8 && hex_digit(p[n]) >= 0; n++)
        v = v << 4 | (uint32_t)hex_digit(p[n]);
    if (n != 8 || p[8] != '.')
        return fail(in->error, in->error_size, "build id \"%.*s\" is not 8 hexadecimal digits", field_length(p), p);
    *build = v;
    in->at = p + 9;
    return 0;
}

static int parse_level(struct in *in, char level[EXPLORE_LEVEL_MAX + 1])
{
    const char *p = in->at;
    size_t      n = 0;

    while (n <= EXPLORE_LEVEL_MAX && p[n] >= 'a' && p[n] <= 'z')
        n++;
    if (n == 0 || n > EXPLORE_LEVEL_MAX || p[n] != '.')
        return fail(in->error, in->error_size, "point level \"%.*s\" is not a name", field_length(p), p);
    memcpy(level, p, n);
    level[n] = 0;
    in->at = p + n + 1;
    return 0;
}

/* A field such as p2. or s4711. */
static int parse_field(struct in *in, char letter, const char *name, uint64_t min, uint64_t max, uint64_t *v)
{
    const char *p = in->at;

    if (*p != letter)
        return fail(
            in->error, in->error_size, "%s: expected \"%c<number>.\", not \"%.*s\"", name, letter, field_length(p), p);
    p++;
    if (!number(&p, max, v) || *v < min || *p != '.')
        return fail(in->error, in->error_size, "%s \"%.*s\" is not a number from %llu to %llu", name,
            field_length(in->at), in->at, (unsigned long long)min, (unsigned long long)max);
    in->at = p + 1;
    return 0;
}

static bool parse_tag(const char **p, enum choice_tag *tag)
{
    *tag = CHOICE_STEP;
    if (**p == 0 || **p == '-')
        return true;
    for (int t = 0; t < CHOICE_TAG_COUNT; t++) {
        if (tag_letters[t] == **p) {
            *tag = (enum choice_tag)t;
            ++*p;
            return true;
        }
    }
    return false;
}

/* index:pick, index:pick/n or index:pick/n<letter>; the syntax only. */
static bool parse_switch(const char **p, struct explore_switch *sw)
{
    uint64_t v;

    *sw = (struct explore_switch){0};
    if (!number(p, UINT32_MAX, &v) || **p != ':')
        return false;
    sw->index = (uint32_t)v;
    ++*p;
    if (!number(p, EXPLORE_ALTERNATIVES_MAX, &v))
        return false;
    sw->pick = (uint32_t)v;
    if (**p != '/')
        return true;
    ++*p;
    if (!number(p, EXPLORE_ALTERNATIVES_MAX, &v) || v < 2)
        return false;
    sw->n = (uint32_t)v;
    return parse_tag(p, &sw->tag);
}

static int check_switch(const struct in *in, const struct explore_schedule *s, const struct explore_switch *sw)
{
    size_t at = s->count + 1;

    if (sw->pick == 0)
        return fail(in->error, in->error_size, "switch %zu: pick 0 is no switch", at);
    if (sw->n && sw->pick >= sw->n)
        return fail(in->error, in->error_size, "switch %zu: pick %u of %u alternatives (they count from 0)", at,
            sw->pick, sw->n);
    if (s->count && sw->index <= s->switches[s->count - 1].index)
        return fail(in->error, in->error_size, "switch %zu: index %u does not come after %u", at, sw->index,
            s->switches[s->count - 1].index);
    return 0;
}

static int parse_switches(struct in *in, struct explore_schedule *s)
{
    const char *p = in->at;

    if (p[0] == NO_SWITCHES && p[1] == 0)
        return 0;
    for (;;) {
        const char           *start = p;
        struct explore_switch sw;

        if (!parse_switch(&p, &sw) || (*p && *p != '-'))
            return fail(in->error, in->error_size, "switch %zu: expected \"index:pick/alternatives\", not \"%.*s\"",
                s->count + 1, (int)strcspn(start, "-") > 24 ? 24 : (int)strcspn(start, "-"), start);
        int rc = check_switch(in, s, &sw);

        if (!rc)
            rc = explore_schedule_add(s, &sw);
        if (rc == -ENOMEM)
            fail(in->error, in->error_size, "no memory for %zu switches", s->count);
        if (rc || *p == 0)
            return rc;
        p++;
    }
}

static int parse_version(struct in *in)
{
    const char *p = in->at;
    uint64_t    version;

    if (*p != 'v')
        return fail(
            in->error, in->error_size, "\"%.*s\" is not a schedule: they begin with \"v1.\"", field_length(p), p);
    p++;
    if (!number(&p, UINT32_MAX, &version) || *p != '.')
        return fail(in->error, in->error_size, "\"%.*s\" is not a schedule: they begin with \"v1.\"",
            field_length(in->at), in->at);
    if (version != 1)
        return fail(in->error, in->error_size, "schedule format v%u is not known here (this is v1)", (unsigned)version);
    in->at = p + 1;
    return 0;
}

int explore_schedule_parse(struct explore_schedule *s, const char *text, char *error, size_t error_size)
{
    struct in in = {text, error, error_size};
    uint64_t  cpus = 0;
    int       rc = parse_version(&in);

    s->count = 0;
    if (!rc)
        rc = parse_build(&in, &s->build);
    if (!rc)
        rc = parse_level(&in, s->level);
    if (!rc)
        rc = parse_field(&in, 'p', "processors", 1, 64, &cpus);
    if (!rc)
        rc = parse_field(&in, 's', "seed", 0, UINT64_MAX, &s->seed);
    s->cpus = (unsigned)cpus;
    return rc ? rc : parse_switches(&in, s);
}

int explore_schedule_check(
    const struct explore_schedule *s, uint32_t build, const char *level, unsigned cpus, char *error, size_t error_size)
{
    if (s->build != build)
        return fail(
            error, error_size, "schedule was recorded with another build (%08x, this is %08x)", s->build, build);
    if (level && strcmp(s->level, level) != 0)
        return fail(error, error_size, "schedule was recorded at point level %s, this run has %s", s->level, level);
    if (cpus && s->cpus != cpus)
        return fail(error, error_size, "schedule needs %u processor%s, this run has %u", s->cpus,
            s->cpus == 1 ? "" : "s", cpus);
    return 0;
}
