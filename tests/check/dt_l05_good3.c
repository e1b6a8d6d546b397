/* SPDX-License-Identifier: MIT */
#include <ntddk.h>

typedef struct {
    KSPIN_LOCK Lock;
    FAST_MUTEX Mutex;
    LONG       Count;
} EXTENSION, *PEXTENSION;

_IRQL_requires_max_(APC_LEVEL) NTSTATUS Returns(PEXTENSION Extension)
{
    ExAcquireFastMutex(&Extension->Mutex);
    __try {
        if (Extension->Count == 0)
            return STATUS_UNSUCCESSFUL;
        Extension->Count--;
    } __finally {
        if (AbnormalTermination())
            Extension->Count = -1;
        ExReleaseFastMutex(&Extension->Mutex);
    }
    return STATUS_SUCCESS;
}

_IRQL_requires_max_(APC_LEVEL) NTSTATUS Leaves(PEXTENSION Extension)
{
    NTSTATUS status = STATUS_SUCCESS;

    ExAcquireFastMutex(&Extension->Mutex);
    __try {
        for (LONG i = 0; i < Extension->Count; i++) {
            if (i == 3) {
                status = STATUS_BUFFER_OVERFLOW;
                __leave; /* out of the loop, too */
            }
        }
        if (Extension->Count < 0)
            goto out;
    } __finally {
        ExReleaseFastMutex(&Extension->Mutex);
    }
out:
    return status;
}

_IRQL_requires_max_(APC_LEVEL) VOID Nested(PEXTENSION Extension, PLONG User)
{
    ExAcquireFastMutex(&Extension->Mutex);
    __try {
        __try {
            if (!User)
                return;
            ProbeForRead(User, sizeof *User, 1);
            Extension->Count = *User;
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            Extension->Count = (LONG)GetExceptionCode();
        }
    } __finally {
        ExReleaseFastMutex(&Extension->Mutex);
    }
}

_IRQL_requires_max_(APC_LEVEL) VOID Loops(PEXTENSION Extension, PLONG Values, LONG Count)
{
    for (LONG i = 0; i < Count; i++) {
        ExAcquireFastMutex(&Extension->Mutex);
        __try {
            if (Values[i] == 0)
                continue;
            while (Values[i] > 1)
                if (Values[i]-- == 7)
                    break; /* of the inner loop */
            if (Values[i] < 0)
                break;
            switch (Values[i]) {
            case 1:
                Extension->Count++;
                break;
            default:
                continue;
            }
        } __finally {
            ExReleaseFastMutex(&Extension->Mutex);
        }
    }
}

_IRQL_requires_max_(APC_LEVEL) LONG Inside(PEXTENSION Extension, PLONG Values, LONG Count)
{
    LONG sum = 0;

    ExAcquireFastMutex(&Extension->Mutex);
    __try {
        for (LONG i = 0; i < Count; i++) {
            if (Values[i] == 0)
                break; /* the mutex is held on */
            do {
                if (Values[i] < 0)
                    continue;
                sum += Values[i];
            } while (--Values[i]);
        }
        Extension->Count = sum;
    } __finally {
        ExReleaseFastMutex(&Extension->Mutex);
    }
    return sum;
}

/* Shows ANN-028. */
