/* SPDX-License-Identifier: MIT */
/* Bounded strings on plain buffers: one generator, used for char and for WCHAR. */
#pragma once

#include <ntdef.h>
#include <ntstatus.h>

typedef char *NTSTRSAFE_PSTR, *STRSAFE_LPSTR;
typedef const char *NTSTRSAFE_PCSTR, *STRSAFE_LPCSTR;
typedef wchar_t *NTSTRSAFE_PWSTR, *STRSAFE_LPWSTR;
typedef const wchar_t *NTSTRSAFE_PCWSTR, *STRSAFE_LPCWSTR;

#define NTSTRSAFE_MAX_CCH 2147483647
#define NTSTRSAFE_UNICODE_STRING_MAX_CCH 32767
#define STRSAFE_MAX_CCH NTSTRSAFE_MAX_CCH
#define STRSAFE_MAX_LENGTH (NTSTRSAFE_MAX_CCH - 1)
#define NTSTRSAFE_MAX_LENGTH (NTSTRSAFE_MAX_CCH - 1)
#define STRSAFE_IGNORE_NULLS 0x00000100
#define STRSAFE_FILL_BEHIND_NULL 0x00000200
#define STRSAFE_FILL_ON_FAILURE 0x00000400
#define STRSAFE_NULL_ON_FAILURE 0x00000800
#define STRSAFE_NO_TRUNCATION 0x00001000
#define STRSAFE_ZERO_LENGTH_ON_FAILURE STRSAFE_NULL_ON_FAILURE
#define STRSAFE_FILL_BEHIND STRSAFE_FILL_BEHIND_NULL
#define STRSAFE_FILL_BYTE(x) ((ULONG)(((x)&0x000000FF) | STRSAFE_FILL_BEHIND_NULL))
#define STRSAFE_FAILURE_BYTE(x) ((ULONG)(((x)&0x000000FF) | STRSAFE_FILL_ON_FAILURE))

EXTERN_C_START

/* The library's prints, which know Microsoft's formats: -1 when the text does not fit, and then no terminator. */
DT_EXPORT int dt_nt_vsnprintf(char *d, size_t n, const char *format, __builtin_va_list args);
DT_EXPORT int dt_nt_vsnwprintf(wchar_t *d, size_t n, const wchar_t *format, __builtin_va_list args);

EXTERN_C_END

#define DT_SAFE static __inline__ __attribute((unused))
#define DT_SAFE_SIZE_OK(n, max) ((n) > 0 && (n) <= (max))

/* ---- workers ----------------------------------------------------------------------------------------------------- */
/* *length receives the characters written, without the terminator; n > 0. */
#define DT_STRSAFE_WORKERS(S, CH, VPRINT)                                                                       \
    DT_SAFE NTSTATUS dt_safe_copy##S(CH *d, size_t n, size_t *length, const CH *s, size_t max)                  \
    {                                                                                                           \
        size_t i = 0;                                                                                           \
        while (i < n && i < max && s[i] != 0) {                                                                 \
            d[i] = s[i];                                                                                        \
            i++;                                                                                                \
        }                                                                                                       \
        NTSTATUS status = i == n ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;                                     \
        if (i == n)                                                                                             \
            i--;                                                                                                \
        d[i] = 0;                                                                                               \
        *length = i;                                                                                            \
        return status;                                                                                          \
    }                                                                                                           \
    DT_SAFE NTSTATUS dt_safe_length##S(const CH *s, size_t max, size_t *length)                                 \
    {                                                                                                           \
        size_t i = 0;                                                                                           \
        while (i < max && s[i] != 0)                                                                            \
            i++;                                                                                                \
        *length = i < max ? i : 0;                                                                              \
        return i < max ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;                                             \
    }                                                                                                           \
    DT_SAFE NTSTATUS dt_safe_cat##S(CH *d, size_t n, size_t *length, const CH *s, size_t max)                   \
    {                                                                                                           \
        size_t have, added;                                                                                     \
        NTSTATUS status = dt_safe_length##S(d, n, &have);                                                       \
        *length = 0;                                                                                            \
        if (!NT_SUCCESS(status))                                                                                \
            return status;                                                                                      \
        status = dt_safe_copy##S(d + have, n - have, &added, s, max);                                           \
        *length = have + added;                                                                                 \
        return status;                                                                                          \
    }                                                                                                           \
    DT_SAFE NTSTATUS dt_safe_print##S(CH *d, size_t n, size_t *length, const CH *format, __builtin_va_list args) \
    {                                                                                                           \
        size_t max = n - 1;                                                                                     \
        int    written = VPRINT(d, max, format, args);                                                          \
        int    fits = written >= 0 && (size_t)written <= max;                                                   \
        *length = fits ? (size_t)written : max;                                                                 \
        d[*length] = 0;                                                                                         \
        return fits ? STATUS_SUCCESS : STATUS_BUFFER_OVERFLOW;                                                  \
    }                                                                                                           \
    /* What the Ex flags ask for once the text is in place. */                                                  \
    DT_SAFE NTSTATUS dt_safe_finish##S(CH *d, size_t n, size_t length, NTSTATUS status, CH **end, size_t *left, \
        ULONG flags)                                                                                            \
    {                                                                                                           \
        if (NT_SUCCESS(status)) {                                                                               \
            if ((flags & STRSAFE_FILL_BEHIND_NULL) && n > length + 1)                                           \
                __builtin_memset(d + length + 1, (int)(flags & 0xff), (n - length - 1) * sizeof(CH));           \
        } else if (n > 0 && (flags & (STRSAFE_NO_TRUNCATION | STRSAFE_FILL_ON_FAILURE | STRSAFE_NULL_ON_FAILURE))) { \
            if (flags & STRSAFE_FILL_ON_FAILURE) {                                                              \
                __builtin_memset(d, (int)(flags & 0xff), n * sizeof(CH));                                       \
                length = (flags & 0xff) == 0 ? 0 : n - 1;                                                       \
                d[n - 1] = 0;                                                                                   \
            }                                                                                                   \
            if (flags & (STRSAFE_NULL_ON_FAILURE | STRSAFE_NO_TRUNCATION)) {                                    \
                d[0] = 0;                                                                                       \
                length = 0;                                                                                     \
            }                                                                                                   \
        }                                                                                                       \
        if (end != NULL)                                                                                        \
            *end = d + length;                                                                                  \
        if (left != NULL)                                                                                       \
            *left = n - length;                                                                                 \
        return status;                                                                                          \
    }
DT_STRSAFE_WORKERS(A, char, dt_nt_vsnprintf)
DT_STRSAFE_WORKERS(W, wchar_t, dt_nt_vsnwprintf)

/* ---- the public functions; UNIT is the size of one count --------------------------------------------------------- */
#define DT_STRSAFE(S, CH, C, UNIT)                                                                              \
    DT_SAFE NTSTATUS RtlString##C##Length##S(_In_ const CH *s, _In_ size_t max, _Out_opt_ size_t *length)       \
    {                                                                                                           \
        size_t   n = 0;                                                                                         \
        NTSTATUS status = s == NULL || max / UNIT > NTSTRSAFE_MAX_CCH ? STATUS_INVALID_PARAMETER                \
                                                                      : dt_safe_length##S(s, max / UNIT, &n);   \
        if (length != NULL)                                                                                     \
            *length = n * UNIT;                                                                                 \
        return status;                                                                                          \
    }                                                                                                           \
    DT_SAFE NTSTATUS RtlString##C##Copy##S(_Out_ CH *d, _In_ size_t n, _In_ const CH *s)                        \
    {                                                                                                           \
        size_t length;                                                                                          \
        return DT_SAFE_SIZE_OK(n / UNIT, NTSTRSAFE_MAX_CCH)                                                     \
                   ? dt_safe_copy##S(d, n / UNIT, &length, s, NTSTRSAFE_MAX_CCH)                                \
                   : STATUS_INVALID_PARAMETER;                                                                  \
    }                                                                                                           \
    DT_SAFE NTSTATUS RtlString##C##CopyN##S(_Out_ CH *d, _In_ size_t n, _In_ const CH *s, _In_ size_t max)      \
    {                                                                                                           \
        size_t length;                                                                                          \
        return DT_SAFE_SIZE_OK(n / UNIT, NTSTRSAFE_MAX_CCH) && max / UNIT <= NTSTRSAFE_MAX_CCH                  \
                   ? dt_safe_copy##S(d, n / UNIT, &length, s, max / UNIT)                                       \
                   : STATUS_INVALID_PARAMETER;                                                                  \
    }                                                                                                           \
    DT_SAFE NTSTATUS RtlString##C##Cat##S(_Inout_ CH *d, _In_ size_t n, _In_ const CH *s)                       \
    {                                                                                                           \
        size_t length;                                                                                          \
        return DT_SAFE_SIZE_OK(n / UNIT, NTSTRSAFE_MAX_CCH)                                                     \
                   ? dt_safe_cat##S(d, n / UNIT, &length, s, NTSTRSAFE_MAX_CCH)                                 \
                   : STATUS_INVALID_PARAMETER;                                                                  \
    }                                                                                                           \
    DT_SAFE NTSTATUS RtlString##C##CatN##S(_Inout_ CH *d, _In_ size_t n, _In_ const CH *s, _In_ size_t max)     \
    {                                                                                                           \
        size_t length;                                                                                          \
        return DT_SAFE_SIZE_OK(n / UNIT, NTSTRSAFE_MAX_CCH) && max / UNIT <= NTSTRSAFE_MAX_CCH                  \
                   ? dt_safe_cat##S(d, n / UNIT, &length, s, max / UNIT)                                        \
                   : STATUS_INVALID_PARAMETER;                                                                  \
    }                                                                                                           \
    DT_SAFE NTSTATUS RtlString##C##VPrintf##S(_Out_ CH *d, _In_ size_t n, _In_ const CH *format,                \
        _In_ __builtin_va_list args)                                                                            \
    {                                                                                                           \
        size_t length;                                                                                          \
        return DT_SAFE_SIZE_OK(n / UNIT, NTSTRSAFE_MAX_CCH)                                                     \
                   ? dt_safe_print##S(d, n / UNIT, &length, format, args)                                       \
                   : STATUS_INVALID_PARAMETER;                                                                  \
    }                                                                                                           \
    DT_SAFE NTSTATUS RtlString##C##Printf##S(_Out_ CH *d, _In_ size_t n, _In_ const CH *format, ...)            \
    {                                                                                                           \
        __builtin_va_list args;                                                                                 \
        __builtin_va_start(args, format);                                                                       \
        NTSTATUS status = RtlString##C##VPrintf##S(d, n, format, args);                                         \
        __builtin_va_end(args);                                                                                 \
        return status;                                                                                          \
    }                                                                                                           \
    DT_SAFE NTSTATUS RtlString##C##CopyEx##S(_Out_ CH *d, _In_ size_t n, _In_opt_ const CH *s, _Out_opt_ CH **end, \
        _Out_opt_ size_t *left, _In_ ULONG flags)                                                               \
    {                                                                                                           \
        size_t   length = 0, rest = 0, have = n / UNIT;                                                         \
        CH       none = 0;                                                                                      \
        NTSTATUS status = STATUS_INVALID_PARAMETER;                                                             \
        if (s == NULL && (flags & STRSAFE_IGNORE_NULLS))                                                        \
            s = &none;                                                                                          \
        if (DT_SAFE_SIZE_OK(have, NTSTRSAFE_MAX_CCH) && s != NULL)                                              \
            status = dt_safe_copy##S(d, have, &length, s, NTSTRSAFE_MAX_CCH);                                   \
        status = dt_safe_finish##S(d, have, length, status, end, &rest, flags);                                 \
        if (left != NULL)                                                                                       \
            *left = rest * UNIT;                                                                                \
        return status;                                                                                          \
    }                                                                                                           \
    DT_SAFE NTSTATUS RtlString##C##CatEx##S(_Inout_ CH *d, _In_ size_t n, _In_opt_ const CH *s, _Out_opt_ CH **end, \
        _Out_opt_ size_t *left, _In_ ULONG flags)                                                               \
    {                                                                                                           \
        size_t   length = 0, rest = 0, have = n / UNIT;                                                         \
        CH       none = 0;                                                                                      \
        NTSTATUS status = STATUS_INVALID_PARAMETER;                                                             \
        if (s == NULL && (flags & STRSAFE_IGNORE_NULLS))                                                        \
            s = &none;                                                                                          \
        if (DT_SAFE_SIZE_OK(have, NTSTRSAFE_MAX_CCH) && s != NULL)                                              \
            status = dt_safe_cat##S(d, have, &length, s, NTSTRSAFE_MAX_CCH);                                    \
        status = dt_safe_finish##S(d, have, length, status, end, &rest, flags);                                 \
        if (left != NULL)                                                                                       \
            *left = rest * UNIT;                                                                                \
        return status;                                                                                          \
    }                                                                                                           \
    DT_SAFE NTSTATUS RtlString##C##VPrintfEx##S(_Out_ CH *d, _In_ size_t n, _Out_opt_ CH **end,                 \
        _Out_opt_ size_t *left, _In_ ULONG flags, _In_ const CH *format, _In_ __builtin_va_list args)           \
    {                                                                                                           \
        size_t   length = 0, rest = 0, have = n / UNIT;                                                         \
        NTSTATUS status = STATUS_INVALID_PARAMETER;                                                             \
        if (DT_SAFE_SIZE_OK(have, NTSTRSAFE_MAX_CCH))                                                           \
            status = dt_safe_print##S(d, have, &length, format, args);                                          \
        status = dt_safe_finish##S(d, have, length, status, end, &rest, flags);                                 \
        if (left != NULL)                                                                                       \
            *left = rest * UNIT;                                                                                \
        return status;                                                                                          \
    }                                                                                                           \
    DT_SAFE NTSTATUS RtlString##C##PrintfEx##S(_Out_ CH *d, _In_ size_t n, _Out_opt_ CH **end,                  \
        _Out_opt_ size_t *left, _In_ ULONG flags, _In_ const CH *format, ...)                                   \
    {                                                                                                           \
        __builtin_va_list args;                                                                                 \
        __builtin_va_start(args, format);                                                                       \
        NTSTATUS status = RtlString##C##VPrintfEx##S(d, n, end, left, flags, format, args);                     \
        __builtin_va_end(args);                                                                                 \
        return status;                                                                                          \
    }

DT_STRSAFE(A, char, Cch, 1)
DT_STRSAFE(A, char, Cb, sizeof(char))
DT_STRSAFE(W, wchar_t, Cch, 1)
DT_STRSAFE(W, wchar_t, Cb, sizeof(wchar_t))
