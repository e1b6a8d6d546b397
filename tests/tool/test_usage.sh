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
refuses "cannot read" build "$tmp/absent.c"
refuses "it is a directory" build "$(mkdir "$tmp/dir.c"; echo "$tmp/dir.c")"
refuses "none of 0, 1, 2, g" build -O 9 "$tmp/unknown.c"
refuses "which file" build -o "" "$tmp/unknown.c"
refuses "failed: nothing was built" build --cc /bin/false -o "$tmp/no.so" "$tmp/unknown.c"
refuses "neither a C source" build "$tmp/text.so"
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

"$DUETIME" explain DT-D03 | grep -q 'Usual repair' || bad "explain DT-D03"
"$DUETIME" explain 0xC7 | grep -q TIMER_OR_DPC_INVALID || bad "explain 0xC7"
"$DUETIME" explain timer_or_dpc_invalid | grep -q 0x000000C7 || bad "explain timer_or_dpc_invalid"
"$DUETIME" ddi --family ke-timer | grep -q 'KeSetTimer .*ready.*<= DISPATCH' || bad "ddi --family ke-timer"
"$DUETIME" ddi --family ke-timer --format json | python3 -c 'import json, sys
assert len(json.load(sys.stdin)["routines"]) >= 7' || bad "ddi --format json"
"$DUETIME" ddi | grep -q ' ready, .* absent' || bad "ddi"
exit $failed
