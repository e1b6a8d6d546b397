/* SPDX-License-Identifier: MIT */
/* StorPortInitializeTimer, StorPortRequestTimer, StorPortFreeTimer. */
#include "sp/timer.h"

static void routine(PVOID ext, PVOID context)
{
    struct mini_ext *e = ext;

    e->timers++;
    e->word[0] = (LONG)(dt_now() / 1000);
    e->word[1] = (LONG)(uintptr_t)context;
}

static ULONG ask(struct mini_ext *e, ULONGLONG us, uintptr_t context)
{
    return StorPortRequestTimer(e, e->timer[0], routine, (PVOID)context, us, 0);
}

static struct mini_ext *with_timer(dt_stor **s, const struct mini *m)
{
    *s = go(m);
    struct mini_ext *e = ext_of(*s);

    dt_expect_eq(StorPortInitializeTimer(e, &e->timer[0]), STOR_STATUS_SUCCESS);
    dt_expect(e->timer[0] != NULL);
    return e;
}

static void end(dt_stor *s)
{
    struct mini_ext *e = ext_of(s);

    for (unsigned i = 0; i < 2; i++)
        if (e->timer[i])
            dt_expect_eq(StorPortFreeTimer(e, e->timer[i]), STOR_STATUS_SUCCESS);
    over(s);
}

/* ---- life ---- */

/* STM-060, STM-062, STM-065 (during I/O), STM-071, STM-081. */
static void life_body(void *ctx)
{
    dt_stor         *s;
    struct mini_ext *e = with_timer(&s, &(struct mini){0});
    PVOID            other = NULL;

    (void)ctx;
    dt_expect_eq(StorPortInitializeTimer(NULL, &other), STOR_STATUS_INVALID_PARAMETER);
    dt_expect_eq(StorPortInitializeTimer(e, NULL), STOR_STATUS_INVALID_PARAMETER);
    dt_expect_eq(StorPortRequestTimer(NULL, e->timer[0], routine, NULL, 1, 0), STOR_STATUS_INVALID_PARAMETER);
    dt_expect_eq(StorPortRequestTimer(e, NULL, routine, NULL, 1, 0), STOR_STATUS_INVALID_PARAMETER);
    dt_expect_eq(StorPortRequestTimer(e, e->timer[0], NULL, NULL, 1, 0), STOR_STATUS_INVALID_PARAMETER);
    dt_expect_eq(StorPortRequestTimer(e, e, routine, NULL, 1, 0), STOR_STATUS_INVALID_PARAMETER);
    dt_expect_eq(StorPortFreeTimer(e, NULL), STOR_STATUS_INVALID_PARAMETER);
    dt_expect_eq(StorPortFreeTimer(NULL, e->timer[0]), STOR_STATUS_INVALID_PARAMETER);
    client(s);
    dt_expect_eq(StorPortInitializeTimer(e, &other), STOR_STATUS_SUCCESS);
    dt_expect_eq(StorPortFreeTimer(e, other), STOR_STATUS_SUCCESS);
    dt_expect_eq(StorPortFreeTimer(e, other), STOR_STATUS_UNSUCCESSFUL);
    dt_expect_eq(StorPortRequestTimer(e, other, routine, NULL, 1, 0), STOR_STATUS_INVALID_PARAMETER);
    end(s);
}

static void life(void **state)
{
    (void)state;
    passes(life_body);
}

static ULONG initialized, freed_status;
static PVOID untouched;

static bool at_dirql(struct mini_ext *e)
{
    if (e->timer[0])
        freed_status = StorPortFreeTimer(e, e->timer[0]);
    else
        initialized = StorPortInitializeTimer(e, &untouched);
    return true;
}

/* STM-061, STM-081: above DISPATCH_LEVEL refused, the handle as it was, and told. */
static void high_body(void *ctx)
{
    dt_stor *s = go(&(struct mini){.physical = true, .isr = at_dirql});

    (void)ctx;
    untouched = ctx;
    initialized = 0;
    dt_expect(dt_stor_interrupt(s, -1));
    eventually(&initialized, STOR_STATUS_INVALID_IRQL);
    dt_expect(untouched == NULL);
    over(s);
}

static void high_free_body(void *ctx)
{
    dt_stor         *s;
    struct mini_ext *e = with_timer(&s, &(struct mini){.physical = true, .isr = at_dirql});

    (void)ctx;
    (void)e;
    freed_status = 0;
    dt_expect(dt_stor_interrupt(s, -1));
    eventually(&freed_status, STOR_STATUS_INVALID_IRQL);
    end(s);
}

static void too_high(void **state)
{
    (void)state;
    caught(high_body, "DT-S12", ANY_CODE);
    caught(high_free_body, "DT-S12", ANY_CODE);
}

/* STM-064: four before Windows 8, any number since. */
static void four_body(void *ctx)
{
    dt_stor         *s = go(&(struct mini){.cfg = {.os = DT_STOR_WINDOWS_7}});
    struct mini_ext *e = ext_of(s);
    PVOID            t[5] = {0};

    (void)ctx;
    for (unsigned i = 0; i < 5; i++)
        dt_expect_eq(StorPortInitializeTimer(e, &t[i]), i < 4 ? STOR_STATUS_SUCCESS : STOR_STATUS_UNSUCCESSFUL);
    for (unsigned i = 0; i < 4; i++)
        dt_expect_eq(StorPortFreeTimer(e, t[i]), STOR_STATUS_SUCCESS);
    over(s);
}

static PVOID many[10000];

static void many_body(void *ctx)
{
    dt_stor         *s = go(&(struct mini){0});
    struct mini_ext *e = ext_of(s);

    (void)ctx;
    for (unsigned i = 0; i < ARRAYSIZE(many); i++)
        dt_expect_eq(StorPortInitializeTimer(e, &many[i]), STOR_STATUS_SUCCESS);
    for (unsigned i = 0; i < ARRAYSIZE(many); i++)
        dt_expect_eq(StorPortFreeTimer(e, many[i]), STOR_STATUS_SUCCESS);
    over(s);
}

static void how_many(void **state)
{
    (void)state;
    passes(four_body);
    passes(many_body);
}

/* STM-063, STM-070: a lack of memory is an answer. */
static bool lacked_timer, lacked_request;

static bool asks_high(struct mini_ext *e)
{
    e->word[2] = (LONG)ask(e, 1000, 1);
    e->word[3] = 1;
    return true;
}

static void lack_body(void *ctx)
{
    dt_stor         *s = go(&(struct mini){.physical = true, .isr = asks_high});
    struct mini_ext *e = ext_of(s);
    ULONG            status = StorPortInitializeTimer(e, &e->timer[0]);

    (void)ctx;
    if (status != STOR_STATUS_SUCCESS) {
        dt_expect_eq(status, STOR_STATUS_INSUFFICIENT_RESOURCES);
        dt_expect(e->timer[0] == NULL);
        lacked_timer = true;
        over(s);
        return;
    }
    dt_expect(dt_stor_interrupt(s, -1));
    eventually(&e->word[3], 1);
    if ((ULONG)e->word[2] != STOR_STATUS_SUCCESS) {
        dt_expect_eq((ULONG)e->word[2], STOR_STATUS_INSUFFICIENT_RESOURCES);
        lacked_request = true;
    }
    dt_run_for(DT_MS(20));
    dt_expect(e->word[2] == STOR_STATUS_SUCCESS || e->timers == 0);
    end(s);
}

static void lack_of_memory(void **state)
{
    struct dt_config cfg = config(1);

    (void)state;
    if (!simulated())
        return;
    cfg.faults = true;
    always_with(&cfg, lack_body, 1);
    assert_true(lacked_timer && lacked_request);
}

/* ---- requests ---- */

/* STM-066, STM-067, STM-072, STM-074, STM-075, STM-085: busy is an answer, not a finding. */
static void requests_body(void *ctx)
{
    dt_stor         *s;
    struct mini_ext *e = with_timer(&s, &(struct mini){0});

    (void)ctx;
    dt_expect_eq(ask(e, 0, 0), STOR_STATUS_SUCCESS);
    dt_expect_eq(ask(e, 400000, 7), STOR_STATUS_SUCCESS);
    dt_expect_eq(ask(e, 1, 8), STOR_STATUS_BUSY);
    arm(e, count_timer, 1000); /* another timer altogether */
    disarm(e);
    eventually(&e->timers, 1);
    dt_expect_eq(e->word[1], 7);
    dt_expect(e->word[0] >= 400000);
    dt_expect_eq(ask(e, 900000, 9), STOR_STATUS_SUCCESS); /* the host is not as late as that */
    arm(e, count_timer, 1000);
    eventually(&e->timers, 2);
    dt_expect_eq(ask(e, 0, 0), STOR_STATUS_SUCCESS);
    dt_run_for(DT_MS(1000));
    dt_expect_eq(e->timers, 2);
    dt_expect_eq(ask(e, 1000, 0), STOR_STATUS_SUCCESS);
    eventually(&e->timers, 3);
    dt_expect_eq(e->word[1], 0);
    end(s);
}

static void requests(void **state)
{
    (void)state;
    passes(requests_body);
}

static void again(PVOID ext, PVOID context)
{
    struct mini_ext *e = ext;

    (void)context;
    e->timers++;
    if (e->timers < 3)
        dt_expect_eq(StorPortRequestTimer(e, e->timer[0], again, NULL, 1000, 0), STOR_STATUS_SUCCESS);
}

/* STM-073. */
static void again_body(void *ctx)
{
    dt_stor         *s;
    struct mini_ext *e = with_timer(&s, &(struct mini){.physical = true});

    (void)ctx;
    dt_expect_eq(StorPortRequestTimer(e, e->timer[0], again, NULL, 1000, 0), STOR_STATUS_SUCCESS);
    eventually(&e->timers, 3);
    end(s);
}

static void from_inside(void **state)
{
    (void)state;
    always(again_body, 1);
}

/* STM-068, STM-069: at device level: success at once, armed later. */
static void high_request_body(void *ctx)
{
    dt_stor         *s;
    struct mini_ext *e = with_timer(&s, &(struct mini){.physical = true, .isr = asks_high});

    (void)ctx;
    dt_expect(dt_stor_interrupt(s, -1));
    eventually(&e->timers, 1);
    dt_expect_eq(e->word[2], STOR_STATUS_SUCCESS);
    end(s);
}

static void high_request(void **state)
{
    (void)state;
    always(high_request_body, 1);
}

/* ---- times ---- */

/* STM-076: more than 2^32 us. */
static void long_body(void *ctx)
{
    dt_stor         *s;
    struct mini_ext *e = with_timer(&s, &(struct mini){0});

    (void)ctx;
    dt_expect_eq(ask(e, 1ull << 33, 0), STOR_STATUS_SUCCESS);
    dt_run_for(DT_S(8589));
    dt_expect_eq(e->timers, 0);
    dt_run_for(DT_S(2));
    dt_expect_eq(e->timers, 1);
    end(s);
}

static void tolerant(PVOID ext, PVOID context)
{
    struct mini_ext *e = ext;

    e->word[(uintptr_t)context] = (LONG)(dt_now() / 1000);
    e->timers++;
}

/* STM-077, STM-078, STM-079: never early; within the tolerance, but for the tick; one tick may serve two. */
static void tolerance_body(void *ctx)
{
    dt_stor         *s;
    struct mini_ext *e = with_timer(&s, &(struct mini){0});
    LONG             start = (LONG)(dt_now() / 1000);

    (void)ctx;
    dt_expect_eq(StorPortInitializeTimer(e, &e->timer[1]), STOR_STATUS_SUCCESS);
    dt_expect_eq(StorPortRequestTimer(e, e->timer[0], tolerant, (PVOID)2, 10000, 31), STOR_STATUS_SUCCESS);
    dt_expect_eq(StorPortRequestTimer(e, e->timer[1], tolerant, (PVOID)3, 10000, 20000), STOR_STATUS_SUCCESS);
    eventually(&e->timers, 2);
    dt_expect(e->word[2] - start >= 10000 && e->word[3] - start >= 10000);
    if (simulated())
        dt_expect(e->word[2] - start <= 11000 && e->word[3] - start <= 31000);
    end(s);
}

/* STM-086: what storahci asks for. */
static void real_values_body(void *ctx)
{
    static const ULONGLONG us[] = {10000, 20000, 100000, 250000};
    dt_stor               *s;
    struct mini_ext       *e = with_timer(&s, &(struct mini){.physical = true});

    (void)ctx;
    for (unsigned i = 0; i < ARRAYSIZE(us); i++) {
        LONG start = (LONG)(dt_now() / 1000);

        dt_expect_eq(
            StorPortRequestTimer(e, e->timer[0], routine, NULL, us[i], i == 3 ? 20000 : 0), STOR_STATUS_SUCCESS);
        eventually(&e->timers, i + 1);
        dt_expect(e->word[0] - start >= (LONG)us[i]);
    }
    end(s);
}

static void times(void **state)
{
    (void)state;
    if (simulated())
        passes(long_body);
    passes(tolerance_body);
    passes(real_values_body);
}

/* ---- locks ---- */

static void takes_interrupt(PVOID ext, PVOID context)
{
    struct mini_ext *e = ext;
    STOR_LOCK_HANDLE h = {0};
    bool             none = context != NULL;

    dt_expect_eq(KeGetCurrentIrql(), DISPATCH_LEVEL);
    dt_expect_eq(dt_stor_locks_held(mini_stor), none ? 0 : DT_STOR_LOCK_STARTIO);
    StorPortAcquireSpinLock(e, InterruptLock, NULL, &h);
    StorPortReleaseSpinLock(e, &h);
    e->timers++;
}

/* STM-080: like HwStorTimer, or, when so configured, without a lock. */
static void locks_body(void *ctx)
{
    dt_stor         *s;
    struct mini      m = {.physical = true, .cfg = {.timer_ex_no_lock = ctx != NULL}};
    struct mini_ext *e = with_timer(&s, &m);

    dt_expect_eq(StorPortRequestTimer(e, e->timer[0], takes_interrupt, ctx, 1000, 0), STOR_STATUS_SUCCESS);
    eventually(&e->timers, 1);
    end(s);
}

static void locks(void **state)
{
    struct dt_config cfg = config(2);
    struct dt_result r = {0};

    (void)state;
    passes(locks_body);
    assert_int_equal(dt_run(&cfg, locks_body, &cfg, &r), 0);
    assert_int_equal(r.verdict, DT_PASS);
}

/* ---- freeing ---- */

static bool too_late;
static bool freed;

static void must_not(PVOID ext, PVOID context)
{
    (void)ext;
    (void)context;
    too_late |= freed;
}

/* STM-082: no call begins after FreeTimer has returned. */
static void free_armed_body(void *ctx)
{
    dt_stor         *s;
    struct mini_ext *e = with_timer(&s, &(struct mini){.physical = true});
    STOR_LOCK_HANDLE h = {0};

    (void)ctx;
    freed = too_late = false;
    dt_expect_eq(StorPortRequestTimer(e, e->timer[0], must_not, NULL, 1, 0), STOR_STATUS_SUCCESS);
    dt_run_for(DT_MS(1));
    dt_expect_eq(StorPortFreeTimer(e, e->timer[0]), STOR_STATUS_SUCCESS);
    if (!simulated()) /* a call that began before may be under way: it has this lock */
        StorPortAcquireSpinLock(e, StartIoLock, NULL, &h);
    freed = true;
    if (!simulated())
        StorPortReleaseSpinLock(e, &h);
    e->timer[0] = NULL;
    dt_run_for(DT_MS(5));
    dt_expect(!too_late);
    end(s);
}

static void frees_itself(PVOID ext, PVOID context)
{
    struct mini_ext *e = ext;

    (void)context;
    dt_expect_eq(StorPortFreeTimer(e, e->timer[0]), STOR_STATUS_SUCCESS);
    e->timer[0] = NULL;
    e->timers++;
}

/* STM-083. */
static void free_inside_body(void *ctx)
{
    dt_stor         *s;
    struct mini_ext *e = with_timer(&s, &(struct mini){.physical = true});

    (void)ctx;
    dt_expect_eq(StorPortRequestTimer(e, e->timer[0], frees_itself, NULL, 1, 0), STOR_STATUS_SUCCESS);
    eventually(&e->timers, 1);
    end(s);
}

/* STM-084. */
static void leak_body(void *ctx)
{
    dt_stor *s;

    (void)ctx;
    with_timer(&s, &(struct mini){0});
    over(s);
}

static void freeing(void **state)
{
    (void)state;
    always(free_armed_body, 1);
    always(free_inside_body, 1);
    caught(leak_body, "DT-S03", ANY_CODE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(life),
        cmocka_unit_test(too_high),
        cmocka_unit_test(how_many),
        cmocka_unit_test(lack_of_memory),
        cmocka_unit_test(requests),
        cmocka_unit_test(from_inside),
        cmocka_unit_test(high_request),
        cmocka_unit_test(times),
        cmocka_unit_test(locks),
        cmocka_unit_test(freeing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
