#!/usr/bin/env bash
# Proves that the tools notice bugs: a copy of the engine has all those of ci/planted in it, so that it is built once.
# MEMLANE_PLANTED switches one at a time on, and each tool has to fail that is there to notice it.
#
#   ci/planted.sh           all of them
#   ci/planted.sh WORD      only bugs and tools whose line contains WORD
set -uo pipefail
cd "$(dirname "$0")/.." || exit

wanted=${1:-}
noticed=0 missed=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# What was compiled with bugs in it stays apart, and so does what it was compiled from.
export CARGO_TARGET_DIR=$PWD/target/planted
source=$CARGO_TARGET_DIR/source
export CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16

# The bugs that some tool is there to notice.
declare -A looked_for

# notices BUG COMMAND…
notices() {
    local bug=$1 status=0 started=$SECONDS
    shift
    MEMLANE_PLANTED=$bug "$@" >"$log" 2>&1 || status=$?
    if ((status == 0)); then
        echo "NOT NOTICED  $bug: $*"
        missed=$((missed + 1))
    else
        echo "noticed      $bug: ${*//$CARGO_TARGET_DIR\/release\//} ($((SECONDS - started)) s)"
        echo "             $(grep -av '^$' "$log" | tail -n 1 | cut -c 1-140)"
        noticed=$((noticed + 1))
    fi
}

# torture BUG ARGUMENT…
torture() {
    looked_for[$1]=yes
    if [[ "torture $*" == *"$wanted"* ]]; then notices "$1" "$CARGO_TARGET_DIR/release/torture" "${@:2}"; fi
}

loom() { (cd "$source/loom-tests" && cargo test --quiet --release "$@"); }

# models BUG FILE TEST
models() {
    looked_for[$1]=yes
    if [[ "models $*" == *"$wanted"* ]]; then notices "$1" loom --test "$2" -- "$3"; fi
}

echo "building the tools with bugs in the engine"
python3 ci/lib/plant.py "$source" || exit
(cd "$source" && cargo build --quiet --release -p memlane-torture) || exit
loom --no-run --test slots_survive_deaths --test slots_deliver_once --test lane_delivers_once_in_order \
    --test eventcount_wakes_one_of_many --test eventcount_loses_no_wake --test broadcast_keeps_what_is_unread || exit

# Without any bug the same build fails nobody.
if [[ -z $wanted ]]; then
    MEMLANE_PLANTED=none "$CARGO_TARGET_DIR/release/torture" kill --kills 400 >"$log" || { cat "$log"; exit 1; }
fi

torture no-zeroing kill --kind spsc --backend futex --kills 2000
torture release-before-the-copy kill --kind spsc --backend futex --kills 2000
torture release-before-the-copy kill --kind mpmc --backend futex --kills 1000
torture reap-without-the-byte kill --kind mpmc --backend futex --kills 1000
torture no-head-recheck kill --kind mpmc --backend futex --kills 4000
torture root-before-the-value kill --kind watch --backend futex --kills 1000
torture copy-of-anything kill --kind watch --backend futex --kills 1000
torture copy-of-anything reads --reads 1000000
torture join-that-is-not-counted kill --kind broadcast --backend futex --kills 1000
torture copy-of-what-is-overwritten kill --kind broadcast --policy overwrite --backend futex --kills 1000
torture version-set-twice kill --kind watch --backend futex --kills 300
torture version-set-twice sweep --quick --kind watch --backend futex --only leave
torture no-settle sweep --quick --kind mpmc --backend futex --only recv
torture no-zeroing sweep --quick --kind spsc --backend futex
torture forgotten-slot sweep --quick --kind mpmc --backend futex --only recv
torture unchecked-length corrupt --quick --kind spsc
torture gate-of-the-dead sweep --quick --kind broadcast --backend futex --only 'recv, full'

torture lock-around-commit stop --quick --rounds 0 --kind mpmc --backend futex --only send
torture commit-before-the-copy stop --quick --rounds 0 --kind mpmc --backend futex --only send
torture no-head-recheck stop --rounds 0 --kind mpmc --backend futex --only recv
torture release-before-the-copy stop --quick --rounds 0 --kind spsc --backend futex
torture reap-without-the-byte stop --quick --rounds 0 --kind mpmc --backend futex
torture root-before-the-value stop --quick --rounds 0 --kind watch --backend futex --only send
torture copy-of-anything stop --quick --rounds 0 --kind watch --backend futex --only recv

torture leaked-mapping soak --seconds 8
torture leaked-descriptor soak --seconds 8

torture leaked-descriptor faults --quick --call 'join as sender'
torture leaked-mapping faults --quick --call 'join as sender'

models no-settle slots_survive_deaths a_slot_whose_taker_died
models no-head-recheck slots_deliver_once two_receivers_and_a_loan
models no-zeroing lane_delivers_once_in_order over_the_end_of_the_ring
models release-before-the-copy lane_delivers_once_in_order over_the_end_of_the_ring
models no-joins-recheck broadcast_keeps_what_is_unread a_reader_joins_while_the_writer_takes_room
models later-flag-cleared eventcount_wakes_one_of_many one_taker_in_two_rounds
models flag-without-sequence eventcount_loses_no_wake two_sleepers_and_one_waker

for bug in $(basename -s .patch ci/planted/*.patch); do
    [[ -n ${looked_for[$bug]:-} ]] || { echo "NOT LOOKED FOR  $bug"; missed=$((missed + 1)); }
done

echo
echo "$noticed noticed, $missed not noticed"
((missed == 0))
