#!/bin/sh
# SPDX-License-Identifier: MIT
# What the processor says about driver code is the bug check that Windows would give, with the driver's line; nothing crashes.
set -u
if [ -n "${DUETIME_SANITIZE:-}" ]; then
    echo "sanitizers report faults themselves: skipped"
    exit 77
fi
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
failed=0

cat >"$tmp/fault.c" <<'END'
#include <ntddk.h>
DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD Unload;
VOID Unload(PDRIVER_OBJECT d) { UNREFERENCED_PARAMETER(d); }
#if defined(FIRST)
NTSTATUS DriverEntry(PDRIVER_OBJECT d, PUNICODE_STRING r) { *(volatile int *)(ULONG_PTR)16 = 1; return d && r; }
#else
NTSTATUS DriverEntry(PDRIVER_OBJECT d, PUNICODE_STRING r)
{
    volatile int zero = 0;
    volatile int *nowhere = (int *)(ULONG_PTR)16;
    KIRQL irql = PASSIVE_LEVEL;
    UNREFERENCED_PARAMETER(r);
    d->DriverUnload = Unload;
#if defined(RAISED)
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    *nowhere = 1;
#elif defined(DIVIDES)
    *nowhere = 7 / zero;
#elif defined(OVERFLOWS)
    volatile char big[100000];
    big[0] = (char)zero;
    return DriverEntry(d, r) + big[0];
#elif defined(FREED)
    LIST_ENTRY *e = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof *e, 'tseT');
    InitializeListHead(e);
    ExFreePoolWithTag(e, 'tseT');
    e->Flink->Blink = NULL;
#elif defined(WRITES)
    *nowhere = zero;
#elif defined(INSIDE)
    KeSetTimer((PKTIMER)(ULONG_PTR)zero, (LARGE_INTEGER){.QuadPart = -1}, NULL);
#endif
    UNREFERENCED_PARAMETER(irql);
    UNREFERENCED_PARAMETER(nowhere);
    return STATUS_SUCCESS;
}
#endif
END

# expect STATUS TEXT DEFINE
expect() {
    "$DUETIME" build --cc "$cc" -D "$3" "$tmp/fault.c" -o "$tmp/fault.so" >"$tmp/log" 2>&1 || cat "$tmp/log"
    "$DUETIME" run "$tmp/fault.so" >"$tmp/log" 2>&1
    got=$?
    [ $got -eq "$1" ] && grep -q "$2" "$tmp/log" && { [ "$1" -eq 0 ] || grep -q "fault.c:[0-9]* DriverEntry" "$tmp/log"; } && return
    echo "FAILED: $cc $3: status $got, wanted $1 and \"$2\""
    cat "$tmp/log"
    failed=1
}

for cc in gcc clang; do
    command -v $cc >/dev/null || continue
    expect 0 "ok" NOTHING
    expect 1 "STOP 0x0000007E (0xc0000005" WRITES
    expect 1 "Rule DT-T05" FREED
    expect 1 "STOP 0x000000D1 (0x10, 0x2, 0x1" RAISED
    expect 1 "STOP 0x0000007E (0xc0000094" DIVIDES
    expect 1 "STOP 0x0000007F (0x8" OVERFLOWS
    expect 1 "STOP 0x0000007E (0xc0000005" FIRST # the very first instruction of a routine
    # Inside the library: its routine is named, the same one each time, in a search's report (the second run) too.
    expect 1 "libduetime-sim!\(KeSetTimer\|check_is_ktimer\)+0x" INSIDE
    "$DUETIME" explore "$tmp/fault.so" >"$tmp/log" 2>&1
    [ "$(grep -c 'libduetime-sim!\(KeSetTimer\|check_is_ktimer\)+0x' "$tmp/log")" -eq 2 ] || { cat "$tmp/log"; failed=1; }
    # A timer that is left behind: where the image lies is no part of the report.
    cat >"$tmp/left.c" <<'END'
#include <ntddk.h>
static KTIMER Timer;
static KDPC Dpc;
DRIVER_INITIALIZE DriverEntry;
static KDEFERRED_ROUTINE Routine;
static DRIVER_UNLOAD Unload;
static VOID Routine(PKDPC d, PVOID c, PVOID a, PVOID b) { (void)d, (void)c, (void)a, (void)b; }
static VOID Unload(PDRIVER_OBJECT d)
{
    UNREFERENCED_PARAMETER(d);
    KeInitializeTimer(&Timer);
    KeInitializeDpc(&Dpc, Routine, NULL);
    KeSetTimer(&Timer, (LARGE_INTEGER){.QuadPart = -1}, &Dpc);
}
NTSTATUS DriverEntry(PDRIVER_OBJECT d, PUNICODE_STRING r)
{
    UNREFERENCED_PARAMETER(r);
    d->DriverUnload = Unload;
    return STATUS_SUCCESS;
}
END
    "$DUETIME" build --cc "$cc" "$tmp/left.c" -o "$tmp/left.so" >/dev/null
    for i in 1 2 3 4; do
        "$DUETIME" run "$tmp/left.so" >"$tmp/log$i"
        [ $? -eq 1 ] && cmp "$tmp/log1" "$tmp/log$i" || { cat "$tmp/log$i"; failed=1; }
    done
done
exit $failed
