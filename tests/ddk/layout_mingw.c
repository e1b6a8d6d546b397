/* SPDX-License-Identifier: MIT */
/* The probe over mingw-w64's DDK headers, for x86_64-w64-mingw32; see layout.inc. Compiled to assembly only. */
#define NTDDI_VERSION 0x0A000000
#define _WIN32_WINNT 0x0A00
#include <ntifs.h>

#define EMIT(text, n) __asm__ volatile(".ascii \"@@ " text " = %0\"" ::"i"((unsigned long long)(n)));
#define SIZE(type) EMIT("sizeof " #type, sizeof(type))
#define OFFSET(type, field) EMIT(#type "." #field, __builtin_offsetof(type, field))
#define VALUE(name) EMIT(#name, name)
#define VALUE32(name) EMIT(#name, (unsigned)(name))
#define WINDOWS_OFFSET(type, field, n, why)
#define WINDOWS_SIZE(type, n, why)
#define Abandoned_OR_MutantFlags Abandoned

void probe(void);
void probe(void)
{
#include "layout.inc"
#include "constants.inc" /* written by test_layout.py: every number that both sets of headers define */
}
