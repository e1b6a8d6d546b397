#!/bin/sh
# SPDX-License-Identifier: MIT
# once: yes
# Public drivers without announced defects: nothing is found but what tests/check/clean.baseline says, which was read and
# found right (ANN-055). DUETIME_SAMPLES is a checkout of microsoft/Windows-driver-samples, DUETIME_VIRTIO one of
# virtio-win/kvm-guest-drivers-windows. Skipped without. With --write the baseline is written anew.
set -u
samples=${DUETIME_SAMPLES:-}
virtio=${DUETIME_VIRTIO:-}
baseline=$DUETIME_SOURCE/tests/check/clean.baseline
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
failed=0

[ -e "$(dirname "$DUETIME")/../lib/libduetime-check.so" ] && [ -d "$samples/general" ] || exit 77
set -- "${1:-}" "$samples/general/event/wdm/event.vcxproj" "$samples/general/cancel/sys/cancel.vcxproj" \
    "$samples/general/cancel/startio/cancel.vcxproj" "$samples/serial/serenum/SerEnum_sample.vcxproj" \
    "$samples/storage/miniports/storahci/src/inbox/storahci.vcxproj" "$samples/storage/miniports/lsi_u3/src/lsi_u3.vcxproj"
[ -z "$virtio" ] || set -- "$@" "$virtio/viostor/viostor.vcxproj" "$virtio/vioscsi/vioscsi.vcxproj"
write=$1
shift
for project; do
    if [ "$write" = --write ]; then
        "$DUETIME" check --write-baseline "$tmp/one" "$project" >/dev/null 2>&1
        grep -v '^#' "$tmp/one" | sed "s|$samples/||; s|$virtio/||; s|\(  [^ ]*\):[0-9]*  |\1  |" >>"$tmp/all"
        continue
    fi
    "$DUETIME" check --baseline "$baseline" "$project" >"$tmp/out" 2>&1 || {
        echo "FAILED: findings in $project:"
        cat "$tmp/out"
        failed=1
    }
done
if [ "$write" = --write ]; then
    {
        echo "# Findings in public drivers, reviewed: tests/check/test_clean.sh --write"
        sort -k3,3 -k1,1 -u "$tmp/all"
    } >"$baseline"
fi
exit $failed
