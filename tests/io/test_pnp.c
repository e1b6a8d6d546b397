/* SPDX-License-Identifier: MIT */
/* What there is of plug and play, power and the registry: empty keys, names of interfaces, power states. */
#include "../machine.h"

static NTSTATUS entry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    PDEVICE_OBJECT device;

    (void)path;
    return IoCreateDevice(driver, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
}

static PDEVICE_OBJECT make_device(void)
{
    dt_driver *driver = dt_driver_load((dt_driver_entry *)entry);

    dt_expect(driver != NULL);
    return driver->DeviceObject;
}

static void device_keys_are_empty(void *unused)
{
    UNICODE_STRING name = {.Buffer = (WCHAR[]){'x', 0}, .Length = 2, .MaximumLength = 4};
    HANDLE         key = NULL;
    ULONG          n = 7, value = 1;

    (void)unused;
    dt_expect_eq(IoOpenDeviceRegistryKey(make_device(), PLUGPLAY_REGKEY_DEVICE, 0, &key), STATUS_SUCCESS);
    dt_expect_eq(
        ZwQueryValueKey(key, &name, KeyValueFullInformation, &value, sizeof value, &n), STATUS_OBJECT_NAME_NOT_FOUND);
    dt_expect_eq(n, 0);
    dt_expect_eq(ZwSetValueKey(key, &name, 0, REG_DWORD, &value, sizeof value), STATUS_ACCESS_DENIED);
    dt_expect_eq(ZwClose(key), STATUS_SUCCESS);
    dt_expect_eq(ZwQueryValueKey(key, &name, KeyValueFullInformation, &value, sizeof value, &n), STATUS_INVALID_HANDLE);
}

static void interfaces_have_names(void *unused)
{
    const GUID class = {.Data1 = 0x12345678, .Data2 = 0x9abc, .Data3 = 0xdef0, .Data4 = {1, 2, 3, 4, 5, 6, 7, 8}};
    UNICODE_STRING reference = {.Buffer = (WCHAR[]){'r', 0}, .Length = 2, .MaximumLength = 4}, one, two;
    PDEVICE_OBJECT device = make_device();

    (void)unused;
    dt_expect_eq(IoRegisterDeviceInterface(device, &class, NULL, &one), STATUS_SUCCESS);
    dt_expect_eq(IoRegisterDeviceInterface(device, &class, &reference, &two), STATUS_SUCCESS);
    dt_expect_eq(one.Buffer[one.Length / 2], 0);
    dt_expect_eq(one.Buffer[one.Length / 2 - 1], '}');
    dt_expect_eq(two.Length, one.Length + 4);
    dt_expect_eq(two.Buffer[one.Length / 2], '\\');
    dt_expect_eq(two.Buffer[one.Length / 2 + 1], 'r');
    dt_expect_eq(IoSetDeviceInterfaceState(&one, TRUE), STATUS_SUCCESS);
    RtlFreeUnicodeString(&one);
    ExFreePoolWithTag(two.Buffer, 0x656e696d);
}

static void power_states_are_kept(void *unused)
{
    PDEVICE_OBJECT device = make_device();

    (void)unused;
    PoSetPowerState(device, DevicePowerState, (POWER_STATE){.DeviceState = PowerDeviceD0});
    PoSetPowerState(device, SystemPowerState, (POWER_STATE){.SystemState = PowerSystemWorking});
    dt_expect_eq(PoSetPowerState(device, DevicePowerState, (POWER_STATE){.DeviceState = PowerDeviceD3}).DeviceState,
        PowerDeviceD0);
    dt_expect_eq(
        PoSetPowerState(device, SystemPowerState, (POWER_STATE){.SystemState = PowerSystemSleeping1}).SystemState,
        PowerSystemWorking);
    dt_expect_eq(PoSetPowerState(device, DevicePowerState, (POWER_STATE){.DeviceState = PowerDeviceD0}).DeviceState,
        PowerDeviceD3);
}

static void test_pnp(void **state)
{
    (void)state;
    passes(device_keys_are_empty);
    passes(interfaces_have_names);
    passes(power_states_are_kept);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_pnp)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
