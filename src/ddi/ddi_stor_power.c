/* SPDX-License-Identifier: MIT */
/* ddi/ddi_stor_power.c - StorPort's routines about idle power, the registry and service requests. */
#include "ddi/ddi_stor.h"

#define CALLER __builtin_return_address(0)

/* ---- idle power ---- */

STORPORTAPI ULONG StorPortInitializePoFxPower(
    PVOID HwDeviceExtension, PSTOR_ADDRESS Address, PSTOR_POFX_DEVICE Device, PBOOLEAN D3ColdEnabled)
{
    STOR_ENTER_CHECKED(StorPortInitializePoFxPower, HwDeviceExtension);
    ULONG status = a ? sp_pofx_initialize(a, Address, Device, D3ColdEnabled) : STOR_STATUS_INVALID_PARAMETER;

    STOR_LEAVE(StorPortInitializePoFxPower, HwDeviceExtension, status);
}

STORPORTAPI ULONG StorPortPoFxActivateComponent(
    PVOID HwDeviceExtension, PSTOR_ADDRESS Address, PSCSI_REQUEST_BLOCK Srb, ULONG Component, ULONG Flags)
{
    struct sp_pofx_call c = {.srb = Srb, .component = Component, .flags = Flags, .activate = true};

    STOR_ENTER_ANY(StorPortPoFxActivateComponent, HwDeviceExtension);
    ULONG status = a ? sp_pofx_component(a, Address, &c, CALLER) : STOR_STATUS_INVALID_PARAMETER;

    STOR_LEAVE(StorPortPoFxActivateComponent, HwDeviceExtension, status);
}

STORPORTAPI ULONG StorPortPoFxIdleComponent(
    PVOID HwDeviceExtension, PSTOR_ADDRESS Address, PSCSI_REQUEST_BLOCK Srb, ULONG Component, ULONG Flags)
{
    struct sp_pofx_call c = {.srb = Srb, .component = Component, .flags = Flags};

    STOR_ENTER_ANY(StorPortPoFxIdleComponent, HwDeviceExtension);
    ULONG status = a ? sp_pofx_component(a, Address, &c, CALLER) : STOR_STATUS_INVALID_PARAMETER;

    STOR_LEAVE(StorPortPoFxIdleComponent, HwDeviceExtension, status);
}

STORPORTAPI ULONG StorPortPoFxSetIdleTimeout(PVOID HwDeviceExtension, PSTOR_ADDRESS Address, ULONG IdleTimeoutInMS)
{
    STOR_ENTER_CHECKED(StorPortPoFxSetIdleTimeout, HwDeviceExtension);
    ULONG status = a ? sp_pofx_idle_timeout(a, Address, IdleTimeoutInMS) : STOR_STATUS_INVALID_PARAMETER;

    STOR_LEAVE(StorPortPoFxSetIdleTimeout, HwDeviceExtension, status);
}

/* The perf set was never registered as such: any index and state will do. */
STORPORTAPI ULONG StorPortPoFxSetPerfState(PVOID HwDeviceExtension, PSTOR_ADDRESS Address, ULONG Component, ULONG Flags,
    ULONG SetIndex, ULONGLONG State, PVOID Context)
{
    (void)SetIndex;
    (void)State;
    STOR_ENTER_CHECKED(StorPortPoFxSetPerfState, HwDeviceExtension);
    ULONG status = a && !Flags ? sp_pofx_perf_state(a, Address, Component, Context) : STOR_STATUS_INVALID_PARAMETER;

    STOR_LEAVE(StorPortPoFxSetPerfState, HwDeviceExtension, status);
}

/* Hints to the power framework, which has no use for them here. */
STORPORTAPI ULONG StorPortPoFxSetComponentLatency(
    PVOID HwDeviceExtension, PSTOR_ADDRESS Address, ULONG Component, ULONGLONG Latency)
{
    (void)Latency;
    STOR_ENTER_ANY(StorPortPoFxSetComponentLatency, HwDeviceExtension);
    ULONG status = STOR_CHECK(StorPortPoFxSetComponentLatency, a, true, SP_OS_8);

    if (status == STOR_STATUS_SUCCESS)
        status = sp_pofx_known(a, Address, Component);
    STOR_LEAVE(StorPortPoFxSetComponentLatency, HwDeviceExtension, status);
}

STORPORTAPI ULONG StorPortPoFxSetComponentResidency(
    PVOID HwDeviceExtension, PSTOR_ADDRESS Address, ULONG Component, ULONGLONG Residency)
{
    (void)Residency;
    STOR_ENTER_ANY(StorPortPoFxSetComponentResidency, HwDeviceExtension);
    ULONG status = STOR_CHECK(StorPortPoFxSetComponentResidency, a, true, SP_OS_8);

    if (status == STOR_STATUS_SUCCESS)
        status = sp_pofx_known(a, Address, Component);
    STOR_LEAVE(StorPortPoFxSetComponentResidency, HwDeviceExtension, status);
}

/* There is no power engine plug-in that would know the code. */
STORPORTAPI ULONG StorPortPoFxPowerControl(PVOID HwDeviceExtension, PSTOR_ADDRESS Address, LPCGUID PowerControlCode,
    PVOID InBuffer, SIZE_T InBufferSize, PVOID OutBuffer, SIZE_T OutBufferSize, PSIZE_T BytesReturned)
{
    (void)InBuffer;
    (void)InBufferSize;
    (void)OutBuffer;
    (void)OutBufferSize;
    STOR_ENTER_ANY(StorPortPoFxPowerControl, HwDeviceExtension);
    ULONG status = STOR_CHECK(StorPortPoFxPowerControl, a, PowerControlCode, SP_OS_8);

    if (status == STOR_STATUS_SUCCESS)
        status = sp_pofx_known(a, Address, 0);
    if (status == STOR_STATUS_SUCCESS)
        status = STOR_STATUS_UNSUCCESSFUL;
    if (BytesReturned)
        *BytesReturned = 0;
    STOR_LEAVE(StorPortPoFxPowerControl, HwDeviceExtension, status);
}

/* ---- registry ---- */

STORPORTAPI PUCHAR StorPortAllocateRegistryBuffer(PVOID HwDeviceExtension, PULONG Length)
{
    STOR_ENTER(StorPortAllocateRegistryBuffer, HwDeviceExtension);
    PUCHAR buffer = a ? sp_registry_buffer(a, Length) : NULL;

    DDI_LEAVE(StorPortAllocateRegistryBuffer, HwDeviceExtension, (uintptr_t)buffer);
    return buffer;
}

STORPORTAPI VOID StorPortFreeRegistryBuffer(PVOID HwDeviceExtension, PUCHAR Buffer)
{
    STOR_ENTER(StorPortFreeRegistryBuffer, HwDeviceExtension);
    if (a)
        sp_registry_buffer_free(a, Buffer, CALLER);
    DDI_LEAVE(StorPortFreeRegistryBuffer, HwDeviceExtension, 0);
}

STORPORTAPI BOOLEAN StorPortRegistryRead(
    PVOID HwDeviceExtension, PUCHAR ValueName, ULONG Global, ULONG Type, PUCHAR Buffer, PULONG BufferLength)
{
    STOR_ENTER(StorPortRegistryRead, HwDeviceExtension);
    BOOLEAN done = a && sp_registry_read(a, (const char *)ValueName, Global, Type, Buffer, BufferLength);

    STOR_LEAVE(StorPortRegistryRead, HwDeviceExtension, done);
}

STORPORTAPI BOOLEAN StorPortRegistryWrite(
    PVOID HwDeviceExtension, PUCHAR ValueName, ULONG Global, ULONG Type, PUCHAR Buffer, ULONG BufferLength)
{
    STOR_ENTER(StorPortRegistryWrite, HwDeviceExtension);
    BOOLEAN done = a && sp_registry_write(a, (const char *)ValueName, Global, Type, Buffer, BufferLength);

    STOR_LEAVE(StorPortRegistryWrite, HwDeviceExtension, done);
}

/* Subkeys are not kept apart. The buffer comes from the port where none is given, and is freed as a registry buffer. */
STORPORTAPI ULONG StorPortRegistryReadAdapterKey(PVOID HwDeviceExtension, PUCHAR SubKeyName, PUCHAR ValueName,
    ULONG ValueType, PVOID *ValueData, PULONG ValueDataLength)
{
    (void)SubKeyName;
    STOR_ENTER_CHECKED(StorPortRegistryReadAdapterKey, HwDeviceExtension);
    ULONG status = a && ValueName && ValueData && ValueDataLength
                       ? sp_registry_read_key(a, (const char *)ValueName, ValueType, ValueData, ValueDataLength)
                       : STOR_STATUS_INVALID_PARAMETER;

    STOR_LEAVE(StorPortRegistryReadAdapterKey, HwDeviceExtension, status);
}

STORPORTAPI ULONG StorPortRegistryWriteAdapterKey(PVOID HwDeviceExtension, PUCHAR SubKeyName, PUCHAR ValueName,
    ULONG ValueType, PVOID ValueData, ULONG ValueDataLength)
{
    ULONG status = STOR_STATUS_INVALID_PARAMETER;

    (void)SubKeyName;
    STOR_ENTER_CHECKED(StorPortRegistryWriteAdapterKey, HwDeviceExtension);
    if (a && ValueName && ValueData)
        status = sp_registry_write(a, (const char *)ValueName, FALSE, ValueType, ValueData, ValueDataLength)
                     ? STOR_STATUS_SUCCESS
                     : STOR_STATUS_UNSUCCESSFUL;
    STOR_LEAVE(StorPortRegistryWriteAdapterKey, HwDeviceExtension, status);
}

STORPORTAPI ULONG StorPortEnableRegistryKeyNotification(
    PVOID HwDeviceExtension, PHW_REGISTRY_NOTIFICATION_ROUTINE NotificationCallback)
{
    ULONG status = STOR_STATUS_INVALID_PARAMETER;

    STOR_ENTER_CHECKED(StorPortEnableRegistryKeyNotification, HwDeviceExtension);
    if (a && stor_absent(a, SP_OS_11)) {
        status = STOR_STATUS_NOT_IMPLEMENTED;
    } else if (a && NotificationCallback) {
        a->control.registry_routine = (PVOID)NotificationCallback;
        status = STOR_STATUS_SUCCESS;
    }
    STOR_LEAVE(StorPortEnableRegistryKeyNotification, HwDeviceExtension, status);
}

/* ---- service requests ---- */

STORPORTAPI ULONG StorPortCompleteServiceIrp(PVOID HwDeviceExtension, PVOID Irp)
{
    STOR_ENTER_CHECKED(StorPortCompleteServiceIrp, HwDeviceExtension);
    ULONG status = a ? sp_service_complete(a, Irp, CALLER) : STOR_STATUS_INVALID_PARAMETER;

    STOR_LEAVE(StorPortCompleteServiceIrp, HwDeviceExtension, status);
}
