/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    KSPIN_LOCK Lock;
    FAST_MUTEX Mutex;
    LONG       Count;
} EXTENSION, *PEXTENSION;

/* Structured exceptions: the mutex that __finally does not release. */
_IRQL_requires_max_(APC_LEVEL) NTSTATUS Other(PEXTENSION Extension)
{
    ExAcquireFastMutex(&Extension->Mutex);
    __try {
        if (Extension->Count == 0)
            return STATUS_UNSUCCESSFUL; // expect: DT-L05
        ExReleaseFastMutex(&Extension->Mutex);
    } __finally {
        Extension->Count = 0;
    }
    return STATUS_SUCCESS;
}

_IRQL_requires_max_(APC_LEVEL) NTSTATUS Handler(PEXTENSION Extension, PLONG User)
{
    ExAcquireFastMutex(&Extension->Mutex);
    __try {
        ProbeForRead(User, sizeof *User, 1);
        Extension->Count = *User;
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode() ? STATUS_ACCESS_VIOLATION : STATUS_UNSUCCESSFUL; // expect: DT-L05
    }
    ExReleaseFastMutex(&Extension->Mutex);
    return STATUS_SUCCESS;
}

_IRQL_requires_max_(APC_LEVEL) VOID Break(PEXTENSION Extension, PLONG Values, LONG Count)
{
    for (LONG i = 0; i < Count; i++) {
        ExAcquireFastMutex(&Extension->Mutex);
        __try {
            if (Values[i] == 0)
                break;
            Extension->Count++;
        } __finally {
            if (!AbnormalTermination())
                ExReleaseFastMutex(&Extension->Mutex);
        }
    }
} // expect: DT-L05
