/* SPDX-License-Identifier: MIT */
/* heartbeat.h - what the driver and its users share. */
#pragma once

#include <wdm.h>

/* In: ULONG, milliseconds between two beats. */
#define IOCTL_HB_START CTL_CODE(FILE_DEVICE_UNKNOWN, 0x800, METHOD_BUFFERED, FILE_ANY_ACCESS)
/* Nothing in, nothing out. */
#define IOCTL_HB_STOP CTL_CODE(FILE_DEVICE_UNKNOWN, 0x801, METHOD_BUFFERED, FILE_ANY_ACCESS)
/* Out: HB_COUNTS of the session that runs. */
#define IOCTL_HB_QUERY CTL_CODE(FILE_DEVICE_UNKNOWN, 0x802, METHOD_BUFFERED, FILE_ANY_ACCESS)

typedef struct _HB_COUNTS {
    LONG Beats;
    LONG Missed; /* the watchdog barked: no beat for two periods */
} HB_COUNTS;

DRIVER_INITIALIZE DriverEntry;
