/* SPDX-License-Identifier: MIT */
/* Bounded operations on UNICODE_STRING, which needs no terminator. */
#pragma once

#include <nt/strsafe_core.h>

DT_SAFE NTSTATUS RtlUnicodeStringValidate(_In_ PCUNICODE_STRING SourceString)
{
    if (SourceString == NULL || (SourceString->Length & 1) != 0 || (SourceString->MaximumLength & 1) != 0 ||
        SourceString->Length > SourceString->MaximumLength ||
        (SourceString->Buffer == NULL && (SourceString->Length != 0 || SourceString->MaximumLength != 0)))
        return STATUS_INVALID_PARAMETER;
    return STATUS_SUCCESS;
}

DT_SAFE NTSTATUS RtlUnicodeStringInit(_Out_ PUNICODE_STRING DestinationString, _In_opt_ NTSTRSAFE_PCWSTR Source)
{
    size_t length = 0;
    DestinationString->Length = DestinationString->MaximumLength = 0;
    DestinationString->Buffer = NULL;
    if (Source == NULL)
        return STATUS_SUCCESS;
    if (!NT_SUCCESS(dt_safe_lengthW(Source, NTSTRSAFE_UNICODE_STRING_MAX_CCH + 1, &length)))
        return STATUS_INVALID_PARAMETER;
    DestinationString->Length = (USHORT)(length * sizeof(WCHAR));
    DestinationString->MaximumLength = (USHORT)(length < NTSTRSAFE_UNICODE_STRING_MAX_CCH ? (length + 1) * sizeof(WCHAR)
                                                                                          : length * sizeof(WCHAR));
    DestinationString->Buffer = (PWCH)Source;
    return STATUS_SUCCESS;
}

DT_SAFE NTSTATUS RtlUnicodeStringInitEx(_Out_ PUNICODE_STRING DestinationString, _In_opt_ NTSTRSAFE_PCWSTR Source,
                                        _In_ ULONG Flags)
{
    return (Flags & ~(ULONG)STRSAFE_IGNORE_NULLS) != 0 ? STATUS_INVALID_PARAMETER
                                                       : RtlUnicodeStringInit(DestinationString, Source);
}

/* Puts up to max characters of s behind the first `at` characters of d. */
DT_SAFE NTSTATUS dt_safe_unicode_put(PUNICODE_STRING d, size_t at, const WCHAR *s, size_t max)
{
    size_t   i = 0, room = d->MaximumLength / sizeof(WCHAR) - at;
    NTSTATUS status = STATUS_SUCCESS;
    for (; i < max && s[i] != 0; i++) {
        if (i == room) {
            status = STATUS_BUFFER_OVERFLOW;
            break;
        }
        d->Buffer[at + i] = s[i];
    }
    d->Length = (USHORT)((at + i) * sizeof(WCHAR));
    return status;
}

DT_SAFE NTSTATUS RtlUnicodeStringCopyString(_Inout_ PUNICODE_STRING DestinationString, _In_ NTSTRSAFE_PCWSTR Source)
{
    NTSTATUS status = RtlUnicodeStringValidate(DestinationString);
    return NT_SUCCESS(status) ? dt_safe_unicode_put(DestinationString, 0, Source, NTSTRSAFE_MAX_CCH) : status;
}

DT_SAFE NTSTATUS RtlUnicodeStringCatString(_Inout_ PUNICODE_STRING DestinationString, _In_ NTSTRSAFE_PCWSTR Source)
{
    NTSTATUS status = RtlUnicodeStringValidate(DestinationString);
    return NT_SUCCESS(status) ? dt_safe_unicode_put(DestinationString, DestinationString->Length / sizeof(WCHAR), Source,
                                                    NTSTRSAFE_MAX_CCH)
                              : status;
}

DT_SAFE NTSTATUS RtlUnicodeStringCopy(_Inout_ PUNICODE_STRING DestinationString, _In_ PCUNICODE_STRING SourceString)
{
    NTSTATUS status = RtlUnicodeStringValidate(DestinationString);
    if (NT_SUCCESS(status))
        status = RtlUnicodeStringValidate(SourceString);
    return NT_SUCCESS(status) ? dt_safe_unicode_put(DestinationString, 0, SourceString->Buffer,
                                                    SourceString->Length / sizeof(WCHAR))
                              : status;
}

DT_SAFE NTSTATUS RtlUnicodeStringCat(_Inout_ PUNICODE_STRING DestinationString, _In_ PCUNICODE_STRING SourceString)
{
    NTSTATUS status = RtlUnicodeStringValidate(DestinationString);
    if (NT_SUCCESS(status))
        status = RtlUnicodeStringValidate(SourceString);
    return NT_SUCCESS(status) ? dt_safe_unicode_put(DestinationString, DestinationString->Length / sizeof(WCHAR),
                                                    SourceString->Buffer, SourceString->Length / sizeof(WCHAR))
                              : status;
}

DT_SAFE NTSTATUS RtlUnicodeStringVPrintf(_Inout_ PUNICODE_STRING DestinationString, _In_ NTSTRSAFE_PCWSTR Format,
                                         _In_ __builtin_va_list Args)
{
    NTSTATUS status = RtlUnicodeStringValidate(DestinationString);
    if (!NT_SUCCESS(status))
        return status;
    size_t max = DestinationString->MaximumLength / sizeof(WCHAR);
    int    written = dt_nt_vsnwprintf(DestinationString->Buffer, max, Format, Args);
    int    fits = written >= 0 && (size_t)written <= max;
    DestinationString->Length = (USHORT)((fits ? (size_t)written : max) * sizeof(WCHAR));
    return fits ? STATUS_SUCCESS : STATUS_BUFFER_OVERFLOW;
}

DT_SAFE NTSTATUS RtlUnicodeStringPrintf(_Inout_ PUNICODE_STRING DestinationString, _In_ NTSTRSAFE_PCWSTR Format, ...)
{
    __builtin_va_list args;
    __builtin_va_start(args, Format);
    NTSTATUS status = RtlUnicodeStringVPrintf(DestinationString, Format, args);
    __builtin_va_end(args);
    return status;
}
