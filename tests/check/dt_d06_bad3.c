/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

/* Role types of KMDF as its headers name them; the framework is not here (ANN-052). */
typedef struct WDFTIMER__ *WDFTIMER;
typedef struct WDFDPC__   *WDFDPC;
typedef VOID               EVT_WDF_TIMER(WDFTIMER Timer);
typedef VOID               EVT_WDF_DPC(WDFDPC Dpc);

static KEVENT event;

EVT_WDF_TIMER EvtTimer;
EVT_WDF_DPC   EvtDpc;

VOID EvtTimer(WDFTIMER Timer)
{
    UNREFERENCED_PARAMETER(Timer);
    KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL); // expect: DT-D06
}

VOID EvtDpc(WDFDPC Dpc)
{
    UNREFERENCED_PARAMETER(Dpc);
    KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL); // expect: DT-D06
}
