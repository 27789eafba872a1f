#!/usr/bin/env bash
# Proves that `memlane demo` works in the shipping build: on the feed that it generates, and on a recorded one where present.
set -euo pipefail
cd "$(dirname "$0")/.."

recorded=../shared/data/btcusdt_20240808.gz
memlane=${CARGO_TARGET_DIR:-target}/release/memlane

cargo build --release --bin memlane

echo "demo on a generated feed"
"$memlane" demo

if [[ -f $recorded ]]; then
    feed=$(mktemp)
    trap 'rm -f "$feed"' EXIT
    zcat "$recorded" >"$feed"
    echo "demo on the recorded feed ($(wc -l <"$feed") messages)"
    "$memlane" demo "$feed"
else
    echo "the recorded feed is absent: only the generated one was used"
fi
