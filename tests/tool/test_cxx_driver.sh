#!/bin/sh
# SPDX-License-Identifier: MIT
# once: yes
# Drivers in C++: built with both compilers, from sources and from a project; the bad one is found, its twin is clean. What
# the kernel has not is refused in one line, or warned of.
set -u
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
here=$DUETIME_SOURCE/tests/tool/cxx
failed=0 compilers=0

# expect STATUS TEXT ARGUMENT...
expect() {
    want=$1
    text=$2
    shift 2
    "$DUETIME" "$@" >"$tmp/log" 2>&1
    got=$?
    [ $got -eq "$want" ] && grep -q -e "$text" "$tmp/log" && return
    echo "FAILED (status $got, wanted $want and \"$text\"): duetime $*"
    tail -n 30 "$tmp/log"
    failed=1
}

cat >"$tmp/odd.cpp" <<'END'
#include <ntddk.h>
#include <new>

struct Global { ULONG Value; Global(); };
Global::Global() : Value(5) {}
static Global TheGlobal;
static ULONG Constructed;

struct Part { ULONG Value; Part(); ~Part(); };
Part::Part() : Value(7) { Constructed++; }
Part::~Part() {}

#ifndef NO_NEW
enum class Pool { Paged };
void *operator new(size_t, Pool);
void *operator new(size_t, Pool) { return nullptr; }
void *operator new(size_t) noexcept { return nullptr; }
void *operator new[](size_t Size, Pool) { return operator new(Size, Pool::Paged); }
void operator delete(void *) {}
void operator delete(void *, size_t) {}
#endif
struct Member {
    Part Part_;

    void *operator new(size_t Size);
    void operator delete(void *) {}
    void operator delete(void *, size_t) {}
    static Member *Make() { return new Member; }
};
void *Member::operator new(size_t Size) { return ::operator new(Size); }
#ifdef STATIC
Part &ThePart() { static Part part; return part; }
#endif

struct Pure { Pure() { Call(); } void Call(); virtual void Method() = 0; };
void Pure::Call() { Method(); }
struct Impure : Pure { void Method() override {} };

template <class T> static T Largest(T a, T b) { return a > b ? a : b; }

/* The count of brackets is right in spite of the separators. */
static ULONG Separated(PULONG Value)
{
    __try {
        if (*Value == 1'000) { __leave; }
        long more = 0xA'B;
        *Value += more;
    } __finally {
        *Value += AbnormalTermination() ? 1 : 2;
    }
    return *Value;
}

extern "C" DRIVER_INITIALIZE DriverEntry;

extern "C" NTSTATUS DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING)
{
    alignas(Part) UCHAR memory[sizeof(Part)];
    ULONG value = 1000, other = 0;

    Driver->DriverUnload = [](PDRIVER_OBJECT) {};
    if (TheGlobal.Value != 0) /* nothing has run its constructor */
        return STATUS_UNSUCCESSFUL;
#ifdef PURE
    Impure object;
#endif
#ifdef NO_NEW
    delete new Part;
#else
    if (new (Pool::Paged) Part || Constructed != 0) /* no memory, no constructor */
        return STATUS_NO_MEMORY;
    if (new (Pool::Paged) Part[2] || Member::Make() || Constructed != 0)
        return STATUS_NO_MEMORY;
#ifndef __clang__ /* docs/limits.md */
    if (new Part || Constructed != 0)
        return STATUS_NO_MEMORY;
#endif
#endif
    Part *part = new (memory) Part;
    if (part->Value != 7 || Constructed != 1 || Largest<long>(3, 4) != 4 || Separated(&value) != 1002 ||
        Separated(&other) != 0xAD)
        return STATUS_UNSUCCESSFUL;
    return STATUS_SUCCESS;
}
END
cat >"$tmp/metronome.vcxproj" <<END
<?xml version="1.0" encoding="utf-8"?>
<Project xmlns="http://schemas.microsoft.com/developer/msbuild/2003">
  <ItemGroup>
    <ClCompile Include="Metronome.CPP" />
    <ClCompile Include="metronome_double.c" />
  </ItemGroup>
</Project>
END
cp "$here"/metronome* "$tmp"

echo 'int main() { return 0; }' >"$tmp/can.cc"
for cc in gcc clang; do
    case $cc in gcc) cxx=g++ ;; *) cxx=clang++ ;; esac
    command -v $cxx >/dev/null && $cxx "$tmp/can.cc" -o "$tmp/can" 2>/dev/null || continue
    compilers=$((compilers + 1))
    expect 0 "$cxx" build --cc $cc "$here/metronome.cpp" "$here/metronome_double.c" -o "$tmp/bad.so"
    expect 0 "2 sources" build --cc $cc -D REPAIRED "$tmp/metronome.vcxproj" -o "$tmp/repaired.so"
    expect 0 "$cxx" build --cc $cc "$here/metronome_test.cc" -o "$tmp/tests.so"
    expect 1 "DT-D03" explore "$tmp/bad.so" "$tmp/tests.so" --test unload_races_dpc
    grep -q 'DPC CustomTimerDpc begins' "$tmp/log" || { echo "FAILED: the member function has no name"; failed=1; }
    grep -q 'metronome.cpp:.* KeCancelTimer' "$tmp/log" || { echo "FAILED: no line of the driver"; failed=1; }
    expect 0 "library: ok" explore "$tmp/repaired.so" "$tmp/tests.so"
    expect 0 "" run --real-time "$tmp/repaired.so" "$tmp/tests.so"
    expect 0 "race.so" build --cc $cc --race -D REPAIRED "$here/metronome.cpp" "$here/metronome_double.c" -o "$tmp/race.so"
    expect 0 "" run "$tmp/race.so"

    expect 0 "odd.cpp: warning: .*LNK4210" build --cc $cc "$tmp/odd.cpp" -o "$tmp/odd.so"
    expect 0 "ok" run "$tmp/odd.so"
    expect 2 "static object has a destructor" build --cc $cc -D STATIC "$tmp/odd.cpp" -o "$tmp/static.so"
    expect 0 "pure.so" build --cc $cc -D PURE "$tmp/odd.cpp" -o "$tmp/pure.so"
    expect 1 "STOP 0x0000001E (0xc0000002" run "$tmp/pure.so"
    expect 0 "none.so" build --cc $cc -D NO_NEW "$tmp/odd.cpp" -o "$tmp/none.so"
    expect 2 "its own operator new" run "$tmp/none.so"

    sed 's/return STATUS_SUCCESS;/return undeclared;/' "$tmp/odd.cpp" >"$tmp/broken.cpp"
    line=$(grep -n undeclared "$tmp/broken.cpp" | cut -d: -f1)
    expect 2 "broken.cpp:$line:.*undeclared" build --cc $cc "$tmp/broken.cpp" -o "$tmp/broken.so"
done

# A C compiler without the C++ compiler beside it.
mkdir "$tmp/bin"
ln -s "$(command -v gcc)" "$tmp/bin/lonely-gcc"
expect 2 "^duetime: .*/lonely-g++ is not there, and C++ sources need it" build --cc "$tmp/bin/lonely-gcc" "$tmp/odd.cpp"
expect 2 "^duetime: no C++ compiler is known beside odd" build --cc odd "$tmp/odd.cpp"
[ $compilers -gt 0 ] || [ $failed -ne 0 ] || exit 77
exit $failed
