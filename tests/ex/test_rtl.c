/* SPDX-License-Identifier: MIT */
/* Run-time library and CRT: NT's printf dialect, counted strings, numbers, time fields, bitmaps, UTF-8, GUIDs. */
#include "../machine.h"

#include "ex/format.h"

/* The CRT's symbols; nt/crt.h, which declares them, is for drivers. */
int    dt_nt_snprintf(char *d, size_t n, const char *format, ...);
int    dt_nt_snprintf_s(char *d, size_t size, size_t n, const char *format, ...);
int    dt_nt_sprintf_s(char *d, size_t size, const char *format, ...);
int    dt_nt_swprintf(WCHAR *d, const WCHAR *format, ...);
size_t dt_nt_wcslen(const WCHAR *s);
int    dt_nt_wcscmp(const WCHAR *a, const WCHAR *b);
int    dt_nt_wcsncmp(const WCHAR *a, const WCHAR *b, size_t n);
int    dt_nt_wcsicmp(const WCHAR *a, const WCHAR *b);
WCHAR *dt_nt_wcschr(const WCHAR *s, WCHAR c);
size_t dt_nt_wcsspn(const WCHAR *s, const WCHAR *set);
size_t dt_nt_wcscspn(const WCHAR *s, const WCHAR *set);
WCHAR *dt_nt_wcsrchr(const WCHAR *s, WCHAR c);
WCHAR *dt_nt_wcsstr(const WCHAR *s, const WCHAR *find);
LONG   dt_nt_strtol(const char *s, char **end, int base);
ULONG  dt_nt_strtoul(const char *s, char **end, int base);
int    dt_nt_wcscpy_s(WCHAR *d, size_t size, const WCHAR *s);

/* A counted string over a buffer of its own: literals are const here. */
#define STRING_OF(type, character, name, text) \
    character name##_text[] = text;            \
    type      name = {sizeof name##_text - sizeof name##_text[0], sizeof name##_text, name##_text}

static const char *formatted(const char *format, ...)
{
    static char text[256];
    va_list     ap;

    va_start(ap, format);
    size_t n = ex_format(text, sizeof text - 1, format, ap);

    va_end(ap);
    text[n] = 0;
    return text;
}

/* Formats of DbgPrint (nf-wdm-dbgprint) and of the CRT (format specification syntax). */
static void test_format(void **state)
{
    STRING_OF(UNICODE_STRING, WCHAR, wide, L"wide");
    STRING_OF(ANSI_STRING, CHAR, ansi, "ansi");

    (void)state;
    assert_string_equal(formatted("%wZ|%Z|%8wZ|%-8Z|", &wide, &ansi, &wide, &ansi), "wide|ansi|    wide|ansi    |");
    assert_string_equal(formatted("%ws %S %ls %s %hs", L"a", L"b", L"c", "d", "e"), "a b c d e");
    assert_string_equal(formatted("%c %C %wc", 'x', L'y', L'z'), "x y z");
    assert_string_equal(formatted("%I64d %I64x %lld %Iu", -5000000000LL, 0x123456789aULL, 7LL, (size_t)9),
        "-5000000000 123456789a 7 9");
    assert_string_equal(formatted("%ld %lu %lx", -1, 0xffffffffu, 0xfffffffeu), "-1 4294967295 fffffffe");
    assert_string_equal(formatted("%p", (void *)0x7e9004000aULL), "0000007E9004000A");
    assert_string_equal(formatted("%5d|%-5d|%05d|%+d|% d|%.3d|%*d|%.*s|", 42, 42, 42, 42, 42, 7, 4, 1, 2, "abc"),
        "   42|42   |00042|+42| 42|007|   1|ab|");
    assert_string_equal(formatted("%#x %#o %X %hd %hhd %%", 255, 8, 255, 70000, 300), "0xff 010 FF 4464 44 %");
    assert_string_equal(formatted("%s %wZ", NULL, NULL), "(null) (null)");
    assert_string_equal(formatted("%d%", 1), "1");
}

static void test_format_length(void **state)
{
    char small[4] = "zzz";

    (void)state;
    assert_int_equal(dt_nt_snprintf(small, 3, "%d", 12345), -1);
    assert_memory_equal(small, "123", 3);
    assert_int_equal(dt_nt_snprintf(small, 3, "%d", 123), 3); /* no room for the terminator: none */
    assert_int_equal(dt_nt_snprintf(small, 4, "%d", 12), 2);
    assert_string_equal(small, "12");
    assert_int_equal(dt_nt_snprintf_s(small, 4, (size_t)-1, "%d", 12345), -1);
    assert_string_equal(small, "123");
    assert_int_equal(dt_nt_sprintf_s(small, 4, "%d", 12345), -1);
    assert_string_equal(small, "");
}

static void test_crt(void **state)
{
    WCHAR w[16];

    (void)state;
    assert_int_equal(dt_nt_swprintf(w, L"%s-%S-%d", L"ab", "cd", 7), 7);
    assert_int_equal(dt_nt_wcslen(w), 7);
    assert_int_equal(dt_nt_wcscmp(w, L"ab-cd-7"), 0);
    assert_int_equal(dt_nt_wcsicmp(L"HeLLo", L"hEllO"), 0);
    assert_true(dt_nt_wcscmp(L"a", L"b") < 0 && dt_nt_wcsncmp(L"abc", L"abd", 2) == 0);
    assert_ptr_equal(dt_nt_wcschr(w, L'-'), w + 2);
    assert_int_equal(dt_nt_wcsspn(L"aabbc", L"ab"), 4);
    assert_int_equal(dt_nt_wcsspn(L"cab", L"ab"), 0);
    assert_int_equal(dt_nt_wcscspn(L"xyzab", L"ab"), 3);
    assert_int_equal(dt_nt_wcscspn(L"xyz", L""), 3);
    assert_ptr_equal(dt_nt_wcsrchr(w, L'-'), w + 5);
    assert_ptr_equal(dt_nt_wcsstr(w, L"cd"), w + 3);
    assert_null(dt_nt_wcsstr(w, L"x"));
    assert_int_equal(dt_nt_strtol("-0x10z", NULL, 0), -16);
    assert_int_equal(dt_nt_strtol("99999999999", NULL, 10), 0x7fffffff);
    assert_int_equal(dt_nt_strtoul("99999999999", NULL, 10), 0xffffffffu);
    assert_int_equal(dt_nt_wcscpy_s(w, 3, L"abc"), 34);
    assert_int_equal(w[0], 0);
    assert_int_equal(dt_nt_wcscpy_s(w, 4, L"abc"), 0);
}

static void test_unicode_strings(void **state)
{
    WCHAR          buffer[8];
    UNICODE_STRING s, t = {0, sizeof buffer, buffer};
    STRING_OF(UNICODE_STRING, WCHAR, upper, L"\\DEVICE\\X");
    STRING_OF(UNICODE_STRING, WCHAR, mixed, L"\\Device\\x");
    STRING_OF(UNICODE_STRING, WCHAR, prefix, L"\\device");

    (void)state;
    RtlInitUnicodeString(&s, NULL);
    assert_true(s.Length == 0 && s.MaximumLength == 0 && !s.Buffer);
    RtlInitUnicodeString(&s, L"abc");
    assert_true(s.Length == 6 && s.MaximumLength == 8);
    RtlCopyUnicodeString(&t, &s);
    assert_true(t.Length == 6 && buffer[3] == 0);
    assert_int_equal(RtlAppendUnicodeToString(&t, L"defgh"), STATUS_SUCCESS);
    assert_int_equal(t.Length, 16);
    assert_int_equal(RtlAppendUnicodeToString(&t, L"i"), STATUS_BUFFER_TOO_SMALL);
    assert_true(RtlEqualUnicodeString(&upper, &mixed, TRUE) && !RtlEqualUnicodeString(&upper, &mixed, FALSE));
    assert_true(RtlPrefixUnicodeString(&prefix, &upper, TRUE) && !RtlPrefixUnicodeString(&prefix, &upper, FALSE));
    assert_true(RtlCompareUnicodeString(&prefix, &upper, TRUE) < 0);
}

static void conversions(void *ctx)
{
    WCHAR          buffer[12];
    UNICODE_STRING t = {0, sizeof buffer, buffer}, made;
    STRING_OF(ANSI_STRING, CHAR, ansi, "hello");
    ANSI_STRING back;
    ULONG       value;

    (void)ctx;
    dt_expect_eq(RtlIntegerToUnicodeString(0xbeef, 16, &t), STATUS_SUCCESS);
    dt_expect_eq(t.Length, 8);
    dt_expect_eq(RtlUnicodeStringToInteger(&t, 16, &value), STATUS_SUCCESS);
    dt_expect_eq(value, 0xbeef);
    dt_expect_eq(RtlIntegerToUnicodeString(0xffffffff, 2, &t), STATUS_BUFFER_OVERFLOW);
    dt_expect_eq(RtlIntegerToUnicodeString(1, 7, &t), STATUS_INVALID_PARAMETER);
    dt_expect_eq(RtlAnsiStringToUnicodeString(&made, &ansi, TRUE), STATUS_SUCCESS);
    dt_expect_eq(made.Length, 10);
    dt_expect_eq(RtlUnicodeStringToAnsiString(&back, &made, TRUE), STATUS_SUCCESS);
    dt_expect(back.Length == 5 && memcmp(back.Buffer, "hello", 6) == 0);
    RtlFreeAnsiString(&back);
    RtlFreeUnicodeString(&made);
    dt_expect(made.Buffer == NULL);
}

static void conversion_at_dispatch(void *ctx)
{
    WCHAR          buffer[12];
    UNICODE_STRING t = {0, sizeof buffer, buffer};
    KIRQL          old;

    (void)ctx;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    RtlIntegerToUnicodeString(1, 10, &t);
    KeLowerIrql(old);
}

static void test_conversions(void **state)
{
    (void)state;
    passes(conversions);
    caught(conversion_at_dispatch, "DT-I01", 0x0A);
}

static void round_trip(LONGLONG t, int year, int month, int day, int weekday)
{
    LARGE_INTEGER time = {.QuadPart = t}, back;
    TIME_FIELDS   f;

    RtlTimeToTimeFields(&time, &f);
    assert_int_equal(f.Year, year);
    assert_int_equal(f.Month, month);
    assert_int_equal(f.Day, day);
    assert_int_equal(f.Weekday, weekday);
    assert_true(RtlTimeFieldsToTime(&f, &back));
    assert_int_equal(back.QuadPart, t - t % 10000);
}

/* nf-wdm-rtltimetotimefields: since 1601; 1 January 1601 was a Monday. */
static void test_time_fields(void **state)
{
    TIME_FIELDS   bad = {.Year = 2023, .Month = 2, .Day = 29};
    LARGE_INTEGER t;

    (void)state;
    round_trip(0, 1601, 1, 1, 1);
    round_trip(116444736000000000LL, 1970, 1, 1, 4);
    round_trip(125963423999990000LL, 2000, 2, 29, 2);
    round_trip(125963424000000000LL, 2000, 3, 1, 3);
    for (LONGLONG day = 0; day < 200000; day += 31) {
        LARGE_INTEGER time = {.QuadPart = day * 864000000000LL}, back;
        TIME_FIELDS   f;

        RtlTimeToTimeFields(&time, &f);
        assert_true(RtlTimeFieldsToTime(&f, &back));
        assert_int_equal(back.QuadPart, time.QuadPart);
    }
    assert_false(RtlTimeFieldsToTime(&bad, &t));
}

static void test_bitmaps(void **state)
{
    ULONG          bits[3] = {0}, at;
    RTL_BITMAP     map;
    RTL_BITMAP_RUN runs[2];

    (void)state;
    RtlInitializeBitMap(&map, bits, 80);
    RtlSetBits(&map, 10, 40);
    assert_int_equal(RtlNumberOfSetBits(&map), 40);
    assert_true(RtlAreBitsSet(&map, 10, 40) && !RtlAreBitsSet(&map, 9, 2) && !RtlAreBitsClear(&map, 79, 2));
    assert_int_equal(RtlFindClearBits(&map, 11, 0), 50);
    assert_int_equal(RtlFindClearBits(&map, 10, 60), 60);
    assert_int_equal(RtlFindClearBits(&map, 10, 75), 0);
    assert_int_equal(RtlFindClearBits(&map, 31, 0), 0xffffffff);
    assert_int_equal(RtlFindClearBitsAndSet(&map, 30, 0), 50);
    assert_int_equal(RtlNumberOfClearBits(&map), 10);
    RtlClearBits(&map, 20, 4);
    assert_int_equal(RtlFindClearRuns(&map, runs, 2, TRUE), 2);
    assert_true(runs[0].StartingIndex == 0 && runs[0].NumberOfBits == 10 && runs[1].StartingIndex == 20);
    assert_int_equal(RtlFindNextForwardRunClear(&map, 11, &at), 4);
    assert_int_equal(at, 20);
    assert_int_equal(RtlFindLastBackwardRunClear(&map, 40, &at), 4);
    assert_int_equal(at, 20);
    assert_int_equal(RtlFindLongestRunClear(&map, &at), 10);
    assert_int_equal(RtlFindMostSignificantBit(0x8000000000ULL), 39);
    assert_int_equal(RtlFindLeastSignificantBit(0), -1);
}

static void text(void *ctx)
{
    static const WCHAR wide[] = {'a', 0xe9, 0x20ac, 0xd83d, 0xde00};
    static const char  utf8[] = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80";
    WCHAR              back[8];
    char               bytes[16];
    ULONG              n;
    UNICODE_STRING     made;
    GUID               g;
    STRING_OF(UNICODE_STRING, WCHAR, s, L"{5D006E1A-2631-466c-B8A0-32FD498E4424}");

    (void)ctx;
    dt_expect_eq(RtlUnicodeToUTF8N(bytes, sizeof bytes, &n, wide, sizeof wide), STATUS_SUCCESS);
    dt_expect(n == sizeof utf8 - 1 && memcmp(bytes, utf8, n) == 0);
    dt_expect_eq(RtlUTF8ToUnicodeN(back, sizeof back, &n, utf8, sizeof utf8 - 1), STATUS_SUCCESS);
    dt_expect(n == sizeof wide && memcmp(back, wide, n) == 0);
    dt_expect_eq(RtlUTF8ToUnicodeN(back, sizeof back, &n, "\xc0\x80", 2), STATUS_SOME_NOT_MAPPED);
    dt_expect_eq(RtlUTF8ToUnicodeN(back, 2, &n, utf8, sizeof utf8 - 1), STATUS_BUFFER_TOO_SMALL);
    dt_expect_eq(RtlGUIDFromString(&s, &g), STATUS_SUCCESS);
    dt_expect(g.Data1 == 0x5d006e1a && g.Data3 == 0x466c && g.Data4[7] == 0x24);
    dt_expect_eq(RtlStringFromGUID(&g, &made), STATUS_SUCCESS);
    dt_expect(RtlEqualUnicodeString(&made, &s, TRUE));
    RtlFreeUnicodeString(&made);
}

static void test_text(void **state)
{
    (void)state;
    passes(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_format),
        cmocka_unit_test(test_format_length),
        cmocka_unit_test(test_crt),
        cmocka_unit_test(test_unicode_strings),
        cmocka_unit_test(test_conversions),
        cmocka_unit_test(test_time_fields),
        cmocka_unit_test(test_bitmaps),
        cmocka_unit_test(test_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
