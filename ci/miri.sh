#!/usr/bin/env bash
# Runs Miri over what needs no system call that it lacks, the algorithms on plain memory. Says so where there is no Miri.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! rustup run nightly cargo miri --version >/dev/null 2>&1; then
    echo "Miri is not here (rustup +nightly component add miri): nothing was checked"
    exit 0
fi
cargo +nightly miri test --target-dir target/miri -p memlane --lib -- layout:: ring:: wait::
