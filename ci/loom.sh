#!/usr/bin/env bash
# Proves that loom finds no bad interleaving of the shipping algorithms; each model prints how many executions it explored.
# Before that, that the mutants, which take too long for this, still apply to the algorithms.
set -euo pipefail
cd "$(dirname "$0")/../loom-tests"

./mutants.sh --check
cargo test --release -- --nocapture
