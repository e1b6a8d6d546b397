/* SPDX-License-Identifier: MIT */
/* StorPort's questions: time, processors, the adapter, the system; and what it is told: events, tracing, telemetry. */
#include "sp/stx.h"

/* ---- time ---- */

/* STX-080: 100 ns since 1601, in steps of the tick; any IRQL. */
static void system_time(void *ctx)
{
    LARGE_INTEGER t, u, ke;
    KIRQL         old;

    (void)ctx;
    KeQuerySystemTime(&ke);
    StorPortQuerySystemTime(&t);
    dt_expect(t.QuadPart >= ke.QuadPart && t.QuadPart - ke.QuadPart < 10000000);
    KeRaiseIrql(DIRQL_TEST, &old);
    StorPortQuerySystemTime(&u);
    KeLowerIrql(old);
    dt_expect(u.QuadPart >= t.QuadPart);
    sleep_ms(30);
    StorPortQuerySystemTime(&t);
    dt_expect(t.QuadPart - u.QuadPart >= 200000);
    if (simulated()) {
        StorPortQuerySystemTime(&u);
        dt_expect_eq((u.QuadPart - t.QuadPart) % TICK_1MS, 0);
    }
}

/* STX-081: monotonic; the frequency is optional, the counter is not. */
static void counter(void *ctx)
{
    struct mini_ext *e = bare();
    LARGE_INTEGER    f = {.QuadPart = 0}, a, b;

    (void)ctx;
    dt_expect_eq(StorPortQueryPerformanceCounter(e, &f, &a), STOR_STATUS_SUCCESS);
    dt_expect_eq(f.QuadPart, 10000000);
    sleep_ms(2);
    dt_expect_eq(AT_IRQL(DIRQL_TEST, StorPortQueryPerformanceCounter(e, NULL, &b)), STOR_STATUS_SUCCESS);
    dt_expect(b.QuadPart - a.QuadPart >= 20000);
    dt_expect_eq(StorPortQueryPerformanceCounter(e, &f, NULL), STOR_STATUS_INVALID_PARAMETER);
    bare_over();
}

/* STX-082, STX-083. */
static void interval_and_level(void *ctx)
{
    struct mini_ext *e = bare();
    ULONG            shortest = 0, longest, least, now;
    KIRQL            irql = 99;

    (void)ctx;
    ExQueryTimerResolution(&longest, &least, &now);
    dt_expect_eq(StorPortQueryTimerMinInterval(e, &shortest), STOR_STATUS_SUCCESS);
    dt_expect_eq(shortest, least);
    dt_expect_eq(StorPortQueryTimerMinInterval(e, NULL), STOR_STATUS_INVALID_PARAMETER);
    dt_expect_eq(AT_IRQL(DIRQL_TEST, StorPortGetCurrentIrql(e, &irql)), STOR_STATUS_SUCCESS);
    dt_expect_eq(irql, DIRQL_TEST);
    dt_expect_eq(StorPortGetCurrentIrql(e, &irql), STOR_STATUS_SUCCESS);
    dt_expect_eq(irql, PASSIVE_LEVEL);
    dt_expect_eq(StorPortGetCurrentIrql(e, NULL), STOR_STATUS_INVALID_PARAMETER);
    bare_over();
}

static void time_routines(void **state)
{
    (void)state;
    passes(system_time);
    passes(counter);
    passes(interval_and_level);
}

/* ---- processors ---- */

/* STX-084 */
static void processors(void *ctx)
{
    struct mini_ext *e = bare();
    PROCESSOR_NUMBER n;
    USHORT           groups;
    ULONG            nodes, highest;
    KAFFINITY        mask;
    GROUP_AFFINITY   g;
    KIRQL            old;

    (void)ctx;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    dt_expect_eq(StorPortGetCurrentProcessorNumber(e, &n), STOR_STATUS_SUCCESS);
    dt_expect_eq(n.Number, KeGetCurrentProcessorNumber());
    KeLowerIrql(old);
    dt_expect_eq(StorPortGetActiveGroupCount(e, &groups), STOR_STATUS_SUCCESS);
    dt_expect_eq(groups, 1);
    dt_expect_eq(StorPortGetActiveNodeCount(e, &nodes), STOR_STATUS_SUCCESS);
    dt_expect_eq(StorPortGetHighestNodeNumber(e, &highest), STOR_STATUS_SUCCESS);
    dt_expect_eq(highest, nodes - 1);
    dt_expect_eq(StorPortGetGroupAffinity(e, 0, &mask), STOR_STATUS_SUCCESS);
    dt_expect_eq(mask, KeQueryActiveProcessors());
    dt_expect_eq(StorPortGetGroupAffinity(e, 5, &mask), STOR_STATUS_UNSUCCESSFUL);
    dt_expect_eq(StorPortGetNodeAffinity(e, 0, &g), STOR_STATUS_SUCCESS);
    dt_expect_eq(g.Mask, mask);
    dt_expect_eq(StorPortGetNodeAffinity(e, 0x10000, &g), STOR_STATUS_INVALID_PARAMETER);
    dt_expect_eq(StorPortGetCurrentProcessorNumber(e, NULL), STOR_STATUS_INVALID_PARAMETER);
    bare_over();
}

/* STX-085: how many are needed is told with the refusal. */
static void node_affinity(void *ctx)
{
    struct mini_ext *e = bare();
    GROUP_AFFINITY   g;
    USHORT           needed = 0;

    (void)ctx;
    dt_expect_eq(StorPortGetNodeAffinity2(e, 0, NULL, 0, &needed), STOR_STATUS_BUFFER_TOO_SMALL);
    dt_expect_eq(needed, 1);
    dt_expect_eq(StorPortGetNodeAffinity2(e, 0, &g, 1, &needed), STOR_STATUS_SUCCESS);
    dt_expect_eq(g.Mask, KeQueryActiveProcessors());
    dt_expect_eq(StorPortGetNodeAffinity2(e, 9, &g, 1, &needed), STOR_STATUS_INVALID_PARAMETER);
    bare_over();
}

/* STX-084: the length that is needed, then the records. */
static void relations(void *ctx)
{
    struct mini_ext                        *e = bare();
    SYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX info[8];
    ULONG                                   length = 0, needed;
    PROCESSOR_NUMBER                        bad = {.Number = 63};

    (void)ctx;
    dt_expect_eq(StorPortGetLogicalProcessorRelationship(e, NULL, RelationProcessorCore, NULL, &length),
        STOR_STATUS_BUFFER_TOO_SMALL);
    needed = length;
    dt_expect(needed && needed <= sizeof info);
    dt_expect_eq(
        StorPortGetLogicalProcessorRelationship(e, NULL, RelationProcessorCore, info, &length), STOR_STATUS_SUCCESS);
    dt_expect_eq(info[0].Relationship, RelationProcessorCore);
    dt_expect_eq(info[0].Processor.GroupMask[0].Mask, 1);
    dt_expect_eq(length / info[0].Size, KeQueryActiveProcessorCount(NULL));
    length = sizeof info;
    dt_expect_eq(StorPortGetLogicalProcessorRelationship(e, NULL, RelationGroup, info, &length), STOR_STATUS_SUCCESS);
    dt_expect_eq(info[0].Group.GroupInfo[0].ActiveProcessorMask, KeQueryActiveProcessors());
    dt_expect_eq(
        StorPortGetLogicalProcessorRelationship(e, &bad, RelationGroup, info, &length), STOR_STATUS_INVALID_PARAMETER);
    bare_over();
}

/* STX-084, STX-120: none of this in an interrupt routine. */
static bool isr_asks(struct mini_ext *e)
{
    PROCESSOR_NUMBER n;
    USHORT           groups;

    dt_expect_eq(StorPortGetCurrentProcessorNumber(e, &n), STOR_STATUS_INVALID_IRQL);
    dt_expect_eq(StorPortGetActiveGroupCount(e, &groups), STOR_STATUS_INVALID_IRQL);
    e->interrupts++;
    return true;
}

static void processors_in_isr(void *ctx)
{
    dt_stor *s = go(&(struct mini){.physical = true, .isr = isr_asks});

    (void)ctx;
    dt_expect(dt_stor_interrupt(s, -1));
    sleep_ms(10);
    dt_expect_eq(ext_of(s)->interrupts, 1);
    over(s);
}

/* STX-086 */
static void message_ids(void *ctx)
{
    struct mini_ext *e = ext_of(go(&(struct mini){.physical = true, .msi = true, .cfg.messages = 4}));
    ULONG            id = 9;

    (void)ctx;
    dt_expect_eq(StorPortGetMessageInterruptIDFromProcessorIndex(e, 1, &id), STOR_STATUS_SUCCESS);
    dt_expect(id < 4);
    dt_expect_eq(StorPortGetMessageInterruptIDFromProcessorIndex(e, 2, &id), STOR_STATUS_INVALID_PARAMETER);
    dt_expect_eq(StorPortGetMessageInterruptIDFromProcessorIndex(e, 0, NULL), STOR_STATUS_INVALID_PARAMETER);
    over(mini_stor);
}

static void processor_routines(void **state)
{
    (void)state;
    passes(processors);
    passes(node_affinity);
    passes(relations);
    passes(message_ids);
    warned(processors_in_isr, "DT-S12");
}

/* ---- the adapter ---- */

static ULONG port_in_find;

static void find_asks(struct mini_ext *e, PPORT_CONFIGURATION_INFORMATION c)
{
    STOR_ADDR_BTL8 a = {.Type = STOR_ADDRESS_TYPE_BTL8, .AddressLength = STOR_ADDR_BTL8_ADDRESS_LENGTH};

    (void)c;
    port_in_find = StorPortGetSystemPortNumber(e, (PSTOR_ADDRESS)&a);
}

/* STX-087, STX-088. */
static void adapter(void *ctx)
{
    struct mini_ext *e = ext_of(go(&(struct mini){.find = find_asks}));
    STOR_ADDR_BTL8   a = {.Type = STOR_ADDRESS_TYPE_BTL8, .Port = 77}, bad = {.Type = 9};
    PVOID            fdo, pdo, lower;

    (void)ctx;
    dt_expect_eq(port_in_find, STOR_STATUS_INVALID_DEVICE_STATE);
    dt_expect_eq(StorPortGetSystemPortNumber(e, (PSTOR_ADDRESS)&a), STOR_STATUS_SUCCESS);
    dt_expect_eq(a.Port, 0);
    dt_expect_eq(StorPortGetSystemPortNumber(e, (PSTOR_ADDRESS)&bad), STOR_STATUS_INVALID_PARAMETER);
    dt_expect_eq(StorPortGetDeviceObjects(e, &fdo, &pdo, &lower), STOR_STATUS_SUCCESS);
    dt_expect(((PDEVICE_OBJECT)pdo)->AttachedDevice == fdo && lower == pdo);
    dt_expect_eq(StorPortGetDeviceObjects(NULL, &fdo, &pdo, &lower), STOR_STATUS_INVALID_PARAMETER);
    bare_over();
}

/* STX-089, STX-090. */
static const GUID some_operation = {1, 2, 3, {4}};

static void system_questions(void *ctx)
{
    struct mini_ext *e = ext_of(go(&(struct mini){.scan = true}));
    STOR_ADDR_BTL8   unit = {.Type = STOR_ADDRESS_TYPE_BTL8}, none = {.Type = STOR_ADDRESS_TYPE_BTL8, .Lun = 7};
    STORPORT_CAPTURE_LIVEDUMP dump = {.Size = sizeof dump, .LiveDumpType = StorportCaptureLiveDumpTypeMini};
    BOOLEAN                   flag = TRUE;
    ULONG                     allowed = 0;
    UCHAR                     out[4];

    (void)ctx;
    dt_expect_eq(
        StorPortInvokeAcpiMethod(e, NULL, 'DSM_', NULL, 0, out, sizeof out, NULL), STOR_STATUS_NOT_IMPLEMENTED);
    dt_expect_eq(
        StorPortInvokeAcpiMethod(e, NULL, 'DSM_', NULL, 4, out, sizeof out, NULL), STOR_STATUS_INVALID_PARAMETER);
    dt_expect_eq(StorPortIsCurrentOsInstallationUpgrade(e, &flag), STOR_STATUS_SUCCESS);
    dt_expect(!flag);
    dt_expect_eq(
        StorPortIsDeviceOperationAllowed(e, (PSTOR_ADDRESS)&unit, &some_operation, &allowed), STOR_STATUS_SUCCESS);
    dt_expect_eq(allowed, 1);
    dt_expect_eq(StorPortIsDeviceOperationAllowed(e, (PSTOR_ADDRESS)&none, &some_operation, &allowed),
        STOR_STATUS_INVALID_PARAMETER);
    dt_expect_eq(StorPortCaptureLiveDump(e, NULL, &dump), STOR_STATUS_SUCCESS);
    dt_expect_eq(StorPortCaptureLiveDump(e, NULL, NULL), STOR_STATUS_INVALID_PARAMETER);
    flag = TRUE;
    dt_expect_eq(StorPortQueryConfiguration(e, StorportQueryConfigurationD3, &flag), STOR_STATUS_SUCCESS);
    dt_expect(!flag);
    dt_expect_eq(StorPortQueryConfiguration(e, StorportQueryConfigurationMax, &flag), STOR_STATUS_INVALID_PARAMETER);
    dt_expect_eq(StorPortQueryConfiguration(e, StorportQueryConfigurationD3, NULL), STOR_STATUS_INVALID_PARAMETER);
    over(mini_stor);
}

/* STX-089, STX-120: at DISPATCH_LEVEL. */
static void system_questions_high(void *ctx)
{
    struct mini_ext          *e = bare();
    STORPORT_CAPTURE_LIVEDUMP dump = {.Size = sizeof dump, .LiveDumpType = StorportCaptureLiveDumpTypeMini};
    STOR_ADDR_BTL8            unit = {.Type = STOR_ADDRESS_TYPE_BTL8};
    BOOLEAN                   flag;
    ULONG                     allowed;

    (void)ctx;
    dt_expect_eq(AT_IRQL(DISPATCH_LEVEL, StorPortInvokeAcpiMethod(e, NULL, 'DSM_', NULL, 0, NULL, 0, NULL)),
        STOR_STATUS_INVALID_IRQL);
    dt_expect_eq(AT_IRQL(DISPATCH_LEVEL, StorPortIsCurrentOsInstallationUpgrade(e, &flag)), STOR_STATUS_INVALID_IRQL);
    dt_expect_eq(
        AT_IRQL(DISPATCH_LEVEL, StorPortIsDeviceOperationAllowed(e, (PSTOR_ADDRESS)&unit, &some_operation, &allowed)),
        STOR_STATUS_INVALID_IRQL);
    dt_expect_eq(AT_IRQL(DISPATCH_LEVEL, StorPortCaptureLiveDump(e, NULL, &dump)), STOR_STATUS_INVALID_IRQL);
    bare_over();
}

static void adapter_routines(void **state)
{
    (void)state;
    passes(adapter);
    passes(system_questions);
    warned(system_questions_high, "DT-S12");
}

/* ---- logging ---- */

/* STX-100 */
static void system_event(void *ctx)
{
    struct mini_ext       *e = bare();
    static UCHAR           dump[200];
    PWSTR                  strings[] = {WIDE(L"one"), WIDE(L"two")};
    STOR_LOG_EVENT_DETAILS d = {.InterfaceRevision = STOR_CURRENT_LOG_INTERFACE_REVISION,
        .Size = sizeof d,
        .ErrorCode = SP_INTERNAL_ADAPTER_ERROR,
        .StorportSpecificErrorCode = TRUE,
        .DumpDataSize = 134,
        .DumpData = dump,
        .StringCount = 2,
        .StringList = strings};
    ULONG                  maximum = 0;

    (void)ctx;
    dt_expect_eq(StorPortLogSystemEvent(e, NULL, NULL), STOR_STATUS_INVALID_PARAMETER);
    dt_expect_eq(StorPortLogSystemEvent(e, &d, &maximum), STOR_STATUS_SUCCESS); /* 134 + 8 + 8 */
    d.DumpDataSize = 135;
    dt_expect_eq(StorPortLogSystemEvent(e, &d, &maximum), STOR_STATUS_INVALID_BUFFER_SIZE);
    dt_expect_eq(maximum, 150);
    d.DumpDataSize = 0;
    d.InterfaceRevision = STOR_CURRENT_LOG_INTERFACE_REVISION + 0x42;
    dt_expect_eq(StorPortLogSystemEvent(e, &d, NULL), STOR_STATUS_SUCCESS);
    d.InterfaceRevision = STOR_CURRENT_LOG_INTERFACE_REVISION + 0x100;
    dt_expect_eq(StorPortLogSystemEvent(e, &d, NULL), STOR_STATUS_UNSUPPORTED_VERSION);
    dt_expect_eq(d.InterfaceRevision, STOR_CURRENT_LOG_INTERFACE_REVISION);
    d.Flags = 1;
    dt_expect_eq(StorPortLogSystemEvent(e, &d, NULL), STOR_STATUS_INVALID_PARAMETER);
    bare_over();
}

static void log_high(void *ctx)
{
    struct mini_ext       *e = bare();
    STOR_LOG_EVENT_DETAILS d = {.Size = sizeof d};

    (void)ctx;
    dt_expect_eq(AT_IRQL(DIRQL_TEST, StorPortLogSystemEvent(e, &d, NULL)), STOR_STATUS_INVALID_IRQL);
    dt_expect_eq(AT_IRQL(DIRQL_TEST, StorPortEtwEvent2(e, NULL, 1, WIDE(L"x"), 0, StorportEtwLevelError,
                                         StorportEtwEventOpcodeInfo, NULL, NULL, 1, NULL, 2)),
        STOR_STATUS_INVALID_IRQL);
    bare_over();
}

/* STX-101: a value without a name is 0 in the trace. */
static char     traced[4096];
static unsigned traced_bytes;

static void keep(void *io, const char *text)
{
    (void)io;
    while (*text && traced_bytes < sizeof traced - 1)
        traced[traced_bytes++] = *text++;
    traced[traced_bytes] = 0;
}

static void tracing(void *ctx)
{
    struct mini_ext *e = bare();

    (void)ctx;
    dt_expect_eq(StorPortEtwEvent2(e, NULL, 17, WIDE(L"two"), 0, StorportEtwLevelError, StorportEtwEventOpcodeInfo,
                     NULL, WIDE(L"first"), 0x11, NULL, 0x22),
        STOR_STATUS_SUCCESS);
    dt_expect_eq(StorPortEtwEvent4(e, NULL, 1, WIDE(L"four"), 0, StorportEtwLevelError, StorportEtwEventOpcodeInfo,
                     NULL, NULL, 1, NULL, 2, NULL, 3, NULL, 4),
        STOR_STATUS_SUCCESS);
    dt_expect_eq(StorPortEtwEvent8(e, NULL, 1, NULL, 0, StorportEtwLevelError, StorportEtwEventOpcodeInfo, NULL, NULL,
                     1, NULL, 2, NULL, 3, NULL, 4, NULL, 5, NULL, 6, NULL, 7, NULL, 8),
        STOR_STATUS_INVALID_PARAMETER);
    StorPortDebugPrint(0, (PCCHAR) "level %d, %s\n", 0, "zero"); /* STX-103 */
    StorPortDebugPrint(3, (PCCHAR) "level %d\n", 3);
    bare_over();
}

static void tracing_old(void *ctx)
{
    struct mini_ext *e = ext_of(go(&(struct mini){.cfg.os = DT_STOR_WINDOWS_8}));

    (void)ctx;
    dt_expect_eq(StorPortEtwEvent2(e, NULL, 17, WIDE(L"two"), 0, StorportEtwLevelError, StorportEtwEventOpcodeInfo,
                     NULL, NULL, 0, NULL, 0),
        STOR_STATUS_NOT_IMPLEMENTED);
    bare_over();
}

/* STX-102 */
static void telemetry(void *ctx)
{
    struct mini_ext                *e = bare();
    static UCHAR                    data[EVENT_BUFFER_MAX_LENGTH + 1];
    static STORPORT_TELEMETRY_EVENT t;

    (void)ctx;
    t = (STORPORT_TELEMETRY_EVENT){.EventId = 3, .EventName = "test", .EventBufferLength = 4096, .EventBuffer = data};
    dt_expect_eq(StorPortLogTelemetry(e, NULL, &t), STOR_STATUS_SUCCESS);
    t.EventBufferLength = 4097;
    dt_expect_eq(StorPortLogTelemetry(e, NULL, &t), STOR_STATUS_INVALID_BUFFER_SIZE);
    t.EventBufferLength = 0;
    dt_expect_eq(StorPortLogTelemetry(e, NULL, &t), STOR_STATUS_INVALID_PARAMETER);
    t.EventBuffer = NULL;
    dt_expect_eq(StorPortLogTelemetry(e, NULL, &t), STOR_STATUS_SUCCESS);
    t.EventBufferLength = 1;
    dt_expect_eq(StorPortLogTelemetry(e, NULL, &t), STOR_STATUS_INVALID_PARAMETER);
    dt_expect_eq(StorPortLogTelemetryEx(e, NULL, &t, (STOR_TELEMETRY_CATEGORY)7), STOR_STATUS_INVALID_PARAMETER);
    dt_expect_eq(StorPortLogTelemetry(e, NULL, NULL), STOR_STATUS_INVALID_PARAMETER);
    bare_over();
}

static void logging(void **state)
{
    struct dt_config cfg = config(2);

    (void)state;
    passes(system_event);
    passes(telemetry);
    passes(tracing_old);
    warned(log_high, "DT-S12");
    traced_bytes = 0;
    cfg.quiet = false;
    cfg.print = keep;
    passes_with(&cfg, tracing);
    assert_non_null(strstr(traced, "event 17 two"));
    assert_non_null(strstr(traced, "first 0x11"));
    assert_null(strstr(traced, "0x22"));
    assert_non_null(strstr(traced, "level 0, zero"));
    assert_non_null(strstr(traced, "level 3"));
}

/* ---- the power framework ---- */

static void power_hints(void *ctx)
{
    STOR_POFX_DEVICE d = {.Version = STOR_POFX_DEVICE_VERSION_V1, .Size = STOR_POFX_DEVICE_SIZE, .ComponentCount = 1};
    STOR_ADDR_BTL8   nobody = {.Type = STOR_ADDRESS_TYPE_BTL8, .AddressLength = 4, .Lun = 7};
    PSTOR_ADDRESS    other = (PSTOR_ADDRESS)&nobody;
    BOOLEAN          cold = TRUE;
    SIZE_T           n = 1;
    GUID             code = {1, 2, 3, {4}};
    struct mini_ext *e = bare();

    (void)ctx;
    dt_expect_eq(StorPortPoFxSetComponentLatency(e, NULL, 0, 100), STOR_STATUS_INVALID_DEVICE_REQUEST);
    dt_expect_eq(StorPortPoFxSetComponentResidency(e, NULL, 0, 100), STOR_STATUS_INVALID_DEVICE_REQUEST);
    dt_expect_eq(StorPortPoFxPowerControl(e, NULL, &code, NULL, 0, NULL, 0, &n), STOR_STATUS_INVALID_DEVICE_REQUEST);
    dt_expect_eq(StorPortInitializePoFxPower(e, NULL, &d, &cold), STOR_STATUS_SUCCESS);
    dt_expect_eq(StorPortPoFxSetComponentLatency(e, NULL, 0, 100), STOR_STATUS_SUCCESS);
    dt_expect_eq(StorPortPoFxSetComponentResidency(e, NULL, 0, 100), STOR_STATUS_SUCCESS);
    dt_expect_eq(StorPortPoFxSetComponentLatency(e, NULL, 1, 100), STOR_STATUS_INVALID_PARAMETER);
    dt_expect_eq(StorPortPoFxSetComponentResidency(e, other, 0, 100), STOR_STATUS_INVALID_PARAMETER);
    dt_expect_eq(StorPortPoFxSetComponentLatency(NULL, NULL, 0, 100), STOR_STATUS_INVALID_PARAMETER);
    dt_expect_eq(StorPortPoFxPowerControl(e, NULL, &code, NULL, 0, NULL, 0, &n), STOR_STATUS_UNSUCCESSFUL);
    dt_expect_eq(n, 0);
    dt_expect_eq(StorPortPoFxPowerControl(e, NULL, NULL, NULL, 0, NULL, 0, NULL), STOR_STATUS_INVALID_PARAMETER);
    bare_over();
}

static void power_hint_high(void *ctx)
{
    struct mini_ext *e = bare();

    (void)ctx;
    dt_expect_eq(AT_IRQL(DIRQL_TEST, StorPortPoFxSetComponentLatency(e, NULL, 0, 1)), STOR_STATUS_INVALID_IRQL);
    bare_over();
}

static void power(void **state)
{
    (void)state;
    passes(power_hints);
    warned(power_hint_high, "DT-S12");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(time_routines),
        cmocka_unit_test(processor_routines),
        cmocka_unit_test(adapter_routines),
        cmocka_unit_test(logging),
        cmocka_unit_test(power),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
