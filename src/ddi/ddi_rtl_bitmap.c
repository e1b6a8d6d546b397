/* SPDX-License-Identifier: MIT */
/* ddi/ddi_rtl_bitmap.c - RTL_BITMAP: bits in ULONGs, lowest first. Pure functions on the caller's memory. */
#include "ddi/ddi.h"
#include "ke/ke.h"

#define NOT_FOUND 0xffffffffu

static bool bit(const RTL_BITMAP *map, ULONG n)
{
    return map->Buffer[n / 32] >> (n % 32) & 1;
}

static void put_bit(PRTL_BITMAP map, ULONG n, bool value)
{
    if (value)
        map->Buffer[n / 32] |= 1u << (n % 32);
    else
        map->Buffer[n / 32] &= ~(1u << (n % 32));
}

static void put_bits(PRTL_BITMAP map, ULONG first, ULONG count, bool value)
{
    for (ULONG i = 0; i < count; i++)
        put_bit(map, first + i, value);
}

/* Bits from `first` on that have the value, at most `most`. */
static ULONG run_length(const RTL_BITMAP *map, ULONG first, ULONG most, bool value)
{
    ULONG n = 0;

    while (n < most && first + n < map->SizeOfBitMap && bit(map, first + n) == value)
        n++;
    return n;
}

/* First index >= from with that value, or the size. */
static ULONG next_with(const RTL_BITMAP *map, ULONG from, bool value)
{
    while (from < map->SizeOfBitMap && bit(map, from) != value)
        from++;
    return from;
}

static bool all(const RTL_BITMAP *map, ULONG first, ULONG count, bool value)
{
    if (count == 0 || first >= map->SizeOfBitMap || count > map->SizeOfBitMap - first)
        return false;
    return run_length(map, first, count, value) == count;
}

static ULONG find_between(const RTL_BITMAP *map, ULONG from, ULONG to, ULONG count, bool value)
{
    while (from < to) {
        ULONG n = run_length(map, from, count, value);

        if (n == count)
            return from;
        from += n ? n : 1;
    }
    return NOT_FOUND;
}

/* From the hint on, then from the start. */
static ULONG find(const RTL_BITMAP *map, ULONG count, ULONG hint, bool value)
{
    if (hint >= map->SizeOfBitMap)
        hint = 0;
    if (count == 0)
        return hint & ~7u;
    ULONG at = find_between(map, hint, map->SizeOfBitMap, count, value);

    return at == NOT_FOUND ? find_between(map, 0, hint, count, value) : at;
}

static ULONG count_set(const RTL_BITMAP *map)
{
    ULONG n = 0;

    for (ULONG i = 0; i < map->SizeOfBitMap; i++)
        n += bit(map, i);
    return n;
}

NTSYSAPI VOID RtlInitializeBitMap(PRTL_BITMAP BitMapHeader, PULONG BitMapBuffer, ULONG SizeOfBitMap)
{
    *BitMapHeader = (RTL_BITMAP){SizeOfBitMap, BitMapBuffer};
}

NTSYSAPI VOID RtlClearBit(PRTL_BITMAP BitMapHeader, ULONG BitNumber)
{
    put_bit(BitMapHeader, BitNumber, false);
}

NTSYSAPI VOID RtlSetBit(PRTL_BITMAP BitMapHeader, ULONG BitNumber)
{
    put_bit(BitMapHeader, BitNumber, true);
}

NTSYSAPI BOOLEAN RtlTestBit(PRTL_BITMAP BitMapHeader, ULONG BitNumber)
{
    return bit(BitMapHeader, BitNumber);
}

NTSYSAPI VOID RtlClearAllBits(PRTL_BITMAP BitMapHeader)
{
    put_bits(BitMapHeader, 0, BitMapHeader->SizeOfBitMap, false);
}

NTSYSAPI VOID RtlSetAllBits(PRTL_BITMAP BitMapHeader)
{
    put_bits(BitMapHeader, 0, BitMapHeader->SizeOfBitMap, true);
}

NTSYSAPI VOID RtlClearBits(PRTL_BITMAP BitMapHeader, ULONG StartingIndex, ULONG NumberToClear)
{
    put_bits(BitMapHeader, StartingIndex, NumberToClear, false);
}

NTSYSAPI VOID RtlSetBits(PRTL_BITMAP BitMapHeader, ULONG StartingIndex, ULONG NumberToSet)
{
    put_bits(BitMapHeader, StartingIndex, NumberToSet, true);
}

NTSYSAPI BOOLEAN RtlAreBitsClear(PRTL_BITMAP BitMapHeader, ULONG StartingIndex, ULONG Length)
{
    return all(BitMapHeader, StartingIndex, Length, false);
}

NTSYSAPI BOOLEAN RtlAreBitsSet(PRTL_BITMAP BitMapHeader, ULONG StartingIndex, ULONG Length)
{
    return all(BitMapHeader, StartingIndex, Length, true);
}

NTSYSAPI ULONG RtlFindClearBits(PRTL_BITMAP BitMapHeader, ULONG NumberToFind, ULONG HintIndex)
{
    return find(BitMapHeader, NumberToFind, HintIndex, false);
}

NTSYSAPI ULONG RtlFindSetBits(PRTL_BITMAP BitMapHeader, ULONG NumberToFind, ULONG HintIndex)
{
    return find(BitMapHeader, NumberToFind, HintIndex, true);
}

NTSYSAPI ULONG RtlFindClearBitsAndSet(PRTL_BITMAP BitMapHeader, ULONG NumberToFind, ULONG HintIndex)
{
    ULONG at = find(BitMapHeader, NumberToFind, HintIndex, false);

    if (at != NOT_FOUND)
        put_bits(BitMapHeader, at, NumberToFind, true);
    return at;
}

NTSYSAPI ULONG RtlFindSetBitsAndClear(PRTL_BITMAP BitMapHeader, ULONG NumberToFind, ULONG HintIndex)
{
    ULONG at = find(BitMapHeader, NumberToFind, HintIndex, true);

    if (at != NOT_FOUND)
        put_bits(BitMapHeader, at, NumberToFind, false);
    return at;
}

/* Into the array sorted by length, longest first; the shortest falls out of a full one. */
static ULONG keep_longest(PRTL_BITMAP_RUN runs, ULONG used, ULONG size, RTL_BITMAP_RUN run)
{
    ULONG at = used;

    while (at > 0 && runs[at - 1].NumberOfBits < run.NumberOfBits)
        at--;
    if (at == size)
        return used;
    for (ULONG i = used < size ? used : size - 1; i > at; i--)
        runs[i] = runs[i - 1];
    runs[at] = run;
    return used < size ? used + 1 : used;
}

NTSYSAPI ULONG RtlFindClearRuns(
    PRTL_BITMAP BitMapHeader, PRTL_BITMAP_RUN RunArray, ULONG SizeOfRunArray, BOOLEAN LocateLongestRuns)
{
    ULONG used = 0, from = next_with(BitMapHeader, 0, false);

    while (from < BitMapHeader->SizeOfBitMap && SizeOfRunArray && (LocateLongestRuns || used < SizeOfRunArray)) {
        RTL_BITMAP_RUN run = {from, run_length(BitMapHeader, from, BitMapHeader->SizeOfBitMap, false)};

        if (LocateLongestRuns)
            used = keep_longest(RunArray, used, SizeOfRunArray, run);
        else
            RunArray[used++] = run;
        from = next_with(BitMapHeader, from + run.NumberOfBits, false);
    }
    return used;
}

NTSYSAPI ULONG RtlFindNextForwardRunClear(PRTL_BITMAP BitMapHeader, ULONG FromIndex, PULONG StartingRunIndex)
{
    *StartingRunIndex = next_with(BitMapHeader, FromIndex, false);
    return run_length(BitMapHeader, *StartingRunIndex, BitMapHeader->SizeOfBitMap, false);
}

NTSYSAPI ULONG RtlFindFirstRunClear(PRTL_BITMAP BitMapHeader, PULONG StartingIndex)
{
    return RtlFindNextForwardRunClear(BitMapHeader, 0, StartingIndex);
}

NTSYSAPI ULONG RtlFindLastBackwardRunClear(PRTL_BITMAP BitMapHeader, ULONG FromIndex, PULONG StartingRunIndex)
{
    ULONG end = FromIndex + 1, n = 0;

    while (end > 0 && bit(BitMapHeader, end - 1))
        end--;
    while (n < end && !bit(BitMapHeader, end - 1 - n))
        n++;
    *StartingRunIndex = end - n;
    return n;
}

static ULONG longest(PRTL_BITMAP map, bool value, PULONG start)
{
    ULONG best = 0;

    *start = 0;
    for (ULONG from = next_with(map, 0, value), n; from < map->SizeOfBitMap; from = next_with(map, from + n, value)) {
        n = run_length(map, from, map->SizeOfBitMap, value);
        if (n > best) {
            best = n;
            *start = from;
        }
    }
    return best;
}

NTSYSAPI ULONG RtlFindLongestRunClear(PRTL_BITMAP BitMapHeader, PULONG StartingIndex)
{
    return longest(BitMapHeader, false, StartingIndex);
}

NTSYSAPI ULONG RtlFindLongestRunSet(PRTL_BITMAP BitMapHeader, PULONG StartingIndex)
{
    return longest(BitMapHeader, true, StartingIndex);
}

NTSYSAPI ULONG RtlNumberOfSetBits(PRTL_BITMAP BitMapHeader)
{
    return count_set(BitMapHeader);
}

NTSYSAPI ULONG RtlNumberOfClearBits(PRTL_BITMAP BitMapHeader)
{
    return BitMapHeader->SizeOfBitMap - count_set(BitMapHeader);
}

NTSYSAPI ULONG RtlNumberOfSetBitsUlongPtr(ULONG_PTR Target)
{
    return (ULONG)__builtin_popcountll(Target);
}

NTSYSAPI CCHAR RtlFindLeastSignificantBit(ULONGLONG Set)
{
    return (CCHAR)(Set ? __builtin_ctzll(Set) : -1);
}

NTSYSAPI CCHAR RtlFindMostSignificantBit(ULONGLONG Set)
{
    return (CCHAR)(Set ? 63 - __builtin_clzll(Set) : -1);
}
