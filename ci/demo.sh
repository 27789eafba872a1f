#!/usr/bin/env bash
# Proves that `memlane demo` works in the shipping build: with every kind of channel, with one receiver and with three, on the feed
# that it generates, and on a recorded one where present.
set -euo pipefail
cd "$(dirname "$0")/.."
. ci/lib/kinds.sh

recorded=../shared/data/btcusdt_20240808.gz
memlane=${CARGO_TARGET_DIR:-target}/release/memlane

cargo build --release --bin memlane

# shared FEED…: the messages of three receivers together are those that were sent. At full speed who takes most is the
# scheduler's choice; ci/feed.sh shows that each gets its part where none may go ahead.
shared() {
    "$memlane" demo --kind mpmc --json "$@" | python3 -c '
import json, sys
facts = json.load(sys.stdin)
received, messages = facts["full_speed"]["received"], facts["full_speed"]["messages"]
print("three receivers got", received, "of", messages, "messages;", facts["killed"])
assert len(received) == 3 and sum(received) == messages, "messages are missing"
'
}

kinds=$(kinds "$memlane")

echo "demo on a generated feed"
"$memlane" demo
for kind in $kinds broadcast; do "$memlane" demo --kind "$kind" --seconds 1; done
shared

if [[ -f $recorded ]]; then
    feed=$(mktemp)
    trap 'rm -f "$feed"' EXIT
    zcat "$recorded" >"$feed"
    echo "demo on the recorded feed ($(wc -l <"$feed") messages)"
    "$memlane" demo "$feed"
    shared "$feed"
else
    echo "the recorded feed is absent: only the generated one was used"
fi
