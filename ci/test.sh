#!/usr/bin/env bash
# Proves that the README's test command passes: unit, integration and property tests, and every example in the docs.
set -euo pipefail
cd "$(dirname "$0")/.."

cargo test --workspace

# The same contract in the segments that only a feature brings.
cargo test -p memlane --features named-segments --test segments
cargo test -p memlane --features named-segments --test contract segment
