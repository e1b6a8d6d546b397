/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef VOID NOTIFY(PVOID Context, ULONG Code);

struct table {
    NOTIFY         *Notify;
    PKSTART_ROUTINE Start;
};

static KSTART_ROUTINE Thread;

static VOID Notify(void *Context, unsigned int Code)
{
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(Code);
}

static VOID Thread(PVOID Context)
{
    struct table *table = Context;

    table->Notify(table, 1);
}

struct table table = {Notify, Thread};
