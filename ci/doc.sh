#!/usr/bin/env bash
# Proves that the documentation builds without a warning, private items included: no broken link, no malformed markup.
set -euo pipefail
cd "$(dirname "$0")/.."

export RUSTDOCFLAGS="-D warnings"
cargo doc --workspace --no-deps --document-private-items
cargo doc -p memlane --no-deps --document-private-items --features named-segments,serde,async
