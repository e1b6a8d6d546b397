/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

VOID Importance(PRKDPC Dpc, BOOLEAN Urgent)
{
    KeSetImportanceDpc(Dpc, Urgent ? CriticalWorkQueue : LowImportance); // expect: DT-R06
}
