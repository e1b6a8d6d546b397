#!/bin/sh
# SPDX-License-Identifier: MIT
# once: yes
# Tests in C++17: without a warning, as an image for the command and as a program that holds its tests.
set -u
[ -z "${DUETIME_SANITIZE:-}" ] || exit 77
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
source=$DUETIME_SOURCE/tests/tool/cxx/timers.cc
include=$DUETIME_SOURCE/include
lib=$DUETIME_BUILD/lib
flags="-std=c++17 -g -Wall -Wextra -Werror -fshort-wchar -mms-bitfields -I$include -I$include/ddk"
failed=0 compilers=0

try() {
    "$@" >"$tmp/log" 2>&1 && return 0
    echo "FAILED: $*"
    tail -n 30 "$tmp/log"
    failed=1
}

for cxx in g++ clang++; do
    echo 'int main() { return 0; }' >"$tmp/can.cc"
    command -v $cxx >/dev/null && $cxx "$tmp/can.cc" -o "$tmp/can" 2>/dev/null || continue
    compilers=$((compilers + 1))
    try $cxx $flags -fPIC -shared -fvisibility=hidden "$source" -o "$tmp/tests.so"
    try "$DUETIME" run "$tmp/tests.so"
    try "$DUETIME" explore "$tmp/tests.so"
    grep -q '^spawned: ok' "$tmp/log" || { echo "FAILED: the image's tests were not found"; failed=1; }
    for machine in sim rt; do
        [ -e "$lib/libduetime-$machine.so" ] || continue
        try $cxx $flags -DPROGRAM "$source" -o "$tmp/program" -L"$lib" -lduetime-$machine -Wl,-rpath,"$lib"
        try "$tmp/program"
        grep -q '^ok.*driver' "$tmp/log" || { echo "FAILED: the program's tests did not run"; failed=1; }
    done
done
[ $compilers -gt 0 ] || exit 77
exit $failed
