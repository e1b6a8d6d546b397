/* SPDX-License-Identifier: MIT */
/* ddi/ddi_routine.c - MmGetSystemRoutineAddress. */
#include "ddi/ddi.h"
#include "ddi/routines.h"
#include "ke/ke.h"

enum { NAME_MAX_CHARS = 96 };

NTKERNELAPI PVOID NTAPI MmGetSystemRoutineAddress(PUNICODE_STRING SystemRoutineName)
{
    char     name[NAME_MAX_CHARS + 1];
    unsigned n = SystemRoutineName->Length / sizeof(WCHAR);

    DDI_ENTER_QUIET(MmGetSystemRoutineAddress, SystemRoutineName);
    if (n > NAME_MAX_CHARS)
        return NULL;
    for (unsigned i = 0; i < n; i++)
        name[i] = (char)(SystemRoutineName->Buffer[i] < 0x80 ? SystemRoutineName->Buffer[i] : '?');
    name[n] = 0;
    return (PVOID)ddi_routine(name);
}
