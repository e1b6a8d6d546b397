#!/bin/sh
# SPDX-License-Identifier: MIT
# base/ddi.def against the libraries: a row is ready or partial exactly when the routine is really defined there; a
# weak definition is the stub of an absent one. And nothing with an NT name is exported without a row. In the families of
# the Ke and Ex half an absent row says why it is.
set -eu
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

sed -n 's/^DDI(\([A-Za-z0-9_]*\), .*\(DDI_[A-Z]*\), "[^"]*", "[^"]*")$/\1 \2/p' "$DUETIME_SOURCE/src/base/ddi.def" |
    sort >"$tmp/rows"
[ "$(wc -l <"$tmp/rows")" -gt 500 ]

check() {
    nm -D --defined-only "$DUETIME_BUILD/lib/libduetime-$1.so" | awk '{ print $3, $2 }' | sort >"$tmp/symbols"
    join -a 1 "$tmp/rows" "$tmp/symbols" | awk -v machine="$1" '
        $3 == "" { print machine ": " $1 ": no such symbol"; bad = 1; next }
        $2 == "DDI_ABSENT" && $3 != "W" { print machine ": " $1 " is written; its row says absent"; bad = 1 }
        $2 != "DDI_ABSENT" && $3 != "T" { print machine ": " $1 " is not written; its row says otherwise"; bad = 1 }
        END { exit bad }' || return 1
    join -v 2 "$tmp/rows" "$tmp/symbols" | awk -v machine="$1" '
        $2 == "T" && $1 ~ /^(Ke|Ex|Io|Rtl|Ps|Mm|Ob|Zw|Po|Dbg|Csq|StorPort|ScsiPort)[A-Z]/ {
            print machine ": " $1 " is exported and has no row"; bad = 1 }
        END { exit bad }'
}

reasons() {
    families=' ex-timer ke-timer iotimer dpc dpcforisr-startio interrupt irql spinlock dispatcher fastmutex eresource'
    families="$families pushlock rundown removelock kqueue time threads-cpus apc-regions workitem interlocked-lists"
    families="$families pool-lookaside rtl-basic io-objects debug-bugcheck "
    awk -v families="$families" -F '[(," ]+' '
        /^DDI_NOTE\(/ { noted[$2] = 1 }
        /^DDI\(.*DDI_ABSENT/ && index(families, " " $3 " ") { absent[$2] = $3 }
        END { for (name in absent) if (!noted[name]) { print name ": absent, and no reason given"; bad = 1 }
              exit bad }' "$DUETIME_SOURCE/src/base/ddi.def"
}

status=0
reasons || status=1
check sim || status=1
check rt || status=1
exit $status
