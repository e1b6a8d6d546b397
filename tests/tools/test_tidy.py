#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# once: yes
"""Each rule of tools/tidy.py catches its bad twin and leaves the good one alone."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

TIDY = pathlib.Path(__file__).resolve().parents[2] / "tools" / "tidy.py"
SPDX = "/* SPDX-License-Identifier: MIT */\n"


def tidy(rule, files):
    """Exit code and output of one rule over a tree that holds these files only."""
    with tempfile.TemporaryDirectory() as directory:
        for name, text in files.items():
            path = pathlib.Path(directory) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        done = subprocess.run([sys.executable, TIDY, "--root", directory, "--rule", rule],
                              capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr


class Twins(unittest.TestCase):
    def bad(self, rule, files, expected):
        code, output = tidy(rule, files)
        self.assertEqual(code, 1, output)
        self.assertIn(expected, output)

    def good(self, rule, files):
        code, output = tidy(rule, files)
        self.assertEqual((code, output), (0, ""))

    def test_includes_upwards(self):
        files = {"src/ex/ex.h": "#pragma once\n", "src/ke/a.c": '#include "ex/ex.h"\n'}
        self.bad("includes", files, "ke/ may include base, ddk, ke, mach; not src/ex/ex.h")

    def test_includes_downwards(self):
        self.good("includes", {"src/ke/ke.h": "#pragma once\n", "src/ex/a.c": '#include "ke/ke.h"\n'})

    def test_kernel_sees_no_machine(self):
        files = {"src/mach/sim/sim.h": "#pragma once\n", "src/ke/a.c": '#include "mach/sim/sim.h"\n'}
        self.bad("includes", files, "not src/mach/sim/sim.h")

    def test_host_sees_the_machine(self):
        files = {"src/mach/sim/sim.h": "#pragma once\n", "src/host/a.c": '#include "mach/sim/sim.h"\n'}
        self.good("includes", files)

    def test_explore_sees_base_only(self):
        files = {"include/ddk/wdm.h": "#pragma once\n", "src/explore/a.c": "#include <wdm.h>\n"}
        self.bad("includes", files, "explore/ may include base, explore; not include/ddk/wdm.h")

    def test_kernel_sees_no_stdio(self):
        self.bad("includes", {"src/ke/a.c": "#include <stdio.h>\n"}, "must not see <stdio.h>")

    def test_ddk_includes_itself_only(self):
        self.bad("includes", {"include/ddk/wdm.h": "#pragma once\n#include <stdint.h>\n"}, "not stdint.h")

    def test_short_include(self):
        files = {"src/ke/ke.h": "#pragma once\n", "src/ke/a.c": '#include "ke.h"\n'}
        self.bad("includes", files, 'write it from src/: "ke/ke.h"')

    def test_spdx(self):
        self.bad("spdx", {"src/ke/a.c": "int a;\n"}, "src/ke/a.c:1")
        self.good("spdx", {"src/ke/a.c": SPDX, "tools/a.py": "#!/x\n# SPDX-License-Identifier: MIT\n"})

    def test_banned(self):
        self.bad("banned", {"src/host/a.c": "void f(void)\n{\n    strcpy(a, b);\n}\n"}, "a.c:3: banned: strcpy()")
        self.bad("banned", {"src/ke/a.c": "    p = malloc(1);\n"}, "malloc() is banned here")
        self.bad("banned", {"src/mach/sim/a.c": "    p = calloc(1, 1);\n"}, "calloc() is banned here")
        self.bad("banned", {"src/observe/a.c": "    getenv(x);\n"}, "getenv() is banned here")
        self.bad("banned", {"src/mach/sim/a.c": "    usleep(1);\n"}, "usleep() is banned here")
        self.bad("banned", {"src/ddi/a.c": '    printf("x");\n'}, "printf() is banned here")

    def test_allowed(self):
        self.good("banned", {"src/host/a.c": "    p = malloc(1); getenv(x);\n"})
        self.good("banned", {"src/mach/rt/a.c": "    nanosleep(x, y);\n"})
        self.good("banned", {"src/ke/a.c": '/* malloc() */ x->free(y); pool_free(z); s = "printf()";\n'})

    def test_length(self):
        def function(lines):
            return {"src/ke/a.c": "void f(void)\n{\n" + "    g();\n" * lines + "}\n"}
        self.bad("length", function(81), "src/ke/a.c:2: length: function of 81 lines")
        self.good("length", function(60))
        self.bad("length", {"src/ke/a.c": "int a;\n" * 801}, "801 lines; at most 800")

    def test_dead(self):
        self.bad("dead", {"src/ke/a.h": "\n"}, "src/ke/a.h:1: dead")
        self.bad("dead", {"src/new/a.c": "\n"}, "src/new/a.c:1: dead")
        self.good("dead", {"src/ke/a.h": "\n", "src/ke/a.c": '#include "ke/a.h"\n'})

    def test_paths(self):
        self.bad("paths", {"docs/a.md": "see /ho" "me/me/x\n"}, "absolute path")
        self.good("paths", {"docs/a.md": "see docs/home/x and ./work/y\n"})

    def test_todo(self):
        files = {"src/ke/a.c": "/* TO" "DO: more */\n"}
        self.bad("todo", files, "without a line about src/ke/a.c")
        self.good("todo", {**files, "docs/limits.md": "src/ke/a.c does less\n"})

    def test_whitespace(self):
        self.bad("whitespace", {"src/ke/a.c": "\tint a;\n"}, "tab")
        self.bad("whitespace", {"src/ke/a.c": "int a;"}, "no newline")
        self.bad("whitespace", {"src/ke/a.c": "int a; \n"}, "trailing blanks")
        self.good("whitespace", {"Makefile": "a:\n\tb\n"})

    def test_format(self):
        style = (TIDY.parents[1] / ".clang-format").read_text()
        self.bad("format", {".clang-format": style, "src/ke/a.c": "int  a ;\n"}, "not formatted in")
        self.good("format", {".clang-format": style, "src/ke/a.c": "int a;\n"})


if __name__ == "__main__":
    unittest.main()
