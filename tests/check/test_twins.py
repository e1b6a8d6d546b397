#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Each static rule owns samples: dt_<rule>_bad*.c, in which it must report, and dt_<rule>_good*.c, in which nothing may;
some are C++ (.cpp).

`// expect: DT-I01` at the end of a line: exactly these rules report there (more than one: separated by blanks). A bad
sample shows its own rule; a good one expects nothing. Exit status 77 (skipped) where the plug-in was not built.
Usage: test_twins.py [sample.c...]
"""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
SOURCE = HERE.parent.parent


def duetime():
    return os.environ.get("DUETIME", "duetime")


def plugin_is_built():
    return (pathlib.Path(duetime()).resolve().parent.parent / "lib" / "libduetime-check.so").exists()


def rules():
    text = (SOURCE / "src/check/rules.def").read_text()
    return re.findall(r"^RULE\((\w+),", text, re.MULTILINE)


def expected(path):
    """{(line, rule)} that the sample says."""
    wanted = set()
    for number, line in enumerate(path.read_text().splitlines(), 1):
        match = re.search(r"// expect: (.*)$", line)
        if match:
            wanted.update((number, rule) for rule in match.group(1).split())
    return wanted


def run(samples):
    """{file name: {(line, rule)}} that the checker reports."""
    with tempfile.TemporaryDirectory() as directory:
        sarif = pathlib.Path(directory) / "out.sarif"
        done = subprocess.run([duetime(), "check", "--sarif", str(sarif), *map(str, samples)], capture_output=True,
                              text=True)
        if done.returncode not in (0, 1):
            sys.exit(f"duetime check failed:\n{done.stderr}")
        found = {path.name: set() for path in samples}
        for result in json.loads(sarif.read_text())["runs"][0]["results"]:
            place = result["locations"][0]["physicalLocation"]
            name = place["artifactLocation"]["uri"].rsplit("/", 1)[-1]
            found.setdefault(name, set()).add((place["region"]["startLine"], result["ruleId"]))
        return found


def problems(samples, found):
    for name in sorted(found.keys() - {path.name for path in samples}):
        yield f"{name}: is no sample, but has reports: {sorted(found[name])}"
    for path in samples:
        wanted, got = expected(path), found[path.name]
        own = "DT-" + path.name.split("_")[1].upper()
        kind = path.name.split("_")[2]
        for line, rule in sorted(wanted - got):
            yield f"{path.name}:{line}: {rule} does not report"
        for line, rule in sorted(got - wanted):
            yield f"{path.name}:{line}: {rule} reports, unexpectedly"
        if kind.startswith("bad") and own not in {rule for _, rule in wanted}:
            yield f"{path.name}: does not show {own}"
        if kind.startswith("good") and wanted:
            yield f"{path.name}: a good sample expects nothing"


def main():
    if not plugin_is_built():
        sys.exit(77)
    samples = [pathlib.Path(name).resolve() for name in sys.argv[1:]] or sorted(HERE.glob("dt_*.c*"))
    bad = list(problems(samples, run(samples)))
    for line in bad:
        print(line)
    if len(sys.argv) == 1:
        names = {path.name for path in samples}
        without = [r for r in rules() if not {f"dt_{r.lower()}_bad.c", f"dt_{r.lower()}_good.c"} <= names]
        print(f"{len(rules()) - len(without)} of {len(rules())} rules have twins"
              + (f"; none yet: {' '.join(without)}" if without else ""))
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
