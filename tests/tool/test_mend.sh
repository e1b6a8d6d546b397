#!/bin/sh
# SPDX-License-Identifier: MIT
# once: yes
# `duetime build` on what Microsoft's compiler takes and no Linux compiler does: src/tool/mend.c and mend_heads.c.
set -eu
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"

cat >driver.h <<'EOF'
#pragma once
typedef union _DEVICE { unsigned long Word; UCHAR Bytes[4]; } DEVICE, *PDEVICE;
#define SUM(Device, ...) Sum(Device, __VA_ARGS__)
VOID
Fill(
    _In_ PVOID Device,
    _In_ UCHAR Value
    );
ULONG Double(ULONG Value);
EOF
cat >driver.c <<'EOF'
#include <ntddk.h>
#include "driver.h"
#pragma warning(disable : 4213)

DRIVER_INITIALIZE DriverEntry;
static DRIVER_UNLOAD Unload;

static VOID Unload(PDRIVER_OBJECT Driver) { UNREFERENCED_PARAMETER(Driver); }

VOID
Fill(
    _In_ PDEVICE Device,
    _In_ UCHAR Value
    )
{
    Device->Word = 0x01010101u * Value;
}

__inline
ULONG Double(ULONG Value) { return 2 * Value; }

static ULONG Sum(PDEVICE Device) { return Device->Bytes[0] + Device->Bytes[3]; }

NTSTATUS DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING Path)
{
    DEVICE Device, Devices[2];
    PVOID  At = Devices;

    UNREFERENCED_PARAMETER(Path);
    Driver->DriverUnload = Unload;
    (PUCHAR)At += sizeof(DEVICE);
    Fill(&Device, 21);
    if (sizeof(long) != 4 || sizeof(DEVICE) != 4 || At != &Devices[1] || Double(SUM(&Device, )) != 84)
        return STATUS_UNSUCCESSFUL;
    return STATUS_SUCCESS;
}
EOF
for cc in gcc clang; do
    command -v $cc >/dev/null || continue
    "$DUETIME" build --cc $cc driver.c -o $cc.so
    "$DUETIME" run $cc.so
done

# The lines of the driver stay what they were.
sed 's/return STATUS_SUCCESS;/return undeclared;/' driver.c >broken.c
line=$(grep -n undeclared broken.c | cut -d: -f1)
"$DUETIME" build broken.c -o broken.so >log 2>&1 && exit 1
grep -q "broken.c:$line:.*undeclared" log
