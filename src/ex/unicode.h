/* SPDX-License-Identifier: MIT */
/* ex/unicode.h - case of UTF-16 characters, as far as names and file systems need it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Latin, Latin-1, Greek and Cyrillic; other characters have no case here. */
static inline uint16_t ex_upcase(uint16_t c)
{
    if (c < 0x80)
        return c >= 'a' && c <= 'z' ? (uint16_t)(c - 32) : c;
    if (c >= 0xe0 && c <= 0xfe && c != 0xf7)
        return (uint16_t)(c - 32);
    if (c == 0xff)
        return 0x178;
    if ((c >= 0x3b1 && c <= 0x3c9 && c != 0x3c2) || (c >= 0x430 && c <= 0x44f))
        return (uint16_t)(c - 32);
    if (c >= 0x450 && c <= 0x45f)
        return (uint16_t)(c - 80);
    return c;
}

static inline uint16_t ex_downcase(uint16_t c)
{
    if (c < 0x80)
        return c >= 'A' && c <= 'Z' ? (uint16_t)(c + 32) : c;
    if (c >= 0xc0 && c <= 0xde && c != 0xd7)
        return (uint16_t)(c + 32);
    if (c == 0x178)
        return 0xff;
    if ((c >= 0x391 && c <= 0x3a9 && c != 0x3a2) || (c >= 0x410 && c <= 0x42f))
        return (uint16_t)(c + 32);
    if (c >= 0x400 && c <= 0x40f)
        return (uint16_t)(c + 80);
    return c;
}

/* < 0, 0, > 0 by UTF-16 value, lengths in characters. */
static inline int ex_compare(
    const uint16_t *a, unsigned a_length, const uint16_t *b, unsigned b_length, bool ignore_case)
{
    unsigned n = a_length < b_length ? a_length : b_length;

    for (unsigned i = 0; i < n; i++) {
        uint16_t ca = ignore_case ? ex_upcase(a[i]) : a[i], cb = ignore_case ? ex_upcase(b[i]) : b[i];

        if (ca != cb)
            return (int)ca - (int)cb;
    }
    return (int)a_length - (int)b_length;
}
