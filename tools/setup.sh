#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Installs the Debian packages that are missing, and only those; silent and quick when nothing is missing.
# This is the one place that lists them. Usage: tools/setup.sh [bench]
set -euo pipefail

packages=(build-essential cmake ninja-build clang llvm libclang-rt-14-dev clang-format pkg-config python3
    libclang-14-dev llvm-14-dev libcmocka-dev libdw-dev libjansson-dev libsmartcols-dev
    libxml2-dev libxxhash-dev mingw-w64-common nbdkit nbdkit-plugin-dev libnbd-bin qemu-utils fio)
if [ "${1:-}" = bench ]; then
    packages+=(libev-dev libevent-dev libuv1-dev libboost-dev)
fi

die() {
    echo "duetime: $*" >&2
    exit 2
}

command -v dpkg-query >/dev/null || die "set-up knows Debian packages only; install the likes of: ${packages[*]}"

installed=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' "${packages[@]}" 2>/dev/null |
    awk '$2 == "installed" { print $1 }') || true
missing=()
for package in "${packages[@]}"; do
    grep -qx -- "$package" <<<"$installed" || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null ||
        die "needs packages and is neither root nor has sudo; as root: apt-get install ${missing[*]}"
    as_root=(sudo)
fi

echo "duetime: installing ${missing[*]}"
apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=120)
log=$(mktemp)
trap 'rm -f "$log"' EXIT
run_apt() {
    "${apt[@]}" "$@" >"$log" 2>&1 && return
    tail -n 20 "$log" >&2
    die "apt-get $1 failed (above); packages needed: ${missing[*]}"
}
run_apt update
run_apt install -y --no-install-recommends "${missing[@]}"
