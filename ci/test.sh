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

# The same contract in the segments that only a feature brings.
cargo test -p memlane --features named-segments --test segments
cargo test -p memlane --features named-segments --test contract segment

after=$(comm -13 <(echo "$before") <(left))
[[ -z $after ]] || { printf 'tests left in /dev/shm:\n%s\n' "$after"; exit 1; }
