/* SPDX-License-Identifier: MIT */
/* WMI as a driver sees it in wdm.h: registration, events, notification. The data blocks are in wmistr.h. */
#pragma once

#include <nt/io_irp.h>

EXTERN_C_START

#define WMIREG_ACTION_REGISTER 1
#define WMIREG_ACTION_DEREGISTER 2
#define WMIREG_ACTION_REREGISTER 3
#define WMIREG_ACTION_UPDATE_GUIDS 4
#define WMIREG_ACTION_BLOCK_IRPS 5

/* Wnode: what the event consists of, a WNODE_EVENT_ITEM or another block with the same header. No level is documented. */
_Function_class_(FWMI_NOTIFICATION_CALLBACK)
typedef VOID FWMI_NOTIFICATION_CALLBACK(PVOID Wnode, PVOID Context);
typedef FWMI_NOTIFICATION_CALLBACK *WMI_NOTIFICATION_CALLBACK;

_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI NTSTATUS IoWMIRegistrationControl(_In_ PDEVICE_OBJECT DeviceObject, _In_ ULONG Action);
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI ULONG IoWMIDeviceObjectToProviderId(_In_ PDEVICE_OBJECT DeviceObject);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI NTSTATUS IoWMIOpenBlock(_In_ LPCGUID DataBlockGuid, _In_ ULONG DesiredAccess, _Out_ PVOID *DataBlockObject);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI NTSTATUS IoWMISetNotificationCallback(_Inout_ PVOID Object, _In_ WMI_NOTIFICATION_CALLBACK Callback,
                                                  _In_opt_ PVOID Context);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI NTSTATUS IoWMIWriteEvent(_Inout_ PVOID WnodeEventItem);

EXTERN_C_END
