/* SPDX-License-Identifier: MIT */
#include "host/rules.h"

#include <stddef.h>
#include <strings.h>

#include "observe/verify.h"

/* Those that the kernel or the test finds; the verifier brings its own (observe/verify.h). */
static const struct {
    const char *id, *title, *why, *repair;
} rules[] = {
    {"DT-T01", "a timer is used before it was initialized, or after its storage was wiped",
        "The kernel follows the links inside the object; before KeInitializeTimer they are garbage.",
        "Initialize in DriverEntry, AddDevice or StartDevice, once, before anything can reach the timer."},
    {"DT-T12", "a due time has the wrong sign",
        "A positive due time is absolute, counted from the year 1601; a small one lies in the past and expires at "
        "once.",
        "Relative times are negative: DueTime.QuadPart = -10000LL * milliseconds."},
    {"DT-T14", "a high-resolution timer gets an absolute due time, or excluding attributes",
        "High-resolution timers follow interrupt time only, and cannot be no-wake timers too.",
        "A relative due time; one attribute."},
    {"DT-T15", "delete with wait but without cancel", "ExDeleteTimer would wait for an expiration that nobody bounds.",
        "Cancel = TRUE whenever Wait = TRUE."},
    {"DT-T19", "parameters of a timer routine that its own initialization routine has not seen",
        "Version and reserved fields hold whatever was on the stack.",
        "ExInitializeSetTimerParameters or ExInitializeDeleteTimerParameters first; ExCancelTimer takes NULL."},
    {"DT-D01", "a DPC is queued before it was initialized", "The kernel queues and calls whatever the memory holds.",
        "KeInitializeDpc first."},
    {"DT-D16", "a KeSignalCallDpc routine is called outside a KeGenericCallDpc, or once too often",
        "Its argument is only good in the routine that KeGenericCallDpc has called, once per processor.",
        "Pass on SystemArgument1 and SystemArgument2 unchanged, the first exactly once."},
    {"DT-D17", "IoRequestDpc is called by no interrupt routine",
        "DpcForIsr is the second half of an interrupt; its page asks for the device's IRQL. Called from elsewhere, it "
        "meets the "
        "request of an interrupt half way and one of the two is lost.",
        "A DPC of its own (KeInitializeDpc, KeInsertQueueDpc) for what is not the interrupt's."},
    {"DT-W14", "a wait that can never end", "A routine waits for its own end.",
        "Let somebody else wait for it: the thread that tears down."},
    {"DT-D11", "a DPC is aimed at a processor that does not exist",
        "KeSetTargetProcessorDpc takes a processor number, not a count.", "Stay below KeQueryActiveProcessorCountEx."},
    {"DT-I10", "pageable memory or pool is used at DISPATCH_LEVEL or above", "A page fault cannot be served there.",
        "NonPagedPoolNx, or a work item."},
    {"DT-W03", "a dispatcher object is used before it was initialized, or is of another kind",
        "The kernel follows the wait list inside the object.", "KeInitializeEvent and the like first."},
    {"DT-W02", "a wait in UserMode is given something on the stack",
        "The kernel stack of a thread that waits in UserMode may be paged out, with the object in it.",
        "WaitMode = KernelMode, or objects and wait blocks in nonpaged pool."},
    {"DT-W04", "an object is wiped or freed while a thread waits for it",
        "The waiting thread hangs in the wait list of memory that is something else now.",
        "Let every waiter come back before the object is initialized again or freed."},
    {"DT-W05", "a call with Wait = TRUE is not followed by a wait at once",
        "The call returns at DISPATCH_LEVEL; only KeWaitXxx brings IRQL back to where it was.",
        "Wait = FALSE, unless the very next statement is the wait."},
    {"DT-W08", "a semaphore is initialized out of range, released over its limit or by zero or less",
        "KeReleaseSemaphore raises STATUS_SEMAPHORE_LIMIT_EXCEEDED before any waiter takes its share.",
        "A limit that is as high as the count can become; a positive adjustment."},
    {"DT-W09", "a wait for several objects is impossible as it is asked for",
        "Too many objects, wait blocks that are missing, too few or in use, or a mutex in UserMode.",
        "At most 64 objects; more than 3 need a KWAIT_BLOCK each, used by one wait at a time."},
    {"DT-W15", "critical and guarded regions are not balanced",
        "The count of what keeps APCs out stays wrong for this thread: I/O of its process may never complete.",
        "Leave exactly what was entered, on every path, in the same routine."},
    {"DT-W18", "a routine that needs PASSIVE_LEVEL is called while power is set",
        "IRP_MN_SET_POWER may come at DISPATCH_LEVEL, and what the routine needs may have no power any more.",
        "Do it in a work item, or before the request is passed on at PASSIVE_LEVEL with DO_POWER_PAGABLE."},
    {"DT-W17", "a routine is called that is reserved for the system", "It may change or go away.",
        "KeInitializeMutex, KeReleaseMutex and KeReadStateMutex."},
    {"DT-W06", "a mutex is released by a thread that does not own it", "Ownership is by thread.",
        "Release in the thread that acquired it, or use an event."},
    {"DT-W07", "a thread ends while owning a mutex", "Nobody can ever release it.", "Release before the thread ends."},
    {"DT-C01", "changes of the timer resolution are not undone, or undone twice",
        "The fine tick costs the whole system power until the last driver that asked for it has withdrawn.",
        "ExSetTimerResolution(0, FALSE) once for each TRUE, before the driver is unloaded."},
    {"DT-C02", "a processor is above DISPATCH_LEVEL for so long that the system takes it for dead",
        "Other processors wait for it: for its answer to an interrupt, for a lock that it holds.",
        "Raise IRQL for microseconds only."},
    {"DT-H01", "a thread's priority is set to a value that drivers may not use",
        "Priorities run from 1 to 31 (16 and up: real-time); LOW_PRIORITY is that of the idle threads.",
        "KeSetPriorityThread with LOW_REALTIME_PRIORITY, or a variable priority from 1 to 15."},
    {"DT-H02", "a driver is unloaded while one of its threads lives", "The thread goes on in code that is gone.",
        "Tell it to end and wait for the thread object (ObReferenceObjectByHandle) in the unload path."},
    {"DT-H03", "a worker thread is terminated by a work routine",
        "Worker threads belong to the system; each one lost is missing for every driver.",
        "Return from the routine; PsTerminateSystemThread is for threads that the driver has made."},
    {"DT-H04", "the handle of a thread is never closed", "The thread object stays for ever.",
        "ZwClose the handle once the object is referenced; the thread goes on."},
    {"DT-K01", "a work item is queued with a type that drivers may not use",
        "The other queues are the system's; work above their priority keeps it from its own.",
        "DelayedWorkQueue, or CustomPriorityWorkQueue + a priority up to 16."},
    {"DT-K02", "memory is freed with an I/O work item in it that is not uninitialized",
        "The item holds on to its device or driver object.", "IoUninitializeWorkItem first."},
    {"DT-K03", "a work routine takes very long",
        "System worker threads are few and serve all drivers: each one kept busy is missing elsewhere.",
        "A thread of the driver's own for work that waits or takes long."},
    {"DT-Q01", "StartIo's queue and cancel routines do not go together",
        "A request with a cancel routine is taken from the queue without the cancel spin lock: the routine may "
        "complete it "
        "while StartIo begins with it.",
        "Cancelable = TRUE in IoStartNextPacket when IoStartPacket was given a CancelFunction, or NonCancelable = TRUE "
        "in "
        "IoSetStartIoAttributes."},
    {"DT-Q02", "a request is never completed",
        "Its sender waits for ever; its file cannot be closed and the driver cannot be unloaded.",
        "Complete every request on every path; in IRP_MJ_CLEANUP those that wait in a queue."},
    {"DT-Q03", "an interrupt object is still connected when what it uses goes away",
        "The next interrupt calls a routine in, or with, memory that is something else now.",
        "IoDisconnectInterrupt first, then IoDeleteDevice, then leave DriverUnload."},
    {"DT-S21", "a device is told to use memory that is not there, or not any more",
        "A device writes to the bus address that it was given; on a real machine that destroys whatever lies there "
        "now.",
        "Addresses of memory that stays until the device has answered: StorPortGetPhysicalAddress and the lists of the "
        "port."},
    {"DT-X04", "a livelock: processors only spin and nothing is due",
        "Whoever could end the spinning never gets to run.",
        "Do not spin for something that runs at your IRQL or below."},
    {"DT-X05", "an expectation of the test failed", "The test says so (dt_expect).",
        "Replay the schedule and follow what each processor did."},
    {"DT-M01", "pool memory is left behind by a driver that was unloaded",
        "Nobody can free it any more; every load and unload loses as much again.",
        "Free in DriverUnload, or in the path that removes the device, what was allocated in DriverEntry or "
        "AddDevice."},
    {"DT-M02", "the operand of an interlocked operation, or an SLIST, is not aligned",
        "An operation that crosses a cache line is not atomic on every machine; SLISTs change 16 bytes at once.",
        "Natural alignment; DECLSPEC_ALIGN(16) for SLIST_HEADER and SLIST_ENTRY inside packed structures."},
    {"DT-S01", "a miniport requests a timer without a routine, or with one that is not of the timer role",
        "StorPort calls what it was given, with the StartIo lock held.",
        "StorPortNotification(RequestTimerCall, ext, Routine, microseconds) with a HW_TIMER routine; 0 microseconds "
        "cancels."},
    {"DT-S03", "a timer, DPC, thread or work item of a miniport is left after its adapter was stopped or removed",
        "It would run with a device extension that is gone.",
        "Cancel timers at ScsiStopAdapter, free extended timers and end threads at removal."},
    {"DT-S04", "HwStorStartIo and HwStorTimer share data, and only one of them uses interlocked calls",
        "With concurrent channels, and in virtual miniports, StartIo runs without the StartIo lock: the timer "
        "routine's lock "
        "does not keep it out.",
        "Claim shared state with InterlockedCompareExchange, read it with ReadAcquire, or take the StartIo lock in "
        "StartIo."},
    {"DT-S06",
        "a lock of StorPort's is acquired that is held already, comes too late in the order, or may not be acquired "
        "there",
        "Windows would wait for itself: the port holds locks around most routines of a miniport.",
        "DPC or StartIo before Interrupt; see the table of StorPortAcquireSpinLock for what each routine may take."},
    {"DT-S07", "a lock of StorPort's is not released, or released without having been acquired",
        "The next who wants it waits for ever, or two hold it at once.",
        "Pair each acquire with one release, same handle."},
    {"DT-S08", "a request is completed twice", "The second completion is that of another request by then.",
        "Let exactly one path own a request: move its state with InterlockedCompareExchange, complete where that "
        "succeeds."},
    {"DT-S09", "a request's memory is used after the request was completed",
        "From RequestComplete on SRB, extension, sense buffer and lists are the port's and soon another request's.",
        "Copy what is needed before RequestComplete; make it the last thing."},
    {"DT-S10", "a request is never completed",
        "The client waits; the port times it out, resets the bus and loses the memory.",
        "Complete each request once, also on errors, resets and removal; after HwStorBuildIo returned FALSE too."},
    {"DT-S11", "a request is completed with a status that is none",
        "SRB_STATUS_PENDING means that nothing was decided, SRB_STATUS_QUEUE_FROZEN is the port's, and what is sent "
        "again must "
        "be as it came.",
        "Set SrbStatus before RequestComplete; leave the request alone with SRB_STATUS_BUSY."},
    {"DT-S12", "a routine of StorPort's is called at the wrong IRQL",
        "In an interrupt routine, or in half duplex, a miniport is at its device's level, where most routines cannot "
        "work.",
        "Defer to a STOR_DPC or a work item."},
    {"DT-S13", "a routine of StorPort's is called outside the routine of the miniport in which alone it works",
        "Configuration is read once, when HwStorFindAdapter or HwStorInitialize returns.",
        "Move the call to where its page says."},
    {"DT-S14", "a miniport stalls, waits or allocates in HwStorStartIo",
        "StartIo runs at DISPATCH_LEVEL or above, for every request, with all other requests behind it.",
        "Allocate in HwStorFindAdapter; wait with a timer."},
    {"DT-S15", "a physical miniport calls a kernel routine",
        "StorPort's model has no room for locks, timers and waits that it does not know; only virtual miniports may.",
        "Use StorPort's counterpart."},
    {"DT-S16", "a deprecated or undocumented use of StorPort", "It may stop working, or never has.",
        "The page of the routine names its successor."},
    {"DT-S17",
        "a field of the initialization data or the configuration is missing, wrong or not the miniport's to write",
        "StorPort takes it as it is, and fails or corrupts later.",
        "Fill in what the pages demand for this kind of miniport."},
    {"DT-S18", "performance options are set without version and size, or without asking what is supported",
        "Older systems know fewer; an unknown flag makes all of them fail.", "Query first, then set what was offered."},
    {"DT-S19", "memory from StorPort is leaked, freed twice or not checked",
        "It is nobody's after the adapter has gone.",
        "Free at removal what was allocated since HwStorFindAdapter; look at the status."},
    {"DT-S20", "a register is accessed outside what was mapped", "Another device's registers may be there.",
        "StorPortGetDeviceBase for each range of AccessRanges, and stay inside its length."},
    {"DT-ABSENT", "a routine was called that Duetime does not implement yet", "Running on would prove nothing.",
        "`duetime ddi --family F` lists what there is."},
};

#define COUNT (sizeof rules / sizeof *rules)

bool rule_at(unsigned i, struct rule *r)
{
    if (i < VERIFY_RULES) {
        const struct verify_rule_info *v = &verify_rules[i];

        *r = (struct rule){v->id, v->title, v->why, v->repair, v->aliases, v->bugcheck};
        return true;
    }
    if (i - VERIFY_RULES >= COUNT)
        return false;
    i -= VERIFY_RULES;
    *r = (struct rule){rules[i].id, rules[i].title, rules[i].why, rules[i].repair, NULL, NULL};
    return true;
}

bool rule_find(const char *id, struct rule *r)
{
    const struct verify_rule_info *v = verify_rule_find(id);

    if (v)
        return rule_at((unsigned)(v - verify_rules), r);
    for (unsigned i = 0; i < COUNT; i++)
        if (strcasecmp(rules[i].id, id) == 0 || strcasecmp(rules[i].id + 3, id) == 0)
            return rule_at(i + VERIFY_RULES, r);
    return false;
}
