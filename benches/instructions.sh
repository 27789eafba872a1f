#!/usr/bin/env bash
# Counts the instructions that one send and one recv_into take, on one thread, under valgrind's callgrind; and the C
# calls, of 8 bytes, both kinds, whose lengths no compiler knows.
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

cargo build --quiet --release -p memlane-ffi
"${CC:-cc}" -O2 -g -Iffi/include ffi/benches/hot_path.c -o "$folder/hot_path" \
    "${CARGO_TARGET_DIR:-target}/release/libmemlane_ffi.a" -lpthread -ldl -lm
for kind in spsc mpmc; do
    for direction in send recv; do
        valgrind --quiet --tool=callgrind --callgrind-out-file="$folder/c.$kind.$direction" \
            --collect-atstart=no --toggle-collect="hot_$direction" "$folder/hot_path" "$direction" "$kind" "$messages"
        total=$(sed -n 's/^summary: //p; s/^totals: //p' "$folder/c.$kind.$direction" | head -1)
        echo "memlane_$direction in C, $kind, 8 bytes: $((total / messages)) instructions a message"
    done
done
