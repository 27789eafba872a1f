#!/usr/bin/env bash
# Counts the instructions that one message takes to be sent, and to be received, on one thread, under valgrind's callgrind:
# figures that no noise touches. Each has a budget in benches/instructions.txt; to exceed one is an error.
#
#   benches/instructions.sh           counts, and compares
#   benches/instructions.sh --write   counts, and makes what was counted the budget
set -euo pipefail
cd "$(dirname "$0")/.."

# Percent by which a count may exceed its budget: another version of a tool may lay a loop out differently.
slack=3

cargo build --quiet --release -p memlane-benches -p memlane-ffi
target=${CARGO_TARGET_DIR:-target}/release
runner=$target/memlane-benches
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# count WHAT FUNCTION MESSAGES COMMAND…: runs the command, and counts what this function executes.
count() {
    local what=$1 hot=$2 messages=$3 total
    shift 3
    valgrind --quiet --tool=callgrind --callgrind-out-file="$folder/out" \
        --collect-atstart=no --toggle-collect="$hot" "$@" >&2
    total=$(sed -n 's/^summary: //p; s/^totals: //p' "$folder/out" | head -1)
    printf '%s\t%s\n' "$what" "$((total / messages))"
}

# hot WHAT THROUGH DIRECTION BYTES: one direction, through one kind of channel or a peer.
hot() {
    local function
    case $3 in
    send) function='*hot_send*' ;;
    recv) function='*hot_receive*' ;;
    send-batch) function='*hot_send_batches*' ;;
    recv-batch) function='*hot_receive_batches*' ;;
    esac
    count "$1" "$function" 100000 "$runner" hot "$2" "$3" 100000 "$4"
}

# c KIND DIRECTION BYTES: one direction, through the C interface.
c() {
    local function=${2/-/_}
    count "C, $1, $2, $3 bytes" "hot_$function" 100000 "$folder/hot_path" "$function" "$1" 100000 "$3"
}

counts() {
    local bytes direction kind
    for bytes in 8 56 1024; do
        for direction in send recv send-batch recv-batch; do
            hot "spsc, $direction, $bytes bytes" spsc "$direction" "$bytes"
        done
    done
    for bytes in 8 56; do
        for direction in send recv; do
            hot "spsc of values, $direction, $bytes bytes" typed "$direction" "$bytes"
            hot "watch, $direction, $bytes bytes" watch "$direction" "$bytes"
        done
    done
    for direction in send recv; do
        hot "mpmc, $direction, 48 bytes" mpmc "$direction" 48
        hot "mpmc-batches, $direction, 48 bytes" mpmc "$direction-batch" 48
        hot "array-queue, $direction, 48 bytes" array-queue "$direction" 48
        # What must not grow: a thousand channels in turn, and 1,024 seats of which nobody has the others.
        hot "spsc, 10 channels, $direction, 8 bytes" ten-of-spsc "$direction" 8
        hot "spsc, 1,000 channels, $direction, 8 bytes" thousand-of-spsc "$direction" 8
        hot "mpmc, 1,024 seats, $direction, 48 bytes" mpmc-seats "$direction" 48
        hot "mpsc, $direction, 8 bytes" mpsc "$direction" 8
        hot "mpsc, 1,024 seats, $direction, 8 bytes" mpsc-seats "$direction" 8
        # Sending costs the same, however many receivers keep up.
        hot "broadcast, $direction, 8 bytes" broadcast "$direction" 8
        hot "broadcast, 8 receivers, $direction, 8 bytes" broadcast-to-eight "$direction" 8
        hot "broadcast, overwrite, $direction, 8 bytes" broadcast-lossy "$direction" 8
    done
    "${CC:-cc}" -O2 -g -Iffi/include ffi/benches/hot_path.c -o "$folder/hot_path" \
        "$target/libmemlane_ffi.a" -lpthread -ldl -lm
    for kind in spsc mpmc; do
        for direction in send recv send-batch recv-batch; do
            c "$kind" "$direction" 8
        done
    done
    for direction in send recv; do
        c spsc "$direction" 56
    done
}

counts >"$folder/counts"
if [[ ${1:-} == --write ]]; then
    cp "$folder/counts" benches/instructions.txt
fi
# A budget that nobody counts, or a count without a budget, is as wrong as one that is exceeded.
python3 - benches/instructions.txt "$folder/counts" "$slack" <<'EOF'
import sys

def read(path):
    with open(path) as file:
        return {what: int(count) for what, count in (line.split("\t") for line in file)}

budgets, counts, slack = read(sys.argv[1]), read(sys.argv[2]), int(sys.argv[3])
bad = 0
for what in sorted(budgets.keys() | counts.keys()):
    budget, count = budgets.get(what), counts.get(what)
    fits = None not in (budget, count) and 100 * count <= (100 + slack) * budget
    bad += not fits
    print(f"{what:32} {count!s:>5} instructions a message, of {budget}{'' if fits else '  EXCEEDED'}")
sys.exit(f"{bad} are beyond their budget: benches/instructions.txt" if bad else 0)
EOF
