#!/usr/bin/env bash
# Proves that processes which are killed at random under load lose nothing: lanes of three sizes, and a small queue with both
# policies and with priorities; with futexes, and for less long with semaphores. Then that processes which stand still hold
# up nobody, that nothing is leaked, and what a death at every instruction, a third party's writes and refused system calls leave.
set -euo pipefail
cd "$(dirname "$0")/.."

recorded=../shared/data/btcusdt_20240808.gz
torture=${CARGO_TARGET_DIR:-target}/release/torture
memlane=${CARGO_TARGET_DIR:-target}/release/memlane

cargo build --release -p memlane-torture -p memlane-cli

folder=$(mktemp -d /dev/shm/memlane-torture-ci.XXXXXX)
trap 'rm -rf "$folder"' EXIT

# Every kind over both backends, in every phase of a participant's life.
"$torture" kill
for capacity in 4096 1048576; do
    "$torture" kill --kind spsc --backend futex --kills 200 --capacity "$capacity"
done

feed=()
if [[ -f $recorded ]]; then
    feed=(--feed "$recorded")
else
    echo "the recorded feed is absent: messages are generated"
fi

# kill_queue OPTION…: what is left behind is looked at from outside, too: every slot is free, and nobody is there.
kill_queue() {
    local channel=$folder/queue
    "$torture" kill --kind mpmc --keep "$channel" --kills 400 "$@"
    "$memlane" info "$channel" --json | python3 -c '
import json, sys
info = json.load(sys.stdin)
queue = info["queue"]
assert queue["free"] == queue["slots"] and not any(queue["queued"]), queue
assert not any(one["alive"] for one in info["participants"]), info["participants"]
'
    "$memlane" rm "$channel"
    [[ -z $(ls -A "$folder") ]] || { echo "FAILED: left behind: $(ls -A "$folder")" >&2; exit 1; }
}

kill_queue --backend futex --priorities 1 "${feed[@]}"
kill_queue --backend semaphore --on-death discard

# Nobody waits for the dead: under full load, in a crowd, and beside children that are made at every moment of a join.
"$torture" redelivery --trials 36
"$torture" crowd --quick --only death
"$torture" storm --joins 7000 --children 100

# A sender that never pauses, and a receiver that reads all the time.
"$torture" reads --reads 1000000

# At every instruction that changes the channel; before every access, and in both ways, without `--quick`: minutes.
"$torture" stop --quick

# All kinds at once, with processes that come, leave, die and stop. `--minutes 600` for a night.
"$torture" soak --seconds 15

# Every machine instruction; without `--quick`, with all the real kills and reapers, it takes minutes.
"$torture" sweep --quick
"$torture" corrupt --quick --rounds 1500
"$torture" faults --quick
