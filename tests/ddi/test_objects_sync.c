/* SPDX-License-Identifier: MIT */
/* Semaphores and mutants by handle; waiting for several handles, duplicating and asking. */
#include "../machine.h"

#include "ddk/nt/ob_sync.h"
#include "ddk/ntifs.h"

static struct {
    HANDLE semaphore, mutant, event;
    LONG   got; /* units of the semaphore that threads have taken */
} s;

static NTSTATUS poll_handle(HANDLE h)
{
    LARGE_INTEGER at_once = in_ms(0);

    return ZwWaitForSingleObject(h, FALSE, &at_once);
}

static OBJECT_ATTRIBUTES named(PUNICODE_STRING name, PCWSTR text, ULONG attributes)
{
    OBJECT_ATTRIBUTES a;

    RtlInitUnicodeString(name, text);
    InitializeObjectAttributes(&a, name, OBJ_KERNEL_HANDLE | attributes, NULL, NULL);
    return a;
}

/* ---- semaphores ---- */

static void counts(HANDLE h, LONG count, LONG maximum)
{
    SEMAPHORE_BASIC_INFORMATION i = {-1, -1};
    ULONG                       n = 0;

    dt_expect_eq(ZwQuerySemaphore(h, SemaphoreBasicInformation, &i, sizeof i, &n), STATUS_SUCCESS);
    dt_expect(i.CurrentCount == count && i.MaximumCount == maximum && n == sizeof i);
}

/* SEM-001, SEM-004, SEM-008, WAI-001: what KeReleaseSemaphore raises is returned, and nothing has changed. */
static void semaphore_body(void *arg)
{
    LONG        before = -1;
    HANDLE      h;
    KSEMAPHORE *semaphore;

    (void)arg;
    dt_expect_eq(ZwCreateSemaphore(&h, SEMAPHORE_ALL_ACCESS, NULL, 1, 3), STATUS_SUCCESS);
    counts(h, 1, 3);
    dt_expect_eq(poll_handle(h), STATUS_SUCCESS);
    dt_expect_eq(poll_handle(h), STATUS_TIMEOUT);
    dt_expect_eq(ZwReleaseSemaphore(h, 2, &before), STATUS_SUCCESS);
    dt_expect_eq(before, 0);
    dt_expect_eq(ZwReleaseSemaphore(h, 2, &before), STATUS_SEMAPHORE_LIMIT_EXCEEDED);
    dt_expect_eq(ZwReleaseSemaphore(h, MAXLONG, NULL), STATUS_SEMAPHORE_LIMIT_EXCEEDED);
    dt_expect_eq(before, 0);
    counts(h, 2, 3);
    dt_expect_eq(ZwReleaseSemaphore(h, 1, NULL), STATUS_SUCCESS);
    dt_expect_eq(ObReferenceObjectByHandle(h, 0, *ExSemaphoreObjectType, KernelMode, (PVOID *)&semaphore, NULL), 0);
    dt_expect(semaphore->Header.Type == 5 && semaphore->Limit == 3 && KeReadStateSemaphore(semaphore) == 3);
    dt_expect_eq(ZwClose(h), STATUS_SUCCESS);
    dt_expect_eq(poll(semaphore), STATUS_SUCCESS); /* the reference keeps it */
    ObDereferenceObject(semaphore);
}

/* SEM-002, SEM-009. */
static void bad_count_body(void *arg)
{
    static const LONG           bad[][2] = {{-1, 1}, {0, 0}, {0, -1}, {2, 1}};
    SEMAPHORE_BASIC_INFORMATION i;
    HANDLE                      h;

    (void)arg;
    for (unsigned n = 0; n < ARRAYSIZE(bad); n++)
        dt_expect_eq(ZwCreateSemaphore(&h, SEMAPHORE_ALL_ACCESS, NULL, bad[n][0], bad[n][1]), STATUS_INVALID_PARAMETER);
    dt_expect_eq(ZwCreateSemaphore(&h, SEMAPHORE_ALL_ACCESS, NULL, 0, 1), STATUS_SUCCESS);
    dt_expect_eq(ZwReleaseSemaphore(h, 0, NULL), STATUS_INVALID_PARAMETER);
    dt_expect_eq(ZwReleaseSemaphore(h, -1, NULL), STATUS_INVALID_PARAMETER);
    counts(h, 0, 1);
    dt_expect_eq(ZwQuerySemaphore(h, SemaphoreBasicInformation, &i, sizeof i - 1, NULL), STATUS_INFO_LENGTH_MISMATCH);
    dt_expect_eq(ZwQuerySemaphore(h, (SEMAPHORE_INFORMATION_CLASS)1, &i, sizeof i, NULL), STATUS_INVALID_INFO_CLASS);
    dt_expect_eq(ZwClose(h), STATUS_SUCCESS);
    dt_expect_eq(ZwReleaseSemaphore(h, 1, NULL), STATUS_INVALID_HANDLE);
    dt_expect_eq(ZwQuerySemaphore(h, SemaphoreBasicInformation, &i, sizeof i, NULL), STATUS_INVALID_HANDLE);
}

static void takes_one(void *arg)
{
    (void)arg;
    dt_expect_eq(ZwWaitForSingleObject(s.semaphore, FALSE, NULL), STATUS_SUCCESS);
    InterlockedIncrement(&s.got);
}

/* SEM-010, SEM-017: the limit is that of the count before waiters consume; another thread than the waiter releases. */
static void waiters_body(void *arg)
{
    (void)arg;
    s.got = 0;
    dt_expect_eq(ZwCreateSemaphore(&s.semaphore, SEMAPHORE_ALL_ACCESS, NULL, 0, 2), STATUS_SUCCESS);
    dt_spawn(0, takes_one, NULL);
    dt_spawn(1, takes_one, NULL);
    dt_expect_eq(ZwReleaseSemaphore(s.semaphore, 3, NULL), STATUS_SEMAPHORE_LIMIT_EXCEEDED);
    dt_expect_eq(ZwReleaseSemaphore(s.semaphore, 2, NULL), STATUS_SUCCESS);
    dt_join_all();
    dt_expect_eq(s.got, 2);
    counts(s.semaphore, 0, 2);
    dt_expect_eq(ZwClose(s.semaphore), STATUS_SUCCESS);
}

static void a_semaphore_returns_what_is_wrong(void **state)
{
    (void)state;
    passes(semaphore_body);
    passes(bad_count_body);
    always(waiters_body, 1);
}

/* ---- mutants ---- */

static void owned(HANDLE h, LONG count, bool by_caller, bool abandoned)
{
    MUTANT_BASIC_INFORMATION i = {-1, 2, 2};
    ULONG                    n = 0;

    dt_expect_eq(ZwQueryMutant(h, MutantBasicInformation, &i, sizeof i, &n), STATUS_SUCCESS);
    dt_expect(i.CurrentCount == count && i.OwnedByCaller == by_caller && i.AbandonedState == abandoned);
    dt_expect_eq(n, 8);
}

/* MTX-003, MTX-005, MTX-006, MTX-007, MTX-011: acquired often, released as often, and no more. */
static void mutant_body(void *arg)
{
    MUTANT_BASIC_INFORMATION i;
    LONG                     before = 5;
    HANDLE                   h;
    KMUTANT                 *mutant;

    (void)arg;
    dt_expect_eq(ZwCreateMutant(&h, MUTANT_ALL_ACCESS, NULL, FALSE), STATUS_SUCCESS);
    owned(h, 1, false, false);
    dt_expect_eq(ZwReleaseMutant(h, &before), STATUS_MUTANT_NOT_OWNED);
    dt_expect_eq(poll_handle(h), STATUS_SUCCESS);
    dt_expect_eq(poll_handle(h), STATUS_SUCCESS);
    owned(h, -1, true, false);
    dt_expect(!KeAreApcsDisabled());
    dt_expect_eq(before, 5);
    dt_expect_eq(ZwReleaseMutant(h, &before), STATUS_SUCCESS);
    dt_expect_eq(before, -1);
    dt_expect_eq(ZwReleaseMutant(h, &before), STATUS_SUCCESS);
    dt_expect_eq(before, 0);
    dt_expect_eq(ZwReleaseMutant(h, NULL), STATUS_MUTANT_NOT_OWNED);
    dt_expect_eq(ObReferenceObjectByHandle(h, 0, NULL, KernelMode, (PVOID *)&mutant, NULL), STATUS_SUCCESS);
    dt_expect(mutant->Header.Type == 2 && mutant->ApcDisable == 0);
    ObDereferenceObject(mutant);
    dt_expect_eq(ZwQueryMutant(h, MutantBasicInformation, &i, sizeof i + 1, NULL), STATUS_INFO_LENGTH_MISMATCH);
    dt_expect_eq(ZwQueryMutant(h, (MUTANT_INFORMATION_CLASS)1, &i, sizeof i, NULL), STATUS_INVALID_INFO_CLASS);
    dt_expect_eq(ZwClose(h), STATUS_SUCCESS);
    dt_expect_eq(ZwReleaseMutant(h, NULL), STATUS_INVALID_HANDLE);
}

/* MTX-009: returned, not raised, by either wait. */
static void exhausted_body(void *arg)
{
    LARGE_INTEGER at_once = in_ms(0);
    KMUTANT      *mutant;
    HANDLE        h;

    (void)arg;
    dt_expect_eq(ZwCreateMutant(&h, MUTANT_ALL_ACCESS, NULL, TRUE), STATUS_SUCCESS);
    dt_expect_eq(ObReferenceObjectByHandle(h, 0, NULL, KernelMode, (PVOID *)&mutant, NULL), STATUS_SUCCESS);
    mutant->Header.SignalState = INT32_MIN; /* as after 2^31 acquisitions */
    dt_expect_eq(poll_handle(h), STATUS_MUTANT_LIMIT_EXCEEDED);
    dt_expect_eq(ZwWaitForMultipleObjects(1, &h, WaitAll, FALSE, &at_once), STATUS_MUTANT_LIMIT_EXCEEDED);
    dt_expect_eq(mutant->Header.SignalState, INT32_MIN);
    mutant->Header.SignalState = 0;
    dt_expect_eq(ZwReleaseMutant(h, NULL), STATUS_SUCCESS);
    ObDereferenceObject(mutant);
    ZwClose(h);
}

static void not_mine(void *arg)
{
    (void)arg;
    dt_expect_eq(poll_handle(s.mutant), STATUS_TIMEOUT);
    dt_expect_eq(ZwReleaseMutant(s.mutant, NULL), STATUS_MUTANT_NOT_OWNED);
    owned(s.mutant, 0, false, false);
}

/* MTX-010; and an owner that never releases closes the last handle: the mutant goes, the thread has it no more. */
static void owner_body(void *arg)
{
    HANDLE other;

    (void)arg;
    dt_expect_eq(ZwCreateMutant(&other, MUTANT_ALL_ACCESS, NULL, TRUE), STATUS_SUCCESS);
    dt_expect_eq(ZwCreateMutant(&s.mutant, MUTANT_ALL_ACCESS, NULL, TRUE), STATUS_SUCCESS);
    owned(s.mutant, 0, true, false);
    dt_join(dt_spawn(1, not_mine, NULL));
    dt_expect_eq(ZwClose(s.mutant), STATUS_SUCCESS);
    dt_expect_eq(ZwReleaseMutant(other, NULL), STATUS_SUCCESS);
    dt_expect_eq(ZwClose(other), STATUS_SUCCESS);
}

static void ends_as_owner(void *arg)
{
    (void)arg;
    dt_expect_eq(ZwWaitForSingleObject(s.mutant, FALSE, NULL), STATUS_SUCCESS);
    dt_expect_eq(ZwSetEvent(s.event, NULL), STATUS_SUCCESS);
}

/* MTX-022, WAI-024: whoever waits next, or waits already, is told once. */
static void abandoned_body(void *arg)
{
    HANDLE h[2];

    (void)arg;
    dt_expect_eq(ZwCreateMutant(&s.mutant, MUTANT_ALL_ACCESS, NULL, FALSE), STATUS_SUCCESS);
    dt_expect_eq(ZwCreateEvent(&s.event, EVENT_ALL_ACCESS, NULL, SynchronizationEvent, FALSE), STATUS_SUCCESS);
    dt_spawn(1, ends_as_owner, NULL);
    dt_expect_eq(ZwWaitForSingleObject(s.event, FALSE, NULL), STATUS_SUCCESS);
    dt_expect_eq(ZwWaitForSingleObject(s.mutant, FALSE, NULL), STATUS_ABANDONED);
    owned(s.mutant, 0, true, false);
    dt_expect_eq(poll_handle(s.mutant), STATUS_SUCCESS);
    dt_expect_eq(ZwReleaseMutant(s.mutant, NULL), STATUS_SUCCESS);
    dt_expect_eq(ZwReleaseMutant(s.mutant, NULL), STATUS_SUCCESS);
    dt_join(dt_spawn(1, ends_as_owner, NULL));
    owned(s.mutant, 1, false, true);
    dt_expect_eq(ZwWaitForSingleObject(s.event, FALSE, NULL), STATUS_SUCCESS);
    h[0] = s.event;
    h[1] = s.mutant;
    dt_expect_eq(ZwWaitForMultipleObjects(2, h, WaitAny, FALSE, NULL), STATUS_ABANDONED_WAIT_0 + 1);
    dt_expect_eq(ZwReleaseMutant(s.mutant, NULL), STATUS_SUCCESS);
    ZwClose(s.event);
    ZwClose(s.mutant);
}

static void a_mutant_belongs_to_its_thread(void **state)
{
    (void)state;
    passes(mutant_body);
    passes(exhausted_body);
    passes(owner_body);
    always(abandoned_body, 1);
}

/* ---- names and types ---- */

/* A second one of that name is refused, or is the first as it is; the name goes with the last handle. */
static void name_body(void *arg)
{
    UNICODE_STRING    text[3];
    OBJECT_ATTRIBUTES one = named(&text[0], L"\\BaseNamedObjects\\One", 0),
                      open = named(&text[1], L"\\BASENAMEDOBJECTS\\ONE", OBJ_OPENIF),
                      two = named(&text[2], L"\\BaseNamedObjects\\Two", 0);
    HANDLE h[3], other;

    (void)arg;
    dt_expect_eq(ZwOpenSemaphore(&h[0], SEMAPHORE_ALL_ACCESS, &one), STATUS_OBJECT_NAME_NOT_FOUND);
    dt_expect_eq(ZwCreateSemaphore(&h[0], SEMAPHORE_ALL_ACCESS, &one, 0, 3), STATUS_SUCCESS);
    dt_expect_eq(ZwCreateSemaphore(&h[1], SEMAPHORE_ALL_ACCESS, &one, 0, 3), STATUS_OBJECT_NAME_COLLISION);
    dt_expect_eq(ZwCreateSemaphore(&h[1], SEMAPHORE_ALL_ACCESS, &open, 1, 1), STATUS_OBJECT_NAME_EXISTS);
    dt_expect_eq(ZwOpenSemaphore(&h[2], SEMAPHORE_ALL_ACCESS, &open), STATUS_SUCCESS);
    dt_expect_eq(ZwReleaseSemaphore(h[1], 2, NULL), STATUS_SUCCESS);
    counts(h[2], 2, 3);
    dt_expect_eq(ZwOpenMutant(&other, MUTANT_ALL_ACCESS, &one), STATUS_OBJECT_TYPE_MISMATCH);
    dt_expect_eq(ZwCreateMutant(&other, MUTANT_ALL_ACCESS, &open, FALSE), STATUS_OBJECT_TYPE_MISMATCH);
    for (int i = 0; i < 3; i++)
        dt_expect_eq(ZwClose(h[i]), STATUS_SUCCESS);
    dt_expect_eq(ZwOpenSemaphore(&h[0], SEMAPHORE_ALL_ACCESS, &one), STATUS_OBJECT_NAME_NOT_FOUND);

    dt_expect_eq(ZwCreateMutant(&h[0], MUTANT_ALL_ACCESS, &two, FALSE), STATUS_SUCCESS);
    two.Attributes |= OBJ_OPENIF;
    dt_expect_eq(ZwCreateMutant(&h[1], MUTANT_ALL_ACCESS, &two, TRUE), STATUS_OBJECT_NAME_EXISTS);
    owned(h[1], 1, false, false); /* to whom it was there already it does not belong */
    dt_expect_eq(ZwOpenMutant(&h[2], MUTANT_ALL_ACCESS, &two), STATUS_SUCCESS);
    dt_expect_eq(ZwOpenSemaphore(&other, SEMAPHORE_ALL_ACCESS, &two), STATUS_OBJECT_TYPE_MISMATCH);
    dt_expect_eq(poll_handle(h[2]), STATUS_SUCCESS);
    owned(h[0], 0, true, false);
    dt_expect_eq(ZwReleaseMutant(h[0], NULL), STATUS_SUCCESS);
    for (int i = 0; i < 3; i++)
        dt_expect_eq(ZwClose(h[i]), STATUS_SUCCESS);
    dt_expect_eq(ZwOpenMutant(&h[0], MUTANT_ALL_ACCESS, &two), STATUS_OBJECT_NAME_NOT_FOUND);
}

static void type_body(void *arg)
{
    SEMAPHORE_BASIC_INFORMATION semaphore;
    MUTANT_BASIC_INFORMATION    mutant;
    PVOID                       object;

    (void)arg;
    dt_expect_eq(ZwCreateMutant(&s.mutant, MUTANT_ALL_ACCESS, NULL, TRUE), STATUS_SUCCESS);
    dt_expect_eq(ZwCreateSemaphore(&s.semaphore, SEMAPHORE_ALL_ACCESS, NULL, 0, 1), STATUS_SUCCESS);
    dt_expect_eq(ZwReleaseSemaphore(s.mutant, 1, NULL), STATUS_OBJECT_TYPE_MISMATCH);
    dt_expect_eq(ZwReleaseMutant(s.semaphore, NULL), STATUS_OBJECT_TYPE_MISMATCH);
    dt_expect_eq(ZwSetEvent(s.semaphore, NULL), STATUS_OBJECT_TYPE_MISMATCH);
    dt_expect_eq(
        ZwQueryMutant(s.semaphore, MutantBasicInformation, &mutant, sizeof mutant, NULL), STATUS_OBJECT_TYPE_MISMATCH);
    dt_expect_eq(ZwQuerySemaphore(s.mutant, SemaphoreBasicInformation, &semaphore, sizeof semaphore, NULL),
        STATUS_OBJECT_TYPE_MISMATCH);
    dt_expect_eq(ObReferenceObjectByHandle(s.mutant, 0, *ExSemaphoreObjectType, KernelMode, &object, NULL),
        STATUS_OBJECT_TYPE_MISMATCH);
    dt_expect_eq(ObReferenceObjectByHandle(s.semaphore, 0, *ExEventObjectType, KernelMode, &object, NULL),
        STATUS_OBJECT_TYPE_MISMATCH);
    ZwClose(s.mutant);
    ZwClose(s.semaphore);
}

static void names_and_types_tell_objects_apart(void **state)
{
    (void)state;
    passes(name_body);
    passes(type_body);
}

/* ---- several handles ---- */

static void basic(HANDLE h, ULONG handles, ULONG pointers)
{
    PUBLIC_OBJECT_BASIC_INFORMATION i;
    ULONG                           n = 0;

    dt_expect_eq(ZwQueryObject(h, ObjectBasicInformation, &i, sizeof i - 1, &n), STATUS_INFO_LENGTH_MISMATCH);
    dt_expect_eq(n, sizeof i);
    dt_expect_eq(ZwQueryObject(h, ObjectBasicInformation, &i, sizeof i, NULL), STATUS_SUCCESS);
    dt_expect(i.HandleCount == handles && (pointers == 0 || i.PointerCount == pointers));
}

static void make_all(HANDLE h[5])
{
    dt_expect_eq(ZwCreateEvent(&h[0], EVENT_ALL_ACCESS, NULL, SynchronizationEvent, FALSE), STATUS_SUCCESS);
    dt_expect_eq(ZwCreateSemaphore(&h[1], SEMAPHORE_ALL_ACCESS, NULL, 1, 1), STATUS_SUCCESS);
    dt_expect_eq(ZwCreateMutant(&h[2], MUTANT_ALL_ACCESS, NULL, FALSE), STATUS_SUCCESS);
    dt_expect_eq(ZwCreateTimer(&h[3], TIMER_ALL_ACCESS, NULL, NotificationTimer), STATUS_SUCCESS);
    dt_expect_eq(ZwCreateEvent(&h[4], EVENT_ALL_ACCESS, NULL, NotificationEvent, TRUE), STATUS_SUCCESS);
}

/* WAI-021 and the rest as KeWaitForMultipleObjects has it, with more objects than a thread has wait blocks of its own. */
static void several_body(void *arg)
{
    LARGE_INTEGER at_once = in_ms(0), soon = in_ms(2);
    HANDLE        h[5];

    (void)arg;
    make_all(h);
    dt_expect_eq(ZwWaitForMultipleObjects(5, h, WaitAny, FALSE, &at_once), STATUS_WAIT_1);
    counts(h[1], 0, 1);
    owned(h[2], 1, false, false);
    dt_expect_eq(ZwWaitForMultipleObjects(5, h, WaitAny, FALSE, NULL), STATUS_WAIT_2);
    dt_expect_eq(ZwReleaseMutant(h[2], NULL), STATUS_SUCCESS);
    dt_expect_eq(ZwReleaseSemaphore(h[1], 1, NULL), STATUS_SUCCESS);
    dt_expect_eq(ZwSetEvent(h[0], NULL), STATUS_SUCCESS);
    dt_expect_eq(ZwWaitForMultipleObjects(5, h, WaitAll, FALSE, &at_once), STATUS_TIMEOUT);
    counts(h[1], 1, 1); /* nothing is taken */
    owned(h[2], 1, false, false);
    dt_expect_eq(ZwSetTimer(h[3], &soon, NULL, NULL, FALSE, 0, NULL), STATUS_SUCCESS);
    dt_expect_eq(ZwWaitForMultipleObjects(5, h, WaitAll, FALSE, NULL), STATUS_SUCCESS);
    counts(h[1], 0, 1);
    owned(h[2], 0, true, false);
    dt_expect_eq(poll_handle(h[0]), STATUS_TIMEOUT);
    dt_expect_eq(ZwReleaseMutant(h[2], NULL), STATUS_SUCCESS);
    for (int i = 0; i < 5; i++)
        ZwClose(h[i]);
}

static void bad_wait_body(void *arg)
{
    LARGE_INTEGER at_once = in_ms(0);
    HANDLE        h[5], twice[2], wrong[2], many[MAXIMUM_WAIT_OBJECTS + 1];

    (void)arg;
    make_all(h);
    for (unsigned i = 0; i < ARRAYSIZE(many); i++)
        many[i] = h[4];
    wrong[0] = twice[0] = twice[1] = h[4];
    wrong[1] = NULL;
    dt_expect_eq(ZwWaitForMultipleObjects(0, h, WaitAny, FALSE, &at_once), STATUS_INVALID_PARAMETER_1);
    dt_expect_eq(ZwWaitForMultipleObjects(ARRAYSIZE(many), many, WaitAny, FALSE, &at_once), STATUS_INVALID_PARAMETER_1);
    dt_expect_eq(ZwWaitForMultipleObjects(MAXIMUM_WAIT_OBJECTS, many, WaitAny, FALSE, &at_once), STATUS_SUCCESS);
    dt_expect_eq(ZwWaitForMultipleObjects(1, h, (WAIT_TYPE)7, FALSE, &at_once), STATUS_INVALID_PARAMETER_3);
    dt_expect_eq(ZwWaitForMultipleObjects(2, twice, WaitAll, FALSE, &at_once), STATUS_INVALID_PARAMETER_MIX);
    dt_expect_eq(ZwWaitForMultipleObjects(2, wrong, WaitAny, FALSE, &at_once), STATUS_INVALID_HANDLE);
    basic(h[4], 1, 1); /* no reference is left behind */
    for (int i = 0; i < 5; i++)
        ZwClose(h[i]);
}

static void several_handles_are_waited_for(void **state)
{
    (void)state;
    passes(several_body);
    passes(bad_wait_body);
}

/* ---- duplicating: nf-ntifs-zwduplicateobject, nf-wdm-obclosehandle ---- */

static NTSTATUS copy(HANDLE from, PHANDLE to, ULONG options)
{
    return ZwDuplicateObject(ZwCurrentProcess(), from, ZwCurrentProcess(), to, 0, 0, options | DUPLICATE_SAME_ACCESS);
}

static void duplicate_body(void *arg)
{
    HANDLE h, other, thread;
    PVOID  object;

    (void)arg;
    dt_expect_eq(ZwCreateSemaphore(&h, SEMAPHORE_ALL_ACCESS, NULL, 0, 1), STATUS_SUCCESS);
    dt_expect_eq(copy(h, &other, 0), STATUS_SUCCESS);
    dt_expect(other != h);
    dt_expect_eq(ZwReleaseSemaphore(other, 1, NULL), STATUS_SUCCESS);
    dt_expect_eq(ObCloseHandle(other, KernelMode), STATUS_SUCCESS);
    dt_expect_eq(ObCloseHandle(other, KernelMode), STATUS_INVALID_HANDLE);
    counts(h, 1, 1);
    dt_expect_eq(copy(h, &other, DUPLICATE_CLOSE_SOURCE), STATUS_SUCCESS);
    counts(other, 1, 1);
    dt_expect_eq(copy(other, NULL, 0), STATUS_SUCCESS); /* no copy is wanted */
    dt_expect_eq(ZwDuplicateObject(ZwCurrentProcess(), other, NULL, NULL, 0, 0, 0), STATUS_INVALID_HANDLE);
    dt_expect_eq(ZwDuplicateObject(other, other, ZwCurrentProcess(), &h, 0, 0, 0), STATUS_OBJECT_TYPE_MISMATCH);
    dt_expect_eq(
        ZwDuplicateObject(ZwCurrentProcess(), other, NULL, NULL, 0, 0, DUPLICATE_CLOSE_SOURCE), STATUS_SUCCESS);
    dt_expect_eq(copy(other, &h, 0), STATUS_INVALID_HANDLE);
    dt_expect_eq(copy(ZwCurrentThread(), &thread, 0), STATUS_SUCCESS);
    dt_expect_eq(ObReferenceObjectByHandle(thread, 0, *PsThreadType, KernelMode, &object, NULL), STATUS_SUCCESS);
    dt_expect(object == KeGetCurrentThread());
    ObDereferenceObject(object);
    ZwClose(thread);
}

static void handles_are_duplicated(void **state)
{
    (void)state;
    passes(duplicate_body);
}

/* ---- asking: nf-ntifs-zwqueryobject ---- */

/* Both kinds of structure begin with the string, whose characters follow the structure. */
static void string(HANDLE h, int class, size_t structure_bytes, PCWSTR expected)
{
    UNICODE_STRING want, *got;
    ULONG          n = 0, need;
    char           bytes[256] __attribute__((aligned(8)));

    RtlInitUnicodeString(&want, expected);
    need = (ULONG)structure_bytes + (want.Length ? want.MaximumLength : 0);
    dt_expect_eq(ZwQueryObject(h, (OBJECT_INFORMATION_CLASS) class, bytes, need - 1, &n), STATUS_INFO_LENGTH_MISMATCH);
    dt_expect_eq(n, need);
    memset(bytes, 0xcd, sizeof bytes);
    dt_expect_eq(ZwQueryObject(h, (OBJECT_INFORMATION_CLASS) class, bytes, need, &n), STATUS_SUCCESS);
    got = (UNICODE_STRING *)bytes;
    dt_expect(n == need && RtlEqualUnicodeString(got, &want, FALSE) && (unsigned char)bytes[need] == 0xcd);
    dt_expect(want.Length == 0 || (char *)got->Buffer == bytes + structure_bytes);
}

static void query_body(void *arg)
{
    UNICODE_STRING    text;
    OBJECT_ATTRIBUTES a = named(&text, L"\\BaseNamedObjects\\Asked", 0);
    HANDLE            h, other, thread;
    PVOID             object;

    (void)arg;
    dt_expect_eq(ZwCreateMutant(&h, MUTANT_ALL_ACCESS, &a, FALSE), STATUS_SUCCESS);
    basic(h, 1, 1);
    dt_expect_eq(ZwOpenMutant(&other, MUTANT_ALL_ACCESS, &a), STATUS_SUCCESS);
    dt_expect_eq(ObReferenceObjectByHandle(h, 0, NULL, KernelMode, &object, NULL), STATUS_SUCCESS);
    basic(other, 2, 3);
    ObDereferenceObject(object);
    ZwClose(other);
    string(h, ObjectNameInformation, sizeof(OBJECT_NAME_INFORMATION), L"\\BaseNamedObjects\\Asked");
    string(h, ObjectTypeInformation, 104, L"Mutant");
    dt_expect_eq(ZwQueryObject(h, (OBJECT_INFORMATION_CLASS)3, &text, sizeof text, NULL), STATUS_INVALID_INFO_CLASS);
    ZwClose(h);
    dt_expect_eq(ZwQueryObject(h, ObjectBasicInformation, &text, sizeof text, NULL), STATUS_INVALID_HANDLE);
    dt_expect_eq(ZwCreateSemaphore(&h, SEMAPHORE_ALL_ACCESS, NULL, 0, 1), STATUS_SUCCESS);
    string(h, ObjectNameInformation, sizeof(OBJECT_NAME_INFORMATION), L"");
    string(h, ObjectTypeInformation, 104, L"Semaphore");
    ZwClose(h);
    dt_expect_eq(copy(ZwCurrentThread(), &thread, 0), STATUS_SUCCESS);
    basic(thread, 1, 0);
    string(thread, ObjectTypeInformation, 104, L"Thread");
    ZwClose(thread);
}

static void handles_tell_of_their_objects(void **state)
{
    (void)state;
    passes(query_body);
}

/* ---- the Nt names, and all by name ---- */

static void twin_body(void *arg)
{
    static const char *const names[] = {"CreateSemaphore", "OpenSemaphore", "ReleaseSemaphore", "QuerySemaphore",
        "CreateMutant", "OpenMutant", "ReleaseMutant", "QueryMutant", "WaitForSingleObject", "WaitForMultipleObjects",
        "DuplicateObject", "QueryObject", "Close", "CreateEvent", "OpenEvent", "SetEvent"};
    HANDLE                   h;

    (void)arg;
    for (unsigned i = 0; i < ARRAYSIZE(names); i++) {
        WCHAR          zw[32] = L"Zw", nt[32] = L"Nt";
        UNICODE_STRING name[2];

        for (unsigned c = 0; names[i][c]; c++)
            zw[2 + c] = nt[2 + c] = (WCHAR)names[i][c];
        RtlInitUnicodeString(&name[0], zw);
        RtlInitUnicodeString(&name[1], nt);
        dt_expect(MmGetSystemRoutineAddress(&name[0]) != NULL && MmGetSystemRoutineAddress(&name[1]) != NULL);
    }
    dt_expect_eq(NtCreateSemaphore(&h, SEMAPHORE_ALL_ACCESS, NULL, 1, 1), STATUS_SUCCESS);
    dt_expect_eq(NtWaitForSingleObject(h, FALSE, NULL), STATUS_SUCCESS);
    dt_expect_eq(NtReleaseSemaphore(h, 1, NULL), STATUS_SUCCESS);
    dt_expect_eq(NtClose(h), STATUS_SUCCESS);
    dt_expect_eq(NtCreateMutant(&h, MUTANT_ALL_ACCESS, NULL, TRUE), STATUS_SUCCESS);
    dt_expect_eq(NtReleaseMutant(h, NULL), STATUS_SUCCESS);
    dt_expect_eq(NtClose(h), STATUS_SUCCESS);
}

static void nt_names_are_the_same_routines(void **state)
{
    (void)state;
    passes(twin_body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_semaphore_returns_what_is_wrong),
        cmocka_unit_test(a_mutant_belongs_to_its_thread),
        cmocka_unit_test(names_and_types_tell_objects_apart),
        cmocka_unit_test(several_handles_are_waited_for),
        cmocka_unit_test(handles_are_duplicated),
        cmocka_unit_test(handles_tell_of_their_objects),
        cmocka_unit_test(nt_names_are_the_same_routines),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
