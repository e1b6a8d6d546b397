#!/bin/sh
# SPDX-License-Identifier: MIT
# IOPS of examples/ramdisk behind `duetime disk` against nbdkit's own memory plug-in: the same fio job, in turns, medians.
# Faithful: without the verifier. Usage: tools/bench_disk.sh build/<preset> [seconds]. Wanted: at least 0.7 at queue depth 1 and 32.
set -u
build=$(cd "$1" && pwd)
seconds=${2:-3}
duetime=$build/bin/duetime
here=$(cd "$(dirname "$0")/.." && pwd)
[ -f "$build/lib/duetime-nbd.so" ] || { echo "bench: the disk was not built (nbdkit-plugin-dev)" >&2; exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$duetime" build -O 2 "$here/examples/ramdisk/ramdisk.c" "$here/examples/ramdisk/ramdisk_scsi.c" -o "$work/ramdisk.so" \
    >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }

job() { # DEPTH
    echo "--name=job --ioengine=nbd --rw=randrw --bs=4k --size=64M --iodepth=$1 --time_based --runtime=$seconds --output-format=terse"
}

# terse format 3: read IOPS is field 8, write IOPS field 49
iops() { grep '^3;' | awk -F';' '{ print int($8 + $49) }'; }

# shellcheck disable=SC2046
ours() { "$duetime" disk $2 "$work/ramdisk.so" --size 64M -- fio $(job "$1") '--uri={uri}' 2>/dev/null | iops; }
# shellcheck disable=SC2016
theirs() { nbdkit -U - memory 64M --run "fio $(job "$1") --uri=\$uri" 2>/dev/null | iops; }

median() { sort -n "$work/iops.$1" | sed -n 2p; }

for depth in 1 32; do
    rm -f "$work"/iops.*
    for _ in 1 2 3; do
        ours $depth "" >>"$work/iops.strict"
        ours $depth --faithful >>"$work/iops.faithful"
        theirs $depth >>"$work/iops.nbdkit"
    done
    b=$(median nbdkit)
    for mode in faithful strict; do
        a=$(median $mode)
        echo "queue depth $depth, $mode: $a IOPS, nbdkit memory $b, ratio $(awk "BEGIN { printf \"%.2f\", ${a:-0} / ${b:-1} }") (wanted 0.7)"
    done
done
