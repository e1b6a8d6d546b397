/* SPDX-License-Identifier: MIT */
/* Structured exception handling as drivers write it. Each function is called by a test of seh_tests.c and says what it did. */
#include <ntddk.h>

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD     Unload;

#define NOWHERE ((volatile LONG *)(ULONG_PTR)0x10)

VOID Unload(PDRIVER_OBJECT Driver)
{
    UNREFERENCED_PARAMETER(Driver);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING Path)
{
    UNREFERENCED_PARAMETER(Path);
    Driver->DriverUnload = Unload;
    return STATUS_SUCCESS;
}

/* A record of what ran, in order: 1, 2, 3 becomes 123. */
static LONG Note(LONG *Log, LONG What)
{
    *Log = *Log * 10 + What;
    return 0;
}

NTSTATUS SehCatches(NTSTATUS Raised)
{
    NTSTATUS status = STATUS_SUCCESS;

    __try {
        ExRaiseStatus(Raised);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    return status;
}

/* The words of excpt.h; text that only looks like them: "try { leave", 'except'. */
LONG SehLowerCase(void)
{
    LONG        log = 0;
    const char *words = "try { leave; } finally { except (1) \" __try";

    try { /* try { */
        Note(&log, 1);
        if (words[0] == 't')
            leave;
        Note(&log, 2); // __finally {
    } finally {
        Note(&log, AbnormalTermination() ? 4 : 3);
    }
    try {
        ExRaiseAccessViolation();
    }
    except(GetExceptionCode() == STATUS_ACCESS_VIOLATION ? EXCEPTION_EXECUTE_HANDLER : EXCEPTION_CONTINUE_SEARCH)
    {
        Note(&log, 5);
    }
    return log;
}

/* Filters are asked before any __finally block runs, and see what the body has done to locals. */
LONG SehTwoPhases(void)
{
    LONG          log = 0;
    register LONG fast = 1;

    __try {
        __try {
            __try {
                fast = 7;
                ExRaiseStatus(STATUS_UNSUCCESSFUL);
            } __finally {
                Note(&log, AbnormalTermination() ? 3 : 9);
            }
        } __except (Note(&log, 1), EXCEPTION_CONTINUE_SEARCH) {
            Note(&log, 8);
        }
    } __except (Note(&log, fast == 7 ? 2 : 9), EXCEPTION_EXECUTE_HANDLER) {
        Note(&log, 4);
    }
    return fast == 7 ? log : -log;
}

static LONG Leaves(LONG How, LONG *Log)
{
    for (LONG i = 0; i < 3; i++) {
        __try {
            if (How == 1)
                return Note(Log, 1) + 100;
            if (How == 2)
                goto out;
            if (How == 3 && i == 0)
                continue;
            if (How == 4)
                break;
            if (How == 5)
                __leave;
            Note(Log, 2);
        } __finally {
            Note(Log, AbnormalTermination() ? 7 : 8);
        }
    }
    return 200;
out:
    return 300;
}

/* The __finally block runs however the body is left, once each time. */
LONG SehLeaves(LONG How, LONG *Log)
{
    *Log = 0;
    return Leaves(How, Log);
}

/* return in a __finally block ends the unwinding. */
static LONG ReturnsFromFinally(void)
{
    __try {
        ExRaiseStatus(STATUS_UNSUCCESSFUL);
    } __finally {
        return 42;
    }
}

LONG SehReturnsFromFinally(void)
{
    LONG result = 0;

    __try {
        result = ReturnsFromFinally();
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        result = -1;
    }
    return result;
}

/* What a __finally block raises takes the place of what it was run for. */
NTSTATUS SehRaisesInFinally(void)
{
    __try {
        __try {
            ExRaiseStatus(STATUS_UNSUCCESSFUL);
        } __finally {
            ExRaiseStatus(STATUS_NO_MEMORY);
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    return STATUS_SUCCESS;
}

static LONG Raises(NTSTATUS Status)
{
    ExRaiseStatus(Status);
}

/* What a filter raises is for the handlers outside, and runs the __finally blocks of both. */
NTSTATUS SehRaisesInFilter(LONG *Log)
{
    *Log = 0;
    __try {
        __try {
            __try {
                ExRaiseStatus(STATUS_UNSUCCESSFUL);
            } __finally {
                Note(Log, 1);
            }
        } __except (Raises(STATUS_NO_MEMORY)) {
            Note(Log, 9);
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        Note(Log, 2);
        return GetExceptionCode();
    }
    return STATUS_SUCCESS;
}

/* An exception in a handler, and one in a body that was entered again. */
LONG SehAgain(void)
{
    LONG log = 0;

    __try {
        __try {
            Raises(STATUS_UNSUCCESSFUL);
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            Note(&log, 1);
            Raises(STATUS_NO_MEMORY);
        }
    } __except (GetExceptionCode() == STATUS_NO_MEMORY) {
        Note(&log, 2);
    }
    for (LONG i = 0; i < 3; i++) {
        __try {
            Raises(STATUS_UNSUCCESSFUL + i);
        } __except (GetExceptionCode() == STATUS_UNSUCCESSFUL + i) {
            Note(&log, 3 + i);
        }
    }
    return log;
}

static LONG Filter(PEXCEPTION_POINTERS Pointers, EXCEPTION_RECORD *Copy)
{
    *Copy = *Pointers->ExceptionRecord;
    return EXCEPTION_EXECUTE_HANDLER;
}

/* A fault of the processor, in the driver and in a routine of the C library. */
NTSTATUS SehFaults(LONG How, ULONG_PTR *Access, ULONG_PTR *Address)
{
    NTSTATUS         status = STATUS_SUCCESS;
    EXCEPTION_RECORD record = {0};
    volatile LONG    zero = 0;
    volatile SIZE_T  size = 64;
    char             buffer[64];

    __try {
        if (How == 1)
            *NOWHERE = 1;
        if (How == 2)
            zero = *NOWHERE;
        if (How == 3)
            zero = 7 / zero;
        if (How == 4)
            RtlCopyMemory(buffer, (PVOID)NOWHERE, size);
        if (How == 5)
            ProbeForWrite((PVOID)NOWHERE, 4, 4);
    } __except (Filter(GetExceptionInformation(), &record)) {
        status = GetExceptionCode();
    }
    *Access = record.ExceptionInformation[0];
    *Address = record.ExceptionInformation[1];
    return status;
}

static LONG Repair(volatile LONG **Pointer, LONG *Good)
{
    *Pointer = Good;
    return EXCEPTION_CONTINUE_EXECUTION;
}

/* The instruction is tried again. It takes its address from memory, so the filter repairs nothing that it sees: the loop
 * ends because the second try of the whole statement is asked for by a different address. */
LONG SehContinues(void)
{
    LONG           good = 5, tries = 0;
    volatile LONG *pointer = NOWHERE;

    __try {
        __try {
            good += *pointer;
        } __except (tries++ ? EXCEPTION_EXECUTE_HANDLER : Repair(&pointer, &good)) {
            good = *pointer;
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return -1;
    }
    return good * 10 + tries;
}

/* A software exception cannot be continued. */
NTSTATUS SehContinuesSoftware(void)
{
    __try {
        __try {
            ExRaiseStatus(STATUS_UNSUCCESSFUL);
        } __except (EXCEPTION_CONTINUE_EXECUTION) {
            return STATUS_SUCCESS;
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    return STATUS_SUCCESS;
}

NTSTATUS SehSemaphore(PKSEMAPHORE Semaphore, LONG Adjustment)
{
    __try {
        KeReleaseSemaphore(Semaphore, IO_NO_INCREMENT, Adjustment, FALSE);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    return STATUS_SUCCESS;
}

NTSTATUS SehMutex(PKMUTEX Mutex)
{
    __try {
        KeReleaseMutex(Mutex, FALSE);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    return STATUS_SUCCESS;
}

NTSTATUS SehProbe(PVOID Address, SIZE_T Length, ULONG Alignment, BOOLEAN Write)
{
    __try {
        if (Write)
            ProbeForWrite(Address, Length, Alignment);
        else
            ProbeForRead(Address, Length, Alignment);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    return STATUS_SUCCESS;
}

/* What initializes an object at no address finds that out before it holds anything. */
NTSTATUS SehInitialize(LONG What)
{
    __try {
        switch (What) {
        case 0:
            KeInitializeDpc(NULL, NULL, NULL);
            break;
        case 1:
            KeInitializeTimerEx(NULL, NotificationTimer);
            break;
        case 2:
            KeInitializeEvent(NULL, NotificationEvent, FALSE);
            break;
        case 3:
            ExInitializeResourceLite(NULL);
            break;
        case 4:
            KeInitializeGuardedMutex(NULL);
            break;
        default:
            KeInitializeSpinLock(NULL);
            break;
        }
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    return STATUS_SUCCESS;
}

NTSTATUS SehPool(SIZE_T Bytes)
{
    NTSTATUS status = STATUS_SUCCESS;
    PVOID    p = NULL;

    __try {
        p = ExAllocatePoolWithQuotaTag(NonPagedPoolNx, Bytes, 'hes ');
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    if (p)
        ExFreePoolWithTag(p, 'hes ');
    return status;
}

NTSTATUS SehLock(PVOID Address)
{
    PMDL     mdl = IoAllocateMdl(Address, 16, FALSE, FALSE, NULL);
    NTSTATUS status = STATUS_SUCCESS;

    __try {
        MmProbeAndLockPages(mdl, UserMode, IoWriteAccess);
        MmUnlockPages(mdl);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    IoFreeMdl(mdl);
    return status;
}

/* Two threads inside __try at once, each with its own handlers. */
LONG SehMeets(PKEVENT Mine, PKEVENT Other, NTSTATUS Raised)
{
    LONG caught = 0;

    __try {
        KeSetEvent(Mine, IO_NO_INCREMENT, FALSE);
        KeWaitForSingleObject(Other, Executive, KernelMode, FALSE, NULL);
        ExRaiseStatus(Raised);
    } __except (GetExceptionCode() == Raised ? EXCEPTION_EXECUTE_HANDLER : EXCEPTION_CONTINUE_SEARCH) {
        caught = GetExceptionCode();
    }
    return caught;
}

/* A DPC interrupts the body of the __try; nobody handles what the DPC raises. */
static KDEFERRED_ROUTINE Dpc;
static VOID              Dpc(PKDPC Self, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    volatile LONG zero = 0;

    UNREFERENCED_PARAMETER(Self), UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(Argument1), UNREFERENCED_PARAMETER(Argument2);
    zero = 7 / zero;
}

VOID SehDpc(PKDPC Object)
{
    KeInitializeDpc(Object, Dpc, NULL);
    __try {
        KeInsertQueueDpc(Object, NULL, NULL);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        DbgPrint("the thread handles the DPC's exception\n");
    }
}

VOID SehNobody(VOID)
{
    __try {
        ExRaiseStatus(STATUS_UNSUCCESSFUL);
    } __except (EXCEPTION_CONTINUE_SEARCH) {
        DbgPrint("never\n");
    }
}

VOID SehSpinLock(PKSPIN_LOCK Lock)
{
    KIRQL irql;

    __try {
        KeAcquireSpinLock(Lock, &irql);
        *NOWHERE = 1;
        KeReleaseSpinLock(Lock, irql);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        DbgPrint("never\n");
    }
}
