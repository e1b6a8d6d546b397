/* SPDX-License-Identifier: MIT */
/* ddi/ddi_mutex.c - fast and guarded mutexes as drivers see them. */
#include "ddi/ddi_exlock.h"
#include "ex/fastmutex.h"

/* LCK-005, LCK-006, LCK-011, LCK-019: Driver Verifier's names for a wrong level. */
#define FAST_AT_MOST_APC(name, m) \
    DDI_AT_MOST_APC(name, m, "DT-L16", DRIVER_VERIFIER_DETECTED_VIOLATION, 0x33, mach_irql(), (uintptr_t)(m), 0)
#define UNSAFE_AT_MOST_APC(name, m, code) \
    DDI_AT_MOST_APC(name, m, "DT-L16", DRIVER_VERIFIER_DETECTED_VIOLATION, code, mach_irql(), 0, (uintptr_t)(m))
#define GUARDED_AT_MOST_APC(name, m) \
    DDI_AT_MOST_APC(name, m, "DT-L16", DRIVER_VERIFIER_DETECTED_VIOLATION, 0x2000F, mach_irql(), (uintptr_t)(m), 0)

/* LCK-020. */
#define IN_RESIDENT_MEMORY(name, m) ddi_check_resident(m, #name, __builtin_return_address(0))

NTKERNELAPI VOID NTAPI KeInitializeGuardedMutex(PKGUARDED_MUTEX Mutex)
{
    GUARDED_AT_MOST_APC(KeInitializeGuardedMutex, Mutex);
    DDI_ENTER(KeInitializeGuardedMutex, Mutex);
    ddi_check_storage(Mutex, "KeInitializeGuardedMutex", __builtin_return_address(0));
    ex_mutex_init(Mutex);
    DDI_LEAVE(KeInitializeGuardedMutex, Mutex, 0);
}

NTKERNELAPI VOID NTAPI ExAcquireFastMutex(PFAST_MUTEX FastMutex)
{
    FAST_AT_MOST_APC(ExAcquireFastMutex, FastMutex);
    DDI_ENTER(ExAcquireFastMutex, FastMutex);
    IN_RESIDENT_MEMORY(ExAcquireFastMutex, FastMutex);
    ex_mutex_acquire(FastMutex, EX_MUTEX_RAISING);
    DDI_LEAVE(ExAcquireFastMutex, FastMutex, 0);
}

NTKERNELAPI VOID NTAPI ExReleaseFastMutex(PFAST_MUTEX FastMutex)
{
    if (__builtin_expect(mach_irql() != APC_LEVEL, 0))
        ddi_level_wrong(&(struct ddi_level_rule){"DT-L16", DRIVER_VERIFIER_DETECTED_VIOLATION,
                            {0x34, mach_irql(), (uint64_t)(int64_t)ke_apc_count(), (uintptr_t)FastMutex}},
            "ExReleaseFastMutex", FastMutex, __builtin_return_address(0));
    DDI_ENTER(ExReleaseFastMutex, FastMutex);
    ex_mutex_release(FastMutex, EX_MUTEX_RAISING);
    DDI_LEAVE(ExReleaseFastMutex, FastMutex, 0);
}

NTKERNELAPI VOID NTAPI ExAcquireFastMutexUnsafe(PFAST_MUTEX FastMutex)
{
    UNSAFE_AT_MOST_APC(ExAcquireFastMutexUnsafe, FastMutex, 0x39);
    DDI_ENTER(ExAcquireFastMutexUnsafe, FastMutex);
    IN_RESIDENT_MEMORY(ExAcquireFastMutexUnsafe, FastMutex);
    ex_mutex_acquire(FastMutex, EX_MUTEX_UNSAFE);
    DDI_LEAVE(ExAcquireFastMutexUnsafe, FastMutex, 0);
}

NTKERNELAPI VOID NTAPI ExReleaseFastMutexUnsafe(PFAST_MUTEX FastMutex)
{
    UNSAFE_AT_MOST_APC(ExReleaseFastMutexUnsafe, FastMutex, 0x3A);
    DDI_ENTER(ExReleaseFastMutexUnsafe, FastMutex);
    ex_mutex_release(FastMutex, EX_MUTEX_UNSAFE);
    DDI_LEAVE(ExReleaseFastMutexUnsafe, FastMutex, 0);
}

NTKERNELAPI VOID NTAPI KeAcquireGuardedMutex(PFAST_MUTEX Mutex)
{
    GUARDED_AT_MOST_APC(KeAcquireGuardedMutex, Mutex);
    DDI_ENTER(KeAcquireGuardedMutex, Mutex);
    ex_mutex_acquire(Mutex, EX_MUTEX_GUARDED);
    DDI_LEAVE(KeAcquireGuardedMutex, Mutex, 0);
}

NTKERNELAPI VOID NTAPI KeReleaseGuardedMutex(PFAST_MUTEX Mutex)
{
    GUARDED_AT_MOST_APC(KeReleaseGuardedMutex, Mutex);
    DDI_ENTER(KeReleaseGuardedMutex, Mutex);
    ex_mutex_release(Mutex, EX_MUTEX_GUARDED);
    DDI_LEAVE(KeReleaseGuardedMutex, Mutex, 0);
}

NTKERNELAPI VOID NTAPI KeAcquireGuardedMutexUnsafe(PFAST_MUTEX FastMutex)
{
    GUARDED_AT_MOST_APC(KeAcquireGuardedMutexUnsafe, FastMutex);
    DDI_ENTER(KeAcquireGuardedMutexUnsafe, FastMutex);
    ex_mutex_acquire(FastMutex, EX_MUTEX_UNSAFE);
    DDI_LEAVE(KeAcquireGuardedMutexUnsafe, FastMutex, 0);
}

NTKERNELAPI VOID NTAPI KeReleaseGuardedMutexUnsafe(PFAST_MUTEX FastMutex)
{
    GUARDED_AT_MOST_APC(KeReleaseGuardedMutexUnsafe, FastMutex);
    DDI_ENTER(KeReleaseGuardedMutexUnsafe, FastMutex);
    ex_mutex_release(FastMutex, EX_MUTEX_UNSAFE);
    DDI_LEAVE(KeReleaseGuardedMutexUnsafe, FastMutex, 0);
}

NTKERNELAPI BOOLEAN NTAPI ExTryToAcquireFastMutex(PFAST_MUTEX FastMutex)
{
    FAST_AT_MOST_APC(ExTryToAcquireFastMutex, FastMutex);
    DDI_ENTER(ExTryToAcquireFastMutex, FastMutex);
    IN_RESIDENT_MEMORY(ExTryToAcquireFastMutex, FastMutex);
    BOOLEAN taken = ex_mutex_try(FastMutex, EX_MUTEX_RAISING);

    DDI_LEAVE(ExTryToAcquireFastMutex, FastMutex, taken);
    return taken;
}

NTKERNELAPI BOOLEAN NTAPI KeTryToAcquireGuardedMutex(PFAST_MUTEX Mutex)
{
    GUARDED_AT_MOST_APC(KeTryToAcquireGuardedMutex, Mutex);
    DDI_ENTER(KeTryToAcquireGuardedMutex, Mutex);
    BOOLEAN taken = ex_mutex_try(Mutex, EX_MUTEX_GUARDED);

    DDI_LEAVE(KeTryToAcquireGuardedMutex, Mutex, taken);
    return taken;
}
