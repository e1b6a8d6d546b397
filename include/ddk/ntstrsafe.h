/* SPDX-License-Identifier: MIT */
/*
 * Bounded string functions. Counts named cch are in characters, cb in bytes, both with room for the terminator. A result
 * that does not fit is cut, terminated, and reported as STATUS_BUFFER_OVERFLOW; a bad size as STATUS_INVALID_PARAMETER.
 * Every function exists for char (A) and for 16-bit WCHAR (W), with counts in characters (Cch) and in bytes (Cb).
 */
#pragma once

#include <ntdef.h>
#include <ntstatus.h>

typedef char *NTSTRSAFE_PSTR, *STRSAFE_LPSTR;
typedef const char *NTSTRSAFE_PCSTR, *STRSAFE_LPCSTR;
typedef wchar_t *NTSTRSAFE_PWSTR, *STRSAFE_LPWSTR;
typedef const wchar_t *NTSTRSAFE_PCWSTR, *STRSAFE_LPCWSTR;

#define NTSTRSAFE_MAX_CCH 2147483647
#define NTSTRSAFE_UNICODE_STRING_MAX_CCH 32767
#define STRSAFE_MAX_CCH NTSTRSAFE_MAX_CCH
#define STRSAFE_MAX_LENGTH (NTSTRSAFE_MAX_CCH - 1)
#define NTSTRSAFE_MAX_LENGTH (NTSTRSAFE_MAX_CCH - 1)
#define STRSAFE_IGNORE_NULLS 0x00000100
#define STRSAFE_FILL_BEHIND_NULL 0x00000200
#define STRSAFE_FILL_ON_FAILURE 0x00000400
#define STRSAFE_NULL_ON_FAILURE 0x00000800
#define STRSAFE_NO_TRUNCATION 0x00001000
#define STRSAFE_ZERO_LENGTH_ON_FAILURE STRSAFE_NULL_ON_FAILURE
#define STRSAFE_FILL_BEHIND STRSAFE_FILL_BEHIND_NULL
#define STRSAFE_FILL_BYTE(x) ((ULONG)(((x)&0x000000FF) | STRSAFE_FILL_BEHIND_NULL))
#define STRSAFE_FAILURE_BYTE(x) ((ULONG)(((x)&0x000000FF) | STRSAFE_FILL_ON_FAILURE))

#include <nt/strsafe_core.h>
#include <nt/strsafe_unicode.h>
