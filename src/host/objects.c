/* SPDX-License-Identifier: MIT */
#include "host/objects.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/ddi.h"
#include "host/story.h"
#include "host/symbols.h"

/* ---- the source's words ---- */

/* Length of a call's text up to its closing parenthesis; 0: it does not end on this line. */
static size_t call_length(const char *text)
{
    int depth = 0;

    for (size_t i = 0; text[i]; i++) {
        if (text[i] == '(')
            depth++;
        if (text[i] == ')' && --depth == 0)
            return i + 1;
    }
    return 0;
}

/* The name that the headers give an exported one: IofCompleteRequest is IoCompleteRequest, KfRaiseIrql is KeRaiseIrql. */
static const char *in_source(const char *name, char *buf, size_t size)
{
    if (strncmp(name, "Iof", 3) == 0 || strncmp(name, "Obf", 3) == 0)
        snprintf(buf, size, "%.2s%s", name, name + 3);
    else if (strncmp(name, "Kf", 2) == 0)
        snprintf(buf, size, "Ke%s", name + 2);
    else
        snprintf(buf, size, "%s", name);
    return buf;
}

/* The call of name on this source line. A macro may stand for it: then whatever call begins alike. */
static const char *find_call(const char *line, const char *exported)
{
    char        alike[64], buf[64];
    const char *name = in_source(exported, buf, sizeof buf), *at = strstr(line, name);

    if (at)
        return at;
    int n = (int)strlen(name);

    for (; n > 8; n--) {
        snprintf(alike, sizeof alike, "%.*s(", n, name);
        at = strstr(line, alike);
        if (at)
            return at;
    }
    return NULL;
}

size_t objects_call(unsigned ddi, const void *caller, char *buf, size_t size)
{
    const char   *name = ddi_rows[ddi < DDI_COUNT ? ddi : 0].name;
    struct symbol s;

    symbols_find(caller, true, &s);
    const char *line = symbols_source(s.path, s.line);
    const char *call = line ? find_call(line, name) : NULL;

    char shown[64];

    if (!call)
        return (size_t)snprintf(buf, size, "%s()", in_source(name, shown, sizeof shown));
    size_t n = call_length(call);

    if (n)
        return (size_t)snprintf(buf, size, "%.*s", (int)n, call);
    return (size_t)snprintf(buf, size, "%.*s..", (int)strcspn(call, ";"), call);
}

/* The text of the first argument of such a call, without & and blanks; false when it is no plain expression. */
static bool first_argument(const char *call, char *buf, size_t size)
{
    const char *p = strchr(call, '(');
    size_t      n = 0;
    int         depth = 0;

    if (!p)
        return false;
    for (p++; *p && !(depth == 0 && (*p == ',' || *p == ')')); p++) {
        depth += *p == '(' ? 1 : *p == ')' ? -1 : 0;
        if (n + 1 < size && !isspace((unsigned char)*p))
            buf[n++] = *p;
    }
    buf[n] = '\0';
    return n > 0 && buf[0] != '.';
}

/* ---- memory ---- */

/* The row that allocated the block around address, if it is not freed before row `before`. */
static const struct story_row *find_block(uintptr_t a, unsigned before, unsigned *where)
{
    for (unsigned i = before; i-- > 0;) {
        const struct story_row *r = story_at(i);

        if (r->is_switch || (r->e.id != EV_POOL_ALLOC && r->e.id != EV_DEVICE_CREATE))
            continue;
        uintptr_t start = r->e.id == EV_POOL_ALLOC ? (uintptr_t)r->e.obj : r->e.b;
        uint64_t  bytes = r->e.id == EV_POOL_ALLOC ? r->e.a : r->e.c;

        if (a >= start && a - start < bytes) {
            *where = i;
            return r;
        }
    }
    return NULL;
}

static void format_tag(uint64_t tag, char buf[5])
{
    for (int i = 0; i < 4; i++, tag >>= 8)
        buf[i] = isprint((int)(tag & 0xff)) ? (char)(tag & 0xff) : '.';
    buf[4] = '\0';
}

size_t objects_block(const void *address, unsigned before, char *buf, size_t size)
{
    unsigned                where;
    const struct story_row *r = find_block((uintptr_t)address, before, &where);
    char                    tag[5], from[64];

    if (!r)
        return 0;
    if (r->e.id == EV_DEVICE_CREATE)
        return (size_t)snprintf(buf, size, "device extension, 0x%llx bytes", (unsigned long long)r->e.c);
    format_tag(r->e.b, tag);
    symbols_where((const void *)r->e.c, true, from, sizeof from);
    return (size_t)snprintf(buf, size, "pool block '%s', 0x%llx bytes, from %s", tag, (unsigned long long)r->e.a, from);
}

static size_t name_in_memory(const void *object, unsigned before, char *buf, size_t size)
{
    unsigned                where;
    const struct story_row *r = find_block((uintptr_t)object, before, &where);
    char                    tag[5];

    if (r && r->e.id == EV_DEVICE_CREATE)
        return (size_t)snprintf(buf, size, "extension+0x%llx", (unsigned long long)((uintptr_t)object - r->e.b));
    if (r) {
        format_tag(r->e.b, tag);
        return (size_t)snprintf(buf, size, "'%s'+0x%zx", tag, (size_t)((const char *)object - (const char *)r->e.obj));
    }
    struct symbol s;

    symbols_find(object, false, &s);
    if (s.function[0] && strncmp(s.module, "libduetime", 10) != 0)
        return (size_t)snprintf(buf, size, "%s", s.function);
    snprintf(buf, size, "object");
    return 0;
}

size_t objects_name(const void *object, unsigned before, char *buf, size_t size)
{
    char call[128];

    for (unsigned i = before; object && i-- > 0;) {
        const struct story_row *r = story_at(i);

        if (r->is_switch || r->e.id != EV_DDI_ENTER || r->e.obj != object)
            continue;
        objects_call((unsigned)r->e.a, (const void *)r->e.b, call, sizeof call);
        if (first_argument(call, buf, size))
            return strlen(buf);
    }
    return name_in_memory(object, before, buf, size);
}
