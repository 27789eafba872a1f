#!/usr/bin/env bash
# Proves that everything that memlane is compared with builds and delivers every byte: each contest of the benches for a moment.
set -euo pipefail
cd "$(dirname "$0")/.."

ci/install-tools.sh benches
cargo build --release -p memlane-benches --features peers,native-peers,c
"${CARGO_TARGET_DIR:-target}/release/memlane-benches" smoke
