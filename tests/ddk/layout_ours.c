/* SPDX-License-Identifier: MIT */
/* The probe over include/ddk; see layout.inc. Compiled to assembly only. */
#include <ntifs.h>

#define EMIT(text, n) __asm__ volatile(".ascii \"@@ " text " = %0\"" ::"i"((unsigned long long)(n)));
#define SIZE(type) EMIT("sizeof " #type, sizeof(type))
#define OFFSET(type, field) EMIT(#type "." #field, __builtin_offsetof(type, field))
#define VALUE(name) EMIT(#name, name)
#define VALUE32(name) EMIT(#name, (unsigned)(name))
#define WINDOWS_OFFSET(type, field, n, why) \
    OFFSET(type, field)                     \
    EMIT("windows " #type "." #field, n)
#define WINDOWS_SIZE(type, n, why) \
    SIZE(type)                     \
    EMIT("windows sizeof " #type, n)
#define Abandoned_OR_MutantFlags MutantFlags

void probe(void);
void probe(void)
{
#include "layout.inc"
#include "constants.inc" /* written by test_layout.py: every number that both sets of headers define */
}
