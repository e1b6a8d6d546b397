#!/bin/sh
# SPDX-License-Identifier: MIT
# __try in driver source: built by the wrapper with both compilers, run on both machines. What nobody handles is the bug
# check of Windows, with the driver's line; what is written wrong is refused with it.
set -u
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
here=$DUETIME_SOURCE/tests/tool/seh
failed=0

# expect STATUS TEXT ARGUMENT...
expect() {
    want=$1
    text=$2
    shift 2
    "$DUETIME" "$@" >"$tmp/log" 2>&1
    got=$?
    [ $got -eq "$want" ] && grep -q "$text" "$tmp/log" && return
    echo "FAILED (status $got, wanted $want and \"$text\"): $cc: duetime $*"
    tail -n 40 "$tmp/log"
    failed=1
}

# wrong LINE TEXT BODY: a function of that body is refused
wrong() {
    printf '#include <ntddk.h>\nVOID f(VOID)\n{\n%b\n}\n' "$3" >"$tmp/wrong.c"
    expect 2 "wrong.c:$1: $2" build --cc "$cc" "$tmp/wrong.c" -o "$tmp/wrong.so"
}

tests=$(sed -n 's/^DT_TEST(\([a-z_]*\).*/\1/p' "$here/seh_tests.c" | grep -v '^finding_')
[ -n "${DUETIME_SANITIZE:-}" ] && tests=$(echo "$tests" | grep -v -e faults -e goes_on -e probes -e initialize_raises)

for cc in gcc clang; do
    command -v $cc >/dev/null || continue
    rm -rf "${tmp:?}"/*
    expect 0 "seh.so" build --cc $cc "$here/seh.c" -o "$tmp"
    expect 0 "seh_tests.so" build --cc $cc "$here/seh_tests.c" -o "$tmp"
    for test in $tests; do
        expect 0 "" explore "$tmp/seh.so" "$tmp/seh_tests.so" --test $test
        expect 0 "" run --real-time "$tmp/seh.so" "$tmp/seh_tests.so" --test $test
    done
    expect 1 "STOP 0x0000007E (0xc0000001" run "$tmp/seh.so" "$tmp/seh_tests.so" --test finding_nobody
    if [ -z "${DUETIME_SANITIZE:-}" ]; then
        expect 1 "STOP 0x0000001E (0xc0000094" run "$tmp/seh.so" "$tmp/seh_tests.so" --test finding_dpc
        expect 1 "STOP 0x000000D1 (0x10, 0x2" run "$tmp/seh.so" "$tmp/seh_tests.so" --test finding_spin_lock
        line=$(grep -n 'NOWHERE = 1;' "$here/seh.c" | tail -n 1 | cut -d: -f1)
        expect 1 "seh.c:$line SehSpinLock" run "$tmp/seh.so" "$tmp/seh_tests.so" --test finding_spin_lock
    fi
    wrong 4 "__try {...} without" '__try { }'
    wrong 5 "__leave outside" '\n__leave;'
    wrong 5 "GetExceptionCode() outside" '__try { } __finally { }\nGetExceptionCode();'
    wrong 4 "AbnormalTermination() outside" '__try { AbnormalTermination(); } __finally { }'
    wrong 4 "__except or __finally without" '{ } __finally { }'
done
exit $failed
