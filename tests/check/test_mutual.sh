#!/bin/sh
# SPDX-License-Identifier: MIT
# once: yes
# The run and the checker, of one mind: what stops the machine in a DPC the checker finds in the source, by the rule named
# here, and what is right passes both. A finding of the run that the checker cannot have is a limit in docs/check.md.
set -u
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
failed=0

bad() { echo "FAILED: $*"; failed=1; }

[ -e "$(dirname "$DUETIME")/../lib/libduetime-check.so" ] || exit 77

# A driver whose DPC runs this.
driver() {
    cat >"$tmp/drv.c" <<END
#include <ntddk.h>

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD     Unload;
KDEFERRED_ROUTINE Dpc;

static KTIMER     timer;
static KDPC       dpc;
static KEVENT     event;
static KSPIN_LOCK lock;
static FAST_MUTEX mutex;

VOID Dpc(PKDPC Self, PVOID Context, PVOID A1, PVOID A2)
{
    UNREFERENCED_PARAMETER(Self);
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(A1);
    UNREFERENCED_PARAMETER(A2);
    $1
}

VOID Unload(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);
    UNREFERENCED_PARAMETER(mutex);
    KeCancelTimer(&timer);
    KeFlushQueuedDpcs();
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    LARGE_INTEGER due = {.QuadPart = -10000000};

    UNREFERENCED_PARAMETER(RegistryPath);
    DriverObject->DriverUnload = Unload;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    KeInitializeSpinLock(&lock);
    ExInitializeFastMutex(&mutex);
    KeInitializeDpc(&dpc, Dpc, NULL);
    KeInitializeTimer(&timer);
    KeSetTimer(&timer, due, &dpc);
    return STATUS_SUCCESS;
}
END
}

# both RULE STATEMENTS: "-": neither finds anything. (ANN-054)
both() {
    driver "$2"
    want=1
    [ "$1" = - ] && want=0
    "$DUETIME" build -o "$tmp/drv.so" "$tmp/drv.c" >"$tmp/out" 2>&1 || bad "$2 does not build: $(cat "$tmp/out")"
    "$DUETIME" run --for 5s "$tmp/drv.so" >"$tmp/out" 2>&1
    [ $? -eq $want ] || bad "$2: the run does not end with $want: $(tail -n 3 "$tmp/out")"
    "$DUETIME" check "$tmp/drv.c" >"$tmp/out" 2>"$tmp/err"
    [ $? -eq $want ] || bad "$2: the check does not end with $want: $(cat "$tmp/out" "$tmp/err")"
    [ "$1" = - ] || grep -q "\[$1[],]" "$tmp/out" || bad "$2 is not found by $1: $(cat "$tmp/out")"
}

both DT-D06 'KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);'
both DT-L16 'ExAcquireFastMutex(&mutex); ExReleaseFastMutex(&mutex);'
both DT-L04 'KeAcquireSpinLockAtDpcLevel(&lock);'
both DT-L01 'KeAcquireSpinLockAtDpcLevel(&lock); KeAcquireSpinLockAtDpcLevel(&lock);'
both DT-L02 'KeReleaseSpinLockFromDpcLevel(&lock);'
both DT-I01 'ZwClose(NULL);'
both DT-I07 'KeLowerIrql(PASSIVE_LEVEL);'
both DT-D09 'KeFlushQueuedDpcs();'
both DT-I10 'ExFreePool(ExAllocatePoolWithTag(PagedPool, 16, 0x74736574));'
both - 'KeSetEvent(&event, IO_NO_INCREMENT, FALSE);'
both - 'KeAcquireSpinLockAtDpcLevel(&lock); KeReleaseSpinLockFromDpcLevel(&lock);'
both - 'LARGE_INTEGER zero = {.QuadPart = 0};
    if (KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, &zero) == STATUS_SUCCESS)
        KeClearEvent(&event);'
exit $failed
