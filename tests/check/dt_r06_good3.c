/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

VOID Importance(PRKDPC Dpc, BOOLEAN Urgent)
{
    KeSetImportanceDpc(Dpc, Urgent ? HighImportance : LowImportance);
}
