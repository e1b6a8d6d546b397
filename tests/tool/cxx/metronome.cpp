/* SPDX-License-Identifier: MIT */
/*
 * metronome.cpp - a driver in C++: a KTIMER with a DPC and an EX_TIMER, both members of an object in pool. Its tear-down
 * forgets a DPC that runs, or waits to run, on another processor; compiled with -D REPAIRED it does not.
 */
#include "metronome.h"

#include "metronome.tmh"
#include <new>

constexpr ULONG    METRONOME_TAG = 'rteM';
constexpr LONGLONG ONE_MS = 10000;

                            void *
                            __cdecl operator new(size_t Size, POOL_FLAGS Flags)
{
    return ExAllocatePool2(Flags, Size, METRONOME_TAG);
}

void __cdecl operator delete(void *Memory)
{
    if (Memory)
        ExFreePoolWithTag(Memory, METRONOME_TAG);
}

void __cdecl operator delete(void *Memory, size_t)
{
    operator delete(Memory);
}

/* What a beat does; abstract, so that there is a call through a table. */
class __declspec(novtable) Listener {
  public:
    virtual VOID Beat(ULONG Number) = 0;
};

class Counter final : public Listener {
    volatile LONG Beats_ = 0;

  public:
    VOID Beat(ULONG Number) override;
    LONG Beats() const
    {
        return Beats_;
    }
};

class Metronome {
    KTIMER        Timer_;
    KDPC          Dpc_;
    PEX_TIMER     Fine_ = nullptr;
    LIST_ENTRY    Link_;
    volatile LONG Number_ = 0;
    volatile LONG FineNumber_ = 0;
    Counter       Counter_;

    static KDEFERRED_ROUTINE CustomTimerDpc;
    static EXT_CALLBACK      FineCallback;

    VOID OnTimer()
    {
        static_cast<Listener &>(Counter_).Beat(static_cast<ULONG>(InterlockedIncrement(&Number_)));
    }

  public:
    Metronome() noexcept
    {
        InitializeListHead(&Link_);
        KeInitializeTimerEx(&Timer_, SynchronizationTimer);
        KeInitializeDpc(&Dpc_, CustomTimerDpc, this);
    }
    ~Metronome();
    Metronome(const Metronome &) = delete;
    Metronome &operator=(const Metronome &) = delete;

    NTSTATUS Start(LONG PeriodMs);
    NTSTATUS Probe(const volatile ULONG *Address);
};

extern "C" {
static DRIVER_UNLOAD MetronomeUnload;
}

static Metronome *TheMetronome;

VOID Counter::Beat(ULONG Number)
{
    if (Number)
        InterlockedIncrement(&Beats_);
}

_Use_decl_annotations_ VOID Metronome::CustomTimerDpc(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    static_cast<Metronome *>(Context)->OnTimer();
}

_Use_decl_annotations_ VOID Metronome::FineCallback(PEX_TIMER Timer, PVOID Context)
{
    UNREFERENCED_PARAMETER(Timer);
    InterlockedIncrement(&static_cast<Metronome *>(Context)->FineNumber_);
}

NTSTATUS Metronome::Start(LONG PeriodMs)
{
    LARGE_INTEGER due;

    Fine_ = ExAllocateTimer(FineCallback, this, EX_TIMER_HIGH_RESOLUTION);
    if (!Fine_)
        return STATUS_INSUFFICIENT_RESOURCES;
    due.QuadPart = -PeriodMs * ONE_MS;
    KeSetTimerEx(&Timer_, due, PeriodMs, &Dpc_);
    ExSetTimer(Fine_, due.QuadPart, 0, nullptr);
    return STATUS_SUCCESS;
}

/* __leave goes past a variable with an initializer. */
NTSTATUS Metronome::Probe(const volatile ULONG *Address)
{
    NTSTATUS status = STATUS_SUCCESS;

    __try {
        long twice = 2 * ONE_MS;

        if (!Address)
            __leave;
        ULONG value = *Address;

        if (value != twice)
            ExRaiseStatus(STATUS_INVALID_PARAMETER);
    } __except (
        GetExceptionCode() == STATUS_INVALID_PARAMETER ? EXCEPTION_EXECUTE_HANDLER : EXCEPTION_CONTINUE_SEARCH) {
        status = GetExceptionCode();
    }
    return status;
}

Metronome::~Metronome()
{
    KeCancelTimer(&Timer_);
    if (Fine_)
        ExDeleteTimer(Fine_, TRUE, TRUE, nullptr);
#ifdef REPAIRED
    KeFlushQueuedDpcs();
#endif
}

static VOID MetronomeUnload(PDRIVER_OBJECT Driver)
{
    UNREFERENCED_PARAMETER(Driver);
    delete TheMetronome;
    TheMetronome = nullptr;
}

/* Its extern "C" is that of the declaration. */
NTSTATUS DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING Path)
{
    ULONG twice = 20000, once = 10000;

    WPP_INIT_TRACING(Driver, Path);
    static_assert(sizeof(long) == 4 && sizeof(WCHAR) == 2, "as on Windows");
    TheMetronome = new (POOL_FLAG_NON_PAGED) Metronome;
    if (!TheMetronome)
        return STATUS_INSUFFICIENT_RESOURCES;
    Driver->DriverUnload = MetronomeUnload;
    if (TheMetronome->Probe(nullptr) != STATUS_SUCCESS || TheMetronome->Probe(&twice) != STATUS_SUCCESS ||
        TheMetronome->Probe(&once) != STATUS_INVALID_PARAMETER || MetronomeDouble(21) != 42) {
        delete TheMetronome;
        return STATUS_UNSUCCESSFUL;
    }
    return TheMetronome->Start(5);
}
