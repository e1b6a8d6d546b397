/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

/* A header's plain prototype before it takes nothing from the role declaration. */
VOID              Dpc(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2);
KDEFERRED_ROUTINE Dpc;

void Start(PKDPC dpc)
{
    KeInitializeDpc(dpc, Dpc, NULL);
}
