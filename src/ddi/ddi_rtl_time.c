/* SPDX-License-Identifier: MIT */
/* ddi/ddi_rtl_time.c - system time and its fields: days since 1 January 1601, a Monday, Gregorian throughout. */
#include "ddi/ddi.h"
#include "ke/ke.h"

#define MS_PER_DAY 86400000ll

static bool is_leap(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int days_in_month(int month, int year)
{
    static const signed char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    return days[month - 1] + (month == 2 && is_leap(year));
}

/* Days from 1 January 1601 to 1 January of the year. */
static LONGLONG days_to_year(int year)
{
    LONGLONG n = year - 1601;

    return n * 365 + n / 4 - n / 100 + n / 400;
}

NTSYSAPI VOID RtlTimeToTimeFields(PLARGE_INTEGER Time, PTIME_FIELDS TimeFields)
{
    LONGLONG ms = (LONGLONG)((ULONGLONG)Time->QuadPart / NT_100NS_PER_MS), days = ms / MS_PER_DAY,
             of_day = ms % MS_PER_DAY;
    int year = 1601 + (int)(days * 400 / 146097), month = 1;

    while (days_to_year(year) > days) /* the estimate is off by one at most */
        year--;
    while (days_to_year(year + 1) <= days)
        year++;
    LONGLONG left = days - days_to_year(year);

    for (; left >= days_in_month(month, year); month++)
        left -= days_in_month(month, year);
    *TimeFields = (TIME_FIELDS){.Year = (CSHORT)year,
        .Month = (CSHORT)month,
        .Day = (CSHORT)(left + 1),
        .Hour = (CSHORT)(of_day / 3600000),
        .Minute = (CSHORT)(of_day / 60000 % 60),
        .Second = (CSHORT)(of_day / 1000 % 60),
        .Milliseconds = (CSHORT)(of_day % 1000),
        .Weekday = (CSHORT)((days + 1) % 7)};
}

static bool valid(const TIME_FIELDS *f)
{
    return f->Year >= 1601 && f->Month >= 1 && f->Month <= 12 && f->Day >= 1 &&
           f->Day <= days_in_month(f->Month, f->Year) && f->Hour >= 0 && f->Hour <= 23 && f->Minute >= 0 &&
           f->Minute <= 59 && f->Second >= 0 && f->Second <= 59 && f->Milliseconds >= 0 && f->Milliseconds <= 999;
}

NTSYSAPI BOOLEAN RtlTimeFieldsToTime(PTIME_FIELDS TimeFields, PLARGE_INTEGER Time)
{
    if (!valid(TimeFields))
        return FALSE;
    LONGLONG days = days_to_year(TimeFields->Year) + TimeFields->Day - 1;

    for (int month = 1; month < TimeFields->Month; month++)
        days += days_in_month(month, TimeFields->Year);
    LONGLONG ms = days * MS_PER_DAY + TimeFields->Hour * 3600000ll + TimeFields->Minute * 60000ll +
                  TimeFields->Second * 1000ll + TimeFields->Milliseconds;

    Time->QuadPart = ms * (LONGLONG)NT_100NS_PER_MS;
    return TRUE;
}

/* ---- seconds since 1970 and 1980: unsigned, so they end in 2106 and 2116 ---- */

enum { YEAR_1970 = 1970, YEAR_1980 = 1980, SECONDS_PER_DAY = 86400 };

static LONGLONG seconds_to_year(int year)
{
    return days_to_year(year) * SECONDS_PER_DAY;
}

static BOOLEAN seconds_since(int year, LONGLONG time, PULONG seconds)
{
    LONGLONG s = time / (LONGLONG)NT_100NS_PER_S - seconds_to_year(year);

    if (time < 0 || s < 0 || s > (LONGLONG)UINT32_MAX)
        return FALSE;
    *seconds = (ULONG)s;
    return TRUE;
}

static LONGLONG time_of(int year, ULONG seconds)
{
    return (seconds_to_year(year) + seconds) * (LONGLONG)NT_100NS_PER_S;
}

NTSYSAPI BOOLEAN RtlTimeToSecondsSince1970(PLARGE_INTEGER Time, PULONG ElapsedSeconds)
{
    DDI_ENTER_QUIET(RtlTimeToSecondsSince1970, Time);
    return seconds_since(YEAR_1970, Time->QuadPart, ElapsedSeconds);
}

NTSYSAPI BOOLEAN RtlTimeToSecondsSince1980(PLARGE_INTEGER Time, PULONG ElapsedSeconds)
{
    DDI_ENTER_QUIET(RtlTimeToSecondsSince1980, Time);
    return seconds_since(YEAR_1980, Time->QuadPart, ElapsedSeconds);
}

NTSYSAPI VOID RtlSecondsSince1970ToTime(ULONG ElapsedSeconds, PLARGE_INTEGER Time)
{
    DDI_ENTER_QUIET(RtlSecondsSince1970ToTime, Time);
    Time->QuadPart = time_of(YEAR_1970, ElapsedSeconds);
}

NTSYSAPI VOID RtlSecondsSince1980ToTime(ULONG ElapsedSeconds, PLARGE_INTEGER Time)
{
    DDI_ENTER_QUIET(RtlSecondsSince1980ToTime, Time);
    Time->QuadPart = time_of(YEAR_1980, ElapsedSeconds);
}
