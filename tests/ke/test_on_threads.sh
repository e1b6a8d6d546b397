#!/bin/sh
# SPDX-License-Identifier: MIT
# What only threads can show, again and again and with more of them than there are processors: one timer that all processors set
# and cancel (KTM-101), and threads of the host's own that come and go.
set -eu
for round in 1 2 3; do
    for program in ke.ktimer_owner host.attach; do
        timeout 50 "$DUETIME_BUILD/tests/rt.$program" >/dev/null &
        first=$!
        timeout 50 "$DUETIME_BUILD/tests/rt.$program"
        wait $first
    done
done
