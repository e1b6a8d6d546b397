/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

NTSTATUS Create(PDEVICE_OBJECT DeviceObject, PIRP Irp);
VOID     Late(PLONG Value);
#ifdef ALLOC_PRAGMA
#    pragma alloc_text(PAGE, Create)
#endif
#pragma alloc_text("PAGEMINE", Late)

NTSTATUS Create(PDEVICE_OBJECT DeviceObject, PIRP Irp) // expect: DT-I11
{
    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Irp);
    return STATUS_SUCCESS;
}

VOID Late(PLONG Value)
{
    PAGED_CODE();
    if (*Value)
        *Value = 0;
    else
        PAGED_CODE(); // expect: DT-I11
}

static VOID Resident(PLONG Value)
{
    if (*Value)
        PAGED_CODE(); // expect: DT-I11
    *Value += 1;
}

VOID Use(PLONG Value)
{
    Resident(Value);
}

__declspec(code_seg("PAGE")) VOID Declared(PLONG Value) // expect: DT-I11
{
    *Value += 1;
}
