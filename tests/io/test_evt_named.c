/* SPDX-License-Identifier: MIT */
/* Events with names and handles. */
#include "../machine.h"
#include "ddk/ntifs.h"

static UNICODE_STRING name_of(const WCHAR *text)
{
    UNICODE_STRING s;

    RtlInitUnicodeString(&s, text);
    return s;
}

/* EVT-038: a new one is signaled, an old one is opened with the type and state it has; gone with its last handle. */
static void create_and_open(void *ctx)
{
    UNICODE_STRING one = name_of(L"\\BaseNamedObjects\\One"), same = name_of(L"\\BASENAMEDOBJECTS\\one"),
                   two = name_of(L"\\BaseNamedObjects\\Two");
    HANDLE  h[3];
    PKEVENT first = IoCreateNotificationEvent(&one, &h[0]);

    (void)ctx;
    dt_expect(first != NULL);
    dt_expect_eq(first->Header.Type, 0);
    dt_expect(KeReadStateEvent(first) != 0);
    KeClearEvent(first);
    dt_expect(IoCreateSynchronizationEvent(&same, &h[1]) == first);
    dt_expect_eq(first->Header.Type, 0);
    dt_expect_eq(KeReadStateEvent(first), 0);
    PKEVENT other = IoCreateSynchronizationEvent(&two, &h[2]);

    dt_expect(other != first);
    dt_expect_eq(other->Header.Type, 1);
    dt_expect_eq(poll(other), STATUS_SUCCESS);
    dt_expect_eq(poll(other), STATUS_TIMEOUT);
    for (int i = 0; i < 3; i++)
        dt_expect_eq(ZwClose(h[i]), STATUS_SUCCESS);
    PKEVENT again = IoCreateSynchronizationEvent(&one, &h[0]);

    dt_expect_eq(again->Header.Type, 1);
    dt_expect(KeReadStateEvent(again) != 0);
    ZwClose(h[0]);
}

/* The same through ZwCreateEvent: a second one of that name is refused unless OBJ_OPENIF asks for the first. */
static void by_attributes(void *ctx)
{
    UNICODE_STRING    name = name_of(L"\\BaseNamedObjects\\Zw");
    OBJECT_ATTRIBUTES a;
    HANDLE            h[2];
    LONG              before;

    (void)ctx;
    InitializeObjectAttributes(&a, &name, OBJ_KERNEL_HANDLE, NULL, NULL);
    dt_expect_eq(ZwCreateEvent(&h[0], EVENT_ALL_ACCESS, &a, SynchronizationEvent, FALSE), STATUS_SUCCESS);
    dt_expect_eq(ZwCreateEvent(&h[1], EVENT_ALL_ACCESS, &a, SynchronizationEvent, FALSE), STATUS_OBJECT_NAME_COLLISION);
    a.Attributes |= OBJ_OPENIF;
    dt_expect_eq(ZwCreateEvent(&h[1], EVENT_ALL_ACCESS, &a, SynchronizationEvent, FALSE), STATUS_OBJECT_NAME_EXISTS);
    dt_expect_eq(ZwSetEvent(h[1], &before), STATUS_SUCCESS);
    dt_expect_eq(before, 0);
    dt_expect_eq(ZwWaitForSingleObject(h[0], FALSE, NULL), STATUS_SUCCESS);
    ZwClose(h[0]);
    ZwClose(h[1]);
}

/* WAI-002 by handle: a time-out of zero on a thread that lives; a stale handle. */
static void waits_by_handle(void *ctx)
{
    LARGE_INTEGER zero = {.QuadPart = 0};
    HANDLE        h;

    (void)ctx;
    dt_expect_eq(ZwWaitForSingleObject((HANDLE)(LONG_PTR)-2, FALSE, &zero), STATUS_TIMEOUT);
    dt_expect_eq(ZwCreateEvent(&h, EVENT_ALL_ACCESS, NULL, NotificationEvent, TRUE), STATUS_SUCCESS);
    dt_expect_eq(ZwWaitForSingleObject(h, FALSE, &zero), STATUS_SUCCESS);
    ZwClose(h);
    dt_expect_eq(ZwWaitForSingleObject(h, FALSE, &zero), STATUS_INVALID_HANDLE);
}

static void test_named(void **state)
{
    (void)state;
    passes(create_and_open);
    passes(by_attributes);
    passes(waits_by_handle);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_named)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
