#!/bin/sh
# SPDX-License-Identifier: MIT
# once: yes
# examples/hba: the driver with the modelled card, in virtual and in real time, and many schedules of it.
set -u
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$DUETIME_SOURCE/examples/hba" || exit 1

# expect STATUS ARGUMENT...
expect() {
    want=$1
    shift
    "$DUETIME" "$@" >"$tmp/log" 2>&1
    got=$?
    [ $got -eq "$want" ] && return 0
    echo "FAILED ($got, not $want): duetime $*"
    tail -n 40 "$tmp/log"
    exit 1
}

expect 0 build hba.c hba_scsi.c -o "$tmp/hba.so"
expect 0 build hba_test.c -o "$tmp/tests.so"
expect 0 run "$tmp/hba.so" "$tmp/tests.so"
expect 0 run --real-time "$tmp/hba.so" "$tmp/tests.so"
expect 0 explore "$tmp/hba.so" "$tmp/tests.so"
expect 0 explore "$tmp/hba.so" "$tmp/tests.so" --test two_clients --strategy pct:3 --schedules 300
echo "the HBA keeps its data"
