#!/bin/sh
# SPDX-License-Identifier: MIT
# `duetime explain` of each static rule: what it says, its other names, its page, a bad and a good sample.
set -u
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
failed=0

bad() { echo "FAILED: $*"; failed=1; }

# explains RULE NAME: what is printed for NAME is about RULE.
explains() {
    "$DUETIME" explain "$2" >"$tmp/out" 2>"$tmp/err" || bad "explain $2 ends with $?: $(cat "$tmp/err")"
    grep -q "^$1:" "$tmp/out" || bad "explain $2 is not about $1: $(head -n 1 "$tmp/out")"
}

# In the samples of the text: after which heading a line stands.
section() { sed -n "/^$1:/,/^[A-Z][a-z]*:\$/p" "$tmp/out"; }

for id in $(sed -n 's/^RULE(\([A-Z0-9]*\),.*/\1/p' "$DUETIME_SOURCE/src/check/rules.def"); do
    explains "DT-$id" "DT-$id"
    grep -q '^Documentation: https://learn.microsoft.com/' "$tmp/out" || bad "DT-$id names no page"
    grep -q 'is not installed' "$tmp/out" && bad "DT-$id has a sample that is not installed"
    [ "$(section Reported | wc -l)" -gt 4 ] || bad "DT-$id shows no bad sample"
    [ "$(section Right | wc -l)" -gt 4 ] || bad "DT-$id shows no good sample"
    section Reported | grep -q "// expect: .*DT-$id" || bad "DT-$id: its bad sample does not say where"
    section Right | grep -q 'expect:' && bad "DT-$id: its good sample expects something"
done

explains DT-S11 StorPortStatusPending
explains DT-I01 irql-too-high
explains DT-L09 C28108
explains DT-I01 C28121
explains DT-I12 28144
explains DT-T06 t06
explains DT-I01 C28118
grep -q 'C28118: ' "$tmp/out" || bad "C28118 is not told from C28121"

# Every number that a finding may carry.
for number in $(grep -how '2[68][0-9][0-9][0-9]' "$DUETIME_SOURCE"/src/check/*.cc | sort -u); do
    "$DUETIME" explain "C$number" >"$tmp/out" 2>"$tmp/err" || bad "explain C$number: $(cat "$tmp/err")"
    grep -q "C$number" "$tmp/out" || bad "explain C$number does not name it"
done

for name in DT-T99 C99999 NoSuchRule ''; do
    "$DUETIME" explain "$name" >"$tmp/out" 2>"$tmp/err"
    [ $? -eq 2 ] || bad "explain '$name' does not end with 2"
    [ ! -s "$tmp/out" ] || bad "explain '$name' prints: $(cat "$tmp/out")"
    [ "$(wc -l <"$tmp/err")" -eq 1 ] || bad "explain '$name' does not print one line: $(cat "$tmp/err")"
done
exit $failed
