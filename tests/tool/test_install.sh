#!/bin/sh
# SPDX-License-Identifier: MIT
# once: yes
# What `cmake --install` puts under a prefix works there and anywhere it is moved to: the command, the CMake package from C and
# C++, the pkg-config files.
set -u
build=${DUETIME_BUILD:?}
source=${DUETIME_SOURCE:?}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

check() { # NAME STATUS COMMAND...
    name=$1 want=$2
    shift 2
    "$@" >"$work/log" 2>&1
    got=$?
    if [ $got -eq "$want" ]; then
        echo "ok: $name"
    else
        echo "FAILED: $name: exit status $got, not $want"
        tail -n 20 "$work/log"
        failed=1
    fi
}

check "install" 0 cmake --install "$build" --prefix "$work/first"
mv "$work/first" "$work/prefix"
prefix=$work/prefix
duetime=$prefix/bin/duetime

check "build a driver" 0 "$duetime" build "$source/examples/heartbeat/heartbeat.c" -o "$work/heartbeat.so"
check "build its test" 0 "$duetime" build "$source/examples/heartbeat/heartbeat_test.c" -o "$work/tests.so"
check "explore" 1 "$duetime" explore "$work/heartbeat.so" "$work/tests.so"
grep -q 'DT-D03' "$work/log" || { echo "FAILED: explore: no DT-D03"; failed=1; }
if [ -f "$prefix/lib/libduetime-check.so" ]; then
    check "static check" 0 "$duetime" check "$source/tests/check/dt_t06_good.c"
    check "static check, a finding" 1 "$duetime" check "$source/tests/check/dt_t06_bad.c"
    check "explain" 0 "$duetime" explain DT-T06
    grep -q '^Right:' "$work/log" || { echo "FAILED: explain shows no sample"; failed=1; }
fi
if [ -f "$prefix/lib/duetime-nbd.so" ]; then
    check "build a miniport" 0 "$duetime" build "$source/examples/ramdisk/ramdisk.c" "$source/examples/ramdisk/ramdisk_scsi.c" \
        -o "$work/ramdisk.so"
    check "disk" 0 "$duetime" disk "$work/ramdisk.so" --size 8M -- qemu-io -f raw '{uri}' -c 'write -P 1 0 4k' -c 'read -P 1 0 4k'
fi

cat >"$work/program.c" <<'END'
#include <ntddk.h>

#include <stdio.h>

#include <duetime/duetime.h>

static void body(void *ctx)
{
    KTIMER        timer;
    LARGE_INTEGER due;

    (void)ctx;
    due.QuadPart = -10000;
    KeInitializeTimer(&timer);
    KeSetTimer(&timer, due, NULL);
    dt_expect_eq(KeWaitForSingleObject(&timer, Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
}

int main(void)
{
    struct dt_result r;

    return dt_run(NULL, body, NULL, &r) == 0 && r.verdict == DT_PASS ? 0 : 1;
}
END
cp "$work/program.c" "$work/program.cc"
cat >"$work/CMakeLists.txt" <<'END'
cmake_minimum_required(VERSION 3.20)
project(program C CXX)
find_package(Duetime 0.1 CONFIG REQUIRED COMPONENTS sim rt)
foreach(machine sim rt)
    add_executable(c-${machine} program.c)
    add_executable(cxx-${machine} program.cc)
    target_link_libraries(c-${machine} PRIVATE Duetime::${machine})
    target_link_libraries(cxx-${machine} PRIVATE Duetime::${machine})
endforeach()
END
check "find_package" 0 cmake -S "$work" -B "$work/b" -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_C_FLAGS="-Wall -Werror"
check "a project's build" 0 cmake --build "$work/b"
for program in c-sim c-rt cxx-sim cxx-rt; do
    check "$program" 0 "$work/b/$program"
done
if command -v pkg-config >"$work/log"; then
    for package in duetime duetime-rt; do
        # shellcheck disable=SC2046
        check "$package.pc" 0 "${CC:-gcc}" "$work/program.c" -o "$work/$package" \
            $(PKG_CONFIG_PATH=$prefix/lib/pkgconfig pkg-config --cflags --libs $package)
        check "run with $package.pc" 0 env LD_LIBRARY_PATH="$prefix/lib" "$work/$package"
    done
fi
exit $failed
