/* SPDX-License-Identifier: MIT */
/*
 * The C library that kernel-mode drivers may use. Only driver builds (duetime_prelude.h) see it: a test program has its
 * own C library, whose wide characters and `long` are wider.
 *
 * Byte-string and memory functions are the host's. Where Windows differs (16-bit wide characters; %I64d, %ls, %wZ, %S,
 * 32-bit %ld; results of the bounded prints) the name is bound to a symbol of ours. The library must define, with these
 * prototypes:
 *
 *   dt_nt_wcslen dt_nt_wcsnlen dt_nt_wcscpy dt_nt_wcsncpy dt_nt_wcscat dt_nt_wcsncat dt_nt_wcscmp dt_nt_wcsncmp
 *   dt_nt_wcsicmp dt_nt_wcsnicmp dt_nt_wcschr dt_nt_wcsrchr dt_nt_wcsstr dt_nt_wcsspn dt_nt_wcscspn dt_nt_wcslwr
 *   dt_nt_wcsupr dt_nt_towlower dt_nt_towupper dt_nt_wcstoul dt_nt_wtoi dt_nt_mbstowcs dt_nt_wcstombs
 *   dt_nt_stricmp dt_nt_strnicmp dt_nt_strlwr dt_nt_strupr dt_nt_strtol dt_nt_strtoul dt_nt_atol
 *   dt_nt_sprintf dt_nt_vsprintf dt_nt_snprintf dt_nt_vsnprintf dt_nt_swprintf dt_nt_snwprintf dt_nt_vsnwprintf
 *   dt_nt_sprintf_s dt_nt_vsprintf_s dt_nt_swprintf_s dt_nt_vswprintf_s dt_nt_snprintf_s dt_nt_rand dt_nt_srand
 *   dt_nt_strcpy_s dt_nt_strcat_s dt_nt_strncpy_s dt_nt_wcscpy_s dt_nt_wcscat_s dt_nt_wcsncpy_s
 *   dt_nt_memcpy_s dt_nt_memmove_s
 */
#pragma once

#include <ntdef.h>

typedef __builtin_va_list va_list;
#define va_start(ap, last) __builtin_va_start(ap, last)
#define va_end(ap) __builtin_va_end(ap)
#define va_arg(ap, type) __builtin_va_arg(ap, type)
#define va_copy(d, s) __builtin_va_copy(d, s)

EXTERN_C_START

typedef int errno_t;
typedef WCHAR wint_t;

#define DT_CRT(name) __asm__("dt_nt_" #name) DT_EXPORT

/* ---- the host's own ---------------------------------------------------------------------------------------------- */
void *memcpy(void *d, const void *s, size_t n);
void *memmove(void *d, const void *s, size_t n);
void *memset(void *d, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
void *memchr(const void *s, int c, size_t n);
size_t strlen(const char *s);
size_t strnlen(const char *s, size_t n);
char *strcpy(char *d, const char *s);
char *strncpy(char *d, const char *s, size_t n);
char *strcat(char *d, const char *s);
char *strncat(char *d, const char *s, size_t n);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
char *strchr(const char *s, int c);
char *strrchr(const char *s, int c);
char *strstr(const char *s, const char *find);
size_t strspn(const char *s, const char *set);
size_t strcspn(const char *s, const char *set);
int atoi(const char *s);
int abs(int v);
int toupper(int c);
int tolower(int c);
int isdigit(int c);
int isalpha(int c);
int isalnum(int c);
int isspace(int c);
int isxdigit(int c);
int isupper(int c);
int islower(int c);
int isprint(int c);
void qsort(void *base, size_t n, size_t width, int (*compare)(const void *, const void *));
void *bsearch(const void *key, const void *base, size_t n, size_t width, int (*compare)(const void *, const void *));

/* ---- 16-bit wide characters -------------------------------------------------------------------------------------- */
size_t wcslen(const wchar_t *s) DT_CRT(wcslen);
size_t wcsnlen(const wchar_t *s, size_t n) DT_CRT(wcsnlen);
wchar_t *wcscpy(wchar_t *d, const wchar_t *s) DT_CRT(wcscpy);
wchar_t *wcsncpy(wchar_t *d, const wchar_t *s, size_t n) DT_CRT(wcsncpy);
wchar_t *wcscat(wchar_t *d, const wchar_t *s) DT_CRT(wcscat);
wchar_t *wcsncat(wchar_t *d, const wchar_t *s, size_t n) DT_CRT(wcsncat);
int wcscmp(const wchar_t *a, const wchar_t *b) DT_CRT(wcscmp);
int wcsncmp(const wchar_t *a, const wchar_t *b, size_t n) DT_CRT(wcsncmp);
int _wcsicmp(const wchar_t *a, const wchar_t *b) DT_CRT(wcsicmp);
int _wcsnicmp(const wchar_t *a, const wchar_t *b, size_t n) DT_CRT(wcsnicmp);
wchar_t *wcschr(const wchar_t *s, wchar_t c) DT_CRT(wcschr);
wchar_t *wcsrchr(const wchar_t *s, wchar_t c) DT_CRT(wcsrchr);
wchar_t *wcsstr(const wchar_t *s, const wchar_t *find) DT_CRT(wcsstr);
size_t wcsspn(const wchar_t *s, const wchar_t *set) DT_CRT(wcsspn);
size_t wcscspn(const wchar_t *s, const wchar_t *set) DT_CRT(wcscspn);
wchar_t *_wcslwr(wchar_t *s) DT_CRT(wcslwr);
wchar_t *_wcsupr(wchar_t *s) DT_CRT(wcsupr);
DT_EXPORT wint_t dt_nt_towlower(wint_t c);
DT_EXPORT wint_t dt_nt_towupper(wint_t c);
#define towlower dt_nt_towlower
#define towupper dt_nt_towupper
ULONG wcstoul(const wchar_t *s, wchar_t **end, int base) DT_CRT(wcstoul);
int _wtoi(const wchar_t *s) DT_CRT(wtoi);
size_t mbstowcs(wchar_t *d, const char *s, size_t n) DT_CRT(mbstowcs);
size_t wcstombs(char *d, const wchar_t *s, size_t n) DT_CRT(wcstombs);

/* ---- byte strings that differ from the host's -------------------------------------------------------------------- */
int _stricmp(const char *a, const char *b) DT_CRT(stricmp);
int _strnicmp(const char *a, const char *b, size_t n) DT_CRT(strnicmp);
char *_strlwr(char *s) DT_CRT(strlwr);
char *_strupr(char *s) DT_CRT(strupr);
/* Macros, because compilers know these with a result of 64 bits. */
DT_EXPORT LONG dt_nt_strtol(const char *s, char **end, int base);
DT_EXPORT ULONG dt_nt_strtoul(const char *s, char **end, int base);
DT_EXPORT LONG dt_nt_atol(const char *s);
#define strtol dt_nt_strtol
#define strtoul dt_nt_strtoul
#define atol dt_nt_atol
int rand(void) DT_CRT(rand);
void srand(unsigned seed) DT_CRT(srand);

/* ---- formatted output -------------------------------------------------------------------------------------------- */
int sprintf(char *d, const char *format, ...) DT_CRT(sprintf);
int vsprintf(char *d, const char *format, va_list args) DT_CRT(vsprintf);
int _snprintf(char *d, size_t n, const char *format, ...) DT_CRT(snprintf);
int _vsnprintf(char *d, size_t n, const char *format, va_list args) DT_CRT(vsnprintf);
int swprintf(wchar_t *d, const wchar_t *format, ...) DT_CRT(swprintf);
int _snwprintf(wchar_t *d, size_t n, const wchar_t *format, ...) DT_CRT(snwprintf);
int _vsnwprintf(wchar_t *d, size_t n, const wchar_t *format, va_list args) DT_CRT(vsnwprintf);
int sprintf_s(char *d, size_t n, const char *format, ...) DT_CRT(sprintf_s);
int vsprintf_s(char *d, size_t n, const char *format, va_list args) DT_CRT(vsprintf_s);
int swprintf_s(wchar_t *d, size_t n, const wchar_t *format, ...) DT_CRT(swprintf_s);
int vswprintf_s(wchar_t *d, size_t n, const wchar_t *format, va_list args) DT_CRT(vswprintf_s);
int _snprintf_s(char *d, size_t size, size_t n, const char *format, ...) DT_CRT(snprintf_s);
#define _swprintf swprintf

/* ---- checked copies ---------------------------------------------------------------------------------------------- */
errno_t strcpy_s(char *d, size_t size, const char *s) DT_CRT(strcpy_s);
errno_t strcat_s(char *d, size_t size, const char *s) DT_CRT(strcat_s);
errno_t strncpy_s(char *d, size_t size, const char *s, size_t n) DT_CRT(strncpy_s);
errno_t wcscpy_s(wchar_t *d, size_t size, const wchar_t *s) DT_CRT(wcscpy_s);
errno_t wcscat_s(wchar_t *d, size_t size, const wchar_t *s) DT_CRT(wcscat_s);
errno_t wcsncpy_s(wchar_t *d, size_t size, const wchar_t *s, size_t n) DT_CRT(wcsncpy_s);
errno_t memcpy_s(void *d, size_t size, const void *s, size_t n) DT_CRT(memcpy_s);
errno_t memmove_s(void *d, size_t size, const void *s, size_t n) DT_CRT(memmove_s);
#define _TRUNCATE ((size_t)-1)

EXTERN_C_END
