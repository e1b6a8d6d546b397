/* SPDX-License-Identifier: MIT */
/* ddi/ddi_rtl_version.c - which Windows this is taken for: a current Windows 11 without service packs. */
#include "ddi/ddi.h"
#include "ke/ke.h"

enum { MAJOR = 10, MINOR = 0, BUILD = 26100, PLATFORM_NT = 2, PRODUCT_WORKSTATION = 1, BITS_PER_CONDITION = 3 };

/* No header declares it; drivers that want it do, some as USHORT. The high bits say that it is a free build. */
extern DT_EXPORT ULONG NtBuildNumber;
ULONG                  NtBuildNumber = 0xF0000000u | BUILD;

NTSYSAPI NTSTATUS RtlGetVersion(PRTL_OSVERSIONINFOW lpVersionInformation)
{
    DDI_ENTER_QUIET(RtlGetVersion, lpVersionInformation);
    lpVersionInformation->dwMajorVersion = MAJOR;
    lpVersionInformation->dwMinorVersion = MINOR;
    lpVersionInformation->dwBuildNumber = BUILD;
    lpVersionInformation->dwPlatformId = PLATFORM_NT;
    lpVersionInformation->szCSDVersion[0] = 0;
    return STATUS_SUCCESS;
}

NTSYSAPI BOOLEAN RtlIsNtDdiVersionAvailable(ULONG Version)
{
    DDI_ENTER_QUIET(RtlIsNtDdiVersionAvailable, NULL);
    return OSVER(Version) <= OSVER(NTDDI_WIN10) && SPVER(Version) == 0 && SUBVER(Version) == 0;
}

/* The version itself is there, and it has no service pack. */
NTSYSAPI BOOLEAN RtlIsServicePackVersionInstalled(ULONG Version)
{
    DDI_ENTER_QUIET(RtlIsServicePackVersionInstalled, NULL);
    return OSVER(Version) == OSVER(NTDDI_WIN10) && SPVER(Version) == 0;
}

/* ---- RtlVerifyVersionInfo ---- */

static unsigned condition_of(ULONG type, ULONGLONG mask)
{
    return (unsigned)(mask >> ((unsigned)__builtin_ctz(type) * BITS_PER_CONDITION)) & 7;
}

static bool holds(ULONG ours, ULONG theirs, unsigned condition)
{
    switch (condition) {
    case VER_EQUAL:
        return ours == theirs;
    case VER_GREATER:
        return ours > theirs;
    case VER_GREATER_EQUAL:
        return ours >= theirs;
    case VER_LESS:
        return ours < theirs;
    case VER_LESS_EQUAL:
        return ours <= theirs;
    case VER_AND:
        return (ours & theirs) == theirs;
    case VER_OR:
        return theirs == 0 || (ours & theirs) != 0;
    default:
        return false;
    }
}

/* Major, minor and service pack numbers are one number with places: the first that differs decides. */
static bool release_holds(const RTL_OSVERSIONINFOEXW *v, ULONG types, ULONGLONG mask)
{
    const struct {
        ULONG type, ours, theirs;
    } part[] = {{VER_MAJORVERSION, MAJOR, v->dwMajorVersion}, {VER_MINORVERSION, MINOR, v->dwMinorVersion},
        {VER_SERVICEPACKMAJOR, 0, v->wServicePackMajor}, {VER_SERVICEPACKMINOR, 0, v->wServicePackMinor}};
    unsigned condition = VER_EQUAL;

    for (unsigned i = 0; i < 4; i++) {
        if (!(types & part[i].type))
            continue;
        if (condition == VER_EQUAL)
            condition = condition_of(part[i].type, mask);
        if (part[i].ours != part[i].theirs)
            return holds(part[i].ours, part[i].theirs, condition);
    }
    return holds(0, 0, condition);
}

NTSYSAPI NTSTATUS RtlVerifyVersionInfo(PRTL_OSVERSIONINFOEXW VersionInfo, ULONG TypeMask, ULONGLONG ConditionMask)
{
    const struct {
        ULONG type, ours, theirs;
    } part[] = {{VER_BUILDNUMBER, BUILD, VersionInfo->dwBuildNumber},
        {VER_PLATFORMID, PLATFORM_NT, VersionInfo->dwPlatformId}, {VER_SUITENAME, 0, VersionInfo->wSuiteMask},
        {VER_PRODUCT_TYPE, PRODUCT_WORKSTATION, VersionInfo->wProductType}};
    bool ok = release_holds(VersionInfo, TypeMask, ConditionMask);

    DDI_ENTER_QUIET(RtlVerifyVersionInfo, VersionInfo);
    if (!TypeMask || !ConditionMask)
        return STATUS_INVALID_PARAMETER;
    for (unsigned i = 0; i < 4; i++)
        if (TypeMask & part[i].type)
            ok = ok && holds(part[i].ours, part[i].theirs, condition_of(part[i].type, ConditionMask));
    return ok ? STATUS_SUCCESS : STATUS_REVISION_MISMATCH;
}
