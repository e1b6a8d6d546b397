/* SPDX-License-Identifier: MIT */
/*
 * ddi/ddi_pnp.c - the little of plug and play, power and the registry that a bus or filter driver needs to come up without a
 * PnP manager. Device keys can be opened and are empty; they keep nothing. An interface has a name, which leads nowhere. Device
 * relations are asked for by nobody but the test.
 */
#include "ddi/ddi.h"
#include "ex/pool.h"
#include "io/ob.h"

#define NO_TAG 0u /* drivers free the name with RtlFreeUnicodeString, or with a tag of their own */

/* ---- device keys ---- */

static OBJECT_TYPE key_type = {.name = "Key"};

NTKERNELAPI NTSTATUS NTAPI IoOpenDeviceRegistryKey(
    PDEVICE_OBJECT DeviceObject, ULONG DevInstKeyType, ACCESS_MASK DesiredAccess, PHANDLE DeviceRegKey)
{
    DDI_ENTER(IoOpenDeviceRegistryKey, DeviceObject);
    (void)DevInstKeyType, (void)DesiredAccess;
    void    *key = ob_create(&key_type, sizeof(DISPATCHER_HEADER));
    NTSTATUS status = key ? ob_handle_create(key, DeviceRegKey) : STATUS_INSUFFICIENT_RESOURCES;

    if (key)
        ob_dereference(key); /* the handle has its own */
    DDI_LEAVE(IoOpenDeviceRegistryKey, DeviceObject, status);
    return status;
}

static NTSTATUS check_key(HANDLE handle, NTSTATUS then)
{
    void    *key = NULL;
    NTSTATUS status = ob_handle_reference(handle, &key_type, &key);

    if (!NT_SUCCESS(status))
        return status;
    ob_dereference(key);
    return then;
}

NTSYSAPI NTSTATUS NTAPI ZwQueryValueKey(HANDLE KeyHandle, PUNICODE_STRING ValueName,
    KEY_VALUE_INFORMATION_CLASS KeyValueInformationClass, PVOID KeyValueInformation, ULONG Length, PULONG ResultLength)
{
    DDI_ENTER(ZwQueryValueKey, KeyHandle);
    (void)ValueName, (void)KeyValueInformationClass, (void)KeyValueInformation, (void)Length;
    *ResultLength = 0;
    NTSTATUS status = check_key(KeyHandle, STATUS_OBJECT_NAME_NOT_FOUND);

    DDI_LEAVE(ZwQueryValueKey, KeyHandle, status);
    return status;
}

NTSYSAPI NTSTATUS NTAPI ZwSetValueKey(
    HANDLE KeyHandle, PUNICODE_STRING ValueName, ULONG TitleIndex, ULONG Type, PVOID Data, ULONG DataSize)
{
    DDI_ENTER(ZwSetValueKey, KeyHandle);
    (void)ValueName, (void)TitleIndex, (void)Type, (void)Data, (void)DataSize;
    NTSTATUS status = check_key(KeyHandle, STATUS_ACCESS_DENIED);

    DDI_LEAVE(ZwSetValueKey, KeyHandle, status);
    return status;
}

NTSYSAPI NTSTATUS NTAPI RtlQueryRegistryValues(
    ULONG RelativeTo, PCWSTR Path, PRTL_QUERY_REGISTRY_TABLE QueryTable, PVOID Context, PVOID Environment)
{
    DDI_ENTER(RtlQueryRegistryValues, QueryTable);
    (void)RelativeTo, (void)Path, (void)Context, (void)Environment;
    DDI_LEAVE(RtlQueryRegistryValues, QueryTable, STATUS_OBJECT_NAME_NOT_FOUND);
    return STATUS_OBJECT_NAME_NOT_FOUND;
}

/* ---- devices ---- */

NTKERNELAPI NTSTATUS NTAPI IoGetDeviceProperty(PDEVICE_OBJECT DeviceObject, DEVICE_REGISTRY_PROPERTY DeviceProperty,
    ULONG BufferLength, PVOID PropertyBuffer, PULONG ResultLength)
{
    DDI_ENTER(IoGetDeviceProperty, DeviceObject);
    (void)DeviceProperty, (void)BufferLength, (void)PropertyBuffer;
    *ResultLength = 0;
    DDI_LEAVE(IoGetDeviceProperty, DeviceObject, STATUS_OBJECT_NAME_NOT_FOUND);
    return STATUS_OBJECT_NAME_NOT_FOUND;
}

NTKERNELAPI VOID NTAPI IoInvalidateDeviceRelations(PDEVICE_OBJECT DeviceObject, DEVICE_RELATION_TYPE Type)
{
    DDI_ENTER(IoInvalidateDeviceRelations, DeviceObject);
    (void)Type;
    DDI_LEAVE(IoInvalidateDeviceRelations, DeviceObject, 0);
}

/* ---- interfaces ---- */

static unsigned append(WCHAR *to, unsigned at, const WCHAR *text)
{
    while (*text)
        to[at++] = *text++;
    return at;
}

static unsigned append_hex(WCHAR *to, unsigned at, uint64_t value, unsigned digits)
{
    while (digits-- > 0)
        to[at++] = (WCHAR) "0123456789abcdef"[value >> 4 * digits & 15];
    return at;
}

/* Names the device by its address and the class by its GUID's digits. */
static unsigned interface_name(WCHAR *to, const void *device, const GUID *class)
{
    unsigned n = append(to, 0, L"\\??\\DEVICE#");

    n = append_hex(to, n, (uintptr_t)device, 16);
    n = append(to, n, L"#{");
    n = append_hex(to, n, class->Data1, 8);
    n = append_hex(to, n, class->Data2, 4);
    n = append_hex(to, n, class->Data3, 4);
    for (unsigned i = 0; i < 8; i++)
        n = append_hex(to, n, class->Data4[i], 2);
    return append(to, n, L"}");
}

NTKERNELAPI NTSTATUS NTAPI IoRegisterDeviceInterface(PDEVICE_OBJECT PhysicalDeviceObject,
    const GUID *InterfaceClassGuid, PUNICODE_STRING ReferenceString, PUNICODE_STRING SymbolicLinkName)
{
    DDI_ENTER(IoRegisterDeviceInterface, PhysicalDeviceObject);
    WCHAR    name[80];
    unsigned bytes = interface_name(name, PhysicalDeviceObject, InterfaceClassGuid) * (unsigned)sizeof *name;
    unsigned more = ReferenceString ? ReferenceString->Length + (unsigned)sizeof *name : 0;
    WCHAR   *p = ex_pool_alloc(EX_POOL_PAGED, bytes + more + sizeof *p, NO_TAG, __builtin_return_address(0));
    NTSTATUS status = p ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;

    if (p) {
        RtlCopyMemory(p, name, bytes);
        if (more) {
            p[bytes / sizeof *p] = L'\\';
            RtlCopyMemory(p + bytes / sizeof *p + 1, ReferenceString->Buffer, ReferenceString->Length);
        }
        p[(bytes + more) / sizeof *p] = 0;
        *SymbolicLinkName = (UNICODE_STRING){
            .Buffer = p, .Length = (USHORT)(bytes + more), .MaximumLength = (USHORT)(bytes + more + sizeof *p)};
    }
    DDI_LEAVE(IoRegisterDeviceInterface, PhysicalDeviceObject, status);
    return status;
}

NTKERNELAPI NTSTATUS NTAPI IoSetDeviceInterfaceState(PUNICODE_STRING SymbolicLinkName, BOOLEAN Enable)
{
    DDI_ENTER(IoSetDeviceInterfaceState, SymbolicLinkName);
    (void)Enable;
    NTSTATUS status = SymbolicLinkName && SymbolicLinkName->Length ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;

    DDI_LEAVE(IoSetDeviceInterfaceState, SymbolicLinkName, status);
    return status;
}

/* ---- power ---- */

/* Bits 0 to 3 of PowerFlags are the system's state, bits 4 to 7 the device's. */
NTKERNELAPI POWER_STATE NTAPI PoSetPowerState(PDEVICE_OBJECT DeviceObject, POWER_STATE_TYPE Type, POWER_STATE State)
{
    unsigned    shift = Type == DevicePowerState ? 4 : 0;
    ULONG      *flags = &DeviceObject->DeviceObjectExtension->PowerFlags, old, new;
    POWER_STATE before;

    DDI_ENTER(PoSetPowerState, DeviceObject);
    old = __atomic_load_n(flags, __ATOMIC_RELAXED);
    do
        new = (old & ~(15u << shift)) | ((ULONG)State.DeviceState & 15) << shift;
    while (!__atomic_compare_exchange_n(flags, &old, new, false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED));
    before.DeviceState = (DEVICE_POWER_STATE)(old >> shift & 15);
    DDI_LEAVE(PoSetPowerState, DeviceObject, before.DeviceState);
    return before;
}
