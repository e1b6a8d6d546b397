/* SPDX-License-Identifier: MIT */
/* What is left of timers, locks and DPCs: dump mode, odd arguments, patterns of real drivers. */
#include "sp/timer.h"

/* ---- HwStorFindAdapter elsewhere than at PASSIVE_LEVEL ---- */

static KIRQL find_irql;

static void notes_irql(struct mini_ext *e, PPORT_CONFIGURATION_INFORMATION c)
{
    (void)e;
    (void)c;
    find_irql = KeGetCurrentIrql();
}

static void no_restart(struct mini_ext *e, SCSI_ADAPTER_CONTROL_TYPE type)
{
    (void)e;
    (void)type;
}

/* STL-002: at HIGH_LEVEL in dump mode. (At DISPATCH_LEVEL after power-up without restart: test_sti_power.c.) */
static void find_body(void *ctx)
{
    (void)ctx;
    over(go(&(struct mini){.find = notes_irql, .control = no_restart, .cfg = {.dump = true}}));
    dt_expect_eq(find_irql, HIGH_LEVEL);
}

static void find_adapter(void **state)
{
    (void)state;
    passes(find_body);
}

/* ---- STM-050: the interval is read as 32 bits ---- */

static void wide_body(void *ctx)
{
    dt_stor         *s = go(&(struct mini){0});
    struct mini_ext *e = ext_of(s);

    (void)ctx;
    StorPortNotification(RequestTimerCall, e, count_timer, (1ull << 32) + 1000);
    eventually(&e->timers, 1);
    StorPortNotification(RequestTimerCall, e, count_timer, 1ll << 32); /* is 0: a cancel */
    dt_run_for(DT_MS(50));
    dt_expect_eq(e->timers, 1);
    over(s);
}

static void wide_interval(void **state)
{
    (void)state;
    if (simulated())
        passes(wide_body);
}

/* ---- STM-087: storahci's retry of a state change ---- */

static STOR_ADDR_BTL8 unit = {.Type = STOR_ADDRESS_TYPE_BTL8, .AddressLength = STOR_ADDR_BTL8_ADDRESS_LENGTH};

static void changed(PVOID ext, PVOID context, SHORT type, PVOID address, ULONG status)
{
    (void)context;
    (void)type;
    (void)address;
    (void)status;
    InterlockedIncrement(&((struct mini_ext *)ext)->word[0]);
}

static void tell_change(PVOID ext, PVOID context)
{
    struct mini_ext *e = ext;
    ULONG            status = StorPortStateChangeDetected(e, STATE_CHANGE_LUN, (PSTOR_ADDRESS)&unit, 0, changed, NULL);

    (void)context;
    if (status == STOR_STATUS_SUCCESS) {
        e->word[1]++;
        return;
    }
    e->word[2]++; /* one is under way: again in 100 ms */
    dt_expect_eq(StorPortRequestTimer(e, e->timer[0], tell_change, NULL, 100000, 0), STOR_STATUS_SUCCESS);
}

static void retry_body(void *ctx)
{
    dt_stor         *s = go(&(struct mini){.scan = true});
    struct mini_ext *e = ext_of(s);
    KIRQL            old;

    (void)ctx;
    dt_expect_eq(StorPortInitializeTimer(e, &e->timer[0]), STOR_STATUS_SUCCESS);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    tell_change(e, NULL);
    tell_change(e, NULL);
    KeLowerIrql(old);
    eventually(&e->word[0], 2);
    dt_expect_eq(e->word[1], 2);
    dt_expect(e->word[2] >= 1 && e->word[2] < 20); /* it comes to an end */
    dt_expect_eq(StorPortFreeTimer(e, e->timer[0]), STOR_STATUS_SUCCESS);
    over(s);
}

static void retry(void **state)
{
    (void)state;
    if (simulated())
        passes(retry_body);
}

/* ---- STL-130 ---- */

static PSTOR_SCATTER_GATHER_LIST list_seen;

static bool asks_list(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    list_seen = StorPortGetScatterGatherList(e, srb);
    return mini_execute(e, srb);
}

static void list_body(const struct mini *m)
{
    static UCHAR           data[512];
    dt_stor               *s = go(m);
    struct dt_stor_request r = {.flags = SRB_FLAGS_NO_QUEUE_FREEZE};

    dt_stor_cdb(&r, false, 0, 0, data, 1, 512);
    dt_expect_eq(dt_stor_run(s, &r), SRB_STATUS_SUCCESS);
    over(s);
}

static void no_sgl_body(void *ctx)
{
    (void)ctx;
    list_body(&(struct mini){.physical = true, .start = asks_list});
    dt_expect(list_seen != NULL);
    list_body(&(struct mini){.physical = true, .start = asks_list, .perf_flags = STOR_PERF_NO_SGL});
    dt_expect(list_seen == NULL);
}

static void no_sgl(void **state)
{
    (void)state;
    passes(no_sgl_body);
}

/* ---- DPCs ---- */

static bool nothing(struct mini_ext *e)
{
    (void)e;
    return true;
}

static void initializes_again(struct mini_ext *e, SCSI_ADAPTER_CONTROL_TYPE type)
{
    if (type == ScsiQuerySupportedControlTypes)
        StorPortEnablePassiveInitialization(e, mini_passive);
}

/* STD-004: HwStorInitialize reached from the miniport's own HwStorAdapterControl, and enabling passive initialisation there. */
static void own_restart_body(void *ctx)
{
    (void)ctx;
    over(go(&(struct mini){.physical = true, .initialize = nothing, .control = initializes_again}));
}

static void dpc(PSTOR_DPC d, PVOID ext, PVOID a, PVOID b)
{
    (void)d;
    (void)ext;
    (void)a;
    (void)b;
}

/* STD-006: a STOR_DPC in too little memory: what lies behind it is overwritten. */
static bool makes_small(struct mini_ext *e)
{
    PVOID p = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(STOR_DPC) - 16, 'tseT');

    StorPortInitializeDpc(e, p, dpc);
    ExFreePoolWithTag(p, 'tseT');
    return true;
}

static void small_body(void *ctx)
{
    (void)ctx;
    over(go(&(struct mini){.physical = true, .passive = makes_small}));
}

static void dpcs(void **state)
{
    (void)state;
    caught(own_restart_body, "DT-S13", ANY_CODE);
    if (!SANITIZED)
        caught(small_body, NULL, ANY_CODE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(find_adapter),
        cmocka_unit_test(wide_interval),
        cmocka_unit_test(retry),
        cmocka_unit_test(no_sgl),
        cmocka_unit_test(dpcs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
