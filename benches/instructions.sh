#!/usr/bin/env bash
# Counts the instructions that one send and one recv_into take, on one thread, under valgrind's callgrind.
# usage: benches/instructions.sh [BYTES…]      (8, 56, 1024)
set -euo pipefail
cd "$(dirname "$0")/.."

cargo build --quiet --release -p memlane-benches
runner=${CARGO_TARGET_DIR:-target}/release/memlane-benches
messages=100000
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

for bytes in "${@:-8}"; do
    for direction in send recv; do
        if [[ $direction == send ]]; then hot='*hot_send*'; else hot='*hot_receive*'; fi
        valgrind --quiet --tool=callgrind --callgrind-out-file="$folder/$direction.$bytes" \
            --collect-atstart=no --toggle-collect="$hot" "$runner" hot-path "$direction" "$messages" "$bytes"
        total=$(sed -n 's/^summary: //p; s/^totals: //p' "$folder/$direction.$bytes" | head -1)
        echo "$direction, $bytes bytes: $((total / messages)) instructions a message"
    done
done
