#!/bin/sh
# SPDX-License-Identifier: MIT
# once: yes
# `duetime disk`: examples/ramdisk as a disk of real clients: data is right, errors are what they are, faults and killed
# clients lose nothing, bad input gets one line. Needs nbdkit, qemu-io, nbdcopy, fio; skipped where the plug-in is not built.
set -u
build=${DUETIME_BUILD:?}
source=${DUETIME_SOURCE:?}
duetime=${DUETIME:?}
[ -f "$build/lib/duetime-nbd.so" ] || exit 77
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

fail() { echo "FAILED: $*"; failed=1; [ -f "$work/log" ] && tail -n 30 "$work/log"; }

# expect STATUS NAME ARGUMENT...: `duetime disk ARGUMENT...` ends with that status.
expect() {
    want=$1 name=$2
    shift 2
    timeout 100 "$duetime" disk "$@" >"$work/log" 2>&1
    got=$?
    if [ $got -eq "$want" ]; then echo "ok: $name"; else fail "$name: exit status $got, not $want"; fi
}

says() { grep -q -- "$1" "$work/log" || fail "no line with: $1"; }

build_ramdisk() { # NAME [OPTION...]
    name=$1
    shift
    "$duetime" build "$@" "$source/examples/ramdisk/ramdisk.c" "$source/examples/ramdisk/ramdisk_scsi.c" \
        -o "$work/$name.so" >"$work/log" 2>&1 || fail "building $name"
}

build_ramdisk ramdisk
build_ramdisk leaky -D RAMDISK_BUG=7
build_ramdisk twice -D RAMDISK_BUG=9
disk=$work/ramdisk.so

# Data, trim, flush, FUA; several requests cut and joined at the adapter's limit of 1 MiB.
expect 0 "qemu-io verifies patterns" "$disk" --size 16M -- qemu-io -f raw '{uri}' \
    -c 'write -P 0x5a 0 64k' -c 'read -P 0x5a 0 64k' -c 'write -f -P 1 1M 5M' -c 'read -P 1 1M 5M' \
    -c 'discard 2M 1M' -c 'read -P 0 2M 1M' -c 'read -P 1 3M 1M' -c 'flush'

dd if=/dev/urandom of="$work/image" bs=1M count=8 2>/dev/null
expect 0 "nbdcopy there and back" "$disk" --size 8M -- sh -c \
    "nbdcopy $work/image {uri} && nbdcopy {uri} $work/back && cmp $work/image $work/back"

expect 0 "fio verifies at queue depth 32" "$disk" --size 32M -- fio --name=verify --ioengine=nbd '--uri={uri}' \
    --rw=randwrite --bs=4k --size=32M --iodepth=32 --verify=crc32c --verify_state_save=0 --output="$work/fio"

# Resets and pauses while the device forgets requests, which the watchdog times out: the client sees none of it.
expect 0 "fio verifies through resets, pauses and time-outs" "$disk" --size 8M --faults reset:20,pause:30 \
    --argument 'lose=500 period_us=20000 patience_us=10000' -- fio --name=faults --ioengine=nbd '--uri={uri}' \
    --rw=randwrite --bs=4k --size=8M --iodepth=32 --verify=crc32c --verify_state_save=0 --output="$work/fio"

# The device loses one command in 40, trims too: they time out, the bus is reset, they are sent again.
"$duetime" build "$source"/examples/hba/hba.c "$source"/examples/hba/hba_scsi.c -o "$work/hba.so" >"$work/log" 2>&1 || fail "building hba"
trims=$(seq 0 31 | sed "s/.*/-c 'discard &k 1k'/" | tr '\n' ' ')
expect 0 "lost trims are sent again" "$work/hba.so" --device hba --size 8M --timeout 1 --faults lose:40 -- sh -c \
    "qemu-io -f raw {uri} $trims $trims $trims $trims $trims $trims $trims"
grep -q 'discard failed' "$work/log" && fail "a trim failed"

# Every request is forgotten: a time-out is an I/O error, not success and not a hang.
expect 1 "a time-out is EIO" "$disk" --size 1M --argument 'lose=1 period_us=20000 patience_us=1000' -- \
    qemu-io -f raw '{uri}' -c 'read 0 4k'
says 'Input/output error'

# A client that is killed in the middle; another one goes on, and the disk ends without a finding.
expect 0 "a killed client" "$disk" --size 8M -- sh -c "
    fio --name=victim --ioengine=nbd --uri={uri} --rw=randwrite --bs=4k --size=8M --iodepth=32 --time_based \
        --runtime=60 >/dev/null 2>&1 & victim=\$!
    while ! qemu-io -f raw {uri} -c 'write -P 7 0 4k' >/dev/null; do :; done
    kill -9 \$victim
    wait \$victim 2>/dev/null
    qemu-io -f raw {uri} -c 'write -P 9 4k 4k' -c 'read -P 9 4k 4k'"

# Mistakes of the miniport are findings: exit status 1, with a report.
expect 1 "a leak at removal" "$work/leaky.so" --size 1M -- true
says 'pool'
expect 1 "a request completed as pending" "$work/twice.so" --size 1M -- qemu-io -f raw '{uri}' -c flush
says 'SRB_STATUS_PENDING'

# Bad input: one line, exit status 2.
bad() {
    name=$1
    shift
    expect 2 "$name" "$@"
    [ "$(wc -l <"$work/log")" -eq 1 ] || fail "$name: not one line"
}
bad "no miniport"
bad "no command" "$disk"
bad "no such file" "$work/none.so" -- true
bad "not a size" "$disk" --size 12q -- true
bad "zero size" "$disk" --size 0 -- true
bad "no processors" "$disk" -p 0 -- true
echo 'int x;' >"$work/x.c"
${CC:-gcc} -shared -fPIC -o "$work/x.so" "$work/x.c"
expect 2 "no driver" "$work/x.so" -- true
says 'DriverEntry'
expect 2 "unknown fault" "$disk" --faults storm:3 -- true
says 'storm:3'
expect 2 "an adapter that does not start" "$disk" --size 1M --argument 'slots=0' -- true
says 'did not start'

# A socket of its own goes with it, so that it can be served there again; one that was there stays.
for round in 1 2; do
    "$duetime" disk --socket "$work/own" "$disk" >"$work/log" 2>&1 &
    server=$!
    for _ in $(seq 100); do [ -S "$work/own" ] && break; sleep 0.1; done
    sleep 0.5
    kill -TERM $server
    wait $server || fail "serving until interrupted, round $round"
    [ ! -e "$work/own" ] || fail "the socket is left"
done
: >"$work/taken"
expect 2 "a socket that is taken" --socket "$work/taken" "$disk"
[ -e "$work/taken" ] || fail "what was there is gone"

exit $failed
