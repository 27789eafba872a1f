#!/usr/bin/env bash
# Counts the instructions that one message takes to be sent, and to be received, on one thread, under valgrind's callgrind;
# and those of the C calls, of 8 bytes, both kinds, whose lengths no compiler knows.
# usage: benches/instructions.sh [8|56|1024|queues]…
#   a number: a lane's send and recv_into of so many bytes; queues: 48 bytes through ArrayQueue and through mpmc
set -euo pipefail
cd "$(dirname "$0")/.."

cargo build --quiet --release -p memlane-benches
runner=${CARGO_TARGET_DIR:-target}/release/memlane-benches
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# count WHAT FUNCTION MESSAGES COMMAND…: runs the command, and counts what this function executes.
count() {
    local what=$1 hot=$2 messages=$3 total
    shift 3
    valgrind --quiet --tool=callgrind --callgrind-out-file="$folder/out" \
        --collect-atstart=no --toggle-collect="$hot" "$@"
    total=$(sed -n 's/^summary: //p; s/^totals: //p' "$folder/out" | head -1)
    echo "$what: $((total / messages)) instructions a message"
}

for what in "${@:-8}"; do
    if [[ $what == queues ]]; then
        for queue in array-queue mpmc mpmc-batches; do
            count "$queue, send" '*hot_send*' 100800 "$runner" hot-queue "$queue" 100800
            count "$queue, receive" '*hot_receive*' 100800 "$runner" hot-queue "$queue" 100800
        done
    else
        count "send, $what bytes" '*hot_send*' 100000 "$runner" hot-path send 100000 "$what"
        count "recv, $what bytes" '*hot_receive*' 100000 "$runner" hot-path recv 100000 "$what"
    fi
done

cargo build --quiet --release -p memlane-ffi
"${CC:-cc}" -O2 -g -Iffi/include ffi/benches/hot_path.c -o "$folder/hot_path" \
    "${CARGO_TARGET_DIR:-target}/release/libmemlane_ffi.a" -lpthread -ldl -lm
for kind in spsc mpmc; do
    for direction in send recv; do
        count "memlane_$direction in C, $kind, 8 bytes" "hot_$direction" 100000 \
            "$folder/hot_path" "$direction" "$kind" 100000
    done
done
