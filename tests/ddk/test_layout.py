#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# once: yes
"""Compares the layout of include/ddk with the DDK headers of mingw-w64 (package mingw-w64-common).

Usage: test_layout.py [COMPILER...]     (default: $CC, gcc and clang, as far as they are there)

Both probes are compiled to assembly, in which every size, offset and value stands as text; nothing is linked or run.
layout.inc and layout_storage.inc (with -DSTORAGE) list the structures. Besides, every macro of ours that is a plain number is compared with mingw's macro of
that name. Exits with 77 when mingw's headers or clang are missing.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
DDK = HERE.parent.parent / "include" / "ddk"
MINGW = pathlib.Path(os.environ.get("MINGW_INCLUDE", "/usr/share/mingw-w64/include"))
OURS = ["-nostdinc", "-isystem", str(DDK), "-std=gnu17", "-fshort-wchar", "-mms-bitfields"]
THEIRS = ["--target=x86_64-w64-mingw32", "-nostdlibinc", "-isystem", str(MINGW / "ddk"), "-isystem", str(MINGW)]
SKIP = 77
MASK64 = (1 << 64) - 1

# Macros whose value differs from mingw's on purpose.
EXCEPTIONS = {
    "NTDDI_VERSION": "the probes ask for different versions",
    "CONNECT_CURRENT_VERSION": "mingw's header does not know CONNECT_MESSAGE_BASED_PASSIVE",
    "WDK_NTDDI_VERSION": "ours knows later versions of Windows",
    "BUGCODE_ID_DRIVER": "Microsoft's bug check reference says 0xD2",
}


def run(command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}\n{done.stderr}")
    return done.stdout


def macros(command, header):
    """Object-like macros after including that header: name -> body."""
    text = run(command + ["-dM", "-E", "-x", "c", "-include", header, os.devnull])
    return dict(re.findall(r"^#define (\w+) (.+)$", text, re.M))


def is_number(body, table, depth=0):
    """Whether a macro body is made of literals, operators and macros of that kind."""
    if depth > 5 or '"' in body:
        return False
    body = re.sub(r"\(\s*(NTSTATUS|ULONG|LONG|DWORD|UCHAR|USHORT|KIRQL)\s*\)", "", body)
    for word in re.findall(r"(?<![\w.])[A-Za-z_]\w*", body):
        if word not in table or not is_number(table[word], table, depth + 1):
            return False
    rest = re.sub(r"[A-Za-z_]\w*", "", re.sub(r"\b(0[xX][0-9a-fA-F]+|\d+)[uUlL]*\b", "1", body))
    return re.fullmatch(r"[\s()|&~+\-*<>1]*1[\s()|&~+\-*<>1]*|[\s()]*", rest) is not None and body.strip() != ""


def common_constants(directory, storage):
    ours = macros(["clang"] + OURS, str(HERE / "storage_ours.inc") if storage else "ntifs.h")
    theirs = macros(["clang"] + THEIRS + ["-DNTDDI_VERSION=0x0A000000", "-D_WIN32_WINNT=0x0A00"],
                    str(HERE / "storage_mingw.inc") if storage else "ntifs.h")
    names = sorted(name for name in ours.keys() & theirs.keys()
                   if not name.startswith("_") and is_number(ours[name], ours) and is_number(theirs[name], theirs))
    (directory / "constants.inc").write_text("".join(f"VALUE32({name})\n" for name in names))
    return len(names)


def probe(command, source, directory):
    assembly = directory / (source.stem + ".s")
    run(command + ["-S", "-O0", f"-I{directory}", "-o", str(assembly), "-x", "c", str(source)])
    return {m[1]: int(m[2]) & MASK64 for m in re.finditer(r"@@ (.*?) = \$?(-?\d+)", assembly.read_text())}


def compare(compiler, ours, theirs):
    bad = 0
    for what, value in ours.items():
        if what.startswith("windows "):
            expected, value = value, ours[what[8:]]
        elif what in theirs and what not in EXCEPTIONS:
            expected = theirs[what]
        else:
            continue
        if value != expected:
            print(f"{compiler}: {what}: ours {value:#x}, expected {expected:#x}")
            bad += 1
    missing = [what for what in theirs if what not in ours]
    for what in missing:
        print(f"{compiler}: {what}: not in our probe")
    return bad + len(missing)


def main():
    if not (MINGW / "ddk" / "ntifs.h").exists() or not shutil.which("clang"):
        print("skipped: needs clang and the headers of mingw-w64-common")
        return SKIP
    wanted = sys.argv[1:] or [os.environ.get("CC", "gcc"), "gcc", "clang"]
    compilers = [c for c in dict.fromkeys(wanted) if shutil.which(c)]
    failed = 0
    for what in [], ["-DSTORAGE"]:
        with tempfile.TemporaryDirectory() as name:
            directory = pathlib.Path(name)
            constants = common_constants(directory, bool(what))
            theirs = probe(["clang"] + THEIRS + what, HERE / "layout_mingw.inc", directory)
            bad = 0
            for compiler in compilers:
                ours = probe([compiler] + OURS + what, HERE / "layout_ours.inc", directory)
                bad += compare(compiler, ours, theirs)
        print(f"{len(theirs)} sizes, offsets and values compared, {constants} of them macros; {bad} differ")
        failed += bad
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
