/* SPDX-License-Identifier: MIT */
/* overlap.c - a periodic EX_TIMER whose callback counts in plain memory: two callbacks may overlap (EXT-017, EXT-019). */
#include <ntddk.h>

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD     Unload;
EXT_CALLBACK      Beat;

static PEX_TIMER  Timer;
static KSPIN_LOCK Lock;
static ULONG      Beats;

_Use_decl_annotations_ VOID Beat(PEX_TIMER timer, PVOID Context)
{
    UNREFERENCED_PARAMETER(timer);
    UNREFERENCED_PARAMETER(Context);
#ifdef REPAIRED
    KeAcquireSpinLockAtDpcLevel(&Lock);
    Beats++;
    KeReleaseSpinLockFromDpcLevel(&Lock);
#else
    Beats++;
#endif
}

_Use_decl_annotations_ VOID Unload(PDRIVER_OBJECT Driver)
{
    UNREFERENCED_PARAMETER(Driver);
    ExDeleteTimer(Timer, TRUE, TRUE, NULL);
}

_Use_decl_annotations_ NTSTATUS DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING RegistryPath)
{
    UNREFERENCED_PARAMETER(RegistryPath);
    Driver->DriverUnload = Unload;
    KeInitializeSpinLock(&Lock);
    Timer = ExAllocateTimer(Beat, NULL, 0);
    if (Timer == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    ExSetTimer(Timer, -156250, 156250, NULL);
    return STATUS_SUCCESS;
}
