/* SPDX-License-Identifier: MIT */
/* Threaded DPCs, with ThreadDpcEnable 1 (in a thread at PASSIVE_LEVEL) and 0 (as ordinary ones). TDP-001 .. TDP-009, TDP-019,
 * TDP-020. */
#include "../machine.h"

enum { DPCS = 4 };

static struct {
    KDPC     dpc[DPCS], ordinary;
    KTIMER   timer;
    KEVENT   done;
    LONG     calls, inside, order[DPCS], ordinary_calls;
    ULONG    cpu;
    PKTHREAD thread;
} s;

static bool off; /* ThreadDpcEnable = 0 */
static bool interrupted, preempted;

static struct dt_config mode(bool threads_off)
{
    struct dt_config cfg = config(2);

    off = cfg.threaded_dpcs_off = threads_off;
    return cfg;
}

static KIRQL level(void)
{
    return off ? DISPATCH_LEVEL : PASSIVE_LEVEL;
}

static void passes_in_both(dt_body *body)
{
    struct dt_config cfg = mode(false);

    passes_with(&cfg, body);
    cfg = mode(true);
    passes_with(&cfg, body);
}

static void always_in_both(dt_body *body, unsigned bound)
{
    struct dt_config cfg = mode(false);

    always_with(&cfg, body, bound);
    cfg = mode(true);
    always_with(&cfg, body, bound);
}

static KDEFERRED_ROUTINE note;

/* TDP-002, TDP-003. */
static VOID note(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    LONG n = InterlockedIncrement(&s.calls) - 1;

    dt_expect_eq(KeGetCurrentIrql(), level());
    if (dpc == &s.dpc[0] && a)
        dt_expect(a == (PVOID)11 && b == (PVOID)12);
    if (n < DPCS)
        s.order[n] = (LONG)(uintptr_t)context;
    s.cpu = KeGetCurrentProcessorNumberEx(NULL);
    s.thread = KeGetCurrentThread();
    KeSetEvent(&s.done, IO_NO_INCREMENT, FALSE);
}

static void begin(PKDEFERRED_ROUTINE routine)
{
    memset(&s, 0, sizeof s);
    for (int i = 0; i < DPCS; i++)
        KeInitializeThreadedDpc(&s.dpc[i], routine, (PVOID)(uintptr_t)i);
    KeInitializeEvent(&s.done, NotificationEvent, FALSE);
    KeInitializeTimer(&s.timer);
}

/* TDP-001. The type is 0x18 up to Windows 7; since then the two kinds of EX_TIMER objects stand before it. */
static void object(void *ctx)
{
    KIRQL irql;

    (void)ctx;
    begin(note);
    KeRaiseIrql(HIGH_LEVEL, &irql);
    KeInitializeThreadedDpc(&s.dpc[1], note, (PVOID)1);
    KeLowerIrql(irql);
    dt_expect_eq(s.dpc[1].Type, 0x1A);
    dt_expect_eq(s.dpc[1].Importance, MediumImportance);
    dt_expect(s.dpc[1].DeferredRoutine == note && s.dpc[1].DeferredContext == (PVOID)1);
    dt_expect_eq(sizeof(KDPC), 64);
}

/* TDP-002, TDP-008: a real-time thread of each processor. */
static void one_on(ULONG cpu)
{
    KeClearEvent(&s.done);
    KeSetTargetProcessorDpc(&s.dpc[cpu], (CCHAR)cpu);
    KeSetImportanceDpc(&s.dpc[cpu], HighImportance);
    dt_expect(KeInsertQueueDpc(&s.dpc[cpu], (PVOID)11, (PVOID)12));
    wait_for(&s.done);
    KeFlushQueuedDpcs();
    dt_expect_eq(s.cpu, cpu);
}

static void a_thread_each(void *ctx)
{
    PKTHREAD first;

    (void)ctx;
    begin(note);
    one_on(0);
    first = s.thread;
    if (!off) {
        dt_expect(first != KeGetCurrentThread());
        dt_expect(KeQueryPriorityThread(first) >= LOW_REALTIME_PRIORITY);
    }
    one_on(1);
    if (!off)
        dt_expect(s.thread != first);
    one_on(0);
    if (!off)
        dt_expect(s.thread == first);
    dt_expect_eq(s.calls, 3);
}

static void test_object(void **state)
{
    (void)state;
    passes_in_both(object);
    passes_in_both(a_thread_each);
    always_in_both(a_thread_each, 1);
}

/* TDP-004: the results of insert and remove are those of any DPC. */
static void results(void *ctx)
{
    KIRQL irql;

    (void)ctx;
    begin(note);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    dt_expect(!KeRemoveQueueDpc(&s.dpc[0]));
    dt_expect(KeInsertQueueDpc(&s.dpc[0], (PVOID)98, (PVOID)99));
    dt_expect(!KeInsertQueueDpc(&s.dpc[0], (PVOID)11, (PVOID)12));
    dt_expect(KeRemoveQueueDpc(&s.dpc[0]));
    dt_expect(!KeRemoveQueueDpc(&s.dpc[0]));
    dt_expect(KeInsertQueueDpc(&s.dpc[0], (PVOID)11, (PVOID)12));
    dt_expect(!KeInsertQueueDpc(&s.dpc[0], (PVOID)98, (PVOID)99));
    KeLowerIrql(irql);
    KeFlushQueuedDpcs();
    dt_expect_eq(s.calls, 1);
}

/* From device level too. */
static void from_device_level(void *ctx)
{
    KIRQL irql;

    (void)ctx;
    begin(note);
    KeRaiseIrql(HIGH_LEVEL, &irql);
    dt_expect(KeInsertQueueDpc(&s.dpc[0], (PVOID)11, (PVOID)12));
    KeLowerIrql(irql);
    wait_for(&s.done);
    KeFlushQueuedDpcs();
    dt_expect_eq(s.calls, 1);
}

/* TDP-005. */
static void by_timer(void *ctx)
{
    (void)ctx;
    begin(note);
    KeSetTimer(&s.timer, in_ms(2), &s.dpc[1]);
    wait_for(&s.done);
    KeFlushQueuedDpcs();
    dt_expect_eq(s.calls, 1);
}

/* TDP-009: High to the head; processing begins whatever the importance (in a thread), or as for any DPC. */
static void order(void *ctx)
{
    KIRQL irql;

    (void)ctx;
    begin(note);
    KeSetImportanceDpc(&s.dpc[1], LowImportance);
    KeSetImportanceDpc(&s.dpc[2], HighImportance);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    for (int i = 0; i < 3; i++)
        KeInsertQueueDpc(&s.dpc[i], (PVOID)11, (PVOID)12);
    dt_expect_eq(s.calls, 0);
    KeLowerIrql(irql);
    KeFlushQueuedDpcs();
    dt_expect_eq(s.calls, 3);
    dt_expect(s.order[0] == 2 && s.order[1] == 0 && s.order[2] == 1);
}

static void low_begins(void *ctx)
{
    (void)ctx;
    begin(note);
    KeSetImportanceDpc(&s.dpc[0], LowImportance);
    dt_ns from = dt_now();

    KeInsertQueueDpc(&s.dpc[0], (PVOID)11, (PVOID)12);
    wait_for(&s.done);
    if (simulated() && !off)
        dt_expect_eq(dt_now(), from);
}

static void test_queue(void **state)
{
    (void)state;
    passes_in_both(results);
    always_in_both(results, 1);
    passes_in_both(from_device_level);
    passes_in_both(by_timer);
    always_in_both(by_timer, 1);
    passes_in_both(order);
    passes_in_both(low_begins);
}

/* ---- beside others ---- */

static KDEFERRED_ROUTINE lingers, is_ordinary, inserts_ordinary;

static void linger(void)
{
    for (int i = 0; i < 4; i++)
        KeReadStateEvent(&s.done);
}

/* In real time the ordinary DPC, or the thread, is beside it on a thread of the host. */
static bool is_inside(void)
{
    return __atomic_load_n(&s.inside, __ATOMIC_RELAXED) != 0;
}

static VOID lingers(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    (void)dpc, (void)context, (void)a, (void)b;
    InterlockedIncrement(&s.inside);
    linger();
    InterlockedDecrement(&s.inside);
    s.calls++;
}

static VOID is_ordinary(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    (void)dpc, (void)context, (void)a, (void)b;
    dt_expect_eq(KeGetCurrentIrql(), DISPATCH_LEVEL);
    if (is_inside())
        interrupted = true;
    s.ordinary_calls++;
}

/* TDP-006, TDP-020: an ordinary DPC of its processor runs at once, and to its end. */
static VOID inserts_ordinary(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    (void)dpc, (void)context, (void)a, (void)b;
    InterlockedIncrement(&s.inside);
    KeInsertQueueDpc(&s.ordinary, NULL, NULL);
    dt_expect_eq(s.ordinary_calls, off ? 0 : 1);
    dt_expect_eq(KeGetCurrentIrql(), level());
    InterlockedDecrement(&s.inside);
    s.calls++;
}

static void ordinary_inside(void *ctx)
{
    (void)ctx;
    begin(inserts_ordinary);
    KeInitializeDpc(&s.ordinary, is_ordinary, NULL);
    KeInsertQueueDpc(&s.dpc[0], NULL, NULL);
    KeFlushQueuedDpcs();
    dt_expect_eq(s.calls, 1);
    KeFlushQueuedDpcs();
    dt_expect_eq(s.ordinary_calls, 1);
}

static void inserts(void *ctx)
{
    KeInsertQueueDpc(ctx, NULL, NULL);
}

static void ordinary_from_elsewhere(void *ctx)
{
    (void)ctx;
    begin(lingers);
    KeInitializeDpc(&s.ordinary, is_ordinary, NULL);
    KeSetTargetProcessorDpc(&s.ordinary, 0);
    KeSetImportanceDpc(&s.ordinary, HighImportance);
    dt_spawn(1, inserts, &s.ordinary);
    KeInsertQueueDpc(&s.dpc[0], NULL, NULL);
    dt_join_all();
    KeFlushQueuedDpcs();
    dt_expect(s.calls == 1 && s.ordinary_calls == 1);
}

static void test_ordinary(void **state)
{
    struct dt_config cfg;

    (void)state;
    passes_in_both(ordinary_inside);
    always_in_both(ordinary_inside, 1);
    cfg = mode(false);
    interrupted = false;
    passes_with(&cfg, ordinary_from_elsewhere);
    always_with(&cfg, ordinary_from_elsewhere, 2);
    if (simulated())
        assert_true(interrupted);
    cfg = mode(true);
    interrupted = false;
    always_with(&cfg, ordinary_from_elsewhere, 2);
    if (simulated())
        assert_false(interrupted);
}

/* TDP-007: threads of ordinary priority do not get in; TDP-020: those of the highest real-time priority may. */
static void looks(void *ctx)
{
    (void)ctx;
    for (int i = 0; i < 3; i++) {
        if (is_inside())
            preempted = true;
        KeReadStateEvent(&s.done);
    }
}

static void thread_beside(unsigned priority)
{
    begin(lingers);
    KeSetTargetProcessorDpc(&s.dpc[0], 1);
    dt_spawn_priority(1, priority, looks, NULL);
    KeInsertQueueDpc(&s.dpc[0], NULL, NULL);
    dt_join_all();
    KeFlushQueuedDpcs();
    dt_expect_eq(s.calls, 1);
}

static void ordinary_thread(void *ctx)
{
    (void)ctx;
    thread_beside(15);
}

static void real_time_thread(void *ctx)
{
    (void)ctx;
    thread_beside(HIGH_PRIORITY);
}

static void test_threads(void **state)
{
    struct dt_config cfg = mode(false);

    (void)state;
    passes_with(&cfg, real_time_thread);
    if (!simulated()) /* in real time the host's scheduler decides */
        return;
    preempted = false;
    always_with(&cfg, ordinary_thread, 2);
    assert_false(preempted);
    always_with(&cfg, real_time_thread, 2);
    assert_true(preempted);
}

/* TDP-019: a flush waits for them. */
static void flushed(void *ctx)
{
    (void)ctx;
    begin(lingers);
    KeSetTargetProcessorDpc(&s.dpc[1], 1);
    KeInsertQueueDpc(&s.dpc[1], NULL, NULL);
    KeFlushQueuedDpcs();
    dt_expect_eq(s.inside, 0);
    dt_expect_eq(s.calls, 1);
}

static void test_flush(void **state)
{
    (void)state;
    passes_in_both(flushed);
    always_in_both(flushed, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_object),
        cmocka_unit_test(test_queue),
        cmocka_unit_test(test_ordinary),
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_flush),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
