/* SPDX-License-Identifier: MIT */
/* Named devices with a security descriptor. */
#pragma once

#include <nt/io_api.h>

EXTERN_C_START

extern DT_EXPORT const UNICODE_STRING SDDL_DEVOBJ_KERNEL_ONLY;
extern DT_EXPORT const UNICODE_STRING SDDL_DEVOBJ_INF_SUPPLIED;
extern DT_EXPORT const UNICODE_STRING SDDL_DEVOBJ_SYS_ALL;
extern DT_EXPORT const UNICODE_STRING SDDL_DEVOBJ_SYS_ALL_ADM_ALL;
extern DT_EXPORT const UNICODE_STRING SDDL_DEVOBJ_SYS_ALL_ADM_RX;
extern DT_EXPORT const UNICODE_STRING SDDL_DEVOBJ_SYS_ALL_ADM_RWX_WORLD_R;
extern DT_EXPORT const UNICODE_STRING SDDL_DEVOBJ_SYS_ALL_ADM_RWX_WORLD_R_RES_R;
extern DT_EXPORT const UNICODE_STRING SDDL_DEVOBJ_SYS_ALL_ADM_RWX_WORLD_RW_RES_R;
extern DT_EXPORT const UNICODE_STRING SDDL_DEVOBJ_SYS_ALL_ADM_RWX_WORLD_RWX_RES_RWX;

_IRQL_requires_max_(PASSIVE_LEVEL)
_Must_inspect_result_
NTKERNELAPI NTSTATUS WdmlibIoCreateDeviceSecure(_In_ PDRIVER_OBJECT DriverObject, _In_ ULONG DeviceExtensionSize,
                                                _In_opt_ PUNICODE_STRING DeviceName, _In_ DEVICE_TYPE DeviceType,
                                                _In_ ULONG DeviceCharacteristics, _In_ BOOLEAN Exclusive,
                                                _In_ PCUNICODE_STRING DefaultSDDLString, _In_opt_ LPCGUID DeviceClassGuid,
                                                _Out_ PDEVICE_OBJECT *DeviceObject);
#define IoCreateDeviceSecure WdmlibIoCreateDeviceSecure

EXTERN_C_END
