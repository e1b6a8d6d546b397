/* SPDX-License-Identifier: MIT */
#include "host/bugcodes.h"

#include <stddef.h>
#include <stdlib.h>
#include <strings.h>

static const struct bugcode codes[] = {
    {0x01, "APC_INDEX_MISMATCH", "A thread left a system call with APCs still disabled, or enabled too often.",
        {"routine", "APC state index", "APC disable counts", NULL}},
    {0x02, "DEVICE_QUEUE_NOT_BUSY", "An entry was removed from a device queue that was not busy.", {"device queue"}},
    {0x0A, "IRQL_NOT_LESS_OR_EQUAL", "Memory was touched, or a call was made, at an IRQL that is too high for it.",
        {"address referenced", "IRQL at the time", "0 read, 1 write, 8 execute", "instruction that did it"}},
    {0x0C, "MAXIMUM_WAIT_OBJECTS_EXCEEDED", "A thread waited for more objects than it has wait blocks for.", {NULL}},
    {0x0F, "SPIN_LOCK_ALREADY_OWNED", "A processor asked for a spin lock that it holds: it would spin for ever.",
        {"spin lock", "processor"}},
    {0x10, "SPIN_LOCK_NOT_OWNED", "A spin lock was released by a processor that does not hold it.",
        {"spin lock", "processor"}},
    {0x11, "THREAD_NOT_MUTEX_OWNER", "A mutex was released by a thread that does not own it.", {"mutex", "thread"}},
    {0x19, "BAD_POOL_HEADER", "The memory around a pool block was overwritten.",
        {"what was found", "pool block", "depends on the first", "depends on the first"}},
    {0x1E, "KMODE_EXCEPTION_NOT_HANDLED", "Code raised an exception that nobody handles.",
        {"exception code", "where", "exception's parameter 0", "exception's parameter 1"}},
    {0x20, "KERNEL_APC_PENDING_DURING_EXIT", "A thread ended inside a critical or guarded region.",
        {"APC", "thread's APC disable count", "IRQL", NULL}},
    {0x35, "NO_MORE_IRP_STACK_LOCATIONS", "A driver passed an IRP on that has no stack location left.", {"IRP"}},
    {0x36, "DEVICE_REFERENCE_COUNT_NOT_ZERO", "A device object was deleted while it was still referenced.", {"device"}},
    {0x39, "SYSTEM_EXIT_OWNED_MUTEX", "A system thread ended, or a work item returned, while owning a mutex.",
        {"routine", "its context", "work item", NULL}},
    {0x44, "MULTIPLE_IRP_COMPLETE_REQUESTS", "An IRP was completed that had been completed before.", {"IRP"}},
    {0x48, "CANCEL_STATE_IN_COMPLETED_IRP", "An IRP was completed with its cancel routine still set.",
        {"IRP", "cancel routine", NULL, NULL}},
    {0x4A, "IRQL_GT_ZERO_AT_SYSTEM_SERVICE", "A thread went back to user mode above PASSIVE_LEVEL.",
        {"routine", "IRQL", NULL, NULL}},
    {0x7E, "SYSTEM_THREAD_EXCEPTION_NOT_HANDLED", "A system thread raised an exception that nobody handles.",
        {"exception code", "where", "exception record", "context record"}},
    {0x7F, "UNEXPECTED_KERNEL_MODE_TRAP", "The processor met a trap that nobody expected; 8 is a stack overflow.",
        {"trap number", NULL, NULL, NULL}},
    {0x96, "INVALID_WORK_QUEUE_ITEM", "An entry without links was found in a queue: it was inserted twice.",
        {"entry", "queue", NULL, NULL}},
    {0xB8, "ATTEMPTED_SWITCH_FROM_DPC", "Code inside a DPC tried to wait or to give up the processor.",
        {"thread that was interrupted", "thread to run instead", "its stack", NULL}},
    {0xBF, "MUTEX_ALREADY_OWNED", "A thread acquired a mutex that it owns already.", {"mutex", "thread"}},
    {0xC2, "BAD_POOL_CALLER", "A pool routine was called wrongly: a block freed twice, a foreign address, a wrong tag.",
        {"kind of violation", "depends on the first", "depends on the first", "pool block"}},
    {0xC4, "DRIVER_VERIFIER_DETECTED_VIOLATION", "Driver Verifier's rule named by the first parameter was broken.",
        {"kind of violation", "depends on the first", "depends on the first", "depends on the first"}},
    {0xC5, "DRIVER_CORRUPTED_EXPOOL", "The pool was corrupted, and touched at an IRQL that is too high.",
        {"address referenced", "IRQL at the time", "0 read, 1 write", "instruction that did it"}},
    {0xC6, "DRIVER_CAUGHT_MODIFYING_FREED_POOL", "A freed pool block was written to.",
        {"address", "0 read, 1 write", "0 kernel, 1 user mode", NULL}},
    {0xC7, "TIMER_OR_DPC_INVALID", "A timer or DPC lies where none may be, or changed the state it runs in.",
        {"kind of violation", "depends on the first", "depends on the first", "depends on the first"}},
    {0xC8, "IRQL_UNEXPECTED_VALUE", "A routine returned at another IRQL than it was called at.",
        {"current IRQL << 16 | expected IRQL << 8 | kind", "routine", NULL, NULL}},
    {0xCE, "DRIVER_UNLOADED_WITHOUT_CANCELLING_PENDING_OPERATIONS",
        "A driver was unloaded, and then something of it was called.",
        {"address referenced", "0 read, 1 write, 8 execute", "instruction that did it", NULL}},
    {0xD1, "DRIVER_IRQL_NOT_LESS_OR_EQUAL", "A driver touched pageable memory at an IRQL that is too high.",
        {"address referenced", "IRQL at the time", "0 read, 1 write, 8 execute", "instruction that did it"}},
    {0xD4, "SYSTEM_SCAN_AT_RAISED_IRQL_CAUGHT_IMPROPER_DRIVER_UNLOAD",
        "A driver was unloaded and left something behind that the system then followed.",
        {"address referenced", "IRQL at the time", "0 read, 1 write", "instruction that did it"}},
    {0xE1, "WORKER_THREAD_RETURNED_AT_BAD_IRQL", "A work item returned above PASSIVE_LEVEL.",
        {"routine", "IRQL", "work item", NULL}},
    {0xE3, "RESOURCE_NOT_OWNED", "A resource was released by a thread that does not own it.",
        {"resource", "thread", "owner table", NULL}},
    {0xE4, "WORKER_INVALID", "Memory was freed that holds a queued work item, or an item was queued twice.",
        {"kind", "work item", "start of block", "end of block"}},
    {0xE9, "ACTIVE_EX_WORKER_THREAD_TERMINATION", "A work routine terminated its worker thread.", {"thread"}},
    {0xF1, "SCSI_VERIFIER_DETECTED_VIOLATION", "A miniport broke a rule of the storage port's.",
        {"kind", NULL, NULL, NULL}},
    {0xF7, "DRIVER_OVERRAN_STACK_BUFFER", "A function's guard against an overrun of its stack buffer was overwritten.",
        {"guard found", "guard expected", "its complement", NULL}},
    {0x101, "CLOCK_WATCHDOG_TIMEOUT", "A processor did not take clock interrupts for too long.",
        {"clock ticks", "0", "processor block", "processor"}},
    {0x11B, "DRIVER_RETURNED_HOLDING_CANCEL_LOCK", "A dispatch routine returned holding the cancel spin lock.",
        {"IRP", "cancel routine", NULL, NULL}},
    {0x133, "DPC_WATCHDOG_VIOLATION", "A DPC ran for too long, or a processor stayed at DISPATCH_LEVEL for too long.",
        {"0 one DPC, 1 in total", "ticks used", "ticks allowed", NULL}},
    {0x139, "KERNEL_SECURITY_CHECK_FAILURE", "A data structure of the kernel is corrupt, a list entry for example.",
        {"kind", "trap frame", "exception record", NULL}},
    {0x4000008A, "THREAD_TERMINATE_HELD_MUTEX", "A thread ended, or returned to user mode, while it owned a mutex.",
        {"thread", "mutex", NULL, NULL}},
    {0x152, "INVALID_PUSH_LOCK_FLAGS", "A push lock routine was given flags that there are none of.",
        {"flags", "push lock", NULL, NULL}},
    {0x153, "KERNEL_LOCK_ENTRY_LEAKED_ON_THREAD_TERMINATION", "A thread ended while it owned a push lock.",
        {"thread", "lock", "1: it is still owned", NULL}},
    {0x162, "KERNEL_AUTO_BOOST_INVALID_LOCK_RELEASE", "A push lock was released by a thread that does not own it.",
        {"thread", "lock", "session", NULL}},
    {0x16E, "ERESOURCE_INVALID_RELEASE",
        "ExReleaseResourceForThreadLite was called for another thread that has set no owner pointer.",
        {"resource", "current thread", "thread that was passed", NULL}},
    {0x192, "KERNEL_AUTO_BOOST_LOCK_ACQUISITION_WITH_RAISED_IRQL", "A push lock was acquired above APC_LEVEL.",
        {"thread", "lock", "IRQL", NULL}},
    {0x1DB, "IPI_WATCHDOG_TIMEOUT", "A processor did not answer an interprocessor interrupt in time.", {NULL}},
};

static const struct bugcode_case cases[] = {
    {0xC7, 0, "Memory that holds a set timer is being freed, or its driver is going away.",
        {"0: a timer object", "the timer", "start of the memory", "end of the memory"}},
    {0xC7, 1, "Memory that holds a queued or running DPC is being freed, or its driver is going away.",
        {"1: a DPC object", "the DPC", "start of the memory", "end of the memory"}},
    {0xC7, 2, "The routine of a queued DPC lies in a driver that is going away.",
        {"2: a DPC routine", "the routine", "start of the memory", "end of the memory"}},
    {0xC7, 3, "A DPC is aimed at a processor that does not exist.",
        {"3: a processor number", "the DPC", "processor asked for", "processors there are"}},
    {0xC7, 4, "A DPC routine returned with another APC disable count.",
        {"4: APC disable count", "the routine", "count before", "count after"}},
    {0xC7, 5, "A DPC routine returned with another APC disable count of the thread it interrupted.",
        {"5: APC disable count", "the routine", "count before", "count after"}},
    {0xC7, 6, "A timer routine returned at another IRQL, or with another APC disable count.",
        {"6: timer routine", "the routine", "before", "after"}},
    {0xC4, 0x15, "Memory that holds a set timer is being freed.",
        {"0x15", "the timer", "start of the memory", "end of the memory"}},
    {0xC4, 0x30, "KeRaiseIrql was asked for a lower IRQL than the current one, or an impossible one.",
        {"0x30", "current IRQL", "IRQL asked for", "0 or caller"}},
    {0xC4, 0x31, "KeLowerIrql was asked for a higher IRQL than the current one, or an impossible one.",
        {"0x31", "current IRQL", "IRQL asked for", "0 or caller"}},
    {0xC4, 0x32, "A spin lock was released at an IRQL other than DISPATCH_LEVEL.",
        {"0x32", "current IRQL", "spin lock", NULL}},
    {0xC4, 0x33, "A fast mutex was acquired above APC_LEVEL.", {"0x33", "current IRQL", "fast mutex", "0"}},
    {0xC4, 0x34, "A fast mutex was released at an IRQL other than APC_LEVEL.",
        {"0x34", "current IRQL", "APC disable count", "fast mutex"}},
    {0xC4, 0x37, "A resource was acquired while normal kernel APCs were enabled.",
        {"0x37", "current IRQL", "APC disable count", "resource"}},
    {0xC4, 0x38, "A resource was released while normal kernel APCs were enabled.",
        {"0x38", "current IRQL", "APC disable count", "resource"}},
    {0xC4, 0x39, "A mutex was acquired by an unsafe routine while APCs were enabled.",
        {"0x39", "current IRQL", "APC disable count", "mutex"}},
    {0xC4, 0x3A, "A mutex was released by an unsafe routine while APCs were enabled.",
        {"0x3A", "current IRQL", "APC disable count", "mutex"}},
    {0xC4, 0x3D, "A resource is not aligned to 8 bytes.", {"0x3D", "0", "0", "resource"}},
    {0xC4, 0xD0, "A resource was initialized again before it was deleted.", {"0xD0", "resource", NULL, NULL}},
    {0xC4, 0xD1, "A resource was deleted that is not initialized.", {"0xD1", "resource", NULL, NULL}},
    {0xC4, 0xD2, "Memory that holds a resource was freed before ExDeleteResourceLite.",
        {"0xD2", "resource", "start of the memory", "its size"}},
    {0xC4, 0xD5, "A remove lock was released with a tag that it was not acquired with.",
        {"0xD5", "remove lock", "tag", NULL}},
    {0xC4, 0xD6, "IoReleaseRemoveLockAndWait was called with a tag that the lock was not acquired with.",
        {"0xD6", "remove lock", "tag", NULL}},
    {0xC4, 0xD7, "A remove lock was initialized a second time.", {"0xD7", "remove lock", NULL, NULL}},
    {0xC4, 0xEA, "A push lock was acquired while normal kernel APCs were enabled.",
        {"0xEA", "current IRQL", "APC disable count", "push lock"}},
    {0xC4, 0xEB, "A push lock was released while normal kernel APCs were enabled.",
        {"0xEB", "current IRQL", "APC disable count", "push lock"}},
    {0xC4, 0x3B, "A wait was called above DISPATCH_LEVEL, or at it with a time-out that is not zero.",
        {"0x3B", "current IRQL", "object", "time-out"}},
    {0xC4, 0x40, "A spin lock's AtDpcLevel form was used below DISPATCH_LEVEL.",
        {"0x40", "current IRQL", "spin lock", NULL}},
    {0xC4, 0x62, "A driver was unloaded and left pool memory behind.", {"0x62", "driver's name", NULL, "blocks left"}},
    {0xC4, 0x121, "A wait was called above its IRQL.", {"0x121", "current IRQL", "object", "time-out"}},
};

#define COUNT(a) (sizeof(a) / sizeof *(a))

const struct bugcode *bugcode_find(uint32_t code)
{
    for (size_t i = 0; i < COUNT(codes); i++)
        if (codes[i].code == code)
            return &codes[i];
    return NULL;
}

const struct bugcode_case *bugcode_case_find(uint32_t code, uint64_t param1)
{
    for (size_t i = 0; i < COUNT(cases); i++)
        if (cases[i].code == code && cases[i].param1 == param1)
            return &cases[i];
    return NULL;
}

const struct bugcode *bugcode_parse(const char *text)
{
    char         *end;
    unsigned long code = strtoul(text, &end, 16);

    if (*text && *end == '\0')
        return bugcode_find((uint32_t)code);
    for (size_t i = 0; i < COUNT(codes); i++)
        if (strcasecmp(codes[i].name, text) == 0)
            return &codes[i];
    return NULL;
}
