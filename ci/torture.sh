#!/usr/bin/env bash
# Proves that processes which are killed at random under load lose nothing: small, usual and large rings.
set -euo pipefail
cd "$(dirname "$0")/.."

cargo build --release -p memlane-torture
for capacity in 4096 16384 1048576; do
    target/release/torture kill --kills 300 --capacity "$capacity"
done
