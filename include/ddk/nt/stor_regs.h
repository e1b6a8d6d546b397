/* SPDX-License-Identifier: MIT */
/*
 * Registers and ports of an adapter. Exported routines, not plain loads and stores: an address within a device's mapped
 * range reaches its model (base/device.h), everything else is memory, read and written as the machine's registers are.
 */
#pragma once

#include <nt/levels.h>

EXTERN_C_START

#define STOR_REGISTER(word, type)                                                                                \
    DT_EXPORT type StorPortReadRegister##word(_In_ PVOID HwDeviceExtension, _In_ volatile type *Register);       \
    DT_EXPORT VOID StorPortWriteRegister##word(_In_ PVOID HwDeviceExtension, _In_ volatile type *Register,       \
                                               _In_ type Value);                                                 \
    DT_EXPORT VOID StorPortReadRegisterBuffer##word(_In_ PVOID HwDeviceExtension, _In_ volatile type *Register,  \
                                                    _Out_ type *Buffer, _In_ ULONG Count);                       \
    DT_EXPORT VOID StorPortWriteRegisterBuffer##word(_In_ PVOID HwDeviceExtension, _In_ volatile type *Register, \
                                                     _In_ type *Buffer, _In_ ULONG Count);
#define STOR_PORT(word, type)                                                                                        \
    DT_EXPORT type StorPortReadPort##word(_In_ PVOID HwDeviceExtension, _In_ volatile type *Port);                   \
    DT_EXPORT VOID StorPortWritePort##word(_In_ PVOID HwDeviceExtension, _In_ volatile type *Port, _In_ type Value); \
    DT_EXPORT VOID StorPortReadPortBuffer##word(_In_ PVOID HwDeviceExtension, _In_ volatile type *Port,              \
                                                _Out_ type *Buffer, _In_ ULONG Count);                               \
    DT_EXPORT VOID StorPortWritePortBuffer##word(_In_ PVOID HwDeviceExtension, _In_ volatile type *Port,             \
                                                 _In_ type *Buffer, _In_ ULONG Count);

STOR_REGISTER(Uchar, UCHAR)
STOR_REGISTER(Ushort, USHORT)
STOR_REGISTER(Ulong, ULONG)
STOR_REGISTER(Ulong64, ULONG64)
STOR_PORT(Uchar, UCHAR)
STOR_PORT(Ushort, USHORT)
STOR_PORT(Ulong, ULONG)
#undef STOR_REGISTER
#undef STOR_PORT

EXTERN_C_END
