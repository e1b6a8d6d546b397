/* SPDX-License-Identifier: MIT */
/* ddi/ddi_stor_config.c - StorPort's routines for HwStorFindAdapter: bus data, mappings, uncached extension, features. */
#include "ddi/ddi_stor.h"

#define CALLER __builtin_return_address(0)

enum { MARK_PHYSICAL = 1 }; /* MARK_DUMP_MEMORY_FLAG_PHYSICAL_ADDRESS; Inferred: the page gives no number */

STORPORTAPI ULONG StorPortGetBusData(
    PVOID DeviceExtension, ULONG BusDataType, ULONG SystemIoBusNumber, ULONG SlotNumber, PVOID Buffer, ULONG Length)
{
    STOR_ENTER(StorPortGetBusData, DeviceExtension);
    ULONG n = a ? sp_bus_data_get(a, BusDataType, SystemIoBusNumber, SlotNumber, Buffer, Length, CALLER) : 0;

    STOR_LEAVE(StorPortGetBusData, DeviceExtension, n);
}

STORPORTAPI ULONG StorPortSetBusDataByOffset(PVOID DeviceExtension, ULONG BusDataType, ULONG SystemIoBusNumber,
    ULONG SlotNumber, PVOID Buffer, ULONG Offset, ULONG Length)
{
    STOR_ENTER(StorPortSetBusDataByOffset, DeviceExtension);
    ULONG n = a ? sp_bus_data_set(a, BusDataType, SystemIoBusNumber, SlotNumber, Buffer, Offset, Length, CALLER) : 0;

    STOR_LEAVE(StorPortSetBusDataByOffset, DeviceExtension, n);
}

STORPORTAPI PVOID StorPortGetDeviceBase(PVOID HwDeviceExtension, INTERFACE_TYPE BusType, ULONG SystemIoBusNumber,
    STOR_PHYSICAL_ADDRESS IoAddress, ULONG NumberOfBytes, BOOLEAN InIoSpace)
{
    (void)BusType;
    (void)SystemIoBusNumber;
    STOR_ENTER(StorPortGetDeviceBase, HwDeviceExtension);
    PVOID base = a ? sp_device_base(a, (uint64_t)IoAddress.QuadPart, NumberOfBytes, InIoSpace) : NULL;

    DDI_LEAVE(StorPortGetDeviceBase, HwDeviceExtension, (uintptr_t)base);
    return base;
}

STORPORTAPI VOID StorPortFreeDeviceBase(PVOID HwDeviceExtension, PVOID MappedAddress)
{
    STOR_ENTER(StorPortFreeDeviceBase, HwDeviceExtension);
    if (a)
        sp_device_base_free(a, MappedAddress, CALLER);
    DDI_LEAVE(StorPortFreeDeviceBase, HwDeviceExtension, 0);
}

/* STI-047. */
STORPORTAPI BOOLEAN StorPortValidateRange(PVOID HwDeviceExtension, INTERFACE_TYPE BusType, ULONG SystemIoBusNumber,
    STOR_PHYSICAL_ADDRESS IoAddress, ULONG NumberOfBytes, BOOLEAN InIoSpace)
{
    (void)BusType;
    (void)SystemIoBusNumber;
    (void)IoAddress;
    (void)NumberOfBytes;
    (void)InIoSpace;
    DDI_ENTER(StorPortValidateRange, HwDeviceExtension);
    sp_warn("DT-S16", HwDeviceExtension, CALLER, "StorPortValidateRange is deprecated: it always returns TRUE");
    STOR_LEAVE(StorPortValidateRange, HwDeviceExtension, TRUE);
}

STORPORTAPI PVOID StorPortGetUncachedExtension(
    PVOID HwDeviceExtension, PPORT_CONFIGURATION_INFORMATION ConfigInfo, ULONG NumberOfBytes)
{
    STOR_ENTER(StorPortGetUncachedExtension, HwDeviceExtension);
    PVOID p = a ? sp_uncached_extension(a, ConfigInfo, NumberOfBytes, CALLER) : NULL;

    DDI_LEAVE(StorPortGetUncachedExtension, HwDeviceExtension, (uintptr_t)p);
    return p;
}

STORPORTAPI ULONG StorPortSetAdapterBusType(PVOID HwDeviceExtension, STORAGE_BUS_TYPE BusType)
{
    STOR_ENTER_CHECKED(StorPortSetAdapterBusType, HwDeviceExtension);
    ULONG status = a ? sp_bus_type_set(a, BusType) : STOR_STATUS_INVALID_PARAMETER;

    STOR_LEAVE(StorPortSetAdapterBusType, HwDeviceExtension, status);
}

STORPORTAPI ULONG StorPortSetFeatureList(
    PVOID HwDeviceExtension, ULONG FeatureCount, STORPORT_FEATURE_TYPE *FeatureList)
{
    STOR_ENTER_CHECKED(StorPortSetFeatureList, HwDeviceExtension);
    ULONG status = a ? sp_features_set(a, FeatureCount, FeatureList, CALLER) : STOR_STATUS_INVALID_PARAMETER;

    STOR_LEAVE(StorPortSetFeatureList, HwDeviceExtension, status);
}

STORPORTAPI ULONG StorPortSetPowerSettingNotificationGuids(PVOID HwDeviceExtension, ULONG GuidCount, LPCGUID Guid)
{
    STOR_ENTER_CHECKED(StorPortSetPowerSettingNotificationGuids, HwDeviceExtension);
    ULONG status = a ? sp_power_guids_set(a, Guid, GuidCount, CALLER) : STOR_STATUS_INVALID_PARAMETER;

    STOR_LEAVE(StorPortSetPowerSettingNotificationGuids, HwDeviceExtension, status);
}

/* STI-049. Nothing is dumped here: only the rules are kept. In DriverEntry there is no adapter yet. */
STORPORTAPI ULONG StorPortMarkDumpMemory(PVOID HwDeviceExtension, PVOID Address, ULONG_PTR Length, ULONG Flags)
{
    (void)Address;
    (void)Length;
    DDI_ENTER(StorPortMarkDumpMemory, HwDeviceExtension);
    struct sp_adapter *a = sp_adapter_find(HwDeviceExtension);
    ULONG              status = Flags & ~(ULONG)MARK_PHYSICAL ? STOR_STATUS_INVALID_PARAMETER : STOR_STATUS_SUCCESS;

    if (a)
        sp_find_only(a, "StorPortMarkDumpMemory", CALLER);
    STOR_LEAVE(StorPortMarkDumpMemory, HwDeviceExtension, status);
}
