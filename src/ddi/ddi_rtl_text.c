/* SPDX-License-Identifier: MIT */
/* ddi/ddi_rtl_text.c - UTF-8, GUIDs as text, hashes of strings. */
#include "ddi/ddi.h"
#include "ex/pool.h"
#include "ex/unicode.h"
#include "ke/ke.h"

#define REPLACEMENT 0xfffdu /* for what is not well-formed */

/* ---- UTF-8 ---- */

/* The code point at s and how many bytes it took; ill-formed: REPLACEMENT, and the bytes up to the first that cannot go on. */
static ULONG decode_utf8(const unsigned char *s, ULONG left, ULONG *used)
{
    static const ULONG least[] = {0, 0x80, 0x800, 0x10000};
    unsigned           more = s[0] < 0x80                   ? 0
                              : s[0] >= 0xc2 && s[0] < 0xe0 ? 1
                              : (s[0] & 0xf0) == 0xe0       ? 2
                              : s[0] >= 0xf0 && s[0] < 0xf5 ? 3
                                                            : 9;

    *used = 1;
    if (more == 9)
        return REPLACEMENT;
    ULONG c = more ? s[0] & (0x3fu >> more) : s[0];

    for (unsigned i = 0; i < more; i++, ++*used) {
        if (*used >= left || (s[*used] & 0xc0) != 0x80)
            return REPLACEMENT;
        c = c << 6 | (s[*used] & 0x3f);
    }
    return c < least[more] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000) ? REPLACEMENT : c;
}

static ULONG decode_utf16(const WCHAR *s, ULONG left, ULONG *used)
{
    *used = 1;
    if (s[0] < 0xd800 || s[0] >= 0xe000)
        return s[0];
    if (s[0] >= 0xdc00 || left < 2 || s[1] < 0xdc00 || s[1] >= 0xe000)
        return REPLACEMENT;
    *used = 2;
    return 0x10000 + ((ULONG)(s[0] - 0xd800) << 10 | (s[1] - 0xdc00));
}

static ULONG encode_utf16(ULONG c, WCHAR out[2])
{
    if (c < 0x10000) {
        out[0] = (WCHAR)c;
        return 1;
    }
    out[0] = (WCHAR)(0xd800 + ((c - 0x10000) >> 10));
    out[1] = (WCHAR)(0xdc00 + (c & 0x3ff));
    return 2;
}

static ULONG encode_utf8(ULONG c, char out[4])
{
    unsigned                   more = c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    static const unsigned char lead[] = {0, 0xc0, 0xe0, 0xf0};

    for (unsigned i = more; i > 0; i--, c >>= 6)
        out[i] = (char)(0x80 | (c & 0x3f));
    out[0] = (char)(lead[more] | c);
    return more + 1;
}

/* Success unless something was replaced. Without a destination the size is counted. */
NTSYSAPI NTSTATUS RtlUTF8ToUnicodeN(PWSTR UnicodeStringDestination, ULONG UnicodeStringMaxByteCount,
    PULONG UnicodeStringActualByteCount, PCCH UTF8StringSource, ULONG UTF8StringByteCount)
{
    NTSTATUS status = STATUS_SUCCESS;
    ULONG    written = 0;

    DDI_ENTER_QUIET(RtlUTF8ToUnicodeN, UnicodeStringDestination);
    for (ULONG i = 0, used; i < UTF8StringByteCount; i += used) {
        WCHAR pair[2];
        ULONG c = decode_utf8((const unsigned char *)UTF8StringSource + i, UTF8StringByteCount - i, &used),
              n = encode_utf16(c, pair);

        if (c == REPLACEMENT)
            status = STATUS_SOME_NOT_MAPPED;
        if (UnicodeStringDestination && (written + n) * sizeof(WCHAR) > UnicodeStringMaxByteCount) {
            status = STATUS_BUFFER_TOO_SMALL;
            break;
        }
        if (UnicodeStringDestination)
            RtlCopyMemory(UnicodeStringDestination + written, pair, n * sizeof(WCHAR));
        written += n;
    }
    if (UnicodeStringActualByteCount)
        *UnicodeStringActualByteCount = written * (ULONG)sizeof(WCHAR);
    return status;
}

NTSYSAPI NTSTATUS RtlUnicodeToUTF8N(PCHAR UTF8StringDestination, ULONG UTF8StringMaxByteCount,
    PULONG UTF8StringActualByteCount, PCWCH UnicodeStringSource, ULONG UnicodeStringByteCount)
{
    NTSTATUS status = STATUS_SUCCESS;
    ULONG    written = 0, chars = UnicodeStringByteCount / (ULONG)sizeof(WCHAR);

    DDI_ENTER_QUIET(RtlUnicodeToUTF8N, UTF8StringDestination);
    for (ULONG i = 0, used; i < chars; i += used) {
        char  bytes[4];
        ULONG c = decode_utf16(UnicodeStringSource + i, chars - i, &used), n = encode_utf8(c, bytes);

        if (c == REPLACEMENT)
            status = STATUS_SOME_NOT_MAPPED;
        if (UTF8StringDestination && written + n > UTF8StringMaxByteCount) {
            status = STATUS_BUFFER_TOO_SMALL;
            break;
        }
        if (UTF8StringDestination)
            RtlCopyMemory(UTF8StringDestination + written, bytes, n);
        written += n;
    }
    if (UTF8StringActualByteCount)
        *UTF8StringActualByteCount = written;
    return status;
}

/* ---- GUIDs: {xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx} ---- */

/* Order of a GUID's bytes in its text; -1 is a dash. */
static const signed char guid_order[] = {3, 2, 1, 0, -1, 5, 4, -1, 7, 6, -1, 8, 9, -1, 10, 11, 12, 13, 14, 15};

static int hex(WCHAR c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 32;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

NTSYSAPI NTSTATUS RtlGUIDFromString(PCUNICODE_STRING GuidString, GUID *Guid)
{
    const WCHAR *s = GuidString->Buffer;

    DDI_ENTER_QUIET(RtlGUIDFromString, GuidString);
    if (GuidString->Length < RTL_GUID_STRING_SIZE * sizeof(WCHAR) || *s++ != '{')
        return STATUS_INVALID_PARAMETER;
    for (unsigned i = 0; i < sizeof guid_order; i++) {
        if (guid_order[i] < 0) {
            if (*s++ != '-')
                return STATUS_INVALID_PARAMETER;
            continue;
        }
        if (hex(s[0]) < 0 || hex(s[1]) < 0)
            return STATUS_INVALID_PARAMETER;
        ((unsigned char *)Guid)[guid_order[i]] = (unsigned char)(hex(s[0]) << 4 | hex(s[1]));
        s += 2;
    }
    return *s == '}' ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

NTSYSAPI NTSTATUS RtlStringFromGUID(const GUID *Guid, PUNICODE_STRING GuidString)
{
    static const char digits[] = "0123456789ABCDEF";
    USHORT            bytes = RTL_GUID_STRING_SIZE * sizeof(WCHAR);

    DDI_ENTER_QUIET(RtlStringFromGUID, GuidString);
    WCHAR *s = ex_pool_alloc(PagedPool, bytes + sizeof(WCHAR), 0x67727453u, __builtin_return_address(0));

    if (!s)
        return STATUS_NO_MEMORY;
    *GuidString = (UNICODE_STRING){bytes, (USHORT)(bytes + sizeof(WCHAR)), s};
    *s++ = '{';
    for (unsigned i = 0; i < sizeof guid_order; i++) {
        if (guid_order[i] < 0) {
            *s++ = '-';
            continue;
        }
        unsigned char b = ((const unsigned char *)Guid)[guid_order[i]];

        *s++ = (WCHAR)digits[b >> 4];
        *s++ = (WCHAR)digits[b & 15];
    }
    s[0] = '}';
    s[1] = 0;
    return STATUS_SUCCESS;
}

/* ---- hashes ---- */

/* x65599: h = h * 65599 + c, as the algorithm's name says. */
NTSYSAPI NTSTATUS RtlHashUnicodeString(
    PCUNICODE_STRING String, BOOLEAN CaseInSensitive, ULONG HashAlgorithm, PULONG HashValue)
{
    ULONG h = 0;

    if (!String || !HashValue || HashAlgorithm > HASH_STRING_ALGORITHM_X65599)
        return STATUS_INVALID_PARAMETER;
    for (unsigned i = 0; i < String->Length / sizeof(WCHAR); i++)
        h = h * 65599 + (CaseInSensitive ? ex_upcase(String->Buffer[i]) : String->Buffer[i]);
    *HashValue = h;
    return STATUS_SUCCESS;
}
