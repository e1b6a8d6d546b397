/* SPDX-License-Identifier: MIT */
/* The life of system threads: THR-001 .. THR-006, THR-008 .. THR-009, THR-011 .. THR-013, THR-015 .. THR-020, THR-047. */
#include "../machine.h"

#include "ddk/ntifs.h"

static struct {
    KEVENT   started, go;
    HANDLE   handle;
    PETHREAD thread, self;
    PVOID    context;
    KIRQL    irql;
    BOOLEAN  apcs_off;
    KDPC     dpc;
    PVOID    seen_by_dpc;
    PVOID    work;
} s;

static void begin(void)
{
    memset(&s, 0, sizeof s);
    KeInitializeEvent(&s.started, NotificationEvent, FALSE);
    KeInitializeEvent(&s.go, NotificationEvent, FALSE);
}

static void create(PKSTART_ROUTINE routine)
{
    dt_expect_eq(PsCreateSystemThread(&s.handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, routine, &s), STATUS_SUCCESS);
    dt_expect_eq(
        ObReferenceObjectByHandle(s.handle, THREAD_ALL_ACCESS, *PsThreadType, KernelMode, (PVOID *)&s.thread, NULL),
        STATUS_SUCCESS);
}

static void end(void)
{
    wait_for(s.thread);
    ObDereferenceObject(s.thread);
    ZwClose(s.handle);
}

/* ---- how it begins ---- */

static VOID look_around(PVOID context)
{
    s.context = context;
    s.irql = KeGetCurrentIrql();
    s.apcs_off = KeAreApcsDisabled() && !KeAreAllApcsDisabled(); /* THR-003: a critical region */
    s.self = PsGetCurrentThread();
    dt_expect(PsGetCurrentThreadTeb() == NULL);                   /* THR-004 */
    dt_expect_eq(KeQueryPriorityThread(KeGetCurrentThread()), 8); /* THR-005 */
    dt_expect(PsIsSystemThread(s.self));                          /* THR-017 */
    KeSetEvent(&s.started, IO_NO_INCREMENT, FALSE);
    wait_for(&s.go);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

/* THR-001, THR-016, THR-019, THR-047 */
static void begins(void *ctx)
{
    LARGE_INTEGER now;

    (void)ctx;
    begin();
    create(look_around);
    wait_for(&s.started);
    dt_expect(s.context == &s && s.irql == PASSIVE_LEVEL && s.apcs_off);
    dt_expect(s.self == s.thread && PsGetCurrentThread() != s.thread);
    dt_expect_eq(PsGetThreadExitStatus(s.thread), STATUS_PENDING);
    dt_expect(!PsIsThreadTerminating(s.thread));
    dt_expect_eq(poll(s.thread), STATUS_TIMEOUT);
    dt_expect(PsGetThreadId(s.thread) != PsGetCurrentThreadId());
    KeQuerySystemTime(&now);
    dt_expect(PsGetThreadCreateTime(s.thread) > 0 && PsGetThreadCreateTime(s.thread) <= now.QuadPart);
    KeSetEvent(&s.go, IO_NO_INCREMENT, FALSE);
    end();
}

static void test_begins(void **state)
{
    (void)state;
    passes(begins);
    always(begins, 1);
}

/* THR-001: the client id names it; it is found by that id for as long as it lives (THR-047). */
static void known_by_id(void *ctx)
{
    CLIENT_ID id;
    PETHREAD  found;

    (void)ctx;
    begin();
    dt_expect_eq(
        PsCreateSystemThread(&s.handle, THREAD_ALL_ACCESS, NULL, NULL, &id, look_around, NULL), STATUS_SUCCESS);
    dt_expect_eq(PsLookupThreadByThreadId(id.UniqueThread, &found), STATUS_SUCCESS);
    dt_expect(PsGetThreadId(found) == id.UniqueThread && PsGetThreadProcessId(found) == id.UniqueProcess);
    KeSetEvent(&s.go, IO_NO_INCREMENT, FALSE);
    wait_for(found);
    ObDereferenceObject(found);
    dt_expect_eq(PsLookupThreadByThreadId(id.UniqueThread, &found), STATUS_INVALID_PARAMETER);
    dt_expect_eq(PsLookupThreadByThreadId(NULL, &found), STATUS_INVALID_CID);
    ZwClose(s.handle);
}

static void test_known_by_id(void **state)
{
    (void)state;
    always(known_by_id, 1);
}

enum { MANY_THREADS = 6000 };

static LONG     ended;
static PKTHREAD first_object;
static bool     used_again;

static KSTART_ROUTINE ends_at_once;

static VOID ends_at_once(PVOID context)
{
    (void)context;
    if (InterlockedIncrement(&ended) == 1)
        first_object = KeGetCurrentThread();
    else
        used_again |= KeGetCurrentThread() == first_object;
}

static void start_many(void)
{
    HANDLE h;

    for (int i = 0; i < MANY_THREADS; i++) {
        dt_expect_eq(PsCreateSystemThread(&h, THREAD_ALL_ACCESS, NULL, NULL, NULL, ends_at_once, NULL), STATUS_SUCCESS);
        dt_expect_eq(ZwWaitForSingleObject(h, FALSE, NULL), STATUS_SUCCESS);
        ZwClose(h);
    }
}

/* THR-047: a thread that was looked up stays the one it was, however many come after it; their objects are used again. */
static void kept_object(void *ctx)
{
    CLIENT_ID id;
    PETHREAD  found;

    (void)ctx;
    begin();
    ended = 0;
    used_again = false;
    dt_expect_eq(
        PsCreateSystemThread(&s.handle, THREAD_ALL_ACCESS, NULL, NULL, &id, look_around, NULL), STATUS_SUCCESS);
    dt_expect_eq(PsLookupThreadByThreadId(id.UniqueThread, &found), STATUS_SUCCESS);
    KeSetEvent(&s.go, IO_NO_INCREMENT, FALSE);
    wait_for(found);
    ZwClose(s.handle);
    start_many();
    dt_expect(ended == MANY_THREADS && used_again);
    dt_expect(PsGetThreadId(found) == id.UniqueThread && PsIsThreadTerminating(found));
    wait_for(found);
    ObDereferenceObject(found);
}

static void test_kept_object(void **state)
{
    (void)state;
    if (simulated())
        passes(kept_object);
}

/* ---- how it ends ---- */

static VOID terminates(PVOID context)
{
    (void)context;
    wait_for(&s.go);
    PsTerminateSystemThread(STATUS_CANCELLED);
    dt_expect(!"THR-009: it does not return");
}

static VOID returns(PVOID context) /* THR-012 */
{
    (void)context;
    wait_for(&s.go);
}

static void waits_too(void *ctx)
{
    (void)ctx;
    wait_for(s.thread);
}

/* THR-009, THR-013, THR-016: signaled for all that wait, and for ever. */
static void ends_with(PKSTART_ROUTINE routine, NTSTATUS status)
{
    begin();
    create(routine);
    dt_spawn(DT_ANY_PROCESSOR, waits_too, NULL);
    dt_spawn(DT_ANY_PROCESSOR, waits_too, NULL);
    KeSetEvent(&s.go, IO_NO_INCREMENT, FALSE);
    wait_for(s.thread);
    wait_for(s.thread);
    dt_join_all();
    dt_expect_eq(PsGetThreadExitStatus(s.thread), status);
    dt_expect(PsIsThreadTerminating(s.thread)); /* THR-017 */
    end();
}

static void ends(void *ctx)
{
    (void)ctx;
    ends_with(terminates, STATUS_CANCELLED);
    ends_with(returns, STATUS_SUCCESS);
}

/* THR-006: closing the handle does not end the thread. */
static void handle_closed_early(void *ctx)
{
    (void)ctx;
    begin();
    create(returns);
    ZwClose(s.handle);
    dt_expect_eq(poll(s.thread), STATUS_TIMEOUT);
    KeSetEvent(&s.go, IO_NO_INCREMENT, FALSE);
    wait_for(s.thread);
    ObDereferenceObject(s.thread);
}

static void test_ends(void **state)
{
    (void)state;
    passes(ends);
    always(ends, 1);
    always(handle_closed_early, 1);
}

/* ---- THR-019, THR-020: the current thread ---- */

static KDEFERRED_ROUTINE who_is_it;

static VOID who_is_it(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    (void)dpc, (void)context, (void)a, (void)b;
    s.seen_by_dpc = KeGetCurrentThread();
}

static void current_thread(void *ctx)
{
    KIRQL irql;
    PVOID self = KeGetCurrentThread();

    (void)ctx;
    begin();
    KeInitializeDpc(&s.dpc, who_is_it, NULL);
    KeRaiseIrql(HIGH_LEVEL, &irql);
    dt_expect(KeGetCurrentThread() == self);
    KeLowerIrql(irql);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    KeInsertQueueDpc(&s.dpc, NULL, NULL);
    KeLowerIrql(irql); /* here it interrupts */
    dt_expect(s.seen_by_dpc == self && KeGetCurrentThread() == self);
}

static void test_current_thread(void **state)
{
    (void)state;
    passes(current_thread);
}

/* ---- misuse ---- */

static void create_raised(void *ctx)
{
    KIRQL irql;

    (void)ctx;
    begin();
    KeRaiseIrql(APC_LEVEL, &irql);
    (void)PsCreateSystemThread(&s.handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, returns, NULL);
}

static VOID terminates_raised(PVOID context)
{
    KIRQL irql;

    (void)context;
    KeRaiseIrql(APC_LEVEL, &irql);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static void terminate_raised(void *ctx)
{
    (void)ctx;
    begin();
    create(terminates_raised);
    end();
}

static VOID returns_raised(PVOID context)
{
    KIRQL irql;

    (void)context;
    KeRaiseIrql(APC_LEVEL, &irql);
}

static void return_raised(void *ctx)
{
    (void)ctx;
    begin();
    create(returns_raised);
    end();
}

static VOID ends_in_region(PVOID context)
{
    (void)context;
    KeEnterCriticalRegion();
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static void end_in_region(void *ctx)
{
    (void)ctx;
    begin();
    create(ends_in_region);
    end();
}

/* THR-018: in a system thread, with the exception code; a limit exception stands for any other. */
static VOID raises(PVOID context)
{
    KSEMAPHORE few;

    (void)context;
    KeInitializeSemaphore(&few, 1, 1);
    KeReleaseSemaphore(&few, IO_NO_INCREMENT, 1, FALSE);
}

static void raise_exception(void *ctx)
{
    (void)ctx;
    begin();
    create(raises);
    end();
}

/* THR-015 */
static VOID terminates_worker(PVOID context)
{
    (void)context;
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static void terminate_worker(void *ctx)
{
    enum { TEXT = 10000 };

    static WORK_QUEUE_ITEM item;

    (void)ctx;
    begin();
    ExInitializeWorkItem(&item, terminates_worker, NULL);
    ExQueueWorkItem(&item, DelayedWorkQueue);
    wait_ms(&s.go, 30000); /* the worker stops the machine */
}

static void first_parameter(dt_body *body, uint64_t expected)
{
    struct dt_config cfg = config(2);
    struct dt_result r = {0};

    if (!simulated())
        return;
    assert_int_equal(dt_run(&cfg, body, NULL, &r), 0);
    assert_int_equal(r.finding.param[0], expected);
}

static void test_misuse(void **state)
{
    (void)state;
    caught(create_raised, "DT-I01", 0xC4); /* THR-002 */
    first_parameter(create_raised, 0x2001C);
    caught(terminate_raised, "DT-I01", 0xC4); /* THR-011 */
    first_parameter(terminate_raised, 0x2001C);
    caught(return_raised, "DT-I09", 0xC8);
    caught(end_in_region, "DT-W15", 0x20);
    caught(raise_exception, NULL, 0x7E);
    first_parameter(raise_exception, (uint32_t)STATUS_SEMAPHORE_LIMIT_EXCEEDED);
    caught(terminate_worker, "DT-H03", 0xE9);
}

/* THR-008 */
static void refuses_attributes(void *ctx)
{
    static const ULONG wrong[] = {OBJ_PERMANENT, OBJ_EXCLUSIVE, OBJ_OPENIF};
    OBJECT_ATTRIBUTES  attributes;

    (void)ctx;
    begin();
    for (int i = 0; i < 3; i++) {
        InitializeObjectAttributes(&attributes, NULL, wrong[i], NULL, NULL);
        dt_expect_eq(PsCreateSystemThread(&s.handle, THREAD_ALL_ACCESS, &attributes, NULL, NULL, returns, NULL),
            STATUS_INVALID_PARAMETER);
    }
    InitializeObjectAttributes(&attributes, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
    KeSetEvent(&s.go, IO_NO_INCREMENT, FALSE);
    dt_expect_eq(
        PsCreateSystemThread(&s.handle, THREAD_ALL_ACCESS, &attributes, NULL, NULL, returns, NULL), STATUS_SUCCESS);
    ZwClose(s.handle);
}

static void test_refuses_attributes(void **state)
{
    (void)state;
    passes(refuses_attributes);
}

/* ---- who waits for good ---- */

enum { TEXT = 10000 };

static char            text[TEXT];
static WORK_QUEUE_ITEM item;
static KEVENT          worked;

static VOID works(PVOID context)
{
    (void)context;
    KeSetEvent(&worked, IO_NO_INCREMENT, FALSE);
}

static VOID waits_for_go(PVOID context)
{
    (void)context;
    wait_for(&s.go);
}

static void never_goes_on(void *ctx)
{
    (void)ctx;
    begin();
    KeInitializeEvent(&worked, NotificationEvent, FALSE);
    ExInitializeWorkItem(&item, works, NULL);
    ExQueueWorkItem(&item, DelayedWorkQueue);
    wait_for(&worked);
    create(waits_for_go);
    wait_for(&s.started);
}

static void waits_for_two(void *ctx)
{
    KEVENT event[2];
    PVOID  objects[2] = {&event[0], &event[1]};

    (void)ctx;
    for (int i = 0; i < 2; i++)
        KeInitializeEvent(&event[i], NotificationEvent, FALSE);
    KeWaitForMultipleObjects(2, objects, WaitAll, Executive, KernelMode, FALSE, NULL, NULL);
}

static void keep(void *io, const char *line)
{
    size_t used = strlen(io);

    snprintf((char *)io + used, TEXT - used, "%s", line);
}

/* The body and the thread are named; a worker waits for work, that is no reason. */
static void test_waits_for_good(void **state)
{
    struct dt_config cfg = config(1);
    struct dt_result r;

    (void)state;
    if (!simulated())
        return;
    assert_int_equal(dt_run(&cfg, never_goes_on, NULL, &r), 0);
    assert_finding(&r, "DT-L17", 0);
    assert_non_null(strstr(r.finding.what, "threads that wait: 2,"));
    text[0] = 0;
    cfg.quiet = false;
    cfg.print = keep;
    cfg.print_io = text;
    assert_int_equal(dt_run(&cfg, waits_for_two, NULL, &r), 0);
    assert_non_null(strstr(text, "the test waits for several objects\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_begins),
        cmocka_unit_test(test_known_by_id),
        cmocka_unit_test(test_kept_object),
        cmocka_unit_test(test_ends),
        cmocka_unit_test(test_current_thread),
        cmocka_unit_test(test_misuse),
        cmocka_unit_test(test_refuses_attributes),
        cmocka_unit_test(test_waits_for_good),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
