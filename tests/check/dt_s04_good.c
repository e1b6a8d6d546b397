/* SPDX-License-Identifier: MIT */
#include <storport.h>

typedef struct {
    LONG volatile Claimed, Started;
    ULONG Queues, Ticks;
} EXTENSION, *PEXTENSION;

HW_INITIALIZE Initialize;
HW_STARTIO    StartIo;
HW_TIMER      Tick;

BOOLEAN Initialize(PVOID DeviceExtension)
{
    PEXTENSION              extension = DeviceExtension;
    PERF_CONFIGURATION_DATA data = {.Version = 4, .Size = sizeof data};

    extension->Queues = 4; /* before there are requests */
    if (StorPortInitializePerfOpts(DeviceExtension, TRUE, &data) != STOR_STATUS_SUCCESS)
        return FALSE;
    data.Flags = STOR_PERF_CONCURRENT_CHANNELS;
    data.ConcurrentChannels = extension->Queues;
    return StorPortInitializePerfOpts(DeviceExtension, FALSE, &data) == STOR_STATUS_SUCCESS;
}

BOOLEAN StartIo(PVOID DeviceExtension, PSCSI_REQUEST_BLOCK Srb)
{
    PEXTENSION extension = DeviceExtension;

    if (Srb->PathId >= extension->Queues)
        return FALSE;
    InterlockedExchange(&extension->Claimed, 1);
    InterlockedIncrement(&extension->Started);
    return TRUE;
}

_Use_decl_annotations_ VOID Tick(PVOID DeviceExtension)
{
    PEXTENSION extension = DeviceExtension;

    extension->Ticks += extension->Queues;
    if (InterlockedCompareExchange(&extension->Claimed, 0, 1))
        InterlockedExchange(&extension->Started, 0);
}

/* Shows ANN-041. */
