#!/bin/sh
# SPDX-License-Identifier: MIT
# once: yes
# `duetime check` on what cannot be checked: one clear line, or the compiler's error, and exit status 2; and the two
# spellings of compile_commands.json.
set -u
duetime=${DUETIME:-duetime}
[ -e "$(dirname "$(readlink -f "$duetime")")/../lib/libduetime-check.so" ] || exit 77
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
failed=0

# gives STATUS TEXT ARGUMENTS...    (TEXT: what standard error says)
gives() {
    status=$1
    text=$2
    shift 2
    "$duetime" check "$@" >out 2>err
    got=$?
    if [ "$got" -ne "$status" ] || ! grep -qF -- "$text" err; then
        echo "check $*: status $got, not $status, or no '$text':"
        cat err
        failed=1
    fi
}

# refuses TEXT ARGUMENTS...    (nothing else is said)
refuses() {
    gives 2 "$@"
    [ "$(wc -l <err)" -eq 1 ] || { echo "check $*: more than one line"; cat err; failed=1; }
}

database() {
    mkdir "$1"
    echo "$2" >"$1/compile_commands.json"
}

echo 'void f(void) {}' >good.c
echo 'void f(void) { int x = ; }' >bad.c
mkdir sub
echo '#include "try.h"' >sub/try.c
echo 'void g(int); void f(int *p) { __try { g(*p); } __finally { g(0); } }' >sub/try.h
mkdir empty directory.c
mkfifo pipe.c
echo text >text.txt
echo text >text.vcxproj
echo '<Project/>' >none.vcxproj
echo '<Project><ItemGroup><ClCompile Include="gone.c"/></ItemGroup></Project>' >gone.vcxproj
database nothing '[]'
database broken '{'
database gone '[{"directory": ".", "file": "gone.c", "arguments": ["cc", "-c", "gone.c"]}]'
database list "[{\"directory\": \"$work\", \"file\": \"good.c\", \"arguments\": [\"cc\", \"-c\", \"good.c\"]}]"
database try "[{\"directory\": \"$work/empty\", \"file\": \"../sub/try.c\", \"arguments\": [\"cc\", \"-I../sub\", \"../sub/try.c\"]}]"
database line "[{\"directory\": \"$work\", \"file\": \"good.c\", \"command\": \"cc -DX='a b' -MF d -o o -c good.c\"}]"
echo 'unsigned char c[sizeof(L"") == 2 ? 1 : -1];' >wide.c # a meaning that must not be lost
database gcc "[{\"directory\": \"$work\", \"file\": \"wide.c\", \"command\": \
    \"cc -fconserve-stack -Werror -Wno-such -mrecord-mcount --param inline-unit-growth=9 -fshort-wchar -c wide.c\"}]"

refuses 'cannot read gone.c: No such file' gone.c
refuses 'cannot read empty: it is a directory' empty
refuses 'cannot read directory.c: it is a directory' directory.c
refuses 'cannot read pipe.c: it is no regular file' pipe.c
refuses 'neither a C or C++ source nor a .vcxproj' text.txt
refuses 'cannot read absent.vcxproj: No such file' absent.vcxproj
refuses 'text.vcxproj is no Visual Studio project' text.vcxproj
refuses 'none.vcxproj lists no C source' none.vcxproj
refuses 'gone.c, a source of the project, is not in' gone.vcxproj
refuses 'cannot read empty/compile_commands.json: No such file' -p empty
refuses 'cannot read broken/compile_commands.json' -p broken
refuses 'nothing/compile_commands.json lists no source' -p nothing
refuses 'gone.c: No such file' -p gone
refuses 'list/compile_commands.json lists no such source' -p list bad.c
refuses 'what is to be checked?'
refuses 'cannot read the baseline gone.txt' --baseline gone.txt good.c
gives 2 'bad.c:1:24: error: expected expression' bad.c
gives 2 '1 source checked, 0 findings' bad.c good.c
gives 0 '1 source checked, 0 findings' -p list
gives 0 '1 source checked, 0 findings' -p line
gives 0 '1 source checked, 0 findings' -p try
gives 0 '1 source checked, 0 findings' -p gcc
exit $failed
