#!/usr/bin/env bash
# Proves that every Rust file is formatted as rustfmt does it, in every workspace of the repository, and that no file has marks of a
# merge in it.
set -euo pipefail
cd "$(dirname "$0")/.."

for workspace in . loom-tests fuzz; do
    [[ -f $workspace/Cargo.toml ]] || continue
    cargo fmt --manifest-path "$workspace/Cargo.toml" --all --check
done

# No merge has left its marks.
if git rev-parse --git-dir >/dev/null 2>&1; then
    ! git grep -nE '^(<{7}|>{7}) '
fi
