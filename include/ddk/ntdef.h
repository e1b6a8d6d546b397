/* SPDX-License-Identifier: MIT */
/*
 * Fundamental NT types. LONG is 32 bits although Linux' long is 64; wchar_t is 16 bits, so every file that sees this
 * header is compiled with -fshort-wchar (checked below).
 */
#pragma once

#include <basetsd.h>
#include <excpt.h>
#include <guiddef.h>
#include <sal.h>
#include <sdkddkver.h>

/* ---- language glue ----------------------------------------------------------------------------------------------- */
#ifdef __cplusplus
#define EXTERN_C_START extern "C" {
#define EXTERN_C_END }
#define FORCEINLINE inline __attribute((always_inline))
#define CFORCEINLINE FORCEINLINE
#define DT_STATIC_ASSERT(e, text) static_assert(e, text)
#else
#define EXTERN_C_START
#define EXTERN_C_END
#define FORCEINLINE static __inline__ __attribute((always_inline, unused))
#define CFORCEINLINE FORCEINLINE
#define DT_STATIC_ASSERT(e, text) _Static_assert(e, text)
#endif
#define C_ASSERT(e) typedef char __C_ASSERT__[(e) ? 1 : -1] __attribute((unused))
#ifndef STATIC_ASSERT
#define STATIC_ASSERT(e) C_ASSERT(e)
#endif

#define NTAPI /* one ABI: System V */
#define FASTCALL
#define NTAPI_INLINE
#define NTSYSAPI DT_EXPORT
#define NTSYSCALLAPI DT_EXPORT
#define NTKERNELAPI DT_EXPORT
#define NTHALAPI DT_EXPORT
/* Exported by the machine library, which is compiled with -fvisibility=hidden; a no-op for a driver, which only refers. */
#define DT_EXPORT __attribute((visibility("default")))
#ifndef DECLSPEC_IMPORT
#define DECLSPEC_IMPORT
#endif
#ifndef DECLSPEC_EXPORT
#define DECLSPEC_EXPORT DT_EXPORT
#endif
#define DECLSPEC_NORETURN __attribute((noreturn))
#define DECLSPEC_ALIGN(n) __attribute((aligned(n)))
#define DECLSPEC_CACHEALIGN DECLSPEC_ALIGN(64)
#define SYSTEM_CACHE_ALIGNMENT_SIZE 64
#define DECLSPEC_NOINLINE __attribute((noinline))
#define DECLSPEC_NOTHROW __attribute((nothrow))
#define DECLSPEC_DEPRECATED
#define DECLSPEC_DEPRECATED_DDK
#define DECLSPEC_ADDRSAFE
#define DECLSPEC_NOINITALL
#define DECLSPEC_GUARDNOCF
#define DECLSPEC_UUID(x)
#define DECLSPEC_NOVTABLE
#define UNALIGNED
#define UNALIGNED64
#define RESTRICTED_POINTER __restrict
#define POINTER_ALIGNMENT DECLSPEC_ALIGN(8)
#define PROBE_ALIGNMENT(s) (__alignof__(ULONG))
#define TYPE_ALIGNMENT(t) ((LONG)__alignof__(t))
#define MEMORY_ALLOCATION_ALIGNMENT 16
#define MAX_NATURAL_ALIGNMENT 8
#define DUMMYUNIONNAME
#define DUMMYUNIONNAME2
#define DUMMYUNIONNAME3
#define DUMMYUNIONNAME4
#define DUMMYUNIONNAME5
#define DUMMYUNIONNAME6
#define DUMMYUNIONNAME7
#define DUMMYUNIONNAME8
#define DUMMYUNIONNAME9
#define DUMMYSTRUCTNAME
#define DUMMYSTRUCTNAME2
#define DUMMYSTRUCTNAME3
#define DUMMYSTRUCTNAME4
#define DUMMYSTRUCTNAME5

#ifndef NULL
#ifdef __cplusplus
#define NULL __null
#else
#define NULL ((void *)0)
#endif
#endif
#define NULL64 ((VOID * POINTER_64)0)
#define POINTER_64
#define POINTER_32
#ifndef CONST
#define CONST const
#endif
#ifndef IN
#define IN
#define OUT
#define OPTIONAL
#endif
#define CRITICAL
#ifndef FALSE
#define FALSE 0
#endif
#ifndef TRUE
#define TRUE 1
#endif
#define ANYSIZE_ARRAY 1

/* ---- scalars ----------------------------------------------------------------------------------------------------- */
#ifndef VOID
#define VOID void
#endif
typedef void *PVOID, *LPVOID;
typedef void *PVOID64;
typedef char CHAR, *PCHAR, *LPCH, *PCH, CCHAR, *PCCHAR;
typedef const char *LPCCH, *PCCH;
typedef short SHORT, *PSHORT, CSHORT, *PCSHORT;
typedef int LONG, *PLONG, INT, *PINT;
typedef unsigned char UCHAR, *PUCHAR, BYTE, *PBYTE;
typedef unsigned short USHORT, *PUSHORT, WORD, *PWORD;
typedef unsigned int ULONG, *PULONG, CLONG, *PCLONG, UINT, *PUINT, DWORD, *PDWORD;
typedef int BOOL, *PBOOL;
typedef UCHAR BOOLEAN, *PBOOLEAN, FCHAR;
typedef ULONG FLONG, LOGICAL, *PLOGICAL;
typedef long long LONGLONG, *PLONGLONG;
typedef unsigned long long ULONGLONG, *PULONGLONG, DWORDLONG, *PDWORDLONG;
typedef float FLOAT;
typedef double DOUBLE;
typedef LONGLONG USN;
typedef const UCHAR *PCUCHAR;
typedef const USHORT *PCUSHORT;
typedef const ULONG *PCULONG;

#ifndef __cplusplus
typedef __WCHAR_TYPE__ wchar_t;
#endif
typedef __SIZE_TYPE__ size_t;
typedef __PTRDIFF_TYPE__ ptrdiff_t;
typedef __INTPTR_TYPE__ intptr_t;
typedef __UINTPTR_TYPE__ uintptr_t;
typedef wchar_t WCHAR, *PWCHAR, *LPWCH, *PWCH;
typedef const wchar_t *LPCWCH, *PCWCH;
typedef _Null_terminated_ WCHAR *NWPSTR, *LPWSTR, *PWSTR;
typedef _Null_terminated_ PWSTR *PZPWSTR;
typedef _Null_terminated_ const WCHAR *LPCWSTR, *PCWSTR;
typedef _Null_terminated_ const WCHAR *LPCUWSTR, *PCUWSTR;
typedef _NullNull_terminated_ WCHAR *PZZWSTR;
typedef _NullNull_terminated_ const WCHAR *PCZZWSTR;
typedef const WCHAR *PCNZWCH;
typedef WCHAR *PNZWCH;
typedef _Null_terminated_ CHAR *NPSTR, *LPSTR, *PSTR, *PSZ;
typedef _Null_terminated_ PSTR *PZPSTR;
typedef CHAR                   *PZZSTR; /* strings one after the other, the last one empty */
typedef _Null_terminated_ const CHAR *LPCSTR, *PCSTR, *PCSZ;
typedef const CHAR *PCNZCH;
typedef CHAR *PNZCH;

typedef void *HANDLE, **PHANDLE;
#define DECLARE_HANDLE(name) typedef struct name##__ *name

typedef _Return_type_success_(return >= 0) LONG NTSTATUS;
typedef NTSTATUS *PNTSTATUS;
typedef LONG HRESULT;
typedef UCHAR KIRQL, *PKIRQL;
typedef CCHAR KPROCESSOR_MODE;
typedef LONG KPRIORITY;
typedef ULONG ACCESS_MASK, *PACCESS_MASK;
typedef ULONG LCID, *PLCID;
typedef USHORT LANGID;

#define NT_SUCCESS(s) (((NTSTATUS)(s)) >= 0)
#define NT_INFORMATION(s) ((((ULONG)(s)) >> 30) == 1)
#define NT_WARNING(s) ((((ULONG)(s)) >> 30) == 2)
#define NT_ERROR(s) ((((ULONG)(s)) >> 30) == 3)
#define APPLICATION_ERROR_MASK 0x20000000
#define ERROR_SEVERITY_SUCCESS 0x00000000
#define ERROR_SEVERITY_INFORMATIONAL 0x40000000
#define ERROR_SEVERITY_WARNING 0x80000000
#define ERROR_SEVERITY_ERROR 0xC0000000

#define MINCHAR 0x80
#define MAXCHAR 0x7f
#define MINSHORT 0x8000
#define MAXSHORT 0x7fff
#define MINLONG 0x80000000
#define MAXLONG 0x7fffffff
#define MAXUCHAR 0xff
#define MAXUSHORT 0xffff
#define MAXULONG 0xffffffff
#define MAXDWORD 0xffffffff
#define MAXLONGLONG 0x7fffffffffffffffLL

/* ---- 64-bit integers with halves --------------------------------------------------------------------------------- */
typedef union _LARGE_INTEGER {
    struct {
        ULONG LowPart;
        LONG HighPart;
    };
    struct {
        ULONG LowPart;
        LONG HighPart;
    } u;
    LONGLONG QuadPart;
} LARGE_INTEGER, *PLARGE_INTEGER;

typedef union _ULARGE_INTEGER {
    struct {
        ULONG LowPart;
        ULONG HighPart;
    };
    struct {
        ULONG LowPart;
        ULONG HighPart;
    } u;
    ULONGLONG QuadPart;
} ULARGE_INTEGER, *PULARGE_INTEGER;

typedef LARGE_INTEGER PHYSICAL_ADDRESS, *PPHYSICAL_ADDRESS;
typedef const LARGE_INTEGER *PCLARGE_INTEGER;

typedef struct _LUID {
    ULONG LowPart;
    LONG HighPart;
} LUID, *PLUID;

typedef struct _QUAD {
    union {
        LONGLONG UseThisFieldToCopy;
        double DoNotUseThisField;
    };
} QUAD, *PQUAD;

typedef struct DECLSPEC_ALIGN(16) _M128A {
    ULONGLONG Low;
    LONGLONG High;
} M128A, *PM128A;

/* ---- lists ------------------------------------------------------------------------------------------------------- */
typedef struct _LIST_ENTRY {
    struct _LIST_ENTRY *Flink;
    struct _LIST_ENTRY *Blink;
} LIST_ENTRY, *PLIST_ENTRY, *RESTRICTED_POINTER PRLIST_ENTRY;

typedef struct _SINGLE_LIST_ENTRY {
    struct _SINGLE_LIST_ENTRY *Next;
} SINGLE_LIST_ENTRY, *PSINGLE_LIST_ENTRY;

typedef struct LIST_ENTRY32 {
    ULONG Flink;
    ULONG Blink;
} LIST_ENTRY32, *PLIST_ENTRY32;

typedef struct LIST_ENTRY64 {
    ULONGLONG Flink;
    ULONGLONG Blink;
} LIST_ENTRY64, *PLIST_ENTRY64;

typedef struct DECLSPEC_ALIGN(16) _SLIST_ENTRY {
    struct _SLIST_ENTRY *Next;
} SLIST_ENTRY, *PSLIST_ENTRY;

typedef union DECLSPEC_ALIGN(16) _SLIST_HEADER {
    struct {
        ULONGLONG Alignment;
        ULONGLONG Region;
    };
    struct {
        ULONGLONG Depth : 16;
        ULONGLONG Sequence : 48;
        ULONGLONG Reserved : 4;
        ULONGLONG NextEntry : 60; /* the low four bits of the address are always zero */
    } HeaderX64;
} SLIST_HEADER, *PSLIST_HEADER;

/* ---- counted strings --------------------------------------------------------------------------------------------- */
typedef struct _UNICODE_STRING {
    USHORT Length; /* bytes, without the terminator */
    USHORT MaximumLength;
    PWCH Buffer;
} UNICODE_STRING, *PUNICODE_STRING;
typedef const UNICODE_STRING *PCUNICODE_STRING;

typedef struct _STRING {
    USHORT Length;
    USHORT MaximumLength;
    PCHAR Buffer;
} STRING, *PSTRING, ANSI_STRING, *PANSI_STRING, OEM_STRING, *POEM_STRING, UTF8_STRING, *PUTF8_STRING;
typedef const STRING *PCSTRING, *PCANSI_STRING, *PCOEM_STRING, *PCUTF8_STRING;

typedef struct _CSTRING {
    USHORT Length;
    USHORT MaximumLength;
    const char *Buffer;
} CSTRING, *PCCSTRING;
#define UNICODE_NULL ((WCHAR)0)
#define ANSI_NULL ((CHAR)0)
#define UNICODE_STRING_MAX_BYTES ((USHORT)65534)
#define UNICODE_STRING_MAX_CHARS 32767

#define RTL_CONSTANT_STRING(s) {sizeof(s) - sizeof((s)[0]), sizeof(s), (s)}
#define DECLARE_CONST_UNICODE_STRING(var, text)                                    \
    const WCHAR var##_buffer[] = text;                                             \
    const UNICODE_STRING var = {sizeof(text) - sizeof(WCHAR), sizeof(text), (PWCH)var##_buffer}
#define DECLARE_GLOBAL_CONST_UNICODE_STRING(var, text) \
    extern const UNICODE_STRING var;                   \
    const DECLSPEC_SELECTANY UNICODE_STRING var = RTL_CONSTANT_STRING((PWCH)text)
#define DECLARE_UNICODE_STRING_SIZE(var, size) \
    WCHAR var##_buffer[size];                  \
    UNICODE_STRING var = {0, (size) * sizeof(WCHAR), var##_buffer}

/* ---- objects ----------------------------------------------------------------------------------------------------- */
typedef struct _OBJECT_ATTRIBUTES {
    ULONG Length;
    HANDLE RootDirectory;
    PUNICODE_STRING ObjectName;
    ULONG Attributes;
    PVOID SecurityDescriptor;
    PVOID SecurityQualityOfService;
} OBJECT_ATTRIBUTES, *POBJECT_ATTRIBUTES;
typedef const OBJECT_ATTRIBUTES *PCOBJECT_ATTRIBUTES;

#define OBJ_INHERIT 0x00000002
#define OBJ_PERMANENT 0x00000010
#define OBJ_EXCLUSIVE 0x00000020
#define OBJ_CASE_INSENSITIVE 0x00000040
#define OBJ_OPENIF 0x00000080
#define OBJ_OPENLINK 0x00000100
#define OBJ_KERNEL_HANDLE 0x00000200
#define OBJ_FORCE_ACCESS_CHECK 0x00000400
#define OBJ_IGNORE_IMPERSONATED_DEVICEMAP 0x00000800
#define OBJ_DONT_REPARSE 0x00001000
#define OBJ_VALID_ATTRIBUTES 0x00001FF2

#define InitializeObjectAttributes(p, n, a, r, s)     \
    do {                                              \
        (p)->Length = sizeof(OBJECT_ATTRIBUTES);      \
        (p)->RootDirectory = (r);                     \
        (p)->Attributes = (a);                        \
        (p)->ObjectName = (n);                        \
        (p)->SecurityDescriptor = (s);                \
        (p)->SecurityQualityOfService = NULL;         \
    } while (0)
#define RTL_CONSTANT_OBJECT_ATTRIBUTES(n, a) {sizeof(OBJECT_ATTRIBUTES), NULL, (PUNICODE_STRING)(n), (a), NULL, NULL}

typedef enum _EVENT_TYPE { NotificationEvent, SynchronizationEvent } EVENT_TYPE;
typedef enum _TIMER_TYPE { NotificationTimer, SynchronizationTimer } TIMER_TYPE;
typedef enum _WAIT_TYPE { WaitAll, WaitAny, WaitNotification, WaitDequeue, WaitDpc } WAIT_TYPE;
typedef enum _NT_PRODUCT_TYPE { NtProductWinNt = 1, NtProductLanManNt, NtProductServer } NT_PRODUCT_TYPE;
typedef enum _SUITE_TYPE { SmallBusiness, Enterprise, BackOffice, CommunicationServer, TerminalServer } SUITE_TYPE;

typedef struct _PROCESSOR_NUMBER {
    USHORT Group;
    UCHAR Number;
    UCHAR Reserved;
} PROCESSOR_NUMBER, *PPROCESSOR_NUMBER;

typedef struct _GROUP_AFFINITY {
    KAFFINITY Mask;
    USHORT Group;
    USHORT Reserved[3];
} GROUP_AFFINITY, *PGROUP_AFFINITY;
#define ALL_PROCESSOR_GROUPS 0xffff
#define MAXIMUM_PROC_PER_GROUP 64

/* ---- macros over types ------------------------------------------------------------------------------------------- */
#define ARGUMENT_PRESENT(p) ((CHAR *)((ULONG_PTR)(p)) != (CHAR *)(NULL))
#define UNREFERENCED_PARAMETER(p) ((void)(p))
#define DBG_UNREFERENCED_PARAMETER(p) ((void)(p))
#define DBG_UNREFERENCED_LOCAL_VARIABLE(v) ((void)(v))
#define FIELD_OFFSET(t, f) ((LONG)__builtin_offsetof(t, f))
#define UFIELD_OFFSET(t, f) ((ULONG)__builtin_offsetof(t, f))
#ifndef offsetof
#define offsetof(t, f) __builtin_offsetof(t, f)
#endif
#define CONTAINING_RECORD(address, type, field) \
    ((type *)((PCHAR)(address) - (ULONG_PTR)__builtin_offsetof(type, field)))
#define RTL_FIELD_SIZE(t, f) (sizeof(((t *)0)->f))
#define RTL_FIELD_TYPE(t, f) __typeof__(((t *)0)->f)
#define RTL_SIZEOF_THROUGH_FIELD(t, f) (FIELD_OFFSET(t, f) + RTL_FIELD_SIZE(t, f))
#define RTL_CONTAINS_FIELD(s, size, f) ((((PCHAR)(&(s)->f)) + sizeof((s)->f)) <= (((PCHAR)(s)) + (size)))
#define RTL_NUMBER_OF_V1(a) (sizeof(a) / sizeof((a)[0]))
#define RTL_NUMBER_OF_V2(a) RTL_NUMBER_OF_V1(a)
#define RTL_NUMBER_OF(a) RTL_NUMBER_OF_V1(a)
#define ARRAYSIZE(a) RTL_NUMBER_OF_V1(a)
#define _ARRAYSIZE(a) RTL_NUMBER_OF_V1(a)
#define RTL_NUMBER_OF_FIELD(t, f) RTL_NUMBER_OF(RTL_FIELD_TYPE(t, f))
#define RTL_BITS_OF(x) (sizeof(x) * 8)
#define RTL_PTR_ADD(p, n) ((PVOID)(((ULONG_PTR)(p)) + (ULONG_PTR)(n)))
#define RTL_PTR_SUBTRACT(p, n) ((PVOID)(((ULONG_PTR)(p)) - (ULONG_PTR)(n)))
#define Add2Ptr(p, n) RTL_PTR_ADD(p, n)
#define Int32x32To64(a, b) (((LONGLONG)((LONG)(a))) * ((LONGLONG)((LONG)(b))))
#define UInt32x32To64(a, b) (((ULONGLONG)((ULONG)(a))) * ((ULONGLONG)((ULONG)(b))))
#define Int64ShllMod32(a, b) ((ULONGLONG)(a) << (b))
#define Int64ShraMod32(a, b) ((LONGLONG)(a) >> (b))
#define Int64ShrlMod32(a, b) ((ULONGLONG)(a) >> (b))

#define DEFINE_ENUM_FLAG_OPERATORS(t)

DT_STATIC_ASSERT(sizeof(WCHAR) == 2, "compile with -fshort-wchar");
DT_STATIC_ASSERT(sizeof(LONG) == 4 && sizeof(LONGLONG) == 8 && sizeof(PVOID) == 8, "LLP64 types");
DT_STATIC_ASSERT(sizeof(UNICODE_STRING) == 16, "UNICODE_STRING");
DT_STATIC_ASSERT(sizeof(SLIST_HEADER) == 16, "SLIST_HEADER");
DT_STATIC_ASSERT(sizeof(OBJECT_ATTRIBUTES) == 48, "OBJECT_ATTRIBUTES");
DT_STATIC_ASSERT(sizeof(GUID) == 16 && sizeof(GROUP_AFFINITY) == 16, "GUID, GROUP_AFFINITY");
