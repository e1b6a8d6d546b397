#!/bin/sh
# SPDX-License-Identifier: MIT
# Data races of a driver built with --race: the faulty one is caught, its repaired twin is silent on every schedule.
set -u
[ -z "${DUETIME_SANITIZE:-}" ] || exit 77 # each compiler once; the searches take long under a sanitizer
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
here=$DUETIME_SOURCE/tests/tool/race
failed=0

# expect STATUS TEXT ARGUMENT...: exit status, and a line that matches
expect() {
    want=$1 text=$2
    shift 2
    "$DUETIME" "$@" >"$tmp/log" 2>&1
    got=$?
    [ $got -eq "$want" ] && grep -q "$text" "$tmp/log" && return 0
    echo "FAILED (status $got, wanted $want and \"$text\"): duetime $*"
    tail -n 40 "$tmp/log"
    failed=1
}

for cc in gcc clang; do
    command -v $cc >/dev/null || continue
    expect 0 "" build --race --cc $cc "$here/overlap.c" -o "$tmp/bad.so"
    expect 0 "" build --race --cc $cc -D REPAIRED "$here/overlap.c" -o "$tmp/good.so"
    # EXT-019: two overlapping callbacks of one periodic timer write the same memory without a lock.
    expect 1 "DT-X01" explore --strategy dfs:3 "$tmp/bad.so"
    expect 0 "every schedule" explore --strategy dfs:3 "$tmp/good.so"
    # At the memory level every access is a point: the lost update itself can happen, and is still the same race.
    expect 1 "DT-X01" explore --strategy random --schedules 300 --level memory "$tmp/bad.so"
    expect 0 "" explore --strategy random --schedules 300 --level memory "$tmp/good.so"
    # DPC-085: DpcForIsr on one processor, the next interrupt on another.
    expect 0 "" build --race --cc $cc "$here/isr.c" -o "$tmp/bad.so"
    expect 0 "" build --race --cc $cc -D REPAIRED "$here/isr.c" -o "$tmp/good.so"
    expect 1 "DT-X01" explore --strategy dfs:2 "$tmp/bad.so"
    expect 0 "every schedule" explore --strategy dfs:2 "$tmp/good.so"
    # A thread on the stack of one that ended, and whom nothing orders after it: no race. Where they share more, one.
    expect 0 "" build --race --cc $cc "$here/stack.c" -o "$tmp/bad.so"
    expect 0 "" build --race --cc $cc -D REPAIRED "$here/stack.c" -o "$tmp/good.so"
    expect 1 "DT-X01" explore --strategy dfs:1 "$tmp/bad.so"
    expect 0 "every schedule" explore --strategy dfs:1 "$tmp/good.so"
    # SIO-020: StartIo and an interrupt routine; IOT-018: an IoTimer routine and an interrupt routine.
    for define in START TIMER SAME; do
        expect 0 "" build --race --cc $cc -D $define "$here/startio.c" -o "$tmp/bad.so"
        expect 0 "" build --race --cc $cc -D $define -D REPAIRED "$here/startio.c" -o "$tmp/good.so"
        expect 1 "DT-X01" explore --strategy dfs:2 "$tmp/bad.so"
        expect 0 "every schedule" explore --strategy dfs:1 "$tmp/good.so"
    done
    # LCK-066, DPC-087, DPC-090, DPC-091: rundown protection and the barriers of calls on all processors put accesses in order.
    for define in RUNDOWN CALL; do
        expect 0 "" build --race --cc $cc -D $define "$here/orders.c" -o "$tmp/bad.so"
        expect 0 "" build --race --cc $cc -D $define -D REPAIRED "$here/orders.c" -o "$tmp/good.so"
        expect 1 "DT-X01" explore --strategy dfs:2 "$tmp/bad.so"
        expect 0 "every schedule" explore --strategy dfs:2 "$tmp/good.so"
    done
    expect 0 "" build --race --cc $cc -D IPI "$here/orders.c" -o "$tmp/good.so"
    expect 0 "every schedule" explore --strategy dfs:2 "$tmp/good.so"
done
exit $failed
