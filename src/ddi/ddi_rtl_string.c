/* SPDX-License-Identifier: MIT */
/*
 * ddi/ddi_rtl_string.c - counted strings. Pure functions: no points, and an IRQL check only where Windows' tables are
 * pageable. ANSI is Latin-1: every byte is the character of its number, characters above 255 become '?'.
 */
#include "ddi/ddi.h"
#include "ex/pool.h"
#include "ex/unicode.h"
#include "ke/ke.h"

#define STRING_TAG 0x67727453u /* 'Strg' */

static size_t length_of_wide(PCWSTR s)
{
    size_t n = 0;

    while (s[n])
        n++;
    return n;
}

static size_t length_of_narrow(const char *s)
{
    size_t n = 0;

    while (s[n])
        n++;
    return n;
}

/* ---- making ---- */

NTSYSAPI VOID RtlInitUnicodeString(PUNICODE_STRING DestinationString, PCWSTR SourceString)
{
    size_t bytes = SourceString ? length_of_wide(SourceString) * sizeof(WCHAR) : 0;

    if (bytes > 0xfffc)
        bytes = 0xfffc;
    DestinationString->Length = (USHORT)bytes;
    DestinationString->MaximumLength = SourceString ? (USHORT)(bytes + sizeof(WCHAR)) : 0;
    DestinationString->Buffer = (PWCH)SourceString;
}

NTSYSAPI NTSTATUS RtlInitUnicodeStringEx(PUNICODE_STRING DestinationString, PCWSTR SourceString)
{
    if (SourceString && length_of_wide(SourceString) * sizeof(WCHAR) > 0xfffc) {
        *DestinationString = (UNICODE_STRING){0};
        return STATUS_NAME_TOO_LONG;
    }
    RtlInitUnicodeString(DestinationString, SourceString);
    return STATUS_SUCCESS;
}

NTSYSAPI VOID RtlInitAnsiString(PANSI_STRING DestinationString, PCSZ SourceString)
{
    size_t bytes = SourceString ? length_of_narrow(SourceString) : 0;

    if (bytes > 0xfffe)
        bytes = 0xfffe;
    DestinationString->Length = (USHORT)bytes;
    DestinationString->MaximumLength = SourceString ? (USHORT)(bytes + 1) : 0;
    DestinationString->Buffer = (PCHAR)SourceString;
}

NTSYSAPI VOID RtlInitString(PSTRING DestinationString, PCSZ SourceString)
{
    RtlInitAnsiString(DestinationString, SourceString);
}

NTSYSAPI VOID RtlInitUTF8String(PUTF8_STRING DestinationString, PCSZ SourceString)
{
    RtlInitAnsiString(DestinationString, SourceString);
}

/* ---- copying ---- */

NTSYSAPI VOID RtlCopyUnicodeString(PUNICODE_STRING DestinationString, PCUNICODE_STRING SourceString)
{
    USHORT bytes = SourceString ? SourceString->Length : 0;

    if (bytes > DestinationString->MaximumLength)
        bytes = DestinationString->MaximumLength;
    if (bytes)
        RtlMoveMemory(DestinationString->Buffer, SourceString->Buffer, bytes);
    DestinationString->Length = bytes;
    if (bytes + sizeof(WCHAR) <= DestinationString->MaximumLength)
        DestinationString->Buffer[bytes / sizeof(WCHAR)] = 0;
}

NTSYSAPI VOID RtlCopyString(PSTRING DestinationString, const STRING *SourceString)
{
    USHORT bytes = SourceString ? SourceString->Length : 0;

    if (bytes > DestinationString->MaximumLength)
        bytes = DestinationString->MaximumLength;
    if (bytes)
        RtlMoveMemory(DestinationString->Buffer, SourceString->Buffer, bytes);
    DestinationString->Length = bytes;
}

static NTSTATUS append(PUNICODE_STRING to, const WCHAR *from, size_t bytes)
{
    if (to->Length + bytes > to->MaximumLength)
        return STATUS_BUFFER_TOO_SMALL;
    if (bytes)
        RtlMoveMemory((char *)to->Buffer + to->Length, from, bytes);
    to->Length = (USHORT)(to->Length + bytes);
    if (to->Length + sizeof(WCHAR) <= to->MaximumLength)
        to->Buffer[to->Length / sizeof(WCHAR)] = 0;
    return STATUS_SUCCESS;
}

NTSYSAPI NTSTATUS RtlAppendUnicodeToString(PUNICODE_STRING Destination, PCWSTR Source)
{
    return Source ? append(Destination, Source, length_of_wide(Source) * sizeof(WCHAR)) : STATUS_SUCCESS;
}

NTSYSAPI NTSTATUS RtlAppendUnicodeStringToString(PUNICODE_STRING Destination, PCUNICODE_STRING Source)
{
    return append(Destination, Source->Buffer, Source->Length);
}

/* A buffer for `bytes` and a terminator, when the caller wants one made. */
static NTSTATUS make_room(PUNICODE_STRING to, size_t bytes, bool allocate, const void *caller)
{
    if (bytes + sizeof(WCHAR) > UNICODE_STRING_MAX_BYTES)
        return STATUS_INVALID_PARAMETER_2;
    if (allocate) {
        to->MaximumLength = (USHORT)(bytes + sizeof(WCHAR));
        to->Buffer = ex_pool_alloc(PagedPool, to->MaximumLength, STRING_TAG, caller);
        if (!to->Buffer)
            return STATUS_NO_MEMORY;
    } else if (bytes > to->MaximumLength) {
        return STATUS_BUFFER_OVERFLOW;
    }
    to->Length = (USHORT)bytes;
    return STATUS_SUCCESS;
}

static void terminate(PUNICODE_STRING s)
{
    if (s->Length + sizeof(WCHAR) <= s->MaximumLength)
        s->Buffer[s->Length / sizeof(WCHAR)] = 0;
}

enum { DUPLICATE_NULL_TERMINATE = 1, DUPLICATE_ALLOCATE_NULL_STRING = 2 };

NTSYSAPI NTSTATUS RtlDuplicateUnicodeString(ULONG Flags, PCUNICODE_STRING StringIn, PUNICODE_STRING StringOut)
{
    *StringOut = (UNICODE_STRING){0};
    if (!StringIn->Length && !(Flags & DUPLICATE_ALLOCATE_NULL_STRING))
        return STATUS_SUCCESS;
    NTSTATUS status = make_room(StringOut, StringIn->Length, true, __builtin_return_address(0));

    if (NT_SUCCESS(status)) {
        RtlMoveMemory(StringOut->Buffer, StringIn->Buffer, StringIn->Length);
        terminate(StringOut);
    }
    return status;
}

NTSYSAPI VOID RtlFreeUnicodeString(PUNICODE_STRING UnicodeString)
{
    if (UnicodeString->Buffer)
        ex_pool_free(UnicodeString->Buffer, STRING_TAG, __builtin_return_address(0));
    *UnicodeString = (UNICODE_STRING){0};
}

NTSYSAPI VOID RtlFreeAnsiString(PANSI_STRING AnsiString)
{
    if (AnsiString->Buffer)
        ex_pool_free(AnsiString->Buffer, STRING_TAG, __builtin_return_address(0));
    *AnsiString = (ANSI_STRING){0};
}

/* ---- comparing ---- */

NTSYSAPI LONG RtlCompareUnicodeStrings(
    PCWCH String1, SIZE_T String1Length, PCWCH String2, SIZE_T String2Length, BOOLEAN CaseInSensitive)
{
    return ex_compare(String1, (unsigned)String1Length, String2, (unsigned)String2Length, CaseInSensitive);
}

NTSYSAPI LONG RtlCompareUnicodeString(PCUNICODE_STRING String1, PCUNICODE_STRING String2, BOOLEAN CaseInSensitive)
{
    return ex_compare(String1->Buffer, String1->Length / 2, String2->Buffer, String2->Length / 2, CaseInSensitive);
}

NTSYSAPI BOOLEAN RtlEqualUnicodeString(PCUNICODE_STRING String1, PCUNICODE_STRING String2, BOOLEAN CaseInSensitive)
{
    return String1->Length == String2->Length && RtlCompareUnicodeString(String1, String2, CaseInSensitive) == 0;
}

NTSYSAPI BOOLEAN RtlPrefixUnicodeString(PCUNICODE_STRING String1, PCUNICODE_STRING String2, BOOLEAN CaseInSensitive)
{
    unsigned n = String1->Length / 2;

    return String1->Length <= String2->Length &&
           ex_compare(String1->Buffer, n, String2->Buffer, n, CaseInSensitive) == 0;
}

NTSYSAPI CHAR RtlUpperChar(CHAR Character)
{
    uint16_t c = ex_upcase((unsigned char)Character);

    return (CHAR)(c <= 0xff ? c : (unsigned char)Character);
}

static LONG compare_narrow(const STRING *a, const STRING *b, USHORT bytes, bool ignore_case)
{
    for (USHORT i = 0; i < bytes; i++) {
        int ca = (unsigned char)(ignore_case ? RtlUpperChar(a->Buffer[i]) : a->Buffer[i]);
        int cb = (unsigned char)(ignore_case ? RtlUpperChar(b->Buffer[i]) : b->Buffer[i]);

        if (ca != cb)
            return ca - cb;
    }
    return 0;
}

NTSYSAPI LONG RtlCompareString(const STRING *String1, const STRING *String2, BOOLEAN CaseInSensitive)
{
    USHORT both = String1->Length < String2->Length ? String1->Length : String2->Length;
    LONG   r = compare_narrow(String1, String2, both, CaseInSensitive);

    return r ? r : (LONG)String1->Length - String2->Length;
}

NTSYSAPI BOOLEAN RtlEqualString(const STRING *String1, const STRING *String2, BOOLEAN CaseInSensitive)
{
    return String1->Length == String2->Length &&
           compare_narrow(String1, String2, String1->Length, CaseInSensitive) == 0;
}

NTSYSAPI BOOLEAN RtlPrefixString(const STRING *String1, const STRING *String2, BOOLEAN CaseInSensitive)
{
    return String1->Length <= String2->Length &&
           compare_narrow(String1, String2, String1->Length, CaseInSensitive) == 0;
}

/* ---- case ---- */

NTSYSAPI WCHAR RtlUpcaseUnicodeChar(WCHAR SourceCharacter)
{
    return ex_upcase(SourceCharacter);
}

NTSYSAPI WCHAR RtlDowncaseUnicodeChar(WCHAR SourceCharacter)
{
    return ex_downcase(SourceCharacter);
}

static NTSTATUS change_case(PUNICODE_STRING to, PCUNICODE_STRING from, bool allocate, bool up, const void *caller)
{
    NTSTATUS status = make_room(to, from->Length, allocate, caller);

    if (!NT_SUCCESS(status))
        return status;
    for (unsigned i = 0; i < from->Length / sizeof(WCHAR); i++)
        to->Buffer[i] = up ? ex_upcase(from->Buffer[i]) : ex_downcase(from->Buffer[i]);
    return STATUS_SUCCESS;
}

NTSYSAPI NTSTATUS RtlUpcaseUnicodeString(
    PUNICODE_STRING DestinationString, PCUNICODE_STRING SourceString, BOOLEAN AllocateDestinationString)
{
    DDI_ENTER_QUIET(RtlUpcaseUnicodeString, DestinationString);
    return change_case(DestinationString, SourceString, AllocateDestinationString, true, __builtin_return_address(0));
}

NTSYSAPI NTSTATUS RtlDowncaseUnicodeString(
    PUNICODE_STRING DestinationString, PCUNICODE_STRING SourceString, BOOLEAN AllocateDestinationString)
{
    DDI_ENTER_QUIET(RtlDowncaseUnicodeString, DestinationString);
    return change_case(DestinationString, SourceString, AllocateDestinationString, false, __builtin_return_address(0));
}

NTSYSAPI VOID RtlUpperString(PSTRING DestinationString, const STRING *SourceString)
{
    RtlCopyString(DestinationString, SourceString);
    for (USHORT i = 0; i < DestinationString->Length; i++)
        DestinationString->Buffer[i] = RtlUpperChar(DestinationString->Buffer[i]);
}

/* ---- ANSI ---- */

NTSYSAPI ULONG RtlxAnsiStringToUnicodeSize(PCANSI_STRING AnsiString)
{
    return (ULONG)((AnsiString->Length + 1) * sizeof(WCHAR));
}

NTSYSAPI ULONG RtlxUnicodeStringToAnsiSize(PCUNICODE_STRING UnicodeString)
{
    return UnicodeString->Length / (ULONG)sizeof(WCHAR) + 1;
}

static char narrow(WCHAR c)
{
    return (char)(c <= 0xff ? c : '?');
}

NTSYSAPI NTSTATUS RtlAnsiStringToUnicodeString(
    PUNICODE_STRING DestinationString, PCANSI_STRING SourceString, BOOLEAN AllocateDestinationString)
{
    DDI_ENTER_QUIET(RtlAnsiStringToUnicodeString, DestinationString);
    NTSTATUS status = make_room(DestinationString, SourceString->Length * sizeof(WCHAR), AllocateDestinationString,
        __builtin_return_address(0));

    if (!NT_SUCCESS(status))
        return status;
    for (USHORT i = 0; i < SourceString->Length; i++)
        DestinationString->Buffer[i] = (unsigned char)SourceString->Buffer[i];
    terminate(DestinationString);
    return STATUS_SUCCESS;
}

static NTSTATUS make_ansi_room(PANSI_STRING to, size_t bytes, bool allocate, const void *caller)
{
    if (allocate) {
        to->MaximumLength = (USHORT)(bytes + 1);
        to->Buffer = ex_pool_alloc(PagedPool, to->MaximumLength, STRING_TAG, caller);
        if (!to->Buffer)
            return STATUS_NO_MEMORY;
    } else if (bytes + 1 > to->MaximumLength) {
        return STATUS_BUFFER_OVERFLOW;
    }
    to->Length = (USHORT)bytes;
    return STATUS_SUCCESS;
}

NTSYSAPI NTSTATUS RtlUnicodeStringToAnsiString(
    PANSI_STRING DestinationString, PCUNICODE_STRING SourceString, BOOLEAN AllocateDestinationString)
{
    DDI_ENTER_QUIET(RtlUnicodeStringToAnsiString, DestinationString);
    NTSTATUS status = make_ansi_room(DestinationString, SourceString->Length / sizeof(WCHAR), AllocateDestinationString,
        __builtin_return_address(0));

    if (!NT_SUCCESS(status))
        return status;
    for (USHORT i = 0; i < DestinationString->Length; i++)
        DestinationString->Buffer[i] = narrow(SourceString->Buffer[i]);
    DestinationString->Buffer[DestinationString->Length] = 0;
    return STATUS_SUCCESS;
}

NTSYSAPI NTSTATUS RtlUnicodeToMultiByteN(PCHAR MultiByteString, ULONG MaxBytesInMultiByteString,
    PULONG BytesInMultiByteString, PCWCH UnicodeString, ULONG BytesInUnicodeString)
{
    ULONG chars = BytesInUnicodeString / (ULONG)sizeof(WCHAR),
          n = chars < MaxBytesInMultiByteString ? chars : MaxBytesInMultiByteString;

    for (ULONG i = 0; i < n; i++)
        MultiByteString[i] = narrow(UnicodeString[i]);
    if (BytesInMultiByteString)
        *BytesInMultiByteString = n;
    return n < chars ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
}

NTSYSAPI NTSTATUS RtlMultiByteToUnicodeN(PWCH UnicodeString, ULONG MaxBytesInUnicodeString, PULONG BytesInUnicodeString,
    const CHAR *MultiByteString, ULONG BytesInMultiByteString)
{
    ULONG room = MaxBytesInUnicodeString / (ULONG)sizeof(WCHAR),
          n = BytesInMultiByteString < room ? BytesInMultiByteString : room;

    for (ULONG i = 0; i < n; i++)
        UnicodeString[i] = (unsigned char)MultiByteString[i];
    if (BytesInUnicodeString)
        *BytesInUnicodeString = n * (ULONG)sizeof(WCHAR);
    return STATUS_SUCCESS;
}
