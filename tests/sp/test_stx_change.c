/* SPDX-License-Identifier: MIT */
/* What a miniport tells of its units: state changes, attention, attributes, failures. */
#include "sp/stx.h"

static STOR_ADDR_BTL8 where = {.Type = STOR_ADDRESS_TYPE_BTL8, .AddressLength = STOR_ADDR_BTL8_ADDRESS_LENGTH};
static KEVENT         told;
static volatile LONG  tellings;
static int            contexts[2];
static unsigned       locks_seen;
static ULONG          again_status;

static PSTOR_ADDRESS address(void)
{
    return (PSTOR_ADDRESS)&where;
}

static struct mini_ext *disk(void)
{
    where.Path = where.Target = where.Lun = 0;
    KeInitializeEvent(&told, SynchronizationEvent, FALSE);
    tellings = 0;
    return ext_of(go(&(struct mini){.scan = true}));
}

/* ---- state changes ---- */

static HW_STATE_CHANGE on_change, on_change_again, on_change_quiet;

/* STX-042: under the StartIo lock, at DISPATCH_LEVEL, with what was given. */
VOID on_change(PVOID ext, PVOID context, SHORT type, PVOID a, ULONG status)
{
    dt_expect(ext == dt_stor_extension(mini_stor) && context == &contexts[0] && a == &where);
    dt_expect_eq(type, STOR_ADDRESS_TYPE_BTL8);
    dt_expect(status < 0x80000000);
    dt_expect_eq(KeGetCurrentIrql(), DISPATCH_LEVEL);
    locks_seen = dt_stor_locks_held(mini_stor);
    InterlockedIncrement(&tellings);
    KeSetEvent(&told, 0, FALSE);
}

VOID on_change_quiet(PVOID ext, PVOID context, SHORT type, PVOID a, ULONG status)
{
    (void)ext, (void)context, (void)type, (void)a, (void)status;
    InterlockedIncrement(&tellings);
    KeSetEvent(&told, 0, FALSE);
}

/* STX-040, STX-041, STX-042: any IRQL; a unit that has come since is found before the routine is called. */
static void change(void *ctx)
{
    struct mini_ext *e = disk();
    unsigned         before = dt_stor_unit_count(mini_stor);

    (void)ctx;
    mini_units_set(2);
    dt_expect_eq(AT_IRQL(DIRQL_TEST, StorPortStateChangeDetected(e, STATE_CHANGE_LUN | STATE_CHANGE_BUS, address(), 0,
                                         on_change, &contexts[0])),
        STOR_STATUS_SUCCESS);
    wait_for(&told);
    dt_expect_eq(tellings, 1);
    dt_expect_eq(locks_seen, DT_STOR_LOCK_STARTIO);
    dt_expect_eq(dt_stor_unit_count(mini_stor), before + 1);
    over(mini_stor);
}

/* STX-040: one at a time. On one processor nothing happens between two calls at DISPATCH_LEVEL. */
static void change_twice(void *ctx)
{
    struct mini_ext *e = disk();
    KIRQL            old;

    (void)ctx;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    dt_expect_eq(
        StorPortStateChangeDetected(e, STATE_CHANGE_LUN, address(), 0, on_change, &contexts[0]), STOR_STATUS_SUCCESS);
    dt_expect_eq(StorPortStateChangeDetected(e, STATE_CHANGE_LUN, address(), 0, on_change, &contexts[1]),
        STOR_STATUS_UNSUCCESSFUL);
    KeLowerIrql(old);
    wait_for(&told);
    dt_expect_eq(tellings, 1);
    over(mini_stor);
}

/* STX-043: accepted inside the callback. */
VOID on_change_again(PVOID ext, PVOID context, SHORT type, PVOID a, ULONG status)
{
    (void)context, (void)type, (void)status;
    if (InterlockedIncrement(&tellings) < 3)
        again_status |= StorPortStateChangeDetected(ext, STATE_CHANGE_TARGET, a, 0, on_change_again, NULL);
    else
        KeSetEvent(&told, 0, FALSE);
}

static void change_again(void *ctx)
{
    struct mini_ext *e = disk();

    (void)ctx;
    again_status = 0;
    dt_expect_eq(
        StorPortStateChangeDetected(e, STATE_CHANGE_TARGET, address(), 0, on_change_again, NULL), STOR_STATUS_SUCCESS);
    wait_for(&told);
    dt_expect_eq(again_status, STOR_STATUS_SUCCESS);
    dt_expect_eq(tellings, 3);
    over(mini_stor);
}

/* STX-045 */
static void change_wrong(void *ctx)
{
    struct mini_ext *e = disk();
    STOR_ADDRESS     other = {.Type = STOR_ADDRESS_TYPE_UNKNOWN};

    (void)ctx;
    dt_expect_eq(StorPortStateChangeDetected(e, 0, address(), 0, NULL, NULL), STOR_STATUS_INVALID_PARAMETER);
    dt_expect_eq(StorPortStateChangeDetected(e, 8, address(), 0, NULL, NULL), STOR_STATUS_INVALID_PARAMETER);
    dt_expect_eq(
        StorPortStateChangeDetected(e, STATE_CHANGE_LUN, &other, 0, NULL, NULL), STOR_STATUS_INVALID_PARAMETER);
    dt_expect_eq(StorPortStateChangeDetected(e, STATE_CHANGE_LUN, NULL, 0, NULL, NULL), STOR_STATUS_INVALID_PARAMETER);
    over(mini_stor);
}

/* STX-044: the address is changed before the callback, on one processor. */
static void change_moves_address(void *ctx)
{
    struct mini_ext *e = disk();
    KIRQL            old;

    (void)ctx;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    StorPortStateChangeDetected(e, STATE_CHANGE_LUN, address(), 0, on_change_quiet, NULL);
    where.Lun = 5;
    KeLowerIrql(old);
    wait_for(&told);
    over(mini_stor);
}

static void state_changes(void **state)
{
    struct dt_config one = config(1);

    (void)state;
    passes(change);
    passes_with(&one, change_twice);
    passes(change_again);
    passes(change_wrong);
    caught_with(&one, change_moves_address, "DT-S09", ANY_CODE);
}

/* ---- attributes, attention ---- */

static volatile ULONG attribute_status;

/* STX-047: during the completion of INQUIRY; reserved bits, unknown units. */
static bool start_attributes(struct mini_ext *e, PSCSI_REQUEST_BLOCK srb)
{
    STOR_UNIT_ATTRIBUTES a = {.AsyncNotificationSupported = 1}, reserved = {.Reserved = 1};
    STOR_ADDR_BTL8       none = where;

    none.Lun = 6;
    if (mini_cdb(srb)[0] == SCSIOP_INQUIRY && mini_lun(srb) == 0) {
        attribute_status = StorPortSetUnitAttributes(e, address(), a);
        dt_expect_eq(StorPortSetUnitAttributes(e, address(), reserved), STOR_STATUS_INVALID_PARAMETER);
        dt_expect_eq(StorPortSetUnitAttributes(e, (PSTOR_ADDRESS)&none, a), STOR_STATUS_INVALID_PARAMETER);
    }
    return mini_execute(e, srb);
}

/* STX-046: two units, of which the first supports it. */
static void attention(void *ctx)
{
    struct mini_ext *e;
    STOR_ADDR_BTL8   second, none;
    KIRQL            old;

    (void)ctx;
    where.Lun = 0;
    attribute_status = 1;
    e = ext_of(go(&(struct mini){.scan = true, .luns = 2, .start = start_attributes}));
    second = none = where;
    second.Lun = 1;
    none.Lun = 5;
    dt_expect_eq(attribute_status, STOR_STATUS_SUCCESS);
    dt_expect_eq(StorPortAsyncNotificationDetected(e, (PSTOR_ADDRESS)&second, 0), STOR_STATUS_INVALID_DEVICE_REQUEST);
    dt_expect_eq(StorPortAsyncNotificationDetected(e, (PSTOR_ADDRESS)&none, 0), STOR_STATUS_INVALID_DEVICE_REQUEST);
    dt_expect_eq(StorPortAsyncNotificationDetected(e, address(), 0x80), STOR_STATUS_INVALID_PARAMETER);
    KeRaiseIrql(DIRQL_TEST, &old);
    dt_expect_eq(StorPortAsyncNotificationDetected(e, address(), 0), STOR_STATUS_SUCCESS);
    dt_expect_eq(
        StorPortAsyncNotificationDetected(e, address(), RAID_ASYNC_NOTIFY_FLAG_MEDIA_STATUS), STOR_STATUS_BUSY);
    KeLowerIrql(old);
    sleep_ms(20);
    if (!simulated())
        dt_run_until_idle();
    dt_expect_eq(
        StorPortAsyncNotificationDetected(e, address(), RAID_ASYNC_NOTIFY_FLAG_MEDIA_STATUS), STOR_STATUS_SUCCESS);
    over(mini_stor);
}

static void unit_attention(void **state)
{
    struct dt_config one = config(1);

    (void)state;
    passes_with(&one, attention);
}

/* ---- failures (STX-048) ---- */

static void failures(void *ctx)
{
    struct mini_ext *e = disk();
    unsigned         units = dt_stor_unit_count(mini_stor);
    const ULONG      remove = STORPORT_MARK_DEVICE_FAILED_FLAG_REMOVE_DEVICE;

    (void)ctx;
    dt_expect_eq(StorPortMarkDeviceFailed(e, address(), 0, WIDE(L"worn out")), STOR_STATUS_SUCCESS);
    dt_expect_eq(StorPortMarkDeviceFailedEx(e, address(), remove | STORPORT_MARK_DEVICE_FAILED_FLAG_PREDICTED_FAILURE,
                     1, NULL, 0, NULL, 0, NULL),
        STOR_STATUS_SUCCESS);
    dt_expect_eq(StorPortMarkDeviceFailed(e, NULL, 0, NULL), STOR_STATUS_SUCCESS); /* the adapter */
    dt_stor_rescan(mini_stor);
    dt_expect_eq(dt_stor_unit_count(mini_stor), units);
    dt_expect_eq(
        StorPortMarkDeviceFailedEx(e, address(), remove, 1, WIDE(L"dead"), 0, NULL, 0, NULL), STOR_STATUS_SUCCESS);
    sleep_ms(50); /* a scan that somebody asks for finds it again: it still answers */
    for (unsigned i = 0; i < 1000 && !simulated() && dt_stor_unit_count(mini_stor) == units; i++)
        sleep_ms(10);
    dt_expect_eq(dt_stor_unit_count(mini_stor), units - 1);
    dt_expect_eq(StorPortMarkDeviceFailed(e, address(), remove, NULL), STOR_STATUS_INVALID_PARAMETER); /* it is gone */
    over(mini_stor);
}

static void failed_units(void **state)
{
    (void)state;
    passes(failures);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(state_changes),
        cmocka_unit_test(unit_attention),
        cmocka_unit_test(failed_units),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
