#!/usr/bin/env bash
# Not a check by itself: writes to FILE the feed that checks send, a message a line; a stand-in where the recorded one is absent.
#
#   ci/lib/feed.sh FILE
set -euo pipefail
cd "$(dirname "$0")/../.."

recorded=../shared/data/btcusdt_20240808.gz
if [[ -f $recorded ]]; then
    echo "the recorded feed"
    zcat "$recorded" >"$1"
else
    echo "the recorded feed is absent: a generated one takes its place"
    # Lines as a market feed has them: mostly short, now and then tens of kilobytes.
    awk 'BEGIN {
        srand(8)
        for (i = 0; i < 90000; i++) {
            levels = i % 1000 == 0 ? 1500 : int(rand() * 20)
            printf "%d {\"stream\":\"generated@depth\",\"u\":%d,\"b\":[", 1700000000000 + i, i
            for (level = 0; level < levels; level++) printf "[\"%.2f\",\"%.3f\"],", 60000 + rand() * 1000, rand() * 10
            print "[]]}"
        }
    }' >"$1"
fi
