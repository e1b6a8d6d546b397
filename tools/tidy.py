#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The project's style as a test: include direction, banned calls, lengths, dead files and the like.

Usage: tidy.py [--rule NAME] [--root DIR] [--fix-format]
Prints one line per violation, `file:line: rule: what (do this instead)`, and exits with 1 if there is any.
What the linker sees of the same floors is checked by floors.py.
"""

import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys

FUNCTION_LINES_WARN = 60
FUNCTION_LINES_MAX = 80
FILE_LINES_MAX = 800

CODE = {".c", ".h", ".S", ".def", ".cc"}
SCRIPTS = {".py", ".sh", ".cmake"}
SCRIPT_NAMES = {"CMakeLists.txt", "Makefile", "run", ".gitignore", ".editorconfig"}
TEXT = CODE | SCRIPTS | {".md", ".json", ".in", ".txt", ".tsv", ".yml"}

# What each floor may include: folders under src/, "ddk" for the DDK headers, "duetime" for include/duetime.
FLOORS = {
    "base": {"base"},
    "mach": {"base", "mach"},
    "mach/sim": {"base", "mach", "mach/sim"},
    "mach/rt": {"base", "mach", "mach/rt"},
    "ke": {"base", "mach", "ke", "ddk"},
    "ex": {"base", "mach", "ke", "ex", "ddk"},
    "io": {"base", "mach", "ke", "ex", "io", "ddk"},
    "sp": {"base", "mach", "ke", "ex", "io", "sp", "ddk"},
    "hw": {"base", "mach", "hw"},
    "blk": {"base", "mach", "blk"},
    "ddi": {"base", "mach", "ke", "ex", "io", "sp", "ddi", "ddk"},
    "observe": {"base", "observe", "ddk"},
    "explore": {"base", "explore"},
    "host": {"base", "mach", "mach/sim", "mach/rt", "ke", "ex", "io", "sp", "hw", "blk", "ddi", "observe", "explore",
             "host", "ddk", "duetime"},
    "check": {"check"},
    "tool": {"tool", "check", "duetime", "ddk"},
}

# Headers of the host's C library that a floor must not see. The kernel floors live on the machine alone.
KERNEL = {"base", "ke", "ex", "io", "sp", "hw", "ddi"}
HOSTLESS = re.compile(r"^(stdio|stdlib|time|pthread|threads|unistd|signal|semaphore|sys/.*|fcntl|dlfcn)\.h$")
TOWERLESS = re.compile(r"^(time|pthread|threads|unistd|signal|semaphore|sys/.*|fcntl|dlfcn)\.h$")

ALL = {"src", "tests", "bench", "examples", "include"}
# (call, what to do instead, where it is banned, where it is allowed all the same)
BANNED = [
    (r"strcpy|strcat|strncat", "use memcpy with a known length, or snprintf", ALL, set()),
    (r"v?sprintf", "use snprintf", ALL, set()),
    (r"gets", "use fgets", ALL, set()),
    (r"strtok", "use strtok_r or strsep", ALL, set()),
    (r"sleep|usleep|nanosleep", "use the machine's clock (mach_clock_arm, mach_stall)", ALL,
     {"src/mach/rt", "tests", "bench"}),
    (r"malloc|calloc|realloc|free|strdup|posix_memalign|aligned_alloc", "use ke_object_alloc or the pool",
     {"src/ke", "src/ex", "src/io", "src/sp", "src/hw", "src/ddi", "src/base"}, set()),
    (r"malloc|calloc|realloc|free|strdup", "use mmap once and reuse it: a run must not allocate",
     {"src/mach/sim"}, set()),
    (r"v?f?printf|v?d?printf|puts|fputs|putchar|fwrite|fopen|fflush|perror",
     "publish an event (base/ev.h) or raise a finding (base/finding.h)",
     {"src/ke", "src/ex", "src/io", "src/sp", "src/hw", "src/ddi", "src/base", "src/observe", "src/explore"}, set()),
    (r"getenv|secure_getenv", "take it as an option; host/ and tool/ read the environment",
     ALL, {"src/host", "src/tool", "tests", "bench", "examples"}),
    (r"clock_gettime|gettimeofday|clock_nanosleep|time", "use mach_now()",
     {"src/ke", "src/ex", "src/io", "src/sp", "src/hw", "src/ddi", "src/base", "src/observe", "src/explore",
      "src/mach/sim"}, set()),
    (r"rand|srand|random|drand48", "use the seeded generator of base/ (or mach_choose)", {"src"}, set()),
    (r"assert", "use the project's own assertion, which release builds keep", {"src"}, set()),
]

# Named exceptions: (path, rule) with the reason. Keep short.
EXCEPTIONS = {
    ("src/base/finding.c", "banned"): "last words when nobody has set a sink yet",
    ("src/base/finding.c", "includes"): "the same",
}


class Tree:
    """The files that belong to the project, read once."""

    def __init__(self, root):
        self.root = root
        self.paths = sorted(self._listed())
        self.known = set(self.paths)
        self._text = {}

    def _listed(self):
        git = subprocess.run(["git", "-C", str(self.root), "ls-files", "-z", "--cached", "--others",
                              "--exclude-standard"], capture_output=True)
        if git.returncode == 0:
            names = [name for name in git.stdout.decode().split("\0") if name]
        else:
            names = [str(path.relative_to(self.root)) for path in self.root.rglob("*")
                     if "build" not in path.relative_to(self.root).parts[:1]]
        return [name for name in set(names) if (self.root / name).is_file()]

    def text(self, path):
        if path not in self._text:
            self._text[path] = (self.root / path).read_text(encoding="utf-8", errors="replace")
        return self._text[path]

    def lines(self, path):
        return self.text(path).splitlines()

    def select(self, *tops, suffixes):
        return [path for path in self.paths
                if path.startswith(tuple(top + "/" for top in tops)) and pathlib.Path(path).suffix in suffixes]


def under(path, folders):
    return any(path == folder or path.startswith(folder + "/") for folder in folders)


def floor_of(path):
    """src/mach/sim/x.c -> mach/sim; include/ddk/wdm.h -> ddk; None for what has no floor."""
    parts = pathlib.PurePath(path).parts
    if parts[0] == "include" and len(parts) > 2:
        return parts[1]
    if parts[0] != "src" or len(parts) < 3:
        return None
    if parts[1] == "mach" and len(parts) > 3:
        return f"mach/{parts[2]}"
    return parts[1]


def blank_comments(text):
    """Comments and string contents replaced by spaces; line numbers stay."""
    def blank(match):
        return re.sub(r"[^\n]", " ", match.group())
    pattern = r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\''
    return re.sub(pattern, blank, text, flags=re.DOTALL)


def includes_of(tree, path):
    for number, line in enumerate(tree.lines(path), 1):
        match = re.match(r'\s*#\s*include\s+([<"])([^>"]+)[>"]', line)
        if match:
            yield number, match.group(1), match.group(2)


def resolve(tree, path, kind, name):
    """The project's file that an include names, or None for the host's headers. <...> does not look beside path."""
    candidates = [f"src/{name}", f"include/{name}", f"include/ddk/{name}"]
    if kind == '"':
        candidates += [os.path.normpath(pathlib.PurePath(path).parent / name), f"tests/{name}"]
    for candidate in candidates:
        if candidate in tree.known:
            return candidate
    return None


def check_src_include(path, name, target):
    floor = floor_of(path)
    allowed = FLOORS[floor]
    if target is None:
        hidden = HOSTLESS if floor in KERNEL else TOWERLESS if floor in ("observe", "explore") else None
        if hidden and hidden.match(name):
            return f"{floor}/ must not see <{name}> of the host"
        return None
    seen = floor_of(target)
    if floor == "tool" and target == "src/host/tool.h":
        return None
    if seen is None or (seen not in allowed):
        return f"{floor}/ may include {', '.join(sorted(allowed))}; not {target}"
    if target.startswith("src/") and target != f"src/{name}":
        return f'write it from src/: "{target[4:]}"'
    return None


def rule_includes(tree):
    """A file includes only floors below its own; DDK headers include only themselves."""
    for path in tree.select("src", suffixes=CODE):
        floor = floor_of(path)
        if floor not in FLOORS:
            yield path, 1, "is in no known floor"
            continue
        for number, kind, name in includes_of(tree, path):
            problem = check_src_include(path, name, resolve(tree, path, kind, name))
            if problem:
                yield path, number, problem
    for path in tree.select("include/ddk", suffixes=CODE):
        for number, kind, name in includes_of(tree, path):
            if not (resolve(tree, path, kind, name) or "").startswith("include/ddk/") and name != "stdarg.h":
                yield path, number, f"a DDK header includes nothing but DDK headers; not {name}"
    for path in tree.select("include/duetime", "examples", suffixes=CODE):
        for number, kind, name in includes_of(tree, path):
            if (resolve(tree, path, kind, name) or "").startswith("src/"):
                yield path, number, f"what users see must not include {name}"
    for path in tree.select("src", "include", suffixes={".h"}):
        meant_to_repeat = re.fullmatch(r"include/ddk/p(sh|op)pack\d*\.h", path)
        if not meant_to_repeat and not re.search(r"^#\s*(pragma once|ifndef|include)", tree.text(path), re.MULTILINE):
            yield path, 1, "header without #pragma once"


def rule_spdx(tree):
    """The licence is the first line of code, the first or second of a script."""
    for path in tree.paths:
        lines = tree.lines(path)[:2]
        pure = pathlib.PurePath(path)
        if pure.suffix in CODE and lines[:1] != ["/* SPDX-License-Identifier: MIT */"]:
            yield path, 1, "first line must be /* SPDX-License-Identifier: MIT */"
        if (pure.suffix in SCRIPTS or pure.name in SCRIPT_NAMES) and "# SPDX-License-Identifier: MIT" not in lines:
            yield path, 1, "first or second line must be # SPDX-License-Identifier: MIT"


def rule_banned(tree):
    """Calls with a better replacement; the pattern looks at calls only, not at members or longer names."""
    for path in tree.select(*ALL, suffixes={".c", ".h", ".cc"}):
        if under(path, {"include/ddk"}):
            continue
        code = blank_comments(tree.text(path)).splitlines()
        for names, instead, where, allowed in BANNED:
            if not under(path, where) or under(path, allowed):
                continue
            pattern = re.compile(rf"(?<![\w.])(?<!->)({names})\s*\((?!\s*\*)")
            for number, line in enumerate(code, 1):
                match = pattern.search(line)
                if match and not line.lstrip().startswith("#"):
                    yield path, number, f"{match.group(1)}() is banned here: {instead}"


def functions_of(lines):
    """(first line, length) of each function: a brace in column 0 opens it, one in column 0 closes it."""
    start = None
    for number, line in enumerate(lines, 1):
        if line == "{":
            start = number
        elif line.startswith("}") and start is not None:
            yield start, number - start - 1
            start = None


def rule_length(tree, warn=None):
    """Functions and files stay short enough to be read at once."""
    for path in tree.select("src", "tests", "bench", "examples", "tools", suffixes={".c", ".h", ".cc", ".py"}):
        lines = tree.lines(path)
        if len(lines) > FILE_LINES_MAX:
            yield path, 1, f"{len(lines)} lines; at most {FILE_LINES_MAX}: split it"
        for number, length in functions_of(lines):
            if length > FUNCTION_LINES_MAX:
                yield path, number, f"function of {length} lines; at most {FUNCTION_LINES_MAX}: split it"
            elif length > FUNCTION_LINES_WARN and warn:
                warn(f"{path}:{number}: warning: function of {length} lines; {FUNCTION_LINES_WARN} is long")


def is_built(path):
    """Whether one of the build's globs takes this source (see cmake/)."""
    patterns = [r"src/(base|mach|ke|ex|io|sp|hw|blk|ddi|host|observe|explore|tool)/[^/]+\.c", r"src/mach/(sim|rt)/[^/]+\.[cS]", r"src/host/nbd/[^/]+\.c",
                r"tests/[^/]+/(test|drv)_[^/]+\.c", r"tests/tool/[^/]+/[^/]+\.cc?", r"src/check/[^/]+\.cc", r"tests/check/dt_[^/]+\.c",
                r"bench/[^/]+\.cc?", r"examples/[^/]+/[^/]+\.c"]
    return any(re.fullmatch(pattern, path) for pattern in patterns)


def rule_dead(tree):
    """Every source is built or included; every header is included. DDK and public headers are for users."""
    included = set()
    files = tree.select("src", "tests", "bench", "examples", "include", suffixes=CODE)
    for path in files:
        included.update(resolve(tree, path, kind, name) for _, kind, name in includes_of(tree, path))
    for path in files:
        if not (is_built(path) or path in included or under(path, {"include"})):
            yield path, 1, "dead file: nothing builds or includes it"


def rule_paths(tree):
    """No path of anybody's own machine."""
    pattern = re.compile(r"(?<![\w./-])/(?:work|home|root)/\w")
    for path in tree.paths:
        if pathlib.PurePath(path).suffix not in TEXT and pathlib.PurePath(path).name not in SCRIPT_NAMES:
            continue
        for number, line in enumerate(tree.lines(path), 1):
            if pattern.search(line):
                yield path, number, "absolute path of one machine"


def rule_todo(tree):
    """What is unfinished is listed for users: a file with such a mark is named in docs/limits.md."""
    limits = tree.text("docs/limits.md") if "docs/limits.md" in tree.paths else ""
    pattern = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b")
    for path in tree.select("src", "include/duetime", "tests", "bench", "examples", suffixes=CODE):
        for number, line in enumerate(tree.lines(path), 1):
            if pattern.search(line) and path not in limits:
                yield path, number, f"{pattern.search(line).group()} without a line about {path} in docs/limits.md"


def rule_whitespace(tree):
    """Files end with one newline; no tabs (but in Makefiles), no trailing blanks."""
    for path in tree.paths:
        pure = pathlib.PurePath(path)
        if pure.suffix not in TEXT and pure.name not in SCRIPT_NAMES:
            continue
        text = tree.text(path)
        if text and not text.endswith("\n"):
            yield path, len(tree.lines(path)), "no newline at the end of the file"
        for number, line in enumerate(tree.lines(path), 1):
            if "\t" in line and pure.name != "Makefile" and pure.suffix != ".tsv":
                yield path, number, "tab: indent with blanks"
            if line != line.rstrip() and pure.suffix != ".md":
                yield path, number, "trailing blanks"


def formatted_files(tree):
    return tree.select("src", "tests", "bench", "examples", "include/duetime", suffixes={".c", ".h", ".cc"})


def clang_format():
    return shutil.which("clang-format-14") or shutil.which("clang-format")


def rule_format(tree):
    """clang-format 14 with the .clang-format of the repository leaves every file as it is."""
    files = formatted_files(tree)
    if not files:
        return
    done = subprocess.run([clang_format(), "--dry-run", *files], cwd=tree.root, capture_output=True, text=True)
    first = {}
    for match in re.finditer(r"^([^:\n]+):(\d+):\d+: warning", done.stderr, re.MULTILINE):
        first.setdefault(match.group(1), []).append(int(match.group(2)))
    for path, lines in first.items():
        yield path, lines[0], f"not formatted in {len(lines)} places: run make format"
    if done.returncode:
        yield ".clang-format", 1, done.stderr.strip().splitlines()[0]


RULES = {name[5:]: function for name, function in list(globals().items()) if name.startswith("rule_")}


def run_rule(tree, name, warn):
    rule = RULES[name]
    found = rule(tree, warn) if name == "length" else rule(tree)
    count = 0
    for path, number, what in found:
        if (path, name) not in EXCEPTIONS:
            print(f"{path}:{number}: {name}: {what}")
            count += 1
    return count


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rule", choices=sorted(RULES), help="this rule only")
    parser.add_argument("--root", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parent.parent)
    parser.add_argument("--fix-format", action="store_true", help="let clang-format rewrite the files")
    options = parser.parse_args()
    tree = Tree(options.root)
    if options.fix_format:
        sys.exit(subprocess.run([clang_format(), "-i", *formatted_files(tree)], cwd=tree.root).returncode)
    violations = sum(run_rule(tree, name, print) for name in ([options.rule] if options.rule else RULES))
    if violations:
        print(f"tidy: {violations} violations")
    sys.exit(1 if violations else 0)


if __name__ == "__main__":
    main()
