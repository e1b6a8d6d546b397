/* SPDX-License-Identifier: MIT */
/* Callback objects, one-time initialization, the one process. */
#include "../machine.h"

static UNICODE_STRING name_of(PCWSTR text)
{
    UNICODE_STRING s;

    RtlInitUnicodeString(&s, text);
    return s;
}

static NTSTATUS open_callback(PCWSTR text, bool create, bool multiple, PCALLBACK_OBJECT *out)
{
    UNICODE_STRING    name = name_of(text);
    OBJECT_ATTRIBUTES oa;

    InitializeObjectAttributes(&oa, &name, OBJ_CASE_INSENSITIVE, NULL, NULL);
    return ExCreateCallback(out, &oa, create, multiple);
}

static unsigned calls, last;

static VOID count(PVOID context, PVOID arg1, PVOID arg2)
{
    dt_expect(arg1 == (PVOID)1 && arg2 == (PVOID)2);
    calls++;
    last = (unsigned)(uintptr_t)context;
}

static void names_body(void *arg)
{
    PCALLBACK_OBJECT a, b, c;

    (void)arg;
    dt_expect_eq(open_callback(L"\\Callback\\Ours", false, true, &a), STATUS_OBJECT_NAME_NOT_FOUND);
    dt_expect_eq(open_callback(L"\\Callback\\Ours", true, false, &a), STATUS_SUCCESS);
    dt_expect_eq(open_callback(L"\\callback\\OURS", false, false, &b), STATUS_SUCCESS);
    dt_expect(a == b);
    dt_expect_eq(open_callback(L"\\Callback\\PowerState", false, false, &c), STATUS_SUCCESS);
    PVOID first = ExRegisterCallback(a, count, (PVOID)1);

    dt_expect(first && !ExRegisterCallback(a, count, (PVOID)2)); /* only one may be */
    ExUnregisterCallback(first);
    ObDereferenceObject(a);
    ObDereferenceObject(b);
    ObDereferenceObject(c);
    dt_expect_eq(open_callback(L"\\Callback\\Ours", false, true, &a), STATUS_OBJECT_NAME_NOT_FOUND);
}

static void callbacks_are_found_by_name(void **state)
{
    (void)state;
    passes(names_body);
}

static void order_body(void *arg)
{
    PCALLBACK_OBJECT a;
    KIRQL            old;

    (void)arg;
    calls = 0;
    dt_expect_eq(open_callback(L"\\Callback\\Ours", true, true, &a), STATUS_SUCCESS);
    PVOID one = ExRegisterCallback(a, count, (PVOID)1), two = ExRegisterCallback(a, count, (PVOID)2);

    KeRaiseIrql(DISPATCH_LEVEL, &old);
    ExNotifyCallback(a, (PVOID)1, (PVOID)2);
    KeLowerIrql(old);
    dt_expect(calls == 2 && last == 2);
    ExUnregisterCallback(two);
    ExNotifyCallback(a, (PVOID)1, (PVOID)2);
    dt_expect(calls == 3 && last == 1);
    ExUnregisterCallback(one);
    ExNotifyCallback(a, (PVOID)1, (PVOID)2);
    dt_expect_eq(calls, 3);
    ObDereferenceObject(a);
}

static void callbacks_run_in_order_of_registration(void **state)
{
    (void)state;
    passes(order_body);
}

/* ---- unregistering waits for the call ---- */

static PCALLBACK_OBJECT raced;
static bool             inside, over;

static VOID slow(PVOID context, PVOID arg1, PVOID arg2)
{
    (void)context, (void)arg1, (void)arg2;
    dt_expect(!over);
    inside = true;
    sleep_ms(1);
    dt_expect(!over);
    inside = false;
}

static VOID notifier(PVOID context)
{
    (void)context;
    ExNotifyCallback(raced, NULL, NULL);
}

static void race_body(void *arg)
{
    HANDLE h;

    (void)arg;
    inside = over = false;
    dt_expect_eq(open_callback(L"\\Callback\\Ours", true, true, &raced), STATUS_SUCCESS);
    PVOID r = ExRegisterCallback(raced, slow, NULL);

    dt_expect_eq(PsCreateSystemThread(&h, 0, NULL, NULL, NULL, notifier, NULL), STATUS_SUCCESS);
    sleep_ms(1);
    ExUnregisterCallback(r);
    dt_expect(!inside);
    over = true;
    ZwWaitForSingleObject(h, FALSE, NULL);
    ZwClose(h);
    ObDereferenceObject(raced);
}

static void unregistering_waits_for_the_call(void **state)
{
    (void)state;
    always(race_body, 2);
}

/* ---- one-time initialization ---- */

static RTL_RUN_ONCE once;
static unsigned     inits;

static ULONG init(PRTL_RUN_ONCE o, PVOID parameter, PVOID *context)
{
    dt_expect(o == &once);
    inits++;
    sleep_ms(1);
    *context = parameter;
    return TRUE;
}

static VOID initializer(PVOID parameter)
{
    PVOID context = NULL;

    dt_expect_eq(RtlRunOnceExecuteOnce(&once, init, parameter, &context), STATUS_SUCCESS);
    dt_expect(context == parameter);
    dt_expect_eq(inits, 1);
}

static void once_body(void *arg)
{
    HANDLE h[2];
    PVOID  context = NULL;

    (void)arg;
    inits = 0;
    RtlRunOnceInitialize(&once);
    dt_expect_eq(RtlRunOnceBeginInitialize(&once, RTL_RUN_ONCE_CHECK_ONLY, &context), STATUS_UNSUCCESSFUL);
    for (int i = 0; i < 2; i++)
        dt_expect_eq(PsCreateSystemThread(&h[i], 0, NULL, NULL, NULL, initializer, &once), STATUS_SUCCESS);
    initializer(&once);
    for (int i = 0; i < 2; i++) {
        ZwWaitForSingleObject(h[i], FALSE, NULL);
        ZwClose(h[i]);
    }
    dt_expect_eq(RtlRunOnceBeginInitialize(&once, RTL_RUN_ONCE_CHECK_ONLY, &context), STATUS_SUCCESS);
    dt_expect(context == &once);
    dt_expect_eq(RtlRunOnceComplete(&once, 0, NULL), STATUS_UNSUCCESSFUL);
}

static void only_one_initializes(void **state)
{
    (void)state;
    always(once_body, 1);
}

/* A failed initialization leaves it to the next; of several asynchronous ones the first to end wins. */
static void once_flags_body(void *arg)
{
    PVOID context = NULL;

    (void)arg;
    RtlRunOnceInitialize(&once);
    dt_expect_eq(RtlRunOnceBeginInitialize(&once, 0, &context), STATUS_PENDING);
    dt_expect_eq(RtlRunOnceComplete(&once, RTL_RUN_ONCE_INIT_FAILED, NULL), STATUS_SUCCESS);
    dt_expect_eq(RtlRunOnceBeginInitialize(&once, RTL_RUN_ONCE_ASYNC, &context), STATUS_PENDING);
    dt_expect_eq(RtlRunOnceBeginInitialize(&once, RTL_RUN_ONCE_ASYNC, &context), STATUS_PENDING);
    dt_expect_eq(RtlRunOnceBeginInitialize(&once, 0, &context), STATUS_INVALID_PARAMETER_2);
    dt_expect_eq(RtlRunOnceComplete(&once, RTL_RUN_ONCE_ASYNC, &once), STATUS_SUCCESS);
    dt_expect_eq(RtlRunOnceComplete(&once, RTL_RUN_ONCE_ASYNC, &inits), STATUS_UNSUCCESSFUL);
    dt_expect_eq(RtlRunOnceBeginInitialize(&once, 0, &context), STATUS_SUCCESS);
    dt_expect(context == &once);
}

static void initialization_may_fail_or_compete(void **state)
{
    (void)state;
    passes(once_flags_body);
}

/* ---- the process ---- */

static void process_body(void *arg)
{
    PEPROCESS  p = NULL;
    KAPC_STATE apc;

    (void)arg;
    dt_expect_eq(PsLookupProcessByProcessId(NULL, &p), STATUS_INVALID_CID);
    dt_expect_eq(PsLookupProcessByProcessId(PsGetCurrentProcessId(), &p), STATUS_SUCCESS);
    dt_expect_eq(((DISPATCHER_HEADER *)p)->Type, ProcessObject);
    dt_expect_eq(poll(p), STATUS_TIMEOUT); /* it has not ended */
    dt_expect(p == PsGetCurrentProcess() && PsGetProcessId(p) == PsGetCurrentProcessId());
    dt_expect(IoThreadToProcess(PsGetCurrentThread()) == p);
    dt_expect_eq(ObReferenceObjectByPointer(p, 0, *PsProcessType, KernelMode), STATUS_SUCCESS);
    ObDereferenceObject(p);
    ObDereferenceObject(p);
    dt_expect_eq(PsLookupProcessByProcessId((HANDLE)12345, &p), STATUS_INVALID_PARAMETER);
    KeStackAttachProcess((PRKPROCESS)PsGetCurrentProcess(), &apc);
    KeUnstackDetachProcess(&apc);
    dt_expect_eq(ExGetPreviousMode(), KernelMode);
}

static void there_is_one_process(void **state)
{
    (void)state;
    passes(process_body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(callbacks_are_found_by_name),
        cmocka_unit_test(callbacks_run_in_order_of_registration),
        cmocka_unit_test(unregistering_waits_for_the_call),
        cmocka_unit_test(only_one_initializes),
        cmocka_unit_test(initialization_may_fail_or_compete),
        cmocka_unit_test(there_is_one_process),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
