/* SPDX-License-Identifier: MIT */
/* metronome.h - between the two languages of the driver, and for its tests. */
#pragma once

#include <ntddk.h>

#ifdef __cplusplus
extern "C" {
#endif

DRIVER_INITIALIZE DriverEntry;
ULONG             MetronomeDouble(ULONG Value);

#ifdef __cplusplus
}
#endif
