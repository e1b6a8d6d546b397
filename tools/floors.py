#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The floors as the linker sees them: which symbols the objects of each floor need and define.

Usage: floors.py --objects DIR --library FILE
DIR holds the object files of one machine in the folders of src/; FILE is its shared library. Objects must come from
an unsanitised, unoptimised build, in which a compiler adds no calls of its own. Rules:
  - a floor needs only symbols of the floors it may include, and of libc only what is listed here;
  - NT names (they begin with a capital) are defined by ddi/ alone;
  - the library exports NT names and dt_ names, nothing else.
"""

import argparse
import pathlib
import re
import subprocess
import sys

from tidy import FLOORS

MEMORY = {"memcpy", "memset", "memcmp", "memmove", "strlen", "strcmp"}
COMPILER = {"_GLOBAL_OFFSET_TABLE_", "__stack_chk_fail", "__tls_get_addr", "__popcountdi2"}
STRINGS = {"strcmp", "strcspn", "strspn", "strncmp", "strchr", "strrchr", "strnlen", "snprintf", "vsnprintf", "strtoull",
           "strtoul", "__isoc99_sscanf", "__errno_location", "__ctype_b_loc"}
HEAP = {"malloc", "calloc", "realloc", "free"}
LAST_WORDS = {"vsnprintf", "fprintf", "stderr", "abort"}

# libc symbols by floor; None = anything.
LIBC = {
    "base": MEMORY | LAST_WORDS | {"sched_yield"},  # spin.c
    "mach": None,
    "ke": MEMORY,
    "ex": MEMORY,
    "io": MEMORY,
    "sp": MEMORY,
    "hw": MEMORY | {"strnlen"},
    "blk": None,
    "ddi": MEMORY,
    "observe": MEMORY | STRINGS | HEAP,
    "explore": MEMORY | STRINGS | HEAP,
    "host": None,
}
NT_FLOORS = {"ddi"}
NT_FILES = {"ex/rtl.c"}
# Inline functions of the DDK headers (a damaged list, a paged-code check) call these, wherever they are used.
DDK_INLINE = {"KeBugCheckEx", "dt_hook_atomic", "dt_hook_paged_code"}
# A driver built with -fsanitize=thread calls the last; the simulated machine answers (mach/memaccess.c).
EXPORTS = re.compile(r"^(v?[A-Z]\w*|dt_\w+|__tsan_\w+|__dt_seh_\w+)$")


def nm(*arguments):
    return subprocess.run(["nm", *arguments], check=True, capture_output=True, text=True).stdout


def symbols(path):
    """(defined, undefined) global names of an object."""
    defined, undefined = set(), set()
    for line in nm("-g", str(path)).splitlines():
        kind, name = line.split()[-2:]
        if kind in "Uwv":
            undefined.add(name)
        else:
            defined.add(name)
    return defined, undefined


def read_objects(root):
    """source path below src/ -> (floor, defined, undefined)."""
    objects = {}
    for path in sorted(root.rglob("*.o")):
        source = str(path.relative_to(root))[:-len(".o")]
        objects[source] = (source.split("/")[0], *symbols(path))
    return objects


def check_needs(objects):
    owner = {name: source for source, (_, defined, _) in objects.items() for name in defined}
    for source, (floor, _, undefined) in objects.items():
        libc = LIBC[floor]
        for name in sorted(undefined):
            if name in owner:
                below = owner[name].split("/")[0]
                inline = name in DDK_INLINE and "ddk" in FLOORS[floor]
                if below not in FLOORS[floor] and not inline:
                    yield f"src/{source}: floors: {floor}/ must not need {name} of src/{owner[name]}"
            elif libc is not None and name not in libc | COMPILER:
                yield f"src/{source}: floors: {floor}/ must not need {name} of the host"


def check_names(objects):
    for source, (floor, defined, _) in objects.items():
        if floor in NT_FLOORS or source in NT_FILES:
            continue
        for name in sorted(defined):
            if name[0].isupper():
                yield f"src/{source}: floors: {name} looks like an NT name; only ddi/ defines those"


def check_exports(library):
    for line in nm("-D", "--defined-only", str(library)).splitlines():
        name = line.split()[-1].split("@")[0]
        if not EXPORTS.match(name):
            yield f"{library.name}: floors: exports {name}; only NT names and dt_ names may be visible"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--objects", type=pathlib.Path, required=True)
    parser.add_argument("--library", type=pathlib.Path, required=True)
    options = parser.parse_args()
    objects = read_objects(options.objects)
    if not objects or not options.library.exists():
        sys.exit(f"floors: nothing built: {options.objects}, {options.library}")
    problems = [*check_needs(objects), *check_names(objects), *check_exports(options.library)]
    for problem in problems:
        print(problem)
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
