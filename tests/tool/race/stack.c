/* SPDX-License-Identifier: MIT */
/* stack.c - two threads that nothing orders, the second on the stack of the first. */
#include <ntddk.h>

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD     Unload;
KSTART_ROUTINE    Count;

static PVOID Threads[2];
#ifndef REPAIRED
static volatile LONG Both;
#endif

static VOID Fill(LONG *Words, LONG Value)
{
    for (int i = 0; i < 16; i++)
        Words[i] = Value;
}

_Use_decl_annotations_ VOID Count(PVOID Context)
{
    LONG Words[16];

    Fill(Words, (LONG)(LONG_PTR)Context);
#ifndef REPAIRED
    Both = Words[15];
#endif
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static NTSTATUS Begin(LONG Number)
{
    HANDLE        Thread;
    LARGE_INTEGER Soon = {.QuadPart = -10000};
    NTSTATUS      Status;

    Status = PsCreateSystemThread(&Thread, THREAD_ALL_ACCESS, NULL, NULL, NULL, Count, (PVOID)(LONG_PTR)Number);
    if (!NT_SUCCESS(Status))
        return Status;
    ObReferenceObjectByHandle(Thread, SYNCHRONIZE, *PsThreadType, KernelMode, &Threads[Number], NULL);
    ZwClose(Thread);
    KeDelayExecutionThread(KernelMode, FALSE, &Soon); /* not a wait for its end */
    return STATUS_SUCCESS;
}

_Use_decl_annotations_ VOID Unload(PDRIVER_OBJECT Driver)
{
    UNREFERENCED_PARAMETER(Driver);
    for (int i = 0; i < 2; i++) {
        KeWaitForSingleObject(Threads[i], Executive, KernelMode, FALSE, NULL);
        ObDereferenceObject(Threads[i]);
    }
}

_Use_decl_annotations_ NTSTATUS DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING RegistryPath)
{
    UNREFERENCED_PARAMETER(RegistryPath);
    Driver->DriverUnload = Unload;
    NTSTATUS Status = Begin(0);

    return NT_SUCCESS(Status) ? Begin(1) : Status;
}
