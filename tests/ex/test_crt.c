/* SPDX-License-Identifier: MIT */
/*
 * The CRT of drivers, call by call, where it differs from the C library's or is ours: 16-bit wide characters, 32-bit long, the
 * checked copies and prints (Microsoft's CRT reference: strcpy_s, strncpy_s with _TRUNCATE, _snprintf, _snprintf_s, wcstombs).
 */
#include "../machine.h"

/* nt/crt.h, which declares them, is for drivers. */
size_t dt_nt_wcslen(const WCHAR *s);
size_t dt_nt_wcsnlen(const WCHAR *s, size_t limit);
WCHAR *dt_nt_wcscpy(WCHAR *d, const WCHAR *s);
WCHAR *dt_nt_wcsncpy(WCHAR *d, const WCHAR *s, size_t n);
WCHAR *dt_nt_wcscat(WCHAR *d, const WCHAR *s);
WCHAR *dt_nt_wcsncat(WCHAR *d, const WCHAR *s, size_t n);
int    dt_nt_wcscmp(const WCHAR *a, const WCHAR *b);
int    dt_nt_wcsncmp(const WCHAR *a, const WCHAR *b, size_t n);
int    dt_nt_wcsicmp(const WCHAR *a, const WCHAR *b);
int    dt_nt_wcsnicmp(const WCHAR *a, const WCHAR *b, size_t n);
WCHAR *dt_nt_wcschr(const WCHAR *s, WCHAR c);
WCHAR *dt_nt_wcsrchr(const WCHAR *s, WCHAR c);
WCHAR *dt_nt_wcsstr(const WCHAR *s, const WCHAR *find);
WCHAR *dt_nt_wcslwr(WCHAR *s);
WCHAR *dt_nt_wcsupr(WCHAR *s);
WCHAR  dt_nt_towlower(WCHAR c);
WCHAR  dt_nt_towupper(WCHAR c);
size_t dt_nt_mbstowcs(WCHAR *d, const char *s, size_t n);
size_t dt_nt_wcstombs(char *d, const WCHAR *s, size_t n);
int    dt_nt_stricmp(const char *a, const char *b);
int    dt_nt_strnicmp(const char *a, const char *b, size_t n);
char  *dt_nt_strlwr(char *s);
char  *dt_nt_strupr(char *s);
LONG   dt_nt_strtol(const char *s, char **end, int base);
ULONG  dt_nt_strtoul(const char *s, char **end, int base);
ULONG  dt_nt_wcstoul(const WCHAR *s, WCHAR **end, int base);
LONG   dt_nt_atol(const char *s);
int    dt_nt_wtoi(const WCHAR *s);
void   dt_nt_srand(unsigned seed);
int    dt_nt_rand(void);
int    dt_nt_sprintf(char *d, const char *format, ...);
int    dt_nt_snprintf(char *d, size_t n, const char *format, ...);
int    dt_nt_snprintf_s(char *d, size_t size, size_t n, const char *format, ...);
int    dt_nt_sprintf_s(char *d, size_t size, const char *format, ...);
int    dt_nt_snwprintf(WCHAR *d, size_t n, const WCHAR *format, ...);
int    dt_nt_swprintf_s(WCHAR *d, size_t size, const WCHAR *format, ...);
int    dt_nt_strcpy_s(char *d, size_t size, const char *s);
int    dt_nt_strcat_s(char *d, size_t size, const char *s);
int    dt_nt_strncpy_s(char *d, size_t size, const char *s, size_t n);
int    dt_nt_wcscpy_s(WCHAR *d, size_t size, const WCHAR *s);
int    dt_nt_wcscat_s(WCHAR *d, size_t size, const WCHAR *s);
int    dt_nt_wcsncpy_s(WCHAR *d, size_t size, const WCHAR *s, size_t n);
int    dt_nt_memcpy_s(void *d, size_t size, const void *s, size_t n);
int    dt_nt_memmove_s(void *d, size_t size, const void *s, size_t n);

enum { INVALID = 22, RANGE = 34, TRUNCATED = 80 };

#define TRUNCATE ((size_t)-1)

#define assert_wide(actual, expected) assert_memory_equal(actual, expected, sizeof(expected))

/* Wide text in static memory that may be written to, with a mark behind what is in use. */
static WCHAR w[16];

static void fill(void)
{
    for (unsigned i = 0; i < 16; i++)
        w[i] = 0x7e7e;
}

/* ---- wide strings ---- */

static void test_wide_copies(void **state)
{
    (void)state;
    assert_int_equal(dt_nt_wcsnlen(L"abc", 9), 3);
    assert_int_equal(dt_nt_wcsnlen(L"abc", 2), 2);
    fill();
    assert_ptr_equal(dt_nt_wcscpy(w, L"abc"), w);
    assert_wide(w, L"abc");
    assert_int_equal(w[4], 0x7e7e);
    assert_ptr_equal(dt_nt_wcscat(w, L"de"), w);
    assert_wide(w, L"abcde");
    assert_ptr_equal(dt_nt_wcsncat(w, L"fgh", 2), w);
    assert_wide(w, L"abcdefg");
    dt_nt_wcsncat(w, L"h", 5);
    assert_wide(w, L"abcdefgh");
    assert_int_equal(w[9], 0x7e7e);
    fill();
    assert_ptr_equal(dt_nt_wcsncpy(w, L"abcd", 2), w); /* no terminator */
    assert_true(w[0] == 'a' && w[1] == 'b' && w[2] == 0x7e7e);
    dt_nt_wcsncpy(w, L"x", 4); /* filled up */
    assert_true(w[0] == 'x' && w[1] == 0 && w[2] == 0 && w[3] == 0 && w[4] == 0x7e7e);
}

static void test_wide_compares(void **state)
{
    (void)state;
    assert_true(dt_nt_wcscmp(L"a", L"A") > 0 && dt_nt_wcscmp(L"A", L"a") < 0);
    assert_true(dt_nt_wcscmp(L"ab", L"a") > 0 && dt_nt_wcscmp(L"a", L"ab") < 0);
    assert_true(dt_nt_wcsncmp(L"ab", L"aB", 2) > 0 && dt_nt_wcsncmp(L"ab", L"aB", 1) == 0);
    assert_int_equal(dt_nt_wcsncmp(L"a", L"b", 0), 0);
    assert_int_equal(dt_nt_wcsncmp(L"ab\0c", L"ab\0d", 4), 0);
    assert_int_equal(dt_nt_wcsicmp(L"ab", L"AB"), 0);
    assert_true(dt_nt_wcsicmp(L"a", L"B") < 0 && dt_nt_wcsicmp(L"B", L"a") > 0);
    assert_int_equal(dt_nt_wcsnicmp(L"abX", L"ABy", 2), 0);
    assert_true(dt_nt_wcsnicmp(L"abX", L"ABy", 3) < 0);
}

static void test_wide_searches(void **state)
{
    static const WCHAR s[] = L"abcabd";

    (void)state;
    assert_ptr_equal(dt_nt_wcschr(s, 'b'), s + 1);
    assert_ptr_equal(dt_nt_wcschr(s, 0), s + 6);
    assert_null(dt_nt_wcschr(s, 'x'));
    assert_ptr_equal(dt_nt_wcsrchr(s, 'b'), s + 4);
    assert_ptr_equal(dt_nt_wcsrchr(s, 0), s + 6);
    assert_null(dt_nt_wcsrchr(s, 'x'));
    assert_ptr_equal(dt_nt_wcsstr(s, L"abd"), s + 3);
    assert_ptr_equal(dt_nt_wcsstr(s, L""), s);
    assert_null(dt_nt_wcsstr(s, L"ABD"));
}

static void test_wide_case(void **state)
{
    (void)state;
    dt_nt_wcscpy(w, L"aZ-\xe9");
    assert_ptr_equal(dt_nt_wcsupr(w), w);
    assert_wide(w, L"AZ-\xc9");
    assert_ptr_equal(dt_nt_wcslwr(w), w);
    assert_wide(w, L"az-\xe9");
    assert_true(dt_nt_towupper('q') == 'Q' && dt_nt_towlower('Q') == 'q');
}

static void test_widths(void **state)
{
    char c[8] = "~~~~~~~";

    (void)state;
    fill();
    assert_int_equal(dt_nt_mbstowcs(NULL, "ab\xe9", 0), 3);
    assert_int_equal(dt_nt_mbstowcs(w, "ab\xe9", 16), 3);
    assert_wide(w, L"ab\xe9");
    fill();
    assert_int_equal(dt_nt_mbstowcs(w, "abc", 2), 2);
    assert_true(w[0] == 'a' && w[1] == 'b' && w[2] == 0x7e7e);
    assert_int_equal(dt_nt_wcstombs(NULL, L"ab\xe9", 0), 3);
    assert_int_equal(dt_nt_wcstombs(c, L"ab\xe9", 8), 3);
    assert_string_equal(c, "ab\xe9");
    assert_int_equal(dt_nt_wcstombs(c, L"xyz", 2), 2);
    assert_string_equal(c, "xy\xe9");
    assert_int_equal(dt_nt_wcstombs(c, L"a\x20ac", 8), (size_t)-1);
}

/* ---- byte strings ---- */

static void test_narrow(void **state)
{
    char c[8] = "aZ@[`{9";

    (void)state;
    assert_ptr_equal(dt_nt_strupr(c), c);
    assert_string_equal(c, "AZ@[`{9");
    assert_ptr_equal(dt_nt_strlwr(c), c);
    assert_string_equal(c, "az@[`{9");
    memcpy(c, "zA", 3);
    assert_string_equal(dt_nt_strupr(c), "ZA");
    assert_int_equal(dt_nt_stricmp("aBz", "AbZ"), 0);
    assert_true(dt_nt_stricmp("a", "B") < 0 && dt_nt_stricmp("B", "a") > 0 && dt_nt_stricmp("a", "ab") < 0);
    assert_true(dt_nt_strnicmp("abX", "ABy", 2) == 0 && dt_nt_strnicmp("abX", "ABy", 3) < 0);
    assert_int_equal(dt_nt_strnicmp("a\0b", "a\0c", 3), 0);
}

/* ---- numbers ---- */

static void test_signed_numbers(void **state)
{
    static const char text[] = " \t\r\n+17z", none[] = "  -z";
    char             *end;

    (void)state;
    assert_int_equal(dt_nt_strtol(text, &end, 10), 17);
    assert_ptr_equal(end, text + 7);
    assert_int_equal(dt_nt_strtol(none, &end, 10), 0);
    assert_ptr_equal(end, none); /* no digit: nothing was read, not even the sign */
    assert_int_equal(dt_nt_strtol("017", NULL, 0), 15);
    assert_int_equal(dt_nt_strtol("17", NULL, 0), 17);
    assert_int_equal(dt_nt_strtol("0xfg", NULL, 16), 15);
    assert_int_equal(dt_nt_strtol("0X1F", NULL, 0), 31);
    assert_int_equal(dt_nt_strtol("0x10", &end, 10), 0);
    assert_string_equal(end, "x10");
    assert_int_equal(dt_nt_strtol("0xg", &end, 0), 0);
    assert_string_equal(end, "xg");
    assert_int_equal(dt_nt_strtol("zZ", NULL, 36), 35 * 36 + 35);
    assert_int_equal(dt_nt_strtol("12", NULL, 2), 1);
    assert_int_equal(dt_nt_strtol("2147483647", NULL, 10), 0x7fffffff);
    assert_int_equal(dt_nt_strtol("2147483648", NULL, 10), 0x7fffffff);
    assert_int_equal(dt_nt_strtol("-2147483648", NULL, 10), (LONG)0x80000000);
    assert_int_equal(dt_nt_strtol("-2147483649", NULL, 10), (LONG)0x80000000);
    assert_int_equal(dt_nt_strtol("-4294967296", NULL, 10), (LONG)0x80000000);
    assert_int_equal(dt_nt_strtol("99999999999999999999999", NULL, 10), 0x7fffffff); /* beyond 64 bits too */
    assert_int_equal(dt_nt_atol("-12x"), -12);
    assert_int_equal(dt_nt_atol("0x12"), 0);
}

static void test_unsigned_numbers(void **state)
{
    static const WCHAR wide[] = L" -5z";
    char              *end;
    WCHAR             *wide_end;

    (void)state;
    assert_int_equal(dt_nt_strtoul("4294967295", &end, 10), 0xffffffffu);
    assert_string_equal(end, "");
    assert_int_equal(dt_nt_strtoul("4294967296", NULL, 10), 0xffffffffu);
    assert_int_equal(dt_nt_strtoul("-1", NULL, 10), 0xffffffffu);
    assert_int_equal(dt_nt_strtoul("z", &end, 10), 0);
    assert_string_equal(end, "z");
    assert_int_equal(dt_nt_wcstoul(wide, &wide_end, 10), 0xfffffffbu);
    assert_ptr_equal(wide_end, wide + 3);
    assert_int_equal(dt_nt_wcstoul(L"0x2a", NULL, 0), 42);
    assert_int_equal(dt_nt_wtoi(L"-42"), -42);
}

/* srand, rand: Microsoft's numbers for seed 1, in 0 .. RAND_MAX = 32767; each run begins with that seed. */
static void random_numbers(void *ctx)
{
    static const int expected[] = {41, 18467, 6334, 26500, 19169};

    (void)ctx;
    for (unsigned i = 0; i < 5; i++)
        dt_expect_eq(dt_nt_rand(), expected[i]);
    dt_nt_srand(1);
    dt_expect_eq(dt_nt_rand(), 41);
    dt_nt_srand(2);
    dt_expect_eq(dt_nt_rand(), 45);
}

static void test_random(void **state)
{
    (void)state;
    passes(random_numbers);
    passes(random_numbers);
}

/* ---- prints ---- */

static void test_bounded_prints(void **state)
{
    char c[8] = "~~~~~~~";

    (void)state;
    assert_int_equal(dt_nt_snprintf(c, 2, "%s", "abc"), -1);
    assert_string_equal(c, "ab~~~~~");
    assert_int_equal(dt_nt_snprintf(c, 3, "%s", "xyz"), 3); /* it fits, its terminator does not */
    assert_string_equal(c, "xyz~~~~");
    assert_int_equal(dt_nt_snprintf(c, 4, "%s", "xyz"), 3);
    assert_string_equal(c, "xyz");
    assert_int_equal(dt_nt_sprintf(c, "%d", 123456), 6);
    assert_string_equal(c, "123456");
    fill();
    assert_int_equal(dt_nt_snwprintf(w, 2, L"%s", L"abc"), -1);
    assert_true(w[1] == 'b' && w[2] == 0x7e7e);
    assert_int_equal(dt_nt_snwprintf(w, 3, L"%s", L"xyz"), 3);
    assert_true(w[2] == 'z' && w[3] == 0x7e7e);
    assert_int_equal(dt_nt_snwprintf(w, 4, L"%s", L"xyz"), 3);
    assert_wide(w, L"xyz");
}

static void test_checked_prints(void **state)
{
    char c[8] = "~~~~~~~";

    (void)state;
    assert_int_equal(dt_nt_sprintf_s(c, 4, "%s", "abc"), 3);
    assert_string_equal(c, "abc");
    assert_int_equal(dt_nt_sprintf_s(c, 3, "%s", "abc"), -1);
    assert_string_equal(c, "");
    c[0] = '~';
    assert_int_equal(dt_nt_sprintf_s(c, 0, "%s", "abc"), -1);
    assert_int_equal(c[0], '~');
    fill();
    assert_int_equal(dt_nt_swprintf_s(w, 4, L"%s", L"abc"), 3);
    assert_wide(w, L"abc");
    assert_int_equal(dt_nt_swprintf_s(w, 3, L"%s", L"abc"), -1);
    assert_int_equal(w[0], 0);
    assert_int_equal(dt_nt_swprintf_s(w, 0, L"a"), -1);
    assert_int_equal(w[0], 0);
}

static void test_limited_prints(void **state)
{
    char c[8] = "~~~~~~~";

    (void)state;
    assert_int_equal(dt_nt_snprintf_s(c, 0, 3, "abc"), -1);
    assert_int_equal(c[0], '~');
    assert_int_equal(dt_nt_snprintf_s(c, 8, TRUNCATE, "%s", "abc"), 3);
    assert_string_equal(c, "abc");
    assert_int_equal(dt_nt_snprintf_s(c, 4, TRUNCATE, "%s", "vwxyz"), -1);
    assert_string_equal(c, "vwx");
    assert_int_equal(dt_nt_snprintf_s(c, 8, 2, "%s", "abc"), -1); /* the limit, not the buffer */
    assert_string_equal(c, "ab");
    assert_int_equal(dt_nt_snprintf_s(c, 8, 3, "%s", "xyz"), 3);
    assert_string_equal(c, "xyz");
    assert_int_equal(dt_nt_snprintf_s(c, 3, 5, "%s", "abc"), -1); /* the buffer is too small for the limit */
    assert_string_equal(c, "");
    assert_int_equal(dt_nt_snprintf_s(c, 3, 3, "%s", "abc"), -1);
    assert_string_equal(c, "");
    assert_int_equal(dt_nt_snprintf_s(c, 3, 3, "%s", "ab"), 2);
    assert_string_equal(c, "ab");
}

/* ---- checked copies ---- */

static void test_checked_narrow(void **state)
{
    char c[8] = "~~~~~~~";

    (void)state;
    assert_int_equal(dt_nt_strcpy_s(c, 4, "abc"), 0);
    assert_string_equal(c, "abc");
    assert_int_equal(c[4], '~');
    assert_int_equal(dt_nt_strcat_s(c, 6, "de"), 0);
    assert_string_equal(c, "abcde");
    assert_int_equal(dt_nt_strcat_s(c, 6, "f"), RANGE);
    assert_string_equal(c, "");
    assert_int_equal(dt_nt_strcpy_s(c, 3, "abc"), RANGE);
    assert_string_equal(c, "");
    assert_int_equal(dt_nt_strcpy_s(NULL, 3, "a"), INVALID);
    assert_int_equal(dt_nt_strcpy_s(c, 0, "a"), INVALID);
    assert_int_equal(dt_nt_strcpy_s(c, 3, NULL), INVALID);
    assert_int_equal(dt_nt_strcat_s(NULL, 3, "a"), INVALID);
    assert_int_equal(dt_nt_strcat_s(c, 3, NULL), INVALID);
    memset(c, '~', 7);
    assert_int_equal(dt_nt_strcat_s(c, 4, "a"), INVALID); /* no terminator in reach */
    assert_string_equal(c, "~~~~~~~");
}

static void test_checked_part(void **state)
{
    char c[8] = "~~~~~~~";

    (void)state;
    assert_int_equal(dt_nt_strncpy_s(c, 8, "abcd", 2), 0);
    assert_string_equal(c, "ab");
    assert_int_equal(dt_nt_strncpy_s(c, 3, "abcd", 3), RANGE);
    assert_string_equal(c, "");
    assert_int_equal(dt_nt_strncpy_s(c, 3, "abcd", TRUNCATE), TRUNCATED);
    assert_string_equal(c, "ab");
    assert_int_equal(dt_nt_strncpy_s(c, 3, "xy", TRUNCATE), 0);
    assert_string_equal(c, "xy");
    assert_int_equal(dt_nt_strncpy_s(NULL, 3, "a", 1), INVALID);
    assert_int_equal(dt_nt_strncpy_s(c, 0, "a", 1), INVALID);
    assert_int_equal(dt_nt_strncpy_s(c, 3, NULL, 1), INVALID);
    assert_int_equal(dt_nt_wcsncpy_s(w, 8, L"abcd", 2), 0);
    assert_wide(w, L"ab");
    assert_int_equal(dt_nt_wcsncpy_s(w, 3, L"abcd", 3), RANGE);
    assert_int_equal(w[0], 0);
    assert_int_equal(dt_nt_wcsncpy_s(w, 3, L"abcd", TRUNCATE), TRUNCATED);
    assert_wide(w, L"ab");
    assert_int_equal(dt_nt_wcsncpy_s(NULL, 3, L"a", 1), INVALID);
    assert_int_equal(dt_nt_wcsncpy_s(w, 0, L"a", 1), INVALID);
    assert_int_equal(dt_nt_wcsncpy_s(w, 3, NULL, 1), INVALID);
}

static void test_checked_wide(void **state)
{
    (void)state;
    fill();
    assert_int_equal(dt_nt_wcscpy_s(w, 4, L"abc"), 0);
    assert_wide(w, L"abc");
    assert_int_equal(w[4], 0x7e7e);
    assert_int_equal(dt_nt_wcscat_s(w, 6, L"de"), 0);
    assert_wide(w, L"abcde");
    assert_int_equal(w[6], 0x7e7e);
    assert_int_equal(dt_nt_wcscat_s(w, 6, L"f"), RANGE);
    assert_int_equal(w[0], 0);
    assert_int_equal(w[1], 'b');
    assert_int_equal(dt_nt_wcscpy_s(NULL, 3, L"a"), INVALID);
    assert_int_equal(dt_nt_wcscpy_s(w, 0, L"a"), INVALID);
    assert_int_equal(dt_nt_wcscpy_s(w, 3, NULL), INVALID);
    assert_int_equal(dt_nt_wcscat_s(NULL, 3, L"a"), INVALID);
    assert_int_equal(dt_nt_wcscat_s(w, 3, NULL), INVALID);
    fill();
    assert_int_equal(dt_nt_wcscat_s(w, 4, L"a"), INVALID);
    assert_int_equal(w[0], 0x7e7e);
}

/* memcpy_s clears what it cannot fill; memmove_s leaves it alone. */
static void test_checked_memory(void **state)
{
    char c[8] = "abcdefg";

    (void)state;
    assert_int_equal(dt_nt_memcpy_s(c, 2, "xy", 2), 0);
    assert_string_equal(c, "xycdefg");
    assert_int_equal(dt_nt_memcpy_s(NULL, 0, NULL, 0), 0);
    assert_int_equal(dt_nt_memcpy_s(NULL, 2, "xy", 2), INVALID);
    assert_int_equal(dt_nt_memcpy_s(c, 1, NULL, 1), INVALID);
    assert_memory_equal(c, "\0ycdefg", 8);
    assert_int_equal(dt_nt_memcpy_s(c, 2, "xyz", 3), RANGE);
    assert_memory_equal(c, "\0\0cdefg", 8);
    memcpy(c, "abcdefg", 8);
    assert_int_equal(dt_nt_memmove_s(c + 1, 7, c, 3), 0);
    assert_string_equal(c, "aabcefg");
    assert_int_equal(dt_nt_memmove_s(NULL, 0, NULL, 0), 0);
    assert_int_equal(dt_nt_memmove_s(NULL, 2, "xy", 2), INVALID);
    assert_int_equal(dt_nt_memmove_s(c, 2, NULL, 2), INVALID);
    assert_int_equal(dt_nt_memmove_s(c, 2, "xyz", 3), RANGE);
    assert_string_equal(c, "aabcefg");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wide_copies),
        cmocka_unit_test(test_wide_compares),
        cmocka_unit_test(test_wide_searches),
        cmocka_unit_test(test_wide_case),
        cmocka_unit_test(test_widths),
        cmocka_unit_test(test_narrow),
        cmocka_unit_test(test_signed_numbers),
        cmocka_unit_test(test_unsigned_numbers),
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_bounded_prints),
        cmocka_unit_test(test_checked_prints),
        cmocka_unit_test(test_limited_prints),
        cmocka_unit_test(test_checked_narrow),
        cmocka_unit_test(test_checked_part),
        cmocka_unit_test(test_checked_wide),
        cmocka_unit_test(test_checked_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
