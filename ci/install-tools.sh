#!/usr/bin/env bash
# Installs what the checks need beyond the Rust toolchain, and only what is missing.
#
#   ci/install-tools.sh         for the checks of .ci/run
#   ci/install-tools.sh fuzz    and for ci/fuzz.sh, which takes minutes more to build
#   ci/install-tools.sh benches for ci/benches.sh alone: the C++ libraries that memlane is compared with
set -euo pipefail

# install NAME VERSION: a tool that cargo builds, with the command that says its version.
install() {
    local name=$1 version=$2
    if [[ "$("${@:3}" 2>/dev/null || true)" == "$name $version" ]]; then
        echo "$name $version is present"
    else
        # It runs for a second and builds for minutes, so it is built to build quickly.
        CARGO_PROFILE_RELEASE_OPT_LEVEL=1 CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 \
            nice cargo install --quiet --locked --force --version "$version" "$name"
        "${@:3}"
    fi
}

missing=()

# need PACKAGE COMMAND…: a Debian package that is there if the command succeeds.
need() {
    if "${@:2}" >/dev/null 2>&1; then
        echo "$1 is present"
    else
        missing+=("$1")
    fi
}

if [[ ${1:-} == benches ]]; then
    need pkg-config command -v pkg-config
    need g++ command -v g++
    need libzmq3-dev pkg-config --exists libzmq
    need libboost-dev test -f /usr/include/boost/interprocess/ipc/message_queue.hpp
else
    install cargo-deny 0.20.2 cargo deny --version
    install cbindgen 0.29.4 cbindgen --version
    if [[ ${1:-} == fuzz ]]; then
        install cargo-fuzz 0.13.2 cargo fuzz --version
    fi
    for tool in cmake pkg-config strace valgrind; do
        need "$tool" command -v "$tool"
    done
fi
if ((${#missing[@]} > 0)); then
    export DEBIAN_FRONTEND=noninteractive
    apt=(apt-get install --yes --quiet --no-install-recommends "${missing[@]}")
    # A fresh image has no package lists yet.
    "${apt[@]}" || { apt-get update --quiet && "${apt[@]}"; }
fi
