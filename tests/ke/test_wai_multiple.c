/* SPDX-License-Identifier: MIT */
/* Waits for several objects: which one, all or nothing, wait blocks, misuse. */
#include "../machine.h"

#define TAG 0x69615774 /* 'tWai' */

static struct {
    KEVENT      event[MAXIMUM_WAIT_OBJECTS], note;
    KSEMAPHORE  sem;
    KMUTEX      mutex;
    KTIMER      timer;
    PVOID       object[MAXIMUM_WAIT_OBJECTS + 1];
    KWAIT_BLOCK block[MAXIMUM_WAIT_OBJECTS];
    NTSTATUS    status;
    LONG        done, third;
    PKTHREAD    thread;
} s;

static void begin(void)
{
    memset(&s, 0, sizeof s);
    for (unsigned i = 0; i < MAXIMUM_WAIT_OBJECTS; i++) {
        KeInitializeEvent(&s.event[i], SynchronizationEvent, FALSE);
        s.object[i] = &s.event[i];
    }
    s.object[MAXIMUM_WAIT_OBJECTS] = &s.note;
    KeInitializeEvent(&s.note, NotificationEvent, FALSE);
    KeInitializeSemaphore(&s.sem, 0, 5);
    KeInitializeMutex(&s.mutex, 0);
    KeInitializeTimerEx(&s.timer, SynchronizationTimer);
}

static NTSTATUS wait_many(ULONG count, WAIT_TYPE type, int64_t ms, PKWAIT_BLOCK blocks)
{
    LARGE_INTEGER t = in_ms(ms);

    return KeWaitForMultipleObjects(count, s.object, type, Executive, KernelMode, FALSE, ms < 0 ? NULL : &t,
        count > 3 && !blocks ? s.block : blocks);
}

static void set(unsigned i)
{
    KeSetEvent(&s.event[i], IO_NO_INCREMENT, FALSE);
}

/* WAI-017, WAI-018, WAI-019, WAI-026: the lowest index that is signaled, and only that one is consumed. */
static void any(void *ctx)
{
    (void)ctx;
    begin();
    dt_expect_eq(wait_many(3, WaitAny, 0, NULL), STATUS_TIMEOUT);
    set(2);
    dt_expect_eq(wait_many(3, WaitAny, -1, NULL), STATUS_WAIT_2);
    set(2);
    set(1);
    dt_expect_eq(wait_many(3, WaitAny, -1, NULL), STATUS_WAIT_1);
    dt_expect_eq(KeReadStateEvent(&s.event[1]), 0);
    dt_expect_eq(KeReadStateEvent(&s.event[2]), 1);
    s.object[0] = s.object[1] = &s.event[2];
    dt_expect_eq(wait_many(2, WaitAny, -1, NULL), STATUS_WAIT_0);
}

/* WAI-028, WAI-030, WAI-034: 64 objects with an array of 64 blocks, whose contents do not matter before or after. */
static void sixty_four(void *ctx)
{
    PVOID        on_stack[MAXIMUM_WAIT_OBJECTS];
    PKWAIT_BLOCK blocks = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof s.block, TAG);

    (void)ctx;
    begin();
    memcpy(on_stack, s.object, sizeof on_stack);
    for (unsigned i = 0; i < MAXIMUM_WAIT_OBJECTS; i += 21) {
        memset(blocks, 0xA5, sizeof s.block);
        set(i);
        dt_expect_eq(KeWaitForMultipleObjects(
                         MAXIMUM_WAIT_OBJECTS, on_stack, WaitAny, Executive, KernelMode, FALSE, NULL, blocks),
            STATUS_WAIT_0 + (NTSTATUS)i);
    }
    LARGE_INTEGER t = in_ms(2);

    dt_expect_eq(
        KeWaitForMultipleObjects(MAXIMUM_WAIT_OBJECTS, on_stack, WaitAny, UserRequest, UserMode, FALSE, &t, blocks),
        STATUS_TIMEOUT);
    memset(blocks, 0x5A, sizeof s.block);
    ExFreePoolWithTag(blocks, TAG);
    set(3);
    dt_expect_eq(poll(&s.event[3]), STATUS_SUCCESS);
}

static void test_any(void **state)
{
    (void)state;
    passes(any);
    passes(sixty_four);
}

/* WAI-020, WAI-021: all at once, or nothing. */
static void all(void *ctx)
{
    (void)ctx;
    begin();
    s.object[0] = &s.event[0];
    s.object[1] = &s.sem;
    s.object[2] = &s.mutex;
    KeReleaseSemaphore(&s.sem, IO_NO_INCREMENT, 2, FALSE);
    dt_expect_eq(wait_many(3, WaitAll, 2, NULL), STATUS_TIMEOUT);
    dt_expect_eq(KeReadStateSemaphore(&s.sem), 2);
    dt_expect_eq(KeReadStateMutex(&s.mutex), 1);
    dt_expect(!KeAreApcsDisabled());
    set(0);
    dt_expect_eq(wait_many(3, WaitAll, 2, NULL), STATUS_SUCCESS);
    dt_expect_eq(KeReadStateEvent(&s.event[0]), 0);
    dt_expect_eq(KeReadStateSemaphore(&s.sem), 1);
    dt_expect_eq(KeReadStateMutex(&s.mutex), 0);
    KeReleaseMutex(&s.mutex, FALSE);
}

static void waits_for_all(void *ctx)
{
    (void)ctx;
    s.status = wait_many(2, WaitAll, -1, NULL);
    s.done = 1;
}

/* WAI-022: while somebody waits for both, another thread may take the one that is signaled. */
static void takes_one(void *ctx)
{
    (void)ctx;
    wait_for(&s.event[0]);
    s.third = 1;
}

static void no_reservation(void *ctx)
{
    (void)ctx;
    begin();
    dt_spawn(1, waits_for_all, NULL);
    settle();
    set(0);
    dt_join(dt_spawn(0, takes_one, NULL));
    dt_expect_eq(s.third, 1);
    set(1);
    sleep_ms(1);
    dt_expect_eq(s.done, 0);
    set(0);
    dt_join_all();
    dt_expect_eq(s.status, STATUS_SUCCESS);
    dt_expect(!KeReadStateEvent(&s.event[0]) && !KeReadStateEvent(&s.event[1]));
}

/* WAI-023: signaled one after the other but never together: the wait goes on. */
static void never_together(void *ctx)
{
    (void)ctx;
    begin();
    dt_spawn(1, waits_for_all, NULL);
    for (int i = 0; i < 3; i++) {
        set(i % 2);
        KeClearEvent(&s.event[i % 2]);
    }
    sleep_ms(1);
    dt_expect_eq(s.done, 0);
    set(0);
    set(1);
    dt_join_all();
    dt_expect_eq(s.done, 1);
}

static void test_all(void **state)
{
    (void)state;
    passes(all);
    always(no_reservation, 1);
    always(never_together, 2);
}

/* WAI-035: satisfied by one object, it is off all the lists: the others' signals are not lost on it. */
static void waits_for_any(void *ctx)
{
    (void)ctx;
    s.status = wait_many(3, WaitAny, -1, NULL);
}

static void off_all_lists(void *ctx)
{
    (void)ctx;
    begin();
    dt_spawn(1, waits_for_any, NULL);
    sleep_ms(1);
    set(1);
    set(0);
    set(2);
    dt_join_all();
    LONG left = KeReadStateEvent(&s.event[0]) + KeReadStateEvent(&s.event[1]) + KeReadStateEvent(&s.event[2]);

    dt_expect_eq(left, 2);
    dt_expect_eq(KeReadStateEvent(&s.event[s.status]), 0);
}

/* WAI-019: the same for one object twice, when the wait has begun; who waits behind it is served too. */
static void waits_twice(void *ctx)
{
    PVOID twice[3] = {&s.note, &s.note, &s.event[0]};

    (void)ctx;
    dt_expect_eq(KeWaitForMultipleObjects(3, twice, WaitAny, Executive, KernelMode, FALSE, NULL, NULL), STATUS_WAIT_0);
    InterlockedIncrement(&s.done);
}

static void waits_behind(void *ctx)
{
    (void)ctx;
    wait_for(&s.note);
    InterlockedIncrement(&s.done);
}

static void twice_on_one_list(void *ctx)
{
    (void)ctx;
    begin();
    dt_spawn(1, waits_twice, NULL);
    settle();
    dt_spawn(1, waits_behind, NULL);
    dt_spawn(1, waits_twice, NULL);
    settle();
    KeSetEvent(&s.note, IO_NO_INCREMENT, FALSE);
    dt_join_all();
    dt_expect_eq(s.done, 3);
    dt_expect(IsListEmpty(&s.note.Header.WaitListHead) && IsListEmpty(&s.event[0].Header.WaitListHead));
}

static void test_off_all_lists(void **state)
{
    (void)state;
    passes(twice_on_one_list);
    always(off_all_lists, 2);
}

/* WAI-036: objects of every kind in one array. */
static void short_thread(void *ctx)
{
    (void)ctx;
    s.thread = KeGetCurrentThread();
    ObReferenceObject(s.thread);
}

static void mixed(void *ctx)
{
    (void)ctx;
    begin();
    dt_join(dt_spawn(1, short_thread, NULL));
    PVOID kinds[] = {&s.mutex, &s.event[0], &s.timer, &s.sem, s.thread};

    memcpy(s.object, kinds, sizeof kinds);
    wait_for(&s.mutex); /* ours already: any is satisfied by it */
    dt_expect_eq(wait_many(5, WaitAny, -1, NULL), STATUS_WAIT_0);
    KeReleaseMutex(&s.mutex, FALSE);
    set(0);
    KeSetTimer(&s.timer, in_ms(2), NULL);
    KeReleaseSemaphore(&s.sem, IO_NO_INCREMENT, 1, FALSE);
    dt_expect_eq(wait_many(5, WaitAll, -1, NULL), STATUS_SUCCESS);
    dt_expect(!KeReadStateTimer(&s.timer) && !KeReadStateEvent(&s.event[0]) && !KeReadStateSemaphore(&s.sem));
    KeReleaseMutex(&s.mutex, FALSE);
    KeReleaseMutex(&s.mutex, FALSE);
    s.object[0] = &s.sem;
    dt_expect_eq(wait_many(5, WaitAny, -1, NULL), 4); /* the thread */
    ObDereferenceObject(s.thread);
}

static void test_mixed(void **state)
{
    (void)state;
    passes(mixed);
}

/* ---- misuse ---- */

static void four_without_blocks(void *ctx)
{
    (void)ctx;
    begin();
    KeWaitForMultipleObjects(4, s.object, WaitAny, Executive, KernelMode, FALSE, NULL, NULL);
}

static void sixty_five(void *ctx)
{
    (void)ctx;
    begin();
    wait_many(65, WaitAny, 0, s.block);
}

static void none(void *ctx)
{
    (void)ctx;
    begin();
    KeWaitForMultipleObjects(0, s.object, WaitAny, Executive, KernelMode, FALSE, NULL, NULL);
}

static void with_blocks(POOL_FLAGS flags, size_t count)
{
    PKWAIT_BLOCK blocks = ExAllocatePool2(flags, count * sizeof *blocks, TAG);

    begin();
    dt_expect_eq(wait_many(5, WaitAny, 0, blocks), STATUS_TIMEOUT);
    ExFreePoolWithTag(blocks, TAG);
}

static void too_few_blocks(void *ctx)
{
    (void)ctx;
    with_blocks(POOL_FLAG_NON_PAGED, 4);
}

static void paged_blocks(void *ctx)
{
    (void)ctx;
    with_blocks(POOL_FLAG_PAGED, 5);
}

static void right_blocks(void *ctx)
{
    (void)ctx;
    with_blocks(POOL_FLAG_NON_PAGED, 5);
}

static void blocks_on_stack(KPROCESSOR_MODE mode)
{
    KWAIT_BLOCK   blocks[5];
    LARGE_INTEGER zero = {.QuadPart = 0};

    begin();
    KeWaitForMultipleObjects(5, s.object, WaitAny, UserRequest, mode, FALSE, &zero, blocks);
}

static void user_blocks_on_stack(void *ctx)
{
    (void)ctx;
    blocks_on_stack(UserMode);
}

static void kernel_blocks_on_stack(void *ctx)
{
    (void)ctx;
    blocks_on_stack(KernelMode);
}

/* WAI-032. */
static int64_t both_wait_ms;

static void waits_with(void *blocks)
{
    wait_many(5, WaitAny, both_wait_ms, blocks);
}

/* If they are shared, the first wait must not be over when the second one begins, on a slow host either; it is caught then. */
static void two_waits(bool shared)
{
    begin();
    both_wait_ms = shared ? 10000 : 30;
    dt_spawn(1, waits_with, s.block);
    settle();
    waits_with(s.block + (shared ? 2 : 5));
    dt_join_all();
}

static void shared_blocks(void *ctx)
{
    (void)ctx;
    two_waits(true);
}

static void own_blocks(void *ctx)
{
    (void)ctx;
    two_waits(false);
}

/* WAI-027, WAI-029, WAI-031, WAI-032, WAI-033. */
static void test_misuse(void **state)
{
    (void)state;
    caught(four_without_blocks, "DT-W09", 0x0C);
    caught(sixty_five, "DT-W09", 0x0C);
    caught(none, "DT-W09", 0x0C);
    caught(too_few_blocks, "DT-W09", 0);
    caught(paged_blocks, NULL, 0xC4);
    caught(user_blocks_on_stack, "DT-W02", 0xC4);
    caught(shared_blocks, "DT-W09", 0);
    passes(right_blocks);
    passes(kernel_blocks_on_stack);
    passes(own_blocks);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any),
        cmocka_unit_test(test_all),
        cmocka_unit_test(test_off_all_lists),
        cmocka_unit_test(test_mixed),
        cmocka_unit_test(test_misuse),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
