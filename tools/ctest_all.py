#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Configure, build and test several presets, then print one line: N passed, N failed[, N skipped].

Usage: ctest_all.py <preset>[:<ctest label>] ...
A preset that does not configure or build counts as one failure, and so does one without any test: nothing is
left out silently. The output of failing tests is shown. Exit code 0 only when nothing failed.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree

ROOT = pathlib.Path(__file__).resolve().parent.parent
JOBS = str((os.cpu_count() or 2) + 1)  # tests of real time sleep most of the time
OUTPUT_LINES_MAX = 200
# Progress, and the long command lines that precede a compiler's own message.
NINJA_NOISE = re.compile(r"\[\d+/\d+\]|FAILED: |: && |/\S+ -D|ninja: ")


class Totals:
    """Counts over everything that was run, with the names to show at the end."""

    def __init__(self):
        self.passed = 0
        self.failed = []
        self.skipped = []

    def line(self):
        text = f"{self.passed} passed, {len(self.failed)} failed"
        return text + (f", {len(self.skipped)} skipped" if self.skipped else "")


def run_step(command, **options):
    """Run a quiet step; return (succeeded, output)."""
    done = subprocess.run(command, cwd=ROOT, text=True, errors="replace", stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, **options)
    return done.returncode == 0, done.stdout


def show(title, text):
    lines = text.rstrip().splitlines()
    left_out = len(lines) - OUTPUT_LINES_MAX
    print(f"---- {title}")
    if left_out > 0:
        print(f"     ({left_out} lines before these)")
    print("\n".join(lines[-OUTPUT_LINES_MAX:]), flush=True)


def build(preset):
    """Configure and build; return None or the output that tells why not."""
    for command in (["cmake", "--preset", preset],
                    ["cmake", "--build", f"build/{preset}", "--", "-k", "0"]):
        succeeded, output = run_step(command)
        if not succeeded:
            return "\n".join(line for line in output.splitlines() if not NINJA_NOISE.match(line))
    return None


def launcher(preset):
    """Sanitizers of this age want no address randomisation beyond what they know."""
    command = ["setarch", os.uname().machine, "-R"]
    if "san" in preset and shutil.which("setarch") and run_step(command + ["true"])[0]:
        return command
    return []


def ctest(preset, label):
    """Run ctest; return (path of its JUnit report, its output)."""
    junit = ROOT / "build" / preset / "junit.xml"
    junit.unlink(missing_ok=True)
    command = launcher(preset) + ["ctest", "--test-dir", f"build/{preset}", "-j", JOBS, "--output-on-failure",
                                  "--output-junit", str(junit), "--no-tests=ignore"]
    if label:
        command += ["-L", f"^{label}$"]
    return junit, run_step(command)[1]


def is_skip(case):
    """A test that asked to be skipped, as against one that could not be started."""
    note = case.find("skipped")
    return note is not None and "SKIP" in note.get("message", "").upper()


def count(preset, junit, totals):
    """Add a report to the totals; return how many tests it holds."""
    cases = ElementTree.parse(junit).getroot().findall("testcase")
    for case in cases:
        name = f"{preset}: {case.get('name')}"
        output = case.findtext("system-out") or ""
        if case.get("status") == "run":
            totals.passed += 1
        elif is_skip(case):
            totals.skipped.append(name)
        else:
            totals.failed.append(name)
            if not output.startswith("Unable to find executable"):
                show(f"{name} failed", output or "could not be started")
    return len(cases)


def run_preset(preset, label, totals):
    start = time.monotonic()
    before = (totals.passed, len(totals.failed), len(totals.skipped))
    failure = build(preset)
    if failure is not None:
        totals.failed.append(f"{preset}: build")
        show(f"{preset} does not build", failure)
    built = not failure or (ROOT / "build" / preset / "build.ninja").exists()
    if built:
        junit, output = ctest(preset, label)
        if not junit.exists() or count(preset, junit, totals) == 0:
            totals.failed.append(f"{preset}: no tests")
            show(f"{preset}: no test was run", output)
    after = (totals.passed, len(totals.failed), len(totals.skipped))
    passed, failed, skipped = (b - a for a, b in zip(before, after))
    print(f"{preset}: {passed} passed, {failed} failed, {skipped} skipped, "
          f"{time.monotonic() - start:.0f} s", flush=True)


def main(arguments):
    if not arguments:
        sys.exit("usage: ctest_all.py <preset>[:<label>] ...")
    totals = Totals()
    for argument in arguments:
        preset, _, label = argument.partition(":")
        run_preset(preset, label, totals)
    for name in totals.skipped:
        print(f"skipped  {name}")
    for name in totals.failed:
        print(f"FAILED   {name}")
    print(totals.line())
    return 1 if totals.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
