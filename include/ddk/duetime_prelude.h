/* SPDX-License-Identifier: MIT */
/*
 * Force-included before every driver source (`-include duetime_prelude.h`). It gives a Linux compiler the words that
 * Microsoft's compiler knows without any header: target macros, declspecs, calling conventions and sized integers.
 * Nothing in the DDK headers depends on it, so the kernel's own sources and test programs go without.
 */
#pragma once

#define DUETIME_DRIVER 1 /* this translation unit is a driver: the CRT of nt/crt.h applies */

/* ---- target ------------------------------------------------------------------------------------------------------ */
#ifndef _WIN32
#define _WIN32 1
#endif
#ifndef _WIN64
#define _WIN64 1
#endif
#ifndef _M_AMD64
#define _M_AMD64 100
#endif
#ifndef _M_X64
#define _M_X64 100
#endif
#ifndef _AMD64_
#define _AMD64_ 1
#endif
#ifndef _KERNEL_MODE
#define _KERNEL_MODE 1
#endif
#ifndef _INTEGRAL_MAX_BITS
#define _INTEGRAL_MAX_BITS 64
#endif
#ifndef _WCHAR_T_DEFINED
#define _WCHAR_T_DEFINED
#endif

#undef unix
#undef linux

/* ---- sized integers ---------------------------------------------------------------------------------------------- */
/* Macros, because `unsigned __int64` must work: a typedef cannot be combined with `unsigned`. */
#define __int8 char
#define __int16 short
#define __int32 int
#define __int64 long long

/* ---- calling conventions: one ABI everywhere --------------------------------------------------------------------- */
#define __cdecl
#define __stdcall
#define __fastcall
#define __vectorcall
#define __thiscall
#define __clrcall
#define _cdecl
#define _stdcall
#define _fastcall
#define __ptr32
#define __ptr64
#define __sptr
#define __uptr
#define __w64
#define __unaligned
#define __restrict__ __restrict

/* ---- inlining ---------------------------------------------------------------------------------------------------- */
/* Microsoft's `__inline` in C keeps an out-of-line copy per object, which is what `static` gives here. */
#ifndef __cplusplus
#undef __inline
#define __inline static __inline__ __attribute((unused))
#undef _inline
#define _inline static __inline__ __attribute((unused))
/* Drivers write `static __forceinline` too: no `static` here, and no copy out of line, since every call is expanded. */
#define __forceinline __inline__ __attribute((always_inline, unused))
#define _forceinline __forceinline
#else
#define _inline inline
#define __interface struct
#define __forceinline inline __attribute((always_inline))
#define _forceinline __forceinline
#endif

/* ---- declspec ---------------------------------------------------------------------------------------------------- */
#undef __declspec
#define __declspec(x) __dt_declspec_##x
#define _declspec(x) __dt_declspec_##x
#define __dt_declspec_align(n) __attribute((aligned(n)))
#define __dt_declspec_noreturn __attribute((noreturn))
#define __dt_declspec_noinline __attribute((noinline))
#define __dt_declspec_nothrow __attribute((nothrow))
#define __dt_declspec_selectany __attribute((weak))
#define __dt_declspec_thread __thread
#define __dt_declspec_deprecated __dt_declspec_deprecated_
#define __dt_declspec_deprecated_(...)
#define __dt_declspec_dllimport
#define __dt_declspec_dllexport __attribute((visibility("default")))
#define __dt_declspec_allocate(section)
#ifdef __clang_analyzer__
#define __dt_declspec_code_seg(section) __attribute__((annotate("code_seg(" section ")")))
#else
#define __dt_declspec_code_seg(section)
#endif
#define __dt_declspec_guard(what)
#define __dt_declspec_uuid(text)
#define __dt_declspec_novtable
#define __dt_declspec_restrict
#define __dt_declspec_noalias
#define __dt_declspec_safebuffers
#define __dt_declspec_strict_gs_check
#define __dt_declspec_empty_bases
#define __dt_declspec_intrin_type
#define __dt_declspec_no_sanitize_address

/* ---- compiler words ---------------------------------------------------------------------------------------------- */
#ifdef __clang__
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wbuiltin-macro-redefined"
#endif
#define __pragma(...)
#define __identifier(x) x
#ifdef __clang__
#pragma clang diagnostic pop
#endif
#define __assume(e) ((void)0)
#define __noop(...) ((void)0)
#define __annotation(...)
#define __alignof(x) __alignof__(x)
#define __debugbreak() DbgBreakPoint()
#define __nullterminated
#define __FUNCDNAME__ __func__
#define _ReadWriteBarrier() __asm__ volatile("" ::: "memory")
#define _ReadBarrier() __asm__ volatile("" ::: "memory")
#define _WriteBarrier() __asm__ volatile("" ::: "memory")
#if !defined(__clang__)
#define __FUNCTIONW__ L""
#endif

/* ---- C++ --------------------------------------------------------------------------------------------------------- */
#ifdef __cplusplus
/* What Windows calls _purecall(). In the image itself: the name must not find the library of C++ of a Linux program. */
extern "C" {
__attribute((visibility("default"))) void dt_nt_purecall(void);
__attribute((weak, visibility("hidden"))) void __cxa_pure_virtual(void);
__attribute((weak, visibility("hidden"))) void __cxa_pure_virtual(void)
{
    dt_nt_purecall();
}
}
#endif

/* ---- version of Windows the driver is built for ------------------------------------------------------------------ */
#include <sdkddkver.h>
