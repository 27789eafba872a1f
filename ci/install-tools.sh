#!/usr/bin/env bash
# Installs what the checks need beyond the Rust toolchain, and only what is missing.
#
#   ci/install-tools.sh         for the checks of .ci/run
#   ci/install-tools.sh fuzz    and for ci/fuzz.sh, which takes minutes more to build
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

install cargo-deny 0.20.2 cargo deny --version
install cbindgen 0.29.4 cbindgen --version
if [[ ${1:-} == fuzz ]]; then
    install cargo-fuzz 0.13.2 cargo fuzz --version
fi

missing=()
for tool in pkg-config strace valgrind; do
    if command -v "$tool" >/dev/null; then
        echo "$tool is present"
    else
        missing+=("$tool")
    fi
done
if ((${#missing[@]} > 0)); then
    export DEBIAN_FRONTEND=noninteractive
    apt=(apt-get install --yes --quiet --no-install-recommends "${missing[@]}")
    # A fresh image has no package lists yet.
    "${apt[@]}" || { apt-get update --quiet && "${apt[@]}"; }
fi
