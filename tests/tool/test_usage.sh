#!/bin/sh
# SPDX-License-Identifier: MIT
# The command's manners: short help, one line and status 2 for what it cannot do, tables, explanations.
set -u
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
failed=0

bad() { echo "FAILED: $*"; failed=1; }

# refuses WORD ARGUMENT...: status 2, nothing on standard output, one line with WORD on standard error.
refuses() {
    word=$1
    shift
    "$DUETIME" "$@" >"$tmp/out" 2>"$tmp/err"
    [ $? -eq 2 ] || bad "$* does not end with 2"
    [ ! -s "$tmp/out" ] || bad "$* prints on standard output"
    [ "$(wc -l <"$tmp/err")" -eq 1 ] || bad "$* does not print one line: $(cat "$tmp/err")"
    grep -q -- "$word" "$tmp/err" || bad "$* does not say $word: $(cat "$tmp/err")"
}

for command in build run explore replay ddi explain; do
    "$DUETIME" $command --help >"$tmp/out" 2>&1 || bad "$command --help fails"
    lines=$(wc -l <"$tmp/out")
    [ "$lines" -gt 2 ] && [ "$lines" -lt 40 ] || bad "$command --help has $lines lines"
    [ "$(awk '{ if (length > m) m = length } END { print m }' "$tmp/out")" -le 100 ] || bad "$command --help is wide"
done

echo "no image" >"$tmp/text.so"
echo "int DriverEntry(void *d, void *r); extern int NtUnknownRoutine(void); \
int DriverEntry(void *d, void *r) { return d == r ? NtUnknownRoutine() : 0; }" >"$tmp/unknown.c"
"$DUETIME" build -o "$tmp/unknown.so" "$tmp/unknown.c" >/dev/null || bad "unknown.c does not build"

refuses nonsense nonsense
refuses "which image" explore
refuses "--foo" run --foo x.so
refuses "No such file" run "$tmp/absent.so"
refuses "not a driver image" run "$tmp/text.so"
head -c 9000 "$tmp/unknown.so" >"$tmp/cut.so"
refuses "end of the file is missing" run "$tmp/cut.so"
refuses NtUnknownRoutine run "$tmp/unknown.so"
refuses "not a duration" run --for soon x.so
refuses "--for: '0' is not a duration above 0" run --for=0 x.so
refuses "--budget: '0s' is not a duration above 0" explore --budget=0s x.so
refuses "--schedules: 0 is less than 1" explore --schedules=0 x.so
refuses "--processors: 0 is not between 1 and 64" explore --processors=0 x.so
refuses "--processors: 4294967297 is not between" explore --processors=4294967297 x.so
refuses "--bound: 4294967296 is not between" explore --bound=4294967296 x.so
refuses "not a number" explore --seed x x.so
refuses "between 1 and 64" explore --processors 65 x.so
refuses "none of api" explore --level fine x.so
refuses schedule replay x.so
printf '#include <duetime/test.h>\nDT_TEST(a) {} DT_TEST(b) {}\n' >"$tmp/plain.c"
"$DUETIME" build -o "$tmp/plain.so" "$tmp/plain.c" >/dev/null || bad "plain.c does not build"
refuses 'strategy "bogus" is not known' explore -S bogus "$tmp/plain.so"
refuses '"x" is not a number' explore -S dfs:x "$tmp/plain.so"
refuses 'begin with "v1."' replay -t a -S rubbish "$tmp/plain.so"
refuses 'none of api, atomic, memory' replay --loose -t a -S v1.00000000.fine.p2.s0.- "$tmp/plain.so"
refuses 'another build' replay -t a -S v1.00000000.api.p2.s0.- "$tmp/plain.so"
# A schedule brings its processors, level and seed: what contradicts it is refused, and so is one that the program does not take.
good=v1.$("$DUETIME" replay -t a -S v1.00000000.api.p2.s0.- "$tmp/plain.so" 2>&1 | grep -o '[0-9a-f]\{8\}' | tail -n 1)
"$DUETIME" replay -t a -S $good.api.p2.s0.- "$tmp/plain.so" >/dev/null || bad "a schedule without switches"
"$DUETIME" replay -t a -p 2 -S $good.api.p2.s0.- "$tmp/plain.so" >/dev/null || bad "-p as the schedule says"
refuses 'one of 2 processors, not of 3' replay -t a -p 3 -S $good.api.p2.s0.- "$tmp/plain.so"
refuses 'one of point level api, not of memory' replay -t a --level memory -S $good.api.p2.s0.- "$tmp/plain.so"
refuses 'one of seed 0, not of 7' replay -t a --seed 7 -S $good.api.p2.s0.- "$tmp/plain.so"
refuses 'a: error: the run went another way' replay -t a -S $good.api.p2.s0.999:1/2 "$tmp/plain.so"

# A level finer than the images can show.
refuses "no image tells of its memory accesses.*--race" explore --level memory "$tmp/plain.so"
"$DUETIME" explore --level atomic -t a "$tmp/plain.so" >"$tmp/out" 2>&1 || bad "--level atomic fails"
grep -q "no image has an interlocked operation" "$tmp/out" || bad "--level atomic without one: $(cat "$tmp/out")"
printf '#include <ntddk.h>\n#include <duetime/test.h>\nLONG n;\nDT_TEST(a) { InterlockedIncrement(&n); }\n' >"$tmp/locked.c"
"$DUETIME" build -o "$tmp/locked.so" "$tmp/locked.c" >/dev/null || bad "locked.c does not build"
"$DUETIME" explore --level atomic "$tmp/locked.so" 2>&1 | grep -q "no image has" && bad "it has an interlocked operation"
printf '#include <duetime/test.h>\nDT_TEST(a, .level = DT_LEVEL_MEMORY) {}\n' >"$tmp/memory.c"
"$DUETIME" build -o "$tmp/memory.so" "$tmp/memory.c" >/dev/null || bad "memory.c does not build"
refuses "no image tells of its memory accesses" explore "$tmp/memory.so"

# The wrong image, or one for another machine.
printf '#include <duetime/test.h>\nvoid Missing(void);\nDT_TEST(a) { Missing(); }\n' >"$tmp/alone.c"
"$DUETIME" build -o "$tmp/alone.so" "$tmp/alone.c" >/dev/null || bad "alone.c does not build"
refuses "tests need Missing: give the driver's image before" explore "$tmp/alone.so"
if [ -z "${DUETIME_SANITIZE:-}" ]; then
    echo "int n[2]; int DriverEntry(int *d); int DriverEntry(int *d) { return n[*d]; }" >"$tmp/asan.c"
    "$DUETIME" build --asan -o "$tmp/asan.so" "$tmp/asan.c" >/dev/null || bad "asan.c does not build"
    refuses "built with --asan, but this machine library has no" run "$tmp/asan.so"
fi

# What cannot be written was not said.
for command in ddi "explain DT-D03" "--version" "explore -t a $tmp/plain.so"; do
    "$DUETIME" $command >/dev/full 2>"$tmp/err"
    [ $? -eq 2 ] && grep -q "cannot write standard output" "$tmp/err" || bad "$command on a full disk: $(cat "$tmp/err")"
done

# The replay command is one that a shell can run, whatever the path.
odd="$tmp/it's 100%s of a %t"
mkdir "$odd"
printf '#include <duetime/test.h>\nDT_TEST(fails) { dt_expect(0); }\n' >"$tmp/fails.c"
"$DUETIME" build -o "$odd/fails.so" "$tmp/fails.c" >/dev/null || bad "fails.c does not build"
"$DUETIME" explore "$odd/fails.so" >"$tmp/out" 2>&1
again=$(sed -n 's/^Replay  duetime/"$DUETIME"/p' "$tmp/out")
eval "$again" >"$tmp/again" 2>&1
[ $? -eq 1 ] && grep -q '^fails: FAILED, as the schedule says' "$tmp/again" || bad "replay: $again: $(cat "$tmp/again")"

refuses "cannot read" build "$tmp/absent.c"
refuses "it is a directory" build "$(mkdir "$tmp/dir.c"; echo "$tmp/dir.c")"
refuses "none of 0, 1, 2, g" build -O 9 "$tmp/unknown.c"
refuses "which file" build -o "" "$tmp/unknown.c"
refuses "failed: nothing was built" build --cc /bin/false -o "$tmp/no.so" "$tmp/unknown.c"
refuses "made no object file" build --cc /bin/true -o "$tmp/no.so" "$tmp/unknown.c"
printf '#!/bin/sh\nfor a; do [ "$a" = -shared ] && exit 0; done\nexec gcc "$@"\n' >"$tmp/halfcc"
chmod +x "$tmp/halfcc"
cp "$tmp/unknown.so" "$tmp/stale.so"
refuses "made no shared object" build --cc "$tmp/halfcc" -o "$tmp/stale.so" "$tmp/unknown.c"
[ ! -e "$tmp/stale.so" ] || bad "the image of an earlier build is taken for this one's"
refuses "neither a C or C++ source" build "$tmp/text.so"
refuses "no Visual Studio project" build "$(cp "$tmp/text.so" "$tmp/text.vcxproj"; echo "$tmp/text.vcxproj")"
refuses "no such routine" ddi --family nowhere
refuses "neither a rule" explain nothing

# What the compiler says about the driver is all that is printed; a name in upper case is C as well.
(echo "#error no"; cat "$tmp/unknown.c") >"$tmp/UPPER.C"
"$DUETIME" build --cc gcc -o "$tmp/upper.so" "$tmp/UPPER.C" >"$tmp/out" 2>&1
grep -q '#error no' "$tmp/out" && ! grep -q 'unrecognized\|C++' "$tmp/out" || bad "UPPER.C: $(cat "$tmp/out")"
printf '#include <wdm.h>\nNTSTATUS DriverEntry(PDRIVER_OBJECT d, PUNICODE_STRING r)\n{ return d && r ? STATUS_UNSUCCESSFUL : 0; }\n' \
    >"$tmp/refuses.c"
"$DUETIME" build -o "$tmp/refuses.so" "$tmp/refuses.c" >/dev/null || bad "refuses.c does not build"
"$DUETIME" run "$tmp/refuses.so" | grep -q '(0xc0000001)' || bad "the status of DriverEntry"

# Ctrl-C: what was seen so far, and the status of an interrupted command (130 in a shell). A finding in real time is a
# finding, although the tests after it cannot run.
cat >"$tmp/tests.c" <<'END'
#include <duetime/test.h>
DT_TEST(first, .strategy = "random", .schedules = 2000000000) { dt_expect(*dt_machine() == 's'); dt_run_for(1); }
DT_TEST(second) { dt_run_for(1); }
END
"$DUETIME" build -o "$tmp/tests.so" "$tmp/tests.c" >/dev/null || bad "tests.c does not build"
python3 - "$DUETIME" "$tmp/tests.so" >"$tmp/out" <<'END'
import signal, subprocess, sys, time
p = subprocess.Popen([sys.argv[1], "explore", sys.argv[2]], preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
time.sleep(1)
p.send_signal(signal.SIGINT)
print("status", p.wait(30))
END
grep -q 'first: stopped, no finding so far, [0-9]* schedules' "$tmp/out" && grep -q 'status -2' "$tmp/out" ||
    bad "Ctrl-C: $(cat "$tmp/out")"
"$DUETIME" run --real-time "$tmp/tests.so" >"$tmp/out" 2>&1
[ $? -eq 1 ] || bad "a finding in real time: $(cat "$tmp/out")"

# What a search tells besides findings: warnings. What is written to after it was freed. A schedule that is long comes whole.
cat >"$tmp/tells.c" <<'END'
#include <duetime/test.h>
#include <wdm.h>
static VOID unload(PDRIVER_OBJECT driver) { (void)driver; }
static NTSTATUS entry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    volatile char *p = ExAllocatePoolWithTag(NonPagedPool, 40, 'etaL');

    (void)path;
    ExFreePool((void *)p);
    p[3] = 1;
    driver->DriverUnload = unload;
    return STATUS_SUCCESS;
}
DT_TEST(late) { dt_driver_unload(dt_driver_load(entry)); }
DT_TEST(warns, .schedules = 20)
{
    KTIMER        timer;
    LARGE_INTEGER due = {.QuadPart = 10000};

    KeInitializeTimer(&timer);
    KeSetTimer(&timer, due, NULL);
    KeCancelTimer(&timer);
}
DT_TEST(long_schedule, .processors = 1)
{
    unsigned sum = 0;

    for (int i = 0; i < 200; i++)
        sum += dt_choose(100);
    dt_expect(sum < 6000);
}
END
"$DUETIME" build -o "$tmp/tells.so" "$tmp/tells.c" >/dev/null || bad "tells.c does not build"
"$DUETIME" explore "$tmp/tells.so" >"$tmp/out"
[ $? -eq 1 ] || bad "tells.so: $(cat "$tmp/out")"
grep -q '^warns: ok, 20 schedules, 20 with warnings, ' "$tmp/out" || bad "warnings: $(cat "$tmp/out")"
grep -A2 '0x000000C6' "$tmp/out" | grep -q 'written to after it was freed: byte 3' || bad "a late write: $(cat "$tmp/out")"
"$DUETIME" explore --faithful --test late "$tmp/tells.so" >/dev/null || bad "a late write in faithful mode"
again=$(sed -n 's/^Replay  duetime //p' "$tmp/out" | grep long_schedule)
[ ${#again} -gt 600 ] || bad "the schedule is not long: $again"
# shellcheck disable=SC2086
"$DUETIME" $again | grep -q '^long_schedule: FAILED, as the schedule says' || bad "a long schedule: $again"

refuses "one routine at a time" ddi KeSetTimer KeCancelTimer
refuses "explain one at a time" explain 0xC7 0xD1
refuses "no more groups than processors" explore --groups 3 --test warns "$tmp/tells.so"
"$DUETIME" explain 0xF1 | grep -q SCSI_VERIFIER_DETECTED_VIOLATION || bad "explain 0xF1"

"$DUETIME" explain DT-D03 | grep -q 'Usual repair' || bad "explain DT-D03"
"$DUETIME" explain 0xC7 | grep -q TIMER_OR_DPC_INVALID || bad "explain 0xC7"
"$DUETIME" explain timer_or_dpc_invalid | grep -q 0x000000C7 || bad "explain timer_or_dpc_invalid"
"$DUETIME" ddi --family ke-timer | grep -q 'KeSetTimer .*ready.*<= DISPATCH' || bad "ddi --family ke-timer"
"$DUETIME" ddi --family ke-timer --format json | python3 -c 'import json, sys
assert len(json.load(sys.stdin)["routines"]) >= 7' || bad "ddi --format json"
"$DUETIME" ddi | grep -q ' ready, .* absent' || bad "ddi"
exit $failed
