/* SPDX-License-Identifier: MIT */
/* A driver with state in .data, .bss and behind a pointer, for test_image.c. */
#include <ntddk.h>

#include "state.h"

#pragma GCC visibility push(default)
DRIVER_INITIALIZE      DriverEntry;
struct state          *state_initialized(void);
struct state          *state_zero(void);
#pragma GCC visibility pop

static DRIVER_UNLOAD Unload;

static struct state Initialized = {7, {1, 2, 3}};
static struct state Zero;

struct state *state_initialized(void)
{
    return &Initialized;
}

struct state *state_zero(void)
{
    return &Zero;
}

static VOID Unload(PDRIVER_OBJECT Driver)
{
    UNREFERENCED_PARAMETER(Driver);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING RegistryPath)
{
    UNREFERENCED_PARAMETER(RegistryPath);
    Driver->DriverUnload = Unload;
    Initialized.value++;
    Zero.value++;
    Zero.array[2] = 42;
    return Initialized.value == 8 && Zero.value == 1 ? STATUS_SUCCESS : STATUS_UNSUCCESSFUL;
}
