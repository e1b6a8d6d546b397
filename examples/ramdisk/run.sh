#!/bin/sh
# SPDX-License-Identifier: MIT
# The story of a disk in few lines: a watchdog that races, found; the clean miniport searched; then the same source as a disk that
# real clients use while its bus is reset. Exit status 0 when all went as told. DUETIME is the command.
set -u
here=$(dirname "$0")
duetime=${DUETIME:-duetime}
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
cd "$here" || exit 2

fail() { echo "run.sh: $*" >&2; cat "$out/log" >&2; exit 1; }

# run STATUS PATTERN ARGUMENT...: shows the command and the lines of its output that match.
run() {
    want=$1 pattern=$2
    shift 2
    echo "\$ duetime $*" | sed "s|$out|build|g"
    "$duetime" "$@" >"$out/log" 2>&1
    got=$?
    [ "$got" -eq "$want" ] || fail "exit status $got, not $want"
    grep -E "$pattern" "$out/log" | sed "s|$out|build|g; s/^/  /"
}

printf '\n== A StorPort miniport: HwStorTimer beside HwStorStartIo, and a disk of Linux clients.\n\n'
run 0 nothing build ramdisk.c ramdisk_scsi.c -o "$out/ramdisk.so"
run 0 nothing build -D RAMDISK_BUG=1 ramdisk.c ramdisk_scsi.c -o "$out/racing.so"
run 0 nothing build ramdisk_test.c -o "$out/tests.so"
run 1 '^\*\*\*|FAILED' explore "$out/racing.so" "$out/tests.so" --test watchdog_races_dpc
run 0 'ok, every' explore "$out/ramdisk.so" "$out/tests.so"
run 0 'WRITE:|READ:|err=' disk "$out/ramdisk.so" --size 32M --faults reset:50,pause:70 -- fio --name=verify \
    --ioengine=nbd '--uri={uri}' --rw=randwrite --bs=4k --size=32M --iodepth=32 --verify=crc32c --verify_state_save=0
echo
echo "The race was found, the clean miniport is silent in every schedule searched, and fio has verified what the disk holds."
