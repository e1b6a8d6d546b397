#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Runs every benchmark of a build tree, one after another. Usage: tools/bench.sh build/<preset>
set -u
status=0
found=0
for bench in "$1"/bench/*; do
    [ -x "$bench" ] && [ -f "$bench" ] || continue
    found=1
    echo "== $(basename "$bench")"
    "$bench" || { echo "bench: $(basename "$bench") exited with $?" >&2; status=1; }
done
echo "== disk"
"$(dirname "$0")/bench_disk.sh" "$1" || status=1
[ "$found" = 1 ] || { echo "bench: no benchmark was built" >&2; status=1; }
exit "$status"
