#!/bin/sh
# SPDX-License-Identifier: MIT
# The story of a race: find it, replay it, repair it, run the repaired driver in real time. Exit status 0 when all
# went as told. DUETIME is the command; the images go to a directory of their own.
set -u
here=$(dirname "$0")
duetime=${DUETIME:-duetime}
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
cd "$here" || exit 2

say() { printf '\n\033[1m== %s\033[0m\n\n' "$*" | if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then cat; else sed 's/\x1b\[[0-9;]*m//g'; fi; }
show() { echo "\$ duetime $*" | sed "s|$out|build|g"; }
fail() { echo "run.sh: $*" >&2; exit 1; }

# run STATUS ARGUMENT...: the command must end with that status.
run() {
    want=$1
    shift
    show "$@"
    "$duetime" "$@" >"$out/log" 2>&1
    got=$?
    sed "s|$out|build|g" "$out/log"
    [ "$got" -eq "$want" ] || fail "exit status $got, not $want"
}

say "Build the driver, its repaired twin and the tests. No source is edited."
run 0 build heartbeat.c -o "$out/heartbeat.so"
run 0 build -D HEARTBEAT_REPAIRED heartbeat.c -o "$out/repaired.so"
run 0 build heartbeat_test.c -o "$out/tests.so"

say "One run, in virtual time: all is well."
run 0 run "$out/heartbeat.so" "$out/tests.so" --test beats

say "Every schedule with few switches: the race."
run 1 explore "$out/heartbeat.so" "$out/tests.so" --test stop_races_watchdog
schedule=$(grep -o 'v1\.[^ ]*' "$out/log" | tail -n 1)
[ -n "$schedule" ] || fail "no schedule was printed"
cp "$out/log" "$out/first"

say "The same run again, from the schedule alone."
run 1 replay "$out/heartbeat.so" "$out/tests.so" --test stop_races_watchdog --schedule "$schedule"
sed -n '/^\*\*\*/,/^Replay/p' "$out/first" >"$out/a"
sed -n '/^\*\*\*/,/^Replay/p' "$out/log" >"$out/b"
cmp "$out/a" "$out/b" >/dev/null || fail "the replay tells another story"

say "KeFlushQueuedDpcs() before the free: every schedule within the same bound passes."
run 0 explore "$out/repaired.so" "$out/tests.so" --test stop_races_watchdog
grep -q 'every schedule' "$out/log" || fail "the search was not complete"

say "The repaired driver for two seconds of real time, on threads."
run 0 run --real-time --for 2s "$out/repaired.so" "$out/tests.so" --test beats
