/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct WDFWORKITEM__ *WDFWORKITEM;
typedef struct WDFDPC__      *WDFDPC;
typedef VOID                  EVT_WDF_WORKITEM(WDFWORKITEM WorkItem);
typedef VOID                  EVT_WDF_DPC(WDFDPC Dpc);

static KEVENT     event;
static KSPIN_LOCK lock;

EVT_WDF_WORKITEM EvtWork;
EVT_WDF_DPC      EvtDpc;

VOID EvtWork(WDFWORKITEM WorkItem)
{
    UNREFERENCED_PARAMETER(WorkItem);
    KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL); /* a work item waits (ANN-052) */
}

VOID EvtDpc(WDFDPC Dpc)
{
    UNREFERENCED_PARAMETER(Dpc);
    KeAcquireSpinLockAtDpcLevel(&lock);
    KeReleaseSpinLockFromDpcLevel(&lock);
}
