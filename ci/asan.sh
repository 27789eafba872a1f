#!/usr/bin/env bash
# Proves that the engine reads and writes within its bounds, whatever a peer writes: its unit tests, the hostile peers, and
# a short `torture corrupt`, under AddressSanitizer.
set -euo pipefail
cd "$(dirname "$0")/.."
. ci/nightly.sh

target=x86_64-unknown-linux-gnu
# Build scripts and macros are built for the host, without it. A folder of its own: the flags change everything.
build=(--target "$target" --target-dir target/asan)
export RUSTFLAGS=-Zsanitizer=address
# What a region maps is never given back to the allocator: leaks are valgrind's business, in ci/ffi.sh.
# An allocation that cannot be made fails, as it does without the sanitizer.
export ASAN_OPTIONS=detect_leaks=0:abort_on_error=1:allocator_may_return_null=1

cargo_nightly test "${build[@]}" -p memlane --lib --test hostile_peer --test mpmc_hostile_peer

# Built to run quickly: the workers make a million calls.
cargo_nightly build "${build[@]}" --config profile.dev.opt-level=1 -p memlane-torture
"target/asan/$target/debug/torture" corrupt --quick --only bytes --rounds 1000
