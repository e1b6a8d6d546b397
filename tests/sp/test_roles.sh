#!/bin/sh
# SPDX-License-Identifier: MIT
# once: yes
# What a compiler says of a miniport's timer and DPC routines.
# STM-005: a definition of another type does not fit its HW_TIMER declaration
# STM-006, SIO-026: HW_TIMER is there after srb.h and after storport.h
# STM-016: with the declaration before it, the definition carries the role and its annotations; without it, it does not
# STD-024: VOID is right for a DPC routine, BOOLEAN compiles too where it is given to StorPortInitializeDpc
set -u

here=$(cd "$(dirname "$0")" && pwd)
ddk=$here/../../include/ddk
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
flags="-x c -std=gnu17 -ffreestanding -nostdinc -fshort-wchar -mms-bitfields -Wall -Wextra -I$ddk"

fail() {
    echo "FAILED: $*"
    failed=1
}

accepts() {
    what=$1
    shift
    "$@" $flags -Werror -fsyntax-only - 2>"$work/errors" || {
        fail "$what: $*"
        head -n 5 "$work/errors"
    }
}

rejects() {
    what=$1
    shift
    if "$@" $flags -fsyntax-only - 2>/dev/null; then
        fail "$what was accepted: $*"
    fi
}

roles() {
    cc=$1
    good='HW_TIMER t; _Use_decl_annotations_ VOID t(PVOID e) { (void)e; }'
    for header in srb.h storport.h; do
        printf '#include <%s>\n%s\n' $header "$good" | accepts "a timer routine after $header" "$cc"
    done
    printf '#include <storport.h>\nHW_TIMER t; VOID t(PVOID e, ULONG n) { (void)e; (void)n; }\n' |
        rejects "a timer routine with two parameters" "$cc"
    printf '#include <storport.h>\nHW_TIMER t; BOOLEAN t(PVOID e) { (void)e; return 0; }\n' |
        rejects "a timer routine with a result" "$cc"
    printf '#include <storport.h>\nHW_TIMER t; VOID t(ULONG n) { (void)n; }\n' |
        rejects "a timer routine of a number" "$cc"
    printf '#include <storport.h>\nHW_DPC_ROUTINE d; VOID d(PSTOR_DPC p, PVOID e, PVOID a, PVOID b) { (void)p; (void)e; (void)a; (void)b; }\nvoid f(PVOID e, PSTOR_DPC p) { StorPortInitializeDpc(e, p, d); }\n' |
        accepts "a DPC routine without a result" "$cc"
}

# The second form of STD-024 is a warning, no more.
boolean_dpc() {
    printf '#include <storport.h>\nstatic BOOLEAN d(PSTOR_DPC p, PVOID e, PVOID a, PVOID b) { (void)p; (void)e; (void)a; (void)b; return 1; }\nvoid f(PVOID e, PSTOR_DPC p) { StorPortInitializeDpc(e, p, d); }\n' |
        "$1" $flags -fsyntax-only - 2>"$work/errors" || fail "a DPC routine that returns BOOLEAN: $1"
    grep -q warning "$work/errors" || fail "no warning for a DPC routine that returns BOOLEAN: $1"
}

# role SOURCE -> how often the role stands at functions of that name, as clang sees them
role() {
    printf '#include <storport.h>\n%s\n' "$1" |
        clang $flags -fsyntax-only -Xclang -ast-dump - 2>/dev/null |
        awk '/FunctionDecl.* (t|u) /{ on = 1 } on && /AnnotateAttr/{ n++ } /^`-|^\|-/{ if (!/ (t|u) /) on = 0 } END { print n + 0 }'
}

annotations() {
    with=$(role 'HW_TIMER t; _Use_decl_annotations_ VOID t(PVOID e) { (void)e; }')
    without=$(role 'VOID u(PVOID e) { (void)e; }')
    [ "$with" -gt 0 ] || fail "the role of HW_TIMER is lost on the way to the definition"
    [ "$without" -eq 0 ] || fail "a routine without a declaration has a role"
}

for cc in ${*:-${CC:-cc} gcc clang}; do
    command -v "$cc" >/dev/null || continue
    roles "$cc"
    boolean_dpc "$cc"
done
command -v clang >/dev/null && annotations
exit $failed
