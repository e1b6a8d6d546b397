/* SPDX-License-Identifier: MIT */
/* StorPortInitialize: what HW_INITIALIZATION_DATA must say; HwStorInitialize and the order of the first calls. */
#include "sp/clients.h"

/* ---- the call: STI-001 to STI-007 ---- */

static void (*change)(PHW_INITIALIZATION_DATA hw);
static NTSTATUS entry_status;

static NTSTATUS entry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    entry_status = mini_entry(driver, path);
    return entry_status;
}

/* Loads, starts if that is possible, takes all down again. */
static dt_status load_and_start(void)
{
    dt_status  status = 0;
    dt_driver *d = dt_driver_load_status((dt_driver_entry *)entry, &status);

    mini_drv = d;
    if (!d)
        return status;
    mini.cfg.no_scan = true;
    dt_stor *s = dt_stor_start(d, &mini.cfg, &status);

    if (s)
        dt_expect_eq(dt_stor_remove(s), STATUS_SUCCESS);
    dt_expect_eq(dt_driver_unload(d), STATUS_SUCCESS);
    return status;
}

static dt_status try_with(const struct mini *m, void (*fn)(PHW_INITIALIZATION_DATA hw))
{
    mini = *m;
    mini.data = change = fn;
    return load_and_start();
}

static const struct mini *kind;

static void changed_body(void *ctx)
{
    (void)ctx;
    try_with(kind, change);
}

/* STI-001, STI-005: DriverEntry's status is the routine's; the table is the port's. */
static NTSTATUS look_at_table(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    dt_expect(driver->DriverUnload == NULL);
    PDRIVER_DISPATCH before = driver->MajorFunction[IRP_MJ_PNP];
    NTSTATUS         status = mini_entry(driver, path);

    dt_expect(driver->DriverUnload != NULL);
    dt_expect(driver->DriverExtension->AddDevice != NULL);
    dt_expect(driver->MajorFunction[IRP_MJ_PNP] != before);
    return status;
}

static void table_body(void *ctx)
{
    (void)ctx;
    mini = (struct mini){0};
    dt_driver *d = dt_driver_load((dt_driver_entry *)look_at_table);

    dt_expect(d != NULL);
    dt_expect_eq(dt_driver_unload(d), STATUS_SUCCESS);
}

/* STI-002 */
static int null_argument;

static NTSTATUS null_entry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    HW_INITIALIZATION_DATA hw = {.HwInitializationDataSize = sizeof hw};
    NTSTATUS               status = (NTSTATUS)StorPortInitialize(
                      null_argument == 0 ? NULL : driver, null_argument == 1 ? NULL : path, null_argument == 2 ? NULL : &hw, NULL);

    dt_expect_eq(status, STATUS_INVALID_PARAMETER);
    return status;
}

static void null_body(void *ctx)
{
    dt_status status = 0;

    (void)ctx;
    dt_expect(dt_driver_load_status((dt_driver_entry *)null_entry, &status) == NULL);
    dt_expect_eq(status, STATUS_INVALID_PARAMETER);
}

/* STI-003 */
static void wrong_size(PHW_INITIALIZATION_DATA hw)
{
    hw->HwInitializationDataSize -= 1;
}

static void size_body(void *ctx)
{
    (void)ctx;
    dt_expect_eq(try_with(&(struct mini){0}, wrong_size), STATUS_REVISION_MISMATCH);
    dt_expect_eq(try_with(&(struct mini){0}, NULL), STATUS_SUCCESS);
    dt_expect_eq(entry_status, STATUS_SUCCESS);
}

/* STI-004, STV-001: the three layouts. */
static void old_layout(PHW_INITIALIZATION_DATA hw)
{
    hw->HwInitializationDataSize = FIELD_OFFSET(HW_INITIALIZATION_DATA, HwFreeAdapterResources);
}

static void old_virtual_layout(PHW_INITIALIZATION_DATA hw)
{
    hw->HwInitializationDataSize = sizeof(VIRTUAL_HW_INITIALIZATION_DATA);
    hw->FeatureSupport = 0; /* is not looked at */
}

static void layouts_body(void *ctx)
{
    (void)ctx;
    dt_expect_eq(try_with(&(struct mini){.physical = true}, old_layout), STATUS_SUCCESS);
    dt_expect_eq(try_with(&(struct mini){0}, old_virtual_layout), STATUS_SUCCESS);
    dt_expect_eq(try_with(&(struct mini){0}, NULL), STATUS_SUCCESS);
    dt_expect_eq(try_with(&(struct mini){.physical = true}, NULL), STATUS_SUCCESS);
}

/* STI-006: the HwContext argument goes nowhere. */
static NTSTATUS context_entry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    static HW_INITIALIZATION_DATA hw;

    hw = (HW_INITIALIZATION_DATA){.HwInitializationDataSize = sizeof hw,
        .AdapterInterfaceType = Internal,
        .HwInitialize = mini_initialize,
        .HwStartIo = mini_start,
        .HwFindAdapter = (PVOID)mini_find_virtual,
        .HwResetBus = mini_reset,
        .HwAdapterControl = mini_control,
        .HwFreeAdapterResources = mini_free,
        .DeviceExtensionSize = sizeof(struct mini_ext),
        .TaggedQueuing = TRUE,
        .AutoRequestSense = TRUE,
        .MultipleRequestPerLu = TRUE,
        .FeatureSupport = STOR_FEATURE_VIRTUAL_MINIPORT};
    return (NTSTATUS)StorPortInitialize(driver, path, &hw, (PVOID)0xbad);
}

static void context_body(void *ctx)
{
    dt_status status = 0;

    (void)ctx;
    mini = (struct mini){0};
    mini_drv = dt_driver_load((dt_driver_entry *)context_entry);
    mini.cfg.no_scan = true;
    dt_stor *s = dt_stor_start(mini_drv, &mini.cfg, &status);

    dt_expect_eq(status, STATUS_SUCCESS);
    over(s);
}

/* STI-007 */
static PDRIVER_OBJECT  the_driver;
static PUNICODE_STRING the_path;

static NTSTATUS remember_entry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    the_driver = driver;
    the_path = path;
    return mini_entry(driver, path);
}

static bool initialize_again(struct mini_ext *e)
{
    (void)e;
    return NT_SUCCESS(mini_entry(the_driver, the_path));
}

static void twice_body(void *ctx)
{
    (void)ctx;
    mini = (struct mini){.initialize = initialize_again};
    mini_drv = dt_driver_load((dt_driver_entry *)remember_entry);
    mini.cfg.no_scan = true;
    over(dt_stor_start(mini_drv, &mini.cfg, NULL));
}

static void the_call(void **state)
{
    (void)state;
    passes(table_body);
    for (null_argument = 0; null_argument < 3; null_argument++)
        caught(null_body, "DT-S17", ANY_CODE);
    passes(size_body);
    passes(layouts_body);
    passes(context_body);
    caught(twice_body, "DT-S13", 0);
}

/* ---- what must be there: STI-008 to STI-012, STV-002 to STV-004 ---- */

#define WITHOUT(name, member, value)             \
    static void name(PHW_INITIALIZATION_DATA hw) \
    {                                            \
        hw->member = value;                      \
    }

WITHOUT(no_initialize, HwInitialize, NULL)
WITHOUT(no_start_io, HwStartIo, NULL)
WITHOUT(no_interrupt, HwInterrupt, NULL)
WITHOUT(no_find, HwFindAdapter, NULL)
WITHOUT(no_reset, HwResetBus, NULL)
WITHOUT(no_control, HwAdapterControl, NULL)
WITHOUT(no_free, HwFreeAdapterResources, NULL)
WITHOUT(no_addresses, NeedPhysicalAddresses, FALSE)
WITHOUT(no_tags, TaggedQueuing, FALSE)
WITHOUT(no_sense, AutoRequestSense, FALSE)
WITHOUT(no_multiple, MultipleRequestPerLu, FALSE)
WITHOUT(isa, AdapterInterfaceType, Isa)
WITHOUT(eisa, AdapterInterfaceType, Eisa)
WITHOUT(micro_channel, AdapterInterfaceType, MicroChannel)
WITHOUT(turbo_channel, AdapterInterfaceType, TurboChannel)
WITHOUT(other_addresses, AddressTypeFlags, 2)
WITHOUT(has_build, HwBuildIo, mini_build)

static VOID dma_started(PVOID e)
{
    (void)e;
}

static BOOLEAN adapter_state(PVOID e, PVOID context, BOOLEAN save)
{
    (void)e;
    (void)context;
    return save;
}

static VOID begin_tracing(PVOID a, PVOID b)
{
    (void)a;
    (void)b;
}

static VOID process_service(PVOID e, PVOID irp)
{
    (void)e;
    (void)irp;
}

WITHOUT(has_dma_started, HwDmaStarted, dma_started)
WITHOUT(has_adapter_state, HwAdapterState, adapter_state)
WITHOUT(half_tracing, HwInitializeTracing, begin_tracing)
WITHOUT(half_service, HwProcessServiceRequest, process_service)

static void refused(const struct mini *m, void (*fn)(PHW_INITIALIZATION_DATA hw))
{
    kind = m;
    change = fn;
    caught(changed_body, "DT-S17", 0);
}

static void accepted(const struct mini *m, void (*fn)(PHW_INITIALIZATION_DATA hw))
{
    kind = m;
    change = fn;
    passes(changed_body);
}

static const struct mini a_virtual, a_physical = {.physical = true};

/* STI-008, STV-003, STV-004 */
static void required(void **state)
{
    static void (*const routines[])(PHW_INITIALIZATION_DATA hw) = {
        no_initialize, no_start_io, no_find, no_reset, no_control};

    (void)state;
    for (unsigned i = 0; i < ARRAYSIZE(routines); i++) {
        refused(&a_virtual, routines[i]);
        refused(&a_physical, routines[i]);
    }
    refused(&a_physical, no_interrupt);
    refused(&a_virtual, no_free);
    accepted(&a_physical, no_free);
    refused(&a_virtual, half_tracing); /* STV-004 */
    refused(&a_virtual, half_service);
}

static void members(void **state)
{
    (void)state;
    refused(&a_physical, has_dma_started); /* STI-009 */
    refused(&a_virtual, has_adapter_state);
    refused(&a_physical, no_addresses); /* STI-010 */
    accepted(&a_virtual, no_addresses);
    refused(&a_physical, no_tags);
    refused(&a_virtual, no_sense);
    refused(&a_virtual, no_multiple);
    refused(&a_physical, isa); /* STI-012 */
    refused(&a_physical, eisa);
    refused(&a_physical, micro_channel);
    refused(&a_physical, turbo_channel);
    refused(&a_virtual, other_addresses); /* STI-011 */
    refused(&a_virtual, has_build);       /* STV-002 */
    accepted(&a_virtual, NULL);
}

/* STI-008: the adapter does not start. */
static void missing_fails(void *ctx)
{
    (void)ctx;
    dt_expect(!NT_SUCCESS(try_with(&(struct mini){0}, no_reset)));
}

static void fails_start(void **state)
{
    struct dt_config cfg = config(2);
    struct dt_result r = {0};

    (void)state;
    assert_int_equal(dt_run(&cfg, missing_fails, NULL, &r), 0);
    assert_int_equal(r.verdict, DT_PASS);
    assert_int_equal(r.warnings, 1);
}

/* ---- the layout that arrives: STI-011 ---- */

static UCHAR function_seen;

static bool see_function(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    function_seen = srb->Function;
    return mini_execute(e, srb);
}

WITHOUT(no_types, SrbTypeFlags, 0)

static void layout_body(void *ctx)
{
    (void)ctx;
    dt_stor *s = begin(&(struct mini){.start = see_function});

    run_one(s);
    dt_expect_eq(function_seen, SRB_FUNCTION_EXECUTE_SCSI);
    over(s);
    s = begin(&(struct mini){.start = see_function, .extended = true});
    run_one(s);
    dt_expect_eq(function_seen, SRB_FUNCTION_STORAGE_REQUEST_BLOCK);
    over(s);
    s = begin(&(struct mini){.start = see_function, .data = no_types});
    run_one(s);
    dt_expect_eq(function_seen, SRB_FUNCTION_EXECUTE_SCSI);
    over(s);
}

static void layout(void **state)
{
    (void)state;
    passes(layout_body);
}

/* ---- dump mode: STI-013, STI-064 ---- */

static char argument_seen[32];

static ULONG find_dump(
    PVOID ext, PVOID pdo, PVOID fdo, PVOID lower, PCHAR argument, PPORT_CONFIGURATION_INFORMATION c, PBOOLEAN again)
{
    strncpy(argument_seen, argument ? argument : "", sizeof argument_seen - 1);
    return mini_find_virtual(ext, pdo, fdo, lower, argument, c, again);
}

WITHOUT(dump_find, HwFindAdapter, (PVOID)find_dump)

static void dump_body(void *ctx)
{
    (void)ctx;
    dt_stor *s = begin(&(struct mini){.data = dump_find, .cfg.dump = true});

    dt_expect(strstr(argument_seen, "dump=1") != NULL);
    dt_expect_eq(run_one(s), SRB_STATUS_SUCCESS);
    over(s);
}

static void dump(void **state)
{
    (void)state;
    passes(dump_body);
}

/* ---- HwStorInitialize and what follows: STI-060 to STI-065 ---- */

static char order[32];

static void step(char c)
{
    size_t n = strlen(order);

    if (n < sizeof order - 1)
        order[n] = c;
}

static void find_step(struct mini_ext *e, PPORT_CONFIGURATION_INFORMATION c)
{
    (void)e;
    (void)c;
    step('F');
}

static bool initialize_step(struct mini_ext *e)
{
    (void)e;
    step('I');
    return true;
}

static bool passive_step(struct mini_ext *e)
{
    (void)e;
    dt_expect_eq(KeGetCurrentIrql(), PASSIVE_LEVEL);
    step('P');
    return true;
}

static void control_step(struct mini_ext *e, SCSI_ADAPTER_CONTROL_TYPE type)
{
    (void)e;
    if (type == ScsiQuerySupportedControlTypes)
        step('Q');
}

static bool first_srb(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    if (strlen(order) < 6)
        step('S');
    return mini_execute(e, srb);
}

static SCSI_UNIT_CONTROL_STATUS unit_step(PVOID e, SCSI_UNIT_CONTROL_TYPE type, PVOID parameters)
{
    (void)e;
    (void)parameters;
    if (type == ScsiQuerySupportedUnitControlTypes)
        step('U');
    return ScsiUnitControlSuccess;
}

WITHOUT(unit_too, HwUnitControl, unit_step)

static void order_body(void *ctx)
{
    const bool *physical = ctx;

    memset(order, 0, sizeof order);
    over(begin(&(struct mini){.physical = *physical,
        .scan = true,
        .find = find_step,
        .initialize = initialize_step,
        .passive = passive_step,
        .control = control_step,
        .start = first_srb,
        .data = unit_too}));
    dt_expect(strncmp(order, "FIPQUS", 6) == 0);
}

static void order_virtual(void *ctx)
{
    (void)ctx;
    order_body(&(bool){false});
}

static void order_physical(void *ctx)
{
    (void)ctx;
    order_body(&(bool){true});
}

static bool initialize_fails(struct mini_ext *e)
{
    (void)e;
    return false;
}

static void initialize_body(void *ctx)
{
    (void)ctx;
    mini = (struct mini){.initialize = initialize_fails};
    dt_expect(!NT_SUCCESS(load_and_start()));
    mini = (struct mini){.initialize = initialize_fails, .physical = true};
    dt_expect(!NT_SUCCESS(load_and_start()));
    mini = (struct mini){.initialize = initialize_step, .physical = true};
    dt_expect_eq(load_and_start(), STATUS_SUCCESS);
}

static KIRQL initialize_irql;

static bool see_level(struct mini_ext *e)
{
    (void)e;
    initialize_irql = KeGetCurrentIrql();
    return true;
}

/* STI-061, STV-007 */
static void level_body(void *ctx)
{
    (void)ctx;
    over(begin(&(struct mini){.physical = true, .initialize = see_level, .cfg.dirql = 7}));
    dt_expect_eq(initialize_irql, 7);
    over(begin(&(struct mini){.initialize = see_level}));
    dt_expect_eq(initialize_irql, PASSIVE_LEVEL);
}

static bool registry_in_initialize(struct mini_ext *e)
{
    ULONG length = 16;

    StorPortAllocateRegistryBuffer(e, &length);
    return true;
}

static bool registry_physical;

static void registry_body(void *ctx)
{
    (void)ctx;
    over(begin(&(struct mini){.physical = registry_physical, .initialize = registry_in_initialize}));
}

static ULONG stall_us;

static bool stall_in_initialize(struct mini_ext *e)
{
    (void)e;
    StorPortStallExecution(stall_us);
    return true;
}

static void stall_body(void *ctx)
{
    (void)ctx;
    over(begin(&(struct mini){.physical = true, .initialize = stall_in_initialize}));
}

static void first_calls(void **state)
{
    (void)state;
    passes(order_virtual); /* STI-062 */
    passes(order_physical);
    passes(initialize_body); /* STI-060 */
    passes(level_body);
    registry_physical = true;
    caught(registry_body, "DT-I01", ANY_CODE); /* STI-061 */
    registry_physical = false;
    passes(registry_body);
    stall_us = 200000;
    caught(stall_body, NULL, ANY_CODE); /* STI-065 */
    stall_us = 20;
    passes(stall_body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_call),
        cmocka_unit_test(required),
        cmocka_unit_test(members),
        cmocka_unit_test(fails_start),
        cmocka_unit_test(layout),
        cmocka_unit_test(dump),
        cmocka_unit_test(first_calls),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
