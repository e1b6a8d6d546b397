/* SPDX-License-Identifier: MIT */
/*
 * ddi/ddi_stor_regs.c - registers and ports of an adapter's device (STI-046). The range is found by the address, the model
 * answers. On Windows these are the processor's own accesses, whose extension nobody looks at: viostor passes NULL. Buffer
 * forms move count items: registers from and to consecutive addresses, ports through the one.
 */
#include "ddi/ddi_stor.h"

#define CALLER __builtin_return_address(0)

#define READ(name, type, port)                                                  \
    STORPORTAPI type name(PVOID HwDeviceExtension, volatile type *at)           \
    {                                                                           \
        STOR_ENTER_CHECKED(name, HwDeviceExtension);                            \
        type value = (type)sp_register_read(a, at, sizeof(type), port, CALLER); \
                                                                                \
        DDI_LEAVE(name, HwDeviceExtension, value);                              \
        return value;                                                           \
    }

#define WRITE(name, type, port)                                                   \
    STORPORTAPI VOID name(PVOID HwDeviceExtension, volatile type *at, type value) \
    {                                                                             \
        STOR_ENTER_CHECKED(name, HwDeviceExtension);                              \
        sp_register_write(a, at, value, sizeof(type), port, CALLER);              \
        DDI_LEAVE(name, HwDeviceExtension, 0);                                    \
    }

#define READ_BUFFER(name, type, port)                                                              \
    STORPORTAPI VOID name(PVOID HwDeviceExtension, volatile type *at, type *buffer, ULONG count)   \
    {                                                                                              \
        STOR_ENTER_CHECKED(name, HwDeviceExtension);                                               \
        for (ULONG i = 0; i < count; i++)                                                          \
            buffer[i] = (type)sp_register_read(a, port ? at : at + i, sizeof(type), port, CALLER); \
        DDI_LEAVE(name, HwDeviceExtension, 0);                                                     \
    }

#define WRITE_BUFFER(name, type, port)                                                           \
    STORPORTAPI VOID name(PVOID HwDeviceExtension, volatile type *at, type *buffer, ULONG count) \
    {                                                                                            \
        STOR_ENTER_CHECKED(name, HwDeviceExtension);                                             \
        for (ULONG i = 0; i < count; i++)                                                        \
            sp_register_write(a, port ? at : at + i, buffer[i], sizeof(type), port, CALLER);     \
        DDI_LEAVE(name, HwDeviceExtension, 0);                                                   \
    }

#define REGISTER(word, type)                                   \
    READ(StorPortReadRegister##word, type, false)              \
    WRITE(StorPortWriteRegister##word, type, false)            \
    READ_BUFFER(StorPortReadRegisterBuffer##word, type, false) \
    WRITE_BUFFER(StorPortWriteRegisterBuffer##word, type, false)

#define PORT(word, type)                                  \
    READ(StorPortReadPort##word, type, true)              \
    WRITE(StorPortWritePort##word, type, true)            \
    READ_BUFFER(StorPortReadPortBuffer##word, type, true) \
    WRITE_BUFFER(StorPortWritePortBuffer##word, type, true)

REGISTER(Uchar, UCHAR)
REGISTER(Ushort, USHORT)
REGISTER(Ulong, ULONG)
REGISTER(Ulong64, ULONG64)
PORT(Uchar, UCHAR)
PORT(Ushort, USHORT)
PORT(Ulong, ULONG)
