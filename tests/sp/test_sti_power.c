/* SPDX-License-Identifier: MIT */
/* Power, stop and restart, flush and shutdown, removal: what a miniport is told, and in which order. */
#include "sp/heard.h"

static struct mini logged(void)
{
    return (struct mini){.physical = true, .cfg.device = plug()};
}

/* ---- down and up: STI-075, STI-078 to STI-080, STI-100, STI-101 ---- */

static void caches(struct mini_ext *e, PPORT_CONFIGURATION_INFORMATION c)
{
    (void)e;
    c->CachesData = TRUE;
}

static ULONG outstanding_at_stop, config_writes;

static void look_at_stop(struct mini_ext *e, SCSI_ADAPTER_CONTROL_TYPE type, PVOID parameters)
{
    UCHAR value = 0x33;

    (void)parameters;
    if (type == ScsiStopAdapter) {
        struct dt_stor_state st;

        dt_stor_state(mini_stor, &st);
        outstanding_at_stop = st.outstanding;
    }
    if (type == ScsiSetRunningConfig || type == ScsiSetBootConfig) {
        config_writes += StorPortSetBusDataByOffset(e, PCIConfiguration, CARD_BUS, CARD_SLOT, &value, 0x40, 1);
        dt_expect(!dt_stor_interrupt(mini_stor, -1)); /* STI-080: not connected */
    }
}

static void power_body(void *ctx)
{
    struct mini m = logged();

    (void)ctx;
    control_begin();
    supports[ScsiSetRunningConfig] = supports[ScsiSetBootConfig] = true;
    on_control = look_at_stop;
    m.find = caches;
    m.start = keep;
    dt_stor *s = begin_log(m);

    ext_of(s)->magic = 4711;
    send(s, 0);
    calm();
    n_heard = 0;
    outstanding_at_stop = 99;
    dt_thread *helper = dt_spawn(0, (dt_body *)(void *)give_all_back, s);

    dt_expect_eq(dt_stor_power(s, false, StorPowerActionSleep), STATUS_SUCCESS);
    dt_join(helper);
    dt_expect(dt_stor_done(io[0]));
    dt_expect_eq(outstanding_at_stop, 0); /* STI-075 */
    dt_expect(place(OTHER + SRB_FUNCTION_FLUSH) >= 0);
    dt_expect(place(OTHER + SRB_FUNCTION_FLUSH) < place(POWER + StorPowerDeviceD3));
    dt_expect(place(POWER + StorPowerDeviceD3) < place(ScsiStopAdapter));
    dt_expect(place(ScsiStopAdapter) < place(ScsiSetBootConfig));
    dt_expect_eq(card.powers_off, 1);
    send(s, 0);
    calm();
    dt_expect_eq(n_kept, 1); /* it waits */
    n_heard = 0;
    dt_expect_eq(dt_stor_power(s, true, StorPowerActionNone), STATUS_SUCCESS);
    dt_expect(place(ScsiSetRunningConfig) >= 0 && place(ScsiSetRunningConfig) < place(ScsiRestartAdapter));
    dt_expect(place(ScsiRestartAdapter) < place(POWER + StorPowerDeviceD0));
    dt_expect_eq(config_writes, 2);
    dt_expect_eq(card.powers_on, 1);
    dt_expect_eq(ext_of(s)->magic, 4711); /* STI-079 */
    calm();
    dt_expect_eq(n_kept, 2);
    end(s);
}

static bool get_bus_data;

static void restart_reads(struct mini_ext *e, SCSI_ADAPTER_CONTROL_TYPE type, PVOID parameters)
{
    UCHAR value;

    (void)parameters;
    if (type == ScsiRestartAdapter && get_bus_data)
        StorPortGetBusData(e, PCIConfiguration, CARD_BUS, CARD_SLOT, &value, 1);
}

static void restart_body(void *ctx)
{
    (void)ctx;
    control_begin();
    on_control = restart_reads;
    dt_stor *s = begin_log(logged());

    dt_stor_power(s, false, StorPowerActionSleep);
    dt_stor_power(s, true, StorPowerActionNone);
    over(s);
}

static void sleeps(void **state)
{
    (void)state;
    config_writes = 0;
    passes(power_body);
    get_bus_data = true;
    caught(restart_body, "DT-S13", 0); /* STI-079 */
    get_bus_data = false;
    passes(restart_body);
}

/* ---- without ScsiRestartAdapter: STI-063 ---- */

static volatile LONG finds, initializes;
static KIRQL         find_irql;

static void count_find(struct mini_ext *e, PPORT_CONFIGURATION_INFORMATION c)
{
    (void)c;
    find_irql = KeGetCurrentIrql();
    finds++;
    e->word[0]++; /* STI-027: what was left there is there */
}

static bool count_initialize(struct mini_ext *e)
{
    (void)e;
    initializes++;
    dt_expect_eq(initializes, finds);
    return true;
}

static void no_restart_body(void *ctx)
{
    (void)ctx;
    control_begin();
    supports[ScsiRestartAdapter] = false;
    finds = initializes = 0;
    dt_stor *s = begin_log((struct mini){.physical = true, .find = count_find, .initialize = count_initialize});

    dt_stor_power(s, false, StorPowerActionSleep);
    dt_stor_power(s, true, StorPowerActionNone);
    dt_expect_eq(finds, 2);
    dt_expect_eq(initializes, 2);
    dt_expect_eq(find_irql, DISPATCH_LEVEL);
    dt_expect_eq(ext_of(s)->word[0], 2);
    dt_expect_eq(run_one(s), SRB_STATUS_SUCCESS);
    over(s);
}

/* STI-027: stop and start by plug and play. */
static void stop_start_body(void *ctx)
{
    (void)ctx;
    control_begin();
    finds = initializes = 0;
    dt_stor *s = begin_log((struct mini){.physical = true, .find = count_find, .initialize = count_initialize});

    n_heard = 0;
    dt_expect_eq(dt_stor_stop(s), STATUS_SUCCESS);
    dt_expect(place(PNP + StorStopDevice) >= 0 && place(PNP + StorStopDevice) < place(ScsiStopAdapter));
    dt_expect_eq(dt_stor_restart(s), STATUS_SUCCESS);
    dt_expect_eq(finds, 2);
    dt_expect_eq(find_irql, PASSIVE_LEVEL);
    dt_expect_eq(ext_of(s)->word[0], 2);
    dt_expect_eq(run_one(s), SRB_STATUS_SUCCESS);
    over(s);
}

static void again(void **state)
{
    (void)state;
    passes(no_restart_body);
    passes(stop_start_body);
}

/* ---- ScsiAdapterPower: STI-081, STI-082 ---- */

static STOR_ADAPTER_CONTROL_POWER power_seen[2];
static volatile LONG              n_powers;

static void see_power(struct mini_ext *e, SCSI_ADAPTER_CONTROL_TYPE type, PVOID parameters)
{
    (void)e;
    if (type == ScsiAdapterPower && n_powers < 2)
        power_seen[n_powers++] = *(PSTOR_ADAPTER_CONTROL_POWER)parameters;
}

static void adapter_power_body(void *ctx)
{
    (void)ctx;
    control_begin();
    supports[ScsiAdapterPower] = true;
    on_control = see_power;
    n_powers = 0;
    dt_stor *s = begin_log((struct mini){.physical = true});

    n_heard = 0;
    dt_stor_power(s, false, StorPowerActionNone);
    dt_stor_power(s, true, StorPowerActionNone);
    dt_expect_eq(n_powers, 2);
    dt_expect(find_heard(ScsiAdapterPower, 0)->irql <= DISPATCH_LEVEL);
    dt_expect(!came(POWER + StorPowerDeviceD3) && !came(POWER + StorPowerDeviceD0) && !came(ScsiStopAdapter));
    for (int i = 0; i < 2; i++) {
        dt_expect_eq(power_seen[i].Header.Version, 1);
        dt_expect_eq(power_seen[i].Header.Size, sizeof power_seen[i]);
        dt_expect(power_seen[i].Header.Address == NULL);
        dt_expect_eq(power_seen[i].PowerAction, StorPowerActionNone);
    }
    dt_expect_eq(power_seen[0].PowerState, StorPowerDeviceD3);
    dt_expect_eq(power_seen[1].PowerState, StorPowerDeviceD0);
    dt_expect_eq(run_one(s), SRB_STATUS_SUCCESS);
    over(s);
}

static void adapter_power(void **state)
{
    (void)state;
    passes(adapter_power_body);
}

/* ---- nothing comes while it is stopped: STI-077 ---- */

static volatile LONG calls_while_stopped;
static bool          is_stopped;

static VOID count_timer(PVOID e)
{
    (void)e;
    if (is_stopped)
        InterlockedIncrement(&calls_while_stopped);
}

static bool count_isr(struct mini_ext *e)
{
    count_timer(e);
    return true;
}

static bool count_start(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    count_timer(e);
    return mini_execute(e, srb);
}

static void quiet_body(void *ctx)
{
    (void)ctx;
    calls_while_stopped = 0;
    dt_stor *s = begin(&(struct mini){.physical = true, .isr = count_isr, .start = count_start});

    StorPortNotification(RequestTimerCall, ext_of(s), count_timer, 5000u);
    dt_stor_power(s, false, StorPowerActionSleep);
    is_stopped = true;
    send(s, 0);
    dt_expect(!dt_stor_interrupt(s, -1));
    sleep_ms(50);
    dt_expect_eq(calls_while_stopped, 0);
    is_stopped = false;
    StorPortNotification(RequestTimerCall, ext_of(s), count_timer, 0u);
    dt_stor_power(s, true, StorPowerActionNone);
    StorPortNotification(RequestTimerCall, ext_of(s), count_timer, 0u);
    end(s);
}

static void quiet(void **state)
{
    (void)state;
    passes(quiet_body);
}

/* ---- the SRBs: STI-102 to STI-105 ---- */

static SCSI_POWER_REQUEST_BLOCK power_srb;
static SCSI_PNP_REQUEST_BLOCK   pnp_srbs[16];
static volatile LONG            n_pnp;
static USHORT                   capability_version;

static BOOLEAN copy_special(PVOID ext, PSCSI_REQUEST_BLOCK srb)
{
    if (srb->Function == SRB_FUNCTION_POWER)
        power_srb = *(PSCSI_POWER_REQUEST_BLOCK)srb;
    if (srb->Function == SRB_FUNCTION_PNP) {
        pnp_srbs[InterlockedIncrement(&n_pnp) - 1] = *(PSCSI_PNP_REQUEST_BLOCK)srb;
        if (srb->DataBuffer)
            capability_version = *(USHORT *)srb->DataBuffer;
    }
    return mini_start(ext, srb);
}

static void take_copies(PHW_INITIALIZATION_DATA hw)
{
    hw->HwStartIo = copy_special;
    hw->FeatureSupport |= feature_support;
}

static const SCSI_PNP_REQUEST_BLOCK *pnp_with(ULONG action)
{
    for (LONG i = 0; i < n_pnp; i++)
        if (pnp_srbs[i].PnPAction == (STOR_PNP_ACTION)action)
            return &pnp_srbs[i];
    return NULL;
}

/* STI-102, STI-103, STI-104 */
static void srbs_body(void *ctx)
{
    const bool *ex = ctx;

    n_pnp = 0;
    capability_version = 0;
    feature_support = *ex ? STOR_FEATURE_FULL_PNP_DEVICE_CAPABILITIES : 0;
    dt_stor *s = begin(&(struct mini){.physical = true, .scan = true, .data = take_copies});

    const SCSI_PNP_REQUEST_BLOCK *q = pnp_with(StorQueryCapabilities), *start = pnp_with(StorStartDevice);

    dt_expect(q && start);
    dt_expect_eq(q->DataTransferLength, *ex ? sizeof(STOR_DEVICE_CAPABILITIES_EX) : sizeof(STOR_DEVICE_CAPABILITIES));
    dt_expect_eq(capability_version, 1);
    dt_expect_eq(q->SrbPnPFlags, 0);
    dt_expect_eq(q->TargetId, 0);
    dt_stor_power(s, false, StorPowerActionHibernate);
    dt_expect_eq(power_srb.SrbPowerFlags, SRB_POWER_FLAGS_ADAPTER_REQUEST); /* STI-102 */
    dt_expect_eq(power_srb.DevicePowerState, StorPowerDeviceD3);
    dt_expect_eq(power_srb.PowerAction, StorPowerActionHibernate);
    dt_stor_power(s, true, StorPowerActionNone);
    over(s);
    const SCSI_PNP_REQUEST_BLOCK *removed = pnp_with(StorRemoveDevice);

    dt_expect(removed && removed->SrbPnPFlags == SRB_PNP_FLAGS_ADAPTER_REQUEST);
    dt_expect_eq(removed->Function, SRB_FUNCTION_PNP);
    dt_expect_eq(SRB_FUNCTION_PNP, 0x25);
    dt_expect_eq(SRB_FUNCTION_POWER, 0x24);
}

static void srbs_classic(void *ctx)
{
    (void)ctx;
    srbs_body(&(bool){false});
}

static void srbs_ex(void *ctx)
{
    (void)ctx;
    srbs_body(&(bool){true});
}

static unsigned count(unsigned what)
{
    unsigned n = 0;

    for (LONG i = 0; i < n_heard; i++)
        n += heard[i].what == what;
    return n;
}

/* STI-036, STI-105 */
static void expect_flushes(bool cached, unsigned n)
{
    control_begin();
    dt_stor *s = begin_log((struct mini){.find = cached ? caches : NULL});

    n_heard = 0;
    dt_stor_flush_adapter(s, false);
    dt_stor_flush_adapter(s, true);
    dt_stor_flush_adapter(s, true);
    dt_expect_eq(count(OTHER + SRB_FUNCTION_FLUSH), n);
    dt_expect_eq(count(OTHER + SRB_FUNCTION_SHUTDOWN), 2 * n);
    dt_expect_eq(SRB_FUNCTION_FLUSH, 8);
    dt_expect_eq(SRB_FUNCTION_SHUTDOWN, 7);
    over(s);
    dt_expect_eq(count(OTHER + SRB_FUNCTION_FLUSH), 2 * n); /* and before it is stopped */
}

static void flush_body(void *ctx)
{
    (void)ctx;
    expect_flushes(true, 1);
    expect_flushes(false, 0);
}

static void special_requests(void **state)
{
    (void)state;
    passes(srbs_classic);
    passes(srbs_ex);
    passes(flush_body);
}

/* ---- idle power: STI-106 to STI-110 ---- */

static STOR_POFX_DEVICE_V2 pofx_device(ULONG flags)
{
    return (STOR_POFX_DEVICE_V2){.Version = STOR_POFX_DEVICE_VERSION_V2,
        .Size = STOR_POFX_DEVICE_V2_SIZE,
        .ComponentCount = 1,
        .Flags = flags,
        .AdapterIdleTimeoutInMS = 1234};
}

static bool activate_for(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    e->word[0] = (LONG)StorPortPoFxActivateComponent(e, NULL, srb, 0, 0);
    e->word[1] = (LONG)StorPortPoFxIdleComponent(e, NULL, srb, 0, 0);
    e->word[2] = (LONG)StorPortPoFxIdleComponent(e, NULL, srb, 0, 0);
    return mini_execute(e, srb);
}

static void counts_body(void *ctx)
{
    STOR_POFX_DEVICE_V2  d = pofx_device(0);
    STOR_ADDR_BTL8       nobody = {.Type = STOR_ADDRESS_TYPE_BTL8, .AddressLength = 4, .Lun = 7};
    BOOLEAN              cold = TRUE;
    struct dt_stor_state st;
    KIRQL                old;

    (void)ctx;
    control_begin();
    supports[ScsiAdapterPoFxPowerActive] = true;
    dt_stor *s = begin_log((struct mini){.start = activate_for});
    void    *e = ext_of(s);

    dt_expect_eq(StorPortPoFxSetIdleTimeout(e, NULL, 5), STOR_STATUS_UNSUCCESSFUL); /* STI-110 */
    dt_expect_eq(StorPortPoFxActivateComponent(e, NULL, NULL, 0, 0), STOR_STATUS_INVALID_PARAMETER);
    dt_expect_eq(StorPortInitializePoFxPower(e, NULL, NULL, &cold), STOR_STATUS_INVALID_PARAMETER);
    dt_expect_eq(StorPortInitializePoFxPower(e, (PSTOR_ADDRESS)&nobody, (PSTOR_POFX_DEVICE)&d, &cold),
        STOR_STATUS_INVALID_PARAMETER);
    dt_expect_eq(StorPortInitializePoFxPower(e, NULL, (PSTOR_POFX_DEVICE)&d, &cold), STOR_STATUS_SUCCESS);
    dt_expect_eq(cold, FALSE); /* STI-109 */
    dt_expect_eq(StorPortInitializePoFxPower(e, NULL, (PSTOR_POFX_DEVICE)&d, &cold), STOR_STATUS_UNSUCCESSFUL);
    dt_stor_state(s, &st);
    dt_expect_eq(st.idle_timeout_ms, 60000); /* STI-108 */
    dt_expect_eq(StorPortPoFxSetIdleTimeout(e, NULL, 777), STOR_STATUS_SUCCESS);
    dt_stor_state(s, &st);
    dt_expect_eq(st.idle_timeout_ms, 777);
    dt_expect_eq(StorPortPoFxSetIdleTimeout(e, (PSTOR_ADDRESS)&nobody, 5), STOR_STATUS_INVALID_PARAMETER);

    n_heard = 0;
    dt_expect_eq(StorPortPoFxActivateComponent(e, NULL, NULL, 0, 0), STOR_STATUS_BUSY); /* STI-106 */
    calm();
    dt_expect(came(ScsiAdapterPoFxPowerActive));
    dt_expect_eq(heard[0].irql, DISPATCH_LEVEL);
    dt_expect_eq(StorPortPoFxActivateComponent(e, NULL, NULL, 0, 0), STOR_STATUS_SUCCESS);
    dt_expect_eq(StorPortPoFxIdleComponent(e, NULL, NULL, 0, 0), STOR_STATUS_BUSY);
    dt_expect_eq(StorPortPoFxActivateComponent(e, NULL, NULL, 1, 0), STOR_STATUS_INVALID_PARAMETER);
    dt_expect_eq(StorPortPoFxIdleComponent(e, NULL, NULL, 0, 1), STOR_STATUS_INVALID_PARAMETER);
    dt_expect_eq(run_one(s), SRB_STATUS_SUCCESS);
    dt_expect_eq((ULONG)ext_of(s)->word[0], STOR_STATUS_SUCCESS);
    dt_expect_eq((ULONG)ext_of(s)->word[1], STOR_STATUS_BUSY);
    dt_expect_eq((ULONG)ext_of(s)->word[2], STOR_STATUS_INVALID_DEVICE_REQUEST);
    dt_expect_eq(StorPortPoFxIdleComponent(e, NULL, NULL, 0, 0), STOR_STATUS_SUCCESS);
    KeRaiseIrql(DISPATCH_LEVEL + 1, &old);
    dt_expect_eq(StorPortPoFxActivateComponent(e, NULL, NULL, 0, 0), STOR_STATUS_INVALID_IRQL);
    KeLowerIrql(old);
    over(s);
}

static void timeouts_body(void *ctx)
{
    STOR_POFX_DEVICE_V2  d = pofx_device(STOR_POFX_DEVICE_FLAG_IDLE_TIMEOUT | STOR_POFX_DEVICE_FLAG_ENABLE_D3_COLD);
    BOOLEAN              cold = FALSE;
    struct dt_stor_state st;

    (void)ctx;
    dt_stor *s = begin(&(struct mini){0});

    dt_expect_eq(StorPortInitializePoFxPower(ext_of(s), NULL, (PSTOR_POFX_DEVICE)&d, &cold), STOR_STATUS_SUCCESS);
    dt_expect_eq(cold, TRUE);
    dt_stor_state(s, &st);
    dt_expect_eq(st.idle_timeout_ms, 1234);
    over(s);
}

static uint32_t d3_flag;

static bool activate_d3(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    StorPortPoFxActivateComponent(e, NULL, srb, 0, 0);
    StorPortPoFxIdleComponent(e, NULL, srb, 0, 0);
    return mini_execute(e, srb);
}

/* STI-107 */
static void d3_body(void *ctx)
{
    STOR_POFX_DEVICE_V2    d = pofx_device(0);
    struct dt_stor_request r = simple(0);
    BOOLEAN                cold;

    (void)ctx;
    dt_stor *s = begin(&(struct mini){.start = activate_d3});

    StorPortInitializePoFxPower(ext_of(s), NULL, (PSTOR_POFX_DEVICE)&d, &cold);
    r.flags |= d3_flag;
    dt_expect_eq(dt_stor_run(s, &r), SRB_STATUS_SUCCESS);
    over(s);
}

static void idle_power(void **state)
{
    (void)state;
    passes(counts_body);
    passes(timeouts_body);
    d3_flag = SRB_FLAGS_D3_PROCESSING;
    caught(d3_body, "DT-S12", 0);
    d3_flag = 0;
    passes(d3_body);
}

/* ---- removal: STI-076, STI-111, STI-112 ---- */

static volatile LONG freed_at;

static void see_freed(struct mini_ext *e)
{
    (void)e;
    freed_at = n_heard;
}

static void removal_body(void *ctx)
{
    (void)ctx;
    control_begin();
    dt_stor *s = begin_log((struct mini){.freed = see_freed});

    n_heard = 0;
    freed_at = -1;
    over(s);
    dt_expect(place(PNP + StorRemoveDevice) >= 0 && place(PNP + StorRemoveDevice) < place(ScsiStopAdapter));
    dt_expect_eq(freed_at, n_heard); /* it is the last */
    dt_expect(place(ScsiStopAdapter) < freed_at);
}

static PVOID memory_base;

static void map_memory(struct mini_ext *e, PPORT_CONFIGURATION_INFORMATION c)
{
    (void)c;
    memory_base =
        StorPortGetDeviceBase(e, PCIBus, CARD_BUS, (STOR_PHYSICAL_ADDRESS){.QuadPart = CARD_MEMORY}, CARD_BYTES, FALSE);
}

static ULONG read_at_stop;

static void read_register(struct mini_ext *e, SCSI_ADAPTER_CONTROL_TYPE type, PVOID parameters)
{
    (void)parameters;
    if (type == ScsiStopAdapter)
        read_at_stop = StorPortReadRegisterUlong(e, (volatile ULONG *)memory_base);
}

static void surprise_body(void *ctx)
{
    struct mini m = logged();

    (void)ctx;
    control_begin();
    supports[ScsiAdapterSurpriseRemoval] = true;
    on_control = read_register;
    m.find = map_memory;
    m.start = keep;
    dt_stor *s = begin_log(m);

    send(s, 0);
    calm();
    dt_expect_eq(StorPortReadRegisterUlong(ext_of(s), (volatile ULONG *)memory_base), 0);
    n_heard = 0;
    dt_expect_eq(dt_stor_surprise_removal(s), STATUS_SUCCESS);
    dt_expect(came(ScsiAdapterSurpriseRemoval));
    dt_expect(find_heard(ScsiAdapterSurpriseRemoval, 0)->irql < DISPATCH_LEVEL);
    dt_expect(came(PNP + StorSurpriseRemoval));
    dt_expect_eq(StorPortReadRegisterUlong(ext_of(s), (volatile ULONG *)memory_base), 0xffffffff);
    dt_expect_eq(run_one(s), SRB_STATUS_NO_DEVICE);
    dt_expect(!dt_stor_done(io[0])); /* it is the miniport's to give back */
    give_back(s, SRB_STATUS_NO_DEVICE);
    dt_expect_eq(dt_stor_finish(io[0]), SRB_STATUS_NO_DEVICE);
    n_sent = 0;
    over(s);
    dt_expect_eq(read_at_stop, 0xffffffff); /* STI-076 */
}

static void never_given_back(void *ctx)
{
    (void)ctx;
    dt_stor *s = begin(&(struct mini){.start = keep, .cfg.no_timeouts = true});

    send(s, 0);
    calm();
    dt_stor_surprise_removal(s);
    over(s);
}

/* STI-078: freed at the stop, it is missed afterwards. */
static bool  frees_early;
static PVOID a_block;

static bool allocate(struct mini_ext *e)
{
    dt_expect_eq(StorPortAllocatePool(e, 64, 'tseT', &a_block), STOR_STATUS_SUCCESS);
    return true;
}

static void free_at_stop(struct mini_ext *e, SCSI_ADAPTER_CONTROL_TYPE type, PVOID parameters)
{
    (void)parameters;
    if (type == ScsiStopAdapter && frees_early)
        StorPortFreePool(e, a_block);
}

static void free_at_end(struct mini_ext *e)
{
    StorPortFreePool(e, a_block);
}

static void resources_body(void *ctx)
{
    (void)ctx;
    control_begin();
    on_control = free_at_stop;
    dt_stor *s = begin_log((struct mini){.initialize = allocate, .freed = free_at_end});

    dt_stor_power(s, false, StorPowerActionSleep);
    dt_stor_power(s, true, StorPowerActionNone);
    over(s);
}

static void removal(void **state)
{
    (void)state;
    passes(removal_body);
    passes(surprise_body);
    if (simulated())
        caught(never_given_back, "DT-S10", 0);
    frees_early = true;
    caught(resources_body, NULL, ANY_CODE);
    frees_early = false;
    passes(resources_body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sleeps),
        cmocka_unit_test(again),
        cmocka_unit_test(adapter_power),
        cmocka_unit_test(quiet),
        cmocka_unit_test(special_requests),
        cmocka_unit_test(idle_power),
        cmocka_unit_test(removal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
