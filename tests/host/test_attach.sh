#!/bin/sh
# SPDX-License-Identifier: MIT
# The program of test_attach.c, whose threads are the host's own, again and again and with more on the machine than it has
# processors: they come and go in other orders.
set -eu
for round in 1 2 3; do
    "$DUETIME_BUILD/tests/rt.host.attach" >/dev/null &
    first=$!
    "$DUETIME_BUILD/tests/rt.host.attach"
    wait $first
done
