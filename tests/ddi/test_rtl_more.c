/* SPDX-License-Identifier: MIT */
/* OEM and UTF-8 strings, seconds since 1970 and 1980, versions. */
#include "../machine.h"

#define S_1970 11644473600ll /* from 1601 */
#define S_1980 (S_1970 + 315532800ll)

static LARGE_INTEGER at_second(int64_t s)
{
    LARGE_INTEGER t;

    t.QuadPart = s * 10000000;
    return t;
}

static void seconds_body(void *arg)
{
    LARGE_INTEGER t = at_second(S_1970);
    ULONG         s = 7;

    (void)arg;
    dt_expect(RtlTimeToSecondsSince1970(&t, &s) && s == 0);
    dt_expect(!RtlTimeToSecondsSince1980(&t, &s));
    t.QuadPart--;
    dt_expect(!RtlTimeToSecondsSince1970(&t, &s));
    t = at_second(S_1970 + UINT32_MAX);
    dt_expect(RtlTimeToSecondsSince1970(&t, &s) && s == UINT32_MAX);
    t = at_second(S_1970 + UINT32_MAX + 1ll);
    dt_expect(!RtlTimeToSecondsSince1970(&t, &s));
    dt_expect(RtlTimeToSecondsSince1980(&t, &s) && s == UINT32_MAX - 315532800u + 1);
    RtlSecondsSince1970ToTime(5, &t);
    dt_expect_eq(t.QuadPart, at_second(S_1970 + 5).QuadPart);
    RtlSecondsSince1980ToTime(UINT32_MAX, &t);
    dt_expect_eq(t.QuadPart, at_second(S_1980 + UINT32_MAX).QuadPart);
}

static void seconds_are_counted_from_1970_and_1980(void **state)
{
    (void)state;
    passes(seconds_body);
}

static const WCHAR text[] = L"a\x00e9\x20ac";

static void oem_body(void *arg)
{
    UNICODE_STRING wide, back;
    OEM_STRING     oem;
    CHAR           four[4];
    ULONG          n = 0;
    WCHAR          c = 0xe9;

    (void)arg;
    RtlInitUnicodeString(&wide, text);
    dt_expect_eq(RtlxUnicodeStringToOemSize(&wide), 4);
    dt_expect_eq(RtlUnicodeStringToOemString(&oem, &wide, TRUE), STATUS_SUCCESS);
    dt_expect(oem.Length == 3 && oem.MaximumLength == 4 && memcmp(oem.Buffer, "a\xe9?", 4) == 0);
    dt_expect_eq(RtlOemStringToUnicodeString(&back, &oem, TRUE), STATUS_SUCCESS);
    dt_expect(back.Length == 6 && back.MaximumLength == 8 && back.Buffer[1] == 0xe9 && back.Buffer[3] == 0);
    RtlFreeUnicodeString(&back);
    RtlFreeOemString(&oem);
    dt_expect(!oem.Buffer);
    oem = (OEM_STRING){0, 3, four};
    dt_expect_eq(RtlUnicodeStringToOemString(&oem, &wide, FALSE), STATUS_BUFFER_OVERFLOW);
    dt_expect_eq(RtlUpcaseUnicodeStringToCountedOemString(&oem, &wide, FALSE), STATUS_SUCCESS);
    dt_expect(oem.Length == 3 && memcmp(four, "A\xc9?", 3) == 0);
    dt_expect_eq(RtlUnicodeToOemN(four, 2, &n, wide.Buffer, wide.Length), STATUS_BUFFER_OVERFLOW);
    dt_expect(n == 2 && four[0] == 'a');
    dt_expect(RtlIsValidOemCharacter(&c) && c == 0xc9);
    c = 0x20ac;
    dt_expect(!RtlIsValidOemCharacter(&c));
}

static void oem_strings_are_converted(void **state)
{
    (void)state;
    passes(oem_body);
}

static void utf8_body(void *arg)
{
    UNICODE_STRING wide, back;
    UTF8_STRING    utf8;
    CHAR           buffer[8] = "ab";
    STRING         s = {2, 4, buffer}, more = {2, 2, (PCHAR) "cd"};

    (void)arg;
    RtlInitUnicodeString(&wide, text);
    dt_expect_eq(RtlUnicodeStringToUTF8String(&utf8, &wide, TRUE), STATUS_SUCCESS);
    dt_expect(utf8.Length == 6 && memcmp(utf8.Buffer, "a\xc3\xa9\xe2\x82\xac", 7) == 0);
    dt_expect_eq(RtlUTF8StringToUnicodeString(&back, &utf8, TRUE), STATUS_SUCCESS);
    dt_expect(RtlEqualUnicodeString(&back, &wide, FALSE));
    RtlFreeUTF8String(&utf8);
    RtlFreeUnicodeString(&back);
    dt_expect_eq(RtlAppendStringToString(&s, &more), STATUS_SUCCESS);
    dt_expect(s.Length == 4 && memcmp(buffer, "abcd", 4) == 0);
    dt_expect_eq(RtlAppendStringToString(&s, &more), STATUS_BUFFER_TOO_SMALL);
    dt_expect(RtlCreateUnicodeString(&back, L"xyz") && back.Length == 6 && back.Buffer[3] == 0);
    RtlFreeUnicodeString(&back);
}

static void utf8_strings_are_converted(void **state)
{
    (void)state;
    passes(utf8_body);
}

static NTSTATUS version_is(ULONG major, ULONG minor, UCHAR condition)
{
    RTL_OSVERSIONINFOEXW v = {.dwOSVersionInfoSize = sizeof v, .dwMajorVersion = major, .dwMinorVersion = minor};
    ULONGLONG            mask = 0;

    VER_SET_CONDITION(mask, VER_MAJORVERSION, condition);
    VER_SET_CONDITION(mask, VER_MINORVERSION, condition);
    return RtlVerifyVersionInfo(&v, VER_MAJORVERSION | VER_MINORVERSION, mask);
}

/* The major number decides where it differs. */
static void version_body(void *arg)
{
    ULONG major = 0, build = 0;

    (void)arg;
    dt_expect_eq(version_is(6, 3, VER_GREATER_EQUAL), STATUS_SUCCESS);
    dt_expect_eq(version_is(10, 0, VER_GREATER_EQUAL), STATUS_SUCCESS);
    dt_expect_eq(version_is(10, 0, VER_EQUAL), STATUS_SUCCESS);
    dt_expect_eq(version_is(10, 0, VER_GREATER), STATUS_REVISION_MISMATCH);
    dt_expect_eq(version_is(10, 1, VER_GREATER_EQUAL), STATUS_REVISION_MISMATCH);
    dt_expect_eq(version_is(11, 0, VER_LESS), STATUS_SUCCESS);
    dt_expect(!PsGetVersion(&major, NULL, &build, NULL) && major == 10 && build > 20000);
}

static void versions_are_compared(void **state)
{
    (void)state;
    passes(version_body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(seconds_are_counted_from_1970_and_1980),
        cmocka_unit_test(oem_strings_are_converted),
        cmocka_unit_test(utf8_strings_are_converted),
        cmocka_unit_test(versions_are_compared),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
