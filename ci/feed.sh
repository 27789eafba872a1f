#!/usr/bin/env bash
# Proves that what `memlane recv` writes is byte for byte what `memlane send` read, whoever starts first, in a ring much
# smaller than the feed, framed by lines as well as by lengths, through every kind of channel with either way of waking, and
# through a queue with three receivers.
set -euo pipefail
cd "$(dirname "$0")/.."
. ci/lib/kinds.sh

memlane=${CARGO_TARGET_DIR:-target}/release/memlane
# A transfer that takes longer has hung.
seconds_max=120

cargo build --release --bin memlane

folder=$(mktemp -d)
MEMLANE_DIR=$(mktemp -d /dev/shm/memlane-feed.XXXXXX)
export MEMLANE_DIR
clean_up() {
    local pid
    for pid in $(jobs -p); do kill -KILL "$pid" 2>/dev/null || true; done
    rm -rf "$folder" "$MEMLANE_DIR"
}
trap clean_up EXIT

fail() {
    echo "FAILED: $*" >&2
    exit 1
}

# Bounded: fails unless COMMAND comes true.
until_true() {
    local tries
    for ((tries = 0; tries < 1000; tries++)); do
        if "$@"; then return; fi
        sleep 0.01
    done
    fail "never came true: $*"
}

# A participant that waits: it runs memlane already, and is asleep.
waits() {
    [[ $(readlink "/proc/$1/exe") == */memlane ]] && grep -q '^State:[[:space:]]*S' "/proc/$1/status"
}

# Ends with the status of a process in the background.
finish() {
    timeout "$seconds_max" tail --pid="$1" --sleep-interval=0.02 -f /dev/null || fail "process $1 hangs"
    wait "$1" || fail "process $1 ended with status $?"
}

# same NAME SENT RECEIVED: the bytes are identical, and the channel can be removed.
same() {
    cmp "$2" "$3" || fail "$1: what arrived differs from what was sent"
    "$memlane" rm "$1"
    [[ ! -e $MEMLANE_DIR/$1.lane ]] || fail "$1: still there after rm"
    echo "$1: $(stat --format=%s "$2") bytes, identical"
}

# receiver_first NAME FEED [OPTION…]: the channel need not exist yet.
receiver_first() {
    local name=$1 feed=$2 out=$folder/out receiver
    shift 2
    "$memlane" recv "$name" "$@" >"$out" &
    receiver=$!
    until_true waits "$receiver"
    timeout "$seconds_max" "$memlane" send "$name" "$@" <"$feed" || fail "$name: send ended with status $?"
    finish "$receiver"
    same "$name" "$feed" "$out"
}

# receiver_last NAME FEED: the channel holds what fits, and the sender waits with the rest.
receiver_last() {
    local name=$1 feed=$2 out=$folder/out sender
    "$memlane" send "$name" <"$feed" &
    sender=$!
    until_true test -e "$MEMLANE_DIR/$name.lane"
    until_true waits "$sender"
    timeout "$seconds_max" "$memlane" recv "$name" >"$out" || fail "$name: recv ended with status $?"
    finish "$sender"
    same "$name" "$feed" "$out"
}

# sender_gone NAME FEED: the feed fits into the channel, and the sender has ended before anybody receives.
sender_gone() {
    local name=$1 feed=$2 out=$folder/out
    timeout "$seconds_max" "$memlane" send "$name" <"$feed" || fail "$name: send ended with status $?"
    timeout "$seconds_max" "$memlane" recv "$name" >"$out" || fail "$name: recv ended with status $?"
    same "$name" "$feed" "$out"
}

# three_receivers NAME FEED [OPTION…]: together they get everything once. What each writes is read evenly while there is more to
# send, so that none may go ahead: then each gets its part.
three_receivers() {
    local name=$1 feed=$2 receivers=() receiver lines least all turns
    shift 2
    for receiver in 1 2 3; do
        rm -f "$folder/pipe$receiver"
        mkfifo "$folder/pipe$receiver"
        "$memlane" recv "$name" "$@" >"$folder/pipe$receiver" &
        receivers+=($!)
    done
    rm -f "$folder/sent-all"
    mkfifo "$folder/sent-all"
    timeout "$seconds_max" python3 ci/lib/turns.py "$folder"/pipe[123] <"$folder/sent-all" &
    turns=$!
    exec {sending}>"$folder/sent-all"
    for receiver in "${receivers[@]}"; do until_true waits "$receiver"; done
    timeout "$seconds_max" "$memlane" send "$name" "$@" <"$feed" || fail "$name: send ended with status $?"
    exec {sending}>&-
    for receiver in "${receivers[@]}" "$turns"; do finish "$receiver"; done
    all=$(wc -l <"$feed")
    for receiver in 1 2 3; do
        lines=$(wc -l <"$folder/pipe$receiver.out")
        echo "$name: receiver $receiver got $lines lines of $all"
        least=$((all / 10))
        ((lines >= least)) || fail "$name: receiver $receiver got less than a tenth"
    done
    LC_ALL=C sort "$feed" >"$folder/sent"
    LC_ALL=C sort "$folder"/pipe[123].out >"$folder/out"
    same "$name" "$folder/sent" "$folder/out"
}

bash ci/lib/feed.sh "$folder/feed"
head -n 500 "$folder/feed" >"$folder/short"

# What a line may hold: nothing, a carriage return, a zero byte, bytes that are not UTF-8, more than a pipe buffers.
python3 - >"$folder/odd" <<'EOF'
import sys

lines = [b"", b"\r", b"carriage return\r", b"a\0b", bytes(set(range(256)) - {10}), b"x" * 70_000, b"", b"\xff" * 4096]
sys.stdout.buffer.write(b"\n".join(lines * 20) + b"\n")
EOF

# The same feed as records: a u32 length, little-endian, and the bytes; one record with newlines, one that is empty.
python3 - "$folder/feed" >"$folder/records" <<'EOF'
import struct
import sys

with open(sys.argv[1], "rb") as feed:
    for message in [*feed.read().split(b"\n")[:-1], b"", b"two\nlines\n"]:
        sys.stdout.buffer.write(struct.pack("<I", len(message)) + message)
EOF

receiver_first receiver-first "$folder/feed"
receiver_last receiver-last "$folder/feed"
sender_gone sender-gone "$folder/short"
receiver_first odd-lines "$folder/odd"

"$memlane" create small-ring --kind spsc --capacity 128K
receiver_first small-ring "$folder/feed"

receiver_first length-framing "$folder/records" --framing length

kinds=$(kinds "$memlane")
for backend in futex semaphore; do
    for kind in $kinds; do
        "$memlane" create "$kind-$backend" --kind "$kind" --max-message 128K --backend "$backend"
        receiver_first "$kind-$backend" "$folder/feed" --trust-peers
    done
    "$memlane" create "shared-$backend" --kind mpmc --slots 256 --max-message 128K --backend "$backend"
    three_receivers "shared-$backend" "$folder/feed" --trust-peers
done

[[ -z $(ls -A "$MEMLANE_DIR") ]] || fail "left behind: $(ls -A "$MEMLANE_DIR")"
