/* SPDX-License-Identifier: MIT */
/* ddi/ddi_time.c - clocks, the timer resolution, the stall, bug checks. */
#include "ddi/ddi.h"
#include "ke/ke.h"

#undef KeQuerySystemTime
#undef KeQueryTickCount
#undef KeQueryInterruptTime

NTKERNELAPI VOID NTAPI KeQuerySystemTime(PLARGE_INTEGER CurrentTime)
{
    mach_time_polled();
    CurrentTime->QuadPart = (LONGLONG)(ke_interrupt_time_seen() + ke_system_offset());
}

NTKERNELAPI VOID NTAPI KeQuerySystemTimePrecise(PLARGE_INTEGER CurrentTime)
{
    mach_time_polled();
    CurrentTime->QuadPart = (LONGLONG)ke_system_time_precise();
}

NTKERNELAPI ULONGLONG NTAPI KeQueryInterruptTime(VOID)
{
    mach_time_polled();
    return ke_interrupt_time_seen();
}

NTKERNELAPI ULONGLONG NTAPI KeQueryInterruptTimePrecise(PULONG64 QpcTimeStamp)
{
    mach_time_polled();
    *QpcTimeStamp = ke_interrupt_time_precise();
    return *QpcTimeStamp;
}

NTKERNELAPI ULONGLONG NTAPI KeQueryUnbiasedInterruptTime(VOID)
{
    mach_time_polled();
    return ke_interrupt_time_seen();
}

/* The machine never sleeps: biased and unbiased time are one (CLK-009). */
NTKERNELAPI ULONGLONG NTAPI KeQueryUnbiasedInterruptTimePrecise(PULONG64 QpcTimeStamp)
{
    return KeQueryInterruptTimePrecise(QpcTimeStamp);
}

NTKERNELAPI VOID NTAPI KeQueryTickCount(PLARGE_INTEGER CurrentCount)
{
    mach_time_polled();
    CurrentCount->QuadPart = (LONGLONG)ke_clock_ticks();
}

NTKERNELAPI ULONG NTAPI KeQueryTimeIncrement(VOID)
{
    return ke_clock_tick_max();
}

/* 10 MHz, as on current Windows. */
NTKERNELAPI LARGE_INTEGER NTAPI KeQueryPerformanceCounter(PLARGE_INTEGER PerformanceFrequency)
{
    LARGE_INTEGER now;

    mach_time_polled();
    now.QuadPart = (LONGLONG)ke_interrupt_time_precise();
    if (PerformanceFrequency)
        PerformanceFrequency->QuadPart = NT_100NS_PER_S;
    return now;
}

/* No auxiliary counter here (CLK-021). */
NTKERNELAPI NTSTATUS NTAPI KeConvertAuxiliaryCounterToPerformanceCounter(
    ULONG64 AuxiliaryCounterValue, PULONG64 PerformanceCounterValue, PULONG64 ConversionError)
{
    (void)AuxiliaryCounterValue, (void)PerformanceCounterValue, (void)ConversionError;
    return STATUS_NOT_SUPPORTED;
}

NTKERNELAPI NTSTATUS NTAPI KeConvertPerformanceCounterToAuxiliaryCounter(
    ULONG64 PerformanceCounterValue, PULONG64 AuxiliaryCounterValue, PULONG64 ConversionError)
{
    (void)PerformanceCounterValue, (void)AuxiliaryCounterValue, (void)ConversionError;
    return STATUS_NOT_SUPPORTED;
}

NTKERNELAPI NTSTATUS NTAPI KeQueryAuxiliaryCounterFrequency(PULONG64 AuxiliaryCounterFrequency)
{
    (void)AuxiliaryCounterFrequency;
    return STATUS_NOT_SUPPORTED;
}

/* ---- local time ---- */

NTKERNELAPI VOID NTAPI ExSystemTimeToLocalTime(PLARGE_INTEGER SystemTime, PLARGE_INTEGER LocalTime)
{
    LocalTime->QuadPart = (LONGLONG)((nt_100ns)SystemTime->QuadPart - ke_zone_bias());
}

NTKERNELAPI VOID NTAPI ExLocalTimeToSystemTime(PLARGE_INTEGER LocalTime, PLARGE_INTEGER SystemTime)
{
    SystemTime->QuadPart = (LONGLONG)((nt_100ns)LocalTime->QuadPart + ke_zone_bias());
}

/* ---- time of a thread ---- */

/* What it has stalled, in ticks of the default length: no other use of a processor is known here. All of it is the
 * kernel's. */
NTKERNELAPI ULONG NTAPI KeQueryRuntimeThread(PKTHREAD Thread, PULONG UserTime)
{
    DDI_ENTER(KeQueryRuntimeThread, Thread);
    *UserTime = 0;
    return (ULONG)(nt_from_ns_floor(ke_thread_run_ns(Thread)) / ke_clock_tick_max());
}

/* A cycle is a nanosecond. */
NTKERNELAPI ULONG64 NTAPI KeQueryTotalCycleTimeThread(PKTHREAD Thread, PULONG64 CycleTimeStamp)
{
    DDI_ENTER_QUIET(KeQueryTotalCycleTimeThread, Thread);
    *CycleTimeStamp = mach_now();
    return ke_thread_run_ns(Thread);
}

/* ---- resolution ---- */

static ULONG tick_in_force(void)
{
    return ke_clock_tick() ? ke_clock_tick() : 1;
}

NTKERNELAPI ULONG NTAPI ExSetTimerResolution(ULONG DesiredTime, BOOLEAN SetResolution)
{
    const void    *caller = __builtin_return_address(0);
    struct finding f = {.severity = FINDING_WARNING, .rule = "DT-C01", .caller = caller};

    DDI_ENTER(ExSetTimerResolution, NULL);
    if (!ke_clock_request(SetResolution, DesiredTime, caller))
        finding_raisef(&f, "ExSetTimerResolution(FALSE) withdraws a request that nobody has made");
    ULONG tick = tick_in_force();

    DDI_LEAVE(ExSetTimerResolution, NULL, tick);
    return tick;
}

NTKERNELAPI VOID NTAPI ExQueryTimerResolution(PULONG MaximumTime, PULONG MinimumTime, PULONG CurrentTime)
{
    DDI_ENTER_QUIET(ExQueryTimerResolution, NULL);
    ke_clock_range(MaximumTime, MinimumTime);
    *CurrentTime = tick_in_force();
}

NTKERNELAPI VOID NTAPI KeStallExecutionProcessor(ULONG MicroSeconds)
{
    DDI_ENTER_QUIET(KeStallExecutionProcessor, NULL);
    ev(EV_STALL, NULL, MicroSeconds * 1000ull, 0, 0);
    ke_stall(MicroSeconds * 1000ull);
    DDI_LEAVE_QUIET(KeStallExecutionProcessor, NULL, 0);
}

/* ---- bug checks ---- */

NTKERNELAPI DECLSPEC_NORETURN VOID NTAPI KeBugCheckEx(
    ULONG BugCheckCode, ULONG_PTR P1, ULONG_PTR P2, ULONG_PTR P3, ULONG_PTR P4)
{
    uint64_t p[4] = {P1, P2, P3, P4};

    ke_bugcheckf(NULL, BugCheckCode, p, "the driver calls KeBugCheckEx");
}

NTKERNELAPI DECLSPEC_NORETURN VOID NTAPI KeBugCheck(ULONG BugCheckCode)
{
    uint64_t p[4] = {0};

    ke_bugcheckf(NULL, BugCheckCode, p, "the driver calls KeBugCheck");
}
