#!/bin/sh
# SPDX-License-Identifier: MIT
# Public drivers, unmodified: DUETIME_SAMPLES is a checkout of microsoft/Windows-driver-samples. Skipped without.
set -u
samples=${DUETIME_SAMPLES:-}
if [ -z "$samples" ] || [ ! -d "$samples/general" ]; then
    echo "DUETIME_SAMPLES is not set: skipped"
    exit 77
fi
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
event=$samples/general/event/wdm
cancel=$samples/general/cancel/startio
here=$DUETIME_SOURCE/examples/samples
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

expect 0 build "$event/event.vcxproj" -o "$tmp"
expect 0 build "$cancel/cancel.vcxproj" -o "$tmp"
expect 0 build -I "$event" "$here/event_tests.c" -o "$tmp"
expect 0 build "$here/cancel_tests.c" -o "$tmp"
for test in irp_is_completed_when_due event_is_signaled_when_due cancel_races_timer close_races_timer; do
    expect 0 explore "$tmp/event.so" "$tmp/event_tests.so" --test $test
    expect 0 run "$tmp/event.so" "$tmp/event_tests.so" --test $test
    expect 0 run --real-time "$tmp/event.so" "$tmp/event_tests.so" --test $test
done
expect 0 explore "$tmp/event.so" "$tmp/event_tests.so" --test '*races_timer' --strategy random --schedules 20000
expect 1 explore "$tmp/event.so" "$tmp/event_tests.so" --test unload_races_dpc
for test in reads_take_no_or_one_interval cancel_races_poll close_races_poll; do
    expect 0 explore "$tmp/cancel.so" "$tmp/cancel_tests.so" --test $test
    expect 0 run --real-time "$tmp/cancel.so" "$tmp/cancel_tests.so" --test $test
done
expect 0 explore "$tmp/cancel.so" "$tmp/cancel_tests.so" --test '*races_poll' --strategy random --schedules 20000

# ioctl/wdm: exceptions on a user's addresses, which are the processor's and not a sanitizer's to find
sioctl=$samples/general/ioctl/wdm/sys
expect 0 build "$sioctl/sioctl.vcxproj" -o "$tmp"
expect 0 build -I "$sioctl" "$here/sioctl_tests.c" -o "$tmp"
if [ -z "${DUETIME_SANITIZE:-}" ]; then
    expect 0 explore "$tmp/sioctl.so" "$tmp/sioctl_tests.so"
    expect 0 run --real-time "$tmp/sioctl.so" "$tmp/sioctl_tests.so"
fi

# serenum: a bus driver on a serial port of ours
expect 0 build "$samples/serial/serenum/SerEnum_sample.vcxproj" -o "$tmp"
expect 0 build "$here/serenum_tests.c" -o "$tmp"
for test in starts finds_nothing_plugged_in; do
    expect 0 explore "$tmp/SerEnum_sample.so" "$tmp/serenum_tests.so" --test $test
    expect 0 run --real-time "$tmp/SerEnum_sample.so" "$tmp/serenum_tests.so" --test $test
done
expect 1 explore "$tmp/SerEnum_sample.so" "$tmp/serenum_tests.so" --test removal_frees_twice
grep -q "freed twice" "$tmp/log" || { echo "FAILED: no double free"; failed=1; }

# StorPort miniports, compiled only here; tests/sp runs what the devices of src/hw can carry. Both compilers.
storage=$samples/storage/miniports
defects=$samples/tools/sdv/samples/SDV-FailDriver-STORPORT/driver
for cc in gcc clang; do
    command -v $cc >/dev/null || continue
    [ -d "$storage/lsi_u3" ] && expect 0 build --cc $cc "$storage/lsi_u3/src/lsi_u3.vcxproj" -o "$tmp/lsi_u3"
    [ -d "$defects" ] && expect 0 build --cc $cc "$defects/lsi_u3.vcxproj" -o "$tmp/defects"
    [ -d "$storage/storahci" ] && expect 0 build --cc $cc "$storage/storahci/src/inbox/storahci.vcxproj" -o "$tmp/storahci"
    # DUETIME_VIRTIO is a checkout of virtio-win/kvm-guest-drivers-windows.
    for driver in viostor vioscsi; do
        [ -z "${DUETIME_VIRTIO:-}" ] ||
            expect 0 build --cc $cc "$DUETIME_VIRTIO/$driver/$driver.vcxproj" "$DUETIME_VIRTIO/VirtIO/VirtioLib.vcxproj" \
                -o "$tmp/virtio"
    done
done

# DUETIME_EBPF is a checkout of microsoft/ebpf-for-windows. Links beside our stand-in of its platform header, since a header
# beside the source is always found first.
ebpf=${DUETIME_EBPF:-}
if [ -n "$ebpf" ]; then
    mkdir "$tmp/ebpf"
    ln -s "$ebpf/libs/runtime/ebpf_work_queue.c" "$ebpf/libs/runtime/ebpf_work_queue.h" "$here/ebpf/ebpf_platform.h" "$tmp/ebpf"
    expect 0 build "$tmp/ebpf/ebpf_work_queue.c" -o "$tmp"
    expect 0 build -I "$tmp/ebpf" "$here/ebpf_work_queue_tests.c" -o "$tmp"
    expect 0 explore "$tmp/ebpf_work_queue.so" "$tmp/ebpf_work_queue_tests.so"
    expect 0 run --real-time "$tmp/ebpf_work_queue.so" "$tmp/ebpf_work_queue_tests.so"
    expect 0 explore "$tmp/ebpf_work_queue.so" "$tmp/ebpf_work_queue_tests.so" --test '*race*' --strategy random --schedules 20000
fi
exit $failed
