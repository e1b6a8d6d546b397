/* SPDX-License-Identifier: MIT */
/* machines: none */
/*
 * The inline half of the DDK headers, alone: lists, interlocked operations, IRP stack handling, bounded strings, checked
 * integers. The hooks and the few kernel routines that inlines call are stood in for here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ddk/ntifs.h"
#include "ddk/ntintsafe.h"
#include "ddk/ntstrsafe.h"

/* ---- stand-ins ---- */

static unsigned             hooks;
static const volatile void *hook_object;
static unsigned             hook_size;
static jmp_buf              bug_check;
static ULONG_PTR            bug_check_parameter;

void dt_hook_atomic(const volatile void *p, unsigned size)
{
    hooks++;
    hook_object = p;
    hook_size = size;
}

VOID KeBugCheckEx(ULONG code, ULONG_PTR p1, ULONG_PTR p2, ULONG_PTR p3, ULONG_PTR p4)
{
    (void)p2, (void)p3, (void)p4;
    bug_check_parameter = p1;
    longjmp(bug_check, (int)code);
}

VOID KeInitializeEvent(PRKEVENT event, EVENT_TYPE type, BOOLEAN state)
{
    *event = (KEVENT){.Header = {.Type = (UCHAR)type, .SignalState = state}};
}

/* Microsoft's rule: -1 when the text does not fit, and no terminator when it just fits. */
int dt_nt_vsnprintf(char *d, size_t n, const char *format, va_list args)
{
    char text[256];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    int length = vsnprintf(text, sizeof text, format, args);
#pragma GCC diagnostic pop

    memcpy(d, text, (size_t)length < n ? (size_t)length + 1 : n);
    return (size_t)length > n ? -1 : length;
}

int dt_nt_vsnwprintf(wchar_t *d, size_t n, const wchar_t *format, va_list args)
{
    size_t length = 0;

    (void)args;
    while (format[length])
        length++;
    for (size_t i = 0; i < n && i <= length; i++)
        d[i] = format[i];
    return length > n ? -1 : (int)length;
}

/* ---- lists ---- */

static void lists_keep_order(void **state)
{
    LIST_ENTRY head, a, b, c;

    (void)state;
    InitializeListHead(&head);
    assert_true(IsListEmpty(&head));
    InsertTailList(&head, &a);
    InsertTailList(&head, &b);
    InsertHeadList(&head, &c);
    assert_ptr_equal(RemoveHeadList(&head), &c);
    assert_ptr_equal(RemoveTailList(&head), &b);
    assert_true(RemoveEntryList(&a)); /* TRUE: empty now */
    assert_ptr_equal(RemoveHeadList(&head), &head);
}

static void lists_append(void **state)
{
    LIST_ENTRY head, first, second, third;

    (void)state;
    InitializeListHead(&head);
    InsertTailList(&head, &first);
    InitializeListHead(&second); /* a list of two without a head */
    InsertTailList(&second, &third);
    AppendTailList(&head, &second);
    assert_ptr_equal(RemoveHeadList(&head), &first);
    assert_ptr_equal(RemoveHeadList(&head), &second);
    assert_false(IsListEmpty(&head));
    assert_ptr_equal(RemoveHeadList(&head), &third);
    assert_true(IsListEmpty(&head));
}

static void lists_push_and_pop(void **state)
{
    SINGLE_LIST_ENTRY head = {NULL}, a, b;

    (void)state;
    PushEntryList(&head, &a);
    PushEntryList(&head, &b);
    assert_ptr_equal(PopEntryList(&head), &b);
    assert_ptr_equal(PopEntryList(&head), &a);
    assert_null(PopEntryList(&head));
}

static void a_corrupt_list_stops_the_machine(void **state)
{
    static LIST_ENTRY head, a, stray;
    int               code;

    (void)state;
    InitializeListHead(&head);
    InsertTailList(&head, &a);
    stray = a;
    a.Flink = &stray;
    if ((code = setjmp(bug_check)) == 0) {
        RemoveEntryList(&a);
        fail_msg("not noticed");
    }
    assert_int_equal(code, KERNEL_SECURITY_CHECK_FAILURE);
    assert_int_equal(bug_check_parameter, FAST_FAIL_CORRUPT_LIST_ENTRY);
}

/* ---- interlocked ---- */

static void interlocked_results(void **state)
{
    volatile LONG   v = 5;
    volatile LONG64 w = 1LL << 40;
    volatile SHORT  s = -1;
    volatile CHAR   c = 7;
    PVOID           p = NULL;

    (void)state;
    assert_int_equal(InterlockedIncrement(&v), 6); /* the new value */
    assert_int_equal(InterlockedDecrement(&v), 5);
    assert_int_equal(InterlockedExchangeAdd(&v, 10), 5); /* the old one */
    assert_int_equal(InterlockedAdd(&v, 10), 25);
    assert_int_equal(InterlockedOr(&v, 0x100), 25);
    assert_int_equal(InterlockedAnd(&v, 0xff), 25 | 0x100);
    assert_int_equal(InterlockedXor(&v, 1), 25);
    assert_int_equal(InterlockedExchange(&v, -3), 24);
    assert_int_equal(InterlockedCompareExchange(&v, 1, 9), -3); /* no match: unchanged */
    assert_int_equal(InterlockedCompareExchangeAcquire(&v, 1, -3), -3);
    assert_int_equal(v, 1);
    assert_true(InterlockedIncrement64(&w) == (1LL << 40) + 1);
    assert_int_equal(InterlockedIncrement16(&s), 0);
    assert_int_equal(InterlockedExchange8(&c, 1), 7);
    assert_null(InterlockedExchangePointer(&p, &v));
    assert_ptr_equal(InterlockedCompareExchangePointer(&p, NULL, (PVOID)&v), (PVOID)&v);
    assert_null(p);
}

static void interlocked_bits(void **state)
{
    volatile LONG   words[2] = {0, 0};
    volatile LONG64 wide = 0;

    (void)state;
    assert_int_equal(InterlockedBitTestAndSet(words, 35), 0); /* bits run on into the next word */
    assert_int_equal(words[1], 8);
    assert_int_equal(InterlockedBitTestAndSet(words, 35), 1);
    assert_int_equal(InterlockedBitTestAndReset(words, 35), 1);
    assert_int_equal(words[1], 0);
    assert_int_equal(InterlockedBitTestAndSet64(&wide, 63), 0);
    assert_true(wide == (LONG64)(1ULL << 63));
}

/* Every operation announces itself once, with its object, before it happens. */
static void interlocked_operations_are_points(void **state)
{
    volatile LONG   v = 0;
    volatile LONG64 w = 0;
    ULONG           r = 0;

    (void)state;
    hooks = 0;
    InterlockedIncrement(&v);
    assert_int_equal(hooks, 1);
    assert_ptr_equal(hook_object, &v);
    assert_int_equal(hook_size, sizeof v);
    InterlockedCompareExchange64(&w, 1, 0);
    assert_int_equal(hooks, 2);
    assert_int_equal(hook_size, sizeof w);
    KeMemoryBarrier();
    assert_int_equal(hooks, 3);
    assert_null(hook_object);
    (void)ReadAcquire(&v);
    WriteULong64Release((ULONG64 volatile *)&w, 7);
    assert_int_equal(hooks, 5);
    WRITE_REGISTER_ULONG(&r, 0x12345678);
    assert_int_equal(READ_REGISTER_ULONG(&r), 0x12345678);
    assert_int_equal(hooks, 7);
    assert_ptr_equal(hook_object, &r);
}

/* ---- IRPs ---- */

static NTSTATUS completion(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    (void)device, (void)irp, (void)context;
    return STATUS_SUCCESS;
}

static void cancel(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device, (void)irp;
}

static void irp_stack_locations(void **state)
{
    IO_STACK_LOCATION stack[2];
    IRP               irp = {.StackCount = 2, .CurrentLocation = 2};

    (void)state;
    memset(stack, 0, sizeof stack);
    irp.Tail.Overlay.CurrentStackLocation = &stack[1];
    stack[1].MajorFunction = IRP_MJ_READ;
    stack[1].Control = SL_INVOKE_ON_SUCCESS;
    stack[1].CompletionRoutine = completion;
    IoCopyCurrentIrpStackLocationToNext(&irp);
    assert_int_equal(stack[0].MajorFunction, IRP_MJ_READ);
    assert_null(stack[0].CompletionRoutine); /* stays the caller's own */
    assert_int_equal(stack[0].Control, 0);
    IoSetCompletionRoutine(&irp, completion, &irp, TRUE, FALSE, TRUE);
    assert_int_equal(stack[0].Control, SL_INVOKE_ON_SUCCESS | SL_INVOKE_ON_CANCEL);
    assert_ptr_equal(stack[0].Context, &irp);
    IoMarkIrpPending(&irp);
    assert_int_equal(stack[1].Control, SL_INVOKE_ON_SUCCESS | SL_PENDING_RETURNED);
    IoSetNextIrpStackLocation(&irp);
    assert_ptr_equal(IoGetCurrentIrpStackLocation(&irp), &stack[0]);
    assert_int_equal(irp.CurrentLocation, 1);
    IoSkipCurrentIrpStackLocation(&irp);
    assert_ptr_equal(IoGetCurrentIrpStackLocation(&irp), &stack[1]);
}

static void setting_a_cancel_routine_is_one_exchange(void **state)
{
    IRP irp = {.Type = IO_TYPE_IRP};

    (void)state;
    hooks = 0;
    assert_null(IoSetCancelRoutine(&irp, cancel));
    assert_ptr_equal(IoSetCancelRoutine(&irp, NULL), cancel);
    assert_int_equal(hooks, 2);
    assert_null(irp.CancelRoutine);
}

/* ---- strings and integers ---- */

static void bounded_copies(void **state)
{
    char    text[4];
    wchar_t wide[3];
    size_t  n;

    (void)state;
    assert_int_equal(RtlStringCchCopyA(text, 4, "abc"), STATUS_SUCCESS);
    assert_int_equal(RtlStringCchCopyA(text, 4, "abcd"), STATUS_BUFFER_OVERFLOW);
    assert_string_equal(text, "abc");
    assert_int_equal(RtlStringCchCopyA(text, 0, "a"), STATUS_INVALID_PARAMETER);
    assert_int_equal(RtlStringCchCopyNA(text, 4, "xyz", 1), STATUS_SUCCESS);
    assert_int_equal(RtlStringCchCatA(text, 4, "123"), STATUS_BUFFER_OVERFLOW);
    assert_string_equal(text, "x12");
    assert_int_equal(RtlStringCchLengthA("four", 4, &n), STATUS_INVALID_PARAMETER);
    assert_int_equal(RtlStringCchLengthA("four", 5, &n), STATUS_SUCCESS);
    assert_int_equal(n, 4);
    assert_int_equal(RtlStringCbCopyW(wide, sizeof wide, L"ab"), STATUS_SUCCESS);
    assert_int_equal(RtlStringCbLengthW(wide, sizeof wide, &n), STATUS_SUCCESS);
    assert_int_equal(n, 4); /* bytes */
    assert_int_equal(RtlStringCbCopyW(wide, sizeof wide, L"abc"), STATUS_BUFFER_OVERFLOW);
    assert_int_equal(wide[2], 0);
}

static void bounded_prints(void **state)
{
    char   text[4], *end;
    size_t left;

    (void)state;
    assert_int_equal(RtlStringCchPrintfA(text, 4, "%d", 123), STATUS_SUCCESS);
    assert_string_equal(text, "123");
    assert_int_equal(RtlStringCbPrintfA(text, 4, "%d", 4567), STATUS_BUFFER_OVERFLOW);
    assert_string_equal(text, "456");
    assert_int_equal(RtlStringCchPrintfExA(text, 4, &end, &left, 0, "%d", 7), STATUS_SUCCESS);
    assert_ptr_equal(end, text + 1);
    assert_int_equal(left, 3);
    assert_int_equal(
        RtlStringCchPrintfExA(text, 4, &end, &left, STRSAFE_NO_TRUNCATION, "%d", 4567), STATUS_BUFFER_OVERFLOW);
    assert_string_equal(text, "");
    assert_ptr_equal(end, text);
}

static void unicode_strings(void **state)
{
    WCHAR          buffer[3];
    UNICODE_STRING s = {0, sizeof buffer, buffer};

    (void)state;
    assert_int_equal(RtlUnicodeStringCopyString(&s, L"ab"), STATUS_SUCCESS);
    assert_int_equal(s.Length, 4);
    assert_int_equal(RtlUnicodeStringCatString(&s, L"cd"), STATUS_BUFFER_OVERFLOW);
    assert_int_equal(s.Length, 6); /* no terminator needed */
    assert_int_equal(RtlUnicodeStringPrintf(&s, L"xyz"), STATUS_SUCCESS);
    assert_int_equal(buffer[2], L'z');
    s.Length = 3;
    assert_int_equal(RtlUnicodeStringValidate(&s), STATUS_INVALID_PARAMETER);
}

static void checked_integers(void **state)
{
    ULONG  u;
    LONG   l;
    SIZE_T z;

    (void)state;
    assert_int_equal(RtlULongAdd(~0u - 1, 1, &u), STATUS_SUCCESS);
    assert_int_equal(RtlULongAdd(~0u, 1, &u), STATUS_INTEGER_OVERFLOW);
    assert_int_equal(u, ~0u);
    assert_int_equal(RtlULongSub(1, 2, &u), STATUS_INTEGER_OVERFLOW);
    assert_int_equal(RtlSizeTMult(1ull << 32, 1ull << 32, &z), STATUS_INTEGER_OVERFLOW);
    assert_int_equal(RtlLongLongToULong(-1, &u), STATUS_INTEGER_OVERFLOW);
    assert_int_equal(RtlLongLongToULong(1LL << 31, &u), STATUS_SUCCESS);
    assert_int_equal(RtlULongToLong(1u << 31, &l), STATUS_INTEGER_OVERFLOW);
}

/* ---- EX_TIMER parameters ---- */

static void parameters_are_zeroed_and_versioned(void **state)
{
    EXT_SET_PARAMETERS    set;
    EXT_DELETE_PARAMETERS gone;

    (void)state;
    memset(&set, 0xaa, sizeof set);
    memset(&gone, 0xaa, sizeof gone);
    ExInitializeSetTimerParameters(&set);
    ExInitializeDeleteTimerParameters(&gone);
    assert_int_equal(set.Version, 0);
    assert_true(set.NoWakeTolerance == 0);
    assert_int_equal(gone.Version, 0);
    assert_null(gone.DeleteCallback);
    assert_null(gone.DeleteContext);
    assert_int_equal(EX_TIMER_HIGH_RESOLUTION, 0x4); /* EXT-031 */
    assert_int_equal(EX_TIMER_NO_WAKE, 0x8);
    assert_true(EX_TIMER_NOTIFICATION == 0x80000000u);
    assert_true(EX_TIMER_UNLIMITED_TOLERANCE == -1);
}

static void sixteen_bytes_are_exchanged_at_once(void **state)
{
    static LONG64 DECLSPEC_ALIGN(16) word[2] = {1, 2};
    LONG64        seen[2] = {1, 2}, bits[2] = {0, 0};

    (void)state;
    assert_true(InterlockedCompareExchange128(word, 20, 10, seen));
    assert_true(word[0] == 10 && word[1] == 20);
    assert_false(InterlockedCompareExchange128(word, 7, 7, seen)); /* 1, 2 is long gone */
    assert_true(word[0] == 10 && seen[0] == 10 && seen[1] == 20);
    assert_false(_BitTestAndSet64(bits, 64 + 63));
    assert_true(_BitTest64(bits, 127) && bits[0] == 0 && bits[1] < 0);
    assert_true(_BitTestAndComplement64(bits, 127) && !_BitTestAndReset64(bits, 127));
}

static void memory_is_compared_and_filled(void **state)
{
    ULONGLONG      words[2] = {0, 0};
    WCHAR          text[4] = {'a', 'b', 'c', 'd'};
    UNICODE_STRING s = {2, sizeof text, text};
    LUID           a = {1, 2}, b;

    (void)state;
    assert_true(RtlIsZeroMemory(words, sizeof words));
    RtlFillMemoryUlonglong(words, sizeof words, 0x1122334455667788);
    assert_true(words[1] == 0x1122334455667788 && !RtlIsZeroMemory(words, sizeof words));
    RtlStoreUlonglong((char *)words + 1, 0);
    assert_int_equal(words[0], 0x88);
    assert_true(RtlConstantTimeEqualMemory("abc", "abd", 2) && !RtlConstantTimeEqualMemory("abc", "abd", 3));
    RtlCopyLuid(&b, &a);
    assert_true(RtlEqualLuid(&a, &b) && !RtlIsZeroLuid(&a));
    RtlSanitizeUnicodeStringPadding(&s);
    assert_true(text[0] == 'a' && text[1] == 0 && text[3] == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_keep_order),
        cmocka_unit_test(lists_append),
        cmocka_unit_test(lists_push_and_pop),
        cmocka_unit_test(a_corrupt_list_stops_the_machine),
        cmocka_unit_test(interlocked_results),
        cmocka_unit_test(interlocked_bits),
        cmocka_unit_test(interlocked_operations_are_points),
        cmocka_unit_test(sixteen_bytes_are_exchanged_at_once),
        cmocka_unit_test(memory_is_compared_and_filled),
        cmocka_unit_test(irp_stack_locations),
        cmocka_unit_test(setting_a_cancel_routine_is_one_exchange),
        cmocka_unit_test(bounded_copies),
        cmocka_unit_test(bounded_prints),
        cmocka_unit_test(unicode_strings),
        cmocka_unit_test(checked_integers),
        cmocka_unit_test(parameters_are_zeroed_and_versioned),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
