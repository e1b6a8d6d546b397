/* SPDX-License-Identifier: MIT */
/* observe/verify_rules.c - what the report and `duetime explain` say about each rule. */
#include <string.h>

#include "observe/verify.h"

const struct verify_rule_info verify_rules[VERIFY_RULES] = {
    [VERIFY_T02] = {"DT-T02", "a timer is initialized again while it is set", "", "",
        "KeInitializeTimer wipes the links by which the timer hangs in the timer queue. The queue is corrupt from "
        "then on; Windows crashes at the next expiry near it.",
        "Initialize a timer once, before its first use. To use it again, set it again."},
    [VERIFY_T03] = {"DT-T03", "memory that contains a set timer is freed", "", "0xC4/0x15 (pool), 0xC7/0",
        "The timer stays in the timer queue. When it expires, the system writes to memory that belongs to somebody "
        "else and queues whatever lies there as a DPC.",
        "KeCancelTimer, then KeFlushQueuedDpcs, then free. KeCancelTimer alone is not enough when it returns FALSE or "
        "when the timer is periodic."},
    [VERIFY_T04] = {"DT-T04", "a timer is still set when its device object or driver goes away", "",
        "0xC7/0, 0xC7/2 (unload), 0xC4/0x15 (device object)",
        "The timer outlives the memory or the code that its DPC needs.",
        "Cancel timers and flush DPCs in the remove path (IRP_MN_REMOVE_DEVICE) before IoDeleteDevice, and in Unload."},
    [VERIFY_T05] = {"DT-T05", "a callback or DPC runs after the memory it works on was freed", "", "",
        "Cancelling a timer or removing a DPC does not wait for a routine that has been started or queued. Memory "
        "freed right afterwards is used by that routine.",
        "KeFlushQueuedDpcs after KeCancelTimer; ExDeleteTimer with Cancel and Wait TRUE; or let the routine say that "
        "it is done (an event) and wait for that."},
    [VERIFY_T09] = {"DT-T09", "a periodic timer is freed from its own DPC", "", "0xC4/0x15",
        "A periodic timer is back in the timer queue before its DPC runs. Freeing it there frees a set timer.",
        "Cancel it and let another thread flush and free it. Only a nonperiodic timer may be freed by its own DPC."},
    [VERIFY_T10] = {"DT-T10", "one DPC object is used by two timers, or by a timer and KeInsertQueueDpc", "", "",
        "A DPC object can be queued once at a time. When both uses come together only one call is made, and the "
        "routine cannot tell for whom.",
        "A DPC object of its own for every timer and for every direct use; the routine may be shared."},
    [VERIFY_T11] = {"DT-T11", "one timer object serves a DPC and waits of threads", "", "",
        "Setting or cancelling the timer for one use takes away the expiration that the other one waits for.",
        "A timer object for the CustomTimerDpc and another one for each set of waiting threads."},
    [VERIFY_T13] = {"DT-T13", "a period, tolerance or due time in the wrong unit or out of range", "", "0xC7",
        "KTIMER periods and tolerances are milliseconds, those of EX_TIMERs 100-ns units, none is negative or above "
        "MAXLONG. A high-resolution timer that is faster than the default tick for long keeps the whole system's clock "
        "fast; a tolerance below two ticks saves nothing.",
        "Look up the unit. A longer period, or a default-resolution timer; a tolerance of 32 ms or more, or none."},
    [VERIFY_T16] = {"DT-T16", "ExDeleteTimer waits where it cannot", "", "0xB8, 0x0A",
        "With Wait TRUE the routine blocks until the callback has ended: never, when it is called from that callback; "
        "and blocking is not allowed at DISPATCH_LEVEL.",
        "Wait FALSE in the callback and at DISPATCH_LEVEL; free the context in the delete callback."},
    [VERIFY_T17] = {"DT-T17", "an EX_TIMER is used after its delete", "", "0xC6",
        "ExDeleteTimer frees the object as soon as no callback needs it. The pointer is stale then.",
        "Forget the pointer before the delete, under the lock that guards it."},
    [VERIFY_T18] = {"DT-T18", "an EX_TIMER is never deleted, or its allocation was not checked", "",
        "0xC4/0x62, 0xC7/2",
        "The object stays allocated after unload; if it is set, the system calls code that is gone. ExAllocateTimer "
        "can return NULL.",
        "ExDeleteTimer with Cancel and Wait TRUE for each timer in the remove or unload path; check the allocation."},
    [VERIFY_D02] = {"DT-D02", "a DPC is initialized again or changed while it is queued", "", "",
        "KeInitializeDpc wipes the links of a queued object and corrupts the DPC queue. Importance and target are "
        "read when a DPC is queued; a change after that has no effect on it.",
        "Initialize and configure a DPC once, before its first use."},
    [VERIFY_D03] = {"DT-D03", "memory that contains a queued or running DPC is freed", "", "0xC7/1",
        "The DPC queue goes on pointing to the freed memory.",
        "KeRemoveQueueDpc, and KeFlushQueuedDpcs when it returns FALSE, before the memory is freed."},
    [VERIFY_D04] = {"DT-D04", "a DPC is queued or running when the driver is unloaded", "", "0xC7/2, 0xCE",
        "The system flushes the DPC queues before it unmaps the driver; a DPC that queues itself again, or is queued "
        "by something that goes on, is called after that.",
        "Stop what queues the DPC first (timer, interrupt, the DPC itself), then KeFlushQueuedDpcs."},
    [VERIFY_D06] = {"DT-D06", "a DPC waits", "", "0xB8",
        "A DPC runs on a borrowed stack at DISPATCH_LEVEL: the scheduler cannot switch away from it.",
        "Queue a work item, or wait with a time-out of zero."},
    [VERIFY_D08] = {"DT-D08", "a DPC or callback returns at another IRQL or with another APC-disable count", "",
        "0xC8, 0xC7/4, 0xC7/5",
        "The interrupted code goes on at a level, or with APCs disabled, that it did not ask for.",
        "Undo every raise, region and mutex on all paths out of the routine."},
    [VERIFY_D13] = {"DT-D13", "a threaded DPC is assumed to run at DISPATCH_LEVEL", "", "0xC4/0x40, 0xC4/0x41",
        "Threaded DPCs run at PASSIVE_LEVEL unless the registry says otherwise: a lock taken without raising IRQL is "
        "held "
        "by a thread that ordinary DPCs interrupt, and one that wants the lock hangs the processor.",
        "KeAcquireSpinLockForDpc, KeReleaseSpinLockForDpc and their queued forms."},
    [VERIFY_I01] = {"DT-I01", "a routine is called above its maximum IRQL", "C28121 irql-too-high SDV:Irql*",
        "0xC4/0x2xxxx, 0x0A", "The routine may touch pageable memory or block, which nothing can serve at that level.",
        "Call it at a lower level, from a work item for example."},
    [VERIFY_I02] = {"DT-I02", "a routine is called below its minimum IRQL", "C28120 irql-too-low IrqlDispatch",
        "0xC4/0x20003, 0xC4/0x40", "The routine relies on not being interrupted by DPCs or switched away from.",
        "Raise to DISPATCH_LEVEL first, or use the form of the routine that does so."},
    [VERIFY_I03] = {"DT-I03", "IRQL is raised downwards, lowered upwards or lowered without a raise",
        "IrqlKeRaiseLower", "0xC4/0x30, 0xC4/0x31",
        "The code that was interrupted or that called relied on its level. In a DPC, threads and other DPCs get in.",
        "KeLowerIrql only with the value that the raise just before returned."},
    [VERIFY_I04] = {"DT-I04", "the level restored is not the one that was saved", "IrqlKeRaiseLower2", "",
        "The caller goes on at a level it does not expect.",
        "Restore in reverse order, each raise with its own variable."},
    [VERIFY_I09] = {"DT-I09", "a routine of the driver returns at another IRQL", "IrqlReturn",
        "0xC4/0x2001D, 0xC4/0xFA",
        "The caller (the I/O manager or another driver) goes on at a level it does not expect.",
        "Release locks and lower IRQL on every path out of the routine."},
    [VERIFY_L01] = {"DT-L01", "a lock is taken twice by its owner", "SpinLock", "0x0F",
        "The processor spins for a lock that it would have to release itself.",
        "Split the routine into one that takes the lock and one that expects it held."},
    [VERIFY_L02] = {"DT-L02", "a lock is released without being held", "SpinlockRelease", "0x10, 0xC4/0x1007",
        "Somebody else's critical section is opened.", "One release for each acquire on every path."},
    [VERIFY_L03] = {"DT-L03", "a lock is released by another thread or processor than took it", "", "0xC4/0x1004",
        "The saved IRQL belongs to the other one.", "Release where it was acquired."},
    [VERIFY_L04] = {"DT-L04", "a lock is held when a routine or thread ends", "SpinLock StorPortSpinLock",
        "0xC4/0x40009, 0xC4/0x100A",
        "Nobody is left who will release it: the next one who wants it hangs, at DISPATCH_LEVEL.",
        "Release on every path out; look at early returns."},
    [VERIFY_L06] = {"DT-L06", "locks are acquired in two orders", "", "0xC4/0x1001",
        "Two processors or threads that meet in the middle each hold what the other one waits for.",
        "One order for all locks that are ever held together; write it down where they are declared."},
    [VERIFY_L07] = {"DT-L07", "one spin lock is acquired at DISPATCH_LEVEL and at device level", "", "",
        "An interrupt that comes while the lock is held on its processor spins for it for ever.",
        "KeAcquireInterruptSpinLock or KeSynchronizeExecution for what an interrupt routine shares; a lock of their "
        "own "
        "for ExInterlocked routines."},
    [VERIFY_L09] = {"DT-L09", "a lock is acquired and released by routines that do not go together", "",
        "0xC4/0x1008, 0x1009, 0x40006",
        "Each pair keeps its own things in the lock, the handle and the IRQL; the other one leaves them behind.",
        "One pair of routines for one lock; one handle, on the stack, for one acquisition."},
    [VERIFY_L10] = {"DT-L10", "a lock is used uninitialized, or initialized while it is held", "",
        "0xC4/0x1002, 0x1005",
        "What the memory holds is taken for the lock's state; a second initialization frees it under its owner.",
        "Initialize once, before anybody can reach the lock; a resource again only after ExDeleteResourceLite."},
    [VERIFY_L11] = {"DT-L11", "memory that contains a held lock is freed", "", "0xC4/0x100B",
        "The holder releases a lock in somebody else's memory; those who spin for it never get it.",
        "Take the object out of reach first, wait until nobody uses it, then free it."},
    [VERIFY_L12] = {"DT-L12", "IRQL falls below DISPATCH_LEVEL while a spin lock is held", "", "0xC4/0x1003, 0xC4/0x31",
        "The holder can be interrupted by DPCs and switched away from; who wants the lock then hangs its processor.",
        "Release in reverse order, each lock with the level or handle of its own acquire."},
    [VERIFY_L13] = {"DT-L13", "a request is completed or started while a spin lock is held", "SpinLockSafe", "",
        "The routines that are called may come back for the lock.", "Release the lock around the call."},
    [VERIFY_L15] = {"DT-L15", "a remove lock, rundown protection, resource or push lock is not used in pairs",
        "RemoveLock ExclusiveResourceAccess WithinCriticalRegion",
        "0xC4/0xD5, 0xD6, 0xD7, 0x37, 0x38, 0xEA, 0xEB, 0xE3",
        "A count that is too low lets removal go on under somebody's feet; one too high makes it wait for ever.",
        "One release for each successful acquire, with the same tag or owner, by who acquired it; both inside a "
        "critical region. Nothing is owed for an acquire that failed."},
    [VERIFY_L16] = {"DT-L16", "a fast or guarded mutex is used at the wrong IRQL or by the wrong routines",
        "IrqlExApcLte1 IrqlKeApcLte1", "0xC4/0x33, 0x34, 0x39, 0x3A, 0x2000F",
        "The routines keep APCs out by IRQL or by a guarded region and put back what was there before: the other pair "
        "puts back something else.",
        "Acquire at APC_LEVEL or below, release with the routine of the same pair; the unsafe ones only where APCs are "
        "disabled already. The owner is as at APC_LEVEL, whatever IRQL says."},
    [VERIFY_L17] = {"DT-L17", "a deadlock that really happened", "", "",
        "No processor can move, no timer is due, and threads are still waiting; or processors spin for each other.",
        "See what each one waits for: either nobody will signal it, or the one who would is waiting too."},
    [VERIFY_W01] = {"DT-W01", "a wait with no or a nonzero time-out at DISPATCH_LEVEL or above",
        "IrqlKeWaitForMultipleObjects", "0xC4/0x120, 0x121, 0x122",
        "The scheduler does not run at DISPATCH_LEVEL: nothing can take the processor's place.",
        "Wait at PASSIVE_LEVEL or APC_LEVEL; release spin locks first. A time-out of zero is allowed."},
    [VERIFY_W12] = {"DT-W12", "an event is pulsed", "C28648", "",
        "A waiting thread may be taken out of its wait for a moment by a kernel APC. A pulse in that moment does not "
        "reach it, and it waits on.",
        "KeSetEvent with a synchronization event, or a condition under a lock that the event only announces."},
    [VERIFY_B01] = {"DT-B01", "a DPC or timer callback runs longer than 100 us, an interrupt routine longer than 25 us",
        "", "0x133/0 (far above that)",
        "While it runs, its processor runs no thread and no other DPC; in an interrupt routine, no other device "
        "either.",
        "Do the long part in a work item or thread; poll with a timer, not with KeStallExecutionProcessor."},
    [VERIFY_B02] = {"DT-B02", "a spin lock is held longer than 25 us", "", "",
        "Everybody else who wants it spins at DISPATCH_LEVEL all that time.",
        "Keep only what the lock guards between acquire and release; stall and poll outside."},
    [VERIFY_B04] = {"DT-B04", "a thread polls by stalling for more than 50 us", "", "",
        "KeStallExecutionProcessor keeps the processor for itself: nothing else of that priority runs there.",
        "A thread of the driver's own that waits with a time-out between looks, a timer, or an interrupt."},
    [VERIFY_X01] = {"DT-X01", "data race: two accesses to memory, one of them a write, in no order", "", "",
        "Nothing orders them: no lock, interlocked operation, DPC, wait or thread start. Another schedule, or another "
        "processor, does them at the same moment.",
        "One lock for both, or interlocked operations on both sides."},
};

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static bool same_word(const char *word, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (lower(word[i]) != lower(name[i]))
            return false;
    return name[n] == 0;
}

static bool has_alias(const char *aliases, const char *name)
{
    for (const char *a = aliases; *a;) {
        const char *end = strchr(a, ' ');
        size_t      n = end ? (size_t)(end - a) : strlen(a);

        if (same_word(a, n, name))
            return true;
        a += n + (end != NULL);
    }
    return false;
}

const struct verify_rule_info *verify_rule_find(const char *name)
{
    for (unsigned i = 0; i < VERIFY_RULES; i++) {
        const struct verify_rule_info *r = &verify_rules[i];

        if (same_word(r->id, strlen(r->id), name) || same_word(r->id + 3, strlen(r->id) - 3, name) ||
            has_alias(r->aliases, name))
            return r;
    }
    return NULL;
}
