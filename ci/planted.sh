#!/usr/bin/env bash
# Proves that the tools notice bugs: builds the engine with one planted at a time, and requires that each tool fails that is
# there to notice it.
#
#   ci/planted.sh           all of them
#   ci/planted.sh WORD      only bugs and tools whose line contains WORD
set -uo pipefail
cd "$(dirname "$0")/.." || exit

wanted=${1:-}
# What takes longer has noticed nothing.
seconds_max=120
noticed=0 missed=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# What was compiled with a bug in it stays apart.
export CARGO_TARGET_DIR=$PWD/target/planted

# notices BUG COMMAND…
notices() {
    [[ $* == *"$wanted"* ]] || return 0
    local bug=$1 status=0
    shift
    timeout "$seconds_max" "$@" >"$log" 2>&1 || status=$?
    if ((status == 0)); then
        echo "NOT NOTICED  $bug: $*"
        missed=$((missed + 1))
    else
        echo "noticed      $bug: ${*//$CARGO_TARGET_DIR\/release\//}"
        echo "             $(grep -av '^$' "$log" | tail -n 1 | cut -c 1-140)"
        noticed=$((noticed + 1))
    fi
}

# torture BUG ARGUMENT…
torture() {
    [[ $* == *"$wanted"* ]] || return 0
    local bug=$1
    shift
    cargo build --quiet --release -p memlane-torture --features "memlane/__planted-$bug" || exit
    notices "$bug" "$CARGO_TARGET_DIR/release/torture" "$@"
}

# models BUG FILE TEST
models() {
    [[ $* == *"$wanted"* ]] || return 0
    (cd loom-tests && cargo test --quiet --release --no-run --features "memlane/__planted-$1" --test "$2") || exit
    notices "$1" bash -c "cd loom-tests && cargo test --quiet --release --features memlane/__planted-$1 --test $2 -- $3"
}

torture no-settle sweep --quick --backend futex
torture no-head-recheck kill --kind mpmc --kills 4000
torture no-zeroing kill --kills 300
torture reap-without-the-byte kill --kind mpmc
torture release-before-the-copy kill --kind mpmc
torture release-before-the-copy kill --kills 300

torture lock-around-commit stop --quick --rounds 0 --kind mpmc --backend futex
torture commit-before-the-copy stop --quick --rounds 0 --kind mpmc --backend futex
torture no-head-recheck stop --rounds 0 --kind mpmc --backend futex --only recv
torture release-before-the-copy stop --quick --rounds 0 --kind spsc --backend futex
torture reap-without-the-byte stop --quick --rounds 0 --kind mpmc --backend futex

torture leaked-mapping soak --seconds 8
torture leaked-descriptor soak --seconds 8
torture forgotten-slot soak --seconds 20
torture no-settle soak --seconds 60

models no-settle slots_survive_deaths a_slot_whose_taker_died
models no-head-recheck slots_deliver_once two_receivers_and_a_loan
models no-zeroing lane_delivers_once_in_order over_the_end_of_the_ring
models release-before-the-copy lane_delivers_once_in_order over_the_end_of_the_ring
models missing-second-wake eventcount_wakes_one_of_many one_taker_in_two_rounds
models flag-without-sequence eventcount_loses_no_wake two_sleepers_and_one_waker

echo
echo "$noticed noticed, $missed not noticed"
((missed == 0))
