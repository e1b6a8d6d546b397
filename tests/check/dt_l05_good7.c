/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    KSPIN_LOCK Lock, Other;
    ULONG      Count;
} DEVICE, *PDEVICE;

_When_(return != FALSE, _Acquires_lock_(Device->Lock)) BOOLEAN TryLock(_Inout_ PDEVICE Device);
_Releases_lock_(Device->Lock) VOID Unlock(_Inout_ PDEVICE Device);
_When_(NT_SUCCESS(return ), _Acquires_lock_(Device->Lock)) NTSTATUS Open(_Inout_ PDEVICE Device);

NTSTATUS Count(PDEVICE Device)
{
    NTSTATUS status = Open(Device);

    if (NT_SUCCESS(status)) {
        Device->Count++;
        Unlock(Device);
    }
    while (!TryLock(Device))
        YieldProcessor();
    if (Device->Count > 5)
        status = STATUS_UNSUCCESSFUL;
    Unlock(Device);
    return status;
}
