/* SPDX-License-Identifier: MIT */
/*
 * Integer arithmetic and conversions that report overflow: STATUS_INTEGER_OVERFLOW, and a result of all ones for unsigned
 * types (the most negative value for signed ones), as Microsoft's header leaves it.
 */
#pragma once

#include <ntdef.h>
#include <ntstatus.h>

#define DT_INT_OP(name, type, error, builtin)                                          \
    FORCEINLINE NTSTATUS name(_In_ type a, _In_ type b, _Out_ type *result)            \
    {                                                                                  \
        if (!builtin(a, b, result))                                                    \
            return STATUS_SUCCESS;                                                     \
        *result = (type)(error);                                                       \
        return STATUS_INTEGER_OVERFLOW;                                                \
    }
#define DT_INT_OPS(word, type, error)                                                  \
    DT_INT_OP(Rtl##word##Add, type, error, __builtin_add_overflow)                     \
    DT_INT_OP(Rtl##word##Sub, type, error, __builtin_sub_overflow)                     \
    DT_INT_OP(Rtl##word##Mult, type, error, __builtin_mul_overflow)
DT_INT_OPS(UInt8, UINT8, ~0)
DT_INT_OPS(UShort, USHORT, ~0)
DT_INT_OPS(UInt, UINT, ~0)
DT_INT_OPS(ULong, ULONG, ~0)
DT_INT_OPS(ULongLong, ULONGLONG, ~0LL)
DT_INT_OPS(UIntPtr, UINT_PTR, ~0LL)
DT_INT_OPS(ULongPtr, ULONG_PTR, ~0LL)
DT_INT_OPS(SizeT, SIZE_T, ~0LL)
DT_INT_OPS(Int, INT, MINLONG)
DT_INT_OPS(Long, LONG, MINLONG)
DT_INT_OPS(LongLong, LONGLONG, (1ULL << 63))
DT_INT_OPS(SSIZET, SSIZE_T, (1ULL << 63))
#define RtlDWordAdd RtlULongAdd
#define RtlDWordSub RtlULongSub
#define RtlDWordMult RtlULongMult
#define RtlUINTAdd RtlUIntAdd
#define RtlULong64Add RtlULongLongAdd
#define RtlULong64Sub RtlULongLongSub
#define RtlULong64Mult RtlULongLongMult

#define DT_INT_CONVERT(from_word, from, to_word, to, error)                            \
    FORCEINLINE NTSTATUS Rtl##from_word##To##to_word(_In_ from value, _Out_ to *result) \
    {                                                                                  \
        if (!__builtin_add_overflow(value, (from)0, result))                           \
            return STATUS_SUCCESS;                                                     \
        *result = (to)(error);                                                         \
        return STATUS_INTEGER_OVERFLOW;                                                \
    }
#define DT_INT_FROM(from_word, from)                                                   \
    DT_INT_CONVERT(from_word, from, UChar, UCHAR, ~0)                                  \
    DT_INT_CONVERT(from_word, from, UShort, USHORT, ~0)                                \
    DT_INT_CONVERT(from_word, from, Short, SHORT, MINSHORT)                            \
    DT_INT_CONVERT(from_word, from, UInt, UINT, ~0)                                    \
    DT_INT_CONVERT(from_word, from, Int, INT, MINLONG)
DT_INT_FROM(Int, INT)
DT_INT_FROM(Long, LONG)
DT_INT_FROM(ULong, ULONG)
DT_INT_FROM(LongLong, LONGLONG)
DT_INT_FROM(ULongLong, ULONGLONG)
DT_INT_FROM(SizeT, SIZE_T)
DT_INT_FROM(ULongPtr, ULONG_PTR)
DT_INT_CONVERT(Int, INT, ULong, ULONG, ~0)
DT_INT_CONVERT(Long, LONG, ULong, ULONG, ~0)
DT_INT_CONVERT(ULong, ULONG, Long, LONG, MINLONG)
DT_INT_CONVERT(LongLong, LONGLONG, ULong, ULONG, ~0)
DT_INT_CONVERT(LongLong, LONGLONG, Long, LONG, MINLONG)
DT_INT_CONVERT(LongLong, LONGLONG, ULongLong, ULONGLONG, ~0LL)
DT_INT_CONVERT(ULongLong, ULONGLONG, ULong, ULONG, ~0)
DT_INT_CONVERT(ULongLong, ULONGLONG, Long, LONG, MINLONG)
DT_INT_CONVERT(ULongLong, ULONGLONG, LongLong, LONGLONG, (1ULL << 63))
DT_INT_CONVERT(ULongLong, ULONGLONG, SizeT, SIZE_T, ~0LL)
DT_INT_CONVERT(SizeT, SIZE_T, ULong, ULONG, ~0)
DT_INT_CONVERT(SizeT, SIZE_T, Long, LONG, MINLONG)
DT_INT_CONVERT(ULongPtr, ULONG_PTR, ULong, ULONG, ~0)
