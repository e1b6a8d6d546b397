/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

static KTIMER first, second;
static KDPC   shared;

static KTIMER ticks[2];
static KDPC   tick_dpcs[2];

VOID Start(VOID)
{
    LARGE_INTEGER due;

    due.QuadPart = -10000000;
    KeSetTimerEx(&first, due, 1000, &shared);
    KeSetCoalescableTimer(&second, due, 0, 100, &shared); // expect: DT-T10
    for (int i = 0; i < 2; i++)
        KeSetTimer(&ticks[i], due, &tick_dpcs[i]);
}

struct extension {
    KTIMER Retry;
    KDPC   Dpc;
};

VOID Retry(struct extension *Extension)
{
    LARGE_INTEGER due = RtlConvertLongToLargeInteger(-10000000);
    PKDPC         dpc = &Extension->Dpc;

    KeSetTimer(&Extension->Retry, due, &Extension->Dpc);
    KeInsertQueueDpc(&Extension->Dpc, NULL, NULL); // expect: DT-T10
    UNREFERENCED_PARAMETER(dpc);
}
