/* SPDX-License-Identifier: MIT */
/* Run-time library: counted strings, time fields, bitmaps, versions. */
#pragma once

#include <nt/ex_types.h>
#include <nt/rtl_memory.h>

EXTERN_C_START

/* ---- counted strings --------------------------------------------------------------------------------------------- */
NTSYSAPI VOID RtlInitUnicodeString(_Out_ PUNICODE_STRING DestinationString, _In_opt_z_ PCWSTR SourceString);
NTSYSAPI NTSTATUS RtlInitUnicodeStringEx(_Out_ PUNICODE_STRING DestinationString, _In_opt_z_ PCWSTR SourceString);
NTSYSAPI VOID RtlInitAnsiString(_Out_ PANSI_STRING DestinationString, _In_opt_z_ PCSZ SourceString);
NTSYSAPI VOID RtlInitString(_Out_ PSTRING DestinationString, _In_opt_z_ PCSZ SourceString);
NTSYSAPI VOID RtlInitUTF8String(_Out_ PUTF8_STRING DestinationString, _In_opt_z_ PCSZ SourceString);
NTSYSAPI VOID RtlCopyUnicodeString(_Inout_ PUNICODE_STRING DestinationString, _In_opt_ PCUNICODE_STRING SourceString);
NTSYSAPI VOID RtlCopyString(_Inout_ PSTRING DestinationString, _In_opt_ const STRING *SourceString);
NTSYSAPI NTSTATUS RtlAppendUnicodeToString(_Inout_ PUNICODE_STRING Destination, _In_opt_z_ PCWSTR Source);
NTSYSAPI NTSTATUS RtlAppendUnicodeStringToString(_Inout_ PUNICODE_STRING Destination, _In_ PCUNICODE_STRING Source);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTSYSAPI LONG RtlCompareUnicodeString(_In_ PCUNICODE_STRING String1, _In_ PCUNICODE_STRING String2,
                                      _In_ BOOLEAN CaseInSensitive);
NTSYSAPI LONG RtlCompareUnicodeStrings(_In_reads_(String1Length) PCWCH String1, _In_ SIZE_T String1Length,
                                       _In_reads_(String2Length) PCWCH String2, _In_ SIZE_T String2Length,
                                       _In_ BOOLEAN CaseInSensitive);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTSYSAPI BOOLEAN RtlEqualUnicodeString(_In_ PCUNICODE_STRING String1, _In_ PCUNICODE_STRING String2,
                                       _In_ BOOLEAN CaseInSensitive);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTSYSAPI BOOLEAN RtlPrefixUnicodeString(_In_ PCUNICODE_STRING String1, _In_ PCUNICODE_STRING String2,
                                        _In_ BOOLEAN CaseInSensitive);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTSYSAPI LONG RtlCompareString(_In_ const STRING *String1, _In_ const STRING *String2, _In_ BOOLEAN CaseInSensitive);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTSYSAPI BOOLEAN RtlEqualString(_In_ const STRING *String1, _In_ const STRING *String2, _In_ BOOLEAN CaseInSensitive);
_IRQL_requires_max_(APC_LEVEL)
NTSYSAPI BOOLEAN RtlPrefixString(_In_ const STRING *String1, _In_ const STRING *String2, _In_ BOOLEAN CaseInSensitive);
_IRQL_requires_max_(APC_LEVEL)
NTSYSAPI VOID RtlUpperString(_Inout_ PSTRING DestinationString, _In_ const STRING *SourceString);
_IRQL_requires_max_(APC_LEVEL)
NTSYSAPI CHAR RtlUpperChar(_In_ CHAR Character);
_IRQL_requires_max_(APC_LEVEL)
NTSYSAPI WCHAR RtlUpcaseUnicodeChar(_In_ WCHAR SourceCharacter);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTSYSAPI WCHAR RtlDowncaseUnicodeChar(_In_ WCHAR SourceCharacter);
_IRQL_requires_max_(APC_LEVEL)
NTSYSAPI NTSTATUS RtlUpcaseUnicodeString(_Inout_ PUNICODE_STRING DestinationString, _In_ PCUNICODE_STRING SourceString,
                                         _In_ BOOLEAN AllocateDestinationString);
_IRQL_requires_max_(APC_LEVEL)
NTSYSAPI NTSTATUS RtlDowncaseUnicodeString(_Inout_ PUNICODE_STRING DestinationString,
                                           _In_ PCUNICODE_STRING SourceString, _In_ BOOLEAN AllocateDestinationString);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTSYSAPI NTSTATUS RtlAnsiStringToUnicodeString(_Inout_ PUNICODE_STRING DestinationString,
                                               _In_ PCANSI_STRING SourceString,
                                               _In_ BOOLEAN AllocateDestinationString);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTSYSAPI NTSTATUS RtlUnicodeStringToAnsiString(_Inout_ PANSI_STRING DestinationString,
                                               _In_ PCUNICODE_STRING SourceString,
                                               _In_ BOOLEAN AllocateDestinationString);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTSYSAPI NTSTATUS RtlUnicodeStringToInteger(_In_ PCUNICODE_STRING String, _In_opt_ ULONG Base, _Out_ PULONG Value);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTSYSAPI NTSTATUS RtlIntegerToUnicodeString(_In_ ULONG Value, _In_opt_ ULONG Base, _Inout_ PUNICODE_STRING String);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTSYSAPI NTSTATUS RtlInt64ToUnicodeString(_In_ ULONGLONG Value, _In_opt_ ULONG Base, _Inout_ PUNICODE_STRING String);
_IRQL_requires_max_(APC_LEVEL)
NTSYSAPI NTSTATUS RtlHashUnicodeString(_In_ PCUNICODE_STRING String, _In_ BOOLEAN CaseInSensitive,
                                       _In_ ULONG HashAlgorithm, _Out_ PULONG HashValue);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTSYSAPI NTSTATUS RtlDuplicateUnicodeString(_In_ ULONG Flags, _In_ PCUNICODE_STRING StringIn,
                                            _Out_ PUNICODE_STRING StringOut);
_IRQL_requires_max_(APC_LEVEL)
NTSYSAPI VOID RtlFreeUnicodeString(_Inout_ PUNICODE_STRING UnicodeString);
_IRQL_requires_max_(APC_LEVEL)
NTSYSAPI VOID RtlFreeAnsiString(_Inout_ PANSI_STRING AnsiString);
_IRQL_requires_max_(APC_LEVEL)
NTSYSAPI NTSTATUS RtlOemStringToUnicodeString(_Inout_ PUNICODE_STRING DestinationString, _In_ PCOEM_STRING SourceString,
                                              _In_ BOOLEAN AllocateDestinationString);
_IRQL_requires_max_(APC_LEVEL)
NTSYSAPI NTSTATUS RtlUnicodeStringToOemString(_Inout_ POEM_STRING DestinationString, _In_ PCUNICODE_STRING SourceString,
                                              _In_ BOOLEAN AllocateDestinationString);
_IRQL_requires_max_(APC_LEVEL)
NTSYSAPI NTSTATUS RtlOemStringToCountedUnicodeString(_Inout_ PUNICODE_STRING DestinationString,
                                                     _In_ PCOEM_STRING SourceString,
                                                     _In_ BOOLEAN AllocateDestinationString);
_IRQL_requires_max_(APC_LEVEL)
NTSYSAPI NTSTATUS RtlUnicodeStringToCountedOemString(_Inout_ POEM_STRING DestinationString,
                                                     _In_ PCUNICODE_STRING SourceString,
                                                     _In_ BOOLEAN AllocateDestinationString);
_IRQL_requires_max_(APC_LEVEL)
NTSYSAPI NTSTATUS RtlUpcaseUnicodeStringToCountedOemString(_Inout_ POEM_STRING DestinationString,
                                                           _In_ PCUNICODE_STRING SourceString,
                                                           _In_ BOOLEAN AllocateDestinationString);
_IRQL_requires_max_(APC_LEVEL)
NTSYSAPI VOID RtlFreeOemString(_Inout_ POEM_STRING OemString);
_IRQL_requires_max_(APC_LEVEL)
NTSYSAPI NTSTATUS RtlOemToUnicodeN(_Out_ PWCH UnicodeString, _In_ ULONG MaxBytesInUnicodeString,
                                   _Out_opt_ PULONG BytesInUnicodeString, _In_ PCCH OemString,
                                   _In_ ULONG BytesInOemString);
NTSYSAPI ULONG RtlxOemStringToUnicodeSize(_In_ PCOEM_STRING OemString);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTSYSAPI ULONG RtlxAnsiStringToUnicodeSize(_In_ PCANSI_STRING AnsiString);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTSYSAPI ULONG RtlxUnicodeStringToAnsiSize(_In_ PCUNICODE_STRING UnicodeString);
_IRQL_requires_max_(APC_LEVEL)
NTSYSAPI NTSTATUS RtlUnicodeToMultiByteN(_Out_ PCHAR MultiByteString, _In_ ULONG MaxBytesInMultiByteString,
                                         _Out_opt_ PULONG BytesInMultiByteString, _In_ PCWCH UnicodeString,
                                         _In_ ULONG BytesInUnicodeString);
_IRQL_requires_max_(APC_LEVEL)
NTSYSAPI NTSTATUS RtlMultiByteToUnicodeN(_Out_ PWCH UnicodeString, _In_ ULONG MaxBytesInUnicodeString,
                                         _Out_opt_ PULONG BytesInUnicodeString, _In_ const CHAR *MultiByteString,
                                         _In_ ULONG BytesInMultiByteString);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTSYSAPI NTSTATUS RtlUTF8ToUnicodeN(_Out_ PWSTR UnicodeStringDestination, _In_ ULONG UnicodeStringMaxByteCount,
                                    _Out_ PULONG UnicodeStringActualByteCount, _In_ PCCH UTF8StringSource,
                                    _In_ ULONG UTF8StringByteCount);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTSYSAPI NTSTATUS RtlUnicodeToUTF8N(_Out_ PCHAR UTF8StringDestination, _In_ ULONG UTF8StringMaxByteCount,
                                    _Out_ PULONG UTF8StringActualByteCount, _In_ PCWCH UnicodeStringSource,
                                    _In_ ULONG UnicodeStringByteCount);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTSYSAPI NTSTATUS RtlGUIDFromString(_In_ PCUNICODE_STRING GuidString, _Out_ GUID *Guid);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTSYSAPI NTSTATUS RtlStringFromGUID(_In_ REFGUID Guid, _Out_ PUNICODE_STRING GuidString);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTSYSAPI NTSTATUS RtlCharToInteger(_In_z_ PCSZ String, _In_opt_ ULONG Base, _Out_ PULONG Value);

NTSYSAPI ULONG RtlxUnicodeStringToOemSize(_In_ PCUNICODE_STRING UnicodeString);
_IRQL_requires_max_(APC_LEVEL)
NTSYSAPI NTSTATUS RtlUpcaseUnicodeStringToOemString(_Inout_ POEM_STRING DestinationString,
                                                    _In_ PCUNICODE_STRING SourceString,
                                                    _In_ BOOLEAN AllocateDestinationString);
_IRQL_requires_max_(APC_LEVEL)
NTSYSAPI NTSTATUS RtlUnicodeToOemN(_Out_ PCHAR OemString, _In_ ULONG MaxBytesInOemString,
                                   _Out_opt_ PULONG BytesInOemString, _In_ PCWCH UnicodeString,
                                   _In_ ULONG BytesInUnicodeString);
_IRQL_requires_max_(APC_LEVEL)
NTSYSAPI NTSTATUS RtlUpcaseUnicodeToOemN(_Out_ PCHAR OemString, _In_ ULONG MaxBytesInOemString,
                                         _Out_opt_ PULONG BytesInOemString, _In_ PCWCH UnicodeString,
                                         _In_ ULONG BytesInUnicodeString);
_IRQL_requires_max_(APC_LEVEL)
NTSYSAPI NTSTATUS RtlUpcaseUnicodeToMultiByteN(_Out_ PCHAR MultiByteString, _In_ ULONG MaxBytesInMultiByteString,
                                               _Out_opt_ PULONG BytesInMultiByteString, _In_ PCWCH UnicodeString,
                                               _In_ ULONG BytesInUnicodeString);
_IRQL_requires_max_(APC_LEVEL)
NTSYSAPI NTSTATUS RtlMultiByteToUnicodeSize(_Out_ PULONG BytesInUnicodeString, _In_ const CHAR *MultiByteString,
                                            _In_ ULONG BytesInMultiByteString);
_IRQL_requires_max_(APC_LEVEL)
NTSYSAPI NTSTATUS RtlUnicodeToMultiByteSize(_Out_ PULONG BytesInMultiByteString, _In_ PCWCH UnicodeString,
                                            _In_ ULONG BytesInUnicodeString);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTSYSAPI BOOLEAN RtlIsValidOemCharacter(_Inout_ PWCHAR Char);
NTSYSAPI NTSTATUS RtlInitStringEx(_Out_ PSTRING DestinationString, _In_opt_z_ PCSZ SourceString);
_IRQL_requires_max_(DISPATCH_LEVEL)
NTSYSAPI NTSTATUS RtlInitUTF8StringEx(_Out_ PUTF8_STRING DestinationString, _In_opt_z_ PCSZ SourceString);
_IRQL_requires_max_(APC_LEVEL)
NTSYSAPI NTSTATUS RtlAppendStringToString(_Inout_ PSTRING Destination, _In_ const STRING *Source);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTSYSAPI BOOLEAN RtlCreateUnicodeString(_Out_ PUNICODE_STRING DestinationString, _In_z_ PCWSTR SourceString);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTSYSAPI NTSTATUS RtlUnicodeStringToUTF8String(_Inout_ PUTF8_STRING DestinationString,
                                               _In_ PCUNICODE_STRING SourceString,
                                               _In_ BOOLEAN AllocateDestinationString);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTSYSAPI NTSTATUS RtlUTF8StringToUnicodeString(_Inout_ PUNICODE_STRING DestinationString,
                                               _In_ PUTF8_STRING SourceString,
                                               _In_ BOOLEAN AllocateDestinationString);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTSYSAPI VOID RtlFreeUTF8String(_Inout_ PUTF8_STRING Utf8String);

#define RtlOemStringToUnicodeSize(s) RtlxOemStringToUnicodeSize(s)
#define RtlOemStringToCountedUnicodeSize(s) ((ULONG)(RtlOemStringToUnicodeSize(s) - sizeof(UNICODE_NULL)))
#define RtlUnicodeStringToOemSize(s) RtlxUnicodeStringToOemSize(s)
#define RtlUnicodeStringToCountedOemSize(s) ((ULONG)(RtlUnicodeStringToOemSize(s) - sizeof(ANSI_NULL)))
#define RtlAnsiStringToUnicodeSize(s) RtlxAnsiStringToUnicodeSize(s)
#define RtlUnicodeStringToAnsiSize(s) RtlxUnicodeStringToAnsiSize(s)
#define RtlIntPtrToUnicodeString(value, base, string) RtlInt64ToUnicodeString((ULONGLONG)(value), base, string)
#define HASH_STRING_ALGORITHM_DEFAULT 0
#define HASH_STRING_ALGORITHM_X65599 1
#define RTL_GUID_STRING_SIZE 38

FORCEINLINE VOID RtlInitEmptyUnicodeString(_Out_ PUNICODE_STRING UnicodeString, _In_opt_ PWCHAR Buffer,
                                           _In_ USHORT BufferSize)
{
    UnicodeString->Length = 0;
    UnicodeString->MaximumLength = BufferSize;
    UnicodeString->Buffer = Buffer;
}

/* What lies behind the text is zeroed. */
FORCEINLINE VOID RtlSanitizeUnicodeStringPadding(_Inout_ PUNICODE_STRING String)
{
    for (USHORT i = String->Length; i < String->MaximumLength; i++)
        ((PUCHAR)String->Buffer)[i] = 0;
}

FORCEINLINE VOID RtlInitEmptyAnsiString(_Out_ PANSI_STRING AnsiString, _In_opt_ PCHAR Buffer, _In_ USHORT BufferSize)
{
    AnsiString->Length = 0;
    AnsiString->MaximumLength = BufferSize;
    AnsiString->Buffer = Buffer;
}

/* ---- time -------------------------------------------------------------------------------------------------------- */
NTSYSAPI VOID RtlTimeToTimeFields(_In_ PLARGE_INTEGER Time, _Out_ PTIME_FIELDS TimeFields);
NTSYSAPI BOOLEAN RtlTimeFieldsToTime(_In_ PTIME_FIELDS TimeFields, _Out_ PLARGE_INTEGER Time);

_IRQL_requires_max_(APC_LEVEL)
NTSYSAPI BOOLEAN RtlTimeToSecondsSince1970(_In_ PLARGE_INTEGER Time, _Out_ PULONG ElapsedSeconds);
_IRQL_requires_max_(APC_LEVEL)
NTSYSAPI BOOLEAN RtlTimeToSecondsSince1980(_In_ PLARGE_INTEGER Time, _Out_ PULONG ElapsedSeconds);
_IRQL_requires_max_(APC_LEVEL)
NTSYSAPI VOID RtlSecondsSince1970ToTime(_In_ ULONG ElapsedSeconds, _Out_ PLARGE_INTEGER Time);
_IRQL_requires_max_(APC_LEVEL)
NTSYSAPI VOID RtlSecondsSince1980ToTime(_In_ ULONG ElapsedSeconds, _Out_ PLARGE_INTEGER Time);

/* ---- random ------------------------------------------------------------------------------------------------------ */
_IRQL_requires_max_(APC_LEVEL)
NTSYSAPI ULONG RtlRandom(_Inout_ PULONG Seed);
_IRQL_requires_max_(APC_LEVEL)
NTSYSAPI ULONG RtlRandomEx(_Inout_ PULONG Seed);

/* ---- one-time initialization ------------------------------------------------------------------------------------- */
typedef union _RTL_RUN_ONCE {
    PVOID Ptr;
} RTL_RUN_ONCE, *PRTL_RUN_ONCE;

typedef ULONG RTL_RUN_ONCE_INIT_FN(_Inout_ PRTL_RUN_ONCE RunOnce, _Inout_opt_ PVOID Parameter,
                                   _Inout_opt_ PVOID *Context);
typedef RTL_RUN_ONCE_INIT_FN *PRTL_RUN_ONCE_INIT_FN;

#define RTL_RUN_ONCE_INIT {0}
#define RTL_RUN_ONCE_CHECK_ONLY 0x00000001
#define RTL_RUN_ONCE_ASYNC 0x00000002
#define RTL_RUN_ONCE_INIT_FAILED 0x00000004
#define RTL_RUN_ONCE_CTX_RESERVED_BITS 2

NTSYSAPI VOID RtlRunOnceInitialize(_Out_ PRTL_RUN_ONCE RunOnce);
NTSYSAPI NTSTATUS RtlRunOnceBeginInitialize(_Inout_ PRTL_RUN_ONCE RunOnce, _In_ ULONG Flags, _Outptr_opt_ PVOID *Context);
NTSYSAPI NTSTATUS RtlRunOnceComplete(_Inout_ PRTL_RUN_ONCE RunOnce, _In_ ULONG Flags, _In_opt_ PVOID Context);
NTSYSAPI NTSTATUS RtlRunOnceExecuteOnce(_Inout_ PRTL_RUN_ONCE RunOnce, _In_ PRTL_RUN_ONCE_INIT_FN InitFn,
                                        _Inout_opt_ PVOID Parameter, _Outptr_opt_ PVOID *Context);

/* ---- bitmaps ----------------------------------------------------------------------------------------------------- */
typedef struct _RTL_BITMAP {
    ULONG SizeOfBitMap; /* bits */
    PULONG Buffer;
} RTL_BITMAP, *PRTL_BITMAP;

typedef struct _RTL_BITMAP_RUN {
    ULONG StartingIndex;
    ULONG NumberOfBits;
} RTL_BITMAP_RUN, *PRTL_BITMAP_RUN;

NTSYSAPI VOID RtlInitializeBitMap(_Out_ PRTL_BITMAP BitMapHeader, _In_opt_ PULONG BitMapBuffer,
                                  _In_opt_ ULONG SizeOfBitMap);
NTSYSAPI VOID RtlClearBit(_In_ PRTL_BITMAP BitMapHeader, _In_ ULONG BitNumber);
NTSYSAPI VOID RtlSetBit(_In_ PRTL_BITMAP BitMapHeader, _In_ ULONG BitNumber);
NTSYSAPI BOOLEAN RtlTestBit(_In_ PRTL_BITMAP BitMapHeader, _In_ ULONG BitNumber);
NTSYSAPI VOID RtlClearAllBits(_In_ PRTL_BITMAP BitMapHeader);
NTSYSAPI VOID RtlSetAllBits(_In_ PRTL_BITMAP BitMapHeader);
NTSYSAPI VOID RtlClearBits(_In_ PRTL_BITMAP BitMapHeader, _In_ ULONG StartingIndex, _In_ ULONG NumberToClear);
NTSYSAPI VOID RtlSetBits(_In_ PRTL_BITMAP BitMapHeader, _In_ ULONG StartingIndex, _In_ ULONG NumberToSet);
NTSYSAPI BOOLEAN RtlAreBitsClear(_In_ PRTL_BITMAP BitMapHeader, _In_ ULONG StartingIndex, _In_ ULONG Length);
NTSYSAPI BOOLEAN RtlAreBitsSet(_In_ PRTL_BITMAP BitMapHeader, _In_ ULONG StartingIndex, _In_ ULONG Length);
NTSYSAPI ULONG RtlFindClearBits(_In_ PRTL_BITMAP BitMapHeader, _In_ ULONG NumberToFind, _In_ ULONG HintIndex);
NTSYSAPI ULONG RtlFindSetBits(_In_ PRTL_BITMAP BitMapHeader, _In_ ULONG NumberToFind, _In_ ULONG HintIndex);
NTSYSAPI ULONG RtlFindClearBitsAndSet(_In_ PRTL_BITMAP BitMapHeader, _In_ ULONG NumberToFind, _In_ ULONG HintIndex);
NTSYSAPI ULONG RtlFindSetBitsAndClear(_In_ PRTL_BITMAP BitMapHeader, _In_ ULONG NumberToFind, _In_ ULONG HintIndex);
NTSYSAPI ULONG RtlFindClearRuns(_In_ PRTL_BITMAP BitMapHeader, _Out_ PRTL_BITMAP_RUN RunArray,
                                _In_ ULONG SizeOfRunArray, _In_ BOOLEAN LocateLongestRuns);
NTSYSAPI ULONG RtlFindNextForwardRunClear(_In_ PRTL_BITMAP BitMapHeader, _In_ ULONG FromIndex,
                                          _Out_ PULONG StartingRunIndex);
NTSYSAPI ULONG RtlFindFirstRunClear(_In_ PRTL_BITMAP BitMapHeader, _Out_ PULONG StartingIndex);
NTSYSAPI ULONG RtlFindLastBackwardRunClear(_In_ PRTL_BITMAP BitMapHeader, _In_ ULONG FromIndex,
                                           _Out_ PULONG StartingRunIndex);
NTSYSAPI ULONG RtlFindLongestRunClear(_In_ PRTL_BITMAP BitMapHeader, _Out_ PULONG StartingIndex);
NTSYSAPI ULONG RtlFindLongestRunSet(_In_ PRTL_BITMAP BitMapHeader, _Out_ PULONG StartingIndex);
NTSYSAPI ULONG RtlNumberOfSetBits(_In_ PRTL_BITMAP BitMapHeader);
NTSYSAPI ULONG RtlNumberOfClearBits(_In_ PRTL_BITMAP BitMapHeader);
NTSYSAPI ULONG RtlNumberOfSetBitsUlongPtr(_In_ ULONG_PTR Target);
NTSYSAPI CCHAR RtlFindLeastSignificantBit(_In_ ULONGLONG Set);
NTSYSAPI CCHAR RtlFindMostSignificantBit(_In_ ULONGLONG Set);
#define RtlCheckBit(b, n) ((((b)->Buffer)[(n) / 32] >> ((n) % 32)) & 0x1)

FORCEINLINE BOOLEAN BitTest(_In_ const LONG *Base, _In_ LONG Bit)
{
    return (Base[Bit >> 5] >> (Bit & 31)) & 1;
}

FORCEINLINE BOOLEAN BitScanForward(_Out_ ULONG *Index, _In_ ULONG Mask)
{
    if (Mask != 0)
        *Index = (ULONG)__builtin_ctz(Mask);
    return Mask != 0;
}

FORCEINLINE BOOLEAN BitScanReverse(_Out_ ULONG *Index, _In_ ULONG Mask)
{
    if (Mask != 0)
        *Index = 31u - (ULONG)__builtin_clz(Mask);
    return Mask != 0;
}

FORCEINLINE BOOLEAN BitScanForward64(_Out_ ULONG *Index, _In_ ULONG64 Mask)
{
    if (Mask != 0)
        *Index = (ULONG)__builtin_ctzll(Mask);
    return Mask != 0;
}

FORCEINLINE BOOLEAN BitScanReverse64(_Out_ ULONG *Index, _In_ ULONG64 Mask)
{
    if (Mask != 0)
        *Index = 63u - (ULONG)__builtin_clzll(Mask);
    return Mask != 0;
}
#define _BitScanForward BitScanForward
#define _BitScanReverse BitScanReverse
#define _BitScanForward64 BitScanForward64
#define _BitScanReverse64 BitScanReverse64

/* ---- versions ---------------------------------------------------------------------------------------------------- */
#define VER_EQUAL 1
#define VER_GREATER 2
#define VER_GREATER_EQUAL 3
#define VER_LESS 4
#define VER_LESS_EQUAL 5
#define VER_AND 6
#define VER_OR 7
#define VER_MINORVERSION 0x0000001
#define VER_MAJORVERSION 0x0000002
#define VER_BUILDNUMBER 0x0000004
#define VER_PLATFORMID 0x0000008
#define VER_SERVICEPACKMINOR 0x0000010
#define VER_SERVICEPACKMAJOR 0x0000020
#define VER_SUITENAME 0x0000040
#define VER_PRODUCT_TYPE 0x0000080
#define VER_NT_WORKSTATION 0x0000001

FORCEINLINE ULONGLONG VerSetConditionMask(_In_ ULONGLONG ConditionMask, _In_ ULONG TypeMask, _In_ UCHAR Condition)
{
    return ConditionMask | ((ULONGLONG)(Condition & 7) << (3 * __builtin_ctz(TypeMask | 0x80)));
}
#define VER_SET_CONDITION(mask, type, condition) ((mask) = VerSetConditionMask((mask), (type), (condition)))

typedef struct _OSVERSIONINFOW {
    ULONG dwOSVersionInfoSize;
    ULONG dwMajorVersion;
    ULONG dwMinorVersion;
    ULONG dwBuildNumber;
    ULONG dwPlatformId;
    WCHAR szCSDVersion[128];
} OSVERSIONINFOW, *POSVERSIONINFOW, RTL_OSVERSIONINFOW, *PRTL_OSVERSIONINFOW;

typedef struct _OSVERSIONINFOEXW {
    ULONG dwOSVersionInfoSize;
    ULONG dwMajorVersion;
    ULONG dwMinorVersion;
    ULONG dwBuildNumber;
    ULONG dwPlatformId;
    WCHAR szCSDVersion[128];
    USHORT wServicePackMajor;
    USHORT wServicePackMinor;
    USHORT wSuiteMask;
    UCHAR wProductType;
    UCHAR wReserved;
} OSVERSIONINFOEXW, *POSVERSIONINFOEXW, RTL_OSVERSIONINFOEXW, *PRTL_OSVERSIONINFOEXW;

_IRQL_requires_max_(PASSIVE_LEVEL)
NTSYSAPI NTSTATUS RtlGetVersion(_Out_ PRTL_OSVERSIONINFOW lpVersionInformation);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTSYSAPI NTSTATUS RtlVerifyVersionInfo(_In_ PRTL_OSVERSIONINFOEXW VersionInfo, _In_ ULONG TypeMask,
                                       _In_ ULONGLONG ConditionMask);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTSYSAPI BOOLEAN RtlIsServicePackVersionInstalled(_In_ ULONG Version);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTSYSAPI BOOLEAN RtlIsNtDdiVersionAvailable(_In_ ULONG Version);

DT_STATIC_ASSERT(sizeof(RTL_BITMAP) == 16 && sizeof(RTL_OSVERSIONINFOW) == 276, "RTL structures");

EXTERN_C_END
