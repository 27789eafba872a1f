#!/usr/bin/env bash
# Proves that clippy has nothing to say: about the workspace, about the engine as loom sees it, and about the models.
set -euo pipefail
cd "$(dirname "$0")/.."

cargo clippy --workspace --all-targets -- -D warnings
cargo clippy -p memlane --all-targets --features named-segments,serde,async -- -D warnings

# Folders of its own, or each check would throw away what the other one built.
RUSTFLAGS="--cfg loom" cargo clippy -p memlane --lib --target-dir target/loom -- -D warnings

if [[ -f loom-tests/Cargo.toml ]]; then
    (cd loom-tests && cargo clippy --all-targets -- -D warnings)
fi
