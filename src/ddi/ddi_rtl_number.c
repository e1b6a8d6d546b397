/* SPDX-License-Identifier: MIT */
/* ddi/ddi_rtl_number.c - numbers from and to strings, memory comparison, random numbers, versions. */
#include "ddi/ddi.h"
#include "ke/ke.h"

/* ---- strings to numbers ---- */

static int digit_of(unsigned c)
{
    if (c >= '0' && c <= '9')
        return (int)c - '0';
    if (c >= 'a' && c <= 'f')
        return (int)c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return (int)c - 'A' + 10;
    return 99;
}

struct reader {
    const void *at;
    bool        wide;
    size_t      left;
};

static unsigned peek(const struct reader *r)
{
    if (!r->left)
        return 0;
    return r->wide ? *(const WCHAR *)r->at : *(const unsigned char *)r->at;
}

static void step(struct reader *r)
{
    r->at = (const char *)r->at + (r->wide ? sizeof(WCHAR) : 1);
    r->left--;
}

/* 0b, 0o and 0x name a base when none is given. */
static ULONG read_base(struct reader *r)
{
    if (peek(r) != '0' || r->left < 2)
        return 10;
    struct reader ahead = *r;

    step(&ahead);
    ULONG base = peek(&ahead) == 'x' ? 16 : peek(&ahead) == 'o' ? 8 : peek(&ahead) == 'b' ? 2 : 10;

    if (base != 10) {
        step(&ahead);
        *r = ahead;
    }
    return base;
}

static NTSTATUS read_number(struct reader *r, ULONG base, PULONG value)
{
    bool  negative = false;
    ULONG n = 0;

    while (r->left && peek(r) <= ' ' && peek(r))
        step(r);
    if (peek(r) == '-' || peek(r) == '+') {
        negative = peek(r) == '-';
        step(r);
    }
    if (base == 0)
        base = read_base(r);
    if (base != 2 && base != 8 && base != 10 && base != 16)
        return STATUS_INVALID_PARAMETER;
    for (; r->left && digit_of(peek(r)) < (int)base; step(r))
        n = n * base + (ULONG)digit_of(peek(r));
    *value = negative ? 0 - n : n;
    return STATUS_SUCCESS;
}

NTSYSAPI NTSTATUS RtlUnicodeStringToInteger(PCUNICODE_STRING String, ULONG Base, PULONG Value)
{
    struct reader r = {String->Buffer, true, String->Length / sizeof(WCHAR)};

    DDI_ENTER_QUIET(RtlUnicodeStringToInteger, String);
    return read_number(&r, Base, Value);
}

NTSYSAPI NTSTATUS RtlCharToInteger(PCSZ String, ULONG Base, PULONG Value)
{
    struct reader r = {String, false, SIZE_MAX};

    return read_number(&r, Base, Value);
}

/* ---- numbers to strings ---- */

static NTSTATUS write_number(ULONGLONG value, ULONG base, PUNICODE_STRING out)
{
    WCHAR  reversed[64];
    USHORT n = 0;

    if (base == 0)
        base = 10;
    if (base != 2 && base != 8 && base != 10 && base != 16)
        return STATUS_INVALID_PARAMETER;
    do {
        reversed[n++] = (WCHAR) "0123456789ABCDEF"[value % base];
        value /= base;
    } while (value);
    if (n * sizeof(WCHAR) > out->MaximumLength)
        return STATUS_BUFFER_OVERFLOW;
    for (USHORT i = 0; i < n; i++)
        out->Buffer[i] = reversed[n - 1 - i];
    out->Length = (USHORT)(n * sizeof(WCHAR));
    if (out->Length + sizeof(WCHAR) <= out->MaximumLength)
        out->Buffer[n] = 0;
    return STATUS_SUCCESS;
}

NTSYSAPI NTSTATUS RtlIntegerToUnicodeString(ULONG Value, ULONG Base, PUNICODE_STRING String)
{
    DDI_ENTER_QUIET(RtlIntegerToUnicodeString, String);
    return write_number(Value, Base, String);
}

NTSYSAPI NTSTATUS RtlInt64ToUnicodeString(ULONGLONG Value, ULONG Base, PUNICODE_STRING String)
{
    DDI_ENTER_QUIET(RtlInt64ToUnicodeString, String);
    return write_number(Value, Base, String);
}

/* ---- memory ---- */

NTSYSAPI SIZE_T RtlCompareMemory(const VOID *Source1, const VOID *Source2, SIZE_T Length)
{
    const unsigned char *a = Source1, *b = Source2;
    SIZE_T               n = 0;

    while (n < Length && a[n] == b[n])
        n++;
    return n;
}

NTSYSAPI SIZE_T RtlCompareMemoryUlong(PVOID Source, SIZE_T Length, ULONG Pattern)
{
    const ULONG *at = Source;
    SIZE_T       n = 0;

    while (n < Length / sizeof(ULONG) && at[n] == Pattern)
        n++;
    return n * sizeof(ULONG);
}

/* ---- random numbers: the seed is the caller's, so a run repeats itself ---- */

/* Lehmer's generator, x * 16807 mod 2^31 - 1: uniform from 0 to MAXLONG - 1 (the document gives range and seed, no algorithm). */
static ULONG lehmer(PULONG seed)
{
    ULONGLONG x = *seed % MAXLONG;

    *seed = (ULONG)((x ? x : 1) * 16807 % MAXLONG);
    return *seed;
}

NTSYSAPI ULONG RtlRandom(PULONG Seed)
{
    return lehmer(Seed);
}

NTSYSAPI ULONG RtlRandomEx(PULONG Seed)
{
    return lehmer(Seed);
}
