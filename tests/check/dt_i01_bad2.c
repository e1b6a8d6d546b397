/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    FAST_MUTEX Mutex;
    KSPIN_LOCK Lock;
    HANDLE     Handle;
    ERESOURCE  Resource;
    PVOID      Buffer;
} EXTENSION, *PEXTENSION;

DRIVER_STARTIO        StartIo;
IO_COMPLETION_ROUTINE Completed;

static VOID Close(PEXTENSION Extension)
{
    if (Extension->Handle != NULL) {
        ZwClose(Extension->Handle); // expect: DT-I01
        Extension->Handle = NULL;
    }
}

_IRQL_requires_(PASSIVE_LEVEL) VOID UnderMutex(PEXTENSION Extension)
{
    ExAcquireFastMutex(&Extension->Mutex);
    Close(Extension);
    ExReleaseFastMutex(&Extension->Mutex);
}

typedef _IRQL_requires_max_(APC_LEVEL) VOID VISIT(PVOID Context);

_IRQL_requires_(DISPATCH_LEVEL) VOID ThroughPointer(VISIT *Visit, PVOID Context)
{
    Visit(Context); // expect: DT-I01
}

VOID StartIo(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Irp);
    PsTerminateSystemThread(STATUS_SUCCESS); // expect: DT-I01
    UNREFERENCED_PARAMETER(DeviceObject);
}

NTSTATUS Completed(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Irp);
    IoDeleteDevice(Context); // expect: DT-I01
    return STATUS_SUCCESS;
}

_IRQL_requires_max_(APC_LEVEL) VOID Write(PEXTENSION Extension, PIO_STATUS_BLOCK Status)
{
    KIRQL old;

    KeAcquireSpinLock(&Extension->Lock, &old);
    ZwWriteFile(Extension->Handle, NULL, NULL, NULL, Status, Extension->Buffer, 1, NULL, NULL); // expect: DT-I01
    KeReleaseSpinLock(&Extension->Lock, old);
}

_When_(Paged, _IRQL_requires_max_(APC_LEVEL)) _When_(!Paged, _IRQL_requires_max_(DISPATCH_LEVEL)) VOID
    Fetch(PEXTENSION Extension, BOOLEAN Paged);

_IRQL_requires_(DISPATCH_LEVEL) VOID Conditional(PEXTENSION Extension)
{
    Fetch(Extension, FALSE);
    Fetch(Extension, TRUE); // expect: DT-I01
}

/* Shows ANN-031. */
