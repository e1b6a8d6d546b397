#!/bin/sh
# SPDX-License-Identifier: MIT
# A program of one's own with tests in it: dt_test_main(), TAP, exit status, replay; a driver linked into it.
set -eu
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cat >"$tmp/tests.c" <<'EOF'
#include <duetime/test.h>
#include <ntddk.h>

static DRIVER_UNLOAD unload;
static VOID unload(PDRIVER_OBJECT driver) { UNREFERENCED_PARAMETER(driver); }
static NTSTATUS leaky_entry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    UNREFERENCED_PARAMETER(path);
    driver->DriverUnload = unload;
    return ExAllocatePool2(POOL_FLAG_NON_PAGED, 100, 0x6b61654c) ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

static NTSTATUS failing_entry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    UNREFERENCED_PARAMETER(driver);
    UNREFERENCED_PARAMETER(path);
    return STATUS_NO_SUCH_DEVICE;
}

DT_TEST(good, .strategy = "dfs:0")
{
    dt_status status;

    dt_expect(dt_driver_load_status(failing_entry, &status) == NULL);
    dt_expect_eq(status, STATUS_NO_SUCH_DEVICE);
    dt_expect(dt_open("Nothing", &status) == NULL);
    dt_expect(!NT_SUCCESS(status));
}

DT_TEST(leaks, .strategy = "dfs:0")
{
    dt_driver_unload(dt_driver_load(leaky_entry));
}

DT_MAIN();
EOF
include=$DUETIME_SOURCE/include
flags=
if nm -D "$DUETIME_BUILD/lib/libduetime-sim.so" | grep -q ' U __asan_init'; then
    flags=-fsanitize=address,undefined # the runtime has to come first
fi
for machine in sim rt; do
    "${CC:-cc}" -std=gnu17 -fshort-wchar -mms-bitfields -g -I"$include" -I"$include/ddk" "$tmp/tests.c" \
        -o "$tmp/tests-$machine" -L"$DUETIME_BUILD/lib" "-lduetime-$machine" -Wl,-rpath,"$DUETIME_BUILD/lib" $flags 2>"$tmp/log" ||
        { cat "$tmp/log"; exit 1; }
    [ "$("$tmp/tests-$machine" --list | wc -l)" -eq 2 ]
    "$tmp/tests-$machine" good >"$tmp/out"
    grep -qx '1\.\.1' "$tmp/out"
    "$tmp/tests-$machine" leaks >"$tmp/out" && exit 1
    grep -q 'bugcheck: 0x000000C4 DRIVER_VERIFIER_DETECTED_VIOLATION' "$tmp/out"
    grep -q 'rule: DT-M01' "$tmp/out"
    grep -q '1 pool block (100 bytes)' "$tmp/out"
    "$tmp/tests-$machine" nobody >"$tmp/out" 2>&1 || [ $? -eq 2 ]
    "$tmp/tests-$machine" --frob >"$tmp/out" 2>&1 || [ $? -eq 2 ]
done
"$tmp/tests-sim" >"$tmp/out" && exit 1
schedule=$(grep -o 'v1\.[^ ]*' "$tmp/out" | tail -n 1)
"$tmp/tests-sim" leaks --replay "$schedule" >"$tmp/again" && exit 1
grep -q "as the schedule says" "$tmp/again"
