/* SPDX-License-Identifier: MIT */
/* Affinity, processor numbers, groups, nodes: THR-030 .. THR-036, THR-038 .. THR-042, THR-045, THR-046. */
#define RANDOM_SEEDS 0 /* the bodies count on exactly two processors */

#include "../machine.h"

#include "ddk/ntifs.h"

#define CPU(n) ((KAFFINITY)1 << (n))

/* ---- affinity ---- */

/* THR-030, THR-031, THR-033 */
static void set_and_revert(void *ctx)
{
    (void)ctx;
    dt_expect_eq(KeSetSystemAffinityThreadEx(CPU(1)), 0);
    dt_expect_eq(KeGetCurrentProcessorNumber(), 1);
    dt_expect_eq(KeSetSystemAffinityThreadEx(CPU(0)), CPU(1));
    dt_expect_eq(KeGetCurrentProcessorNumber(), 0);
    KeRevertToUserAffinityThreadEx(CPU(1));
    dt_expect_eq(KeGetCurrentProcessorNumber(), 1);
    KeRevertToUserAffinityThreadEx(0);
    dt_expect_eq(KeSetSystemAffinityThreadEx(CPU(0)), 0);
    KeRevertToUserAffinityThread();
    KeSetSystemAffinityThread(CPU(1));
    dt_expect_eq(KeGetCurrentProcessorNumber(), 1);
    KeRevertToUserAffinityThread();
}

/* THR-031: not before IRQL drops. */
static void deferred(void *ctx)
{
    KIRQL irql;

    (void)ctx;
    KeSetSystemAffinityThreadEx(CPU(0));
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    KeSetSystemAffinityThreadEx(CPU(1));
    dt_expect_eq(KeGetCurrentProcessorNumber(), 0);
    KeLowerIrql(irql);
    dt_expect_eq(KeGetCurrentProcessorNumber(), 1);
    KeRaiseIrql(APC_LEVEL, &irql);
    KeSetSystemAffinityThreadEx(CPU(0));
    dt_expect_eq(KeGetCurrentProcessorNumber(), 0);
    KeLowerIrql(irql);
}

/* THR-032: nothing happens while no processor of the mask exists. THR-033: neither does a revert alone. */
static void invalid(void *ctx)
{
    (void)ctx;
    KeRevertToUserAffinityThreadEx(CPU(1));
    dt_expect_eq(KeSetSystemAffinityThreadEx(CPU(1)), 0);
    KeSetSystemAffinityThreadEx(0);
    KeSetSystemAffinityThreadEx(CPU(2));
    KeSetSystemAffinityThreadEx(CPU(2) | CPU(40));
    dt_expect_eq(KeGetCurrentProcessorNumber(), 1);
    dt_expect_eq(KeSetSystemAffinityThreadEx(CPU(1)), CPU(1));
}

/* THR-032, against the wording of its page: Windows leaves out what it does not have of a mask that it can use, ~0 above all.
 * THR-033: a set that had no effect is a set before, too. */
static void all_bits(void *ctx)
{
    (void)ctx;
    KeSetSystemAffinityThreadEx(0);
    KeRevertToUserAffinityThreadEx(CPU(1));
    dt_expect_eq(KeGetCurrentProcessorNumber(), 1);
    dt_expect_eq(KeSetSystemAffinityThreadEx(~(KAFFINITY)0), CPU(1));
    dt_expect_eq(KeSetSystemAffinityThreadEx(CPU(1)), CPU(0) | CPU(1));
    KeRevertToUserAffinityThreadEx(~(KAFFINITY)0);
    dt_expect_eq(KeSetSystemAffinityThreadEx(CPU(0) | CPU(40)), CPU(0) | CPU(1));
    dt_expect_eq(KeGetCurrentProcessorNumber(), 0);
    KeRevertToUserAffinityThreadEx(0);
    KeRevertToUserAffinityThreadEx(CPU(1));
    dt_expect_eq(KeSetSystemAffinityThreadEx(CPU(0)), 0);
}

/* THR-034: two routines that know nothing of each other. */
static void inner(void)
{
    KAFFINITY before = KeSetSystemAffinityThreadEx(CPU(0));

    dt_expect_eq(KeGetCurrentProcessorNumber(), 0);
    KeRevertToUserAffinityThreadEx(before);
}

static void nested(void *ctx)
{
    KAFFINITY before = KeSetSystemAffinityThreadEx(CPU(1));

    (void)ctx;
    inner();
    dt_expect_eq(KeGetCurrentProcessorNumber(), 1);
    KeRevertToUserAffinityThreadEx(before);
    inner();
    dt_expect_eq(KeSetSystemAffinityThreadEx(CPU(1)), 0);
}

static void test_affinity(void **state)
{
    (void)state;
    always(set_and_revert, 1);
    always(deferred, 1);
    always(invalid, 1);
    always(all_bits, 1);
    always(nested, 1);
}

/* The user affinity of dt_spawn comes back. */
static void pinned(void *ctx)
{
    (void)ctx;
    dt_expect_eq(KeGetCurrentProcessorNumber(), 1);
    KeSetSystemAffinityThreadEx(CPU(0));
    dt_expect_eq(KeGetCurrentProcessorNumber(), 0);
    KeRevertToUserAffinityThreadEx(0);
    dt_expect_eq(KeGetCurrentProcessorNumber(), 1);
}

static void user_affinity(void *ctx)
{
    (void)ctx;
    dt_spawn(1, pinned, NULL);
    dt_join_all();
}

/* THR-035, THR-036 */
static void group_affinity(void *ctx)
{
    GROUP_AFFINITY one = {.Mask = CPU(1)}, zero = {.Mask = CPU(0)}, none = {.Mask = 0}, elsewhere = one;
    GROUP_AFFINITY first, second, failed = {.Group = 7, .Mask = 7};

    (void)ctx;
    elsewhere.Group = 1;
    KeRevertToUserGroupAffinityThread(&one); /* THR-036: before any set */
    KeSetSystemGroupAffinityThread(&one, &first);
    dt_expect(first.Group == 0 && first.Mask == 0);
    dt_expect_eq(KeGetCurrentProcessorNumber(), 1);
    KeSetSystemGroupAffinityThread(&elsewhere, &failed);
    dt_expect(failed.Group == 0 && failed.Mask == 0);
    failed.Mask = 7;
    KeSetSystemGroupAffinityThread(&none, &failed);
    dt_expect_eq(failed.Mask, 0);
    dt_expect_eq(KeGetCurrentProcessorNumber(), 1);
    KeSetSystemGroupAffinityThread(&zero, &second);
    dt_expect_eq(second.Mask, CPU(1));
    KeSetSystemGroupAffinityThread(&zero, NULL);
    KeRevertToUserGroupAffinityThread(&second);
    dt_expect_eq(KeGetCurrentProcessorNumber(), 1);
    KeRevertToUserGroupAffinityThread(&first);
    KeRevertToUserGroupAffinityThread(&second); /* THR-036: a second time */
    KeSetSystemGroupAffinityThread(&zero, &second);
    dt_expect_eq(second.Mask, 0);
}

static void test_user_and_group(void **state)
{
    (void)state;
    always(user_affinity, 1);
    passes(group_affinity);
}

/* ---- THR-042: the number of a processor is good only where the thread cannot move ---- */

static bool moved;

static void watch_number(void *ctx)
{
    KIRQL  irql;
    KEVENT event;

    (void)ctx;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    for (int i = 0; i < 3; i++) {
        ULONG before = KeGetCurrentProcessorNumberEx(NULL);

        KeReadStateEvent(&event); /* a point */
        if (KeGetCurrentProcessorNumberEx(NULL) != before)
            moved = true;
    }
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    ULONG before = KeGetCurrentProcessorNumberEx(NULL);

    KeReadStateEvent(&event);
    dt_expect_eq(KeGetCurrentProcessorNumberEx(NULL), before);
    KeLowerIrql(irql);
}

static void numbers_change(void *ctx)
{
    (void)ctx;
    for (int i = 0; i < 3; i++)
        dt_spawn(DT_ANY_PROCESSOR, watch_number, NULL);
    dt_join_all();
}

static void test_numbers_change(void **state)
{
    (void)state;
    moved = false;
    reached(numbers_change, 2, &moved);
}

/* ---- counts, masks, indexes ---- */

static void counts(void *ctx)
{
    ULONG     n = KeQueryActiveProcessorCount(NULL);
    KAFFINITY mask = 0;

    (void)ctx;
    dt_expect_eq(n, 3);
    dt_expect_eq(KeQueryActiveProcessorCount(&mask), n);
    dt_expect_eq(mask, 7); /* THR-039 */
    dt_expect_eq(KeQueryActiveProcessors(), 7);
    dt_expect_eq(KeQueryActiveProcessorCountEx(0), n); /* THR-038 */
    dt_expect_eq(KeQueryActiveProcessorCountEx(ALL_PROCESSOR_GROUPS), n);
    dt_expect_eq(KeQueryActiveProcessorCountEx(1), 0);
    dt_expect(KeQueryMaximumProcessorCount() >= n); /* THR-040 */
    dt_expect(KeQueryMaximumProcessorCountEx(ALL_PROCESSOR_GROUPS) >= n);
    dt_expect_eq(KeQueryMaximumProcessorCountEx(5), 0);
    dt_expect(KeQueryActiveGroupCount() <= KeQueryMaximumGroupCount()); /* THR-045 */
    dt_expect_eq(KeQueryGroupAffinity(0), 7);
    dt_expect_eq(KeQueryGroupAffinity(KeQueryMaximumGroupCount()), 0);
}

/* THR-041 */
static void indexes(void *ctx)
{
    PROCESSOR_NUMBER number, wrong = {.Group = 0, .Number = 3}, other_group = {.Group = 1};

    (void)ctx;
    for (ULONG i = 0; i < 3; i++) {
        dt_expect_eq(KeGetProcessorNumberFromIndex(i, &number), STATUS_SUCCESS);
        dt_expect_eq(KeGetProcessorIndexFromNumber(&number), i);
    }
    dt_expect_eq(KeGetProcessorNumberFromIndex(3, &number), STATUS_INVALID_PARAMETER);
    dt_expect_eq(KeGetProcessorIndexFromNumber(&wrong), INVALID_PROCESSOR_INDEX);
    dt_expect_eq(KeGetProcessorIndexFromNumber(&other_group), INVALID_PROCESSOR_INDEX);
    KeSetSystemAffinityThreadEx(CPU(2));
    dt_expect_eq(KeGetCurrentProcessorNumberEx(&number), 2);
    dt_expect(number.Group == 0 && number.Number == 2);
    dt_expect_eq(KeGetCurrentProcessorIndex(), 2);
}

/* THR-046 */
static void nodes(void *ctx)
{
    GROUP_AFFINITY affinity;
    USHORT         count;

    (void)ctx;
    dt_expect_eq(KeQueryHighestNodeNumber(), 0);
    dt_expect_eq(KeGetCurrentNodeNumber(), 0);
    KeQueryNodeActiveAffinity(0, &affinity, &count);
    dt_expect(affinity.Mask == 7 && affinity.Group == 0 && count == 3);
    dt_expect_eq(KeQueryNodeActiveProcessorCount(0), 3);
    dt_expect_eq(KeQueryNodeActiveProcessorCount(1), 0);
    dt_expect_eq(KeQueryNodeMaximumProcessorCount(0), 3);
    dt_expect_eq(KeQueryNodeActiveAffinity2(1, &affinity, 1, &count), STATUS_INVALID_PARAMETER);
    dt_expect_eq(KeQueryNodeActiveAffinity2(0, NULL, 0, &count), STATUS_BUFFER_TOO_SMALL);
    dt_expect_eq(KeQueryNodeActiveAffinity2(0, &affinity, count, &count), STATUS_SUCCESS);
    dt_expect_eq(affinity.Mask, 7);
}

static void test_numbers(void **state)
{
    struct dt_config cfg = config(3);

    (void)state;
    passes_with(&cfg, counts);
    passes_with(&cfg, indexes);
    passes_with(&cfg, nodes);
}

/* ---- news of processors ---- */

static struct {
    ULONG calls, refuse_at, state[6];
    ULONG number[6];
} news;

static PROCESSOR_CALLBACK_FUNCTION hear;

static VOID hear(PVOID context, PKE_PROCESSOR_CHANGE_NOTIFY_CONTEXT change, PNTSTATUS status)
{
    dt_expect(context == &news && KeGetCurrentIrql() == PASSIVE_LEVEL);
    dt_expect_eq(change->ProcNumber.Number, change->NtNumber);
    news.state[news.calls] = change->State;
    news.number[news.calls] = change->NtNumber;
    if (news.calls++ == news.refuse_at)
        *status = STATUS_INSUFFICIENT_RESOURCES;
}

static void told(void *ctx)
{
    (void)ctx;
    memset(&news, 0, sizeof news);
    news.refuse_at = 99;
    PVOID handle = KeRegisterProcessorChangeCallback(hear, &news, 0);

    dt_expect(handle != NULL && news.calls == 0);
    KeDeregisterProcessorChangeCallback(handle);
    handle = KeRegisterProcessorChangeCallback(hear, &news, KE_PROCESSOR_CHANGE_ADD_EXISTING);
    dt_expect(handle != NULL && news.calls == 4);
    for (ULONG i = 0; i < 4; i++)
        dt_expect(news.number[i] == i % 2 &&
                  news.state[i] == (i < 2 ? KeProcessorAddStartNotify : KeProcessorAddCompleteNotify));
    KeDeregisterProcessorChangeCallback(handle);
}

/* The one that refused is not told again, those before it are. */
static void refused(void *ctx)
{
    (void)ctx;
    memset(&news, 0, sizeof news);
    news.refuse_at = 1;
    KeDeregisterProcessorChangeCallback(
        KeRegisterProcessorChangeCallback(hear, &news, KE_PROCESSOR_CHANGE_ADD_EXISTING));
    dt_expect(news.calls == 3 && news.number[2] == 0 && news.state[2] == KeProcessorAddFailureNotify);
}

static void test_news(void **state)
{
    (void)state;
    passes(told);
    passes(refused);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_affinity),
        cmocka_unit_test(test_user_and_group),
        cmocka_unit_test(test_numbers_change),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_news),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
