#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Breaks lines of the kernel one by one and asks whether the tests notice.

    tools/mutate.py [--count 30] [--seed 1] [--files 'src/ke/*.c' 'src/ex/*.c']

Works on a copy of the tree, so nothing here changes. Each mutant is one line changed so that it still compiles: a condition
negated, a comparison or a constant shifted, a statement left out, a return value flipped. It is *killed* when a test fails,
crashes or does not end. Survivors are printed with their change: each is a missing test, or a line that does not matter.
Only tests of the simulated machine are run, those of the mutant's folder first. Exit status 1 when fewer than --wanted are
killed.
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


def sh(command, cwd, timeout=600):
    try:
        return subprocess.run(command, cwd=cwd, shell=True, timeout=timeout, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True)
    except subprocess.TimeoutExpired:
        return None


def try_mutant(tree, build, mutant):
    path, number, _, changed = mutant
    target = tree / path.relative_to(ROOT)
    original = target.read_text()
    lines = original.splitlines()
    lines[number] = changed
    target.write_text("\n".join(lines) + "\n")
    try:
        if sh(f"ninja -k 1 -C {build}", tree, 1200).returncode != 0:
            return "does not build"
        result = sh(f"ctest -j2 -L sim --stop-on-failure --timeout 60 --test-dir {build}", tree, 900)
        return "survived" if result is not None and result.returncode == 0 else "killed"
    finally:
        target.write_text(original)


def copy_tree(where):
    tree = pathlib.Path(where) / "tree"
    shutil.copytree(ROOT, tree, ignore=shutil.ignore_patterns("build", ".git"))
    build = tree / "build" / "mutants"
    done = sh(f"cmake -S . -B {build} -G Ninja -DCMAKE_BUILD_TYPE=Debug && ninja -C {build}", tree, 3600)
    if done is None or done.returncode != 0:
        sys.exit("mutate: the unchanged tree does not build\n" + (done.stdout[-2000:] if done else ""))
    if sh(f"ctest -j2 -L sim --timeout 60 --test-dir {build}", tree, 1800).returncode != 0:
        sys.exit("mutate: the unchanged tree does not pass its tests")
    return tree, build


def main():
    parser = argparse.ArgumentParser(description="Breaks lines of the kernel and asks whether the tests notice.")
    parser.add_argument("--count", type=int, default=30)
    parser.add_argument("--wanted", type=int, default=27)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--files", nargs="*", default=["src/ke/*.c", "src/ex/*.c"])
    args = parser.parse_args()
    pool = [m for glob in args.files for path in sorted(ROOT.glob(glob)) for m in mutants_of(path)]
    random.Random(args.seed).shuffle(pool)
    killed = tried = 0
    with tempfile.TemporaryDirectory() as where:
        tree, build = copy_tree(where)
        for mutant in pool:
            if tried == args.count:
                break
            verdict = try_mutant(tree, build, mutant)
            if verdict == "does not build":
                continue
            tried += 1
            killed += verdict == "killed"
            path, number, line, changed = mutant
            print(f"{verdict:9} {path.relative_to(ROOT)}:{number + 1}: {line.strip()}  ->  {changed.strip()}", flush=True)
    print(f"mutate: {killed} of {tried} killed")
    return 0 if killed >= min(args.wanted, tried) else 1


if __name__ == "__main__":
    sys.exit(main())
