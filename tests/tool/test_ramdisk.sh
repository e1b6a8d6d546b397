#!/bin/sh
# SPDX-License-Identifier: MIT
# once: yes
# examples/ramdisk on the simulated machine: the clean miniport raises nothing in any schedule searched, and each of its ten
# bugs is found, by the rule that names it, with a schedule that replays. STM-013, STM-014, STN-010, STN-011, STN-012.
set -u
source=${DUETIME_SOURCE:?}
duetime=${DUETIME:?}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$source/examples/ramdisk" || exit 2
failed=0

fail() { echo "FAILED: $*"; failed=1; tail -n 30 "$work/log"; }

build() { # IMAGE OPTION... SOURCE...
    image=$1
    shift
    "$duetime" build "$@" -o "$work/$image" >"$work/log" 2>&1 || fail "build $image"
}

build tests.so ramdisk_test.c
build tests-race.so --race ramdisk_test.c
build clean.so ramdisk.c ramdisk_scsi.c
build clean-race.so --race ramdisk.c ramdisk_scsi.c

"$duetime" explore "$work/clean.so" "$work/tests.so" >"$work/log" 2>&1 || fail "the clean disk"
grep -c ': ok, every schedule' "$work/log" | grep -qx 5 || fail "the clean disk: not every search was complete"
"$duetime" explore "$work/clean-race.so" "$work/tests-race.so" --test 'serves' >"$work/log" 2>&1 || fail "the clean disk, races"

# bug NUMBER WHAT TEST [--race]: found within 10,000 schedules, by that rule or text.
bug() {
    n=$1 what=$2 test=$3 race=${4:-}
    # shellcheck disable=SC2086
    build "bug$n.so" $race -D "RAMDISK_BUG=$n" ramdisk.c ramdisk_scsi.c
    images="$work/bug$n.so $work/tests${race:+-race}.so"
    # shellcheck disable=SC2086
    "$duetime" explore $images --test "$test" >"$work/log" 2>&1
    [ $? -eq 1 ] || fail "bug $n: not found"
    grep -q -- "$what" "$work/log" || fail "bug $n: not told as $what"
    found=$(sed -n 's/.*FAILED, schedule \([0-9]*\), .*/\1/p' "$work/log")
    [ "${found:-99999}" -le 10000 ] || fail "bug $n: schedule $found"
    schedule=$(grep -o 'v1\.[^ ]*' "$work/log" | tail -n 1)
    # shellcheck disable=SC2086
    "$duetime" replay $images --test "$test" --schedule "$schedule" >"$work/log" 2>&1
    [ $? -eq 1 ] || fail "bug $n: the replay does not fail"
    echo "ok: bug $n, $what, schedule $found"
}

bug 1 'completed twice' watchdog_races_dpc
bug 2 DT-S09 serves --race
bug 3 'adapter->Beats' watchdog_beats
bug 4 DT-S06 watchdog_beats
bug 5 DT-S14 serves
bug 6 'another DataTransferLength' slots_run_out
bug 7 '0x000000C4 (0x62' serves
bug 8 DT-S03 serves
bug 9 SRB_STATUS_PENDING serves
# SIO-024: state that HwStorStartIo and HwStorTimer share, not interlocked; the clean disk above is silent.
bug 10 DT-S04 serves --race

for rule in S01 S03 S04 S06 S07 S08 S09 S10 S11 S12 S13 S14 S15 S16 S17 S18 S19 S20; do
    "$duetime" explain "DT-$rule" >"$work/log" 2>&1 || fail "explain DT-$rule"
done
exit $failed
