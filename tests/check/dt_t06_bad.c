/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

struct timed {
    KTIMER Timer, Second;
    KDPC   Dpc, Other;
};

_IRQL_requires_(PASSIVE_LEVEL) VOID Destroy(struct timed *Timed)
{
    KeCancelTimer(&Timed->Timer);
    ExFreePoolWithTag(Timed, 'tset'); // expect: DT-T06
}

_IRQL_requires_(PASSIVE_LEVEL) VOID Remove(PDEVICE_OBJECT DeviceObject)
{
    struct timed *timed = DeviceObject->DeviceExtension;

    KeCancelTimer(&timed->Timer);
    IoDeleteDevice(DeviceObject); // expect: DT-T06
}
