/* SPDX-License-Identifier: MIT */
/* Memory blocks and small arithmetic: macros and inlines without a call into the kernel. */
#pragma once

#include <ntdef.h>

EXTERN_C_START

#define RtlEqualMemory(a, b, n) (!__builtin_memcmp((a), (b), (n)))
#define RtlMoveMemory(d, s, n) __builtin_memmove((d), (s), (n))
#define RtlCopyMemory(d, s, n) __builtin_memcpy((d), (s), (n))
#define RtlCopyVolatileMemory(d, s, n) RtlCopyMemory((void *)(d), (const void *)(s), (n))
#define RtlFillMemory(d, n, fill) __builtin_memset((d), (fill), (n))
#define RtlZeroMemory(d, n) __builtin_memset((d), 0, (n))
#define RtlCopyBytes RtlCopyMemory
#define RtlZeroBytes RtlZeroMemory
#define RtlFillBytes RtlFillMemory
#define RtlCopyMemoryNonTemporal RtlCopyMemory
#define CopyMemory RtlCopyMemory
#define MoveMemory RtlMoveMemory
#define FillMemory RtlFillMemory
#define ZeroMemory RtlZeroMemory

/* Number of leading bytes that agree. */
NTSYSAPI SIZE_T RtlCompareMemory(_In_ const VOID *Source1, _In_ const VOID *Source2, _In_ SIZE_T Length);
NTSYSAPI SIZE_T RtlCompareMemoryUlong(_In_ PVOID Source, _In_ SIZE_T Length, _In_ ULONG Pattern);

/* A clear that the compiler may not drop. */
FORCEINLINE PVOID RtlSecureZeroMemory(_Out_writes_bytes_all_(Length) PVOID Destination, _In_ SIZE_T Length)
{
    volatile char *p = (volatile char *)Destination;
    while (Length-- > 0)
        *p++ = 0;
    return Destination;
}

FORCEINLINE VOID RtlFillMemoryUlong(_Out_ PVOID Destination, _In_ SIZE_T Length, _In_ ULONG Pattern)
{
    for (SIZE_T i = 0; i < Length / sizeof(ULONG); i++)
        ((PULONG)Destination)[i] = Pattern;
}

FORCEINLINE VOID RtlFillMemoryUlonglong(_Out_ PVOID Destination, _In_ SIZE_T Length, _In_ ULONGLONG Pattern)
{
    for (SIZE_T i = 0; i < Length / sizeof(ULONGLONG); i++)
        ((PULONGLONG)Destination)[i] = Pattern;
}

FORCEINLINE VOID RtlFillMemoryNonTemporal(_Out_ volatile VOID *Destination, _In_ SIZE_T Length, _In_ UCHAR Value)
{
    for (SIZE_T i = 0; i < Length; i++)
        ((volatile UCHAR *)Destination)[i] = Value;
}

FORCEINLINE BOOLEAN RtlIsZeroMemory(_In_ PVOID Buffer, _In_ SIZE_T Length)
{
    for (SIZE_T i = 0; i < Length; i++)
        if (((PUCHAR)Buffer)[i] != 0)
            return FALSE;
    return TRUE;
}

/* Takes as long for buffers that differ early as for those that differ late. */
FORCEINLINE BOOLEAN RtlConstantTimeEqualMemory(_In_ const VOID *v1, _In_ const VOID *v2, _In_ ULONG len)
{
    const volatile UCHAR *a = (const volatile UCHAR *)v1, *b = (const volatile UCHAR *)v2;
    UCHAR differs = 0;
    for (ULONG i = 0; i < len; i++)
        differs |= a[i] ^ b[i];
    return differs == 0;
}

/* ---- LUIDs ------------------------------------------------------------------------------------------------------- */
FORCEINLINE BOOLEAN RtlEqualLuid(_In_ PLUID L1, _In_ PLUID L2)
{
    return L1->LowPart == L2->LowPart && L1->HighPart == L2->HighPart;
}

FORCEINLINE BOOLEAN RtlIsZeroLuid(_In_ PLUID L1)
{
    return L1->LowPart == 0 && L1->HighPart == 0;
}

FORCEINLINE VOID RtlCopyLuid(_Out_ PLUID DestinationLuid, _In_ PLUID SourceLuid)
{
    *DestinationLuid = *SourceLuid;
}

/* ---- byte order -------------------------------------------------------------------------------------------------- */
#define RtlUshortByteSwap(x) __builtin_bswap16(x)
#define RtlUlongByteSwap(x) __builtin_bswap32(x)
#define RtlUlonglongByteSwap(x) __builtin_bswap64(x)
#define _byteswap_ushort(x) __builtin_bswap16(x)
#define _byteswap_ulong(x) __builtin_bswap32(x)
#define _byteswap_uint64(x) __builtin_bswap64(x)

/* ---- unaligned access -------------------------------------------------------------------------------------------- */
#define RtlStoreUlong(a, v) __builtin_memcpy((a), &(ULONG){(ULONG)(v)}, sizeof(ULONG))
#define RtlStoreUshort(a, v) __builtin_memcpy((a), &(USHORT){(USHORT)(v)}, sizeof(USHORT))
#define RtlStoreUlonglong(a, v) __builtin_memcpy((a), &(ULONGLONG){(ULONGLONG)(v)}, sizeof(ULONGLONG))
#define RtlStoreUlongPtr(a, v) __builtin_memcpy((a), &(ULONG_PTR){(ULONG_PTR)(v)}, sizeof(ULONG_PTR))
#define RtlRetrieveUlong(d, a) __builtin_memcpy((d), (a), sizeof(ULONG))
#define RtlRetrieveUshort(d, a) __builtin_memcpy((d), (a), sizeof(USHORT))

/* ---- alignment and pages ----------------------------------------------------------------------------------------- */
#define ALIGN_DOWN(n, t) ((ULONG)(n) & ~(sizeof(t) - 1))
#define ALIGN_UP(n, t) (ALIGN_DOWN(((ULONG)(n) + sizeof(t) - 1), t))
#define ALIGN_DOWN_BY(n, a) ((ULONG_PTR)(n) & ~((ULONG_PTR)(a)-1))
#define ALIGN_UP_BY(n, a) (ALIGN_DOWN_BY(((ULONG_PTR)(n) + (a)-1), a))
#define ALIGN_DOWN_POINTER_BY(p, a) ((PVOID)ALIGN_DOWN_BY(p, a))
#define ALIGN_UP_POINTER_BY(p, a) ((PVOID)ALIGN_UP_BY(p, a))
#define ALIGN_DOWN_POINTER(p, t) ALIGN_DOWN_POINTER_BY(p, sizeof(t))
#define ALIGN_UP_POINTER(p, t) ALIGN_UP_POINTER_BY(p, sizeof(t))
#define PAGE_SIZE 0x1000
#define PAGE_SHIFT 12
#define PAGE_ALIGN(va) ((PVOID)((ULONG_PTR)(va) & ~(ULONG_PTR)(PAGE_SIZE - 1)))
#define BYTE_OFFSET(va) ((ULONG)((LONG_PTR)(va) & (PAGE_SIZE - 1)))
#define BYTES_TO_PAGES(n) (((n) >> PAGE_SHIFT) + (((n) & (PAGE_SIZE - 1)) != 0))
#define ROUND_TO_PAGES(n) (((ULONG_PTR)(n) + PAGE_SIZE - 1) & ~(ULONG_PTR)(PAGE_SIZE - 1))
#define ROUND_TO_SIZE(n, a) (((n) + ((a)-1)) & ~((a)-1))
#define ADDRESS_AND_SIZE_TO_SPAN_PAGES(va, n) \
    ((BYTE_OFFSET(va) + ((SIZE_T)(n)) + (PAGE_SIZE - 1)) >> PAGE_SHIFT)
#define COMPUTE_PAGES_SPANNED(va, n) ADDRESS_AND_SIZE_TO_SPAN_PAGES(va, n)
#define IS_ALIGNED(p, a) (((ULONG_PTR)(p) & ((a)-1)) == 0)

/* ---- 64-bit arithmetic ------------------------------------------------------------------------------------------- */
FORCEINLINE LARGE_INTEGER RtlConvertLongToLargeInteger(_In_ LONG v)
{
    LARGE_INTEGER r;
    r.QuadPart = v;
    return r;
}
FORCEINLINE LARGE_INTEGER RtlConvertUlongToLargeInteger(_In_ ULONG v)
{
    LARGE_INTEGER r;
    r.QuadPart = v;
    return r;
}
FORCEINLINE LARGE_INTEGER RtlLargeIntegerAdd(_In_ LARGE_INTEGER a, _In_ LARGE_INTEGER b)
{
    a.QuadPart += b.QuadPart;
    return a;
}
FORCEINLINE LARGE_INTEGER RtlLargeIntegerSubtract(_In_ LARGE_INTEGER a, _In_ LARGE_INTEGER b)
{
    a.QuadPart -= b.QuadPart;
    return a;
}
FORCEINLINE LARGE_INTEGER RtlEnlargedIntegerMultiply(_In_ LONG a, _In_ LONG b)
{
    LARGE_INTEGER r;
    r.QuadPart = (LONGLONG)a * b;
    return r;
}
FORCEINLINE LARGE_INTEGER RtlEnlargedUnsignedMultiply(_In_ ULONG a, _In_ ULONG b)
{
    LARGE_INTEGER r;
    r.QuadPart = (LONGLONG)((ULONGLONG)a * b);
    return r;
}
FORCEINLINE LARGE_INTEGER RtlExtendedIntegerMultiply(_In_ LARGE_INTEGER a, _In_ LONG b)
{
    a.QuadPart *= b;
    return a;
}
FORCEINLINE LARGE_INTEGER RtlExtendedLargeIntegerDivide(_In_ LARGE_INTEGER a, _In_ ULONG b, _Out_opt_ PULONG Remainder)
{
    if (Remainder != NULL)
        *Remainder = (ULONG)((ULONGLONG)a.QuadPart % b);
    a.QuadPart = (LONGLONG)((ULONGLONG)a.QuadPart / b);
    return a;
}
/* Division by a constant: multiplied by its scaled reciprocal, upper half, shifted; the sign of the dividend is kept. */
FORCEINLINE LARGE_INTEGER RtlExtendedMagicDivide(_In_ LARGE_INTEGER Dividend, _In_ LARGE_INTEGER MagicDivisor,
                                                 _In_ CCHAR ShiftCount)
{
    ULONGLONG size = Dividend.QuadPart < 0 ? 0 - (ULONGLONG)Dividend.QuadPart : (ULONGLONG)Dividend.QuadPart;
    ULONGLONG high = (ULONGLONG)(((unsigned __int128)size * (ULONGLONG)MagicDivisor.QuadPart) >> 64) >> ShiftCount;
    Dividend.QuadPart = Dividend.QuadPart < 0 ? (LONGLONG)(0 - high) : (LONGLONG)high;
    return Dividend;
}
#define RtlLargeIntegerGreaterThan(x, y) ((x).QuadPart > (y).QuadPart)
#define RtlLargeIntegerLessThan(x, y) ((x).QuadPart < (y).QuadPart)
#define RtlLargeIntegerEqualTo(x, y) ((x).QuadPart == (y).QuadPart)

EXTERN_C_END
