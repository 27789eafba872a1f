#!/usr/bin/env bash
# Proves that the README's test command passes: unit, integration and property tests, and every example in the docs.
set -euo pipefail
cd "$(dirname "$0")/.."

# Tests leave nothing in shared memory.
left() {
    find /dev/shm -mindepth 1 -maxdepth 1 \( -name 'memlane-test-*' -o -name '.tmp*' \) -printf '%f\n' | sort
}
before=$(left)

cargo test --workspace

# What only features bring: the same contract in named segments, the codec of serde, and the calls of tasks.
features=named-segments,serde,async
cargo test -p memlane --features "$features" --test segments
cargo test -p memlane --features "$features" --test contract segment
cargo test -p memlane --features "$features" --test typed coded
cargo test -p memlane --features "$features" --test asynchronous
cargo test -p memlane --features "$features" --doc typed
cargo test -p memlane --features "$features" --doc asynchronous

after=$(comm -13 <(echo "$before") <(left))
[[ -z $after ]] || { printf 'tests left in /dev/shm:\n%s\n' "$after"; exit 1; }
