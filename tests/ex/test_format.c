/* SPDX-License-Identifier: MIT */
/*
 * Formats of DbgPrint and of the CRT, flag by flag (Microsoft's "format specification syntax" of printf and wprintf; %Z and %wZ:
 * nf-wdm-dbgprint).
 */
#include "../machine.h"

#include <sys/mman.h>

#include "ex/format.h"

static size_t printed; /* characters, also those that found no room */

static const char *formatted(const char *format, ...)
{
    static char text[64];
    va_list     ap;

    va_start(ap, format);
    memset(text, '~', sizeof text);
    printed = ex_format(text, sizeof text - 1, format, ap);
    va_end(ap);
    text[printed < sizeof text ? printed : sizeof text - 1] = 0;
    return text;
}

static const WCHAR *wide_formatted(const WCHAR *format, ...)
{
    static WCHAR text[64];
    va_list      ap;

    va_start(ap, format);
    text[ex_format_wide((uint16_t *)text, 63, (const uint16_t *)format, ap)] = 0;
    va_end(ap);
    return text;
}

#define assert_wide(actual, expected) assert_memory_equal(actual, expected, sizeof(expected))

/* ---- integers ---- */

static void test_sign(void **state)
{
    (void)state;
    assert_string_equal(formatted("%d|%+d|% d|%+ d", 0, 0, 0, 5), "0|+0| 0|+5");
    assert_string_equal(formatted("%d|%+d|% d|%i", -7, -7, -7, -7), "-7|-7|-7|-7");
    assert_string_equal(formatted("%I64d|%lld", INT64_MIN, INT64_MAX), "-9223372036854775808|9223372036854775807");
    assert_string_equal(formatted("%+u|% x", 7, 7), "7|7"); /* a sign is for signed conversions */
}

/* The flag 0 means nothing together with - or with a precision. */
static void test_padding(void **state)
{
    (void)state;
    assert_string_equal(formatted("%-5d|%-05d|%05d|%05d", 42, 42, 42, -42), "42   |42   |00042|-0042");
    assert_string_equal(formatted("%05.3d|%-5.3d|%5.3d", 7, 7, -7), "  007|007  | -007");
    assert_string_equal(formatted("%.0d|%.0d|%3.0d|%.d", 0, 5, 0, 0), "|5|   |");
    assert_string_equal(formatted("%2d|%1d|%.1d|%.2d", 42, 42, 42, 42), "42|42|42|42");
    assert_string_equal(formatted("%*d|%*d|%*d", 4, 1, -4, 1, 0, 1), "   1|1   |1"); /* negative: to the left */
    assert_string_equal(formatted("%.*d|%.*d", 2, 1, -1, 0), "01|0"); /* negative: as if there were none */
    assert_string_equal(formatted("%10d|%09d", 1, 1), "         1|000000001");
}

static void test_bases(void **state)
{
    (void)state;
    assert_string_equal(formatted("%x|%X|%o|%u", 0xabcdef, 0xabcdef, 8, 9), "abcdef|ABCDEF|10|9");
    assert_string_equal(formatted("%#x|%#X|%#o|%#u", 0xabc, 0xabc, 8, 9), "0xabc|0XABC|010|9");
    assert_string_equal(formatted("%#x|%#X", 0, 0), "0|0"); /* zero has no prefix */
    assert_string_equal(formatted("%#6x|%#06x|%-#6x|", 255, 255, 255), "  0xff|0x00ff|0xff  |");
    assert_string_equal(formatted("%I64x", 0xffffffffffffffffull), "ffffffffffffffff");
    assert_string_equal(formatted("%I64o", 0xffffffffffffffffull), "1777777777777777777777");
}

static void test_sizes(void **state)
{
    (void)state;
    assert_string_equal(formatted("%hd|%hu|%hhd|%hhu", 40000, 70000, 200, 300), "-25536|4464|-56|44");
    assert_string_equal(formatted("%I32d|%I32u|%ld|%lu", -1, -1, -1, -1), "-1|4294967295|-1|4294967295");
    assert_string_equal(formatted("%Id|%zd|%jd|%td", -1099511627776LL, 1LL << 40, 3LL << 40, 5LL << 40),
        "-1099511627776|1099511627776|3298534883328|5497558138880");
    assert_string_equal(formatted("%llu|%Iu|%I64u", ~0ull, ~0ull, 1ull), "18446744073709551615|18446744073709551615|1");
}

static void test_pointers(void **state)
{
    (void)state;
    assert_string_equal(formatted("%p|%p", NULL, (void *)0xabcull), "0000000000000000|0000000000000ABC");
    assert_string_equal(formatted("%18p|%-18p|", (void *)1ull, (void *)2ull), "  0000000000000001|0000000000000002  |");
}

/* ---- text ---- */

static void test_strings(void **state)
{
    (void)state;
    assert_string_equal(formatted("%5s|%-5s|%3s|%2s", "abc", "abc", "abc", "abc"), "  abc|abc  |abc|abc");
    assert_string_equal(formatted("%.2s|%.3s|%.9s|%.0s|%5.1s|%-3.1s|", "abc", "abc", "abc", "abc", "abc", "abc"),
        "ab|abc|abc||    a|a  |");
    assert_string_equal(formatted("%.*s|%.*s", 1, "abc", -1, "abc"), "a|abc");
    assert_string_equal(
        formatted("%s|%8s|%.3s|%S|%ws", NULL, NULL, NULL, NULL, NULL), "(null)|  (null)|(nu|(null)|(null)");
    assert_string_equal(formatted("%s|", ""), "|");
}

/* h: bytes, l and w: wide, whatever the format is; %S and %C: the other width than the format's. */
static void test_widths_of_text(void **state)
{
    (void)state;
    assert_string_equal(formatted("%hs|%ls|%ws|%S|%hS|%lS", "a", L"bc", L"de", L"fg", "hi", L"jk"), "a|bc|de|fg|hi|jk");
    assert_string_equal(formatted("%hc|%lc|%wc|%C|%c", 'a', L'b', L'c', L'd', 'e'), "a|b|c|d|e");
    assert_wide(wide_formatted(L"%s|%hs|%ls|%ws|%S|%hS", L"ab", "cd", L"ef", L"gh", "ij", "kl"), L"ab|cd|ef|gh|ij|kl");
    assert_wide(wide_formatted(L"%c|%hc|%lc|%C", 0x20ac, 0x2041, 0x20ac, 0x2042), L"\x20ac|A|\x20ac|B");
    assert_string_equal(formatted("%c", 0x141), "A");
    assert_string_equal(formatted("%ws|%wc", L"\xff\x100\x20ac", 0x20ac), "\xff??|?"); /* what bytes cannot show */
    assert_wide(wide_formatted(L"%wZ|%s", NULL, NULL), L"(null)|(null)");
}

static void test_characters(void **state)
{
    (void)state;
    assert_string_equal(formatted("%3c|%-3c|%.0c|%.5c", 'a', 'b', 'c', 'd'), "  a|b  |c|d");
    assert_string_equal(formatted("%y%%%d", 1), "y%1"); /* no conversion: the character itself */
    formatted("a%cb", 0);
    assert_int_equal(printed, 3);
}

static void test_counted_strings(void **state)
{
    static WCHAR   wide_text[] = L"wide";
    static CHAR    text[] = "ansi";
    UNICODE_STRING wide = {8, 8, wide_text}, part = {4, 8, wide_text}, empty = {0, 8, wide_text}, none = {0, 0, NULL};
    ANSI_STRING    ansi = {4, 4, text}, first = {1, 4, text}, nothing = {0, 0, NULL};

    (void)state;
    assert_string_equal(formatted("%wZ|%lZ|%wZ|%wZ|", &wide, &wide, &part, &empty), "wide|wide|wi||");
    assert_string_equal(formatted("%Z|%Z|%hZ", &ansi, &first, &ansi), "ansi|a|ansi");
    assert_string_equal(formatted("%wZ|%Z|%wZ|%Z", NULL, NULL, &none, &nothing), "(null)|(null)|(null)|(null)");
    assert_string_equal(formatted("%.2wZ|%6wZ|%-6Z|%.3Z", &wide, &wide, &ansi, &ansi), "wi|  wide|ansi  |ans");
    assert_wide(wide_formatted(L"%wZ|%Z", &wide, &ansi), L"wide|ansi");
}

/* Text with a precision needs no terminator: nothing behind it is read. */
static void test_unterminated(void **state)
{
    char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    (void)state;
    assert_ptr_not_equal(page, MAP_FAILED);
    assert_int_equal(mprotect(page + 4096, 4096, PROT_NONE), 0);
    memcpy(page + 4093, "abc", 3);
    assert_string_equal(formatted("%.3s|%.*s", page + 4093, 2, page + 4094), "abc|bc");
    memcpy(page + 4090, L"xyz", 6);
    assert_string_equal(formatted("%.3ws", page + 4090), "xyz");
    munmap(page, 8192);
}

/* ---- what is not printed takes its argument along ---- */

static void test_skipped(void **state)
{
    int written = 77;

    (void)state;
    assert_string_equal(formatted("%f|%e|%g|%d", 1.5, 2.5, 3.5, 4), "?|?|?|4"); /* no floating point in a kernel */
    assert_string_equal(formatted("a%n%d", &written, 5), "a5");
    assert_int_equal(written, 77);
    assert_string_equal(formatted("%d%", 1), "1");
    assert_string_equal(formatted("%d%-5", 1), "1");
}

/* The length does not depend on the room there is, and nothing is written behind it. */
static void test_room(void **state)
{
    static char text[4];
    va_list     none;

    (void)state;
    memset(&none, 0, sizeof none);
    memset(text, '~', sizeof text);
    assert_int_equal(ex_format(text, 3, "abcdef", none), 6);
    assert_memory_equal(text, "abc~", 4);
    assert_int_equal(ex_format(NULL, 0, "abc", none), 3);
    formatted("%70d", 1);
    assert_int_equal(printed, 70);
    formatted("%99999999999999999999d", 1); /* too wide for anybody, and no overflow */
    assert_in_range(printed, 99999, INT32_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sign),
        cmocka_unit_test(test_padding),
        cmocka_unit_test(test_bases),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_pointers),
        cmocka_unit_test(test_strings),
        cmocka_unit_test(test_widths_of_text),
        cmocka_unit_test(test_characters),
        cmocka_unit_test(test_counted_strings),
        cmocka_unit_test(test_unterminated),
        cmocka_unit_test(test_skipped),
        cmocka_unit_test(test_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
