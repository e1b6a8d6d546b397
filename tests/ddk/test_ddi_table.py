#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# once: yes
"""base/ddi.def and the headers tell one story.

Every routine that include/ddk exports has a row, so that a driver naming it loads and, where it is missing, is told so;
and the IRQL range of the row is the one of the annotations (`_IRQL_requires_max_`, `_min_`, `_IRQL_requires_`).
Conditional annotations (`_When_`) count with the widest range, as the table does.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
LEVELS = {"PASSIVE_LEVEL": 0, "APC_LEVEL": 1, "DISPATCH_LEVEL": 2, "SYNCH_LEVEL": 12, "CLOCK_LEVEL": 13,
          "DISPATCH_LEVEL + 1": 3, "CLOCK_LEVEL - 1": 12,
          "IPI_LEVEL - 1": 13, "IPI_LEVEL": 14, "HIGH_LEVEL": 15}
ANY = (0, 15)

# Where the table knows better than one unconditional annotation can say.
EXCEPTIONS = {
    "KeInitializeSemaphore": "SEM-003: an error only above DISPATCH_LEVEL, though the page says PASSIVE_LEVEL",
    "KeIsExecutingDpc": "meant for any level",
}


def rows():
    text = (ROOT / "src/base/ddi.def").read_text()
    found = re.findall(r"^DDI\((\w+), \"[^\"]*\", (\d+), (\d+),", text, re.M)
    return {name: (int(low), int(high)) for name, low, high in found}


def prototypes():
    """(file, name, annotations) of every exported routine; annotations stand on the lines above it."""
    for path in sorted((ROOT / "include/ddk").rglob("*.h")):
        above = []
        for line in path.read_text().split("\n"):
            if line.startswith("_"):
                above.append(line)
                continue
            match = re.match(r"(?:NTKERNELAPI|NTSYSAPI|NTHALAPI|STORPORTAPI) .*?(\w+)\(", line)
            if match:
                yield path.relative_to(ROOT), match[1], above
            above = []


def levels(word, annotations):
    return [LEVELS[level] for line in annotations
            for level in re.findall(rf"_IRQL_requires_{word}\(([^()]*)\)", line) if level in LEVELS]


def irql_range(annotations):
    exact, low, high = (levels(word, annotations) for word in ("", "min_", "max_"))
    if exact:
        return exact[0], exact[0]
    return min(low, default=ANY[0]), max(high, default=ANY[1])


def main():
    table = rows()
    bad = []
    count = 0
    for path, name, annotations in prototypes():
        count += 1
        if name not in table:
            bad.append(f"{path}: {name} has no row in src/base/ddi.def")
        elif irql_range(annotations) != table[name] and name not in EXCEPTIONS:
            bad.append(f"{path}: {name}: annotated {irql_range(annotations)}, ddi.def says {table[name]}")
    print("\n".join(bad + [f"{count} prototypes, {len(bad)} disagree with base/ddi.def"]))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
