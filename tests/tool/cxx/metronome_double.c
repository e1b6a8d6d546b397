/* SPDX-License-Identifier: MIT */
/* metronome_double.c - the part of the driver that is C. */
#include "metronome.h"

ULONG MetronomeDouble(ULONG Value)
{
    return 2 * Value;
}
