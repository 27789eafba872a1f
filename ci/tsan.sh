#!/usr/bin/env bash
# Proves that threads which pass messages of all sizes through private channels do so without a data race that
# ThreadSanitizer sees.
set -euo pipefail
cd "$(dirname "$0")/.."
. ci/nightly.sh

# The standard library is built without it, which the compiler wants to be told is meant: see core/tests/threads.rs.
export RUSTFLAGS="-Zsanitizer=thread -Cunsafe-allow-abi-mismatch=sanitizer"
export TSAN_OPTIONS=halt_on_error=1

cargo_nightly test --target x86_64-unknown-linux-gnu --target-dir target/tsan -p memlane --test threads
