/* SPDX-License-Identifier: MIT */
/*
 * ex/format.c - one formatter for DbgPrint, _snprintf, swprintf and the rest.
 *
 * The C library cannot serve: its wide characters have 32 bits, its long 64, and it knows nothing of %wZ or %I64d.
 */
#include "ex/format.h"

#include <stdbool.h>
#include <string.h>

#include "ddk/ntdef.h"

struct text {
    const void *at;
    bool        wide;
    size_t      length; /* characters */
};

struct out {
    void  *buffer;
    size_t limit, count;
    bool   wide;
};

enum size { SIZE_DEFAULT, SIZE_CHAR, SIZE_SHORT, SIZE_LONG, SIZE_64, SIZE_WIDE };

struct spec {
    bool      left, plus, space, zero, alternate, has_precision;
    unsigned  width, precision;
    enum size size;
    unsigned  conversion;
};

/* The format string, read one character at a time in either width; the arguments travel along. */
struct reader {
    const void *at;
    bool        wide;
    va_list     ap;
};

static unsigned peek(const struct reader *r)
{
    return r->wide ? *(const uint16_t *)r->at : *(const unsigned char *)r->at;
}

static unsigned next(struct reader *r)
{
    unsigned c = peek(r);

    if (c)
        r->at = (const char *)r->at + (r->wide ? 2 : 1);
    return c;
}

/* ---- output ---- */

static void put(struct out *o, unsigned c)
{
    if (o->count < o->limit) {
        if (o->wide)
            ((uint16_t *)o->buffer)[o->count] = (uint16_t)c;
        else
            ((char *)o->buffer)[o->count] = (char)(c <= 0xff ? c : '?');
    }
    o->count++;
}

static void put_many(struct out *o, unsigned c, unsigned n)
{
    while (n--)
        put(o, c);
}

static void put_text(struct out *o, const struct text *t, const struct spec *s)
{
    size_t   n = s->has_precision && s->precision < t->length ? s->precision : t->length;
    unsigned pad = s->width > n ? s->width - (unsigned)n : 0;

    if (!s->left)
        put_many(o, s->zero ? '0' : ' ', pad);
    for (size_t i = 0; i < n; i++)
        put(o, t->wide ? ((const uint16_t *)t->at)[i] : ((const unsigned char *)t->at)[i]);
    if (s->left)
        put_many(o, ' ', pad);
}

/* ---- numbers ---- */

struct number {
    char     digit[24], prefix[2];
    unsigned digits, prefixes;
};

static void digits_of(struct number *n, uint64_t v, unsigned base, bool upper)
{
    const char *set = upper ? "0123456789ABCDEF" : "0123456789abcdef";
    char        reversed[24];
    unsigned    count = 0;

    for (; v; v /= base)
        reversed[count++] = set[v % base];
    n->digits = count;
    for (unsigned i = 0; i < count; i++)
        n->digit[i] = reversed[count - 1 - i];
}

static void put_number(struct out *o, const struct number *n, const struct spec *s)
{
    unsigned least = s->has_precision ? s->precision : 1, zeros = n->digits < least ? least - n->digits : 0;
    unsigned length = n->prefixes + zeros + n->digits, pad = s->width > length ? s->width - length : 0;

    if (s->zero && !s->left && !s->has_precision) {
        zeros += pad;
        pad = 0;
    }
    if (!s->left)
        put_many(o, ' ', pad);
    for (unsigned i = 0; i < n->prefixes; i++)
        put(o, (unsigned char)n->prefix[i]);
    put_many(o, '0', zeros);
    for (unsigned i = 0; i < n->digits; i++)
        put(o, (unsigned char)n->digit[i]);
    if (s->left)
        put_many(o, ' ', pad);
}

static int64_t signed_argument(struct reader *r, enum size size)
{
    if (size == SIZE_64)
        return va_arg(r->ap, long long);
    int v = va_arg(r->ap, int);

    return size == SIZE_SHORT ? (short)v : size == SIZE_CHAR ? (signed char)v : v;
}

static uint64_t unsigned_argument(struct reader *r, enum size size)
{
    if (size == SIZE_64)
        return va_arg(r->ap, unsigned long long);
    unsigned v = va_arg(r->ap, unsigned);

    return size == SIZE_SHORT ? (unsigned short)v : size == SIZE_CHAR ? (unsigned char)v : v;
}

static void put_signed(struct out *o, struct reader *r, const struct spec *s)
{
    int64_t       v = signed_argument(r, s->size);
    struct number n = {.prefixes = v < 0 || s->plus || s->space};

    n.prefix[0] = v < 0 ? '-' : s->plus ? '+' : ' ';
    digits_of(&n, v < 0 ? 0 - (uint64_t)v : (uint64_t)v, 10, false);
    put_number(o, &n, s);
}

static void put_unsigned(struct out *o, struct reader *r, const struct spec *s)
{
    uint64_t      v = unsigned_argument(r, s->size);
    unsigned      base = s->conversion == 'u' ? 10 : s->conversion == 'o' ? 8 : 16;
    struct number n = {.prefix = {'0', (char)s->conversion}};

    if (s->alternate && v && base != 10)
        n.prefixes = base == 16 ? 2 : 1;
    digits_of(&n, v, base, s->conversion == 'X');
    put_number(o, &n, s);
}

static void put_pointer(struct out *o, struct reader *r, const struct spec *given)
{
    struct spec   s = *given;
    struct number n = {0};

    s.has_precision = true;
    s.precision = 16;
    digits_of(&n, (uintptr_t)va_arg(r->ap, void *), 16, true);
    put_number(o, &n, &s);
}

/* ---- text ---- */

static size_t length_of(const void *p, bool wide, size_t limit)
{
    size_t n = 0;

    while (n < limit && (wide ? ((const uint16_t *)p)[n] : ((const unsigned char *)p)[n]))
        n++;
    return n;
}

/* Width of a character or string argument: the format's own, unless %S, %C, h, l or w say otherwise. */
static bool wide_argument(const struct reader *r, const struct spec *s)
{
    if (s->size == SIZE_SHORT)
        return false;
    if (s->size == SIZE_LONG || s->size == SIZE_WIDE)
        return true;
    return (s->conversion == 'S' || s->conversion == 'C') ? !r->wide : r->wide;
}

static void put_string(struct out *o, struct reader *r, const struct spec *s)
{
    struct text t = {.at = va_arg(r->ap, const void *), .wide = wide_argument(r, s)};

    if (!t.at)
        t = (struct text){.at = "(null)", .wide = false};
    t.length = length_of(t.at, t.wide, s->has_precision ? s->precision : SIZE_MAX);
    put_text(o, &t, s);
}

static void put_character(struct out *o, struct reader *r, const struct spec *s)
{
    uint16_t    c = (uint16_t)va_arg(r->ap, int);
    struct spec whole = *s;
    struct text t = {.at = &c, .wide = true, .length = 1};

    if (!wide_argument(r, s))
        c &= 0xff;
    whole.has_precision = false;
    put_text(o, &t, &whole);
}

static void put_counted(struct out *o, struct reader *r, const struct spec *s)
{
    const void *string = va_arg(r->ap, const void *);
    bool        wide = s->size == SIZE_WIDE || s->size == SIZE_LONG;
    struct text t = {.at = "(null)", .length = 6};

    if (string && wide && ((const UNICODE_STRING *)string)->Buffer)
        t = (struct text){((const UNICODE_STRING *)string)->Buffer, true, ((const UNICODE_STRING *)string)->Length / 2};
    else if (string && !wide && ((const STRING *)string)->Buffer)
        t = (struct text){((const STRING *)string)->Buffer, false, ((const STRING *)string)->Length};
    put_text(o, &t, s);
}

/* ---- parsing ---- */

static void read_flags(struct reader *r, struct spec *s)
{
    for (;; next(r)) {
        switch (peek(r)) {
        case '-':
            s->left = true;
            break;
        case '+':
            s->plus = true;
            break;
        case ' ':
            s->space = true;
            break;
        case '0':
            s->zero = true;
            break;
        case '#':
            s->alternate = true;
            break;
        default:
            return;
        }
    }
}

/* A number or `*`; numbers stop growing long before they overflow. */
static int read_count(struct reader *r)
{
    int n = 0;

    if (peek(r) == '*') {
        next(r);
        return va_arg(r->ap, int);
    }
    while (peek(r) >= '0' && peek(r) <= '9')
        n = n < 100000 ? n * 10 + (int)(next(r) - '0') : (int)(next(r), n);
    return n;
}

static bool take(struct reader *r, const char *word)
{
    struct reader ahead = {.at = r->at, .wide = r->wide};

    for (; *word; word++)
        if (next(&ahead) != (unsigned char)*word)
            return false;
    r->at = ahead.at;
    return true;
}

static enum size read_size(struct reader *r)
{
    static const struct {
        const char *word;
        enum size   size;
    } sizes[] = {{"I64", SIZE_64}, {"I32", SIZE_DEFAULT}, {"I", SIZE_64}, {"ll", SIZE_64}, {"l", SIZE_LONG},
        {"hh", SIZE_CHAR}, {"h", SIZE_SHORT}, {"w", SIZE_WIDE}, {"z", SIZE_64}, {"j", SIZE_64}, {"t", SIZE_64}};

    for (unsigned i = 0; i < sizeof sizes / sizeof *sizes; i++)
        if (take(r, sizes[i].word))
            return sizes[i].size;
    return SIZE_DEFAULT;
}

static void read_spec(struct reader *r, struct spec *s)
{
    read_flags(r, s);
    int width = read_count(r);

    s->left |= width < 0;
    s->width = (unsigned)__builtin_abs(width);
    if (take(r, ".")) {
        int precision = read_count(r);

        s->has_precision = precision >= 0;
        s->precision = (unsigned)precision;
    }
    s->size = read_size(r);
    s->conversion = next(r);
}

static void put_conversion(struct out *o, struct reader *r, const struct spec *s)
{
    switch (s->conversion) {
    case 'd':
    case 'i':
        put_signed(o, r, s);
        break;
    case 'u':
    case 'o':
    case 'x':
    case 'X':
        put_unsigned(o, r, s);
        break;
    case 'p':
        put_pointer(o, r, s);
        break;
    case 's':
    case 'S':
        put_string(o, r, s);
        break;
    case 'c':
    case 'C':
        put_character(o, r, s);
        break;
    case 'Z':
        put_counted(o, r, s);
        break;
    case 'e':
    case 'f':
    case 'g':
        (void)va_arg(r->ap, double);
        put(o, '?');
        break;
    case 'n': /* writes through a pointer: refused, as Microsoft's secure CRT does */
        (void)va_arg(r->ap, void *);
        break;
    case 0:
        break;
    default:
        put(o, s->conversion);
    }
}

static size_t format(struct out *o, const void *text, va_list ap)
{
    struct reader r = {.at = text, .wide = o->wide};
    unsigned      c;

    va_copy(r.ap, ap);
    while ((c = next(&r)) != 0) {
        if (c != '%') {
            put(o, c);
            continue;
        }
        struct spec s = {0};

        read_spec(&r, &s);
        put_conversion(o, &r, &s);
    }
    va_end(r.ap);
    return o->count;
}

size_t ex_format(char *out, size_t limit, const char *text, va_list ap)
{
    struct out o = {.buffer = out, .limit = limit};

    return format(&o, text, ap);
}

size_t ex_format_wide(uint16_t *out, size_t limit, const uint16_t *text, va_list ap)
{
    struct out o = {.buffer = out, .limit = limit, .wide = true};

    return format(&o, text, ap);
}
