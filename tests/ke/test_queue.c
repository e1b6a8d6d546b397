/* SPDX-License-Identifier: MIT */
/* KQUEUE: WRK-031 .. WRK-034, WRK-036 .. WRK-041. */
#define RANDOM_SEEDS 0 /* the order of arrival is set up for the schedules searched */

#include "../machine.h"

#include "ddk/ntifs.h"

#define MEMBERS 2

struct entry {
    LIST_ENTRY link;
    int        number;
};

static struct {
    KQUEUE       queue;
    struct entry entry[3];
    KEVENT       got, go;
    struct member {
        PLIST_ENTRY first;
        KEVENT      has;
    } member[MEMBERS];
    LONG taken[3];
} s;

static void begin(ULONG count)
{
    memset(&s, 0, sizeof s);
    KeInitializeQueue(&s.queue, count);
    KeInitializeEvent(&s.got, NotificationEvent, FALSE);
    KeInitializeEvent(&s.go, NotificationEvent, FALSE);
    for (int i = 0; i < 3; i++)
        s.entry[i].number = i;
    for (int i = 0; i < MEMBERS; i++)
        KeInitializeEvent(&s.member[i].has, NotificationEvent, FALSE);
}

static PLIST_ENTRY at_once(void)
{
    LARGE_INTEGER zero = {.QuadPart = 0};

    return KeRemoveQueue(&s.queue, KernelMode, &zero);
}

static PLIST_ENTRY as_entry(NTSTATUS status)
{
    return (PLIST_ENTRY)(LONG_PTR)status;
}

/* ---- one thread ---- */

/* WRK-031: zero means as many as there are processors; not signaled at first. */
static void initialized(void *ctx)
{
    (void)ctx;
    begin(0);
    memset(&s.queue, 0x55, sizeof s.queue);
    KeInitializeQueue(&s.queue, 0);
    dt_expect(s.queue.CurrentCount == 0 && IsListEmpty(&s.queue.EntryListHead));
    dt_expect_eq(s.queue.MaximumCount, KeQueryActiveProcessorCount(NULL));
    dt_expect_eq(KeReadStateQueue(&s.queue), 0);
    begin(7);
    dt_expect_eq(s.queue.MaximumCount, 7);
}

/* WRK-032: the number of entries before. WRK-033: at the end, or first. WRK-034: the oldest. */
static void in_order(void *ctx)
{
    (void)ctx;
    begin(1);
    dt_expect_eq(KeInsertQueue(&s.queue, &s.entry[0].link), 0);
    dt_expect_eq(KeInsertQueue(&s.queue, &s.entry[1].link), 1);
    dt_expect_eq(KeInsertHeadQueue(&s.queue, &s.entry[2].link), 2);
    dt_expect_eq(KeReadStateQueue(&s.queue), 3);
    dt_expect(KeRemoveQueue(&s.queue, KernelMode, NULL) == &s.entry[2].link);
    dt_expect(KeRemoveQueue(&s.queue, KernelMode, NULL) == &s.entry[0].link);
    dt_expect(at_once() == &s.entry[1].link);
    dt_expect_eq(KeReadStateQueue(&s.queue), 0);
}

/* WRK-034: STATUS_TIMEOUT as a pointer, never NULL; with a time-out after the time. */
static void empty(void *ctx)
{
    LARGE_INTEGER soon = in_ms(3);
    KIRQL         irql;

    (void)ctx;
    begin(1);
    dt_expect(at_once() == as_entry(STATUS_TIMEOUT));
    dt_ns before = dt_now();

    dt_expect(KeRemoveQueue(&s.queue, KernelMode, &soon) == as_entry(STATUS_TIMEOUT));
    dt_expect(dt_now() - before >= DT_MS(2)); /* may be up to a tick early */
    KeRaiseIrql(DISPATCH_LEVEL, &irql);       /* a zero time-out is no wait */
    dt_expect(at_once() == as_entry(STATUS_TIMEOUT));
    KeLowerIrql(irql);
}

/* WRK-037: who has come back without an entry runs for the queue all the same; of a thread only its last queue counts. */
static void belongs_to_one(void *ctx)
{
    static KQUEUE other;

    (void)ctx;
    begin(1);
    KeInitializeQueue(&other, 1);
    dt_expect(s.queue.CurrentCount == 0 && IsListEmpty(&s.queue.ThreadListHead));
    dt_expect(at_once() == as_entry(STATUS_TIMEOUT));
    dt_expect(s.queue.CurrentCount == 1 && !IsListEmpty(&s.queue.ThreadListHead));
    KeInsertQueue(&s.queue, &s.entry[0].link);
    dt_expect(at_once() == &s.entry[0].link);
    dt_expect_eq(s.queue.CurrentCount, 1);
    KeInsertQueue(&other, &s.entry[1].link);
    dt_expect(KeRemoveQueue(&other, KernelMode, NULL) == &s.entry[1].link);
    dt_expect(s.queue.CurrentCount == 0 && IsListEmpty(&s.queue.ThreadListHead));
    dt_expect(other.CurrentCount == 1 && other.ThreadListHead.Flink == other.ThreadListHead.Blink);
    dt_expect(!KeRundownQueue(&other));
    dt_expect(other.CurrentCount == 0 && IsListEmpty(&other.ThreadListHead));
}

static KDEFERRED_ROUTINE looks;

static VOID looks(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    (void)dpc, (void)context, (void)a, (void)b;
    s.taken[0] = (LONG)s.queue.CurrentCount;
    KeSetEvent(&s.go, IO_NO_INCREMENT, FALSE);
}

/* WRK-037: who waits elsewhere does not run, and from the moment it is woken it does. */
static void counts_from_the_wake(void *ctx)
{
    static KTIMER timer;
    static KDPC   dpc;

    (void)ctx;
    begin(1);
    KeInitializeTimer(&timer);
    KeInitializeDpc(&dpc, looks, NULL);
    dt_expect(at_once() == as_entry(STATUS_TIMEOUT));
    KeSetTimer(&timer, in_ms(2), &dpc);
    wait_for(&s.go);
    dt_expect_eq(s.taken[0], 0);
    dt_expect_eq(s.queue.CurrentCount, 1);
    dt_expect(!KeRundownQueue(&s.queue));
}

static KQUEUE no_queue;

static void insert_nowhere(void *ctx)
{
    (void)ctx;
    begin(1);
    KeInsertQueue(&no_queue, &s.entry[0].link);
}

static void remove_nowhere(void *ctx)
{
    LARGE_INTEGER zero = {.QuadPart = 0};

    (void)ctx;
    KeRemoveQueue(&no_queue, KernelMode, &zero);
}

static void run_down_nothing(void *ctx)
{
    (void)ctx;
    KeRundownQueue(&no_queue);
}

/* WRK-031: not before KeInitializeQueue. */
static void test_uninitialized(void **state)
{
    (void)state;
    caught_params(insert_nowhere, "DT-W03", 0x0A, (uintptr_t)&no_queue, PASSIVE_LEVEL);
    caught_params(remove_nowhere, "DT-W03", 0x0A, (uintptr_t)&no_queue, PASSIVE_LEVEL);
    caught_params(run_down_nothing, "DT-W03", 0x0A, (uintptr_t)&no_queue, PASSIVE_LEVEL);
}

static void test_alone(void **state)
{
    (void)state;
    passes(initialized);
    passes(in_order);
    passes(empty);
    passes(belongs_to_one);
    passes(counts_from_the_wake);
}

/* ---- waiting threads ---- */

static void take_one(void *ctx)
{
    struct member *m = ctx;

    m->first = KeRemoveQueue(&s.queue, KernelMode, NULL);
    KeSetEvent(&m->has, IO_NO_INCREMENT, FALSE);
    wait_for(&s.go);
}

static void start_member(int i)
{
    dt_spawn(DT_ANY_PROCESSOR, take_one, &s.member[i]);
    dt_run_until_idle();
}

/* WRK-033: handed over, the state never says 1. WRK-036: who waits since the shortest time is first. */
static void last_in_first_out(void *ctx)
{
    (void)ctx;
    begin(2);
    start_member(0);
    start_member(1);
    dt_expect_eq(KeInsertQueue(&s.queue, &s.entry[0].link), 0);
    dt_expect_eq(KeReadStateQueue(&s.queue), 0);
    wait_for(&s.member[1].has);
    dt_expect(s.member[0].first == NULL && s.member[1].first == &s.entry[0].link);
    dt_expect_eq(KeInsertQueue(&s.queue, &s.entry[1].link), 0);
    wait_for(&s.member[0].has);
    KeSetEvent(&s.go, IO_NO_INCREMENT, FALSE);
    dt_join_all();
}

/* WRK-037: one at a time; the other one gets its entry when the first blocks elsewhere. */
static void first_of_two(void *ctx)
{
    (void)ctx;
    dt_expect(KeRemoveQueue(&s.queue, KernelMode, NULL) == &s.entry[0].link);
    dt_expect_eq(KeInsertQueue(&s.queue, &s.entry[1].link), 0);
    dt_expect_eq(KeReadStateQueue(&s.queue), 1); /* though member 0 waits */
    dt_expect(s.member[0].first == NULL);
    dt_expect_eq(s.queue.CurrentCount, 1);
    wait_for(&s.member[0].has);
    dt_expect(s.member[0].first == &s.entry[1].link);
    KeSetEvent(&s.go, IO_NO_INCREMENT, FALSE);
}

static void one_at_a_time(void *ctx)
{
    (void)ctx;
    begin(1);
    start_member(0);
    dt_spawn(DT_ANY_PROCESSOR, first_of_two, NULL);
    dt_run_until_idle();
    KeInsertQueue(&s.queue, &s.entry[0].link);
    dt_join_all();
    dt_expect_eq(s.queue.CurrentCount, 0); /* ended threads do not count */
}

/* WRK-037: a thread that asks again makes room for itself, and one that ends for another. */
static void asks_again(void *ctx)
{
    (void)ctx;
    dt_expect(KeRemoveQueue(&s.queue, KernelMode, NULL) == &s.entry[0].link);
    KeInsertQueue(&s.queue, &s.entry[1].link);
    KeInsertQueue(&s.queue, &s.entry[2].link);
    dt_expect(KeRemoveQueue(&s.queue, KernelMode, NULL) == &s.entry[1].link);
    dt_expect(s.member[0].first == NULL);
}

static void room_for_oneself(void *ctx)
{
    (void)ctx;
    begin(1);
    start_member(0);
    dt_spawn(DT_ANY_PROCESSOR, asks_again, NULL);
    dt_run_until_idle();
    KeInsertQueue(&s.queue, &s.entry[0].link);
    wait_for(&s.member[0].has);
    dt_expect(s.member[0].first == &s.entry[2].link);
    KeSetEvent(&s.go, IO_NO_INCREMENT, FALSE);
    dt_join_all();
}

static void test_waiting(void **state)
{
    (void)state;
    passes(last_in_first_out);
    passes(one_at_a_time);
    passes(room_for_oneself);
}

/* ---- every entry once, on every schedule ---- */

static void consume(void *ctx)
{
    LARGE_INTEGER soon = in_ms(20);
    PLIST_ENTRY   e;

    (void)ctx;
    while ((e = KeRemoveQueue(&s.queue, KernelMode, &soon)) != as_entry(STATUS_TIMEOUT))
        InterlockedIncrement(&s.taken[CONTAINING_RECORD(e, struct entry, link)->number]);
}

/* The consumers may have given up while the host kept the producer waiting. */
static void take_the_rest(void)
{
    PLIST_ENTRY e;

    while ((e = at_once()) != as_entry(STATUS_TIMEOUT))
        s.taken[CONTAINING_RECORD(e, struct entry, link)->number]++;
}

static void every_entry_once(void *ctx)
{
    (void)ctx;
    begin(1);
    dt_spawn(1, consume, NULL);
    dt_spawn(0, consume, NULL);
    for (int i = 0; i < 3; i++)
        KeInsertQueue(&s.queue, &s.entry[i].link);
    dt_join_all();
    if (simulated())
        dt_expect_eq(KeReadStateQueue(&s.queue), 0);
    else
        take_the_rest();
    for (int i = 0; i < 3; i++)
        dt_expect_eq(s.taken[i], 1);
    dt_expect_eq(KeReadStateQueue(&s.queue), 0);
}

static void test_every_entry_once(void **state)
{
    (void)state;
    always(every_entry_once, 2);
}

/* ---- WRK-038: rundown ---- */

static void run_down(void *ctx)
{
    (void)ctx;
    begin(1);
    dt_expect(KeRundownQueue(&s.queue) == NULL);
    dt_expect(KeRemoveQueue(&s.queue, KernelMode, NULL) == as_entry(STATUS_ABANDONED));
    begin(1);
    for (int i = 0; i < 3; i++)
        KeInsertQueue(&s.queue, &s.entry[i].link);
    PLIST_ENTRY first = KeRundownQueue(&s.queue);

    dt_expect(first == &s.entry[0].link && first->Flink == &s.entry[1].link); /* a ring of the entries */
    dt_expect(first->Flink->Flink->Flink == first && first->Blink == &s.entry[2].link);
}

static void run_down_under_waiters(void *ctx)
{
    (void)ctx;
    begin(2);
    start_member(0);
    start_member(1);
    dt_expect(KeRundownQueue(&s.queue) == NULL);
    KeSetEvent(&s.go, IO_NO_INCREMENT, FALSE);
    dt_join_all();
    for (int i = 0; i < MEMBERS; i++)
        dt_expect(s.member[i].first == as_entry(STATUS_ABANDONED));
}

static void run_down_racing(void *ctx)
{
    (void)ctx;
    begin(2);
    KeSetEvent(&s.go, IO_NO_INCREMENT, FALSE);
    dt_spawn(1, take_one, &s.member[0]);
    KeInsertQueue(&s.queue, &s.entry[0].link);
    PLIST_ENTRY left = KeRundownQueue(&s.queue);

    dt_join_all();
    dt_expect(s.member[0].first == (left ? as_entry(STATUS_ABANDONED) : &s.entry[0].link));
}

static void test_rundown(void **state)
{
    (void)state;
    passes(run_down);
    passes(run_down_under_waiters);
    always(run_down_racing, 3);
}

/* WRK-039: used again only after KeInitializeQueue. */
static void used_after_rundown(void *ctx)
{
    (void)ctx;
    begin(1);
    KeRundownQueue(&s.queue);
    KeInsertQueue(&s.queue, &s.entry[0].link);
}

static void initialized_after_rundown(void *ctx)
{
    (void)ctx;
    begin(1);
    KeRundownQueue(&s.queue);
    KeInitializeQueue(&s.queue, 1);
    KeInsertQueue(&s.queue, &s.entry[0].link);
    dt_expect(at_once() == &s.entry[0].link);
}

/* WRK-040: the second removal finds it. */
static void inserted_twice(void *ctx)
{
    (void)ctx;
    begin(1);
    KeInsertQueue(&s.queue, &s.entry[0].link);
    KeInsertQueue(&s.queue, &s.entry[0].link);
    dt_expect(at_once() == &s.entry[0].link);
    at_once();
}

static void inserted_again_in_front(void *ctx)
{
    (void)ctx;
    begin(1);
    KeInsertQueue(&s.queue, &s.entry[0].link);
    KeInsertQueue(&s.queue, &s.entry[1].link);
    KeInsertQueue(&s.queue, &s.entry[0].link);
    for (int i = 0; i < 3; i++)
        at_once();
}

static void inserted_after_removal(void *ctx)
{
    (void)ctx;
    begin(1);
    for (int i = 0; i < 3; i++) {
        KeInsertQueue(&s.queue, &s.entry[0].link);
        dt_expect(at_once() == &s.entry[0].link);
    }
}

/* WRK-041: although the page allows DISPATCH_LEVEL, not for a wait. */
static void waits_at_dispatch(void *ctx)
{
    LARGE_INTEGER soon = in_ms(3);
    KIRQL         irql;

    (void)ctx;
    begin(1);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    KeRemoveQueue(&s.queue, KernelMode, &soon);
}

static void waits_for_a_queue(void *ctx)
{
    (void)ctx;
    begin(1);
    wait_for(&s.queue);
}

static void test_misuse(void **state)
{
    (void)state;
    caught(used_after_rundown, "DT-W03", 0);
    passes(initialized_after_rundown);
    caught(inserted_twice, NULL, 0x96);
    caught(inserted_again_in_front, NULL, 0x96);
    passes(inserted_after_removal);
    caught(waits_at_dispatch, "DT-W01", 0xC4);
    caught(waits_for_a_queue, "DT-W03", 0x0A);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alone),
        cmocka_unit_test(test_uninitialized),
        cmocka_unit_test(test_waiting),
        cmocka_unit_test(test_every_entry_once),
        cmocka_unit_test(test_rundown),
        cmocka_unit_test(test_misuse),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
