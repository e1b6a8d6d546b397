/* SPDX-License-Identifier: MIT */
/*
 * ddi/ddi_rtl_oem.c - OEM strings, sizes of conversions, and strings of UTF-8. OEM is Latin-1, as ANSI is (ddi_rtl_string.c):
 * every byte is the character of its number, characters above 255 become '?'.
 */
#include "ddi/ddi.h"
#include "ex/pool.h"
#include "ex/unicode.h"
#include "ke/ke.h"

#define STRING_TAG 0x67727453u /* 'Strg' */

static char narrow(WCHAR c)
{
    return (char)(c <= 0xff ? c : '?');
}

static char narrow_upper(WCHAR c)
{
    return narrow(ex_upcase((unsigned char)narrow(c)) > 0xff ? c : ex_upcase(c));
}

/* ---- room for the result ---- */

static NTSTATUS make_room(PSTRING to, size_t bytes, bool allocate, const void *caller)
{
    if (bytes > 0xffff)
        return STATUS_INVALID_PARAMETER_2;
    if (allocate) {
        to->MaximumLength = (USHORT)bytes;
        to->Buffer = bytes ? ex_pool_alloc(PagedPool, bytes, STRING_TAG, caller) : NULL;
        if (bytes && !to->Buffer)
            return STATUS_NO_MEMORY;
    }
    return bytes > to->MaximumLength ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
}

static NTSTATUS make_wide_room(PUNICODE_STRING to, size_t bytes, bool allocate, const void *caller)
{
    STRING   s = {to->Length, to->MaximumLength, (PCHAR)to->Buffer};
    NTSTATUS status = make_room(&s, bytes, allocate, caller);

    to->MaximumLength = s.MaximumLength;
    to->Buffer = (PWCH)(void *)s.Buffer;
    return status;
}

static VOID release(PSTRING s, const void *caller)
{
    if (s->Buffer)
        ex_pool_free(s->Buffer, STRING_TAG, caller);
    *s = (STRING){0};
}

/* ---- OEM to UTF-16 ---- */

NTSYSAPI NTSTATUS RtlOemToUnicodeN(PWCH UnicodeString, ULONG MaxBytesInUnicodeString, PULONG BytesInUnicodeString,
    PCCH OemString, ULONG BytesInOemString)
{
    DDI_ENTER_QUIET(RtlOemToUnicodeN, OemString);
    return RtlMultiByteToUnicodeN(
        UnicodeString, MaxBytesInUnicodeString, BytesInUnicodeString, OemString, BytesInOemString);
}

/* end: bytes for a terminator, which is not counted. */
static NTSTATUS widen(PUNICODE_STRING to, PCOEM_STRING from, bool allocate, size_t end, const void *caller)
{
    NTSTATUS status = make_wide_room(to, from->Length * sizeof(WCHAR) + end, allocate, caller);

    if (!NT_SUCCESS(status))
        return status;
    to->Length = (USHORT)(from->Length * sizeof(WCHAR));
    for (USHORT i = 0; i < from->Length; i++)
        to->Buffer[i] = (unsigned char)from->Buffer[i];
    if (end)
        to->Buffer[from->Length] = 0;
    return status;
}

NTSYSAPI NTSTATUS RtlOemStringToUnicodeString(
    PUNICODE_STRING DestinationString, PCOEM_STRING SourceString, BOOLEAN AllocateDestinationString)
{
    DDI_ENTER_QUIET(RtlOemStringToUnicodeString, DestinationString);
    return widen(
        DestinationString, SourceString, AllocateDestinationString, sizeof(WCHAR), __builtin_return_address(0));
}

NTSYSAPI NTSTATUS RtlOemStringToCountedUnicodeString(
    PUNICODE_STRING DestinationString, PCOEM_STRING SourceString, BOOLEAN AllocateDestinationString)
{
    DDI_ENTER_QUIET(RtlOemStringToCountedUnicodeString, DestinationString);
    return widen(DestinationString, SourceString, AllocateDestinationString, 0, __builtin_return_address(0));
}

/* ---- UTF-16 to OEM ---- */

static NTSTATUS squeeze(PCHAR to, ULONG room, PULONG written, PCWCH from, ULONG bytes, char (*fn)(WCHAR))
{
    ULONG chars = bytes / (ULONG)sizeof(WCHAR), n = chars < room ? chars : room;

    for (ULONG i = 0; i < n; i++)
        to[i] = fn(from[i]);
    if (written)
        *written = n;
    return n < chars ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
}

NTSYSAPI NTSTATUS RtlUnicodeToOemN(PCHAR OemString, ULONG MaxBytesInOemString, PULONG BytesInOemString,
    PCWCH UnicodeString, ULONG BytesInUnicodeString)
{
    DDI_ENTER_QUIET(RtlUnicodeToOemN, OemString);
    return squeeze(OemString, MaxBytesInOemString, BytesInOemString, UnicodeString, BytesInUnicodeString, narrow);
}

NTSYSAPI NTSTATUS RtlUpcaseUnicodeToOemN(PCHAR OemString, ULONG MaxBytesInOemString, PULONG BytesInOemString,
    PCWCH UnicodeString, ULONG BytesInUnicodeString)
{
    DDI_ENTER_QUIET(RtlUpcaseUnicodeToOemN, OemString);
    return squeeze(OemString, MaxBytesInOemString, BytesInOemString, UnicodeString, BytesInUnicodeString, narrow_upper);
}

NTSYSAPI NTSTATUS RtlUpcaseUnicodeToMultiByteN(PCHAR MultiByteString, ULONG MaxBytesInMultiByteString,
    PULONG BytesInMultiByteString, PCWCH UnicodeString, ULONG BytesInUnicodeString)
{
    DDI_ENTER_QUIET(RtlUpcaseUnicodeToMultiByteN, MultiByteString);
    return squeeze(MultiByteString, MaxBytesInMultiByteString, BytesInMultiByteString, UnicodeString,
        BytesInUnicodeString, narrow_upper);
}

struct oem_conversion {
    bool allocate, upcase, terminated;
};

static NTSTATUS to_oem(POEM_STRING to, PCUNICODE_STRING from, struct oem_conversion c, const void *caller)
{
    USHORT   chars = from->Length / sizeof(WCHAR);
    NTSTATUS status = make_room(to, (size_t)chars + c.terminated, c.allocate, caller);

    if (!NT_SUCCESS(status))
        return status;
    to->Length = chars;
    squeeze(to->Buffer, chars, NULL, from->Buffer, from->Length, c.upcase ? narrow_upper : narrow);
    if (c.terminated)
        to->Buffer[chars] = 0;
    return status;
}

NTSYSAPI NTSTATUS RtlUnicodeStringToOemString(
    POEM_STRING DestinationString, PCUNICODE_STRING SourceString, BOOLEAN AllocateDestinationString)
{
    struct oem_conversion c = {.allocate = AllocateDestinationString, .terminated = true};

    DDI_ENTER_QUIET(RtlUnicodeStringToOemString, DestinationString);
    return to_oem(DestinationString, SourceString, c, __builtin_return_address(0));
}

NTSYSAPI NTSTATUS RtlUnicodeStringToCountedOemString(
    POEM_STRING DestinationString, PCUNICODE_STRING SourceString, BOOLEAN AllocateDestinationString)
{
    struct oem_conversion c = {.allocate = AllocateDestinationString};

    DDI_ENTER_QUIET(RtlUnicodeStringToCountedOemString, DestinationString);
    return to_oem(DestinationString, SourceString, c, __builtin_return_address(0));
}

NTSYSAPI NTSTATUS RtlUpcaseUnicodeStringToOemString(
    POEM_STRING DestinationString, PCUNICODE_STRING SourceString, BOOLEAN AllocateDestinationString)
{
    struct oem_conversion c = {.allocate = AllocateDestinationString, .upcase = true, .terminated = true};

    DDI_ENTER_QUIET(RtlUpcaseUnicodeStringToOemString, DestinationString);
    return to_oem(DestinationString, SourceString, c, __builtin_return_address(0));
}

NTSYSAPI NTSTATUS RtlUpcaseUnicodeStringToCountedOemString(
    POEM_STRING DestinationString, PCUNICODE_STRING SourceString, BOOLEAN AllocateDestinationString)
{
    struct oem_conversion c = {.allocate = AllocateDestinationString, .upcase = true};

    DDI_ENTER_QUIET(RtlUpcaseUnicodeStringToCountedOemString, DestinationString);
    return to_oem(DestinationString, SourceString, c, __builtin_return_address(0));
}

NTSYSAPI VOID RtlFreeOemString(POEM_STRING OemString)
{
    DDI_ENTER_QUIET(RtlFreeOemString, OemString);
    release(OemString, __builtin_return_address(0));
}

/* A character that OEM has: its upper case is what is asked for and left in its place. */
NTSYSAPI BOOLEAN RtlIsValidOemCharacter(PWCHAR Char)
{
    DDI_ENTER_QUIET(RtlIsValidOemCharacter, Char);
    WCHAR c = ex_upcase(*Char);

    if (c > 0xff)
        return FALSE;
    *Char = c;
    return TRUE;
}

/* ---- sizes ---- */

NTSYSAPI ULONG RtlxOemStringToUnicodeSize(PCOEM_STRING OemString)
{
    return (ULONG)((OemString->Length + 1) * sizeof(WCHAR));
}

NTSYSAPI ULONG RtlxUnicodeStringToOemSize(PCUNICODE_STRING UnicodeString)
{
    return UnicodeString->Length / (ULONG)sizeof(WCHAR) + 1;
}

NTSYSAPI NTSTATUS RtlMultiByteToUnicodeSize(
    PULONG BytesInUnicodeString, const CHAR *MultiByteString, ULONG BytesInMultiByteString)
{
    DDI_ENTER_QUIET(RtlMultiByteToUnicodeSize, MultiByteString);
    *BytesInUnicodeString = BytesInMultiByteString * (ULONG)sizeof(WCHAR);
    return STATUS_SUCCESS;
}

NTSYSAPI NTSTATUS RtlUnicodeToMultiByteSize(
    PULONG BytesInMultiByteString, PCWCH UnicodeString, ULONG BytesInUnicodeString)
{
    DDI_ENTER_QUIET(RtlUnicodeToMultiByteSize, UnicodeString);
    *BytesInMultiByteString = BytesInUnicodeString / (ULONG)sizeof(WCHAR);
    return STATUS_SUCCESS;
}

/* ---- narrow strings ---- */

static size_t length_of(PCSZ s)
{
    size_t n = 0;

    while (s && s[n])
        n++;
    return n;
}

NTSYSAPI NTSTATUS RtlInitStringEx(PSTRING DestinationString, PCSZ SourceString)
{
    *DestinationString = (STRING){0};
    if (length_of(SourceString) >= 0xffff)
        return STATUS_NAME_TOO_LONG;
    RtlInitString(DestinationString, SourceString);
    return STATUS_SUCCESS;
}

NTSYSAPI NTSTATUS RtlInitUTF8StringEx(PUTF8_STRING DestinationString, PCSZ SourceString)
{
    DDI_ENTER_QUIET(RtlInitUTF8StringEx, DestinationString);
    return RtlInitStringEx(DestinationString, SourceString);
}

NTSYSAPI NTSTATUS RtlAppendStringToString(PSTRING Destination, const STRING *Source)
{
    DDI_ENTER_QUIET(RtlAppendStringToString, Destination);
    if (Destination->Length + Source->Length > Destination->MaximumLength)
        return STATUS_BUFFER_TOO_SMALL;
    if (Source->Length)
        RtlMoveMemory(Destination->Buffer + Destination->Length, Source->Buffer, Source->Length);
    Destination->Length = (USHORT)(Destination->Length + Source->Length);
    return STATUS_SUCCESS;
}

NTSYSAPI BOOLEAN RtlCreateUnicodeString(PUNICODE_STRING DestinationString, PCWSTR SourceString)
{
    UNICODE_STRING source;

    DDI_ENTER_QUIET(RtlCreateUnicodeString, DestinationString);
    if (!NT_SUCCESS(RtlInitUnicodeStringEx(&source, SourceString)))
        return FALSE;
    size_t bytes = source.Length + sizeof(WCHAR);

    if (!NT_SUCCESS(make_wide_room(DestinationString, bytes, true, __builtin_return_address(0))))
        return FALSE;
    DestinationString->Length = 0;
    RtlCopyUnicodeString(DestinationString, &source);
    return TRUE;
}

/* ---- UTF-8 ---- */

NTSYSAPI NTSTATUS RtlUnicodeStringToUTF8String(
    PUTF8_STRING DestinationString, PCUNICODE_STRING SourceString, BOOLEAN AllocateDestinationString)
{
    ULONG bytes = 0;

    DDI_ENTER_QUIET(RtlUnicodeStringToUTF8String, DestinationString);
    RtlUnicodeToUTF8N(NULL, 0, &bytes, SourceString->Buffer, SourceString->Length);
    NTSTATUS status =
        make_room(DestinationString, (size_t)bytes + 1, AllocateDestinationString, __builtin_return_address(0));

    if (!NT_SUCCESS(status))
        return status;
    status = RtlUnicodeToUTF8N(DestinationString->Buffer, bytes, &bytes, SourceString->Buffer, SourceString->Length);
    DestinationString->Length = (USHORT)bytes;
    DestinationString->Buffer[bytes] = 0;
    return status;
}

NTSYSAPI NTSTATUS RtlUTF8StringToUnicodeString(
    PUNICODE_STRING DestinationString, PUTF8_STRING SourceString, BOOLEAN AllocateDestinationString)
{
    ULONG bytes = 0;

    DDI_ENTER_QUIET(RtlUTF8StringToUnicodeString, DestinationString);
    RtlUTF8ToUnicodeN(NULL, 0, &bytes, SourceString->Buffer, SourceString->Length);
    NTSTATUS status = make_wide_room(
        DestinationString, bytes + sizeof(WCHAR), AllocateDestinationString, __builtin_return_address(0));

    if (!NT_SUCCESS(status))
        return status;
    status = RtlUTF8ToUnicodeN(DestinationString->Buffer, bytes, &bytes, SourceString->Buffer, SourceString->Length);
    DestinationString->Length = (USHORT)bytes;
    DestinationString->Buffer[bytes / sizeof(WCHAR)] = 0;
    return status;
}

NTSYSAPI VOID RtlFreeUTF8String(PUTF8_STRING Utf8String)
{
    DDI_ENTER_QUIET(RtlFreeUTF8String, Utf8String);
    release(Utf8String, __builtin_return_address(0));
}
