/* SPDX-License-Identifier: MIT */
/* ddi/ddi_mutex.c - fast and guarded mutexes as drivers see them. */
#include "ddi/ddi.h"
#include "ex/fastmutex.h"

NTKERNELAPI VOID NTAPI KeInitializeGuardedMutex(PKGUARDED_MUTEX Mutex)
{
    DDI_ENTER(KeInitializeGuardedMutex, Mutex);
    ex_mutex_init(Mutex);
    DDI_LEAVE(KeInitializeGuardedMutex, Mutex, 0);
}

NTKERNELAPI VOID NTAPI ExAcquireFastMutex(PFAST_MUTEX FastMutex)
{
    DDI_ENTER(ExAcquireFastMutex, FastMutex);
    ex_mutex_acquire(FastMutex, EX_MUTEX_RAISING);
    DDI_LEAVE(ExAcquireFastMutex, FastMutex, 0);
}

NTKERNELAPI VOID NTAPI ExReleaseFastMutex(PFAST_MUTEX FastMutex)
{
    DDI_ENTER(ExReleaseFastMutex, FastMutex);
    ex_mutex_release(FastMutex, EX_MUTEX_RAISING);
    DDI_LEAVE(ExReleaseFastMutex, FastMutex, 0);
}

NTKERNELAPI VOID NTAPI ExAcquireFastMutexUnsafe(PFAST_MUTEX FastMutex)
{
    DDI_ENTER(ExAcquireFastMutexUnsafe, FastMutex);
    ex_mutex_acquire(FastMutex, EX_MUTEX_UNSAFE);
    DDI_LEAVE(ExAcquireFastMutexUnsafe, FastMutex, 0);
}

NTKERNELAPI VOID NTAPI ExReleaseFastMutexUnsafe(PFAST_MUTEX FastMutex)
{
    DDI_ENTER(ExReleaseFastMutexUnsafe, FastMutex);
    ex_mutex_release(FastMutex, EX_MUTEX_UNSAFE);
    DDI_LEAVE(ExReleaseFastMutexUnsafe, FastMutex, 0);
}

NTKERNELAPI VOID NTAPI KeAcquireGuardedMutex(PFAST_MUTEX Mutex)
{
    DDI_ENTER(KeAcquireGuardedMutex, Mutex);
    ex_mutex_acquire(Mutex, EX_MUTEX_GUARDED);
    DDI_LEAVE(KeAcquireGuardedMutex, Mutex, 0);
}

NTKERNELAPI VOID NTAPI KeReleaseGuardedMutex(PFAST_MUTEX Mutex)
{
    DDI_ENTER(KeReleaseGuardedMutex, Mutex);
    ex_mutex_release(Mutex, EX_MUTEX_GUARDED);
    DDI_LEAVE(KeReleaseGuardedMutex, Mutex, 0);
}

NTKERNELAPI VOID NTAPI KeAcquireGuardedMutexUnsafe(PFAST_MUTEX FastMutex)
{
    DDI_ENTER(KeAcquireGuardedMutexUnsafe, FastMutex);
    ex_mutex_acquire(FastMutex, EX_MUTEX_UNSAFE);
    DDI_LEAVE(KeAcquireGuardedMutexUnsafe, FastMutex, 0);
}

NTKERNELAPI VOID NTAPI KeReleaseGuardedMutexUnsafe(PFAST_MUTEX FastMutex)
{
    DDI_ENTER(KeReleaseGuardedMutexUnsafe, FastMutex);
    ex_mutex_release(FastMutex, EX_MUTEX_UNSAFE);
    DDI_LEAVE(KeReleaseGuardedMutexUnsafe, FastMutex, 0);
}

NTKERNELAPI BOOLEAN NTAPI ExTryToAcquireFastMutex(PFAST_MUTEX FastMutex)
{
    DDI_ENTER(ExTryToAcquireFastMutex, FastMutex);
    BOOLEAN taken = ex_mutex_try(FastMutex, EX_MUTEX_RAISING);

    DDI_LEAVE(ExTryToAcquireFastMutex, FastMutex, taken);
    return taken;
}

NTKERNELAPI BOOLEAN NTAPI KeTryToAcquireGuardedMutex(PFAST_MUTEX Mutex)
{
    DDI_ENTER(KeTryToAcquireGuardedMutex, Mutex);
    BOOLEAN taken = ex_mutex_try(Mutex, EX_MUTEX_GUARDED);

    DDI_LEAVE(KeTryToAcquireGuardedMutex, Mutex, taken);
    return taken;
}
