/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

static KTIMER ticks[4];
static KDPC   dpcs[4];

VOID Start(VOID)
{
    LARGE_INTEGER due;

    due.QuadPart = -10000000;
    for (int i = 0; i < 4; i++)
        KeSetTimer(&ticks[i], due, &dpcs[i]);
}

static VOID Arm(PKTIMER Timer, PKDPC Dpc)
{
    LARGE_INTEGER due = RtlConvertLongToLargeInteger(-10000000);

    KeSetTimer(Timer, due, Dpc);
}

struct extension {
    KTIMER Read, Write;
    KDPC   ReadDpc, WriteDpc;
};

VOID Both(struct extension *Extension)
{
    Arm(&Extension->Read, &Extension->ReadDpc);
    Arm(&Extension->Write, &Extension->WriteDpc);
}
