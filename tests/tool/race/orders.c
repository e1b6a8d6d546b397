/* SPDX-License-Identifier: MIT */
/*
 * orders.c - plain memory that two processors touch one after the other, because something orders them: rundown protection,
 * the barriers of KeGenericCallDpc, those of KeIpiGenericCall. No race; without REPAIRED the order is missing.
 */
#include <ntddk.h>

#define PROCESSORS 2

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD     Unload;
KDEFERRED_ROUTINE Everywhere;
KSTART_ROUTINE    User;

KIPI_BROADCAST_WORKER Interrupted;

ULONG                 Slots[PROCESSORS], Sum, Shared, Seen; /* not static: what nobody reads is not written either */
static EX_RUNDOWN_REF Rundown;
static HANDLE         Thread;

#if defined(CALL)

/* Before the barrier each processor writes its own, after it all read all; the caller sums up when the call is over. */
_Use_decl_annotations_ VOID Everywhere(PKDPC Dpc, PVOID Context, PVOID SystemArgument1, PVOID SystemArgument2)
{
    ULONG Sums = 0;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Context);
    Slots[KeGetCurrentProcessorNumberEx(NULL)] = Shared;
#    ifdef REPAIRED
    if (KeSignalCallDpcSynchronize(SystemArgument2))
        Seen = 1;
    KeSignalCallDpcSynchronize(SystemArgument2);
#    else
    UNREFERENCED_PARAMETER(SystemArgument2);
#    endif
    for (ULONG i = 0; i < PROCESSORS; i++)
        Sums += Slots[i];
#    ifdef REPAIRED
    NT_ASSERT(Sums == PROCESSORS * Shared && Seen == 1);
    KeSignalCallDpcSynchronize(SystemArgument2);
#    endif
    Slots[KeGetCurrentProcessorNumberEx(NULL)] = Sums;
    KeSignalCallDpcDone(SystemArgument1);
}

static VOID Run(VOID)
{
    for (ULONG i = 1; i <= 2; i++) {
        Shared = i;
        KeGenericCallDpc(Everywhere, NULL);
        Sum += Slots[0] + Slots[1];
        Seen = 0;
    }
}

static VOID End(VOID) {}

#elif defined(IPI)

/* All are stopped before any runs it, and the caller goes on when all have. Has no faulty twin. */
_Use_decl_annotations_ ULONG_PTR Interrupted(ULONG_PTR Argument)
{
    ULONG Processor = KeGetCurrentProcessorNumberEx(NULL);

    Slots[Processor] += Shared;
    return Argument + Processor;
}

static VOID Run(VOID)
{
    for (ULONG i = 1; i <= 2; i++) {
        Shared = i;
        KeIpiGenericCall(Interrupted, 0);
        Seen = Slots[0] + Slots[1];
    }
}

static VOID End(VOID) {}

#else

/* Who has a reference may write; who has waited for all of them to be gone may read. */
_Use_decl_annotations_ VOID User(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
#    ifdef REPAIRED
    if (!ExAcquireRundownProtection(&Rundown))
        return;
    Shared++;
    ExReleaseRundownProtection(&Rundown);
#    else
    Shared++;
#    endif
}

static VOID Run(VOID)
{
    ExInitializeRundownProtection(&Rundown);
    PsCreateSystemThread(&Thread, 0, NULL, NULL, NULL, User, NULL);
    ExWaitForRundownProtectionRelease(&Rundown);
    Seen = Shared;
    ExRundownCompleted(&Rundown);
}

static VOID End(VOID)
{
    ZwWaitForSingleObject(Thread, FALSE, NULL);
    ZwClose(Thread);
}

#endif

_Use_decl_annotations_ VOID Unload(PDRIVER_OBJECT Driver)
{
    UNREFERENCED_PARAMETER(Driver);
    End();
}

_Use_decl_annotations_ NTSTATUS DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING RegistryPath)
{
    UNREFERENCED_PARAMETER(RegistryPath);
    Driver->DriverUnload = Unload;
    Run();
    return STATUS_SUCCESS;
}
