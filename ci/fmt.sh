#!/usr/bin/env bash
# Proves that every Rust file is formatted as rustfmt does it, in every workspace of the repository.
set -euo pipefail
cd "$(dirname "$0")/.."

for workspace in . loom-tests fuzz; do
    [[ -f $workspace/Cargo.toml ]] || continue
    cargo fmt --manifest-path "$workspace/Cargo.toml" --all --check
done
