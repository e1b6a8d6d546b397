/* SPDX-License-Identifier: MIT */
/*
 * sp/lock.c - the locks of an adapter that a miniport may take: StorPortAcquireSpinLock and its kin.
 *
 * Windows hangs, or corrupts, when these are misused; here each mistake is told at the call (STL-019 to STL-030). What a lock
 * word says (its owner) and what the innermost call into the miniport has taken decides; no list of owners is kept.
 */
#include "sp/priv.h"

const char *sp_lock_name(unsigned kind)
{
    return kind == SP_LOCK_DPC ? "DPC" : kind == SP_LOCK_STARTIO ? "StartIo" : "Interrupt";
}

void sp_lock_init(PKSPIN_LOCK word)
{
    *word = 0;
    ev(EV_LOCK_INIT, (void *)word, EV_LOCK_SPIN, 0, 0);
}

/* ---- the Interrupt lock: one, or one for each message ---- */

unsigned sp_interrupt_acquire(struct sp_adapter *a)
{
    unsigned old = ke_raise_to(a->dirql);

    for (unsigned i = 0; i < a->n_interrupt_locks; i++)
        ke_spin_acquire(&a->interrupt_lock[i], EV_LOCK_INTERRUPT, i ? a->dirql : old);
    return old;
}

void sp_interrupt_release(struct sp_adapter *a, unsigned old)
{
    for (unsigned i = a->n_interrupt_locks; i-- > 0;)
        ke_spin_release(&a->interrupt_lock[i], EV_LOCK_INTERRUPT, i ? a->dirql : old);
    ke_lowering(old);
    mach_irql_lower(old);
}

bool sp_interrupt_held(struct sp_adapter *a)
{
    for (unsigned i = 0; i < a->n_interrupt_locks; i++)
        if (ke_spin_held_by_me(&a->interrupt_lock[i]))
            return true;
    return false;
}

unsigned sp_locks_held(struct sp_adapter *a)
{
    unsigned               held = sp_interrupt_held(a) ? SP_LOCK_INTERRUPT : 0;
    const struct sp_frame *f = sp_frame_of(a);

    if (ke_spin_held_by_me(&a->startio_lock))
        held |= SP_LOCK_STARTIO;
    for (unsigned i = 0; f && i < SP_TAKEN_MAX; i++)
        held |= f->taken[i].kind & SP_LOCK_DPC;
    return held;
}

/* ---- what a call may take ---- */

static unsigned kind_of(STOR_SPINLOCK lock)
{
    switch ((unsigned)lock) {
    case DpcLock:
    case ThreadedDpcLock:
    case DpcLevelLock:
        return SP_LOCK_DPC;
    case StartIoLock:
        return SP_LOCK_STARTIO;
    case InterruptLock:
        return SP_LOCK_INTERRUPT;
    }
    return 0;
}

static PKSPIN_LOCK word_of(struct sp_adapter *a, unsigned kind, PVOID context)
{
    if (kind == SP_LOCK_DPC)
        return (PKSPIN_LOCK) & ((PSTOR_DPC)context)->Lock;
    return kind == SP_LOCK_STARTIO ? &a->startio_lock : &a->interrupt_lock[0];
}

static bool held(struct sp_adapter *a, unsigned kind, PVOID context)
{
    return kind == SP_LOCK_INTERRUPT ? sp_interrupt_held(a) : ke_spin_held_by_me(word_of(a, kind, context));
}

/* STL-019, STL-024, STL-025, STL-027: on Windows the processor would wait for itself, or two for each other. */
static void check_order(struct sp_adapter *a, unsigned kind, PVOID context, const void *caller)
{
    if (held(a, kind, context))
        sp_stop("DT-S06", a->extension, caller,
            "the %s lock is acquired by a processor that holds it already: deadlock", sp_lock_name(kind));
    if (kind != SP_LOCK_INTERRUPT && sp_interrupt_held(a))
        sp_stop("DT-S06", a->extension, caller,
            "the %s lock is acquired while the Interrupt lock is held; it comes before that", sp_lock_name(kind));
}

/* STL-020 to STL-023. */
static void check_allowed(const struct sp_frame *f, unsigned kind, const void *caller)
{
    if (f && !(f->rule.may & kind) && !finding_faithful) /* Windows looks on: the order alone decides who hangs */
        sp_stop("DT-S06", f->a->extension, caller, "%s may not acquire the %s lock%s", sp_call_name(f->call),
            sp_lock_name(kind), f->a->half_duplex ? " (half duplex)" : "");
}

static void remember(struct sp_frame *f, unsigned kind, int message, const void *handle, const void *caller)
{
    for (unsigned i = 0; f && i < SP_TAKEN_MAX; i++)
        if (!f->taken[i].kind) {
            f->taken[i] = (struct sp_taken){(uint8_t)kind, message, handle, caller};
            return;
        }
    if (f)
        f->oversized = true;
}

/* False: it was not taken here. */
static bool forget(struct sp_frame *f, unsigned kind, int message, const void *handle)
{
    for (unsigned i = SP_TAKEN_MAX; i-- > 0;)
        if (f->taken[i].kind == kind && f->taken[i].message == message && f->taken[i].handle == handle) {
            f->taken[i].kind = 0;
            return true;
        }
    return f->oversized;
}

/* ---- StorPortAcquireSpinLock ---- */

/* STL-030. */
static bool context_fits(unsigned kind, PVOID context)
{
    return (kind == SP_LOCK_DPC) == (context != NULL);
}

static void take(struct sp_adapter *a, unsigned kind, PVOID context, PSTOR_LOCK_HANDLE handle)
{
    unsigned old = mach_irql();

    if (kind == SP_LOCK_INTERRUPT) {
        sp_interrupt_acquire(a);
    } else {
        ke_raise_to(DISPATCH_LEVEL);
        ke_spin_acquire(word_of(a, kind, context), EV_LOCK_SPIN, old);
    }
    handle->Context.OldIrql = (KIRQL)old;
    handle->Context.LockQueue.Lock = (PVOID)word_of(a, kind, context);
}

void sp_spin_acquire(
    struct sp_adapter *a, STOR_SPINLOCK lock, PVOID context, PSTOR_LOCK_HANDLE handle, const void *caller)
{
    unsigned         kind = kind_of(lock);
    struct sp_frame *f = sp_frame_of(a);

    if (!kind)
        sp_stop("DT-S06", handle, caller, "StorPortAcquireSpinLock does not know lock %u", (unsigned)lock);
    if (!context_fits(kind, context))
        sp_stop("DT-S06", handle, caller, "the context of the %s lock must be %s", sp_lock_name(kind),
            kind == SP_LOCK_DPC ? "its STOR_DPC" : "NULL");
    check_order(a, kind, context, caller);
    check_allowed(f, kind, caller);
    handle->Lock = lock;
    take(a, kind, context, handle);
    remember(f, kind, -1, handle, caller);
}

/* STL-028: what the handle says is what was acquired with it. */
static PKSPIN_LOCK check_release(struct sp_adapter *a, PSTOR_LOCK_HANDLE handle, unsigned kind, const void *caller)
{
    PKSPIN_LOCK      word = (PKSPIN_LOCK)handle->Context.LockQueue.Lock;
    struct sp_frame *f = sp_frame_of(a);

    if (!kind || !word || !ke_spin_held_by_me(word))
        sp_stop("DT-S07", handle, caller, "StorPortReleaseSpinLock releases a lock that this processor does not hold");
    if (f && !forget(f, kind, -1, handle))
        sp_stop("DT-S07", handle, caller, "%s releases the %s lock with a handle that it did not acquire it with",
            sp_call_name(f->call), sp_lock_name(kind));
    return word;
}

void sp_spin_release(struct sp_adapter *a, PSTOR_LOCK_HANDLE handle, const void *caller)
{
    unsigned    kind = kind_of(handle->Lock);
    PKSPIN_LOCK word = check_release(a, handle, kind, caller);
    unsigned    old = handle->Context.OldIrql;

    handle->Context.LockQueue.Lock = NULL;
    if (kind == SP_LOCK_INTERRUPT) {
        sp_interrupt_release(a, old);
        return;
    }
    ke_spin_release(word, EV_LOCK_SPIN, old);
    ke_lowering(old);
    mach_irql_lower(old);
}

/* ---- messages' own locks ---- */

/* STL-097: outside per-message mode there is no such lock. */
ULONG sp_msi_acquire(struct sp_adapter *a, ULONG message, PULONG old, const void *caller)
{
    struct sp_frame *f = sp_frame_of(a);

    if (!a->per_message)
        sp_stop("DT-S07", a->extension, caller,
            "StorPortAcquireMSISpinLock is for InterruptSynchronizePerMessage; the adapter has another mode");
    if (message >= a->n_interrupt_locks)
        return STOR_STATUS_INVALID_PARAMETER;
    if (ke_spin_held_by_me(&a->interrupt_lock[message]))
        sp_stop("DT-S06", a->extension, caller, "the lock of message %u is acquired by its holder: deadlock",
            (unsigned)message);
    unsigned before = mach_irql();

    ke_raise_to(a->interrupt[message].irql);
    ke_spin_acquire(&a->interrupt_lock[message], EV_LOCK_INTERRUPT, before);
    *old = before;
    remember(f, SP_LOCK_INTERRUPT, (int)message, (const void *)(uintptr_t)(before + 1), caller);
    return STOR_STATUS_SUCCESS;
}

/* STL-098. */
ULONG sp_msi_release(struct sp_adapter *a, ULONG message, ULONG old, const void *caller)
{
    struct sp_frame *f = sp_frame_of(a);

    if (message >= a->n_interrupt_locks)
        return STOR_STATUS_INVALID_PARAMETER;
    if (!a->per_message || !ke_spin_held_by_me(&a->interrupt_lock[message]))
        sp_stop("DT-S07", a->extension, caller, "the lock of message %u is released and was not acquired",
            (unsigned)message);
    if (f && !forget(f, SP_LOCK_INTERRUPT, (int)message, (const void *)(uintptr_t)(old + 1)))
        sp_stop("DT-S07", a->extension, caller,
            "the lock of message %u is released with IRQL %u, which its acquisition did not return", (unsigned)message,
            (unsigned)old);
    ke_spin_release(&a->interrupt_lock[message], EV_LOCK_INTERRUPT, old);
    ke_lowering(old);
    mach_irql_lower(old);
    return STOR_STATUS_SUCCESS;
}
