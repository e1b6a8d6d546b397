#!/bin/sh
# SPDX-License-Identifier: MIT
# Public miniports, unedited, with modelled cards: DUETIME_VIRTIO is a checkout of virtio-win/kvm-guest-drivers-windows.
# Skipped without.
set -u
virtio=${DUETIME_VIRTIO:-}
if [ -z "$virtio" ] || [ ! -d "$virtio/viostor" ]; then
    echo "DUETIME_VIRTIO is not set: skipped"
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

# both DRIVER TESTS: every test on both machines, and many schedules of those that have several clients.
both() {
    expect 0 run "$1" "$2"
    expect 0 run --real-time "$1" "$2"
    expect 0 explore "$1" "$2" --test four_clients_explored
    grep -q '^four_clients_explored: ok' "$tmp/log" || failed=1
}

# viostor: the project, and the library that it links.
expect 0 build "$virtio"/viostor/viostor.vcxproj "$virtio"/VirtIO/*.c -o "$tmp/viostor.so"
expect 0 build -D CARD=dt_card_virtio_blk -D QUEUES=2 -D SKIP=0 "$tests" -o "$tmp/viostor_tests.so"
both "$tmp/viostor.so" "$tmp/viostor_tests.so"

[ $failed -eq 0 ] && echo "viostor reads and writes what it should"
exit $failed
