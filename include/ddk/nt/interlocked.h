/* SPDX-License-Identifier: MIT */
/*
 * Interlocked operations, barriers and device registers. Each announces itself to the machine and is then one
 * sequentially consistent compiler builtin; the weaker Acquire, Release and NoFence forms are no weaker here, so no
 * interleaving that x64 hardware forbids is ever shown.
 */
#pragma once

#include <nt/hooks.h>

/* ---- generators: op(name, width suffix, type) -------------------------------------------------------------------- */
#define DT_ILK_RMW(name, type, builtin)                                                             \
    FORCEINLINE type name(_Inout_ _Interlocked_operand_ type volatile *Target, _In_ type Value)      \
    {                                                                                               \
        dt_hook_atomic(Target, sizeof(type));                                                       \
        return builtin(Target, Value, __ATOMIC_SEQ_CST);                                            \
    }
#define DT_ILK_STEP(name, type, builtin)                                                            \
    FORCEINLINE type name(_Inout_ _Interlocked_operand_ type volatile *Addend)                      \
    {                                                                                               \
        dt_hook_atomic(Addend, sizeof(type));                                                       \
        return builtin(Addend, 1, __ATOMIC_SEQ_CST);                                                \
    }
#define DT_ILK_CAS(name, type)                                                                      \
    FORCEINLINE type name(_Inout_ _Interlocked_operand_ type volatile *Destination, _In_ type Exchange, \
                          _In_ type Comparand)                                                      \
    {                                                                                               \
        type seen = Comparand;                                                                      \
        dt_hook_atomic(Destination, sizeof(type));                                                  \
        __atomic_compare_exchange_n(Destination, &seen, Exchange, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST); \
        return seen;                                                                                \
    }
/* One order word of one width. */
#define DT_ILK_FORMS(order, width, type)                                                            \
    DT_ILK_STEP(InterlockedIncrement##order##width, type, __atomic_add_fetch)                       \
    DT_ILK_STEP(InterlockedDecrement##order##width, type, __atomic_sub_fetch)                       \
    DT_ILK_RMW(InterlockedExchange##order##width, type, __atomic_exchange_n)                        \
    DT_ILK_RMW(InterlockedExchangeAdd##order##width, type, __atomic_fetch_add)                      \
    DT_ILK_RMW(InterlockedAdd##order##width, type, __atomic_add_fetch)                              \
    DT_ILK_RMW(InterlockedAnd##order##width, type, __atomic_fetch_and)                              \
    DT_ILK_RMW(InterlockedOr##order##width, type, __atomic_fetch_or)                                \
    DT_ILK_RMW(InterlockedXor##order##width, type, __atomic_fetch_xor)                              \
    DT_ILK_CAS(InterlockedCompareExchange##order##width, type)
#define DT_ILK_WIDTH(width, type)                                                                   \
    DT_ILK_FORMS(, width, type)                                                                     \
    DT_ILK_FORMS(Acquire, width, type)                                                              \
    DT_ILK_FORMS(Release, width, type)                                                              \
    DT_ILK_FORMS(NoFence, width, type)

DT_ILK_WIDTH(, LONG)
DT_ILK_WIDTH(8, CHAR)
DT_ILK_WIDTH(16, SHORT)
DT_ILK_WIDTH(64, LONG64)

/* ---- pointers ---------------------------------------------------------------------------------------------------- */
#define DT_ILK_POINTER(order)                                                                       \
    FORCEINLINE PVOID InterlockedExchangePointer##order(_Inout_ _Interlocked_operand_ PVOID volatile *Target, \
                                                        _In_opt_ PVOID Value)                       \
    {                                                                                               \
        dt_hook_atomic(Target, sizeof(PVOID));                                                      \
        return __atomic_exchange_n(Target, Value, __ATOMIC_SEQ_CST);                                \
    }                                                                                               \
    FORCEINLINE PVOID InterlockedCompareExchangePointer##order(                                     \
        _Inout_ _Interlocked_operand_ PVOID volatile *Destination, _In_opt_ PVOID Exchange, _In_opt_ PVOID Comparand) \
    {                                                                                               \
        PVOID seen = Comparand;                                                                     \
        dt_hook_atomic(Destination, sizeof(PVOID));                                                 \
        __atomic_compare_exchange_n(Destination, &seen, Exchange, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST); \
        return seen;                                                                                \
    }
DT_ILK_POINTER()
DT_ILK_POINTER(Acquire)
DT_ILK_POINTER(Release)
DT_ILK_POINTER(NoFence)

/* Drivers hand over pointers to pointers of any type, as the SDK's macros let them. */
#ifndef __cplusplus
#define InterlockedExchangePointer(t, v) InterlockedExchangePointer((PVOID volatile *)(t), (PVOID)(v))
#define InterlockedCompareExchangePointer(t, v, c) \
    InterlockedCompareExchangePointer((PVOID volatile *)(t), (PVOID)(v), (PVOID)(c))
#endif

/* ---- single bits ------------------------------------------------------------------------------------------------- */
#define DT_ILK_BIT(name, type, bits, builtin, mask)                                                 \
    FORCEINLINE UCHAR name(_Inout_ _Interlocked_operand_ type volatile *Base, _In_ type Bit)         \
    {                                                                                               \
        type volatile *word = Base + Bit / (bits);                                                  \
        type one = (type)((__UINT64_TYPE__)1 << (Bit & ((bits)-1)));                                \
        dt_hook_atomic(word, sizeof(type));                                                         \
        return (builtin(word, mask, __ATOMIC_SEQ_CST) & one) != 0;                                  \
    }
DT_ILK_BIT(InterlockedBitTestAndSet, LONG, 32, __atomic_fetch_or, one)
DT_ILK_BIT(InterlockedBitTestAndReset, LONG, 32, __atomic_fetch_and, ~one)
DT_ILK_BIT(InterlockedBitTestAndComplement, LONG, 32, __atomic_fetch_xor, one)
DT_ILK_BIT(InterlockedBitTestAndSet64, LONG64, 64, __atomic_fetch_or, one)
DT_ILK_BIT(InterlockedBitTestAndReset64, LONG64, 64, __atomic_fetch_and, ~one)
DT_ILK_BIT(InterlockedBitTestAndComplement64, LONG64, 64, __atomic_fetch_xor, one)

/* ---- other spellings --------------------------------------------------------------------------------------------- */
#define InterlockedExchangeAddSizeT(a, b) InterlockedExchangeAdd64((LONG64 *)(a), (LONG64)(b))
#define InterlockedIncrementSizeT(a) InterlockedIncrement64((LONG64 *)(a))
#define InterlockedDecrementSizeT(a) InterlockedDecrement64((LONG64 *)(a))
#define InterlockedAddPtr(a, b) InterlockedAdd64((LONG64 *)(a), (LONG64)(b))
#define RtlInterlockedSetBits(f, m) InterlockedOr((LONG volatile *)(f), (LONG)(m))
#define RtlInterlockedSetBitsDiscardReturn(f, m) ((void)RtlInterlockedSetBits(f, m))
#define RtlInterlockedAndBits(f, m) InterlockedAnd((LONG volatile *)(f), (LONG)(m))
#define RtlInterlockedAndBitsDiscardReturn(f, m) ((void)RtlInterlockedAndBits(f, m))
#define RtlInterlockedClearBits(f, m) InterlockedAnd((LONG volatile *)(f), ~(LONG)(m))
#define RtlInterlockedClearBitsDiscardReturn(f, m) ((void)RtlInterlockedClearBits(f, m))
#define RtlInterlockedXorBits(f, m) InterlockedXor((LONG volatile *)(f), (LONG)(m))
#define ExInterlockedIncrementLong(a, lock) InterlockedIncrement(a)
#define ExInterlockedDecrementLong(a, lock) InterlockedDecrement(a)
#define ExInterlockedExchangeUlong(t, v, lock) InterlockedExchange((PLONG)(t), (LONG)(v))
#define ExInterlockedCompareExchange64(d, e, c, lock) InterlockedCompareExchange64(d, *(e), *(c))
#define _InterlockedIncrement InterlockedIncrement
#define _InterlockedDecrement InterlockedDecrement
#define _InterlockedExchange InterlockedExchange
#define _InterlockedExchange64 InterlockedExchange64
#define _InterlockedExchangeAdd InterlockedExchangeAdd
#define _InterlockedExchangeAdd64 InterlockedExchangeAdd64
#define _InterlockedCompareExchange InterlockedCompareExchange
#define _InterlockedCompareExchange64 InterlockedCompareExchange64
#define _InterlockedExchangePointer InterlockedExchangePointer
#define _InterlockedCompareExchangePointer InterlockedCompareExchangePointer
#define _InterlockedAnd InterlockedAnd
#define _InterlockedOr InterlockedOr
#define _InterlockedXor InterlockedXor
#define _InterlockedIncrement64 InterlockedIncrement64
#define _InterlockedDecrement64 InterlockedDecrement64

/* ---- 16 bytes and bits of 8 -------------------------------------------------------------------------------------- */
/* Destination is aligned to 16 bytes. What was seen goes to ComparandResult: 1 says that it was exchanged. */
FORCEINLINE UCHAR InterlockedCompareExchange128(_Inout_updates_(2) LONG64 volatile *Destination, _In_ LONG64 ExchangeHigh,
                                                _In_ LONG64 ExchangeLow, _Inout_updates_(2) LONG64 *ComparandResult)
{
    UCHAR done;
    dt_hook_atomic(Destination, 2 * sizeof(LONG64));
    __asm__ volatile("lock cmpxchg16b %1\n\tsete %0"
                     : "=q"(done), "+m"(*(LONG64 volatile(*)[2])Destination), "+a"(ComparandResult[0]),
                       "+d"(ComparandResult[1])
                     : "b"(ExchangeLow), "c"(ExchangeHigh)
                     : "cc", "memory");
    return done;
}

FORCEINLINE BOOLEAN _BitTest64(_In_ const LONG64 *Base, _In_ LONG64 Index)
{
    return (BOOLEAN)(Base[Index >> 6] >> (Index & 63) & 1);
}
#define DT_ILK_BIT64(name, expression)                                                              \
    FORCEINLINE BOOLEAN name(_Inout_ LONG64 *Base, _In_ LONG64 Index)                               \
    {                                                                                               \
        LONG64 *word = Base + (Index >> 6), mask = (LONG64)(1ull << (Index & 63));                  \
        BOOLEAN was = (*word & mask) != 0;                                                          \
        *word = expression;                                                                         \
        return was;                                                                                 \
    }
DT_ILK_BIT64(_BitTestAndSet64, *word | mask)
DT_ILK_BIT64(_BitTestAndReset64, *word & ~mask)
DT_ILK_BIT64(_BitTestAndComplement64, *word ^ mask)
#define BitTest64 _BitTest64
#define BitTestAndSet64 _BitTestAndSet64
#define BitTestAndReset64 _BitTestAndReset64
#define BitTestAndComplement64 _BitTestAndComplement64

/* ---- barriers ---------------------------------------------------------------------------------------------------- */
FORCEINLINE void KeMemoryBarrier(void)
{
    dt_hook_atomic(NULL, 0);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}
#define MemoryBarrier() KeMemoryBarrier()
#define KeMemoryBarrierWithoutFence() __asm__ volatile("" ::: "memory")
#define FastFence MemoryBarrier
#define LoadFence MemoryBarrier
#define StoreFence MemoryBarrier
#define BarrierAfterRead KeMemoryBarrierWithoutFence
#define YieldProcessor() dt_hook_spin()

/* ---- plain accesses with an order: ReadAcquire, WriteULong64NoFence, ... ----------------------------------------- */
#define DT_ILK_READ(order, word, type)                                                              \
    FORCEINLINE type Read##word##order(_In_ type const volatile *Source)                            \
    {                                                                                               \
        dt_hook_atomic(Source, sizeof(type));                                                       \
        return __atomic_load_n(Source, __ATOMIC_SEQ_CST);                                           \
    }
#define DT_ILK_WRITE(order, word, type)                                                             \
    FORCEINLINE void Write##word##order(_Out_ type volatile *Destination, _In_ type Value)          \
    {                                                                                               \
        dt_hook_atomic(Destination, sizeof(type));                                                  \
        __atomic_store_n(Destination, Value, __ATOMIC_SEQ_CST);                                     \
    }
#define DT_ILK_ACCESSES(word, type)                                                                 \
    DT_ILK_READ(Acquire, word, type)                                                                \
    DT_ILK_READ(NoFence, word, type)                                                                \
    DT_ILK_READ(Raw, word, type)                                                                    \
    DT_ILK_WRITE(Release, word, type)                                                               \
    DT_ILK_WRITE(NoFence, word, type)                                                               \
    DT_ILK_WRITE(Raw, word, type)

typedef PVOID DT_POINTER;
DT_ILK_ACCESSES(, LONG)
DT_ILK_ACCESSES(64_, LONG64)
DT_ILK_ACCESSES(Char, CHAR)
DT_ILK_ACCESSES(UChar, UCHAR)
DT_ILK_ACCESSES(Short, SHORT)
DT_ILK_ACCESSES(UShort, USHORT)
DT_ILK_ACCESSES(ULong, ULONG)
DT_ILK_ACCESSES(ULong64_, ULONG64)
DT_ILK_ACCESSES(Pointer, DT_POINTER)
DT_ILK_ACCESSES(Boolean, BOOLEAN)
DT_ILK_ACCESSES(Int32, INT32)
DT_ILK_ACCESSES(UInt32, UINT32)
#define ReadAcquire64 Read64_Acquire
#define ReadNoFence64 Read64_NoFence
#define ReadRaw64 Read64_Raw
#define WriteRelease64 Write64_Release
#define WriteNoFence64 Write64_NoFence
#define WriteRaw64 Write64_Raw
#define ReadULong64Acquire ReadULong64_Acquire
#define ReadULong64NoFence ReadULong64_NoFence
#define ReadULong64Raw ReadULong64_Raw
#define WriteULong64Release WriteULong64_Release
#define WriteULong64NoFence WriteULong64_NoFence
#define WriteULong64Raw WriteULong64_Raw
#define ReadLongAcquire ReadAcquire
#define ReadLongNoFence ReadNoFence
#define WriteLongRelease WriteRelease
#define WriteLongNoFence WriteNoFence

/* ---- device registers -------------------------------------------------------------------------------------------- */
#define DT_REGISTER(word, type)                                                                     \
    FORCEINLINE type READ_REGISTER_##word(_In_ type const volatile *Register)                       \
    {                                                                                               \
        dt_hook_atomic(Register, sizeof(type));                                                     \
        return __atomic_load_n(Register, __ATOMIC_SEQ_CST);                                         \
    }                                                                                               \
    FORCEINLINE void WRITE_REGISTER_##word(_Out_ type volatile *Register, _In_ type Value)          \
    {                                                                                               \
        dt_hook_atomic(Register, sizeof(type));                                                     \
        __atomic_store_n(Register, Value, __ATOMIC_SEQ_CST);                                        \
    }                                                                                               \
    FORCEINLINE void READ_REGISTER_BUFFER_##word(_In_ type const volatile *Register, _Out_ type *Buffer, _In_ ULONG Count) \
    {                                                                                               \
        for (ULONG i = 0; i < Count; i++) Buffer[i] = READ_REGISTER_##word(Register + i);           \
    }                                                                                               \
    FORCEINLINE void WRITE_REGISTER_BUFFER_##word(_Out_ type volatile *Register, _In_ type const *Buffer, _In_ ULONG Count) \
    {                                                                                               \
        for (ULONG i = 0; i < Count; i++) WRITE_REGISTER_##word(Register + i, Buffer[i]);           \
    }
DT_REGISTER(UCHAR, UCHAR)
DT_REGISTER(USHORT, USHORT)
DT_REGISTER(ULONG, ULONG)
DT_REGISTER(ULONG64, ULONG64)
