#!/usr/bin/env bash
# Proves that loom finds no bad interleaving of the shipping algorithms; each model prints how many executions it explored.
set -euo pipefail
cd "$(dirname "$0")/../loom-tests"

cargo test --release -- --nocapture
