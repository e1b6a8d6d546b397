#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Runs a command and shows its output only when it fails.
set -u
log=$(mktemp)
trap 'rm -f "$log"' EXIT
"$@" >"$log" 2>&1 && exit 0
status=$?
cat "$log"
exit "$status"
