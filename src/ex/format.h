/* SPDX-License-Identifier: MIT */
/* ex/format.h - printf in NT's dialect, for narrow and wide text. */
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Differences from C: long is 32 bits; I64, I32, I (pointer size) and w are length modifiers; %S and %C mean the other
 * width of character; %Z is an ANSI_STRING, %wZ a UNICODE_STRING; %p is 16 upper-case digits. No floating point: such an
 * argument is stepped over and shown as '?'. Characters that do not fit narrow text become '?'.
 *
 * Writes at most `limit` characters and no terminator; returns how many the whole text has. Any IRQL.
 */
size_t ex_format(char *out, size_t limit, const char *format, va_list ap);
size_t ex_format_wide(uint16_t *out, size_t limit, const uint16_t *format, va_list ap);
