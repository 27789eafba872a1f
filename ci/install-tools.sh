#!/usr/bin/env bash
# Installs what the checks need beyond the Rust toolchain, and only what is missing.
set -euo pipefail

deny_version=0.20.2

if [[ "$(cargo deny --version 2>/dev/null || true)" == "cargo-deny $deny_version" ]]; then
    echo "cargo-deny $deny_version is present"
else
    # It runs for a second and builds for minutes, so it is built to build quickly.
    CARGO_PROFILE_RELEASE_OPT_LEVEL=1 CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 \
        nice cargo install --quiet --locked --force --version "$deny_version" cargo-deny
    cargo deny --version
fi

missing=()
for tool in strace valgrind; do
    if command -v "$tool" >/dev/null; then
        echo "$tool is present"
    else
        missing+=("$tool")
    fi
done
if ((${#missing[@]} > 0)); then
    export DEBIAN_FRONTEND=noninteractive
    install=(apt-get install --yes --quiet --no-install-recommends "${missing[@]}")
    # A fresh image has no package lists yet.
    "${install[@]}" || { apt-get update --quiet && "${install[@]}"; }
fi
