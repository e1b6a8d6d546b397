#!/bin/sh
# SPDX-License-Identifier: MIT
# once: yes
# Every header of include/ddk compiles alone, freestanding and without warnings, with gcc and clang, as C and as C++, with
# and without the driver prelude; and the declarations behave as EXT-020, EXT-022 and ANN-001, -003, -005 ask.
# Usage: test_headers.sh [C_COMPILER...]      (default: $CC, gcc and clang, as far as they are there)
set -u

here=$(cd "$(dirname "$0")" && pwd)
ddk=$here/../../include/ddk
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

warnings='-Wall -Wextra -Wshadow -Wundef -Wpointer-arith -Wwrite-strings -Wimplicit-fallthrough -Werror
    -Wno-multichar -Wno-unknown-pragmas'
common="-ffreestanding -nostdinc -fshort-wchar -mms-bitfields -fsyntax-only $warnings"

fail() {
    echo "FAILED: $*"
    failed=1
}

# compiles WHAT COMPILER FLAGS...    (source on standard input)
compiles() {
    what=$1
    shift
    if ! "$@" - 2>"$work/errors"; then
        fail "$what: $*"
        head -n 5 "$work/errors"
    fi
}

rejects() {
    what=$1
    shift
    if "$@" - 2>/dev/null; then
        fail "$what was accepted: $*"
    fi
}

plus_plus() {
    case $1 in
    *clang*) echo clang++ ;;
    *) echo g++ ;;
    esac
}

# ---- every header alone ------------------------------------------------------------------------------------------------

# The C library of drivers needs the prelude; regions of packing are no headers of their own.
headers() {
    (cd "$ddk" && find . -name '*.h' | sed 's|^\./||' | grep -Ev '^(crt/|nt/crt\.h|pshpack|poppack)' | sort)
}

each_header() {
    cc=$1
    cxx=$(plus_plus "$cc")
    c="$cc -x c -std=gnu17 -Wstrict-prototypes $common -I$ddk"
    driver="$cc -x c -std=gnu17 $common -fms-extensions -isystem $ddk -isystem $ddk/crt -include $ddk/duetime_prelude.h"
    for header in $(headers); do
        echo "#include <$header>" | compiles "$header alone" $c
        echo "#include <$header>" | compiles "$header in a driver" $driver
        if command -v "$cxx" >/dev/null; then
            echo "#include <$header>" | compiles "$header in C++" "$cxx" -x c++ -std=gnu++17 $common -I"$ddk"
        fi
    done
    for header in $(cd "$ddk/crt" && echo *.h); do
        echo "#include <$header>" | compiles "$header in a driver" $driver
        printf '#include <wdm.h>\n#include <%s>\n' "$header" | compiles "$header after wdm.h" $driver
    done
    # All of them together, in both orders.
    headers | sed 's/.*/#include <&>/' | compiles "all headers" $c
    headers | sort -r | sed 's/.*/#include <&>/' | compiles "all headers, backwards" $c
    if command -v "$cxx" >/dev/null; then
        drivers_in_cxx "$cxx"
    fi
}

# All of them together as a driver in C++ has them, and role types: a static member; "C" by the declaration alone.
drivers_in_cxx() {
    driver="$1 -x c++ -std=gnu++17 -fno-exceptions -fno-rtti -fms-extensions $common -isystem $ddk -isystem $ddk/crt"
    driver="$driver -include $ddk/duetime_prelude.h"
    (headers && cd "$ddk/crt" && echo new && ls -- *.h) | sed 's/.*/#include <&>/' >"$work/driver"
    cat >>"$work/driver" <<'END'
extern "C" DRIVER_INITIALIZE DriverEntry;
class Timer {
    static KDEFERRED_ROUTINE Dpc;
    _Guarded_by_(Lock_) ULONG Count_;
    KSPIN_LOCK Lock_;
    _IRQL_requires_max_(DISPATCH_LEVEL) _Must_inspect_result_ BOOLEAN Cancel(_Inout_ PKTIMER At);
};
_Use_decl_annotations_
VOID Timer::Dpc(PKDPC, PVOID Context, PVOID, PVOID) { static_cast<Timer *>(Context)->Count_++; }
BOOLEAN Timer::Cancel(PKTIMER At) { return KeCancelTimer(At) || KeReadStateTimer(At) || Count_ == Lock_; }
NTSTATUS DriverEntry(PDRIVER_OBJECT, PUNICODE_STRING) { return STATUS_SUCCESS; }
inline NTSTATUS (*Entry)(PDRIVER_OBJECT, PUNICODE_STRING) __attribute((used)) = &DriverEntry;
END
    compiles "all headers in a driver in C++" $driver <"$work/driver"
}

# ---- declarations --------------------------------------------------------------------------------------------------------

declarations() {
    cc=$1
    c="$cc -x c -std=gnu17 $common -Wstrict-prototypes -I$ddk"

    # EXT-020: role declaration, then a definition that inherits its annotations.
    for header in wdm.h ntddk.h ntifs.h; do
        compiles "EXT-020 after $header" $c <<END
#include <$header>
EXT_CALLBACK MyCb;
EXT_DELETE_CALLBACK MyDeleted;
_Use_decl_annotations_
VOID MyCb(PEX_TIMER Timer, PVOID Context) { (void)Timer; (void)Context; }
_Use_decl_annotations_
VOID MyDeleted(PVOID Context) { (void)Context; }
PEX_TIMER make(void) { return ExAllocateTimer(MyCb, NULL, EX_TIMER_HIGH_RESOLUTION); }
END
    done

    # EXT-022: no EX_TIMER before Windows 8.1, by either of the two version macros.
    for old in -DNTDDI_VERSION=0x06020000 -D_WIN32_WINNT=0x0602; do
        echo '#include <wdm.h>
PEX_TIMER t;' | rejects "EXT-022 type" $c $old
        echo '#include <wdm.h>
void *f(void) { return (void *)ExSetTimer; }' | rejects "EXT-022 routine" $c $old
        echo '#include <wdm.h>
KTIMER t;' | compiles "EXT-022 KTIMER" $c $old
    done
    for new in -DNTDDI_VERSION=0x06030000 -D_WIN32_WINNT=0x0603 -D_WIN32_WINNT=0x0A00; do
        echo '#include <wdm.h>
PEX_TIMER t;' | compiles "EXT-022" $c $new
    done

    # ANN-003: a definition that differs from its role type is an error.
    rejects "ANN-003 parameter" $c <<END
#include <wdm.h>
KDEFERRED_ROUTINE Dpc;
VOID Dpc(PKDPC d, PVOID c, PVOID a1, ULONG a2) { (void)d; (void)c; (void)a1; (void)a2; }
END
    rejects "ANN-003 result" $c <<END
#include <wdm.h>
DRIVER_UNLOAD Unload;
NTSTATUS Unload(PDRIVER_OBJECT d) { (void)d; return 0; }
END

    # ANN-001: annotations in the places where drivers put them.
    compiles "ANN-001" $c <<END
#include <ntifs.h>
struct ext { KSPIN_LOCK Lock; _Guarded_by_(Lock) ULONG A; ULONG B _Guarded_by_(Lock); _Interlocked_ volatile LONG C; };
_Success_(return >= 0) _Must_inspect_result_ static NTSTATUS
f(_In_reads_bytes_opt_(n) PVOID p, _In_ ULONG n, _Out_writes_bytes_to_(n, *m) PVOID q, _Out_ _At_(*m, _Post_satisfies_(*m > 0)) PULONG m)
{ PAGED_CODE(); _Analysis_assume_(n > 0); (void)p; (void)q; *m = n; return STATUS_SUCCESS; }
_When_(w == 1, _IRQL_requires_max_(APC_LEVEL)) _When_(w == 0, _IRQL_requires_max_(DISPATCH_LEVEL))
_Acquires_lock_(((struct ext *)e)->Lock) _IRQL_saves_global_(OldIrql, e) VOID g(struct ext *e, BOOLEAN w);
_Dispatch_type_(IRP_MJ_CREATE) _Dispatch_type_(IRP_MJ_CLOSE) DRIVER_DISPATCH Create;
__drv_maxIRQL(DISPATCH_LEVEL) __drv_functionClass(KDEFERRED_ROUTINE) __drv_when(w, __drv_maxIRQL(1)) VOID h(int w);
NTSTATUS k(void);
NTSTATUS k(void) { ULONG m; char b[4]; return f(b, 4, b, &m); }
END
}

# ANN-002: where another sal.h came first, its macros stay.
foreign() {
    cc=$1
    c="$cc -x c -std=gnu17 $common -I$ddk"
    names='s/^\(#define _[A-Z][A-Za-z_]*_\(([^)]*)\)\{0,1\}\) .*/\1/p'
    {
        echo '#define _SAL_VERSION 20'
        echo '#include <sal.h>' | "$cc" -x c -nostdinc -I"$ddk" -E -dM - | sed -n "$names" | grep -v _DT_
    } >"$work/sal"
    [ "$(wc -l <"$work/sal")" -gt 150 ] || fail "ANN-002: few macros in sal.h: $(wc -l <"$work/sal")"
    { cat "$work/sal"; echo '#include <ntddk.h>'; } | compiles "ANN-002 after another sal.h" $c
    { cat "$work/sal"; echo '#include <storport.h>'; } | compiles "ANN-002 after another sal.h" $c
}

# ANN-005: under clang the annotations of role types are in the syntax tree, in source order.
kept() {
    clang -x c -std=gnu17 -ffreestanding -nostdinc -fshort-wchar -I"$ddk" -fsyntax-only -Xclang -ast-dump - >"$work/ast" <<END
#include <wdm.h>
KDEFERRED_ROUTINE Dpc;
END
    sed -n '/TypedefDecl.* KDEFERRED_ROUTINE /,/TypedefDecl.* PKDEFERRED_ROUTINE /p' "$work/ast" >"$work/role"
    for note in '_Function_class_(KDEFERRED_ROUTINE)' '_IRQL_requires_(DISPATCH_LEVEL)' '_IRQL_requires_same_'; do
        grep -qF "\"$note\"" "$work/role" || fail "ANN-005: $note is not on KDEFERRED_ROUTINE"
    done
    grep -A40 'FunctionDecl.* KeSetEvent ' "$work/ast" | grep -qF '"_When_(Wait == 1)"' || fail "_When_ keeps no condition"
}

compilers=
for cc in ${*:-${CC:-gcc} gcc clang}; do
    case " $compilers " in *" $cc "*) continue ;; esac
    command -v "$cc" >/dev/null && compilers="$compilers $cc"
done
for cc in $compilers; do
    each_header "$cc"
    declarations "$cc"
    foreign "$cc"
done
if command -v clang >/dev/null; then
    kept
fi
exit $failed
