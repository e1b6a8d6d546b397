#!/bin/sh
# SPDX-License-Identifier: MIT
# The example's story, and its promises: found early, few switches, replays byte for byte, a clean twin.
set -eu
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$DUETIME_SOURCE/examples/heartbeat"

"$DUETIME" build heartbeat.c -o "$tmp/heartbeat.so" >/dev/null
"$DUETIME" build heartbeat_test.c -o "$tmp/tests.so" >/dev/null

set +e
"$DUETIME" explore "$tmp/heartbeat.so" "$tmp/tests.so" --test 'stop*' >"$tmp/found"
[ $? -eq 1 ] || { echo "the race was not found"; cat "$tmp/found"; exit 1; }
set -e
grep -q '^\*\*\* STOP 0x000000C7 (0x1, ' "$tmp/found"
grep -q '^stop_races_watchdog: FAILED' "$tmp/found"
awk '/FAILED, schedule/ { gsub(",", ""); exit !($4 <= 10000 && $5 <= 3) }' "$tmp/found" ||
    { echo "too late, or too many switches"; tail -n 1 "$tmp/found"; exit 1; }
awk 'length > 100 && !/^Replay/ { print "wide: " $0; bad = 1 } END { exit bad }' "$tmp/found"

schedule=$(grep -o 'v1\.[^ ]*' "$tmp/found" | tail -n 1)
[ ${#schedule} -le 80 ]
i=0
while [ $i -lt "${REPLAYS:-20}" ]; do
    "$DUETIME" replay "$tmp/heartbeat.so" "$tmp/tests.so" --test 'stop*' --schedule "$schedule" >"$tmp/again" || [ $? -eq 1 ]
    [ $i -gt 0 ] || cp "$tmp/again" "$tmp/first"
    cmp "$tmp/first" "$tmp/again"
    i=$((i + 1))
done
sed -n '/^\*\*\*/,/^Rule/p' "$tmp/found" >"$tmp/a"
sed -n '/^\*\*\*/,/^Rule/p' "$tmp/first" >"$tmp/b"
cmp "$tmp/a" "$tmp/b"

# Another build is refused, unless told otherwise.
"$DUETIME" build -O0 heartbeat.c -o "$tmp/other.so" >/dev/null
"$DUETIME" replay "$tmp/other.so" "$tmp/tests.so" --test 'stop*' --schedule "$schedule" >"$tmp/refused" 2>&1 && exit 1
grep -q 'build' "$tmp/refused"
