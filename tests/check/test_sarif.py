#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What `duetime check --sarif` promises (ANN-048, ANN-049, ANN-053): SARIF 2.1.0 as code scanning reads it, exit status,
suppressions, a baseline, and fingerprints that stay when lines move. Standard library only; that the files are valid
against the schema of the standard is this structure, written out.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import urllib.parse

HERE = pathlib.Path(__file__).resolve().parent
DUETIME = pathlib.Path(os.environ.get("DUETIME", "duetime")).absolute()
BAD = """#include <ntddk.h>
_IRQL_requires_max_(DISPATCH_LEVEL) VOID Close(HANDLE Handle)
{
    ZwClose(Handle);
}
_IRQL_requires_max_(DISPATCH_LEVEL) NTSTATUS Take(PKSPIN_LOCK Lock, PLONG Value)
{
    KIRQL old;

    KeAcquireSpinLock(Lock, &old);
    if (*Value == 0)
        return STATUS_UNSUCCESSFUL;
    KeReleaseSpinLock(Lock, old);
    return STATUS_SUCCESS;
}
"""
failed = 0


def check(condition, text):
    global failed
    if not condition:
        print(f"FAILED: {text}")
        failed = 1


def run(directory, *arguments):
    return subprocess.run([DUETIME, "check", *arguments], cwd=directory, capture_output=True, text=True)


def results_of(directory, source, *arguments):
    """Writes the source, checks it; what the SARIF file says."""
    (directory / "drv a.c").write_text(source)
    done = run(directory, "--sarif", "out.sarif", *arguments, "drv a.c")
    check(done.returncode in (0, 1), f"the check ends with {done.returncode}: {done.stderr}")
    return done, json.loads((directory / "out.sarif").read_text())


def is_uri(text):
    return bool(urllib.parse.urlparse(text).scheme) and " " not in text


def check_rules(rules):
    check(len({r["id"] for r in rules}) == len(rules), "a rule id is there twice")
    for rule in rules:
        name = rule["id"]
        check(name.startswith("DT-"), f"rule id {name}")
        check(rule["shortDescription"]["text"] and rule["help"]["text"], f"{name} has no text")
        check(is_uri(rule["helpUri"]), f"{name}: helpUri {rule['helpUri']}")
        check(rule["defaultConfiguration"]["level"] == "warning", f"{name}: level")
        check(all(isinstance(t, str) and t for t in rule["properties"]["tags"]), f"{name}: tags")
        aliases = rule["properties"]["aliases"]
        check(len(set(aliases)) == len(aliases), f"{name}: the aliases {aliases}")
    aliases = {a: r["id"] for r in rules for a in r["properties"]["aliases"]}
    for alias, rule in (("C28120", "DT-L08"), ("IrqlDispatch", "DT-L08"), ("cpp/drivers/irql-too-high", "DT-I01"),
                        ("StorPortStatusPending", "DT-S11")):
        check(aliases.get(alias) == rule, f"{alias} is an alias of {aliases.get(alias)}")


def check_location(place, what):
    physical = place["physicalLocation"]
    artifact, region = physical["artifactLocation"], physical["region"]
    check(artifact == {"uri": "drv%20a.c", "uriBaseId": "%SRCROOT%"}, f"{what} lies in {artifact}")
    check(region["startLine"] >= 1 and region["startColumn"] >= 1, f"{what}: region {region}")
    if "endLine" in region:
        end = (region["endLine"], region["endColumn"])
        check(end >= (region["startLine"], region["startColumn"]), f"{what}: region {region}")


def check_result(result, rules):
    what = result["ruleId"]
    check(rules[result["ruleIndex"]]["id"] == what, f"{what}: ruleIndex {result['ruleIndex']}")
    check(result["level"] == "warning" and result["message"]["text"], f"{what}: level and text")
    check(len(result["locations"]) == 1, f"{what}: {len(result['locations'])} locations")
    check_location(result["locations"][0], what)
    check(result["locations"][0]["logicalLocations"][0]["kind"] == "function", f"{what}: logical location")
    steps = [s for flow in result["codeFlows"] for thread in flow["threadFlows"] for s in thread["locations"]]
    check([s["executionOrder"] for s in steps] == list(range(1, len(steps) + 1)), f"{what}: order of steps")
    for step in steps:
        check_location(step["location"], f"{what}, a step")
        check(step["location"]["message"]["text"], f"{what}: a step has no text")
    check(list(result["partialFingerprints"]) == ["duetimeFinding/v1"], f"{what}: fingerprints")


def check_structure(log):
    check(set(log) == {"$schema", "version", "runs"}, f"the log has {set(log)}")
    check(log["version"] == "2.1.0" and is_uri(log["$schema"]) and "sarif" in log["$schema"], "version and schema")
    check(len(log["runs"]) == 1, "one run")
    one = log["runs"][0]
    driver = one["tool"]["driver"]
    check(driver["name"] == "duetime check" and driver["semanticVersion"] == driver["version"], "the tool's name")
    check(one["columnKind"] == "unicodeCodePoints", "columnKind")
    check_rules(driver["rules"])
    for result in one["results"]:
        check_result(result, driver["rules"])


def found(log):
    """[(rule, number, fingerprint)] of what counts."""
    return [(r["ruleId"], r["properties"]["warningNumber"], r["partialFingerprints"]["duetimeFinding/v1"])
            for r in log["runs"][0]["results"] if "suppressions" not in r]


def suppressions(log):
    return [s["kind"] for r in log["runs"][0]["results"] for s in r.get("suppressions", [])]


def test_structure(directory):
    """ANN-049: place, number, path, SARIF, exit status; ANN-053: other names."""
    done, log = results_of(directory, BAD)
    check_structure(log)
    check([f[:2] for f in found(log)] == [("DT-I01", 28118), ("DT-L05", 26115)], f"found {found(log)}")
    check(done.returncode == 1, "findings do not end with 1")
    check("drv a.c:4:5: warning: ZwClose" in done.stdout and "[DT-I01, C28118]" in done.stdout, done.stdout)
    check("drv a.c:10:5: note: the lock *Lock is acquired" in done.stdout, done.stdout)
    steps = log["runs"][0]["results"][1]["codeFlows"][0]["threadFlows"][0]["locations"]
    check(any("is acquired" in s["location"]["message"]["text"] for s in steps), "the path does not say where")
    done = run(directory, "--format=sarif", "drv a.c")
    check(json.loads(done.stdout) == log, "--format=sarif prints another log")
    done, log = results_of(directory, "#include <ntddk.h>\n")
    check(done.returncode == 0 and log["runs"][0]["results"] == [], "a clean source has results")


def test_fingerprints(directory):
    _, before = results_of(directory, BAD)
    _, after = results_of(directory, "/* moved */\n\n\n" + BAD.replace("    KIRQL old;\n", "    KIRQL old;\n\n\n"))
    check(found(before) == found(after), f"fingerprints change when lines move: {found(before)} {found(after)}")
    _, twice = results_of(directory, BAD.replace("    ZwClose(Handle);\n", "    ZwClose(Handle);\n    ZwClose(Handle);\n"))
    check(len({f[2] for f in found(twice)}) == len(found(twice)), "two findings share a fingerprint")


def test_advice(directory):
    """SIO-066: shown, and no reason to fail."""
    source = (HERE / "dt_r03_bad3.c").read_text()
    done, log = results_of(directory, source)
    check([f[0] for f in found(log)] == ["DT-R03"], f"advice is not shown: {found(log)}")
    check(log["runs"][0]["results"][0]["level"] == "note", "advice is not a note")
    check(done.returncode == 0 and "0 findings, 1 piece of advice" in done.stderr, f"advice: {done.stderr}")


def test_suppressions(directory):
    """ANN-048"""
    for pragma in ("#pragma warning(suppress: 28118)\n", "#pragma prefast(suppress: 28118, \"why\")\n",
                   "#pragma warning(disable: 26115 28118)\n#pragma warning(default: 26115)\n",
                   "#pragma warning(suppress: DT-I01)\n", "__pragma(prefast(suppress: 28118)) "):
        done, log = results_of(directory, BAD.replace("    ZwClose", pragma + "    ZwClose"))
        check([f[0] for f in found(log)] == ["DT-L05"], f"{pragma.strip()} does not suppress")
        check(suppressions(log) == ["inSource"], f"{pragma.strip()}: {suppressions(log)}")
        check("1 finding, 1 suppressed in the source" in done.stderr, f"{pragma.strip()}: {done.stderr}")
    between = "#pragma warning(push)\n#pragma warning(disable: 28118)\n#pragma warning(pop)\n"
    _, log = results_of(directory, BAD.replace("    ZwClose", between + "    ZwClose"))
    check(suppressions(log) == [], "pop does not end disable")


def test_baseline(directory):
    results_of(directory, BAD, "--write-baseline", "known.txt")
    done, log = results_of(directory, "\n\n" + BAD, "--baseline", "known.txt")
    check(done.returncode == 0, f"known findings end with {done.returncode}")
    check(found(log) == [] and suppressions(log) == ["external"] * 2, f"the baseline leaves {found(log)}")


def test_failures(directory):
    (directory / "wrong.c").write_text("#include <ntddk.h>\nint f(void) { return nothing; }\n")
    done = run(directory, "wrong.c")
    check(done.returncode == 2 and "undeclared identifier" in done.stderr, f"a wrong source: {done.returncode}")
    check(run(directory, "absent.c").returncode == 2, "an absent source does not end with 2")


def main():
    if not (DUETIME.resolve().parent.parent / "lib" / "libduetime-check.so").exists():
        sys.exit(77)
    for test in (test_structure, test_fingerprints, test_advice, test_suppressions, test_baseline, test_failures):
        with tempfile.TemporaryDirectory() as directory:
            test(pathlib.Path(directory))
    sys.exit(failed)


if __name__ == "__main__":
    main()
