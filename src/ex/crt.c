/* SPDX-License-Identifier: MIT */
/*
 * ex/crt.c - the part of the C library in which Windows differs: 16-bit wide characters, 32-bit long, NT's formats, results
 * of the bounded prints, the checked copies. nt/crt.h binds the names that drivers use to these symbols. Any IRQL, no points.
 *
 * The checked functions (_s) call the invalid parameter handler on misuse, which in a kernel ends in a bug check; here they
 * clear the destination and return the error, as they do where a handler returns.
 */
#include "ex/crt.h"

#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include "ddk/ntdef.h"
#include "ex/format.h"
#include "ex/unicode.h"

#define TRUNCATE ((size_t)-1)
enum { E_INVAL = 22, E_RANGE = 34 };

/* Declares and begins a definition: the header that drivers see is not for the library's own sources. */
#define CRT(result, name, ...)                  \
    DT_EXPORT result dt_nt_##name(__VA_ARGS__); \
    result           dt_nt_##name(__VA_ARGS__)

/* ---- wide strings ---- */

CRT(size_t, wcslen, const wchar_t *s)
{
    size_t n = 0;

    while (s[n])
        n++;
    return n;
}

CRT(size_t, wcsnlen, const wchar_t *s, size_t limit)
{
    size_t n = 0;

    while (n < limit && s[n])
        n++;
    return n;
}

CRT(wchar_t *, wcscpy, wchar_t *d, const wchar_t *s)
{
    memcpy(d, s, (dt_nt_wcslen(s) + 1) * sizeof *d);
    return d;
}

CRT(wchar_t *, wcsncpy, wchar_t *d, const wchar_t *s, size_t n)
{
    size_t used = dt_nt_wcsnlen(s, n);

    memcpy(d, s, used * sizeof *d);
    memset(d + used, 0, (n - used) * sizeof *d);
    return d;
}

CRT(wchar_t *, wcscat, wchar_t *d, const wchar_t *s)
{
    dt_nt_wcscpy(d + dt_nt_wcslen(d), s);
    return d;
}

CRT(wchar_t *, wcsncat, wchar_t *d, const wchar_t *s, size_t n)
{
    wchar_t *end = d + dt_nt_wcslen(d);
    size_t   used = dt_nt_wcsnlen(s, n);

    memcpy(end, s, used * sizeof *d);
    end[used] = 0;
    return d;
}

static int compare(const wchar_t *a, const wchar_t *b, size_t n, bool ignore_case)
{
    for (; n; n--, a++, b++) {
        int ca = ignore_case ? ex_downcase(*a) : *a, cb = ignore_case ? ex_downcase(*b) : *b;

        if (ca != cb)
            return ca < cb ? -1 : 1;
        if (!ca)
            return 0;
    }
    return 0;
}

CRT(int, wcscmp, const wchar_t *a, const wchar_t *b)
{
    return compare(a, b, SIZE_MAX, false);
}

CRT(int, wcsncmp, const wchar_t *a, const wchar_t *b, size_t n)
{
    return compare(a, b, n, false);
}

CRT(int, wcsicmp, const wchar_t *a, const wchar_t *b)
{
    return compare(a, b, SIZE_MAX, true);
}

CRT(int, wcsnicmp, const wchar_t *a, const wchar_t *b, size_t n)
{
    return compare(a, b, n, true);
}

CRT(wchar_t *, wcschr, const wchar_t *s, wchar_t c)
{
    for (;; s++) {
        if (*s == c)
            return (wchar_t *)s;
        if (!*s)
            return NULL;
    }
}

CRT(wchar_t *, wcsrchr, const wchar_t *s, wchar_t c)
{
    const wchar_t *last = NULL;

    for (;; s++) {
        if (*s == c)
            last = s;
        if (!*s)
            return (wchar_t *)last;
    }
}

CRT(wchar_t *, wcsstr, const wchar_t *s, const wchar_t *find)
{
    size_t n = dt_nt_wcslen(find);

    for (;; s++) {
        if (compare(s, find, n, false) == 0)
            return (wchar_t *)s;
        if (!*s)
            return NULL;
    }
}

static size_t span(const wchar_t *s, const wchar_t *set, bool inside)
{
    size_t n = 0;

    while (s[n] && (dt_nt_wcschr(set, s[n]) != NULL) == inside)
        n++;
    return n;
}

CRT(size_t, wcsspn, const wchar_t *s, const wchar_t *set)
{
    return span(s, set, true);
}

CRT(size_t, wcscspn, const wchar_t *s, const wchar_t *set)
{
    return span(s, set, false);
}

CRT(wchar_t *, wcslwr, wchar_t *s)
{
    for (wchar_t *p = s; *p; p++)
        *p = ex_downcase(*p);
    return s;
}

CRT(wchar_t *, wcsupr, wchar_t *s)
{
    for (wchar_t *p = s; *p; p++)
        *p = ex_upcase(*p);
    return s;
}

CRT(WCHAR, towlower, WCHAR c)
{
    return ex_downcase(c);
}

CRT(WCHAR, towupper, WCHAR c)
{
    return ex_upcase(c);
}

CRT(size_t, mbstowcs, wchar_t *d, const char *s, size_t n)
{
    size_t i = 0;

    for (; s[i] && (!d || i < n); i++)
        if (d)
            d[i] = (unsigned char)s[i];
    if (d && i < n)
        d[i] = 0;
    return i;
}

CRT(size_t, wcstombs, char *d, const wchar_t *s, size_t n)
{
    size_t i = 0;

    for (; s[i] && (!d || i < n); i++) {
        if (s[i] > 0xff)
            return (size_t)-1;
        if (d)
            d[i] = (char)s[i];
    }
    if (d && i < n)
        d[i] = 0;
    return i;
}

/* ---- byte strings ---- */

static int lower(char c)
{
    return c >= 'A' && c <= 'Z' ? c + 32 : (unsigned char)c;
}

CRT(int, strnicmp, const char *a, const char *b, size_t n)
{
    for (; n; n--, a++, b++) {
        if (lower(*a) != lower(*b))
            return lower(*a) < lower(*b) ? -1 : 1;
        if (!*a)
            return 0;
    }
    return 0;
}

CRT(int, stricmp, const char *a, const char *b)
{
    return dt_nt_strnicmp(a, b, SIZE_MAX);
}

CRT(char *, strlwr, char *s)
{
    for (char *p = s; *p; p++)
        *p = (char)lower(*p);
    return s;
}

CRT(char *, strupr, char *s)
{
    for (char *p = s; *p; p++)
        if (*p >= 'a' && *p <= 'z')
            *p = (char)(*p - 32);
    return s;
}

/* ---- numbers ---- */

/* A string of either width, read as the CRT reads numbers. */
struct digits {
    const void *at;
    bool        wide, negative, overflow, any;
    ULONGLONG   value;
};

static unsigned at(const struct digits *d, size_t i)
{
    return d->wide ? ((const uint16_t *)d->at)[i] : ((const unsigned char *)d->at)[i];
}

static void step(struct digits *d, size_t n)
{
    d->at = (const char *)d->at + n * (d->wide ? 2 : 1);
}

static int digit_value(unsigned c)
{
    if (c >= '0' && c <= '9')
        return (int)c - '0';
    c |= 32;
    return c >= 'a' && c <= 'z' ? (int)c - 'a' + 10 : 99;
}

static void read_digits(struct digits *d, int base)
{
    while (at(d, 0) == ' ' || (at(d, 0) >= '\t' && at(d, 0) <= '\r'))
        step(d, 1);
    d->negative = at(d, 0) == '-';
    if (at(d, 0) == '-' || at(d, 0) == '+')
        step(d, 1);
    bool hex = at(d, 0) == '0' && (at(d, 1) | 32) == 'x' && digit_value(at(d, 2)) < 16;

    if (base == 0)
        base = hex ? 16 : at(d, 0) == '0' ? 8 : 10;
    if (base == 16 && hex)
        step(d, 2);
    for (; digit_value(at(d, 0)) < base; step(d, 1)) {
        d->value = d->value * (unsigned)base + (unsigned)digit_value(at(d, 0));
        d->overflow |= d->value > 0xffffffffu;
        d->any = true;
    }
}

static ULONG to_ulong(struct digits *d, const void **end, int base)
{
    const void *from = d->at;

    read_digits(d, base);
    if (end)
        *end = d->any ? d->at : from;
    if (d->overflow)
        return 0xffffffffu;
    return d->negative ? 0 - (ULONG)d->value : (ULONG)d->value;
}

CRT(ULONG, strtoul, const char *s, char **end, int base)
{
    struct digits d = {.at = s};

    return to_ulong(&d, (const void **)end, base);
}

CRT(ULONG, wcstoul, const wchar_t *s, wchar_t **end, int base)
{
    struct digits d = {.at = s, .wide = true};

    return to_ulong(&d, (const void **)end, base);
}

CRT(LONG, strtol, const char *s, char **end, int base)
{
    struct digits d = {.at = s};

    read_digits(&d, base);
    if (end)
        *end = (char *)(d.any ? d.at : s);
    if (d.overflow || d.value > 0x7fffffffu + (ULONGLONG)d.negative)
        return d.negative ? (LONG)0x80000000 : 0x7fffffff;
    return (LONG)(d.negative ? 0 - (ULONG)d.value : (ULONG)d.value);
}

CRT(LONG, atol, const char *s)
{
    return dt_nt_strtol(s, NULL, 10);
}

CRT(int, wtoi, const wchar_t *s)
{
    return (int)dt_nt_wcstoul(s, NULL, 10);
}

static ULONG rand_state = 1;

void ex_crt_boot(void)
{
    rand_state = 1;
}

CRT(void, srand, unsigned seed)
{
    __atomic_store_n(&rand_state, seed, __ATOMIC_RELAXED);
}

/* Microsoft's documented range, 0 to 32767; shared by all threads, so a race on it is visible as on Windows. */
CRT(int, rand, void)
{
    ULONG x = __atomic_load_n(&rand_state, __ATOMIC_RELAXED) * 214013u + 2531011u;

    __atomic_store_n(&rand_state, x, __ATOMIC_RELAXED);
    return (int)(x >> 16 & 0x7fff);
}

/* ---- prints ---- */

/* Microsoft's _snprintf: -1 when the text does not fit, and then no terminator. */
static int bounded(size_t n, size_t limit, bool *terminate)
{
    *terminate = n < limit;
    return n <= limit ? (int)n : -1;
}

CRT(int, vsnprintf, char *d, size_t limit, const char *format, va_list ap)
{
    size_t n = ex_format(d, limit, format, ap);
    bool   terminate;
    int    result = bounded(n, limit, &terminate);

    if (terminate)
        d[n] = 0;
    return result;
}

CRT(int, vsnwprintf, wchar_t *d, size_t limit, const wchar_t *format, va_list ap)
{
    size_t n = ex_format_wide(d, limit, format, ap);
    bool   terminate;
    int    result = bounded(n, limit, &terminate);

    if (terminate)
        d[n] = 0;
    return result;
}

CRT(int, vsprintf, char *d, const char *format, va_list ap)
{
    return dt_nt_vsnprintf(d, 0x7fffffff, format, ap);
}

/* The checked prints: what does not fit is an error, and the text becomes empty. */
CRT(int, vsprintf_s, char *d, size_t size, const char *format, va_list ap)
{
    size_t n = size ? ex_format(d, size, format, ap) : 0;

    if (!size)
        return -1;
    d[n < size ? n : 0] = 0;
    return n < size ? (int)n : -1;
}

CRT(int, vswprintf_s, wchar_t *d, size_t size, const wchar_t *format, va_list ap)
{
    size_t n = size ? ex_format_wide(d, size, format, ap) : 0;

    if (!size)
        return -1;
    d[n < size ? n : 0] = 0;
    return n < size ? (int)n : -1;
}

/* limit TRUNCATE, or smaller than the buffer: as much as fits, and -1 when that was not all. */
static int print_s(char *d, size_t size, size_t limit, const char *format, va_list ap)
{
    size_t room = limit < size ? limit : size - 1, n = ex_format(d, room, format, ap);

    if (n > room && limit != TRUNCATE && limit >= size)
        d[0] = 0;
    else
        d[n < room ? n : room] = 0;
    return n <= room ? (int)n : -1;
}

CRT(int, snprintf_s, char *d, size_t size, size_t limit, const char *format, ...)
{
    va_list ap;

    if (!size)
        return -1;
    va_start(ap, format);
    int n = print_s(d, size, limit, format, ap);

    va_end(ap);
    return n;
}

/* The variadic forms of the above. */
#define PRINT(name, of, parameters, ...) \
    CRT(int, name, __VA_ARGS__, ...)     \
    {                                    \
        va_list ap;                      \
                                         \
        va_start(ap, format);            \
        int n = dt_nt_##of parameters;   \
                                         \
        va_end(ap);                      \
        return n;                        \
    }

PRINT(sprintf, vsprintf, (d, format, ap), char *d, const char *format)
PRINT(snprintf, vsnprintf, (d, limit, format, ap), char *d, size_t limit, const char *format)
PRINT(swprintf, vsnwprintf, (d, 0x7fffffff, format, ap), wchar_t *d, const wchar_t *format)
PRINT(snwprintf, vsnwprintf, (d, limit, format, ap), wchar_t *d, size_t limit, const wchar_t *format)
PRINT(sprintf_s, vsprintf_s, (d, size, format, ap), char *d, size_t size, const char *format)
PRINT(swprintf_s, vswprintf_s, (d, size, format, ap), wchar_t *d, size_t size, const wchar_t *format)

/* ---- checked copies ---- */

/* Copies `bytes` behind `used` bytes of a buffer of `size` characters of `width` bytes, and a terminator. */
struct copy {
    char  *d;
    size_t size, used, width; /* characters, characters, bytes */
};

static int copy_into(const struct copy *c, const void *s, size_t length, bool truncate)
{
    size_t room = c->size - c->used - 1; /* size > used: there is a terminator */

    if (length > room && !truncate) {
        memset(c->d, 0, c->width);
        return E_RANGE;
    }
    size_t n = length < room ? length : room;

    memcpy(c->d + c->used * c->width, s, n * c->width);
    memset(c->d + (c->used + n) * c->width, 0, c->width);
    return length > room ? 80 /* STRUNCATE */ : 0;
}

static size_t narrow_length(const char *s, size_t limit)
{
    size_t n = 0;

    while (n < limit && s[n])
        n++;
    return n;
}

CRT(int, strcpy_s, char *d, size_t size, const char *s)
{
    return !d || !size || !s ? E_INVAL : copy_into(&(struct copy){d, size, 0, 1}, s, narrow_length(s, SIZE_MAX), false);
}

CRT(int, wcscpy_s, wchar_t *d, size_t size, const wchar_t *s)
{
    return !d || !size || !s ? E_INVAL : copy_into(&(struct copy){(char *)d, size, 0, 2}, s, dt_nt_wcslen(s), false);
}

CRT(int, strcat_s, char *d, size_t size, const char *s)
{
    size_t used = d ? narrow_length(d, size) : 0;

    return !d || !s || used >= size ? E_INVAL
                                    : copy_into(&(struct copy){d, size, used, 1}, s, narrow_length(s, SIZE_MAX), false);
}

CRT(int, wcscat_s, wchar_t *d, size_t size, const wchar_t *s)
{
    size_t used = d ? dt_nt_wcsnlen(d, size) : 0;

    return !d || !s || used >= size ? E_INVAL
                                    : copy_into(&(struct copy){(char *)d, size, used, 2}, s, dt_nt_wcslen(s), false);
}

CRT(int, strncpy_s, char *d, size_t size, const char *s, size_t n)
{
    return !d || !size || !s ? E_INVAL
                             : copy_into(&(struct copy){d, size, 0, 1}, s, narrow_length(s, n), n == TRUNCATE);
}

CRT(int, wcsncpy_s, wchar_t *d, size_t size, const wchar_t *s, size_t n)
{
    return !d || !size || !s ? E_INVAL
                             : copy_into(&(struct copy){(char *)d, size, 0, 2}, s, dt_nt_wcsnlen(s, n), n == TRUNCATE);
}

CRT(int, memcpy_s, void *d, size_t size, const void *s, size_t n)
{
    if (n == 0)
        return 0;
    if (!d || !s || n > size) {
        if (d)
            memset(d, 0, size);
        return d && s ? E_RANGE : E_INVAL;
    }
    memcpy(d, s, n);
    return 0;
}

CRT(int, memmove_s, void *d, size_t size, const void *s, size_t n)
{
    if (n == 0)
        return 0;
    if (!d || !s || n > size)
        return d && s ? E_RANGE : E_INVAL;
    memmove(d, s, n);
    return 0;
}
