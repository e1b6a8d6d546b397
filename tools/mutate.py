#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Breaks lines of the kernel one by one and asks whether the tests notice.

    tools/mutate.py [--count 30] [--seed 1] [--jobs 2] [--files 'src/ke/*.c' 'src/ex/*.c']

Works on a copy of the tree, so nothing here changes. Each mutant is one line changed so that it still compiles: a condition
negated, a comparison or a constant shifted, a statement left out, a return value flipped. It is *killed* when a test fails,
crashes or does not end. Survivors are printed with their change: each is a missing test, or a line that does not matter.
docs/mutants.tsv lists changes that a person found to mean nothing, and why: these are reported as equivalent, not as killed.
Unit tests and those of the simulated machine are run, those of the mutant's folder first; what survives them meets the test
scripts (drivers compiled with `duetime build`, exceptions). Not run are tests of the real-time machine: they are slow, and a
machine under load fails them by itself. Exit status 1 when fewer than --wanted are killed.
"""
import argparse
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent

RULES = [
    (re.compile(r"^(\s*)if \((.+)\)$"), r"\1if (!(\2))"),
    (re.compile(r"^(\s*)while \((.+)\)$"), None),
    (re.compile(r" <= "), " < "),
    (re.compile(r" >= "), " > "),
    (re.compile(r" < "), " <= "),
    (re.compile(r" == "), " != "),
    (re.compile(r" != "), " == "),
    (re.compile(r" && "), " || "),
    (re.compile(r" \|\| "), " && "),
    (re.compile(r" \+ 1\b"), " + 2"),
    (re.compile(r" - 1\b"), " - 0"),
    (re.compile(r"\btrue\b"), "false"),
    (re.compile(r"\bfalse\b"), "true"),
    (re.compile(r"^(\s+)(\w[\w>.\-\[\]]* [+\-|&]?= .+;|\w+\(.*\);)$"), r"\1;"),
    (re.compile(r"^(\s+)return (\w+);$"), r"\1return !\2;"),
]


def mutants_of(path):
    found = []
    for number, line in enumerate(path.read_text().splitlines()):
        code = line.split("//")[0]
        if not code.startswith("    ") or code.lstrip().startswith(("*", "/*", "ev(", "ke_bugcheckf", "{")):
            continue
        for pattern, replacement in RULES:
            if replacement is not None and pattern.search(code):
                changed = pattern.sub(replacement, code, count=1)
                if changed != code:
                    found.append((path, number, line, changed))
    return found


def read_equivalents():
    """(file, line as it was, line as it is now) -> why nobody can tell the two apart."""
    known = {}
    listed = ROOT / "docs" / "mutants.tsv"
    for row in listed.read_text().splitlines() if listed.exists() else []:
        if row.strip() and not row.startswith("#"):
            path, before, after, why = row.split("\t")
            known[path, before, after] = why
    return known


def sh(command, cwd, timeout=600):
    try:
        return subprocess.run(command, cwd=cwd, shell=True, timeout=timeout, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True)
    except subprocess.TimeoutExpired:
        return None


class Copy:
    """A copy of the tree with a build of the simulated machine and its tests."""

    def __init__(self, where, jobs):
        self.tree = pathlib.Path(where) / "tree"
        self.build = self.tree / "build" / "mutants"
        self.jobs = jobs
        shutil.copytree(ROOT, self.tree, ignore=lambda folder, names: {"build", ".git"} if folder == str(ROOT) else set())
        done = sh(f"cmake -S . -B {self.build} -G Ninja -DCMAKE_BUILD_TYPE=Debug -DDUETIME_TIDY=OFF"
                  " -DCMAKE_LINK_DEPENDS_NO_SHARED=ON", self.tree)
        if done is None or done.returncode != 0:
            sys.exit("mutate: the unchanged tree cannot be configured\n" + (done.stdout[-2000:] if done else ""))
        targets = sh(f"ninja -C {self.build} -t targets all", self.tree).stdout.splitlines()
        self.targets = sorted({t.split(":")[0] for t in targets if t.startswith(("tests/sim.", "tests/none.", "drivers/"))
                               and ":" in t and "cmake" not in t})
        done = self.make(3600)
        if done is None or done.returncode != 0:
            sys.exit("mutate: the unchanged tree does not build\n" + (done.stdout[-2000:] if done else ""))
        failed = self.failing('-L "^(sim|none)$"') or self.scripts_failing()
        if failed:
            sys.exit(f"mutate: the unchanged tree does not pass its tests: {failed}")

    def make(self, timeout=1200, everything=False):
        targets = "" if everything else " ".join(self.targets)
        return sh(f"ninja -j{self.jobs} -C {self.build} {targets}", self.tree, timeout)

    def scripts_failing(self):
        self.make(everything=True)
        return self.failing("-L ^script$")

    def failing(self, which):
        """The first test that fails, None if all pass."""
        done = sh(f"ctest -j{self.jobs} {which} --stop-on-failure --timeout 60 --test-dir {self.build}", self.tree, 900)
        if done is None:
            return "(no end)"
        named = re.search(r"- (\S+) \((?:Failed|Timeout|SEGFAULT|Subprocess|ILLEGAL|.*Exception)", done.stdout)
        return None if done.returncode == 0 else named.group(1) if named else "(unknown)"

    def try_mutant(self, mutant):
        path, number, _, changed = mutant
        relative = path.relative_to(ROOT)
        target = self.tree / relative
        original = target.read_text()
        lines = original.splitlines()
        lines[number] = changed
        target.write_text("\n".join(lines) + "\n")
        try:
            if self.make().returncode != 0:
                return None, ""
            folder = relative.parts[1]
            quick = '-L "^(sim|none)$"'
            by = (self.failing(f"{quick} -L ^{folder}$") or self.failing(f"{quick} -LE ^{folder}$")
                  or self.scripts_failing())
            return ("killed", by) if by else ("survived", "")
        finally:
            target.write_text(original)


def main():
    parser = argparse.ArgumentParser(description="Breaks lines of the kernel and asks whether the tests notice.")
    parser.add_argument("--count", type=int, default=30)
    parser.add_argument("--wanted", type=int, default=27)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--files", nargs="*", default=["src/ke/*.c", "src/ex/*.c"])
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", type=int, metavar="N", help="try the Nth mutant of this seed alone")
    args = parser.parse_args()
    pool = [m for glob in args.files for path in sorted(ROOT.glob(glob)) for m in mutants_of(path)]
    random.Random(args.seed).shuffle(pool)
    if args.only:
        pool, args.count, args.wanted = pool[args.only - 1:args.only], 1, 1
    equivalents = read_equivalents()
    counts = {"killed": 0, "survived": 0, "equivalent": 0}
    with tempfile.TemporaryDirectory() as where:
        copy = Copy(where, args.jobs)
        for index, mutant in enumerate(pool, args.only or 1):
            if sum(counts.values()) == args.count:
                break
            verdict, by = copy.try_mutant(mutant)
            if verdict is None:
                continue
            path, number, line, changed = mutant
            name, before, after = str(path.relative_to(ROOT)), line.strip(), changed.strip()
            if verdict == "survived" and (name, before, after) in equivalents:
                verdict = "equivalent"
            counts[verdict] += 1
            print(f"{verdict:10} {index:4} {name}:{number + 1}: {before}  ->  {after}  {by}", flush=True)
    tried = sum(counts.values())
    print(f"mutate: {counts['killed']} of {tried} killed, {counts['survived']} survived, "
          f"{counts['equivalent']} equivalent (docs/mutants.tsv)")
    return 0 if counts["killed"] >= min(args.wanted, tried) else 1


if __name__ == "__main__":
    sys.exit(main())
