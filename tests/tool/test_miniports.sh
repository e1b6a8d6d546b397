#!/bin/sh
# SPDX-License-Identifier: MIT
# Public miniports, unedited, with modelled cards: DUETIME_VIRTIO is a checkout of virtio-win/kvm-guest-drivers-windows,
# DUETIME_SAMPLES one of microsoft/Windows-driver-samples. Skipped without either.
set -u
virtio=${DUETIME_VIRTIO:-}
ahci=${DUETIME_SAMPLES:-}/storage/miniports/storahci/src/inbox
if [ ! -d "$virtio/viostor" ] && [ ! -d "$ahci" ]; then
    echo "neither DUETIME_VIRTIO nor DUETIME_SAMPLES is set: skipped"
    exit 77
fi
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
tests=$DUETIME_SOURCE/tests/tool/miniports/disk_tests.c
failed=0

# expect STATUS ARGUMENT...
expect() {
    want=$1
    shift
    "$DUETIME" "$@" >"$tmp/log" 2>&1
    got=$?
    [ $got -eq "$want" ] && return 0
    echo "FAILED ($got, not $want): duetime $*"
    tail -n 60 "$tmp/log"
    failed=1
}

# viostor: the project, and the library that it links.
viostor() {
    expect 0 build "$virtio"/viostor/viostor.vcxproj "$virtio"/VirtIO/*.c -o "$tmp/viostor.so"
    expect 0 build -D CARD=dt_card_virtio_blk -D QUEUES=2 -D SKIP=0 "$tests" -o "$tmp/viostor_tests.so"
    expect 0 run "$tmp/viostor.so" "$tmp/viostor_tests.so"
    expect 0 run --real-time "$tmp/viostor.so" "$tmp/viostor_tests.so"
    expect 0 explore "$tmp/viostor.so" "$tmp/viostor_tests.so" --test four_clients_explored
    echo "viostor reads and writes what it should"
}

# storahci, with a disk that spares it what the sample cannot do. Its bus reset stalls in HwStorStartIo (DT-S14), so a lost
# request is not tried; with logs, it has them written to bus address 0.
storahci() {
    expect 0 build "$ahci/storahci.vcxproj" -o "$tmp/storahci.so"
    expect 0 build -D CARD=dt_card_ahci -D QUEUES=1 -D SKIP=0 -D OLD_DISK "$tests" -o "$tmp/old.so"
    expect 0 build -D CARD=dt_card_ahci -D QUEUES=1 -D SKIP=0 "$tests" -o "$tmp/new.so"
    expect 0 run "$tmp/storahci.so" "$tmp/old.so" --test '[!l]*'
    expect 0 run --real-time "$tmp/storahci.so" "$tmp/old.so" --test '[!l]*'
    expect 1 run "$tmp/storahci.so" "$tmp/new.so" --test data_by_line
    grep -q 'DT-S21' "$tmp/log" || failed=1
    echo "storahci reads and writes what it should"
}

# lsi_u3: the interrupt routine pauses the adapter and requests HwStorTimer, whose routine resumes it (STM-031, STM-035).
lsi_u3() {
    expect 0 build "$ahci/../../../lsi_u3/src/lsi_u3.vcxproj" -o "$tmp/lsi_u3.so"
    expect 0 build "$DUETIME_SOURCE/tests/tool/miniports/lsi_tests.c" -o "$tmp/lsi_tests.so"
    expect 0 run "$tmp/lsi_u3.so" "$tmp/lsi_tests.so"
    expect 0 run --real-time "$tmp/lsi_u3.so" "$tmp/lsi_tests.so"
    echo "lsi_u3's timer is called"
}

[ ! -d "$virtio/viostor" ] || viostor
[ ! -d "$ahci" ] || storahci
[ ! -d "$ahci" ] || lsi_u3
exit $failed
