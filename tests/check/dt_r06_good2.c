/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

#define MY_MODE KernelMode

_IRQL_requires_max_(APC_LEVEL) NTSTATUS Wait(PKEVENT Event, KPROCESSOR_MODE Mode, PVOID *Objects)
{
    KWAIT_REASON reason = Mode == KernelMode ? Executive : UserRequest;

    if (KeWaitForMultipleObjects(2, Objects, WaitAny, reason, MY_MODE, FALSE, NULL, NULL) != STATUS_SUCCESS)
        return STATUS_UNSUCCESSFUL;
    return KeWaitForSingleObject(Event, reason, Mode, FALSE, NULL);
}
