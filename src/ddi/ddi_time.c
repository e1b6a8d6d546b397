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
    CurrentTime->QuadPart = (LONGLONG)ke_system_time();
}

NTKERNELAPI VOID NTAPI KeQuerySystemTimePrecise(PLARGE_INTEGER CurrentTime)
{
    mach_time_polled();
    CurrentTime->QuadPart = (LONGLONG)ke_system_time_precise();
}

NTKERNELAPI ULONGLONG NTAPI KeQueryInterruptTime(VOID)
{
    mach_time_polled();
    return ke_interrupt_time();
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
    return ke_interrupt_time();
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

NTKERNELAPI ULONG NTAPI ExSetTimerResolution(ULONG DesiredTime, BOOLEAN SetResolution)
{
    DDI_ENTER(ExSetTimerResolution, NULL);
    ULONG tick = ke_clock_request(SetResolution, DesiredTime);

    DDI_LEAVE(ExSetTimerResolution, NULL, tick);
    return tick;
}

NTKERNELAPI VOID NTAPI ExQueryTimerResolution(PULONG MaximumTime, PULONG MinimumTime, PULONG CurrentTime)
{
    DDI_ENTER_QUIET(ExQueryTimerResolution, NULL);
    ke_clock_range(MaximumTime, MinimumTime);
    *CurrentTime = ke_clock_tick() ? ke_clock_tick() : 1;
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
